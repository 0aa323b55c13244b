"""The operator station's heartbeat, where a site wants one: without it the robot stands."""

from __future__ import annotations

import math

from vla_ros.safety.params import SafetyParams
from vla_ros.safety.verdict import PASS, Level, Verdict


class Heartbeat:
    """Judges silence; only asked for with ``operator_heartbeat``.

    Args:
        params: whether, and how long silence may last.
    """

    def __init__(self, params: SafetyParams) -> None:
        self._wanted, self._limit = params.operator_heartbeat, params.operator_heartbeat_timeout_s
        self._at = -math.inf

    def note(self, now: float) -> None:
        """One beat."""
        self._at = now

    def judge(self, now: float) -> Verdict:
        """PASS, or HALT when the station is silent."""
        age = now - self._at
        if not self._wanted or age <= self._limit:
            return PASS
        if math.isinf(age):
            return Verdict(
                Level.HALT, "heartbeat_missing", "No operator station is heard.", 0.0, self._limit, "operator", 0.0
            )
        text = f"The operator station is silent for {age:.1f} s (limit {self._limit:g} s)."
        return Verdict(Level.HALT, "heartbeat_lost", text, age, self._limit, "operator", 0.0)
