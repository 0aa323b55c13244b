"""Whoever walks in finds the robot at rest: where they will be, when the base and the arm must stand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from gate_story import ARM, HOME, MODEL, ROBOT, arm_trajectory
from walking_story import HERE, OUTLINE, PARAMS, TOUCH_MPS, Encounter, Walker, crossing

from vla_ros.core.geometry import Pose, Pose2D, Twist2D
from vla_ros.core.scene import Scene, SceneObject
from vla_ros.safety.approach_guard import ApproachGuard
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.lidar_tracker import Mover
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.people import Human, People
from vla_ros.safety.separation_guard import SeparationGuard, Sweep
from vla_ros.safety.silhouette import Silhouette
from vla_ros.safety.ssm import Separation
from vla_ros.safety.verdict import PASS, Level, Verdict

# ---- whole encounters: somebody who looks at a phone


@pytest.mark.parametrize("seed", [0, 3, 11])
def test_whoever_walks_in_touches_a_robot_that_stands_or_none_at_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    meeting = crossing(rng, seed).armed()
    meeting.command = (float(rng.uniform(0.2, 0.6)), 0, 0, 0, 0, float(rng.choice([0.0, 0.0, rng.uniform(-1, 1)])))
    meeting.meet(5.0)
    assert all(speed <= TOUCH_MPS for speed in meeting.touched)
    assert math.hypot(meeting.pose.x, meeting.pose.y) > 0.1 and (meeting.touched or meeting.nearest < 0.3), (
        "it drove, they met"
    )


def test_somebody_from_the_side_finds_the_robot_at_rest_and_it_drives_on_when_they_are_gone() -> None:
    meeting = Encounter(Walker((0.75, 1.6), (0.75, -2.2), 1.0, 0.3)).armed()
    meeting.command = (0.4, 0.0, 0.0, 0.0, 0.0, 0.0)
    meeting.meet(5.5)
    assert not meeting.touched
    stops = [o for o in meeting.outputs if o.status.cause == "approach" and o.status.state == "stopped"]
    assert stops and stops[0].status.limiting_object.startswith("mover_") and "stands" in stops[0].status.text
    assert meeting.outputs[-1].twist.vx == pytest.approx(0.4, abs=0.01) and meeting.pose.x > 0.9


@pytest.mark.parametrize(
    "walker",
    [
        Walker((1.2, 0.9), (3.0, 0.9), 1.0, 99.0),  # stands beside the way
        Walker((3.5, 1.2), (-2.5, 1.2), 1.2),  # comes by
        Walker((-2.5, -1.1), (3.5, -1.1), 1.2),  # overtakes
        Walker((1.0, 0.0), (3.6, 0.3), 1.0),  # walks on ahead
    ],
)
def test_who_does_no_harm_stops_nobody(walker: Walker) -> None:
    rng = np.random.default_rng(2)
    things = np.column_stack([rng.uniform(-2.8, 3.8, 24), rng.choice([-1, 1], 24) * rng.uniform(0.6, 2.3, 24)])
    meeting = Encounter(walker, things=np.column_stack([things, np.full(24, 0.025)])).armed()
    meeting.command = (0.4, 0.0, 0.0, 0.0, 0.0, 0.0)
    meeting.run(3.5)
    assert not any(o.status.cause == "approach" for o in meeting.outputs)
    assert meeting.pose.x > 1.0


def test_furniture_never_walks_however_the_robot_turns() -> None:
    rng = np.random.default_rng(4)
    places = rng.uniform([-2.8, -2.3], [3.8, 2.3], (40, 2))
    places = places[np.hypot(*places.T) > 0.7]
    meeting = Encounter(things=np.column_stack([places, np.full(len(places), 0.03)])).armed()
    for command in ((0.0, 0.0, 0.0, 0.0, 0.0, 1.2), (0.2, 0.1, 0.0, 0.0, 0.0, -0.8)):
        meeting.command = command  # type: ignore[assignment]
        meeting.run(2.0)
        assert meeting.gate._drive.movers(meeting.now) == ()


# ---- what the gate makes of it


def walking(x: float, y: float, vx: float, vy: float, seen_s: float = 0.0, radius: float = 0.3) -> Mover:
    return Mover("m", x, y, vx, vy, radius, seen_s)


def judged(
    wish: Twist2D, *movers: Mover, pose: Pose2D = HERE, now: float = 0.0, params: SafetyParams = PARAMS
) -> Verdict:
    return ApproachGuard(params, ROBOT.base).judge(wish, pose, OUTLINE, movers, now)


def stops_in_time(wish: Twist2D, share: float, pose: Pose2D, mover: Mover, slack: float) -> bool:
    """Oracle: both go on in steps of 5 ms, the robot brakes after its reaction time until it stands."""
    dt, t, p = 0.005, 0.0, PARAMS
    x, y, theta, left = pose.x, pose.y, pose.theta, share
    rim = wish.speed + OUTLINE.radius * abs(wish.wz)
    push = max(wish.speed / ROBOT.base.deceleration, abs(wish.wz) / ROBOT.base.yaw_acceleration) / p.braking_share
    assert rim > 0.0
    while True:
        px, py = mover.x + mover.vx * t, mover.y + mover.vy * t
        inside = Pose2D(x, y, theta).inverse_transform(np.array([px, py]))
        gap = float(OUTLINE.clearance(inside[None])[0]) - mover.radius - p.approach_margin_m - p.human_margin_mps * t
        if gap < slack:
            return False
        if left <= 0.0:
            return True
        if t > p.reaction_time_s:
            left -= dt / push
        c, s = math.cos(theta), math.sin(theta)
        x += (c * wish.vx - s * wish.vy) * left * dt
        y += (s * wish.vx + c * wish.vy) * left * dt
        theta += wish.wz * left * dt
        t += dt


def test_the_share_that_passes_is_the_largest_from_which_it_stands_before_anybody_comes() -> None:
    rng = np.random.default_rng(8)
    seen = {1.0: 0, 0.0: 0, 0.5: 0}
    for _ in range(90):
        pose = Pose2D(*rng.uniform([-2, -2, -3], [2, 2, 3]))
        wish = Twist2D(*rng.uniform([-0.5, -0.5, -1.2], [0.5, 0.5, 1.2]))
        angle, away = rng.uniform(-math.pi, math.pi), rng.uniform(0.75, 1.6)
        place = pose.transform(away * np.array([math.cos(angle), math.sin(angle)]))
        way = np.array([pose.x, pose.y]) + rng.uniform(-0.4, 0.4, 2) - place
        velocity = rng.uniform(0.3, 1.6) * way / np.linalg.norm(way)
        mover = walking(float(place[0]), float(place[1]), float(velocity[0]), float(velocity[1]))
        verdict = judged(wish, mover, pose=pose)
        inside = pose.inverse_transform(place)
        if wish.vx * inside[0] + wish.vy * inside[1] < 0.0 and verdict == PASS:
            continue  # it gets away
        share = 1.0 if verdict == PASS else verdict.scale
        assert share == 0.0 or stops_in_time(wish, share, pose, mover, -0.012)
        for more in (s for s in (1.0, 0.8, 0.6, 0.4, 0.2) if s > share):
            assert not stops_in_time(wish, more, pose, mover, 0.012)
        seen[share if share in seen else 0.5] += 1
        if verdict != PASS:
            assert (verdict.cause, verdict.object) == ("approach", "m")
            assert (verdict.level == Level.BLOCK) == (share == 0.0)
            assert verdict.value == pytest.approx(mover.speed)
            gap = float(OUTLINE.clearance(inside[None])[0]) - 0.4
            assert verdict.limit == pytest.approx(gap)
    assert min(seen.values()) > 6, seen


@pytest.mark.parametrize("share", [1.0, 0.8, 0.6, 0.4, 0.2])
def test_head_on_the_way_of_both_and_the_error_of_speed_must_fit(share: float) -> None:
    """By the formulas of even braking: s t_r + s T/2 of the robot's way, u (t_r + s T) of theirs."""
    speed, u = 0.5, 0.8
    stopping = speed / (ROBOT.base.deceleration * PARAMS.braking_share)
    seconds = PARAMS.reaction_time_s + share * stopping
    way = share * speed * (PARAMS.reaction_time_s + share * stopping / 2.0)
    needed = way + (u + PARAMS.human_margin_mps) * seconds
    for more in (0.003, -0.003):
        verdict = judged(Twist2D(speed, 0.0, 0.0), walking(0.245 + 0.4 + needed + more, 0.0, -u, 0.0))
        passed = 1.0 if verdict == PASS else verdict.scale
        assert passed == (share if more > 0.0 else pytest.approx(share - 0.2))


