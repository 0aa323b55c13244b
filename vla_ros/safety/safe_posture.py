"""The arm's slow way to the posture where it rests, for reactions that end there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vla_ros.core.motion import JointTrajectory
from vla_ros.core.robot_description import RobotDescription
from vla_ros.safety.params import SafetyParams

_CLOSE = 0.03
_STEPS = 20


class SafePosture:
    """Makes the trajectory to ``params.safe_posture``.

    Args:
        params: name of the posture, share of the joints' speeds.
        robot: postures and limits.
    """

    def __init__(self, params: SafetyParams, robot: RobotDescription) -> None:
        self._scale = params.safe_posture_scale
        self._posture = robot.posture(params.safe_posture)
        self._group = robot.group(self._posture.group) if self._posture else None
        self.group = self._group.name if self._group else ""
        """Name of the joint group that goes there."""

    def way(self, measured: Mapping[str, float]) -> JointTrajectory | None:
        """From the measured joints at rest to the posture at rest; None when it is reached or there is none.

        One share of the way for all joints: s^2 (3 - 2 s), so fast that no joint exceeds its share of speed and
        acceleration.
        """
        if self._posture is None or self._group is None or any(n not in measured for n in self._group.names):
            return None
        start = np.array([measured[n] for n in self._group.names])
        way = np.array(self._posture.positions) - start
        if float(np.abs(way).max()) <= _CLOSE:
            return None
        speed = self._scale * np.array([j.velocity for j in self._group.joints])
        rate = self._scale * np.array([j.acceleration for j in self._group.joints])
        seconds = float(max((1.5 * np.abs(way) / speed).max(), np.sqrt(6.0 * np.abs(way) / rate).max()))
        s = np.arange(1, _STEPS + 1) / _STEPS
        positions = start + np.outer(s * s * (3.0 - 2.0 * s), way)
        velocities = np.outer(6.0 * s * (1.0 - s) / seconds, way)
        return JointTrajectory(self._group.names, s * seconds, positions, velocities)
