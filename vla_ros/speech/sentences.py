"""Cuts the stream into sentences: from where somebody begins to speak to a pause. Pure but for its detector.

Goes to listener.py. Imports vad.py.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from vla_ros.speech.vad import CHUNK, SpeechDetector

_CHUNK_S = CHUNK / 16000
_BEFORE = 12
"""Chunks (0.4 s) kept from before the first that is speech: beginnings are soft."""
_BEGINS = 2
_SHORTEST_S = 0.25
_LOWER = 0.7


class Sentences:
    """Feed 16 kHz mono; sentences come out when their pause has come."""

    def __init__(
        self, detector: SpeechDetector, threshold: float = 0.5, pause_s: float = 0.7, longest_s: float = 15.0
    ) -> None:
        self._detector, self._threshold = detector, threshold
        self._pause, self._longest = round(pause_s / _CHUNK_S), round(longest_s / _CHUNK_S)
        self._rest = np.zeros(0, np.int16)
        self._before: deque[NDArray[np.int16]] = deque(maxlen=_BEFORE)
        self._parts: list[NDArray[np.int16]] = []
        self._run = self._quiet = self._voiced = 0

    @property
    def speaking(self) -> bool:
        """Somebody is in the middle of a sentence."""
        return bool(self._parts)

    def drop(self) -> None:
        """Forgets what has been heard of the present sentence."""
        self._parts, self._run, self._quiet, self._voiced = [], 0, 0, 0
        self._before.clear()

    def feed(self, samples: NDArray[np.int16]) -> list[NDArray[np.int16]]:
        """Takes samples in; returns the sentences that have ended."""
        whole = np.concatenate([self._rest, samples])
        count = len(whole) // CHUNK
        self._rest = whole[count * CHUNK :]
        ended = (self._chunk(whole[i * CHUNK : (i + 1) * CHUNK]) for i in range(count))
        return [sentence for sentence in ended if sentence is not None]

    def _chunk(self, chunk: NDArray[np.int16]) -> NDArray[np.int16] | None:
        probability = self._detector.probability(chunk)
        speech = probability > self._threshold * (_LOWER if self._parts else 1.0)
        self._run = self._run + 1 if speech else 0
        if not self._parts:
            self._before.append(chunk)
            if self._run >= _BEGINS:
                self._parts, self._quiet, self._voiced = list(self._before), 0, self._run
            return None
        self._parts.append(chunk)
        self._voiced += speech
        self._quiet = 0 if speech else self._quiet + 1
        if self._quiet < self._pause and len(self._parts) < self._longest:
            return None
        # a third of the pause is left on: recognisers want to hear that it is over
        parts = self._parts[: len(self._parts) - max(0, self._quiet - self._pause // 3)]
        long_enough = self._voiced * _CHUNK_S >= _SHORTEST_S
        self.drop()
        return np.concatenate(parts) if long_enough else None
