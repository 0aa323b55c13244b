"""What control refuses, and that nothing goes on when nobody asks for it."""

from __future__ import annotations

import math
from concurrent.futures import Future
from dataclasses import replace

import numpy as np
import pytest
from control_plant import Plant, box
from hypothesis import given, settings
from hypothesis import strategies as st

from vla_ros.control.controller import Controller
from vla_ros.control.params import ControlParams
from vla_ros.core.errors import ConfigError, InputError
from vla_ros.core.geometry import Box, JointPositions, Pose, Pose2D
from vla_ros.core.motion import MOTION_KINDS, MOTION_STATES, MotionGoal
from vla_ros.core.robot_state import JointStates, Odometry
from vla_ros.core.safety_status import SafetyStatus

NAN = float("nan")
HERE = Pose.planar(3.1, 2.5, 0.0)
FAR = Pose.planar(2.2, 6.2, 0.0)

BAD = [
    (MotionGoal("a", "teleport"), "kind"),
    (MotionGoal("a", "navigte", targets=(HERE,)), "Did you mean 'navigate'"),
    (MotionGoal("", "stop"), "goal_id"),
    (MotionGoal("a", "navigate"), "targets"),
    (MotionGoal("a", "navigate", targets=(Pose.planar(NAN, 0.0, 0.0),)), "targets[0]"),
    (MotionGoal("a", "navigate", targets=(Pose.planar(1e9, 0.0, 0.0),)), "targets[0]"),
    (MotionGoal("a", "navigate", targets=(Pose(orientation=(0.0, 0.0, 0.0, 0.0)),)), "quaternion"),
    (MotionGoal("a", "navigate", targets=(replace(HERE, frame_id="moon"),)), "frame_id"),
    (MotionGoal("a", "navigate", targets=(HERE,), speed_scale=0.0), "speed_scale"),
    (MotionGoal("a", "navigate", targets=(HERE,), speed_scale=NAN), "speed_scale"),
    (MotionGoal("a", "navigate", targets=(HERE,), timeout_s=-1.0), "timeout_s"),
    (MotionGoal("a", "navigate", targets=(HERE,), tolerance_m=math.inf), "tolerance_m"),
    (MotionGoal("a", "navigate", targets=(HERE,) * 1000), "targets"),
    (MotionGoal("a", "navigate", targets=(HERE,), obstacles=(Box(HERE, (0.0, 1.0, 1.0)),)), "obstacles[0]"),
    (MotionGoal("a", "base_move", offset=(5.0, 0.0, 0.0)), "offset"),
    (MotionGoal("a", "base_move", offset=(NAN, 0.0, 0.0)), "offset"),
    (MotionGoal("a", "base_arc", targets=(HERE,), angle_rad=99.0), "angle_rad"),
    (MotionGoal("a", "arm_posture", posture="yoga"), "yoga"),
    (MotionGoal("a", "head_posture", posture="home"), "posture"),
    (MotionGoal("a", "arm_linear", offset=(0.0, 0.0, 0.0)), "offset"),
    (MotionGoal("a", "arm_reach", targets=()), "targets"),
    (MotionGoal("a", "arm_reach", targets=(HERE,), approach_m=3.0), "approach_m"),
    (MotionGoal("a", "gripper", opening_m=0.5), "opening_m"),
    (MotionGoal("a", "gripper", effort_n=-1.0), "effort_n"),
]


@pytest.mark.parametrize(("goal", "word"), BAD)
def test_a_bad_goal_is_rejected_with_its_field_and_moves_nothing(goal: MotionGoal, word: str) -> None:
    plant = Plant()
    for _ in range(10):
        out = plant.tick(goal)
        assert out.twist.speed == 0.0 and not out.trajectories and out.gripper is None
    status = plant.statuses[0]
    assert status.state == "rejected" and word in status.text and status.goal_id == goal.goal_id


numbers = st.one_of(st.floats(), st.sampled_from([0.0, 1.0, 1e300, -1e300, math.inf, NAN]))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([*MOTION_KINDS, "", "x"]),
    st.lists(numbers, min_size=16, max_size=16),
    st.sampled_from(["", "home", "carry", "nonsense"]),
)
def test_no_numbers_break_it(kind: str, v: list[float], posture: str) -> None:
    plant = Plant()
    pose = Pose((v[0], v[1], v[2]), (v[3], v[4], v[5], v[6]))
    goal = MotionGoal(
        "f", kind, targets=(pose,), posture=posture, offset=(v[7], v[8], v[9]), angle_rad=v[10], approach_m=v[11],
        opening_m=v[12], tolerance_m=v[13], speed_scale=v[14], timeout_s=v[15],
    )  # fmt: skip
    for _ in range(4):
        out = plant.tick(goal)
        assert all(map(math.isfinite, (out.twist.vx, out.twist.vy, out.twist.wz)))
        for trajectory in out.trajectories:
            assert np.all(np.isfinite(trajectory.positions)) and np.all(np.isfinite(trajectory.velocities))
    assert all(s.state in MOTION_STATES for s in plant.statuses)


