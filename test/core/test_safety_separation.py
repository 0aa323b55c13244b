"""Speed near people: the two formulas against oracles that search instead of solving, and who counts as a person."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from gate_story import MODEL, ROBOT, arm_trajectory
from hypothesis import given, settings
from hypothesis import strategies as st

from vla_ros.core.geometry import Pose, Pose2D, Twist2D
from vla_ros.core.motion import JointTrajectory
from vla_ros.core.scene import Scene, SceneObject
from vla_ros.safety.contact_speed import HEAD, LEGS, TRUNK, ContactSpeeds, Region, contact_speed, robot_mass
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.moving_things import MovingThings
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.people import Human, People
from vla_ros.safety.rss import safe_distance, safe_speed
from vla_ros.safety.separation_guard import SeparationGuard, Sweep
from vla_ros.safety.settle import Settle
from vla_ros.safety.silhouette import Silhouette
from vla_ros.safety.ssm import Separation
from vla_ros.safety.verdict import PASS, Level, Verdict

PARAMS = SafetyParams()
HERE = Pose2D()
OUTLINE = Footprint(ROBOT.base.footprint)
SILHOUETTE = Silhouette(MODEL)
MEASURED = dict(zip(ROBOT.groups[0].names, ROBOT.posture("home").positions)) | {"head_pan_joint": 0.0}  # type: ignore[union-attr]


# ---- speed and separation


def test_the_worked_example_of_the_formula() -> None:
    separation = Separation(0.1, 1.0 / 0.3, 0.2, 0.1, 0.05)
    assert separation.distance(1.6, 1.0) == pytest.approx(1.24)
    assert separation.speed(1.24, 1.6) == pytest.approx(1.0)


def walked_together(reaction: float, deceleration: float, human: float, robot: float) -> float:
    """Oracle: both move in steps until the robot stands; how much nearer they came."""
    dt, t, came, v = 1e-3, 0.0, 0.0, robot
    while v > 0.0:
        came += (human + v) * dt
        t += dt
        if t > reaction:
            v -= deceleration * dt
    return came


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0.02, 0.5), st.floats(0.5, 5.0), st.floats(0.0, 2.0), st.floats(0.01, 1.5),
    st.floats(0.0, 0.5), st.floats(0.0, 0.2), st.floats(0.0, 0.2),
)  # fmt: skip
def test_the_protective_distance_is_what_both_cover_and_the_uncertainties(
    reaction: float, deceleration: float, human: float, robot: float, c: float, zd: float, zr: float
) -> None:
    separation = Separation(reaction, deceleration, c, zd, zr)
    expected = walked_together(reaction, deceleration, human, robot) + c + zd + zr
    assert separation.distance(human, robot) == pytest.approx(expected, abs=0.02)
    assert separation.speed(separation.distance(human, robot), human) == pytest.approx(robot, abs=1e-6)


def test_five_thousand_speeds_are_none_above_what_a_search_finds() -> None:
    rng = np.random.default_rng(11)
    for _ in range(5000):
        reaction, a, human, d = rng.uniform([0.02, 0.3, 0.0, 0.0], [0.5, 5.0, 2.0, 4.0])
        separation = Separation(reaction, a, 0.2, 0.1, 0.05)
        v = separation.speed(d, human)
        if v > 0.0:
            assert separation.distance(human, v) <= d + 1e-9 < separation.distance(human, v + 1e-3)
        else:
            assert separation.distance(human, 0.0) >= d - 1e-12


def test_no_room_means_no_speed() -> None:
    separation = Separation(0.1, 1.0, 0.2, 0.1, 0.05)
    assert separation.speed(separation.distance(1.6, 0.0), 1.6) == 0.0
    assert separation.speed(-1.0, 0.0) == 0.0
    assert 0.0 < separation.speed(separation.distance(1.6, 0.0) + 1e-6, 1.6) < 1e-5


# ---- contact


@pytest.mark.parametrize("region", [*HEAD, *TRUNK, *LEGS], ids=lambda r: r.name)
@pytest.mark.parametrize("robot", [2.0, 5.0, 35.0])
def test_at_the_contact_speed_the_spring_gives_exactly_the_force(region: Region, robot: float) -> None:
    """Oracle: two masses and a spring between them, stepped through the first contact."""
    v = contact_speed(region, robot, 1e-4)
    x, human, body, most, dt = 0.0, 0.0, v, 0.0, 2e-6
    while x >= 0.0:
        force = region.stiffness * x
        most = max(most, force)
        human, body = human + force / region.mass * dt, body - force / robot * dt
        x += (body - human) * dt
    assert most == pytest.approx(min(region.force, region.pressure * 1e-4), rel=0.01)


def test_a_heavier_load_and_a_sharper_edge_slow_down() -> None:
    light, heavy = robot_mass(8.0, 0.5), robot_mass(8.0, 3.0)
    assert (light, heavy) == (4.5, 7.0)
    for region in (*HEAD, *TRUNK, *LEGS):
        assert contact_speed(region, heavy, 1e-4) < contact_speed(region, light, 1e-4)
        assert contact_speed(region, light, 1e-5) < contact_speed(region, light, 1e-4)


# Annex A as commonly cited: kg, N/mm, quasi-static N and N/cm2; a transient contact may be twice as strong, on the
# head not at all.
ANNEX = """
skull and forehead  4.4 150 130 110 1
face                4.4  75  65 110 1
neck                1.2  50 150 140 2
back and shoulders  40   35 210 160 2
chest               40   25 140 120 2
abdomen             40   10 110 140 2
pelvis              40   25 180 210 2
upper arms          3    30 150 190 2
lower arms          2    40 160 180 2
hands               0.6  75 140 190 2
thighs and knees    75   50 220 250 2
lower legs          75   60 130 220 2
"""


def test_the_table_of_regions_is_the_one_of_the_annex() -> None:
    rows = {r.name: r for r in (*HEAD, *TRUNK, *LEGS)}
    lines = [line.rsplit(maxsplit=5) for line in ANNEX.strip().splitlines()]
    assert len(lines) == len(rows) == 12
    for name, *numbers in lines:
        mass, stiffness, force, pressure, times = map(float, numbers)
        expected = (mass, stiffness * 1e3, force * times, pressure * times * 1e4)
        row = rows[name.strip()]
        assert (row.mass, row.stiffness, row.force, row.pressure) == pytest.approx(expected), name


def test_known_speeds_of_the_strictest_regions() -> None:
    """Worked by hand: v = F / sqrt(k m_H m_R / (m_H + m_R)), m_R = 4.5 kg, 1 cm2."""
    speeds = ContactSpeeds.of(4.5, 1e-4, 1.35)
    assert speeds.head == pytest.approx(65.0 / math.sqrt(75e3 * 4.4 * 4.5 / 8.9))
    assert speeds.trunk == pytest.approx(240.0 / math.sqrt(25e3 * 40.0 * 4.5 / 44.5))
    assert speeds.legs == pytest.approx(260.0 / math.sqrt(60e3 * 75.0 * 4.5 / 79.5))
    assert speeds.least == speeds.head


def test_what_a_part_can_touch_depends_on_its_height() -> None:
    speeds = ContactSpeeds(0.2, 0.8, 0.1, 1.35)
    assert speeds.at(0.9, 1.2) == 0.8 and speeds.at(0.8, 1.35) == 0.8
    assert speeds.at(0.79, 1.2) == 0.2 and speeds.at(0.9, 1.36) == 0.1 and speeds.at(0.1, 1.5) == 0.1
    assert ContactSpeeds(0.9, 0.8, 0.7, 1.35).at(0.1, 0.2) == 0.8
    assert [ContactSpeeds(*v, 1.0).least for v in ((3, 2, 1), (1, 2, 3), (2, 1, 3))] == [1, 1, 1]


# ---- responsibility-sensitive distance


@settings(max_examples=40, deadline=None)
@given(st.floats(0.0, 1.5), st.floats(-1.5, 1.5), st.floats(0.02, 0.5), st.floats(0.5, 3.0), st.floats(0.5, 3.0))
def test_rss_against_stepping_both(speed: float, other: float, reaction: float, a: float, braking: float) -> None:
    dt, t, gap, v, o, least = 1e-3, 0.0, 0.0, speed, other, 0.0
    while v > 0.0 or abs(o) > 1e-9:
        gap += (o - v) * dt
        t += dt
        o = math.copysign(max(0.0, abs(o) - braking * dt), o)
        if t > reaction:
            v = max(0.0, v - a * dt)
    least = min(least, gap)
    assert safe_distance(speed, other, reaction, a, braking) == pytest.approx(max(0.0, -least), abs=0.01)
    d = safe_distance(speed, other, reaction, a, braking)
    if d > 1e-6:
        assert safe_speed(d, other, reaction, a, braking) == pytest.approx(speed, abs=1e-6)


def test_rss_gives_no_speed_where_there_is_no_room() -> None:
    assert safe_speed(0.0, 0.0, 0.1, 1.0, 1.0) == 0.0
    assert safe_speed(0.5, -1.0, 0.1, 1.0, 1.0) == 0.0
    assert safe_speed(0.51, -1.0, 0.1, 1.0, 1.0) > 0.0


def thing(
    where: tuple[float, float], velocity: tuple[float, float] = (0.0, 0.0), name: str = "t1", visible: bool = True,
    size: tuple[float, float, float] = (0.2, 0.2, 0.2), **changes: object,
) -> SceneObject:  # fmt: skip
    out = SceneObject(
        name, (("ball", 0.9),), "red", "sphere", Pose((*where, size[2] / 2)), size, 0.9, visible, 0.0,
        velocity=(*velocity, 0.0),
    )  # fmt: skip
    return replace(out, **changes)


def moving(*things: SceneObject, people: frozenset[str] = frozenset()) -> MovingThings:
    guard = MovingThings(PARAMS, ROBOT.base, OUTLINE)
    guard.see(Scene(0.0, "odom", things), people)
    return guard


def test_something_that_comes_slows_and_something_that_flees_or_stands_does_not() -> None:
    wish = Twist2D(0.6, 0.0, 0.0)
    comes, flees = thing((1.0, 0.0), (-1.2, 0.0)), thing((1.0, 0.0), (0.8, 0.0))
    verdict = moving(comes).judge(wish, HERE)
    distance = 1.0 - 0.245 - 0.1 - PARAMS.moving_offset_m
    limit = safe_speed(distance, -1.2, PARAMS.reaction_time_s, 0.6 * 1.6, PARAMS.moving_braking)
    assert verdict.level == Level.SLOW and verdict.cause == "rss" and verdict.object == "t1"
    assert (verdict.value, verdict.limit) == (0.6, pytest.approx(limit)) and verdict.scale == pytest.approx(limit / 0.6)
    assert moving(flees).judge(wish, HERE) == PASS
    assert moving(thing((0.7, 0.0), (0.14, 0.0))).judge(wish, HERE) == PASS
    assert moving(thing((0.7, 0.0), (-0.15, 0.0))).judge(wish, HERE).level == Level.SLOW
    assert moving(thing((0.45, 0.0), (-0.5, 0.0))).judge(wish, HERE).level == Level.BLOCK
    assert moving(comes).judge(Twist2D(-0.3, 0.0, 0.0), HERE) == PASS
    assert moving(comes, people=frozenset({"t1"})).judge(wish, HERE) == PASS
    assert moving(replace(comes, visible=False)).judge(wish, HERE) == PASS
    assert moving(thing((math.nan, 0.0), (-1.2, 0.0))).judge(wish, HERE) == PASS


def test_moving_things_are_seen_from_where_the_robot_stands_and_looks() -> None:
    comes = thing((2.0, 3.0), (0.0, -1.2))
    pose = Pose2D(2.0, 2.0, math.pi / 2)
    ahead = moving(thing((1.0, 0.0), (-1.2, 0.0))).judge(Twist2D(0.6, 0.0, 0.0), HERE)
    turned = moving(comes).judge(Twist2D(0.6, 0.0, 0.0), pose)
    assert turned.limit == pytest.approx(ahead.limit) and turned.level == Level.SLOW
    sideways = moving(thing((0.0, 1.0), (0.0, -1.2))).judge(Twist2D(0.0, 0.6, 0.0), HERE)
    assert sideways.limit == pytest.approx(ahead.limit)
    assert moving(comes).judge(Twist2D(0.0, 0.6, 0.0), pose) == PASS
    both = moving(thing((1.3, 0.0), (-1.2, 0.0), "far"), comes_near := thing((1.0, 0.0), (-1.2, 0.0), "near"))
    assert both.judge(Twist2D(0.6, 0.0, 0.0), HERE).object == comes_near.id


def test_the_height_of_a_moving_thing_is_no_width_and_it_is_seen_obliquely_too() -> None:
    wish = Twist2D(0.6, 0.0, 0.0)
    low, tall = (moving(thing((1.0, 0.0), (-1.2, 0.0), size=(0.2, 0.2, z))).judge(wish, HERE) for z in (0.2, 0.9))
    assert low.limit == tall.limit
    pose = Pose2D(0.0, 0.0, 0.5)
    at, direction = np.array([1.0, 0.7]), np.array([1.0, 0.7]) / math.hypot(1.0, 0.7)
    verdict = moving(thing((1.0, 0.7), (-1.5, -1.0))).judge(wish, pose)
    toward = 0.6 * math.cos(math.atan2(0.7, 1.0) - 0.5)
    inside = pose.inverse_transform(at)
    distance = float(OUTLINE.clearance(inside[None])[0]) - 0.1 - PARAMS.moving_offset_m
    flees = float(np.array([-1.5, -1.0]) @ direction)
    limit = safe_speed(distance, flees, PARAMS.reaction_time_s, 0.6 * 1.6, PARAMS.moving_braking)
    assert (verdict.value, verdict.limit) == (pytest.approx(toward), pytest.approx(limit))


# ---- who is a person


def figure(name: str = "p", **changes: object) -> SceneObject:
    out = SceneObject(
        name, (("person", 0.9),), "blue", "person", Pose((2.0, 1.0, 0.85)), (0.5, 0.4, 1.7), 0.9, True, 0.0,
        velocity=(0.3, 0.4, 0.0),
    )  # fmt: skip
    return replace(out, **changes)


def people_after(*scenes: tuple[SceneObject, ...], params: SafetyParams = PARAMS) -> tuple[Human, ...]:
    people = People(params)
    for k, objects in enumerate(scenes):
        people.see(Scene(k * 0.1, "odom", objects), k * 0.1)
    return people.at(0.1 * len(scenes))


def test_an_unmeasured_person_comes_with_the_assumed_speed_and_a_measured_one_with_theirs_and_a_margin() -> None:
    assert [h.speed for h in people_after((figure(),), (figure(),))] == [1.6]
    assert [h.speed for h in people_after(*[(figure(),)] * 3)] == [pytest.approx(0.75)]
    assert people_after(*[(figure(),)] * 3)[0] == Human("p", 2.0, 1.0, 0.25, pytest.approx(0.75), (0.3, 0.4))
    running = figure(velocity=(0.0, 3.0, 9.0))
    assert people_after(*[(running,)] * 4)[0].speed == pytest.approx(3.25)
    lost = people_after(*[(figure(),)] * 5, (figure(visible=False),))
    assert [h.speed for h in lost] == [1.6]
    again = people_after(*[(figure(),)] * 5, (figure(visible=False),), (figure(),), (figure(),))
    assert [h.speed for h in again] == [1.6]


def test_low_confidence_never_makes_a_person_slower_or_smaller() -> None:
    doubtful = figure(confidence=0.3, categories=(("person", 0.2),))
    humans = people_after(*[(doubtful,)] * 5)
    assert [(h.speed, h.radius) for h in humans] == [(1.6, 0.25)]
    for sure in (
        figure(confidence=0.5, categories=(("person", 0.2),)),
        figure(confidence=0.1, categories=(("person", 0.5),)),
    ):
        assert people_after(*[(sure,)] * 3)[0].speed == pytest.approx(0.75)
    thin = people_after((figure(size=(0.1, 0.05, 1.7)),))
    assert thin[0].radius == 0.15


def test_a_wrong_label_leaves_a_person_a_person() -> None:
    chair = figure(shape="irregular", categories=(("chair", 0.99),))
    assert len(people_after((chair,))) == 1, "as large as a person"
    low = {"size": (0.5, 0.4, 0.9), "pose": Pose((2.0, 1.0, 0.45))}
    assert len(people_after((figure(**low, shape="irregular", categories=(("chair", 0.9),)),))) == 0
    assert len(people_after((figure(**low, shape="irregular", categories=(("chair", 0.9), ("person", 0.01))),))) == 1
    seated = figure(**low)
    relabelled = figure(**low, shape="box", categories=(("chair", 0.9),))
    assert len(people_after((seated,), (relabelled,), (relabelled,))) == 1
    assert len(people_after((seated,), (), (relabelled,))) == 0, "a new track with an old name"


@pytest.mark.parametrize(
    ("size", "z", "counts"),
    [
        ((0.4, 0.4, 1.0), 0.5, True), ((0.4, 0.4, 0.99), 0.5, False), ((0.99, 0.4, 1.5), 0.75, True),
        ((1.0, 0.4, 1.5), 0.75, False), ((0.4, 1.0, 1.5), 0.75, False), ((0.4, 0.4, 2.3), 1.15, True),
        ((0.4, 0.4, 2.31), 1.2, False), ((0.4, 0.4, 1.2), 0.89, True), ((0.4, 0.4, 1.2), 0.9, False),
    ],
)  # fmt: skip
def test_what_is_as_large_as_a_person_and_stands_on_the_floor_counts(
    size: tuple[float, float, float], z: float, counts: bool
) -> None:
    lamp = figure(shape="irregular", categories=(("lamp", 0.9),), size=size, pose=Pose((1.0, 0.0, z)))
    assert len(people_after((lamp,))) == counts


def test_whoever_is_long_out_of_sight_and_whatever_is_not_finite_is_left_out() -> None:
    gone = figure(visible=False, last_seen_s=-8.1)
    assert people_after((gone,)) == ()
    assert len(people_after((figure(visible=False, last_seen_s=-8.0),))) == 1
    assert len(people_after((figure(visible=True, last_seen_s=-99.0),))) == 1
    for broken in (
        figure(pose=Pose((math.nan, 0.0, 0.8))),
        figure(size=(math.inf, 1.0, 1.0)),
        figure(velocity=(math.nan, 0, 0)),
    ):
        assert people_after((broken, figure("q")))[0].id == "q"


# ---- no flapping

SLOW = Verdict(Level.SLOW, "ssm", "why", 1.0, 0.5, "p", 0.5)
BLOCK = Verdict(Level.BLOCK, "ssm", "why", 1.0, 0.0, "p", 0.0)


def test_a_limit_that_has_gone_lets_pass_at_once_and_keeps_its_name_for_a_while() -> None:
    settle = Settle(1.0)
    assert settle.judge(PASS, 0.0) == PASS
    assert settle.judge(SLOW, 1.0) == SLOW
    assert settle.judge(PASS, 1.5) == replace(SLOW, scale=1.0)
    other = replace(SLOW, scale=0.3)
    assert settle.judge(other, 1.9) == other
    assert settle.judge(PASS, 2.8).cause == "ssm"
    assert settle.judge(PASS, 2.9) == PASS and settle.judge(PASS, 2.95) == PASS


def test_a_stop_stays_a_stop_for_a_while_and_is_renewed() -> None:
    settle = Settle(1.0)
    assert settle.judge(SLOW, 0.0) == SLOW
    assert settle.judge(BLOCK, 0.1) == BLOCK
    assert settle.judge(PASS, 0.5) == BLOCK and settle.judge(SLOW, 1.0) == BLOCK
    assert settle.judge(SLOW, 1.1) == SLOW
    assert settle.judge(PASS, 2.0) == replace(SLOW, scale=1.0) and settle.judge(PASS, 2.1) == PASS
    assert settle.judge(BLOCK, 5.0) == BLOCK and settle.judge(BLOCK, 5.9) == BLOCK
    assert settle.judge(PASS, 6.85) == BLOCK and settle.judge(PASS, 6.9) == PASS


# ---- the guard


def guard(*humans: Human, params: SafetyParams = PARAMS, model: bool = True) -> SeparationGuard:
    parts = (MODEL, SILHOUETTE) if model else (None, None)
    out = SeparationGuard(params, ROBOT, OUTLINE, *parts)
    out.humans = humans
    return out


def share_of(one: SeparationGuard, trajectory: JointTrajectory, pose: Pose2D) -> Verdict:
    return one.share(one.sweep(trajectory, MEASURED), pose)


def allowed(verdict: Verdict) -> float:
    return verdict.scale if verdict.level >= Level.SLOW else 1.0


BASE_LEGS = 260.0 / math.sqrt(60e3 * 75.0 * (70.32 / 2 + 0.5) / (75.0 + 70.32 / 2 + 0.5))


def test_five_thousand_drives_toward_people_are_none_above_separation_and_contact() -> None:
    rng = np.random.default_rng(5)
    formula = Separation(PARAMS.reaction_time_s, PARAMS.braking_share * ROBOT.base.deceleration, 0.2, 0.1, 0.05)
    slowed, _heavy = 0, 260.0 / math.sqrt(60e3 * 75.0 * 75.5 / 150.5)  # a robot of unknown mass counts as 150 kg
    for _ in range(5000):
        x, y, theta = rng.uniform([-3, -3, -3.1], [3, 3, 3.1])
        px, py, radius, speed = rng.uniform([-3, -3, 0.15, 0.0], [3, 3, 0.4, 2.0])
        vx, vy, wz = rng.uniform([-0.4, -0.4, -1.2], [0.4, 0.4, 1.2])
        pose, wish = Pose2D(x, y, theta), Twist2D(vx, vy, wz)
        share = allowed(guard(Human("p", px, py, radius, speed), model=False).judge(wish, pose, 0.0))
        world = np.array([math.cos(theta) * vx - math.sin(theta) * vy, math.sin(theta) * vx + math.cos(theta) * vy])
        way = np.array([px - x, py - y])
        toward = share * float(world @ way) / float(np.linalg.norm(way))
        clearance = float(np.linalg.norm(way)) - 0.245 * math.cos(math.pi / 12) - radius
        limit = max(formula.speed(clearance, speed), 0.245)
        if toward > 0.006:
            assert toward <= limit + 2e-3, (toward, limit)
        slowed += share < 1.0
        if toward < 0.0:
            assert share == 1.0, "retreat"
    assert slowed > 150


def test_the_base_drives_at_the_contact_speed_of_legs_when_somebody_is_close() -> None:
    assert SILHOUETTE.total_mass == pytest.approx(70.32)
    human = Human("anna", 0.9, 0.0, 0.25, 1.6)
    verdict = guard(human).judge(Twist2D(0.5, 0.0, 0.0), HERE, 0.0)
    assert verdict.cause == "separation" and verdict.object == "anna" and verdict.level == Level.SLOW
    assert verdict.limit == pytest.approx(BASE_LEGS) and verdict.scale == pytest.approx(BASE_LEGS / 0.5)
    assert guard(human).judge(Twist2D(BASE_LEGS * 0.99, 0.0, 0.0), HERE, 0.0) == PASS
    far = guard(Human("anna", 2.0, 0.0, 0.25, 1.6)).judge(Twist2D(0.6, 0.0, 0.0), HERE, 0.0)
    assert far.cause == "separation" and far.limit > BASE_LEGS


def test_approach_is_slowed_and_retreat_and_turning_are_free() -> None:
    human = Human("p", 0.8, 0.0, 0.25, 1.6)
    assert allowed(guard(human).judge(Twist2D(0.5, 0.0, 0.0), HERE, 0.0)) < 0.5
    for wish in (Twist2D(-0.5, 0.0, 0.0), Twist2D(0.0, 0.5, 0.0), Twist2D()):
        assert guard(human, model=False).judge(wish, HERE, 0.0) == PASS


def test_the_stricter_of_two_people_counts() -> None:
    near, far = Human("near", 0.8, 0.1, 0.25, 1.6), Human("far", 1.9, 0.0, 0.25, 1.6)
    for humans in ((near, far), (far, near)):
        assert guard(*humans).judge(Twist2D(0.5, 0.0, 0.0), HERE, 0.0).object == "near"


def test_a_heavier_load_lowers_the_base_and_arm_speed_and_less_than_assumed_never_raises_it() -> None:
    human, wish = Human("p", 0.7, 0.0, 0.25, 1.6), Twist2D(0.5, 0.0, 0.0)
    one = guard(human)
    before = one.judge(wish, HERE, 0.0).limit
    for mass in (0.0, -3.0, math.nan, math.inf):
        one.carry(mass)
        assert one.judge(wish, HERE, 0.0).limit == before
    one.carry(5.0)
    assert one.judge(wish, HERE, 0.0).limit < before
    fast = arm_trajectory({"arm_joint_1": -1.0}, seconds=0.5)
    beside = Human("p", 0.3, -0.6, 0.25, 1.6)
    shares = []
    for mass in (0.5, 5.0):
        two = guard(beside)
        two.carry(mass)
        shares.append(two.share(two.sweep(fast, MEASURED), HERE).scale)
    assert shares[1] < shares[0] < 1.0


def brute_force_share(trajectory, human: Human, pose: Pose2D) -> float:  # type: ignore[no-untyped-def]
    """Oracle: positions of every sphere from the model's own kinematics on a fine grid of times."""
    contact = ContactSpeeds.of(robot_mass(SILHOUETTE.arm_mass(), 0.5), 1e-4, PARAMS.head_height_m)
    formula = Separation(PARAMS.reaction_time_s, PARAMS.arm_deceleration, 0.2, 0.1, 0.05)
    from vla_ros.safety.hermite import between

    times = np.append(0.0, trajectory.times_s)
    start = np.array([[MEASURED[n] for n in trajectory.names]])
    positions = np.vstack([start, trajectory.positions])
    velocities = np.vstack([np.zeros_like(start), trajectory.velocities])
    rows = [
        between(positions[i : i + 2], velocities[i : i + 2], times[i + 1] - times[i], np.linspace(0, 1, 6)[:-1])
        for i in range(len(times) - 1)
    ]
    way = np.vstack([*rows, positions[-1:]])
    dt = times[-1] / (len(way) - 1)
    moving_parts = SILHOUETTE.joints > 0
    spheres = np.array(
        [SILHOUETTE.centers(MODEL.configuration(MEASURED | dict(zip(trajectory.names, q))))[moving_parts] for q in way]
    )
    radii, share = SILHOUETTE.radii[moving_parts], 1.0
    x, y = pose.inverse_transform(np.array([human.x, human.y]))
    for a, b in itertools.pairwise(spheres):
        for p, q, r in zip(a, b, radii):
            speed = (math.hypot(x - p[0], y - p[1]) - math.hypot(x - q[0], y - q[1])) / dt
            distance = math.hypot(x - p[0], y - p[1]) - r - human.radius
            limit = max(formula.speed(distance, human.speed), contact.at(p[2] - r, p[2] + r))
            share = min(share, limit / max(speed, 1e-9))
    return share


