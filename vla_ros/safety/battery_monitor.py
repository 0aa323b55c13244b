"""State of charge: say it, slow down, and bring the arm down before the power goes."""

from __future__ import annotations

import math

from vla_ros.core.robot_state import Battery
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.verdict import PASS, Level, Verdict


class BatteryMonitor:
    """Judges the newest charge; a driver that does not know it (NaN or negative) says nothing.

    Args:
        params: the three levels of charge.
    """

    def __init__(self, params: SafetyParams) -> None:
        self._params = params
        self._charge = math.nan

    def note(self, battery: Battery) -> None:
        """A message of the battery."""
        self._charge = battery.percentage

    def judge(self) -> Verdict:
        """PASS to POSTURE."""
        p, charge = self._params, self._charge
        if not charge >= 0.0 or charge > p.battery_inform:
            return PASS
        text = f"The battery has {charge:.0%}."
        if charge <= p.battery_stop:
            return Verdict(Level.POSTURE, "battery_empty", text, charge, p.battery_stop, "battery", 0.0)
        if charge <= p.battery_slow:
            return Verdict(Level.SLOW, "battery_low", text, charge, p.battery_slow, "battery", p.monitor_scale)
        return Verdict(Level.INFORM, "battery_low", text, charge, p.battery_inform, "battery")
