"""Each rule of the gate exactly at its border: what still passes there, what no longer does, and what is told."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from gate_story import ARM, HOME, MODEL, ROBOT, arm_trajectory

from vla_ros.core.geometry import ZERO_TWIST, JointPositions, Pose, Pose2D, Twist2D
from vla_ros.core.motion import JointTrajectory
from vla_ros.core.robot_state import JointStates, LaserScan, Odometry
from vla_ros.core.scene import Scene, SceneObject
from vla_ros.safety.contact_speed import ContactSpeeds, robot_mass
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.gripper_check import judge_gripper
from vla_ros.safety.hermite import extremes
from vla_ros.safety.intervention import InterventionLog
from vla_ros.safety.joint_hold import JointHold
from vla_ros.safety.obstacle_guard import ObstacleGuard
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.people import Human, People
from vla_ros.safety.ramp import TwistRamp
from vla_ros.safety.scan_check import hits, judge_scan
from vla_ros.safety.senses import Senses
from vla_ros.safety.sensor_health import SensorHealth
from vla_ros.safety.separation_guard import SeparationGuard, Sweep
from vla_ros.safety.silhouette import Silhouette
from vla_ros.safety.swept_path import Profile, Rim, profile
from vla_ros.safety.trajectory_check import TrajectoryCheck, refuse
from vla_ros.safety.twist_limit import limited_twist
from vla_ros.safety.verdict import PASS, Level, Verdict
from vla_ros.safety.zones import KeepOut, Zone, Zones

PARAMS = SafetyParams()
MEASURED = dict(zip(ARM.names, HOME.positions))


# ---- scans


def scan(ranges: np.ndarray, increment: float = 0.0) -> LaserScan:
    step = increment or 2 * math.pi / len(ranges)
    return LaserScan(1.0, "lidar_link", -math.pi, step, 0.05, 8.0, ranges)


def blind_at(beams: int, *runs: tuple[int, int]) -> np.ndarray:
    ranges = np.full(beams, np.inf)
    for first, count in runs:
        ranges[np.arange(first, first + count) % beams] = math.nan
    return ranges


def test_exactly_as_many_beams_as_are_needed_see_and_one_less_does_not() -> None:
    params = SafetyParams(scan_min_beams=30, scan_min_share=0.5, scan_max_gap_rad=6.3)
    half = np.full(60, math.nan)
    half[::2] = np.inf
    assert judge_scan(scan(half), params) is None
    fewer = judge_scan(scan(np.append(half, math.nan)), params)
    assert fewer is not None and (fewer.value, fewer.limit) == (30 / 61, 0.5)
    half[0] = math.nan
    less = judge_scan(scan(half), params)
    assert less is not None and (less.value, less.limit, less.scale, less.object) == (29, 30, 0.0, "scan")


@pytest.mark.parametrize("beams_missing", [0.0, -1.0, 1.0, 1.4, 1.6, 180.0])
def test_the_widest_run_that_is_allowed_sees_and_one_beam_more_is_blind(beams_missing: float) -> None:
    """A full turn may lack its last beam or repeat its first; its two ends are neighbours, others' are not."""
    n = 360
    step = 2 * math.pi / (n + beams_missing)
    params = SafetyParams(scan_max_gap_rad=40.0 * step)
    full = beams_missing < 1.5
    for first in (0, 100, n - 40):
        assert judge_scan(scan(blind_at(n, (first, 40)), step), params) is None
    for first in (0, 100, n - 41):
        wide = judge_scan(scan(blind_at(n, (first, 41)), step), params)
        assert wide is not None and (wide.value, wide.limit) == (41.0 * step, 40.0 * step)
    assert judge_scan(scan(blind_at(n, (n - 20, 40)), step), params) is None
    over_the_seam = judge_scan(scan(blind_at(n, (n - 20, 41)), step), params)
    assert (over_the_seam is not None) == full


def test_the_ends_of_a_lidars_range_are_measured_and_what_lies_beyond_is_not() -> None:
    ranges = np.array([0.05, 8.0, 0.0499, 8.01, math.nan, np.inf, -np.inf])
    found = np.hypot(*hits(scan(ranges), (0.0, 0.0, 0.0)).T)
    assert sorted(found) == pytest.approx([0.05, 0.05, 8.0])
    near = np.full(40, 0.05)
    assert judge_scan(scan(near), PARAMS) is None


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("angle_min", (math.nan, math.inf, -math.inf)),
        ("angle_increment", (math.nan, math.inf, 0.0)),
        ("range_min", (math.nan, math.inf, -0.01, 8.0)),
        ("range_max", (math.nan, -math.inf, 0.05, 0.0)),
    ],
)
def test_a_scan_whose_geometry_is_no_geometry_is_not_seen_with(field: str, values: tuple[float, ...]) -> None:
    good = scan(np.full(360, 1.0))
    assert judge_scan(good, PARAMS) is None
    assert judge_scan(replace(good, range_min=0.0, range_max=math.inf), PARAMS) is None
    assert judge_scan(replace(good, angle_increment=-good.angle_increment), PARAMS) is None
    for value in values:
        verdict = judge_scan(replace(good, **{field: value}), PARAMS)
        assert verdict is not None and (verdict.level, verdict.cause) == (Level.BRAKE, "scan_invalid"), value
        assert (verdict.object, verdict.scale) == ("scan", 0.0) and field in verdict.text


