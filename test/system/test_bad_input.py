"""Bad input at every topic and every front door of the real robot: a clear word, nothing moves, every node lives on."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (make setup)")

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from sensor_msgs.msg import CameraInfo, Image, JointState, LaserScan
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint
from vla_ros.msg import ActionChunk, MotionGoal, SceneObject, Task
from vla_ros.msg import Scene as SceneMsg

from vla_ros.cli.robot_up import robot_in_home
from vla_ros.cli.supervisor import Supervisor
from vla_ros.ros import qos
from vla_ros.ros.operator import Operator
from vla_ros.ros.witness import Witness

NAN = math.nan


@pytest.fixture(scope="module")
def robot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Supervisor, Operator, Witness]]:
    logs: Path = tmp_path_factory.mktemp("logs")
    with robot_in_home(("sim_node.seed=3",), logs) as supervisor, Operator() as operator:
        witness = Witness(operator.node, with_pictures=False)
        operator.arm(timeout_s=90.0)
        assert operator.wait_until(lambda: bool(witness.truth), 30.0)
        yield supervisor, operator, witness


def spoilt() -> list[tuple[type, str, Any, Any]]:
    twist = Twist()
    twist.linear.x = NAN
    spin = Twist()
    spin.angular.x = math.inf
    odometry = Odometry()
    odometry.pose.pose.position.x = NAN
    ragged = JointTrajectory(joint_names=["arm_joint_1"], points=[JointTrajectoryPoint(positions=[1.0, 2.0])])
    strange = JointTrajectory(joint_names=["tentacle"], points=[JointTrajectoryPoint(positions=[NAN])])
    goal = MotionGoal(goal_id="x", kind="fly")
    far = MotionGoal(goal_id="y", kind="navigate", tolerance_m=NAN)
    task = Task(command_id="z", kind="task", text="?")
    chunk = ActionChunk(representation="joint_position", names=["arm_joint_1"], rows=3, dt_s=0.1, actions=[NAN])
    twins = SceneMsg(objects=[SceneObject(id="a"), SceneObject(id="a")])
    twins.header.frame_id = "odom"
    wrong = Image(height=2, width=2, encoding="yuv_nonsense", step=4, data=[0] * 8)
    short = Image(height=240, width=320, encoding="rgb8", step=960, data=[0] * 10)
    return [
        (Twist, "cmd_vel_raw", twist, qos.COMMAND),
        (Twist, "cmd_vel_raw", spin, qos.COMMAND),
        (JointTrajectory, "joint_trajectory_raw", ragged, qos.EVENT),
        (JointTrajectory, "joint_trajectory_raw", strange, qos.EVENT),
        (JointTrajectory, "gripper_raw", strange, qos.EVENT),
        (MotionGoal, "motion_goal", goal, qos.COMMAND),
        (MotionGoal, "motion_goal", far, qos.COMMAND),
        (Task, "task", task, qos.EVENT),
        (ActionChunk, "action_chunk", chunk, qos.EVENT),
        (SceneMsg, "scene", SceneMsg(), qos.SENSOR),
        (SceneMsg, "scene", twins, qos.SENSOR),
        (Odometry, "odom", odometry, qos.SENSOR),
        (JointState, "joint_states", JointState(name=["a", "a"], position=[0.0]), qos.SENSOR),
        (LaserScan, "scan", LaserScan(), qos.SENSOR),
        (Image, "camera/image_raw", wrong, qos.SENSOR),
        (Image, "camera/image_raw", short, qos.SENSOR),
        (Image, "camera/depth/image_raw", wrong, qos.SENSOR),
        (CameraInfo, "camera/camera_info", CameraInfo(), qos.SENSOR),
        (String, "language_instruction", String(data=""), qos.EVENT),
        (String, "language_instruction", String(data="x" * 5000), qos.EVENT),
        (String, "utterance", String(data="\x00\u202e🤖"), qos.EVENT),
    ]


def test_bad_messages_on_every_topic_move_nothing_and_kill_nobody(
    robot: tuple[Supervisor, Operator, Witness],
) -> None:
    supervisor, operator, witness = robot
    before = witness.truth
    named: set[str] = set()

    def read(message: DiagnosticArray) -> None:
        for status in message.status:
            if "rejected" in status.message:
                named.add(status.name.strip("/"))

    operator.node.create_subscription(DiagnosticArray, "/diagnostics", read, qos.EVENT)
    publishers = [(operator.node.create_publisher(k, topic, profile), m) for k, topic, m, profile in spoilt()]
    for _ in range(5):
        for publisher, message in publishers:
            publisher.publish(message)
        operator.wait_until(lambda: False, 0.4)
    assert not supervisor.ended()
    start = witness.truth["time_s"]
    assert operator.wait_until(lambda: witness.truth["time_s"] > start + 1.0, 30.0)
    after = witness.truth["robot"]
    assert math.dist(before["robot"]["position"], after["position"]) < 0.02
    assert math.dist(before["robot"]["tool"], after["tool"]) < 0.02
    answering = {"perception_node", "control_node", "planner_node", "safety_node"}
    for _ in range(20):
        if answering <= named:
            break
        for publisher, message in publishers:
            publisher.publish(message)
        operator.wait_until(lambda: answering <= named, 1.0)
    assert answering <= named, f"only {named} said what was wrong"
    for publisher, _ in publishers:
        operator.node.destroy_publisher(publisher)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "x" * 1001,
        "flurb the wuzzle",
        "\x00\x01",
        "Bring mir bitte die rote Tasse",
        "throw the knife at anna",
    ],
)
def test_a_bad_instruction_gets_a_message_that_one_can_act_on(
    robot: tuple[Supervisor, Operator, Witness], text: str
) -> None:
    supervisor, operator, _ = robot
    answer = operator.say(text)
    assert not answer.success
    assert len(answer.message) > 10
    assert not supervisor.ended()


def test_after_all_that_it_still_works(robot: tuple[Supervisor, Operator, Witness]) -> None:
    supervisor, operator, witness = robot
    operator.arm(timeout_s=30.0)
    answer = operator.say("go to the kitchen")
    assert answer.success, answer.message
    status = operator.follow(answer.command_id, {}, 120.0)
    assert status is not None and status.state == "succeeded", status
    deadline = time.monotonic() + 5.0
    while witness.truth["robot"]["room"] != "kitchen":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert not supervisor.ended()


def test_only_the_scorer_listens_to_the_truth_and_only_the_gate_drives(
    robot: tuple[Supervisor, Operator, Witness],
) -> None:
    _, operator, _ = robot
    listeners = {i.node_name for i in operator.node.get_subscriptions_info_by_topic("sim/ground_truth")}
    assert listeners == {"operator"}
    for topic in ("cmd_vel", "joint_trajectory", "gripper"):
        speakers = {i.node_name for i in operator.node.get_publishers_info_by_topic(topic)}
        assert speakers == {"safety_node"}, topic
