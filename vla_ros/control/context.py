"""What every motion needs to know: the measured robot, its surroundings and its limits. No logic of motions."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np

from vla_ros.control.body import MARGIN_M, NOTICE_M, clear_twist
from vla_ros.control.grid import Grid, grid_of
from vla_ros.control.obstacles import LiveObstacles
from vla_ros.control.params import ControlParams
from vla_ros.control.path import Terrain
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.furniture_boxes import ignored
from vla_ros.core.geometry import ZERO_TWIST, Box, Pose2D, Twist2D, Vector
from vla_ros.core.joint_memory import JointMemory
from vla_ros.core.motion import JointTrajectory, MotionGoal
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import JointStates, Odometry
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.core.surroundings import Surroundings
from vla_ros.core.zones import Zones
from vla_ros.robot.kinematics import RobotModel
from vla_ros.robot.outline import Outline, OutlineMaker

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
    zones: Zones | None = None
    grid: Grid = field(init=False)
    live: LiveObstacles = field(init=False)
    _outlines: OutlineMaker | None = field(init=False, default=None)
    _around: Vector = field(init=False)
    _distances: dict[tuple[int, int], Vector] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._outlines = OutlineMaker(self.model) if self.model is not None else None
        circles = [(*b.pose.position[:2], math.hypot(*b.size[:2]) / 2) for b in self.furniture]
        self._around = np.array(circles, dtype=float).reshape(-1, 3)  # x, y, radius of a circle around each
        self.center_grid((0.0, 0.0))

    def center_grid(self, around: tuple[float, float]) -> None:
        """Makes the grid anew; without a floor plan it lies around a point."""
        self.grid = grid_of(self.floor_plan, self.params.grid_resolution, around, self.zones)
        self.live = LiveObstacles(self.grid, self.params, self.robot.lidar_pose, Surroundings.of(self.floor_plan))

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

    def outline(self, carried: Box | None = None) -> Outline:
        """What of the robot stands out beyond its base now, with what is carried (box in tool axes)."""
        if self._outlines is None or self.joints is None:
            return Outline(np.zeros((0, 2)), np.zeros(0), np.zeros(0), self.robot.base.radius)
        return self._outlines.of(self.joint_positions(), carried)

    def clear_of_arm(self, wish: Twist2D, goal: MotionGoal) -> Twist2D:
        """What of a wished twist keeps the arm and what is carried off walls and furniture."""
        outline = self.outline(goal.carried)
        gaps = np.hypot(*(self._around[:, :2] - (self.pose.x, self.pose.y)).T) - self._around[:, 2]
        close = [self.furniture[i] for i in np.flatnonzero(gaps < outline.reach + NOTICE_M)]
        boxes = tuple(b for b in close if not ignored(b, goal.ignore))
        return clear_twist(outline, boxes, self.pose, wish, self.robot.base)

    def terrain(
        self,
        now: float,
        obstacles: tuple[Box, ...] = (),
        but_near: tuple[float, float] | None = None,
        carried: Box | None = None,
    ) -> Terrain:
        """A snapshot to plan the base's way on, with what is carried (box in tool axes)."""
        radius = self.robot.base.radius + self.params.clearance
        live = self.live.cells(now, but_near)
        if obstacles:
            live |= self.grid.mark(obstacles)
        preferred = self.robot.base.radius + self.params.preferred_clearance
        outline = self.outline(carried)
        least, most = self.params.live_clearance, 2.0 * self.params.live_clearance
        overhang = min(max(outline.reach - self.robot.base.radius, least), most)
        return Terrain(self.grid, live, radius, preferred, overhang, self._arm_space(outline))

    def _arm_space(self, outline: Outline) -> Vector | None:
        """Per cell: distance to boxes at the height of what stands out, less the room it needs to turn [m]."""
        if not len(outline.points) or not self.furniture:
            return None
        low, high = math.floor(10.0 * outline.low.min()), math.ceil(10.0 * outline.high.max())
        if (low, high) not in self._distances:
            empty = Grid(np.zeros_like(self.grid.occupied), self.grid.origin, self.grid.resolution)
            level = [
                b
                for b in self.furniture
                if b.pose.position[2] + b.size[2] / 2 > low / 10 and b.pose.position[2] - b.size[2] / 2 < high / 10
            ]
            self._distances[low, high] = empty.distances(empty.mark(level))
        return self._distances[low, high] - outline.reach - MARGIN_M

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
