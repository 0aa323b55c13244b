"""Acceleration and jerk of the base's output: time-optimal ramps from what was sent last to what is wanted."""

from __future__ import annotations

import math

import numpy as np

from vla_ros.core.geometry import ZERO_TWIST, Twist2D, Vector
from vla_ros.core.robot_description import BaseLimits

_STILL = 1e-9
_STRAIGHT = 1e-6


class TwistRamp:
    """Keeps the output's acceleration and jerk within limits.

    Translation is one vector, so that its direction does not matter; speeding up keeps to ``acceleration``,
    a pure loss of speed may use ``deceleration``. A reversal goes through zero. Turning is one axis.

    Args:
        limits: of the base.
        yaw_jerk: of turning [rad/s3].
    """

    def __init__(self, limits: BaseLimits, yaw_jerk: float) -> None:
        self._limits, self._yaw_jerk = limits, yaw_jerk
        self.reset()

    @property
    def twist(self) -> Twist2D:
        """What was sent last."""
        return Twist2D(float(self._v[0]), float(self._v[1]), float(self._w[0]))

    @property
    def is_still(self) -> bool:
        """True when the last output was zero."""
        return self.twist == ZERO_TWIST

    def reset(self, twist: Twist2D = ZERO_TWIST) -> None:
        """Forgets the past: the output jumps to ``twist`` with no acceleration (emergency stops)."""
        self._v: Vector = np.array([twist.vx, twist.vy])
        self._a: Vector = np.zeros(2)
        self._w: Vector = np.array([twist.wz])
        self._alpha: Vector = np.zeros(1)

    def step(self, target: Twist2D, dt_s: float) -> Twist2D:
        """The output ``dt_s`` after the last one, on its way to ``target``."""
        lim = self._limits
        goal = np.array([target.vx, target.vy])
        if float(self._v @ goal) < 0.0:
            goal = np.zeros(2)
        most = lim.deceleration if self._is_pure_braking(goal) else min(lim.acceleration, lim.deceleration)
        self._v, self._a = _advance(self._v, self._a, goal, most, lim.jerk, dt_s, lim.speed)
        turn = np.array([target.wz])
        self._w, self._alpha = _advance(self._w, self._alpha, turn, lim.yaw_acceleration, self._yaw_jerk, dt_s)
        return self.twist

    def _is_pure_braking(self, goal: Vector) -> bool:
        across = abs(float(self._v[0] * goal[1] - self._v[1] * goal[0]))
        straight = across <= _STRAIGHT * math.hypot(*self._v) * math.hypot(*goal)
        return straight and float((goal - self._v) @ self._v) < 0.0


def _advance(
    v: Vector, a: Vector, goal: Vector, most: float, jerk: float, dt: float, radius: float = math.inf
) -> tuple[Vector, Vector]:
    """One step of length ``dt`` of a vector ``v`` with rate ``a`` toward ``goal``: |a| <= most, |da| <= jerk dt.

    A change of direction would swing ``v`` out of the disc of ``radius`` around zero, because the rate turns no faster
    than the jerk allows. So a rate is taken only when ``v`` would still come to rest inside if the rate began to fall
    now; else it falls, which was found safe a step before.
    """
    error = goal - v
    size = math.hypot(*error)
    step = jerk * dt
    wish = np.zeros_like(v)
    if size > 0.0:
        wish = error * (min(most, _landing_rate(size, step, dt)) / size)
    change = wish - a
    before, a = a, a + change * (step / max(math.hypot(*change), step))
    if math.hypot(*rest_of(v, a, step, dt)) > max(radius, math.hypot(*v)) + _STILL:
        rate = math.hypot(*before)
        a = before * (max(0.0, rate - step) / max(rate, step))
    v = v + a * dt
    if math.hypot(*(goal - v)) < _STILL:
        v = goal.copy()
    return v, a


def rest_of(v: Vector, a: Vector, step: float, dt: float) -> Vector:
    """Where ``v`` ends when its rate is ``a`` in this tick of ``dt`` and falls by ``step`` in every one after."""
    rate = math.hypot(*a)
    n = math.floor(rate / step)
    return v + a * (dt * (n + 1) * (1.0 - n * step / (2.0 * max(rate, step))))


def _landing_rate(size: float, step: float, dt: float) -> float:
    """The largest rate from which steps of ``-step`` every ``dt`` cover exactly ``size`` and end at rate zero.

    With the rate (n + f) step, 0 <= f <= 1, the way still to come is step dt (n + 1)(n + 2 f) / 2.
    """
    e = size / (step * dt)
    n = math.floor((math.sqrt(1.0 + 8.0 * e) - 1.0) / 2.0)
    f = (2.0 * e / (n + 1) - n) / 2.0
    return (n + f) * step
