"""The ROS side of benchmarks/latency.py: sends images and commands, takes the times. Imported once ROS is set up."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import rclpy
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry as OdometryMsg
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image, JointState, LaserScan
from std_msgs.msg import UInt32
from std_srvs.srv import Trigger
from vla_ros.msg import SafetyStatus

from benchmarks.latency import HEIGHT, HIGH, LOW, ROOT, WIDTH, children, quantiles, role
from vla_ros.core.geometry import JointPositions, Pose2D
from vla_ros.core.resources import config_file
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import JointStates, Odometry
from vla_ros.core.robot_state import LaserScan as Scan
from vla_ros.ros import conversions as c
from vla_ros.ros import qos

ROBOT = RobotDescription.load(config_file("home_robot", "robots"))
JOINTS = tuple(j for g in ROBOT.groups for j in g.names)
SETTLE_S = 0.12
"""Between two frames: the gate's ramp from one marker's speed to the other's is over by then."""


class Bench(Node):
    """The robot's drivers for the gate in /ours, and the stop-watch."""

    def __init__(self) -> None:
        super().__init__("stop_watch")
        self.executor_ = SingleThreadedExecutor()
        self.executor_.add_node(self)
        self.last = {"ours": 0.0, "bare": 0.0}
        self.changed: dict[str, float | None] = {"ours": None, "bare": None}
        self.state = -1
        self.pong = -1
        self.images = {n: self.create_publisher(Image, f"/{n}/camera/image_raw", p) for n, p in
                       (("ours", qos.SENSOR), ("bare", 10))}  # fmt: skip
        self.odom = self.create_publisher(OdometryMsg, "/ours/odom", qos.SENSOR)
        self.joints = self.create_publisher(JointState, "/ours/joint_states", qos.SENSOR)
        self.scan = self.create_publisher(LaserScan, "/ours/scan", qos.SENSOR)
        self.ping = self.create_publisher(UInt32, "/echo/ping", qos.COMMAND)
        self.create_subscription(Twist, "/ours/cmd_vel", lambda m: self._on_twist("ours", m), qos.COMMAND)
        self.create_subscription(Twist, "/bare/cmd_vel", lambda m: self._on_twist("bare", m), 10)
        self.create_subscription(SafetyStatus, "/ours/safety_status", self._on_status, qos.STATUS)
        self.create_subscription(UInt32, "/echo/pong", self._on_pong, qos.COMMAND)
        self.create_timer(0.04, self._feed)

    def _on_twist(self, chain: str, message: Twist) -> None:
        if abs(message.linear.x - self.last[chain]) > 1e-9 and self.changed[chain] is None:
            self.changed[chain] = time.perf_counter()
        self.last[chain] = message.linear.x

    def _on_status(self, message: SafetyStatus) -> None:
        self.state = message.state

    def _on_pong(self, message: UInt32) -> None:
        self.pong = message.data

    def is_back(self, ping: int) -> bool:
        """True when that ping was answered."""
        return self.pong == ping

    def _feed(self) -> None:
        now = self.get_clock().now().nanoseconds * 1e-9
        self.odom.publish(c.odometry_to_msg(Odometry(now, Pose2D())))
        self.joints.publish(c.joint_states_to_msg(JointStates(now, JointPositions(JOINTS, (0.02,) * len(JOINTS)))))
        ranges = np.full(360, np.inf)
        self.scan.publish(c.scan_to_msg(Scan(now, "lidar_link", -np.pi, np.pi / 180, 0.05, 8.0, ranges)))

    def until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Spins until ``done`` or the time is over."""
        end = time.perf_counter() + seconds
        while not done():
            left = end - time.perf_counter()
            if left <= 0:
                return False
            self.executor_.spin_once(timeout_sec=min(left, 0.05))
        return True

    def call(self, service: str) -> str:
        """Calls a Trigger service and returns its text; raises when it is refused or missing."""
        client = self.create_client(Trigger, service)
        if not self.until(client.service_is_ready, 10.0):
            raise RuntimeError(f"{service} is not served; see the child's output above")
        future = client.call_async(Trigger.Request())
        if not self.until(future.done, 5.0) or not future.result().success:
            raise RuntimeError(f"{service}: {future.result()}")
        return str(future.result().message)

    def time_change(self, chain: str, send: Callable[[], None], timeout_s: float = 1.0) -> float | None:
        """Seconds from ``send`` to the first command of ``chain`` that differs from the last."""
        self.changed[chain] = None
        began = time.perf_counter()
        send()
        self.until(lambda: self.changed[chain] is not None, timeout_s)
        at = self.changed[chain]
        return None if at is None else at - began


def image(marker: int) -> Image:
    """A frame whose first pixel is the marker."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[0, 0, 0] = marker
    return c.image_to_msg(pixels, "rgb8", 1.0, "camera_optical_frame")


def gate() -> list[str]:
    """The shipped gate in /ours."""

    return [
        sys.executable,
        str(ROOT / "scripts" / "safety_node"),
        "--ros-args",
        "-r",
        "__ns:=/ours",
        "--log-level",
        "error",
    ]


def measure(frames: int) -> dict[str, Any]:
    """All figures that need ROS."""
    rclpy.init()
    bench = Bench()
    try:
        result: dict[str, Any] = {"chain": chain(bench, frames), "gate": gate_latency(bench, 3 * frames)}
        result["frames_lost"] = frames_lost(bench, 300)
        result["executors"] = {name: executor(bench, name, 2 * frames) for name in ("single", "multi")}
        return result
    finally:
        rclpy.try_shutdown()


