"""A scripted house for the planner's tests: obeys MotionGoals (or fails them as told) and yields scenes.

Runs at 20 Hz of injected time. It keeps the lease: a motion whose goal is not renewed does not advance.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from vla_ros.core.catalog import Catalog
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.geometry import JointPositions, Pose, Pose2D
from vla_ros.core.motion import MotionGoal, MotionStatus
from vla_ros.core.people import People
from vla_ros.core.plan import CommandStatus, Plan
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import JointStates, Odometry
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.core.scene import Scene, SceneObject
from vla_ros.core.task import Task, TaskStep
from vla_ros.core.zones import Zones
from vla_ros.planning.params import PlannerParams
from vla_ros.planning.planner import Planner, PlannerOutput

CONFIG = Path(__file__).resolve().parents[2] / "config"
PLAN = FloorPlan.load(CONFIG / "homes" / "apartment.yaml")
CATALOG = Catalog.load(CONFIG / "objects.yaml")
PEOPLE = People.load(CONFIG / "people.yaml")
ROBOT = RobotDescription.load(CONFIG / "robots" / "home_robot.yaml")

DT = 0.05
ARMED = SafetyStatus(0.0, "armed", True, False)


@dataclass
class Thing:
    """A thing or person; ``at`` is its centre [m]."""

    id: str
    category: str
    color: str
    at: np.ndarray
    size: tuple[float, float, float]
    shape: str
    exists: bool = True
    score: float = 0.9
    """How sure perception is of its category."""


class FakeHome:
    """The robot in its house, with the planner attached.

    ``faults``: called with each new goal; a returned (state, text) ends it so. ``slips``: grasps that fail.
    """

    def __init__(
        self,
        params: PlannerParams | None = None,
        robot: Pose2D | None = None,
        catalog: Catalog = CATALOG,
        people: People = PEOPLE,
        zones: Zones | None = None,
    ) -> None:
        self.planner = Planner(params or PlannerParams(rate_hz=1.0 / DT), PLAN, catalog, ROBOT, people, zones)
        self.catalog = catalog
        self.now = 100.0
        self.robot = robot or Pose2D(*PLAN.start)
        self.things: dict[str, Thing] = {}
        self.seen: dict[str, SceneObject] = {}
        self.pan = 0.0
        self.held = ""
        self.opening = 0.1
        self.doors: dict[str, float] = {}
        self.posture = "home"
        self.arm = tuple(0.5 * (i % 3) - 0.4 for i in range(len(ROBOT.group("arm").names)))
        """Joints of the arm while it is in no named posture."""
        self.tool = Pose()
        self.safety: SafetyStatus | None = ARMED
        self.camera_works = True
        self.control_works = True
        self.slips = 0
        self.faults: Callable[[MotionGoal], tuple[str, str] | None] = lambda goal: None
        self.goals: list[MotionGoal] = []
        self.statuses: list[CommandStatus] = []
        self.speech: list[str] = []
        self.plans: list[Plan] = []
        self.ticks_with_goal = 0
        self._status: MotionStatus | None = None
        self._left = 0
        self._tick = 0

    # -- building

    def put(self, category: str, color: str, furniture: str, u: float = 0.0, v: float = 0.0, name: str = "") -> str:
        """Places a thing on the first surface of a piece, (u, v) [m] from its middle."""
        kind = self.catalog.kind(category)
        piece = PLAN.piece(furniture)
        x, y, z = piece.surface_point(piece.surfaces[0], (u, v))
        name = name or f"{color}_{category}"
        at = np.array([x, y, z + kind.size[2] / 2])
        self.things[name] = Thing(name, category, color, at, kind.size, kind.shape)
        return name

    def stand(self, color: str, x: float, y: float, name: str = "", height: float = 1.7) -> str:
        """A person with a shirt of that colour."""
        name = name or f"{color}_person"
        at = np.array([x, y, height / 2])
        self.things[name] = Thing(name, "person", color, at, (0.4, 0.4, height), "person")
        return name

    # -- running

    def submit(self, *steps: TaskStep, text: str = "do it", command_id: str = "c1", **fields: object) -> None:
        """Gives the planner a task."""
        fields = {"confidence": 0.95, **fields}
        self.planner.submit(Task(text, "task", steps=steps, command_id=command_id, **fields), self.now)  # type: ignore[arg-type]

    def run(self, seconds: float, until: Callable[[], bool] | None = None) -> None:
        """Lets time pass, at most ``seconds``."""
        for _ in range(round(seconds / DT)):
            self.step()
            if until is not None and until():
                return

    def run_to_end(self, command_id: str = "c1", seconds: float = 900.0) -> CommandStatus:
        """Until the command has ended; its last status."""
        self.run(seconds, lambda: any(s.is_terminal and s.command_id == command_id for s in self.statuses))
        last = [s for s in self.statuses if s.command_id == command_id][-1]
        assert last.is_terminal, f"not ended after {seconds} s: {last}"
        return last

    def state(self, command_id: str = "c1") -> str:
        """The newest state of a command."""
        return next((s.state for s in reversed(self.statuses) if s.command_id == command_id), "")

    def step(self) -> PlannerOutput:
        """One tick of 50 ms: sense, plan, act."""
        self.now += DT
        self._tick += 1
        self._sense()
        out = self.planner.tick(self.now)
        self.statuses += out.statuses
        self.speech += out.speech
        if out.plan is not None:
            self.plans.append(out.plan)
        self._act(out.motion_goal)
        return out

    # -- senses

    def _sense(self) -> None:
        planner = self.planner
        if self.safety is not None:
            planner.observe_safety(replace(self.safety, stamp_s=self.now), self.now)
        arm = ROBOT.posture(self.posture)
        names = ROBOT.group("arm").names
        values = arm.positions if arm is not None else self.arm
        joints = JointStates(self.now, JointPositions(names, values))
        planner.observe_robot(Odometry(self.now, self.robot), joints, self.now)
        if self._status is not None:
            self._status = replace(self._status, holding=bool(self.held), opening_m=self.opening)
            planner.observe_motion(self._status, self.now)
        if self.camera_works and self._tick % 2 == 0:
            planner.observe_scene(self._scene(), self.now)

    def _scene(self) -> Scene:
        for thing in self.things.values():
            if thing.exists and self._visible(thing):
                color = ((thing.color, 0.8),)
                pose = Pose(tuple(map(float, thing.at)))
                kinds = ((thing.category, thing.score),)
                self.seen[thing.id] = SceneObject(
                    thing.id, kinds, thing.color, thing.shape, pose, thing.size, 0.9, True, self.now,
                    float(thing.at[2] - thing.size[2] / 2), colors=color,
                )  # fmt: skip
            elif thing.id in self.seen:
                self.seen[thing.id] = replace(self.seen[thing.id], visible=False)
        return Scene(self.now, "odom", tuple(self.seen.values()), self._view())

    def _view(self) -> Pose:
        matrix = np.eye(4)
        heading = self.robot.theta + self.pan
        forward = np.array([math.cos(heading), math.sin(heading), 0.0]) * math.cos(0.4) - [0, 0, math.sin(0.4)]
        right = np.array([math.sin(heading), -math.cos(heading), 0.0])
        matrix[:3, 0], matrix[:3, 1], matrix[:3, 2] = right, np.cross(forward, right), forward
        matrix[:3, 3] = (self.robot.x, self.robot.y, 1.3)
        return Pose.from_matrix(matrix)

    def _visible(self, thing: Thing) -> bool:
        dx, dy = thing.at[0] - self.robot.x, thing.at[1] - self.robot.y
        bearing = math.remainder(math.atan2(dy, dx) - self.robot.theta - self.pan, 2 * math.pi)
        room = PLAN.room_at(self.robot.x, self.robot.y)
        near = math.hypot(dx, dy) < (4.0 if thing.category == "person" else 2.2)
        return near and abs(bearing) < 0.6 and room is PLAN.room_at(float(thing.at[0]), float(thing.at[1]))

    # -- motion

    def _act(self, goal: MotionGoal | None) -> None:
        if goal is None or not self.control_works:
            return
        self.ticks_with_goal += 1
        if self._status is None or goal.goal_id != self._status.goal_id:
            self.goals.append(goal)
            self._status = MotionStatus(goal.goal_id, goal.kind, "running")
            self._left = 4
            fault = self.faults(goal)
            if fault is not None:
                self._status = replace(self._status, state=fault[0], text=fault[1])
            return
        if self._status.is_end:
            return
        if goal.kind == "keep_near":
            self._keep_near(goal)
            return
        self._left -= 1
        if self._left <= 0:
            self._do(goal)
            self._status = replace(self._status, state="reached", chosen=0, progress=1.0)

    def _do(self, goal: MotionGoal) -> None:
        if goal.kind == "navigate":
            target = goal.targets[0]
            yaw = target.yaw if goal.tolerance_rad < 3 else self.robot.theta
            self.robot = Pose2D(target.position[0], target.position[1], yaw)
        elif goal.kind == "approach":
            x, y, _ = goal.targets[0].position
            angle = math.atan2(y - self.robot.y, x - self.robot.x)
            self.robot = Pose2D(x - 0.6 * math.cos(angle), y - 0.6 * math.sin(angle), angle)
        elif goal.kind == "base_move":
            dx, dy, turn = goal.offset
            x, y = self.robot.transform(np.array([dx, dy]))
            self.robot = Pose2D(float(x), float(y), self.robot.theta + turn)
        elif goal.kind == "base_arc":
            x, y, _ = goal.targets[0].position
            c, s = math.cos(goal.angle_rad), math.sin(goal.angle_rad)
            dx, dy = self.robot.x - x, self.robot.y - y
            if self.held == "handle":
                self.doors[goal.ignore[0]] = self.doors.get(goal.ignore[0], 0.0) + goal.angle_rad
            self.robot = Pose2D(x + c * dx - s * dy, y + s * dx + c * dy, self.robot.theta + goal.angle_rad)
        elif goal.kind == "head_look_at":
            x, y, _ = goal.targets[0].position
            angle = math.atan2(y - self.robot.y, x - self.robot.x)
            self.pan = math.remainder(angle - self.robot.theta, 2 * math.pi)
        elif goal.kind == "arm_posture":
            self.posture = goal.posture
        elif goal.kind == "arm_reach":
            self.posture, self.tool = "", goal.targets[0]
        elif goal.kind == "arm_linear":
            self.tool = replace(self.tool, position=tuple(np.array(self.tool.position) + goal.offset))
            if self.held:
                self.things[self.held].at = self.things[self.held].at + goal.offset
            return
        elif goal.kind == "gripper":
            self._gripper(goal)
        if self.held and goal.kind != "gripper":
            thing = self.things[self.held]
            if self.posture:
                ahead = self.robot.transform(np.array([0.45, 0.0]))
                thing.at = np.array([*ahead, 1.0])
            elif goal.kind == "arm_reach":
                box = goal.carried
                thing.at = (self.tool.matrix() @ np.array([*box.pose.position, 1.0]))[:3]

    def _keep_near(self, goal: MotionGoal) -> None:
        x, y, _ = goal.targets[0].position
        away = math.hypot(x - self.robot.x, y - self.robot.y)
        angle = math.atan2(y - self.robot.y, x - self.robot.x)
        step = min(max(away - goal.distance_m, 0.0), 0.6 * DT)
        self.robot = Pose2D(self.robot.x + step * math.cos(angle), self.robot.y + step * math.sin(angle), angle)
        self.pan = 0.0

    def _gripper(self, goal: MotionGoal) -> None:
        if goal.opening_m > 0.02:
            if self.held:
                self._drop()
            self.held, self.opening = "", goal.opening_m
            return
        self.opening = 0.0
        handles = [f for f in PLAN.furniture for leaf in f.leaves if self._near_handle(f, leaf)]
        near = [
            t for t in self.things.values()
            if t.exists and t.category != "person" and np.linalg.norm(t.at - self.tool.position) < 0.09
        ]  # fmt: skip
        if near and self.slips > 0:
            self.slips -= 1
        elif near:
            self.held, self.opening = near[0].id, min(near[0].size[:2])
        elif handles:
            self.held, self.opening = "", 0.02
            self.things["handle"] = Thing("handle", "handle", "grey", np.zeros(3), (0.02, 0.02, 0.2), "box", False)
            self.held = "handle"

    def _near_handle(self, piece: object, leaf: object) -> bool:
        turn, hinge = self.doors.get(piece.name, 0.0), np.array(leaf.hinge)  # type: ignore[attr-defined]
        c, s = math.cos(turn), math.sin(turn)
        arm = np.array([[c, -s], [s, c]]) @ (np.array(leaf.handle[:2]) - hinge)  # type: ignore[attr-defined]
        x, y = piece.pose2d.transform(hinge + arm)  # type: ignore[attr-defined]
        return bool(np.linalg.norm(np.array([x, y, leaf.handle[2]]) - self.tool.position) < 0.05)  # type: ignore[attr-defined]

    def _drop(self) -> None:
        thing = self.things[self.held]
        x, y, z = map(float, thing.at)
        heights = [
            s.height for f in PLAN.furniture_at(x, y, 0.02) for s in f.surfaces if s.height < z
        ] + [
            float(t.at[2]) for t in self.things.values()
            if t is not thing and t.category in ("basket", "bowl", "box", "plate")
            and np.hypot(t.at[0] - x, t.at[1] - y) < t.size[0] / 2
        ]  # fmt: skip
        thing.at = np.array([x, y, max(heights, default=0.0) + thing.size[2] / 2])
