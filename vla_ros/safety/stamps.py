"""Stamps of commands, when senders give them: too old, ahead of the clock, or played again means refused."""

from __future__ import annotations

from dataclasses import dataclass

from vla_ros.safety.params import SafetyParams
from vla_ros.safety.verdict import PASS, Level, Verdict


@dataclass(frozen=True, slots=True)
class Stamp:
    """``sent_s`` stands in the command's header, ``clock_s`` is the same clock when the command arrived [s]."""

    sent_s: float
    clock_s: float


class StampCheck:
    """Each topic's stamps must be near the clock and rise with every command.

    Only for commands: sensors age by the time of their receipt, so that a wrong clock cannot make them fresh.

    Args:
        params: ``command_stamps`` (off, checked, required) and the tolerance.
    """

    def __init__(self, params: SafetyParams) -> None:
        self._mode, self._tolerance = params.command_stamps, params.stamp_tolerance_s
        self._newest: dict[str, float] = {}

    def judge(self, topic: str, stamp: Stamp | None) -> Verdict:
        """PASS, or why the command on ``topic`` is refused."""
        if self._mode == "off" or (stamp is None and self._mode == "checked"):
            return PASS
        if stamp is None:
            return _refuse("stamp_missing", topic, "has no stamp; send one.", 0.0, 0.0)
        age = stamp.clock_s - stamp.sent_s
        text = f"is stamped {age:.3f} s before its arrival (limit {self._tolerance:g} s)."
        if age < -self._tolerance:
            return _refuse("stamp_ahead", topic, text, age, self._tolerance)
        if not age <= self._tolerance:
            return _refuse("stamp_old", topic, text, age, self._tolerance)
        newest = self._newest.get(topic)
        # A newest stamp that lies ahead of the clock itself tells that the clock was set back.
        if newest is not None and stamp.sent_s <= newest <= stamp.clock_s + self._tolerance:
            return _refuse("replayed", topic, "is not newer than the one before it.", stamp.sent_s - newest, 0.0)
        self._newest[topic] = stamp.sent_s
        return PASS


def _refuse(cause: str, topic: str, text: str, value: float, limit: float) -> Verdict:
    return Verdict(Level.INFORM, cause, f"{topic} refused: it {text}", value, limit, topic)