def chain(bench: Bench, frames: int) -> dict[str, Any]:
    """Image to gated command, the two chains by turns."""
    roles = [role(f"{n}_{hop}", n) for n in ("ours", "bare") for hop in ("perception", "planner", "control")]
    taken: dict[str, list[float]] = {"ours": [], "bare": []}
    lost = 0
    pictures = {marker: image(marker) for marker in (LOW, HIGH)}
    with children([*roles, role("bare_gate", "bare"), gate()]):
        bench.until(lambda: bench.count_subscribers("/ours/motion_goal") > 0, 15.0)
        bench.until(lambda: bench.count_subscribers("/bare/cmd_vel_raw") > 0, 15.0)
        bench.until(lambda: bench.state == SafetyStatus.STOPPED, 10.0)
        bench.call("/ours/arm")
        for k in range(frames + 5):
            marker = pictures[LOW if k % 2 else HIGH]
            for name in ("ours", "bare"):
                bench.until(lambda: False, SETTLE_S + (0.5 if k < 5 else 0.0))
                seconds = bench.time_change(name, partial(bench.images[name].publish, marker))
                if k < 5:
                    continue
                if seconds is None:
                    lost += 1
                else:
                    taken[name].append(seconds)
    ours, bare = (float(np.median(taken[n])) for n in ("ours", "bare"))
    return {"ratio": ours / bare, "lost": lost, **{f"{n}_ms": quantiles(taken[n]) for n in taken}}


def gate_latency(bench: Bench, commands: int) -> dict[str, Any]:
    """One command at 50 Hz through the gate and through a bare relay, by turns."""
    taken: dict[str, list[float]] = {"ours": [], "bare": []}
    # Made now: in the chain the stub control speaks on these topics, and the gate stops for a second voice.
    raws = {n: bench.create_publisher(Twist, f"/{n}/cmd_vel_raw", p) for n, p in (("ours", qos.COMMAND), ("bare", 10))}
    with children([role("bare_gate", "bare"), gate()]):
        bench.state = -1
        bench.until(lambda: bench.count_subscribers("/bare/cmd_vel_raw") > 0, 15.0)
        bench.until(lambda: bench.state == SafetyStatus.STOPPED, 10.0)
        bench.call("/ours/arm")
        speed = 0.001 * LOW

        def send(name: str) -> None:
            message = Twist()
            message.linear.x = speed
            raws[name].publish(message)

        def keep_alive(seconds: float) -> None:
            for _ in range(max(1, round(seconds / 0.02))):
                send("ours")
                bench.until(lambda: False, 0.02)

        keep_alive(1.0)
        for k in range(1, commands + 1):
            speed = 0.001 * (HIGH if k % 2 else LOW) + 1e-4 * (k % 3)
            for name in ("ours", "bare"):
                seconds = bench.time_change(name, partial(send, name), 0.5)
                if seconds is not None:
                    taken[name].append(seconds)
                keep_alive(0.1)
    extra = np.array(taken["ours"]) - float(np.median(taken["bare"]))
    return {
        "added_ms": quantiles([float(v) for v in extra]),
        "through_gate_ms": quantiles(taken["ours"]),
        "bare_relay_ms": quantiles(taken["bare"]),
        "missed": 2 * commands - len(taken["ours"]) - len(taken["bare"]),
    }


def frames_lost(bench: Bench, count: int) -> int:
    """How many of ``count`` frames at 30 Hz a process with our quality of service does not get."""
    with children([role("counter", "ours")]):
        if not bench.until(lambda: bench.count_subscribers("/ours/camera/image_raw") > 0, 15.0):
            raise RuntimeError("the counting process did not start")
        bench.until(lambda: False, 1.0)
        message, began = image(LOW), time.perf_counter()
        for k in range(count):
            bench.images["ours"].publish(message)
            bench.until(lambda: False, max(0.0, began + (k + 1) / 30 - time.perf_counter()))
        bench.until(lambda: False, 0.5)
        return count - int(bench.call("/ours/seen"))


def executor(bench: Bench, name: str, pings: int) -> dict[str, Any]:
    """Round trip to a node that also has a 50 Hz timer and 30 Hz images, and its share of a core."""
    taken: list[float] = []
    with children([role(f"echo_{name}", "echo")]) as (child,):
        if not bench.until(lambda: bench.count_subscribers("/echo/ping") > 0, 15.0):
            raise RuntimeError("the echo process did not start")
        bench.until(lambda: False, 1.0)
        pictures = bench.create_publisher(Image, "/echo/camera/image_raw", qos.SENSOR)
        message = image(LOW)
        for k in range(pings):
            if k % 3 == 0:
                pictures.publish(message)
            began = time.perf_counter()
            bench.ping.publish(UInt32(data=k))
            if bench.until(partial(bench.is_back, k), 0.5):
                taken.append(time.perf_counter() - began)
            bench.until(lambda: False, 0.01)
        bench.destroy_publisher(pictures)
    share = child.stdout.read().split()[-1] if child.stdout else "nan"
    return {"round_trip_ms": quantiles(taken), "core_share": float(share), "missed": pings - len(taken)}
