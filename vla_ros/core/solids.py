"""Many upright boxes at once: how far from each on the floor plan, and which are as high as what."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.geometry import Box, Pose2D, Vector

Numbers = NDArray[np.intp]


class Solids:
    """Boxes turned about z, asked for their distance on the floor plan.

    Args:
        boxes: in odom.
    """

    def __init__(self, boxes: tuple[Box, ...]) -> None:
        self.boxes = boxes
        self._places = np.array([b.pose.position for b in boxes]).reshape(len(boxes), 3)
        self._halves = np.array([b.size for b in boxes]).reshape(len(boxes), 3) / 2.0
        yaws = np.array([b.pose.yaw for b in boxes])
        self._cos, self._sin = np.cos(yaws), np.sin(yaws)

    def clearances(self, points: Vector) -> Vector:
        """Distance [m] of points (..., 2) in odom to each of m boxes, negative inside; shape (..., m)."""
        dx = points[..., None, 0] - self._places[:, 0]
        dy = points[..., None, 1] - self._places[:, 1]
        beyond_x = np.abs(self._cos * dx + self._sin * dy) - self._halves[:, 0]
        beyond_y = np.abs(self._cos * dy - self._sin * dx) - self._halves[:, 1]
        outside = np.hypot(np.maximum(beyond_x, 0.0), np.maximum(beyond_y, 0.0))
        return np.asarray(outside + np.minimum(np.maximum(beyond_x, beyond_y), 0.0))

    def level(self, low: Vector, high: Vector) -> NDArray[np.bool_]:
        """(n, m) which of n parts between the heights ``low`` and ``high`` (n,) [m] are as high as which box."""
        bottom, top = self._places[:, 2] - self._halves[:, 2], self._places[:, 2] + self._halves[:, 2]
        return np.asarray((low[:, None] < top) & (high[:, None] > bottom), dtype=bool)

    def near(self, pose: Pose2D, reach: float) -> Solids:
        """Those within ``reach`` [m] of the base's centre."""
        return self.only(np.flatnonzero(self.clearances(np.array([pose.x, pose.y])) < reach))

    def only(self, chosen: Numbers) -> Solids:
        """Those with the numbers ``chosen``."""
        return Solids(tuple(self.boxes[k] for k in chosen))
