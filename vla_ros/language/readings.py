"""Other readings of a sentence that was mistyped or misheard: which words may have been meant, likeliest first.

The parser tries them when a sentence makes no sense as it stands, and takes the one that does. Pure: tokens in,
tokens out; imports its siblings.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from vla_ros.language.english import DETERMINERS, FUNCTION_WORDS
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.spelling import Speller
from vla_ros.language.tokens import Tokens

_DOUBLED = frozenset(("no", "very", "so", "stop", "ha", "bye", "really", "that", "had", "<quote>", ",", ".", "'s"))
_MOST_READINGS = 16
_MOST_TOKENS = 40
_KEPT_UNKNOWN = 2.6
_REAL_WORD = 0.9
"""What it costs, in edits, to leave an unknown word as it is, and to take a known word for another."""
_MOST_COST = 4.5
_SAME_SOUND: dict[str, tuple[str, ...]] = {
    "form": ("from",), "an": ("and",), "own": ("on",), "his": ("is",), "than": ("then",), "their": ("there",),
    "by": ("buy",), "want": ("one",), "won": ("one",), "of": ("off",), "off": ("of",), "ever": ("every",),
    "weight": ("wait",), "write": ("right",), "self": ("shelf",), "tall": ("tell",), "wear": ("where",),
    "too": ("to",), "read": ("red",), "eat": ("it",), "hour": ("our",), "quite": ("quiet",), "lose": ("loose",),
}  # fmt: skip
"""Known words that are said or written for other known ones."""
_SPOKEN = {
    "da": "the", "te": "the", "th": "the", "hte": "the", "dat": "that", "dis": "this", "mi": "me",
    "thee": "the", "inn": "in", "ze": "the", "teh": "the",
    "fore": "for", "dem": "them", "ta": "to", "tha": "the", "nd": "and", "n": "and", "yer": "your", "ur": "your",
    "ya": "you", "wid": "with", "wiv": "with", "anudder": "another", "gonna": "going to",
}  # fmt: skip
"""Small words as they are pronounced."""
_DIGITS = {"two": "to", "too": "to", "four": "for", "fore": "for"}
_UNITS = frozenset(("metre", "metres", "meter", "meters", "seconds", "minutes", "hours", "degrees", "centimetres",
                    "centimeters", "steps", "feet", "inches"))  # fmt: skip
Option = tuple[float, tuple[str, ...]]


def fluent(tokens: Tokens, speller: Speller) -> Tokens:
    """The tokens without words said twice, and with small words for what only sounds like them: "two the table"."""
    out = Tokens()
    words = tokens.words
    for index, word in enumerate(words):
        if out.words and word == out.words[-1] and (word in speller or word[:1].isdigit()) and word not in _DOUBLED:
            continue
        following = words[index + 1] if index + 1 < len(words) else ""
        meant = _SPOKEN.get(word, word) if word not in speller else word
        if word in _DIGITS and following in DETERMINERS:
            meant = _DIGITS[word]
        elif word in ("to", "for") and following in _UNITS:
            meant = "two" if word == "to" else "four"
        if index in tokens.quotes:
            out.quotes[len(out)] = tokens.quotes[index]
        for part in [word] if meant == word else meant.split():  # the word itself may be marked as a name
            out.add(part, tokens.raw[index] if meant == word else part, tokens.edits[index] if meant == word else 1)
    return out


class Readings:
    """Makes other readings with one lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._speller = lexicon.speller
        self._names = lexicon.household_names()
        self._fixed = lexicon.content_words() | {w for p in lexicon.words.real_words for w in p.split()}

    def strange(self, tokens: Tokens) -> int:
        """How many words are not known as they were written."""
        return sum(
            word.isalpha() and bool(edit or raw.lower() not in self._speller or self._as_name(tokens, at))
            for at, (word, raw, edit) in enumerate(zip(tokens.words, tokens.raw, tokens.edits))
        )

    def nothing_known(self, tokens: Tokens) -> bool:
        """True when no word of two letters or more is known as it was written: nothing tells what was meant."""
        return not any(
            word.isalpha() and len(word) > 1 and not edit and raw.lower() in self._speller
            for word, raw, edit in zip(tokens.words, tokens.raw, tokens.edits)
        )

    def alien(self, tokens: Tokens) -> bool:
        """True when a word is not known, not even after a correction."""
        return any(word.isalpha() and word not in self._speller for word in tokens.words)

    def _as_name(self, tokens: Tokens, at: int) -> bool:
        """True for a small word with a capital inside the sentence: "say hello to To"."""
        raw = tokens.raw[at]
        inside = at > 0 and tokens.words[at - 1] not in (".", "<quote>")
        return inside and raw.istitle() and raw != "I" and tokens.words[at] in FUNCTION_WORDS

    def of(self, tokens: Tokens) -> Iterator[tuple[float, Tokens]]:
        """Other readings of the tokens with what they cost, likeliest first; few, and none for long texts."""
        if len(tokens) > _MOST_TOKENS:
            return
        options = [self._options(tokens, i) for i in range(len(tokens))]
        changeable = [i for i, choices in enumerate(options) if len(choices) > 1]
        start = tuple(0 for _ in changeable)
        heap = [(sum(options[i][0][0] for i in changeable), start)]
        seen = {start}
        given = 0
        while heap and given < _MOST_READINGS:
            cost, chosen = heapq.heappop(heap)
            if cost > _MOST_COST + 1.2 * sum(options[i][0][0] > 0 for i in changeable):
                return
            reading = self._reading(tokens, options, dict(zip(changeable, chosen)))
            if reading is not None:
                given += 1
                yield cost, reading
            for place, index in enumerate(changeable):
                choice = chosen[place] + 1
                following = (*chosen[:place], choice, *chosen[place + 1 :])
                if choice < len(options[index]) and following not in seen:
                    seen.add(following)
                    step = options[index][choice][0] - options[index][choice - 1][0]
                    heapq.heappush(heap, (cost + step, following))

    def _options(self, tokens: Tokens, at: int) -> list[Option]:
        """What the word at ``at`` may be, cheapest first."""
        word, raw = tokens.words[at], tokens.raw[at].lower()
        if not word.isalpha() or word == "<quote>":
            return [(0.0, (word,))]
        near = self._speller.near(raw)
        if tokens.raw[at].istitle() and at and tokens.words[at - 1] != ".":
            near = [(o, c) for o, c in self._speller.near(raw, 20) if o in self._names] or near
            if self._as_name(tokens, at) and near[:1]:
                return [(0.0, (word,)), (near[0][1] - 0.6, (near[0][0],))]
        if raw in self._speller and not tokens.edits[at]:
            return [(0.0, (word,)), *self._misheard(raw, near)]
        options: list[Option] = [(cost, (other,)) for other, cost in near]
        options += [(1.0, pair) for pair in self._apart(raw)]
        options.append((_KEPT_UNKNOWN if word == raw else 1.5, (word,)))
        return sorted({words: (cost, words) for cost, words in reversed(options)}.values())

    def _misheard(self, word: str, near: list[tuple[str, float]]) -> list[Option]:
        """Other words for a known one: what sounds the same, never for a name of a thing, a place, an action."""
        if word in _SAME_SOUND:
            return [(_REAL_WORD, tuple(other.split())) for other in _SAME_SOUND[word]]
        if word in self._fixed or self._speller.rareness(word) == 0.0:
            return []
        return [(cost + _REAL_WORD, (other,)) for other, cost in near[:3] if cost < 1.7]

    def _apart(self, word: str) -> list[tuple[str, ...]]:
        """A forgotten space: "kitchentable"."""
        pairs = ((word[:i], word[i:]) for i in range(2, len(word) - 1))
        common: list[tuple[str, ...]] = [p for p in pairs if all(self._speller.rareness(w) <= 0.1 for w in p)]
        return common[:1]

    def _reading(self, tokens: Tokens, options: list[list[Option]], chosen: dict[int, int]) -> Tokens | None:
        """The tokens with the chosen words; None when that changes nothing."""
        out, changed = Tokens(), False
        for index, word in enumerate(tokens.words):
            if index in tokens.quotes:
                out.quotes[len(out)] = tokens.quotes[index]
            cost, words = options[index][chosen[index]] if index in chosen else (0.0, (word,))
            if words == (word,):
                out.add(word, tokens.raw[index], tokens.edits[index])
                continue
            changed = True
            for part in words:
                out.add(part, part, 1 if cost < 1.8 else 2)
        return out if changed else None