def test_a_retreat_that_gets_away_passes_and_one_that_is_overtaken_does_not() -> None:
    behind = 0.8
    assert judged(Twist2D(0.5, 0.0, 0.0), walking(-behind, 0.0, 0.7, 0.0)) != PASS
    assert judged(Twist2D(0.6, 0.0, 0.0), walking(-behind, 0.0, 0.3, 0.0)) == PASS
    assert judged(Twist2D(0.5, 0.0, 0.0), walking(-behind, 0.0, 1.2, 0.0)).level == Level.BLOCK
    assert judged(Twist2D(0.0, 0.5, 0.0), walking(1.2, -0.05, -0.5, 0.0)) == PASS, "it steps out of the way"


def test_a_way_out_is_asked_for_the_next_two_seconds() -> None:
    """Somebody follows a robot that is slow to react: 0.7 m and the error of their speed, 0.25 m/s."""

    def caught_after(seconds: float) -> Verdict:
        follower = walking(-(0.245 + 0.4 + 0.7), 0.0, 0.6 + 0.7 / seconds - PARAMS.human_margin_mps, 0.0)
        return judged(Twist2D(0.6, 0.0, 0.0), follower, params=replace(PARAMS, reaction_time_s=1.0))

    assert caught_after(1.9) != PASS and caught_after(2.1) == PASS
    runs_through = walking(0.75, 0.0, -2.0, 0.0)
    assert judged(Twist2D(-0.05, 0.0, 0.0), runs_through) != PASS, "from now on"


