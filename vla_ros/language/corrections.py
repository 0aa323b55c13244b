"""A speaker who changes his mind: "bring me the red cup, no, the blue one" is "bring me the blue cup".

Works on tokens before anything else reads them. Pure; used by the parser.
"""

from __future__ import annotations

from dataclasses import dataclass

from vla_ros.core.task import RELATIONS
from vla_ros.language.arguments import DIRECTIONS, ArgumentReader
from vla_ros.language.english import PREPOSITION_PHRASES
from vla_ros.language.lexicon import NOUN_PARTS
from vla_ros.language.nouns import Noun
from vla_ros.language.quantities import read_measure
from vla_ros.language.tokens import Tokens

_MARKERS = tuple(
    tuple(p.split())
    for p in (
        "no , wait ,", "no wait ,", "no , i mean", "no , i meant", "no i mean", "no i meant", "no , sorry ,",
        "no sorry ,", "wait , no ,", "wait no ,", "no , rather", "no , not that ,", "not that one ,", "no , wait",
        "no wait", "wait , no", "wait no", "i mean", "i meant", "i meant to say", "i mean to say", "sorry , i mean",
        "sorry , i meant", "sorry i meant", "sorry ,", "sorry", "or rather", "or better", "better", "rather",
        "correction ,", "correction", "make that", "make it", "scratch that ,", "actually ,", "actually", "oh no ,",
        "oops ,", "oops", "no ,", "no", "nope ,", "well , no ,", "pardon ,", "instead",
    )
)  # fmt: skip
_LONGEST_FIRST = sorted(_MARKERS, key=len, reverse=True)
_BORDERS = frozenset((",", "."))
_DESCRIBING = frozenset((*RELATIONS, "of", "with", "wearing")) - {"from"}
_PUT = frozenset(("to", "onto", "into", "on", "in"))


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of tokens that can be put right, and what kind it is."""

    start: int
    end: int
    kind: str
    noun: Noun | None = None


class Corrections:
    """Puts sentences right with one lexicon."""

    def __init__(self, reader: ArgumentReader) -> None:
        self._reader = reader

    def apply(self, tokens: Tokens) -> Tokens:
        """The tokens as if the speaker had said it right at once; the same object when nothing was corrected."""
        at = 1
        while at < len(tokens):
            found = self._correction(tokens.words, at)
            if found is None:
                at += 1
                continue
            marker_end, new = found
            old = self._corrected(tokens.words, at, new)
            if old is None:
                at = marker_end
                continue
            tokens = self._replaced(tokens, at, old, new)
        return tokens

    def follows(self, words: list[str]) -> bool:
        """True when the words only put right what was said before them: "no, the blue one"."""
        found = self._marked([",", *words], 1)
        if found is None:
            return False
        new = self._part([",", *words], found)
        return new is not None and self._ended([",", *words], new.end)

    def _correction(self, words: list[str], at: int) -> tuple[int, _Part] | None:
        after = self._marked(words, at)
        if after is None:
            return None
        new = self._part(words, after)
        return (after, new) if new is not None and self._ended(words, new.end) else None

    def _marked(self, words: list[str], at: int) -> int | None:
        """Index after the marker at ``at``; a comma or the like stands before it."""
        if words[at] in _BORDERS and at + 1 < len(words):
            at += 1
        elif words[at - 1] not in _BORDERS and tuple(words[at : at + 2]) not in (
            ("i", "mean"), ("i", "meant"), ("or", "rather"), ("no", "wait"), ("wait", "no")
        ):  # fmt: skip
            return None
        for marker in _LONGEST_FIRST:
            if tuple(words[at : at + len(marker)]) == marker:
                return at + len(marker)
        return None

    def _ended(self, words: list[str], at: int) -> bool:
        return (
            at >= len(words)
            or words[at] in _BORDERS
            or bool(self._reader.separator(words, at) or self._reader.filler(words, at))
        )

    def _part(self, words: list[str], at: int) -> _Part | None:
        """What stands at ``at``: a phrase with its preposition, a measure, a direction or a noun phrase."""
        if at >= len(words):
            return None
        measure = read_measure(words, at)
        if measure:
            return _Part(at, at + measure[0], measure[1])
        if words[at] in DIRECTIONS:
            return _Part(at, at + 1, "direction")
        for phrase, meaning in PREPOSITION_PHRASES.get(words[at], ()):
            if tuple(words[at : at + len(phrase)]) == phrase:
                found = self._reader.nouns.read(words, at + len(phrase))
                return _Part(at, self._whole(words, found[0]), f"prep {meaning}", found[1]) if found else None
        verb = self._reader.verb(words, at)
        if verb is not None and not self._reader.nouns_only(words, at):
            return None
        found = self._reader.nouns.read(words, at)
        if found is None:
            return None
        return _Part(at, self._whole(words, found[0]), _kind(found[1]), found[1])

    def _whole(self, words: list[str], at: int) -> int:
        """The end of a noun phrase with the phrases that describe it."""
        while at < len(words):
            phrase = next(
                (
                    p
                    for p, meaning in PREPOSITION_PHRASES.get(words[at], ())
                    if tuple(words[at : at + len(p)]) == p and meaning in _DESCRIBING
                ),
                None,
            )
            found = self._reader.nouns.read(words, at + len(phrase)) if phrase else None
            if found is None:
                return at
            at = found[0]
        return at

    def _corrected(self, words: list[str], marker: int, new: _Part) -> _Part | None:
        """The last part of the same kind in the clause before the marker."""
        start = next((i + 1 for i in range(marker - 1, -1, -1) if words[i] == "."), 0)
        found: list[_Part] = []
        at = start
        while at < marker:
            part = self._simple_part(words[:marker], at)
            if part is None:
                at += 1
                continue
            found.append(part)
            inner = self._simple_part(words[:marker], part.noun.start) if part.noun and part.noun.start > at else None
            found += [inner] if inner is not None else []
            at = part.end
        same = [p for p in found if _alike(p.kind, new.kind)]
        if not same and new.kind.startswith("prep") and new.noun is not None:
            kind = _kind(new.noun)
            same = [p for p in found if p.kind == kind]
        exact = [p for p in same if p.kind == new.kind] or same
        return exact[-1] if exact else None

    def _simple_part(self, words: list[str], at: int) -> _Part | None:
        part = self._part(words, at)
        if part is None or part.noun is None or part.kind.startswith("prep"):
            return part
        found = self._reader.nouns.read(words, at)
        return _Part(at, found[0], part.kind, part.noun) if found else None

    def _replaced(self, tokens: Tokens, marker: int, old: _Part, new: _Part) -> Tokens:
        words = tokens.words
        said = list(range(new.start, new.end))
        head: list[int] = []
        if new.noun is not None and (new.noun.headless or new.noun.pronoun == "one") and old.noun is not None:
            said = [i for i in said if words[i] not in ("one", "ones")]
            head = self._head(words, old)
        order = [*range(old.start), *said, *head, *range(old.end, marker), *range(new.end, len(tokens))]
        out = Tokens()
        for index in order:
            if index in tokens.quotes:
                out.quotes[len(out)] = tokens.quotes[index]
            out.add(words[index], tokens.raw[index], tokens.edits[index])
        return out

    def _head(self, words: list[str], part: _Part) -> list[int]:
        """The tokens of a noun phrase that name the thing: (the red) cup."""
        for at in range(part.start, part.end):
            found = self._reader.lexicon.match(words, at, *NOUN_PARTS)
            if found is not None and at + found[0] == part.end:
                return list(range(at, part.end))
        return []


def _kind(noun: Noun) -> str:
    if noun.is_place:
        return "place"
    return "person" if noun.is_person or (noun.unknown and not noun.determined) else "object"


def _alike(old: str, new: str) -> bool:
    if old.startswith("prep") and new.startswith("prep"):
        a, b = old.removeprefix("prep "), new.removeprefix("prep ")
        return a == b or {a, b} <= _PUT
    return old == new
