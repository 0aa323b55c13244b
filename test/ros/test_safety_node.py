"""The gate as a process of its own, on real topics: silence, death, bad input, late drivers, rivals."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy", reason="needs ROS 2 (make setup)")

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry as OdometryMsg
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import JointState, LaserScan
from std_msgs.msg import Bool
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core"))

from gate_story import HOME, arm_trajectory, scan_of
from vla_ros.msg import SafetyStatus as SafetyStatusMsg

from vla_ros.core.geometry import JointPositions, Pose2D
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import JointStates, Odometry
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.ros import conversions as c
from vla_ros.ros import qos
from vla_ros.ros.node import VlaNode
from vla_ros.ros.nodes.safety_node import SafetyNode

pytestmark = pytest.mark.ros
ROOT = Path(__file__).resolve().parents[2]
ROBOT = RobotDescription.load(ROOT / "config" / "robots" / "home_robot.yaml")

CONTROL = """
import time, rclpy
from geometry_msgs.msg import Twist
from vla_ros.ros import qos
rclpy.init()
node = rclpy.create_node("fake_control")
out = node.create_publisher(Twist, "cmd_vel_raw", qos.COMMAND)
message = Twist()
message.linear.x = 0.3
print("ready", flush=True)
while True:
    out.publish(message)
    time.sleep(0.02)
