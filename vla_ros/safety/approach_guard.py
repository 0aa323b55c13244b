"""Passive safety toward those who walk: whoever reaches the robot finds it at rest, or does not reach it at all.

A speed is allowed when the robot, braking from it after its reaction time, meets nobody before it stands (passive
motion safety: Macek et al., Towards safe vehicle navigation in dynamic urban scenarios, Automatika 50, 2009). Everybody
goes on as they go now; an error of their speed widens them with time.
"""

from __future__ import annotations

import math

import numpy as np

from vla_ros.core.geometry import ZERO_TWIST, Pose2D, Twist2D, Vector
from vla_ros.core.robot_description import BaseLimits
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.lidar_tracker import Mover
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.settle import Settle
from vla_ros.safety.swept_path import Rim, driven
from vla_ros.safety.verdict import PASS, Level, Verdict, worst

_SHARES = (1.0, 0.8, 0.6, 0.4, 0.2)
_MOMENTS = 13
_ESCAPE = np.linspace(0.0, 2.0, 26)
_RETREATS = 0.5


class ApproachGuard:
    """Speed limits of the base for those who walk toward it or into its way.

    Args:
        params: reaction time, margins.
        limits: of the base.
    """

    def __init__(self, params: SafetyParams, limits: BaseLimits) -> None:
        self._params, self._limits = params, limits
        self._settle = Settle(params.settle_s)

    def judge(self, wish: Twist2D, pose: Pose2D, outline: Footprint, movers: tuple[Mover, ...], now: float) -> Verdict:
        """PASS, SLOW with the share of the wish from which it still stands in time, or BLOCK.

        Args:
            wish: in base_link.
            pose: of the base in odom.
            outline: of the whole robot.
            movers: in odom.
            now: steady time [s].
        """
        if wish == ZERO_TWIST:
            return PASS
        found, escapes = [], bool(movers)
        for mover in movers:
            verdict, escape = self._one(wish, pose, outline, mover, now)
            found.append(verdict)
            escapes = escapes and escape
        return PASS if escapes else self._settle.judge(worst(found), now)

    def _one(self, wish: Twist2D, pose: Pose2D, outline: Footprint, mover: Mover, now: float) -> tuple[Verdict, bool]:
        """The verdict, and whether the wish leads away from the mover."""
        p = self._params
        rim = Rim.of(wish, self._limits, outline.radius, p.braking_share)
        stopping = rim.speed / rim.deceleration
        lead = now - mover.seen_s
        at = pose.inverse_transform(np.array([mover.x + mover.vx * lead, mover.y + mover.vy * lead]))
        c, s = math.cos(pose.theta), math.sin(pose.theta)
        v = np.array([c * mover.vx + s * mover.vy, c * mover.vy - s * mover.vx])
        gap = _Gap(outline, at, v, mover.radius + p.approach_margin_m, p.human_margin_mps)
        toward = float(wish.vx * at[0] + wish.vy * at[1])
        close, touches = gap.now <= 0.0, gap.now <= -p.approach_margin_m
        away = not touches and toward < (-_RETREATS * wish.speed * math.hypot(*at) if close else 0.0)
        if away and gap.stays_open(wish, _ESCAPE, _ESCAPE):
            return PASS, True
        for share in () if close else _SHARES:
            times = np.linspace(0.0, p.reaction_time_s + share * stopping, _MOMENTS)
            braking = np.maximum(0.0, times - p.reaction_time_s)
            if gap.stays_open(wish, times, share * times - braking**2 / (2.0 * stopping)):
                if share == 1.0:
                    return PASS, False
                text = f"{mover.id} walks into the way at {mover.speed:.2f} m/s: slowed to {share:.0%}."
                return self._verdict(Level.SLOW, text, mover, gap, share), False
        text = f"{mover.id} comes at {mover.speed:.2f} m/s, {gap.now:.2f} m away: the base stands."
        return self._verdict(Level.BLOCK, text, mover, gap, 0.0), False

    @staticmethod
    def _verdict(level: Level, text: str, mover: Mover, gap: _Gap, share: float) -> Verdict:
        return Verdict(level, "approach", text, mover.speed, gap.now, mover.id, share)


class _Gap:
    """Between the outline and somebody who walks, through time.

    ``at`` and ``v`` are place and velocity in base_link now; ``radius`` grows by ``spread`` m/s.
    """

    def __init__(self, outline: Footprint, at: Vector, v: Vector, radius: float, spread: float) -> None:
        self._outline, self._at, self._v, self._radius, self._spread = outline, at, v, radius, spread
        self.now = float(outline.clearance(at[None])[0]) - radius

    def stays_open(self, wish: Twist2D, times: Vector, seconds: Vector) -> bool:
        """Whether nobody touches the outline at any of ``times`` (n,) [s], nor comes nearer who is close already.

        ``seconds`` (n,): so long the wish was driven at its full speed until each time.
        """
        seen = _seen_from(wish, seconds, self._at + np.outer(times, self._v))
        gaps = self._outline.clearance(seen) - self._radius
        return bool(np.all(gaps >= np.minimum(self._spread * times, self.now)))


def _seen_from(wish: Twist2D, seconds: Vector, points: Vector) -> Vector:
    """Points (n, 2) of base_link at the start, seen after ``wish`` was driven for (n,) ``seconds``."""
    x, y, angle = driven(wish, seconds)
    dx, dy = points[:, 0] - x, points[:, 1] - y
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([cos * dx + sin * dy, cos * dy - sin * dx], axis=-1)
