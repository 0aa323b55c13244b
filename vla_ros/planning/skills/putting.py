"""Putting the held thing down: on furniture, beside or on another thing, into a container."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator

import numpy as np

from vla_ros.core.floorplan import Furniture, Surface
from vla_ros.core.geometry import Pose
from vla_ros.core.scene import SceneObject
from vla_ros.core.task import Referent
from vla_ros.planning import describe, search, spots
from vla_ros.planning.belief import Held
from vla_ros.planning.checks import BINS
from vla_ros.planning.choice import pick_place
from vla_ros.planning.context import Context, Script, look_at, move
from vla_ros.planning.facts import Fact
from vla_ros.planning.failure import Failure
from vla_ros.planning.places import of_furniture
from vla_ros.planning.skills.going import drive_to_one, posture, stands_at, step_back, travel_posture
from vla_ros.planning.skills.picking import kind_of, measure, obstacles_near
from vla_ros.planning.target import Target

_LIFT_M = 0.05
_PRE_M = 0.08
_DROP_GAP_M = 0.03
_NEAR_SPOT_M = 1.2
_MOST_POSES = 40


def put(target: Target, goal: Target, relation: str = "") -> Callable[[Context], Script]:
    """Puts the held target at the goal: a piece of furniture, a room (its nearest surface) or another thing."""

    def script(ctx: Context) -> Script:
        held = _held(ctx, target)
        if goal.bound_id:
            yield from _at_thing(ctx, target, held, goal, relation)
        else:
            piece = yield from _furniture(ctx, goal)
            yield from _on_furniture(ctx, target, held, piece)
        if target.several:
            target.excluded.update((target.bound_id, held.thing.id))
        ctx.conclude(f"I put the {describe.thing(held.thing)} {_preposition(ctx, goal, relation)} {goal.words()}.")

    return script


def surfaces_allowed(ctx: Context) -> list[Furniture]:
    """The pieces that something can be put on now, in rooms where the robot may go."""
    found = search.surfaces_to_search(ctx.world.plan.furniture, ctx.belief.leaf_open)
    return [f for f in found if f.room not in ctx.forbidden_rooms]


def nearest_piece(ctx: Context, person: Target | None) -> Furniture | None:
    """The piece nearest to somebody (the robot, when nobody is known) that something can be put on in that room."""
    seen = ctx.belief.last_seen(person.bound_id) if person is not None and person.bound_id else None
    at = seen.pose.position[:2] if seen is not None else (ctx.belief.robot.x, ctx.belief.robot.y)
    room = ctx.world.plan.room_at(*at)
    near = [f for f in surfaces_allowed(ctx) if room is not None and f.room == room.name]
    return min(near, key=lambda f: math.dist(f.position, at), default=None)


def put_down_somewhere(target: Target) -> Callable[[Context], Script]:
    """Puts the held thing on the nearest surface that has room, so that the hand is free."""

    def script(ctx: Context) -> Script:
        held = _held(ctx, target)
        pieces = surfaces_allowed(ctx)
        problem: Failure | None = None
        for _ in range(2):
            piece = search.next_piece(pieces, ctx.belief, ctx.world.floor)
            if piece is None:
                break
            try:
                yield from _on_furniture(ctx, target, held, piece)
                name = piece.name.replace("_", " ")
                ctx.conclude(f"I put the {describe.thing(held.thing)} down on the {name}.")
                return
            except Failure as failure:
                if failure.final or failure.kind != "planning":
                    raise
                problem = failure
                pieces.remove(piece)
        raise problem or Failure("planning", "I know no surface to put it on", final=True)

    return script


def _held(ctx: Context, target: Target) -> Held:
    if ctx.belief.held is None:
        raise Failure("execution", f"I am not holding {target.words()}", unmet=Fact("holding", target))
    return ctx.belief.held


def _furniture(ctx: Context, goal: Target) -> Generator[None, None, Furniture]:
    place = yield from pick_place(ctx, goal)
    if place.furniture is not None:
        return place.furniture
    pieces = [f for f in ctx.world.plan.furniture if f.room == place.room]
    pieces = search.surfaces_to_search(pieces, ctx.belief.leaf_open)
    nearest = search.next_piece(pieces, ctx.belief, ctx.world.floor)
    if nearest is None:
        raise Failure("planning", f"I know no surface in {place.words} to put it on", final=True)
    return nearest


def _on_furniture(ctx: Context, target: Target, held: Held, piece: Furniture) -> Script:
    """Looks for a free spot from each standing point in turn and puts the thing there."""
    if piece.category in BINS:
        x, y = piece.position
        yield from drive_to_one(ctx, stands_at(ctx, Target(Referent("place"), place=of_furniture(piece))), piece.name)
        spot = spots.Spot((x, y, piece.size[2] + _DROP_GAP_M), piece.name)
        yield from _release(ctx, target, held, [spot], lower=False)
        return
    surfaces = [s for s in piece.surfaces if not s.enclosed or ctx.belief.leaf_open.get(piece.name, False)]
    if not surfaces:
        door = Target(Referent("place", name=piece.name), place=of_furniture(piece))
        raise Failure("planning", f"the {piece.name.replace('_', ' ')} is closed", unmet=Fact("open", door))
    stands = stands_at(ctx, Target(Referent("place"), place=of_furniture(piece)))
    height = held.box.size[2]
    fitting = [s for s in surfaces if s.clearance > height + 0.15] or surfaces
    surface = min(fitting, key=lambda s: abs(s.height - 0.8))
    name = f"the {piece.name.replace('_', ' ')}"
    blocked: Failure | None = None
    for stand in stands:
        try:
            yield from drive_to_one(ctx, [stand], name)
        except Failure as failure:
            if failure.final or failure.kind not in ("planning", "execution"):
                raise
            blocked = failure
            continue
        x, y = stand.x + 0.8 * math.cos(stand.theta), stand.y + 0.8 * math.sin(stand.theta)
        yield from look_at(ctx, (x, y, surface.height))
        free = _free_spots(ctx, held, piece, surface)
        free = [s for s in free if math.dist(s.point[:2], (stand.x, stand.y)) < _NEAR_SPOT_M]
        if free:
            yield from _release(ctx, target, held, free, lower=True)
            return
    raise blocked or Failure("planning", f"there is no free spot within my reach on {name}")


def _free_spots(
    ctx: Context, held: Held, piece: Furniture, surface: Surface, beside: tuple[float, float] | None = None
) -> list[spots.Spot]:
    radius = math.hypot(held.box.size[0], held.box.size[1]) / 2
    others = [t for t in ctx.belief.present() if t.id != held.thing.id and t.category != "person"]
    return spots.on_surface(piece, surface, radius, others, ctx.belief.robot, beside)


def _at_thing(ctx: Context, target: Target, held: Held, goal: Target, relation: str) -> Script:
    yield from travel_posture(ctx)
    thing = ctx.belief.thing(goal.bound_id)
    if thing is not None and ctx.belief.distance_to(thing) > _NEAR_SPOT_M:
        yield from drive_to_one(ctx, stands_at(ctx, goal), goal.words())
    thing = yield from measure(ctx, goal)
    kind = kind_of(ctx, goal, thing)
    if relation in ("beside", "near", "left_of", "right_of", "in_front_of", "behind", "at"):
        support = ctx.belief.support_of(thing)
        if support is None:
            raise Failure("planning", f"I see no surface beside {goal.words()}", final=True)
        free = _free_spots(ctx, held, *support, beside=thing.pose.position[:2])
        if not free:
            raise Failure("planning", f"there is no free spot beside {goal.words()}")
        yield from _release(ctx, target, held, free, lower=True)
    elif relation in ("in", "") and kind is not None and not kind.container and relation == "in":
        raise Failure("planning", f"nothing fits into {goal.words()}", refused=True)
    else:
        container = kind is not None and kind.container
        _check_fits(held, thing, goal, container)
        spot = spots.over_thing(thing, _DROP_GAP_M if container else 0.0)
        yield from _release(ctx, target, held, [spot], lower=not container, below=thing)


def _check_fits(held: Held, below: SceneObject, goal: Target, container: bool) -> None:
    """A thing clearly wider than the container's opening, or than what shall carry it, is not put there."""
    if min(held.box.size[:2]) > min(below.size[:2]) * (1.0 if container else 1.5):
        raise Failure("planning", f"the {describe.thing(held.thing)} is too big for {goal.words()}", final=True)


