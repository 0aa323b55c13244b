"""The same way at a lower speed."""

from __future__ import annotations

from dataclasses import replace

from vla_ros.core.motion import JointTrajectory


def slower(trajectory: JointTrajectory, scale: float) -> JointTrajectory:
    """The trajectory at ``scale`` in (0, 1] of its speed: the same positions, later."""
    velocities = None if trajectory.velocities is None else trajectory.velocities * scale
    return replace(trajectory, times_s=trajectory.times_s / scale, velocities=velocities)