# ---- age


def test_an_input_is_fresh_to_the_end_of_its_time_out_and_not_from_the_future() -> None:
    health = SensorHealth(("scan",), SafetyParams(scan_timeout_s=0.25))
    assert health.judge(0.0)[0] == Verdict(
        Level.BRAKE, "scan_missing", "No scan has arrived yet.", 0.0, 0.25, "scan", 0.0
    )
    assert not health.all_seen() and health.age("scan", 0.0) == math.inf
    assert health.note("scan", 5.0, 1.0) and health.all_seen()
    assert health.judge(1.0) == [] == health.judge(1.25)
    for now, age in ((1.5, 0.5), (0.5, -0.5)):
        stale = health.judge(now)[0]
        assert (stale.cause, stale.level, stale.value, stale.limit) == ("scan_stale", Level.BRAKE, age, 0.25)
        assert (stale.object, stale.scale) == ("scan", 0.0)
    assert not health.note("scan", 5.0, 1.4) and not health.note("scan", 6.0, 1.4, frozen=True)
    frozen = health.judge(1.5)[0]
    assert (frozen.cause, frozen.value, frozen.limit, frozen.scale) == ("scan_frozen", 0.5, 0.25, 0.0)
    assert health.note("scan", 6.0, 1.5, frozen=False) and health.judge(1.5) == []
    broken = Verdict(Level.BRAKE, "scan_blind")
    assert not health.note("scan", 7.0, 1.6, broken) and health.judge(1.6) == [broken]
    assert health.note("scan", 8.0, 1.7) and health.judge(1.7) == []


# ---- the base's twist


def test_the_fastest_twist_passes_whole_and_one_above_is_told_with_its_numbers() -> None:
    base = ROBOT.base
    assert base.holonomic
    whole, verdict = limited_twist((base.speed, 0.0, 0.0, 0.0, 0.0, -base.yaw_rate), base)
    assert whole == Twist2D(base.speed, 0.0, -base.yaw_rate) and verdict == PASS
    half, told = limited_twist((0.0, 2 * base.speed, 0.0, 0.0, 0.0, 2 * base.yaw_rate), base)
    assert (told.cause, told.object, told.value, told.limit) == ("speed_limit", "linear", 2 * base.speed, base.speed)
    assert told.level == Level.INFORM and told.scale == pytest.approx(0.5) and half.vy == pytest.approx(base.speed)
    assert half.vy <= base.speed and half.wz <= base.yaw_rate
    _, turn = limited_twist((2 * base.speed, 0.0, 0.0, 0.0, 0.0, 4 * base.yaw_rate), base)
    assert (turn.object, turn.value, turn.limit) == ("angular", 4 * base.yaw_rate, base.yaw_rate)
    assert turn.scale == pytest.approx(0.25) and limited_twist((0.0,) * 6, base) == (ZERO_TWIST, PASS)


@pytest.mark.parametrize(
    ("axis", "holonomic"), [(2, True), (3, True), (4, True), (1, False), (2, False), (3, False), (4, False)]
)
def test_an_axis_that_the_base_has_not_is_told_with_its_value(axis: int, holonomic: bool) -> None:
    raw = tuple(-0.25 if i == axis else 0.0 for i in range(6))
    twist, told = limited_twist(raw, replace(ROBOT.base, holonomic=holonomic))  # type: ignore[arg-type]
    assert twist == ZERO_TWIST and (told.cause, told.value, told.limit) == ("unowned_axis", -0.25, 0.0)
    assert told.scale == 1.0 and told.level == Level.INFORM


def test_numbers_out_of_all_bounds_stop_with_a_scale_of_zero() -> None:
    for raw in ((1.7e308, 1.7e308, 0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0, math.inf, 0.0)):
        twist, told = limited_twist(raw, ROBOT.base)
        assert twist == ZERO_TWIST and (told.level, told.scale, told.value, told.limit) == (Level.HALT, 0.0, 0.0, 0.0)


# ---- holds


def hold() -> JointHold:
    return JointHold(SafetyParams(hold_period_s=0.25, hold_drift=0.125, hold_time_s=0.5), (ARM,))


def moved(by: float) -> dict[str, float]:
    return {name: value + by for name, value in MEASURED.items()}


def test_a_trajectory_is_driven_until_a_moment_after_its_end() -> None:
    one, end = hold(), 10.0 + 2.0 + 0.3
    assert not one.moving(0.0) and not one.moves("arm", 0.0)
    one.passed("arm", arm_trajectory(seconds=2.0), 10.0)
    assert one.moving(end - 1e-6) and one.moves("arm", end - 1e-6)
    assert not one.moving(end) and not one.moves("arm", end) and not one.moves("other", end)


