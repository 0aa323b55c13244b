"""The cheapest way over the grid: away from obstacles where there is room, through doorways where there is not.

Pure functions of a snapshot, run by the controller's executor. Metres, frame ``odom``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import distance_transform_edt
from skimage.graph import MCP_Geometric

from vla_ros.control.grid import Cells, Grid
from vla_ros.core.geometry import Vector

ESCAPE_RADIUS_M = 0.7
ESCAPE_COST = 40.0
CLEARANCE_COST = 10.0
ARM_COST = 12.0
SPACING_M = 0.05
KEEP_FACTOR = 1.15
PARTIAL_M = 0.3


@dataclass(frozen=True, eq=False)
class Terrain:
    """A snapshot to plan on: grid, live cells, radius that must stay free and radius that is preferred [m].

    ``arm_space`` [m] per cell: distance to what stands at the height of the arm, less the radius in which the whole
    robot can turn. Below zero it costs more to drive, but is not closed: the arm may reach over a table's edge, and
    a wide thing may pass a doorway lengthwise.
    """

    grid: Grid
    live: Cells | None
    radius: float
    preferred: float
    live_extra: float = 0.0
    arm_space: Vector | None = None

    def distances(self) -> Vector:
        """Distance to the nearest obstacle [m], per cell; live ones count as ``live_extra`` nearer, for they may be
        wider above the lidar's plane (people, chairs) and the robot's arm is wider than its base."""
        fixed = self.grid.distances()
        if self.live is None or not self.live.any():
            return fixed
        moving = np.asarray(distance_transform_edt(~self.live)) * self.grid.resolution
        return np.minimum(fixed, np.where(moving > 0.0, np.maximum(moving - self.live_extra, 1e-3), 0.0))


@dataclass(frozen=True, eq=False)
class PathResult:
    """``points`` (n, 2) from start to goal, 5 cm apart; None with a reason when there is no way. Points together
    with a reason lead only up to ``blocked_at``.

    ``kept`` says that the present path is still about as good as any new one.
    """

    points: Vector | None
    reason: str = ""
    kept: bool = False
    blocked_at: tuple[float, float] | None = None


class CostField:
    """Costs of every cell from one start; paths to any goal come out of it.

    Args:
        terrain: where to plan.
        start: x, y [m]; may lie inside inflated space, from which the way out is dear but open.
    """

    def __init__(self, terrain: Terrain, start: tuple[float, float]) -> None:
        self.terrain, self.start = terrain, start
        grid = terrain.grid
        self.distance = terrain.distances()
        shortage = np.clip((terrain.preferred - self.distance) / max(terrain.preferred - terrain.radius, 1e-6), 0, 1)
        self.costs = 1.0 + CLEARANCE_COST * shortage**2
        if terrain.arm_space is not None:
            tight = terrain.arm_space < 0.0
            self.costs[tight] += ARM_COST * (0.5 - terrain.arm_space[tight] / terrain.radius)
        lethal = self.distance < terrain.radius
        row, column = self._start_cell = grid.cell(*start)
        near = grid.mark_discs([start], ESCAPE_RADIUS_M)
        escape = lethal & near & (self.distance > 0.0) if lethal[row, column] else np.zeros_like(lethal)
        escape |= grid.mark_discs([start], 0.1)
        self.costs[lethal] = -1.0
        # Deeper inside costs more, so that the way out is the shortest.
        self.costs[escape & lethal] = ESCAPE_COST * (1.5 - self.distance[escape & lethal] / terrain.radius)
        self._mcp = MCP_Geometric(self.costs)
        self.total: Vector | None = None
        self._towards: tuple[tuple[int, int], Vector] | None = None

    def spread(self) -> Vector:
        """Cost (about metres, more near obstacles) of the way from the start to every cell; inf = no way."""
        if self.total is None:
            totals, _ = self._mcp.find_costs([self._start_cell])
            self.total = np.asarray(totals) * self.terrain.grid.resolution
        return self.total

    def path(self, goal: tuple[float, float]) -> Vector | None:
        """Points (n, 2), 5 cm apart, ending exactly at ``goal``; None when no way leads there."""
        cell = self.terrain.grid.cell(*goal)
        if not math.isfinite(self.cost_to(goal)) or self.costs[cell] < 0:
            return None
        cells = np.array(self._mcp.traceback(cell))
        points = self.terrain.grid.center(cells[:, 0], cells[:, 1])
        points[0], points[-1] = self.start, goal
        if len(points) == 1:
            points = np.array([self.start, goal])
        return self._smooth(self._pull(points))

    def cost_to(self, goal: tuple[float, float]) -> float:
        """Cost of the cheapest way to ``goal``; inf when there is none.

        Unless all ways are known already, only those that are shorter are looked at: on an open floor of 24 m the
        search of all of them keeps other threads from running for 0.1 s.
        """
        cell = self.terrain.grid.cell(*goal)
        if self.total is not None:
            return float(self.total[cell])
        if self._towards is None or self._towards[0] != cell:
            totals, _ = self._mcp.find_costs([self._start_cell], [cell])
            self._towards = cell, np.asarray(totals)
        return float(self._towards[1][cell]) * self.terrain.grid.resolution

    def length(self, points: Vector) -> float:
        """Cost of a polyline, inf where it crosses what is occupied."""
        rows, columns, _ = self.terrain.grid.cells(points)
        costs = self.costs[rows, columns]
        if costs.min() < 0:
            return math.inf
        return float(np.sum(np.linalg.norm(np.diff(points, axis=0), axis=1) * (costs[:-1] + costs[1:]) / 2))

    def _pull(self, points: Vector) -> Vector:
        """Straightens the eight-way staircase wherever the straight line costs no more."""
        lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
        grid = self.terrain.grid
        rows, columns, _ = grid.cells(points)
        local = np.abs(self.costs[rows, columns])
        along = np.concatenate([[0.0], np.cumsum(lengths * (local[:-1] + local[1:]) / 2)])
        kept, i = [0], 0
        while i < len(points) - 1:
            j = len(points) - 1
            while j > i + 1 and self._line_cost(points[i], points[j]) > 1.01 * (along[j] - along[i]):
                j = i + max(1, int((j - i) * 0.7))
            kept.append(j)
            i = j
        return points[kept]

    def _line_cost(self, a: Vector, b: Vector) -> float:
        length = float(np.hypot(*(b - a)))
        n = max(2, int(length / (0.5 * self.terrain.grid.resolution)))
        rows, columns, _ = self.terrain.grid.cells(a + np.linspace(0, 1, n)[:, None] * (b - a))
        costs = self.costs[rows, columns]
        if costs.min() < 0:
            return math.inf
        return float(costs.mean()) * length

    def _smooth(self, corners: Vector) -> Vector:
        points = resample(corners)
        half = 6
        if len(points) <= 2 * half:
            return points
        weights = np.ones(2 * half + 1) / (2 * half + 1)
        padded = np.concatenate([np.repeat(points[:1], half, 0), points, np.repeat(points[-1:], half, 0)])
        smooth = np.stack([np.convolve(padded[:, k], weights, mode="valid") for k in (0, 1)], axis=1)
        # Ends keep their places: fewer neighbours count there.
        fade = np.clip(np.minimum(np.arange(len(points)), np.arange(len(points))[::-1]) / half, 0, 1)[:, None]
        smooth = fade * smooth + (1 - fade) * points
        rows, columns, _ = self.terrain.grid.cells(smooth)
        old_rows, old_columns, _ = self.terrain.grid.cells(points)
        dearer = self.costs[rows, columns] > self.costs[old_rows, old_columns] + ARM_COST / 4
        bad = (self.costs[rows, columns] < 0) | dearer
        smooth[bad] = points[bad]
        return resample(smooth)


def resample(points: Vector, spacing: float = SPACING_M) -> Vector:
    """The same polyline with points ``spacing`` [m] apart."""
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    n = max(2, math.ceil(along[-1] / spacing) + 1)
    targets = np.linspace(0.0, along[-1], n)
    return np.stack([np.interp(targets, along, points[:, k]) for k in (0, 1)], axis=1)


def free_goal(field: CostField, goal: tuple[float, float], tolerance: float) -> tuple[float, float] | None:
    """The goal itself, or the nearest free place within ``tolerance`` [m] of it; None when there is none."""
    grid = field.terrain.grid
    _, _, inside = grid.cells(np.array([goal]))
    if not inside[0]:
        return None
    if field.distance[grid.cell(*goal)] >= field.terrain.radius:
        return goal
    rows, columns = np.nonzero(grid.mark_discs([goal], tolerance) & (field.distance >= field.terrain.radius))
    if not len(rows):
        return None
    places = grid.center(rows, columns)
    best = places[int(np.argmin(np.hypot(*(places - goal).T)))]
    return float(best[0]), float(best[1])


def plan_path(
    terrain: Terrain,
    start: tuple[float, float],
    goal: tuple[float, float],
    tolerance: float = 0.0,
    present: Vector | None = None,
) -> PathResult:
    """The way from ``start`` to ``goal`` (or the nearest free place within ``tolerance``).

    When live obstacles close every way, ``blocked_at`` is where the first one lies on the way that the floor
    plan alone would allow. ``present`` is the rest of the path being followed: it stays while it is free and
    no new one is clearly shorter, so that the base never dithers between two ways.
    """
    field = CostField(terrain, start)
    place = free_goal(field, goal, tolerance)
    following = present is not None and len(present) > 1
    if place is not None and present is not None and following and np.hypot(*(present[-1] - place)) < 0.1:
        keep = field.length(present) <= KEEP_FACTOR * field.cost_to(place)
        if keep:
            return PathResult(present, kept=True)
    points = field.path(place) if place is not None else None
    if points is not None:
        return PathResult(points)
    bare = CostField(replace(terrain, live=None), start)
    place = free_goal(bare, goal, tolerance)
    if place is None:
        return PathResult(None, "the goal is too close to furniture or a wall for the base")
    usual = bare.path(place)
    if usual is None:
        return PathResult(None, "no way leads there in the floor plan")
    rows, columns, _ = terrain.grid.cells(usual)
    closed = field.costs[rows, columns] < 0
    first = usual[int(np.argmax(closed))] if closed.any() else usual[-1]
    reason, place = "an obstacle that is not in the floor plan", (float(first[0]), float(first[1]))
    # Drive up to it: it may move away, and it is seen better from near.
    rows, columns, _ = terrain.grid.cells(usual)
    open_way = np.isfinite(field.spread()[rows, columns]) & (field.distance[rows, columns] >= terrain.radius)
    near = np.nonzero(open_way[: int(np.argmax(closed))])[0] if closed.any() else np.empty(0, int)
    if len(near) and np.hypot(*(usual[near[-1]] - usual[0])) > PARTIAL_M:
        end = usual[near[-1]]
        return PathResult(field.path((float(end[0]), float(end[1]))), reason, blocked_at=place)
    return PathResult(None, reason, blocked_at=place)
