"""Small exact motions of the base: a straight relative move, and an arc about a vertical axis (doors)."""

from __future__ import annotations

import math

import numpy as np

from vla_ros.control.context import Context, Step
from vla_ros.control.follower import servo
from vla_ros.core.geometry import Pose2D, Twist2D, Vector, wrap_angle
from vla_ros.core.motion import JointTrajectory, MotionGoal

STALLED_S = 2.0
STALL_MOVED_M = 0.01
STALL_MOVED_RAD = 0.02
LAG_M = 0.03
LAG_RAD = 0.06
LOOK_AHEAD_M = 0.05


class BaseMove:
    """The base straight by ``offset`` (x, y [m], yaw [rad]) in base_link, slow; it stops before what it would touch.

    A stalled base (contact that the lidar does not see, a safety stop) ends blocked.
    """

    def __init__(self, context: Context, goal: MotionGoal) -> None:
        self._context, self._goal = context, goal
        start, (dx, dy, dyaw) = context.pose, goal.offset
        x, y = start.transform(np.array([dx, dy]))
        self._end = Pose2D(float(x), float(y), wrap_angle(start.theta + dyaw))
        self._length = max(math.hypot(dx, dy) + abs(dyaw) * 0.3, 1e-6)
        self._stall = _Stall()

    def renew(self, goal: MotionGoal) -> None:
        """Nothing changes: the end was fixed when the move began."""

    def suspend(self) -> tuple[JointTrajectory, ...]:
        """The clock of standing still starts anew."""
        self._stall.reset()
        return ()

    def tick(self, now: float) -> Step:
        """One step of the move."""
        context, pose, params = self._context, self._context.pose, self._context.params
        dx, dy = self._end.x - pose.x, self._end.y - pose.y
        distance, turn = math.hypot(dx, dy), abs(wrap_angle(self._end.theta - pose.theta))
        progress = max(0.0, 1.0 - (distance + 0.3 * turn) / self._length)
        tolerance = min(self._goal.tolerance_m, 0.02)
        if distance <= tolerance and turn <= min(self._goal.tolerance_rad, 0.04) and context.speed < 0.05:
            return Step("reached", progress=1.0)
        wish = servo(pose, self._end)
        if not context.robot.base.holonomic:
            wish = self._forward_first(pose, distance)
        # Never slower than a crawl until it is there: a proportional end takes too long.
        scale = self._goal.speed_scale
        top, creep = params.slow_speed * scale, min(0.03, params.slow_speed * scale)
        speed = min(top, max(wish.speed, creep)) if distance > tolerance else wish.speed
        k = speed / wish.speed if wish.speed > 1e-6 else 0.0
        rate = params.slow_yaw_rate * scale
        wish = Twist2D(wish.vx * k, wish.vy * k, min(max(wish.wz, -rate), rate))
        hit = contact_ahead(context, np.array([dx, dy]), self._goal.ignore) if distance > tolerance else None
        if hit is not None:
            return Step("blocked", f"stopped {hit:.2f} m before an obstacle", progress=progress)
        if self._stall.stalled(pose, now, STALLED_S):
            return Step("blocked", context.safety_reason() or "the base is held by a contact", progress=progress)
        return Step(twist=wish, progress=progress)

    def _forward_first(self, pose: Pose2D, distance: float) -> Twist2D:
        """Without sideways motion only the part along the heading can be served."""
        wish = servo(pose, self._end)
        return Twist2D(wish.vx, 0.0, wish.wz if distance < 0.03 or abs(wish.vx) < 0.01 else 0.0)


