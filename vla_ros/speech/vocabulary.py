"""The words that the closed recogniser may hear, sorted by the place they take in a command.

Made from plain tuples, so that whoever knows the lexicon can hand it over without this stage importing it. Goes to
grammar.py. Imports nothing of the package.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Entry = tuple[str, str, str, bool, int]
"""(phrase, part of speech, meaning, plural, likeliness), the first four in the notation of the language stage's
lexicon. Likeliness: ABSENT, OTHER, USUAL or AT_HOME."""
ABSENT, OTHER, USUAL, AT_HOME = 0, 1, 5, 40
"""A word for what is not here; another word for something (how often it stands in its class); the usual word; a person
of this home."""

_THINGS = ("object", "thing")
_FITTINGS = ("furniture", "clothes")


def spoken(phrase: str) -> str:
    """A phrase as it is said: lower case, the signs of writing taken out; "" when it has other characters."""
    words = phrase.lower().replace("_", " ").replace("-", " ").replace(" '", "'").split()
    return " ".join(words) if all(w.replace("'", "").isalpha() and w.isascii() for w in words) else ""


@dataclass(frozen=True)
class Vocabulary:
    """Phrases by class, likely ones several times. Build it with :meth:`of`."""

    verbs: dict[str, tuple[str, ...]]
    """meaning -> phrases that can open a clause"""
    things: tuple[str, ...]
    things_plural: tuple[str, ...]
    fittings: tuple[str, ...]
    fittings_plural: tuple[str, ...]
    absent: tuple[str, ...]
    """things and places that are words, but not here: heard right, so that the answer can say so"""
    places: tuple[str, ...]
    clothes: tuple[str, ...]
    persons: tuple[str, ...]
    people: tuple[str, ...]
    names: tuple[str, ...]
    colors: tuple[str, ...]
    adjectives: tuple[str, ...]
    superlatives: tuple[str, ...]
    postures: tuple[str, ...]
    manners: tuple[str, ...]
    abouts: tuple[str, ...]
    properties: tuple[str, ...]
    refused: tuple[str, ...]
    """verbs of what the robot cannot or will not do: heard right, so that they are refused and not misheard"""
    fillers: tuple[str, ...]
    robots: tuple[str, ...]

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Vocabulary:
        """Sorts the lexicon's entries; phrases that cannot be spoken are left out, doubles are joined."""
        found: dict[tuple[str, bool, bool], dict[str, int]] = {}
        verbs: dict[str, dict[str, int]] = {}
        for phrase, part, meaning, plural, likely in entries:
            text = spoken(phrase)
            if not text:
                continue
            known = likely > ABSENT
            group = verbs.setdefault(meaning, {}) if part == "verb" else found.setdefault((part, plural, known), {})
            group[text] = max(group.get(text, 1), likely)

        def phrases(*parts: str, plurals: tuple[bool, ...] = (False, True), known: bool = True) -> tuple[str, ...]:
            keys = [(part, plural, known) for part in parts for plural in plurals]
            return tuple(word for key in keys for text, times in found.get(key, {}).items() for word in times * [text])

        return cls(
            verbs={m: tuple(w for text, times in texts.items() for w in times * [text]) for m, texts in verbs.items()},
            things=phrases(*_THINGS, plurals=(False,)),
            things_plural=phrases(*_THINGS, plurals=(True,)),
            fittings=phrases(*_FITTINGS, plurals=(False,)),
            fittings_plural=phrases(*_FITTINGS, plurals=(True,)),
            absent=phrases(*_THINGS, *_FITTINGS, "room", plurals=(False,), known=False),
            places=phrases("room", "furniture", plurals=(False,)),
            clothes=phrases("clothes", plurals=(False,)),
            persons=phrases("person", plurals=(False,)),
            people=phrases("person", plurals=(True,)),
            names=phrases("name"),
            colors=phrases("color"),
            adjectives=phrases("attribute"),
            superlatives=phrases("superlative"),
            postures=phrases("posture"),
            manners=phrases("manner"),
            abouts=phrases("about"),
            properties=phrases("property"),
            refused=phrases("cannot", "hazard"),
            fillers=phrases("filler"),
            robots=phrases("robot"),
        )
