"""What verbs of motion and handling do with their arguments: one function a verb, Slots in, TaskSteps out.

Used by the parser for every verb that is not about speaking (see speaking.py).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from vla_ros.core.task import Referent, TaskStep
from vla_ros.language.arguments import Item
from vla_ros.language.attachment import USER, Context, Described, Slots, Unclear, fits, sort_items
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.nouns import Noun

_PUTTING = frozenset(("put", "move", "throw"))
_TRANSPORTING = frozenset(("pick", "take", "get", "give", "bring", "put", "move", "throw", "discard", "want"))
_AWAY = frozenset(("down", "back", "away", "aside", "off", "out", "drop", "release", "go", "of", "store", "stow"))
_STATIC = frozenset(
    ("on", "in", "under", "above", "left_of", "right_of", "in_front_of", "behind", "beside", "between", "near", "at")
)
IMMEDIATE = {"stop": "stop", "pause": "pause", "resume": "resume", "cancel": "cancel"}
_QUESTIONS = {
    "pick": "What shall I pick up?", "open": "What shall I open?", "close": "What shall I close?",
    "push": "What shall I push?", "pull": "What shall I pull?", "pour": "What shall I pour?",
    "wipe": "What shall I wipe?", "switch_on": "What shall I switch on?", "switch_off": "What shall I switch off?",
    "find": "What shall I look for?", "put": "What shall I put down, and where?", "bring": "What shall I bring you?",
    "give": "What shall I give, and to whom?", "get": "What shall I get?", "move": "What shall I move, and where to?",
    "want": "What would you like me to bring?", "take": "What shall I take?", "throw": "What shall I throw away?",
    "discard": "What shall I throw away?",
}  # fmt: skip


class Frames:
    """Meaning of verbs with one lexicon and one conversation."""

    def __init__(self, lexicon: Lexicon, context: Context) -> None:
        self.lexicon = lexicon
        self.context = context
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
        elif verb in _TRANSPORTING:
            steps = self._transport(items, verb)
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
        if target[0].is_person:
            referent = self.context.referent(target, "person")
        else:
            referent = self.context.referent(target, "place")
        return [TaskStep("go", destination=referent, destination_relation=relation)]

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
        slots.nouns = [n for n in slots.nouns if n[0].unknown != "way"] or slots.nouns
        for preposition, part in (p for way in ways for p in way[1]):
            slots.source = slots.source or ((part, []) if preposition == "from" else None)
        who = self.context.referent(slots.first, "person") if slots.first else USER
        target = slots.to or (slots.nouns[1] if len(slots.nouns) > 1 else None)
        if target is None and verb == "accompany" and (who == USER or not self.context.open_world):
            return [TaskStep("follow", object=who)]
        return [self._lead(who, target, slots)]

    # -- perceiving, waiting ------------------------------------------------------------------------------

    def _find(self, slots: Slots, verb: str) -> list[TaskStep]:
        target = slots.first or slots.beneficiary or slots.to
        if target is None:
            raise Unclear("question", _QUESTIONS["find"])
        person = next((n for w, n in target[1] if w == "with" and n.is_person), None)
        if target[0].is_place and person is not None:
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
            raise Unclear("question", _QUESTIONS.get(verb, "What do you mean?"))
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

    def _transport(self, items: list[Item], verb: str) -> list[TaskStep]:
        groups = [self._one_transport(sort_items(g), verb) for g in split_items(items)]
        filled: list[TaskStep] = []
        for index, step in enumerate(groups):
            # "put the cup and the plate on the table": what one lacks, the others give.
            for other in (*groups[index + 1 :], *reversed(groups[:index])):
                if step.destination is None and step.recipient is None:
                    step = dataclasses.replace(
                        step, skill=other.skill if other.destination or other.recipient else step.skill,
                        destination=other.destination, destination_relation=other.destination_relation,
                        recipient=other.recipient,
                    )  # fmt: skip
            filled.append(self._complete(step, verb, items))
        return filled

    def _one_transport(self, slots: Slots, verb: str) -> TaskStep:
        target, relation = slots.to, slots.to_relation
        recipient = slots.beneficiary if slots.beneficiary and slots.beneficiary[0].is_person else None
        nouns = [n for n in slots.nouns if n[0].pronoun != "here"]
        if len(nouns) < len(slots.nouns) and target is None:
            target = (Noun(kind="user"), [])  # "bring him here"
        if len(nouns) > 1 and nouns[-1][0].pronoun == "there" and target is None:
            target = nouns.pop()  # "put the other one there too"
        if not nouns and (target or recipient) is not None and self.context.thing is not None:
            nouns = [(Noun(pronoun="it"), [])]  # "get the cup and bring to Anna"
        if len(nouns) >= 2 and _may_receive(nouns[0][0]):
            recipient = nouns.pop(0)
        elif (len(nouns) == 1 and nouns[0][0].kind == "user" and target is None) or (
            len(nouns) == 1 and verb == "give" and _may_receive(nouns[0][0]) and target is None
        ):
            recipient, nouns = nouns[0], []
        elif len(nouns) >= 2 and verb in ("give", "bring") and nouns[0][0].unknown and not nouns[0][0].determined:
            recipient = nouns.pop(0)
        if target is not None and (target[0].is_person or (target[0].unknown and not target[0].determined)):
            recipient, target = target, None
        if not nouns:
            if recipient is not None and verb in ("want", "give"):
                raise Unclear("question", f"What shall I give {self._say(recipient)}?")
            raise Unclear("question", _QUESTIONS[verb])
        if len(nouns) > 1 and not nouns[0][0].category and nouns[1][0].kind == "object":
            nouns.pop(0)  # "something to drink"
        self.context.guesses += sum(1 + len(extra.unknown.split()) for extra, _ in nouns[1:])
        noun, pps = nouns[0]
        pps = [*pps, *slots.loose]
        if verb == "put" and noun.category == "room":
            raise Unclear("question", "Where shall I go?")
        if target is None and recipient is None and verb in _PUTTING:
            noun, pps, target, relation = self._destination_of(noun, pps)
        mover = self.context.mover
        someone = noun.is_person or (noun.pronoun == "them" and mover is not None and mover.kind == "person")
        if someone and target is None and recipient is not None and recipient[0] is not noun:
            target = recipient
        if someone and (target is not None or verb in ("take", "bring", "move", "get")):
            return self._lead(self.context.referent((noun, pps), "person"), target, slots)
        if noun.pronoun == "it" and self.context.thing is None and verb == "put" and _AWAY & set(slots.particles):
            return TaskStep("place")  # "put it down": whatever is in the hand
        thing = self.context.referent((noun, pps), "object")
        source = self.context.referent(slots.source, "place") if slots.source and noun.pronoun else None
        step = TaskStep("bring", object=thing, source=source)
        if recipient is None and verb in ("put", "give", "pour") and (poured := self._poured(thing, target)):
            return poured
        if recipient is not None:
            if target is not None:
                self.context.referent(target, "place")  # "something to drink": at least it must be known
                self.context.guesses += 1
            return dataclasses.replace(step, recipient=self.context.referent(recipient, "person"))
        if target is not None:
            if relation == "between" and target[0].coordinated:
                target, relation = (Noun(kind="place"), [("between", target[0])]), ""
            place = self.context.referent(target, "place")
            if place == thing and self.context.before is not None:
                place = self.context.before  # "get a bowl and put the apple in it"
            if place.kind in ("user", "person"):
                return dataclasses.replace(step, recipient=place)
            return dataclasses.replace(step, skill="place", destination=place, destination_relation=relation)
        return step

    def _poured(self, thing: Referent, target: Described | None) -> TaskStep | None:
        """ "put some cereal in the bowl", "serve cereal in a bowl": what runs is poured into a vessel."""
        words = self.lexicon.words
        if thing.category.replace("_", " ") not in words.pourables:
            return None
        inside = next((r.referent for r in thing.relations if r.predicate in ("in", "on")), None)
        if target is not None and target[0].pronoun == "it" and self.context.before is not None:
            vessel: Referent | None = self.context.before
        else:
            vessel = self.context.referent(target, "object") if target is not None else inside
        if vessel is None or vessel.kind != "object" or vessel.category not in words.vessels:
            return None
        left = tuple(r for r in thing.relations if r.referent is not vessel)
        return TaskStep("pour", object=dataclasses.replace(thing, relations=left), destination=vessel)

    def _lead(self, who: Referent, target: Described | None, slots: Slots) -> TaskStep:
        if who.kind == "object":
            raise Unclear("refusal", f"I lead people, and {who.words()} does not walk. I could carry it.")
        source = self.context.referent(slots.source, "place") if slots.source else None
        if target is not None:
            place: Referent | None = self.context.referent(target, "person" if target[0].is_person else "place")
        else:
            back = "back" in slots.particles or (slots.direction is not None and slots.direction[0] == "back")
            place = USER if back else None
        if place is None and not self.context.open_world:
            raise Unclear("question", f"Where shall I take {who.words()}?")
        return TaskStep("guide", object=who, source=source, destination=place)

    @staticmethod
    def _destination_of(
        noun: Noun, pps: list[tuple[str, Noun]]
    ) -> tuple[Noun, list[tuple[str, Noun]], Described | None, str]:
        """Splits "the cup on the counter / in the basket": the last phrase that can hold all after it is where to."""
        for index, (preposition, part) in enumerate(pps):
            rest = pps[index + 1 :]
            path = [part]
            for later, other in rest:
                beside = later in ("beside", "near", "left_of", "right_of", "in_front_of", "behind")
                owner = next((n for n in reversed(path) if n.is_place and (beside or fits(n, later, other))), None)
                if owner is None and not (
                    part.kind == "object" and part.category not in ("",) and index + 1 == len(pps)
                ):
                    break
                path.append(other)
            else:
                if preposition in _STATIC:
                    return noun, pps[:index], (part, rest), "" if preposition == "at" else preposition
        return noun, pps, None, ""

    def _complete(self, step: TaskStep, verb: str, items: list[Item]) -> TaskStep:
        """Fills what the verb alone says: whom it is for, or that it is only picked up."""
        if step.skill in ("guide", "place") or step.destination is not None or step.recipient is not None:
            return step
        thing = step.object or Referent(kind="object")
        particles = {i.word for i in items if i.kind in ("particle", "direction")}
        if verb in ("pick", "take"):
            return dataclasses.replace(step, skill="pick")
        if verb in ("bring", "get", "want", "give"):
            return dataclasses.replace(step, recipient=USER)
        if verb == "throw" and "away" not in particles:
            raise Unclear("refusal", "I do not throw things. I can hand them over or put them somewhere.")
        if verb in ("throw", "discard"):
            return dataclasses.replace(
                step, skill="place", destination=Referent("place", "bin"), destination_relation="in"
            )
        if particles & _AWAY:
            return dataclasses.replace(step, skill="place")
        raise Unclear(
            "question",
            f"Where shall I put {thing.words()}?" if verb == "put" else f"Where shall I move {thing.words()}?",
        )

    def _say(self, described: Described) -> str:
        return self.context.referent(described, "person").words()


def _may_receive(noun: Noun) -> bool:
    return noun.is_person or noun.pronoun == "them" or bool(noun.unknown and not noun.determined)


def split_items(items: list[Item]) -> list[list[Item]]:
    """One list a coordinated object: "the cup and the plate from the office" makes two."""
    groups: list[list[Item]] = [[]]
    for item in items:
        again = item.kind == "pp" and item.joined and item.word in ("to", "into", "onto")
        if again and any(
            i.word in ("to", "into", "onto") or (i.kind == "np" and i.noun and i.noun.is_place) for i in groups[-1]
        ):
            groups.append([item])
            continue
        before = groups[-1][-1] if groups[-1] else None
        if (
            item.joined
            and item.kind == "np"
            and before is not None
            and before.noun is not None
            and item.noun is not None
        ):
            same = (before.noun.is_place and item.noun.is_place) or (before.noun.is_person and item.noun.is_person)
            if before.kind == "pp" and same and before.word in _STATIC:
                before.noun.coordinated.append(item.noun)
                continue
            if any(i.kind == "np" for i in groups[-1]) or before.kind == "pp":
                groups.append([])
        groups[-1].append(item)
    return groups
