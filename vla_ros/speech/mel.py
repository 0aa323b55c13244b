"""Sound as whisper wants it: logarithmic mel spectrogram of 80 bands, a hundred frames a second.

As in "Robust speech recognition via large-scale weak supervision", Radford et al., 2022. Pure numpy.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

RATE = 16000
_WINDOW, _HOP, _BANDS = 400, 160, 80
_LINEAR_TO_HZ, _MEL_STEP = 1000.0, 200.0 / 3.0
_RANGE = 8.0


@lru_cache(maxsize=1)
def _filters() -> NDArray[np.float32]:
    """Triangles of equal area on the mel scale of Slaney's Auditory Toolbox, (201, 80)."""
    hertz = np.fft.rfftfreq(_WINDOW, 1.0 / RATE)
    first_log = _LINEAR_TO_HZ / _MEL_STEP
    per_mel = np.log(6.4) / 27.0
    mels = np.linspace(0.0, first_log + np.log(RATE / 2 / _LINEAR_TO_HZ) / per_mel, _BANDS + 2)
    edges = np.where(mels < first_log, _MEL_STEP * mels, _LINEAR_TO_HZ * np.exp(per_mel * (mels - first_log)))
    apart, width = edges[:, None] - hertz[None], np.diff(edges)[:, None]
    triangles = np.maximum(0.0, np.minimum(-apart[:-2] / width[:-1], apart[2:] / width[1:]))
    return np.ascontiguousarray((triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]).T, np.float32)


def log_mel(samples: NDArray[np.int16], seconds: float) -> NDArray[np.float32]:
    """(frames, 80) of 16 kHz mono, filled up with silence to ``seconds``."""
    count = round(seconds * RATE)
    sound = np.zeros(count, np.float32)
    sound[: len(samples)] = samples[:count] / np.float32(32768.0)
    sound = np.pad(sound, _WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::_HOP][: count // _HOP]
    window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    power = np.abs(np.fft.rfft(frames * window, axis=1)).astype(np.float32) ** 2
    level = np.log10(np.maximum(power @ _filters(), 1e-10))
    return np.asarray((np.maximum(level, level.max() - _RANGE) + 4.0) / 4.0, np.float32)
