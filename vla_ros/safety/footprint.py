"""The robot's outline, and how near things are to it."""

from __future__ import annotations

import numpy as np

from vla_ros.core.geometry import Vector
from vla_ros.core.polygon import Polygon


class Footprint(Polygon):
    """Of the base or of the whole robot.

    Args:
        corners: in base_link [m], in order, either way round.
    """

    def __init__(self, corners: tuple[tuple[float, float], ...]) -> None:
        super().__init__(corners)
        self.radius = float(np.max(np.hypot(*self._start.T)))
        self._inner_radius = -float(self.clearance(np.zeros(2)))

    def nearest(self, points: Vector, radii: Vector, beams: int) -> Vector:
        """The ``beams``-th smallest clearance [m] of each set of points.

        Args:
            points: (k, n, 2), k sets of n >= beams points [m].
            radii: (n,) or (1,), how large each point is [m].
            beams: 1 = the nearest.

        Returns:
            Shape (k,). Distances to the centre bound the clearance from both sides, so that the exact one is
            worked out for the few points that can matter only.
        """
        center = np.hypot(points[..., 0], points[..., 1]) - radii
        bound = _smallest(center, beams) - self._inner_radius
        matters = center - self.radius <= bound[:, None]
        out = np.full(center.shape, np.inf)
        out[matters] = self.clearance(points[matters]) - np.broadcast_to(radii, center.shape)[matters]
        return _smallest(out, beams)


def _smallest(values: Vector, rank: int) -> Vector:
    """The ``rank``-th smallest of each row, (k,)."""
    k = rank - 1
    return np.asarray(np.partition(values, k, axis=1)[:, k])
