"""Nav2 as the driver of the base, against a stand-in for its action server: who drives, when, and who may not."""

from __future__ import annotations

import math
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (make setup)")

from action_msgs.msg import GoalStatus
from geometry_msgs.msg import Twist
from rclpy.task import Future

from vla_ros.core.errors import InputError
from vla_ros.ros.nav2 import Nav2Drive, Nav2Velocity


class Handle:
    """An accepted goal."""

    def __init__(self) -> None:
        self.accepted, self.cancelled, self.result = True, False, Future()

    def get_result_async(self) -> Future:
        return self.result

    def cancel_goal_async(self) -> None:
        self.cancelled = True


class Client:
    """An action client whose server answers when the test says so."""

    def __init__(self) -> None:
        self.sent: list[Future] = []

    def server_is_ready(self) -> bool:
        return True

    def send_goal_async(self, request: Any, feedback_callback: Any) -> Future:
        self.sent.append(Future())
        return self.sent[-1]


def forward(speed: float) -> Twist:
    message = Twist()
    message.linear.x = speed
    return message


def test_nav2s_velocity_passes_only_while_its_goal_drives(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 10.0
    monkeypatch.setattr("vla_ros.ros.nav2.time.monotonic", lambda: now)
    client, velocity, handle = Client(), Nav2Velocity(), Handle()
    drive = Nav2Drive(client, object(), velocity)
    velocity.put(forward(0.2), now)
    assert drive.tick(0.0).twist.vx == 0.0, "not accepted yet"
    client.sent[0].set_result(handle)
    assert drive.tick(0.1).twist.vx == 0.2
    now += 1.0
    assert drive.tick(1.1).twist.vx == 0.0, "a velocity of a second ago"
    velocity.put(forward(0.2), now)
    result = type("Result", (), {"status": GoalStatus.STATUS_SUCCEEDED})()
    handle.result.set_result(result)
    step = drive.tick(1.2)
    assert step.state == "reached" and step.twist.vx == 0.0


def test_a_goal_that_is_dropped_before_it_was_accepted_is_cancelled_when_it_is() -> None:
    client, handle = Client(), Handle()
    drive = Nav2Drive(client, object(), Nav2Velocity())
    drive.tick(0.0)
    drive.suspend()
    assert not handle.cancelled
    callbacks = client.sent[0]._callbacks
    client.sent[0].set_result(handle)
    for callback in callbacks:  # an executor would call them
        callback(client.sent[0])
    assert handle.cancelled


def test_velocities_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="cmd_vel_nav"):
        Nav2Velocity().put(forward(math.nan), 0.0)