@pytest.mark.parametrize(("x", "y"), [(0.3, -0.7), (0.6, -0.2), (2.5, 0.0)])
def test_the_share_of_an_arm_motion_agrees_with_a_fine_sampling_of_every_part(x: float, y: float) -> None:
    trajectory = arm_trajectory({"arm_joint_1": -1.0, "arm_joint_2": 0.2}, seconds=1.2)
    human = Human("p", x + 1.0, y - 1.0, 0.25, 1.6)
    pose = Pose2D(1.0, -1.0, 0.0)
    share = allowed(share_of(guard(human), trajectory, pose))
    assert share == pytest.approx(brute_force_share(trajectory, human, pose), rel=0.08)
    assert (share < 1.0) == (x < 2.0)


def test_somebody_who_comes_near_stops_a_fast_arm_and_not_a_slow_one() -> None:
    beside = Human("p", 0.3, -0.6, 0.25, 1.6)
    for seconds, level in ((0.6, Level.BRAKE), (6.0, Level.PASS)):
        one = guard()
        one.begin("arm", one.sweep(arm_trajectory({"arm_joint_1": -1.0}, seconds=seconds), MEASURED), 10.0)
        assert one.judge_arm(HERE, 10.1) == PASS
        one.humans = (beside,)
        verdict = one.judge_arm(HERE, 10.2)
        assert verdict.level == level
        if level > Level.PASS:
            assert verdict.object == "p" and verdict.scale == 0.0 and verdict.value > verdict.limit > 0.0


