"""Speed of the base: finite numbers, only axes the base has, within its limits, with the curvature kept."""

from __future__ import annotations

import math

from vla_ros.core.geometry import ZERO_TWIST, Twist2D
from vla_ros.core.robot_description import BaseLimits
from vla_ros.safety.verdict import PASS, Level, Verdict

AXES = ("linear.x", "linear.y", "linear.z", "angular.x", "angular.y", "angular.z")
_BELOW = 1.0 - 1e-12  # rounding may not lift the result above the limit
RawTwist = tuple[float, float, float, float, float, float]


def limited_twist(raw: RawTwist, limits: BaseLimits) -> tuple[Twist2D, Verdict]:
    """The twist a base may have at most, in the direction of the wish.

    Args:
        raw: six axes as they came, in the order of AXES [m/s, rad/s].
        limits: of the base.

    Returns:
        The clamped twist and why it differs; zero with HALT when any of the six is not finite.
    """
    for axis, value in zip(AXES, raw):
        if not math.isfinite(value):
            text = f"The velocity command has {axis} = {value}."
            return ZERO_TWIST, Verdict(Level.HALT, "command_not_finite", text, 0.0, 0.0, axis, 0.0)
    vx, vy, wz = raw[0], raw[1] if limits.holonomic else 0.0, raw[5]
    scale, verdict = 1.0, PASS
    unowned = (2, 3, 4) if limits.holonomic else (1, 2, 3, 4)
    moving = next((i for i in unowned if raw[i] != 0.0), None)
    if moving is not None:
        text = f"The base cannot move along {AXES[moving]}: set to 0."
        verdict = Verdict(Level.INFORM, "unowned_axis", text, raw[moving], 0.0, AXES[moving])
    for value, limit, axis, unit in (
        (math.hypot(vx, vy), limits.speed, "linear", "m/s"),
        (abs(wz), limits.yaw_rate, "angular", "rad/s"),
    ):
        if value > limit:
            share = limit / value * _BELOW
            if share < scale:
                scale = share
                text = f"{axis} speed of {value:.3g} {unit} is above {limit:g}: scaled to {scale:.0%}."
                verdict = Verdict(Level.INFORM, "speed_limit", text, value, limit, axis, scale)
    if not math.isfinite(math.hypot(vx, vy)):
        return ZERO_TWIST, Verdict(Level.HALT, "command_not_finite", "The speed is out of all bounds.", scale=0.0)
    return Twist2D(vx * scale, vy * scale, wz * scale), verdict


def scaled(twist: Twist2D, scale: float) -> Twist2D:
    """The same direction and curvature at ``scale`` of the speed."""
    return Twist2D(twist.vx * scale, twist.vy * scale, twist.wz * scale)
