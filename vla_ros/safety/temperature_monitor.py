"""Temperatures of processors and motors: say it, slow down, and put the arm where it rests."""

from __future__ import annotations

import math

from vla_ros.safety.params import SafetyParams
from vla_ros.safety.verdict import PASS, Level, Verdict, worst

_MOST_SENSORS = 256


class TemperatureMonitor:
    """Judges the newest reading of every sensor, each for ``temperature_timeout_s``; a reading that is no number
    is worth a word.

    Args:
        params: levels for motors (names that begin with "motor") and for everything else.
    """

    def __init__(self, params: SafetyParams) -> None:
        self._params = params
        self._readings: dict[str, tuple[float, float]] = {}

    def note(self, name: str, celsius: float, now: float) -> None:
        """One reading."""
        if name in self._readings or len(self._readings) < _MOST_SENSORS:
            self._readings[name] = (celsius, now)

    def judge(self, now: float) -> Verdict:
        """PASS to POSTURE, of the worst sensor."""
        longest = self._params.temperature_timeout_s
        return worst(self._one(name, c) for name, (c, at) in self._readings.items() if now - at <= longest)

    def _one(self, name: str, celsius: float) -> Verdict:
        p = self._params
        most = p.motor_temperature_c if name.startswith("motor") else p.processor_temperature_c
        if not math.isfinite(celsius):
            return Verdict(Level.INFORM, "hot", f"{name} reports no temperature.", object=name)
        text = f"{name} has {celsius:.0f} degrees (limit {most:g})."
        if celsius >= most:
            return Verdict(Level.POSTURE, "hot", text, celsius, most, name, 0.0)
        if celsius >= most - p.temperature_slow_k:
            return Verdict(Level.SLOW, "hot", text, celsius, most, name, p.monitor_scale)
        if celsius >= most - p.temperature_inform_k:
            return Verdict(Level.INFORM, "hot", text, celsius, most, name)
        return PASS
