"""How loud a piece of audio is, and where somebody begins to make a sound above what the room does anyway. Pure numpy.

Used before anything that recognises, so that it costs next to nothing.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

FRAME = 160
"""Samples of one frame: 10 ms at 16 kHz."""
_SILENCE_DB = -96.0


def dbfs(samples: NDArray[np.int16]) -> float:
    """Root mean square in dB of full scale; -96 for digital silence."""
    if not len(samples):
        return _SILENCE_DB
    power = float(np.mean(np.square(samples.astype(np.float64)))) / 32768.0**2
    return max(_SILENCE_DB, 10.0 * float(np.log10(power + 1e-12)))


def clipped_share(samples: NDArray[np.int16]) -> float:
    """Share of samples at the limits of 16 bit."""
    return float(np.mean((samples >= 32767) | (samples <= -32768))) if len(samples) else 0.0


class Onset:
    """Tells frame by frame whether a sound stands out of the background.

    The background is a low quantile of the last seconds' levels: it follows fans, rain and music, not words.
    """

    def __init__(self, rise_db: float = 6.0, floor_db: float = -60.0, memory_s: float = 2.5) -> None:
        self._rise_db, self._floor_db = rise_db, floor_db
        self._levels: deque[float] = deque(maxlen=max(10, round(memory_s * 100)))
        self._background = floor_db
        self._count = 0

    @property
    def background_db(self) -> float:
        """Level of the room [dBFS]."""
        return self._background

    def stands_out(self, frame: NDArray[np.int16]) -> bool:
        """Takes one frame of 160 samples in."""
        level = dbfs(frame)
        self._levels.append(level)
        self._count += 1
        if self._count % 5 == 1:  # a quantile of 250 values is cheap, but not free
            self._background = max(self._floor_db, float(np.quantile(np.fromiter(self._levels, float), 0.2)))
        return level > self._background + self._rise_db
