"""What "this is my desk" and "this is Bob" mean where the robot stands. Pure; poses in map [m, rad]."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from vla_ros.core.floorplan import FloorPlan, Furniture
from vla_ros.core.geometry import Pose2D
from vla_ros.core.remembered import RememberedPerson, RememberedPlace
from vla_ros.core.scene import SceneObject

_STANDS_AT_M = 1.2
_IN_FRONT_RAD = 1.1
_PERSON_RANGE_M = 3.5


def place_here(name: str, category: str, robot: Pose2D, plan: FloorPlan | None, now: float) -> RememberedPlace:
    """The place of that name. ``category``: the furniture that the name speaks of ("my desk" a desk), "" for none:
    then it is the spot of the floor where the robot stands. ``now``: seconds since 1970."""
    piece = _stands_at(category, robot, plan) if category and plan is not None else None
    room = plan.room_at(robot.x, robot.y) if plan is not None else None
    room_name = piece.room if piece is not None else room.name if room is not None else ""
    furniture = piece.name if piece is not None else ""
    return RememberedPlace(name, robot.x, robot.y, robot.theta, furniture, room_name, now)


def _stands_at(category: str, robot: Pose2D, plan: FloorPlan) -> Furniture | None:
    """The nearest piece of that category within reach; what lies ahead counts as nearer."""

    def gap(piece: Furniture) -> float:
        u, v = piece.pose2d.inverse_transform(np.array([robot.x, robot.y]))
        return math.hypot(max(abs(u) - piece.size[0] / 2, 0.0), max(abs(v) - piece.size[1] / 2, 0.0))

    near = [f for f in plan.furniture if f.category == category and gap(f) <= _STANDS_AT_M]
    return min(near, key=lambda f: gap(f) + 0.3 * abs(_bearing(robot, f.position)), default=None)


def person_here(
    name: str, user: bool, people: Sequence[SceneObject], robot: Pose2D | None, user_color: str, now: float
) -> RememberedPerson:
    """The name with the figure that it belongs to: the nearest person in front. Somebody who is not the user is
    nobody in the user's clothes; the user is the one in them, when their colour is known. Without a fitting person
    (or pose) in view the name alone is kept."""
    seen = [p for p in people if robot is not None and p.visible and _in_front(robot, p)]
    if user_color:
        seen = [p for p in seen if (p.color == user_color) == user]
    if not seen or robot is None:
        return RememberedPerson(name, user, user_color if user else "", 0.0, now)
    nearest = min(seen, key=lambda p: math.dist(p.pose.position[:2], (robot.x, robot.y)))
    return RememberedPerson(name, user, nearest.color, round(float(nearest.size[2]), 2), now)


def _in_front(robot: Pose2D, person: SceneObject) -> bool:
    x, y, _ = person.pose.position
    return math.dist((x, y), (robot.x, robot.y)) < _PERSON_RANGE_M and abs(_bearing(robot, (x, y))) < _IN_FRONT_RAD


def _bearing(robot: Pose2D, point: tuple[float, float]) -> float:
    return math.remainder(math.atan2(point[1] - robot.y, point[0] - robot.x) - robot.theta, 2 * math.pi)
