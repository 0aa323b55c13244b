"""One record each time the gate acts: when, why, the numbers, what was asked and what went out."""

from __future__ import annotations

from dataclasses import dataclass

from vla_ros.core.geometry import Twist2D
from vla_ros.safety.verdict import Verdict

_REPEAT_S = 1.0


@dataclass(frozen=True, slots=True)
class Intervention:
    """``time_s`` of the steady clock; ``wished`` is the command after the speed clamp, ``sent`` what went out,
    ``state`` the gate's public state, ``source`` who drove: autonomy or teleoperation."""

    time_s: float
    verdict: Verdict
    wished: Twist2D
    sent: Twist2D
    state: str = ""
    source: str = "autonomy"


class InterventionLog:
    """Counts interventions and makes their records; the same cause at most once a second."""

    def __init__(self) -> None:
        self.count = 0
        self._last: dict[str, float] = {}
        self._acting = ""
        self._new: list[Intervention] = []
        self.state, self.source = "", "autonomy"
        """Of the gate, for the records to come."""

    def note(self, verdict: Verdict, wished: Twist2D, sent: Twist2D, now: float) -> None:
        """The verdict of a tick; counts when its cause begins to act."""
        if verdict.cause and verdict.cause != self._acting:
            self.event(verdict, wished, sent, now)
        self._acting = verdict.cause

    def event(self, verdict: Verdict, wished: Twist2D, sent: Twist2D, now: float) -> None:
        """Something refused just now."""
        self.count += 1
        if now - self._last.get(verdict.cause, -_REPEAT_S) >= _REPEAT_S:
            self._last[verdict.cause] = now
            self._new.append(Intervention(now, verdict, wished, sent, self.state, self.source))

    def drain(self) -> tuple[Intervention, ...]:
        """Records since the last call."""
        new, self._new = tuple(self._new), []
        return new
