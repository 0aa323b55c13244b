"""The parallel gripper's drive: both fingers as one, closing with a limited force."""

from __future__ import annotations

import math

import numpy as np

from vla_ros.core.errors import InputError
from vla_ros.core.motion import JointTrajectory
from vla_ros.core.robot_description import Gripper, JointGroup
from vla_ros.sim.joint_follower import JointFollower

# Of each finger: stiff enough to press a pen of 12 mm with the full force, damped like the reflected motor.
_STIFFNESS = 8000.0
_DAMPING = 100.0
_SHORTEST_S = 0.01


class GripperDrive:
    """Moves the fingers' common position (half of the opening, m) to the commanded one at their speed limit.

    The force of each finger [N] is limited by the command's effort; what stops the fingers is held with it.
    """

    def __init__(self, gripper: Gripper, group: JointGroup) -> None:
        self._gripper = gripper
        self._follower = JointFollower(group)
        self._speed = min(j.velocity for j in group.joints)
        self.reset(0.0)

    def reset(self, position: float) -> None:
        """Holds a finger position [m] with half of the force."""
        self._target = position
        self._effort = self._gripper.max_effort / 2
        self._reference = position

    def set(self, command: JointTrajectory, measured: float) -> None:
        """Takes a command for all finger joints; its last point is where the fingers go.

        Args:
            command: positions [m] of the finger joints, ``efforts`` the closing force of each finger [N]
                (missing or zero: the gripper's highest).
            measured: the fingers' mean position [m] now.

        Raises:
            InputError: joints, shapes or numbers that cannot be used; the command before it stays.
        """
        _, points, _ = self._follower.checked(command)
        effort = 0.0
        if command.efforts is not None:
            efforts = np.asarray(command.efforts, dtype=float)
            if efforts.shape != np.shape(command.positions) or not np.isfinite(efforts).all() or (efforts < 0).any():
                raise InputError("gripper.efforts", tuple(efforts.ravel()[:4]), "Give a force >= 0 N for each finger.")
            effort = float(efforts[-1].max())
        self._effort = min(effort, self._gripper.max_effort) if effort > 0 else self._gripper.max_effort
        self._target = float(points[-1].mean())
        if abs(self._reference - measured) > 0.002:
            self._reference = measured

    def step(self, position: float, velocity: float, dt: float) -> float:
        """Force of each finger [N], positive opens.

        Args:
            position: mean finger position [m].
            velocity: mean finger speed [m/s].
            dt: physics step [s].
        """
        move = self._target - self._reference
        speed = math.copysign(min(self._speed, abs(move) / dt), move)
        self._reference += speed * dt
        force = _STIFFNESS * (self._reference - position) + _DAMPING * (speed - velocity)
        return max(-self._effort, min(self._effort, force))
