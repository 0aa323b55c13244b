"""The node as a process sees it: a task in, renewed motion goals and statuses out; bad input is survived."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

rclpy = pytest.importorskip("rclpy", reason="needs ROS 2 (make setup)")

from nav_msgs.msg import Odometry as OdometryMsg
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import JointState
from std_msgs.msg import String

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core"))

from planning_world import ARMED, FakeHome
from std_srvs.srv import Trigger
from vla_ros.msg import CommandStatus as CommandStatusMsg
from vla_ros.msg import MotionGoal as MotionGoalMsg
from vla_ros.msg import MotionStatus as MotionStatusMsg
from vla_ros.msg import Plan as PlanMsg
from vla_ros.msg import SafetyStatus as SafetyStatusMsg
from vla_ros.msg import Scene as SceneMsg
from vla_ros.msg import Task as TaskMsg
from vla_ros.srv import CancelCommand

from vla_ros.core.errors import ConfigError
from vla_ros.core.geometry import Pose2D
from vla_ros.core.motion import MotionGoal, MotionStatus
from vla_ros.core.plan import CommandStatus, Plan
from vla_ros.core.robot_state import Odometry
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.core.scene import Scene
from vla_ros.core.task import Referent, Task, TaskStep
from vla_ros.ros import conversions as c
from vla_ros.ros import qos
from vla_ros.ros.node import VlaNode
from vla_ros.ros.nodes.planner_node import PlannerNode

pytestmark = pytest.mark.ros


class Relay:
    """Takes the planner's place inside the scripted house and passes everything on to topics."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def observe_safety(self, status: SafetyStatus, now: float) -> None:
        self.bench.safety.publish(c.safety_status_to_msg(status))

    def observe_robot(self, odometry: Odometry, joints: object, now: float) -> None:
        self.bench.odom.publish(c.odometry_to_msg(odometry))
        self.bench.joints.publish(c.joint_states_to_msg(joints))  # type: ignore[arg-type]

    def observe_motion(self, status: MotionStatus, now: float) -> None:
        self.bench.motion.publish(c.motion_status_to_msg(status, now))

    def observe_scene(self, scene: Scene, now: float) -> None:
        self.bench.scene.publish(c.scene_to_msg(scene))


class Bench(VlaNode):
    """Control, perception and gate of the scripted house, on real topics."""

    def __init__(self) -> None:
        super().__init__("bench")
        self.goals: list[tuple[float, MotionGoal]] = []
        self.statuses: list[CommandStatus] = []
        self.plans: list[Plan] = []
        self.speech: list[str] = []
        self.task = self.create_publisher(TaskMsg, "task", qos.EVENT)
        self.scene = self.create_publisher(SceneMsg, "scene", qos.COMMAND)
        self.odom = self.create_publisher(OdometryMsg, "odom", qos.SENSOR)
        self.joints = self.create_publisher(JointState, "joint_states", qos.SENSOR)
        self.motion = self.create_publisher(MotionStatusMsg, "motion_status", qos.STATUS)
        self.safety = self.create_publisher(SafetyStatusMsg, "safety_status", qos.STATUS)
        self.listen(MotionGoalMsg, "motion_goal", self._on_goal, qos.COMMAND)
        self.listen(CommandStatusMsg, "command_status", self._on_status, qos.STATUS_LOG)
        self.listen(PlanMsg, "plan", lambda m: self.plans.append(c.plan_from_msg(m)), qos.STATUS)
        self.listen(String, "speech_out", lambda m: self.speech.append(m.data), qos.EVENT)
        self.cancel = self.create_client(CancelCommand, "cancel_command")
        self.home = FakeHome(robot=Pose2D(3.1, 2.5, 2.4))
        self.home.planner = Relay(self)  # type: ignore[assignment]
        self.steady_timer(0.05, self._sense)

    def _sense(self) -> None:
        self.home.now = self.now_s()
        self.home._tick += 1
        self.home._sense()

    def _on_goal(self, message: MotionGoalMsg) -> None:
        goal = c.motion_goal_from_msg(message)
        self.goals.append((time.monotonic(), goal))
        self.home._act(goal)

    def _on_status(self, message: CommandStatusMsg) -> None:
        self.statuses.append(c.command_status_from_msg(message))

    def send(self, *steps: TaskStep, command_id: str = "c1") -> None:
        task = Task("do it", "task", 0.9, steps=steps, command_id=command_id)
        self.task.publish(c.task_to_msg(task, self.now_s()))

    def state(self, command_id: str = "c1") -> str:
        return next((s.state for s in reversed(self.statuses) if s.command_id == command_id), "")


