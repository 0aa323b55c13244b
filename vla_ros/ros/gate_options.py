"""Parameters of safety_node besides those of the gate itself. Imports no ROS: the parameter reference reads it."""

from __future__ import annotations

from dataclasses import dataclass

from vla_ros.core.config import param


@dataclass(frozen=True, kw_only=True)
class GateNodeParams:
    """Of safety_node besides those of the gate itself."""

    joy_stop_button: int = param(-1, "index of the joystick's emergency stop, -1 = none", minimum=-1, maximum=63)
    record_folder: str = param("", "of the records; empty = $VLA_ROS_HOME/safety or ~/.ros/vla_ros/safety")
    record_limit_mb: float = param(64.0, "all records together, oldest go first", unit="MB", minimum=0.1, maximum=1e5)
