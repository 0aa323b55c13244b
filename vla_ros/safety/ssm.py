"""Speed and separation monitoring: how far a robot must stay from a person, and how fast it may be at a distance.

ISO/TS 15066 5.5.4, in the form of Himmelsbach et al., Sensors 21:7144, with T_s = v / a and S_s = v^2 / 2a.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Separation:
    """``reaction_s`` from a person's move to braking; ``deceleration`` of the part [m/s2]; ``intrusion_m`` C,
    ``human_m`` Z_d and ``robot_m`` Z_r: how far a person reaches in, and how wrong both positions may be."""

    reaction_s: float
    deceleration: float
    intrusion_m: float
    human_m: float
    robot_m: float

    def distance(self, human_mps: float, robot_mps: float) -> float:
        """The protective distance S_p [m] for speeds toward each other."""
        stopping_s = robot_mps / self.deceleration
        walked = human_mps * (self.reaction_s + stopping_s)
        driven = robot_mps * self.reaction_s + robot_mps**2 / (2.0 * self.deceleration)
        return walked + driven + self.intrusion_m + self.human_m + self.robot_m

    def speed(self, distance_m: float, human_mps: float) -> float:
        """The fastest speed toward the person [m/s] whose protective distance fits into ``distance_m``."""
        spare = max(0.0, distance_m - human_mps * self.reaction_s - self.intrusion_m - self.human_m - self.robot_m)
        b = self.reaction_s + human_mps / self.deceleration
        return self.deceleration * (math.sqrt(b * b + 2.0 * spare / self.deceleration) - b)

    def passing(self, distance_m: float, human_mps: float) -> float:
        """The fastest speed past a person [m/s] from which it stands before they can have come ``distance_m``."""
        spare = distance_m - self.intrusion_m - self.human_m - self.robot_m
        if human_mps <= 0.0:
            return math.inf if spare > 0.0 else 0.0
        return self.deceleration * max(0.0, spare / human_mps - self.reaction_s)
