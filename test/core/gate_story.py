"""A gate in simulated seconds: sensors feed it at their rates, a test drops, breaks or moves what it likes."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

from vla_ros.core.geometry import JointPositions, Pose2D
from vla_ros.core.motion import JointTrajectory
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import JointStates, LaserScan, Odometry
from vla_ros.robot.kinematics import RobotModel
from vla_ros.safety.gate import Gate, GateOutput
from vla_ros.safety.params import SafetyParams

ROBOT = RobotDescription.load(Path(__file__).parents[2] / "config" / "robots" / "home_robot.yaml")
MODEL = RobotModel(ROBOT)
JOINTS = tuple(j for g in ROBOT.groups for j in g.names)
ARM = ROBOT.group("arm")
HOME = ROBOT.posture("home")
assert ARM is not None and HOME is not None
BEAMS = 360
Forward = (0.5, 0.0, 0.0, 0.0, 0.0, 0.0)
STILL = (0.0,) * 6


def scan_of(ranges: np.ndarray, stamp_s: float) -> LaserScan:
    return LaserScan(stamp_s, "lidar_link", -math.pi, 2 * math.pi / len(ranges), 0.05, 8.0, ranges)


def ranges_of(points: np.ndarray, beams: int = BEAMS) -> np.ndarray:
    """A scan that sees each point (n, 2) of base_link with the beam nearest to it, and nothing else."""
    ranges = np.full(beams, np.inf)
    for x, y in points:
        i = round((math.atan2(y, x) + math.pi) / (2 * math.pi / beams)) % beams
        ranges[i] = min(ranges[i], math.hypot(x, y))
    return ranges


def arm_trajectory(to: dict[str, float] | None = None, seconds: float = 2.0, points: int = 20) -> JointTrajectory:
    """A smooth motion of the arm from the home posture; ``to`` gives other ends of some joints."""
    start = np.array(HOME.positions)
    end = np.array([(to or {}).get(n, v) for n, v in zip(ARM.names, HOME.positions)])
    s = np.linspace(0.0, 1.0, points + 1)[1:]
    share, rate = s * s * (3 - 2 * s), 6 * s * (1 - s) / seconds
    rate[-1] = 0.0
    return JointTrajectory(ARM.names, s * seconds, start + np.outer(share, end - start), np.outer(rate, end - start))


class Story:
    """One gate, one clock. ``mute`` holds names of inputs that are silent: odom, joints, scan, command."""

    def __init__(self, params: SafetyParams | None = None, robot: RobotDescription = ROBOT) -> None:
        self.params = params or SafetyParams()
        self.gate = Gate(self.params, robot, MODEL if robot.model else None)
        self.now = 100.0
        self.stamp: Callable[[float], float] = lambda now: now
        self.mute: set[str] = set()
        self.pose = Pose2D()
        self.joints = dict.fromkeys(JOINTS, 0.02) | dict(zip(ARM.names, HOME.positions))
        self.obstacles = np.zeros((0, 2))
        self.ranges: np.ndarray | None = None
        self.command = STILL
        self.outputs: list[GateOutput] = []
        self._tick = 0

    def run(self, seconds: float, until: Callable[[GateOutput], bool] | None = None) -> GateOutput:
        """Ticks at 50 Hz, odometry and joints with each, a scan with every second; the base moves as told."""
        for _ in range(round(seconds * 50)):
            self.now = round(self.now + 0.02, 6)
            self._tick += 1
            self._feed()
            out = self.gate.tick(self.now)
            self.outputs.append(out)
            t = out.twist
            c, s = math.cos(self.pose.theta), math.sin(self.pose.theta)
            self.pose = Pose2D(
                self.pose.x + (c * t.vx - s * t.vy) * 0.02,
                self.pose.y + (s * t.vx + c * t.vy) * 0.02,
                self.pose.theta + t.wz * 0.02,
            )
            if until is not None and until(out):
                break
        return self.outputs[-1]

    def _feed(self) -> None:
        stamp = self.stamp(self.now)
        if "odom" not in self.mute:
            self.gate.on_odometry(Odometry(stamp, self.pose), self.now)
        if "joints" not in self.mute:
            positions = JointPositions(tuple(self.joints), tuple(self.joints.values()))
            self.gate.on_joints(JointStates(stamp, positions), self.now)
        if "scan" not in self.mute and self._tick % 2 == 0:
            ranges = self.ranges
            if ranges is None:
                ranges = ranges_of(self.pose.inverse_transform(self.obstacles))
            self.gate.on_scan(scan_of(ranges, stamp), self.now)
        if "command" not in self.mute:
            self.gate.on_twist(self.command, self.now)

    def armed(self) -> Story:
        """The story from the moment of arming, standing still."""
        self.run(0.2)
        granted, text = self.gate.arm(self.now)
        assert granted, text
        self.run(0.1)
        return self

    def driving(self, command: tuple[float, ...] = Forward, seconds: float = 1.5) -> Story:
        """The story from the moment when the base drives at the commanded speed."""
        self.armed()
        self.command = command  # type: ignore[assignment]
        self.run(seconds)
        return self
