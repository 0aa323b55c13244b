"""A tiny kinematic robot in the real floor plan: integrates twists, follows trajectories, casts laser rays."""

from __future__ import annotations

import math
from concurrent.futures import Future
from pathlib import Path

import numpy as np

from vla_ros.control.controller import Controller
from vla_ros.control.params import ControlParams
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.geometry import Box, JointPositions, Pose2D, Twist2D, wrap_angle
from vla_ros.core.motion import MotionGoal, MotionStatus
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import JointStates, LaserScan, Odometry
from vla_ros.core.safety_status import SafetyStatus

CONFIG = Path(__file__).parents[2] / "config"
DT = 0.02
BEAMS = 180


class AtOnce:
    """An executor that runs what it is given at once."""

    def submit(self, fn, *args, **kwargs):
        future = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def home_robot() -> RobotDescription:
    return RobotDescription.load(CONFIG / "robots" / "home_robot.yaml")


def apartment() -> FloorPlan:
    return FloorPlan.load(CONFIG / "homes" / "apartment.yaml")


class Plant:
    """The robot at ``pose``; ``extra`` boxes stand in the way without being in the floor plan."""

    def __init__(self, pose=None, extra=(), params=None, arm_gain=1.0, robot=None, plan=None):
        self.robot = robot or home_robot()
        self.plan = plan or apartment()
        self.pose = pose or Pose2D(*self.plan.start)
        self.extra = list(extra)
        self.arm_gain = arm_gain
        self.params = params or ControlParams()
        self.controller = Controller(self.params, self.robot, self.plan, AtOnce())
        self.now = 10.0
        self.twist = Twist2D()
        self.joints = {j.name: 0.0 for g in self.robot.groups for j in g.joints}
        for posture in reversed(self.robot.postures):
            if posture.name in ("home", "ahead"):
                self.joints.update(zip(self.robot.group(posture.group).names, posture.positions))
        self.running = {}
        self.trajectories = []
        self.grippers = []
        self.statuses: list[MotionStatus] = []
        self.twists: list[Twist2D] = []
        self.nearest = math.inf
        self.arm_share = 1.0  # of a trajectory's speed at which it is driven: the gate slows it near people
        self.gripper_stop = 0.0  # the fingers cannot close further than this opening
        self.safety = SafetyStatus(0.0, "armed", True, False)
        self.ticks_s: list[float] = []

    def boxes(self):
        return [*self.plan.wall_boxes(), *(f.box() for f in self.plan.furniture), *self.extra]

    def clearance(self):
        """Distance of the base's centre to the nearest box [m]."""
        best = math.inf
        for box in self.boxes():
            if box.pose.position[2] - box.size[2] / 2 > 1.4:
                continue
            u, v = Pose2D(*box.pose.position[:2], box.pose.yaw).inverse_transform(np.array([self.pose.x, self.pose.y]))
            du, dv = abs(u) - box.size[0] / 2, abs(v) - box.size[1] / 2
            best = min(best, math.hypot(max(du, 0), max(dv, 0)) if max(du, dv) > 0 else 0.0)
        return best

    def scan(self) -> LaserScan:
        angles = -math.pi + 2 * math.pi / BEAMS * np.arange(BEAMS)
        ranges = np.full(BEAMS, np.inf)
        direction = np.stack([np.cos(angles + self.pose.theta), np.sin(angles + self.pose.theta)], axis=1)
        for box in self.boxes():
            if not box.pose.position[2] - box.size[2] / 2 < 0.2 < box.pose.position[2] + box.size[2] / 2:
                continue
            frame = Pose2D(*box.pose.position[:2], box.pose.yaw)
            origin = frame.inverse_transform(np.array([self.pose.x, self.pose.y]))
            ray = frame.inverse_transform(direction + np.array([frame.x, frame.y]))
            half = np.array(box.size[:2]) / 2
            with np.errstate(divide="ignore", invalid="ignore"):
                a, b = (-half - origin) / ray, (half - origin) / ray
            near, far = np.minimum(a, b).max(axis=1), np.maximum(a, b).min(axis=1)
            hit = (near <= far) & (near > 0)
            ranges[hit] = np.minimum(ranges[hit], near[hit])
        ranges[ranges > 8.0] = np.inf
        return LaserScan(self.now, "lidar_link", -math.pi, 2 * math.pi / BEAMS, 0.05, 8.0, ranges)

    def sense(self):
        names = tuple(self.joints)
        positions = tuple(self.joints.values())
        speeds = tuple(self.speeds.get(n, 0.0) for n in names) if hasattr(self, "speeds") else (0.0,) * len(names)
        c = self.controller
        c.observe_odometry(Odometry(self.now, self.pose, self.twist), self.now)
        c.observe_joints(JointStates(self.now, JointPositions(names, positions), speeds), self.now)
        if round(self.now / DT) % 3 == 0:
            c.observe_scan(self.scan(), self.now)
        c.observe_safety(self.safety, self.now)

    def tick(self, goal: MotionGoal | None = None, follow=True):
        import time

        self.sense()
        if goal is not None:
            self.controller.set_goal(goal, self.now)
        t = time.perf_counter()
        out = self.controller.tick(self.now)
        self.ticks_s.append(time.perf_counter() - t)
        self.twists.append(out.twist)
        for trajectory in out.trajectories:
            self.trajectories.append(trajectory)
            start = np.array([self.joints[n] for n in trajectory.names])
            self.running[trajectory.names] = (trajectory, start, self.now)
        if out.gripper is not None:
            self.grippers.append(out.gripper)
            self.gripper_goal = float(np.sum(out.gripper.positions[-1]))
        if out.status is not None:
            self.statuses.append(out.status)
        self.move(out.twist if follow else Twist2D())
        self.now += DT
        return out

    def move(self, twist: Twist2D):
        self.twist = twist
        theta = self.pose.theta + twist.wz * DT / 2
        c, s = math.cos(theta), math.sin(theta)
        x = self.pose.x + (c * twist.vx - s * twist.vy) * DT
        y = self.pose.y + (s * twist.vx + c * twist.vy) * DT
        self.pose = Pose2D(x, y, wrap_angle(self.pose.theta + twist.wz * DT))
        before = dict(self.joints)
        for names, (trajectory, start, since) in list(self.running.items()):
            t = (self.now - since + DT) * self.arm_share
            times = np.concatenate([[0.0], trajectory.times_s])
            points = np.vstack([start, trajectory.positions])
            for k, name in enumerate(names):
                target = float(np.interp(t, times, points[:, k]))
                self.joints[name] += self.arm_gain * (target - self.joints[name])
            if t > times[-1] + 0.2:
                del self.running[names]
        if hasattr(self, "gripper_goal"):
            opening = sum(self.joints[n] for n in self.robot.gripper.joints)
            target = max(self.gripper_goal, min(self.gripper_stop, opening))
            opening += max(-0.002, min(0.002, target - opening))
            for n in self.robot.gripper.joints:
                self.joints[n] = opening / 2
        self.speeds = {n: (self.joints[n] - before[n]) / DT for n in self.joints}
        self.nearest = min(self.nearest, self.clearance())

    def run(self, goal: MotionGoal, seconds: float = 60.0, each=None) -> MotionStatus:
        """Renews a goal until it ends or the time is over; gives its last status."""
        end = self.now + seconds
        while self.now < end:
            self.tick(goal)
            if each is not None:
                each()
            if self.statuses and self.statuses[-1].goal_id == goal.goal_id and self.statuses[-1].is_end:
                break
        return self.statuses[-1]


def box(x, y, size=(0.4, 0.4, 0.6), name="crate") -> Box:
    from vla_ros.core.geometry import Pose

    return Box(Pose.planar(x, y, 0.0, size[2] / 2), size, name)
