"""Which trajectories and gripper commands may pass."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from gate_story import ARM, HOME, ROBOT, arm_trajectory
from hypothesis import given, settings
from hypothesis import strategies as st

from vla_ros.core.motion import JointTrajectory
from vla_ros.safety.gripper_check import judge_gripper
from vla_ros.safety.hermite import extremes
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.trajectory_check import TrajectoryCheck
from vla_ros.safety.verdict import Level

CHECK = TrajectoryCheck(SafetyParams(), ROBOT)
MEASURED = dict(zip(ARM.names, HOME.positions))
GOOD = arm_trajectory({"arm_joint_1": 1.0})


def cause(trajectory: JointTrajectory, measured: dict[str, float] = MEASURED) -> str:
    verdict = CHECK.judge(trajectory, measured)
    assert verdict.level == (Level.INFORM if verdict.cause else Level.PASS)
    return verdict.cause


def changed(field: str, where: object, value: object) -> JointTrajectory:
    array = np.array(getattr(GOOD, field))
    array[where] = value  # type: ignore[index]
    return replace(GOOD, **{field: array})


def test_a_good_trajectory_passes() -> None:
    assert cause(GOOD) == ""


def test_joints_in_another_order_pass_too() -> None:
    turn = list(reversed(range(len(ARM.names))))
    other = JointTrajectory(
        tuple(ARM.names[i] for i in turn), GOOD.times_s, GOOD.positions[:, turn], GOOD.velocities[:, turn]
    )
    assert cause(other) == ""


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_every_slot_of_every_field_is_checked_for_finite_numbers(bad: float) -> None:
    for field in ("times_s", "positions", "velocities"):
        array = getattr(GOOD, field)
        for where in np.ndindex(array.shape):
            assert cause(changed(field, where, bad)) == "trajectory_not_finite", (field, where)
    assert cause(replace(GOOD, efforts=np.full(GOOD.positions.shape, bad))) == "trajectory_not_finite"


def mutations() -> list[tuple[str, tuple[str, ...]]]:
    n = list(ARM.names)
    return [
        ("unknown", (*n[:-1], "leg_joint")),
        ("empty name", (*n[:-1], "")),
        ("double", (*n[:-1], n[0])),
        ("missing last", tuple(n[:-1])),
        ("missing first", tuple(n[1:])),
        ("one of another group", (*n[:-1], "head_pan_joint")),
        ("all and one more", (*n, "head_pan_joint")),
        ("two groups", (*n, "head_pan_joint", "head_tilt_joint")),
        ("fingers", ROBOT.gripper.joints),
    ]


@pytest.mark.parametrize(("what", "names"), mutations(), ids=[m[0] for m in mutations()])
def test_names_must_be_exactly_one_group(what: str, names: tuple[str, ...]) -> None:
    positions = np.tile([MEASURED.get(n, 0.0) for n in names], (2, 1))
    trajectory = JointTrajectory(names, np.array([0.5, 1.0]), positions, np.zeros_like(positions))
    assert cause(trajectory, MEASURED | dict.fromkeys(names, 0.0)) == "trajectory_joints"


@pytest.mark.parametrize(
    ("where", "value"),
    [(0, 0.0), (0, -0.1), (5, GOOD.times_s[4]), (5, GOOD.times_s[4] - 0.01), (-1, 1e6), (-1, 60.5)],
    ids=["zero", "negative", "equal", "falling", "huge", "too long"],
)
def test_times_are_positive_strictly_rising_and_bounded(where: int, value: float) -> None:
    verdict = CHECK.judge(changed("times_s", where, value), MEASURED)
    assert verdict.cause == "trajectory_times"
    if where == 5:
        assert "time 5 does not rise" in verdict.text


def test_it_must_start_where_the_joints_are() -> None:
    assert cause(GOOD, MEASURED | {"arm_joint_3": MEASURED["arm_joint_3"] + 1.0}) == "trajectory_start"
    assert cause(GOOD, MEASURED | {"torso_lift_joint": MEASURED["torso_lift_joint"] + 0.06}) == "trajectory_start"
    assert cause(GOOD, {k: v for k, v in MEASURED.items() if k != "arm_joint_3"}) == "trajectory_start"


def test_it_must_end_at_rest_and_say_velocities() -> None:
    assert cause(changed("velocities", (-1, 2), 0.05)) == "trajectory_end"
    assert cause(replace(GOOD, velocities=None)) == "trajectory_velocities"


def test_limits_hold_between_legal_waypoints_too() -> None:
    """Both points are legal; the spline between them leaves the joint's range."""
    lift = ARM.names.index("torso_lift_joint")
    start = np.array(HOME.positions)
    start[lift] = 0.39
    positions, velocities = np.tile(start, (3, 1)), np.zeros((3, len(start)))
    velocities[0, lift], velocities[1, lift] = 0.15, -0.15
    times = np.array([0.4, 1.4, 2.4])
    verdict = CHECK.judge(JointTrajectory(ARM.names, times, positions, velocities), dict(zip(ARM.names, start)))
    assert verdict.cause == "trajectory_position" and verdict.object == "torso_lift_joint" and verdict.value > 0.4


