"""Age of every input by the time of its receipt. The same stamp again is no news; silence is a cause to brake."""

from __future__ import annotations

from vla_ros.safety.params import SafetyParams
from vla_ros.safety.verdict import Level, Verdict


class SensorHealth:
    """Remembers when each required sensor last said something new.

    Args:
        required: names of sensors without which the robot must not move.
        params: their time-outs (``<name>_timeout_s``).
    """

    def __init__(self, required: tuple[str, ...], params: SafetyParams) -> None:
        self._timeouts = {name: float(getattr(params, f"{name}_timeout_s")) for name in required}
        self._received: dict[str, float] = {}
        self._stamps: dict[str, float] = {}
        self._frozen: dict[str, bool] = {}
        self._broken: dict[str, Verdict] = {}

    def note(
        self, name: str, stamp_s: float, now: float, broken: Verdict | None = None, frozen: bool | None = None
    ) -> bool:
        """One message of sensor ``name`` arrived; ``broken`` says that it cannot be used.

        Returns True when it is new and usable: its stamp differs from the last one's, or where several drivers
        share the topic and their stamps may be equal, ``frozen`` says that it is no news.
        """
        self._frozen[name] = self._stamps.get(name) == stamp_s if frozen is None else frozen
        self._stamps[name] = stamp_s
        if self._frozen[name]:
            return False
        if broken is not None:
            self._broken[name] = broken
            return False
        self._broken.pop(name, None)
        self._received[name] = now
        return True

    def age(self, name: str, now: float) -> float:
        """Seconds since the last good message; inf when there was none."""
        return now - self._received[name] if name in self._received else float("inf")

    def all_seen(self) -> bool:
        """True once every required sensor has been heard."""
        return all(name in self._received for name in self._timeouts)

    def judge(self, now: float) -> list[Verdict]:
        """One BRAKE verdict for each required sensor that is missing, stale, frozen or broken."""
        return [v for name in self._timeouts if (v := self._judge_one(name, now)) is not None]

    def _judge_one(self, name: str, now: float) -> Verdict | None:
        limit, age = self._timeouts[name], self.age(name, now)
        if name in self._broken:
            return self._broken[name]
        if 0.0 <= age <= limit:
            return None
        if name not in self._received:
            return Verdict(Level.BRAKE, f"{name}_missing", f"No {name} has arrived yet.", 0.0, limit, name, 0.0)
        if self._frozen.get(name):
            text = f"{name} repeats the same stamp for {age:.2f} s (limit {limit:g} s)."
            return Verdict(Level.BRAKE, f"{name}_frozen", text, age, limit, name, 0.0)
        text = f"{name} is {age:.2f} s old (limit {limit:g} s)."
        return Verdict(Level.BRAKE, f"{name}_stale", text, age, limit, name, 0.0)
