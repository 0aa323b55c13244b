"""Simple polygons on the floor plan."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vla_ros.core.geometry import Vector


def clearance(corners: Sequence[tuple[float, float]], points: Vector) -> Vector:
    """Distance [m] of points (..., 2) to the outline of a simple polygon, negative inside; shape (...).

    ``corners`` in order, either way round [m]. Inside is told by counting crossings of a ray (even-odd rule).
    """
    start = np.array(corners, dtype=float)
    end = np.roll(start, -1, axis=0)
    edge = end - start
    flat = np.asarray(points, dtype=float).reshape(-1, 1, 2)
    share = np.clip(np.sum((flat - start) * edge, axis=2) / np.maximum(np.sum(edge**2, axis=1), 1e-18), 0.0, 1.0)
    distance = np.linalg.norm(flat - start - share[..., None] * edge, axis=2).min(axis=1)
    x, y = flat[..., 0], flat[..., 1]
    spans = (start[:, 1] > y) != (end[:, 1] > y)
    rise = np.where(edge[:, 1] == 0.0, 1.0, edge[:, 1])
    crossing = x < start[:, 0] + (y - start[:, 1]) * edge[:, 0] / rise
    inside = np.count_nonzero(spans & crossing, axis=1) % 2 == 1
    return np.asarray(np.where(inside, -distance, distance).reshape(np.shape(points)[:-1]))
