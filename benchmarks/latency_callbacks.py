"""What a node's callback costs beside the core function it is a shell of: conversions, checks, publishing.

The real nodes in this process, on a frame of the simulated home and a moving base; the core function is timed
inside the callback, so that both see the same load of the machine.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import rclpy
from geometry_msgs.msg import Twist

from vla_ros.core.geometry import JointPositions, Pose2D
from vla_ros.core.resources import config_file
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import JointStates, LaserScan, Odometry
from vla_ros.ros import conversions as c

ROBOT = RobotDescription.load(config_file("home_robot", "robots"))


class Inner:
    """Adds up the time that a method of an object takes, from within its callers."""

    def __init__(self, owner: Any, method: str) -> None:
        self.seconds, self._call = 0.0, getattr(owner, method)
        setattr(owner, method, self)

    def __call__(self, *args: Any) -> Any:
        """The method itself, with its time taken."""
        began = time.perf_counter()
        try:
            return self._call(*args)
        finally:
            self.seconds += time.perf_counter() - began


def figures(prepare: Callable[[int], Callable[[], None]], inner: Sequence[Inner], repeats: int) -> dict[str, float]:
    """Median times [ms] of a callback and of the core inside it, and the median of their ratio.

    ``prepare`` makes what a driver makes (messages, the state of other topics) and returns the callback to time.
    """
    whole, core = [], []
    for k in range(repeats + 5):
        callback = prepare(k)
        for method in inner:
            method.seconds = 0.0
        began = time.perf_counter()
        callback()
        if k >= 5:
            whole.append(time.perf_counter() - began)
            core.append(sum(method.seconds for method in inner))
    ratio = float(np.median(np.array(whole) / np.array(core)))
    return {
        "callback_ms": 1e3 * float(np.median(whole)),
        "core_ms": 1e3 * float(np.median(core)),
        "ratio": ratio,
    }


def measure() -> dict[str, Any]:
    """Perception's image callback, and the gate's callbacks: its answer to a command, and its sensors."""
    rclpy.init()
    try:
        return {"perception": perception(40), **safety(400)}
    finally:
        rclpy.try_shutdown()


def joints(stamp_s: float) -> JointStates:
    """Every joint of the robot at rest."""
    names = tuple(j for g in ROBOT.groups for j in g.names)
    return JointStates(stamp_s, JointPositions(names, (0.02,) * len(names)))


def perception(repeats: int) -> dict[str, float]:
    """Two image messages of the simulated home to a published scene, over PerceptionPipeline.update."""
    from vla_ros.ros.nodes.perception_node import PerceptionNode
    from vla_ros.sim.camera import Camera
    from vla_ros.sim.home import Home, Setting

    node = PerceptionNode()
    plan = node.load_home()
    assert plan is not None
    home = Home(Setting(plan, node.load_catalog(), node.load_people(), ROBOT))
    camera = Camera(home.model, "camera", 320, 240)
    rgb, depth = camera.render(home.data)
    assert depth is not None
    start = home.placement.robot
    inner = (Inner(node._pipeline, "update"),)
    node._on_info(c.camera_info_to_msg(camera.intrinsics, 0.0, "camera_optical_frame"))

    def prepare(k: int) -> Callable[[], None]:
        stamp = 10.0 + 0.1 * k
        node._on_odometry(c.odometry_to_msg(Odometry(stamp, Pose2D(start.x, start.y, start.theta))))
        node._on_joints(c.joint_states_to_msg(joints(stamp)))
        colors = c.image_to_msg(rgb, "rgb8", stamp, "camera_optical_frame")
        depths = c.image_to_msg(depth, "32FC1", stamp, "camera_optical_frame")
        return lambda: node._process(colors, depths)

    found = figures(prepare, inner, repeats)
    node.destroy_node()
    return found


def safety(repeats: int) -> dict[str, dict[str, float]]:
    """The gate beside a wall: a raw command to a published command over Gate.on_twist and Gate.tick, and each sensor's
    message over the Gate's method that takes it."""
    from vla_ros.ros.nodes.safety_node import SafetyNode

    node = SafetyNode()
    gate = node._gate
    takes = {subscription.topic_name.strip("/"): subscription.callback for subscription in node.subscriptions}
    angles = -math.pi + np.arange(360) * math.pi / 180
    with np.errstate(divide="ignore"):
        ranges = np.minimum(0.6 / np.abs(np.sin(angles)), 7.9)
    methods = {name: Inner(gate, name) for name in ("tick", "on_twist", "on_scan", "on_odometry", "on_joints")}
    command = Twist()
    command.linear.x = 0.3

    def sense(now: float) -> dict[str, Callable[[], None]]:
        scan = LaserScan(now, "lidar_link", -math.pi, math.pi / 180, 0.05, 8.0, ranges)
        scan_message, odom = c.scan_to_msg(scan), c.odometry_to_msg(Odometry(now, Pose2D()))
        joint_message = c.joint_states_to_msg(joints(now))
        return {
            "safety_scan": lambda: takes["scan"](scan_message),
            "safety_odom": lambda: takes["odom"](odom),
            "safety_joints": lambda: takes["joint_states"](joint_message),
        }

    def answer(_: int) -> Callable[[], None]:
        now = node.steady_s()
        for receive in sense(now).values():
            receive()
        gate.arm(now)
        node._answered_at = -1.0
        return lambda: takes["cmd_vel_raw"](command)

    found = {"safety": figures(answer, (methods["tick"], methods["on_twist"]), repeats)}
    for topic, method in (("scan", "on_scan"), ("odom", "on_odometry"), ("joints", "on_joints")):

        def receive(_: int, name: str = f"safety_{topic}") -> Callable[[], None]:
            return sense(node.steady_s())[name]

        found[f"safety_{topic}"] = figures(receive, (methods[method],), repeats)
    node.destroy_node()
    return found
