"""What the stop network sees: the spectrum above the room's own, in 32 bands and steps of 10 ms. numpy only.

Each band is measured against what the room does in it anyway (a low quantile of the last seconds), so that a fan, rain
or a steady voice far off is taken away before anything is judged.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vla_ros.speech.loudness import FRAME

RATE = 16000
BANDS = 32
WINDOW = 400
"""Samples of one spectrum: 25 ms, moved on by 10 ms."""
_FFT = 512
_MEMORY = 250
_RENEWED_EVERY = 10
_QUANTILE = 0.2
_CEILING = 12.0
_SCALE = 4.0

Floats = NDArray[np.float32]


@lru_cache(maxsize=1)
def mel_filters() -> Floats:
    """(257, 32) triangles between 80 and 7,600 Hz, evenly spaced in mel = 2595 log10(1 + f / 700)."""
    mel = np.linspace(2595 * np.log10(1 + 80 / 700), 2595 * np.log10(1 + 7600 / 700), BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1) * _FFT / RATE
    bins = np.arange(_FFT // 2 + 1)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


def log_mel(samples: NDArray[np.int16]) -> Floats:
    """(n, 32) natural logarithms of band powers, n = whole windows in ``samples``."""
    count = 1 + (len(samples) - WINDOW) // FRAME
    if count < 1:
        return np.zeros((0, BANDS), np.float32)
    starts = np.arange(count)[:, None] * FRAME + np.arange(WINDOW)
    frames = samples.astype(np.float32)[starts] * np.hanning(WINDOW).astype(np.float32)
    power = np.abs(np.fft.rfft(frames, _FFT)) ** 2
    return np.log(power.astype(np.float32) @ mel_filters() + 1e3)


def background(levels: Floats) -> Floats:
    """(32,) what the room does: the low quantile of log_mel rows."""
    rank = int(_QUANTILE * (len(levels) - 1))
    return np.partition(levels, rank, axis=0)[rank]


def above(levels: Floats, room: Floats) -> Floats:
    """log_mel rows as the network takes them: 0 = the room, 3 = 12 nepers of power or more above it."""
    return np.clip(levels - room, 0.0, _CEILING) / _SCALE


class Hearing:
    """The same on a stream: feed samples, get the rows above the room, which is what the last 2.5 s were."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.int16)
        self._levels = np.zeros((0, BANDS), np.float32)
        self._room = np.zeros(BANDS, np.float32)
        self._count = 0

    def feed(self, samples: NDArray[np.int16]) -> Floats:
        """Takes samples in; returns the (n, 32) rows that came of them. The same rows come of any cut into pieces."""
        whole = np.concatenate([self._rest, samples])
        rows = log_mel(whole)
        self._rest = whole[len(rows) * FRAME :]
        out = []
        while len(rows):  # the room is looked at anew after every tenth row of the stream
            taken = _RENEWED_EVERY - self._count % _RENEWED_EVERY
            part, rows = rows[:taken], rows[taken:]
            out.append(above(part, part if self._count < _RENEWED_EVERY else self._room))
            self._levels = np.concatenate([self._levels, part])[-_MEMORY:]
            self._count += len(part)
            if self._count % _RENEWED_EVERY == 0:
                self._room = background(self._levels)
        return np.concatenate(out) if out else np.zeros((0, BANDS), np.float32)