def test_the_twist_comes_on_every_tick_also_with_nothing_to_do() -> None:
    plant = Plant()
    assert all(plant.tick().twist.speed == 0.0 for _ in range(20))


def test_a_lapsed_lease_stops_and_a_renewed_one_goes_on() -> None:
    plant = Plant()
    goal = MotionGoal("g", "navigate", targets=(FAR,))
    while plant.twist.speed < 0.4:
        plant.tick(goal)
    assert [plant.tick().twist.speed > 0.0 for _ in range(9)] == [True] * 4 + [False] * 5, "within 0.2 s"
    here = plant.pose
    for _ in range(50):
        plant.tick()
    assert plant.pose == here
    assert "renew" in plant.statuses[-1].text
    assert plant.run(goal, 40.0).state == "reached"


def test_a_sender_that_never_comes_back_loses_its_goal() -> None:
    plant = Plant()
    goal = MotionGoal("g", "navigate", targets=(FAR,))
    plant.tick(goal)
    for _ in range(600):
        plant.tick()
    assert plant.controller.active_goal is None and plant.statuses[-1].state == "cancelled"


def test_a_lapsed_lease_holds_the_moving_arm_where_it_is() -> None:
    plant = Plant()
    goal = MotionGoal("g", "arm_posture", posture="offer")
    while not plant.trajectories:
        plant.tick(goal)
    for _ in range(20):
        plant.tick(goal)
    for _ in range(9):
        plant.tick()
    held = plant.trajectories[-1]
    assert len(plant.trajectories) == 2 and len(held.times_s) == 1 and np.all(held.velocities == 0.0)
    assert plant.run(goal, 20.0).state == "reached"
    offer = plant.robot.posture("offer")
    names = plant.robot.group("arm").names
    assert np.allclose([plant.joints[n] for n in names], offer.positions, atol=0.01)


def test_stop_brakes_and_drops_the_goal() -> None:
    plant = Plant()
    goal = MotionGoal("g", "navigate", targets=(FAR,))
    while plant.twist.speed < 0.5:
        plant.tick(goal)
    status = plant.run(MotionGoal("s", "stop"), 3.0)
    assert status.state == "reached"
    assert [s.state for s in plant.statuses if s.goal_id == "g"][-1] == "cancelled"
    assert plant.twist.speed < 0.02


def test_a_new_goal_replaces_the_old_one() -> None:
    plant = Plant()
    for _ in range(30):
        plant.tick(MotionGoal("old", "navigate", targets=(FAR,)))
    for _ in range(5):
        plant.tick(MotionGoal("new", "navigate", targets=(HERE,)))
    states = [(s.goal_id, s.state) for s in plant.statuses]
    assert ("old", "cancelled") in states and ("new", "accepted") in states


def test_the_end_is_repeated_while_the_sender_still_asks() -> None:
    plant = Plant()
    goal = MotionGoal("g", "head_posture", posture="down")
    assert plant.run(goal, 5.0).state == "reached"
    before = len(plant.statuses)
    for _ in range(50):
        plant.tick(goal)
    assert len(plant.statuses) > before
    assert all(s.state == "reached" and s.goal_id == "g" for s in plant.statuses[before:])
    assert len(plant.trajectories) == 1


@pytest.mark.parametrize("state", ["boot", "stopped", "e_stopped", "faulted"])
def test_while_safety_is_not_armed_nothing_is_asked_of_the_drivers(state: str) -> None:
    plant = Plant()
    plant.safety = type(plant.safety)(0.0, state, False, state == "e_stopped", text="because")
    for goal in (MotionGoal("n", "navigate", targets=(FAR,)), MotionGoal("p", "arm_posture", posture="offer")):
        for _ in range(30):
            out = plant.tick(goal)
            assert out.twist.speed == 0.0 and not out.trajectories
        assert "because" in plant.statuses[-1].text and plant.statuses[-1].state == "running"


def test_after_a_safety_stop_the_arm_is_planned_anew_from_where_it_stands() -> None:
    plant = Plant()
    goal = MotionGoal("g", "arm_posture", posture="offer")
    while not plant.trajectories:
        plant.tick(goal)
    for _ in range(30):
        plant.tick(goal)
    plant.safety = replace(plant.safety, state="stopped", cause="obstacle")
    plant.running.clear()
    for _ in range(50):
        plant.tick(goal)
    measured = np.array([plant.joints[n] for n in plant.robot.group("arm").names])
    plant.safety = replace(plant.safety, state="running", cause="")
    count = len(plant.trajectories)
    plant.tick(goal)
    fresh = plant.trajectories[-1]
    assert len(plant.trajectories) == count + 1
    assert np.max(np.abs(fresh.positions[0] - measured)) < 0.1
    assert plant.run(goal, 20.0).state == "reached"


STOPPED = SafetyStatus(0.0, "stopped", True, False, "scan_stale", "no scan for 0.3 s")
GOES_ON = SafetyStatus(0.0, "running", True, False)


