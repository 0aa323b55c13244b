"""What slows and stops the base along its way, exactly at the borders: margins, people beside it, memory."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from gate_story import ARM, HOME, MODEL, ROBOT

from vla_ros.core.geometry import ZERO_TWIST, Box, Pose, Pose2D, Twist2D
from vla_ros.robot.outline import OutlineMaker
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.nearness import Nearness
from vla_ros.safety.obstacle_guard import ObstacleGuard
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.swept_path import Profile, Rim
from vla_ros.safety.verdict import PASS, Level, Verdict

HERE = Pose2D()
RIM = Rim(0.5, 1.0)
REACTION_S = 0.125
SQUARE = ((0.25, 0.25), (-0.25, 0.25), (-0.25, -0.25), (0.25, -0.25))
BASE = replace(ROBOT.base, footprint=SQUARE, deceleration=1.0)
FINGERS = ROBOT.gripper
assert FINGERS is not None


def along(*clearances: float) -> Profile:
    """Clearances 0.1 m of way apart."""
    return Profile(0.1 * np.arange(len(clearances)), np.array(clearances))


def way_for(speed: float, rim: Rim) -> float:
    """The way from which ``speed`` can just stop."""
    return speed * REACTION_S + speed**2 / (2.0 * rim.deceleration)


def near(name: str, found: Profile | None, rim: Rim = RIM, margin: float = 0.125) -> Verdict:
    return Nearness(name, margin, 0.5, 0.25).judge(found, rim, REACTION_S)


# ---- the rule


def test_nothing_near_passes() -> None:
    assert near("obstacle", None) == PASS == Nearness("person", 0.1, 0.5, 0.25).emergency(None)
    assert near("obstacle", along(0.5, 0.5)) == PASS, "exactly as far as what makes slow"
    assert near("obstacle", along(0.499, 0.499), Rim(0.25, 1.0)) == PASS, "it is as slow as it has to be"


def test_an_obstacle_beside_the_way_slows_though_nothing_comes_nearer() -> None:
    slow = near("obstacle", along(0.4, 0.4, 0.4))
    assert (slow.level, slow.cause, slow.object, slow.scale) == (Level.SLOW, "obstacle", "obstacle", 0.5)
    assert (slow.value, slow.limit) == (
        0.4,
        0.5,
    ) and slow.text == "Slowed to 50%: an obstacle beside the way, 0.40 m off."


def test_a_person_beside_the_way_slows_within_twice_the_margin_only() -> None:
    assert near("person", along(0.25, 0.25, 0.25)) == PASS == near("person", along(0.3, 0.3))
    close = near("person", along(0.24, 0.24))
    assert (close.level, close.scale, close.value, close.limit) == (Level.SLOW, 0.5, 0.24, 0.5)
    assert "a person beside the way, 0.24 m off" in close.text


def test_a_person_who_comes_nearer_by_more_than_a_millimetre_slows() -> None:
    assert near("person", along(0.45, 0.45 - 1e-3, 0.45)) == PASS
    assert near("person", along(0.45, 0.45 - 1.1e-3, 0.45)).level == Level.SLOW
    assert near("person", along(0.45, 0.3, 0.3)).scale == 0.5
    assert near("person", along(0.3, 0.45, 0.45)) == PASS, "the base goes away"
    assert near("person", along(0.6, 0.5)) == PASS and near("person", along(0.6, 0.499)).level == Level.SLOW


def test_what_is_in_the_way_is_told_with_the_way_and_the_margin() -> None:
    slow = near("obstacle", along(0.225, 0.025))
    way = 0.05
    assert (slow.value, slow.limit, slow.level) == (pytest.approx(way), 0.125, Level.SLOW)
    assert slow.scale == pytest.approx(RIM.speed_for(way, REACTION_S) / 0.5)
    assert slow.text.endswith("an obstacle in the way, 0.05 m ahead.")


def with_way(way: float) -> Profile:
    """Free for ``way`` and no farther, at a margin of an eighth."""
    return Profile(np.array([0.0, way, 2 * way]), np.array([0.125 + way, 0.125, 0.125 - way]))


def test_it_stops_where_only_creeping_would_be_left_or_less_than_half_of_a_slow_wish() -> None:
    for rim, least in ((RIM, 0.02), (Rim(0.03, 1.0), 0.015)):
        stop = near("obstacle", with_way(way_for(least * 0.99, rim)), rim)
        assert (stop.level, stop.scale, stop.cause, stop.limit) == (Level.BLOCK, 0.0, "obstacle", 0.125)
        go = near("obstacle", with_way(way_for(least * 1.01, rim)), rim)
        assert go.level == Level.SLOW and go.scale == pytest.approx(1.01 * least / rim.speed)


def test_exactly_half_of_a_slow_wish_still_goes_on() -> None:
    """In numbers that floats hold exactly: half of 1/32 m/s is what a way of 9/4096 m lets it drive."""
    rim = Rim(1 / 32, 0.5)
    assert rim.speed_for(9 / 4096, REACTION_S) == 1 / 64
    exact = near("person", with_way(9 / 4096), rim)
    assert (exact.level, exact.scale, exact.value) == (Level.SLOW, 0.5, 9 / 4096)


def test_nearer_than_the_margin_it_sidles_down_to_a_third_of_it() -> None:
    """Margin 0.12: from 0.05 along a gentle slope, to 0.041, and to 0.035."""
    keeps = Nearness("obstacle", 0.12, 0.0, 0.2)
    assert keeps.judge(along(0.05, 0.041), RIM, REACTION_S) == PASS == keeps.emergency(along(0.05, 0.041))
    slow = keeps.judge(along(0.05, 0.045, 0.035), RIM, REACTION_S)
    assert slow.level == Level.SLOW and slow.value == pytest.approx(0.15)
    hit = keeps.emergency(along(0.05, 0.045, 0.035))
    assert (hit.level, hit.scale, hit.limit, hit.cause) == (Level.BLOCK, 0.0, 0.12, "obstacle")
    assert "0.15 m ahead of the distance kept (0.12 m)" in hit.text


# ---- the guard


def guard(points: list[tuple[float, float]], **changes: object) -> ObstacleGuard:
    params = SafetyParams(reaction_time_s=REACTION_S, braking_share=1.0, near_distance_m=0.0, **changes)  # type: ignore[arg-type]
    made = ObstacleGuard(params, BASE)
    made.see(np.array(points, dtype=float).reshape(-1, 2), HERE)
    return made


AHEAD = Twist2D(0.5, 0.0, 0.0)


def test_the_nearest_hit_is_told_with_its_clearance() -> None:
    assert guard([(0.5, 0.0), (0.0, 0.375), (-2.0, 0.0)]).nearest(HERE) == 0.125
    assert guard([(0.5, 0.0)]).nearest(Pose2D(0.125, 0.0, 0.0)) == 0.125


def test_before_the_first_scan_nothing_is_near() -> None:
    fresh = ObstacleGuard(SafetyParams(), BASE)
    assert fresh.nearest(HERE) == math.inf and fresh.points.shape == (0, 2)
    assert fresh.judge(AHEAD, HERE, 0.0) == PASS == fresh.emergency(AHEAD, HERE, 0.0)


def test_braking_as_hard_as_it_can_takes_six_hundredths_of_a_second_and_the_rest_of_the_speed() -> None:
    needs = 0.06 * 0.5 + 0.5**2 / 2.0
    for more, level in ((0.001, Level.PASS), (-0.001, Level.BLOCK)):
        one = guard([(0.25 + 0.01 + needs + more, 0.0)], stop_margin_m=0.02)
        assert one.emergency(AHEAD, HERE, 0.0).level == level


def test_what_braking_stops_for_is_remembered_and_what_it_passes_is_not() -> None:
    creep = Twist2D(0.02, 0.0, 0.0)
    for gap, level in ((0.005, Level.BLOCK), (0.2, Level.PASS)):
        one = guard([(0.25 + gap, 0.0)])
        assert one.emergency(creep, HERE, 0.0).level == level
        one.see(np.zeros((0, 2)), HERE)
        assert one.judge(creep, HERE, 0.5).level == level


def test_people_are_seen_as_far_as_the_way_goes_and_their_distances_reach() -> None:
    """1.2 m beyond the stopping distance, their radius included; a person right behind is left alone."""
    reach = 0.5 * REACTION_S + 0.125
    for clearance, level in ((reach + 0.99, Level.SLOW), (reach + 1.01, Level.PASS)):
        one = guard([], person_slow_distance_m=1.0, person_stop_distance_m=0.2, person_speed_mps=0.25)
        one.see_people(((0.25 + 0.125 + clearance, 0.0, 0.125),))
        verdict = one.judge(AHEAD, HERE, 0.0)
        assert verdict.level == level and verdict.limit == (1.0 if level else 0.0)
    one = guard([], person_slow_distance_m=1.0, person_stop_distance_m=0.2)
    one.see_people(((-0.25 - 0.125 - 0.5, 0.0, 0.125), (-3.0, 0.0, 0.1)))
    assert one.judge(AHEAD, HERE, 0.0) == PASS


def under_arm(points: list[tuple[float, float]]) -> ObstacleGuard:
    """A guard whose whole robot reaches one metre ahead of its base."""
    made = guard(points, stop_margin_m=0.02)
    made.whole = Footprint(((1.25, 0.25), (-0.25, 0.25), (-0.25, -0.25), (1.25, -0.25)))
    return made


def test_what_lies_under_the_arm_already_does_not_slow_and_its_rim_belongs_to_it() -> None:
    for x, level in ((1.0, Level.PASS), (1.25, Level.PASS), (1.2501, Level.SLOW), (1.3, Level.SLOW)):
        assert under_arm([(x, 0.0)]).judge(AHEAD, HERE, 0.0).level == level, x
    assert under_arm([(1.25, 0.0), (1.3, 0.0)]).judge(AHEAD, HERE, 0.0).level == Level.SLOW


def test_what_comes_under_the_arm_slows_to_a_crawl_at_most() -> None:
    slow = under_arm([(1.26, 0.0)]).judge(AHEAD, HERE, 0.0)
    assert (slow.cause, slow.object, slow.limit, slow.scale) == ("obstacle", "obstacle", 0.02, pytest.approx(0.1))
    assert slow.value == pytest.approx(0.0, abs=1e-3) and "comes under the arm" in slow.text
    assert under_arm([(1.26, 0.0)]).judge(Twist2D(0.05, 0.0, 0.0), HERE, 0.0) == PASS, "it crawls already"
    faster = under_arm([(1.35, 0.0)]).judge(AHEAD, HERE, 0.0)
    assert faster.scale == pytest.approx(Rim(0.5, 1.0).speed_for(0.08, REACTION_S) / 0.5, abs=1e-3)


def test_along_something_that_is_nearly_under_the_arm_it_may_sidle() -> None:
    beside = [(0.5, 0.25 + 0.015)]
    assert under_arm(beside).judge(Twist2D(-0.49, 0.02, 0.0), HERE, 0.0) == PASS
    assert under_arm(beside).judge(Twist2D(-0.3, 0.4, 0.0), HERE, 0.0).level == Level.SLOW


@pytest.mark.parametrize("more", [1e-9, 0.0, -1e-9])
def test_a_stop_holds_for_wishes_within_sixty_degrees_of_it_in_driving_and_turning(more: float) -> None:
    """Of a base whose rim is a quarter of a metre off: (1, 1, 0) and (3, 0, 3) at the rim are 60 degrees apart."""
    diamond = ((0.25, 0.0), (0.0, 0.25), (-0.25, 0.0), (0.0, -0.25))
    one = ObstacleGuard(SafetyParams(), replace(BASE, footprint=diamond))
    one.see(np.array([[0.2, 0.2]]) * 0.7, HERE)
    stopped = one.judge(Twist2D(0.125, 0.125, 0.0), HERE, 0.0)
    assert stopped.level == Level.BLOCK
    one.see(np.zeros((0, 2)), HERE)
    a, b = np.array([0.125, 0.125, 0.0]), np.array([0.375, 0.0, 0.375])
    assert float(a @ b) == 0.5 * float(np.linalg.norm(a) * np.linalg.norm(b)), "exactly, in floats"
    wish = Twist2D(0.375, more, 4 * 0.375)
    assert one.judge(wish, HERE, 0.5) == (stopped if more > 0.0 else PASS)


# ---- what the hand may hold

MEASURED = dict(zip(ARM.names, HOME.positions)) | {"arm_joint_1": 1.2}


def whole_with(opening: float) -> tuple[ObstacleGuard, dict[str, float]]:
    made = ObstacleGuard(SafetyParams(), ROBOT.base, MODEL)
    measured = MEASURED | dict.fromkeys(FINGERS.joints, opening / 2)
    made.see_joints(measured)
    return made, measured


def test_the_whole_robot_holds_a_box_that_is_three_centimetres_wider_than_its_fingers_are_open() -> None:
    for opening, taken in ((0.06, 0.06), (0.0, 0.0), (-0.01, 0.0), (0.062, 0.06)):
        made, measured = whole_with(opening)
        held = Box(Pose(), (0.12, taken + 0.03, 0.12))
        hull = OutlineMaker(MODEL).of(measured, held).hull(ROBOT.base.footprint)
        assert made.whole.clearance(np.array(hull)) == pytest.approx(np.zeros(len(hull)), abs=1e-9)
        assert made.whole.radius == pytest.approx(Footprint(hull).radius)


def test_fingers_that_nobody_measures_count_as_closed() -> None:
    unknown = ObstacleGuard(SafetyParams(), ROBOT.base, MODEL)
    unknown.see_joints(MEASURED)
    assert unknown.whole.radius == pytest.approx(whole_with(0.0)[0].whole.radius)


def test_fingers_that_tremble_within_a_centimetre_make_no_new_outline() -> None:
    made, measured = whole_with(0.061)
    before = made.whole
    made.see_joints(measured | dict.fromkeys(FINGERS.joints, 0.0315))
    assert made.whole is before
    made.see_joints(measured | dict.fromkeys(FINGERS.joints, 0.034))
    assert made.whole is not before


def test_a_robot_at_rest_is_never_stopped() -> None:
    one = guard([(0.251, 0.0)])
    assert one.judge(ZERO_TWIST, HERE, 0.0) == PASS == one.emergency(ZERO_TWIST, HERE, 0.0)
