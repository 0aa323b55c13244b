"""Driving: to rooms, furniture, things and people, and short moves by distance and angle."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator

import numpy as np

from vla_ros.core.floorplan import Furniture
from vla_ros.core.geometry import Box, Pose2D
from vla_ros.core.task import TaskStep
from vla_ros.planning import grasps
from vla_ros.planning.choice import pick_place
from vla_ros.planning.context import Context, Script, look_at, move
from vla_ros.planning.facts import Fact
from vla_ros.planning.failure import Failure
from vla_ros.planning.places import room_words
from vla_ros.planning.target import Target

_MOST_POSES = 3
_LONGEST_MOVE_M = 3.0
_POSTURE_TOLERANCE = 0.12
_FOLDING_ROOM_M = 0.65
_STEP_BACK_M = 0.25
_PERSON_ROOM_M = 0.9
_SWEEP_M = 1.2


def travel_posture(ctx: Context) -> Script:
    """Folds the arm for driving, with or without something in the hand; nothing when it is so already."""
    yield from posture(ctx, holding_posture(ctx, "carry") if ctx.belief.held is not None else "home")


def step_back(ctx: Context) -> Script:
    """Backs off from the furniture in front, so that the arm has room to fold; nothing when there is room."""
    ahead = ctx.belief.robot.transform(np.array([_FOLDING_ROOM_M, 0.0]))
    if ctx.world.plan.furniture_at(float(ahead[0]), float(ahead[1])):
        yield from move(ctx, "base_move", check=False, offset=(-_STEP_BACK_M, 0.0, 0.0), timeout_s=10.0)


def holding_posture(ctx: Context, name: str) -> str:
    """The variant of "carry" or "offer" that keeps the held thing upright: the plain one or the one for the other
    way of holding it ("carry" and "offer_top" hang it from the hand, "carry_front" and "offer" hold it level)."""
    held = ctx.belief.held
    level = held is not None and float(held.standing.matrix()[2, 0]) > -0.5
    wanted = {"carry": "carry_front" if level else "carry", "offer": "offer" if level else "offer_top"}[name]
    return wanted if ctx.world.robot.posture(wanted) is not None else name


def posture(ctx: Context, name: str) -> Script:
    """Brings the arm to a named posture unless the measured joints are there already."""
    wanted = ctx.world.robot.posture(name)
    if wanted is None:
        return
    group = ctx.world.robot.group(wanted.group)
    joints = ctx.belief.joints
    if group is not None and joints is not None:
        measured = joints.positions.as_dict()
        gaps = [abs(measured.get(n, math.inf) - p) for n, p in zip(group.names, wanted.positions)]
        if max(gaps, default=0.0) < _POSTURE_TOLERANCE:
            return
    yield from move(ctx, "arm_posture", posture=name, obstacles=_things_around(ctx), timeout_s=25.0)


def _things_around(ctx: Context) -> tuple[Box, ...]:
    """Boxes of the things within the arm's sweep: what stands on the table is not wiped off by a folding arm."""
    held = ctx.belief.held.thing.id if ctx.belief.held else ""
    return tuple(
        grasps.obstacle(t)
        for t in ctx.belief.present()
        if t.id != held and t.category != "person" and ctx.belief.distance_to(t) < _SWEEP_M
    )


def drive(
    ctx: Context, stand: Pose2D, until: Callable[[], bool] | None = None, any_heading: bool = False
) -> Generator[None, None, bool]:
    """Drives the base to a pose with the arm folded; True when it arrived, False when ``until`` ended it."""
    refuse_forbidden(ctx, stand)
    yield from travel_posture(ctx)
    status = yield from move(
        ctx,
        "navigate",
        targets=(stand.to_pose(),),
        tolerance_m=0.10,
        tolerance_rad=math.pi if any_heading else 0.15,
        timeout_s=90.0,
        until=until,
    )
    return status is not None


def drive_to_one(ctx: Context, stands: list[Pose2D], name: str) -> Script:
    """Drives to the first of several equally good poses that can be reached."""
    if not stands:
        raise Failure("planning", f"there is no free place to stand at {name}")
    problem: Failure | None = None
    for stand in stands[:_MOST_POSES]:
        try:
            yield from drive(ctx, stand)
            return
        except Failure as failure:
            if failure.final or failure.kind not in ("planning", "execution"):
                raise
            problem = failure
    assert problem is not None
    raise Failure(problem.kind, f"the way to {name} is blocked ({problem.text})")


def refuse_forbidden(ctx: Context, stand: Pose2D) -> None:
    """Raises Failure when the shortest way touches a room that the user forbade."""
    robot = ctx.belief.robot
    rooms = ctx.world.floor.route((robot.x, robot.y), (stand.x, stand.y))[1]
    for room in rooms:
        if room in ctx.forbidden_rooms:
            raise Failure(
                "planning", f"the way leads through {room_words(room)}, where you told me not to go", final=True
            )


