"""Messages <-> values: nothing is lost on the way, and bad messages are refused by field, value and remedy."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (make setup)")

from geometry_msgs.msg import Pose as PoseMsg
from sensor_msgs.msg import CameraInfo, JointState
from sensor_msgs.msg import LaserScan as LaserScanMsg

from vla_ros.core.errors import InputError
from vla_ros.core.geometry import Box, JointPositions, Pose, Pose2D, Twist2D
from vla_ros.core.motion import ActionChunk, JointTrajectory, MotionGoal, MotionStatus
from vla_ros.core.plan import CommandStatus, Plan, PlanStep
from vla_ros.core.robot_state import JointStates, LaserScan, Odometry
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.core.scene import CameraIntrinsics, Scene, SceneObject
from vla_ros.core.task import Referent, Relation, Task, TaskStep
from vla_ros.ros import conversions as c
from vla_ros.ros.conversions.stamps import pose_from_msg

CUP = Referent("object", "cup", attributes=("red",), relations=(Relation("on", Referent("place", "table")),))


def same_task(text: str = "bring me the red cup") -> Task:
    steps = (
        TaskStep("go", destination=Referent("place", "room", "kitchen"), manner="slow"),
        TaskStep("pick", object=CUP, after=(0,), condition=("if", "the door is open")),
        TaskStep("bring", object=CUP, recipient=Referent("user"), after=(1,), distance_m=1.5, count=2),
    )
    return Task(text, "task", 0.75, steps=steps, command_id="c1")


def test_tasks_survive_with_nested_referents_and_shared_ones_stay_one() -> None:
    message = c.task_to_msg(same_task(), 12.5)
    assert c.task_from_msg(message) == same_task()
    assert message.steps[1].object == message.steps[2].object
    assert math.isclose(c.stamp_from_msg(message.header.stamp), 12.5)


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (lambda m: setattr(m, "kind", "wish"), "task.kind"),
        (lambda m: setattr(m.steps[0], "skill", "fly"), "skill"),
        (lambda m: setattr(m.steps[0], "object", 99), "object"),
        (lambda m: setattr(m.steps[0], "after", [2]), "after"),
        (lambda m: setattr(m.steps[0], "distance_m", math.nan), "task.steps[0]"),
        (lambda m: setattr(m.referents[m.steps[1].object], "relation_referents", [m.steps[1].object]), "object"),
        (lambda m: setattr(m.referents[0], "kind", "ghost"), "kind"),
    ],
)
def test_bad_tasks_are_refused_by_name(spoil, field: str) -> None:
    message = c.task_to_msg(same_task(), 0.0)
    spoil(message)
    with pytest.raises(InputError) as caught:
        c.task_from_msg(message)
    assert field in str(caught.value)


def test_scene_plan_and_statuses_survive() -> None:
    thing = SceneObject(
        "cup_1", (("cup", 0.75), ("can", 0.25)), "red", "cylinder", Pose.planar(1, 2, 0.5, 0.9), (0.5, 0.25, 0.125),
        0.5, True, 3.5, 0.875, (0.5, 0.0, 0.0), (("red", 0.75),),
    )  # fmt: skip
    scene = Scene(4.0, "odom", (thing,), Pose.planar(0, 0, 1.0, 1.4))
    back = c.scene_from_msg(c.scene_to_msg(scene))
    assert back.objects[0].categories == thing.categories
    np.testing.assert_allclose(back.objects[0].pose.matrix(), thing.pose.matrix(), atol=1e-12)
    assert back.view is not None and back.objects[0].color == "red"
    plan = Plan("c1", (PlanStep("pick", "cup_1", "pick up", ("a",), ("b",), "failed", 2, "slipped"),), 0)
    assert c.plan_from_msg(c.plan_to_msg(plan, 1.0)) == plan
    status = CommandStatus("c1", "go", "failed", 1, 3, "no", "", 0.5, "execution")
    assert c.command_status_from_msg(c.command_status_to_msg(status, 1.0)) == status
    safety = SafetyStatus(1.0, "slowed", True, False, "obstacle", "0.5 m", 0.5, 0.75, "scan", 0.25, 0.5, 7)
    assert c.safety_status_from_msg(c.safety_status_to_msg(safety)) == safety


def test_motion_survives() -> None:
    box = Box(Pose.planar(1, 1, 0.0, 0.5), (0.25, 0.5, 1.0), "bin")
    goal = MotionGoal(
        "g1", "arm_reach", "c1", (Pose.planar(1, 2, 0.0), Pose.planar(2, 2, 0.0)), offset=(0.5, 0.0, 0.25),
        approach_m=0.125, obstacles=(box,), carried=Box(Pose(frame_id="gripper_tcp"), (0.5, 0.5, 0.5), "cup"),
        ignore=("table",), tolerance_m=0.25, tolerance_rad=0.5,
    )  # fmt: skip
    assert c.motion_goal_from_msg(c.motion_goal_to_msg(goal, 1.0)) == goal
    status = MotionStatus("g1", "arm_reach", "blocked", "by the bin", 1, 0.5, 0.125, True)
    assert c.motion_status_from_msg(c.motion_status_to_msg(status, 1.0)) == status
    path = JointTrajectory(("a", "b"), np.array([0.5, 1.5]), np.eye(2), np.zeros((2, 2)))
    assert c.trajectory_from_msg(c.trajectory_to_msg(path)) == path
    chunk = ActionChunk("c1", "joint_position", ("a", "b"), 0.125, np.arange(6.0).reshape(3, 2), 2.0)
    back = c.action_chunk_from_msg(c.action_chunk_to_msg(chunk))
    assert back == chunk and np.array_equal(back.actions, chunk.actions)


def test_state_survives() -> None:
    odometry = Odometry(1.5, Pose2D(1, 2, 0.5), Twist2D(0.1, 0.2, 0.3))
    back = c.odometry_from_msg(c.odometry_to_msg(odometry))
    assert back.twist == odometry.twist and math.isclose(back.pose.theta, 0.5)
    joints = JointStates(1.0, JointPositions(("a", "b"), (0.5, 1.0)), (0.0, 0.1), (1.0, 2.0))
    assert c.joint_states_from_msg(c.joint_states_to_msg(joints)).positions == joints.positions
    scan = LaserScan(1.0, "lidar_link", -3.0, 0.5, 0.0625, 8.0, np.array([1.0, math.inf, math.nan]))
    again = c.scan_from_msg(c.scan_to_msg(scan))
    np.testing.assert_array_equal(again.ranges, scan.ranges)


@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "rgba8", "bgra8", "mono8"])
def test_every_plain_colour_encoding_becomes_rgb(encoding: str) -> None:
    rgb = np.random.default_rng(1).integers(0, 255, (5, 7, 3), dtype=np.uint8)
    if encoding == "mono8":
        rgb = np.repeat(rgb[..., :1], 3, axis=2)
    alpha = np.full((5, 7, 1), 255, np.uint8)
    wire = {
        "rgb8": rgb, "bgr8": rgb[..., ::-1], "rgba8": np.concatenate([rgb, alpha], 2),
        "bgra8": np.concatenate([rgb[..., ::-1], alpha], 2), "mono8": rgb[..., 0],
    }[encoding]  # fmt: skip
    message = c.image_to_msg(wire, encoding, 1.0, "camera_optical_frame")
    np.testing.assert_array_equal(c.image_from_msg(message, "rgb"), rgb)


def test_depth_in_millimetres_and_metres_with_padding_and_foreign_byte_order() -> None:
    metres = np.linspace(0.5, 3.0, 12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_array_equal(c.image_from_msg(c.image_to_msg(metres, "32FC1", 0, ""), "depth"), metres)
    millimetres = (metres * 1000).astype(np.uint16)
    message = c.image_to_msg(millimetres, "16UC1", 0, "")
    np.testing.assert_allclose(c.image_from_msg(message, "depth"), millimetres / 1000, rtol=1e-6)
    swapped = c.image_to_msg(millimetres.byteswap(), "16UC1", 0, "")
    swapped.is_bigendian = 1
    np.testing.assert_allclose(c.image_from_msg(swapped, "depth"), millimetres / 1000, rtol=1e-6)
    padded = np.zeros((3, 10), np.uint8)
    padded[:, :8] = millimetres.view(np.uint8).reshape(3, 8)
    message.step, message.data = 10, padded.tobytes()
    np.testing.assert_allclose(c.image_from_msg(message, "depth"), millimetres / 1000, rtol=1e-6)


def test_bad_images_are_refused_by_name() -> None:
    good = c.image_to_msg(np.zeros((4, 4, 3), np.uint8), "rgb8", 0, "")
    with pytest.raises(InputError, match="32FC1"):
        c.image_from_msg(good, "depth")
    good.data = good.data[:10]
    with pytest.raises(InputError, match="step"):
        c.image_from_msg(good, "rgb")
    good.width = 0
    with pytest.raises(InputError, match="size"):
        c.image_from_msg(good, "rgb")
    with pytest.raises(InputError, match="encoding"):
        bayer = c.image_to_msg(np.zeros((4, 4), np.uint8), "mono8", 0, "")
        bayer.encoding = "yuv_nonsense"
        c.image_from_msg(bayer, "rgb")


def test_camera_info_survives_and_an_uncalibrated_camera_is_refused() -> None:
    intrinsics = CameraIntrinsics(320, 240, 200.0, 200.0, 160.0, 120.0)
    assert c.camera_info_from_msg(c.camera_info_to_msg(intrinsics, 0, "")) == intrinsics
    with pytest.raises(InputError, match="Calibrate"):
        c.camera_info_from_msg(CameraInfo(width=3, height=3))


def test_bad_state_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="different joint names"):
        c.joint_states_from_msg(JointState(name=["a", "a"], position=[0.0, 0.0]))
    with pytest.raises(InputError, match="positions"):
        c.joint_states_from_msg(JointState(name=["a"], position=[]))
    with pytest.raises(InputError, match="nan"):
        c.joint_states_from_msg(JointState(name=["a"], position=[math.nan]))
    with pytest.raises(InputError, match="ranges"):
        c.scan_from_msg(LaserScanMsg(angle_increment=0.1, range_max=1.0))
    with pytest.raises(InputError, match="quaternion"):
        zero = PoseMsg()
        zero.orientation.w = 0.0
        pose_from_msg(zero, "odom")


def test_ragged_and_huge_trajectories_are_refused_before_they_cost_anything() -> None:
    path = JointTrajectory(("a",), np.array([1.0, 2.0]), np.zeros((2, 1)))
    message = c.trajectory_to_msg(path)
    message.points[1].positions = [1.0, 2.0]
    with pytest.raises(InputError, match=r"points\[1\]"):
        c.trajectory_from_msg(message)
    message.points = [message.points[0]] * 3000
    with pytest.raises(InputError, match="up to 2000"):
        c.trajectory_from_msg(message)
