"""Simple polygons on the floor plan."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vla_ros.core.geometry import Vector


class Polygon:
    """A simple polygon, convex or not.

    Args:
        corners: [m], in order, either way round.
    """

    def __init__(self, corners: Sequence[tuple[float, float]]) -> None:
        self._start = np.array(corners, dtype=float)
        self._end = np.roll(self._start, -1, axis=0)
        self._edge = self._end - self._start
        self._upward = self._edge * np.sign(self._edge[:, 1:])
        # A corner that is given twice makes an edge of no length.
        self._edge_squared = np.maximum(np.sum(self._edge**2, axis=1), np.finfo(float).tiny)

    def clearance(self, points: Vector) -> Vector:
        """Distance [m] of points (..., 2) to the outline, negative inside; shape (...).

        Inside is told by counting crossings of a ray (even-odd rule).
        """
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
