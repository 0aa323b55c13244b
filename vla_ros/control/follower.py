"""Velocity of the base: along a path, onto a pose, within the robot's limits, never into what the lidar sees.

Plain geometry on values; one :class:`Follower` lives for one path-following task.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vla_ros.core.geometry import ZERO_TWIST, Pose2D, Twist2D, Vector, wrap_angle
from vla_ros.core.robot_description import BaseLimits

LOOK_AHEAD_M = 0.22
TURN_AWAY_M = 0.7
SERVO_M = 0.30
POSITION_GAIN = 1.6
YAW_GAIN = 2.0
HORIZON_M = 0.9
STOP_SHORT_M = 0.06


@dataclass(frozen=True, slots=True)
class Steering:
    """One tick's wish: the twist, metres to go, whether it is held by an obstacle, and where that is."""

    twist: Twist2D
    remaining_m: float
    held: bool = False
    obstacle: tuple[float, float] | None = None


class TwistLimiter:
    """Keeps twists within speed and acceleration limits from one tick to the next."""

    def __init__(self, limits: BaseLimits) -> None:
        self._limits = limits
        self.last = ZERO_TWIST

    def reset(self, twist: Twist2D = ZERO_TWIST) -> None:
        """Starts again from a given (measured) twist."""
        self.last = twist

    def limit(self, wish: Twist2D, dt_s: float) -> Twist2D:
        """The nearest twist to ``wish`` that the base can have ``dt_s`` after the last one."""
        lim = self._limits
        vy = wish.vy if lim.holonomic else 0.0
        speed = math.hypot(wish.vx, vy)
        scale = min(1.0, lim.speed / speed) if speed > 0 else 1.0
        target = np.array([wish.vx * scale, vy * scale])
        last = np.array([self.last.vx, self.last.vy])
        change = target - last
        braking = float(np.hypot(*target)) < float(np.hypot(*last))
        most = (lim.deceleration if braking else lim.acceleration) * dt_s
        size = float(np.hypot(*change))
        new = last + change * min(1.0, most / size) if size > 0 else target
        wz = min(max(wish.wz, -lim.yaw_rate), lim.yaw_rate)
        turn = min(max(wz - self.last.wz, -lim.yaw_acceleration * dt_s), lim.yaw_acceleration * dt_s)
        self.last = Twist2D(float(new[0]), float(new[1]), self.last.wz + turn)
        return self.last


