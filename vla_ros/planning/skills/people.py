"""Skills about people: following, guiding, greeting."""

from __future__ import annotations

import math
from collections.abc import Callable

from vla_ros.core.geometry import Pose
from vla_ros.core.task import TaskStep
from vla_ros.planning.context import Context, Script, look_at, move
from vla_ros.planning.facts import Fact
from vla_ros.planning.failure import Failure
from vla_ros.planning.skills.finding import look_around, matches
from vla_ros.planning.skills.going import drive_to_one, stands_at, travel_posture
from vla_ros.planning.target import Target

_LOST_S = 4.0


def follow(target: Target, step: TaskStep) -> Callable[[Context], Script]:
    """Stays near a person until told to stop, or for the time that was said."""

    def script(ctx: Context) -> Script:
        yield from travel_posture(ctx)
        limit = step.duration_s or ctx.params.follow_limit_s
        end = ctx.clock + limit
        ctx.say("I follow you." if target.referent.kind == "user" else f"I follow {target.words()}.")
        while ctx.clock < end:
            lost = _lost(ctx, target)
            yield from move(
                ctx,
                "keep_near",
                check=False,
                targets=_point(ctx, target),
                retarget=lambda: _point(ctx, target),
                distance_m=ctx.params.follow_distance_m,
                until=lambda lost=lost: ctx.clock > end or lost(),  # type: ignore[misc]
                timeout_s=max(1.0, end - ctx.clock),
            )
            if ctx.clock > end:
                break
            yield from look_around(ctx, lambda: _seen(ctx, target))
            if not _seen(ctx, target):
                target.bound_id = ""
                text = f"I have lost sight of {target.words()}"
                raise Failure("perception", text, final=True)
        ctx.conclude(f"I followed {target.words()}.")

    return script


def _seen(ctx: Context, target: Target) -> bool:
    fresh = [m for m in matches(ctx, target) if ctx.now - m.thing.last_seen_s < 1.5]
    if not fresh:
        return False
    if target.bound_id not in {m.thing.id for m in fresh}:
        target.bind(min(fresh, key=lambda m: ctx.belief.distance_to(m.thing)).thing.id)
    return True


def _lost(ctx: Context, target: Target) -> Callable[[], bool]:
    since = ctx.clock

    def lost() -> bool:
        nonlocal since
        if _seen(ctx, target):
            since = ctx.clock
        return ctx.clock - since > _LOST_S

    return lost


def _point(ctx: Context, target: Target) -> tuple[Pose, ...]:
    thing = ctx.belief.thing(target.bound_id)
    if thing is None:
        raise Failure("perception", f"I do not see {target.words()}", unmet=Fact("located", target))
    return (Pose(thing.pose.position),)


def guide(person: Target, goal: Target) -> Callable[[Context], Script]:
    """Leads a person to a place, slowly, and looks behind at the end whether they came along."""

    def script(ctx: Context) -> Script:
        ctx.say(f"Please follow me to {goal.words()}.")
        normal, ctx.manner = ctx.manner, "slow"
        try:
            yield from drive_to_one(ctx, stands_at(ctx, goal), goal.words())
        finally:
            ctx.manner = normal
        yield from look_around(ctx, lambda: _seen(ctx, person))
        ctx.say(f"Here is {goal.words()}.")
        thing = ctx.belief.thing(person.bound_id)
        if not _seen(ctx, person) or thing is None or ctx.belief.distance_to(thing) > 4.0:
            raise Failure(
                "perception", f"I went to {goal.words()}, but {person.words()} did not come along", final=True
            )
        ctx.conclude(f"I led {person.words()} to {goal.words()}.")

    return script


def greet(person: Target, step: TaskStep) -> Callable[[Context], Script]:
    """Faces a person and says hello."""

    def script(ctx: Context) -> Script:
        thing = ctx.belief.thing(person.bound_id)
        if thing is not None:
            bearing = math.atan2(
                thing.pose.position[1] - ctx.belief.robot.y, thing.pose.position[0] - ctx.belief.robot.x
            )
            turn = math.remainder(bearing - ctx.belief.robot.theta, 2 * math.pi)
            if abs(turn) > 0.6:
                yield from travel_posture(ctx)
                yield from move(ctx, "base_move", check=False, offset=(0.0, 0.0, turn), timeout_s=15.0)
            yield from look_at(ctx, (*thing.pose.position[:2], 1.4), 1)
        name = person.referent.name
        ctx.say(step.text or (f"Hello {name}!" if name else "Hello!"))
        ctx.conclude(f"I greeted {person.words()}.")

    return script
