"""The spoken stop: "stop", "halt", "freeze" and the owner's words, found in the sound itself.

No parser, recogniser or sentence stands in between: a small network follows the sound in steps of 30 ms. Where the mean
of its last looks raises a doubt, second_look.py looks once more, and a stop is told when that is sure enough; without
it, when the small network is. Goes to listener.py, which tells it at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vla_ros.speech.features import Hearing
from vla_ros.speech.owner_words import OwnerWords
from vla_ros.speech.second_look import WINDOW, SecondLook
from vla_ros.speech.stop_network import CLASSES, STEP, Floats, StopNetwork

STOP_WORDS = CLASSES[1:]
LOOKS = 3
"""Steps whose sureness is averaged: a single one may be chance, each more is 30 ms of delay."""
DOUBT = 0.05
"""Sureness of the small network from which it is worth a second look."""
_LOOK_STEPS = 2
"""From one second look to the next; each takes half a step's time."""
_AGAIN_STEPS = 80 // STEP
_FIRST_STEPS = 15
"""At the beginning of a stream, where the network's past is not yet there."""
_PIECE = 480


@dataclass(frozen=True, slots=True)
class StopHeard:
    """A spoken stop."""

    word: str
    sureness: float
    samples: int
    """how much of the stream had been heard when it was told"""


class SpokenStop:
    """Listens to a stream of 16 kHz mono PCM; with ``look`` what it is in doubt about is looked at once more.

    ``threshold``: sureness from which a stop is told, of the second look where there is one, else of the network.
    Raises MissingExtraError for words of the owner's without pocketsphinx, ConfigError for words that cannot be said.
    """

    def __init__(self, threshold: float = 0.9, owner_words: Sequence[str] = (), look: SecondLook | None = None) -> None:
        own = [w for w in owner_words if w.lower().strip() not in STOP_WORDS]
        self._threshold = threshold
        self._network = StopNetwork()
        self._owner = OwnerWords(own) if own else None
        self._hearing = Hearing()
        self._look = look
        self._last = np.zeros(WINDOW, np.int16)
        self._chances = np.zeros((LOOKS, len(CLASSES)), np.float32)
        self._silent_steps = _FIRST_STEPS
        self._blind_steps = 0
        self._samples = 0

    @property
    def looks_twice(self) -> bool:
        """Whether there is a second look."""
        return self._look is not None

    def hear(self, samples: NDArray[np.int16]) -> StopHeard | None:
        """Takes the next samples in, best 10 to 50 ms; returns a stop once for each time it is said."""
        heard = None
        for start in range(0, len(samples), _PIECE):
            heard = self._hear(samples[start : start + _PIECE]) or heard
        return heard

    def _hear(self, samples: NDArray[np.int16]) -> StopHeard | None:
        self._samples += len(samples)
        if self._look is not None:
            self._last = np.concatenate((self._last[len(samples) :], samples))
        own = self._owner.hear(samples) if self._owner is not None else None
        heard = StopHeard(own, 1.0, self._samples) if own is not None else None
        for chances in self._network.hear(self._hearing.feed(samples)):
            heard = self._step(chances) or heard
        return heard

    def _step(self, chances: Floats) -> StopHeard | None:
        self._chances = np.concatenate([self._chances[1:], chances[None]])
        self._silent_steps = max(0, self._silent_steps - 1)
        self._blind_steps = max(0, self._blind_steps - 1)
        mean = self._chances.mean(axis=0)
        sureness = float(mean[1:].sum())
        if self._silent_steps or sureness < (self._threshold if self._look is None else DOUBT):
            return None
        if self._look is not None:
            if self._blind_steps:
                return None
            self._blind_steps = _LOOK_STEPS
            mean = self._look.chances(self._last)
            sureness = float(mean[1:].sum())
            if sureness < self._threshold:
                return None
        self._silent_steps = _AGAIN_STEPS
        return StopHeard(CLASSES[1 + int(mean[1:].argmax())], sureness, self._samples)