def test_an_arm_that_ended_or_holds_stops_nobody() -> None:
    one = guard(Human("p", 0.3, -0.6, 0.25, 1.6))
    one.begin("arm", one.sweep(arm_trajectory({"arm_joint_1": -1.0}, seconds=0.5), MEASURED), 10.0)
    assert one.judge_arm(HERE, 10.51) == PASS
    two = guard(Human("p", 0.3, -0.6, 0.25, 1.6))
    two.begin("arm", two.sweep(arm_trajectory({"arm_joint_1": -1.0}, seconds=0.5), MEASURED), 10.0)
    two.end()
    assert two.judge_arm(HERE, 10.2) == PASS
    three = guard(Human("p", 0.3, -0.6, 0.25, 1.6), model=False)
    three.begin("arm", three.sweep(arm_trajectory({"arm_joint_1": -1.0}, seconds=0.5), MEASURED), 10.0)
    assert three.judge_arm(HERE, 10.2) == PASS
    assert share_of(three, arm_trajectory({"arm_joint_1": -1.0}, seconds=0.5), HERE) == PASS


def test_a_stretched_arm_counts_while_the_base_drives() -> None:
    stretched = MEASURED | dict(zip(ROBOT.groups[0].names, ROBOT.posture("offer").positions))  # type: ignore[union-attr]
    human, wish = Human("p", 2.2, 0.0, 0.25, 1.6), Twist2D(0.6, 0.0, 0.0)
    folded, out = guard(human), guard(human)
    folded.see_joints(MEASURED)
    out.see_joints(stretched)
    assert out.judge(wish, HERE, 0.0).limit < folded.judge(wish, HERE, 0.0).limit
    turning = Human("p", 0.7, 0.6, 0.25, 1.6)
    assert allowed(guard(turning).judge(Twist2D(0.0, 0.0, 1.2), HERE, 0.0)) == 1.0
    swings = guard(turning)
    swings.see_joints(stretched)
    assert allowed(swings.judge(Twist2D(0.0, 0.0, 1.2), HERE, 0.0)) < 1.0
    assert allowed(swings.judge(Twist2D(0.0, 0.0, -1.2), HERE, 5.0)) > 0.9


def test_the_window_of_a_sweep_holds_the_sample_before_and_those_within() -> None:
    centers = np.arange(15.0).reshape(5, 1, 3)
    sweep = Sweep(np.array([0.0, 1.0, 2.0, 3.0, 4.0]), centers)
    assert np.allclose(sweep.velocities[:4], 3.0) and np.all(sweep.velocities[4] == 0.0)
    late = sweep.slower(0.5)
    assert np.allclose(late.times, sweep.times * 2) and np.allclose(late.velocities, sweep.velocities / 2)
    for since, until, first, last in (
        (0.5, 2.5, 0, 2),
        (1.0, 1.0, 1, 1),
        (3.2, 9.0, 3, 4),
        (7.0, 8.0, 4, 4),
        (-1, -0.5, 0, 0),
    ):
        found, speeds = sweep.window(since, until)
        assert np.array_equal(found, centers[first : last + 1]) and len(speeds) == last - first + 1
