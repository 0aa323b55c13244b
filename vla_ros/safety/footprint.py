"""Signed distance of points to the robot's outline."""

from __future__ import annotations

import numpy as np

from vla_ros.core.geometry import Vector


class Footprint:
    """A simple polygon, convex or not.

    Args:
        corners: in base_link [m], in order, either way round.
    """

    def __init__(self, corners: tuple[tuple[float, float], ...]) -> None:
        self._start = np.array(corners, dtype=float)
        self._end = np.roll(self._start, -1, axis=0)
        self._edge = self._end - self._start
        self._upward = self._edge * np.sign(self._edge[:, 1:])
        # A corner that is given twice makes an edge of no length.
        self._edge_squared = np.maximum(np.sum(self._edge**2, axis=1), np.finfo(float).tiny)
        self.radius = float(np.max(np.hypot(*self._start.T)))
        self._inner_radius = -float(self.clearance(np.zeros(2)))

    def clearance(self, points: Vector) -> Vector:
        """Distance [m] of points (..., 2) to the outline, negative inside; shape (...)."""
        x, y = points[..., :1], points[..., 1:]
        ax, ay, ex, ey = self._start[:, 0], self._start[:, 1], self._edge[:, 0], self._edge[:, 1]
        dx, dy = x - ax, y - ay
        t = np.clip((dx * ex + dy * ey) / self._edge_squared, 0.0, 1.0)
        squared = (dx - t * ex) ** 2 + (dy - t * ey) ** 2
        distance = np.sqrt(squared.min(axis=-1))
        spans = (ay > y) != (self._end[:, 1] > y)
        right = dx * self._upward[:, 1] < dy * self._upward[:, 0]
        inside = np.count_nonzero(spans & right, axis=-1) % 2 == 1
        return np.where(inside, -distance, distance)

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
