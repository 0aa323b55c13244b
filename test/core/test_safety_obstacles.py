"""Sensor health, blind scans, and the obstacle test along the way of the base."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from gate_story import ROBOT, Story, ranges_of, scan_of
from hypothesis import given, settings
from hypothesis import strategies as st

from vla_ros.core.geometry import Pose, Pose2D, Twist2D
from vla_ros.core.scene import Scene, SceneObject
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.obstacle_guard import ObstacleGuard
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.scan_check import hits, judge_scan
from vla_ros.safety.sensor_health import SensorHealth
from vla_ros.safety.swept_path import Rim
from vla_ros.safety.verdict import Level

PARAMS = SafetyParams()
RADIUS = 0.245
HERE = Pose2D()


def guard(points: list[tuple[float, float]], **params: object) -> ObstacleGuard:
    out = ObstacleGuard(SafetyParams(**params), ROBOT.base)  # type: ignore[arg-type]
    out.see(np.array(points, dtype=float).reshape(-1, 2), HERE)
    return out


# ---- health


def test_a_stamp_far_off_the_clock_is_as_good_as_any_and_age_counts_from_receipt() -> None:
    health = SensorHealth(("odom",), PARAMS)
    for offset in (3600.0, -3600.0):
        health.note("odom", 50.0 + offset, 50.0)
        assert health.judge(50.15) == []
        assert health.judge(50.16)[0].cause == "odom_stale"


def test_the_same_stamp_again_is_no_news() -> None:
    health = SensorHealth(("scan",), PARAMS)
    for k in range(20):
        health.note("scan", 7.0, 50.0 + k * 0.05)
    verdict = health.judge(51.0)[0]
    assert verdict.cause == "scan_frozen" and verdict.level == Level.BRAKE and verdict.value == pytest.approx(1.0)


def test_never_published_is_told_from_gone_silent() -> None:
    health = SensorHealth(("odom", "scan"), PARAMS)
    assert [v.cause for v in health.judge(0.0)] == ["odom_missing", "scan_missing"]


def blind_scans() -> dict[str, np.ndarray]:
    clear = np.full(360, np.inf)
    half, wedge = clear.copy(), clear.copy()
    half[::2] = math.nan
    half[1] = math.nan
    wedge[100:150] = 0.0
    return {
        "all NaN": np.full(360, math.nan),
        "all below range_min": np.full(360, 0.01),
        "all zero": np.zeros(360),
        "too few beams": np.full(20, np.inf),
        "half of them": half,
        "a wide gap": wedge,
        "a wide gap across the seam": np.roll(wedge, 235),
    }


@pytest.mark.parametrize("ranges", blind_scans().values(), ids=blind_scans().keys())
def test_a_blind_lidar_is_not_a_clear_one(ranges: np.ndarray) -> None:
    verdict = judge_scan(scan_of(ranges, 1.0), PARAMS)
    assert verdict is not None and verdict.cause == "scan_blind" and verdict.level == Level.BRAKE


def test_an_empty_room_and_a_few_lost_beams_are_fine() -> None:
    ranges = np.full(360, np.inf)
    ranges[::10] = math.nan
    assert judge_scan(scan_of(ranges, 1.0), PARAMS) is None
    assert len(hits(scan_of(ranges, 1.0), (0.0, 0.0, 0.0))) == 0


def test_minus_infinity_means_something_is_too_near_to_measure() -> None:
    ranges = np.full(360, np.inf)
    ranges[180] = -np.inf
    assert hits(scan_of(ranges, 1.0), (0.1, 0.0, 0.0)) == pytest.approx(np.array([[0.15, 0.0]]), abs=1e-6)


# ---- footprint

corner = st.tuples(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6))
L_SHAPE = ((0.4, 0.3), (-0.3, 0.3), (-0.3, -0.3), (0.0, -0.3), (0.0, 0.0), (0.4, 0.0))


def signed_distance(shape: tuple[tuple[float, float], ...], p: tuple[float, float]) -> float:
    """Oracle: winding number and point-segment distance, one point at a time."""
    best, winding = math.inf, 0.0
    for (ax, ay), (bx, by) in zip(shape, shape[1:] + shape[:1]):
        length = math.hypot(bx - ax, by - ay)
        t = max(0.0, min(1.0, ((p[0] - ax) * (bx - ax) + (p[1] - ay) * (by - ay)) / length**2))
        best = min(best, math.hypot(p[0] - ax - t * (bx - ax), p[1] - ay - t * (by - ay)))
        a, b = math.atan2(ay - p[1], ax - p[0]), math.atan2(by - p[1], bx - p[0])
        winding += math.remainder(b - a, 2 * math.pi)
    return -best if abs(winding) > math.pi else best


@settings(max_examples=200, deadline=None)
@given(corner)
def test_clearance_agrees_with_an_oracle_for_a_shape_that_is_not_convex(p: tuple[float, float]) -> None:
    expected = signed_distance(L_SHAPE, p)
    if abs(expected) > 1e-9:
        for shape in (L_SHAPE, L_SHAPE[::-1]):
            assert Footprint(shape).clearance(np.array([p]))[0] == pytest.approx(expected, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(st.lists(corner, min_size=3, max_size=30), st.integers(1, 3))
def test_the_short_cut_to_the_nearest_points_is_exact(points: list[tuple[float, float]], beams: int) -> None:
    for shape in (L_SHAPE, ROBOT.base.footprint):
        footprint, array = Footprint(shape), np.array([points])
        expected = np.sort(footprint.clearance(array[0]))[beams - 1]
        assert footprint.nearest(array, np.zeros(1), beams)[0] == pytest.approx(expected, abs=1e-12)


# ---- the guard


def test_a_free_way_passes_and_a_wall_beside_it_does_too() -> None:
    wall = [(x, 0.475) for x in np.linspace(-1, 2, 60)] + [(x, -0.475) for x in np.linspace(-1, 2, 60)]
    assert guard(wall).judge(Twist2D(0.6, 0.0, 0.0), HERE, 0.0).level == Level.PASS


@pytest.mark.parametrize("bearing", np.radians([0, 30, 90, 150, 180, 270]))
def test_approach_is_blocked_and_retreat_allowed(bearing: float) -> None:
    at = (math.cos(bearing) * (RADIUS + 0.015), math.sin(bearing) * (RADIUS + 0.015))
    toward = Twist2D(0.3 * math.cos(bearing), 0.3 * math.sin(bearing), 0.0)
    away = Twist2D(-toward.vx, -toward.vy, 0.0)
    along = Twist2D(toward.vy, -toward.vx, 0.0)
    assert guard([at]).judge(toward, HERE, 0.0).level == Level.BLOCK
    assert guard([at]).judge(away, HERE, 0.0).scale > 0.3
    assert guard([at]).judge(along, HERE, 0.0).level < Level.BLOCK
    assert guard([at]).judge(Twist2D(0.0, 0.0, 0.8), HERE, 0.0).level < Level.BLOCK


def test_nearly_touching_one_may_still_leave_and_slide_but_not_approach() -> None:
    at = [(RADIUS + 0.004, 0.0)]
    assert guard(at).judge(Twist2D(-0.2, 0.0, 0.0), HERE, 0.0).level < Level.BLOCK
    assert guard(at).judge(Twist2D(-0.02, 0.2, 0.0), HERE, 0.0).level < Level.BLOCK
    assert guard(at).judge(Twist2D(0.15, 0.1, 0.0), HERE, 0.0).level == Level.BLOCK
    assert guard(at).judge(Twist2D(0.05, 0.0, 0.0), HERE, 0.0).level == Level.BLOCK


def test_something_inside_the_footprint_blocks_turning_and_everything_that_does_not_leave_it() -> None:
    for bearing in np.linspace(0.0, 2 * math.pi, 24, endpoint=False):
        c, s = math.cos(bearing), math.sin(bearing)
        at = [(0.2 * c, 0.2 * s)]
        for wish in (Twist2D(0.0, 0.0, 1.0), Twist2D(0.0, 0.0, -0.2), Twist2D(0.2 * c, 0.2 * s, 0.0)):
            assert guard(at).judge(wish, HERE, 0.0).level == Level.BLOCK, (bearing, wish)
        assert guard(at).judge(Twist2D(-0.2 * c, -0.2 * s, 0.0), HERE, 0.0).level < Level.BLOCK


def test_turning_on_the_spot_is_tested_for_footprints_that_are_not_round() -> None:
    from dataclasses import replace

    long = replace(ROBOT.base, footprint=((0.5, 0.2), (-0.5, 0.2), (-0.5, -0.2), (0.5, -0.2)))
    for turn, at, blocked in ((1.0, (0.42, 0.24), True), (-1.0, (0.42, 0.24), False), (-1.0, (0.42, -0.24), True)):
        one = ObstacleGuard(PARAMS, long)
        one.see(np.array([at]), HERE)
        verdict = one.judge(Twist2D(0.0, 0.0, turn), HERE, 0.0)
        assert (verdict.scale < 0.3) == blocked, (turn, at, verdict)


def test_a_leg_of_one_to_three_beams_is_enough_and_the_floor_is_a_parameter() -> None:
    leg = [(0.27, 0.0), (0.27, 0.005), (0.27, -0.005)]
    wish = Twist2D(0.4, 0.0, 0.0)
    for beams in (1, 2, 3):
        assert guard(leg[:beams]).judge(wish, HERE, 0.0).level >= Level.SLOW
        assert guard(leg[:beams], obstacle_beams=beams).judge(wish, HERE, 0.0).scale < 0.2
    assert guard(leg[:2], obstacle_beams=3).judge(wish, HERE, 0.0).level == Level.PASS


def test_stopping_distance_and_the_speed_for_it_are_inverse() -> None:
    rim = Rim(1.0, 4.0)
    assert rim.stopping_distance(0.1) == pytest.approx(0.1 + 1.0 / 8.0)
    for speed in (0.05, 0.5, 2.0):
        assert rim.speed_for(Rim(speed, 4.0).stopping_distance(0.1), 0.1) == pytest.approx(speed)


def simulated_clearance(wish: Twist2D, scale: float, points: np.ndarray) -> float:
    """Oracle: drive on for the reaction time, brake with the planned share, in steps of 1 ms."""
    footprint, base = Footprint(ROBOT.base.footprint), ROBOT.base
    rim = Rim.of(wish, base, footprint.radius, PARAMS.braking_share)
    x = y = theta = 0.0
    share, t, least, dt = scale, 0.0, math.inf, 0.001
    while share > 0.0:
        c, s = math.cos(theta), math.sin(theta)
        x += (c * wish.vx - s * wish.vy) * share * dt
        y += (s * wish.vx + c * wish.vy) * share * dt
        theta += wish.wz * share * dt
        least = min(least, float(footprint.clearance(Pose2D(x, y, theta).inverse_transform(points)).min()))
        t += dt
        if t > PARAMS.reaction_time_s:
            share -= rim.deceleration / rim.speed * dt
    return least


@settings(max_examples=60, deadline=None)
@given(
    st.builds(Twist2D, st.floats(-0.4, 0.4), st.floats(-0.4, 0.4), st.floats(-1.2, 1.2)),
    st.lists(st.tuples(st.floats(0.27, 0.7), st.floats(-math.pi, math.pi)), min_size=1, max_size=5),
)
def test_from_the_speed_that_passes_the_base_can_always_stop(wish: Twist2D, obstacles: list) -> None:
    points = np.array([(r * math.cos(b), r * math.sin(b)) for r, b in obstacles])
    if wish.speed + abs(wish.wz) < 0.05:
        return
    verdict = guard([tuple(p) for p in points]).judge(wish, HERE, 0.0)
    scale = verdict.scale if verdict.level >= Level.SLOW else 1.0
    if scale > 0.0:
        least = min(PARAMS.stop_margin_m, float(Footprint(ROBOT.base.footprint).clearance(points).min()))
        assert simulated_clearance(wish, scale, points) > least - 0.004


def test_noise_at_the_border_does_not_flap() -> None:
    rng = np.random.default_rng(5)
    story = Story().armed()
    story.obstacles = np.array([(1.0, y) for y in np.linspace(-0.3, 0.3, 40)])
    story.command = (0.3, 0.0, 0.0, 0.0, 0.0, 0.0)
    story.run(4.0)
    clean = story.obstacles.copy()
    story.outputs.clear()
    for _ in range(1000):
        story.obstacles = clean + np.array([rng.uniform(-0.01, 0.01), 0.0])
        story.run(0.02)
    states = [o.status.state for o in story.outputs]
    changes = [k for k in range(1, len(states)) if states[k] != states[k - 1]]
    assert all(b - a >= 50 for a, b in itertools.pairwise(changes)) and len(changes) <= 20
    assert story.pose.x + RADIUS < 1.0 - 0.005


def test_a_person_at_the_border_is_left_with_the_resume_margin_like_a_thing() -> None:
    guard = ObstacleGuard(PARAMS, ROBOT.base)
    wish, radius = Twist2D(0.3), 0.2

    def level(gap: float, now: float) -> Level:
        guard.see_people(((RADIUS + radius + PARAMS.person_stop_distance_m + gap, 0.0, radius),))
        return guard.judge(wish, HERE, now).level

    assert level(-0.005, 10.0) == Level.BLOCK
    for k in range(1, 40):  # long after the time for which a stop holds by itself
        assert level(0.5 * PARAMS.resume_margin_m * (k % 2), 10.0 + 0.5 * k) == Level.BLOCK
    assert level(PARAMS.resume_margin_m + 0.1, 29.8) == Level.BLOCK, "the stop holds for a moment"
    assert level(PARAMS.resume_margin_m + 0.1, 31.0) < Level.BLOCK


def test_the_base_stops_by_itself_before_a_wall_and_comes_close_enough_to_work_there() -> None:
    story = Story().armed()
    story.obstacles = np.array([(1.5, y) for y in np.linspace(-1.0, 1.0, 200)])
    story.command = (0.6, 0.0, 0.0, 0.0, 0.0, 0.0)
    slowed = story.run(6.0, until=lambda o: o.status.state == "slowed").status
    assert 0.0 < slowed.speed_scale < 1.0 and slowed.cause == "obstacle"
    out = story.run(6.0)
    assert out.status.speed_scale == 0.0
    gap = 1.5 - story.pose.x - RADIUS
    assert 0.01 < gap < 0.05 and out.twist == Twist2D() and out.status.cause == "obstacle"


def test_someone_who_jumps_in_the_way_stops_the_base_at_once() -> None:
    story = Story().driving((0.6, 0.0, 0.0, 0.0, 0.0, 0.0))
    story.obstacles = np.array([(story.pose.x + RADIUS + 0.06, 0.0)])
    out = story.run(0.1, until=lambda o: o.twist == Twist2D())
    assert out.twist == Twist2D() and out.status.state == "stopped" and out.status.cause == "obstacle"


def person(x: float, y: float, score: float = 0.9) -> Scene:
    thing = SceneObject(
        "p1", (("chair", 0.8), ("person", score)), "purple", "irregular", Pose((x, y, 0.9)), (0.4, 0.4, 1.7),
        0.3, True, 0.0,
    )  # fmt: skip
    return Scene(1.0, "odom", (thing,))


@pytest.mark.parametrize("score", [0.9, 0.05])
def test_people_are_approached_slowly_up_to_handing_over_however_doubtful_they_are(score: float) -> None:
    story = Story().armed()
    story.command = (0.6, 0.0, 0.0, 0.0, 0.0, 0.0)
    fastest = 0.0
    for _ in range(40):
        story.gate.on_scene(person(2.0, 0.0, score), story.now)
        story.run(0.2)
        if 2.0 - story.pose.x < 1.1:
            fastest = max(fastest, story.outputs[-1].twist.vx)
    assert 2.0 - story.pose.x < 0.7 and fastest <= 0.31
    assert 2.0 - story.pose.x - RADIUS - 0.2 > 0.1


def ways_through_a_door() -> list[float]:
    return [-0.1, 0.0, 0.1]


@pytest.mark.parametrize("offset", ways_through_a_door())
def test_a_doorway_is_driven_at_full_speed(offset: float) -> None:
    story = Story().armed()
    sides = [(x, y * 0.475 + offset) for x in np.linspace(1.0, 1.1, 5) for y in (-1, 1)]
    story.obstacles = np.array(sides + [(1.0, s * y + offset) for y in np.linspace(0.475, 2.0, 60) for s in (-1, 1)])
    story.command = (0.6, 0.0, 0.0, 0.0, 0.0, 0.0)
    story.run(1.2)
    speeds = []
    while story.pose.x < 1.6:
        speeds.append(story.run(0.02).twist.vx)
        assert len(speeds) < 400
    assert min(speeds) > 0.55


def test_beams_are_found_where_they_were() -> None:
    points = np.array([(1.0, 0.5), (-0.4, 0.3)])
    found = hits(scan_of(ranges_of(points, 3600), 0.0), (0.0, 0.0, 0.0))
    assert np.abs(np.sort(found, axis=0) - np.sort(points, axis=0)).max() < 2e-3
