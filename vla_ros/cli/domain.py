"""A ROS_DOMAIN_ID that nobody on this machine uses, so that tests, demos and benchmarks never meet.

A lock file each id, held while the process lives; and the id's discovery port must be free, so that a robot
started by hand on some id is left alone too.
"""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from vla_ros.core.errors import ConfigError

_IDS = range(1, 102)  # the ids whose ports lie below Linux' ephemeral range (docs.ros.org, "The ROS_DOMAIN_ID")


@contextmanager
def free_domain_id() -> Iterator[int]:
    """Yields a free id; raises ConfigError when all are taken."""
    start = os.getpid() % len(_IDS)
    for offset in range(len(_IDS)):
        domain = _IDS[(start + offset) % len(_IDS)]
        handle = os.open(os.path.join(tempfile.gettempdir(), f"vla_ros_domain_{domain}.lock"), os.O_CREAT | os.O_RDWR)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            continue
        try:
            if _in_use(domain):
                continue
            yield domain
            return
        finally:
            os.close(handle)
    raise ConfigError("ROS_DOMAIN_ID", "1-101", "All domain ids of this machine are in use; end some ROS processes.")


def _in_use(domain: int) -> bool:
    """True when somebody holds the first participant's unicast port of that domain (RTPS: 7400 + 250 d + 10)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", 7400 + 250 * domain + 10))
        except OSError:
            return True
    return False
