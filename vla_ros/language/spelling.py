"""Small typing errors: the nearest known word within one or two edits. Pure; used by the tokenizer."""

from __future__ import annotations

from collections.abc import Iterable


class Speller:
    """Finds the one known word near an unknown one by deleted-letter keys, in microseconds a word.

    Words under four letters are changed only when two neighbours are swapped; two edits are allowed from seven
    letters on. When two known words are equally near, none is taken: a wrong guess is worse than a question.
    """

    def __init__(self, vocabulary: Iterable[str], only_known: Iterable[str] = ()) -> None:
        """``only_known`` words are right as they stand, but nothing is ever changed into them."""
        self._words = {w for w in vocabulary if w.isalpha()}
        self._only_known = frozenset(only_known)
        self._index: dict[str, list[str]] = {}
        for word in sorted(w for w in self._words if len(w) >= 4):
            for key in _deletions(word, _allowed(len(word))):
                self._index.setdefault(key, []).append(word)

    def __contains__(self, word: str) -> bool:
        return word in self._words or word in self._only_known

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
        return (
            (pool[0][1], pool[0][0])
            if len(pool) == 1 and (same_start or (len(word) >= 6 and pool[0][0] == 1))
            else None
        )


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