def test_a_group_that_never_moved_is_not_held_and_one_alone_for_a_second() -> None:
    one = hold()
    one.hold_alone("arm", 1.0)
    assert one.tick(True, MEASURED, 1.0) == () == one.tick(False, MEASURED, 1.0)
    one.passed("arm", arm_trajectory(seconds=2.0), 10.0)
    assert one.tick(False, MEASURED, 10.0) == ()
    one.hold_alone("arm", 11.0)
    assert not one.moving(11.0)
    assert len(one.tick(False, MEASURED, 11.0)) == 1 and len(one.tick(False, MEASURED, 12.0)) == 1
    assert one.tick(False, MEASURED, 12.01) == ()
    one.hold_alone("arm", 15.0)
    assert one.tick(False, MEASURED, 16.01) == ()
    one.hold_alone("arm", 20.0)
    one.passed("arm", arm_trajectory(seconds=2.0), 20.1)
    assert one.tick(False, MEASURED, 20.2) == (), "what passes ends a hold"


def test_a_hold_is_repeated_and_made_anew_only_beyond_its_drift() -> None:
    one = hold()
    one.passed("arm", arm_trajectory(seconds=2.0), 0.0)
    assert one.tick(True, MEASURED, 1.0, but="arm") == () and one.moving(1.0)
    (first,) = one.tick(True, MEASURED, 1.0)
    assert list(first.times_s) == [0.5] and first.velocities is not None and not first.velocities.any()
    assert first.positions.tolist() == [list(HOME.positions)] and not one.moving(1.0)
    assert one.tick(True, moved(0.12), 1.1) == () == one.tick(True, MEASURED, 1.2)
    assert one.tick(True, moved(0.12), 1.25)[0].positions.tolist() == first.positions.tolist()
    assert one.tick(True, moved(0.13), 1.3)[0].positions.tolist() == [list(moved(0.13).values())]
    assert one.tick(True, {}, 9.0) == (), "a joint that nobody measures cannot be held"


def test_a_drift_of_exactly_the_bound_is_none() -> None:
    one = hold()
    one.passed("arm", arm_trajectory(seconds=2.0), 0.0)
    one.tick(True, dict.fromkeys(ARM.names, 0.0), 1.0)
    assert one.tick(True, dict.fromkeys(ARM.names, 0.125), 1.1) == ()
    assert one.tick(True, dict.fromkeys(ARM.names, -0.125), 1.2) == ()


# ---- people


def someone(speed: float = 0.5, **changes: object) -> SceneObject:
    out = SceneObject(
        "p", (("person", 0.9),), "blue", "person", Pose((2.0, 1.0, 0.85)), (0.5, 0.4, 1.7), 0.9, True, 0.0,
        velocity=(speed, 0.0, 0.0),
    )  # fmt: skip
    return replace(out, **changes)


def test_a_measured_speed_counts_until_the_scene_is_too_old_and_the_greater_one_after() -> None:
    for speed, later in ((0.5, 1.6), (3.0, 3.25)):
        people = People(SafetyParams(scene_timeout_s=1.0, human_speed_mps=1.6, human_margin_mps=0.25))
        assert people.at(5.0) == ()
        for now in (4.0, 4.5, 5.0):
            people.see(Scene(now, "odom", (someone(speed, last_seen_s=now),)), now)
        assert people.at(6.0)[0].speed == speed + 0.25
        assert people.at(6.001)[0].speed == later


def test_what_nobody_takes_for_a_person_is_none() -> None:
    cup = someone(shape="cylinder", categories=(("cup", 0.9), ("person", 0.0)), size=(0.1, 0.1, 0.1))
    people = People(PARAMS)
    for _ in range(3):
        people.see(Scene(0.0, "odom", (cup,)), 0.0)
        assert people.at(0.0) == ()


# ---- zones

SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
ROOM = KeepOut(Zones(keep_out=(Zone(name="a", polygon=SQUARE, z=(1.0, 2.0)),)))


@pytest.mark.parametrize(
    ("center", "radius", "inside"),
    [((0.5, 0.5, 0.5), 0.5, ""), ((0.5, 0.5, 0.5), 0.5001, "a"), ((0.5, 0.5, 2.5), 0.5, ""),
     ((0.5, 0.5, 2.5), 0.5001, "a"), ((1.5, 0.5, 1.5), 0.5, ""), ((1.5, 0.5, 1.5), 0.5001, "a")],
)  # fmt: skip
def test_a_sphere_may_touch_a_zone_from_below_above_and_beside(
    center: tuple[float, float, float], radius: float, inside: str
) -> None:
    assert ROOM.entered(np.array([center]), np.array([radius])) == inside


def test_floor_points_lie_five_centimetres_apart_and_only_in_zones_that_a_base_is_high_enough_for() -> None:
    assert len(KeepOut(Zones()).floor_points(math.inf)) == 0
    assert len(ROOM.floor_points(1.0)) == 0
    points = ROOM.floor_points(1.01)
    lower_edge = np.unique(np.round(points[points[:, 1] == 0.0, 0], 9))
    assert lower_edge == pytest.approx(np.linspace(0.0, 1.0, 21))
    middle = np.unique(np.round(points[np.abs(points[:, 1] - 0.5) < 1e-9, 0], 9))
    assert middle == pytest.approx(np.linspace(0.0, 1.0, 21))


