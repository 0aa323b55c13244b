"""What may be said next: anything, or only words of the closed grammar, likely ones rather. Two rules for search.py.

Imports token_model.py and whisper_tokens.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vla_ros.speech.token_model import TokenModel
from vla_ros.speech.whisper_tokens import END, Tokens

State = Any
"""Where a hypothesis stands; its wording's own."""


class Wording(Protocol):
    """A rule of what may be said. ``tokens`` (n,) are all that may occur, the last of them END."""

    tokens: NDArray[np.int64]

    def start(self) -> State:
        """Before the first word."""
        ...

    def row(self, state: State) -> NDArray[np.float32]:
        """(n,) how much each token is to be preferred; -inf for what may not come."""
        ...

    def next(self, state: State, index: int) -> State:
        """After the token ``tokens[index]``."""
        ...


class AnyWording:
    """Letters, figures and the marks of a sentence in any order."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = np.array([*tokens.speakable(range(END)), END], np.int64)
        self._row = np.zeros(len(self.tokens), np.float32)

    def start(self) -> State:
        """See Wording."""
        return None

    def row(self, state: State) -> NDArray[np.float32]:
        """See Wording."""
        return self._row

    def next(self, state: State, index: int) -> State:
        """See Wording."""
        return None


_COMMA, _STOP, _ASKED = 11, 13, 30
"""The tokens of a sentence's marks."""
_MARKS = (_COMMA, _STOP, _ASKED)
_COMMA_LOG = -2.0
_HISTORY = 4
_Node = dict[int, Any]
"""The next tokens of words with the same beginning; -1 where a word ends."""


class ClosedWording:
    """Only the words of ``sentences``, in whatever order, the order of the sentences rather.

    They are written as whisper has learnt to write: a capital at the beginning and for names, commas where they may be,
    and a stop or a question mark at the end.
    """

    def __init__(
        self, sentences: Sequence[Sequence[str]], names: Collection[str], tokens: Tokens, weight: float
    ) -> None:
        written = {word: f" {_written(word, names)}" for sentence in sentences for word in sentence}
        inner = {word: tokens.encode(text) for word, text in written.items()}
        first = {word: tokens.encode(f" {text[1].upper()}{text[2:]}") for word, text in written.items()}
        known = {token for piece in (*inner.values(), *first.values()) for token in piece}
        self.tokens = np.array([*_MARKS, *sorted(known - {*_MARKS}), END], np.int64)
        place = {token: index for index, token in enumerate(self.tokens.tolist())}
        self._comma, self._stop, self._asked, self._end = (place[token] for token in (*_MARKS, END))
        inner_, first_ = ({w: [place[t] for t in piece] for w, piece in pieces.items()} for pieces in (inner, first))
        drawn = [[*first_[s[0]], *(n for word in s[1:] for n in inner_[word]), self._stop] for s in sentences if s]
        self._model, self._weight = TokenModel(drawn, len(self.tokens)), np.float32(weight)
        self._first, self._inner = _tree(first_.values()), _tree(inner_.values())
        self._over: _Node = {self._end: {}}
        self._after_comma: _Node = dict(self._inner)
        self._allowed: dict[int, NDArray[np.float32]] = {}

    def start(self) -> State:
        """See Wording."""
        return (len(self.tokens),), self._first

    def row(self, state: State) -> NDArray[np.float32]:
        """See Wording."""
        history, node = state
        if node is self._over:
            return self._mask(node)
        row = self._model.row(history)
        row[self._asked], row[self._comma] = row[self._stop], _COMMA_LOG
        return self._weight * row + self._mask(node)

    def next(self, state: State, index: int) -> State:
        """See Wording."""
        history, node = state
        if index == self._comma:
            return history, self._after_comma
        if index in (self._stop, self._asked):
            return history, self._over
        return (*history[1 - _HISTORY :], index), node[index] if index in node else self._inner.get(index, {})

    def _mask(self, node: _Node) -> NDArray[np.float32]:
        """0 for what may follow within the word and, where a word ends, for beginnings of words and for marks."""
        mask = self._allowed.get(id(node))
        if mask is None:
            mask = np.full(len(self.tokens), -np.inf, np.float32)
            mask[[n for n in node if n >= 0]] = 0.0
            if -1 in node:
                mask[[*self._inner, self._comma, self._stop, self._asked]] = 0.0
            self._allowed[id(node)] = mask
        return mask


def _written(word: str, names: Collection[str]) -> str:
    return word.capitalize() if word in names or word == "i" or word.startswith("i'") else word


def _tree(pieces: Iterable[Sequence[int]]) -> _Node:
    root: _Node = {}
    for piece in pieces:
        node = root
        for number in piece:
            node = node.setdefault(number, {})
        node[-1] = True
    return root
