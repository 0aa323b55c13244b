"""Verbs that move things: pick, take, get, give, bring, put, move, throw. Slots in, TaskSteps out; used by frames.py.

Who gets it, where it goes and what it is come in any order and may be left out; people are led, not carried.
"""

from __future__ import annotations

import dataclasses

from vla_ros.core.task import Referent, TaskStep
from vla_ros.language.arguments import Item
from vla_ros.language.attachment import USER, Context, Described, Slots, Unclear, fits, sort_items
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.nouns import Noun

_PUTTING = frozenset(("put", "move", "throw"))
VERBS = frozenset(("pick", "take", "get", "give", "bring", "put", "move", "throw", "discard", "want"))
_AWAY = frozenset(("down", "back", "away", "aside", "off", "out", "drop", "release", "go", "of", "store", "stow"))
_STATIC = frozenset(
    ("on", "in", "under", "above", "left_of", "right_of", "in_front_of", "behind", "beside", "between", "near", "at")
)
QUESTIONS = {
    "pick": "What shall I pick up?", "open": "What shall I open?", "close": "What shall I close?",
    "push": "What shall I push?", "pull": "What shall I pull?", "pour": "What shall I pour?",
    "wipe": "What shall I wipe?", "switch_on": "What shall I switch on?", "switch_off": "What shall I switch off?",
    "find": "What shall I look for?", "put": "What shall I put down, and where?", "bring": "What shall I bring you?",
    "give": "What shall I give, and to whom?", "get": "What shall I get?", "move": "What shall I move, and where to?",
    "want": "What would you like me to bring?", "take": "What shall I take?", "throw": "What shall I throw away?",
    "discard": "What shall I throw away?",
}  # fmt: skip


class Transport:
    """Meaning of verbs that move things with one lexicon and one conversation."""

    def __init__(self, lexicon: Lexicon, context: Context) -> None:
        self.lexicon = lexicon
        self.context = context

    def steps(self, items: list[Item], verb: str) -> list[TaskStep]:
        """The steps of one clause with a verb of VERBS. Raises Unclear."""
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
            raise Unclear("question", QUESTIONS[verb])
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
            return lead(self.context, self.context.referent((noun, pps), "person"), target, slots)
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


def lead(context: Context, who: Referent, target: Described | None, slots: Slots) -> TaskStep:
    """Leads a person to ``target``, or back to the user. Raises Unclear for a thing, or when nothing says where to."""
    if who.kind == "object":
        raise Unclear("refusal", f"I lead people, and {who.words()} does not walk. I could carry it.")
    source = context.referent(slots.source, "place") if slots.source else None
    if target is not None:
        place: Referent | None = context.referent(target, "person" if target[0].is_person else "place")
    else:
        back = "back" in slots.particles or (slots.direction is not None and slots.direction[0] == "back")
        place = USER if back else None
    if place is None and not context.open_world:
        raise Unclear("question", f"Where shall I take {who.words()}?")
    return TaskStep("guide", object=who, source=source, destination=place)


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
