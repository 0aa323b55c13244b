"""Nouns to Referents: which phrase describes which noun, what pronouns point at, what is not known here.

The context of the conversation lives here: what was last spoken of. Raises Unclear for the parser to answer with.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from vla_ros.core.task import RELATIONS, Referent, Relation
from vla_ros.language.arguments import Item
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.nouns import Noun

USER = Referent(kind="user", name="")
ROBOT = Referent(kind="robot")
_WHERE = frozenset(("in", "at", "on", "near", "from"))
"""What stands before the word for a place, when nothing else tells whether a word is one."""
_PLACE_TO_PLACE = frozenset(("left_of", "right_of", "in_front_of", "behind", "beside", "between", "near"))
Described = tuple[Noun, list[tuple[str, Noun]]]


class Unclear(Exception):
    """Carries the parser's answer when a sentence cannot become a task: question, refusal or unknown."""

    def __init__(self, kind: str, text: str, confidence: float = 0.9) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text
        self.confidence = confidence


@dataclass(slots=True)
class Slots:
    """The arguments of one verb, sorted by what they can be."""

    nouns: list[Described] = field(default_factory=list)
    to: Described | None = None
    to_relation: str = ""
    beneficiary: Described | None = None
    source: Described | None = None
    loose: list[tuple[str, Noun]] = field(default_factory=list)
    direction: tuple[str, float] | None = None
    measures: dict[str, float] = field(default_factory=dict)
    particles: list[str] = field(default_factory=list)
    manner: str = ""

    @property
    def first(self) -> Described | None:
        """The first noun phrase without a preposition."""
        return self.nouns[0] if self.nouns else None


def sort_items(items: list[Item], *, keep_direction: bool = False) -> Slots:
    """Sorts a flat argument list; prepositional phrases go to the noun before them."""
    slots = Slots()
    current: Described | None = None
    for item in items:
        noun = item.noun
        if item.kind == "np" and noun is not None:
            current = (noun, [])
            slots.nouns.append(current)
        elif item.kind == "pp" and noun is not None and item.back and slots.nouns:
            slots.nouns[-1][1].append((item.word, noun))
        elif item.kind == "pp" and noun is not None:
            current = _sort_pp(slots, item.word, noun, current)
        elif item.kind == "direction":
            if not keep_direction and current is not None and item.word in ("left", "right"):
                current[0].attributes.append(item.word)
            else:
                slots.direction = (item.word, item.value)
        elif item.kind == "particle":
            slots.particles.append(item.word)
        elif item.kind == "manner":
            slots.manner = item.word
        else:
            slots.measures[item.kind] = item.value
    return slots


def _sort_pp(slots: Slots, word: str, noun: Noun, current: Described | None) -> Described | None:
    if word in ("to", "into", "onto"):
        if slots.to is not None and current is not None and word == "to":
            current[1].append(("at", noun))
            return current
        slots.to = (noun, [])
        slots.to_relation = {"into": "in", "onto": "on"}.get(word, "")
        return slots.to
    if word == "for":
        slots.beneficiary = (noun, [])
        return slots.beneficiary
    if word == "from" and (
        not slots.nouns or slots.nouns[0][0].pronoun in ("it", "them", "him") or slots.nouns[-1][0].is_person
    ):
        slots.source = (noun, [])
        return slots.source
    if word == "from" and slots.nouns:
        slots.nouns[-1][1].append((word, noun))
        return slots.nouns[-1] if current is slots.nouns[-1] else current
    if current is None:
        slots.loose.append((word, noun))
    else:
        current[1].append((word, noun))
    return current


def fits(whole: Noun, preposition: str, part: Noun) -> bool:
    """True when "<part> <preposition> …" can describe ``whole``: a table is in a room, never on a cup."""
    if not whole.is_place:
        return True
    if whole.category == "room" or whole.pronoun:
        return False
    return part.is_place and (part.category == "room" or bool(part.pronoun) or preposition in _PLACE_TO_PLACE)


def _sides(kind: str, superlative: str, attributes: list[str]) -> tuple[str, list[str]]:
    """ "the left cup" is the left-most of the cups."""
    for side in ("left", "right"):
        if side in attributes and not superlative and kind != "place":
            return f"{side}_most", [a for a in attributes if a != side]
    return superlative, attributes