class Bed:
    """Node under test and bench on one executor."""

    def __init__(self) -> None:
        self.node = make_node()
        self.bench = Bench()
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.executor.add_node(self.bench)
        assert self.until(lambda: self.bench.task.get_subscription_count() > 0)
        self.until(lambda: False, 0.5)

    def until(self, done: Callable[[], bool], seconds: float = 5.0) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.01)
            if done():
                return True
        return False

    def close(self) -> None:
        self.executor.shutdown()
        self.node.destroy_node()
        self.bench.destroy_node()


def make_node(**given: object) -> PlannerNode:
    arguments = ["--ros-args"]
    for name, value in given.items():
        arguments += ["-p", f"{name}:={value}"]
    rclpy.try_shutdown()
    rclpy.init(args=arguments)
    return PlannerNode()


@pytest.fixture
def bed() -> Iterator[Bed]:
    made = Bed()
    yield made
    made.close()
    rclpy.try_shutdown()


def go(room: str) -> TaskStep:
    return TaskStep("go", destination=Referent("place", room))


def test_a_task_becomes_a_plan_renewed_goals_and_a_result(bed: Bed) -> None:
    bed.bench.send(go("kitchen"), TaskStep("say", text="here I am"))
    assert bed.until(lambda: bed.bench.state() == "succeeded", 15.0), bed.bench.statuses
    assert [s.skill for s in bed.bench.plans[0].steps] == ["go", "say"]
    assert bed.until(lambda: bed.bench.plans[-1].steps[-1].state == "succeeded")
    assert "here I am" in bed.bench.speech
    drives = [(t, g) for t, g in bed.bench.goals if g.kind == "navigate"]
    assert len(drives) >= 4 and len({g.goal_id for _, g in drives}) == 1
    gaps = [b[0] - a[0] for a, b in pairwise(drives)]
    assert max(gaps) < 0.25, "the lease must not lapse"


def test_the_cancel_service_stops_the_command(bed: Bed) -> None:
    bed.bench.send(TaskStep("wait", duration_s=60.0))
    assert bed.until(lambda: bed.bench.state() == "running")
    assert bed.bench.cancel.wait_for_service(2.0)
    future = bed.bench.cancel.call_async(CancelCommand.Request(command_id="c1"))
    assert bed.until(future.done)
    assert future.result().success
    assert bed.until(lambda: bed.bench.state() == "cancelled")
    assert bed.until(lambda: any(g.kind == "stop" for _, g in bed.bench.goals))


def test_the_failure_service_tells_cause_strategy_and_outcome(bed: Bed) -> None:
    bed.bench.send(go("nowhere_at_all"))
    assert bed.until(lambda: bed.bench.state() in ("failed", "refused"), 15.0)
    client = bed.bench.create_client(Trigger, "failure_summary")
    assert bed.until(client.service_is_ready)
    future = client.call_async(Trigger.Request())
    assert bed.until(future.done)
    summary = json.loads(future.result().message)
    assert summary["failures"] >= 1
    record = summary["records"][-1]
    assert record["command_id"] == "c1" and record["cause"] and record["outcome"] == bed.bench.state()


def test_bad_messages_are_dropped_and_the_node_lives_on(bed: Bed) -> None:
    bad = TaskMsg(command_id="bad", kind="wish")
    bed.bench.task.publish(bad)
    odom = OdometryMsg()
    odom.pose.pose.orientation.w, odom.pose.pose.position.x = 1.0, float("nan")
    bed.bench.odom.publish(odom)
    bed.bench.send(TaskStep("say", text="still here"), command_id="c2")
    assert bed.until(lambda: bed.bench.state("c2") == "succeeded")
    assert bed.bench.state("bad") == ""


def test_a_disarmed_robot_waits_and_says_what_to_do(bed: Bed) -> None:
    bed.bench.home.safety = SafetyStatus(0.0, "stopped", False, False)
    bed.until(lambda: False, 0.3)
    bed.bench.send(go("kitchen"))
    assert bed.until(lambda: any("call the service arm" in s.text for s in bed.bench.statuses))
    assert not bed.bench.goals
    bed.bench.home.safety = ARMED
    assert bed.until(lambda: bed.bench.state() == "succeeded", 15.0)


def test_a_wrong_parameter_refuses_the_start() -> None:
    with pytest.raises(ConfigError, match="when_busy"):
        make_node(when_busy="ignore")
    with pytest.raises(ConfigError, match="home"):
        make_node(home="''")
    rclpy.try_shutdown()