def test_only_who_drives_away_may_count_on_getting_away() -> None:
    """Past somebody from the side, so that braking would end before them: they are hardly ahead, or hardly behind."""
    assert judged(Twist2D(0.6, 0.0, 0.0), walking(0.05, -0.95, 0.0, 0.22)).level == Level.SLOW
    assert judged(Twist2D(0.6, 0.0, 0.0), walking(-0.05, -0.95, 0.0, 0.22)) == PASS


def test_who_is_close_and_walks_lets_only_a_retreat_pass() -> None:
    close = 0.245 + 0.3 + 0.05
    along = walking(0.0, close, 0.5, 0.0)
    for wish in (Twist2D(0.1, 0.0, 0.0), Twist2D(0.0, 0.0, 0.5), Twist2D(0.0, 0.2, 0.0), Twist2D(0.3, -0.1, 0.0)):
        assert judged(wish, along).level == Level.BLOCK
    assert judged(Twist2D(0.1, -0.3, 0.0), along) == PASS and judged(Twist2D(0.0, -0.3, 0.0), along) == PASS
    assert judged(Twist2D(0.0, -0.1, 0.0), walking(0.0, close, 0.0, -0.5)).level == Level.BLOCK, "they come faster"
    touching = walking(0.0, 0.245 + 0.29, 0.0, 0.3)
    assert judged(Twist2D(0.0, -0.3, 0.0), touching).level == Level.BLOCK, "nobody is fled from who touches"
    assert judged(Twist2D(0.0, -0.3, 0.0), walking(0.0, 0.245 + 0.31, 0.0, 0.3)) == PASS


