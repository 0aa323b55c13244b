"""Picking things up. The pose is measured anew from near, and the grip is felt and the place is seen before and
after; a failed grasp lets go, backs out and leaves its style for last."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator

from vla_ros.core.catalog import ObjectKind
from vla_ros.core.geometry import Box
from vla_ros.core.motion import MotionStatus
from vla_ros.core.robot_description import Gripper
from vla_ros.core.scene import SceneObject
from vla_ros.planning import describe, grasps
from vla_ros.planning.belief import Held
from vla_ros.planning.checks import alike, fits_held
from vla_ros.planning.closeness import is_doubtful
from vla_ros.planning.context import Context, Script, fresh_scenes, look_at, move
from vla_ros.planning.facts import Fact
from vla_ros.planning.failure import Failure, of_motion
from vla_ros.planning.skills.going import drive_to_one, posture, stands_at, step_back, travel_posture
from vla_ros.planning.target import Target

_FAR_M = 1.4
_SAME_THING_M = 0.25
_STILL_THERE_M = 0.06
_OBSTACLE_RANGE_M = 0.7


def pick(target: Target) -> Callable[[Context], Script]:
    """Takes the target into the hand and folds the arm."""

    def script(ctx: Context) -> Script:
        if ctx.belief.held is not None and fits_held(target, ctx) and ctx.belief.is_holding():
            target.bind(ctx.belief.held.thing.id)
            ctx.carrying = target
            return
        gripper = ctx.world.robot.gripper
        if gripper is None:
            raise Failure("hardware", "I have no gripper", refused=True)
        thing = _bound(ctx, target)
        kind = kind_of(ctx, target, thing)
        if kind is not None and not kind.graspable:
            raise Failure(
                "planning", f"I cannot pick up {describe.article(describe.noun(kind.category))}", refused=True
            )
        yield from travel_posture(ctx)
        if ctx.belief.distance_to(thing) > _FAR_M:
            yield from drive_to_one(ctx, stands_at(ctx, target), target.words())
        thing = yield from measure(ctx, target)
        if is_doubtful(ctx, target, thing) and ("unsure_thing", target.bound_id) not in ctx.allowed:
            raise Failure("perception", f"from near I am not sure that it is {target.words()}")  # again: the rules ask
        yield from move(ctx, "gripper", opening_m=gripper.max_opening, timeout_s=6.0)
        options = _options(ctx, target, thing, kind, gripper)
        poses = tuple(g.pose for g in options)
        yield from move(
            ctx,
            "approach",
            targets=poses,
            approach_m=ctx.params.pregrasp_m,
            obstacles=obstacles_near(ctx, thing),
            timeout_s=60.0,
        )
        thing = yield from measure(ctx, target)
        yield from _reach(ctx, target, thing, kind, gripper)
        ctx.carrying = target
        yield from _lift(ctx, target)
        yield from step_back(ctx)
        yield from travel_posture(ctx)
        if not ctx.belief.is_holding():
            ctx.belief.drop()
            raise Failure("execution", f"{target.words()} slipped out of my hand while I folded my arm")
        yield from _see_it_gone(ctx, target, thing, gripper)
        ctx.conclude(f"I picked up {_named(target)}.")

    return script


def measure(ctx: Context, target: Target) -> Generator[None, None, SceneObject]:
    """Looks at the target and returns it as fresh scenes show it, under whatever id they carry it.

    Raises Failure with the unmet fact "located" when it is not there any more.
    """
    before = _bound(ctx, target)
    since = ctx.moment()
    yield from look_at(ctx, before.pose.position)
    thing = ctx.belief.thing(target.bound_id)
    if thing is not None and thing.visible and thing.last_seen_s >= since.at:
        if target.confirmed_id == thing.id or alike(thing, ctx, target, by_looks=True):
            target.confirmed_id = thing.id  # once seen from near it stays what it is, even when it has been tipped over
            return thing
        target.give_up()
        text = f"what looked like {target.words()} from afar is {describe.article(describe.thing(thing))}"
        raise Failure("perception", text, unmet=Fact("located", target))
    near = [
        t
        for t in ctx.belief.present()
        if t.last_seen_s >= since.at
        and math.dist(t.pose.position, before.pose.position) < _SAME_THING_M
        and t.id not in target.excluded
        and alike(t, ctx, target)
    ]
    if not near:
        ctx.belief.forget(target.bound_id)
        target.bound_id = ""
        raise Failure("perception", f"{_named(target)} is not where I saw it", unmet=Fact("located", target))
    best = min(near, key=lambda t: math.dist(t.pose.position, before.pose.position))
    target.bind(best.id)
    return best


def kind_of(ctx: Context, target: Target, thing: SceneObject) -> ObjectKind | None:
    """The catalog's entry for it: by the words of the command first, then by what perception thinks."""
    category = ctx.world.grounding.canonical(target.referent.category)
    return ctx.world.catalog.kind(category) or ctx.world.catalog.kind(thing.category)