def test_too_fast_and_too_sudden_are_told_apart() -> None:
    assert cause(arm_trajectory({"arm_joint_1": -2.0}, seconds=1.0)) == "trajectory_velocity"
    assert cause(arm_trajectory({"arm_joint_1": 0.808}, seconds=0.4, points=2)) == "trajectory_acceleration"
    assert cause(arm_trajectory({"arm_joint_1": 1.9}, seconds=5.0)) == "trajectory_position"


@pytest.mark.parametrize(("share", "expected"), [(1.0, ""), (1.0095, ""), (1.012, "trajectory_velocity")])
def test_the_limit_itself_is_allowed_and_what_is_more_than_rounding_is_not(share: float, expected: str) -> None:
    joint = ROBOT.group("arm").joints[1]
    # peak velocity of the smooth step is 1.5 times its mean
    seconds = 1.5 * 1.9 / (joint.velocity * share)
    start = MEASURED["arm_joint_1"]
    assert cause(arm_trajectory({"arm_joint_1": start - 1.9}, seconds, points=100)) == expected


def test_a_joint_moved_out_of_its_range_by_hand_may_come_back_only() -> None:
    i = ARM.names.index("arm_joint_1")
    out = {**MEASURED, "arm_joint_1": 1.75}
    for end, expected in ((1.6, ""), (1.79, "trajectory_position")):
        s = np.linspace(0.0, 1.0, 11)[1:]
        positions = np.tile(HOME.positions, (10, 1))
        positions[:, i] = 1.75 + (s * s * (3 - 2 * s)) * (end - 1.75)
        velocities = np.zeros_like(positions)
        velocities[:, i] = 6 * s * (1 - s) / 2.0 * (end - 1.75)
        assert cause(JointTrajectory(ARM.names, s * 2.0, positions, velocities), out) == expected


def test_a_million_points_are_refused_before_any_of_them_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    n, j = 1_000_000, len(ARM.names)
    huge = JointTrajectory(ARM.names, np.arange(n) + 1.0, np.zeros((n, j)), np.zeros((n, j)))

    def looked_at(*_: object) -> None:
        raise AssertionError("the points were looked at")

    for name in ("_numbers", "_times", "_ends", "_limits"):
        monkeypatch.setattr(TrajectoryCheck, name, looked_at)
    assert CHECK.judge(huge, MEASURED).cause.startswith("trajectory_")


number = st.floats(-2.0, 2.0)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(0.05, 2.0), number, number), min_size=2, max_size=6))
def test_extremes_agree_with_dense_sampling(rows: list[tuple[float, float, float]]) -> None:
    times = np.cumsum([r[0] for r in rows])
    p, v = np.array([[r[1]] for r in rows]), np.array([[r[2]] for r in rows])
    found = extremes(times, p, v)
    for i, h in enumerate(np.diff(times)):
        s = np.linspace(0.0, 1.0, 2001)
        m0, m1 = v[i, 0] * h, v[i + 1, 0] * h
        x = (
            (2 * s**3 - 3 * s**2 + 1) * p[i, 0]
            + (s**3 - 2 * s**2 + s) * m0
            + (3 * s**2 - 2 * s**3) * p[i + 1, 0]
            + (s**3 - s**2) * m1
        )
        speed = np.gradient(x, s * h)
        scale = 1.0 + np.abs(x).max()
        assert abs(found.low[i, 0] - x.min()) < 1e-4 * scale and abs(found.high[i, 0] - x.max()) < 1e-4 * scale
        assert found.speed[i, 0] >= np.abs(speed[1:-1]).max() - 1e-6
        assert found.speed[i, 0] <= np.abs(speed).max() + 0.02 * (1 + found.speed[i, 0])


def fingers(opening: float = 0.05, effort: float = 10.0, **other: object) -> JointTrajectory:
    positions = np.full((1, 2), opening)
    values = {"times_s": np.array([0.5]), "positions": positions, "efforts": np.full((1, 2), effort)} | other
    return JointTrajectory(ROBOT.gripper.joints, **values)  # type: ignore[arg-type]


def test_gripper_commands_keep_range_force_and_form() -> None:
    params = SafetyParams()
    assert judge_gripper(fingers(), ROBOT, params).level == Level.PASS
    bad = [
        fingers(0.06),
        fingers(-0.01),
        fingers(effort=41.0),
        fingers(effort=math.nan),
        fingers(math.nan),
        fingers(times_s=np.array([0.0])),
        fingers(times_s=np.array([1e9])),
        fingers(positions=np.zeros((1, 3))),
        replace(fingers(), names=("gripper_left_finger_joint",)),
        replace(fingers(), names=("gripper_left_finger_joint",) * 2),
    ]
    for command in bad:
        assert judge_gripper(command, ROBOT, params).cause == "gripper_refused"
    assert judge_gripper(fingers(), replace(ROBOT, gripper=None), params).cause == "gripper_refused"
