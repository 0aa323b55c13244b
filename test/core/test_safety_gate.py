"""Stories of the whole gate, in simulated seconds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest
from gate_story import ARM, HOME, ROBOT, STILL, Forward, Story, arm_trajectory, scan_of
from hypothesis import given, settings
from hypothesis import strategies as st
from test_safety_limits import breaches

from vla_ros.core.config import check_value, from_mapping
from vla_ros.core.errors import ConfigError
from vla_ros.core.geometry import JointPositions, Pose2D, Twist2D
from vla_ros.core.motion import JointTrajectory
from vla_ros.core.robot_state import JointStates, Odometry
from vla_ros.safety.gate import Gate
from vla_ros.safety.params import SafetyParams

ZERO = Twist2D()


def twists(story: Story) -> list[Twist2D]:
    return [o.twist for o in story.outputs]


def time_to(story: Story, seconds: float, what: Callable[[Story], bool]) -> float:
    began = story.now
    while story.now - began < seconds:
        story.run(0.02)
        if what(story):
            return story.now - began
    raise AssertionError(f"not within {seconds} s: {story.outputs[-1].status}")


def brakes(story: Story) -> bool:
    return story.outputs[-1].status.state in ("stopped", "e_stopped", "faulted")


# ---- arming


def test_commands_at_boot_move_nothing_until_it_is_armed() -> None:
    story = Story()
    story.command = Forward
    story.gate.on_trajectory(arm_trajectory({"arm_joint_1": 1.0}), story.now)
    story.run(2.0)
    assert set(twists(story)) == {ZERO} and all(o.trajectories == () for o in story.outputs)
    assert story.outputs[-1].status.cause == "not_armed"
    assert story.gate.arm(story.now)[0]
    story.run(1.5)
    assert twists(story)[-1].vx == pytest.approx(0.5)
    assert breaches(twists(story)) == []


def test_the_first_state_is_boot_until_every_required_sensor_spoke() -> None:
    story = Story()
    story.mute = {"scan"}
    assert story.run(1.0).status.state == "boot"
    granted, text = story.gate.arm(story.now)
    assert not granted and "scan" in text
    story.mute = set()
    assert story.run(0.2).status.state == "stopped"
    assert story.gate.arm(story.now)[0]


@pytest.mark.parametrize("name", ["odom", "joints", "scan"])
def test_arming_is_refused_while_a_sensor_is_stale(name: str) -> None:
    story = Story()
    story.run(0.2)
    story.mute = {name}
    story.run(0.4)
    granted, text = story.gate.arm(story.now)
    assert not granted and name.rstrip("s") in text and "old" in text


def test_disarming_brakes_within_the_limits_and_holds() -> None:
    story = Story().driving()
    assert story.gate.disarm(story.now)[0]
    out = story.run(1.0)
    assert out.twist == ZERO and out.status.state == "stopped" and not out.status.armed
    assert breaches(twists(story)) == []


# ---- silence


@pytest.mark.parametrize("name", ["command", "odom", "joints", "scan"])
def test_silence_brakes_within_200_ms_and_within_the_limits_and_is_no_latch(name: str) -> None:
    story = Story().driving()
    story.mute = {name}
    before = story.now
    assert time_to(story, 0.3, brakes) <= 0.2 + 0.041
    assert story.outputs[-1].twist.speed < 0.5 or story.run(0.02).twist.speed < 0.5
    out = story.run(1.0)
    assert out.twist == ZERO and breaches(twists(story)) == []
    expected = {"command": "command_timeout", "joints": "joint_states_stale"}.get(name, f"{name}_stale")
    assert out.status.cause == expected and out.status.value == pytest.approx(story.now - before, abs=0.06)
    story.mute = set()
    assert story.run(2.0).status.state == "running" and breaches(twists(story)) == []


@pytest.mark.parametrize(
    "stamp",
    [lambda now: now + 3600, lambda now: now - 3600, lambda now: 1000 - now, lambda now: now * 1e-9],
    ids=["an hour ahead", "an hour behind", "running backward", "crawling"],
)
def test_only_the_time_of_receipt_counts(stamp: Callable[[float], float]) -> None:
    story = Story()
    story.stamp = stamp
    story.driving()
    assert story.outputs[-1].status.state == "running"
    story.mute = {"odom"}
    assert time_to(story, 0.3, brakes) <= 0.2


def test_a_frozen_driver_is_a_dead_one() -> None:
    story = Story().driving()
    frozen = story.now
    story.stamp = lambda now: frozen
    assert time_to(story, 0.3, brakes) <= 0.2
    assert story.run(0.5).status.cause.endswith("_frozen")


def test_zero_is_repeated_for_ever_and_the_hold_with_it() -> None:
    story = Story().armed()
    story.gate.on_trajectory(arm_trajectory({"arm_joint_1": 1.0}), story.now)
    story.run(0.5)
    story.mute = {"command"}
    story.run(60.0)
    late = story.outputs[-50:]
    assert all(o.twist == ZERO for o in late)
    holds = [t for o in late for t in o.trajectories]
    assert 9 <= len(holds) <= 11
    assert all(t.names == ARM.names and np.allclose(t.positions, [HOME.positions]) for t in holds)


# ---- bad commands


@pytest.mark.parametrize("axis", range(6))
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_bad_number_in_a_twist_stops_at_once_and_the_next_good_one_drives_again(axis: int, bad: float) -> None:
    story = Story().driving()
    command = list(Forward)
    command[axis] = bad
    story.command = tuple(command)  # type: ignore[assignment]
    out = story.run(0.02)
    assert out.twist == ZERO and out.status.cause == "command_not_finite"
    story.command = Forward
    assert story.run(1.5).twist.vx == pytest.approx(0.5)


def test_a_good_trajectory_passes_with_the_next_tick_once() -> None:
    story = Story().armed()
    sent = arm_trajectory({"arm_joint_1": 1.0})
    story.gate.on_trajectory(sent, story.now)
    assert story.run(0.02).trajectories == (sent,)
    out = story.run(1.0)
    assert [t for o in story.outputs for t in o.trajectories] == [sent]
    assert out.status.state == "running"
    assert story.run(2.0).status.state == "armed"


def test_a_refused_trajectory_moves_nothing_and_holds_what_was_moving() -> None:
    story = Story().armed()
    story.gate.on_trajectory(arm_trajectory({"arm_joint_1": 1.0}), story.now)
    story.run(0.5)
    bad = arm_trajectory({"arm_joint_1": 1.0})
    bad.positions[3, 2] = math.nan
    story.outputs.clear()
    story.gate.on_trajectory(bad, story.now)
    out = story.run(0.02)
    assert out.status.cause == "trajectory_not_finite" and out.status.interventions >= 1
    assert [t.positions.shape for t in out.trajectories] == [(1, 8)]
    assert np.allclose(out.trajectories[0].positions, [HOME.positions])


def test_a_stop_interrupts_a_running_trajectory_and_refuses_the_next() -> None:
    story = Story().armed()
    story.gate.on_trajectory(arm_trajectory({"arm_joint_1": 1.0}), story.now)
    story.run(0.5)
    story.joints["arm_joint_1"] = 0.7
    story.gate.on_emergency_stop(True, story.now)
    out = story.run(0.02)
    assert len(out.trajectories) == 1 and out.trajectories[0].positions[0][1] == 0.7
    assert np.all(out.trajectories[0].velocities == 0.0)
    story.outputs.clear()
    before = out.status.interventions
    story.gate.on_trajectory(arm_trajectory(), story.now)
    assert story.run(1.0).status.interventions == before + 1
    assert all(len(t.times_s) == 1 for o in story.outputs for t in o.trajectories)


def test_fingers_are_never_held_and_never_opened_by_a_stop() -> None:
    story = Story().armed()
    close = JointTrajectory(ROBOT.gripper.joints, np.array([0.5]), np.full((1, 2), 0.01), efforts=np.full((1, 2), 10.0))
    story.gate.on_gripper(close, story.now)
    assert story.run(0.02).gripper is close
    story.gate.on_emergency_stop(True, story.now)
    story.outputs.clear()
    story.gate.on_gripper(close, story.now)
    story.run(1.0)
    assert all(o.gripper is None for o in story.outputs)


def test_an_arm_moved_by_hand_while_stopped_is_held_where_it_is_and_does_not_jump() -> None:
    story = Story().armed()
    story.gate.on_trajectory(arm_trajectory({"arm_joint_1": 1.0}), story.now)
    story.run(0.2)
    story.gate.on_emergency_stop(True, story.now)
    story.run(0.5)
    story.joints["arm_joint_4"] = 1.2
    out = story.run(0.02)
    assert out.trajectories[0].positions[0][4] == 1.2
    story.gate.on_emergency_stop(False, story.now)
    assert story.gate.reset(story.now)[0] and story.gate.arm(story.now)[0]
    story.run(0.1)
    story.gate.on_trajectory(arm_trajectory({"arm_joint_1": 1.0}), story.now)
    assert story.run(0.02).status.cause == "trajectory_start"


# ---- emergency stop


def test_an_emergency_stop_is_immediate_and_latches() -> None:
    story = Story().driving()
    story.gate.on_emergency_stop(True, story.now)
    out = story.run(0.02)
    assert out.twist == ZERO and out.status.state == "e_stopped" and out.status.e_stopped
    story.gate.on_emergency_stop(False, story.now)
    assert story.run(1.0).twist == ZERO
    assert not story.gate.arm(story.now)[0]


def test_reset_needs_a_release_after_the_press_a_zero_command_and_health() -> None:
    story = Story().driving()
    gate = story.gate
    gate.on_emergency_stop(False, story.now)  # an old false is no release
    gate.on_emergency_stop(True, story.now)
    story.run(0.1)
    assert "Release" in gate.reset(story.now)[1]
    gate.on_emergency_stop(False, story.now)
    gate.on_emergency_stop(True, story.now)
    assert not gate.reset(story.now)[0]
    gate.on_emergency_stop(False, story.now)
    assert "not zero" in gate.reset(story.now)[1]
    story.command = STILL
    story.mute = {"scan"}
    story.run(0.5)
    assert "scan" in gate.reset(story.now)[1]
    story.mute = set()
    story.run(0.1)
    assert gate.reset(story.now) == (True, "Reset. Arm to let commands pass.")
    story.command = Forward
    assert story.run(0.5).twist == ZERO
    assert gate.arm(story.now)[0]
    assert story.run(1.5).twist.vx == pytest.approx(0.5)


# ---- around the gate


def test_a_second_publisher_stops_until_it_is_gone() -> None:
    story = Story().driving()
    story.gate.on_condition("second_publisher", "Two nodes publish cmd_vel.")
    out = story.run(0.02)
    assert out.twist == ZERO and out.status.cause == "second_publisher"
    story.gate.on_condition("second_publisher", "")
    assert story.run(1.5).twist.vx == pytest.approx(0.5)


def test_an_exception_stops_until_a_restart() -> None:
    story = Story().driving()
    story.gate.on_exception("scan", ValueError("boom"))
    out = story.run(0.02)
    assert out.twist == ZERO and out.status.state == "faulted" and "boom" in out.status.text
    story.run(1.0)
    for service in (story.gate.arm, story.gate.reset):
        granted, text = service(story.now)
        assert not granted and "boom" in text
    assert story.run(1.0).status.state == "faulted"


def test_measurements_that_are_not_finite_are_no_measurements() -> None:
    story = Story().driving()
    story.mute = {"odom", "joints"}
    story.gate.on_odometry(Odometry(story.now + 0.01, Pose2D(math.nan, 0.0, 0.0)), story.now)
    assert story.run(0.02).status.cause == "odom_invalid"
    broken = JointPositions(("arm_joint_1",), (math.inf,))
    story.gate.on_odometry(Odometry(story.now + 0.01, story.pose), story.now)
    story.gate.on_joints(JointStates(story.now + 0.01, broken), story.now)
    assert story.run(0.02).status.cause == "joint_states_invalid"


def test_a_blind_lidar_brakes() -> None:
    story = Story().driving()
    story.ranges = np.full(360, math.nan)
    assert time_to(story, 0.2, brakes) <= 0.06
    assert story.run(1.0).status.cause == "scan_blind" and story.outputs[-1].twist == ZERO
    assert breaches(twists(story)) == []


def test_the_worst_cause_is_named_first() -> None:
    story = Story().driving()
    story.mute = {"odom"}
    story.run(0.5)
    story.gate.on_emergency_stop(True, story.now)
    assert story.run(0.02).status.cause == "emergency_stop"


def test_every_intervention_is_recorded_once_with_its_numbers() -> None:
    story = Story().driving()
    story.outputs.clear()
    story.mute = {"scan"}
    story.run(2.0)
    records = [r for o in story.outputs for r in o.records]
    assert [r.verdict.cause for r in records] == ["scan_stale"]
    assert records[0].verdict.limit == 0.2 and records[0].wished.vx == pytest.approx(0.5)


# ---- parameters


def test_a_time_out_of_zero_and_other_nonsense_refuses_the_start() -> None:
    for field in fields(SafetyParams):
        if field.name.endswith("_timeout_s"):
            with pytest.raises(ConfigError, match=field.name):
                from_mapping(SafetyParams, {field.name: 0.0})
    with pytest.raises(ConfigError, match="unknown"):
        from_mapping(SafetyParams, {"command_timeout": 0.1})


@given(st.data())
def test_no_parameter_takes_a_value_out_of_its_range_or_of_another_type(data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(fields(SafetyParams)))
    info = field.metadata["param"]
    if info.minimum is None:
        with pytest.raises(ConfigError):
            check_value(field, SafetyParams, data.draw(st.one_of(st.none(), st.integers(), st.floats())))
        return
    below = st.floats(max_value=math.nextafter(info.minimum, -math.inf))
    above = st.floats(min_value=math.nextafter(info.maximum, math.inf))
    other = st.one_of(st.just(math.nan), st.text(), st.booleans(), st.none())
    with pytest.raises(ConfigError):
        check_value(field, SafetyParams, data.draw(st.one_of(below, above, other)))


def test_limits_are_frozen_once_read() -> None:
    with pytest.raises(AttributeError):
        SafetyParams().stop_margin_m = 0.0  # type: ignore[misc]
    with pytest.raises(AttributeError):
        ROBOT.base.speed = 9.0  # type: ignore[misc]


# ---- an adversary in the place of control


raw = st.one_of(st.floats(-2, 2), st.floats(), st.just(math.nan))
step = st.tuples(
    st.tuples(raw, raw, raw, raw, raw, raw),
    st.sets(st.sampled_from(["odom", "joints", "scan", "command"]), max_size=2),
    st.sampled_from(["", "", "", "arm", "arm", "disarm", "reset", "press", "release", "ghost", "gone"]),
    st.integers(1, 30),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(step, min_size=1, max_size=12))
def test_whatever_happens_the_output_keeps_the_limits_and_a_stop_is_zero(story_steps: list) -> None:
    story = Story()
    story.run(0.2)
    pressed = False
    for command, mute, action, ticks in story_steps:
        story.command, story.mute = command, mute
        gate, now = story.gate, story.now
        if action in ("arm", "disarm", "reset"):
            getattr(gate, action)(now)
        elif action in ("press", "release"):
            gate.on_emergency_stop(action == "press", now)
        elif action in ("ghost", "gone"):
            gate.on_condition("second_publisher", "two" if action == "ghost" else "")
        for _ in range(ticks):
            out = story.run(0.02)
            pressed = out.status.e_stopped
            t = out.twist
            assert all(map(math.isfinite, (t.vx, t.vy, t.wz)))
            assert t.speed <= ROBOT.base.speed + 1e-9 and abs(t.wz) <= ROBOT.base.yaw_rate + 1e-9
            if pressed or out.status.state in ("boot", "e_stopped", "faulted"):
                assert t == ZERO
            if "scan" in mute and ticks > 60:
                assert t == ZERO


def test_the_whole_gate_is_made_anew_with_other_robots() -> None:
    """A robot without gripper, arm and lidar has a gate too."""
    bare = replace(ROBOT, groups=(), gripper=None, postures=(), sensors=("odom",))
    story = Story(robot=bare)
    story.mute = {"scan", "joints"}
    story.driving()
    assert story.outputs[-1].twist.vx == pytest.approx(0.5)
    assert isinstance(story.gate, Gate) and scan_of(np.ones(3), 0.0).range_max == 8.0
