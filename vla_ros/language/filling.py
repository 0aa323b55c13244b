"""From a skeleton to steps: whom and what the words of a command name, put into the slots of what is asked.

The trained voter (voter.py) says only what kind of order a command is; names, kinds, places and qualities are read
here from the command by the grammar's own noun reader, so that nothing gets into a Task that nobody said: a skeleton
that needs a second place, a posture or a number which the words do not hold is not filled. Imports its siblings.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

from vla_ros.core.task import Referent, Task, TaskStep
from vla_ros.language.arguments import ArgumentReader
from vla_ros.language.attachment import USER, Context, Unclear
from vla_ros.language.english import DETERMINERS, PREPOSITION_PHRASES
from vla_ros.language.lexicon import NOUN_PARTS, Lexicon
from vla_ros.language.nouns import Noun
from vla_ros.language.quantities import read_number
from vla_ros.language.skeletons import Skeleton, skeleton_of_task
from vla_ros.language.tokens import ProperName, Tokens
from vla_ros.language.word_stems import ASKED_WITH, stem

_BESIDE = frozenset(("on", "under", "above", "left_of", "right_of", "in_front_of", "behind", "in"))
_TOWARDS = frozenset(("to", "into", "onto"))
_ENDS = {"into": "in", "onto": "on", "in": "in", "on": "on", "under": "under", "beside": "beside"}
_ASKED = {"name": "name", "gender": "gender", "pose": "pose"}
_FAR, _NEVER = 100.0, 1e6
_MOST = 9
_NEAR = 2
_PERSON_AT = 1


@dataclass(frozen=True, slots=True)
class Mention:
    """A noun phrase of the command from ``start`` to before ``end``, and the meaning of the preposition before it."""

    start: int
    end: int
    preposition: str
    noun: Noun

    @property
    def is_thing(self) -> bool:
        """True for a thing that is named or called one."""
        return self.noun.kind == "object" and not self.noun.pronoun

    @property
    def is_person(self) -> bool:
        """True for a person who is named or described."""
        return self.noun.kind == "person" or (self.noun.proper and not self.noun.kind)

    @property
    def is_named(self) -> bool:
        """True for a person with a name."""
        return self.is_person and bool(self.noun.name or self.noun.unknown)

    @property
    def is_place(self) -> bool:
        """True for a room or a piece of furniture."""
        return self.noun.kind == "place" and not self.noun.pronoun


def mentions(words: Sequence[str], reader: ArgumentReader) -> Iterator[Mention]:
    """The noun phrases of ``words``, from left to right; verbs and fillers are passed over."""
    at, preposition = 0, ""
    while at < len(words):
        before = PREPOSITION_PHRASES.get(words[at], ())
        phrase = next(((p, m) for p, m in before if tuple(words[at : at + len(p)]) == p), None)
        if phrase is not None:
            at, preposition = at + len(phrase[0]), phrase[1]
            continue
        verb = reader.lexicon.match(words, at, "verb", "verb_form", "filler")
        head = reader.lexicon.match(words, at, *NOUN_PARTS)
        named = at > 0 and words[at - 1] in DETERMINERS
        if verb and not named and not (head and head[0] > verb[0]):
            at, preposition = at + verb[0], ""
            continue
        found = reader.nouns.read(words, at, allow_unknown=isinstance(words[at], ProperName))
        if found is not None and found[0] > at:
            yield Mention(at, found[0], preposition, found[1])
            at, preposition = found[0], ""
        else:
            preposition = preposition if words[at] in DETERMINERS else ""
            at += 1


class Filler:
    """Fills skeletons with one lexicon."""

    def __init__(self, lexicon: Lexicon, reader: ArgumentReader) -> None:
        self._lexicon = lexicon
        self._reader = reader

    def fill(self, skeleton: Skeleton, tokens: Tokens, said: Task | None = None) -> Task | None:
        """A Task of that skeleton from the words of ``tokens``; None when they do not hold all that it needs.

        Args:
            skeleton: what kind of order it is.
            tokens: the command.
            said: what another parser made of it; what is to be said is taken from there.
        """
        filling = _Filling(self._lexicon, tokens, list(mentions(tokens.words, self._reader)), said)
        try:
            steps = filling.steps(skeleton)
        except Unclear:
            return None
        ordered = tuple(dataclasses.replace(s, after=(i - 1,) if i else ()) for i, s in enumerate(steps))
        task = Task("", "task", 0.0, steps=ordered)
        return task if steps and skeleton_of_task(task) == skeleton else None


class _Filling:
    """One command whose phrases are put into slots."""

    def __init__(self, lexicon: Lexicon, tokens: Tokens, found: list[Mention], said: Task | None) -> None:
        self.lexicon = lexicon
        self.words = tokens.words
        self.quotes = tokens.quotes
        self.said = said
        self.context = Context(lexicon, open_world=True)
        self.things = [m for m in found if m.is_thing]
        self.people = [m for m in found if m.is_person]
        self.places = _with_rooms([m for m in found if m.is_place])

    def steps(self, skeleton: Skeleton) -> list[TaskStep]:
        """The steps; none when a slot stays empty. Raises Unclear for a noun that cannot be meant."""
        thing = self._thing(skeleton) if skeleton.thing else None
        person = self._person(skeleton.person) if skeleton.person else None
        asked = ASKED_WITH.get(skeleton.deed)
        if asked is not None and not any(word.startswith(asked) for word in self.words):
            return []
        if (skeleton.thing and thing is None) or (skeleton.person and person is None):
            return []
        placed = self._share_places(skeleton, thing, person)
        if placed is None:
            return []
        at_thing, at_person, goal = placed
        what = self._referent(thing, at_thing, "object") if thing else None
        who = self._referent(person, at_person, "person") if person else None
        where = self.context.referent((goal.noun, []), "place") if goal else None
        method = getattr(self, f"_{skeleton.deed}", None)
        if method is not None:
            return list(method(what, who, where, goal))
        return []

    # -- deeds --------------------------------------------------------------------------------------------

    def _go(self, what: Referent | None, who: Referent | None, where: Referent | None, goal: object) -> list[TaskStep]:
        return [TaskStep("go", destination=where)]

    def _find(self, what: Referent | None, who: Referent | None, where: object, goal: object) -> list[TaskStep]:
        return [TaskStep("find", object=what)]

    def _bring(self, what: Referent | None, who: Referent | None, where: object, goal: object) -> list[TaskStep]:
        return [TaskStep("bring", object=what, recipient=who or USER)]

    def _put(self, what: Referent | None, who: object, where: Referent | None, goal: Mention | None) -> list[TaskStep]:
        relation = _ENDS.get(goal.preposition, "") if goal else ""
        return [TaskStep("place", object=what, destination=where, destination_relation=relation)]

    def _pour(self, what: Referent | None, who: object, where: object, goal: object) -> list[TaskStep]:
        words = self.lexicon.words
        poured = next((m for m in self.things if m.noun.category.replace("_", " ") in words.pourables), None)
        vessel = next((m for m in self.things if m.noun.category in words.vessels), None)
        if poured is None or vessel is None:
            return []
        into = self._referent(vessel, None, "object")
        return [TaskStep("pour", object=self._referent(poured, None, "object"), destination=into)]

    def _count(self, what: Referent | None, who: Referent | None, where: object, goal: object) -> list[TaskStep]:
        counted = what or who
        if counted is None:
            return []
        counted = dataclasses.replace(counted, quantity=-1)
        return [TaskStep("count", object=counted, recipient=USER, about="number")]

    def _which(self, what: Referent | None, who: object, where: object, goal: object) -> list[TaskStep]:
        return [TaskStep("report", object=what, recipient=USER, about="name")]

    def _tell(self, what: object, who: Referent | None, where: object, goal: object) -> list[TaskStep]:
        for step in self.said.steps if self.said is not None else ():
            if step.skill in ("report", "say") and step.object is None and (step.about or step.text):
                return [dataclasses.replace(step, recipient=who, after=())]
        for at in range(len(self.words)):
            if self.words[at] == "<quote>":
                return [TaskStep("say", text=self.quotes[at], recipient=who)]
            found = self.lexicon.match(self.words, at, "about")
            if found is not None:
                return [TaskStep("report", about=found[1].value, recipient=who)]
        return []

    def _answer(self, what: object, who: Referent | None, where: object, goal: object) -> list[TaskStep]:
        return [TaskStep("answer", recipient=who)]

    def _name(self, what: object, who: Referent | None, where: object, goal: object) -> list[TaskStep]:
        return [TaskStep("report", object=who, recipient=USER, about="name")]

    def _gender(self, what: object, who: Referent | None, where: object, goal: object) -> list[TaskStep]:
        return [TaskStep("report", object=who, recipient=USER, about="gender")]

    def _pose(self, what: object, who: Referent | None, where: object, goal: object) -> list[TaskStep]:
        return [TaskStep("report", object=who, recipient=USER, about="pose")]

    def _follow(self, what: object, who: Referent | None, where: Referent | None, goal: object) -> list[TaskStep]:
        return [TaskStep("follow", object=who, destination=where)]

    def _follow_go(self, what: object, who: Referent | None, where: Referent | None, goal: object) -> list[TaskStep]:
        return [TaskStep("follow", object=who), TaskStep("go", destination=where)]

    def _guide(self, what: object, who: Referent | None, where: Referent | None, goal: object) -> list[TaskStep]:
        return [TaskStep("guide", object=who, destination=where)]

    def _guide_back(self, what: object, who: Referent | None, where: object, goal: object) -> list[TaskStep]:
        return [TaskStep("guide", object=who, destination=USER)]

    # -- slots --------------------------------------------------------------------------------------------

    def _thing(self, skeleton: Skeleton) -> Mention | None:
        kinds = [m for m in self.things if m.noun.category]
        if skeleton.thing == "object":
            return kinds[0] if kinds else None
        if skeleton.thing == "category":
            loose = [m for m in self.things if not m.noun.category]
            told = [m for m in loose if (m.noun.quantity > 1 if skeleton.many else m.noun.quantity == -1)]
            return told[0] if told else None
        if skeleton.thing == "beside":
            return self._beside(kinds)
        chosen = self._chosen(skeleton.thing == "side")
        if chosen is None:
            return None
        base = next((m for m in self.things if m.noun.superlative), self.things[0] if self.things else None)
        if base is None:
            base = Mention(0, 0, "", Noun(kind="object"))
        kind = "" if base.noun.unknown and self._is_extreme(base.noun.unknown) else base.noun.unknown
        noun = dataclasses.replace(
            base.noun, superlative=chosen, attributes=self._without(base.noun, chosen), unknown=kind
        )
        number = max((m.noun.quantity for m in self.things), default=1)
        if skeleton.many and number <= 1:
            number = self._number()
        if skeleton.many != (number > 1):
            return None
        noun.quantity = number if skeleton.many else noun.quantity
        return dataclasses.replace(base, noun=noun)

    def _beside(self, kinds: list[Mention]) -> Mention | None:
        reference = next((m for m in kinds if m.preposition in _BESIDE), None)
        if reference is None:
            return None
        loose = [m for m in self.things if m is not reference and not m.noun.category]
        base = loose[0].noun if loose else Noun(kind="object")
        noun = dataclasses.replace(base, pps=[(reference.preposition, reference.noun)])
        start = loose[0].start if loose else reference.start
        return Mention(start, reference.end, "", noun)

    def _chosen(self, side: bool) -> str:
        """The superlative that the command holds, or "" for none."""
        for at in range(len(self.words)):
            found = self.lexicon.match(self.words, at, "superlative")
            if found is not None and (found[1].value in ("left_most", "right_most")) == side:
                return found[1].value
        if not side:
            return self._extreme()
        sides = [w for w in self.words if w in ("left", "right")]
        return f"{sides[0]}_most" if sides else ""

    def _extreme(self) -> str:
        """The superlative of a word for a size or weight that was said in another form: "the three light things"."""
        table = self.lexicon.words.superlatives
        stems = {stem(p): value for value, phrases in table.items() for p in phrases if p.endswith("est")}
        for at, word in enumerate(self.words):
            if stem(word) in stems and self.words[at + 1 : at + 2] != ["than"]:
                return stems[stem(word)]
            found = self.lexicon.match(self.words, at, "attribute")
            if found is not None and stem(found[1].value) in stems:
                return stems[stem(found[1].value)]
        return ""

    def _number(self) -> int:
        """How many of them: "which three are the smallest"; 1 when no number stands alone."""
        told = (read_number(self.words, at) for at in range(len(self.words)))
        return next((int(n[1]) for n in told if n is not None and 1 < n[1] <= _MOST), 1)

    def _without(self, noun: Noun, chosen: str) -> list[str]:
        """The attributes but for those that ``chosen`` stands for."""
        if chosen in ("left_most", "right_most"):
            return [a for a in noun.attributes if a not in ("left", "right")]
        return [a for a in noun.attributes if not self._is_extreme(a)]

    def _is_extreme(self, word: str) -> bool:
        return any(stem(word) == stem(p) for table in self.lexicon.words.superlatives.values() for p in table)

    def _person(self, kind: str) -> Mention | None:
        if kind == "name":
            return next((m for m in self.people if m.is_named), None)
        described = next((m for m in self.people if not m.is_named), None)
        if described is None and kind == "person" and any(w.startswith("who") for w in self.words):
            return Mention(0, 0, "", Noun(kind="person", category="person"))  # "who is in the kitchen?"
        if described is None or kind == "person" or described.noun.posture:
            return described
        for at in range(len(self.words)):
            found = self.lexicon.match(self.words, at, "posture")
            if found is not None:
                return dataclasses.replace(described, noun=dataclasses.replace(described.noun, posture=found[1].value))
        return next((m for m in self.people if m.noun.category not in ("person", "")), None)

    def _share_places(
        self, skeleton: Skeleton, thing: Mention | None, person: Mention | None
    ) -> tuple[Mention | None, Mention | None, Mention | None] | None:
        """(where the thing is, where the person is, where to) by what stands before the places and near them."""
        slots = [
            (skeleton.thing_at, thing, False),
            (skeleton.person_at, person, False),
            (skeleton.goal and skeleton.deed != "pour", None, True),
        ]
        wanted = [i for i, (asked, _, _) in enumerate(slots) if asked]
        best: tuple[float, list[Mention | None]] | None = None
        for chosen in permutations(self.places, len(wanted)):
            cost = sum(_misfit(place, slots[i][1], slots[i][2]) for i, place in zip(wanted, chosen))
            if skeleton.deed == "guide" and person is not None and self._led_to(person, chosen, wanted):
                continue
            if best is None or cost < best[0]:
                filled: list[Mention | None] = [None, None, None]
                for i, place in zip(wanted, chosen):
                    filled[i] = place
                best = cost, filled
        return (best[1][0], best[1][1], best[1][2]) if best is not None and best[0] < _NEVER else None

    @staticmethod
    def _led_to(person: Mention, chosen: Sequence[Mention], wanted: list[int]) -> bool:
        """True where a person to be led would be at a place that is said as the end: "take Tom to the bed"."""
        here = next((place for i, place in zip(wanted, chosen) if i == _PERSON_AT), None)
        return here is not None and here.preposition in _TOWARDS and 0 <= here.start - person.end <= _NEAR

    def _referent(self, mention: Mention, place: Mention | None, wants: str) -> Referent:
        where = [(_static(place.preposition), place.noun)] if place is not None else []
        return self.context.referent((mention.noun, where), wants)


def _with_rooms(places: Sequence[Mention]) -> list[Mention]:
    """The places; "the table in the kitchen" is one, unless something comes from the table."""
    out: list[Mention] = []
    for place in places:
        before = out[-1] if out else None
        described = (
            before is not None
            and place.noun.category == "room"
            and before.noun.category != "room"
            and before.preposition != "from"
            and place.preposition in ("in", "of")
            and place.start - before.end <= _NEAR
        )
        if before is not None and described:
            noun = dataclasses.replace(before.noun, pps=[*before.noun.pps, ("in", place.noun)])
            out[-1] = dataclasses.replace(before, noun=noun, end=place.end)
        else:
            out.append(place)
    return out


def _static(preposition: str) -> str:
    return "at" if preposition in ("", *_TOWARDS, "for") else preposition


def _misfit(place: Mention, owner: Mention | None, goal: bool) -> float:
    """How unlikely ``place`` is where ``owner`` is, or where something goes: points for direction and distance."""
    towards = place.preposition in _TOWARDS
    if goal and place.preposition == "from":
        return _NEVER
    if goal:
        return (0.0 if towards else 8.0) - 0.1 * place.start
    distance = _FAR if owner is None else float(place.start - owner.end)
    away = distance if distance >= 0 else 2.0 - distance
    return away + (6.0 if towards and owner is not None and owner.noun.kind == "object" else 0.0)
