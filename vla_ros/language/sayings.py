"""Other ways to say a command, as patterns from the words files: "get rid of {thing}" is "throw away {thing}".

The parser lets it rewrite the tokens of each clause before it reads them; an owner adds sayings, and with them
skills of several steps, without code. Pure: tokens in, tokens out. Imports its siblings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from vla_ros.language.arguments import ArgumentReader
from vla_ros.language.english import PREPOSITION_PHRASES, RELATIVES
from vla_ros.language.nouns import Noun
from vla_ros.language.patterns import Part, Saying, Slot, first_words
from vla_ros.language.quantities import read_measure
from vla_ros.language.tokens import Tokens

_LONGEST = 24
_MOST_REWRITES = 30
_MOST_NESTED = 4
_FUEL = 4000
"""Steps that one search may take: no sentence makes it slow."""
_DESCRIBING = frozenset(("'s", "i", "you", "please", "not", "there", "and", "too"))
_CLOSERS = frozenset((",", ".", "and", "then", "but", "or", "if", "when", "until", "unless", "before", "after"))
Test = Callable[[list[str], int, int], bool]


@dataclass(slots=True)
class Match:
    """Where a saying was found: it ends before ``end``; each slot's words are ``slots[name]`` = (start, end)."""

    end: int
    saying: Saying
    slots: dict[str, tuple[int, int]] = field(default_factory=dict)

    def literals(self, start: int) -> int:
        """How many words were said literally: the more, the surer."""
        return self.end - start - sum(stop - begin for begin, stop in self.slots.values())