def test_exactly_at_the_margin_is_close_and_exactly_its_width_deeper_is_a_touch() -> None:
    """Numbers without rounding: a square of half a metre, a radius and a margin of a quarter."""
    params = replace(PARAMS, approach_margin_m=0.25)
    square = Footprint(((0.25, 0.25), (-0.25, 0.25), (-0.25, -0.25), (0.25, -0.25)))

    def at_gap(gap: float, wish: Twist2D) -> Verdict:
        leaves = walking(0.75 + gap, 0.0, 0.25, 0.0, radius=0.25)
        return ApproachGuard(params, ROBOT.base).judge(wish, HERE, square, (leaves,), 0.0)

    aside, back = Twist2D(0.0, 0.1, 0.0), Twist2D(-0.3, 0.0, 0.0)
    assert at_gap(0.0, aside).level == Level.BLOCK and at_gap(2**-10, aside) == PASS
    assert at_gap(-0.25, back).level == Level.BLOCK and at_gap(-0.25 + 2**-10, back) == PASS


def test_half_of_the_motion_must_lead_away_from_who_is_close() -> None:
    along = walking(0.0, 0.245 + 0.35, 0.3, 0.05)
    for angle, passes in ((-28.0, False), (-32.0, True)):
        c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        assert (judged(Twist2D(0.4 * c, 0.4 * s, 0.0), along) == PASS) == passes


def test_where_they_are_by_now_counts_not_where_they_were_seen() -> None:
    wish, seen = Twist2D(0.3, 0.0, 0.0), walking(1.6, 0.0, -1.2, 0.0)
    assert judged(wish, seen) == PASS and judged(wish, seen, now=0.5).level >= Level.SLOW
    assert judged(wish, seen, now=0.5) == judged(wish, walking(1.0, 0.0, -1.2, 0.0))


def test_the_strictest_of_several_counts_and_nobody_limits_a_base_that_stands() -> None:
    far, near = walking(2.5, 0.0, -0.5, 0.0), walking(0.8, 0.0, -0.9, 0.0)
    for movers in ((far, near), (near, far)):
        assert judged(Twist2D(0.4, 0.0, 0.0), *movers).level == Level.BLOCK
    assert judged(Twist2D(), near) == PASS
    flees = Twist2D(-0.6, 0.0, 0.0)
    assert judged(flees, walking(0.9, 0.0, -0.2, 0.0)) == PASS
    assert judged(flees, walking(0.9, 0.0, -0.2, 0.0), walking(-0.7, 0.0, 0.9, 0.0)).level == Level.BLOCK


def test_a_stop_stays_for_a_moment_but_not_for_who_flees() -> None:
    guard = ApproachGuard(PARAMS, ROBOT.base)
    near, gone = walking(0.8, 0.0, -0.9, 0.0), walking(0.8, 2.0, 0.0, 0.9)
    assert guard.judge(Twist2D(0.4, 0.0, 0.0), HERE, OUTLINE, (near,), 0.0).level == Level.BLOCK
    assert guard.judge(Twist2D(0.4, 0.0, 0.0), HERE, OUTLINE, (), 0.9).level == Level.BLOCK
    far = walking(2.5, 0.0, -0.3, 0.0, seen_s=0.92)
    assert guard.judge(Twist2D(0.4, 0.0, 0.0), HERE, OUTLINE, (far,), 0.92).level == Level.BLOCK
    assert guard.judge(Twist2D(0.0, -0.4, 0.0), HERE, OUTLINE, (replace(gone, seen_s=0.95),), 0.95) == PASS
    assert guard.judge(Twist2D(0.4, 0.0, 0.0), HERE, OUTLINE, (), 1.1) == PASS


