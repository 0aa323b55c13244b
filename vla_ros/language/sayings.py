"""Other ways to say a command, as patterns from the words files: "get rid of {thing}" is "throw away {thing}".

The parser lets it rewrite the tokens of each clause before it reads them; an owner adds sayings, and with them
skills of several steps, without code. Pure: tokens in, tokens out. Imports its siblings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vla_ros.core.errors import ConfigError
from vla_ros.language.quantities import read_measure
from vla_ros.language.tokens import Tokens

if TYPE_CHECKING:
    from vla_ros.language.arguments import ArgumentReader
    from vla_ros.language.nouns import Noun

SLOTS = ("thing", "one", "who", "place", "amount", "any")
"""What a pattern may leave open: a thing, a person, a place, a length, angle or time, any words."""
_GROUP = re.compile(r"\(([^()]*)\)")
_SLOT = re.compile(r"\{(\w+)\}$")
_LONGEST = 24
_MOST_REWRITES = 30
_MOST_NESTED = 4
_CLOSERS = frozenset((",", ".", "and", "then", "but", "or", "if", "when", "until", "unless", "before", "after"))


@dataclass(frozen=True, slots=True)
class Saying:
    """One pattern and what it stands for. A part "{thing}" is a slot, any other a word."""

    parts: tuple[str, ...]
    meaning: tuple[str, ...]


def expand(pattern: str) -> Iterator[str]:
    """All readings of a pattern with groups: "(take|bring) it (away|)"."""
    match = _GROUP.search(pattern)
    if match is None:
        yield pattern
        return
    for choice in match.group(1).split("|"):
        yield from expand(pattern[: match.start()] + choice + pattern[match.end() :])


def split(text: str) -> tuple[str, ...]:
    """The words and slots of a pattern or of what it stands for."""
    return tuple(text.lower().replace(",", " , ").replace(".", " . ").replace("'s", " 's").split())


def compile_sayings(table: Mapping[str, Iterable[str]], field: str = "words.sayings") -> tuple[Saying, ...]:
    """Checks and expands a table (meaning -> patterns). Raises ConfigError with the pattern that cannot be used."""
    out = []
    for meaning, patterns in table.items():
        target = split(meaning)
        for pattern in (p for written in patterns for p in expand(written)):
            parts = split(pattern)
            slots = [p for p in parts if _SLOT.match(p)]
            for slot in slots:
                if slot[1:-1].rstrip("0123456789") not in SLOTS or slots.count(slot) > 1:
                    remedy = f"Use each slot once; slots are {', '.join('{%s}' % s for s in SLOTS)}, also {{thing2}}."
                    raise ConfigError(f"{field}.{meaning}", pattern, remedy)
            if any(p not in slots for p in target if _SLOT.match(p)):
                raise ConfigError(f"{field}.{meaning}", pattern, "The pattern must have every slot that its key has.")
            if not parts or len(parts) == len(slots):
                raise ConfigError(f"{field}.{meaning}", pattern, "A pattern needs at least one word.")
            if parts != target:  # one reading of a pattern with groups may be the command itself
                out.append(Saying(parts, target))
    return tuple(dict.fromkeys(out))


class Sayings:
    """Rewrites clauses with the sayings of one lexicon."""

    def __init__(self, sayings: Sequence[Saying], reader: ArgumentReader) -> None:
        self._reader = reader
        self._by_word: dict[str, list[Saying]] = {}
        self._open: dict[str, list[Saying]] = {}
        """Sayings that begin with a slot, by their first word."""
        for saying in sorted(sayings, key=lambda s: -sum(not _SLOT.match(p) for p in s.parts)):
            first = saying.parts[0]
            if _SLOT.match(first):
                word = next(p for p in saying.parts if not _SLOT.match(p))
                self._open.setdefault(word, []).append(saying)
            else:
                self._by_word.setdefault(first, []).append(saying)

    def rewrite(self, tokens: Tokens) -> Tokens:
        """The tokens with every saying replaced by what it stands for; the same object when there is none."""
        at, left, nested = 0, _MOST_REWRITES, 0
        while at < len(tokens) and left:
            found = self.match(tokens.words, at)
            if found is not None and nested < _MOST_NESTED:
                end, saying, slots = found
                tokens = _spliced(tokens, at, end, saying, slots)
                left, nested = left - 1, nested + 1
                continue
            nested = 0
            at = self._next(tokens.words, at)
        return tokens

    def match(self, words: list[str], at: int) -> tuple[int, Saying, dict[str, tuple[int, int]]] | None:
        """(index after it, the saying, words of each slot) for the longest saying at ``at``."""
        candidates = self._by_word.get(words[at], [])
        if self._open and self._may_begin(words, at):
            ahead = dict.fromkeys(words[at + 1 : at + _LONGEST])
            candidates = [*candidates, *(s for word in ahead for s in self._open.get(word, ()))]
        for saying in candidates:
            slots: dict[str, tuple[int, int]] = {}
            end = self._fit(words, at, saying.parts, 0, slots)
            if end is not None:
                return end, saying, slots
        return None

    def _may_begin(self, words: list[str], at: int) -> bool:
        """A slot begins a clause as a noun phrase, never as a verb: "open the box …" is no thing."""
        return self._reader.verb(words, at) is None or self._reader.nouns_only(words, at)

    def _next(self, words: list[str], at: int) -> int:
        """The next index where a clause may begin."""
        used = self._reader.separator(words, at) or self._reader.filler(words, at)
        if used:
            return at + used
        at += 1
        while at < len(words) and not self._reader.separator(words, at) and words[at] != ".":
            at += 1
        return at + (1 if words[at : at + 1] == ["."] else 0)

    def _fit(
        self, words: list[str], at: int, parts: tuple[str, ...], index: int, slots: dict[str, tuple[int, int]]
    ) -> int | None:
        if index == len(parts):
            return at if self._closed(words, at, parts[-1]) else None
        part = parts[index]
        if not _SLOT.match(part):
            return self._fit(words, at + 1, parts, index + 1, slots) if words[at : at + 1] == [part] else None
        ends = self._ends(words, at)
        for end in reversed(ends) if index + 1 == len(parts) else ends:
            if (
                index + 1 < len(parts)
                and words[end : end + 1] != [parts[index + 1]]
                and not _SLOT.match(parts[index + 1])
            ):
                continue
            if self._is(part[1:-1].rstrip("0123456789"), words, at, end):
                slots[part] = (at, end)
                found = self._fit(words, end, parts, index + 1, slots)
                if found is not None:
                    return found
        slots.pop(part, None)
        return None

    def _ends(self, words: list[str], at: int) -> list[int]:
        """Where a slot that begins at ``at`` may end: within its clause."""
        ends = []
        for end in range(at + 1, min(at + _LONGEST, len(words)) + 1):
            ends.append(end)
            if end < len(words) and (
                words[end] in (",", ".")
                or (self._reader.separator(words, end) and self._reader.starts_clause(words, end))
            ):
                break
        return ends if at < len(words) else []

    def _is(self, slot: str, words: list[str], at: int, end: int) -> bool:
        if slot == "any":
            return True
        if slot == "amount":
            measure = read_measure(words[:end], at)
            return measure is not None and at + measure[0] == end
        found = self._reader.nouns.read(words[:end], at)
        if found is None:
            return False
        noun = found[1]
        if slot == "who":
            return noun.is_person
        if slot == "place":
            return noun.is_place or noun.pronoun == "it" or bool(noun.unknown and noun.determined)
        if slot == "one" and (noun.superlative or not noun.category or found[0] < end):
            return False  # "the biggest thing" is told by where it is
        return _is_thing(noun)

    def _closed(self, words: list[str], at: int, last: str) -> bool:
        """A saying that ends with a word is one only when its clause ends there too."""
        if _SLOT.match(last) or at >= len(words) or words[at] in _CLOSERS:
            return True
        return bool(self._reader.filler(words, at) or self._reader.lexicon.match(words, at, "manner"))


def _is_thing(noun: Noun) -> bool:
    return not (noun.is_person or noun.is_place or noun.kind == "robot" or noun.asks or noun.headless)


def _spliced(tokens: Tokens, at: int, end: int, saying: Saying, slots: dict[str, tuple[int, int]]) -> Tokens:
    """The tokens with ``at`` to ``end`` replaced; the words of the slots keep their corrections and quotes."""
    out = Tokens()
    for index in range(at):
        _copy(tokens, index, out)
    inside = {i for start, stop in slots.values() for i in range(start, stop)}
    edits = sum(e for i, e in enumerate(tokens.edits[at:end], at) if i not in inside)
    for part in saying.meaning:
        if part in slots:
            for index in range(*slots[part]):
                _copy(tokens, index, out)
        else:
            out.add(part, part, edits)
            edits = 0
    for index in range(end, len(tokens)):
        _copy(tokens, index, out)
    return out


def _copy(tokens: Tokens, index: int, out: Tokens) -> None:
    if index in tokens.quotes:
        out.quotes[len(out)] = tokens.quotes[index]
    out.add(tokens.words[index], tokens.raw[index], tokens.edits[index])
