"""What may be said next: anything, or only words of the closed grammar, likely ones rather. Two rules for search.py.

Imports token_model.py and whisper_tokens.py.
"""

from __future__ import annotations

from collections.abc import Sequence
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


class ClosedWording:
    """Only the words of ``sentences``, in whatever order, the order of the sentences rather."""

    def __init__(self, sentences: Sequence[Sequence[str]], tokens: Tokens, weight: float) -> None:
        pieces = {word: tokens.encode(f" {word}") for sentence in sentences for word in sentence}
        known = sorted({token for piece in pieces.values() for token in piece})
        self.tokens = np.array([*known, END], np.int64)
        place = {token: index for index, token in enumerate(self.tokens.tolist())}
        self._end = place[END]
        numbers = {word: [place[token] for token in piece] for word, piece in pieces.items()}
        drawn = [[*(n for word in sentence for n in numbers[word]), self._end] for sentence in sentences]
        self._model, self._weight = TokenModel(drawn, len(self.tokens)), np.float32(weight)
        self._root: dict[int, Any] = {}
        for piece in numbers.values():
            node = self._root
            for number in piece:
                node = node.setdefault(number, {})
            node[-1] = True
        self._allowed: dict[int, NDArray[np.float32]] = {}

    def start(self) -> State:
        """See Wording."""
        return (len(self.tokens),), self._root

    def row(self, state: State) -> NDArray[np.float32]:
        """See Wording."""
        history, node = state
        return self._weight * self._model.row(history) + self._mask(node)

    def next(self, state: State, index: int) -> State:
        """See Wording."""
        history, node = state
        return (*history[-4:], index), node[index] if index in node else self._root.get(index, {})

    def _mask(self, node: dict[int, Any]) -> NDArray[np.float32]:
        """0 for what may follow within the word and, where a word ends, for beginnings of words and the end."""
        mask = self._allowed.get(id(node))
        if mask is None:
            mask = np.full(len(self.tokens), -np.inf, np.float32)
            mask[[n for n in node if n >= 0]] = 0.0
            if -1 in node:
                mask[[*self._root, self._end]] = 0.0
            self._allowed[id(node)] = mask
        return mask
