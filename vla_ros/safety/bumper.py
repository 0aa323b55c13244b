"""Contact switches: pressed means stop, and a while longer."""

from __future__ import annotations

from vla_ros.safety.params import SafetyParams
from vla_ros.safety.verdict import PASS, Level, Verdict, worst

_MOST = 64


class Bumpers:
    """Every switch that is pressed or was within ``bumper_hold_s``.

    Args:
        params: the hold.
    """

    def __init__(self, params: SafetyParams) -> None:
        self._hold_s = params.bumper_hold_s
        self._pressed: set[str] = set()
        self._released: dict[str, float] = {}

    def note(self, name: str, pressed: bool, now: float) -> None:
        """A message of one switch."""
        if pressed and (name in self._pressed or len(self._pressed) < _MOST):
            self._pressed.add(name)
            self._released.pop(name, None)
        elif not pressed and name in self._pressed:
            self._pressed.discard(name)
            self._released = {n: at for n, at in self._released.items() if now - at <= self._hold_s}
            self._released[name] = now

    def judge(self, now: float) -> Verdict:
        """PASS or HALT."""
        lately = [name for name, at in self._released.items() if now - at <= self._hold_s]
        return (
            worst([_touched(name) for name in [*sorted(self._pressed), *lately]]) if self._pressed or lately else PASS
        )


def _touched(name: str) -> Verdict:
    return Verdict(Level.HALT, "contact", f"The contact switch {name} is pressed.", 1.0, 0.0, name, 0.0)
