"""Saying, waiting, looking, counting and reporting."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator

from vla_ros.core.scene import SceneObject
from vla_ros.core.task import Referent, TaskStep
from vla_ros.planning import describe, search
from vla_ros.planning.choice import pick_place
from vla_ros.planning.context import Context, Script, fresh_scenes, pause
from vla_ros.planning.failure import Failure
from vla_ros.planning.grounding import ANYTHING
from vla_ros.planning.places import resolve, room_words
from vla_ros.planning.skills.finding import look_around, look_over_all, matches
from vla_ros.planning.skills.going import drive
from vla_ros.planning.target import Target

NAME = "I am the household robot of this home."
_CALENDAR_S = 1e9
_SEEABLE = ("", "objects", "things", "people", "what", "scene", "see", "number", "location", "result")


def say(text: str) -> Callable[[Context], Script]:
    """Speaks."""

    def script(ctx: Context) -> Script:
        ctx.say(text)
        ctx.conclude(f'I said: "{text}"')
        yield

    return script


def wait(step: TaskStep) -> Callable[[Context], Script]:
    """Stands still for the time that was said."""

    def script(ctx: Context) -> Script:
        yield from pause(ctx, step.duration_s)
        ctx.conclude(f"I waited {step.duration_s:g} seconds.")

    return script


def count(target: Target) -> Callable[[Context], Script]:
    """Looks over the named places (else everything in the room) and says how many there are."""

    def script(ctx: Context) -> Script:
        where = yield from _look_over(ctx, target)
        found = matches(ctx, target)
        number = len(found)
        category = ctx.world.grounding.canonical(target.referent.category)
        kind = ctx.world.catalog.kind(category)
        adjectives = " ".join(target.referent.attributes)
        words = describe.plural(f"{adjectives} {category}".strip(), number, "")
        if kind is not None and kind.plural and number != 1:
            words = words.replace(describe.plural(category, 2).split(" ", 1)[1], kind.plural)
        if category == "person":
            words = describe.plural("person", number)
        text = f"I see {words} {where}."
        ctx.say(text)
        ctx.conclude(text)

    return script


def report(target: Target | None, step: TaskStep) -> Callable[[Context], Script]:
    """Answers a question about what it sees, where it is, or itself."""

    def script(ctx: Context) -> Script:
        text = _known_answer(ctx, step)
        if not text:
            since = ctx.moment()
            yield from _look_over(ctx, target)
            text = _seen_answer(ctx, target, step, since.at)
        ctx.say(text)
        ctx.conclude(text)
        yield

    return script


def look(target: Target | None) -> Callable[[Context], Script]:
    """Looks at a place, or around, and says what is there."""

    def script(ctx: Context) -> Script:
        since = ctx.moment()
        yield from _look_over(ctx, target)
        text = _seen_answer(ctx, target, TaskStep("look"), since.at)
        ctx.say(text)
        ctx.conclude(text)

    return script


def _known_answer(ctx: Context, step: TaskStep) -> str:
    """Answers that need no look."""
    about = step.about.lower().replace("_", " ")
    myself = step.object is None or step.object.kind in ("robot", "self")
    if myself and ("name" in about or about in ("self", "yourself", "robot")):
        return NAME
    if myself and about in ("time", "day", "date"):
        return _clock_answer(ctx, about)
    if myself and about in ("where", "place", "room", "location"):
        here = ctx.belief.here
        return f"I am in {room_words(here.name)}." if here else "I do not know which room I am in."
    if "holding" in about or about == "hand":
        held = ctx.belief.held
        if ctx.belief.holds_unknown():
            return "I am holding something, but I do not know what it is."
        return f"I am holding {describe.article(describe.thing(held.thing))}." if held else "My hand is empty."
    if step.object is None and about not in _SEEABLE:
        raise Failure("planning", f"I cannot tell you about {about} yet", refused=True)
    return ""


def _clock_answer(ctx: Context, about: str) -> str:
    """The robot's own clock as people say it; a simulated one counts from its start and tells nothing."""
    if ctx.now < _CALENDAR_S:
        raise Failure("planning", f"my clock is a simulated one, so I do not know the {about}", refused=True)
    return time.strftime("It is %H:%M." if about == "time" else "Today is %A, %d %B %Y.", time.localtime(ctx.now))


