"""The pose of an image's own instant, or a clear refusal."""

from __future__ import annotations

import math

import pytest

from vla_ros.core.errors import InputError
from vla_ros.core.geometry import JointPositions, Pose2D
from vla_ros.core.robot_state import JointStates, Odometry
from vla_ros.perception.state_buffer import StateBuffer


def filled(*stamps: float) -> StateBuffer:
    buffer = StateBuffer(0.2)
    for stamp in stamps:
        buffer.add_odometry(Odometry(stamp, Pose2D(stamp, 2 * stamp, math.pi - 0.1 + 0.2 * (stamp - stamps[0]))))
        buffer.add_joints(JointStates(stamp, JointPositions(("pan", "tilt"), (stamp, -stamp))))
    return buffer


def test_poses_and_joints_are_interpolated():
    buffer = filled(10.0, 10.1)
    pose = buffer.pose_at(10.05)
    assert (pose.x, pose.y) == pytest.approx((10.05, 20.10))
    assert buffer.joints_at(10.025) == pytest.approx({"pan": 10.025, "tilt": -10.025})


def test_headings_turn_the_short_way_round():
    buffer = StateBuffer(0.2)
    buffer.add_odometry(Odometry(0.0, Pose2D(0, 0, math.pi - 0.1)))
    buffer.add_odometry(Odometry(1.0, Pose2D(0, 0, -math.pi + 0.1)))
    assert abs(buffer.pose_at(0.5).theta) == pytest.approx(math.pi)


def test_missing_and_stale_measurements_are_refused_by_name():
    with pytest.raises(InputError, match="No odom received"):
        StateBuffer(0.2).pose_at(1.0)
    buffer = filled(10.0, 10.1)
    assert buffer.pose_at(10.25).x == 10.1
    with pytest.raises(InputError) as caught:
        buffer.pose_at(10.31)
    assert caught.value.field == "odom"
    with pytest.raises(InputError) as caught:
        buffer.joints_at(9.7)
    assert caught.value.field == "joint_states"


def test_covers_tells_when_nothing_must_be_guessed():
    buffer = filled(10.0, 10.1)
    assert buffer.covers(10.1)
    assert not buffer.covers(10.11)


def test_late_messages_are_ignored_and_a_restarted_clock_starts_afresh():
    buffer = filled(10.0, 10.1)
    buffer.add_odometry(Odometry(10.05, Pose2D(99.0, 0, 0)))
    assert buffer.pose_at(10.05).x == pytest.approx(10.05)
    buffer.add_odometry(Odometry(1.0, Pose2D(1.0, 0, 0)))
    assert buffer.pose_at(1.1).x == 1.0
