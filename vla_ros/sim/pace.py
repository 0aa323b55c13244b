"""Keeps simulated time on real time: never ahead, and when the machine is slow simulated time slows down."""

from __future__ import annotations

_MOST_STEPS = 3
_FORGIVEN_S = 0.2


class Pace:
    """Says how many ticks of simulated time are due and measures the real-time factor.

    Args:
        tick_s: simulated time of one tick.
        speed: wanted simulated seconds per second.
    """

    def __init__(self, tick_s: float, speed: float = 1.0) -> None:
        self._tick, self._speed = tick_s, speed
        self._due: float | None = None
        self._measured_from: float | None = None
        self._ticks = 0

    def due(self, now: float) -> int:
        """Ticks to run at steady time ``now`` [s]. A debt that cannot be made good is forgiven: time slows."""
        if self._due is None:
            self._due = now
        step = self._tick / self._speed
        if now - self._due > _FORGIVEN_S + step:
            self._due = now
        count = min(_MOST_STEPS, int((now - self._due) / step + 1e-6) + (1 if now >= self._due else 0))
        self._due += count * step
        self._ticks += count
        return count

    def restart(self) -> None:
        """After a pause: nothing is owed, the factor is measured anew."""
        self._due = None
        self._measured_from = None
        self._ticks = 0

    def factor(self, now: float) -> float | None:
        """Simulated seconds per second since the last call; None at the first."""
        start, ticks = self._measured_from, self._ticks
        self._measured_from, self._ticks = now, 0
        return ticks * self._tick / (now - start) if start is not None and now > start else None


class Schedule:
    """Which periodic things are due in simulated time; each keeps its rate on average."""

    def __init__(self) -> None:
        self._next: dict[str, float] = {}

    def due(self, now: float, name: str, rate_hz: float) -> bool:
        """True when the next ``name`` is due at ``now`` [s]; it then counts as done."""
        when = self._next.get(name, now)
        if now < when - 1e-6:
            return False
        period = 1.0 / rate_hz
        self._next[name] = when + period if now - when < period else now + period
        return True
