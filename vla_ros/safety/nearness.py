"""How fast the base may be for what lies along its way: it stops before that, and is slow beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vla_ros.safety.swept_path import Profile, Rim
from vla_ros.safety.verdict import PASS, Level, Verdict

EMERGENCY_REACTION_S = 0.06
"""From what is about to be sent to braking as hard as the base can."""
_CREEP_MPS = 0.02
_COMES_M = 1e-3
_ARTICLE = {
    "obstacle": "an obstacle",
    "person": "a person",
    "wall": "a wall of the floor plan",
    "furniture": "furniture of the floor plan",
}


@dataclass(frozen=True, slots=True)
class Nearness:
    """What is kept from one kind of thing, ``name`` (obstacle, person, wall or furniture).

    ``margin_m`` is the distance that is kept; nearer than ``near_m`` the rim goes at ``near_mps`` at most. People who
    are only passed, at twice the margin or more, do not slow.
    """

    name: str
    margin_m: float
    near_m: float
    near_mps: float

    def judge(self, found: Profile | None, rim: Rim, reaction_s: float) -> Verdict:
        """PASS, SLOW with a scale, or BLOCK, for what was ``found`` along the way of ``rim``; None = nothing near."""
        if found is None:
            return PASS
        way = self._way(found)
        speed = min(rim.speed, rim.speed_for(way, reaction_s))
        if speed < min(_CREEP_MPS, rim.speed / 2):
            return self._block(way)
        clearance = float(found.clearances.min())
        if clearance < self.near_m and (self.name == "obstacle" or self._comes(found, clearance)):
            speed = min(speed, self.near_mps)
        if speed >= rim.speed:
            return PASS
        scale = speed / rim.speed
        if way < math.inf:
            text = f"Slowed to {scale:.0%}: {_ARTICLE[self.name]} in the way, {way:.2f} m ahead."
            return Verdict(Level.SLOW, self.name, text, way, self.margin_m, self.name, scale)
        text = f"Slowed to {scale:.0%}: {_ARTICLE[self.name]} beside the way, {max(clearance, 0.0):.2f} m off."
        return Verdict(Level.SLOW, self.name, text, clearance, self.near_m, self.name, scale)

    def emergency(self, found: Profile | None) -> Verdict:
        """BLOCK when something is too near anywhere along the way that braking takes."""
        way = self._way(found) if found is not None else math.inf
        return self._block(way) if way < math.inf else PASS

    def _way(self, found: Profile) -> float:
        return found.free_way(self.margin_m, self.margin_m / 3)

    def _comes(self, found: Profile, clearance: float) -> bool:
        return clearance < found.clearances[0] - _COMES_M or clearance < 2 * self.margin_m

    def _block(self, way: float) -> Verdict:
        ahead = f"{_ARTICLE[self.name]} in the way, {way:.2f} m ahead of the distance kept ({self.margin_m:.2f} m)."
        return Verdict(Level.BLOCK, self.name, f"Stopped: {ahead}", way, self.margin_m, self.name, 0.0)
