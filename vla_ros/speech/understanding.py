"""One sentence of sound to one sentence of text: the closed recogniser first, the free one when that makes no sense.

Goes to listener.py. Which reading makes sense is judged by a function that is handed in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.errors import MissingExtraError
from vla_ros.speech.closed_recognizer import ClosedRecognizer
from vla_ros.speech.free_recognizer import WhisperRecognizer
from vla_ros.speech.params import SpeechParams
from vla_ros.speech.readings import Reading, Recognizer, Sense, choose
from vla_ros.speech.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Understood:
    """What a sentence most likely was. ``text`` "" when no recogniser heard words."""

    text: str
    sense: float
    recognizer: str
    readings: tuple[Reading, ...] = ()


class Understanding:
    """The recognisers in their order."""

    def __init__(
        self, recognizers: dict[str, Recognizer], sense: Sense, readings: int = 8, accept: float = 0.5
    ) -> None:
        self._recognizers, self._sense = recognizers, sense
        self._count, self._accept = readings, accept

    @property
    def names(self) -> tuple[str, ...]:
        """The recognisers, the first first."""
        return tuple(self._recognizers)

    def understand(self, samples: NDArray[np.int16]) -> Understood:
        """Asks one recogniser after the other until a reading makes sense; else returns the best there was."""
        best = Understood("", -1.0, "")
        for name, recognizer in self._recognizers.items():
            readings = recognizer.readings(samples, self._count)
            choice = choose(readings, self._sense)
            if choice is None:
                continue
            if choice.sense > best.sense:
                best = Understood(choice.text, choice.sense, name, readings)
            if choice.sense >= self._accept:
                break
        return best


def recognizers(params: SpeechParams, words: Vocabulary) -> dict[str, Recognizer]:
    """Those that the parameters name. Raises MissingExtraError; the free one is left out where "auto" finds none."""
    found: dict[str, Recognizer] = {}
    if params.recognizer == "closed":
        found["closed"] = ClosedRecognizer(words)
    if params.recognizer == "whisper" or params.free_recognizer != "none":
        try:
            found["whisper"] = WhisperRecognizer(_hint(words))
        except MissingExtraError:
            if params.recognizer == "whisper" or params.free_recognizer == "whisper":
                raise
    return found


def _hint(words: Vocabulary) -> str:
    """Words of this home that the free recogniser should rather hear than others that sound alike."""
    usual = [w for w in dict.fromkeys((*words.things, *words.places)) if (*words.things, *words.places).count(w) > 1]
    return ", ".join(usual[:40])
