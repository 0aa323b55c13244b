"""Keeps what stands out of the base off the walls of the floor plan, which are as high as the robot.

The lidar's one plane cannot tell a wall from the foot of a table under the arm; the floor plan can. Furniture is left
out: arms reach over tables and into shelves. The base itself is kept off by what the lidar sees.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from vla_ros.core.geometry import ZERO_TWIST, Box, Pose2D, Twist2D, Vector
from vla_ros.core.robot_description import BaseLimits
from vla_ros.robot.kinematics import RobotModel
from vla_ros.robot.outline import OutlineMaker
from vla_ros.safety.nearness import EMERGENCY_REACTION_S, Nearness
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.swept_path import Profile, Rim, driven
from vla_ros.safety.verdict import PASS, Verdict

_STEP_M = 0.03
_FEWEST = 4


class Walls:
    """Boxes turned about z, asked for their distance on the floor plan.

    Args:
        boxes: in odom.
    """

    def __init__(self, boxes: tuple[Box, ...]) -> None:
        self.boxes = boxes
        self._places = np.array([b.pose.position[:2] for b in boxes]).reshape(len(boxes), 2)
        self._halves = np.array([b.size[:2] for b in boxes]).reshape(len(boxes), 2) / 2.0
        yaws = np.array([b.pose.yaw for b in boxes])
        self._cos, self._sin = np.cos(yaws), np.sin(yaws)

    def clearances(self, points: Vector) -> Vector:
        """Distance [m] of points (..., 2) in odom to each of m walls, negative inside; shape (..., m)."""
        dx = points[..., None, 0] - self._places[:, 0]
        dy = points[..., None, 1] - self._places[:, 1]
        beyond_x = np.abs(self._cos * dx + self._sin * dy) - self._halves[:, 0]
        beyond_y = np.abs(self._cos * dy - self._sin * dx) - self._halves[:, 1]
        outside = np.hypot(np.maximum(beyond_x, 0.0), np.maximum(beyond_y, 0.0))
        return np.asarray(outside + np.minimum(np.maximum(beyond_x, beyond_y), 0.0))

    def near(self, pose: Pose2D, reach: float) -> Walls:
        """Those within ``reach`` [m] of the base's centre."""
        close = self.clearances(np.array([pose.x, pose.y])) < reach
        return Walls(tuple(b for b, is_near in zip(self.boxes, close) if is_near))


class WallGuard:
    """Speed from which the arm always stops before a wall while the base drives; leaving and sliding along are free.

    Args:
        params: margins, reaction time.
        limits: of the base.
        model: of the robot.
        boxes: walls in odom.
    """

    def __init__(self, params: SafetyParams, limits: BaseLimits, model: RobotModel, boxes: tuple[Box, ...]) -> None:
        self._params, self._limits, self._walls = params, limits, Walls(boxes)
        self._outlines = OutlineMaker(model)
        self._farthest = params.workspace_radius_m

    def judge(self, wish: Twist2D, pose: Pose2D, joints: Mapping[str, float], ahead: tuple[Vector, Vector]) -> Verdict:
        """PASS, SLOW with the share of the wish that may pass, or BLOCK.

        Args:
            wish: in base_link.
            pose: of the base in odom.
            joints: measured, by name.
            ahead: centres (n, 2) in base_link and radii (n,) of where moving arms will be [m].
        """
        if wish == ZERO_TWIST:
            return PASS
        p = self._params
        found, rim = self._profile(wish, pose, joints, ahead, p.reaction_time_s, p.braking_share)
        return self._keep(p.wall_margin_m).judge(found, rim, p.reaction_time_s)

    def emergency(
        self, twist: Twist2D, pose: Pose2D, joints: Mapping[str, float], ahead: tuple[Vector, Vector]
    ) -> Verdict:
        """BLOCK when what is about to be sent would touch a wall even when braking as hard as the base can."""
        if twist == ZERO_TWIST:
            return PASS
        found, _ = self._profile(twist, pose, joints, ahead, EMERGENCY_REACTION_S, 1.0)
        return self._keep(self._params.wall_margin_m / 2).emergency(found)

    @staticmethod
    def _keep(margin_m: float) -> Nearness:
        """A wall beside the way slows nobody."""
        return Nearness("wall", margin_m, -math.inf, math.inf)

    def _profile(
        self,
        twist: Twist2D,
        pose: Pose2D,
        joints: Mapping[str, float],
        ahead: tuple[Vector, Vector],
        reaction_s: float,
        share: float,
    ) -> tuple[Profile | None, Rim]:
        """Clearance of the arm from the nearest wall along the way that stopping takes; None when none is near."""
        rim = Rim.of(twist, self._limits, self._farthest, share)
        length = rim.stopping_distance(reaction_s)
        near = self._walls.near(pose, self._farthest + length + self._params.wall_margin_m)
        if not near.boxes:
            return None, rim
        outline = self._outlines.of(joints)
        points = np.vstack([outline.points, ahead[0]])
        if not len(points):
            return None, rim
        radii = np.concatenate([np.zeros(len(outline.points)), ahead[1]])
        ways = np.linspace(0.0, length, max(_FEWEST, math.ceil(length / _STEP_M)) + 1)
        placed = pose.transform(_driven(twist, ways / rim.speed, points))
        return Profile(ways, (near.clearances(placed).min(axis=2) - radii).min(axis=1)), rim


def _driven(twist: Twist2D, times: Vector, points: Vector) -> Vector:
    """Points (n, 2) of the robot after ``twist`` was driven for (k,) ``times`` [s], in base_link at the start."""
    x, y, angle = driven(twist, times)
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    px, py = points[:, 0], points[:, 1]
    return np.stack([x[:, None] + cos * px - sin * py, y[:, None] + sin * px + cos * py], axis=-1)
