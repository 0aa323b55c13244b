"""A small convolutional network that tells "stop", "halt" and "freeze" from everything else. numpy only.

Its weights (spoken_stop.npz) were trained by benchmarks/speech_stop_training.py on synthetic speech of our own making;
that script, its seed and its generator of data are part of the repository and so is the licence (Apache-2.0).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vla_ros.speech.features import BANDS

Floats = NDArray[np.float32]
ROWS = 64
"""Steps of 10 ms that it looks at."""
CLASSES = ("", "stop", "halt", "freeze")
WEIGHTS = Path(__file__).with_name("spoken_stop.npz")
SHAPES = {"c1": (9, 12), "c2": (9 * 12, 20), "c3": (9 * 20, 28), "d1": (8 * 4 * 28, 40), "d2": (40, len(CLASSES))}
"""Weights by layer: three 3x3 convolutions of stride 2, two dense layers."""


def patches(images: Floats) -> Floats:
    """(n, h, w, c) -> (n, h/2, w/2, 9c): the 3x3 neighbourhood of every second pixel, zeros around the picture."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    height, width = images.shape[1:3]
    parts = [padded[:, i : i + height : 2, j : j + width : 2] for i in range(3) for j in range(3)]
    return np.concatenate(parts, axis=-1)


def forward(weights: dict[str, Floats], rows: Floats) -> tuple[Floats, list[Floats]]:
    """Scores (n, 4) of ``rows`` (n, 64, 32) and the inputs of each layer (for training)."""
    kept: list[Floats] = []
    x = rows[..., None]
    for name in ("c1", "c2", "c3"):
        x = patches(x)
        kept.append(x)
        x = np.maximum(x @ weights[name] + weights[name + "_b"], 0.0)
    x = x.reshape(len(x), -1)
    kept.append(x)
    x = np.maximum(x @ weights["d1"] + weights["d1_b"], 0.0)
    kept.append(x)
    return x @ weights["d2"] + weights["d2_b"], kept


def softmax(scores: Floats) -> Floats:
    """Probabilities along the last axis."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


class StopNetwork:
    """The trained network."""

    def __init__(self, path: Path = WEIGHTS) -> None:
        with np.load(path) as data:
            self._weights = {name: data[name].astype(np.float32) for name in data.files}

    def judge(self, rows: Floats) -> Floats:
        """(4,) probabilities of CLASSES for ``rows`` (64, 32) of features.Hearing."""
        assert rows.shape == (ROWS, BANDS)
        return softmax(forward(self._weights, rows[None])[0])[0]
