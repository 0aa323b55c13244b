"""The home as its own process: the sensors' topics at their rates, commands obeyed, reset, pause, bad input."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy", reason="needs ROS 2 (make setup)")

from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import BatteryState, CameraInfo, Image, Imu, JointState, LaserScan
from std_msgs.msg import Float32, String
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from vla_ros.ros import conversions, qos

pytestmark = pytest.mark.ros

SENSORS: dict[str, tuple[type, Any]] = {
    "camera/image_raw": (Image, qos.SENSOR),
    "camera/depth/image_raw": (Image, qos.SENSOR),
    "camera/camera_info": (CameraInfo, qos.SENSOR),
    "odom": (Odometry, qos.SENSOR),
    "joint_states": (JointState, qos.SENSOR),
    "scan": (LaserScan, qos.SENSOR),
    "imu": (Imu, qos.SENSOR),
    "battery_state": (BatteryState, qos.SENSOR),
    "/clock": (Clock, qos.SENSOR),
    "sim/ground_truth": (String, qos.STATUS),
    "sim/real_time_factor": (Float32, qos.EVENT),
}


def start(*parameters: str) -> subprocess.Popen[str]:
    options = [word for p in parameters for word in ("-p", p)]
    command = [sys.executable, "-m", "vla_ros.ros.nodes.sim_node", "--ros-args", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ.copy())


class Watcher:
    """Hears everything and speaks the drivers' topics."""

    def __init__(self) -> None:
        self.context = Context()
        rclpy.init(context=self.context)
        self.node = Node("sim_watcher", context=self.context)
        self.last: dict[str, Any] = {}
        self.counts: dict[str, int] = {}
        for topic, (kind, profile) in SENSORS.items():
            self.node.create_subscription(kind, topic, lambda m, t=topic: self._keep(t, m), profile)
        self.twist = self.node.create_publisher(Twist, "cmd_vel", qos.COMMAND)
        self.trajectory = self.node.create_publisher(JointTrajectory, "joint_trajectory", qos.EVENT)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)

    def _keep(self, topic: str, message: Any) -> None:
        self.last[topic] = message
        self.counts[topic] = self.counts.get(topic, 0) + 1

    def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            self.executor.spin_once(timeout_sec=0.02)
        return condition()

    def call(self, kind: type, name: str, request: Any) -> Any:
        client = self.node.create_client(kind, name)
        assert self.until(client.service_is_ready, 10.0)
        future = client.call_async(request)
        assert self.until(future.done, 10.0)
        return future.result()

    def sim_time(self) -> float:
        return conversions.stamp_from_msg(self.last["/clock"].clock)

    def truth(self) -> dict[str, Any]:
        return dict(json.loads(self.last["sim/ground_truth"].data))

    def close(self) -> None:
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


@pytest.fixture(scope="module")
def world() -> Iterator[Watcher]:
    process = start("seed:=3")
    watcher = Watcher()
    try:
        ready = watcher.until(lambda: all(t in watcher.last for t in SENSORS), 40.0)
        missing = sorted(set(SENSORS) - set(watcher.last))
        assert ready, f"nothing on {missing}"
        yield watcher
    finally:
        watcher.close()
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
        assert process.returncode == 0, output


def test_every_sensor_speaks_at_about_its_rate_of_simulated_time(world: Watcher) -> None:
    world.counts.clear()
    begin = world.sim_time()
    world.until(lambda: world.sim_time() > begin + 4.0, 30.0)
    elapsed = world.sim_time() - begin
    rates = {topic: count / elapsed for topic, count in world.counts.items()}
    # a busy machine may lose best-effort messages and pictures; too many would be a fault on any machine
    for topic, rate in {"odom": 50, "joint_states": 50, "imu": 50, "scan": 20, "camera/image_raw": 10}.items():
        assert 0.5 * rate < rates[topic] < 1.1 * rate, (topic, rates)
    assert 3.5 < rates["sim/ground_truth"] < 5.6


