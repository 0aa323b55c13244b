"""Do facts hold? Answered from what the robot perceives: scene, grip, odometry. Never from what it meant to do."""

from __future__ import annotations

import math
from dataclasses import replace

from vla_ros.core.scene import SceneObject
from vla_ros.planning.context import Context
from vla_ros.planning.facts import Fact
from vla_ros.planning.target import Target

_NEAR_FURNITURE_M = 1.4
_NEAR_PERSON_M = 1.5
_SAME_SPOT_M = 0.25
_AROUND_M = 1.2
_LATELY_S = 1.0
BINS = ("bin", "trash_can", "waste_bin")
"""Categories of furniture that things are dropped into, out of sight."""


def unmet(fact: Fact, ctx: Context) -> str:
    """Why the fact does not hold, in words; "" when it holds."""
    return _CHECKS[fact.predicate](fact, ctx)


def _located(fact: Fact, ctx: Context) -> str:
    target = _subject(fact)
    if target.place is not None or (target.bound_id and ctx.belief.thing(target.bound_id) is not None):
        return ""
    if ctx.belief.held is not None and ctx.belief.held.thing.id == target.bound_id:
        return ""
    return f"I do not know where {target.words()} is"


def _holding(fact: Fact, ctx: Context) -> str:
    target = _subject(fact)
    held = ctx.belief.held
    if held is None or not ctx.belief.is_holding():
        return f"I am not holding {target.words()}"
    if target.bound_id and held.thing.id != target.bound_id:
        return f"I am holding something else than {target.words()}"
    if not target.bound_id:
        if not fits_held(target, ctx):
            return f"what I hold is not {target.words()}"
        target.bind(held.thing.id)
    return ""


def fits_held(target: Target, ctx: Context) -> bool:
    """Whether the thing in the hand is what the target's words mean, wherever it was taken from."""
    held = ctx.belief.held
    if held is None or held.thing.id in target.excluded:
        return False
    return ctx.world.grounding.fit(replace(target.referent, relations=()), held.thing) > 0


def _hand_empty(fact: Fact, ctx: Context) -> str:
    if ctx.belief.grip is not None:
        return ""  # a door's handle: every step that moves begins by letting go of it
    if ctx.belief.holds_unknown():
        return "there is something in my hand, and I do not know what it is"
    if ctx.belief.held is not None or ctx.belief.is_holding():
        return "my hand is not empty"
    return ""


def _near(fact: Fact, ctx: Context) -> str:
    target = _subject(fact)
    robot = ctx.belief.robot
    place = target.place
    if place is not None and place.kind == "room":
        here = ctx.belief.here
        return "" if here is not None and here.name == place.name else f"I am not in {place.words}"
    if place is not None and place.furniture is not None:
        close = place.furniture.contains(robot.x, robot.y, _NEAR_FURNITURE_M)
        return "" if close else f"I am not at {place.words}"
    if place is not None:
        close = math.dist((robot.x, robot.y), (place.point.x, place.point.y)) < _NEAR_FURNITURE_M
        return "" if close else f"I am not at {place.words}"
    thing = ctx.belief.thing(target.bound_id)
    if thing is not None and ctx.belief.distance_to(thing) < _NEAR_PERSON_M:
        return ""
    return f"I am not near {target.words()}"


def _placed(fact: Fact, ctx: Context) -> str:
    target = _subject(fact)
    newest = max(ctx.belief.scene_stamps, default=math.inf)
    lately = [t for t in ctx.belief.present() if t.visible and t.last_seen_s >= newest - _LATELY_S]
    seen = [t for t in lately if alike(t, ctx, target)]
    goal = fact.other
    if goal is None or any(_is_at(t, goal, ctx) for t in seen):
        return ""
    if _hides(goal, ctx) and not any(ctx.belief.distance_to(t) < _AROUND_M for t in seen):
        return ""  # out of the hand and nowhere around: it is inside
    return f"I do not see {target.words()} at {goal.words()}"


def _hides(goal: Target, ctx: Context) -> bool:
    """Whether a thing inside the goal may be out of the camera's sight."""
    if goal.place is not None:
        return goal.place.furniture is not None and goal.place.furniture.category in BINS
    kind = ctx.world.catalog.kind(ctx.world.grounding.canonical(goal.referent.category))
    return kind is not None and kind.container


def alike(thing: SceneObject, ctx: Context, target: Target, by_looks: bool = False) -> bool:
    """Whether a seen thing may be the target, by id or by looks (or by looks alone)."""
    if thing.id == target.bound_id and not by_looks:
        return True
    return ctx.world.grounding.fit(replace(target.referent, relations=(), superlative=""), thing) > 0


def _is_at(thing: SceneObject, goal: Target, ctx: Context) -> bool:
    x, y, z = thing.pose.position
    if goal.place is not None:
        if goal.place.kind == "room":
            return ctx.belief.room_of(thing) == goal.place.name
        piece = goal.place.furniture
        return piece is not None and piece.contains(x, y, 0.05) and (z > 0.2 or piece.category in BINS)
    anchor = ctx.belief.last_seen(goal.bound_id)  # what was put on or around it may hide it: then its last place counts
    if anchor is None:
        return False
    reach = max(anchor.size[0], anchor.size[1]) / 2 + max(thing.size[0], thing.size[1]) / 2 + _SAME_SPOT_M
    return math.dist((x, y), anchor.pose.position[:2]) < reach


def _open(fact: Fact, ctx: Context) -> str:
    target = _subject(fact)
    name = target.place.name if target.place else ""
    return "" if ctx.belief.leaf_open.get(name, False) else f"{target.words()} is closed"


def _closed(fact: Fact, ctx: Context) -> str:
    target = _subject(fact)
    name = target.place.name if target.place else ""
    return f"{target.words()} is open" if ctx.belief.leaf_open.get(name, False) else ""


def _subject(fact: Fact) -> Target:
    assert fact.subject is not None, f"{fact.predicate} needs a subject"
    return fact.subject


_CHECKS = {
    "located": _located,
    "holding": _holding,
    "hand_empty": _hand_empty,
    "near": _near,
    "placed": _placed,
    "open": _open,
    "closed": _closed,
}
