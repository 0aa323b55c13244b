"""One robot, several drivers: each joint keeps its own newest value and its own age."""

from __future__ import annotations

import math

import pytest
from gate_story import ARM, JOINTS, Story

from vla_ros.core.errors import InputError
from vla_ros.core.geometry import JointPositions, Pose2D
from vla_ros.core.joint_memory import JointMemory
from vla_ros.core.robot_state import JointStates, Odometry
from vla_ros.perception.state_buffer import StateBuffer

WHEELS, LEFT_ARM = ("wheel_left", "wheel_right"), ("shoulder", "elbow")


def states(stamp: float, names: tuple[str, ...], value: float, speed: float | None = None) -> JointStates:
    velocities = () if speed is None else (speed,) * len(names)
    return JointStates(stamp, JointPositions(names, (value,) * len(names)), velocities)


def test_joints_of_two_drivers_are_merged_even_with_equal_stamps():
    memory = JointMemory()
    assert memory.merged() is None
    assert memory.note(states(1.0, WHEELS, 0.5), 10.0)
    assert memory.note(states(1.0, LEFT_ARM, 0.7, speed=0.1), 10.0)
    merged = memory.merged()
    assert merged is not None
    assert merged.positions.as_dict() == {"wheel_left": 0.5, "wheel_right": 0.5, "shoulder": 0.7, "elbow": 0.7}
    assert dict(zip(merged.positions.names, merged.velocities)) == dict.fromkeys(WHEELS, 0.0) | dict.fromkeys(
        LEFT_ARM, 0.1
    )


def test_each_joint_ages_by_itself_and_is_named():
    memory = JointMemory()
    memory.note(states(1.0, LEFT_ARM, 0.0), 10.0)
    memory.note(states(1.1, WHEELS, 0.0), 10.4)
    assert memory.stale(WHEELS, 10.5, 0.3) == ""
    assert memory.stale((*WHEELS, "elbow"), 10.5, 0.3) == "joint_states: elbow is 0.50 s old (limit 0.3 s)"
    assert memory.stale(("wrist",), 10.5, 0.3) == "joint_states lack wrist"
    assert memory.oldest((), 10.5) == ("", 0.0)


def test_the_same_stamp_again_is_no_news_but_only_for_the_joints_that_had_it():
    memory = JointMemory()
    memory.note(states(1.0, LEFT_ARM, 0.0), 10.0)
    assert not memory.note(states(1.0, LEFT_ARM, 9.0), 10.5)
    assert memory.positions["elbow"] == 0.0
    assert memory.note(states(1.0, ("elbow", "wrist"), 3.0), 10.5)
    assert memory.positions == {"shoulder": 0.0, "elbow": 0.0, "wrist": 3.0}
    assert memory.oldest(("elbow",), 10.5)[1] == pytest.approx(0.5)


def test_after_a_restart_of_the_clock_everything_must_be_measured_again():
    memory = JointMemory()
    memory.note(states(100.0, LEFT_ARM, 0.0), 100.0)
    memory.restart()
    assert memory.stale(LEFT_ARM, 1.0, 0.3)
    memory.note(states(1.0, LEFT_ARM, 0.2), 1.0)
    assert memory.stale(LEFT_ARM, 1.1, 0.3) == ""


def test_the_gate_names_the_joint_whose_driver_fell_silent_while_the_wheels_go_on():
    story = Story().armed()
    story.mute.add("joints")
    for _ in range(15):
        story.run(0.02)
        story.gate.on_joints(states(story.now, WHEELS, 0.0), story.now)
    status = story.gate.tick(story.now).status
    assert status.cause == "joint_states_stale"
    assert any(name in status.text for name in ARM.names) or any(name in status.text for name in JOINTS)
    assert not story.gate.arm(story.now)[0] or status.state == "stopped"


def test_the_gate_is_content_with_drivers_that_share_a_stamp():
    story = Story().armed()
    story.mute.add("joints")
    half = len(JOINTS) // 2
    names = tuple(story.joints)
    for _ in range(15):
        story.run(0.02)
        for part in (names[:half], names[half:], WHEELS):
            values = tuple(story.joints.get(n, 0.0) for n in part)
            story.gate.on_joints(JointStates(story.now, JointPositions(part, values)), story.now)
    assert story.gate.tick(story.now).status.cause == ""


def test_perception_interpolates_every_driver_by_its_own_stamps():
    buffer = StateBuffer(0.2, needed=LEFT_ARM)
    for stamp in (1.0, 1.1):
        buffer.add_odometry(Odometry(stamp, Pose2D()))
        buffer.add_joints(states(stamp, ("shoulder",), stamp))
        buffer.add_joints(states(stamp - 0.02, ("elbow",), 10 * stamp))
        buffer.add_joints(states(stamp - 0.5, WHEELS, 0.0))
    assert buffer.joints_at(1.04) == pytest.approx({"shoulder": 1.04, "elbow": 10.6})
    assert buffer.covers(1.08)
    assert not buffer.covers(1.09)


def test_perception_refuses_an_image_whose_joint_is_stale_and_names_it():
    buffer = StateBuffer(0.2, needed=LEFT_ARM)
    buffer.add_joints(states(1.0, ("shoulder",), 0.0))
    with pytest.raises(InputError, match="elbow"):
        buffer.joints_at(1.0)
    buffer.add_joints(states(1.0, ("elbow",), 0.0))
    buffer.add_joints(states(1.5, ("shoulder",), 0.0))
    with pytest.raises(InputError, match="elbow") as caught:
        buffer.joints_at(1.5)
    assert caught.value.field == "joint_states"
    assert math.isclose(buffer.joints_at(1.2)["elbow"], 0.0)
