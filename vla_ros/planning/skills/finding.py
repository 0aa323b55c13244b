"""Finding things and people: first among what is known, then by driving from view to view and looking."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator

from vla_ros.core.floorplan import Furniture
from vla_ros.core.geometry import Pose2D
from vla_ros.core.task import Referent
from vla_ros.planning import describe, places, search
from vla_ros.planning.choice import any_will_do, pick_one
from vla_ros.planning.context import Context, Script, fresh_scenes, look_at, move
from vla_ros.planning.facts import Fact
from vla_ros.planning.failure import Failure
from vla_ros.planning.grounding import ANYTHING, Match
from vla_ros.planning.places import of_furniture, room_words
from vla_ros.planning.skills.going import drive, stands_at
from vla_ros.planning.target import Target

_RECENT_S = 90.0
_SURE = 0.5
_NEAR_VIEW_M = 2.2
_FAR_LOOK_M = 2.4
_MOST_LOOKED_AT_TWICE = 2
_MOST_CONFIRMED = 3
_PERSON_FRESH_S = 4.0
_PERSON_RANGE_M = 3.5


def find(target: Target, announce: bool = False) -> Callable[[Context], Script]:
    """Binds the target to a thing or person; ``announce`` says where it is (when finding was the command)."""

    def script(ctx: Context) -> Script:
        if target.is_person:
            yield from _find_person(ctx, target)
        else:
            yield from _find_thing(ctx, target)
        thing = ctx.belief.thing(target.bound_id)
        if announce and thing is not None:
            place = describe.where(thing, ctx.belief)
            named = f"the {describe.thing(thing, _category(ctx, target))}"
            if not target.is_person and not _is_certain(ctx, target, Match(thing, 1.0)):
                named = f"what may be {named}"
            text = f"I found {named} {place}."
            ctx.say(text)
            ctx.conclude(text)

    return script


def _category(ctx: Context, target: Target) -> str:
    category = ctx.world.grounding.canonical(target.referent.category)
    return category if ctx.world.catalog.kind(category) or category == "person" else ""


def matches(ctx: Context, target: Target) -> list[Match]:
    """What the target can mean now."""
    return ctx.world.grounding.matches(target.referent, target.excluded)


# -- things


def _find_thing(ctx: Context, target: Target) -> Script:
    if not ctx.belief.scene_stamps:
        yield from fresh_scenes(ctx, 1)
    found = matches(ctx, target)
    if not any(_is_certain(ctx, target, m) for m in found):
        found = yield from _search(ctx, target)
    elif _may_be_several(target):
        yield from _look_for_others(ctx, target)
        found = matches(ctx, target)
    if len(found) > 1 and not (any_will_do(target.referent) or target.several):
        found = yield from _confirm(ctx, target, found)
    thing = yield from pick_one(ctx, target, found)
    target.bind(thing.id, describe.thing(thing, _category(ctx, target)))


def _is_certain(ctx: Context, target: Target, match: Match) -> bool:
    """Whether perception is sure enough of what it is to look for no other."""
    category = ctx.world.grounding.canonical(target.referent.category)
    return category in ANYTHING or match.thing.score_of(category) >= ctx.params.ask_thing_below


def _may_be_several(target: Target) -> bool:
    """True for words that fit many things ("the cup"): then one look more may show another one, and the question
    must be asked before one is taken."""
    referent = target.referent
    return not (referent.attributes or referent.superlative or target.several or target.chosen_by_user)


def _confirm(ctx: Context, target: Target, found: list[Match]) -> Generator[None, None, list[Match]]:
    """Goes near to those that were only seen from afar, before the user is asked about a thing that is none."""
    for match in found[:_MOST_CONFIRMED]:
        thing = match.thing
        if ctx.belief.nearest_view(thing) <= _NEAR_VIEW_M:
            continue
        one = Target(target.referent, bound_id=thing.id)
        ctx.note = f"looking closer at the {describe.thing(thing)} {describe.where(thing, ctx.belief)}"
        stands = stands_at(ctx, one)
        if stands:
            yield from _try_drive(ctx, stands[0], lambda: False, any_heading=False)
        yield from look_at(ctx, thing.pose.position)
    again = matches(ctx, target)
    return again or found


def _look_for_others(ctx: Context, target: Target) -> Script:
    """Looks over the named piece, unless that was done a moment ago."""
    for place in search.named_places(target.referent, ctx.world.floor):
        piece, seen_at = place.furniture, ctx.belief.looked_at.get(place.name, -math.inf)
        if piece is not None and ctx.now - seen_at > _RECENT_S:
            yield from _look_over(ctx, piece, lambda: False)


def _search(ctx: Context, target: Target) -> Generator[None, None, list[Match]]:
    """Drives from piece to piece until something fits; raises an honest Failure when nothing does."""
    pieces = _pieces(ctx, target)
    named = bool(search.named_places(target.referent, ctx.world.floor))
    seen_enough = {} if named else ctx.belief.looked_at
    looked: list[str] = []
    missed: list[str] = []
    recent = [p for p in pieces if ctx.now - seen_enough.get(p.name, -math.inf) < _RECENT_S]
    looked += [p.name for p in recent]
    rest = [p for p in pieces if p not in recent and p.room not in ctx.forbidden_rooms]
    end = ctx.clock + ctx.params.search_limit_s
    kind = ctx.world.catalog.kind(ctx.world.grounding.canonical(target.referent.category))
    usual = kind.found_on if kind is not None else ()
    remembered = ctx.world.grounding.remembered_on(target.referent)

    def surely_seen() -> bool:
        return not _may_be_several(target) and any(
            m.thing.visible and min(m.score, m.thing.confidence) >= _SURE for m in matches(ctx, target)
        )

    again = list(rest) if named and len(rest) <= _MOST_LOOKED_AT_TWICE else []
    while (rest or again) and ctx.clock < end:
        if not rest:  # it was said to be here: one look more before it is denied
            rest, again = again, []
        piece = search.next_piece(rest, ctx.belief, ctx.world.floor, usual, ctx.now - _RECENT_S, remembered)
        assert piece is not None
        rest.remove(piece)
        ctx.note = f"looking for {target.words()} at the {piece.name.replace('_', ' ')}"
        arrived = yield from _look_over(ctx, piece, surely_seen)
        if piece.name not in (*looked, *missed):
            (looked if arrived else missed).append(piece.name)
        found = matches(ctx, target)
        if found:  # one look straight at it: it is really so, and others beside it come into view
            yield from look_at(ctx, found[0].thing.pose.position)
            found = matches(ctx, target)
        if any(_is_certain(ctx, target, m) for m in found):
            return found
    if found := matches(ctx, target):  # nothing surer is anywhere
        return found
    raise Failure("perception", _not_found(ctx, target, looked, missed), final=True, summary=True)


def _look_over(ctx: Context, piece: Furniture, stop: Callable[[], bool]) -> Generator[None, None, bool]:
    """Looks at all views of a piece, until ``stop``; False when it could not get there."""
    views = search.views_of(piece, ctx.world.floor, ctx.params, ctx.belief.leaf_open)
    robot = ctx.belief.robot
    if len(views) > 1 and _gap(views[-1].stand, robot) < _gap(views[0].stand, robot):
        views = views[::-1]
    arrived = False
    for view in views:
        try:
            if _gap(view.stand, ctx.belief.robot) > 0.12:
                there = yield from drive(ctx, view.stand, until=stop)
                if not there:
                    return True
        except Failure as failure:
            if failure.kind not in ("planning", "execution"):
                raise
            if not _overlooks(ctx, view):
                continue
        try:
            yield from look_at(ctx, view.point)
        except Failure as failure:
            if failure.kind not in ("planning", "execution"):
                raise
            continue
        arrived = True
        if stop():
            return True
    if arrived:
        ctx.belief.note_looked_at((piece.name,), ctx.now)
    return arrived


def _overlooks(ctx: Context, view: search.View) -> bool:
    """True when somebody stands in the way but the piece can be seen from here all the same."""
    here = ctx.belief.here
    robot = ctx.belief.robot
    distance = math.hypot(view.point[0] - robot.x, view.point[1] - robot.y)
    return here is not None and here.name == view.room and distance <= _FAR_LOOK_M


def look_over_all(ctx: Context, pieces: list[Furniture]) -> Script:
    """Looks at every view of several pieces, nearest first; raises Failure when it could get to none of them."""
    rest, seen = list(pieces), 0
    while rest:
        piece = search.next_piece(rest, ctx.belief, ctx.world.floor)
        assert piece is not None
        rest.remove(piece)
        seen += yield from _look_over(ctx, piece, lambda: False)
    if pieces and not seen:
        raise Failure("execution", "I could not get to any place to look from")


def _gap(a: Pose2D, b: Pose2D) -> float:
    return math.hypot(a.x - b.x, a.y - b.y)


def _pieces(ctx: Context, target: Target) -> list[Furniture]:
    """Where to search: the named places, else every surface. A named closed door must be opened first."""
    plan, opened = ctx.world.plan, ctx.belief.leaf_open
    named = search.named_places(target.referent, ctx.world.floor)
    if not named:
        return search.surfaces_to_search(plan.furniture, opened)
    pieces = [p.furniture for p in named if p.furniture is not None]
    rooms = [p.name for p in named if p.kind == "room"]
    if not pieces:
        pieces = [f for f in plan.furniture if f.room in rooms]
    elif rooms:
        pieces = [f for f in pieces if f.room in rooms] or pieces
    open_now = search.surfaces_to_search(pieces, opened)
    if not open_now:
        for piece in pieces:
            if piece.leaves and not opened.get(piece.name, False):
                door = Target(Referent("place", name=piece.name), place=of_furniture(piece))
                raise Failure("planning", f"the {piece.name.replace('_', ' ')} is closed", unmet=Fact("open", door))
    return open_now


def _not_found(ctx: Context, target: Target, looked: list[str], missed: list[str]) -> str:
    """What was searched, what was not found, and the nearest thing that was seen instead."""
    referent = target.referent
    wanted = describe.noun(" ".join((*referent.attributes, referent.category or "thing")))
    wanted = f"another {wanted}" if target.excluded else describe.article(wanted)
    for relation in referent.relations:
        if not places.resolve(ctx.world.plan, relation.referent):
            wanted += f" {relation.predicate.replace('_', ' ')} {relation.referent.words()}"
    names = [f"the {n.replace('_', ' ')}" for n in dict.fromkeys(looked)]
    text = f"I looked on {describe.listing(names)} and did not find {wanted}" if names else f"I did not find {wanted}"
    category = ctx.world.grounding.canonical(referent.category)
    kind_only = Referent("object", category=category)
    others = [m.thing for m in ctx.world.grounding.matches(kind_only, target.excluded)] if category else []
    if others:
        seen = dict.fromkeys(
            describe.article(describe.thing(t, category)) + " " + describe.where(t, ctx.belief) for t in others
        )
        text += f"; I saw {describe.listing(list(seen)[:4])}"
    if ctx.forbidden_rooms and not target.referent.relations:
        text += f". I stayed out of {describe.listing(map(room_words, sorted(ctx.forbidden_rooms)))}, as you told me"
    if missed:
        unreached = [f"the {describe.noun(n)}" for n in missed]
        text += f". I could not get to {describe.listing(unreached)}"
    return text + "."


# -- people


def _find_person(ctx: Context, target: Target) -> Script:
    """Where the person is seen, was last seen, or (the user) stood; then room by room."""
    if _bind_person(ctx, target):
        return
    tried: list[str] = []
    for point in _last_points(ctx, target):
        ctx.note = f"looking for {target.words()}"
        robot = ctx.belief.robot
        room = ctx.world.plan.room_at(*point)
        if room is not None and room.name in ctx.forbidden_rooms:
            continue
        if math.dist(point, (robot.x, robot.y)) > _PERSON_RANGE_M or room is not ctx.belief.here:
            stand = (ctx.world.floor.around(*point, 1.2, (robot.x, robot.y)) or [Pose2D(*point, 0.0)])[0]
            yield from _try_drive(ctx, stand, lambda: _bind_person(ctx, target))
        if not _bind_person(ctx, target):
            yield from look_at(ctx, (*point, 1.1))
        if _bind_person(ctx, target):
            return
    for name in _rooms_by_way(ctx):
        ctx.note = f"looking for {target.words()} in {room_words(name)}"
        stand = ctx.world.floor.room_point(ctx.world.plan.room(name))
        yield from _try_drive(ctx, stand, lambda: _bind_person(ctx, target))
        if not _bind_person(ctx, target):
            yield from look_around(ctx, lambda: _bind_person(ctx, target))
        if _bind_person(ctx, target):
            return
        tried.append(room_words(name))
    who = target.words()
    text = f"I looked in {describe.listing(tried)} and did not find {who}."
    raise Failure("perception", text, final=True, summary=True)


def _bind_person(ctx: Context, target: Target) -> bool:
    """Binds to a person who is in view now; the nearest when several fit equally."""
    fresh = [m for m in matches(ctx, target) if ctx.now - m.thing.last_seen_s < _PERSON_FRESH_S and m.thing.visible]
    if not fresh:
        return False
    best = min(fresh, key=lambda m: (-round(m.score, 1), ctx.belief.distance_to(m.thing)))
    target.bind(best.thing.id, describe.thing(best.thing, "person"))
    return True


def _last_points(ctx: Context, target: Target) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    points += [m.thing.pose.position[:2] for m in matches(ctx, target)]
    if target.referent.kind == "user":
        if ctx.belief.user_point is not None:
            points.append(ctx.belief.user_point)
        x, y, yaw = ctx.asked_from
        points.append((x + 1.0 * math.cos(yaw), y + 1.0 * math.sin(yaw)))
    return points


def _rooms_by_way(ctx: Context) -> list[str]:
    robot = ctx.belief.robot
    rooms = [r for r in ctx.world.plan.rooms if r.name not in ctx.forbidden_rooms]
    return [r.name for r in sorted(rooms, key=lambda r: ctx.world.floor.route((robot.x, robot.y), r.center)[0])]


def _try_drive(ctx: Context, stand: Pose2D, until: Callable[[], bool], any_heading: bool = True) -> Script:
    """Drives there if it can; where it cannot go it looks from where it is."""
    try:
        yield from drive(ctx, stand, until=until, any_heading=any_heading)
    except Failure as failure:
        if failure.final or failure.kind not in ("planning", "execution"):
            raise


def look_around(ctx: Context, until: Callable[[], bool]) -> Script:
    """Looks left, ahead and right, turns about, and does so again; ends early when ``until`` holds."""
    for half in range(2):
        for bearing in (0.0, 1.05, -1.05):
            robot = ctx.belief.robot
            angle = robot.theta + bearing
            yield from look_at(ctx, (robot.x + 2.5 * math.cos(angle), robot.y + 2.5 * math.sin(angle), 1.0), 2)
            if until():
                return
        if half == 0:
            robot = ctx.belief.robot
            about = Pose2D(robot.x, robot.y, math.remainder(robot.theta + math.pi, 2 * math.pi))
            goal = about.to_pose()
            yield from move(
                ctx, "navigate", check=False, targets=(goal,), tolerance_m=0.15, tolerance_rad=0.2, timeout_s=15.0
            )
