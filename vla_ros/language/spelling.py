"""Small typing errors: the nearest known word within one or two edits. Pure; used by the tokenizer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vla_ros.language.sounds import sound_form, sound_key


class Speller:
    """Finds the one known word near an unknown one by deleted-letter keys, in microseconds a word.

    Words under four letters are changed only when two neighbours are swapped; two edits are allowed from seven
    letters on. When two known words are equally near, none is taken: a wrong guess is worse than a question.
    """

    def __init__(
        self, vocabulary: Iterable[str], only_known: Iterable[str] = (), rareness: Mapping[str, float] | None = None
    ) -> None:
        """``only_known`` words are right as they stand, but nothing is ever changed into them.

        ``rareness`` of a word, from 0 (said all the time) to 1, is what taking it for another costs; see :meth:`near`.
        """
        self._words = {w for w in vocabulary if w.isalpha()}
        self._rareness = dict(rareness or {})
        self._short: dict[str, list[str]] = {}
        self._sounds: dict[str, list[str]] = {}
        for word in sorted(self._words & set(self._rareness)):
            self._sounds.setdefault(sound_key(word), []).append(word)
            for key in _deletions(word, 1 if len(word) < 6 else 2) if len(word) > 1 else ():
                self._short.setdefault(key, []).append(word)
        self._only_known = frozenset(only_known)
        self._index: dict[str, list[str]] = {}
        for word in sorted(w for w in self._words if len(w) >= 4):
            for key in _deletions(word, _allowed(len(word))):
                self._index.setdefault(key, []).append(word)

    def __contains__(self, word: str) -> bool:
        return word in self._words or word in self._only_known

    def rareness(self, word: str) -> float:
        """From 0 for words said all the time to 1 for words that only happen to be known."""
        return self._rareness.get(word, 1.0)

    def near(self, word: str, most: int = 4) -> list[tuple[str, float]]:
        """Common words that ``word`` may have been meant to be, cheapest first: like in writing or in sound."""
        if not 1 < len(word) <= 24 or not word.isalpha():
            return []
        costs: dict[str, float] = {}
        allowed = 1 if len(word) < 6 else 2
        written = {c for key in _deletions(word, allowed) for c in self._short.get(key, ())}
        for candidate in written:
            edits = distance(word, candidate, allowed)
            if edits and edits < min(len(word), len(candidate)):
                odd = 0.9 * (edits == 1 and _far_key(word, candidate)) - 0.25 * _slip(word, candidate)
                first = 0.15 * (candidate[0] != word[0])
                costs[candidate] = edits + odd + first + self._rareness[candidate]
        for candidate in self._sounds.get(sound_key(word), ()) if len(word) > 2 else ():
            apart = distance(sound_form(word), sound_form(candidate), 3)
            if apart is not None:
                edits = distance(word, candidate, 3) or 4
                cost = 0.55 + 0.25 * (apart + edits) + self._rareness[candidate]
                costs[candidate] = min(costs.get(candidate, cost), cost)
        costs.pop(word, None)
        return sorted(costs.items(), key=lambda item: (item[1], item[0]))[:most]

    def correct(self, word: str) -> tuple[str, int] | None:
        """(the known word, number of edits), or None when there is none or more than one."""
        if len(word) > 24 or not word.isalpha():
            return None
        if len(word) == 3:
            swapped = {word[1] + word[0] + word[2], word[0] + word[2] + word[1]} & self._words
            return (swapped.pop(), 1) if len(swapped) == 1 else None
        if len(word) < 4:
            return None
        allowed = _allowed(len(word))
        candidates = {c for key in _deletions(word, allowed) for c in self._index.get(key, ())}
        best: list[tuple[int, str]] = []
        for candidate in candidates:
            edits = distance(word, candidate, min(allowed, _allowed(len(candidate))))
            if edits is not None:
                best.append((edits, candidate))
        if not best:
            return None
        best.sort()
        nearest = [c for c in best if c[0] == best[0][0]]
        # People rarely mistype the first letter: it decides between two equally near words.
        same_start = [c for c in nearest if c[1][0] == word[0]]
        pool = same_start or nearest
        if len(word) < 7 and pool[0][0] == 1 and _far_key(word, pool[0][1]):
            return None  # rather misheard than mistyped: other readings are tried
        return (
            (pool[0][1], pool[0][0])
            if len(pool) == 1 and (same_start or (len(word) >= 6 and pool[0][0] == 1))
            else None
        )


_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_KEY = {letter: (x + 0.5 * y, y) for y, row in enumerate(_ROWS) for x, letter in enumerate(row)}


def _far_key(word: str, meant: str) -> bool:
    """True when one letter stands for another that is not beside it on the keyboard: rather another word."""
    wrong = [(a, b) for a, b in zip(word, meant) if a != b]
    if len(word) != len(meant) or len(wrong) != 1:
        return False
    (ax, ay), (bx, by) = (_KEY.get(letter, (99.0, 9)) for letter in wrong[0])
    return abs(ax - bx) > 1.1 or abs(ay - by) > 1


def _slip(word: str, meant: str) -> bool:
    """True for two letters swapped or one doubled: the commonest slips of the fingers."""
    if len(word) == len(meant):
        return sorted(word) == sorted(meant)
    return any(word[:i] + word[i + 1 :] == meant for i in range(1, len(word)) if word[i] == word[i - 1])


def distance(a: str, b: str, limit: int) -> int | None:
    """Edits (insert, delete, replace, swap neighbours) from ``a`` to ``b``; None when more than ``limit``."""
    if abs(len(a) - len(b)) > limit:
        return None
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        before, previous, row = row, before, [i]
        for j, other in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, previous[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return None
    return row[-1] if row[-1] <= limit else None


def _allowed(length: int) -> int:
    return 0 if length < 4 else 1 if length < 7 else 2


def _deletions(word: str, count: int) -> set[str]:
    keys = {word}
    frontier = {word}
    for _ in range(count):
        frontier = {w[:i] + w[i + 1 :] for w in frontier for i in range(len(w))}
        keys |= frontier
    return keys