def test_it_does_not_matter_with_which_corner_a_zone_begins() -> None:
    def points(corners: tuple[tuple[float, float], ...]) -> set[tuple[float, ...]]:
        made = KeepOut(Zones(keep_out=(Zone(name="a", polygon=corners),))).floor_points(math.inf)
        return set(map(tuple, np.round(made, 9)))

    for k in range(1, 4):
        assert points(SQUARE[k:] + SQUARE[:k]) == points(SQUARE)


def test_a_sliver_of_a_zone_is_closed_along_each_of_its_edges() -> None:
    sliver = ((0.011, 0.017), (1.013, 0.517), (1.003, 0.533), (0.003, 0.031))
    points = KeepOut(Zones(keep_out=(Zone(name="a", polygon=sliver),))).floor_points(math.inf)
    outline = Footprint(sliver)
    assert outline.clearance(points).max() < 1e-9
    for a, b in zip(np.array(sliver), np.roll(np.array(sliver), -1, axis=0)):
        for share in np.linspace(0.0, 1.0, 41):
            at = a + share * (b - a)
            assert np.hypot(*(points - at).T).min() <= 0.0251
        along = (points - a) @ (b - a) / np.hypot(*(b - a))
        on = np.unique(
            np.round(along[np.abs((b - a)[0] * (points - a)[:, 1] - (b - a)[1] * (points - a)[:, 0]) < 1e-12], 9)
        )
        assert len(on) == math.ceil(np.hypot(*(b - a)) / 0.05) + 1


# ---- ways of the base


def free_way(ways: list[float], clearances: list[float], margin: float = 0.1, floor: float = 0.02) -> float:
    return Profile(np.array(ways, float), np.array(clearances, float)).free_way(margin, floor)


def test_the_way_ends_where_the_clearance_falls_below_the_margin() -> None:
    assert free_way([0, 1, 2], [0.2, 0.1, 0.0], 0.05) == pytest.approx(1.5)
    assert free_way([0, 1, 2], [0.2, 0.0, 0.2], 0.05) == pytest.approx(0.75)
    assert free_way([0, 1, 2], [0.2, 0.1, 0.1]) == math.inf
    assert free_way([0, 0.1, 0.2], [0.1, 0.1, 0.1]) == math.inf
    assert free_way([0, 0.1, 0.2], [0.1, 0.09, 0.09]) == 0.0


def test_nearer_than_the_margin_one_may_sidle_but_never_below_the_floor() -> None:
    ways = [0.0, 0.05, 0.1]
    assert free_way(ways, [0.05, 0.036, 0.021]) == math.inf
    assert free_way(ways, [0.05, 0.034, 0.05]) == pytest.approx(0.0, abs=1e-9)
    assert free_way(ways, [0.05, 0.036, 0.019]) == pytest.approx(0.05 + 0.05 * 0.001 / 0.002)
    below = [0.01, 0.01 - 0.9e-4, 0.01 - 0.9e-4]
    assert free_way(ways, below) == math.inf, "standing below the floor is allowed, going on is not"
    assert free_way(ways, [0.01, 0.01 - 1.1e-4, 0.01]) < 0.05
    assert free_way(ways, [0.0, 0.0, 0.0]) == math.inf


def test_what_is_inside_must_be_left_fast_enough_and_never_deeper() -> None:
    ways = [0.0, 0.125, 0.25]
    assert free_way(ways, [-0.125, -0.0625, 0.0]) == 0.0
    assert free_way(ways, [-0.125, -0.0625, 0.001]) == math.inf
    assert free_way(ways, [-0.125, -0.125 - 1e-4, 0.1]) == math.inf
    assert free_way(ways, [-0.125, -0.125 - 1.1e-4, 0.1]) == 0.0


def test_a_twist_at_the_rim_has_the_speed_and_the_deceleration_of_its_slower_part() -> None:
    base = ROBOT.base
    rim = Rim.of(Twist2D(0.3, 0.4, -0.5), base, 0.2, 0.5)
    stopping = max(0.5 / base.deceleration, 0.5 / base.yaw_acceleration)
    assert rim.speed == pytest.approx(0.6) and rim.deceleration == pytest.approx(0.5 * 0.6 / stopping)
    assert Rim.of(Twist2D(0.5, 0.0, 0.0), base, 0.2).deceleration == pytest.approx(base.deceleration)
    assert rim.speed_for(0.0, 0.1) == pytest.approx(0.0, abs=1e-12) == rim.speed_for(-1.0, 0.1)


