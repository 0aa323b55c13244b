"""The best recogniser: whisper's network, led by the words and the wordings of the closed grammar.

Imports grammar, sampling and search. Goes to understanding.py.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from vla_ros.speech.grammar import rules
from vla_ros.speech.readings import Reading
from vla_ros.speech.sampling import Sampler
from vla_ros.speech.search import Search
from vla_ros.speech.vocabulary import Vocabulary
from vla_ros.speech.whisper_model import WhisperModel
from vla_ros.speech.wording import ClosedWording

SENTENCES = 60_000
_WEIGHT = 0.35
"""Of the wordings against the sound."""
_BEAM = 10


class GuidedRecognizer:
    """Hears what the lexicon knows."""

    def __init__(self, model: WhisperModel, words: Vocabulary, sentences: int = SENTENCES, seed: int = 0) -> None:
        drawn = list(Sampler(rules(words), seed).sentences(sentences))
        names = {part for name in words.names for part in name.split()}
        self._tokens = model.tokens
        self._search = Search(model.network, ClosedWording(drawn, names, model.tokens, _WEIGHT), _BEAM)

    def readings(self, samples: NDArray[np.int16], count: int) -> tuple[Reading, ...]:
        """See readings.Recognizer."""
        hypotheses = self._search.hypotheses(samples, 2 * count)
        found: dict[str, float] = {}
        for hypothesis in hypotheses:
            text = re.sub(r"[.,?]", "", self._tokens.decode(hypothesis.tokens)).lower()
            found.setdefault(text, hypothesis.score - hypotheses[0].score)
        return tuple(Reading(text, score) for text, score in list(found.items())[:count])
