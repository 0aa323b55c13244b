"""Joins single household commands to what people really say: politeness, conditions, order, pronouns, corrections."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from random import Random

from benchmarks.language_suites.own_cases import Case, Intent, chained
from benchmarks.language_suites.own_slots import EVENTS, NOUNS, holder, name, room, simple, surface, thing, who
from vla_ros.core.task import Referent, TaskStep

Single = Callable[[tuple[str, ...]], Case]
USER = Referent("user")
_IMPERATIVE_NOT = (
    "what", "who", "where", "how", "is ", "do ", "can ", "could", "may ", "i ", "i'd", "please", "would", "why", "once",
    "say", "never",
)  # fmt: skip
_BEFORE = (
    "please", "could you please", "hey robot,", "robot,", "would you kindly", "can you", "I want you to",
    "okay robot, please", "um,", "uh", "would you mind to", "if you can,", "I would like you to", "go ahead and",
    "you should", "well,", "hello robot, could you", "now", "just", "I need you to", "dear robot, please",
)  # fmt: skip
_AFTER = (
    "please",
    ", please",
    ", thanks",
    "now",
    ", robot",
    "as well please",
    ", thank you",
    "right now",
    "if possible",
)
_MANNERS = (("slowly", "slow"), ("carefully", "careful"), ("quickly", "fast"), ("gently", "careful"))
_MOVING = (
    "go_place", "go_who", "pick_thing", "bring_user", "bring_who", "place_on", "place_in", "open_door", "close_door",
    "wipe_it", "follow_user", "guide_who", "take_to_room", "push_it", "discard", "move_to", "pick_some",
)  # fmt: skip
_ACTING = (*_MOVING, "look_place", "find_thing", "find_who", "greet_who", "switch_on", "switch_off", "count_there",
           "bring_many", "place_many", "come", "turn_left", "forward", "introduce", "place_beside")  # fmt: skip
_LAST = (*_ACTING, "say_that", "tell_to", "wait_time", "joke", "time", "say_quote", "joke_who")


def _things(steps: tuple[TaskStep, ...]) -> set[str]:
    said = {s.object.category for s in steps if s.object is not None and s.object.kind == "object"}
    return said | {
        s.destination.category for s in steps if s.destination is not None and s.destination.kind == "object"
    }


class Joints:
    """Makes sentences with one random generator over the intents."""

    def __init__(self, rng: Random, intents: dict[str, Intent]) -> None:
        self._rng = rng
        self._intents = intents

    def single(self, names: tuple[str, ...] = (), feature: str = "single") -> Case:
        """One clause of any of the named intents (all when none is named)."""
        intent = self._intents[self._rng.choice(names or tuple(self._intents))]
        return intent.fill(self._rng, self._rng.choice(intent.say), feature)

    def _order(self, names: tuple[str, ...]) -> Case:
        """One clause that is an order, not a question or a wish."""
        while True:
            case = self.single(names)
            if not case.text.lower().startswith(_IMPERATIVE_NOT):
                return case

    def polite(self) -> Case:
        """With words before or after it that change nothing."""
        case = self._order(_ACTING)
        kind = self._rng.random()
        text = case.text
        if kind < 0.65:
            text = f"{self._rng.choice(_BEFORE)} {text}"
        if kind > 0.5:
            text = f"{text} {self._rng.choice(_AFTER)}"
        return Case(text.replace(" ,", ","), case.steps, "politeness")

    def manner(self) -> Case:
        """How it is to be done."""
        case = self._order(_MOVING)
        words, manner = self._rng.choice(_MANNERS)
        shape = self._rng.choice(("{0} {1}", "{1} {0}", "{0}, but {1}", "{0}, {1} please"))
        steps = tuple(replace(s, manner=manner) for s in case.steps)
        return Case(shape.format(case.text, words), steps, "manner")

    def condition(self) -> Case:
        """If, when, unless or until something."""
        case = self._order(_ACTING)
        event = self._rng.choice(EVENTS)
        word, shape = self._rng.choice(
            (("if", "if {1}, {0}"), ("if", "{0} if {1}"), ("when", "when {1}, {0}"), ("when", "{0} when {1}"),
             ("unless", "{0} unless {1}"), ("unless", "unless {1}, {0}"), ("when", "as soon as {1}, {0}"),
             ("when", "once {1}, {0}"))
        )  # fmt: skip
        if self._rng.random() < 0.12:
            case, word, shape = self._order(("follow_user", "follow_who", "wait")), "until", "{0} until {1}"
        steps = tuple(replace(s, condition=(word, event)) for s in case.steps)
        return Case(shape.format(case.text, event), steps, f"condition {word}")

    def otherwise(self) -> Case:
        """If something this, otherwise that."""
        first, second = self._pair()
        event = self._rng.choice(EVENTS)
        steps = [replace(s, condition=("if", event)) for s in first.steps]
        steps += [replace(s, condition=("unless", event)) for s in second.steps]
        return Case(f"if {event}, {first.text}, otherwise {second.text}", chained(steps), "condition else")

    def _pair(self) -> tuple[Case, Case]:
        while True:
            first, second = self._order(_ACTING), self._order(_LAST)
            if not _things(first.steps) & _things(second.steps):
                return first, second

    def sequence(self) -> Case:
        """Two or three commands, one after the other."""
        first, second = self._pair()
        steps = [*first.steps, *second.steps]
        shape = self._rng.choice(
            ("{0} and {1}", "{0}, then {1}", "{0} and then {1}", "{0}. {1}", "{0}. Then {1}", "{0}, after that {1}",
             "first {0}, then {1}", "{0}, and after that {1}", "first {0} and then {1}", "{0}; {1}",
             "{0} and afterwards {1}", "{0}, {1}", "start by {2}, then {1}")
        )  # fmt: skip
        if "{2}" in shape:
            first = self._intents["go_place"].fill(self._rng, "driving to {place}", "")
            steps = [*first.steps, *second.steps]
        text = shape.format(first.text, second.text, first.text)
        if self._rng.random() < 0.3:
            third = self._order(_LAST)
            if not _things(third.steps) & _things(tuple(steps)):
                text += self._rng.choice((" and finally ", ", and then ", ". After that, ", ". Finally, ")) + third.text
                steps += third.steps
        return Case(text, chained(steps), "sequence")

    def swapped(self) -> Case:
        """Before and after: said in another order than done."""
        first, second = self._pair()
        shape, turned = self._rng.choice(
            (("after you {0}, {1}", False), ("before you {1}, {0}", False), ("{0} before you {1}", False),
             ("{1} after you {0}", False))
        )  # fmt: skip
        del turned
        return Case(shape.format(first.text, second.text), chained([*first.steps, *second.steps]), "before and after")

    def meanwhile(self) -> Case:
        """Two things at the same time: neither waits for the other."""
        first = self._order(("go_place", "come", "bring_user", "take_to_room"))
        second = self._order(("joke", "say_that", "time", "say_quote"))
        steps = (*first.steps, *second.steps)
        shape = self._rng.choice(("{0} and meanwhile {1}", "{0}, meanwhile {1}", "{0} and at the same time {1}"))
        return Case(shape.format(first.text, second.text), tuple(replace(s, after=()) for s in steps), "meanwhile")

    def negation(self) -> Case:
        """What must not be done, alone or beside a command."""
        words, where = room(self._rng)
        banned = TaskStep("go", destination=where, negated=True)
        kind = self._rng.random()
        if kind < 0.3:
            shape = self._rng.choice(("do not go into {0}", "don't go to {0}", "never go into {0}", "never enter {0}",
                                      "you must not enter {0}", "don't enter {0}",
                                      "please don't drive into {0}"))  # fmt: skip
            return Case(shape.format(words), (banned,), "negation")
        if kind < 0.5:
            said, what = thing(self._rng)
            shape = self._rng.choice(("do not pick up {0}", "never take {0}", "don't grab {0}"))
            return Case(shape.format(said), (TaskStep("pick", object=what, negated=True),), "negation")
        first = self._order(_ACTING)
        shape = self._rng.choice(("{0} but do not go into {1}", "{0} without going through {1}",
                                  "{0}, but don't enter {1}", "{0} without entering {1}"))  # fmt: skip
        return Case(shape.format(first.text, words), chained([*first.steps, banned]), "negation")

    def exception(self) -> Case:
        """Which one not: "the cup, not the blue one"."""
        noun, _, category = self._rng.choice(NOUNS)
        color, unwanted = self._rng.sample(("red", "green", "blue", "yellow", "white", "black"), 2)
        shape, attributes, quantity = self._rng.choice(
            (("the {0}, not the {2} one", (), 1), ("the {0} but not the {2} one", (), 1),
             ("the {1} {0}, not the {2} one", (color,), 1), ("any {0} except the {2} one", ("any",), 1),
             ("a {0} that is not {2}", ("any",), 1))
        )  # fmt: skip
        what = Referent("object", category, attributes=attributes, quantity=quantity, not_attributes=(unwanted,))
        verb, skill = self._rng.choice(
            (("bring me", "bring"), ("pick up", "pick"), ("find", "find"), ("hand me", "bring"))
        )
        said = shape.format(noun, color, unwanted).replace("a apple", "an apple")
        step = TaskStep(skill, object=what, recipient=USER if skill == "bring" else None)
        return Case(f"{verb} {said}", (step,), "exception")

    def pronoun(self) -> Case:
        """It, them, him, there, one: what was last spoken of."""
        rng = self._rng
        said, what = thing(rng)
        top, where = surface(rng)
        inside, box = holder(rng)
        someone, person = who(rng)
        called, named = name(rng)
        room_words, place = room(rng)
        shapes: tuple[tuple[str, list[TaskStep]], ...] = (
            (f"pick up {said} and put it on {top}",
             [TaskStep("pick", object=what),
              TaskStep("place", object=what, destination=where, destination_relation="on")]),
            (f"grab {said} and bring it to me",
             [TaskStep("pick", object=what), TaskStep("bring", object=what, recipient=USER)]),
            (f"find {said} and give it to {called}",
             [TaskStep("find", object=what), TaskStep("bring", object=what, recipient=named)]),
            (f"find {someone} and follow them",
             [TaskStep("find", object=person), TaskStep("follow", object=person)]),
            (f"look for {called} and guide her to {room_words}" if called == "Anna"
             else f"look for {called} and guide him to {room_words}",
             [TaskStep("find", object=named), TaskStep("guide", object=named, destination=place)]),
            (f"take {said}, go to {room_words} and put it on {top}",
             [TaskStep("pick", object=what), TaskStep("go", destination=place),
              TaskStep("place", object=what, destination=where, destination_relation="on")]),
            (f"go to {room_words}, find {said} and bring it to me",
             [TaskStep("go", destination=place), TaskStep("find", object=what),
              TaskStep("bring", object=what, recipient=USER)]),
            (f"pick {said} up and drop it into {inside}",
             [TaskStep("pick", object=what),
              TaskStep("place", object=what, destination=box, destination_relation="in")]),
            (f"find {said} and tell me where it is",
             [TaskStep("find", object=what), TaskStep("find", object=what, about="place")]),
            (f"go to {called} and say hello",
             [TaskStep("go", destination=named), TaskStep("greet", recipient=named, text="hello")]),
            (f"go to {top} and look at it", [TaskStep("go", destination=where), TaskStep("look", object=where)]),
            (f"find {said}, pick it up and throw it away",
             [TaskStep("find", object=what), TaskStep("pick", object=what),
              TaskStep("place", object=what, destination=Referent("place", "bin"), destination_relation="in")]),
        )  # fmt: skip
        while True:
            text, steps = rng.choice(shapes)
            if len(_things(tuple(steps))) < 2:
                return Case(text, chained(steps), "pronoun")
            said, what = simple(rng)
            shapes = ((f"pick up {said} and put it on {top}",
                       [TaskStep("pick", object=what),
                        TaskStep("place", object=what, destination=where, destination_relation="on")]),)  # fmt: skip

    def ellipsis(self) -> Case:
        """What is left out the second time."""
        rng = self._rng
        noun, _, category = rng.choice(NOUNS)
        first, second = rng.sample(("red", "green", "blue", "yellow", "white", "black"), 2)
        one = Referent("object", category, attributes=(first,))
        two = Referent("object", category, attributes=(second,))
        rest = Referent("object", category, attributes=("other",))
        (top, where), (table, there) = surface(rng), surface(rng)
        (a, ra), (b, rb) = room(rng), room(rng)
        (p, rp), (q, rq) = simple(rng), simple(rng)
        put = {"destination": where, "destination_relation": "on"}
        shapes: tuple[tuple[str, list[TaskStep]], ...] = (
            (f"bring me the {first} {noun} and the {second} one",
             [TaskStep("bring", object=one, recipient=USER), TaskStep("bring", object=two, recipient=USER)]),
            (f"put the {first} {noun} on {top} and the {second} one on {table}",
             [TaskStep("place", object=one, destination=where, destination_relation="on"),
              TaskStep("place", object=two, destination=there, destination_relation="on")]),
            (f"put {p} on {top} and {q} on {table}",
             [TaskStep("place", object=rp, destination=where, destination_relation="on"),
              TaskStep("place", object=rq, destination=there, destination_relation="on")]),
            (f"put the {first} {noun} on {top} and put the other one there too",
             [TaskStep("place", object=one, destination=where, destination_relation="on"),
              TaskStep("place", object=rest, destination=where)]),
            (f"put {p} and {q} on {top}",
             [TaskStep("place", object=rp, **put), TaskStep("place", object=rq, **put)]),
            (f"bring me {p} and {q}",
             [TaskStep("bring", object=rp, recipient=USER), TaskStep("bring", object=rq, recipient=USER)]),
            (f"go to {a} and then to {b}", [TaskStep("go", destination=ra), TaskStep("go", destination=rb)]),
            (f"give {p} to Anna and {q} to Tom",
             [TaskStep("bring", object=rp, recipient=Referent("person", "person", "anna")),
              TaskStep("bring", object=rq, recipient=Referent("person", "person", "tom"))]),
            (f"pick up the {first} {noun}, then the {second} one",
             [TaskStep("pick", object=one), TaskStep("pick", object=two)]),
            (f"open the fridge and take out {p}",
             [TaskStep("open", object=Referent("place", "fridge")), TaskStep("pick", object=rp)]),
        )  # fmt: skip
        text, steps = rng.choice(shapes)
        return Case(text, chained(steps), "ellipsis")

    def correction(self) -> Case:
        """The speaker changes his mind in the sentence."""
        rng = self._rng
        (p, rp), (q, rq) = simple(rng), simple(rng)
        (a, ra), (b, rb) = room(rng), room(rng)
        (top, rt), (table, rw) = surface(rng), surface(rng)
        del ra, rt
        color, new = rng.sample(("red", "green", "blue", "yellow", "white", "black"), 2)
        noun, _, category = rng.choice(NOUNS)
        changed = Referent("object", category, attributes=(new,))
        but = rng.choice(
            ("no,", "no wait,", "I mean", "sorry,", "no, I mean", "or rather", "wait, no,", "I meant", "actually")
        )
        shapes: tuple[tuple[str, TaskStep], ...] = (
            (f"bring me the {color} {noun}, {but} the {new} one", TaskStep("bring", object=changed, recipient=USER)),
            (f"pick up the {color} {noun}, {but} the {new} one", TaskStep("pick", object=changed)),
            (f"bring me {p}, {but} {q}", TaskStep("bring", object=rq, recipient=USER)),
            (f"go to {a}, {but} {b}", TaskStep("go", destination=rb)),
            (f"go to {a}, {but} to {b}", TaskStep("go", destination=rb)),
            (f"put {p} on {top}, {but} on {table}",
             TaskStep("place", object=rp, destination=rw, destination_relation="on")),
            (f"bring {p} to Anna, {but} to Tom",
             TaskStep("bring", object=rp, recipient=Referent("person", "person", "tom"))),
            (f"find Tom, {but} Anna", TaskStep("find", object=Referent("person", "person", "anna"))),
            (f"wait ten seconds, {but} twenty seconds", TaskStep("wait", duration_s=20.0)),
            (f"turn left, {but} right", TaskStep("go", angle_rad=-math.pi / 2)),
        )  # fmt: skip
        text, step = rng.choice(shapes)
        return Case(text, (step,), "correction")
