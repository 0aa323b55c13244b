"""The floor as a grid of free and occupied cells, with the distance to the nearest obstacle.

Made from the floor plan (and boxes from elsewhere) once; live obstacles are laid over it by ``obstacles.py``.
Rows run along y, columns along x; distances and coordinates in metres, frame ``odom``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.geometry import Box, Vector
from vla_ros.core.zones import Zone, Zones

Cells = NDArray[np.bool_]
OPEN_HALF_SIZE_M = 12.0
BODY_HEIGHT_M = 1.5
FLOOR_HEIGHT_M = 0.03


@dataclass(frozen=True, eq=False)
class Grid:
    """``occupied`` (rows, columns); ``origin`` is the lower corner of cell (0, 0) [m]."""

    occupied: Cells
    origin: tuple[float, float]
    resolution: float

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """Row and column of a point, clipped to the grid."""
        rows, columns = self.occupied.shape
        row = int((y - self.origin[1]) / self.resolution)
        column = int((x - self.origin[0]) / self.resolution)
        return min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)

    def cells(self, points: Vector) -> tuple[NDArray[np.intp], NDArray[np.intp], Cells]:
        """Rows, columns and "inside the grid" of points (n, 2); indices are clipped."""
        index = np.floor((np.asarray(points) - self.origin) / self.resolution).astype(np.intp)
        rows, columns = self.occupied.shape
        inside = (index[:, 0] >= 0) & (index[:, 0] < columns) & (index[:, 1] >= 0) & (index[:, 1] < rows)
        return np.clip(index[:, 1], 0, rows - 1), np.clip(index[:, 0], 0, columns - 1), inside

    def center(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Vector:
        """Middles of cells, shape (n, 2) [m]."""
        out = np.stack([np.asarray(columns, dtype=float), np.asarray(rows, dtype=float)], axis=-1)
        return (out + 0.5) * self.resolution + self.origin

    def distances(self, extra: Cells | None = None) -> Vector:
        """Distance [m] from every cell to the nearest occupied one; ``extra`` cells count as occupied too."""
        occupied = self.occupied if extra is None else self.occupied | extra
        if not occupied.any():
            return np.full(occupied.shape, 100.0)
        return np.asarray(distance_transform_edt(~occupied)) * self.resolution

    def mark(self, boxes: Iterable[Box]) -> Cells:
        """The cells under oriented boxes that reach into the robot's height."""
        out = np.zeros_like(self.occupied)
        for box in boxes:
            low, high = box.pose.position[2] - box.size[2] / 2, box.pose.position[2] + box.size[2] / 2
            if high < FLOOR_HEIGHT_M or low > BODY_HEIGHT_M:
                continue
            self._mark_rectangle(out, box)
        return out

    def mark_discs(self, centers: Iterable[tuple[float, float]], radius: float) -> Cells:
        """The cells within ``radius`` of points."""
        out = np.zeros_like(self.occupied)
        for x, y in centers:
            rows, columns, window = self._window(x, y, radius)
            points = self.center(*np.meshgrid(rows, columns, indexing="ij"))
            out[window] |= np.hypot(points[..., 0] - x, points[..., 1] - y) <= radius
        return out

    def mark_zones(self, zones: Iterable[Zone]) -> Cells:
        """The cells of closed zones that a base would enter."""
        out = np.zeros_like(self.occupied)
        rows, columns = np.meshgrid(*(np.arange(n) for n in out.shape), indexing="ij")
        for zone in zones:
            if zone.z[0] < BODY_HEIGHT_M:
                out |= zone.clearance(self.center(rows, columns)) <= self.resolution / 2
        return out

    def _mark_rectangle(self, out: Cells, box: Box) -> None:
        x, y = box.pose.position[:2]
        # The box's shadow on the floor: its full extents projected, right for any box turned about z only.
        half_x, half_y = (v / 2 + self.resolution / 2 for v in box.size[:2])
        rows, columns, window = self._window(x, y, math.hypot(half_x, half_y))
        points = self.center(*np.meshgrid(rows, columns, indexing="ij")) - (x, y)
        c, s = math.cos(box.pose.yaw), math.sin(box.pose.yaw)
        u, v = points[..., 0] * c + points[..., 1] * s, points[..., 1] * c - points[..., 0] * s
        out[window] |= (np.abs(u) <= half_x) & (np.abs(v) <= half_y)

    def _window(
        self, x: float, y: float, reach: float
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], tuple[slice, slice]]:
        r0, c0 = self.cell(x - reach, y - reach)
        r1, c1 = self.cell(x + reach, y + reach)
        return np.arange(r0, r1 + 1), np.arange(c0, c1 + 1), (slice(r0, r1 + 1), slice(c0, c1 + 1))


def grid_of(
    plan: FloorPlan | None,
    resolution: float,
    around: tuple[float, float] = (0.0, 0.0),
    zones: Zones | None = None,
) -> Grid:
    """The grid of a building; without a plan an empty square around a point, to be filled by the scan. Keep-out
    ``zones`` are occupied from the beginning."""
    if plan is None:
        low = np.array(around) - OPEN_HALF_SIZE_M
        high = np.array(around) + OPEN_HALF_SIZE_M
    else:
        x0, y0, x1, y1 = plan.bounds()
        low, high = np.array([x0, y0]) - 0.3, np.array([x1, y1]) + 0.3
    columns, rows = np.ceil((high - low) / resolution).astype(int)
    empty = Grid(np.zeros((rows, columns), dtype=bool), (float(low[0]), float(low[1])), resolution)
    boxes = () if plan is None else (*plan.wall_boxes(), *(f.box() for f in plan.furniture))
    closed = empty.mark_zones(zones.keep_out if zones is not None else ())
    return Grid(empty.mark(boxes) | closed, empty.origin, resolution)