def _release(
    ctx: Context, target: Target, held: Held, free: list[spots.Spot], lower: bool, below: SceneObject | None = None
) -> Script:
    """Approach, reach above, lower, let go, back off, look. Clears the held thing once the hand is open."""
    gripper = ctx.world.robot.gripper
    if gripper is None:
        raise Failure("hardware", "I have no gripper", refused=True)
    lift = _LIFT_M if lower else 0.0
    pairs = _pairs(ctx, held, free, lift)
    poses = tuple(pose for pose, _ in pairs)
    near = obstacles_near(ctx, held.thing if below is None else below)
    yield from move(ctx, "approach", targets=poses, approach_m=_PRE_M, obstacles=near, timeout_s=60.0)
    pairs = _pairs(ctx, held, free, lift)
    poses = tuple(pose for pose, _ in pairs)
    ignore = (below.id,) if below is not None else ()
    status = yield from move(
        ctx,
        "arm_reach",
        targets=poses,
        obstacles=near,
        ignore=ignore,
        approach_m=_PRE_M,
        tolerance_m=0.01,
        timeout_s=30.0,
    )
    assert status is not None
    pose, spot = pairs[max(0, min(status.chosen, len(pairs) - 1))]
    if lower:
        yield from move(ctx, "arm_linear", check=False, offset=(0.0, 0.0, 0.008 - lift), timeout_s=8.0)
    if not ctx.belief.is_holding():
        ctx.belief.drop()
        raise Failure("execution", f"{target.words()} slipped out of my hand", unmet=Fact("holding", target))
    yield from move(ctx, "gripper", check=False, opening_m=gripper.max_opening, timeout_s=6.0)
    ctx.belief.held = None
    if ctx.belief.is_holding():
        ctx.belief.held = held
        raise Failure("hardware", "my gripper did not open")
    yield from _retreat(ctx, pose)
    yield from look_at(ctx, spot.point)


def _pairs(ctx: Context, held: Held, free: list[spots.Spot], lift: float) -> list[tuple[Pose, spots.Spot]]:
    """Tool poses with their spots: the best turn of the hand for every spot first, then the next."""
    turns = zip(*(spots.release_poses(held, spot, ctx.belief.robot, lift) for spot in free))
    return [pair for poses in turns for pair in zip(poses, free)][:_MOST_POSES]


def _retreat(ctx: Context, pose: Pose) -> Script:
    """Away from the thing along the hand, upwards when the hand points down; then folds the arm."""
    back = -0.12 * pose.matrix()[:3, 0]
    if back[2] > 0.06:
        back = np.array([0.0, 0.0, 0.12])
    yield from move(ctx, "arm_linear", check=False, offset=tuple(map(float, back)), timeout_s=8.0)
    yield from step_back(ctx)
    yield from posture(ctx, "home")


def _preposition(ctx: Context, goal: Target, relation: str) -> str:
    if relation:
        return relation.replace("_", " ")
    if goal.bound_id:
        kind = ctx.world.catalog.kind(ctx.world.grounding.canonical(goal.referent.category))
        return "into" if kind is not None and kind.container else "on"
    return "in" if goal.place is not None and goal.place.kind == "room" else "on"
