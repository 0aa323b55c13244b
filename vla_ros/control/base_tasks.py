"""Driving to a pose and following a person: plan, follow, plan anew, say what blocks."""

from __future__ import annotations

import math
from concurrent.futures import Future

import numpy as np

from vla_ros.control.context import Context, Step
from vla_ros.control.follower import Follower, servo
from vla_ros.control.path import PathResult, plan_path
from vla_ros.core.geometry import ZERO_TWIST, Pose2D, Twist2D, wrap_angle
from vla_ros.core.motion import JointTrajectory, MotionGoal

STILL_MPS = 0.05
MOVED_M = 0.05
MOVED_RAD = 0.15


class Navigate:
    """The base to one pose.

    Args:
        context: shared state.
        goal: gives speed scale and obstacle boxes.
        target: pose in odom.
        tolerance_m: of the position.
        tolerance_rad: of the heading; pi or more = any heading.
    """

    def __init__(
        self, context: Context, goal: MotionGoal, target: Pose2D, tolerance_m: float, tolerance_rad: float
    ) -> None:
        self._context, self._goal = context, goal
        self._target = target
        self._tolerance_m, self._tolerance_rad = tolerance_m, tolerance_rad
        self._yaw = None if tolerance_rad >= math.pi else target.theta
        self._follower: Follower | None = None
        self._plan: Future[PathResult] | None = None
        self._planned_at = -math.inf
        self._failure: PathResult | None = None
        self._failures = 0
        self._longest = 0.0
        self._anchor: tuple[Pose2D, float] | None = None
        self._held_at: tuple[float, float] | None = None
        self._arm_held = False

    def renew(self, goal: MotionGoal) -> None:
        """Nothing changes: a navigate goal keeps its target."""

    def suspend(self) -> tuple[JointTrajectory, ...]:
        """The base holds no trajectory; the clock of standing still starts anew."""
        self._anchor = None
        return ()

    def tick(self, now: float) -> Step:
        """One step of driving."""
        context = self._context
        pose = context.pose
        if self._is_reached(pose):
            return Step("reached", progress=1.0)
        self._replan(now)
        twist, progress = ZERO_TWIST, 0.0
        self._held_at = None
        if self._follower is not None and (self._failure is None or self._failure.points is not None):
            steering = self._follower.steer(pose, context.speed, context.points())
            twist = context.clear_of_arm(steering.twist, self._goal)
            self._held_at = steering.obstacle if steering.held else None
            self._arm_held = twist == ZERO_TWIST and steering.twist != ZERO_TWIST
            self._longest = max(self._longest, steering.remaining_m)
            progress = 1.0 - steering.remaining_m / max(self._longest, 1e-6)
        if self._failures >= 3 and self._failure is not None and self._failure.blocked_at is None:
            return Step("blocked", self._failure.reason, progress=progress)
        if self._stands_still(pose, now):
            return Step("blocked", self._why(now), progress=progress)
        text = self._why(now) if self._failure or self._held_at else ""
        return Step(twist=twist, progress=progress, text=text)

    def _is_reached(self, pose: Pose2D) -> bool:
        end = (self._target.x, self._target.y)
        if self._follower is not None and self._failure is None:
            # The path may end beside a target that the base cannot stand on, within the tolerance.
            end = (float(self._follower.path[-1][0]), float(self._follower.path[-1][1]))
        near = math.hypot(end[0] - pose.x, end[1] - pose.y) <= self._tolerance_m
        turned = self._yaw is None or abs(wrap_angle(self._yaw - pose.theta)) <= self._tolerance_rad
        return near and turned and self._context.speed < STILL_MPS

    def _replan(self, now: float) -> None:
        if self._plan is not None and self._plan.done():
            result = self._plan.result()
            self._plan = None
            self._failure = result if result.reason else None
            self._failures = self._failures + 1 if result.points is None else 0
            if result.points is not None and self._follower is None:
                limits = self._context.robot.base
                self._follower = Follower(limits, result.points, self._yaw, self._goal.speed_scale)
            elif result.points is not None and not result.kept and self._follower is not None:
                self._follower.set_path(result.points)
        if self._plan is None and now - self._planned_at >= self._context.params.replan_period_s:
            self._planned_at = now
            pose = self._context.pose
            present = self._follower.rest() if self._follower is not None and self._failure is None else None
            self._plan = self._context.executor.submit(
                plan_path,
                self._context.terrain(now, self._goal.obstacles, carried=self._goal.carried),
                (pose.x, pose.y),
                (self._target.x, self._target.y),
                max(self._tolerance_m, 0.03),
                present,
            )

    def _stands_still(self, pose: Pose2D, now: float) -> bool:
        if self._anchor is None:
            self._anchor = (pose, now)
        then, _ = self._anchor
        moved = math.hypot(pose.x - then.x, pose.y - then.y) > MOVED_M
        if moved or abs(wrap_angle(pose.theta - then.theta)) > MOVED_RAD:
            self._anchor = (pose, now)
        return now - self._anchor[1] > self._context.params.blocked_after_s

    def _why(self, now: float) -> str:
        place = self._held_at
        if place is None and self._failure is not None:
            if self._failure.blocked_at is None:
                return self._failure.reason
            place = self._failure.blocked_at
        if place is None:
            if self._arm_held:
                return "the arm or what it carries would touch a wall or furniture"
            return self._context.safety_reason() or "the base does not follow its commands"
        return describe_obstacle(self._context, place, now)


