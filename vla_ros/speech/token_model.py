"""How likely each token is after the ones before it, from drawn sentences of the closed grammar. Pure numpy.

Interpolated absolute discounting (Ney, Essen and Kneser, 1994) over up to five tokens. An n-gram is one whole number,
its last token in the lowest bits, so that the table is three sorted arrays for each length. Goes to wording.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LONGEST = 5
_DISCOUNT = 0.6
_LEAST = 2
"""N-grams of three tokens and more that were drawn less often are left out."""
_BITS = 62


@dataclass(frozen=True, slots=True)
class _Table:
    contexts: NDArray[np.int64]
    starts: NDArray[np.int64]
    tokens: NDArray[np.int64]
    logs: NDArray[np.float32]
    left: NDArray[np.float32]
    """log of what each context leaves to the shorter one"""


class TokenModel:
    """Natural logarithms of probabilities over ``size`` tokens, numbered from 0; ``size`` itself begins a sentence."""

    def __init__(self, sentences: Sequence[Sequence[int]], size: int) -> None:
        self._bits = size.bit_length()
        lengths = np.array([len(s) + 1 for s in sentences])
        flat = np.array([token for s in sentences for token in (size, *s)], np.int64)
        place = np.arange(len(flat)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        counts = np.bincount(flat, minlength=size + 1)[:size] + 0.5
        self._single = np.log(counts / counts.sum()).astype(np.float32)
        self._tables: list[_Table] = []
        keys = flat
        for length in range(2, min(_LONGEST, _BITS // self._bits) + 1):
            # keys[i] holds the length - 1 tokens that end at i; shifted and joined with the token after them
            keys = (keys[:-1] << self._bits) | flat[length - 1 :]
            self._tables.append(self._table(keys[place[length - 1 :] >= length - 1], length))

    def _table(self, keys: NDArray[np.int64], length: int) -> _Table:
        grams, counts = np.unique(keys, return_counts=True)
        before = grams >> self._bits
        first = np.flatnonzero(np.diff(before, prepend=-1))
        whole = np.repeat(np.add.reduceat(counts, first), np.diff(first, append=len(grams)))
        share = (counts - _DISCOUNT) / whole
        kept = counts >= (_LEAST if length > 2 else 1)
        grams, share, before = grams[kept], share[kept], before[kept]
        first = np.flatnonzero(np.diff(before, prepend=-1))
        left = 1.0 - np.add.reduceat(share, first)
        return _Table(
            before[first], np.append(first, len(grams)), grams & ((1 << self._bits) - 1),
            np.log(share).astype(np.float32), np.log(np.maximum(left, 1e-4)).astype(np.float32),
        )  # fmt: skip

    def row(self, history: Sequence[int]) -> NDArray[np.float32]:
        """(size,) for the token after ``history``, which begins with ``size``."""
        row = self._single.copy()
        key = 0
        for back, table in enumerate(self._tables):
            if back >= len(history):
                break
            key |= history[-1 - back] << (self._bits * back)
            at = int(np.searchsorted(table.contexts, key))
            if at == len(table.contexts) or table.contexts[at] != key:
                break
            row += table.left[at]
            part = slice(table.starts[at], table.starts[at + 1])
            row[table.tokens[part]] = np.logaddexp(row[table.tokens[part]], table.logs[part])
        return row
