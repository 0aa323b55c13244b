"""Keeps the driving robot off the walls and the furniture of the floor plan, each part of it at its own height.

The lidar's one plane cannot tell a wall from the foot of a table under the arm, and sees neither the top of a table nor
a board below its plane; the floor plan can. Arms reach over tables and into shelves: only what is as high as a part of
the robot counts for that part.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vla_ros.core.geometry import ZERO_TWIST, Box, Pose2D, Twist2D, Vector
from vla_ros.core.robot_description import BaseLimits
from vla_ros.core.solids import Numbers, Solids
from vla_ros.core.surroundings import Surroundings
from vla_ros.robot.kinematics import RobotModel
from vla_ros.robot.outline import Outline, OutlineMaker
from vla_ros.safety.nearness import EMERGENCY_REACTION_S, Nearness
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.swept_path import Profile, Rim, driven
from vla_ros.safety.verdict import PASS, Verdict, worst

_STEP_M = 0.03
_FEWEST = 4

Parts = tuple[Vector, Vector]
"""Spheres: centres (n, 3) in base_link and radii (n,) [m]."""


@dataclass(frozen=True)
class _Points:
    """Points of the robot in base_link: places (n, 2), how much thicker (n,) [m], and the heights between which."""

    places: Vector
    radii: Vector
    low: Vector
    high: Vector

    @classmethod
    def of(cls, outline: Outline, ahead: Parts) -> _Points:
        centers, radii = ahead
        return cls(
            np.vstack([outline.points, centers[:, :2]]),
            np.concatenate([np.zeros(len(outline.points)), radii]),
            np.concatenate([outline.low, centers[:, 2] - radii]),
            np.concatenate([outline.high, centers[:, 2] + radii]),
        )

    def only(self, chosen: Numbers) -> _Points:
        return _Points(self.places[chosen], self.radii[chosen], self.low[chosen], self.high[chosen])


class _Kind:
    """Walls or furniture: one guard of the two."""

    def __init__(self, name: str, params: SafetyParams, limits: BaseLimits, boxes: tuple[Box, ...]) -> None:
        self._name, self._params, self._limits, self._solids = name, params, limits, Solids(boxes)
        self._farthest = params.workspace_radius_m

    def judge(self, wish: Twist2D, pose: Pose2D, points: _Points) -> Verdict:
        p = self._params
        found, rim = self.profile(wish, pose, points, p.reaction_time_s, p.braking_share)
        return self._keep(p.wall_margin_m).judge(found, rim, p.reaction_time_s)

    def emergency(self, twist: Twist2D, pose: Pose2D, points: _Points) -> Verdict:
        found, _ = self.profile(twist, pose, points, EMERGENCY_REACTION_S, 1.0)
        return self._keep(self._params.wall_margin_m / 2).emergency(found)

    def profile(
        self, twist: Twist2D, pose: Pose2D, points: _Points, reaction_s: float, share: float
    ) -> tuple[Profile | None, Rim]:
        """Clearance of the robot from the nearest box along the way that stopping takes; None when none is near."""
        rim = Rim.of(twist, self._limits, self._farthest, share)
        length = rim.stopping_distance(reaction_s)
        reach = length + self._params.wall_margin_m
        near = self._solids.near(pose, self._farthest + reach)
        # No point goes farther than the rim does: most of them meet nothing at their height on this way.
        close = near.clearances(pose.transform(points.places)) - points.radii[:, None] < reach
        meets = near.level(points.low, points.high) & close
        if not meets.any():
            return None, rim
        of, to = np.flatnonzero(meets.any(axis=1)), np.flatnonzero(meets.any(axis=0))
        points, near, meets = points.only(of), near.only(to), meets[np.ix_(of, to)]
        ways = np.linspace(0.0, length, max(_FEWEST, math.ceil(length / _STEP_M)) + 1)
        placed = pose.transform(_driven(twist, ways / rim.speed, points.places))
        gaps = np.where(meets, near.clearances(placed) - points.radii[:, None], math.inf)
        return Profile(ways, gaps.min(axis=(1, 2))), rim

    def _keep(self, margin_m: float) -> Nearness:
        """What is beside the way slows nobody."""
        return Nearness(self._name, margin_m, -math.inf, math.inf)


class PlanGuard:
    """Speed from which the robot always stops before a wall or furniture; leaving and sliding along are free.

    Args:
        params: margins, reaction time.
        limits: of the base.
        model: of the robot.
        surroundings: of the floor plan.
    """

    def __init__(self, params: SafetyParams, limits: BaseLimits, model: RobotModel, surroundings: Surroundings) -> None:
        self._walls = _Kind("wall", params, limits, surroundings.walls)
        self._furniture = _Kind("furniture", params, limits, surroundings.furniture)
        self._arm, self._whole = OutlineMaker(model), OutlineMaker(model, everything=True)

    def judge(self, wish: Twist2D, pose: Pose2D, joints: Mapping[str, float], ahead: Parts) -> Verdict:
        """PASS, SLOW with the share of the wish that may pass, or BLOCK.

        Args:
            wish: in base_link.
            pose: of the base in odom.
            joints: measured, by name.
            ahead: where parts of moving arms will be.
        """
        if wish == ZERO_TWIST:
            return PASS
        of_arm, of_all = self._points(joints, ahead)
        return worst([self._walls.judge(wish, pose, of_arm), self._furniture.judge(wish, pose, of_all)])

    def emergency(self, twist: Twist2D, pose: Pose2D, joints: Mapping[str, float], ahead: Parts) -> Verdict:
        """BLOCK when what is about to be sent would touch one even when braking as hard as the base can."""
        if twist == ZERO_TWIST:
            return PASS
        of_arm, of_all = self._points(joints, ahead)
        return worst([self._walls.emergency(twist, pose, of_arm), self._furniture.emergency(twist, pose, of_all)])

    def _points(self, joints: Mapping[str, float], ahead: Parts) -> tuple[_Points, _Points]:
        """Of what stands out, and of the whole robot: the lidar keeps the base itself off walls."""
        return _Points.of(self._arm.of(joints), ahead), _Points.of(self._whole.of(joints), ahead)


def _driven(twist: Twist2D, times: Vector, points: Vector) -> Vector:
    """Points (n, 2) of the robot after ``twist`` was driven for (k,) ``times`` [s], in base_link at the start."""
    x, y, angle = driven(twist, times)
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    px, py = points[:, 0], points[:, 1]
    return np.stack([x[:, None] + cos * px - sin * py, y[:, None] + sin * px + cos * py], axis=-1)
