"""Whether the camera looks at the place of a remembered thing, and past it."""

from __future__ import annotations

import enum

import numpy as np

from vla_ros.core.geometry import Vector
from vla_ros.core.scene import RgbdFrame

_BEHIND = (0.004, 0.03)
"""Depth so far behind a thing's middle, at least and at most, shows that it is not there [m]."""


class Sight(enum.Enum):
    """What a frame says of one place."""

    OUTSIDE = "outside"
    """Not in the image, too far, or too near."""
    HIDDEN = "hidden"
    """Something nearer stands before it."""
    EMPTY = "empty"
    """The camera sees through it: nothing is there."""
    OCCUPIED = "occupied"
    """Something is at that place."""


class SightChecker:
    """Answers for one frame."""

    def __init__(self, frame: RgbdFrame, max_range: float) -> None:
        self._frame = frame
        self._max_range = max_range
        self._camera_from_world = np.linalg.inv(np.asarray(frame.world_from_camera, dtype=float))

    def look(self, center: Vector, size: Vector) -> Sight:
        """What is seen of a box with that centre (3,) and those edge lengths (3,) [m]."""
        half_width = 0.3 * min(size[0], size[1])
        heights = np.array([0.0, 0.3 * size[2]])
        points = np.array([[center[0], center[1], center[2] + h] for h in heights])
        local = points @ self._camera_from_world[:3, :3].T + self._camera_from_world[:3, 3]
        k = self._frame.intrinsics
        z = local[:, 2]
        if (z < 0.1).any() or (z > self._max_range - 0.05).any():
            return Sight.OUTSIDE
        u = k.fx * local[:, 0] / z + k.cx
        v = k.fy * local[:, 1] / z + k.cy
        spread = max(half_width * k.fx / float(z.mean()), 0.0)
        us = np.concatenate([u, u - spread, u + spread])
        vs = np.concatenate([v, v, v])
        zs = np.concatenate([z, z, z])
        cols, rows = np.rint(us).astype(int), np.rint(vs).astype(int)
        if (cols < 1).any() or (rows < 1).any() or (cols >= k.width - 1).any() or (rows >= k.height - 1).any():
            return Sight.OUTSIDE
        seen = self._frame.depth[rows, cols]
        known = np.isfinite(seen) & (seen > 0.05)
        if known.sum() < len(seen) / 2:
            return Sight.HIDDEN
        # Without the thing the ray would run on to the surface below: half its height over the ray's slope.
        ray = center - self._frame.world_from_camera[:3, 3]
        slope = max(abs(float(ray[2])) / float(np.linalg.norm(ray)), 0.2)
        past = seen[known] - zs[known]
        if np.mean(past > np.clip(0.25 * size[2] / slope, *_BEHIND)) > 0.7:
            return Sight.EMPTY
        nearer = past < -(0.5 * float(np.hypot(size[0], size[1])) + 0.04)
        return Sight.HIDDEN if np.mean(nearer) > 0.4 else Sight.OCCUPIED