def test_people_whom_the_camera_measures_walk_too() -> None:
    def after(velocity: tuple[float, float, float], scenes: int, later: float = 0.0) -> tuple[Mover, ...]:
        people = People(PARAMS)
        for k in range(scenes):
            pose = Pose((2.0, 1.0, 0.85))
            seen = SceneObject("p", (("person", 0.9),), "blue", "person", pose, (0.5, 0.4, 1.7), 0.9, True, 0.0,
                               velocity=velocity)  # fmt: skip
            people.see(Scene(k * 0.1, "odom", (seen,)), k * 0.1)
        return people.walking(0.1 * (scenes - 1) + later)

    assert after((0.3, -0.4, 0.0), 3) == (Mover("p", 2.0, 1.0, 0.3, -0.4, 0.25, pytest.approx(0.2)),)
    assert after((0.3, -0.4, 0.0), 2) == (), "not measured yet"
    assert after((0.2, 0.0, 0.0), 3) != () and after((0.199, 0.0, 9.0), 3) == ()
    assert after((0.3, -0.4, 0.0), 3, PARAMS.scene_timeout_s + 0.1) == (), "too old to be predicted"


# ---- the arm


def swinging(*movers: Mover, seconds: float = 1.0, now: float = 10.3, pose: Pose2D = HERE) -> Verdict:
    """The arm swings for ``seconds`` from 10.0 on."""
    silhouette = Silhouette(MODEL)
    one = SeparationGuard(PARAMS, ROBOT, OUTLINE, MODEL, silhouette)
    one.begin("arm", one.sweep(arm_trajectory({"arm_joint_1": -1.0}, seconds=seconds), ARM_HOME), 10.0)
    one.movers = movers
    return one.judge_arm(pose, now)


ARM_HOME = dict(zip(ARM.names, HOME.positions)) | {"head_pan_joint": 0.0}


def test_an_arm_in_motion_stops_for_who_walks_into_it_and_for_nobody_else() -> None:
    comes = walking(0.3, -1.25, 0.0, 1.2, seen_s=10.3)
    verdict = swinging(comes)
    assert (verdict.level, verdict.cause, verdict.object, verdict.scale) == (Level.BRAKE, "approach", "m", 0.0)
    assert verdict.value == pytest.approx(1.2) and verdict.limit == PARAMS.approach_mps
    for harmless in (
        walking(0.3, -1.25, 0.0, -1.2, seen_s=10.3),  # walks away
        walking(1.5, -1.25, 0.0, 1.2, seen_s=10.3),  # passes
        walking(0.3, -2.5, 0.0, 1.2, seen_s=10.3),  # too far to be there before the arm stands
    ):
        assert swinging(harmless) == PASS
    assert swinging(comes, seconds=60.0) == PASS, "an arm that hardly moves harms nobody"
    assert swinging(comes, now=11.1) == PASS and swinging() == PASS
    assert swinging(replace(comes, y=-2.5), now=10.3 + 1e-9) == PASS
    assert swinging(replace(comes, y=-2.0, seen_s=9.6)).level == Level.BRAKE, "where they are by now"
    assert swinging(walking(5.3, 3.0 - 1.25, 0.0, 1.2, seen_s=10.3), pose=Pose2D(5.0, 3.0, 0.0)).level == Level.BRAKE


def reached_after(seconds: float) -> Verdict:
    """Somebody who walks along x reaches the arm's rightmost moving part after so long, the error of speed included."""
    silhouette = Silhouette(MODEL)
    one = SeparationGuard(PARAMS, ROBOT, OUTLINE, MODEL, silhouette)
    centers = np.array([[[0.5, 0.0, 0.5]], [[0.6, 0.0, 0.5]]])
    sweep = Sweep(np.array([0.0, 1.0]), centers)
    one._radii = np.array([0.1])
    one.begin("arm", sweep, 0.0)
    start = 0.5 + 0.1 + 0.3 + (1.0 + PARAMS.human_margin_mps) * seconds
    one.movers = (walking(start, 0.0, -1.0, 0.0, seen_s=0.1),)
    return one.judge_arm(HERE, 0.1)