def obstacles_near(ctx: Context, thing: SceneObject) -> tuple[Box, ...]:
    """Boxes of the other things within arm's sweep of a thing; fragments of the thing itself are left out."""
    held = ctx.belief.held.thing.id if ctx.belief.held else ""
    return tuple(
        grasps.obstacle(t)
        for t in ctx.belief.present()
        if t.id not in (thing.id, held)
        and t.category != "person"
        and 0.05 < math.dist(t.pose.position, thing.pose.position) < _OBSTACLE_RANGE_M
    )


def _options(
    ctx: Context, target: Target, thing: SceneObject, kind: ObjectKind | None, gripper: Gripper
) -> list[grasps.Grasp]:
    support = ctx.belief.support_of(thing)
    height = support[1].height if support else None
    found = grasps.candidates(thing, kind, gripper, ctx.belief.robot, height)
    if not found:
        width = min(grasps.believed_size(thing, kind)[:2]) * 100
        text = f"{_named(target)} is {width:.0f} cm wide, and my gripper opens {gripper.max_opening * 100:.0f} cm"
        raise Failure("planning", text, final=True)
    return [g for g in found if g.style not in target.tried_grasps] + [
        g for g in found if g.style in target.tried_grasps
    ]


def _reach(ctx: Context, target: Target, thing: SceneObject, kind: ObjectKind | None, gripper: Gripper) -> Script:
    """Reaches, closes and feels; what is held is noted in the belief."""
    options = _options(ctx, target, thing, kind, gripper)
    status = yield from move(
        ctx,
        "arm_reach",
        check=False,
        targets=tuple(g.pose for g in options),
        approach_m=ctx.params.pregrasp_m,
        obstacles=(*obstacles_near(ctx, thing), grasps.obstacle(thing)),
        ignore=(thing.id,),
        tolerance_m=0.01,
        timeout_s=30.0,
    )
    assert status is not None
    grasp = options[max(0, min(status.chosen, len(options) - 1))]
    if status.state != "reached":
        if status.chosen >= 0:
            target.tried_grasps.add(grasp.style)
        yield from posture(ctx, "home")
        raise of_motion(status)
    box = grasps.carried_box(thing, grasps.believed_size(thing, kind), grasp.pose)
    # noted before the hand closes: whatever interrupts from here on, the next command knows what it may hold
    ctx.belief.held = Held(thing, box, grasps.tool_on_thing(thing, grasp.pose))
    closed = yield from move(
        ctx, "gripper", check=False, opening_m=0.0, effort_n=ctx.params.grip_effort_n, timeout_s=6.0
    )
    yield from fresh_scenes(ctx, 1)
    if not _feels(ctx, closed):
        ctx.belief.held = None
        target.tried_grasps.add(grasp.style)
        yield from _back_out(ctx, grasp, gripper)
        raise Failure("execution", f"my gripper closed on nothing at {_named(target)}")


def _feels(ctx: Context, closed: MotionStatus | None) -> bool:
    return ctx.belief.is_holding() or bool(closed and closed.holding)


def _back_out(ctx: Context, grasp: grasps.Grasp, gripper: Gripper) -> Script:
    """Opens and goes back the way the hand came, so that nothing is swept off."""
    yield from move(ctx, "gripper", check=False, opening_m=gripper.max_opening, timeout_s=6.0)
    back = -ctx.params.pregrasp_m * grasp.pose.matrix()[:3, 0]
    yield from move(ctx, "arm_linear", check=False, offset=tuple(map(float, back)), timeout_s=8.0)
    yield from step_back(ctx)
    yield from posture(ctx, "home")


def _lift(ctx: Context, target: Target) -> Script:
    """Lifts and feels that it is still held."""
    up = ctx.params.lift_m
    status = yield from move(ctx, "arm_linear", check=False, offset=(0.0, 0.0, up), timeout_s=8.0)
    if status is None or status.state != "reached":
        yield from move(ctx, "arm_linear", check=False, offset=(0.0, 0.0, 0.5 * up), timeout_s=8.0)
    yield from fresh_scenes(ctx, 1)
    if not ctx.belief.is_holding():
        ctx.belief.held = None
        raise Failure("execution", f"{_named(target)} slipped out of my gripper")


def _see_it_gone(ctx: Context, target: Target, thing: SceneObject, gripper: Gripper) -> Script:
    """Looks at the place it was taken from, once the hand has left it. (While it hangs right above its place, a
    camera that looks down at it cannot tell a lifted thing from a standing one.)"""
    since = ctx.moment()
    yield from look_at(ctx, thing.pose.position)
    x, y, _ = thing.pose.position
    still = [
        t
        for t in ctx.belief.present()
        if t.visible
        and t.last_seen_s >= since.at
        and alike(t, ctx, target)
        and math.dist(t.pose.position[:2], (x, y)) < _STILL_THERE_M
    ]
    if still:
        ctx.belief.held = None
        yield from move(ctx, "gripper", check=False, opening_m=gripper.max_opening, timeout_s=6.0)
        raise Failure("execution", f"I lifted my hand but {_named(target)} still stands there")


def _bound(ctx: Context, target: Target) -> SceneObject:
    thing = ctx.belief.thing(target.bound_id)
    if thing is None:
        raise Failure("perception", f"I do not know where {target.words()} is", unmet=Fact("located", target))
    return thing


def _named(target: Target) -> str:
    return f"the {target.label}" if target.label else target.words()
