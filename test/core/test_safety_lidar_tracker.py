"""What the lidar sees walking: hits where the beams passed a moment ago, followed from scan to scan."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gate_story import scan_of
from walking_story import HERE, PARAMS, STEP_S, ranges_in

from vla_ros.core.geometry import Pose2D, Vector
from vla_ros.safety.lidar_tracker import LidarTracker, Mover, _groups, _Track, _View
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.scan_check import hits

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
        legs = np.array([[1.6, 1.0 - 1.0 * t, 0.06], [-0.9, 0.3, 0.02], [0.4, -0.8, 0.02], [-0.3, 1.1, 0.02]])
        found = watcher.look(ranges_in(Pose2D(float(eye[0]), float(eye[1]), pose.theta + lidar[2]), legs), pose)
        assert len(watcher.tracker._tracks) <= 1, "nothing else moves"
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
    assert (mover.x, mover.y) == watcher.tracker._tracks[0].places[-1]
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
    assert one_new(beams((100, 0.5), (101, 0.5)), beams((100, math.nan))) == 0
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
    three_quarters: dict[str, Any] = {"angle_min": 0.0, "angle_increment": math.pi / 180}
    assert one_new(beams((230, 1.0), (231, 1.0), of=270), beams(of=270), **three_quarters) == 1, "beyond half a turn"
    other_way: dict[str, Any] = {"angle_min": 0.0, "angle_increment": -math.pi / 180}
    assert one_new(beams((230, 1.0), (231, 1.0), of=270), beams(of=270), **other_way) == 1
    watcher = Watcher()
    for _ in range(8):
        watcher.look(beams(of=180), **ahead)
    watcher.look(middle, Pose2D(0.0, 0.0, math.pi), **ahead)
    assert not watcher.tracker._tracks


def test_a_scan_that_turns_the_other_way_round_is_read_alike() -> None:
    backwards: dict[str, Any] = {"angle_min": math.pi, "angle_increment": -2 * math.pi / 360}
    onward: dict[str, Any] = {"angle_min": 0.0}
    watcher, straight, behind = Watcher(), Watcher(), Watcher()
    for k in range(21):
        ranges = ranges_in(Pose2D(), np.array([[1.0, -0.5 + 0.05 * k, 0.06]]))
        expected = straight.look(ranges)
        found = watcher.look(np.roll(ranges[::-1], 1), **backwards)
        same = behind.look(np.roll(ranges, 180), **onward)
    for movers in (found, same):
        assert len(movers) == 1 and movers[0].vy == pytest.approx(expected[0].vy, abs=0.05)


def test_where_a_turn_begins_does_not_matter() -> None:
    watcher = Watcher()
    for _ in range(12):
        watcher.look(np.roll(ranges_in(HERE, np.array([[1.0, -0.3, 0.06]])), 180), angle_min=0.0)
    assert not watcher.tracker._tracks, "a leg that stands before the first beam"


def test_a_scan_exactly_as_old_as_asked_serves() -> None:
    watcher = Watcher()
    watcher.now = 10.0
    assert 10.5 - 0.3 == 10.2
    watcher.look(beams(), after=0.2)
    watcher.look(beams((100, 1.0), (101, 1.0)), after=0.3)
    assert len(watcher.tracker._tracks) == 1


def test_at_the_borders_exactly() -> None:
    view = _View(scan_of(np.full(360, 1.1), 0.0), HERE, 0.0)
    assert list(view.passed(np.array([[1.0, 0.0], [0.999, 0.0]]))) == [False, True]
    assert _groups(np.array([[0.0, 0.0], [0.3, 0.0]])) == [] and _groups(np.zeros((0, 2))) == []
    assert len(_groups(np.array([[0.0, 0.0], [0.299, 0.0]]))) == 1
    assert _groups(np.column_stack([np.linspace(0.0, 1.0, 5), np.zeros(5)])) == []
    tracker = Watcher().tracker
    tracker._follow([(0.0, 0.0)], 0.0)
    tracker._follow([(0.35, 0.0)], 0.0)
    assert len(tracker._tracks) == 2
    wavering = _Track("t")
    for k, y in enumerate((0.0801, -0.0801, -0.0801, 0.0801)):
        wavering.add((0.0, y), 0.0625 * k)
    assert np.allclose(wavering.velocity, 0.0) and not wavering.sure


def test_slow_and_restless_things_do_not_walk() -> None:
    assert Watcher().watch(at(1.0, -0.5, 0.0, 0.12), 1.5) == ()
    assert len(Watcher().watch(at(1.0, -0.5, 0.0, 0.28), 1.5)) == 1
    patient = Watcher(replace(PARAMS, approach_mps=0.9))
    track = _Track("t")
    for k in range(5):
        track.add((0.125 * k, 0.0), 9.75 + 0.0625 * k)
    exact = Watcher(replace(PARAMS, approach_mps=track.velocity[0]))
    exact.tracker._tracks = [track]
    assert len(exact.tracker.movers(10.2)) == 1 and 10.2 - 0.2 == 10.0, "exactly as fast, exactly as old"
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
    assert (
        followed(0.0, 1).velocity == (0.0, 0.0)
        and not followed(0.0, 1).sure
        and followed(0.0, 1).expected(9.0) == (0.0, 0.0)
    )
    assert followed(0.0).expected(0.95 + 0.4) == (pytest.approx(0.5 * 1.35), pytest.approx(0.0))
    assert len(followed(0.0, 5, step=0.1).times) == 5, "0.4 s ago just counts"
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
