"""Where the footprint goes along a constant twist, and how far it can go before something is too near."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vla_ros.core.geometry import Twist2D, Vector
from vla_ros.core.robot_description import BaseLimits
from vla_ros.safety.footprint import Footprint

_STEP_M = 0.015
_SIDLE = 0.3
_LEAVING = 0.5
_NO_PROGRESS_M = 1e-4


@dataclass(frozen=True, slots=True)
class Rim:
    """A twist measured at the footprint's rim, so that driving and turning share one number.

    ``speed`` [m/s] of the fastest rim point at most; ``deceleration`` [m/s2] with which it can stop.
    """

    speed: float
    deceleration: float

    @classmethod
    def of(cls, twist: Twist2D, limits: BaseLimits, radius: float, share: float = 1.0) -> Rim:
        """Of a moving twist; ``share`` of the base's deceleration is used."""
        speed = twist.speed + radius * abs(twist.wz)
        stopping = max(twist.speed / limits.deceleration, abs(twist.wz) / limits.yaw_acceleration)
        return cls(speed, share * speed / stopping)

    def stopping_distance(self, reaction_s: float) -> float:
        """Rim way from seeing an obstacle to rest [m]."""
        return self.speed * reaction_s + self.speed**2 / (2.0 * self.deceleration)

    def speed_for(self, way_m: float, reaction_s: float) -> float:
        """The speed from which it can stop within ``way_m`` [m/s]."""
        a = self.deceleration
        return a * (math.sqrt(reaction_s**2 + 2.0 * max(0.0, way_m) / a) - reaction_s)


@dataclass(frozen=True, slots=True)
class Profile:
    """Clearance [m] ``clearances`` (k,) after ``ways`` (k,) [m] of rim way; the first is where it stands now."""

    ways: Vector
    clearances: Vector

    def free_way(self, margin_m: float, floor_m: float) -> float:
        """Rim way [m] until the clearance falls below what is required; inf when it does not.

        With more than ``margin_m`` now, that much must remain. With less, leaving and sidling along are
        allowed (never below ``floor_m``), approaching is not. Something inside the footprint must be left on
        a short way.
        """
        now = float(self.clearances[0])
        if now < 0.0:
            leaves = self.clearances[-1] > now + _LEAVING * self.ways[-1]
            return math.inf if leaves and np.all(self.clearances >= now - _NO_PROGRESS_M) else 0.0
        if now >= margin_m:
            required = np.full_like(self.ways, margin_m)
        else:
            required = np.maximum(now - _SIDLE * self.ways, min(floor_m, now - _NO_PROGRESS_M))
        short = self.clearances[1:] < required[1:]
        if not short.any():
            return math.inf
        k = int(np.argmax(short)) + 1
        before, after = self.clearances[k - 1] - required[k - 1], self.clearances[k] - required[k]
        share = float(before / (before - after))
        return float(self.ways[k - 1] + share * (self.ways[k] - self.ways[k - 1]))


def driven(twist: Twist2D, times: Vector) -> tuple[Vector, Vector, Vector]:
    """x, y [m] and angle [rad], each (k,), of the base after ``twist`` was driven for (k,) ``times`` [s].

    The chord of an arc is as long as the way times sinc of half its angle, and points along half its angle.
    """
    angle = twist.wz * times
    chord, half = times * np.sinc(angle / math.tau), angle / 2
    x = chord * (twist.vx * np.cos(half) - twist.vy * np.sin(half))
    y = chord * (twist.vx * np.sin(half) + twist.vy * np.cos(half))
    return x, y, angle


def profile(
    footprint: Footprint, points: Vector, radii: Vector, twist: Twist2D, length_m: float, beams: int
) -> Profile:
    """Clearance along the arc that ``twist`` drives, sampled at most every 15 mm of rim way.

    Args:
        footprint: outline in base_link.
        points: (n, 2) obstacles in base_link now [m].
        radii: (n,) of the obstacles [m].
        twist: must move.
        length_m: rim way to look ahead.
        beams: how many points make an obstacle; 1 = every single one.
    """
    speed = twist.speed + footprint.radius * abs(twist.wz)
    count = max(4, math.ceil(length_m / _STEP_M))
    ways = np.linspace(0.0, length_m, count + 1)
    if len(points) < beams:
        return Profile(ways, np.full(count + 1, np.inf))
    x, y, angle = driven(twist, ways / speed)
    dx, dy = points[None, :, 0] - x[:, None], points[None, :, 1] - y[:, None]
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    seen = np.stack([cos * dx + sin * dy, cos * dy - sin * dx], axis=-1)
    return Profile(ways, footprint.nearest(seen, radii, beams))