def stands_at(ctx: Context, target: Target) -> list[Pose2D]:
    """Poses in front of a bound target, nearest first."""
    floor, robot = ctx.world.floor, ctx.belief.robot
    place = target.place
    if place is not None and place.kind == "room":
        here = ctx.belief.here
        inside = here is not None and here.name == place.name
        return [
            Pose2D(x, y, robot.theta if inside else math.atan2(y - robot.y, x - robot.x))
            for x, y in _room_points(ctx, place.name)
        ]
    if place is not None and place.furniture is not None:
        return _stands_at_piece(ctx, place.furniture)
    if place is not None:
        return [place.point]
    thing = ctx.belief.thing(target.bound_id)
    if thing is None:
        return []
    x, y, _ = thing.pose.position
    piece = ctx.belief.furniture_of(thing)
    if piece is not None and not target.is_person:
        stands = floor.front_points(piece, ctx.params.view_distance_m, ctx.params.view_width_m)
        return sorted(stands, key=lambda p: math.hypot(p.x - x, p.y - y))
    distance = ctx.params.person_distance_m
    near = floor.around(x, y, distance, (robot.x, robot.y)) or floor.around(x, y, 1.2, (robot.x, robot.y))
    return near


def _stands_at_piece(ctx: Context, piece: Furniture) -> list[Pose2D]:
    """In front of a piece, nearest first; then at its other sides, when its top is open to them; then where people
    stand, for they may have gone when the robot comes."""
    robot = ctx.belief.robot
    front, *others = ctx.world.floor.side_points(piece, ctx.params.view_distance_m, ctx.params.view_width_m) or [[]]
    is_open = bool(piece.surfaces) and not any(s.enclosed for s in piece.surfaces)
    rest = [stand for side in others for stand in side] if is_open else []

    def away(stand: Pose2D) -> float:
        return math.hypot(stand.x - robot.x, stand.y - robot.y)

    people = [t.pose.position[:2] for t in ctx.belief.present() if t.category == "person"]
    stands = [*sorted(front, key=away), *sorted(rest, key=away)]
    return sorted(stands, key=lambda s: any(math.dist((s.x, s.y), p) < _PERSON_ROOM_M for p in people))


def _room_points(ctx: Context, name: str) -> list[tuple[float, float]]:
    """Free points of a room, the most central first; those near a person come last."""
    room = ctx.world.plan.room(name)
    spot = ctx.world.floor.room_point(room)
    points = [(spot.x, spot.y)]
    for radius in (0.7, 1.2):
        angles = np.arange(8) * math.pi / 4
        around = np.stack([spot.x + radius * np.cos(angles), spot.y + radius * np.sin(angles)], axis=1)
        good = ctx.world.floor.free(around)
        points += [(float(x), float(y)) for (x, y), ok in zip(around, good) if ok and room.contains(x, y)]
    people = [t.pose.position[:2] for t in ctx.belief.present() if t.category == "person"]
    return sorted(points, key=lambda p: any(math.dist(p, q) < _PERSON_ROOM_M for q in people))


def go_to(target: Target) -> Callable[[Context], Script]:
    """To a room, furniture, thing or person."""

    def script(ctx: Context) -> Script:
        if not target.is_bound:
            yield from pick_place(ctx, target)
        if target.place is not None and target.place.room in ctx.forbidden_rooms:
            raise Failure("planning", f"you told me not to go into {room_words(target.place.room)}", final=True)
        is_room = target.place is not None and target.place.kind == "room"
        try:
            yield from drive_to_one(ctx, stands_at(ctx, target), target.words())
        except Failure as failure:
            # Somebody who stands in the middle of a room does not keep the robot out of it.
            blocked = failure.kind in ("planning", "execution") and not failure.final
            here = ctx.belief.here
            if not (blocked and is_room and here is not None and target.place and here.name == target.place.name):
                raise
        if target.is_person:
            yield from _check_person(ctx, target)
        preposition = "with" if target.is_person else "in" if is_room else "at"
        ctx.conclude(f"I am {preposition} {target.words()}.")

    return script


def _check_person(ctx: Context, target: Target) -> Script:
    """Looks whether the person still stands there; people walk away."""
    thing = ctx.belief.thing(target.bound_id)
    if thing is not None:
        before = ctx.moment()
        yield from look_at(ctx, (*thing.pose.position[:2], 1.2))
        seen = [m.thing for m in ctx.world.grounding.matches(target.referent) if m.thing.last_seen_s >= before.at]
        if seen:
            target.bind(min(seen, key=ctx.belief.distance_to).id)
            return
    target.bound_id = ""
    raise Failure("perception", f"I cannot see {target.words()} any more", unmet=Fact("located", target))


def move_by(step: TaskStep) -> Callable[[Context], Script]:
    """A short straight move into the direction ``angle_rad`` ("two metres back"), or without a distance a turn on
    the spot ("turn ninety degrees")."""

    def script(ctx: Context) -> Script:
        if abs(step.distance_m) > _LONGEST_MOVE_M:
            raise Failure("planning", f"I move at most {_LONGEST_MOVE_M:g} metres blindly", refused=True)
        heading = step.angle_rad
        x, y = step.distance_m * math.cos(heading), step.distance_m * math.sin(heading)
        turn = 0.0 if step.distance_m else heading
        if not ctx.world.robot.base.holonomic and abs(y) > 1e-6:
            raise Failure("planning", "I cannot move sideways", refused=True)
        yield from travel_posture(ctx)
        yield from move(ctx, "base_move", offset=(x, y, turn), timeout_s=30.0)
        ctx.conclude(f"I moved {step.distance_m:g} metres." if step.distance_m else "I turned.")

    return script
