"""Recorders in place of the ROS packages launch and launch_ros, for machines that have neither.

They keep what the launch files ask for; nothing is started.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest


class Recorded:
    """Any launch class: remembers its arguments."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.args = args
        self.kwargs = kwargs


class LaunchContext:
    """Launch configurations and the environment of one launch."""

    def __init__(self) -> None:
        self.launch_configurations: dict[str, str] = {}
        self.environment: dict[str, str] = {}


class LaunchConfiguration(Recorded):
    """A substitution by a launch argument."""

    def perform(self, context: LaunchContext) -> str:
        return context.launch_configurations[self.args[0]]


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts the recorders into sys.modules until the test ends."""
    actions = ("DeclareLaunchArgument", "OpaqueFunction", "SetEnvironmentVariable", "Shutdown")
    contents: dict[str, dict[str, type]] = {
        "launch": {"LaunchContext": LaunchContext, "LaunchDescription": type("LaunchDescription", (Recorded,), {})},
        "launch.actions": {name: type(name, (Recorded,), {}) for name in actions},
        "launch.substitutions": {"LaunchConfiguration": LaunchConfiguration},
        "launch_ros": {},
        "launch_ros.actions": {"Node": type("Node", (Recorded,), {})},
    }
    for name, members in contents.items():
        module = ModuleType(name)
        for member, value in members.items():
            setattr(module, member, value)
        monkeypatch.setitem(sys.modules, name, module)
    # what is imported with the recorders must go with them
    monkeypatch.setitem(sys.modules, "vla_ros.cli.launching", ModuleType("gone"))
    del sys.modules["vla_ros.cli.launching"]