def test_as_long_as_the_arm_needs_to_stop_is_looked_ahead() -> None:
    needs = PARAMS.reaction_time_s + PARAMS.arm_stop_s
    assert reached_after(needs - 0.01).level == Level.BRAKE and reached_after(needs + 0.01) == PASS
    assert reached_after(0.02).level == Level.BRAKE


@pytest.mark.parametrize(("mps", "stops"), [(0.045, False), (0.055, True)])
def test_a_part_that_moves_slower_than_five_centimetres_a_second_stops_for_nobody(mps: float, stops: bool) -> None:
    one = SeparationGuard(PARAMS, ROBOT, OUTLINE, MODEL, Silhouette(MODEL))
    one._radii = np.array([0.1])
    for step in ((mps, 0.0), (0.0, mps)):
        centers = np.array([[[0.5, 0.0, 0.5]], [[0.5 + step[0], step[1], 0.5]]])
        one.begin("arm", Sweep(np.array([0.0, 1.0]), centers), 0.0)
        one.movers = (walking(0.9, 0.0, -1.0, 0.0),)
        assert (one._met(*one._sweeps["arm"][0].window(0.0, 0.5), HERE, one.movers[0], 0.0) != PASS) == stops


# ---- a robot without a lidar


def test_without_a_lidar_the_base_is_slow_beside_people_who_may_walk_in() -> None:
    blind = replace(ROBOT, sensors=("odom", "joint_states"))
    beside = Human("p", 0.0, 0.245 + 0.25 + 1.0, 0.25, 1.6)
    for robot, slowed in ((blind, True), (ROBOT, False)):
        one = SeparationGuard(PARAMS, robot, OUTLINE, None, None)
        one.humans = (beside,)
        verdict = one.judge(Twist2D(0.5, 0.0, 0.0), HERE, 0.0)
        assert (verdict != PASS) == slowed
        if slowed:
            limit = 0.96 * ((1.0 - 0.35) / 1.6 - 0.12)
            assert (verdict.level, verdict.cause, verdict.object) == (Level.SLOW, "separation", "p")
            assert verdict.limit == pytest.approx(limit) and verdict.scale == pytest.approx(limit / 0.5)
            assert verdict.value == 0.5 and one.judge(Twist2D(limit - 1e-6, 0.0, 0.0), HERE, 9.0) == PASS
    one = SeparationGuard(PARAMS, blind, OUTLINE, None, None)
    one.humans = (replace(beside, y=0.245 + 0.25 + 0.4),)
    contact = one.judge(Twist2D(0.5, 0.0, 0.0), HERE, 0.0)
    assert contact.limit == one._base_contact.legs, "never slower than what harms nobody"
    for angle, free in ((-29.0, False), (-31.0, True)):
        c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        assert (one.judge(Twist2D(0.5 * c, 0.5 * s, 0.0), HERE, 9.0 - angle) == PASS) == free, "a retreat"


def test_the_speed_past_people_is_that_from_which_it_stands_before_they_come() -> None:
    separation = Separation(0.1, 1.0, 0.2, 0.1, 0.05)
    rng = np.random.default_rng(1)
    for _ in range(200):
        distance, human = rng.uniform([0.0, 0.05], [3.0, 2.0])
        speed = separation.passing(distance, human)
        came = human * (0.1 + speed / 1.0)
        assert speed >= 0.0 and (came == pytest.approx(distance - 0.35) or (speed == 0.0 and came >= distance - 0.35))
    assert separation.passing(0.36, 0.0) == math.inf and separation.passing(0.34, 0.0) == 0.0
    assert separation.passing(0.1, 1.0) == 0.0