"""


class Bench(VlaNode):
    """Drivers and control of a robot that stands in an empty room; `mute` names what is silent."""

    def __init__(self) -> None:
        super().__init__("bench")
        self.mute: set[str] = {"command"}
        self.speed = 0.0
        self.twists: list[tuple[float, Twist]] = []
        self.trajectories: list[tuple[float, JointTrajectory]] = []
        self.statuses: list[SafetyStatus] = []
        self.diagnostics: list[str] = []
        self.raw = self.create_publisher(Twist, "cmd_vel_raw", qos.COMMAND)
        self.raw_trajectory = self.create_publisher(JointTrajectory, "joint_trajectory_raw", qos.EVENT)
        self.stop = self.create_publisher(Bool, "emergency_stop", qos.EVENT)
        self.odom = self.create_publisher(OdometryMsg, "odom", qos.SENSOR)
        self.joints = self.create_publisher(JointState, "joint_states", qos.SENSOR)
        self.scan = self.create_publisher(LaserScan, "scan", qos.SENSOR)
        self.listen(Twist, "cmd_vel", lambda m: self.twists.append((time.monotonic(), m)), qos.COMMAND)
        self.listen(
            JointTrajectory, "joint_trajectory", lambda m: self.trajectories.append((time.monotonic(), m)), qos.EVENT
        )
        self.listen(SafetyStatusMsg, "safety_status", self._on_status, qos.STATUS)
        self.listen(DiagnosticArray, "/diagnostics", self._on_diagnostics, qos.EVENT)
        self.services_ = {n: self.create_client(Trigger, n) for n in ("arm", "disarm", "reset_safety")}
        self._count = 0
        self.steady_timer(0.02, self._feed)

    def _on_status(self, message: SafetyStatusMsg) -> None:
        self.statuses.append(c.safety_status_from_msg(message))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        self.diagnostics += [s.message for s in message.status if s.name.endswith("safety_node")]

    def _feed(self) -> None:
        self._count += 1
        stamp = self.now_s()
        if "odom" not in self.mute:
            self.odom.publish(c.odometry_to_msg(Odometry(stamp, Pose2D())))
        if "joints" not in self.mute:
            names = tuple(j for g in ROBOT.groups for j in g.names)
            positions = (*HOME.positions, *([0.02] * (len(names) - len(HOME.positions))))
            self.joints.publish(c.joint_states_to_msg(JointStates(stamp, JointPositions(names, positions))))
        if "scan" not in self.mute and self._count % 2 == 0:
            self.scan.publish(c.scan_to_msg(scan_of(np.full(360, np.inf), stamp)))
        if "command" not in self.mute:
            self.command(self.speed)

    def command(self, *axes: float) -> None:
        message = Twist()
        v, w = message.linear, message.angular
        v.x, v.y, v.z, w.x, w.y, w.z = (*axes, *([0.0] * (6 - len(axes))))
        self.raw.publish(message)

    @property
    def status(self) -> SafetyStatus:
        return self.statuses[-1]


class Bed:
    """The node under test and the bench on one executor (the node as a process: ``of_process``)."""

    def __init__(self, in_process: bool = True) -> None:
        rclpy.try_shutdown()
        rclpy.init()
        self.executor = SingleThreadedExecutor()
        self.node = SafetyNode() if in_process else None
        self.bench = Bench()
        for node in filter(None, (self.node, self.bench)):
            self.executor.add_node(node)

    def until(self, done: Callable[[], bool], seconds: float = 8.0) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.01)
            if done():
                return True
        return False

    def call(self, name: str) -> Trigger.Response:
        client = self.bench.services_[name]
        assert self.until(client.service_is_ready)
        future = client.call_async(Trigger.Request())
        assert self.until(future.done)
        return future.result()

    def arm(self) -> Bed:
        bench = self.bench
        assert self.until(lambda: bool(bench.statuses) and bench.status.state == "stopped"), bench.statuses[-1:]
        answer = self.call("arm")
        assert answer.success, answer.message
        bench.mute.discard("command")
        assert self.until(lambda: bench.status.state == "armed"), bench.status
        return self

    def drive(self, speed: float = 0.3) -> Bed:
        self.bench.speed = speed
        assert self.until(lambda: abs(self.bench.twists[-1][1].linear.x - speed) < 1e-6), self.bench.status
        return self

    def close(self) -> None:
        self.executor.shutdown()
        for node in filter(None, (self.node, self.bench)):
            node.destroy_node()
        rclpy.try_shutdown()


@pytest.fixture
def bed() -> Iterator[Bed]:
    made = Bed()
    yield made
    made.close()


@pytest.fixture
def process() -> Iterator[tuple[Bed, subprocess.Popen]]:
    """The shipped executable as a process of its own."""
    child = subprocess.Popen([sys.executable, str(ROOT / "scripts" / "safety_node")])
    made = Bed(in_process=False)
    yield made, child
    made.close()
    child.send_signal(signal.SIGINT)
    try:
        assert child.wait(5.0) == 0
    finally:
        child.kill()


def is_zero(twist: Twist) -> bool:
    return twist == Twist()


def test_it_starts_stopped_and_zero_flows_at_fifty_hertz(bed: Bed) -> None:
    bench = bed.bench
    bench.mute.clear()
    bench.speed = 0.3
    assert bed.until(lambda: len(bench.twists) >= 100, 6.0)
    assert all(is_zero(t) for _, t in bench.twists)
    gaps = np.diff([t for t, _ in bench.twists])
    assert np.median(gaps) < 0.025
    assert bench.status.cause == "not_armed" and not bench.status.armed
    assert bed.call("arm").success
    assert bed.until(lambda: bench.twists[-1][1].linear.x > 0.29)


@pytest.mark.parametrize("name", ["command", "odom", "joints", "scan"])
def test_silence_brakes_and_is_no_latch(bed: Bed, name: str) -> None:
    bench = bed.arm().drive().bench
    bench.mute.add(name)
    began, first = time.monotonic(), len(bench.twists)
    assert bed.until(lambda: is_zero(bench.twists[-1][1]), 2.0)
    braking = next(t for t, m in bench.twists[first:] if m.linear.x < 0.299)
    # the time-out, a scan period, a tick, and what a busy machine adds to two processes in one
    assert braking - began < 0.2 + 0.2
    assert bench.status.state == "stopped" and bench.status.armed
    bench.mute.discard(name)
    assert bed.until(lambda: bench.twists[-1][1].linear.x > 0.29)


def test_an_emergency_stop_latches_until_release_zero_command_and_reset(bed: Bed) -> None:
    bench = bed.arm().drive().bench
    bench.stop.publish(Bool(data=True))
    assert bed.until(lambda: bench.status.state == "e_stopped", 1.0)
    assert bed.until(lambda: is_zero(bench.twists[-1][1]), 0.5)
    assert not bed.call("reset_safety").success
    bench.stop.publish(Bool(data=False))
    bed.until(lambda: False, 0.2)
    assert is_zero(bench.twists[-1][1]) and not bed.call("arm").success
    assert "not zero" in bed.call("reset_safety").message
    bench.speed = 0.0
    bed.until(lambda: False, 0.1)
    assert bed.call("reset_safety").success and bed.call("arm").success
    bed.drive()


def test_numbers_that_are_not_finite_stop_the_base(bed: Bed) -> None:
    bench = bed.arm().drive().bench
    bench.mute.add("command")
    for axis in range(6):
        for bad in (math.nan, math.inf, -math.inf):
            first = len(bench.twists)
            axes = [0.3, 0.0, 0.0, 0.0, 0.0, 0.0]
            axes[axis] = bad
            bench.command(*axes)
            assert bed.until(lambda f=first: len(bench.twists) > f and is_zero(bench.twists[-1][1]), 1.0)
    assert bed.until(lambda: any(s.cause == "command_not_finite" for s in bench.statuses))


def test_trajectories_pass_or_are_refused_and_a_stop_holds_them(bed: Bed) -> None:
    bench = bed.arm().bench
    good = c.trajectory_to_msg(arm_trajectory({"arm_joint_1": 1.0}))
    bench.raw_trajectory.publish(good)
    assert bed.until(lambda: len(bench.trajectories) == 1, 2.0) and len(bench.trajectories[0][1].points) == 20
    bad = c.trajectory_to_msg(arm_trajectory({"arm_joint_1": -2.1}, seconds=0.5))
    bench.raw_trajectory.publish(bad)
    assert bed.until(lambda: any(s.cause == "trajectory_velocity" for s in bench.statuses), 2.0)
    assert len(bench.trajectories[-1][1].points) == 1
    bench.stop.publish(Bool(data=True))
    assert bed.until(lambda: bench.status.state == "e_stopped", 2.0)
    first = len(bench.trajectories)
    assert bed.until(lambda: len(bench.trajectories) >= first + 5, 2.0)
    last = bench.trajectories[-1][1].points[0]
    assert np.allclose(last.positions, HOME.positions) and not any(last.velocities)


def test_a_million_points_are_refused_and_the_gate_lives_on(process: tuple[Bed, subprocess.Popen]) -> None:
    bed, _ = process
    bench = bed.arm().bench
    huge = JointTrajectory(joint_names=["arm_joint_1"])
    huge.points = [JointTrajectoryPoint()] * 1_000_000
    assert bed.until(lambda: bench.raw_trajectory.get_subscription_count() > 0)
    data = rclpy.serialization.serialize_message(huge)
    bench.twists.clear()
    bench.raw_trajectory.publish(data)  # as bytes: the sender's own conversion would stall this process
    assert bed.until(lambda: any("joint_trajectory_raw" in d for d in bench.diagnostics), 15.0)
    assert bed.until(lambda: bench.status.state == "armed") and bench.trajectories == []


def test_a_second_publisher_on_a_driver_topic_stops_the_robot(bed: Bed) -> None:
    bench = bed.arm().drive().bench
    rival = bench.create_publisher(Twist, "cmd_vel", qos.COMMAND)
    assert bed.until(lambda: bench.status.cause == "second_publisher", 2.0)
    assert bed.until(lambda: is_zero(bench.twists[-1][1]), 1.0)
    bench.destroy_publisher(rival)
    assert bed.until(lambda: bench.twists[-1][1].linear.x > 0.29, 4.0)


@pytest.mark.parametrize("source", ["scan", "odom", "joint_states", "cmd_vel_raw", "timer"])
def test_an_exception_in_any_callback_stops_for_good(bed: Bed, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    bench = bed.arm().drive().bench

    def fail(*_: object) -> None:
        raise RuntimeError("broken on purpose")

    where = {"scan": "on_scan", "odom": "on_odometry", "joint_states": "on_joints", "cmd_vel_raw": "on_twist"}
    monkeypatch.setattr(bed.node._gate, where.get(source, "_guard_verdict"), fail)
    assert bed.until(lambda: is_zero(bench.twists[-1][1]), 1.0)
    monkeypatch.undo()
    assert bed.until(lambda: bench.status.state == "faulted", 1.0) and "broken on purpose" in bench.status.text
    assert not bed.call("arm").success
    assert is_zero(bench.twists[-1][1])


def test_control_killed_means_a_stop_and_a_late_driver_gets_the_zero(process: tuple[Bed, subprocess.Popen]) -> None:
    bed, _ = process
    bench = bed.bench
    control = subprocess.Popen([sys.executable, "-c", CONTROL], stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert control.stdout is not None and control.stdout.readline().strip() == b"ready"
        assert bed.until(lambda: bool(bench.statuses) and bench.status.state == "stopped")
        assert bed.call("arm").success
        assert bed.until(lambda: bench.twists[-1][1].linear.x > 0.29)
        os.kill(control.pid, signal.SIGKILL)
        killed, first = time.monotonic(), len(bench.twists)
        assert bed.until(lambda: is_zero(bench.twists[-1][1]), 2.0)
    finally:
        control.kill()
        control.wait()
    braking = next(t for t, m in bench.twists[first:] if m.linear.x < 0.299)
    assert braking - killed < 0.2 + 0.2  # room for three processes on a busy machine
    late: list[float] = []
    joined = time.monotonic()
    subscription = bench.create_subscription(Twist, "cmd_vel", lambda m: late.append(time.monotonic()), qos.COMMAND)
    assert bed.until(lambda: len(late) >= 20, 4.0)
    assert np.median(np.diff(late)) < 0.04 and late[0] - joined < 2.0
    bench.destroy_subscription(subscription)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("command_timeout_s:=0.0", "command_timeout_s"),
        ("scan_timeout_s:=.nan", "scan_timeout_s"),
        ("stop_margin:=0.1", "Did you mean 'stop_margin_m'"),
        ("robot:=no_such_robot", "home_robot"),
        ("core:=999", "core"),
    ],
)
def test_a_bad_parameter_refuses_the_start_and_says_why(given: str, words: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "safety_node"), "--ros-args", "-p", given],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr
