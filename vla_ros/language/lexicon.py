"""Every word the parser knows, by part of speech, from the catalog, the floor plan, the people and words.yaml.

Imports core and the words file; the parser's parts look phrases up in it. An owner adds words, no code.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vla_ros.core.catalog import Catalog
from vla_ros.core.errors import ConfigError
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.people import People
from vla_ros.language.english import (
    DETERMINERS,
    FUNCTION_WORDS,
    PREPOSITIONS,
    comparative_of,
    inflections,
    plural_of,
)
from vla_ros.language.patterns import Saying, compile_sayings
from vla_ros.language.spelling import Speller
from vla_ros.language.words import Words

_STAND_INS = {"room": ("room", "name"), "name": ("person", "name")}
"""Category and whether the stand-in is the name, for parts of speech whose words name one place or person."""
NOUN_PARTS = ("object", "thing", "room", "furniture", "person", "name", "clothes", "property")


@dataclass(frozen=True, slots=True)
class Entry:
    """One meaning of a phrase. ``known`` is False for words of places and things that are not here."""

    part: str
    value: str
    name: str = ""
    attributes: tuple[str, ...] = ()
    plural: bool = False
    known: bool = True


@dataclass(slots=True)
class Lexicon:
    """Phrases with their meanings; make it with :meth:`load` or :meth:`build`."""

    words: Words
    rooms: tuple[str, ...] = ()
    inside: frozenset[str] = frozenset()
    furniture: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    containers: frozenset[str] = frozenset()
    sayings: tuple[Saying, ...] = ()
    refusals: tuple[Saying, ...] = ()
    offers: tuple[Saying, ...] = ()
    _table: dict[str, list[tuple[tuple[str, ...], Entry]]] = field(default_factory=dict)
    speller: Speller = field(default_factory=lambda: Speller(()))

    @classmethod
    def load(
        cls,
        objects: str | Path,
        home: str | Path | None,
        people: str | Path | None,
        words: str | Path | Sequence[str | Path] | None = None,
    ) -> Lexicon:
        """Reads the files; ``words`` None means words.yaml beside the catalog. Raises ConfigError."""
        listed = words if words is not None else Path(objects).parent / "words.yaml"
        return cls.build(
            Catalog.load(objects),
            FloorPlan.load(home) if home else None,
            People.load(people) if people else None,
            Words.load(listed),
        )

    @classmethod
    def build(cls, catalog: Catalog, home: FloorPlan | None, people: People | None, words: Words) -> Lexicon:
        """From values already read. Raises ConfigError when there is no verb at all."""
        if not words.verbs:
            raise ConfigError("words.verbs", words.verbs, "Give at least one verb; see config/words.yaml.")
        lexicon = cls(words=words)
        lexicon._add_words(words)
        lexicon._add_objects(catalog)
        lexicon._add_home(home)
        lexicon._add_people(people)
        lexicon._add_absent(words)
        lexicon.sayings = compile_sayings(words.sayings, "words.sayings")
        lexicon.refusals = compile_sayings(words.refusals, "words.refusals")
        lexicon.offers = compile_sayings(words.offers, "words.offers")
        lexicon._finish()
        return lexicon

    def match(self, tokens: Sequence[str], start: int, *parts: str) -> tuple[int, Entry] | None:
        """Longest phrase of one of ``parts`` that begins at ``start``: (number of tokens, its meaning)."""
        if start >= len(tokens):
            return None
        for phrase, entry in self._table.get(tokens[start], ()):
            if entry.part in parts and tuple(tokens[start : start + len(phrase)]) == phrase:
                return len(phrase), entry
        return None

    def has(self, word: str) -> bool:
        """True when the word occurs anywhere in the lexicon or the grammar."""
        return word in self.speller

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Every phrase with its meaning, for who needs the words themselves (a recogniser's grammar)."""
        return ((" ".join(phrase), entry) for phrases in self._table.values() for phrase, entry in phrases)

    def add(self, phrases: Iterable[str], entry: Entry) -> None:
        """Adds a meaning for phrases (before the table is finished)."""
        for phrase in phrases:
            tokens = tuple(phrase.lower().replace("_", " ").replace("'", " '").replace("-", " ").split())
            if tokens:
                self._table.setdefault(tokens[0], []).append((tokens, entry))

    def _add_words(self, words: Words) -> None:
        for verb, phrases in words.verbs.items():
            self.add(phrases, Entry("verb", verb))
            self.add((form for p in phrases for form in inflections(p)), Entry("verb_form", verb))
        for reason, phrases in words.cannot.items():
            self.add(phrases, Entry("cannot", reason))
        self.add(words.fillers, Entry("filler", ""))
        self.add(words.robot_names, Entry("robot", ""))
        for part, table in (
            ("color", words.colors), ("attribute", words.attributes), ("superlative", words.superlatives),
            ("posture", words.postures), ("manner", words.manners), ("about", words.abouts),
            ("property", words.properties),
        ):  # fmt: skip
            for value, phrases in table.items():
                self.add(phrases, Entry(part, value))
        for value, phrases in words.superlatives.items():
            self.add((comparative_of(p) for p in phrases if p.endswith("est")), Entry("comparative", value))
        for phrase in words.things:
            self.add([phrase], Entry("thing", "", plural=phrase.startswith(("every", "all"))))
            self.add([plural_of(phrase)], Entry("thing", "", plural=True))
        self.add(words.clothes, Entry("clothes", ""))
        for category, phrases in words.persons.items():
            self.add(phrases, Entry("person", category))
            self.add((plural_of(p) for p in phrases), Entry("person", category, plural=True))
        for phrase, category in words.person_plurals.items():
            self.add([phrase], Entry("person", category, plural=True))

    def _add_objects(self, catalog: Catalog) -> None:
        plain = [(k.category, k.synonyms, k.plural) for k in catalog.objects]
        extra = [(category, synonyms, "") for category, synonyms in self.words.objects.items()]
        for category, synonyms, plural in plain + extra:
            self.add((category, *synonyms), Entry("object", category))
            plurals = [plural or plural_of(category), *(plural_of(s) for s in synonyms)]
            self.add(plurals, Entry("object", category, plural=True))
        self.objects = tuple(category for category, _, _ in plain + extra)
        self.containers = frozenset(k.category for k in catalog.objects if k.container)

    def _add_home(self, home: FloorPlan | None) -> None:
        pieces = home.furniture if home else ()
        rooms = home.rooms if home else ()
        for room in rooms:
            more = self.words.rooms.get(room.name, ())
            self.add((room.name, room.name.replace("_", ""), *room.synonyms, *more), Entry("room", "room", room.name))
        for category in dict.fromkeys([p.category for p in pieces]):
            words = (category, *self.words.furniture.get(category, ()))
            self.add(words, Entry("furniture", category))
            self.add((plural_of(w) for w in words), Entry("furniture", category, plural=True))
        for piece in pieces:
            composed = {f"{room.name}_{piece.category}" for room in rooms} | {piece.category}
            for phrase in (piece.name, *piece.synonyms):
                if phrase.replace(" ", "_") not in composed:
                    self.add([phrase], Entry("furniture", piece.category, piece.name))
        for part in ("door", "drawer", "window", "floor"):
            words = (part, *self.words.furniture.get(part, ()))
            self.add(words, Entry("furniture", part))
            self.add((plural_of(w) for w in words), Entry("furniture", part, plural=True))
        enclosed = {p.category for p in pieces if p.surfaces and all(s.enclosed for s in p.surfaces)}
        self.inside = frozenset(enclosed | set(self.words.insides))
        self.rooms = tuple(room.name for room in rooms)
        self.furniture = tuple(dict.fromkeys(p.category for p in pieces))

    def _add_people(self, people: People | None) -> None:
        for person in people.people if people else ():
            if not person.user:  # the user is "me", a pronoun
                self.add((person.name, *person.synonyms), Entry("name", "person", person.name.lower()))
        for name in self.words.names:
            self.add((name,), Entry("name", "person", name.lower()))

    def _add_absent(self, words: Words) -> None:
        """Words of things and places that are not here: understood as words, so that the answer can say so."""
        for category, phrases in words.furniture.items():
            self._add_if_new((category, *phrases), Entry("furniture", category, known=False))
        for phrase in words.other_rooms:
            forms = dict.fromkeys((phrase, phrase.replace(" ", "")))
            self._add_if_new(forms, Entry("room", "room", phrase.replace(" ", "_"), known=False))
        for phrase in words.other_furniture:
            self._add_if_new([phrase], Entry("furniture", phrase.replace(" ", "_"), known=False))
        for phrase in words.other_objects:
            self._add_if_new([phrase], Entry("object", phrase.replace(" ", "_"), known=False))
        for name in words.other_names:
            if not self._is([name], "name"):
                self.add([name], Entry("name", "person", name))
        for token, part in words.placeholders.items():
            value, name = _STAND_INS.get(part, (token, ""))
            self.add([token], Entry(part, value or token, name and token, known=False))

    def _add_if_new(self, phrases: Iterable[str], entry: Entry) -> None:
        for phrase in phrases:
            for form in dict.fromkeys((phrase, plural_of(phrase))):
                tokens = form.replace("_", " ").split()
                if tokens and not any(self._is(tokens, part) for part in ("object", "room", "furniture", "clothes")):
                    self.add([form], dataclasses.replace(entry, plural=form != phrase))

    def _is(self, tokens: list[str], part: str) -> bool:
        return any(e.part == part and list(p) == tokens for p, e in self._table.get(tokens[0], ()))

    def _finish(self) -> None:
        for phrases in self._table.values():
            phrases.sort(key=lambda item: (-len(item[0]), item[1].part == "clothes", not item[1].known))
        said = [(phrase, entry.part) for phrases in self._table.values() for phrase, entry in phrases]
        vocabulary = {w for phrase, part in said if part != "comparative" for w in phrase}
        compared = {w for phrase, part in said if part == "comparative" for w in phrase}  # "wide" is rather "white"
        vocabulary |= {w for phrase in PREPOSITIONS for w in phrase.split()} | FUNCTION_WORDS
        vocabulary |= {w for phrase in self.words.real_words for w in phrase.split()}
        vocabulary -= set(self.words.other_names) - FUNCTION_WORDS
        for phrases_by_kind in (self.words.hazards, self.words.cannot):
            vocabulary |= {w for phrases in phrases_by_kind.values() for p in phrases for w in p.split()}
        for saying in (*self.sayings, *self.refusals, *self.offers):
            vocabulary |= {w for w in saying.words() if w.isalpha()}
        self.speller = Speller(vocabulary, {*self.words.other_names, *compared}, self._rareness())

    def household_names(self) -> frozenset[str]:
        """The names of the people who live here."""
        return frozenset(
            phrase[0]
            for phrases in self._table.values()
            for phrase, entry in phrases
            if entry.part == "name" and phrase[0] not in self.words.other_names
        )

    def content_words(self) -> frozenset[str]:
        """All words that name a thing, a place, a person, an action or a quality."""
        return (
            frozenset(w for phrases in self._table.values() for phrase, _ in phrases for w in phrase) - FUNCTION_WORDS
        )

    def _rareness(self) -> dict[str, float]:
        """How unlikely a word is in a command: 0 for function words, more for what this home lacks."""
        out = {w: 0.3 for saying in self.sayings for w in saying.words() if w.isalpha()}
        for phrases in self._table.values():
            for phrase, entry in phrases:
                if entry.part == "comparative":
                    continue
                cost = 0.1 if entry.known and entry.part not in ("cannot", "verb_form") else 0.5
                out |= {w: min(cost, out.get(w, 1.0)) for w in phrase}
        common = {w for phrase in PREPOSITIONS for w in phrase.split()} | DETERMINERS | FUNCTION_WORDS
        return out | dict.fromkeys(common, 0.0)
