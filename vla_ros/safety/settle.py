"""No flapping: what limits acts for a while after it was last needed."""

from __future__ import annotations

import math
from dataclasses import replace

from vla_ros.safety.verdict import PASS, Level, Verdict


class Settle:
    """Keeps the name of a limit, and a stop, for ``settle_s`` after the last time.

    A limit that has gone lets the full speed pass at once, but still says why it was there; a stop stays a stop.
    """

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._last, self._until = PASS, -math.inf

    def judge(self, verdict: Verdict, now: float) -> Verdict:
        """The verdict of this tick, after the one that is passed in."""
        if verdict.level >= self._last.level or now >= self._until:
            self._last, self._until = verdict, now + self._settle_s
            return verdict
        if self._last.level > Level.SLOW:
            return self._last
        return verdict if verdict.level > Level.PASS else replace(self._last, scale=1.0)
