"""The state of the sound that comes in, in words a person can act on. Pure: takes levels and ``now``.

Goes to /diagnostics by the node.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vla_ros.speech.loudness import clipped_share, dbfs

OK, NO_DEVICE, UNPLUGGED, WRONG_RATE, CLIPPING, LONG_SILENCE = (
    "ok", "no device", "unplugged", "wrong sample rate", "clipping", "long silence",
)  # fmt: skip
STATES = (OK, NO_DEVICE, UNPLUGGED, WRONG_RATE, CLIPPING, LONG_SILENCE)
_SILENT_DB = -75.0
_LOST_S = 2.0
_SHOWN_S = 3.0


@dataclass(frozen=True, slots=True)
class SoundState:
    """One of STATES, what to do about it, and the figures behind it."""

    state: str
    words: str
    level_db: float = -96.0
    clipped: float = 0.0


class SoundHealth:
    """Watches one source."""

    def __init__(self, silence_after_s: float = 60.0, clipping_share: float = 0.01) -> None:
        self._silence_after_s, self._clipping_share = silence_after_s, clipping_share
        self._fault: tuple[str, str] | None = (NO_DEVICE, "No sound has come yet.")
        self._heard_at: float | None = None
        self._loud_at: float | None = None
        self._clipped_at = -1e9
        self._level, self._clipped = -96.0, 0.0

    def heard(self, samples: NDArray[np.int16], now: float) -> None:
        """A piece of sound has come: whatever was wrong with the source is over."""
        self._fault, self._heard_at = None, now
        self._level, self._clipped = dbfs(samples), clipped_share(samples)
        if self._loud_at is None or self._level > _SILENT_DB:
            self._loud_at = now
        if self._clipped > self._clipping_share:
            self._clipped_at = now

    def failed(self, state: str, words: str) -> None:
        """The source reports a fault of its own: no device, unplugged, wrong sample rate."""
        self._fault = (state, words)

    def state(self, now: float) -> SoundState:
        """What to tell; the worst first."""
        name, words = self._judge(now)
        return SoundState(name, words, self._level, self._clipped)

    def _judge(self, now: float) -> tuple[str, str]:
        if self._fault is not None:
            return self._fault
        if self._heard_at is not None and now - self._heard_at > _LOST_S:
            return UNPLUGGED, f"No sound for {now - self._heard_at:.0f} s: is the microphone or its driver gone?"
        if now - self._clipped_at < _SHOWN_S:
            return CLIPPING, f"{100 * self._clipped:.1f} % of the samples are at the limit: lower the gain."
        if self._loud_at is not None and now - self._loud_at > self._silence_after_s:
            return LONG_SILENCE, f"Nothing above {_SILENT_DB:.0f} dB for {now - self._loud_at:.0f} s: is it muted?"
        return OK, "listening"