def brief_stop(plant: Plant) -> None:
    """The gate stops and lets go again between two ticks of control; its hold has taken the trajectory's place."""
    plant.controller.observe_safety(STOPPED, plant.now)
    plant.controller.observe_safety(GOES_ON, plant.now)
    plant.running.clear()


@pytest.mark.parametrize("goal", [
    MotionGoal("g", "arm_posture", posture="offer", timeout_s=30.0),
    MotionGoal("g", "head_posture", posture="down", timeout_s=30.0),
])  # fmt: skip
def test_a_stop_too_short_to_be_seen_at_a_tick_suspends_the_motion_all_the_same(goal: MotionGoal) -> None:
    plant = Plant()
    while not plant.trajectories:
        plant.tick(goal)
    for _ in range(5):
        plant.tick(goal)
    brief_stop(plant)
    end = plant.run(goal, 20.0)
    assert (end.state, end.text) == ("reached", "")
    assert [s.state for s in plant.statuses if s.is_end] == ["reached"]


def test_an_arm_that_does_not_follow_right_after_a_stop_is_planned_anew() -> None:
    plant = Plant()
    goal = MotionGoal("g", "arm_posture", posture="offer", timeout_s=30.0)
    while not plant.trajectories:
        plant.tick(goal)
    stuck = plant.now + 0.8  # the driver goes on holding for longer than the gate says
    while plant.now < stuck:
        brief_stop(plant)
        plant.tick(goal)
    assert plant.run(goal, 20.0).state == "reached"


def test_a_gate_that_never_lets_an_arm_arrive_ends_the_goal_in_its_time_and_is_named() -> None:
    plant = Plant()
    goal = MotionGoal("g", "arm_posture", posture="offer", timeout_s=4.0)
    end = plant.run(goal, 60.0, each=lambda: brief_stop(plant))
    assert end.state in ("timed_out", "blocked") and "no scan for 0.3 s" in end.text
    assert plant.now < 30.0


def test_stale_odometry_stops_the_base() -> None:
    plant = Plant()
    goal = MotionGoal("g", "navigate", targets=(FAR,))
    for _ in range(60):
        plant.tick(goal)
    controller, now = plant.controller, plant.now
    told = []
    for i in range(60):
        controller.set_goal(goal, now + i * 0.02)
        out = controller.tick(now + i * 0.02)
        told += [out.status.text] if out.status else []
    assert out.twist.speed == 0.0 and told[-1] == "odometry is stale"


def test_without_odometry_or_joints_it_waits_then_says_so() -> None:
    plant = Plant()
    plant.controller = Controller(plant.params, plant.robot, plant.plan, plant.controller._context.executor)
    texts, now = [], 0.0
    for kind in ("navigate", "arm_posture"):
        goal = MotionGoal(kind, kind, targets=(FAR,), posture="offer")
        for _ in range(400):
            now += 0.02
            plant.controller.set_goal(goal, now)
            out = plant.controller.tick(now)
            assert out.twist.speed == 0.0 and not out.trajectories
            texts += [out.status] if out.status else []
    assert any(s.state == "blocked" and "no odometry" in s.text for s in texts)
    assert any(s.state == "blocked" and "no joint states" in s.text for s in texts)


def test_non_finite_measurements_are_refused() -> None:
    plant = Plant()
    with pytest.raises(InputError, match="odom"):
        plant.controller.observe_odometry(Odometry(0.0, Pose2D(NAN, 0.0, 0.0)), 0.0)
    with pytest.raises(InputError, match="joint_states"):
        plant.controller.observe_joints(JointStates(0.0, JointPositions(("a",), (NAN,))), 0.0)


def test_a_clock_set_back_ends_the_goal() -> None:
    plant = Plant()
    goal = MotionGoal("g", "navigate", targets=(FAR,))
    for _ in range(50):
        plant.tick(goal)
    plant.now = 0.0
    out = plant.tick()
    assert out.twist.speed == 0.0 and plant.controller.active_goal is None


def test_planning_that_takes_long_never_delays_a_tick() -> None:
    class Never:
        def submit(self, fn, *args, **kwargs):
            return Future()

    plant = Plant()
    plant.controller = Controller(plant.params, plant.robot, plant.plan, Never())
    for kind in ("navigate", "approach", "arm_posture"):
        goal = MotionGoal(kind, kind, targets=(FAR,), posture="offer")
        plant.ticks_s.clear()
        for _ in range(50):
            plant.tick(goal)
        assert float(np.quantile(plant.ticks_s, 0.9)) < 0.003


def test_following_a_path_costs_little() -> None:
    plant = Plant(extra=[box(3.0, 0.9, (0.2, 0.2, 0.5))])
    plant.run(MotionGoal("g", "navigate", targets=(FAR,)), 6.0)
    assert float(np.median(plant.ticks_s)) < 0.003


def test_nav2_needs_its_connection() -> None:
    plant = Plant()
    with pytest.raises(ConfigError, match="nav2"):
        Controller(ControlParams(navigation="nav2"), plant.robot, plant.plan, plant.controller._context.executor)
