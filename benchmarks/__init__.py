"""Measurements, one module a suite: python -m benchmarks.NAME prints one JSON line."""

import os

os.environ.setdefault("VLA_ROS_MEMORY_FILE", "")  # no run knows what another has learned
