"""Whoever may stand on legs that the lidar sees and nobody knows is kept away from as people are.

A foot reaches farther than the shin that the lidar sees, and an elbow farther still.
"""

from __future__ import annotations

import math

from vla_ros.core.lone_legs import LoneLegs
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.people import Human


def possible_people(legs: LoneLegs, known: tuple[Human, ...], params: SafetyParams) -> tuple[Human, ...]:
    """People at the legs that belong to nobody of the ``known``. Whoever walks is the lidar tracker's to see."""
    return tuple(
        Human(f"legs_{k}", x, y, params.leg_reach_m, params.human_margin_mps)
        for k, (x, y) in enumerate(legs.places)
        if all(math.hypot(x - h.x, y - h.y) > h.radius for h in known)
    )
