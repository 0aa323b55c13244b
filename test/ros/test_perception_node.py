"""The node as a process sees it: real topics in, scenes out; bad input is reported and survived."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy", reason="needs ROS 2 (make setup)")

from diagnostic_msgs.msg import DiagnosticArray
from nav_msgs.msg import Odometry as OdometryMsg
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import CameraInfo, Image, JointState

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core"))

from table_scene import Room, Thing
from vla_ros.msg import Scene as SceneMsg

from vla_ros.core.errors import ConfigError, MissingExtraError
from vla_ros.core.geometry import JointPositions, Pose2D
from vla_ros.core.resources import config_file
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import JointStates, Odometry
from vla_ros.core.scene import RgbdFrame, Scene
from vla_ros.ros import qos
from vla_ros.ros.conversions.images import camera_info_to_msg, image_to_msg
from vla_ros.ros.conversions.scene import scene_from_msg
from vla_ros.ros.conversions.state import joint_states_to_msg, odometry_to_msg
from vla_ros.ros.node import VlaNode
from vla_ros.ros.nodes.perception_node import PerceptionNode

pytestmark = pytest.mark.ros

HOME = """
name: test_room
rooms: [{name: lab, min: [-3, -3], max: [3, 3]}]
walls: [{start: [2.0, -3], end: [2.0, 3]}]
furniture:
  - name: counter
    category: counter
    room: lab
    position: [1.6, 0.0]
    yaw: 3.14159265
    size: [0.7, 2.4, 0.8]
    surfaces: [{name: top, height: 0.8, size: [0.6, 2.3]}]
