"""What stands alone in the lidar's plane and is as narrow as legs may be somebody whom no camera has seen.

What the floor plan explains, and what perception knows for a low thing, is no leg; neither is anything wide. Without a
floor plan every leg of a chair would be somebody: then nobody is looked for.
"""

from __future__ import annotations

import math

import numpy as np

from vla_ros.core.geometry import Vector
from vla_ros.core.scene import Scene
from vla_ros.core.solids import Solids
from vla_ros.core.surroundings import Surroundings

LEG_WIDTH_M = 0.35
"""Of both legs of a person side by side."""
_APART_M = 0.1
_SAME_M = 0.1
_LOW_M = 0.6
_SURE = 0.5


class LoneLegs:
    """Finds where people may stand.

    Args:
        surroundings: of the floor plan, in odom.
        widest: wider groups of hits are no legs [m]; with 0 nothing is.
    """

    def __init__(self, surroundings: Surroundings, widest: float = LEG_WIDTH_M) -> None:
        self._solids = Solids((*surroundings.walls, *surroundings.furniture))
        self._widest = widest if self._solids.boxes else 0.0
        self._swings = np.array(surroundings.swings).reshape(-1, 3)
        self._things: Vector = np.zeros((0, 3))
        self.places: tuple[tuple[float, float], ...] = ()
        """x, y [m] in odom, as of the last scan."""

    def see(self, hits: Vector) -> None:
        """A new scan's hits (n, 2) in odom [m], in the order of its beams."""
        if self._widest <= 0.0:
            return
        found = [group.mean(axis=0) for group in _groups(hits) if np.hypot(*np.ptp(group, axis=0)) < self._widest]
        self.places = tuple((float(x), float(y)) for x, y in found if not self._is_explained(np.array([x, y])))

    def see_scene(self, scene: Scene) -> None:
        """Low things that perception is sure of, in odom."""
        low = [o for o in scene.objects if o.confidence >= _SURE and o.pose.position[2] + o.size[2] / 2 < _LOW_M]
        circles = [(*o.pose.position[:2], math.hypot(*o.size[:2]) / 2) for o in low]
        self._things = np.array([c for c in circles if all(map(math.isfinite, c))]).reshape(-1, 3)

    def _is_explained(self, place: Vector) -> bool:
        circles = np.vstack([self._swings, self._things])
        inside = np.hypot(*(circles[:, :2] - place).T) < circles[:, 2] + _SAME_M
        return bool(inside.any() or np.any(self._solids.clearances(place) < _SAME_M))


def _groups(hits: Vector) -> list[Vector]:
    """Hits (n, 2) cut where one is far from the one before it; the last beams may belong to the first."""
    if not len(hits):
        return []
    apart = np.hypot(*(hits - np.roll(hits, 1, axis=0)).T) > _APART_M
    if not apart.any():
        return [hits]
    first = int(np.argmax(apart))
    return np.split(np.roll(hits, -first, axis=0), np.flatnonzero(np.roll(apart, -first))[1:])
