"""Which joint groups the gate has let move, and the trajectories that make them stand where they are."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from vla_ros.core.motion import JointTrajectory
from vla_ros.core.robot_description import JointGroup
from vla_ros.safety.params import SafetyParams

_SETTLE_S = 0.3


class JointHold:
    """Holds every group that was ever commanded, at the posture measured when the stop began.

    A hold is repeated while the stop lasts, so that a driver that starts late gets it. A joint that was
    moved meanwhile (by hand) is held where it is now: nothing jumps. Fingers are never held: a hold would
    open a grip.

    Args:
        params: period and duration of holds.
        groups: that take trajectories.
    """

    def __init__(self, params: SafetyParams, groups: tuple[JointGroup, ...]) -> None:
        self._params = params
        self._groups = {g.name: g for g in groups}
        self._until: dict[str, float] = {}
        self._held: dict[str, dict[str, float]] = {}
        self._sent: dict[str, float] = {}
        self._alone: dict[str, float] = {}

    def passed(self, group: str, trajectory: JointTrajectory, now: float) -> None:
        """A trajectory of ``group`` went to the driver."""
        self._until[group] = now + float(trajectory.times_s[-1]) + _SETTLE_S
        self._alone.pop(group, None)
        self._forget(group)

    def hold_alone(self, group: str, now: float) -> None:
        """Holds one group for a second although nothing else stops (its newest trajectory was refused)."""
        if group in self._until:
            self._alone[group] = now + 1.0
            self._until[group] = now

    def moving(self, now: float) -> bool:
        """True while a trajectory that passed is still being driven."""
        return any(until > now for until in self._until.values())

    def moves(self, group: str, now: float) -> bool:
        """True while one group's trajectory that passed is still being driven."""
        return self._until.get(group, now) > now

    def tick(
        self, stopped: bool, measured: Mapping[str, float], now: float, but: str = ""
    ) -> tuple[JointTrajectory, ...]:
        """Holds to publish now. ``stopped``: all groups must stand, except the one named ``but``; ``measured``:
        newest positions by name."""
        out = []
        for name in self._until:
            if name == but:
                continue
            if stopped:
                self._until[name] = min(self._until[name], now)
            elif self._alone.get(name, -math.inf) < now:
                self._forget(name)
                continue
            hold = self._hold(self._groups[name], measured, now)
            if hold is not None:
                out.append(hold)
        return tuple(out)

    def _forget(self, group: str) -> None:
        self._held.pop(group, None)
        self._sent.pop(group, None)

    def _hold(self, group: JointGroup, measured: Mapping[str, float], now: float) -> JointTrajectory | None:
        if any(j not in measured for j in group.names):
            return None
        held = self._held.get(group.name)
        drifted = held is not None and any(abs(held[j] - measured[j]) > self._params.hold_drift for j in group.names)
        if held is None or drifted:
            held = self._held[group.name] = {j: measured[j] for j in group.names}
        elif now - self._sent[group.name] < self._params.hold_period_s:
            return None
        self._sent[group.name] = now
        positions = np.array([[held[j] for j in group.names]])
        return JointTrajectory(
            group.names, np.array([self._params.hold_time_s]), positions, velocities=np.zeros_like(positions)
        )
