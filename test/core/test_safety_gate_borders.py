"""The whole gate exactly at its borders: how long a refusal is told, what a late tick may do, what a status says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gate_story import ARM, HOME, MODEL, ROBOT, Forward, Story, arm_trajectory

from vla_ros.core.geometry import ZERO_TWIST, Pose2D, Twist2D
from vla_ros.core.motion import ActionChunk, JointTrajectory
from vla_ros.core.robot_state import Battery
from vla_ros.safety.arm_path import ArmPath
from vla_ros.safety.arms import Arms
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.people import Human
from vla_ros.safety.ramp import TwistRamp
from vla_ros.safety.safe_posture import SafePosture
from vla_ros.safety.separation_guard import SeparationGuard
from vla_ros.safety.silhouette import Silhouette
from vla_ros.safety.verdict import PASS, Level, Verdict
from vla_ros.safety.zones import KeepOut, Zone, Zones

PARAMS = SafetyParams()
BAD = replace(arm_trajectory(), velocities=None)
CLOSE = JointTrajectory(ROBOT.gripper.joints, np.array([0.5]), np.full((1, 2), 0.01))  # type: ignore[union-attr]


def ready(params: SafetyParams | None = None) -> Story:
    """Armed and standing at 101 s exactly."""
    story = Story(params).armed()
    story.run(0.7)
    assert story.now == 101.0
    return story


def causes(story: Story, ticks: int) -> list[str]:
    return [story.run(0.02).status.cause for _ in range(ticks)]


def test_a_refusal_is_told_for_a_second_and_no_longer() -> None:
    story = ready()
    story.gate.on_trajectory(BAD, story.now)
    assert causes(story, 51) == ["trajectory_velocities"] * 49 + ["", ""]
    story = ready()
    story.gate.on_gripper(replace(CLOSE, names=("a", "b")), story.now)
    assert causes(story, 51) == ["gripper_refused"] * 49 + ["", ""]
    assert all(o.gripper is None for o in story.outputs)


def test_a_refused_chunk_stops_for_exactly_as_long_as_it_would_last_within_a_second_and_the_longest() -> None:
    for steps, dt, ticks in ((20, 0.1, 100), (2, 0.1, 50), (30, 0.1, 125)):
        story = ready(SafetyParams(max_duration_s=2.5))
        actions = np.zeros((steps, 3))
        actions[:, 0] = 1e3
        verdict = story.gate.on_chunk(ActionChunk("c", "base_twist", ("x", "y", "yaw"), dt, actions), story.now)
        assert verdict.cause.startswith("chunk_")
        found = causes(story, ticks + 1)
        assert found == [verdict.cause] * (ticks - 1) + ["", ""], (steps, dt)
        assert story.outputs[-3].status.speed_scale == 0.0


def test_a_late_tick_counts_as_forty_milliseconds_and_an_early_one_as_a_tenth_of_one() -> None:
    for gap, counted in ((1.0, 0.04), (0.0, 1e-4), (-0.01, 1e-4), (0.03, 0.03)):
        story = ready()
        assert story.run(0.02).twist == ZERO_TWIST
        now = story.now
        story.command = Forward
        story.now, story._tick = now + gap, 3
        story._tick += 1
        story._feed()
        expected = TwistRamp(ROBOT.base, PARAMS.yaw_jerk).step(Twist2D(0.5, 0.0, 0.0), counted)
        sent = story.gate.tick(story.now).twist
        assert abs(sent.vx - expected.vx) <= 1e-6 * expected.vx and expected.vx > 0.0, gap


def test_every_stop_says_a_scale_of_zero_and_what_only_informs_a_scale_of_one() -> None:
    story = Story()
    waiting = story.run(0.2).status
    assert (waiting.cause, waiting.speed_scale, waiting.stamp_s) == ("not_armed", 0.0, 0.0)
    story.armed()
    free = story.run(0.02).status
    assert (free.cause, free.speed_scale, free.e_stopped, free.armed) == ("", 1.0, False, True)
    story.command = (4 * ROBOT.base.speed, 0.0, 0.0, 0.0, 0.0, 0.0)
    clamped = story.run(0.02).status
    assert (clamped.cause, clamped.speed_scale) == ("speed_limit", 1.0)
    assert (clamped.value, clamped.limit) == (4 * ROBOT.base.speed, ROBOT.base.speed)
    story.gate.on_emergency_stop(True, story.now)
    stopped = story.run(0.02).status
    assert (stopped.cause, stopped.speed_scale, stopped.limiting_object) == ("emergency_stop", 0.0, "emergency_stop")
    story.gate.on_exception("scan", ValueError("b" * 1000))
    fault = story.run(0.02).status
    assert (fault.cause, fault.speed_scale, fault.limiting_object) == ("internal_error", 0.0, "scan")
    assert len(fault.text) == 300


def test_it_runs_while_the_base_or_the_arm_moves_and_is_armed_again_when_both_stand() -> None:
    story = ready()
    assert story.run(0.02).status.state == "armed"
    story.gate.on_trajectory(arm_trajectory({ARM.names[1]: 0.8}, seconds=2.0), story.now)
    assert {story.run(0.02).status.state for _ in range(100)} == {"running"}
    assert story.run(0.5).status.state == "armed"
    story.command = Forward
    assert story.run(0.1).status.state == "running"
    story.command = (0.0,) * 6
    assert story.run(0.02).status.state == "running", "not yet at rest"
    assert story.run(1.0).status.state == "armed"


def test_services_say_what_is_so_already() -> None:
    story = ready()
    assert story.gate.arm(story.now) == (True, "Already armed.")
    assert story.gate.reset(story.now) == (True, "No emergency stop is latched.")
    story.gate.on_emergency_stop(True, story.now)
    granted, text = story.gate.arm(story.now)
    assert not granted and "Release it and call reset_safety first" in text
    story.gate.on_emergency_stop(False, story.now)
    story.command = Forward
    story.run(0.02)
    assert story.gate.reset(story.now)[0] is False, "the sender still asks for motion"
    story.command = (0.0,) * 6
    story.mute = {"scan"}
    story.run(0.3)
    assert story.gate.reset(story.now)[0] is False, "a sensor is silent"
    story.mute = set()
    story.run(0.1)
    assert story.gate.reset(story.now)[0] and story.gate.arm(story.now) == (True, "Armed: commands pass.")
    assert story.gate.disarm(story.now) == (True, "Disarmed.")
    story.gate.on_exception("scan", ValueError("boom"))
    assert story.gate.reset(story.now)[0] is False and story.gate.arm(story.now)[0] is False


def test_what_passes_is_no_intervention_and_each_refusal_is_one() -> None:
    story = ready()
    count = story.run(0.02).status.interventions
    story.gate.on_trajectory(arm_trajectory(), story.now)
    story.gate.on_gripper(CLOSE, story.now)
    out = story.run(0.02)
    assert out.gripper is CLOSE and len(out.trajectories) == 1 and out.status.interventions == count
    story.gate.on_teleop(Forward, story.now)
    story.gate.on_trajectory(arm_trajectory(), story.now)
    story.gate.on_gripper(CLOSE, story.now)
    taken = story.run(0.02)
    assert taken.gripper is None and taken.status.cause == "teleoperation"
    assert taken.status.interventions == count + 3, "two refusals, and what is told of them acts"
    story.gate.on_emergency_stop(True, story.now)
    before = story.run(0.02).status.interventions
    story.gate.on_gripper(CLOSE, story.now)
    assert story.run(0.02).status.interventions == before + 1


# ---- arms on their way

HERE = Pose2D()
MEASURED = dict(zip(ARM.names, HOME.positions)) | {"head_pan_joint": 0.0, "head_tilt_joint": 0.0}
SILHOUETTE = Silhouette(MODEL)
NEAR = Human("p", 0.4, -0.8, 0.25, 1.6)
CLOSED = Zone(name="all", polygon=((-2.0, -2.0), (2.0, -2.0), (2.0, 2.0), (-2.0, 2.0)))
FAST = arm_trajectory({"arm_joint_1": 1.4}, seconds=1.15)


def arms_near(*humans: Human) -> tuple[Arms, SeparationGuard]:
    params = SafetyParams(head_height_m=0.5)
    separation = SeparationGuard(params, ROBOT, Footprint(ROBOT.base.footprint), MODEL, SILHOUETTE)
    separation.humans = humans
    return Arms(params, ROBOT, None, separation), separation


def test_a_slowed_arm_stays_fifteen_per_cent_below_its_limit_and_never_above_the_scale_that_is_given() -> None:
    arms, separation = arms_near(NEAR)
    share = separation.share(separation.sweep(FAST, MEASURED), HERE)
    assert share.level == Level.SLOW and 0.1 < share.scale < 1.0
    for scale in (1.0, share.scale / 2):
        assert arms.take(FAST, MEASURED, HERE, scale, 0.0) == share
        (sent,) = arms.tick(PASS, False, MEASURED, HERE, 0.0)
        assert np.allclose(sent.times_s, FAST.times_s / min(scale, share.scale * 0.85))
    free, _ = arms_near()
    assert free.take(FAST, MEASURED, HERE, 1.0, 0.0) == PASS
    assert np.array_equal(free.tick(PASS, False, MEASURED, HERE, 0.0)[0].times_s, FAST.times_s)


def test_an_arm_that_was_stopped_is_on_no_way_any_more() -> None:
    stop = Verdict(Level.BRAKE, "any")
    for stopped, level in ((False, Level.BRAKE), (True, Level.PASS)):
        arms, separation = arms_near()
        arms.take(FAST, MEASURED, HERE, 1.0, 0.0)
        assert len(arms.tick(PASS, False, MEASURED, HERE, 0.0)) == 1 and arms.moving(0.0)
        arms.tick(stop if stopped else PASS, stopped, MEASURED, HERE, 0.02)
        separation.humans = (NEAR,)
        assert separation.judge_arm(HERE, 0.3).level == level
        assert arms.moving(0.3) == (not stopped)


# ---- what lets joints move


def test_a_limit_that_only_slows_lets_joints_move_and_a_person_who_drives_keeps_them_still() -> None:
    story = ready()
    story.gate.on_battery(Battery(story.now, 0.08, 24.0), story.now)
    slow = story.run(0.02).status
    assert (slow.cause, slow.speed_scale) == ("battery_low", PARAMS.monitor_scale)
    story.gate.on_trajectory(arm_trajectory(), story.now)
    story.gate.on_gripper(CLOSE, story.now)
    out = story.run(0.02)
    assert len(out.trajectories) == 1 and out.gripper is CLOSE
    story.gate.on_teleop(Forward, story.now)
    taken = story.run(0.02)
    story.gate.on_gripper(CLOSE, story.now)
    refused = story.run(0.02)
    assert refused.gripper is None and refused.status.interventions == taken.status.interventions + 1


def test_what_ends_in_the_safe_posture_is_a_stop_and_an_arm_on_its_way_is_a_run() -> None:
    story = ready()
    story.gate.on_trajectory(arm_trajectory(seconds=1.0), story.now)
    assert story.run(0.02).status.state == "running"
    story.gate.on_battery(Battery(story.now, 0.01, 24.0), story.now)
    assert story.run(0.02).status.state == "stopped"


def test_a_low_battery_does_not_forbid_arming_and_an_empty_one_does() -> None:
    for charge, granted in ((0.08, True), (0.01, False)):
        story = Story()
        story.run(0.2)
        story.gate.on_battery(Battery(story.now, charge, 24.0), story.now)
        assert story.gate.arm(story.now)[0] is granted


def tick_alone(gap: float) -> float:
    """Speed that one tick sends ``gap`` seconds after the last, without any sensor news in between."""
    story = ready()
    now = story.now
    story.gate.on_twist(Forward, now)
    return story.gate.tick(now + gap).twist.vx


def test_the_shortest_step_is_a_tenth_of_a_millisecond() -> None:
    assert tick_alone(0.0) == pytest.approx(ROBOT.base.jerk * 1e-8, rel=1e-6)
    assert tick_alone(0.05) == pytest.approx(ROBOT.base.jerk * 0.04**2, rel=1e-6)


def told(at: float, cause: str) -> bool:
    """Whether ``at`` seconds after a refusal a tick names it."""
    story = ready()
    if cause == "trajectory_velocities":
        story.gate.on_trajectory(BAD, story.now)
    else:
        actions = np.full((2, 3), 1e3)
        story.gate.on_chunk(ActionChunk("c", "base_twist", ("x", "y", "yaw"), 0.1, actions), story.now)
    now, story.now = story.now, story.now + at
    story._feed()
    return story.gate.tick(now + at).status.cause == cause


@pytest.mark.parametrize("cause", ["trajectory_velocities", "chunk_travel"])
def test_a_refusal_is_told_for_less_than_a_second(cause: str) -> None:
    assert told(0.99, cause) and not told(1.0, cause)


@pytest.mark.parametrize("zones", [None, Zones(), Zones(keep_out=(CLOSED,))], ids=["no model", "free", "closed"])
def test_the_way_to_the_safe_posture_is_driven_once_as_it_was_made_and_only_where_it_is_free(
    zones: Zones | None,
) -> None:
    params, away = SafetyParams(), MEASURED | {"arm_joint_1": MEASURED["arm_joint_1"] - 0.5}
    path = None if zones is None else ArmPath(params, MODEL, SILHOUETTE, KeepOut(zones))
    separation = SeparationGuard(params, ROBOT, Footprint(ROBOT.base.footprint), MODEL, SILHOUETTE)
    arms, stop = Arms(params, ROBOT, path, separation), Verdict(Level.POSTURE, "any", scale=0.0)
    way, sent = SafePosture(params, ROBOT).way(away), arms.tick(stop, True, away, HERE, 0.0)
    assert way is not None
    if zones is not None and zones.keep_out:
        assert sent == ()
    else:
        assert len(sent) == 1 and np.array_equal(sent[0].times_s, way.times_s) and arms.moving(0.0)
    assert arms.tick(stop, True, away, HERE, 0.02) == ()
    assert Arms(params, ROBOT, path, separation).tick(stop, True, MEASURED, HERE, 0.0) == (), "it is there"