"""
ORIGIN = Pose2D()
HEAD_DOWN = {"head_tilt_joint": 0.6, "head_pan_joint": 0.0, "torso_lift_joint": 0.1}
ROBOT = RobotDescription.load(config_file("home_robot", "robots"))
FOLDED = ROBOT.posture("home")
assert FOLDED is not None
JOINTS = {
    **{joint.name: 0.0 for group in ROBOT.groups for joint in group.joints},
    **dict(zip(ROBOT.group(FOLDED.group).names, FOLDED.positions)),  # type: ignore[union-attr]
    **HEAD_DOWN,
}
"""Every joint, as drivers report them; the arm folded, so that it is not in view."""


class Bench(VlaNode):
    """Stands in for the drivers and listens to the scene."""

    def __init__(self) -> None:
        super().__init__("bench")
        self.scenes: list[Scene] = []
        self.pictures: list[Image] = []
        self.faults: list[str] = []
        self.rgb = self.create_publisher(Image, "camera/image_raw", qos.SENSOR)
        self.depth = self.create_publisher(Image, "camera/depth/image_raw", qos.SENSOR)
        self.info = self.create_publisher(CameraInfo, "camera/camera_info", qos.SENSOR)
        self.odom = self.create_publisher(OdometryMsg, "odom", qos.SENSOR)
        self.joints = self.create_publisher(JointState, "joint_states", qos.SENSOR)
        self.listen(SceneMsg, "scene", lambda m: self.scenes.append(scene_from_msg(m)), qos.COMMAND)
        self.listen(DiagnosticArray, "/diagnostics", self._on_diagnostics, qos.EVENT)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        self.faults += [s.message for s in message.status if "perception" in s.name and s.message != "ok"]

    def publish_state(self, stamp: float, pose: Pose2D = ORIGIN) -> None:
        self.odom.publish(odometry_to_msg(Odometry(stamp, pose)))
        names, values = tuple(JOINTS), tuple(JOINTS.values())
        self.joints.publish(joint_states_to_msg(JointStates(stamp, JointPositions(names, values))))

    def publish_frame(self, frame: RgbdFrame, info: bool = True) -> None:
        optical = "camera_optical_frame"
        if info:
            self.info.publish(camera_info_to_msg(frame.intrinsics, frame.stamp_s, optical))
        self.rgb.publish(image_to_msg(frame.rgb, "rgb8", frame.stamp_s, optical))
        self.depth.publish(image_to_msg(frame.depth, "32FC1", frame.stamp_s, optical))


class World:
    """The node under test, the bench and a rendered room, driven by one executor."""

    def __init__(self, home: Path) -> None:
        self.node = make_node(home=str(home))
        self.bench = Bench()
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.executor.add_node(self.bench)
        self.room = Room((Thing("cup", "red", 1.5, 0.0), Thing("book", "green", 1.5, 0.35)))
        model = self.node._model
        assert model is not None
        self.camera = model.frame_pose("camera_optical_frame", JOINTS)
        self.now = 100.0
        self.until(lambda: self.bench.rgb.get_subscription_count() > 0 and self.bench.odom.get_subscription_count() > 0)

    def until(self, done: Callable[[], bool], seconds: float = 5.0) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.01)
            if done():
                return True
        return False

    def frame(self) -> RgbdFrame:
        self.now += 0.1
        return self.room.frame(self.camera, round(self.now, 3))

    def show(self, frame: RgbdFrame, info: bool = True, state_lag: float = 0.0) -> Scene:
        """Publishes one frame with its state before and after, returns the scene of its stamp."""
        count = len(self.bench.scenes)
        self.bench.publish_state(frame.stamp_s - 0.01 - state_lag)
        self.bench.publish_frame(frame, info)
        self.until(lambda: False, 0.05)
        self.bench.publish_state(frame.stamp_s + 0.01 - state_lag)
        assert self.until(lambda: len(self.bench.scenes) > count), "no scene came"
        return self.bench.scenes[-1]

    def fault(self, *words: str) -> bool:
        return self.until(lambda: any(all(w in text for w in words) for text in self.bench.faults), 4.0)

    def close(self) -> None:
        self.executor.shutdown()
        self.node.destroy_node()
        self.bench.destroy_node()
        self.room.close()


def make_node(**given: object) -> PerceptionNode:
    arguments = ["--ros-args"]
    for name, value in given.items():
        arguments += ["-p", f"{name}:={value}"]
    rclpy.try_shutdown()
    rclpy.init(args=arguments)
    return PerceptionNode()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("home") / "room.yaml"
    path.write_text(HOME)
    return path


@pytest.fixture
def world(home: Path) -> Iterator[World]:
    made = World(home)
    yield made
    made.close()
    rclpy.try_shutdown()


def test_frames_become_scenes_with_the_view_and_the_objects(world: World) -> None:
    for _ in range(4):
        frame = world.frame()
        scene = world.show(frame)
    assert scene.stamp_s == pytest.approx(frame.stamp_s, abs=1e-6)
    assert scene.frame_id == "odom"
    assert scene.view is not None
    assert scene.view.position == pytest.approx(tuple(world.camera[:3, 3]), abs=1e-3)
    assert {(o.color, o.category, o.visible) for o in scene.objects} == {("red", "cup", True), ("green", "book", True)}
    cup = next(o for o in scene.objects if o.category == "cup")
    assert math.dist(cup.pose.position[:2], (1.5, 0.0)) < 0.02


def test_the_pose_is_interpolated_to_the_images_instant(world: World) -> None:
    frame = world.frame()
    world.bench.publish_state(frame.stamp_s - 0.02, Pose2D(0.0, -0.2, 0.0))
    world.until(lambda: False, 0.05)
    world.bench.publish_frame(frame)
    world.until(lambda: False, 0.03)
    world.bench.publish_state(frame.stamp_s + 0.02, Pose2D(0.0, 0.2, 0.0))
    assert world.until(lambda: bool(world.bench.scenes))
    view = world.bench.scenes[-1].view
    assert view is not None
    assert view.position == pytest.approx(tuple(world.camera[:3, 3]), abs=2e-3)


def test_the_annotated_picture_comes_only_on_request(world: World) -> None:
    world.show(world.frame())
    assert not world.bench.pictures
    world.bench.listen(Image, "perception_node/annotated", world.bench.pictures.append, qos.SENSOR)
    assert world.until(lambda: world.node._annotated.get_subscription_count() == 1)
    for _ in range(3):
        frame = world.frame()
        world.show(frame)
    assert world.until(lambda: bool(world.bench.pictures))
    assert (world.bench.pictures[-1].width, world.bench.pictures[-1].encoding) == (frame.intrinsics.width, "rgb8")


def test_bad_input_is_reported_and_survived(world: World) -> None:
    scene = world.show(world.frame(), info=False)
    assert scene.view is None
    assert world.fault("camera_info", "No camera/camera_info received")

    for _ in range(3):
        assert world.show(world.frame()).view is not None

    small = world.frame()
    scene = world.show(replace(small, depth=small.depth[:100].copy()))
    assert scene.view is None
    assert [o.visible for o in scene.objects] == [False, False], "the old objects are kept"
    assert world.fault("depth", "cannot be used")

    scene = world.show(world.frame(), state_lag=2.0)
    assert scene.view is None
    assert world.fault("odom", "from the image")

    info = camera_info_to_msg(small.intrinsics, world.now, "camera_optical_frame")
    info.k = [float("nan")] * 9
    world.bench.info.publish(info)
    assert world.fault("camera_info.k")

    bad = image_to_msg(np.zeros((4, 4, 3), np.uint8), "rgb8", world.now + 0.05, "camera_optical_frame")
    bad.encoding = "yuv422"
    world.bench.rgb.publish(bad)
    world.bench.depth.publish(image_to_msg(np.zeros((4, 4), np.float32), "32FC1", world.now + 0.05, ""))
    assert world.fault("image.encoding", "yuv422")

    scene = world.show(world.frame())
    assert scene.view is not None
    assert {o.category for o in scene.objects if o.visible} == {"cup", "book"}


def test_unequal_stamps_are_never_paired(world: World) -> None:
    frame = world.frame()
    world.bench.publish_state(frame.stamp_s)
    world.bench.publish_frame(frame)
    assert world.until(lambda: len(world.bench.scenes) == 1)
    late = world.frame()
    world.bench.publish_state(late.stamp_s)
    world.bench.rgb.publish(image_to_msg(late.rgb, "rgb8", late.stamp_s, "camera_optical_frame"))
    world.bench.depth.publish(image_to_msg(late.depth, "32FC1", late.stamp_s + 0.03, "camera_optical_frame"))
    assert not world.until(lambda: len(world.bench.scenes) > 1, 0.4)


def test_wrong_parameters_refuse_the_start(home: Path) -> None:
    with pytest.raises(ConfigError, match="max_range"):
        make_node(home=str(home), max_range=99.0)
    rclpy.try_shutdown()


def test_tf_without_tf2_says_what_to_install(home: Path) -> None:
    try:
        import tf2_ros  # noqa: F401
    except ImportError:
        with pytest.raises(MissingExtraError, match="ros-jazzy-tf2-ros"):
            make_node(home=str(home), use_tf="true")
    else:
        make_node(home=str(home), use_tf="true").destroy_node()
    rclpy.try_shutdown()