def test_a_way_is_sampled_every_fifteen_millimetres_and_at_least_four_times() -> None:
    outline, ahead = Footprint(ROBOT.base.footprint), Twist2D(0.5, 0.0, 0.0)
    point, no_radius = np.array([[1.0, 0.0]]), np.zeros(1)
    for length, count in ((0.03, 4), (0.06, 4), (0.07, 5), (1.5, 100)):
        found = profile(outline, point, no_radius, ahead, length, 1)
        assert found.ways == pytest.approx(np.linspace(0.0, length, count + 1)) and len(found.clearances) == count + 1
    few = profile(outline, point, no_radius, ahead, 0.3, 2)
    assert np.isinf(few.clearances).all() and few.clearances.shape == few.ways.shape


# ---- trajectories


def judged(trajectory: JointTrajectory, measured: dict[str, float] = MEASURED, **params: object) -> Verdict:
    return TrajectoryCheck(SafetyParams(**params), ROBOT).judge(trajectory, measured)  # type: ignore[arg-type]


def test_as_many_points_and_as_long_as_allowed_pass_and_more_does_not() -> None:
    assert judged(arm_trajectory(points=20), max_points=20) == PASS
    more = judged(arm_trajectory(points=21), max_points=20)
    assert (more.cause, more.value, more.limit, more.level) == ("trajectory_size", 21, 20, Level.INFORM)
    assert judged(arm_trajectory(points=1), max_points=1).cause != "trajectory_size"
    assert judged(arm_trajectory(seconds=2.0), max_duration_s=2.0) == PASS
    longer = judged(arm_trajectory(seconds=2.5), max_duration_s=2.0)
    assert (longer.cause, longer.value, longer.limit) == ("trajectory_times", 2.5, 2.0)


def at_rest(positions: list[float], times: list[float]) -> JointTrajectory:
    rows = np.tile(positions, (len(times), 1))
    return JointTrajectory(ARM.names, np.array(times), rows, velocities=np.zeros_like(rows))


def test_a_start_exactly_as_far_as_tolerated_passes() -> None:
    limits = {j.name: j for j in ARM.joints}
    for i, name in enumerate(ARM.names):
        measured = dict(MEASURED)
        room = limits[name].upper - measured[name] > limits[name].lower - measured[name] * -1
        tolerance = PARAMS.start_tolerance_m if limits[name].prismatic else PARAMS.start_tolerance_rad
        sign = 1.0 if limits[name].upper - measured[name] > 2 * tolerance or room else -1.0
        to = list(HOME.positions)
        to[i] += sign * 2 * tolerance
        refused = judged(at_rest(to, [5.0]), measured)
        assert refused.cause == "trajectory_start" and refused.object == name
        assert (refused.value, refused.limit) == (pytest.approx(2 * tolerance), tolerance)


def test_an_end_as_fast_as_rest_passes_and_a_faster_one_does_not() -> None:
    slow = at_rest(list(HOME.positions), [1.0, 2.0])
    assert slow.velocities is not None
    slow.velocities[-1, 0] = 1e-3
    assert judged(slow).cause != "trajectory_end"
    slow.velocities[-1, 0] = -1.1e-3
    fast = judged(slow)
    assert (fast.cause, fast.limit, fast.object) == ("trajectory_end", 1e-3, ARM.names[0])
    assert fast.value == pytest.approx(1.1e-3)


def test_a_first_point_at_once_is_judged_as_if_it_took_fifty_milliseconds() -> None:
    i, joint = next((i, j) for i, j in enumerate(ARM.joints) if not j.prismatic)
    name = joint.name
    slow = replace(ROBOT, groups=tuple(
        replace(g, joints=tuple(replace(j, velocity=1.0) if j.name == name else j for j in g.joints))
        for g in ROBOT.groups
    ))  # fmt: skip
    sign = 1.0 if joint.upper - MEASURED[name] > 0.2 else -1.0
    for offset, cause in ((0.049, ""), (0.052, "trajectory_velocity")):
        to = list(HOME.positions)
        to[i] += sign * offset
        for times in ([1e-3], [1e-3, 1.0]):
            verdict = TrajectoryCheck(PARAMS, slow).judge(at_rest(to, times), MEASURED)
            assert verdict.cause == cause, (offset, times)
            if cause:
                assert verdict.value == pytest.approx(offset / 0.05) and verdict.object == name
                assert "after point 0" in verdict.text


def test_names_that_flood_a_log_are_cut_and_the_row_that_does_not_rise_is_told() -> None:
    good = arm_trajectory()
    flooded = judged(replace(good, names=("x" * 100, *good.names[1:])))
    assert flooded.object == "x" * 60 and "x" * 61 not in flooded.text
    times = np.array(good.times_s)
    times[3] = times[2]
    told = judged(replace(good, times_s=times))
    assert told.cause == "trajectory_times" and "time 3 does not rise" in told.text and told.value == 0.0
    first = judged(replace(good, times_s=np.append(0.0, good.times_s[1:])))
    assert (first.cause, first.value, first.limit) == ("trajectory_times", 0.0, 0.0)


def test_a_number_that_is_none_is_told_as_zero() -> None:
    assert refuse("any", "text", math.nan).value == 0.0 == refuse("any", "text", math.inf).value
    assert refuse("any", "text", 2.5, 2.0, "joint") == Verdict(
        Level.INFORM, "trajectory_any", "Trajectory refused: text", 2.5, 2.0, "joint"
    )


