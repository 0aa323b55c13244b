"""The controller of the wheeled base: follows a twist within acceleration limits and brakes when none comes."""

from __future__ import annotations

import math

from vla_ros.core.errors import InputError
from vla_ros.core.geometry import ZERO_TWIST, Pose2D, Twist2D
from vla_ros.core.robot_description import BaseLimits

COMMAND_TIMEOUT_S = 0.2
# The drive pulls the base back to where its wheels should have brought it [1/s], as encoders let real ones do;
# a base that is held back (by a wall, say) forgets a deviation beyond these [m], [rad].
_POSITION_GAIN = 10.0
_SLIP_M = 0.01
_SLIP_RAD = 0.02


class BaseDrive:
    """Turns commanded twists (base_link) into wheel speeds in the world's axes, one physics step at a time.

    ``watchdog_active`` is True while no command has come for 0.2 s; the base then brakes at its deceleration
    limit and stays where it stopped.
    """

    def __init__(self, limits: BaseLimits, pose: Pose2D) -> None:
        self._limits = limits
        self.reset(pose)

    def reset(self, pose: Pose2D) -> None:
        """Forgets every command; the base stands at ``pose``."""
        self.watchdog_active = True
        self.reference = ZERO_TWIST
        self._target = ZERO_TWIST
        self._commanded_at = -math.inf
        self._x, self._y, self._yaw = pose.x, pose.y, pose.theta

    def set_twist(self, twist: Twist2D, now: float) -> None:
        """Takes a velocity command [m/s, rad/s] in base_link; speeds above the base's limits are scaled down.

        Raises:
            InputError: a number is not finite; the command before it stays.
        """
        if not all(map(math.isfinite, (twist.vx, twist.vy, twist.wz))):
            raise InputError("twist", twist, "Give finite numbers.")
        vy = twist.vy if self._limits.holonomic else 0.0
        speed = math.hypot(twist.vx, vy)
        scale = min(1.0, self._limits.speed / speed) if speed > 0 else 1.0
        wz = max(-self._limits.yaw_rate, min(self._limits.yaw_rate, twist.wz))
        self._target = Twist2D(twist.vx * scale, vy * scale, wz)
        self._commanded_at = now

    def step(self, pose: Pose2D, dt: float, now: float) -> tuple[float, float, float]:
        """Advances by ``dt`` [s] and returns the speeds to drive: world x, y [m/s] and yaw [rad/s].

        Args:
            pose: measured pose of base_link in the world.
            dt: physics step [s].
            now: steady time [s], the same clock as in :meth:`set_twist`.
        """
        self.watchdog_active = now - self._commanded_at > COMMAND_TIMEOUT_S
        target = ZERO_TWIST if self.watchdog_active else self._target
        self.reference = twist = self._approach(target, dt)
        c, s = math.cos(pose.theta), math.sin(pose.theta)
        vx, vy, wz = c * twist.vx - s * twist.vy, s * twist.vx + c * twist.vy, twist.wz
        self._x = _near(self._x + vx * dt, pose.x, _SLIP_M)
        self._y = _near(self._y + vy * dt, pose.y, _SLIP_M)
        self._yaw = _near(self._yaw + wz * dt, pose.theta, _SLIP_RAD)
        return (
            vx + _POSITION_GAIN * (self._x - pose.x),
            vy + _POSITION_GAIN * (self._y - pose.y),
            wz + _POSITION_GAIN * (self._yaw - pose.theta),
        )

    def _approach(self, target: Twist2D, dt: float) -> Twist2D:
        """The reference twist after ``dt``, closer to ``target`` by no more than the limits allow.

        Translation and rotation change in proportion, so that the base keeps to its arc while it speeds up (a
        door's handle in the hand must not be twisted off); only a stop never waits for the slower of them.
        """
        limits, now = self._limits, self.reference
        dx, dy, dw = target.vx - now.vx, target.vy - now.vy, target.wz - now.wz
        braking = dx * now.vx + dy * now.vy < 0
        change = (limits.deceleration if braking else limits.acceleration) * dt
        turn = limits.yaw_acceleration * dt
        distance = math.hypot(dx, dy)
        share = change / distance if distance > change else 1.0
        if not braking and abs(dw) > turn:
            share = min(share, turn / abs(dw))
        return Twist2D(now.vx + dx * share, now.vy + dy * share, now.wz + max(-turn, min(turn, dw * share)))


def _near(value: float, center: float, radius: float) -> float:
    return max(center - radius, min(center + radius, value))
