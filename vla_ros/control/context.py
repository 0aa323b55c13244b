"""What every motion needs to know: the measured robot, its surroundings and its limits. No logic of motions."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np

from vla_ros.control.grid import Grid, grid_of
from vla_ros.control.obstacles import LiveObstacles
from vla_ros.control.params import ControlParams
from vla_ros.control.path import Terrain
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.geometry import ZERO_TWIST, Box, Pose2D, Twist2D, Vector
from vla_ros.core.joint_memory import JointMemory
from vla_ros.core.motion import JointTrajectory, MotionGoal
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import JointStates, Odometry
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.robot.kinematics import RobotModel

T = TypeVar("T")


class Executor(Protocol):
    """Where slow planning runs: a thread pool in the node, at once in tests."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Like concurrent.futures.Executor.submit."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """What one motion wants in one tick. ``state`` is one of MOTION_STATES."""

    state: str = "running"
    text: str = ""
    twist: Twist2D = ZERO_TWIST
    trajectories: tuple[JointTrajectory, ...] = ()
    gripper: JointTrajectory | None = None
    progress: float = 0.0
    chosen: int = -1


class Motion(Protocol):
    """One goal being carried out."""

    def tick(self, now: float) -> Step:
        """The next step; after an end state it is not called again."""
        ...

    def renew(self, goal: MotionGoal) -> None:
        """The same goal came again, perhaps with newer targets."""
        ...

    def suspend(self) -> tuple[JointTrajectory, ...]:
        """Stop: trajectories that hold what was moving. Called once; the next tick resumes from measurement."""
        ...


@dataclass
class Context:
    """State shared by the motions of one robot; written by the controller only."""

    params: ControlParams
    robot: RobotDescription
    model: RobotModel | None
    floor_plan: FloorPlan | None
    executor: Executor
    odometry: Odometry | None = None
    odometry_at: float = -math.inf
    joints: JointStates | None = None
    measured: JointMemory = field(default_factory=JointMemory)
    safety: SafetyStatus | None = None
    furniture: tuple[Box, ...] = ()
    grid: Grid = field(init=False)
    live: LiveObstacles = field(init=False)

    def __post_init__(self) -> None:
        self.center_grid((0.0, 0.0))

    def center_grid(self, around: tuple[float, float]) -> None:
        """Makes the grid anew; without a floor plan it lies around a point."""
        self.grid = grid_of(self.floor_plan, self.params.grid_resolution, around)
        self.live = LiveObstacles(self.grid, self.params, self.robot.lidar_pose)

    @property
    def pose(self) -> Pose2D:
        """Measured pose of base_link in odom."""
        assert self.odometry is not None  # the controller runs no motion before the first odometry
        return self.odometry.pose

    @property
    def speed(self) -> float:
        """Measured translational speed [m/s]."""
        return self.odometry.twist.speed if self.odometry else 0.0

    def joint_positions(self) -> dict[str, float]:
        """Measured joints by name."""
        return self.joints.positions.as_dict() if self.joints else {}

    def opening(self) -> float:
        """Measured opening of the gripper [m], 0 without one."""
        if self.robot.gripper is None or self.joints is None:
            return 0.0
        measured = self.joint_positions()
        return float(sum(measured.get(n, 0.0) for n in self.robot.gripper.joints))

    def terrain(
        self, now: float, obstacles: tuple[Box, ...] = (), but_near: tuple[float, float] | None = None
    ) -> Terrain:
        """A snapshot to plan the base's way on."""
        radius = self.robot.base.radius + self.params.clearance
        live = self.live.cells(now, but_near)
        if obstacles:
            live |= self.grid.mark(obstacles)
        preferred = self.robot.base.radius + self.params.preferred_clearance
        return Terrain(self.grid, live, radius, preferred, self.overhang())

    def overhang(self) -> float:
        """How far the arm now reaches out beyond the base [m], at least the parameter ``live_clearance``."""
        least, most = self.params.live_clearance, 2.0 * self.params.live_clearance
        if self.model is None or self.joints is None:
            return least
        reach = 0.0
        for box in self.model.link_boxes(self.joint_positions()):
            center, half = np.array(box.pose.position[:2]), box.pose.matrix()[:2, :3] * (np.array(box.size) / 2)
            reach = max(reach, float(np.hypot(*(np.abs(center) + np.abs(half).sum(axis=1)))))
        return min(max(reach - self.robot.base.radius, least), most)

    def points(self) -> Vector:
        """Lidar hits of the newest scan in odom, (n, 2) [m]."""
        return self.live.points

    def safety_reason(self) -> str:
        """Why the gate holds the robot, in words; "" when it does not."""
        status = self.safety
        if status is None or status.state in ("armed", "running"):
            return ""
        return f"safety {status.state}: {status.text or status.cause or 'no cause given'}"


def base_from_odom(pose: Pose2D) -> Vector:
    """4x4 transform that expresses odom coordinates in base_link."""
    return np.asarray(np.linalg.inv(pose.to_pose().matrix()), dtype=float)
