"""The search for the words of a sentence: the likeliest hypotheses are kept and grown token by token.

A hypothesis must go forward in the sound and reach its end: tiny networks like to begin again, or to end too early.
Imports whisper_network.py and wording.py. Goes to guided_recognizer.py and free_recognizer.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vla_ros.speech.mel import RATE, log_mel
from vla_ros.speech.whisper_network import MOST_TOKENS, Sound, WhisperNetwork
from vla_ros.speech.whisper_tokens import END, NO_TIMES, START
from vla_ros.speech.wording import State, Wording

_SILENCE_S = 1.0
"""Silence put behind the sound: the network wants to see that it is over."""
_LONGEST_S = 29.0
_TOKENS_A_SECOND, _FIRST_TOKENS = 5.0, 5
_BACK_S, _BACK_COST, _BACK_MOST = 0.12, 20.0, 5.0
"""A token may be looked for so much before the furthest place so far; what each second beyond that costs, as a
logarithm; and the most that it costs, for the network looks elsewhere now and then."""
_STEP_S, _AHEAD_COST = 1.2, 4.0
"""The same for a leap ahead, over words; a single look further ahead is a stray one and does not count as reached."""
_EARLY_S, _EARLY_COST = 1.1, 6.0
"""The same for the end of the sentence before the end of the sound."""
_HOPELESS = 0.7
"""Less likely a token than the best finished hypothesis: no use to go on."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Tokens and the mean logarithm of their probabilities."""

    tokens: tuple[int, ...]
    score: float


@dataclass(frozen=True, slots=True)
class _Growing:
    total: float
    reached: float
    tokens: tuple[int, ...]
    state: State


@dataclass(frozen=True, slots=True)
class Listened:
    """A sentence as the network hears it, for any number of searches."""

    sound: Sound
    seconds: float


def listen(network: WhisperNetwork, samples: NDArray[np.int16]) -> Listened:
    """``samples``: 16 kHz mono; what is longer than 29 s is cut."""
    seconds = min(len(samples) / RATE, _LONGEST_S)
    return Listened(network.listen(log_mel(samples, seconds + _SILENCE_S)), seconds)


class Search:
    """Finds the ``beam`` best hypotheses under one wording."""

    def __init__(self, network: WhisperNetwork, wording: Wording, beam: int) -> None:
        self._network, self._wording, self._beam = network, wording, beam
        self._outputs = np.ascontiguousarray(network.embeddings[wording.tokens].T, dtype=np.float32)

    def hypotheses(self, heard: Listened, most: int) -> list[Hypothesis]:
        """Up to ``most`` of a sentence, the best first."""
        sound, seconds = heard.sound, heard.seconds
        growing = [_Growing(0.0, 0.0, (), self._wording.start())]
        ended: list[Hypothesis] = []
        taken, words, rows = np.array([[START, NO_TIMES]], np.int64), None, [0]
        for number in range(1, min(_FIRST_TOKENS + int(seconds * _TOKENS_A_SECOND), MOST_TOKENS - 4)):
            states, places, words = self._network.say(sound, taken, words if words is None else words.of(rows))
            totals = self._totals(growing, states[:, -1], places, seconds)
            best = max((h.score for h in ended), default=-np.inf)
            grown: list[_Growing] = []
            rows = []
            for flat in _largest(totals, 2 * self._beam):
                row, index = divmod(int(flat), totals.shape[1])
                total, parent = float(totals[row, index]), growing[row]
                if not np.isfinite(total) or total / number < best - _HOPELESS:
                    break
                token = int(self._wording.tokens[index])
                if token == END:
                    ended.append(Hypothesis(parent.tokens, total / number))
                    continue
                if len(grown) < self._beam:
                    reached = max(parent.reached, min(float(places[row]), parent.reached + _STEP_S))
                    after = self._wording.next(parent.state, index)
                    grown.append(_Growing(total, reached, (*parent.tokens, token), after))
                    rows.append(row)
            if not grown:
                break
            growing, taken = grown, np.array([[h.tokens[-1]] for h in grown], np.int64)
        return sorted((h for h in ended if h.tokens), key=lambda h: -h.score)[:most]

    def likelihood(self, heard: Listened, tokens: Sequence[int]) -> float:
        """Sum of the logarithms of the probabilities of ``tokens`` and the end after them, without the wording's
        preferences; a token that the wording does not have counts as one that is never said."""
        states, _, _ = self._network.say(heard.sound, np.array([[START, NO_TIMES, *tokens]], np.int64), None)
        logits = states[0, 1:] @ self._outputs
        total = 0.0
        for row, token in zip(logits, (*tokens, END), strict=True):
            (places,) = np.nonzero(self._wording.tokens == token)
            if not len(places):
                return -np.inf
            top = float(row.max())
            total += float(row[places[0]]) - top - float(np.log(np.exp(row - top).sum()))
        return total

    def _totals(
        self, growing: list[_Growing], state: NDArray[np.float32], places: NDArray[np.float64], seconds: float
    ) -> NDArray[np.float32]:
        """(hypotheses, tokens): the sum of logarithms with each token."""
        logits = state @ self._outputs
        logits -= logits.max(axis=1, keepdims=True)
        totals: NDArray[np.float32] = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        for row, (hypothesis, place) in enumerate(zip(growing, places)):
            totals[row] += hypothesis.total + self._wording.row(hypothesis.state)
            back = max(0.0, hypothesis.reached - float(place) - _BACK_S)
            ahead = max(0.0, float(place) - hypothesis.reached - _STEP_S)
            totals[row, :-1] -= min(_BACK_MOST, _BACK_COST * back) + min(_BACK_MOST, _AHEAD_COST * ahead)
            reached = max(hypothesis.reached, float(place))
            totals[row, -1] -= _EARLY_COST * max(0.0, seconds - reached - _EARLY_S)
        return totals


def _largest(values: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Flat places of the largest values, the largest first."""
    flat = values.ravel()
    count = min(count, len(flat))
    found = np.argpartition(-flat, count - 1)[:count]
    return found[np.argsort(-flat[found])]
