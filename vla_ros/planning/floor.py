"""Where the base can stand and how far it is to go there, from the floor plan. Vectorised: a tick is 5 ms."""

from __future__ import annotations

import heapq
import math

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.floorplan import FloorPlan, Furniture, Room
from vla_ros.core.geometry import Pose2D, Vector


class Floor:
    """Standing points for a disc of ``radius`` [m]; every point array is (n, 2) in map [m]."""

    def __init__(self, plan: FloorPlan, radius: float) -> None:
        self.plan = plan
        self.radius = radius
        self._centers = np.array([f.position for f in plan.furniture], dtype=float).reshape(-1, 2)
        self._yaws = np.array([f.yaw for f in plan.furniture], dtype=float)
        self._halves = np.array([f.size[:2] for f in plan.furniture], dtype=float).reshape(-1, 2) / 2
        self._rooms = np.array([[*r.min, *r.max] for r in plan.rooms], dtype=float)

    def free(self, points: Vector, keep: float = 0.0) -> NDArray[np.bool_]:
        """Boolean (n,): inside a room away from its walls and clear of furniture by radius + ``keep``."""
        points = np.atleast_2d(points)
        margin = self.radius + 0.05
        low, high = self._rooms[:, :2] + margin, self._rooms[:, 2:] - margin
        inside: NDArray[np.bool_] = np.any(np.all((points[:, None] >= low) & (points[:, None] <= high), axis=2), axis=1)
        if len(self._centers):
            delta = points[:, None] - self._centers
            c, s = np.cos(self._yaws), np.sin(self._yaws)
            local = np.stack((delta[..., 0] * c + delta[..., 1] * s, delta[..., 1] * c - delta[..., 0] * s), axis=-1)
            gap = np.maximum(np.abs(local) - self._halves, 0.0)
            inside &= (np.hypot(gap[..., 0], gap[..., 1]) >= self.radius + keep).all(axis=1)
        return inside

    def room_point(self, room: Room) -> Pose2D:
        """The free point of a room nearest to its centre (the centre itself when the room is crammed)."""
        xs = np.arange(room.min[0] + 0.1, room.max[0], 0.15)
        ys = np.arange(room.min[1] + 0.1, room.max[1], 0.15)
        points = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
        for keep in (0.15, 0.05, 0.0):
            good = points[self.free(points, keep)]
            if len(good):
                x, y = good[np.argmin(np.hypot(*(good - room.center).T))]
                return Pose2D(float(x), float(y), 0.0)
        return Pose2D(*room.center, 0.0)

    def front_points(self, piece: Furniture, distance: float, width: float) -> list[Pose2D]:
        """Standing points that together overlook a piece: along its front, else along any free side.

        ``distance`` [m] from the edge to the base centre, ``width`` [m] seen from one point. Each faces the piece.
        """
        return next(iter(self.side_points(piece, distance, width)), [])

    def side_points(self, piece: Furniture, distance: float, width: float) -> list[list[Pose2D]]:
        """Those of every side that has any: front, back, left, right."""
        sides = []
        for side in (0.0, math.pi, math.pi / 2, -math.pi / 2):
            depth, span, center = _side(piece, side)
            count = max(1, math.ceil(span / width - 0.05))
            poses = []
            for i in range(count):
                middle = center + (i + 0.5) / count * span - span / 2
                pose = self._beside(piece, side, depth / 2 + distance, middle, span / count)
                if pose is not None:
                    poses.append(pose)
            if poses:
                sides.append(poses)
        return sides

    def _beside(self, piece: Furniture, side: float, reach: float, middle: float, span: float) -> Pose2D | None:
        shifts = [0.0, 0.2, -0.2, 0.4, -0.4, 0.6, -0.6]
        tries = [(reach + back, middle + s) for back in (0.0, 0.15, 0.3) for s in shifts if abs(s) <= span / 2 + 0.3]
        heading = piece.yaw + side
        normal = np.array([math.cos(heading), math.sin(heading)])
        tangent = np.array([-normal[1], normal[0]])
        points = np.array([np.asarray(piece.position) + r * normal + t * tangent for r, t in tries])
        room = self.plan.room(piece.room)
        good = self.free(points) & np.array([room.contains(*p) for p in points])
        if not good.any():
            return None
        x, y = points[int(np.argmax(good))]
        return Pose2D(float(x), float(y), math.atan2(-normal[1], -normal[0]))

    def around(self, x: float, y: float, distance: float, start: tuple[float, float]) -> list[Pose2D]:
        """Free points on a circle about (x, y), facing it, best (nearest to ``start``) first."""
        angles = np.arange(0, 2 * math.pi, math.pi / 12)
        points = np.array([x, y]) + distance * np.stack((np.cos(angles), np.sin(angles)), axis=1)
        here = self.plan.room_at(x, y)
        good = self.free(points)
        if here is not None:
            good &= np.array([here.contains(*p) for p in points])
        order = np.argsort(np.hypot(*(points - start).T))
        return [
            Pose2D(float(points[i, 0]), float(points[i, 1]), math.atan2(y - points[i, 1], x - points[i, 0]))
            for i in order
            if good[i]
        ]

    def route(self, start: tuple[float, float], goal: tuple[float, float]) -> tuple[float, tuple[str, ...]]:
        """Length [m] of the way through the doorways and the rooms it touches; inf when there is none."""
        first, last = self.plan.room_at(*start), self.plan.room_at(*goal)
        if first is None or last is None or first is last:
            names = tuple(dict.fromkeys(r.name for r in (first, last) if r))
            return math.dist(start, goal), names
        queue: list[tuple[float, tuple[float, float], tuple[str, ...]]] = [(0.0, start, (first.name,))]
        best: dict[tuple[str, tuple[float, float]], float] = {}
        while queue:
            length, point, rooms = heapq.heappop(queue)
            if point == goal:
                return length, rooms
            if best.get((rooms[-1], point), math.inf) <= length:
                continue
            best[(rooms[-1], point)] = length
            if rooms[-1] == last.name:
                heapq.heappush(queue, (length + math.dist(point, goal), goal, rooms))
            for door in self.plan.doorways:
                if rooms[-1] in door.rooms:
                    other = door.rooms[1] if door.rooms[0] == rooms[-1] else door.rooms[0]
                    if other not in rooms:
                        step = length + math.dist(point, door.center)
                        heapq.heappush(queue, (step, door.center, (*rooms, other)))
        return math.inf, ()


def _side(piece: Furniture, side: float) -> tuple[float, float, float]:
    """Of a side (0 front, pi back, +-pi/2 left and right): the piece's depth, and the stretch along the side that
    its surfaces take up: width and middle [m], counted along the side's own left."""
    front_back = abs(math.cos(side)) > 0.5
    along = 1 if front_back else 0
    depth = piece.size[1 - along]
    ends = [(s.center[along] - s.size[along] / 2, s.center[along] + s.size[along] / 2) for s in piece.surfaces]
    ends = ends or [(-piece.size[along] / 2, piece.size[along] / 2)]
    low, high = min(e[0] for e in ends), max(e[1] for e in ends)
    sign = math.cos(side) if front_back else -math.sin(side)
    return depth, high - low, math.copysign(1.0, sign) * (low + high) / 2