class BaseArc:
    """The base rigidly about the vertical axis through ``targets[0]`` by ``angle_rad``.

    With the hand on a handle this swings a door: a reference runs along the arc and waits for the base, so
    that base and door stay in step.
    """

    def __init__(self, context: Context, goal: MotionGoal) -> None:
        self._context, self._goal = context, goal
        self._start = context.pose
        x, y = goal.targets[0].position[:2]
        self._pivot = np.array([x, y])
        self._done = 0.0
        self._last: float | None = None
        self._stall = _Stall()

    def renew(self, goal: MotionGoal) -> None:
        """Nothing changes: axis and angle were fixed when the arc began."""

    def suspend(self) -> tuple[JointTrajectory, ...]:
        """The reference waits where the base is."""
        self._last = None
        self._stall.reset()
        return ()

    def tick(self, now: float) -> Step:
        """One step along the arc."""
        context, pose, params = self._context, self._context.pose, self._context.params
        dt = 0.0 if self._last is None else min(max(now - self._last, 0.0), 0.1)
        self._last = now
        angle = self._goal.angle_rad
        reference = self._reference(self._done)
        lag = math.hypot(reference.x - pose.x, reference.y - pose.y)
        lag_yaw = abs(wrap_angle(reference.theta - pose.theta))
        radius = float(np.hypot(self._start.x - self._pivot[0], self._start.y - self._pivot[1]))
        left = abs(angle) - abs(self._done)
        progress = abs(self._done) / max(abs(angle), 1e-9)
        if left <= 1e-9 and lag < 0.02 and lag_yaw < 0.04:
            return Step("reached", progress=1.0)
        rate = 0.0
        if lag < LAG_M and lag_yaw < LAG_RAD and left > 0:
            scale = self._goal.speed_scale
            rate = min(params.slow_yaw_rate * scale, params.slow_speed * scale / max(radius, 0.05))
            rate = min(rate, left / dt) if dt > 0 else rate
            self._done += math.copysign(rate * dt, angle)
            rate = math.copysign(rate, angle)
        if self._stall.stalled(pose, now, STALLED_S):
            return Step("blocked", context.safety_reason() or "the base is held by a contact", progress=progress)
        ahead = self._reference(self._done + math.copysign(LOOK_AHEAD_M / max(radius, 0.05), angle))
        way = np.array([ahead.x - pose.x, ahead.y - pose.y])
        hit = contact_ahead(context, way, self._goal.ignore) if left > 0 and radius > 0.05 else None
        if hit is not None:
            return Step("blocked", f"stopped {hit:.2f} m before an obstacle", progress=progress)
        rx, ry = pose.inverse_transform(self._pivot)
        error = servo(pose, self._reference(self._done))
        # Turning about the pivot moves the base sideways to the line that joins them.
        return Step(
            twist=Twist2D(rate * float(ry) + error.vx, -rate * float(rx) + error.vy, rate + error.wz), progress=progress
        )

    def _reference(self, angle: float) -> Pose2D:
        c, s = math.cos(angle), math.sin(angle)
        dx, dy = self._start.x - self._pivot[0], self._start.y - self._pivot[1]
        x, y = self._pivot[0] + c * dx - s * dy, self._pivot[1] + s * dx + c * dy
        return Pose2D(float(x), float(y), wrap_angle(self._start.theta + angle))


def contact_ahead(context: Context, way: Vector, ignore: tuple[str, ...]) -> float | None:
    """Distance from the footprint to the nearest lidar hit that a step along ``way`` (2,) would come too near to.

    None when the way is free. What the base moves away from, or along, does not count.
    """
    points = _outside_ignored(context, context.points(), ignore)
    length = float(np.hypot(*way))
    if not len(points) or length < 1e-6:
        return None
    here = np.array([context.pose.x, context.pose.y])
    ahead = here + way / length * min(LOOK_AHEAD_M, length)
    now_gap, then_gap = np.hypot(*(points - here).T), np.hypot(*(points - ahead).T)
    radius = context.robot.base.radius
    near = (then_gap < radius + context.params.contact_margin) & (then_gap < now_gap - 0.01)
    return max(0.0, float(now_gap[near].min() - radius)) if near.any() else None


class _Stall:
    """Notices a base that stands still although it should move."""

    def __init__(self) -> None:
        self._anchor: tuple[Pose2D, float] | None = None

    def reset(self) -> None:
        """Starts the clock anew."""
        self._anchor = None

    def stalled(self, pose: Pose2D, now: float, limit_s: float) -> bool:
        """True when the pose has not changed for ``limit_s``."""
        if self._anchor is None:
            self._anchor = (pose, now)
        then = self._anchor[0]
        moved = math.hypot(pose.x - then.x, pose.y - then.y) > STALL_MOVED_M
        if moved or abs(wrap_angle(pose.theta - then.theta)) > STALL_MOVED_RAD:
            self._anchor = (pose, now)
        return now - self._anchor[1] > limit_s


def _outside_ignored(context: Context, points: Vector, ignore: tuple[str, ...]) -> Vector:
    """Lidar hits that do not belong to furniture which may be touched."""
    if context.floor_plan is None or not ignore or not len(points):
        return points
    keep = np.ones(len(points), dtype=bool)
    for piece in context.floor_plan.furniture:
        if piece.name in ignore:
            local = np.abs(piece.pose2d.inverse_transform(points))
            keep &= ~((local[:, 0] < piece.size[0] / 2 + 0.1) & (local[:, 1] < piece.size[1] / 2 + 0.1))
    return points[keep]
