"""The floor plan as grids, so that a whole image finds its furniture and walls in one look-up."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.floorplan import FloorPlan, Furniture
from vla_ros.core.geometry import Box

FLOOR, OUTSIDE, WALL = -1, -2, -3
_WALL_SKIN = 0.03
"""Points of a wall are found so far in front of it [m]."""
_SILL = 0.14
"""Window sills and picture frames stick out of a wall by less than this [m]."""
_HANDLE_REACH = 0.08
"""How far handles stick out of a front with leaves [m]."""


@dataclass(frozen=True, slots=True, eq=False)
class LocalPiece:
    """A piece of furniture with its transform at hand."""

    piece: Furniture
    cos: float
    sin: float

    def local(self, xy: NDArray[np.float32]) -> NDArray[np.float32]:
        """Points of map, shape (n, 2), in the furniture's own axes."""
        d = xy - np.array(self.piece.position, dtype=xy.dtype)
        turn = np.array([[self.cos, -self.sin], [self.sin, self.cos]], dtype=xy.dtype)
        return d @ turn


class FloorMap:
    """What stands on each square centimetre of the building."""

    def __init__(self, plan: FloorPlan, furniture_margin: float, wall_margin: float) -> None:
        self.pieces = tuple(LocalPiece(f, math.cos(f.yaw), math.sin(f.yaw)) for f in plan.furniture)
        x0, y0, x1, y1 = plan.bounds()
        self._low = np.array([x0 - 0.2, y0 - 0.2], dtype=np.float32)
        area = (x1 - x0 + 0.4) * (y1 - y0 + 0.4)
        self._cell = max(0.01, math.sqrt(area / 2e6))
        shape = (int((x1 - x0 + 0.4) / self._cell) + 1, int((y1 - y0 + 0.4) / self._cell) + 1)
        self._grid = np.full(shape, FLOOR, dtype=np.int16)
        outside = np.ones(shape, dtype=bool)
        for room in plan.rooms:
            a = np.floor((np.array(room.min) - self._low) / self._cell).astype(int)
            b = np.ceil((np.array(room.max) - self._low) / self._cell).astype(int)
            outside[max(a[0], 0) : b[0] + 1, max(a[1], 0) : b[1] + 1] = False
        for door in plan.doorways:
            box = np.array([door.center]) + np.array([[-0.2, -0.2], [0.2, 0.2]])
            a, b = np.floor((box - self._low) / self._cell).astype(int)
            outside[max(a[0], 0) : b[0] + 1, max(a[1], 0) : b[1] + 1] = False
        for wall in plan.wall_boxes():
            self._paint(wall, (0.0, 0.0), _SILL, WALL)
        self._fixtures = self._grid == WALL
        self._grid[:] = FLOOR
        self._grid[outside] = OUTSIDE
        for i, piece in enumerate(plan.furniture):
            front = _HANDLE_REACH if piece.leaves else furniture_margin
            self._paint(piece.box(), (furniture_margin, front), furniture_margin, i)
        for wall in plan.wall_boxes():
            self._paint(wall, (wall_margin, wall_margin), wall_margin, WALL)
        for i, piece in enumerate(plan.furniture):  # the footprint itself wins over its neighbours' margins
            self._paint(piece.box(), (0.0, 0.0), 0.0, i)
        thin = min(wall_margin, _WALL_SKIN)
        for wall in plan.wall_boxes():  # but a wall keeps its skin: furniture stands right against it
            self._paint(wall, (thin, thin), thin, WALL)

    def beside_wall(self, xy: NDArray[np.float32]) -> NDArray[np.bool_]:
        """True for points of shape (..., 2) so near to a wall that sills, frames and pictures reach them."""
        i, j = self._cells(xy)
        out: NDArray[np.bool_] = self._fixtures[i, j]
        return out

    def look_up(self, xy: NDArray[np.float32]) -> NDArray[np.int16]:
        """Index of the furniture at points of shape (..., 2), or FLOOR, WALL, OUTSIDE."""
        return self._grid[self._cells(xy)]

    def _cells(self, xy: NDArray[np.float32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        cell = ((xy - self._low) * np.float32(1 / self._cell)).astype(np.int32)
        i = np.clip(cell[..., 0], 0, self._grid.shape[0] - 1)
        return i, np.clip(cell[..., 1], 0, self._grid.shape[1] - 1)

    def _paint(self, box: Box, grow_x: tuple[float, float], grow_y: float, value: int) -> None:
        """Writes ``value`` where the box's footprint, grown by (back, front) and sideways, lies."""
        x, y, _ = box.pose.position
        yaw = box.pose.yaw
        c, s = math.cos(yaw), math.sin(yaw)
        reach = math.hypot(box.size[0] / 2 + max(grow_x), box.size[1] / 2 + grow_y) + self._cell
        a = np.maximum(((np.array([x, y]) - reach - self._low) / self._cell).astype(int), 0)
        b = np.maximum(((np.array([x, y]) + reach - self._low) / self._cell).astype(int) + 2, 0)
        view = self._grid[a[0] : b[0], a[1] : b[1]]
        gx = (np.arange(view.shape[0]) + a[0] + 0.5) * self._cell + self._low[0] - x
        gy = (np.arange(view.shape[1]) + a[1] + 0.5) * self._cell + self._low[1] - y
        u = gx[:, None] * c + gy[None, :] * s
        v = -gx[:, None] * s + gy[None, :] * c
        inside = (u >= -box.size[0] / 2 - grow_x[0]) & (u <= box.size[0] / 2 + grow_x[1])
        view[inside & (np.abs(v) <= box.size[1] / 2 + grow_y)] = value
