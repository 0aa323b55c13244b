"""Keeps the arm, the hand and what is carried off walls and furniture while the base drives.

The lidar sees one plane; what stands out higher up is held against the boxes of the floor plan, each at its height.
"""

from __future__ import annotations

import math

import numpy as np

from vla_ros.core.furniture_boxes import near
from vla_ros.core.geometry import ZERO_TWIST, Box, Pose2D, Twist2D
from vla_ros.core.robot_description import BaseLimits
from vla_ros.robot.outline import Outline

MARGIN_M = 0.025
AHEAD_S = 0.15
NOTICE_M = 0.5
NOT_THERE_M = 0.03
"""A box that the arm is so deep inside of is not where the floor plan has it: a door, a chair that was moved."""
HOLD_M = 0.001
SHARES = (1.0, 0.6, 0.3, 0.12)


def clear_twist(outline: Outline, boxes: tuple[Box, ...], pose: Pose2D, wish: Twist2D, limits: BaseLimits) -> Twist2D:
    """What of a wished twist brings no part of the robot nearer than MARGIN_M to a box at its height.

    Nearer than that already, it may leave and slide along. The whole wish is tried first, slower and slower, then
    its translation alone (past a jamb without turning), then its turn alone.

    Args:
        outline: what stands out beyond the base.
        boxes: walls and furniture in the frame of ``pose``.
        pose: of the base.
        wish: in base_link.
        limits: how quickly the base stops.
    """
    if wish == ZERO_TWIST or not len(outline.points):
        return wish
    close = tuple(near(boxes, pose.x, pose.y, outline.reach + NOTICE_M))
    close = tuple(b for b in close if float(outline.clearance((b,), (pose,))[0]) > -NOT_THERE_M)
    if not close:
        return wish
    here = float(outline.clearance(close, (pose,))[0])
    # Measured poses tremble: a little may be lost, but not again and again until it touches.
    least = min(MARGIN_M, here - (HOLD_M if here > MARGIN_M / 2 else 0.0))
    for part in (wish, Twist2D(wish.vx, wish.vy, 0.0), Twist2D(0.0, 0.0, wish.wz)):
        for share in SHARES:
            twist = Twist2D(part.vx * share, part.vy * share, part.wz * share)
            if twist != ZERO_TWIST and np.all(outline.clearance(close, _ahead(pose, twist, limits)) >= least):
                return twist
    return ZERO_TWIST


def _ahead(pose: Pose2D, twist: Twist2D, limits: BaseLimits) -> tuple[Pose2D, ...]:
    """Where the base is along a twist until it could have stopped."""
    stopping = max(twist.speed / limits.deceleration, abs(twist.wz) / limits.yaw_acceleration) / 2.0
    out = []
    for share in (1 / 3, 2 / 3, 1.0):
        t = share * (AHEAD_S + stopping)
        middle = pose.theta + twist.wz * t / 2.0
        c, s = math.cos(middle), math.sin(middle)
        x, y = twist.vx * t, twist.vy * t
        out.append(Pose2D(pose.x + c * x - s * y, pose.y + s * x + c * y, pose.theta + twist.wz * t))
    return tuple(out)
