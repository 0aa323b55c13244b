"""A burst passes at once, a flood at a rate: a bucket of tokens that fills with time."""

from __future__ import annotations

import math


class Pace:
    """Says whether something that was asked for is done now.

    Args:
        period_s: one more token after so long [s].
        burst: tokens at most.
    """

    def __init__(self, period_s: float, burst: int) -> None:
        self._period_s, self._burst = period_s, burst
        self._tokens, self._at = float(burst), -math.inf

    def lets(self, now: float) -> bool:
        """Takes a token at ``now`` (steady clock) [s]; False when there is none."""
        self._tokens = min(float(self._burst), self._tokens + max(0.0, now - self._at) / self._period_s)
        self._at = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
