"""Keeps the responsibility-sensitive distance to things that move and are no people: a pet, a toy, a robot."""

from __future__ import annotations

import math

import numpy as np

from vla_ros.core.geometry import Pose2D, Twist2D
from vla_ros.core.robot_description import BaseLimits
from vla_ros.core.scene import Scene
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.rss import safe_speed
from vla_ros.safety.verdict import PASS, Level, Verdict, worst


class MovingThings:
    """Speed limits of the base for the things that move in the newest scene.

    Args:
        params: reaction time, offset, what moves, how it can brake.
        limits: of the base.
        footprint: of the base.
    """

    def __init__(self, params: SafetyParams, limits: BaseLimits, footprint: Footprint) -> None:
        self._params, self._footprint = params, footprint
        self._deceleration = params.braking_share * limits.deceleration
        self._things: list[tuple[str, tuple[float, float], float, tuple[float, float]]] = []

    def see(self, scene: Scene, people: frozenset[str]) -> None:
        """A new scene; ``people`` are the ids that the separation to people takes care of."""
        self._things = []
        for thing in scene.objects:
            (x, y), (vx, vy) = thing.pose.position[:2], thing.velocity[:2]
            if thing.id in people or not thing.visible or not all(map(math.isfinite, (x, y, vx, vy, *thing.size))):
                continue
            if math.hypot(vx, vy) >= self._params.moving_mps:
                self._things.append((thing.id, (x, y), max(thing.size[:2]) / 2.0, (vx, vy)))

    def judge(self, wish: Twist2D, pose: Pose2D) -> Verdict:
        """PASS, or SLOW with the share of the wish that may pass."""
        return worst([self._one(wish, pose, *thing) for thing in self._things])

    def _one(
        self, wish: Twist2D, pose: Pose2D, name: str, place: tuple[float, float], radius: float, v: tuple[float, float]
    ) -> Verdict:
        p = self._params
        at = pose.inverse_transform(np.array(place))
        away = math.hypot(*at)
        direction = at / max(away, 1e-9)
        toward = float(wish.vx * direction[0] + wish.vy * direction[1])
        cos, sin = math.cos(pose.theta), math.sin(pose.theta)
        flees = (cos * v[0] + sin * v[1]) * float(direction[0]) + (cos * v[1] - sin * v[0]) * float(direction[1])
        distance = float(self._footprint.clearance(at[None])[0]) - radius - p.moving_offset_m
        limit = safe_speed(distance, flees, p.reaction_time_s, self._deceleration, p.moving_braking)
        if toward <= limit:
            return PASS
        text = f"{name} moves {max(distance, 0.0):.2f} m away: at most {limit:.2f} m/s toward it, not {toward:.2f}."
        level = Level.SLOW if limit > 0.0 else Level.BLOCK
        return Verdict(level, "rss", text, toward, limit, name, limit / toward)
