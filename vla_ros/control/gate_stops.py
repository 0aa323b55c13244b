"""The gate's stops as control remembers them: a held motion has not failed, it is taken up again."""

from __future__ import annotations

import math

from vla_ros.core.safety_status import SafetyStatus

AFTER_S = 0.5
"""A motion that fails so soon after the gate has stopped it was held by the gate, not by something in its way [s]."""
MOST_STOPS = 20
"""After so many stops one goal fails, and says why; those within AFTER_S of each other are one."""


class GateStops:
    """Notes every stop, also one that is over before control's next tick: the gate's hold has then taken the place of
    the trajectory that control believes to be under way."""

    def __init__(self) -> None:
        self.why = ""
        self._last = self._counted = -math.inf
        self._stopped = self._news = False
        self._count = 0

    def observe(self, status: SafetyStatus, words: str, now: float) -> None:
        """Takes the gate's newest status, with its reason in words."""
        before, self._stopped = self._stopped, status.state == "stopped"
        if not self._stopped:
            return
        if not before and self.since(now) >= 0.0 and now - self._counted >= AFTER_S:
            self._count, self._counted = self._count + 1, now
        self.why, self._last, self._news = words, now, True

    def begin_goal(self) -> None:
        """Another goal begins: what was before does not count."""
        self._count, self._news = 0, False

    @property
    def are_too_many(self) -> bool:
        """Whether the present goal has been stopped so often that it must end."""
        return self._count > MOST_STOPS

    def take_news(self) -> bool:
        """Whether a stop was heard of since this was last asked."""
        news, self._news = self._news, False
        return news

    def since(self, now: float) -> float:
        """Seconds since the last stop was heard of; a clock that was set back forgets it."""
        if now < self._last:
            self._last = self._counted = -math.inf
        return now - self._last
