"""The whole robot in one process, without ROS: home, perception, planner, control and gate, stepped in turn.

The same cores that the nodes wrap, at the nodes' rates, in simulated time. Quick and exactly repeatable: what goes
wrong here goes wrong in the logic, not between the processes.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import mujoco
import numpy as np

from vla_ros.control.controller import Controller
from vla_ros.control.params import ControlParams
from vla_ros.core.catalog import Catalog
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.geometry import Box, Pose, Pose2D
from vla_ros.core.people import People
from vla_ros.core.plan import CommandStatus, Plan
from vla_ros.core.resources import config_file
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.scene import RgbdFrame, Scene
from vla_ros.core.surroundings import Surroundings
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.parser import GrammarParser
from vla_ros.perception.params import PerceptionParams
from vla_ros.perception.pipeline import PerceptionPipeline
from vla_ros.planning.params import PlannerParams
from vla_ros.planning.planner import Planner
from vla_ros.robot.kinematics import RobotModel
from vla_ros.safety.gate import Gate
from vla_ros.safety.params import SafetyParams
from vla_ros.sim.camera import Camera
from vla_ros.sim.home import Home, Setting
from vla_ros.sim.scenario import Scenario

TICK_S = 0.02
CAMERA = "camera"


class Immediately:
    """An executor whose work is done when ``submit`` returns: planning takes no simulated time."""

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(work(*arguments, **named))
        except Exception as error:
            future.set_exception(error)
        return future


@dataclass
class Loop:
    """One robot in one home. ``tell`` hears every new status and every spoken sentence."""

    scenario: Scenario
    tell: Callable[[str], None] = lambda _: None
    camera_hz: float = 8.0
    statuses: list[CommandStatus] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    causes: dict[str, int] = field(default_factory=dict)
    plan: Plan | None = None
    scene: Scene | None = None

    def __post_init__(self) -> None:
        home_file, objects, people = config_file("apartment", "homes"), config_file("objects"), config_file("people")
        robot = RobotDescription.load(config_file("home_robot", "robots"))
        floor_plan, catalog, folk = FloorPlan.load(home_file), Catalog.load(objects), People.load(people)
        self.home = Home(Setting(floor_plan, catalog, folk, robot, self.scenario, self.scenario.seed))
        self.model = RobotModel(robot)
        self.parser = GrammarParser(Lexicon.load(objects, home_file, people))
        self.perception = PerceptionPipeline(PerceptionParams(), catalog, floor_plan, robot)
        self.planner = Planner(PlannerParams(), floor_plan, catalog, robot, folk)
        self.control = Controller(ControlParams(), robot, floor_plan, Immediately())
        self.gate = Gate(SafetyParams(), robot, surroundings=Surroundings.of(floor_plan))
        self.camera = Camera(self.home.model, CAMERA, 320, 240)
        self._drawn = mujoco.MjData(self.home.model)
        self.rgb: np.ndarray | None = None
        self._tick, self._cause = 0, ""
        self.step()
        armed, words = False, ""
        for _ in range(20):
            self.step()
            armed, words = self.gate.arm(self.home.now)
            if armed:
                break
        assert armed, words
        self.before = self.home.ground_truth()

    def submit(self, text: str, command_id: str = "c1") -> None:
        """Says one sentence."""
        waiting = self.statuses and self.statuses[-1].state == "waiting_for_answer"
        task = self.parser.parse_answer(text, self.statuses[-1].question) if waiting else self.parser.parse(text)
        self.planner.submit(_named(task, command_id), self.home.now)

    def run(self, time_limit_s: float | None = None) -> CommandStatus | None:
        """The scenario's command to its end, questions answered from its replies."""
        scenario = self.scenario
        self.submit(scenario.command)
        end = self.home.now + (time_limit_s or scenario.time_limit_s)
        while self.home.now < end:
            self.step()
            status = self.statuses[-1] if self.statuses else None
            if status is None:
                continue
            if status.is_terminal:
                break
            if status.state == "waiting_for_answer":
                reply = next((t for k, t in scenario.replies.items() if k.lower() in status.question.lower()), None)
                if reply is None:
                    break
                self.submit(reply)
                self.step()
        for _ in range(25):
            self.step()
        return self.statuses[-1] if self.statuses else None

    def step(self) -> None:
        """20 ms of everything."""
        self._tick += 1
        now = self.home.now
        driver = self.home.driver
        assert driver is not None
        odometry, joints = driver.odometry(), driver.joint_states()
        for part in (self.control, self.gate):
            part.observe_odometry(odometry, now) if part is self.control else part.on_odometry(odometry, now)
            part.observe_joints(joints, now) if part is self.control else part.on_joints(joints, now)
        self.planner.observe_robot(odometry, joints, now)
        if self._tick % 3 == 1:
            scan = self.home.scan()
            self.control.observe_scan(scan, now)
            self.gate.on_scan(scan, now)
        if self._tick % max(1, round(1 / (self.camera_hz * TICK_S))) == 1:
            self._look(now, odometry.pose, joints.positions.as_dict())
        if self._tick % 2 == 0:
            self._plan(now)
        self._move(now)
        self.home.advance(now + TICK_S, now + TICK_S)

    def _look(self, now: float, base: Pose2D, joints: dict[str, float]) -> None:
        self.home.copy_state(self._drawn)
        mujoco.mj_kinematics(self.home.model, self._drawn)
        mujoco.mj_camlight(self.home.model, self._drawn)
        self.rgb, depth = self.camera.render(self._drawn)
        assert depth is not None
        world_from_base = base.to_pose().matrix()
        pose = world_from_base @ self.model.frame_pose("camera_optical_frame", joints)
        boxes = tuple(
            Box(Pose.from_matrix(world_from_base @ b.pose.matrix()), b.size, b.name)
            for b in self.model.link_boxes(joints)
        )
        frame = RgbdFrame(now, self.rgb, depth, self.camera.intrinsics, pose)
        self.scene = self.perception.update(frame, boxes)
        self.planner.observe_scene(self.scene, now)
        self.control.observe_scene(self.scene, now)
        self.gate.on_scene(self.scene, now)

    def _plan(self, now: float) -> None:
        output = self.planner.tick(now)
        if output.motion_goal is not None:
            self.control.set_goal(output.motion_goal, now)
        self.plan = output.plan or self.plan
        for status in output.statuses:
            self.statuses.append(status)
            self.tell(
                f"{now:6.1f} {status.state} {status.step_index + 1}/{status.steps} {status.text}{status.question}"
            )
        for words in output.speech:
            self.said.append(words)
            self.tell(f"{now:6.1f} says: {words}")

    def _move(self, now: float) -> None:
        driver = self.home.driver
        assert driver is not None
        wanted = self.control.tick(now)
        twist = wanted.twist
        self.gate.on_twist((twist.vx, twist.vy, 0.0, 0.0, 0.0, twist.wz), now)
        for trajectory in wanted.trajectories:
            self.gate.on_trajectory(trajectory, now)
        if wanted.gripper is not None:
            self.gate.on_gripper(wanted.gripper, now)
        if wanted.status is not None:
            self.planner.observe_motion(wanted.status, now)
            if wanted.status.is_end:
                status = wanted.status
                self.tell(f"{now:6.1f}    motion {status.kind} {status.state} {status.text}")
        passed = self.gate.tick(now)
        self.control.observe_safety(passed.status, now)
        self.planner.observe_safety(passed.status, now)
        if passed.status.cause != self._cause:
            self._cause = passed.status.cause
            if self._cause:
                self.causes[self._cause] = self.causes.get(self._cause, 0) + 1
                self.tell(f"{now:6.1f}    gate {passed.status.state}: {passed.status.text}")
        driver.set_twist(passed.twist, now)
        for trajectory in passed.trajectories:
            driver.set_trajectory(trajectory, now)
        if passed.gripper is not None:
            driver.set_gripper(passed.gripper, now)


def _named(task: Any, command_id: str) -> Any:
    from dataclasses import replace

    return replace(task, command_id=command_id)