class Follower:
    """Follows one path to one final pose.

    Args:
        limits: of the base.
        path: (n, 2) points in odom [m].
        final_yaw: heading at the end [rad], None = any.
        speed_scale: share of the speed limits used.
    """

    def __init__(self, limits: BaseLimits, path: Vector, final_yaw: float | None, speed_scale: float = 1.0) -> None:
        self._limits, self._scale, self._yaw = limits, speed_scale, final_yaw
        self.set_path(path)

    def set_path(self, path: Vector) -> None:
        """Replaces the path (a newer plan of the same goal)."""
        self.path = path
        lengths = np.linalg.norm(np.diff(path, axis=0), axis=1)
        self._along = np.concatenate([[0.0], np.cumsum(lengths)])
        self._at = 0

    def rest(self) -> Vector:
        """The part of the path still to go, (n, 2)."""
        return self.path[self._at :]

    def steer(self, pose: Pose2D, speed: float, points: Vector) -> Steering:
        """The twist wanted now.

        Args:
            pose: of the base in odom.
            speed: present translational speed [m/s].
            points: (k, 2) lidar hits in odom [m].
        """
        position = np.array([pose.x, pose.y])
        window = self.path[self._at : self._at + 40]
        self._at += int(np.argmin(np.hypot(*(window - position).T)))
        goal = self.path[-1]
        to_goal = float(np.hypot(*(goal - position)))
        remaining = max(to_goal, float(self._along[-1] - self._along[self._at]))
        if remaining < SERVO_M or self._at == len(self.path) - 1:
            wish = servo(pose, Pose2D(goal[0], goal[1], self._yaw if self._yaw is not None else pose.theta))
            direction = goal - position
        else:
            ahead = self._along[self._at] + LOOK_AHEAD_M + 0.25 * speed
            aim = self.path[min(int(np.searchsorted(self._along, ahead)), len(self.path) - 1)]
            direction = aim - position
            wish = self._pursue(pose, direction, remaining)
        wish = self._scaled(wish, self._limits.speed * self._scale, self._limits.yaw_rate * self._scale)
        free, obstacle = self._free_way(position, direction, to_goal, points)
        most = math.sqrt(2.0 * 0.5 * self._limits.deceleration * max(0.0, free - STOP_SHORT_M))
        held = obstacle is not None and most < 0.02 and to_goal > 0.02
        wish = self._scaled(wish, 0.0 if held else most, math.inf)
        return Steering(
            wish if self._limits.holonomic else self._unicycle(pose, wish, remaining), remaining, held, obstacle
        )

    def _pursue(self, pose: Pose2D, direction: Vector, remaining: float) -> Twist2D:
        bearing = math.atan2(direction[1], direction[0])
        yaw = bearing if remaining > TURN_AWAY_M or self._yaw is None else self._yaw
        error = wrap_angle(yaw - pose.theta)
        speed = min(self._limits.speed, math.sqrt(2.0 * 0.5 * self._limits.deceleration * remaining))
        tangent = self.path[min(self._at + 3, len(self.path) - 1)] - self.path[max(self._at - 3, 0)]
        bend = abs(wrap_angle(bearing - math.atan2(tangent[1], tangent[0]))) if np.any(tangent) else 0.0
        speed *= max(0.4, 1.0 - 0.6 * bend)
        if remaining > TURN_AWAY_M:
            # Look where you go: turn first, then drive; the camera leads.
            speed *= min(1.0, max(0.1, (math.cos(error) + 0.1) / 1.1)) if abs(error) > 0.3 else 1.0
        unit = direction / max(float(np.hypot(*direction)), 1e-9)
        c, s = math.cos(pose.theta), math.sin(pose.theta)
        vx, vy = speed * (c * unit[0] + s * unit[1]), speed * (c * unit[1] - s * unit[0])
        return Twist2D(vx, vy, YAW_GAIN * error)

    def _free_way(
        self, position: Vector, direction: Vector, to_goal: float, points: Vector
    ) -> tuple[float, tuple[float, float] | None]:
        """Metres of free way ahead (along the path, up to HORIZON_M) and the hit that ends it."""
        if not len(points):
            return HORIZON_M, None
        near = points[np.hypot(*(points - position).T) < HORIZON_M + self._limits.radius]
        if not len(near):
            return HORIZON_M, None
        last = min(int(np.searchsorted(self._along, self._along[self._at] + HORIZON_M)) + 1, len(self.path))
        way = self.path[self._at + 1 : last]
        size = float(np.hypot(*direction))
        # From where the base is to the path, then along it: the base may have left the path sideways.
        way = np.concatenate([[position, position + direction * min(1.0, 0.1 / max(size, 1e-9))], way[1:]])
        gaps = np.hypot(way[:, None, 0] - near[None, :, 0], way[:, None, 1] - near[None, :, 1])
        nearest = gaps.min(axis=1)
        limit = min(self._limits.radius, float(nearest[0])) - 0.005
        touched = nearest[1:] < limit
        if not touched.any():
            return HORIZON_M + STOP_SHORT_M, None
        k = int(np.argmax(touched)) + 1
        travelled = float(np.sum(np.linalg.norm(np.diff(way[: k + 1], axis=0), axis=1)))
        hit = near[int(np.argmin(gaps[k]))]
        return max(0.0, travelled - 0.05), (float(hit[0]), float(hit[1]))

    def _scaled(self, twist: Twist2D, speed: float, yaw_rate: float) -> Twist2D:
        k = min(1.0, speed / twist.speed) if twist.speed > 0 else 1.0
        return Twist2D(twist.vx * k, twist.vy * k, min(max(twist.wz, -yaw_rate), yaw_rate))

    def _unicycle(self, pose: Pose2D, wish: Twist2D, remaining: float) -> Twist2D:
        """A base that cannot move sideways turns toward the wish, drives forward, turns at the end."""
        if wish.speed < 1e-3 or remaining < 0.02:
            return Twist2D(0.0, 0.0, wish.wz)
        error = math.atan2(wish.vy, wish.vx)
        backward = remaining < SERVO_M and abs(error) > math.pi / 2
        if backward:
            error = wrap_angle(error - math.pi)
        speed = wish.speed * max(0.0, math.cos(error)) ** 2 if abs(error) < 1.0 else 0.0
        turn = min(max(YAW_GAIN * error, -self._limits.yaw_rate), self._limits.yaw_rate)
        return Twist2D(-speed if backward else speed, 0.0, turn)


def servo(pose: Pose2D, goal: Pose2D) -> Twist2D:
    """Proportional twist from ``pose`` straight onto ``goal`` (both in odom), in base_link."""
    dx, dy = goal.x - pose.x, goal.y - pose.y
    c, s = math.cos(pose.theta), math.sin(pose.theta)
    ex, ey = c * dx + s * dy, c * dy - s * dx
    return Twist2D(POSITION_GAIN * ex, POSITION_GAIN * ey, YAW_GAIN * wrap_angle(goal.theta - pose.theta))