class Sayings:
    """Finds the sayings of one lexicon in tokens.

    Args:
        sayings: from patterns.compile_sayings.
        reader: reads noun phrases and borders of clauses.
        tests: further kinds of slots: (words, start, end) -> whether they fit.
        whole: a saying that ends with a word must end where its clause ends.
    """

    def __init__(
        self,
        sayings: Sequence[Saying],
        reader: ArgumentReader,
        tests: Mapping[str, Test] | None = None,
        whole: bool = True,
    ) -> None:
        self._reader = reader
        self._whole = whole
        self._tests: dict[str, Test] = {
            "any": lambda words, at, end: True, "who": self._who, "place": self._place, "thing": self._thing,
            "one": self._one, "amount": _amount, **(tests or {}),
        }  # fmt: skip
        self._by_word: dict[str, list[Saying]] = {}
        self._open: dict[str, list[Saying]] = {}
        """Sayings that begin with a slot, by the words that may follow it."""
        for saying in sayings:
            if saying.firsts:
                for word in saying.firsts:
                    self._by_word.setdefault(word, []).append(saying)
                continue
            for word in first_words(saying.parts[1:]) or ():
                self._open.setdefault(word, []).append(saying)
        self._fuel = 0

    def rewrite(self, tokens: Tokens) -> Tokens:
        """The tokens with every saying replaced by what it stands for; the same object when there is none."""
        at, left, nested = 0, _MOST_REWRITES, 0
        while at < len(tokens) and left:
            found = self.match(tokens.words, at)
            if found is not None and nested < _MOST_NESTED:
                changed = spliced(tokens, at, found)
                left, nested = left - 1, nested + 1
                if changed.words != tokens.words:
                    tokens = changed
                    continue
            nested = 0
            at = self._next(tokens.words, at)
        return tokens

    def match(self, words: list[str], at: int) -> Match | None:
        """The saying at ``at`` of which most words were said literally, None when there is none."""
        candidates = self._by_word.get(words[at], [])
        if self._open and self._may_begin(words, at):
            ahead = dict.fromkeys(words[at + 1 : at + _LONGEST])
            candidates = [*candidates, *(s for word in ahead for s in self._open.get(word, ()))]
        best: Match | None = None
        self._fuel = _FUEL
        for saying in dict.fromkeys(candidates):
            slots: dict[str, tuple[int, int]] = {}
            end = next(self._walk(words, at, saying.parts, slots), None)
            if end is None:
                continue
            found = Match(end, saying, slots)
            if best is None or found.literals(at) > best.literals(at):
                best = found
        return best

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

    def _walk(
        self, words: list[str], at: int, parts: tuple[Part, ...], slots: dict[str, tuple[int, int]]
    ) -> Iterator[int]:
        """Ends of all readings of ``parts`` at ``at``; ``slots`` holds those of the reading just yielded."""
        self._fuel -= 1
        if self._fuel < 0:
            return
        if not parts:
            if not self._whole or self._closed(words, at, slots):
                yield at
            return
        part, rest = parts[0], parts[1:]
        if isinstance(part, str):
            if words[at : at + 1] == [part]:
                yield from self._walk(words, at + 1, rest, slots)
        elif isinstance(part, Slot):
            follow = first_words(rest)
            ends = self._ends(words, at)
            for end in ends if rest else reversed(ends):
                if follow is not None and words[end : end + 1] and words[end] not in follow:
                    continue
                if self._tests[part.kind](words, at, end):
                    slots[part.name] = (at, end)
                    yield from self._walk(words, end, rest, slots)
            slots.pop(part.name, None)
        else:
            for choice in part.choices:
                yield from self._walk(words, at, choice + rest, slots)

    def _ends(self, words: list[str], at: int) -> list[int]:
        """Where a slot that begins at ``at`` may end: within its clause."""
        ends: list[int] = []
        if words[at : at + 1] in ([","], ["."]):
            return ends
        for end in range(at + 1, min(at + _LONGEST, len(words)) + 1):
            ends.append(end)
            if end < len(words) and (
                words[end] in (",", ".", "before", "after")
                or self._reader.condition(words, end)
                or (self._reader.separator(words, end) and self._reader.starts_clause(words, end))
            ):
                break
        return ends

    def _closed(self, words: list[str], at: int, slots: Mapping[str, tuple[int, int]]) -> bool:
        if at >= len(words) or words[at] in _CLOSERS or any(end == at for _, end in slots.values()):
            return True
        return bool(self._reader.filler(words, at) or self._reader.lexicon.match(words, at, "manner"))

    # -- kinds of slots -----------------------------------------------------------------------------------------

    def _noun(self, words: list[str], at: int, end: int) -> Noun | None:
        """The noun phrase at ``at`` when it, with what describes it, reaches ``end``."""
        found = self._reader.nouns.read(words[:end], at)
        if found is None or (found[0] < end and not self._describes(words, found[0])):
            return None
        return found[1]

    def _describes(self, words: list[str], at: int) -> bool:
        """True when what stands after a noun can describe it: "on the table", "that is red", "waving"."""
        word = words[at]
        if word in PREPOSITION_PHRASES or word in RELATIVES or word in _DESCRIBING:
            return True
        return self._reader.lexicon.match(words, at, "posture", "robot", "filler") is not None

    def _who(self, words: list[str], at: int, end: int) -> bool:
        noun = self._noun(words, at, end)
        return noun is not None and noun.is_person

    def _place(self, words: list[str], at: int, end: int) -> bool:
        noun = self._noun(words, at, end)
        return noun is not None and (noun.is_place or noun.pronoun == "it" or bool(noun.unknown and noun.determined))

    def _thing(self, words: list[str], at: int, end: int) -> bool:
        noun = self._noun(words, at, end)
        return noun is not None and not (
            noun.is_person
            or noun.is_place
            or noun.kind == "robot"
            or noun.asks
            or noun.headless
            or (noun.unknown and not noun.determined)
        )

    def _one(self, words: list[str], at: int, end: int) -> bool:
        """A thing by its name alone: "the biggest thing in the fridge" is told by where it is."""
        found = self._reader.nouns.read(words[:end], at)
        if found is None or found[0] != end or not found[1].category:
            return False
        return not (found[1].superlative or found[1].any_will_do) and self._thing(words, at, end)


def _amount(words: list[str], at: int, end: int) -> bool:
    measure = read_measure(words[:end], at)
    return measure is not None and at + measure[0] == end


def spliced(tokens: Tokens, at: int, found: Match) -> Tokens:
    """The tokens with the saying at ``at`` replaced; words in slots keep their corrections and quotes."""
    out = Tokens()
    for index in range(at):
        _copy(tokens, index, out)
    inside = {i for start, stop in found.slots.values() for i in range(start, stop)}
    edits = sum(e for i, e in enumerate(tokens.edits[at : found.end], at) if i not in inside)
    for part in found.saying.meaning:
        slot = found.slots.get(part[1:-1]) if part.startswith("{") else None
        if slot is not None:
            for index in range(*slot):
                _copy(tokens, index, out)
        else:
            out.add(part, part, edits)
            edits = 0
    for index in range(found.end, len(tokens)):
        _copy(tokens, index, out)
    return out


def _copy(tokens: Tokens, index: int, out: Tokens) -> None:
    if index in tokens.quotes:
        out.quotes[len(out)] = tokens.quotes[index]
    out.add(tokens.words[index], tokens.raw[index], tokens.edits[index])
