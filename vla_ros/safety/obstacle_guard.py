"""Slows and stops the base for what the lidar sees and for people, along the way that it drives."""

from __future__ import annotations

import math

import numpy as np

from vla_ros.core.geometry import ZERO_TWIST, Pose2D, Twist2D, Vector
from vla_ros.core.robot_description import BaseLimits
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.swept_path import Profile, Rim, profile
from vla_ros.safety.verdict import PASS, Level, Verdict, worst

_CREEP_MPS = 0.02
_EMERGENCY_REACTION_S = 0.06
_SAME_DIRECTION = 0.5
_EMPTY = np.zeros((0, 2))


class ObstacleGuard:
    """Speed from which the base can always stop in time; approach blocked, retreat allowed.

    Obstacles are remembered in odom, so that they stay where they are between two scans.

    Args:
        params: margins and reaction time.
        limits: of the base.
    """

    def __init__(self, params: SafetyParams, limits: BaseLimits) -> None:
        self._params, self._limits = params, limits
        self.footprint = Footprint(limits.footprint)
        self._points: Vector = _EMPTY
        self._people: Vector = _EMPTY
        self._people_radii: Vector = np.zeros(0)
        self._blocked: Twist2D | None = None
        self._blocked_until = -math.inf
        self._slow_until = -math.inf
        self._last_slow = self._last_block = PASS

    def see(self, points: Vector, pose: Pose2D) -> None:
        """A new scan's hits (n, 2) in base_link, taken at ``pose`` (odom)."""
        self._points = pose.transform(points)

    def see_people(self, people: tuple[tuple[float, float, float], ...]) -> None:
        """People as circles x, y, radius [m] in odom."""
        circles = np.array(people, dtype=float).reshape(-1, 3)
        self._people, self._people_radii = circles[:, :2], circles[:, 2]

    def nearest(self, pose: Pose2D) -> float:
        """Clearance of the nearest hit [m], inf when there is none."""
        if not len(self._points):
            return math.inf
        points = pose.inverse_transform(self._points)
        return float(self.footprint.nearest(points[None], np.zeros(1), 1)[0])

    def judge(self, wish: Twist2D, pose: Pose2D, now: float) -> Verdict:
        """How much of the wished twist may pass: PASS, SLOW with a scale, or BLOCK."""
        if wish == ZERO_TWIST:
            return PASS
        p = self._params
        rim = Rim.of(wish, self._limits, self.footprint.radius, p.braking_share)
        held = now < self._blocked_until and self._blocked is not None and self._is_along(wish, self._blocked)
        margin = p.stop_margin_m + (p.resume_margin_m if held else 0.0)
        reach = rim.stopping_distance(p.reaction_time_s)
        hits, people = self._profiles(wish, pose, reach, p.near_distance_m, p.person_slow_distance_m)
        person = (p.person_stop_distance_m, p.person_slow_distance_m, p.person_speed_mps)
        verdict = worst(
            [
                self._slow(hits, rim, (margin, p.near_distance_m, p.near_speed_mps), "obstacle"),
                self._slow(people, rim, person, "person"),
            ]
        )
        if verdict.level == Level.BLOCK:
            self._remember_block(verdict, wish, now)
        elif held:
            return self._last_block  # no flapping
        else:
            self._blocked = None
        if verdict.level == Level.SLOW:
            self._last_slow, self._slow_until = verdict, now + p.settle_s
        elif verdict.level == Level.PASS and now < self._slow_until:
            last = self._last_slow
            text = f"Full speed again. A moment ago: {last.text}"
            return Verdict(Level.SLOW, last.cause, text, last.value, last.limit, last.object)
        return verdict

    def emergency(self, twist: Twist2D, pose: Pose2D, now: float) -> Verdict:
        """Whether what is about to be sent would hit something even when braking as hard as the base can."""
        if twist == ZERO_TWIST:
            return PASS
        p = self._params
        rim = Rim.of(twist, self._limits, self.footprint.radius)
        reach = rim.stopping_distance(_EMERGENCY_REACTION_S)
        hits, people = self._profiles(twist, pose, reach, 0.0, 0.0)
        for name, found, margin in (
            ("obstacle", hits, p.stop_margin_m / 2),
            ("person", people, p.person_stop_distance_m / 2),
        ):
            way = found.free_way(margin, margin / 3) if found is not None else math.inf
            if way < reach:
                verdict = self._block(name, way, margin)
                self._remember_block(verdict, twist, now)
                return verdict
        return PASS

    def _remember_block(self, verdict: Verdict, twist: Twist2D, now: float) -> None:
        self._blocked, self._last_block, self._blocked_until = twist, verdict, now + self._params.settle_s

    def _profiles(
        self, twist: Twist2D, pose: Pose2D, reach: float, near: float, near_people: float
    ) -> tuple[Profile | None, Profile | None]:
        radius = self.footprint.radius + reach + self._params.stop_margin_m + self._params.resume_margin_m
        points = pose.inverse_transform(self._points)
        points = points[np.hypot(*points.T) < radius + near]
        hits = people = None
        if len(points):
            hits = profile(self.footprint, points, np.zeros(1), twist, reach, self._params.obstacle_beams)
        if len(self._people):
            places = pose.inverse_transform(self._people)
            close = (
                np.hypot(*places.T) - self._people_radii < radius + self._params.person_stop_distance_m + near_people
            )
            if close.any():
                people = profile(self.footprint, places[close], self._people_radii[close], twist, reach, 1)
        return hits, people

    def _slow(self, found: Profile | None, rim: Rim, zone: tuple[float, float, float], name: str) -> Verdict:
        """``zone``: distance that is kept, distance that makes slow [m], rim speed there [m/s]."""
        margin, near, near_speed = zone
        if found is None:
            return PASS
        clearance = float(found.clearances.min())
        way = found.free_way(margin, margin / 3)
        speed = rim.speed
        if way < math.inf:
            speed = min(speed, rim.speed_for(way, self._params.reaction_time_s))
            if speed < min(_CREEP_MPS, rim.speed / 2):
                return self._block(name, way, margin)
        approaches = clearance < float(found.clearances[0]) - 1e-3 or clearance < margin * 2
        if clearance < near and (name == "obstacle" or approaches):
            speed = min(speed, near_speed)
        if speed >= rim.speed:
            return PASS
        scale = speed / rim.speed
        if way < math.inf:
            text = f"Slowed to {scale:.0%}: {_ARTICLE[name]} in the way, {way:.2f} m ahead."
            return Verdict(Level.SLOW, name, text, way, margin, name, scale)
        text = f"Slowed to {scale:.0%}: {_ARTICLE[name]} beside the way, {max(clearance, 0.0):.2f} m off."
        return Verdict(Level.SLOW, name, text, clearance, near, name, scale)

    @staticmethod
    def _block(name: str, way: float, margin: float) -> Verdict:
        text = f"Stopped: {_ARTICLE[name]} in the way, {way:.2f} m ahead of the distance kept ({margin:.2f} m)."
        return Verdict(Level.BLOCK, name, text, way, margin, name, 0.0)

    def _is_along(self, a: Twist2D, b: Twist2D) -> bool:
        r = self.footprint.radius
        u, v = np.array([a.vx, a.vy, r * a.wz]), np.array([b.vx, b.vy, r * b.wz])
        return float(u @ v) > _SAME_DIRECTION * float(np.linalg.norm(u) * np.linalg.norm(v))


_ARTICLE = {"obstacle": "an obstacle", "person": "a person"}
