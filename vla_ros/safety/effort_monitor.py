"""Efforts of the joints: overload, and a push that the arm's own weight and motion do not explain."""

from __future__ import annotations

import math
from collections.abc import Mapping

from vla_ros.core.robot_state import JointStates
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.verdict import PASS, Level, Verdict, worst

_RUNNING_S = 1.0


class EffortMonitor:
    """Compares each joint's effort with its limit, and with its own running mean.

    A joint that works against something in its way changes its effort faster than loads do: a step above
    ``collision_share`` of the limit from the mean of the last second, for ``collision_s``, is a collision.

    Args:
        params: shares of the limits.
        limits: highest effort by joint [N m or N]; joints without a finite limit are not judged.
    """

    def __init__(self, params: SafetyParams, limits: Mapping[str, float]) -> None:
        self._params = params
        self._limits = {name: limit for name, limit in limits.items() if math.isfinite(limit) and limit > 0.0}
        self._mean: dict[str, float] = {}
        self._newest: dict[str, float] = {}
        self._pushed_since: dict[str, float] = {}
        self._at = -math.inf

    def note(self, joints: JointStates, now: float) -> None:
        """Measured joints; without efforts nothing is known."""
        names = joints.positions.names
        if len(joints.efforts) != len(names):
            return
        share = 1.0 - math.exp(-max(0.0, now - self._at) / _RUNNING_S)
        self._at = now
        for name, effort in zip(names, joints.efforts):
            limit = self._limits.get(name)
            if limit is None or not math.isfinite(effort):
                continue
            mean = self._mean.get(name, effort)
            self._mean[name] = mean + share * (effort - mean)
            self._newest[name] = effort
            if abs(effort - mean) > self._params.collision_share * limit:
                self._pushed_since.setdefault(name, now)
            else:
                self._pushed_since.pop(name, None)

    def judge(self, now: float) -> Verdict:
        """PASS to BRAKE, of the worst joint."""
        return worst([*map(self._load, self._newest), *(self._push(name, now) for name in self._pushed_since)])

    def _load(self, name: str) -> Verdict:
        p, limit = self._params, self._limits[name]
        load = abs(self._newest[name]) / limit
        if load < p.effort_slow_share:
            return PASS
        text = f"{name} works at {load:.0%} of its effort limit."
        if load >= p.effort_stop_share:
            return Verdict(Level.BRAKE, "overload", text, load, p.effort_stop_share, name, 0.0)
        return Verdict(Level.SLOW, "overload", text, load, p.effort_slow_share, name, p.monitor_scale)

    def _push(self, name: str, now: float) -> Verdict:
        since = now - self._pushed_since[name]
        if since < self._params.collision_s:
            return PASS
        text = f"{name} is pushed: its effort changed by more than {self._params.collision_share:.0%} of its limit."
        return Verdict(Level.BRAKE, "collision", text, since, self._params.collision_s, name, 0.0)
