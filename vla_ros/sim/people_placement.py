"""Where the robot and the people start, and which way the walking ones go; drawn from the seed's generator."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vla_ros.core.errors import ConfigError
from vla_ros.core.floorplan import FloorPlan, Room
from vla_ros.core.geometry import Pose2D
from vla_ros.core.people import People, Person
from vla_ros.sim.scenario import PersonPlan

USER_DISTANCE = (1.5, 2.5)
"""How far from the robot's start the user stands [m]."""
_ROBOT_MARGIN = 0.42
_PERSON_MARGIN = 0.45
_DOOR_MARGIN = 1.0
_ROBOT_CLEARANCE = 1.3
_WALK_SHARE = 0.5
_TRIES = 500


@dataclass(frozen=True)
class PlacedPerson:
    """One person at the start."""

    person: Person
    pose: Pose2D
    walk: tuple[tuple[float, float], ...] = ()
    speed: float = 0.8


def place_robot(plan: FloorPlan, rng: np.random.Generator) -> Pose2D:
    """Near the plan's start, at most 0.35 m and 0.6 rad away, clear of furniture and walls."""
    x0, y0, yaw0 = plan.start
    for _ in range(_TRIES):
        x, y = x0 + rng.uniform(-0.35, 0.35), y0 + rng.uniform(-0.35, 0.35)
        yaw = yaw0 + rng.uniform(-0.6, 0.6)
        if is_free(plan, x, y, _ROBOT_MARGIN):
            return Pose2D(float(x), float(y), float(yaw))
    return Pose2D(*plan.start)


def place_people(
    plan: FloorPlan,
    people: People,
    robot: Pose2D,
    wanted: dict[str, PersonPlan],
    rng: np.random.Generator,
    keep_clear: tuple[float, float] | None = None,
) -> tuple[PlacedPerson, ...]:
    """The user near the robot's start, facing it; the others in other rooms, some of them walking.

    ``keep_clear`` is a place where nobody may stand by chance [m]: a robot that starts elsewhere.

    Raises:
        ConfigError: ``wanted`` names somebody unknown.
    """
    for name in wanted:
        if people.person(name) is None:
            known = ", ".join(p.name for p in people.people)
            raise ConfigError(f"people.{name}", name, f"Known people: {known}.")
    home = plan.room_at(robot.x, robot.y) or plan.rooms[0]
    others = [room for room in plan.rooms if room.name != home.name] or [home]
    order = [int(i) for i in rng.permutation(len(others))]
    out: list[PlacedPerson] = []
    for person in people.people:
        asked = wanted.get(person.name, PersonPlan())
        if person.user:
            placed = PlacedPerson(person, _near_robot(plan, home, robot, rng, keep_clear))
        else:
            room = others[order[sum(not p.person.user for p in out) % len(order)]]
            placed = _in_room(plan, person, room, rng, keep_clear)
        if asked.at is not None:
            placed = PlacedPerson(person, Pose2D(*asked.at))
        if asked.walk:
            x, y = placed.pose.x, placed.pose.y
            placed = PlacedPerson(person, placed.pose, ((x, y), *asked.walk), asked.speed)
        if asked.present:
            out.append(placed)
    return tuple(out)


def is_free(plan: FloorPlan, x: float, y: float, margin: float) -> bool:
    """True when a disc of radius ``margin`` [m] around the point touches neither wall nor furniture."""
    room = plan.room_at(x, y)
    if room is None or plan.furniture_at(x, y, margin):
        return False
    return room.min[0] + margin <= x <= room.max[0] - margin and room.min[1] + margin <= y <= room.max[1] - margin


def _near_robot(
    plan: FloorPlan, room: Room, robot: Pose2D, rng: np.random.Generator, keep_clear: tuple[float, float] | None
) -> Pose2D:
    best = Pose2D(robot.x, robot.y)
    for _ in range(_TRIES):
        distance, angle = rng.uniform(*USER_DISTANCE), rng.uniform(-math.pi, math.pi)
        x, y = robot.x + distance * math.cos(angle), robot.y + distance * math.sin(angle)
        best = Pose2D(float(x), float(y), float(math.atan2(robot.y - y, robot.x - x)))
        clear = is_free(plan, x, y, _PERSON_MARGIN) and room.contains(x, y)
        if keep_clear is not None and math.dist(keep_clear, (x, y)) < _ROBOT_CLEARANCE:
            continue
        if clear and _far_from_doors(plan, x, y) and _clear_line(plan, (x, y), (robot.x, robot.y), 0.2):
            return best
    return best


def _in_room(
    plan: FloorPlan, person: Person, room: Room, rng: np.random.Generator, keep_clear: tuple[float, float] | None
) -> PlacedPerson:
    x, y = _spot(plan, room, rng, keep_clear)
    pose = Pose2D(x, y, float(rng.uniform(-math.pi, math.pi)))
    walks = person.posture == "walking" or rng.random() < _WALK_SHARE
    speed = float(rng.uniform(0.6, 1.0))
    points = [(x, y)]
    for _ in range(_TRIES if walks else 0):
        point = _spot(plan, room, rng, keep_clear)
        far = math.dist(point, points[-1]) > 0.9
        if far and _clear_line(plan, points[-1], point, 0.33):
            points.append(point)
        if len(points) == 3:
            break
    return PlacedPerson(person, pose, tuple(points) if len(points) > 1 else (), speed)


def _spot(
    plan: FloorPlan, room: Room, rng: np.random.Generator, keep_clear: tuple[float, float] | None
) -> tuple[float, float]:
    (x0, y0), (x1, y1) = room.min, room.max
    for _ in range(_TRIES):
        x, y = float(rng.uniform(x0, x1)), float(rng.uniform(y0, y1))
        if keep_clear is not None and math.dist(keep_clear, (x, y)) < _ROBOT_CLEARANCE:
            continue
        if is_free(plan, x, y, _PERSON_MARGIN) and _far_from_doors(plan, x, y) and _leaves_room(plan, x, y):
            return (x, y)
    return room.center


def _leaves_room(plan: FloorPlan, x: float, y: float) -> bool:
    """True when nobody who stands there is in the way of a robot before furniture."""
    for piece in plan.furniture:
        if not piece.surfaces:
            continue
        u, v = piece.pose2d.inverse_transform(np.array([x, y]))
        if abs(v) < piece.size[1] / 2 + 0.3 and 0 < u < piece.size[0] / 2 + 0.95:
            return False
    return True


def _far_from_doors(plan: FloorPlan, x: float, y: float) -> bool:
    return all(math.dist((x, y), door.center) > _DOOR_MARGIN for door in plan.doorways)


def _clear_line(plan: FloorPlan, a: tuple[float, float], b: tuple[float, float], margin: float) -> bool:
    steps = max(2, int(math.dist(a, b) / 0.1))
    return all(
        not plan.furniture_at(a[0] + (b[0] - a[0]) * k / steps, a[1] + (b[1] - a[1]) * k / steps, margin)
        for k in range(steps + 1)
    )
