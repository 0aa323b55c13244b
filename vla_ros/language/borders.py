"""Where a clause ends and the next begins: separators, fillers, verbs, negations and conditions by index.

What reads arguments builds on it; the parser, the sayings and the speech verbs ask it, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from vla_ros.language.english import COPULAS, DETERMINERS, NEGATIONS
from vla_ros.language.lexicon import Entry, Lexicon
from vla_ros.language.nouns import NounReader

SEPARATORS = tuple(
    tuple(p.split())
    for p in (
        "and after that", "and then", "after that", "after this", "and afterwards", "afterwards", "and finally",
        "finally",
        "and next", "then", "and", "but", "or", "plus", "meanwhile", "in the meantime", "at the same time", "first",
        "first of all", "firstly", "secondly", "second", "lastly", "last", "next", ",", "in order to",
        "so that you can", "where you will", "where you can", "where you may", "where you should",
    )
)  # fmt: skip
_SEPARATORS: dict[str, list[tuple[str, ...]]] = {}
for _phrase in sorted(SEPARATORS, key=lambda phrase: -len(phrase)):
    _SEPARATORS.setdefault(_phrase[0], []).append(_phrase)
_SIMULTANEOUS = (("meanwhile",), ("in", "the", "meantime"), ("at", "the", "same", "time"))
CONDITIONS = {"if": "if", "when": "when", "whenever": "when", "once": "when", "until": "until", "till": "until",
              "unless": "unless", "as soon as": "when", "in case": "if", "while": "when"}  # fmt: skip


def simultaneous(words: Sequence[str], start: int, end: int) -> bool:
    """True when a word between two clauses says that they are done at the same time."""
    return any(tuple(words[at : at + len(phrase)]) == phrase for at in range(start, end) for phrase in _SIMULTANEOUS)


_CONDITIONS: dict[str, list[tuple[list[str], str]]] = {}
for _text, _word in CONDITIONS.items():
    _CONDITIONS.setdefault(_text.split()[0], []).append((_text.split(), _word))


class Borders:
    """Finds clause borders with one lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.nouns = NounReader(lexicon)

    def skip_separators(self, words: list[str], at: int) -> int:
        """First index that is no separator, filler or form of address."""
        while at < len(words):
            used = self.separator(words, at) or self.filler(words, at)
            if not used:
                return at
            at += used
        return at

    def separator(self, words: list[str], at: int) -> int:
        """Number of tokens of the separator at ``at``, 0 when there is none."""
        best = 0
        for phrase in _SEPARATORS.get(words[at], ()):
            if tuple(words[at : at + len(phrase)]) == phrase:
                best = len(phrase)
                break
        if best == 1 and words[at : at + 2] in (["next", "to"], ["second", "from"], ["first", "from"]):
            return 0
        if best == 0 and words[at] == "to" and self.verb(words, at + 1) and not self.nouns_only(words, at + 1):
            return 1
        return best

    def filler(self, words: list[str], at: int) -> int:
        """Number of tokens of the filler or address at ``at``, 0 when there is none."""
        found = self.lexicon.match(words, at, "filler", "robot")
        if not found or (
            words[at] in ("now", "start", "begin", "quick") and self.verb(words, at, longer_than=found[0])
        ):
            return 0
        return found[0]

    def verb(self, words: list[str], at: int, longer_than: int = 0) -> tuple[int, Entry] | None:
        """The verb phrase at ``at``, also what the robot cannot do."""
        if words[at : at + 1] == ["question"] and at and (words[at - 1] in DETERMINERS or words[at - 1] == "whose"):
            return None
        found = self.lexicon.match(words, at, "verb", "cannot", "verb_form")
        return found if found and found[0] > longer_than else None

    def nouns_only(self, words: list[str], at: int) -> bool:
        """True when the word at ``at`` reads better as a noun or adjective than as a verb."""
        found = self.lexicon.match(
            words, at, "object", "thing", "room", "furniture", "attribute", "color", "person", "clothes"
        )
        verb = self.verb(words, at)
        if not found:
            return False
        if verb and verb[0] > found[0]:
            return False
        following = words[at + found[0]] if at + found[0] < len(words) else "."
        return following in (",", ".", "and") or self.nouns.read(words, at + found[0], allow_unknown=False) is None

    def starts_clause(self, words: list[str], at: int) -> bool:
        """True when a new command, question or condition begins at ``at`` (fillers may come first)."""
        at = self.skip_separators(words, at)
        if at >= len(words) or words[at] == ".":
            return False
        if self.condition(words, at) or self.negation(words, at):
            return True
        if words[at] in ("how", "what", "which", "who", "where", "whose", "otherwise", "else"):
            return True
        if words[at] in ("he", "she", "they", "it") and words[at + 1 : at + 2] and words[at + 1] in COPULAS:
            return True
        return self.verb(words, at) is not None and not self.nouns_only(words, at)

    def negation(self, words: list[str], at: int) -> int:
        """Number of tokens of "don't", "never" … before a verb, 0 when there is none."""
        for phrase in NEGATIONS:
            parts = phrase.split()
            if words[at : at + len(parts)] == parts:
                after = self.skip_separators(words, at + len(parts))
                if self.verb(words, after):
                    return after - at
        return 0

    def condition(self, words: list[str], at: int) -> tuple[int, str] | None:
        """(tokens, condition word) at ``at``."""
        for parts, word in _CONDITIONS.get(words[at], ()) if at < len(words) else ():
            if words[at : at + len(parts)] == parts:
                return len(parts), word
        return None