class KeepNear:
    """The base follows a person: ``targets[0]`` (renewed) at ``distance_m``, facing it. Ends only by another goal."""

    def __init__(self, context: Context, goal: MotionGoal) -> None:
        self._context = context
        self._follower: Follower | None = None
        self._plan: Future[PathResult] | None = None
        self._planned_at = -math.inf
        self._near = False
        self._failure = ""
        self.renew(goal)

    def renew(self, goal: MotionGoal) -> None:
        """Takes the person's newer position."""
        self._goal = goal
        self._person = goal.targets[0].position[:2]

    def suspend(self) -> tuple[JointTrajectory, ...]:
        """Plans anew on resume."""
        self._follower = None
        return ()

    def tick(self, now: float) -> Step:
        """One step of following."""
        context, pose = self._context, self._context.pose
        dx, dy = self._person[0] - pose.x, self._person[1] - pose.y
        distance = math.hypot(dx, dy)
        # Start again only after the person has moved on a little: no creeping at the border.
        self._near = distance <= self._goal.distance_m + (0.25 if self._near else 0.05)
        if self._near:
            self._follower = None
            facing = servo(pose, Pose2D(pose.x, pose.y, math.atan2(dy, dx)))
            turn = context.clear_of_arm(Twist2D(0.0, 0.0, facing.wz), self._goal)
            return Step(twist=turn, progress=1.0)
        self._replan(now)
        if self._follower is None:
            return Step(text=self._failure)
        steering = self._follower.steer(pose, context.speed, self._points_without_person())
        text = describe_obstacle(context, steering.obstacle, now) if steering.held and steering.obstacle else ""
        return Step(twist=context.clear_of_arm(steering.twist, self._goal), text=text)

    def _points_without_person(self) -> np.ndarray:
        points = self._context.points()
        if not len(points):
            return points
        return points[np.hypot(*(points - self._person).T) > 0.4]

    def _replan(self, now: float) -> None:
        if self._plan is not None and self._plan.done():
            result, self._plan = self._plan.result(), None
            self._failure = result.reason
            if result.points is not None:
                gaps = np.hypot(*(result.points - self._person).T)
                last = max(
                    2, int(np.argmax(gaps <= self._goal.distance_m)) + 1 if gaps.min() <= self._goal.distance_m else 0
                )
                path = result.points[:last] if last > 2 else result.points
                self._follower = Follower(self._context.robot.base, path, None, self._goal.speed_scale)
            else:
                self._follower = None
        if self._plan is None and now - self._planned_at >= self._context.params.replan_period_s:
            self._planned_at = now
            pose = self._context.pose
            terrain = self._context.terrain(now, self._goal.obstacles, self._person, self._goal.carried)
            tolerance = max(self._goal.distance_m, 0.5)
            self._plan = self._context.executor.submit(plan_path, terrain, (pose.x, pose.y), self._person, tolerance)


def describe_obstacle(context: Context, place: tuple[float, float], now: float) -> str:
    """Words for what stands at a place in odom: a person, or something by the furniture or doorway there."""
    for person in context.live.people(now):
        if math.dist(person.pose.position[:2], place) < 0.7:
            return "a person stands in the way"
    where = ""
    if context.floor_plan is not None:
        door = min(context.floor_plan.doorways, key=lambda d: math.dist(d.center, place), default=None)
        pieces = context.floor_plan.furniture_at(*place, margin=0.1)
        room = context.floor_plan.room_at(*place)
        if pieces:
            return f"{pieces[0].name} is in the way"
        if door is not None and math.dist(door.center, place) < 0.8:
            where = f" in {door.name}"
        elif room is not None:
            where = f" in {room.name}"
    return f"an obstacle at ({place[0]:.1f}, {place[1]:.1f}){where} is in the way"
