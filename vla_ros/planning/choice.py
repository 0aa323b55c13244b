"""One out of several: when to ask which one is meant, in what words, and what an answer leaves over."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import replace

from vla_ros.core.scene import SceneObject
from vla_ros.core.task import Referent, Relation, TaskStep
from vla_ros.planning import describe, places
from vla_ros.planning.belief import Belief
from vla_ros.planning.context import Context, ask
from vla_ros.planning.failure import Failure
from vla_ros.planning.grounding import ANY_WORDS, ANYTHING, Grounding, Match
from vla_ros.planning.places import Place
from vla_ros.planning.target import Target

_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1, "former": 0, "latter": -1}
_WHATEVER = ("any", "either", "whatever", "whichever", "don't care", "do not care", "doesn't matter", "no matter")
_SIZES = {"bigger": 1.0, "biggest": 1.0, "larger": 1.0, "largest": 1.0, "big": 1.0, "large": 1.0, "smaller": -1.0,
          "smallest": -1.0, "small": -1.0}  # fmt: skip
_FLOOR_M = 0.06
_MOST_ASKED = 3
_COMPARABLE = 0.6
"""What is less likely than this share of the likeliest one is not worth a question."""
_ON_FLOOR = 0.6
"""How much rarer things that belong on furniture lie on the floor."""


def any_will_do(referent: Referent) -> bool:
    """True when the words leave the choice to the robot: "any cup", "a cup", several, or a superlative."""
    return bool(set(referent.attributes) & set(ANY_WORDS)) or referent.quantity != 1


def pick_one(ctx: Context, target: Target, matches: list[Match]) -> Generator[None, None, SceneObject]:
    """The thing that is meant: the only one, the nearest when any will do, else the one the user names."""
    allowed = [m for m in matches if not any(ctx.world.grounding.fit(r, m.thing) for r in ctx.forbidden_things)]
    if not allowed:
        raise Failure("planning", f"you told me to leave {target.words()} alone", final=True)
    standing = [m for m in allowed if _rests(m.thing, ctx.belief)]
    allowed = standing or allowed  # what hangs in the air is a part of something else (a sleeve, a door)
    allowed = _comparable(allowed, ctx)
    allowed.sort(key=lambda m: (-round(m.score, 1), ctx.belief.distance_to(m.thing)))
    if len(allowed) == 1 or any_will_do(target.referent) or target.chosen_by_user or target.several:
        return allowed[0].thing
    things = [m.thing for m in allowed]
    for _ in range(_MOST_ASKED):
        answer = yield from ask(ctx, question_about(things, target.referent, ctx.belief))
        assert answer is not None
        left = narrow(things, answer, ctx.world.grounding, target.referent)
        if len(left) == 1:
            target.chosen_by_user = True
            return left[0]
        if len(left) > 1:
            things = left
        else:
            ctx.say("That fits none of them.")
    raise Failure(
        "planning", f"I still do not know which {describe.noun(target.referent.category)} you mean", final=True
    )


def _comparable(found: list[Match], ctx: Context) -> list[Match]:
    """Those about as certain as the most certain one: what is hardly a basket raises no "which basket?"."""
    chances = [_certainty(match, ctx) for match in found]
    return [match for match, chance in zip(found, chances) if chance >= _COMPARABLE * max(chances)]


def _certainty(match: Match, ctx: Context) -> float:
    """How sure it is that a thing is there, is of that kind and has a reason to be where it is, in [0, 1]."""
    thing = match.thing
    kind = ctx.world.catalog.kind(thing.category)
    bottom = thing.pose.position[2] - thing.size[2] / 2
    astray = bottom < _FLOOR_M and kind is not None and bool(kind.found_on)
    return match.score * thing.confidence * (_ON_FLOOR if astray else 1.0)


def _rests(thing: SceneObject, belief: Belief) -> bool:
    """True for people and for what lies on furniture, on the floor, or on another thing."""
    bottom = thing.pose.position[2] - thing.size[2] / 2
    return thing.shape == "person" or bottom < _FLOOR_M or belief.furniture_of(thing) is not None


def question_about(things: Sequence[SceneObject], referent: Referent, belief: Belief) -> str:
    """ "Which cup: the red one on the kitchen counter or the blue one on the dining table?" """
    noun = describe.noun("person" if referent.kind in ("person", "user") else referent.category)
    if referent.category in ANYTHING and referent.kind == "object":
        noun = "thing"
    same_place = len({describe.where(t, belief) for t in things}) == 1
    same_color = len({t.color for t in things}) == 1
    choices = []
    for thing in things[:6]:
        name = "one" if noun != "thing" else describe.noun(thing.category)
        parts = ["the", "" if same_color else thing.color, name, "" if same_place else describe.where(thing, belief)]
        choices.append(" ".join(p for p in parts if p))
    if len(set(choices)) < len(choices):
        order = sorted(range(len(choices)), key=lambda i: -_left(things[i], belief))
        names = ("left", "right") if len(choices) == 2 else tuple(f"number {i + 1} from the left" for i in range(6))
        choices = [f"the {names[k]} one {describe.where(things[i], belief)}" for k, i in enumerate(order)]
    adjectives = " ".join(referent.attributes)
    return f"Which {' '.join(filter(None, (adjectives, noun)))}: {describe.listing(choices, 'or')}?"


def narrow(things: Sequence[SceneObject], answer: TaskStep, grounding: Grounding, asked: Referent) -> list[SceneObject]:
    """The things that an answer leaves over; several again when it does not tell them apart."""
    words = answer.text.lower()
    if any(w in words for w in _WHATEVER):
        return list(things[:1])
    belief = grounding.belief
    sided = sorted(things, key=lambda t: -_left(t, belief))
    if "left" in words.split() and "left of" not in words:
        return sided[:1]
    if "right" in words.split() and "right of" not in words:
        return sided[-1:]
    for word, index in _ORDINALS.items():
        if word in words.split() and -len(things) <= index < len(things):
            return [things[index]]
    if answer.about in ("yes", "no") and len(things) == 2 and answer.object is None:
        return [things[0 if answer.about == "yes" else 1]]
    for word, larger in _SIZES.items():
        if word in words.split():
            return [max(things, key=lambda t, sign=larger: sign * t.size[0] * t.size[1] * t.size[2])]  # type: ignore[misc]
    referent = answer.object
    if referent is None:
        return []
    if referent.kind == "place" and asked.kind != "place":
        referent = replace(asked, superlative="", relations=(*asked.relations, Relation("at", referent)))
    if referent.category in ANYTHING:
        referent = replace(referent, category=asked.category, kind=asked.kind)
    fitting = [m for m in grounding.matches(referent) if any(m.thing.id == t.id for t in things)]
    return [m.thing for m in fitting]


def pick_place(ctx: Context, target: Target) -> Generator[None, None, Place]:
    """The place that is meant. One in the robot's present room wins, then the question.

    Raises Failure for a place that this building does not have.
    """
    if target.place is not None:
        return target.place
    found = places.resolve(ctx.world.plan, target.referent)
    if not found:
        raise Failure("planning", f"I know no {_bare(target.referent)} here", refused=True)
    if len(found) > 1 and ctx.belief.here is not None:
        here = tuple(p for p in found if p.room == ctx.belief.here.name)
        found = here if len(here) == 1 else found
    rounds = 0
    while len(found) > 1 and not any_will_do(target.referent):
        choices = describe.listing((p.words for p in found[:6]), "or")
        answer = yield from ask(ctx, f"Which {_bare(target.referent)}: {choices}?")
        assert answer is not None
        found = _places_left(ctx, found, answer) or found
        rounds += 1
        if rounds == _MOST_ASKED and len(found) > 1:
            raise Failure("planning", f"I still do not know which {_bare(target.referent)} you mean", final=True)
    robot = (ctx.belief.robot.x, ctx.belief.robot.y)
    best = min(found, key=lambda p: ctx.world.floor.route(robot, (p.point.x, p.point.y))[0])
    target.place = best
    return best


def _places_left(ctx: Context, found: tuple[Place, ...], answer: TaskStep) -> tuple[Place, ...]:
    words = answer.text.lower()
    if any(w in words for w in _WHATEVER):
        return found[:1]
    for word, index in _ORDINALS.items():
        if word in words.split() and -len(found) <= index < len(found):
            return (found[index],)
    said = set(words.replace("_", " ").split())
    scores = [len(said & {*p.name.split("_"), *p.room.split("_")}) for p in found]
    best = max(scores)
    return tuple(p for p, s in zip(found, scores) if s == best) if best else ()


def _bare(referent: Referent) -> str:
    return referent.words().removeprefix("the ").replace("_", " ")


def _left(thing: SceneObject, belief: Belief) -> float:
    """How far left of the robot's nose it is [rad-like]."""
    x, y, _ = thing.pose.position
    bearing = math.atan2(y - belief.robot.y, x - belief.robot.x)
    return math.remainder(bearing - belief.robot.theta, 2 * math.pi)
