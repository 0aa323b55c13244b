"""The spoken stop: "stop", "halt", "freeze" and the owner's words, found in the sound itself.

No parser, recogniser or large model stands in between: a small network looks at the last 0.64 s thirty times a second,
and a stop is told when it is sure twice in a row. Goes to listener.py, which tells it at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vla_ros.speech.features import Hearing
from vla_ros.speech.owner_words import OwnerWords
from vla_ros.speech.stop_network import CLASSES, ROWS, StopNetwork

STOP_WORDS = CLASSES[1:]
_EVERY = 3
"""Rows of 10 ms between two looks."""
_SURE_LOOKS = 2
_AGAIN_ROWS = 80
_FAINTEST = 0.15
"""Mean height above the room (features.above) of the last rows below which nothing can be a word."""


@dataclass(frozen=True, slots=True)
class StopHeard:
    """A spoken stop."""

    word: str
    sureness: float
    samples: int
    """how much of the stream had been heard when it was told"""


class SpokenStop:
    """Listens to a stream of 16 kHz mono PCM.

    Raises MissingExtraError for words of the owner's without pocketsphinx, ConfigError for words that cannot be said.
    """

    def __init__(self, threshold: float = 0.95, owner_words: Sequence[str] = ()) -> None:
        own = [w for w in owner_words if w.lower().strip() not in STOP_WORDS]
        self._threshold = threshold
        self._network = StopNetwork()
        self._owner = OwnerWords(own) if own else None
        self._hearing = Hearing()
        self._since_look = self._sure = 0
        self._silent_rows = 0
        self._samples = 0

    def hear(self, samples: NDArray[np.int16]) -> StopHeard | None:
        """Takes the next samples in, best 10 to 50 ms; returns a stop once for each time it is said."""
        heard = None
        for start in range(0, len(samples), _PIECE):
            heard = self._hear(samples[start : start + _PIECE]) or heard
        return heard

    def _hear(self, samples: NDArray[np.int16]) -> StopHeard | None:
        self._samples += len(samples)
        rows = self._hearing.feed(samples)
        self._since_look += rows
        self._silent_rows = max(0, self._silent_rows - rows)
        own = self._owner.hear(samples) if self._owner is not None else None
        if own is not None:
            return StopHeard(own, 1.0, self._samples)
        if self._since_look < _EVERY:
            return None
        self._since_look = 0
        return self._look()

    def _look(self) -> StopHeard | None:
        rows = self._hearing.newest(ROWS)
        if rows is None or self._silent_rows or float(rows[-45:].mean()) < _FAINTEST:
            self._sure = 0
            return None
        chances = self._network.judge(rows)
        sureness = 1.0 - float(chances[0])
        self._sure = self._sure + 1 if sureness >= self._threshold else 0
        if self._sure < _SURE_LOOKS:
            return None
        self._sure, self._silent_rows = 0, _AGAIN_ROWS
        return StopHeard(CLASSES[1 + int(chances[1:].argmax())], sureness, self._samples)


_PIECE = 480
