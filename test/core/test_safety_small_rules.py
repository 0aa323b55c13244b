"""The gate's small rules exactly at their borders: outlines, splines, ways, zones, limits, stamps, chunks."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import coal
import numpy as np
import pytest
from gate_story import ARM, HOME, MODEL, ROBOT, arm_trajectory

from vla_ros.core.errors import ConfigError
from vla_ros.core.geometry import ZERO_TWIST, Box, Pose, Pose2D, Twist2D
from vla_ros.core.motion import ActionChunk, JointTrajectory
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import LaserScan
from vla_ros.core.surroundings import Surroundings
from vla_ros.robot.outline import OutlineMaker
from vla_ros.safety.chunk_check import ChunkCheck
from vla_ros.safety.drive import Drive
from vla_ros.safety.e_stop import EmergencyStop
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.gate import Gate
from vla_ros.safety.hermite import extremes
from vla_ros.safety.joint_hold import JointHold
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.robot_limits import check_robot
from vla_ros.safety.safe_posture import SafePosture
from vla_ros.safety.scan_check import judge_scan
from vla_ros.safety.separation_guard import SeparationGuard
from vla_ros.safety.settle import Settle
from vla_ros.safety.stamps import Stamp, StampCheck
from vla_ros.safety.steady_name import SteadyName
from vla_ros.safety.swept_path import Profile, profile
from vla_ros.safety.trajectory_check import TrajectoryCheck
from vla_ros.safety.twist_limit import limited_twist
from vla_ros.safety.verdict import PASS, Level, Verdict
from vla_ros.safety.zones import KeepOut, Zone, Zones

PARAMS = SafetyParams()
HERE = Pose2D()
MEASURED = dict(zip(ARM.names, HOME.positions))
OUTLINE = Footprint(ROBOT.base.footprint)
SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


# ---- outlines


def test_a_corner_that_is_given_twice_changes_nothing() -> None:
    points = np.random.default_rng(1).uniform(-0.5, 1.5, (50, 2))
    doubled = (SQUARE[0], *SQUARE, SQUARE[-1])
    assert np.array_equal(Footprint(doubled).clearance(points), Footprint(SQUARE).clearance(points))
    assert Footprint(SQUARE).clearance(points.reshape(5, 10, 2)).shape == (5, 10)


def test_the_nearest_of_thousands_is_found_whatever_their_order() -> None:
    points = np.random.default_rng(2).uniform(-3.0, 3.0, (2, 3000, 2))
    expected = np.sort(OUTLINE.clearance(points), axis=1)
    for beams in (1, 2, 3, 7):
        assert np.array_equal(OUTLINE.nearest(points, np.zeros(1), beams), expected[:, beams - 1])


# ---- splines


def test_extremes_between_waypoints_are_what_dense_samples_show() -> None:
    rng, s = np.random.default_rng(4), np.linspace(0.0, 1.0, 2001)[:, None]
    for _ in range(15):
        h, p, v = rng.uniform(0.2, 2.0), rng.normal(0.0, 1.0, (2, 3)), rng.normal(0.0, 2.0, (2, 3))
        found = extremes(np.array([0.0, h]), p, v)
        m0, m1 = v * h
        b, c = 3.0 * (p[1] - p[0]) - 2.0 * m0 - m1, m0 + m1 - 2.0 * (p[1] - p[0])
        way, rate = p[0] + s * (m0 + s * (b + s * c)), np.abs(m0 + s * (2.0 * b + s * 3.0 * c)) / h
        bend = np.abs(2.0 * b + s * 6.0 * c) / h**2
        assert found.low[0] == pytest.approx(way.min(axis=0), abs=1e-5)
        assert found.high[0] == pytest.approx(way.max(axis=0), abs=1e-5)
        assert found.speed[0] == pytest.approx(rate.max(axis=0), abs=1e-4)
        assert found.acceleration[0] == pytest.approx(bend.max(axis=0), abs=1e-9)


# ---- ways


@pytest.mark.parametrize("twist", [Twist2D(0.3, -0.2, 0.9), Twist2D(0.3, 0.2, -2.0), Twist2D(0.4, 0.0, 0.0),
                                   Twist2D(-0.1, 0.3, 1e-9), Twist2D(0.0, 0.0, 1.5)])  # fmt: skip
def test_the_way_of_a_twist_is_what_small_steps_of_it_make(twist: Twist2D) -> None:
    points, length = np.array([[0.5, 0.1], [-0.1, 0.6], [0.2, -0.45]]), 0.8
    found = profile(OUTLINE, points, np.zeros(1), twist, length, 1)
    seconds, steps = length / (twist.speed + OUTLINE.radius * abs(twist.wz)), 4000
    x = y = theta = 0.0
    for _ in range(steps):
        middle = theta + twist.wz * seconds / steps / 2
        x += (twist.vx * math.cos(middle) - twist.vy * math.sin(middle)) * seconds / steps
        y += (twist.vx * math.sin(middle) + twist.vy * math.cos(middle)) * seconds / steps
        theta += twist.wz * seconds / steps
    expected = OUTLINE.clearance(Pose2D(x, y, theta).inverse_transform(points)).min()
    assert found.clearances[-1] == pytest.approx(expected, abs=1e-6)
    assert found.clearances[0] == pytest.approx(OUTLINE.clearance(points).min(), abs=1e-12)


def test_the_way_ends_between_samples_in_proportion() -> None:
    found = Profile(np.array([0.0, 1.0, 2.0]), np.array([0.5, 0.375, 0.125]))
    assert found.free_way(0.25, 0.0) == 1.5 and found.free_way(0.3125, 0.0) == 1.25


def test_a_drive_is_still_only_when_nothing_is_wished_and_nothing_was_sent() -> None:
    one, rest = drive(), (0.0,) * 6
    assert one.is_still
    one.judge(AHEAD, {}, HERE, 0.0)
    assert not one.is_still, "wished, not yet sent"
    one.step(PASS, True, 0.02)
    one.judge(rest, {}, HERE, 0.02)
    assert one.twist != ZERO_TWIST and not one.is_still, "still rolling"
    for _ in range(20):
        one.step(PASS, True, 0.02)
    assert one.is_still


def drive(robot: RobotDescription = ROBOT, closed: np.ndarray | None = None) -> Drive:
    separation = SeparationGuard(PARAMS, robot, OUTLINE, None, None)
    return Drive(PARAMS, robot, None, np.zeros((0, 2)) if closed is None else closed, separation)


AHEAD = (0.3, 0.0, 0.0, 0.0, 0.0, 0.0)


def rolling() -> Drive:
    """At 0.3 m/s ahead."""
    made = drive()
    made.judge(AHEAD, {}, HERE, 0.0)
    for _ in range(60):
        made.step(PASS, True, 0.02)
    assert made.twist == Twist2D(0.3, 0.0, 0.0)
    return made


def test_only_a_limit_scales_what_was_wished() -> None:
    for level, expected in ((Level.SLOW, 0.15), (Level.INFORM, 0.3), (Level.PASS, 0.3)):
        one = rolling()
        for _ in range(60):
            sent = one.step(Verdict(level, "any", scale=0.5), True, 0.02)
        assert sent.vx == pytest.approx(expected), level


def test_it_brakes_within_its_limits_or_stands_at_once() -> None:
    for level, at_once in ((Level.POSTURE, False), (Level.BRAKE, False), (Level.BLOCK, True), (Level.HALT, True)):
        one = rolling()
        sent = one.step(Verdict(level, "any", scale=0.0), False, 0.02)
        assert (sent == ZERO_TWIST) == at_once and 0.0 <= sent.vx < 0.3 and one.twist == sent


def test_what_would_hit_something_makes_the_ramp_stand_at_once_and_nothing_else_does() -> None:
    for gap, stands in ((0.01, True), (2.0, False)):
        one = rolling()
        one.obstacles.see(np.array([[OUTLINE.radius + gap, 0.0]]), HERE)
        assert (one.emergency(one.twist, HERE, 0.0).level == Level.BLOCK) == stands
        assert (one.twist == ZERO_TWIST) == stands


def test_a_robot_without_a_lidar_is_not_judged_by_one_and_a_zone_has_its_own_name() -> None:
    wall = np.array([[0.25, y] for y in np.linspace(-0.1, 0.1, 5)])
    blind = replace(ROBOT, sensors=tuple(s for s in ROBOT.sensors if s != "scan"))
    for robot, stops in ((ROBOT, True), (blind, False)):
        one = drive(robot)
        one.obstacles.see(wall, HERE)
        assert any(v.level == Level.BLOCK for v in one.judge(AHEAD, {}, HERE, 0.0)) is stops
        assert (one.emergency(Twist2D(0.3, 0.0, 0.0), HERE, 0.0).level == Level.BLOCK) is stops
    fenced = drive(blind, wall)
    zones = [v for v in fenced.judge(AHEAD, {}, HERE, 0.0) if v.level == Level.BLOCK]
    assert [(v.cause, v.object) for v in zones] == [("keep_out", "keep_out")] and "a keep-out zone" in zones[0].text
    offer = MEASURED | dict(zip(ARM.names, ROBOT.posture("offer").positions))  # type: ignore[union-attr]
    reach = float(OutlineMaker(MODEL).of(offer).points[:, 0].max())
    box = (Box(Pose.planar(reach + 0.05 + PARAMS.wall_margin_m / 2, 0.0, 0.0, 1.0), (0.1, 4.0, 2.0)),)
    for model, walls, cause in ((None, box, []), (MODEL, (), []), (MODEL, box, ["wall"])):
        separation = SeparationGuard(PARAMS, blind, OUTLINE, None, None)
        one = Drive(PARAMS, blind, model, np.zeros((0, 2)), separation, Surroundings(walls))
        assert [v.cause for v in one.judge(AHEAD, offer, HERE, 0.0) if v.level > Level.PASS] == cause
        assert one.emergency(Twist2D(0.3, 0.0, 0.0), HERE, 0.0).cause == "".join(cause)
    away = fenced.judge((-0.3, 0.0, 0.0, 0.0, 0.0, 0.0), {}, Pose2D(-1.0, 0.0, 0.0), 5.0)
    assert all(v == PASS for v in away)


# ---- zones


def test_no_point_of_a_closed_floor_stands_twice() -> None:
    corners = (SQUARE, ((0.0, 0.0), (1.0, 0.0), (0.5, 1.0)), ((0.0, 0.0), (0.93, 0.0), (0.93, 0.07), (0.0, 0.07)))
    for polygon in corners:
        points = KeepOut(Zones(keep_out=(Zone(name="a", polygon=polygon),))).floor_points(math.inf)
        assert len(np.unique(np.round(points, 6), axis=0)) == len(points)
        assert {tuple(p) for p in polygon} <= {tuple(p) for p in points.tolist()}


# ---- scans


@pytest.mark.parametrize("beams", [41, 53, 60])
def test_a_turn_that_lacks_one_and_a_half_beams_does_not_close(beams: int) -> None:
    step = 2 * math.pi / (beams + 1.5)
    ranges = np.full(beams, np.inf)
    ranges[np.arange(-5, 6)] = math.nan
    params = SafetyParams(scan_max_gap_rad=8 * step, scan_min_beams=1)
    seen = judge_scan(LaserScan(1.0, "lidar_link", 0.0, step, 0.05, 8.0, ranges), params)
    closes = beams * step > 2 * math.pi - 1.5 * step  # by rounding, for some numbers of beams
    assert (seen is not None) == closes and (beams == 60 or not closes)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [({"angle_increment": 0.0}, "scan_invalid"), ({"angle_increment": math.nan}, "scan_invalid"),
     ({"angle_min": math.inf}, "scan_invalid"), ({"angle_increment": 1.0}, ""), ({"range_min": 0.0}, ""),
     ({"range_min": -0.1}, "scan_invalid"), ({"range_min": 8.0}, "scan_invalid"),
     ({"range_max": math.nan}, "scan_invalid")],
)  # fmt: skip
def test_a_scan_of_impossible_geometry_is_invalid(changes: dict[str, float], cause: str) -> None:
    scan = LaserScan(1.0, "lidar_link", 0.0, 0.1, 0.05, 8.0, np.full(60, np.inf))
    found = judge_scan(replace(scan, **changes), SafetyParams(scan_max_gap_rad=6.3))  # type: ignore[arg-type]
    assert (found.cause if found else "") == cause
    if found:
        assert (found.level, found.scale, found.object, found.value) == (Level.BRAKE, 0.0, "scan", 0.0)


# ---- the robot's file against its model


def with_joint(**changes: object) -> RobotDescription:
    groups = tuple(
        replace(g, joints=tuple(replace(j, **changes) if j.name == "arm_joint_1" else j for j in g.joints))
        for g in ROBOT.groups
    )
    return replace(ROBOT, groups=groups)


def refused(robot: RobotDescription, model: object = MODEL) -> str:
    try:
        check_robot(robot, model, PARAMS)  # type: ignore[arg-type]
    except ConfigError as error:
        return error.field
    return ""


def test_a_range_may_be_a_thousandth_wider_than_the_models() -> None:
    for end, sign in (("lower", -1.0), ("upper", 1.0)):
        most = -2.2 if end == "lower" else 1.7
        assert refused(with_joint(**{end: most + sign * 1e-3})) == ""
        assert refused(with_joint(**{end: most + sign * 1.1e-3})) == "groups.arm_joint_1"


def test_a_speed_and_an_effort_may_be_a_thousandth_more_than_the_models_and_zero_means_unknown() -> None:
    index = MODEL.model.joints[MODEL.model.getJointId("arm_joint_1")].idx_v
    for field, limits in (("velocity", MODEL.model.velocityLimit), ("effort", MODEL.model.effortLimit)):
        kept = float(limits[index])
        try:
            for most in (0.5, 1.5):
                limits[index] = most
                assert refused(with_joint(**{field: most * (1.0 + 1e-3)})) == ""
                assert refused(with_joint(**{field: most * (1.0 + 1.1e-3)})) == f"groups.arm_joint_1.{field}"
            limits[index] = 0.0
            assert refused(with_joint(**{field: 1.0})) == ""
        finally:
            limits[index] = kept


@pytest.mark.parametrize(
    ("bottom", "radius", "parent", "field"),
    [(0.0, 0.239, 0, ""), (0.0, 0.2389, 0, "base.footprint"), (0.34, 0.2389, 0, "base.footprint"),
     (0.35, 0.2389, 0, ""), (0.4, 0.2389, 0, ""), (0.0, 0.1, 1, "")],
)  # fmt: skip
def test_what_is_fixed_to_the_base_below_thirty_five_centimetres_lies_within_the_footprint(
    bottom: float, radius: float, parent: int, field: str
) -> None:
    """A box that reaches 0.24 m; a millimetre of slack."""
    place = SimpleNamespace(translation=np.array([0.0, 0.0, bottom + 0.14]))
    box = SimpleNamespace(name="box", parentJoint=parent, geometry=coal.Box(0.48, 0.48, 0.28), placement=place)
    shapes = SimpleNamespace(geometry=SimpleNamespace(geometryObjects=[box]))
    corners = ((radius, 0.0), (0.0, radius), (-radius, 0.0))
    robot = replace(ROBOT, base=replace(ROBOT.base, footprint=corners))
    assert robot.base.radius == radius
    assert refused(robot, SimpleNamespace(model=MODEL.model, shapes=shapes)) == field


def test_a_gate_takes_the_model_it_is_given_and_reads_none_for_a_robot_without() -> None:
    Gate(PARAMS, replace(ROBOT, model="gone.urdf"), MODEL)
    with pytest.raises(ConfigError):
        Gate(PARAMS, replace(ROBOT, model="gone.urdf"))
    Gate(PARAMS, replace(ROBOT, model=""))


# ---- verdicts that last


def test_levels_rise_one_by_one_from_passing_to_a_fault() -> None:
    names = ["PASS", "INFORM", "SLOW", "BLOCK", "POSTURE", "BRAKE", "HALT", "E_STOP", "FAULT"]
    assert [(level.name, level.value) for level in Level] == list(zip(names, range(9)))
    assert (PASS.level, PASS.value, PASS.limit, PASS.scale, PASS.cause) == (Level.PASS, 0.0, 0.0, 1.0, "")


def test_the_name_of_a_limit_stays_while_it_still_acts_and_the_worst_one_scales() -> None:
    a, b = (Verdict(Level.SLOW, name, scale=scale) for name, scale in (("a", 0.8), ("b", 0.3)))
    stop, fine = Verdict(Level.BLOCK, "stop", scale=0.0), [PASS]
    one = SteadyName(1.0)
    assert one.choose(a, [a], 10.0) == a
    assert one.choose(b, [b, a], 10.5) == replace(a, scale=0.3), "the same name, slower"
    assert one.choose(b, [b, a], 11.0) == b, "a second is over"
    assert one.choose(a, [a], 11.5) == a, "what was named does not act any more"
    assert one.choose(stop, [stop, a], 11.6) == stop and one.choose(PASS, fine, 11.7) == PASS
    two = SteadyName(1.0)
    two.choose(a, [a], 10.0)
    assert two.choose(a, [a], 10.9) == a and two.choose(b, [a, b], 11.1) == b, "naming it again does not prolong it"
    informs = Verdict(Level.INFORM, "a")
    three = SteadyName(1.0)
    three.choose(a, [a], 10.0)
    assert three.choose(b, [b, informs], 10.5) == b, "only what slows is a limit"


def test_a_clamped_twist_lies_a_trillionth_below_its_limit() -> None:
    clamped, _ = limited_twist((2 * ROBOT.base.speed, 0.0, 0.0, 0.0, 0.0, 0.0), ROBOT.base)
    assert ROBOT.base.speed * (1.0 - 1.1e-12) < clamped.vx < ROBOT.base.speed


def test_a_limit_keeps_its_name_and_a_stop_stays_a_stop_until_it_has_settled() -> None:
    slow, stop = Verdict(Level.SLOW, "slow", scale=0.5), Verdict(Level.BLOCK, "stop", scale=0.0)
    one = Settle(1.0)
    assert one.judge(PASS, 0.0) == PASS == one.judge(PASS, 0.5)
    assert one.judge(slow, 0.6) == slow
    assert one.judge(PASS, 1.5) == replace(slow, scale=1.0) and one.judge(PASS, 1.6) == PASS == one.judge(PASS, 1.7)
    assert one.judge(stop, 2.0) == stop and one.judge(slow, 2.9) == stop and one.judge(slow, 3.0) == slow
    assert one.judge(slow, 3.5) == slow and one.judge(PASS, 4.4) == replace(slow, scale=1.0)
    assert one.judge(PASS, 4.5) == PASS


def test_an_emergency_stop_that_was_never_pressed_is_neither_latched_nor_in_the_way() -> None:
    one = EmergencyStop()
    assert not one.latched and one.may_reset() == (True, "")
    one.note(False)
    one.note(True)
    assert one.latched and not one.may_reset()[0]
    one.note(False)
    assert one.may_reset() == (True, "") and one.latched


def test_stamps_say_by_how_much_they_are_off() -> None:
    check = StampCheck(SafetyParams(command_stamps="checked", stamp_tolerance_s=0.125))
    assert check.judge("t", Stamp(50.125, 50.0)) == PASS and check.judge("u", Stamp(49.875, 50.0)) == PASS
    ahead, old = check.judge("t", Stamp(50.25, 50.0)), check.judge("t", Stamp(49.75, 50.0))
    assert (ahead.cause, ahead.value, ahead.limit) == ("stamp_ahead", -0.25, 0.125)
    assert (old.cause, old.value, old.limit) == ("stamp_old", 0.25, 0.125)
    again = check.judge("u", Stamp(49.875, 50.0))
    assert (again.cause, again.value, again.limit) == ("replayed", 0.0, 0.0)


# ---- joints


def test_a_group_that_was_never_told_to_hold_alone_does_not_whatever_the_clock_shows() -> None:
    one = JointHold(PARAMS, (ARM,))
    one.passed("arm", arm_trajectory(seconds=2.0), -100.0)
    assert one.tick(False, MEASURED, -50.0) == ()


def test_exactly_three_hundredths_from_the_safe_posture_is_there() -> None:
    flat = replace(ROBOT, postures=(replace(HOME, positions=(0.0,) * len(ARM.names)),))
    near = dict.fromkeys(ARM.names, 0.0)
    assert SafePosture(PARAMS, flat).way(near | {ARM.names[1]: -0.03}) is None
    way = SafePosture(PARAMS, flat).way(near | {ARM.names[1]: -0.0301})
    assert way is not None and way.velocities is not None
    assert len(way.times_s) == 20 and way.times_s[0] * 20 == pytest.approx(way.times_s[-1])
    assert not way.velocities[-1].any() and way.velocities[:-1].any(axis=1).all()


def judged(trajectory: JointTrajectory, measured: dict[str, float], **limits: float) -> Verdict:
    params = SafetyParams(start_tolerance_rad=0.5)
    return TrajectoryCheck(params, with_joint(**limits)).judge(trajectory, measured)


def one_joint(times: list[float], positions: list[float], last_speed: float = 0.0) -> JointTrajectory:
    """Joint 1 goes through ``positions``, the others rest at home."""
    rows, speeds = np.tile(HOME.positions, (len(times), 1)), np.zeros((len(times), len(ARM.names)))
    i = ARM.names.index("arm_joint_1")
    rows[:, i], speeds[-1, i] = positions, last_speed
    return JointTrajectory(ARM.names, np.array(times), rows, velocities=speeds)


AT_ZERO = MEASURED | {"arm_joint_1": 0.0}


def test_exactly_one_per_cent_above_a_limit_is_rounding() -> None:
    """Floats chosen so that speed and acceleration are equal to 1.01 times the limit."""
    for way, cause in ((0.25 * 1.01, ""), (0.25 * 1.0101, "trajectory_velocity")):
        assert judged(one_joint([1.0], [way]), AT_ZERO, velocity=0.25).cause == cause
    for most, cause in ((1.4851485148514851, ""), (1.4851485148514848, "trajectory_acceleration")):
        assert judged(one_joint([1.0, 2.0], [0.0, 0.25]), AT_ZERO, acceleration=most).cause == cause


def test_what_still_creeps_at_its_end_comes_to_rest_within_a_second() -> None:
    """From 1 mm/s to 0 without getting anywhere, a cubic brakes with 4 mm/s2 at most."""
    creeping = one_joint([1.0], [0.0], 1e-3)
    for most, cause in ((4.1e-3, ""), (3.6e-3, "trajectory_acceleration")):
        assert judged(creeping, AT_ZERO, acceleration=most).cause == cause


# ---- chunks


def chunk(representation: str, names: tuple[str, ...], actions: np.ndarray, params: SafetyParams = PARAMS) -> Verdict:
    check = ChunkCheck(params, ROBOT, OUTLINE, KeepOut(Zones()), MODEL, None)
    return check.judge(ActionChunk("c", representation, names, 0.1, actions), AT_ZERO, HERE, np.zeros((0, 2)))


def test_actions_of_any_other_shape_than_rows_and_columns_are_refused() -> None:
    names = ("x", "y", "yaw")
    for shape in ((), (3,), (2, 3, 3), (3, 2), (0, 3), (2001, 3)):
        assert chunk("base_twist", names, np.zeros(shape)).cause == "chunk_size", shape
    assert chunk("base_twist", names, np.zeros((2000, 3))) == PASS == chunk("base_twist", names, np.zeros((1, 3)))


def test_a_tool_that_is_outside_of_its_workspace_may_come_back_not_go_farther() -> None:
    small = SafetyParams(workspace_radius_m=0.1)
    start = MODEL.frame_pose(MODEL.tool_frame, AT_ZERO)[:3, 3]
    out = start[:2] / np.hypot(*start[:2])
    assert np.hypot(*start[:2]) > 0.15
    for way, cause in ((0.0, ""), (-0.01, ""), (0.001, "chunk_workspace")):
        action = np.zeros((1, 6))
        action[0, :2] = way * out
        assert chunk("tool_delta", ("x", "y", "z", "a", "b", "c"), action, small).cause == cause
