"""Power and force limiting: the speed at which a touch is still harmless (ISO/TS 15066 5.5.5 and Annex A).

Values of Annex A as secondary sources print them; where these disagree the stricter one stands here. Transient
contact counts twice the quasi-static force, on the head only once. Check them against the standard's own text.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the body: effective mass [kg], spring constant [N/m], largest force [N] and pressure [N/m2]
    in a transient contact."""

    name: str
    mass: float
    stiffness: float
    force: float
    pressure: float


HEAD = (
    Region("skull and forehead", 4.4, 150e3, 130.0, 1.10e6),
    Region("face", 4.4, 75e3, 65.0, 1.10e6),
)
TRUNK = (
    Region("neck", 1.2, 50e3, 300.0, 2.80e6),
    Region("back and shoulders", 40.0, 35e3, 420.0, 3.20e6),
    Region("chest", 40.0, 25e3, 280.0, 2.40e6),
    Region("abdomen", 40.0, 10e3, 220.0, 2.80e6),
    Region("pelvis", 40.0, 25e3, 360.0, 4.20e6),
    Region("upper arms", 3.0, 30e3, 300.0, 3.80e6),
    Region("lower arms", 2.0, 40e3, 320.0, 3.60e6),
    Region("hands", 0.6, 75e3, 280.0, 3.80e6),
)
LEGS = (
    Region("thighs and knees", 75.0, 50e3, 440.0, 5.00e6),
    Region("lower legs", 75.0, 60e3, 260.0, 4.40e6),
)
_WAIST_M = 0.8


def robot_mass(moving_kg: float, carried_kg: float) -> float:
    """m_R = M / 2 + m_L [kg]: half of what moves and all that is carried."""
    return moving_kg / 2.0 + carried_kg


def contact_speed(region: Region, robot_kg: float, area_m2: float) -> float:
    """The fastest relative speed [m/s] at which touching ``region`` with ``area_m2`` is harmless."""
    reduced = region.mass * robot_kg / (region.mass + robot_kg)
    return min(region.force, region.pressure * area_m2) / math.sqrt(region.stiffness * reduced)


@dataclass(frozen=True, slots=True)
class ContactSpeeds:
    """Limits [m/s] by what a robot's part can touch at its height."""

    legs: float
    trunk: float
    head: float
    head_height_m: float

    @classmethod
    def of(cls, robot_kg: float, area_m2: float, head_height_m: float) -> ContactSpeeds:
        """For a part with the effective mass ``robot_kg``; heads are above ``head_height_m``."""

        def least(regions: tuple[Region, ...]) -> float:
            return min(contact_speed(r, robot_kg, area_m2) for r in regions)

        return cls(least(LEGS), least(TRUNK), least(HEAD), head_height_m)

    @property
    def least(self) -> float:
        """The strictest of the three."""
        return min(self.legs, self.trunk, self.head)

    def at(self, low_m: float, high_m: float) -> float:
        """The limit of a part that reaches from ``low_m`` to ``high_m`` above the floor."""
        limit = self.trunk
        if low_m < _WAIST_M:
            limit = min(limit, self.legs)
        if high_m > self.head_height_m:
            limit = min(limit, self.head)
        return limit
