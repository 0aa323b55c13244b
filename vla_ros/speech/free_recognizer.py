"""The fall-back for what no grammar can hold: whisper's network, free to say anything.

Imports the search. Goes to understanding.py.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from vla_ros.speech.readings import Reading
from vla_ros.speech.search import Search, listen
from vla_ros.speech.whisper_model import WhisperModel
from vla_ros.speech.wording import AnyWording

_BEAM = 5
_LEAST = -0.8
"""Mean logarithm of a token below which it was no speech."""


class FreeRecognizer:
    """Hears any English."""

    def __init__(self, model: WhisperModel) -> None:
        self._tokens, self._network = model.tokens, model.network
        self._search = Search(model.network, AnyWording(model.tokens), _BEAM)

    def readings(self, samples: NDArray[np.int16], count: int) -> tuple[Reading, ...]:
        """See readings.Recognizer."""
        found: dict[str, float] = {}
        for hypothesis in self._search.hypotheses(listen(self._network, samples), count):
            text = self._tokens.decode(hypothesis.tokens)
            if hypothesis.score > _LEAST and re.search(r"\w", text):
                found.setdefault(text, hypothesis.score)
        best = max(found.values(), default=0.0)
        return tuple(Reading(text, score - best) for text, score in found.items())
