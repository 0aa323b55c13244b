"""Every test process gets the environment of the shipped start paths and a ROS domain of its own."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import settings

from vla_ros.cli import environment
from vla_ros.cli.domain import free_domain_id

_HOME = tempfile.TemporaryDirectory(prefix="vla_ros_test_")
os.environ["VLA_ROS_HOME"] = _HOME.name
os.environ["VLA_ROS_MEMORY_FILE"] = ""  # nothing that one test's nodes learned is known to the next one's
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
environment.activate()
settings.register_profile("shared machine", deadline=None)  # how long an example takes says nothing of its truth
settings.load_profile("shared machine")
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it, and so would children


@pytest.fixture(scope="session", autouse=True)
def ros_domain() -> Iterator[int]:
    """A domain id that nobody else uses, for this run and its child processes."""
    with free_domain_id() as domain:
        os.environ["ROS_DOMAIN_ID"] = str(domain)
        yield domain
