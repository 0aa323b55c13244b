"""One sentence of sound to one sentence of text: a closed recogniser first, the free one when that makes no sense.

Goes to listener.py. Which reading makes sense is judged by a function that is handed in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.errors import MissingExtraError
from vla_ros.speech.closed_recognizer import ClosedRecognizer
from vla_ros.speech.free_recognizer import FreeRecognizer
from vla_ros.speech.guided_recognizer import GuidedRecognizer
from vla_ros.speech.params import SpeechParams
from vla_ros.speech.readings import Reading, Recognizer, Sense, choose
from vla_ros.speech.vocabulary import Vocabulary
from vla_ros.speech.whisper_model import WhisperModel


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
    """Those that the parameters name; what needs whisper's weights is left out where "auto" does not find them.

    Raises MissingExtraError.
    """
    named = params.recognizer in ("guided", "free") or params.free_recognizer == "whisper"
    model = None
    if named or "auto" in (params.recognizer, params.free_recognizer):
        try:
            model = WhisperModel.load()
        except MissingExtraError:
            if named:
                raise
    found: dict[str, Recognizer] = {}
    if params.recognizer == "closed" or (params.recognizer == "auto" and model is None):
        found["closed"] = ClosedRecognizer(words)
    elif model is not None and params.recognizer in ("auto", "guided"):
        found["guided"] = GuidedRecognizer(model, words)
    if model is not None and (params.recognizer == "free" or params.free_recognizer != "none"):
        found["free"] = FreeRecognizer(model)
    return found
