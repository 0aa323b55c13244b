"""The gate as a process of its own, on real topics: silence, death, bad input, late drivers, rivals."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy", reason="needs ROS 2 (make setup)")

from gate_bench import ROOT, Bed, arguments
from gate_story import HOME, arm_trajectory
from geometry_msgs.msg import Twist
from std_msgs.msg import Bool
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from vla_ros.ros import conversions as c
from vla_ros.ros import qos

pytestmark = pytest.mark.ros

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


@pytest.fixture
def bed() -> Iterator[Bed]:
    made = Bed()
    yield made
    made.close()


@pytest.fixture
def process() -> Iterator[tuple[Bed, subprocess.Popen]]:
    """The shipped executable as a process of its own."""
    child = subprocess.Popen([sys.executable, str(ROOT / "scripts" / "safety_node"), "--ros-args", *arguments()])
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


def test_it_starts_stopped_and_zero_flows_steadily(bed: Bed) -> None:
    bench = bed.bench
    bench.mute.clear()
    bench.speed = 0.3
    assert bed.until(lambda: len(bench.twists) >= 100)
    assert all(is_zero(t) for _, t in bench.twists)
    assert bench.status.cause == "not_armed" and not bench.status.armed
    assert bed.call("arm").success
    assert bed.until(lambda: bench.twists[-1][1].linear.x > 0.29)


@pytest.mark.parametrize("name", ["command", "odom", "joints", "scan"])
def test_silence_brakes_and_is_no_latch(bed: Bed, name: str) -> None:
    bench = bed.arm().drive().bench
    bench.mute.add(name)
    assert bed.until(lambda: is_zero(bench.twists[-1][1]))
    assert bench.status.state == "stopped" and bench.status.armed
    bench.mute.discard(name)
    assert bed.until(lambda: bench.twists[-1][1].linear.x > 0.29)


def test_an_emergency_stop_latches_until_release_zero_command_and_reset(bed: Bed) -> None:
    bench = bed.arm().drive().bench
    bench.stop.publish(Bool(data=True))
    assert bed.until(lambda: bench.status.state == "e_stopped")
    assert bed.until(lambda: is_zero(bench.twists[-1][1]))
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
            assert bed.until(lambda f=first: len(bench.twists) > f and is_zero(bench.twists[-1][1]))
    assert bed.until(lambda: any(s.cause == "command_not_finite" for s in bench.statuses))


def test_trajectories_pass_or_are_refused_and_a_stop_holds_them(bed: Bed) -> None:
    bench = bed.arm().bench
    good = c.trajectory_to_msg(arm_trajectory({"arm_joint_1": 1.0}))
    bench.raw_trajectory.publish(good)
    assert bed.until(lambda: len(bench.trajectories) == 1) and len(bench.trajectories[0][1].points) == 20
    bad = c.trajectory_to_msg(arm_trajectory({"arm_joint_1": -2.1}, seconds=0.5))
    bench.raw_trajectory.publish(bad)
    assert bed.until(lambda: any(s.cause == "trajectory_velocity" for s in bench.statuses))
    assert len(bench.trajectories[-1][1].points) == 1
    bench.stop.publish(Bool(data=True))
    assert bed.until(lambda: bench.status.state == "e_stopped")
    first = len(bench.trajectories)
    assert bed.until(lambda: len(bench.trajectories) >= first + 5)
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
    assert bed.until(lambda: any("joint_trajectory_raw" in d for d in bench.diagnostics))
    assert bed.until(lambda: bench.status.state == "armed") and bench.trajectories == []


def test_a_second_publisher_on_a_driver_topic_stops_the_robot(bed: Bed) -> None:
    bench = bed.arm().drive().bench
    rival = bench.create_publisher(Twist, "cmd_vel", qos.COMMAND)
    assert bed.until(lambda: bench.status.cause == "second_publisher")
    assert bed.until(lambda: is_zero(bench.twists[-1][1]))
    bench.destroy_publisher(rival)
    assert bed.until(lambda: bench.twists[-1][1].linear.x > 0.29)


def test_an_exception_in_any_callback_stops_and_stays(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each subscription and QoS event gets an object that no converter knows; each timer and service a broken gate."""
    node, stopped = bed.arm().node, []
    assert node is not None
    monkeypatch.setattr(node._gate, "on_exception", lambda source, error: stopped.append(source))
    topics = [s.topic_name for s in node.subscriptions]
    assert {"/cmd_vel_raw", "/cmd_vel_teleop", "/scan", "/emergency_stop", "/action_chunk"} <= set(topics)
    own = [s for s in node.subscriptions if s.topic_name != "/parameter_events"]
    for subscription in own:
        first = len(stopped)
        subscription.callback(object())
        assert len(stopped) == first + 1, subscription.topic_name
        for event in subscription.event_handlers:
            first = len(stopped)
            event.callback(object())
            assert len(stopped) == first + 1, f"QoS of {subscription.topic_name}"

    def fail(*_: object) -> None:
        raise RuntimeError("broken on purpose")

    for name in ("tick", "arm", "disarm", "reset", "hand_back", "on_publishers"):
        monkeypatch.setattr(node._gate, name, fail)
    first = len(stopped)
    assert bed.until(lambda: len(stopped) >= first + 3)
    for name in ("arm", "disarm", "reset_safety", "hand_back", "emergency_stop"):
        first = len(stopped)
        answer = bed.call(name)
        assert not answer.success and "broken on purpose" in answer.message and len(stopped) > first


@pytest.mark.parametrize("source", ["scan", "tick"])
def test_after_an_exception_zero_flows_until_a_restart(bed: Bed, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    bench = bed.arm().drive().bench

    def fail(*_: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(bed.node._gate, {"scan": "on_scan", "tick": "tick"}[source], fail)
    assert bed.until(lambda: is_zero(bench.twists[-1][1]))
    monkeypatch.undo()
    assert bed.until(lambda: bench.status.state == "faulted") and "broken on purpose" in bench.status.text
    assert not bed.call("arm").success
    assert is_zero(bench.twists[-1][1])


def test_control_killed_means_a_stop_and_a_late_driver_gets_the_zero(process: tuple[Bed, subprocess.Popen]) -> None:
    bed, _ = process
    bench = bed.bench
    bench.destroy_publisher(bench.raw)  # control is another process here, and may be the only one
    control = subprocess.Popen([sys.executable, "-c", CONTROL], stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert control.stdout is not None and control.stdout.readline().strip() == b"ready"
        assert bed.until(lambda: bool(bench.statuses) and bench.status.state == "stopped")
        assert bed.call("arm").success
        assert bed.until(lambda: bench.twists[-1][1].linear.x > 0.29)
        os.kill(control.pid, signal.SIGKILL)
        assert bed.until(lambda: is_zero(bench.twists[-1][1]))
    finally:
        control.kill()
        control.wait()
    late: list[Twist] = []
    subscription = bench.create_subscription(Twist, "cmd_vel", late.append, qos.COMMAND)
    assert bed.until(lambda: len(late) >= 20)
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
        timeout=90,
    )
    assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr
