"""The footprint of the whole robot now: what stands out beyond its base, seen from above, with the heights.

Made from measured joints through the robot's model, and from the box of what is carried. Control plans and follows
with it, the safety gate guards with it. Imports core, numpy, scipy, pinocchio, coal.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import coal
import numpy as np
from scipy.spatial import ConvexHull, QhullError

from vla_ros.core.geometry import Box, Pose2D, Vector
from vla_ros.robot.kinematics import RobotModel

SPACING_M = 0.04
STILL = 0.005
CORNERS = 12
"""Of the polygon drawn around a circle: it is at most 3.6 % too wide."""


@dataclass(frozen=True, eq=False)
class Outline:
    """What of the robot stands out beyond its base.

    ``points`` (n, 2) on the rims of the parts [m], in base_link and at most 4 cm apart; ``low`` and ``high`` (n,) the
    heights between which the part of each point lies [m]. Without points the base is as wide as the robot.
    """

    points: Vector
    low: Vector
    high: Vector
    base_radius: float

    @property
    def reach(self) -> float:
        """Radius of the circle around base_link that holds the whole robot [m]."""
        if not len(self.points):
            return self.base_radius
        return max(self.base_radius, float(np.hypot(*self.points.T).max()))

    def hull(self, base: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        """Corners of the convex polygon around the base's footprint and everything that stands out."""
        points = np.vstack([self.points, np.array(base, dtype=float)])
        return tuple((float(x), float(y)) for x, y in points[ConvexHull(points).vertices])

    def at(self, poses: tuple[Pose2D, ...]) -> Vector:
        """The points with the base at each of k poses, shape (k, n, 2), in the poses' frame."""
        return np.stack([pose.transform(self.points) for pose in poses])

    def clearance(self, boxes: tuple[Box, ...], poses: tuple[Pose2D, ...]) -> Vector:
        """Horizontal distance [m] to the nearest box that reaches into the height of the part, for each pose (k,).

        Negative inside a box; inf when there is none. Boxes are turned about z only.
        """
        out = np.full(len(poses), np.inf)
        if not len(self.points) or not boxes:
            return out
        placed = self.at(poses)
        for box in boxes:
            bottom, top = box.pose.position[2] - box.size[2] / 2, box.pose.position[2] + box.size[2] / 2
            level = (self.low < top) & (self.high > bottom)
            if not level.any():
                continue
            frame = Pose2D(box.pose.position[0], box.pose.position[1], box.pose.yaw)
            beyond = np.abs(frame.inverse_transform(placed[:, level])) - np.array(box.size[:2]) / 2
            outside = np.hypot(*np.moveaxis(np.maximum(beyond, 0.0), -1, 0))
            distance = outside + np.minimum(beyond.max(axis=-1), 0.0)
            out = np.minimum(out, distance.min(axis=1))
        return out


class OutlineMaker:
    """Makes outlines of one robot; the last one serves until a joint has moved.

    What stays within the base's circle is left out, and so are shapes that stand still in base_link: the footprint in
    the robot's YAML holds them.

    Args:
        model: with the collision shapes.
        everything: nothing is left out: for things that only some heights of the robot can meet.
    """

    def __init__(self, model: RobotModel, everything: bool = False) -> None:
        self._model, self._least = model, -1.0 if everything else model.robot.base.radius
        shapes = model.shapes.geometry.geometryObjects
        self._last: tuple[dict[str, float], Box | None, Outline] | None = None
        self._moving = [(i, *_skeleton(s.geometry)) for i, s in enumerate(shapes) if everything or s.parentJoint != 0]

    def of(self, joints: Mapping[str, float], carried: Box | None = None) -> Outline:
        """The outline at measured joints (by name) with what is carried (box in the axes of the tool frame)."""
        if self._last is not None:
            then, what, outline = self._last
            if what == carried and all(abs(v - then.get(n, math.inf)) < STILL for n, v in joints.items()):
                return outline
        outline = self._made(joints, carried)
        self._last = (dict(joints), carried, outline)
        return outline

    def _made(self, joints: Mapping[str, float], carried: Box | None) -> Outline:
        radius = self._model.robot.base.radius
        points, lows, highs = [], [], []
        for part, rounding in self._parts(joints, carried):
            if float(np.hypot(part[:, 0], part[:, 1]).max()) + rounding <= self._least:
                continue
            rim = _rim(part[:, :2], rounding)
            points.append(rim)
            lows.append(np.full(len(rim), float(part[:, 2].min()) - rounding))
            highs.append(np.full(len(rim), float(part[:, 2].max()) + rounding))
        if not points:
            return Outline(np.zeros((0, 2)), np.zeros(0), np.zeros(0), radius)
        return Outline(np.concatenate(points), np.concatenate(lows), np.concatenate(highs), radius)

    def _parts(self, joints: Mapping[str, float], carried: Box | None) -> Iterator[tuple[Vector, float]]:
        """Each shape as points (n, 3) in base_link and the radius of the ball that, moved along them, makes it."""
        model = self._model
        places = model.shapes.placements(model.configuration(joints))
        for i, local, rounding in self._moving:
            yield local @ places[i][:3, :3].T + places[i][:3, 3], rounding
        if carried is not None and model.tool_frame:
            place = model.frame_pose(model.tool_frame, joints) @ carried.pose.matrix()
            yield _corners(np.array(carried.size) / 2) @ place[:3, :3].T + place[:3, 3], 0.0


def _skeleton(shape: coal.CollisionGeometry) -> tuple[Vector, float]:
    """Points of a shape in its own axes, and the radius by which it is thicker than their hull."""
    if isinstance(shape, coal.Sphere):
        return np.zeros((1, 3)), float(shape.radius)
    if isinstance(shape, coal.Capsule):
        return np.array([[0.0, 0.0, -shape.halfLength], [0.0, 0.0, shape.halfLength]]), float(shape.radius)
    if isinstance(shape, coal.Cylinder):
        ring = _ring(float(shape.radius))
        ends = [np.column_stack([ring, np.full(CORNERS, z)]) for z in (-shape.halfLength, shape.halfLength)]
        return np.vstack(ends), 0.0
    shape.computeLocalAABB()
    low, high = np.array(shape.aabb_local.min_), np.array(shape.aabb_local.max_)
    return _corners((high - low) / 2) + (low + high) / 2, 0.0


def _corners(half: Vector) -> Vector:
    return np.array([[x, y, z] for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)]) * half


def _ring(radius: float) -> Vector:
    """Corners of the polygon around a circle, (CORNERS, 2)."""
    angles = 2.0 * math.pi * np.arange(CORNERS) / CORNERS
    return radius / math.cos(math.pi / CORNERS) * np.column_stack([np.cos(angles), np.sin(angles)])


def _rim(points: Vector, rounding: float) -> Vector:
    """Points along the convex outline of discs of radius ``rounding`` at ``points`` (n, 2)."""
    if rounding > 0.0:
        points = (points[:, None] + _ring(rounding)[None]).reshape(-1, 2)
    try:
        corners = points[ConvexHull(points).vertices]
    except QhullError:  # a plate that stands on its edge has no area
        return points
    edges = np.roll(corners, -1, axis=0) - corners
    counts = np.maximum(1, np.ceil(np.hypot(*edges.T) / SPACING_M)).astype(int)
    which = np.repeat(np.arange(len(corners)), counts)
    share = (np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)) / counts[which]
    return np.asarray(corners[which] + edges[which] * share[:, None])