def test_a_name_that_stands_twice_is_told_and_names_of_no_group_too() -> None:
    good = arm_trajectory()
    double = judged(replace(good, names=(*good.names[:-1], good.names[0])))
    assert f"joint '{good.names[0]}' stands in it twice" in double.text and double.object == good.names[0]
    fewer = JointTrajectory(good.names[:-1], good.times_s, good.positions[:, :-1], good.velocities[:, :-1])  # type: ignore[index]
    other = judged(fewer)
    assert "are not exactly one of the groups" in other.text and other.object == ""


def from_zero(i: int, first: float) -> Verdict:
    to = list(HOME.positions)
    to[i] = first
    return judged(at_rest(to, [5.0]), MEASURED | {ARM.names[i]: 0.0}, start_tolerance_rad=0.125)


def test_exactly_the_tolerated_gap_at_the_start_passes() -> None:
    i = next(i for i, j in enumerate(ARM.joints) if not j.prismatic)
    assert from_zero(i, 0.125) == PASS == from_zero(i, -0.125)
    assert from_zero(i, 0.12501).cause == from_zero(i, -0.12501).cause == "trajectory_start"


def test_a_millionth_beyond_a_joints_range_is_rounding_and_more_is_not() -> None:
    for i, joint in enumerate(ARM.joints):
        if joint.prismatic:
            continue
        for end, sign in ((joint.upper, 1.0), (joint.lower, -1.0)):
            measured = MEASURED | {joint.name: end - sign * 0.05}
            to = list(HOME.positions)
            to[i] = end + sign * 1e-6
            assert judged(at_rest(to, [5.0]), measured) == PASS
            to[i] = end + sign * 1.1e-6
            beyond = judged(at_rest(to, [5.0]), measured)
            assert (beyond.cause, beyond.object) == ("trajectory_position", joint.name)


def test_the_largest_acceleration_passes_and_what_is_more_than_rounding_does_not() -> None:
    i, joint = next((i, j) for i, j in enumerate(ARM.joints) if not j.prismatic)
    way = 0.2 if joint.upper - MEASURED[joint.name] > 0.2 else -0.2
    for share, cause in ((1.0, ""), (1.0095, ""), (1.012, "trajectory_acceleration")):
        seconds = math.sqrt(6.0 * abs(way) / (joint.acceleration * share))  # of a cubic from rest to rest
        rows = np.tile(HOME.positions, (2, 1))
        rows[1, i] += way
        fast = JointTrajectory(ARM.names, np.array([0.5, 0.5 + seconds]), rows, velocities=np.zeros_like(rows))
        assert judged(fast).cause == cause


def test_the_acceleration_at_both_ends_of_a_segment_counts() -> None:
    times = np.array([0.0, 0.5])
    late = extremes(times, np.array([[0.0], [1.0]]), np.array([[0.0], [6.0]]))
    assert late.acceleration == pytest.approx(np.array([[24.0]])) and late.speed == pytest.approx(np.array([[6.0]]))
    early = extremes(times, np.array([[0.0], [1.0]]), np.array([[6.0], [0.0]]))
    assert early.acceleration == pytest.approx(np.array([[24.0]]))


# ---- the gripper

FINGERS = ROBOT.gripper
assert FINGERS is not None
SHARE = FINGERS.max_opening / 2


def fingers(positions: float = 0.01, points: int = 1, end: float = 1.0, **changes: object) -> str:
    times = np.linspace(0.0, end, points + 1)[1:]
    command = JointTrajectory(FINGERS.joints, times, np.full((points, 2), positions))
    verdict = judge_gripper(replace(command, **changes), ROBOT, SafetyParams(max_points=3, max_duration_s=2.5))
    return verdict.text.removeprefix("Gripper command refused: ")


def test_a_gripper_goes_exactly_to_its_bounds() -> None:
    assert fingers(points=3) == "" and "allowed are 1 to 3" in fingers(points=4)
    assert fingers(end=2.5) == "" and "times" in fingers(end=2.6)
    for fine, beyond in ((-1e-6, -1.1e-6), (SHARE + 1e-6, SHARE + 1.1e-6)):
        assert fingers(fine) == "" and "fingers go from" in fingers(beyond)
    most = FINGERS.max_effort
    assert fingers(efforts=np.full((1, 2), most)) == "" and "is above" in fingers(efforts=np.full((1, 2), most + 1e-6))
    for name in ("velocities", "efforts"):
        assert f"its {name} are not" in fingers(**{name: np.full((1, 2), math.nan)})
        assert f"its {name} are not" in fingers(**{name: np.zeros((1, 3))})


# ---- outlines


