"""What verbs of motion and handling do with their arguments: one function a verb, Slots in, TaskSteps out.

Used by the parser for every verb that is not about speaking (see speaking.py).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from vla_ros.core.task import TaskStep
from vla_ros.language.arguments import Item
from vla_ros.language.attachment import USER, Context, Described, Slots, Unclear, sort_items
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.nouns import Noun
from vla_ros.language.transport import QUESTIONS, Transport, lead, split_items
from vla_ros.language.transport import VERBS as TRANSPORTING

IMMEDIATE = {"stop": "stop", "pause": "pause", "resume": "resume", "cancel": "cancel"}


class Frames:
    """Meaning of verbs with one lexicon and one conversation."""

    def __init__(self, lexicon: Lexicon, context: Context) -> None:
        self.lexicon = lexicon
        self.context = context
        self._transport = Transport(lexicon, context)
        self._table: dict[str, Callable[[Slots, str], list[TaskStep]]] = {
            "go": self._go, "come": self._come, "turn": self._turn, "follow": self._follow, "guide": self._guide,
            "accompany": self._guide,
            "find": self._find, "meet": self._find, "look": self._look, "wait": self._wait, "switch": self._switch,
        }  # fmt: skip

    def steps(self, verb: str, items: list[Item]) -> list[TaskStep]:
        """The steps of one clause. Raises Unclear when something needed is missing or not known."""
        if verb in IMMEDIATE or verb in ("repeat", "undo"):
            return [TaskStep(verb)]
        if verb == "move" and not any(i.kind == "np" for i in items):
            verb = "go"
        if verb in self._table:
            keep = verb in ("go", "turn", "look", "come")
            steps: list[TaskStep] = []
            for group in split_items(items):
                steps += self._table[verb](sort_items(group, keep_direction=keep), verb)
        elif verb in TRANSPORTING:
            steps = self._transport.steps(items, verb)
        else:
            steps = [step for group in split_items(items) for step in self._simple(sort_items(group), verb)]
        manner = next((i.word for i in items if i.kind == "manner"), "")
        return [dataclasses.replace(s, manner=manner) if manner else s for s in steps]

    # -- going --------------------------------------------------------------------------------------------

    def _go(self, slots: Slots, verb: str) -> list[TaskStep]:
        relation, target = "", slots.to or slots.first
        loose = [*slots.loose, *(target[1] if target is not None else [])]
        company = next((n for w, n in loose if w == "with"), None)
        if company is not None:
            return self._go_with(company, slots)
        if target is None and slots.loose:
            (relation, noun), rest = slots.loose[0], slots.loose[1:]
            target = (noun, rest)
            relation = "" if relation in ("in", "at", "on", "to", "for") else relation
        elif slots.loose and target is not None:
            target = (target[0], [*target[1], *slots.loose])
        if target is not None and target[0].is_person and slots.source is not None:
            target = (target[0], [*target[1], ("from", slots.source[0])])  # "the boy from the bedroom"
        measured = self._measured(slots)
        if target is None:
            if measured is not None:
                return [measured]
            if slots.direction is not None:
                raise Unclear("question", f"How far shall I go {slots.direction[0]}?")
            raise Unclear("question", "Where shall I go?")
        self._with_unit(slots)
        if target[0].is_person:
            referent = self.context.referent(target, "person")
        else:
            referent = self.context.referent(target, "place")
        return [TaskStep("go", destination=referent, destination_relation=relation)]

    @staticmethod
    def _with_unit(slots: Slots) -> None:
        """Raises Unclear for a number without its unit where a way is: "drive forward five" goes to no five things.

        Nor is a misspelt unit one: "forward 2 feathers" goes to no two fathers.
        """
        noun = slots.first[0] if slots.first is not None else None
        if noun is None or noun.determined or noun.attributes or noun.superlative:
            return
        bare = noun.headless or noun.pronoun == "one"
        if slots.direction is None:
            unclear = bare and noun.counted and slots.to is None
        else:
            one = noun.quantity == 1 and slots.direction[0] in ("left", "right")  # "the left one"
            unclear = (bare and not one) or (noun.counted and noun.quantity > 1)
        if unclear:
            raise Unclear("question", f"{noun.quantity} what? Say it with meters, steps or degrees.")

    def _go_with(self, company: Noun, slots: Slots) -> list[TaskStep]:
        """ "go to the sofa with her" goes where she goes, "go to the table with the cup" carries it there."""
        back = slots.direction is not None and slots.direction[0] == "back"
        rest = [(w, n) for w, n in slots.loose if n is not company]
        described: Described = (company, rest if slots.to is None else [])
        if slots.source is not None:
            described[1].append(("from", slots.source[0]))
        target = slots.to or slots.first
        if target is not None:
            target = (target[0], [p for p in target[1] if p[1] is not company and p[0] != "from"])
            described[1].extend(p for p in (slots.to or slots.nouns[0])[1] if p[0] == "from")
        wants = "person" if company.is_person or company.pronoun else "object"
        who = self.context.referent(described, wants)
        place = USER if back else self.context.referent(target, "place") if target is not None else None
        if who.kind == "object" and place is not None:
            return [TaskStep("place", object=who, destination=place)]
        if back and who.kind == "person":
            return [TaskStep("guide", object=who, destination=USER)]
        return [TaskStep("follow", object=who, destination=place)]

    def _measured(self, slots: Slots) -> TaskStep | None:
        heading = slots.direction[1] if slots.direction else 0.0
        if "distance" in slots.measures:
            return TaskStep("go", distance_m=slots.measures["distance"], angle_rad=heading)
        if "angle" in slots.measures:
            angle = slots.measures["angle"]
            return TaskStep("go", angle_rad=-angle if heading < 0 else angle)
        return None

    def _come(self, slots: Slots, verb: str) -> list[TaskStep]:
        if slots.to is None and slots.first is None and not slots.loose:
            return [TaskStep("go", destination=USER)]
        return self._go(slots, verb)

    def _turn(self, slots: Slots, verb: str) -> list[TaskStep]:
        target = slots.to or slots.first
        switched = next((p for p in slots.particles if p in ("on", "off")), "")
        if target is not None and (switched or any(w in ("on", "off") for w, _ in slots.loose)):
            return self._simple(slots, f"switch_{switched or 'on'}")
        measured = self._measured(slots)
        if measured is not None:
            return [measured]
        self._with_unit(slots)
        if target is not None and not target[0].asks:
            return [TaskStep("look", object=self.context.referent(target, "place"))]
        if slots.direction is not None:
            return [TaskStep("go", angle_rad=slots.direction[1] or math.pi)]
        if verb == "turn" and not target:
            return [TaskStep("go", angle_rad=math.pi)]
        raise Unclear("question", "Which way shall I turn?")

    def _switch(self, slots: Slots, verb: str) -> list[TaskStep]:
        switched = next((p for p in slots.particles if p in ("on", "off")), "")
        if not switched:
            raise Unclear("question", "Shall I switch it on or off?")
        return self._simple(slots, f"switch_{switched}")

    def _follow(self, slots: Slots, verb: str) -> list[TaskStep]:
        target = slots.first or slots.beneficiary
        who = self.context.referent(target, "person") if target else USER
        if who.kind in ("object", "place"):
            raise Unclear("refusal", f"I follow people, and {who.words()} does not walk.")
        source = self.context.referent(slots.source, "place") if slots.source else None
        destination = self.context.referent(slots.to, "place") if slots.to else None
        return [TaskStep("follow", object=who, source=source, destination=destination)]

    def _guide(self, slots: Slots, verb: str) -> list[TaskStep]:
        ways = [n for n in slots.nouns if n[0].unknown == "way"]  # "show her the way from the desk to the sofa"
        slots.nouns = [n for n in slots.nouns if n[0].unknown != "way"]
        for preposition, part in (p for way in ways for p in way[1]):
            slots.source = slots.source or ((part, []) if preposition == "from" else None)
        led = self.context.person if ways else None
        who = self.context.referent(slots.first, "person") if slots.first else led or USER
        target = slots.to or (slots.nouns[1] if len(slots.nouns) > 1 else None)
        if target is None and verb == "accompany" and (who == USER or not self.context.open_world):
            return [TaskStep("follow", object=who)]
        return [lead(self.context, who, target, slots)]

    # -- perceiving, waiting ------------------------------------------------------------------------------

    def _find(self, slots: Slots, verb: str) -> list[TaskStep]:
        target = slots.first or slots.beneficiary or slots.to
        if target is None:
            raise Unclear("question", QUESTIONS["find"])
        person = next((n for w, n in target[1] if w == "with" and n.is_person), None)
        sought = slots.beneficiary if target[0].is_place and slots.beneficiary is not target else None
        if sought is not None:
            target = (sought[0], [*sought[1], ("in", target[0])])  # "search the kitchen for Anna"
        elif target[0].is_place and person is not None:
            target = (person, [("in", target[0])])  # "find the room with a person waving"
        extra = [*slots.loose, *([("from", slots.source[0])] if slots.source else [])]
        wants = "person" if verb == "meet" else "place" if target[0].is_place else "object"
        if target[0].proper and not target[0].determined:
            wants = "person"
        return [TaskStep("find", object=self.context.referent((target[0], [*target[1], *extra]), wants))]

    def _look(self, slots: Slots, verb: str) -> list[TaskStep]:
        if slots.beneficiary is not None:
            slots.nouns = [slots.beneficiary]
            return self._find(slots, "find")
        if slots.direction is not None and slots.first is None:
            return [TaskStep("look", about=slots.direction[0], angle_rad=slots.direction[1])]
        target = slots.first or slots.to or (slots.loose and (slots.loose[0][1], slots.loose[1:])) or None
        if target is None:
            about = next((p for p in slots.particles if p in ("up", "down", "around")), "around")
            return [TaskStep("look", about=about)]
        wants = "person" if target[0].is_person else "any"
        return [TaskStep("look", object=self.context.referent(target, wants))]

    def _wait(self, slots: Slots, verb: str) -> list[TaskStep]:
        target = slots.first or slots.beneficiary
        if target is not None and target[0].pronoun:
            target = None
        loose = [*slots.loose, *(target[1] if target and target[0].kind == "user" else [])]
        place = loose[0][1] if loose else None
        steps = [TaskStep("go", destination=self.context.referent((place, []), "place"))] if place else []
        who = self.context.referent((target[0], [] if place else target[1]), "person") if target else None
        return [*steps, TaskStep("wait", object=who, duration_s=slots.measures.get("duration", 0.0))]

    # -- handling -----------------------------------------------------------------------------------------

    def _simple(self, slots: Slots, verb: str) -> list[TaskStep]:
        if slots.first is None:
            raise Unclear("question", QUESTIONS.get(verb, "What do you mean?"))
        noun, pps = slots.first
        wants = "place" if verb in ("open", "close") or noun.is_place else "object"
        referent = self.context.referent((noun, [*pps, *slots.loose]), wants)
        step = TaskStep(verb, object=referent, distance_m=slots.measures.get("distance", 0.0))
        if slots.to is not None:
            target = self.context.referent(slots.to, "place")
            if target.kind in ("user", "person"):
                step = dataclasses.replace(step, recipient=target)
            else:
                step = dataclasses.replace(step, destination=target, destination_relation=slots.to_relation)
        if slots.source is not None:
            step = dataclasses.replace(step, source=self.context.referent(slots.source, "object"))
        if slots.direction is not None:
            step = dataclasses.replace(step, angle_rad=slots.direction[1])
        return [step]
