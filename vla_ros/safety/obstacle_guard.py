"""Slows and stops the base for what the lidar sees and for people, along the way that it drives.

Two outlines: the base's own, which the lidar's plane cuts, and that of the whole robot with its arm as it stands now.
Nothing may touch the first; people keep their distance from the second. What the lidar sees below the arm may be a
wall or the foot of a table that the arm reaches over: it comes under the arm at a crawl.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from vla_ros.core.geometry import ZERO_TWIST, Box, Pose, Pose2D, Twist2D, Vector
from vla_ros.core.robot_description import BaseLimits
from vla_ros.robot.kinematics import RobotModel
from vla_ros.robot.outline import Outline, OutlineMaker
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.nearness import EMERGENCY_REACTION_S, Nearness
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.swept_path import Profile, Rim, profile
from vla_ros.safety.verdict import PASS, Level, Verdict, worst

_SAME_DIRECTION = 0.5
_UNDER_ARM_MPS = 0.05
_HELD_M = 0.12
_HELD_MORE_M = 0.03
_EMPTY = np.zeros((0, 2))


class ObstacleGuard:
    """Speed from which the base can always stop in time; approach blocked, retreat allowed.

    Obstacles are remembered in odom, so that they stay where they are between two scans.

    Args:
        params: margins and reaction time.
        limits: of the base.
        model: of the robot; without one the base alone is guarded.
    """

    def __init__(self, params: SafetyParams, limits: BaseLimits, model: RobotModel | None = None) -> None:
        self._params, self._limits, self._model = params, limits, model
        self._outlines = OutlineMaker(model) if model is not None else None
        self._outline: Outline | None = None
        self.footprint = self.whole = Footprint(limits.footprint)
        self._points: Vector = _EMPTY
        self.see_people(())
        self._blocked: Twist2D | None = None
        self._blocked_until = -math.inf
        self._slow_until = -math.inf
        self._last_slow = self._last_block = PASS

    def see(self, points: Vector, pose: Pose2D) -> None:
        """A new scan's hits (n, 2) in base_link, taken at ``pose`` (odom)."""
        self._points = pose.transform(points)

    def see_people(self, people: tuple[tuple[float, float, float], ...]) -> None:
        """People as circles x, y, radius [m] in odom."""
        circles = np.reshape(np.array(people, dtype=float), (len(people), 3))
        self._people: Vector = circles[:, :2]
        self._people_radii: Vector = circles[:, 2]

    def see_joints(self, measured: Mapping[str, float]) -> None:
        """Measured joints by name: the outline of the whole robot follows the arm."""
        if self._outlines is None:
            return
        outline = self._outlines.of(measured, self._may_hold(measured))
        if outline is not self._outline:
            self._outline = outline
            self.whole = Footprint(outline.hull(self._limits.footprint)) if len(outline.points) else self.footprint

    @property
    def points(self) -> Vector:
        """(n, 2) what the lidar saw last, in odom [m]."""
        return self._points

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
        whole = Rim.of(wish, self._limits, self.whole.radius, p.braking_share)
        held = now < self._blocked_until and self._blocked is not None and self._is_along(wish, self._blocked)
        more = p.resume_margin_m if held else 0.0
        reach, whole_reach = rim.stopping_distance(p.reaction_time_s), whole.stopping_distance(p.reaction_time_s)
        verdict = worst(
            [
                self._obstacle(p.stop_margin_m + more).judge(self._hits(wish, pose, reach), rim, p.reaction_time_s),
                self._person(p.person_stop_distance_m + more).judge(
                    self._near_people(wish, pose, whole_reach), whole, p.reaction_time_s
                ),
                self._under_arm(wish, pose, whole, whole_reach),
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
        reach = rim.stopping_distance(EMERGENCY_REACTION_S)
        whole = Rim.of(twist, self._limits, self.whole.radius).stopping_distance(EMERGENCY_REACTION_S)
        verdict = worst(
            [
                self._obstacle(p.stop_margin_m / 2).emergency(self._hits(twist, pose, reach)),
                self._person(p.person_stop_distance_m / 2).emergency(self._near_people(twist, pose, whole)),
            ]
        )
        if verdict.level == Level.BLOCK:
            self._remember_block(verdict, twist, now)
        return verdict

    def _obstacle(self, margin_m: float) -> Nearness:
        return Nearness("obstacle", margin_m, self._params.near_distance_m, self._params.near_speed_mps)

    def _person(self, margin_m: float) -> Nearness:
        return Nearness("person", margin_m, self._params.person_slow_distance_m, self._params.person_speed_mps)

    def _remember_block(self, verdict: Verdict, twist: Twist2D, now: float) -> None:
        self._blocked, self._last_block, self._blocked_until = twist, verdict, now + self._params.settle_s

    def _hits(self, twist: Twist2D, pose: Pose2D, reach: float) -> Profile | None:
        """Clearance of the base from what the lidar sees; None when nothing is near."""
        p = self._params
        points, radii = self._points_near(pose, self.footprint, reach + p.near_distance_m)
        return profile(self.footprint, points, radii, twist, reach, p.obstacle_beams) if len(points) else None

    def _near_people(self, twist: Twist2D, pose: Pose2D, reach: float) -> Profile | None:
        """Clearance of the whole robot from people; None when nobody is near."""
        p, places, radii = self._params, pose.inverse_transform(self._people), self._people_radii
        keeps = p.person_stop_distance_m + p.resume_margin_m + p.person_slow_distance_m
        near = _reachable(self.whole, places, radii, reach + keeps)
        return profile(self.whole, places[near], radii[near], twist, reach, 1) if near.any() else None

    def _under_arm(self, wish: Twist2D, pose: Pose2D, rim: Rim, reach: float) -> Verdict:
        """Slow for what comes under the arm, which may be as high as the arm is. What is there already is lower."""
        if self.whole is self.footprint:
            return PASS
        p = self._params
        points, radii = self._points_near(pose, self.whole, reach)
        outside = self.whole.clearance(points) > 0.0
        if not outside.any():
            return PASS
        found = profile(self.whole, points[outside], radii[outside], wish, reach, p.obstacle_beams)
        way = found.free_way(p.stop_margin_m, 0.0)
        speed = max(_UNDER_ARM_MPS, rim.speed_for(way, p.reaction_time_s))
        if speed >= rim.speed:
            return PASS
        scale = speed / rim.speed
        text = f"Slowed to {scale:.0%}: an obstacle comes under the arm, {way:.2f} m ahead."
        return Verdict(Level.SLOW, "obstacle", text, way, p.stop_margin_m, "obstacle", scale)

    def _points_near(self, pose: Pose2D, outline: Footprint, way_m: float) -> tuple[Vector, Vector]:
        """Hits in base_link (n, 2) that ``outline`` could come near to within ``way_m``, and their radii of zero."""
        points = pose.inverse_transform(self._points)
        radii = np.zeros(len(points))
        keeps = self._params.stop_margin_m + self._params.resume_margin_m
        near = _reachable(outline, points, radii, way_m + keeps)
        return points[near], radii[near]

    def _may_hold(self, measured: Mapping[str, float]) -> Box | None:
        """A box around whatever the hand may hold: as wide as the fingers are open."""
        gripper = self._model.robot.gripper if self._model is not None else None
        if gripper is None:
            return None
        # In whole centimetres, so that trembling fingers make no new box.
        opening = round(max(0.0, sum(measured.get(n, 0.0) for n in gripper.joints)), 2)
        return Box(Pose(), (_HELD_M, opening + _HELD_MORE_M, _HELD_M))

    def _is_along(self, a: Twist2D, b: Twist2D) -> bool:
        r = self.footprint.radius
        u, v = np.array([a.vx, a.vy, r * a.wz]), np.array([b.vx, b.vy, r * b.wz])
        return float(u @ v) > _SAME_DIRECTION * float(np.linalg.norm(u) * np.linalg.norm(v))


def _reachable(outline: Footprint, places: Vector, radii: Vector, way_m: float) -> Vector:
    """(n,) which circles at ``places`` (n, 2) in base_link a way of ``way_m`` in any direction could touch."""
    return np.asarray(np.hypot(*places.T) - radii < outline.radius + way_m)