class Context:
    """What was last spoken of, for "it", "him", "there" and "the other one"."""

    def __init__(self, lexicon: Lexicon, open_world: bool = False) -> None:
        self.lexicon = lexicon
        self.open_world = open_world
        self.thing: Referent | None = None
        self.group: Referent | None = None
        """ "of the cups on the table, …": what a sentence begins with, to choose from."""
        self.before: Referent | None = None
        """The thing spoken of before ``thing``."""
        self.person: Referent | None = None
        self.place: Referent | None = None
        self.last: Referent | None = None
        self.mover: Referent | None = None
        """The thing or person last spoken of: what "them" is."""
        self.guesses = 0

    def remember(self, referent: Referent | None) -> None:
        """Makes ``referent`` the thing, person or place last spoken of."""
        if referent is None:
            return
        if referent.kind == "object":
            self.before = self.before if referent == self.thing else self.thing
            self.thing = referent
        elif referent.kind == "person":
            self.person = referent
        elif referent.kind == "place":
            self.place = referent
        if referent.kind in ("object", "person", "place"):
            self.last = referent
        if referent.kind in ("object", "person"):
            self.mover = referent

    def referent(self, described: Described, wants: str = "object") -> Referent:
        """Builds and remembers the referent. ``wants`` (object, person, place) settles pronouns and names."""
        noun, pps = described
        referent = self._chain(noun, [*pps, *noun.pps], wants)
        self.remember(referent)
        return referent

    def _chain(self, noun: Noun, pps: list[tuple[str, Noun]], wants: str) -> Referent:
        """Attaches each phrase to the nearest noun before it that it can describe."""
        owned: dict[int, list[tuple[str, Noun]]] = {}
        path = [noun]
        for preposition, part in pps:
            owner = next((n for n in reversed(path) if fits(n, preposition, part)), noun)
            if preposition == "from":
                owner = noun
            owned.setdefault(id(owner), []).append((preposition, part))
            path = [*path[: path.index(owner) + 1], part] if owner in path else [*path, part]
        return self._build(noun, owned, wants)

    def _build(self, noun: Noun, owned: dict[int, list[tuple[str, Noun]]], wants: str) -> Referent:
        base = self._head(noun, wants)
        relations: list[Relation] = list(base.relations)
        for preposition, part in owned.get(id(noun), []):
            for each in (part, *part.coordinated):
                where = each.is_place or ((each.pronoun == "it" or each.unknown) and preposition in _WHERE)
                inner = self._build(each, owned, "place" if where else "object")
                predicate = self._predicate(preposition, inner)
                if predicate in ("left_of", "right_of") and inner.category == "room":
                    # "the person on the right of the room" stands in it
                    base = dataclasses.replace(base, superlative=f"{predicate.removesuffix('_of')}_most")
                    predicate = "in"
                if predicate:
                    relations.append(Relation(predicate, inner))
                    if inner.kind == "place":
                        self.place = inner
        return dataclasses.replace(base, relations=tuple(relations))

    def _predicate(self, preposition: str, part: Referent) -> str:
        if (preposition in ("from", "of", "to") and part.kind == "place") or (
            preposition == "on" and part.category == "room"
        ):
            if part.category == "room" or part.category in self.lexicon.inside:
                return "in"
            return "on" if preposition == "from" else "in" if preposition == "on" else "at"
        if preposition == "from" and part.kind == "object":
            return "in" if part.category in self.lexicon.inside else "on"
        return preposition if preposition in RELATIONS else ""

    def _head(self, noun: Noun, wants: str) -> Referent:
        self.guesses += noun.guesses
        if noun.kind == "user":
            return USER
        if noun.kind == "robot":
            return ROBOT
        if noun.pronoun in ("it", "them", "him", "there", "here"):
            return self._pointed(noun, wants)
        if noun.pronoun == "one" or (noun.headless and self.group is not None):
            return self._one(noun)
        if noun.unknown:
            return self._unknown(noun, wants)
        if noun.absent and not self.open_world:
            raise Unclear("unknown", self._absent(noun))
        if noun.asks and not noun.kind and self.open_world and noun.asks in self.lexicon.words.clothes:
            noun = dataclasses.replace(noun, kind="object", category=noun.asks.replace(" ", "_"), asks="")
        if noun.asks and not noun.kind:
            raise Unclear("unknown", f"I do not know '{noun.asks}' as a thing. {self._known('object')}")
        pointed = self._pointed_noun(noun)
        if pointed is not None:
            return pointed
        superlative, attributes = noun.superlative, list(dict.fromkeys(noun.attributes))
        if noun.any_will_do and noun.quantity == 1 and not superlative and noun.kind in ("object", "person"):
            attributes.append("any")
        superlative, attributes = _sides(noun.kind, superlative, attributes)
        return Referent(
            kind=noun.kind or ("person" if wants == "person" and not noun.attributes else "object"),
            category=noun.category,
            name=noun.name,
            attributes=tuple(attributes),
            superlative=superlative,
            quantity=noun.quantity,
            posture=noun.posture,
            not_attributes=tuple(dict.fromkeys(noun.not_attributes)),
        )

    def _pointed_noun(self, noun: Noun) -> Referent | None:
        """ "that person", "this thing": who or what was last spoken of, when nothing else is said."""
        if not noun.pointed or noun.attributes or noun.superlative or noun.posture or noun.plural:
            return None
        if noun.kind == "person" and not noun.name:
            spoken = self.person
            return spoken if spoken is not None and noun.category in ("person", spoken.category) else None
        return self.thing if noun.kind == "object" and not noun.category and not noun.absent else None

    def _pointed(self, noun: Noun, wants: str) -> Referent:
        if noun.pronoun == "here":
            return USER
        found: Referent | None
        if noun.pronoun == "there":
            found = self.place
        elif noun.pronoun == "him":
            found = self.person
        elif wants == "person":
            found = self.person or self.thing
        elif wants == "any":
            found = self.last
        elif wants == "place":
            found = self.place or self.thing
        else:
            found = self.mover if noun.pronoun == "them" else self.thing
        if found is None and noun.pronoun == "him":
            return Referent(kind="person", category="person")
        if found is None:
            word = {"there": "'there'", "them": "'them'"}.get(noun.pronoun, "'it'")
            raise Unclear("question", f"What do you mean by {word}?")
        return found

    def _one(self, noun: Noun) -> Referent:
        base = self.group or self.thing or Referent(kind="object")
        changed = bool(noun.attributes or noun.superlative or noun.not_attributes)
        old = () if changed else base.attributes
        superlative, attributes = _sides("object", noun.superlative, list(noun.attributes))
        return dataclasses.replace(
            base,
            attributes=tuple(dict.fromkeys((*old, *attributes))),
            not_attributes=tuple(noun.not_attributes),
            superlative=superlative,
            quantity=noun.quantity,
            relations=base.relations if not changed or base is self.group else (),
        )

    def _unknown(self, noun: Noun, wants: str) -> Referent:
        if wants == "person" and not noun.determined and len(noun.unknown.split()) <= 2:
            self.guesses += 1
            return Referent(kind="person", category="person", name=noun.unknown)
        if self.open_world and len(noun.unknown.split()) <= 2:
            self.guesses += 1
            category = noun.unknown.replace(" ", "_")
            return Referent("place" if wants == "place" else "object", category, attributes=tuple(noun.attributes))
        raise Unclear("unknown", f"I do not know what '{noun.unknown}' is. {self._known(wants)}")

    def _absent(self, noun: Noun) -> str:
        if noun.kind == "place":
            return f"I know no {noun.absent} here. {self._known('place')}"
        return f"I have not learned what '{noun.absent}' looks like. {self._known('object')}"

    def _known(self, wants: str) -> str:
        if wants == "person":
            return "Tell me a person's name, or describe the person."
        if wants == "place":
            places = [name.replace("_", " ") for name in (*self.lexicon.rooms, *self.lexicon.furniture)]
            return f"Places I know: {', '.join(places) or 'none'}."
        return f"Things I know: {', '.join(c.replace('_', ' ') for c in self.lexicon.objects) or 'none'}."