def test_pictures_depth_and_info_belong_together(world: Watcher) -> None:
    image = conversions.image_from_msg(world.last["camera/image_raw"], "rgb")
    depth = conversions.image_from_msg(world.last["camera/depth/image_raw"], "depth")
    info = conversions.camera_info_from_msg(world.last["camera/camera_info"])
    assert image.shape == (info.height, info.width, 3) == (240, 320, 3)
    assert depth.shape == (240, 320)
    assert 0.3 < np.nanmedian(depth) < 8.0
    assert np.degrees(2 * np.arctan(info.width / 2 / info.fx)) == pytest.approx(75.0, abs=0.5)
    assert world.last["camera/image_raw"].header.frame_id == "camera_optical_frame"


def test_it_drives_by_cmd_vel_and_brakes_by_itself_when_that_falls_silent(world: Watcher) -> None:
    def heading_rate() -> float:
        return float(world.last["odom"].twist.twist.angular.z)

    command = Twist()
    command.angular.z = 0.6
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        world.twist.publish(command)
        world.until(lambda: False, 0.02)
    assert heading_rate() == pytest.approx(0.6, abs=0.15)
    assert world.until(lambda: abs(heading_rate()) < 0.01, 3.0)


def test_the_head_follows_a_trajectory(world: Watcher) -> None:
    def pan() -> float:
        joints = world.last["joint_states"]
        return float(joints.position[list(joints.name).index("head_pan_joint")])

    message = JointTrajectory(joint_names=["head_pan_joint", "head_tilt_joint"])
    point = JointTrajectoryPoint(positions=[0.5, 0.3], velocities=[0.0, 0.0])
    point.time_from_start.sec = 1
    message.points = [point]
    world.trajectory.publish(message)
    assert world.until(lambda: abs(pan() - 0.5) < 0.03, 10.0)


def test_bad_commands_are_dropped_and_the_home_lives_on(world: Watcher) -> None:
    bad = Twist()
    bad.linear.x = float("nan")
    world.twist.publish(bad)
    world.trajectory.publish(JointTrajectory(joint_names=["no_such_joint"]))
    world.until(lambda: False, 0.3)
    before = world.sim_time()
    assert world.until(lambda: world.sim_time() > before + 0.5, 10.0)
    assert np.isfinite(world.last["odom"].pose.pose.position.x)


def test_pause_stops_time_and_reset_brings_back_the_start(world: Watcher) -> None:
    assert world.call(SetBool, "sim/pause", SetBool.Request(data=True)).success
    world.until(lambda: False, 0.3)
    still = world.sim_time()
    world.until(lambda: False, 0.5)
    assert world.sim_time() == still
    assert world.call(Trigger, "sim/reset", Trigger.Request()).success
    assert world.call(SetBool, "sim/pause", SetBool.Request(data=False)).success
    assert world.until(lambda: world.sim_time() > still + 1.0, 10.0)
    truth = world.truth()
    assert truth["seed"] == 3
    assert all(thing["moved"] < 0.005 for thing in truth["objects"].values())


def test_the_picture_from_above_is_drawn_only_for_those_who_look(world: Watcher) -> None:
    seen: list[Image] = []
    subscription = world.node.create_subscription(Image, "sim/overview/image_raw", seen.append, qos.SENSOR)
    assert world.until(lambda: len(seen) >= 2, 20.0)
    world.node.destroy_subscription(subscription)
    picture = conversions.image_from_msg(seen[-1], "rgb")
    assert picture.shape == (480, 640, 3) and picture.std() > 20


@pytest.mark.parametrize(
    "parameter, words",
    [
        ("scenario:=/no/such/file.yaml", "does not exist"),
        ("home:=castle", "Give the path of a YAML file"),
        ("camera_rate_hz:=1000.0", "Allowed|range"),
        ("camera_rat_hz:=5.0", "Did you mean 'camera_rate_hz'"),
    ],
)
def test_a_bad_parameter_refuses_the_start_with_its_remedy(parameter: str, words: str) -> None:
    process = start(parameter, "render:=false")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2, output
    assert re.search(words, output), output
    assert "Traceback" not in output
