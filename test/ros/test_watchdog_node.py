"""The driver's side, with the real gate before it: killed, frozen, rivalled, in the middle of a motion."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy", reason="needs ROS 2 (make setup)")

from gate_bench import PATIENT, ROOT, Bed
from gate_story import HOME, arm_trajectory
from geometry_msgs.msg import Twist
from trajectory_msgs.msg import JointTrajectory

from vla_ros.cli.processes import BringUp, processes
from vla_ros.ros import conversions as c
from vla_ros.ros import qos

pytestmark = pytest.mark.ros


class Chain:
    """Gate and watchdog as they are started by `vla up --watchdog`, the bench as control and driver."""

    def __init__(self) -> None:
        self.bed = Bed(in_process=False)
        patient = tuple(f"safety_node.{name}={value}" for name, value in PATIENT.items() if value != "")
        table = {p.executable: p for p in processes(BringUp(watchdog=True, home="", overrides=patient))}
        self.children: dict[str, subprocess.Popen] = {}
        for name in ("watchdog_node", "safety_node"):
            self.children[name] = subprocess.Popen([*table[name].command])

    @property
    def gate(self) -> subprocess.Popen:
        return self.children["safety_node"]

    def drive(self) -> Chain:
        self.bed.arm().drive()
        return self

    def stops(self) -> bool:
        """The driver gets a zero from now on. How soon is measured by benchmarks.safety."""
        first = len(self.bed.bench.twists)
        return self.bed.until(lambda: any(t == Twist() for _, t in self.bed.bench.twists[first:]))

    def close(self) -> None:
        self.bed.close()
        for child in self.children.values():
            child.send_signal(signal.SIGCONT)
            child.terminate()
        for child in self.children.values():
            try:
                child.wait(8.0)
            except subprocess.TimeoutExpired:
                child.kill()


@pytest.fixture
def chain() -> Iterator[Chain]:
    made = Chain()
    yield made
    made.close()


def test_a_killed_gate_means_zero_and_a_hold_of_the_posture(chain: Chain) -> None:
    bench = chain.drive().bed.bench
    assert chain.bed.until(lambda: bench.raw_trajectory.get_subscription_count() == 1)
    bench.raw_trajectory.publish(c.trajectory_to_msg(arm_trajectory({"arm_joint_1": 1.0}, seconds=8.0)))
    assert chain.bed.until(lambda: any(len(m.points) == 20 for _, m in bench.trajectories))
    os.kill(chain.gate.pid, signal.SIGKILL)
    assert chain.stops()
    assert chain.bed.until(lambda: len(bench.trajectories[-1][1].points) == 1)
    assert np.allclose(bench.trajectories[-1][1].points[0].positions, HOME.positions)
    assert not any(bench.trajectories[-1][1].points[0].velocities)
    seen = len(bench.twists)
    assert chain.bed.until(lambda: len(bench.twists) >= seen + 50), "zero is repeated"
    assert all(t == Twist() for _, t in bench.twists[seen:])


def test_a_frozen_gate_means_zero_and_going_on_means_no_jump(chain: Chain) -> None:
    bench = chain.drive().bed.bench
    os.kill(chain.gate.pid, signal.SIGSTOP)
    assert chain.stops()
    assert chain.bed.until(lambda: False, 0.5) is False
    first = len(bench.twists)
    os.kill(chain.gate.pid, signal.SIGCONT)
    assert chain.bed.until(lambda: bench.twists[-1][1].linear.x > 0.29), bench.status
    speeds = np.array([t.linear.x for _, t in bench.twists[first:]])
    assert np.max(np.diff(speeds)) < 0.15, "a jump would be 0.3; two messages may come at once"


def test_a_second_publisher_to_the_driver_stops_the_relay(chain: Chain) -> None:
    bench = chain.drive().bed.bench
    rival = bench.create_publisher(JointTrajectory, "joint_trajectory", qos.EVENT)
    assert chain.bed.until(lambda: bench.twists[-1][1] == Twist())
    bench.destroy_publisher(rival)
    assert chain.bed.until(lambda: bench.twists[-1][1].linear.x > 0.29)


@pytest.mark.parametrize(("given", "words"), [("timeout_s:=0.0", "timeout_s"), ("time_out_s:=0.1", "timeout_s")])
def test_a_bad_parameter_refuses_the_start(given: str, words: str) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "watchdog_node"), "--ros-args", "-p", given]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr
