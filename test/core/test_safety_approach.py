"""Whoever walks in finds the robot at rest: what the lidar sees moving, where it will be, when the base must stand."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from gate_story import ARM, HOME, MODEL, ROBOT, Story, arm_trajectory, scan_of

from vla_ros.core.geometry import Pose, Pose2D, Twist2D, Vector
from vla_ros.core.scene import Scene, SceneObject
from vla_ros.safety.approach_guard import ApproachGuard
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.lidar_tracker import LidarTracker, Mover, _Track
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.people import Human, People
from vla_ros.safety.scan_check import hits
from vla_ros.safety.separation_guard import SeparationGuard, Sweep
from vla_ros.safety.silhouette import Silhouette
from vla_ros.safety.ssm import Separation
from vla_ros.safety.verdict import PASS, Level, Verdict

PARAMS = SafetyParams()
OUTLINE = Footprint(ROBOT.base.footprint)
ANGLES = -math.pi + np.arange(360) * (2 * math.pi / 360)
ROOM = np.array([[-3.0, -2.5], [4.0, -2.5], [4.0, 2.5], [-3.0, 2.5]])
LEG_M, STRIDE_M = 0.06, 0.09
HERE = Pose2D()
STEP_S = 1.0 / 16.0
TOUCH_MPS = 0.05


def ranges_in(pose: Pose2D, circles: Vector, corners: Vector = ROOM, rng: np.random.Generator | None = None) -> Vector:
    """A lidar at ``pose`` in a room with (n, 3) circles x, y, radius: the truth by geometry."""
    directions = np.stack([np.cos(ANGLES + pose.theta), np.sin(ANGLES + pose.theta)], axis=1)
    out, origin = np.full(360, np.inf), np.array([pose.x, pose.y])
    for a, b in zip(corners, np.roll(corners, -1, axis=0)):
        edge, to = b - a, a - origin
        across = directions[:, 0] * edge[1] - directions[:, 1] * edge[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (to[0] * edge[1] - to[1] * edge[0]) / across
            u = (to[0] * directions[:, 1] - to[1] * directions[:, 0]) / across
        hit = (t > 0) & (u >= 0) & (u <= 1)
        out[hit] = np.minimum(out[hit], t[hit])
    for x, y, r in circles:
        to = np.array([x, y]) - origin
        ahead = directions @ to
        short = r * r - (to @ to - ahead**2)
        hit = (short > 0) & (ahead > 0)
        out[hit] = np.minimum(out[hit], ahead[hit] - np.sqrt(short[hit]))
    return out if rng is None else np.where(np.isfinite(out), out + rng.normal(0.0, 0.004, 360), out)


@dataclass
class Walker:
    """Somebody who walks from ``start`` to ``goal`` as the simulator's people do, whoever stands in the way."""

    start: tuple[float, float]
    goal: tuple[float, float]
    speed: float
    waits_s: float = 0.0
    pace: float = 0.0

    def __post_init__(self) -> None:
        self.at = np.array(self.start)
        self.heading = math.atan2(self.goal[1] - self.start[1], self.goal[0] - self.start[0])

    def advance(self, dt: float) -> None:
        self.waits_s -= dt
        left = np.array(self.goal) - self.at
        wanted = 0.0 if self.waits_s > 0 else min(self.speed, 1.5 * math.hypot(*left))
        self.pace = min(wanted, self.pace + 1.2 * dt)
        self.at = self.at + self.pace * dt * np.array([math.cos(self.heading), math.sin(self.heading)])

    def legs(self) -> Vector:
        across = STRIDE_M * np.array([-math.sin(self.heading), math.cos(self.heading)])
        return np.array([[*(self.at + s * across), LEG_M] for s in (1.0, -1.0)])


class Encounter(Story):
    """A gate that drives through a room in which people walk; the lidar is all that it knows of them."""

    def __init__(self, *walkers: Walker, things: Vector | None = None, seed: int = 0) -> None:
        super().__init__()
        self.walkers, self.rng = walkers, np.random.default_rng(seed)
        self.things = np.zeros((0, 3)) if things is None else things
        self.touched: list[float] = []
        self.nearest = math.inf

    def _feed(self) -> None:
        for walker in self.walkers:
            walker.advance(0.02)
        legs = [w.legs() for w in self.walkers]
        self.ranges = ranges_in(self.pose, np.vstack([self.things, *legs]), rng=self.rng)
        super()._feed()

    def meet(self, seconds: float) -> None:
        """Drives on and notes at what speed of the robot anybody touches it."""
        before = 0.0
        for _ in range(round(seconds * 50)):
            out = self.run(0.02)
            t = out.twist
            for walker in self.walkers:
                at = self.pose.inverse_transform(walker.at)
                gap = float(OUTLINE.clearance(at[None])[0]) - 0.16
                self.nearest = min(self.nearest, gap)
                if gap < 0.0:
                    self.touched.append(max(before, t.speed + 0.245 * abs(t.wz)))
            before = t.speed + 0.245 * abs(t.wz)
            if self.touched:
                return


def crossing(rng: np.random.Generator, seed: int) -> Encounter:
    """Somebody who crosses the robot's way about when it comes by, from any side."""
    when, speed = float(rng.uniform(1.0, 3.5)), float(rng.uniform(0.5, 1.3))
    meeting = np.array([0.4 * when + rng.uniform(-0.5, 0.7), rng.uniform(-0.2, 0.2)])
    angle = float(rng.uniform(-math.pi, math.pi))
    way = np.array([math.cos(angle), math.sin(angle)])
    far = min(float(rng.uniform(1.0, 2.0)), 2.3 / max(abs(math.sin(angle)), 0.5))
    start, goal = meeting - far * way, meeting + 0.8 * way
    if math.hypot(*start) < 0.8:  # nobody stands on the robot
        start = start * 0.8 / max(math.hypot(*start), 1e-9)
    wait = max(0.0, 0.3 + when - far / speed)
    return Encounter(Walker(tuple(start), tuple(goal), speed, wait), seed=seed)


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


# ---- what the lidar sees walking


class Watcher:
    """A tracker and a clock; ``look`` shows it one scan."""

    def __init__(self, params: SafetyParams = PARAMS, lidar: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> None:
        self.tracker, self.now, self.lidar = LidarTracker(params, lidar), 10.0, lidar

    def look(self, ranges: Vector, pose: Pose2D = HERE, after: float = STEP_S, **changes: Any) -> tuple[Mover, ...]:
        self.now = round(self.now + after, 6)
        scan = replace(scan_of(ranges, self.now), **changes)
        self.tracker.see(scan, hits(scan, self.lidar), pose, self.now)
        return self.tracker.movers(self.now)

    def watch(self, way: Callable[[float], tuple[float, float]], seconds: float) -> tuple[Mover, ...]:
        """A leg of 6 cm that is at ``way(t)``, seen 16 times a second."""
        found: tuple[Mover, ...] = ()
        for k in range(round(seconds / STEP_S)):
            found = self.look(ranges_in(HERE, np.array([[*way(STEP_S * k), 0.06]])))
        return found


def at(
    x: float, y: float, vx: float = 0.0, vy: float = 0.0, waits: float = 0.0
) -> Callable[[float], tuple[float, float]]:
    return lambda t: (x + vx * max(0.0, t - waits), y + vy * max(0.0, t - waits))


@pytest.mark.parametrize(("x", "y", "vx", "vy"), [(1.0, -1.0, 0.0, 1.0), (2.5, 0.2, -0.8, 0.0), (-1.5, 1.0, 0.5, -0.9)])
def test_a_walker_is_found_with_place_and_velocity(x: float, y: float, vx: float, vy: float) -> None:
    (mover,) = Watcher().watch(at(x, y, vx, vy), 1.0625)
    assert (mover.vx, mover.vy) == (pytest.approx(vx, abs=0.12), pytest.approx(vy, abs=0.12))
    assert math.hypot(mover.x - x - vx, mover.y - y - vy) < 0.09
    assert mover.radius == PARAMS.mover_radius_m and mover.seen_s == pytest.approx(11.0625)
    assert mover.speed == math.hypot(mover.vx, mover.vy)


def test_a_walker_is_found_from_a_robot_that_drives_and_turns_and_a_lidar_that_is_mounted_askew() -> None:
    lidar = (0.1, -0.05, 0.7)
    watcher = Watcher(lidar=lidar)
    for k in range(18):
        t = STEP_S * k
        pose = Pose2D(0.3 * t, 0.1 * t, 0.8 * t)
        eye = pose.transform(np.array(lidar[:2]))
        leg = np.array([[1.6, 1.0 - 1.0 * t, 0.06]])
        found = watcher.look(ranges_in(Pose2D(float(eye[0]), float(eye[1]), pose.theta + lidar[2]), leg), pose)
    (mover,) = found
    assert (mover.vx, mover.vy) == (pytest.approx(0.0, abs=0.15), pytest.approx(-1.0, abs=0.15))
    assert math.hypot(mover.x - 1.6, mover.y - (1.0 - 17 * STEP_S)) < 0.09


def test_a_track_is_sure_at_its_fourth_sighting_and_forgotten_when_unseen() -> None:
    """Legs are moved by hand: 5 cm a scan, into places through which the beams went before."""
    watcher = Watcher()
    empty = ranges_in(Pose2D(), np.zeros((0, 3)))
    for _ in range(6):
        assert watcher.look(empty) == ()
    for k in range(3):
        assert watcher.look(ranges_in(Pose2D(), np.array([[1.0, 0.05 * k, 0.06]]))) == (), "not sure yet"
    (mover,) = watcher.look(ranges_in(Pose2D(), np.array([[1.0, 0.15, 0.06]])))
    assert mover.vy == pytest.approx(0.8, abs=0.1)
    last = watcher.now
    assert watcher.tracker.movers(last + 0.19) == (mover,)
    assert watcher.tracker.movers(last + 0.21) == ()
    watcher.look(empty, after=0.15)
    assert watcher.tracker.movers(last + 0.16) == (), "forgotten for good"


def test_a_sighting_missed_is_none_lost_and_the_name_stays() -> None:
    watcher = Watcher()
    (mover,) = watcher.watch(at(1.0, -1.0, 0.0, 1.0), 1.0)
    watcher.look(ranges_in(Pose2D(), np.zeros((0, 3))))
    watcher.look(ranges_in(Pose2D(), np.zeros((0, 3))))
    (again,) = watcher.look(ranges_in(Pose2D(), np.array([[1.0, 2 * STEP_S, 0.06]])))
    assert again.id == mover.id and again.vy == pytest.approx(1.0, abs=0.1)


def test_nobody_moves_before_the_beams_have_been_seen_to_pass() -> None:
    watcher = Watcher()
    for k in range(5):
        watcher.look(ranges_in(Pose2D(), np.array([[1.0, 0.05 * k, 0.06]])))
        assert not watcher.tracker._tracks, "no scan is 0.3 s old yet"
    watcher.look(ranges_in(Pose2D(), np.array([[1.0, 0.3, 0.06]])))
    assert len(watcher.tracker._tracks) == 1


def test_what_is_compared_is_the_newest_scan_that_is_old_enough() -> None:
    """Somebody who was there for long and went away a second ago has left free space."""
    watcher = Watcher()
    for _ in range(10):
        watcher.look(ranges_in(Pose2D(), np.array([[1.0, 0.0, 0.06]])))
    for _ in range(4):
        watcher.look(ranges_in(Pose2D(), np.zeros((0, 3))))
    watcher.look(ranges_in(Pose2D(), np.array([[1.0, 0.0, 0.06]])))
    assert not watcher.tracker._tracks, "0.3 s ago the leg was still there"
    watcher.look(ranges_in(Pose2D(), np.array([[1.0, 0.0, 0.06]])))
    assert len(watcher.tracker._tracks) == 1, "0.3 s ago it was gone"


def one_new(ranges: Vector, before: Vector | None = None, **changes: Any) -> int:
    """How many tracks begin when ``ranges`` follows an empty room, or ``before``."""
    watcher = Watcher()
    room = np.full(360, 3.0) if before is None else before
    for _ in range(8):
        watcher.look(room, **changes)
    watcher.look(ranges, **changes)
    return len(watcher.tracker._tracks)


def beams(*hit: tuple[int, float], of: int = 360, far: float = 3.0) -> Vector:
    out = np.full(of, far)
    for k, r in hit:
        out[k] = r
    return out


def test_two_hits_make_a_group_and_one_does_not() -> None:
    assert one_new(beams((100, 1.0))) == 0
    assert one_new(beams((100, 1.0), (101, 1.0))) == 1
    assert one_new(beams((100, 1.0), (101, 1.31))) == 0, "30 cm apart: two single ones"
    assert one_new(beams((100, 1.0), (101, 1.29))) == 1


def test_groups_wider_than_people_are_none_and_chains_are_one() -> None:
    assert one_new(beams(*((k, 1.0) for k in range(100, 156)))) == 1, "0.94 m across"
    assert one_new(beams(*((k, 1.0) for k in range(100, 163)))) == 0, "1.03 m across"
    chain = beams((100, 1.0), (110, 1.0), (120, 1.0), (130, 1.0))
    assert one_new(chain) == 1, "17 cm from each to the next"
    assert one_new(beams((100, 1.0), (101, 1.0), (130, 1.0), (131, 1.0))) == 2


def test_a_scan_in_which_all_is_new_is_a_jump_and_no_crowd() -> None:
    assert one_new(beams(*((k, 2.0) for k in range(0, 200, 2)), *((k, 2.01) for k in range(1, 200, 2)))) == 0
    fans = [(k, 1.0) for k in range(0, 360, 2)]
    assert one_new(beams(*((k, 0.4 + 0.3 * ((k // 36) % 2)) for k in range(200)))) > 0
    assert one_new(beams(*((k, 0.4 + 0.3 * ((k // 36) % 2)) for k in range(201)))) == 0
    assert len(fans) == 180


def test_a_place_counts_as_passed_when_all_beams_around_it_went_well_beyond() -> None:
    near = beams((100, 1.0), (101, 1.0))
    assert one_new(near, beams(far=1.09)) == 0 and one_new(near, beams(far=1.11)) == 1
    for beam in (98, 103):
        assert one_new(near, beams((beam, 1.05))) == 0, "two beams, 0.03 rad, to either side may have been it"
    for beam in (97, 104):
        assert one_new(near, beams((beam, 1.05))) == 1
    assert one_new(near, beams((100, math.nan))) == 0, "measured nothing, so that nothing passed"
    assert one_new(near, beams((100, 0.04))) == 0 and one_new(near, beams((100, -math.inf))) == 0
    assert one_new(near, beams((100, math.inf))) == 1
    assert one_new(beams((0, 1.0), (1, 1.0)), beams((359, 1.05))) == 0, "a full turn closes on itself"
    assert one_new(beams((0, 1.0), (1, 1.0)), beams((358, 1.05))) == 0
    assert one_new(beams((0, 1.0), (1, 1.0)), beams((357, 1.05))) == 1
    assert one_new(beams((359, 1.0), (358, 1.0)), beams((0, 1.05))) == 0


def test_a_finer_lidar_asks_more_beams_around() -> None:
    step = math.pi / 360
    near = np.full(720, 3.0)
    near[200:203] = 1.0
    for beam, count in ((195, 1), (197, 0), (207, 1), (205, 0)):
        before = np.full(720, 3.0)
        before[beam] = 1.05
        assert one_new(near, before, angle_increment=step) == count


def test_beyond_the_range_nothing_is_known_free() -> None:
    within = beams((100, 7.85), (101, 7.85), far=math.inf)
    beyond = beams((100, 7.95), (101, 7.95), far=math.inf)
    for nothing in (math.inf, 50.0):
        assert one_new(within, beams(far=nothing)) == 1 and one_new(beyond, beams(far=nothing)) == 0


def test_a_lidar_that_sees_a_part_knows_nothing_of_the_rest() -> None:
    """180 beams ahead: what is behind cannot have been seen free, wherever the index would point."""
    ahead: dict[str, Any] = {"angle_min": -math.pi / 2, "angle_increment": math.pi / 180}
    middle = beams((90, 1.0), (91, 1.0), of=180)
    assert one_new(middle, beams(of=180), **ahead) == 1
    assert one_new(beams((178, 1.0), (179, 1.0), of=180), beams(of=180), **ahead) == 0, "at the edge of its view"
    watcher = Watcher()
    for _ in range(8):
        watcher.look(beams(of=180), **ahead)
    watcher.look(middle, Pose2D(0.0, 0.0, math.pi), **ahead)
    assert not watcher.tracker._tracks


def test_a_scan_that_turns_the_other_way_round_is_read_alike() -> None:
    backwards: dict[str, Any] = {"angle_min": math.pi, "angle_increment": -2 * math.pi / 360}
    watcher, straight = Watcher(), Watcher()
    for k in range(21):
        ranges = ranges_in(Pose2D(), np.array([[1.0, -0.5 + 0.05 * k, 0.06]]))
        expected = straight.look(ranges)
        found = watcher.look(np.roll(ranges[::-1], 1), **backwards)
    assert len(found) == 1 and found[0].vy == pytest.approx(expected[0].vy, abs=0.05)


def test_slow_and_restless_things_do_not_walk() -> None:
    assert Watcher().watch(at(1.0, -0.5, 0.0, 0.12), 1.5) == ()
    assert len(Watcher().watch(at(1.0, -0.5, 0.0, 0.28), 1.5)) == 1
    patient = Watcher(replace(PARAMS, approach_mps=0.9))
    assert patient.watch(at(1.0, -0.5, 0.0, 0.7), 1.0) == ()


def test_who_is_sure_walks_straight_for_a_while() -> None:
    """Sighted every 0.05 s with a stray to both sides: the line through the sightings of the last 0.4 s."""

    def followed(stray: float, count: int = 20, step: float = 0.05) -> _Track:
        track = _Track("t")
        for k in range(count):
            track.add((0.5 * step * k, stray * (1 if k % 2 else -1)), step * k)
        return track

    assert followed(0.078).sure and not followed(0.083).sure
    assert followed(0.0, 4).sure and not followed(0.0, 3).sure
    assert followed(0.0).velocity == (pytest.approx(0.5), pytest.approx(0.0))
    assert followed(0.0, 1).velocity == (0.0, 0.0) and followed(0.0, 1).expected(9.0) == (0.0, 0.0)
    assert followed(0.0).expected(0.95 + 0.4) == (pytest.approx(0.5 * 1.35), pytest.approx(0.0))
    assert len(followed(0.0, step=0.09).times) == 5 and len(followed(0.0, step=0.11).times) == 4


def test_two_who_pass_each_other_keep_their_names() -> None:
    watcher, names = Watcher(), []
    for k in range(21):
        t = STEP_S * k
        circles = np.array([[1.0, -0.7 + t, 0.06], [1.6, 0.7 - t, 0.06]])
        names.append(tuple(sorted(m.id for m in watcher.look(ranges_in(Pose2D(), circles)))))
    assert len(names[-1]) == 2 and len({n for row in names for n in row}) == 2


def test_what_jumps_farther_than_people_step_is_somebody_else() -> None:
    def after(jump: float) -> str:
        watcher = Watcher()
        (mover,) = watcher.watch(at(1.0, -1.0, 0.0, 1.0), 1.0)
        watcher.look(ranges_in(Pose2D(), np.array([[1.0, jump, 0.06]])))
        return str([t.id for t in watcher.tracker._tracks] == [mover.id])

    assert after(0.3) == "True" and after(0.4) == "False"


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
