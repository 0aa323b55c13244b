"""Which of several limits is named: the one named before, while it still acts, so that a status can be read."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from vla_ros.safety.verdict import Level, Verdict


class SteadyName:
    """Chooses the verdict that the status shows. What acts is always the worst one.

    Args:
        settle_s: a name stays at least so long, unless something worse happens.
    """

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._cause, self._until = "", -math.inf

    def choose(self, worst: Verdict, all_of_them: Iterable[Verdict], now: float) -> Verdict:
        """The verdict to show: ``worst``, or with its scale the one that was named before."""
        if worst.level == Level.SLOW and worst.cause != self._cause and now < self._until:
            same = [v for v in all_of_them if v.level == Level.SLOW and v.cause == self._cause]
            if same:
                return replace(same[0], scale=worst.scale)
        if worst.cause != self._cause:
            self._cause, self._until = worst.cause, now + self._settle_s
        return worst
