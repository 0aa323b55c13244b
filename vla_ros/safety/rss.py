"""Responsibility-sensitive distance between the base and a moving thing (Shalev-Shwartz et al., 2017)."""

from __future__ import annotations

import math


def safe_distance(speed: float, other: float, reaction_s: float, deceleration: float, braking: float) -> float:
    """The distance [m] from which the base stops in time.

    Args:
        speed: of the base toward the thing [m/s], >= 0.
        other: of the thing in the same direction [m/s]; negative when it comes nearer.
        reaction_s: of the base.
        deceleration: of the base [m/s2].
        braking: that the thing is sure to manage [m/s2].
    """
    driven = speed * reaction_s + speed**2 / (2.0 * deceleration)
    return max(0.0, driven - math.copysign(other**2 / (2.0 * braking), other))


def safe_speed(distance_m: float, other: float, reaction_s: float, deceleration: float, braking: float) -> float:
    """The fastest speed [m/s] whose :func:`safe_distance` fits into ``distance_m``."""
    spare = max(0.0, distance_m + math.copysign(other**2 / (2.0 * braking), other))
    return deceleration * (math.sqrt(reaction_s**2 + 2.0 * spare / deceleration) - reaction_s)
