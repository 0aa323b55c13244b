"""The best recogniser: whisper's network, led by the words and the wordings of the closed grammar.

A grammar finds a command in everything that is said. So the network is also asked, without the grammar, what it would
have heard: where those words fit the sound far better, somebody said something else, and there is no reading (a
likelihood ratio against a filler, as in Rose and Paul, "A hidden Markov model based keyword recognition system", 1990).

Imports grammar, sampling and search. Goes to understanding.py.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from vla_ros.speech.grammar import rules
from vla_ros.speech.readings import Reading
from vla_ros.speech.sampling import Sampler
from vla_ros.speech.search import Listened, Search, listen
from vla_ros.speech.vocabulary import Vocabulary
from vla_ros.speech.whisper_model import WhisperModel
from vla_ros.speech.wording import AnyWording, ClosedWording

SENTENCES = 60_000
_WEIGHT = 0.35
"""Of the wordings against the sound."""
_BEAM = 10
_OTHER_WORDS = 2.5
"""By how much other words fit better when they were said: natural logarithm of the likelihood, per second of sound."""
_NO_WORDS = -1.25
"""Mean logarithm of the probability of a token below which nobody spoke."""


class GuidedRecognizer:
    """Hears what the lexicon knows."""

    def __init__(self, model: WhisperModel, words: Vocabulary, sentences: int = SENTENCES, seed: int = 0) -> None:
        drawn = list(Sampler(rules(words), seed).sentences(sentences))
        names = {part for name in words.names for part in name.split()}
        self._tokens, self._network = model.tokens, model.network
        self._search = Search(model.network, ClosedWording(drawn, names, model.tokens, _WEIGHT), _BEAM)
        self._free = Search(model.network, AnyWording(model.tokens), 1)

    def readings(self, samples: NDArray[np.int16], count: int) -> tuple[Reading, ...]:
        """See readings.Recognizer."""
        heard = listen(self._network, samples)
        hypotheses = self._search.hypotheses(heard, 2 * count)
        if not hypotheses or not self._said(heard, hypotheses[0].tokens):
            return ()
        found: dict[str, float] = {}
        for hypothesis in hypotheses:
            text = re.sub(r"[.,?]", "", self._tokens.decode(hypothesis.tokens)).lower()
            found.setdefault(text, hypothesis.score - hypotheses[0].score)
        return tuple(Reading(text, score) for text, score in list(found.items())[:count])

    def _said(self, heard: Listened, tokens: tuple[int, ...]) -> bool:
        """Whether ``tokens`` are what was said: words at all, and not far better fitted by other words."""
        fit = self._free.likelihood(heard, tokens)
        if fit / (len(tokens) + 1) < _NO_WORDS:
            return False
        other = self._free.hypotheses(heard, 1)
        better = self._free.likelihood(heard, other[0].tokens) - fit if other else 0.0
        return better <= _OTHER_WORDS * heard.seconds
