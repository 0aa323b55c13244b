"""A small convolutional network that tells "stop", "halt" and "freeze" from everything else, on a stream. numpy only.

Two convolutions over time and frequency, then a chain of causal ones over time alone (temporal convolutional network,
Bai et al., 2018) that reaches 1.3 s back. Every layer keeps the past that it needs, so that each step of 30 ms is
computed once. The weights (spoken_stop.npz) were trained by benchmarks/speech_stop_training.py on synthetic speech of
our own making, and went on with recordings of people: Speech Commands (Warden, 2018, CC BY 4.0), see docs/licences.md.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.arrays import read_arrays
from vla_ros.speech.features import BANDS

Floats = NDArray[np.float32]
CLASSES = ("", "stop", "halt", "freeze")
WEIGHTS = Path(__file__).with_name("spoken_stop.npz")
STEP = 3
"""Rows of 10 ms in a step."""
FIRST, SECOND = (7, 5), (3, 3)
"""(time, frequency) of the two convolutions' kernels; both halve the bands, the first takes one of STEP rows."""
FIRST_CHANNELS, SECOND_CHANNELS, CHANNELS = 16, 24, 96
TAPS = 5
DILATIONS = (1, 2, 4, 1, 2)
"""Of each block: TAPS steps of the past, so far apart, each channel by itself; then all channels together."""
_BANDS_2, _BANDS_3 = BANDS // 2, BANDS // 4


class StopNetwork:
    """The trained network on one stream."""

    def __init__(self, path: Path = WEIGHTS) -> None:
        self._weights = {name: array.astype(np.float32) for name, array in read_arrays(path).items()}
        self._rest = np.zeros((0, BANDS), np.float32)
        self._rows = np.zeros((FIRST[0], BANDS + FIRST[1] - 1), np.float32)
        self._maps = np.zeros((SECOND[0], _BANDS_2 + SECOND[1] - 1, FIRST_CHANNELS), np.float32)
        self._past = [np.zeros((1 + (TAPS - 1) * d, CHANNELS), np.float32) for d in DILATIONS]
        self._cut_rows = 2 * np.arange(_BANDS_2)[:, None] + np.arange(FIRST[1])
        self._cut_maps = 2 * np.arange(_BANDS_3)[:, None] + np.arange(SECOND[1])

    def hear(self, rows: Floats) -> Floats:
        """(n, 32) the next rows of features.Hearing -> (m, 4) probabilities of CLASSES, one for each whole step."""
        whole = np.concatenate([self._rest, rows])
        count = len(whole) // STEP
        self._rest = whole[count * STEP :]
        out = np.zeros((count, len(CLASSES)), np.float32)
        for number in range(count):
            out[number] = softmax(self._step(whole[number * STEP : (number + 1) * STEP]))
        return out

    def _step(self, rows: Floats) -> Floats:
        weights = self._weights
        _push(self._rows[:, 2:-2], rows)
        cut = self._rows[:, self._cut_rows]  # (time, bands, frequency)
        _push(self._maps[:, 1:-1], _relu(_product(cut.transpose(1, 0, 2), weights, "first"))[None])
        cut = self._maps[:, self._cut_maps]  # (time, bands, frequency, channels)
        x = _relu(_product(cut.transpose(1, 0, 2, 3), weights, "second")).reshape(1, -1)
        x = _relu(_product(x, weights, "joined"))
        for number, (dilation, past) in enumerate(zip(DILATIONS, self._past, strict=True)):
            _push(past, x)
            apart = (past[::dilation] * weights[f"apart_{number}"]).sum(axis=0) + weights[f"apart_{number}_b"]
            x = x + _relu(_product(_relu(apart)[None], weights, f"together_{number}"))
        return _product(x, weights, "last")[0]


def softmax(scores: Floats) -> Floats:
    """Probabilities along the last axis."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def _push(past: Floats, new: Floats) -> None:
    past[: -len(new)] = past[len(new) :]
    past[-len(new) :] = new


def _product(x: Floats, weights: dict[str, Floats], name: str) -> Floats:
    return x.reshape(len(x), -1) @ weights[name] + weights[name + "_b"]


def _relu(x: Floats) -> Floats:
    return np.maximum(x, 0.0)
