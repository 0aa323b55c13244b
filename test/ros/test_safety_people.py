"""People at the gate: teleoperation, stop buttons of three kinds, the operator's heartbeat, the records of it all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

rclpy = pytest.importorskip("rclpy", reason="needs ROS 2 (make setup)")

from gate_bench import ROOT, Bed, arguments
from geometry_msgs.msg import Twist
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Joy
from std_msgs.msg import Bool, Empty
from vla_ros.msg import CommandStatus as CommandStatusMsg

from vla_ros.cli.main import main
from vla_ros.core.plan import CommandStatus
from vla_ros.ros import conversions as c
from vla_ros.ros import qos
from vla_ros.safety.record_store import files_of_last_run, read_rows

pytestmark = pytest.mark.ros


@pytest.fixture
def made() -> Iterator[Callable[..., Bed]]:
    beds: list[Bed] = []

    def make(**parameters: object) -> Bed:
        beds.append(Bed(**parameters))
        return beds[-1]

    yield make
    for bed in beds:
        bed.close()


def speed(bed: Bed) -> float:
    return bed.bench.twists[-1][1].linear.x


def test_a_person_takes_over_and_only_a_request_hands_back(made: Callable[..., Bed]) -> None:
    bed = made().arm().drive(0.3)
    stick = Twist()
    stick.linear.x = -0.1
    timer = bed.bench.steady_timer(0.02, lambda: bed.bench.teleop.publish(stick))
    assert bed.until(lambda: abs(speed(bed) + 0.1) < 1e-6), bed.bench.status
    refused = bed.call("hand_back")
    assert not refused.success and "let go" in refused.message
    stick.linear.x = 0.0
    assert bed.until(lambda: speed(bed) == 0.0)
    bed.until(lambda: False, 0.3)
    assert speed(bed) == 0.0, "the autonomy's 0.3 m/s does not come back by itself"
    assert bed.call("hand_back").success
    assert bed.until(lambda: speed(bed) > 0.29)
    bed.bench.destroy_timer(timer)


def test_the_stop_service_latches_until_reset_and_arm(made: Callable[..., Bed]) -> None:
    bed = made().arm().drive(0.3)
    assert bed.call("emergency_stop").success
    assert speed(bed) == 0.0 and bed.bench.status.state == "e_stopped"
    bed.bench.speed = 0.0
    bed.until(lambda: False, 0.2)
    assert not bed.call("arm").success
    assert bed.call("reset_safety").success and bed.call("arm").success
    bed.drive(0.3)


def test_a_button_that_is_still_held_forbids_the_reset_whatever_other_button_is_released(
    made: Callable[..., Bed],
) -> None:
    bed = made(joy_stop_button=1).arm().drive(0.3)
    joy = bed.bench.create_publisher(Joy, "joy", qos.SENSOR)
    assert bed.until(lambda: joy.get_subscription_count() == 1)
    joy.publish(Joy(buttons=[1, 0]))
    bed.until(lambda: False, 0.2)
    assert bed.bench.status.state == "running", "another button"
    joy.publish(Joy(buttons=[0, 1]))
    assert bed.until(lambda: bed.bench.status.state == "e_stopped")
    bed.bench.speed = 0.0
    bed.bench.stop.publish(Bool(data=True))
    bed.bench.stop.publish(Bool(data=False))
    bed.until(lambda: False, 0.2)
    assert "Release" in bed.call("reset_safety").message
    joy.publish(Joy(buttons=[0, 0]))
    bed.until(lambda: False, 0.2)
    assert bed.call("reset_safety").success


def test_the_operators_heartbeat_is_needed_where_it_is_asked_for(made: Callable[..., Bed]) -> None:
    bed = made(operator_heartbeat=True)
    beat = bed.bench.create_publisher(Empty, "operator_heartbeat", qos.EVENT)
    timer = bed.bench.steady_timer(0.1, lambda: beat.publish(Empty()))
    assert bed.until(lambda: bed.call("arm").success)
    bed.arm().drive(0.3)
    bed.bench.destroy_timer(timer)
    assert bed.until(lambda: speed(bed) == 0.0 and bed.bench.status.cause == "heartbeat_lost"), bed.bench.status
    assert not bed.bench.status.armed and not bed.call("arm").success


@pytest.mark.parametrize("side", ["control", "driver"])
def test_an_incompatible_quality_of_service_stops_until_it_is_gone(made: Callable[..., Bed], side: str) -> None:
    bed = made().arm().drive(0.3)
    weak = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    strong = QoSProfile(depth=1, durability=rclpy.qos.DurabilityPolicy.TRANSIENT_LOCAL)
    bench = bed.bench
    misfit = (
        bench.create_publisher(Twist, "cmd_vel_teleop", weak)
        if side == "control"
        else bench.create_subscription(Twist, "cmd_vel", lambda _: None, strong)
    )
    assert bed.until(lambda: bench.status.cause == "qos_incompatible", 10.0), bench.status
    assert "cmd_vel" in bench.status.text and "bench" in bench.status.text
    assert bed.until(lambda: speed(bed) == 0.0)
    (bench.destroy_publisher if side == "control" else bench.destroy_subscription)(misfit)
    assert bed.until(lambda: speed(bed) > 0.29), bench.status


def test_a_second_sender_of_commands_stops(made: Callable[..., Bed]) -> None:
    bed = made().arm().drive(0.3)
    other = rclpy.create_node("rogue")
    other.create_publisher(Twist, "cmd_vel_raw", qos.COMMAND)
    assert bed.until(lambda: bed.bench.status.cause == "second_publisher") and "rogue" in bed.bench.status.text
    other.destroy_node()
    assert bed.until(lambda: speed(bed) > 0.29)


def test_a_gate_that_was_frozen_starts_again_from_rest(made: Callable[..., Bed]) -> None:
    bed = made().arm().drive(0.3)
    time.sleep(0.6)  # nothing runs meanwhile: the process is this one
    first = len(bed.bench.twists)
    assert bed.until(lambda: any("gate_late" in d for d in bed.bench.diagnostics))
    assert bed.until(lambda: speed(bed) > 0.29)
    speeds = [m.linear.x for _, m in bed.bench.twists[first:]]
    assert speeds[0] < 0.1, "from rest; the zero before it may be overwritten by the next"


def test_records_name_the_command_and_survive_the_gates_death(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "safety_node"), "--ros-args", *arguments(record_folder=tmp_path)]
    child = subprocess.Popen(command)
    bed = Bed(in_process=False)
    try:
        status = bed.bench.create_publisher(CommandStatusMsg, "command_status", qos.STATUS_LOG)
        status.publish(
            c.command_status_to_msg(CommandStatus("cmd-7", "go", "running", 2, 5, "driving to the kitchen"), 0.0)
        )
        bed.arm().drive(0.3)
        bed.bench.mute.add("command")  # the next good one would push it out
        bed.bench.command(float("nan"))
        assert bed.until(lambda: any("command_not_finite" in d for d in bed.bench.diagnostics))
        os.kill(child.pid, signal.SIGKILL)
    finally:
        bed.close()
        child.kill()
        child.wait()
    rows = list(read_rows(files_of_last_run(tmp_path)))
    record = next(r for r in rows if r.get("cause") == "command_not_finite")
    assert record["kind"] == "intervention" and record["instruction_id"] == "cmd-7"
    assert record["step"] == "driving to the kitchen" and record["object"] == "linear.x"
    assert rows[0]["kind"] == "run" and rows[0]["robot"] == "home_robot"
    picture = tmp_path / "run.png"
    assert main(["safety", "report", "--log", str(tmp_path), "--png", str(picture)]) == 0
    said = capsys.readouterr().out
    assert "command_not_finite" in said and "running" in said and "killed" in said
    assert picture.read_bytes().startswith(b"\x89PNG")
