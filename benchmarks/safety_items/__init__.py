"""The fifty promises of the safety gate, a module a group; each item injects its fault and measures what follows."""

import sys
from pathlib import Path

# The stories of a gate in simulated seconds and the robot's ROS-free loop live with the tests that use them most.
for _folder in ("core", "system"):
    sys.path.append(str(Path(__file__).resolve().parents[2] / "test" / _folder))