def test_inside_and_outside_of_a_bent_outline_either_way_round() -> None:
    bent = ((0.4, 0.3), (-0.3, 0.3), (-0.3, -0.3), (0.0, -0.3), (0.0, 0.0), (0.4, 0.0))
    two_legs = ((0.0, 0.0), (3.0, 0.0), (3.0, 2.0), (2.0, 2.0), (2.0, 1.0), (1.0, 1.0), (1.0, 2.0), (0.0, 2.0))
    cases = (
        (bent, (0.2, 0.15), -0.15), (bent, (-0.15, -0.15), -0.15), (bent, (-0.15, 0.1), -0.15),
        (bent, (0.2, -0.1), 0.1),
        (bent, (0.1, -0.2), 0.1), (bent, (-0.4, 0.1), 0.1), (bent, (0.5, 0.15), 0.1), (bent, (0.1, 0.4), 0.1),
        (bent, (0.43, 0.34), 0.05), (two_legs, (0.5, 1.5), -0.5), (two_legs, (1.5, 1.6), 0.5),
        (two_legs, (2.4, 1.5), -0.4), (two_legs, (-0.5, 1.5), 0.5),
    )  # fmt: skip
    for corners, at, expected in cases:
        for shape in (corners, corners[::-1]):
            assert Footprint(shape).clearance(np.array([at]))[0] == pytest.approx(expected), (at, shape is corners)


def test_the_nearest_of_many_points_is_found_in_any_order() -> None:
    rng, outline = np.random.default_rng(3), Footprint(ROBOT.base.footprint)
    points, radii = rng.uniform(-2.0, 2.0, (40, 50, 2)), rng.uniform(0.0, 0.1, 50)
    expected = np.sort(outline.clearance(points) - radii, axis=1)
    for beams in (1, 2, 3):
        assert outline.nearest(points, radii, beams) == pytest.approx(expected[:, beams - 1])


# ---- records


def test_the_same_cause_is_recorded_again_after_a_second_and_counted_always() -> None:
    log, why = InterventionLog(), Verdict(Level.SLOW, "why")
    assert log.count == 0
    for now in (0.0, 0.99, 1.0):
        log.event(why, ZERO_TWIST, ZERO_TWIST, now)
    assert log.count == 3 and [r.time_s for r in log.drain()] == [0.0, 1.0] and log.drain() == ()


# ---- the ramp

BRISK = replace(ROBOT.base, acceleration=0.5, deceleration=2.0)


def ramped(*wishes: tuple[Twist2D, int]) -> list[Twist2D]:
    ramp = TwistRamp(BRISK, PARAMS.yaw_jerk)
    return [ramp.step(wish, 0.02) for wish, count in wishes for _ in range(count)]


def test_a_reversal_brakes_as_hard_as_a_stop_and_both_arrive_exactly() -> None:
    ahead, back = Twist2D(0.4, 0.1, 0.6), Twist2D(-0.4, -0.1, 0.6)
    stop = ramped((ahead, 150), (Twist2D(0.0, 0.0, 0.6), 100))
    reverse = ramped((ahead, 150), (back, 200))
    assert stop[149] == ahead and stop[-1] == Twist2D(0.0, 0.0, 0.6) and reverse[-1] == back
    rest = next(k for k in range(150, 250) if stop[k].speed == 0.0)
    assert reverse[150:rest] == stop[150:rest] and rest - 150 < 30


# ---- people and arms

NEAR = Human("p", 0.3, -0.6, 0.25, 1.6)
SWING = arm_trajectory({"arm_joint_1": -1.0}, seconds=0.6)
HERE = Pose2D()


def separation(*humans: Human, model: bool = True) -> SeparationGuard:
    outline = Footprint(ROBOT.base.footprint)
    known = (MODEL, Silhouette(MODEL)) if model else (None, None)
    out = SeparationGuard(PARAMS, ROBOT, outline, *known)
    out.humans = humans
    return out


def test_a_group_that_holds_is_forgotten_and_the_other_is_not() -> None:
    for ended, level in ((("arm",), Level.PASS), (("other",), Level.BRAKE), ((), Level.BRAKE)):
        one = separation(NEAR)
        fast = one.sweep(SWING, MEASURED)
        assert fast is not None
        one.begin("arm", fast, 10.0)
        one.begin("other", fast.slower(0.05), 10.0)
        for group in ended:
            one.end(group)
        assert one.judge_arm(HERE, 10.2).level == level, ended


def test_an_arm_within_five_per_cent_of_its_limit_goes_on() -> None:
    whole = separation(NEAR).sweep(SWING, MEASURED)
    assert whole is not None
    share = separation(NEAR).share(whole, HERE).scale
    assert share < 0.9
    for above, stops in ((0.97, False), (0.93, True)):
        sweep, found = whole.slower(share / above), set()
        for since in np.linspace(0.0, float(sweep.times[-1]), 25):
            one = separation(NEAR)
            one.begin("arm", sweep, 0.0)
            found.add(one.judge_arm(HERE, since).level)
        assert (Level.BRAKE in found) == stops


def test_an_arm_that_is_fast_on_the_last_piece_of_its_way_still_counts_there() -> None:
    one = separation(Human("p", 3.0, 0.0, 0.2, 1.6))
    made = one.sweep(SWING, MEASURED)
    assert made is not None
    centers = made.centers[:1] + np.array([0.0, 0.5, 2.0])[:, None, None] * np.array([1.0, 0.0, 0.0])
    one.begin("arm", Sweep(np.array([0.0, 1.0, 2.0]), centers), 0.0)
    assert one.judge_arm(HERE, 1.5).level == Level.BRAKE


