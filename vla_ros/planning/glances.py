"""Which surfaces the camera has swept in passing: what was in view from near is no good place to search next."""

from __future__ import annotations

import numpy as np

from vla_ros.core.floorplan import FloorPlan, Furniture
from vla_ros.core.geometry import Pose

_RANGE_M = (0.35, 2.2)
_TAN = (0.62, 0.45)
_ROOFED_M = 0.5
_QUARTERS = ((0.0, 0.0), (0.3, 0.3), (0.3, -0.3), (-0.3, 0.3), (-0.3, -0.3))


class Glances:
    """Points (n, 3) in map [m] on every surface that is open to the sky, and when the camera last had each in view.

    Shelves below another board are left out: what lies on them is seen only by looking straight in.
    """

    def __init__(self, plan: FloorPlan) -> None:
        points, owners, rooms = [], [], []
        for piece in plan.furniture:
            for surface in piece.surfaces:
                for u, v in _QUARTERS:
                    local = (surface.center[0] + u * surface.size[0], surface.center[1] + v * surface.size[1])
                    x, y = piece.pose2d.transform(np.array(local))
                    roofed = surface.enclosed or surface.clearance < _ROOFED_M
                    points.append((float(x), float(y), np.nan if roofed else surface.height))
                    owners.append(piece.name)
                    rooms.append(piece.room)
        self._plan = plan
        self._points = np.array(points, dtype=float).reshape(-1, 3)
        self._owners, self._rooms = np.array(owners, dtype=str), np.array(rooms, dtype=str)
        self._seen_s = np.full(len(points), -np.inf)

    def observe(self, view: Pose, stamp_s: float) -> None:
        """Marks what is in view of a camera at ``view`` (optical axes, in map), well inside the image and near, in
        the camera's own room and below it."""
        x, y, height = view.position
        room = self._plan.room_at(x, y)
        if room is None or not len(self._points):
            return
        local = (np.linalg.inv(view.matrix()) @ np.c_[self._points, np.ones(len(self._points))].T)[:3]
        depth = local[2]
        with np.errstate(invalid="ignore"):
            near = (depth > _RANGE_M[0]) & (depth < _RANGE_M[1]) & (self._points[:, 2] < height)
            inside = (np.abs(local[0]) < _TAN[0] * depth) & (np.abs(local[1]) < _TAN[1] * depth)
        self._seen_s[near & inside & (self._rooms == room.name)] = stamp_s

    def share(self, piece: Furniture, since_s: float) -> float:
        """Share of a piece's points that were in view after ``since_s``, 0 to 1."""
        mine = self._owners == piece.name
        return float(np.mean(self._seen_s[mine] > since_s)) if mine.any() else 0.0

    def forget(self) -> None:
        """Nothing was looked at."""
        self._seen_s[:] = -np.inf