def _seen_answer(ctx: Context, target: Target | None, step: TaskStep, since: float) -> str:
    """What was seen from time ``since`` on, as far as the question goes."""
    if target is None or target.place is not None:
        things = [t for t in ctx.belief.present() if t.confidence >= ctx.params.min_confidence]
        if target is not None and target.place is not None:
            things = [t for t in things if _at(ctx, t, target)]
        else:
            things = [t for t in things if t.last_seen_s >= since]
        where = f" at {target.words()}" if target is not None else ""
        return f"I see {_inventory(ctx, things)}{where}."
    found = [m.thing for m in matches(ctx, target)]
    wanted = describe.noun(target.referent.category)
    if not found:
        return f"I do not see {describe.article(wanted)} there."
    thing = found[0]
    if target.referent.quantity < 0 or target.referent.category in ANYTHING:
        places = dict.fromkeys(describe.where(t, ctx.belief) for t in found)
        return f"I see {_inventory(ctx, found)} {describe.listing(places)}."
    if "color" in step.about or "colour" in step.about:
        return f"The {describe.noun(thing.category)} {describe.where(thing, ctx.belief)} is {thing.color}."
    if "size" in step.about or "big" in step.about:
        return f"The {describe.thing(thing)} is {max(thing.size) * 100:.0f} centimetres long."
    return f"The {describe.thing(thing)} is {describe.where(thing, ctx.belief)}."


def _inventory(ctx: Context, things: list[SceneObject]) -> str:
    people = [t for t in things if t.category == "person"]
    names = [ctx.world.grounding.name_of(p) or describe.article(describe.thing(p)) for p in people]
    counts = Counter(describe.thing(t) for t in things if t.category not in ("", "person"))
    parts = names + [describe.article(n) if c == 1 else describe.plural(n, c) for n, c in counts.most_common(8)]
    return describe.listing(parts) or "nothing that I know"


def _at(ctx: Context, thing: SceneObject, target: Target) -> bool:
    place = target.place
    if place is None:
        return False
    if place.kind == "room":
        return ctx.belief.room_of(thing) == place.name
    piece = ctx.belief.furniture_of(thing)
    return piece is not None and piece.name == place.name


def _look_over(ctx: Context, target: Target | None) -> Generator[None, None, str]:
    """Looks where the words point: at the named pieces, in the named rooms, else around. Returns the place in
    words."""
    referent = target.referent if target is not None else Referent("place")
    named = search.named_places(referent, ctx.world.floor)
    if target is not None and referent.kind == "place" and resolve(ctx.world.plan, referent):
        named = ((yield from pick_place(ctx, target)),)
    if not named:
        yield from fresh_scenes(ctx, 1)
        if not (target and matches(ctx, target)):
            yield from look_around(ctx, lambda: False)
        return "here"
    people = target is not None and target.is_person
    for place in named:
        if place.furniture is not None and not people:
            yield from look_over_all(ctx, [place.furniture])
            continue
        room = ctx.world.plan.room(place.room)
        pieces = search.surfaces_to_search(
            [f for f in ctx.world.plan.furniture if f.room == room.name], ctx.belief.leaf_open
        )
        if people or not pieces:
            yield from drive(ctx, ctx.world.floor.room_point(room), any_heading=True)
            yield from look_around(ctx, lambda: False)
        else:
            yield from look_over_all(ctx, pieces)
    names = [f"{'in' if p.kind == 'room' else 'on'} {p.words}" for p in named]
    return describe.listing(names)