def test_a_robot_of_unknown_mass_is_taken_for_a_heavy_one() -> None:
    one = separation(Human("p", 0.6, 0.0, 0.2, 1.6), model=False)
    legs = ContactSpeeds.of(robot_mass(150.0, PARAMS.payload_kg), PARAMS.contact_area_m2, PARAMS.head_height_m).legs
    assert one.judge(Twist2D(0.6, 0.0, 0.0), HERE, 0.0).limit == pytest.approx(legs)


# ---- joints of several drivers


def tell(senses: Senses, names: tuple[str, ...], now: float) -> None:
    senses.see_joints(JointStates(now, JointPositions(names, (0.0,) * len(names))), now)


def test_a_driver_that_is_silent_is_named_though_others_go_on() -> None:
    senses = Senses(PARAMS, replace(ROBOT, sensors=("joint_states",)), ARM.names)
    tell(senses, ARM.names[:4], 1.0)
    (missing,) = senses.judge(1.0)
    assert (missing.cause, missing.level, missing.scale) == ("joint_states_missing", Level.BRAKE, 0.0)
    assert (missing.object, missing.limit) == ("joint_states", PARAMS.joint_states_timeout_s)
    tell(senses, ARM.names[4:], 1.0)
    assert senses.judge(1.0) == [] and senses.joints_verdict(1.0) == PASS
    tell(senses, ARM.names[:4], 1.3)
    (stale,) = senses.judge(1.3)
    assert (stale.cause, stale.scale) == ("joint_states_stale", 0.0)
    nobody = senses.judge(9.0)
    assert len(nobody) == 1 and nobody[0].object == "joint_states"


def test_a_robot_that_needs_no_joints_is_not_asked_for_them() -> None:
    senses = Senses(PARAMS, replace(ROBOT, sensors=("odom",)), ARM.names)
    senses.see_odometry(Odometry(1.0, Pose2D()), 1.0)
    assert senses.judge(1.0) == []
    senses.see_odometry(Odometry(2.0, Pose2D(math.nan, 0.0, 0.0)), 2.0)
    (broken,) = senses.judge(2.0)
    assert (broken.cause, broken.object, broken.scale) == ("odom_invalid", "odom", 0.0)


# ---- the obstacle guard's memory


def before_a_wall(gap: float = 0.015) -> ObstacleGuard:
    one = ObstacleGuard(PARAMS, ROBOT.base)
    one.see(np.array([[0.245 + gap, 0.0]]), HERE)
    return one


def toward(degrees: float) -> Twist2D:
    return Twist2D(0.3 * math.cos(math.radians(degrees)), 0.3 * math.sin(math.radians(degrees)), 0.0)


@pytest.mark.parametrize(
    ("degrees", "now", "held"), [(0, 0.5, True), (0, 0.999, True), (0, 1.0, False), (55, 0.5, True), (65, 0.5, False)]
)
def test_a_stop_before_something_holds_for_a_while_and_for_its_direction(
    degrees: float, now: float, held: bool
) -> None:
    one = before_a_wall()
    stop = one.judge(toward(0), HERE, 0.0)
    assert stop.level == Level.BLOCK and stop.scale == 0.0
    one.see(np.zeros((0, 2)), HERE)
    assert one.judge(toward(degrees), HERE, now) == (stop if held else PASS)
    assert one.judge(toward(0), HERE, now) == (stop if held else PASS)


def test_what_slowed_is_told_for_a_while_at_full_speed() -> None:
    one = before_a_wall(0.15)
    slow = one.judge(toward(0), HERE, 0.0)
    assert slow.level == Level.SLOW and slow.scale < 1.0
    one.see(np.zeros((0, 2)), HERE)
    again = one.judge(toward(0), HERE, 0.999)
    assert again.level == Level.SLOW and again.scale == 1.0 and again.text.startswith("Full speed again")
    assert one.judge(toward(0), HERE, 1.0) == PASS


def test_what_is_sent_stops_at_half_the_distance_that_is_kept() -> None:
    creep = Twist2D(0.02, 0.0, 0.0)
    hit = before_a_wall(0.009).emergency(creep, HERE, 0.0)
    assert hit.level == Level.BLOCK and hit.limit == PARAMS.stop_margin_m / 2
    assert before_a_wall(0.02).emergency(creep, HERE, 0.0) == PASS
    assert before_a_wall(0.009).emergency(ZERO_TWIST, HERE, 0.0) == PASS
    for gap, cause in ((0.055, "person"), (0.08, "")):
        one = ObstacleGuard(PARAMS, ROBOT.base)
        one.see_people(((0.245 + 0.2 + gap, 0.0, 0.2),))
        person = one.emergency(creep, HERE, 0.0)
        assert person.cause == cause and person.limit == (PARAMS.person_stop_distance_m / 2 if cause else 0.0)
