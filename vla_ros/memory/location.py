"""Where a robot's memory lies. Pure."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

AUTO = "auto"
VARIABLE = "VLA_ROS_MEMORY_FILE"
"""Environment variable that stands in for "auto"; set but empty: in memory only (tests set it so)."""


def memory_path(given: str = AUTO, namespace: str = "", environ: Mapping[str, str] | None = None) -> Path | None:
    """The file for the parameter ``memory_file`` of a node in ``namespace``; None means: in memory only."""
    environ = os.environ if environ is None else environ
    if given == AUTO:
        given = environ.get(VARIABLE, AUTO)
    if given != AUTO:
        return Path(given).expanduser() if given else None
    home = environ.get("VLA_ROS_HOME", "")
    folder = (Path(home).expanduser() if home else Path.home() / ".ros" / "vla_ros") / "memory"
    return folder / f"{namespace.strip('/').replace('/', '.') or 'robot'}.sqlite"
