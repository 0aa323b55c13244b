"""Stories of the whole gate with people, a person who drives, monitors, zones, chunks and stamps."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from gate_story import ARM, HOME, MODEL, ROBOT, STILL, Forward, Story, arm_trajectory
from hypothesis import given, settings
from hypothesis import strategies as st

from vla_ros.core.errors import ConfigError
from vla_ros.core.geometry import JointPositions, Pose, Twist2D
from vla_ros.core.motion import ActionChunk, JointTrajectory
from vla_ros.core.robot_state import Battery, Imu, JointStates
from vla_ros.core.scene import Scene, SceneObject
from vla_ros.safety.gate import Gate
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.stamps import Stamp
from vla_ros.safety.steady_name import SteadyName
from vla_ros.safety.verdict import PASS, Level, Verdict
from vla_ros.safety.zones import Zone, Zones

ZERO = Twist2D()
SWING = arm_trajectory({"arm_joint_1": 1.4}, seconds=3.0)
G = 9.80665


LOW_HEADS = SafetyParams(head_height_m=0.5)
FAST = arm_trajectory({"arm_joint_1": 1.4}, seconds=1.15)


def causes(story: Story) -> list[str]:
    return [r.verdict.cause for o in story.outputs for r in o.records]


def sent(story: Story) -> list[JointTrajectory]:
    return [t for o in story.outputs for t in o.trajectories]


def person(x: float, y: float, stamp: float, **changes: object) -> Scene:
    one = SceneObject("p", (("person", 0.9),), "blue", "person", Pose((x, y, 0.85)), (0.5, 0.4, 1.7), 0.9, True, stamp)
    return Scene(stamp, "odom", (replace(one, **changes),))


# ---- a person drives


def test_a_person_takes_over_drives_within_the_limits_and_gives_back_on_request_only() -> None:
    story = Story().driving()
    story.outputs.clear()
    for _ in range(100):
        story.gate.on_teleop((-0.4, 0.0, 0.0, 0.0, 0.0, 0.0), story.now)
        story.run(0.02)
    assert story.gate.teleoperated and story.outputs[-1].twist.vx == pytest.approx(-0.4)
    speeds = np.array([0.5, *(o.twist.vx for o in story.outputs)])
    assert np.abs(np.diff(speeds)).max() <= ROBOT.base.deceleration * 0.02 + 1e-9, "no jump"
    assert not story.gate.hand_back(story.now)[0]
    for _ in range(50):
        story.gate.on_teleop(STILL, story.now)
        story.run(0.02)
    assert story.outputs[-1].twist == ZERO, "the autonomy still asks for motion"
    assert story.gate.hand_back(story.now)[0]
    assert story.run(1.5).twist.vx == pytest.approx(0.5) and not story.gate.teleoperated


def test_a_person_who_falls_silent_stops_the_robot_and_keeps_it() -> None:
    story = Story().driving()
    story.gate.on_teleop((0.2, 0.0, 0.0, 0.0, 0.0, 0.0), story.now)
    out = story.run(2.0)
    assert out.twist == ZERO and out.status.cause == "teleop_timeout" and story.gate.teleoperated


def test_while_a_person_drives_the_arm_holds_and_takes_nothing() -> None:
    story = Story().armed()
    story.gate.on_trajectory(SWING, story.now)
    story.run(0.5)
    story.outputs.clear()
    story.gate.on_teleop((0.2, 0.0, 0.0, 0.0, 0.0, 0.0), story.now)
    story.run(0.02)
    assert [len(t.times_s) for t in sent(story)] == [1], "a hold"
    story.gate.on_teleop((0.2, 0.0, 0.0, 0.0, 0.0, 0.0), story.now)
    story.gate.on_trajectory(SWING, story.now)
    grip = JointTrajectory(ROBOT.gripper.joints, np.array([0.5]), np.full((1, 2), 0.01))
    story.gate.on_gripper(grip, story.now)
    story.run(0.02)
    assert "teleoperation" in causes(story) and all(len(t.times_s) == 1 for t in sent(story))
    assert all(o.gripper is None for o in story.outputs)
    record = next(r for o in story.outputs for r in o.records if r.verdict.cause == "teleoperation")
    assert record.verdict.level == Level.INFORM
    story.gate.on_teleop((math.nan, 0.0, 0.0, 0.0, 0.0, 0.0), story.now)
    assert story.run(0.02).status.cause == "command_not_finite"
    latest = story.outputs[-1].records
    assert latest and latest[0].source == "teleoperation" and latest[0].state == "stopped"


def test_an_obstacle_stops_a_person_who_drives_too() -> None:
    story = Story().armed()
    story.obstacles = np.array([(1.0, y) for y in np.linspace(-0.3, 0.3, 40)])
    for _ in range(300):
        story.gate.on_teleop((0.6, 0.0, 0.0, 0.0, 0.0, 0.0), story.now)
        story.run(0.02)
    assert story.outputs[-1].twist == ZERO and story.pose.x + 0.245 < 1.0


def test_reset_wants_both_senders_still() -> None:
    story = Story().driving()
    story.command = STILL
    story.gate.on_emergency_stop(True, story.now)
    story.gate.on_emergency_stop(False, story.now)
    story.gate.on_teleop((0.1, 0.0, 0.0, 0.0, 0.0, 0.0), story.now)
    story.run(0.02)
    assert "not zero" in story.gate.reset(story.now)[1]
    story.gate.on_teleop(STILL, story.now)
    assert story.gate.reset(story.now)[0]


# ---- stamps


def test_commands_with_old_stamps_or_played_again_move_nothing() -> None:
    story = Story(SafetyParams(command_stamps="required")).armed()
    story.mute = {"command"}
    for _ in range(50):
        story.gate.on_twist(Forward, story.now, Stamp(story.now - 0.01, story.now))
        story.run(0.02)
    assert story.outputs[-1].twist.vx > 0.3
    recorded = story.now - 0.5
    for k in range(50):
        story.gate.on_twist(Forward, story.now, Stamp(recorded + 0.02 * k, story.now))
        story.run(0.02)
    assert story.outputs[-1].twist == ZERO and {"replayed", "stamp_old"} & set(causes(story))
    before = len(sent(story))
    for stamp in (None, Stamp(story.now - 1.0, story.now), Stamp(story.now + 1.0, story.now)):
        story.gate.on_twist(STILL, story.now, Stamp(story.now, story.now))
        story.gate.on_trajectory(SWING, story.now, stamp)
        story.gate.on_gripper(
            JointTrajectory(ROBOT.gripper.joints, np.array([0.5]), np.full((1, 2), 0.01)), story.now, stamp
        )
        story.gate.on_teleop(Forward, story.now, stamp)
        out = story.run(0.02)
        assert out.gripper is None and not story.gate.teleoperated
    assert all(len(t.times_s) == 1 for t in sent(story)[before:])
    story.gate.on_twist(STILL, story.now, Stamp(story.now, story.now))
    story.gate.on_trajectory(SWING, story.now, Stamp(story.now, story.now))
    assert story.run(0.02).trajectories[0] == SWING


# ---- around the gate


def test_a_lost_heartbeat_disarms_and_only_arming_goes_on() -> None:
    story = Story(SafetyParams(operator_heartbeat=True))
    story.run(0.2)
    assert "operator" in story.gate.arm(story.now)[1]
    story.gate.on_heartbeat(story.now)
    assert story.gate.arm(story.now)[0]
    story.command = Forward
    assert story.run(0.9).twist.vx > 0.3
    out = story.run(0.3)
    assert out.twist == ZERO and out.status.cause == "heartbeat_lost" and not out.status.armed
    story.gate.on_heartbeat(story.now)
    out = story.run(0.5)
    assert out.twist == ZERO and out.status.cause == "not_armed"
    assert story.gate.arm(story.now)[0]


def test_other_publishers_and_qos_stop_until_they_are_gone() -> None:
    story = Story().driving()
    for note, cause in (
        (lambda text: story.gate.on_publishers("cmd_vel", (text,) if text else (), story.now), "second_publisher"),
        (lambda text: story.gate.on_qos("scan", text), "qos_incompatible"),
    ):
        note("ghost")
        out = story.run(0.02)
        assert out.twist == ZERO and out.status.cause == cause and out.status.state == "stopped"
        story.gate.disarm(story.now)
        assert "ghost" in story.gate.arm(story.now)[1]
        note("")
        assert story.gate.arm(story.now)[0]
        assert story.run(1.5).twist.vx == pytest.approx(0.5)


# ---- monitors


def test_a_low_battery_slows_base_and_arm() -> None:
    story = Story().driving()
    story.gate.on_battery(Battery(1.0, 0.08, 22.0), story.now)
    out = story.run(2.0)
    assert out.twist.vx == pytest.approx(0.5 * 0.4) and out.status.cause == "battery_low"
    story.command = STILL
    story.run(0.5)
    story.gate.on_trajectory(SWING, story.now)
    passed = story.run(0.02).trajectories[0]
    assert passed.times_s[-1] == pytest.approx(SWING.times_s[-1] / 0.4) and np.array_equal(
        passed.positions, SWING.positions
    )


def test_an_empty_battery_brings_the_arm_slowly_home_once_and_then_holds_it() -> None:
    story = Story().armed()
    story.joints |= {"arm_joint_1": 1.4}
    story.run(0.1)
    story.outputs.clear()
    story.gate.on_battery(Battery(1.0, 0.02, 22.0), story.now)
    out = story.run(0.02)
    assert out.status.cause == "battery_empty" and out.status.state == "stopped"
    way = [t for t in sent(story) if len(t.times_s) > 1]
    assert len(way) == 1 and np.allclose(way[0].positions[-1], HOME.positions)
    seconds = float(way[0].times_s[-1])
    share = 0.0
    while share < 1.0:
        share = min(1.0, share + 0.02 / seconds)
        s = share * share * (3 - 2 * share)
        story.joints["arm_joint_1"] = 1.4 + s * (HOME.positions[1] - 1.4)
        story.run(0.02)
    assert [len(t.times_s) for t in sent(story)] == [20], "nothing else on the way"
    story.run(2.0)
    assert {len(t.times_s) for t in sent(story)[1:]} == {1}
    story.gate.on_trajectory(SWING, story.now)
    story.run(0.1)
    assert "battery_empty" in causes(story) and sum(len(t.times_s) > 1 for t in sent(story)) == 1


def test_anything_that_brakes_stops_the_way_to_the_safe_posture() -> None:
    story = Story().armed()
    story.joints |= {"arm_joint_1": 1.4}
    story.run(0.1)
    story.gate.on_battery(Battery(1.0, 0.02, 22.0), story.now)
    story.run(0.3)
    story.outputs.clear()
    story.gate.on_emergency_stop(True, story.now)
    story.run(0.02)
    assert [len(t.times_s) for t in sent(story)] == [1]
    disarmed = Story()
    disarmed.run(0.2)
    disarmed.gate.on_battery(Battery(1.0, 0.02, 22.0), disarmed.now)
    disarmed.joints |= {"arm_joint_1": 1.4}
    disarmed.run(0.5)
    assert sent(disarmed) == [], "who was never armed does not move"


def test_a_safe_posture_whose_way_is_closed_is_not_gone_to() -> None:
    # between the arm stretched out and its home lies the robot's own body and a closed zone
    closed = Zones(
        keep_out=(Zone(name="box", polygon=((0.1, -0.6), (0.6, -0.6), (0.6, 0.2), (0.1, 0.2)), z=(0.0, 2.0)),)
    )
    story = Story()
    story.gate = Gate(story.params, ROBOT, MODEL, closed)
    story.joints |= {"arm_joint_1": 1.4}
    story.armed()
    story.outputs.clear()
    story.gate.on_battery(Battery(1.0, 0.02, 22.0), story.now)
    story.run(0.5)
    assert all(len(t.times_s) == 1 for t in sent(story))


@pytest.mark.parametrize(
    ("tell", "cause"),
    [
        (lambda g, now: g.on_contact("front", True, now), "contact"),
        (lambda g, now: g.on_imu(now, now, Imu(now, (G * math.sin(0.3), 0.0, G * math.cos(0.3)))), "tilt"),
        (lambda g, now: g.on_temperature("motor:a", 99.0, now), "hot"),
    ],
)
def test_every_monitor_stops_the_base_and_forbids_arming(tell, cause: str) -> None:  # type: ignore[no-untyped-def]
    story = Story().driving()
    tell(story.gate, story.now)
    out = story.run(0.02)
    assert out.status.state == "stopped" and out.status.cause in (cause, "tipping")
    assert story.run(1.0).twist == ZERO
    story.gate.disarm(story.now)
    assert not story.gate.arm(story.now)[0]


def test_an_overloaded_joint_stops_and_a_low_battery_does_not_forbid_arming() -> None:
    story = Story().armed()
    story.mute = {"joints"}
    names = tuple(story.joints)
    for _ in range(3):
        values = tuple(200.0 if n == "arm_joint_1" else 0.0 for n in names)
        joints = JointStates(story.now, JointPositions(names, tuple(story.joints.values())), (), values)
        story.gate.on_joints(joints, story.now)
        story.run(0.02)
    assert story.outputs[-1].status.cause in ("overload", "collision")
    other = Story()
    other.gate.on_battery(Battery(1.0, 0.08, 22.0), other.now)
    other.run(0.2)
    assert other.gate.arm(other.now)[0]


def test_an_imu_that_repeats_itself_is_no_news() -> None:
    story = Story().driving()
    lean = Imu(1.0, (G * math.sin(0.3), 0.0, G * math.cos(0.3)))
    story.gate.on_imu(5.0, story.now)
    story.gate.on_imu(5.0, story.now, lean)
    assert story.run(0.02).status.state == "running"


# ---- people


def test_people_slow_the_base_by_separation_and_the_arm_by_its_share() -> None:
    story = Story().driving((0.6, 0.0, 0.0, 0.0, 0.0, 0.0))
    story.gate.on_scene(person(story.pose.x + 1.6, 0.0, story.now), story.now)
    out = story.run(0.3)
    assert out.status.cause == "separation" and out.status.limiting_object == "p" and 0.0 < out.status.speed_scale < 1.0
    still = Story(LOW_HEADS).armed()
    still.gate.on_scene(person(0.4, -0.8, still.now), still.now)
    still.gate.on_trajectory(FAST, still.now)
    passed = still.run(0.02).trajectories[0]
    assert passed.times_s[-1] > 1.2 and np.array_equal(passed.positions, FAST.positions)
    assert "separation" in causes(still)


def test_somebody_who_steps_beside_a_fast_arm_stops_it() -> None:
    story = Story(LOW_HEADS).armed()
    story.gate.on_trajectory(FAST, story.now)
    story.run(0.3)
    story.outputs.clear()
    story.gate.on_scene(person(0.4, -0.8, story.now), story.now)
    out = story.run(0.02)
    assert out.status.cause == "separation" and out.status.state == "stopped"
    assert [len(t.times_s) for t in sent(story)] == [1]


def test_a_scene_that_dies_makes_everybody_fast_again() -> None:
    story = Story().armed()
    story.command = (0.6, 0.0, 0.0, 0.0, 0.0, 0.0)
    for _ in range(5):
        story.gate.on_scene(person(3.0, 0.0, story.now), story.now)
        story.run(0.1)
    fresh = story.gate.on_scene(person(story.pose.x + 1.7, 0.0, story.now), story.now)
    first = story.run(0.02).status
    story.mute = {"command"}
    story.run(1.2)
    story.mute = set()
    x = story.pose.x
    later = story.run(0.02).status
    assert fresh is None and first.cause != "separation" and later.cause == "separation" and x < 3.0


def test_a_heavier_load_makes_the_arm_slower_near_people() -> None:
    times = []
    for mass in (0.0, 6.0):
        story = Story(LOW_HEADS).armed()
        story.gate.on_payload(mass, story.now)
        story.gate.on_scene(person(0.4, -0.8, story.now), story.now)
        story.gate.on_trajectory(FAST, story.now)
        times.append(float(story.run(0.02).trajectories[0].times_s[-1]))
    assert times[1] > times[0]


def test_noise_at_the_border_of_the_separation_does_not_flap() -> None:
    story = Story().armed()
    story.command = (0.35, 0.0, 0.0, 0.0, 0.0, 0.0)
    rng = np.random.default_rng(2)
    said = []
    for _ in range(300):
        ahead = story.pose.x + 1.15 + rng.uniform(-0.01, 0.01)
        story.gate.on_scene(person(ahead, 0.0, story.now), story.now)
        out = story.run(0.02)
        said.append((out.status.state, out.status.cause))
    changes = [k for k in range(1, len(said)) if said[k] != said[k - 1]]
    assert len(changes) <= 7, [said[k] for k in changes]


# ---- zones and chunks


def test_the_base_stops_before_a_closed_zone_and_may_leave_it() -> None:
    closed = Zones(keep_out=(Zone(name="stairs", polygon=((1.5, -1), (2.5, -1), (2.5, 1), (1.5, 1))),))
    story = Story()
    story.gate = Gate(story.params, ROBOT, MODEL, closed)
    story.armed()
    story.command = (0.6, 0.0, 0.0, 0.0, 0.0, 0.0)
    out = story.run(6.0)
    assert out.twist == ZERO and out.status.cause == "keep_out" and "zone" in out.status.text
    assert 0.0 < 1.5 - story.pose.x - 0.245 < 0.05
    story.command = (-0.3, 0.0, 0.0, 0.0, 0.0, 0.0)
    story.run(2.0)
    assert story.pose.x < 1.0
    inside = Story()
    inside.gate = Gate(inside.params, ROBOT, MODEL, closed)
    inside.pose = replace(inside.pose, x=1.4)
    inside.armed()
    inside.command = (0.3, 0.0, 0.0, 0.0, 0.0, 0.0)
    inside.run(1.0)
    assert inside.pose.x == pytest.approx(1.4)


def test_the_arm_is_kept_out_of_a_zone_and_out_of_the_robot() -> None:
    closed = Zones(keep_out=(Zone(name="stove", polygon=((0.3, -0.5), (1, -0.5), (1, 0.5), (0.3, 0.5)), z=(0.7, 1.2)),))
    story = Story()
    story.gate = Gate(story.params, ROBOT, MODEL, closed)
    story.armed()
    offer = dict(zip(ARM.names, ROBOT.posture("offer").positions))
    story.gate.on_trajectory(arm_trajectory(offer, seconds=4.0), story.now)
    assert story.run(0.02).status.cause == "trajectory_keep_out"
    assert sent(story) == []
    free = Story().armed()
    free.gate.on_trajectory(arm_trajectory({"arm_joint_1": -0.5}, seconds=4.0), free.now)
    assert free.run(0.02).status.cause == "trajectory_self_collision" and sent(free) == []


def test_a_chunk_whose_steps_add_up_stops_for_as_long_as_it_would_last() -> None:
    story = Story().driving()
    far = ActionChunk("c", "base_twist", ("x", "y", "yaw"), 0.1, np.array([[0.3, 0.0, 0.0]] * 70))
    assert story.gate.on_chunk(far, story.now).cause == "chunk_travel"
    out = story.run(1.0)
    assert out.twist == ZERO and out.status.cause == "chunk_travel"
    story.run(5.5)
    assert story.outputs[-1].twist == ZERO
    assert story.run(2.0).twist.vx == pytest.approx(0.5)
    story.gate.on_chunk(far, story.now)
    story.run(0.5)
    good = replace(far, actions=np.array([[0.1, 0.0, 0.0]] * 5))
    assert story.gate.on_chunk(good, story.now) == PASS
    assert story.run(1.5).twist.vx == pytest.approx(0.5)
    for actions, dt in (
        (np.zeros((0, 3)), 0.1),
        (np.array(1.0), 0.1),
        (np.zeros((1, 3)), math.nan),
        (np.full((1, 3), math.nan), 1e300),
    ):
        story.gate.on_chunk(replace(far, actions=actions, dt_s=dt), story.now)
        assert story.run(0.02).status.cause.startswith("chunk_")
        story.gate.on_chunk(good, story.now)


def test_a_chunk_toward_what_the_lidar_sees_stops() -> None:
    story = Story().armed()
    story.obstacles = np.array([(0.9, 0.0)])
    story.run(0.1)
    chunk = ActionChunk("c", "base_twist", ("x", "y", "yaw"), 0.1, np.array([[0.2, 0.0, 0.0]] * 40))
    assert story.gate.on_chunk(chunk, story.now).cause == "chunk_obstacle"


# ---- names, states, start


def test_the_named_limit_stays_while_it_acts_and_something_worse_is_named_at_once() -> None:
    name = SteadyName(1.0)
    a, b = (Verdict(Level.SLOW, c, c, scale=s) for c, s in (("a", 0.5), ("b", 0.4)))
    assert name.choose(a, [a], 0.0) == a
    assert name.choose(b, [a, b], 0.5) == replace(a, scale=0.4)
    assert name.choose(b, [b], 0.6) == b, "it acts no longer"
    assert name.choose(a, [a, b], 1.0) == replace(b, scale=0.5)
    assert name.choose(a, [a, b], 1.6) == a
    stop = Verdict(Level.BLOCK, "c", scale=0.0)
    assert name.choose(stop, [a, b, stop], 1.7) == stop
    other = Verdict(Level.INFORM, "b")
    assert name.choose(PASS, [], 3.0) == PASS and name.choose(a, [a, replace(other, cause="")], 3.1) == a


def test_limits_that_contradict_the_model_refuse_the_start() -> None:
    joints = tuple(replace(j, upper=9.0) if j.name == "arm_joint_1" else j for j in ARM.joints)
    wrong = replace(ROBOT, groups=tuple(replace(g, joints=joints) if g.name == "arm" else g for g in ROBOT.groups))
    with pytest.raises(ConfigError, match="arm_joint_1"):
        Gate(SafetyParams(), wrong, MODEL)
    with pytest.raises(ConfigError, match="arm_joint_1"):
        Gate(SafetyParams(), wrong)


BARE = replace(ROBOT, model="", groups=(), gripper=None, postures=(), sensors=("odom",))
ACTIONS = (
    "arm",
    "disarm",
    "press",
    "release",
    "reset",
    "move",
    "still",
    "odom off",
    "odom on",
    "ghost",
    "gone",
    "fault",
)


def explore(depth: int) -> tuple[int, int]:
    """Every sequence of actions up to a length on the real gate, states seen before left out; a model written
    apart from it says when motion is allowed."""
    seen: set[tuple[object, ...]] = set()
    frontier: list[tuple[str, ...]] = [()]
    checked = moved = 0
    for _ in range(depth):
        grown = []
        for prefix in frontier:
            for action in ACTIONS:
                sequence = (*prefix, action)
                key, out, allowed = play(sequence)
                checked += 1
                moved += out != ZERO
                assert allowed or out == ZERO, sequence
                if key not in seen:
                    seen.add(key)
                    grown.append(sequence)
        frontier = grown
        if not frontier:
            break
    return checked, moved


def play(sequence: tuple[str, ...]) -> tuple[tuple[object, ...], Twist2D, bool]:
    story = Story(robot=BARE)
    story.mute = {"scan", "joints"}
    story.run(0.06)
    armed = latched = released = faulted = ghost = deaf = False
    command = STILL
    for action in sequence:
        gate, now = story.gate, story.now
        healthy = not ghost and not deaf
        if action == "arm":
            gate.arm(now)
            armed = armed or (healthy and not latched and not faulted)
        elif action == "disarm":
            gate.disarm(now)
            armed = False
        elif action == "press":
            gate.on_emergency_stop(True, now)
            armed, latched, released = False, True, False
        elif action == "release":
            gate.on_emergency_stop(False, now)
            released = latched
        elif action == "reset":
            gate.reset(now)
            if latched and released and healthy and not faulted and command == STILL:
                latched = released = False
        elif action in ("move", "still"):
            command = story.command = Forward if action == "move" else STILL
        elif action in ("odom off", "odom on"):
            deaf = action == "odom off"
            story.mute = {"scan", "joints", "odom"} if deaf else {"scan", "joints"}
        elif action in ("ghost", "gone"):
            ghost = action == "ghost"
            gate.on_publishers("cmd_vel", ("ghost",) if ghost else (), now)
        else:
            gate.on_exception("test", ValueError("boom"))
            faulted, armed = True, False
        story.run(0.9)
    out = story.outputs[-1]
    allowed = armed and not latched and not faulted and not ghost and not deaf and command == Forward
    key = (out.status.state, out.status.armed, armed, latched, released, faulted, ghost, deaf, command)
    if allowed:
        assert out.twist.vx > 0.2, sequence
    return key, out.twist, allowed


def test_no_sequence_of_events_moves_the_base_when_a_model_written_apart_forbids_it() -> None:
    checked, moved = explore(12)
    assert checked > 300 and moved > 3


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(ACTIONS), min_size=4, max_size=14))
def test_longer_sequences_do_not_either(sequence: list[str]) -> None:
    _, out, allowed = play(tuple(sequence))
    assert allowed or out == ZERO
