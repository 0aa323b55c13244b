"""Any rate to 16 kHz mono on a stream, without clicks between its pieces. numpy and scipy.

A windowed-sinc low-pass in polyphase form (scipy.signal.upfirdn) with the past kept between calls.
"""

from __future__ import annotations

from math import gcd

import numpy as np
from numpy.typing import NDArray
from scipy.signal import firwin, upfirdn

from vla_ros.core.errors import InputError

TARGET_HZ = 16000
LOWEST_HZ, HIGHEST_HZ = 8000, 192000
_ZERO_CROSSINGS = 10


class Resampler:
    """One stream. Raises InputError for a rate below 8 kHz or above 192 kHz and for more than 8 channels."""

    def __init__(self, rate: int, channels: int = 1) -> None:
        if not LOWEST_HZ <= rate <= HIGHEST_HZ:
            raise InputError("audio.sample_rate", rate, f"Send {LOWEST_HZ} to {HIGHEST_HZ} Hz; 16000 is best.")
        if not 1 <= channels <= 8:
            raise InputError("audio.channels", channels, "Send 1 to 8 channels.")
        self.rate, self.channels = rate, channels
        shared = gcd(rate, TARGET_HZ)
        self._up, self._down = TARGET_HZ // shared, rate // shared
        widest = max(self._up, self._down)
        half = _ZERO_CROSSINGS * widest
        self._taps = firwin(2 * half + 1, 0.95 / widest, window=("kaiser", 7.0)) * self._up
        past = -(-len(self._taps) // self._up)
        self._past = -(-past // self._down) * self._down  # whole periods, so that outputs fall on the same grid
        self._held = np.zeros(self._past, np.float64)

    def feed(self, samples: NDArray[np.int16]) -> NDArray[np.int16]:
        """Interleaved samples of one piece -> 16 kHz mono; some tens of samples stay behind for the next call."""
        if len(samples) % self.channels:
            raise InputError("audio.data", f"{len(samples)} samples", f"Send whole frames of {self.channels} channels.")
        mono = samples.reshape(-1, self.channels).astype(np.float64).mean(axis=1)
        if self.rate == TARGET_HZ:
            return np.round(mono).astype(np.int16)
        whole = np.concatenate([self._held, mono])
        usable = self._past + (len(whole) - self._past) // self._down * self._down
        self._held = whole[usable - self._past :]
        count = (usable - self._past) * self._up // self._down
        if not count:
            return np.zeros(0, np.int16)
        first = self._past * self._up // self._down
        out = upfirdn(self._taps, whole[:usable], self._up, self._down)[first : first + count]
        return np.clip(np.round(out), -32768, 32767).astype(np.int16)
