"""Walls of the floor plan and what stands out of the base: distances, what is near, how fast it may drive to one."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from gate_story import ARM, HOME, MODEL, ROBOT

from vla_ros.core.geometry import ZERO_TWIST, Box, Pose, Pose2D, Twist2D, Vector
from vla_ros.core.solids import Solids
from vla_ros.core.surroundings import Surroundings
from vla_ros.robot.outline import OutlineMaker
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.plan_guard import PlanGuard
from vla_ros.safety.swept_path import Rim
from vla_ros.safety.verdict import PASS, Level

PARAMS = SafetyParams(wall_margin_m=0.06, reaction_time_s=0.125, braking_share=0.5, workspace_radius_m=1.4)
BASE = replace(ROBOT.base, deceleration=2.0)
HERE = Pose2D()
MEASURED = dict(zip(ARM.names, HOME.positions))
AHEAD = Twist2D(0.5, 0.0, 0.0)
NOTHING = (np.zeros((0, 3)), np.zeros(0))


def hand(x: float = 1.0, y: float = 0.0, radius: float = 0.1) -> tuple[Vector, Vector]:
    """One part of an arm on its way."""
    return np.array([[x, y, 0.8]]), np.array([radius])


def wall(x: float, thick: float = 1.0) -> Box:
    """Across the way, its near side at ``x``."""
    return Box(Pose.planar(x + thick / 2, 0.0, 0.0, 1.0), (thick, 6.0, 2.5))


def guard(*boxes: Box) -> PlanGuard:
    return PlanGuard(PARAMS, BASE, MODEL, Surroundings(boxes))


@pytest.mark.parametrize("yaw", [0.0, 0.5, -2.0])
def test_the_distance_to_a_wall_is_that_to_its_sides_and_corners_and_negative_inside(yaw: float) -> None:
    place = Pose2D(1.0, 2.0, yaw)
    local = [(0.3, 0.0), (0.0, -0.35), (0.5, 0.5), (-0.5, 0.5), (0.0, 0.0), (0.15, 0.0), (0.0, 0.08), (0.2, 0.1)]
    expected = [0.1, 0.25, 0.5, 0.5, -0.1, -0.05, -0.02, 0.0]
    walls = Solids((Box(Pose.planar(1.0, 2.0, yaw), (0.4, 0.2, 2.0)), Box(Pose.planar(9.0, 2.0, 0.0), (1.0, 1.0, 1.0))))
    points = place.transform(np.array(local))
    found = walls.clearances(points.reshape(2, 4, 2))
    assert found.shape == (2, 4, 2)
    corner = [math.hypot(0.3, 0.4) if e == 0.5 else e for e in expected]
    assert found[..., 0].ravel() == pytest.approx(corner, abs=1e-12)
    assert found[..., 1].min() > 6.5


def test_a_wall_exactly_as_far_as_asked_is_not_near() -> None:
    walls = Solids((wall(1.0), wall(3.0)))
    assert walls.near(HERE, 1.0).boxes == () and walls.near(HERE, 1.001).boxes == (wall(1.0),)
    assert len(walls.near(Pose2D(0.5, 0.0, 0.0), 2.6).boxes) == 2 and Solids(()).near(HERE, 9.0).boxes == ()


def test_before_a_wall_it_drives_as_fast_as_it_can_stop() -> None:
    for way in (0.02, 0.05, 0.1):
        slow = guard(wall(1.1 + 0.06 + way)).judge(AHEAD, HERE, MEASURED, hand())
        assert (slow.level, slow.cause, slow.object, slow.limit) == (Level.SLOW, "wall", "wall", 0.06)
        assert slow.value == pytest.approx(way) and slow.scale == pytest.approx(
            Rim(0.5, 1.0).speed_for(way, 0.125) / 0.5
        )
        assert "a wall of the floor plan in the way" in slow.text
    needs = Rim(0.5, 1.0).stopping_distance(0.125)
    assert guard(wall(1.16 + needs + 0.001)).judge(AHEAD, HERE, MEASURED, hand()) == PASS
    assert guard(wall(1.16 + needs - 0.001)).judge(AHEAD, HERE, MEASURED, hand()).level == Level.SLOW
    stop = guard(wall(1.16 + 0.001)).judge(AHEAD, HERE, MEASURED, hand())
    assert (stop.level, stop.scale, stop.limit) == (Level.BLOCK, 0.0, 0.06)


def test_leaving_a_wall_and_sliding_along_one_is_free_and_standing_before_it_too() -> None:
    near = guard(wall(1.13))
    for wish in (Twist2D(-0.5, 0.0, 0.0), Twist2D(0.0, 0.5, 0.0), ZERO_TWIST):
        assert near.judge(wish, HERE, MEASURED, hand()) == PASS == near.emergency(wish, HERE, MEASURED, hand())
    assert near.judge(AHEAD, HERE, MEASURED, hand()).level == Level.BLOCK


def test_it_sidles_down_to_a_third_of_the_margin() -> None:
    gentle = Twist2D(0.1, 0.49, 0.0)
    assert guard(wall(1.1 + 0.055)).judge(gentle, HERE, MEASURED, hand()) != PASS
    assert guard(wall(1.1 + 0.055)).judge(Twist2D(0.02, 0.3, 0.0), HERE, MEASURED, hand()) == PASS


def test_what_is_sent_is_stopped_at_half_of_the_margin() -> None:
    needs = Rim(0.5, 2.0).stopping_distance(0.06)
    for more, level in ((0.001, Level.PASS), (-0.001, Level.BLOCK)):
        verdict = guard(wall(1.1 + 0.03 + needs + more)).emergency(AHEAD, HERE, MEASURED, hand())
        assert verdict.level == level and verdict.limit == (0.03 if level else 0.0)


def test_without_walls_near_or_parts_that_stand_out_nothing_is_judged() -> None:
    folded = dict(MEASURED)
    assert guard().judge(AHEAD, HERE, folded, hand()) == PASS == guard(wall(5.0)).judge(AHEAD, HERE, folded, hand())
    outline = OutlineMaker(MODEL).of(folded).points
    tight = 0.0 if not len(outline) else float(outline[:, 0].max())
    assert guard(wall(max(tight, 0.3) + 1.0)).judge(AHEAD, HERE, folded, NOTHING) == PASS


def test_the_arm_as_it_stands_counts_without_any_on_its_way() -> None:
    offer = MEASURED | dict(zip(ARM.names, ROBOT.posture("offer").positions))  # type: ignore[union-attr]
    reach = float(OutlineMaker(MODEL).of(offer).points[:, 0].max())
    assert reach > 0.5
    slow = guard(wall(reach + 0.06 + 0.05)).judge(AHEAD, HERE, offer, NOTHING)
    assert slow.level == Level.SLOW and slow.value == pytest.approx(0.05)
    farther = guard(wall(reach + 0.06 + 0.05)).judge(AHEAD, HERE, offer, hand(reach - 0.05, 0.0, 0.1))
    assert farther.level == Level.BLOCK or farther.value == pytest.approx(0.0, abs=0.011)


@pytest.mark.parametrize("twist", [Twist2D(0.3, -0.2, 0.9), Twist2D(0.0, 0.0, -1.2), Twist2D(0.2, 0.1, 0.0)])
def test_the_arm_is_followed_along_the_way_in_steps_of_three_centimetres_and_four_at_least(twist: Twist2D) -> None:
    walls, pose = (wall(1.0), Box(Pose.planar(0.3, 1.2, 0.3), (2.0, 0.2, 2.5))), Pose2D(0.1, -0.2, 0.4)
    one = guard(*walls)
    for reaction, share in ((0.125, 0.5), (0.0, 1000.0)):
        rim = Rim.of(twist, BASE, 1.4, share)
        found, same = one._walls.profile(twist, pose, one._points(MEASURED, hand())[0], reaction, share)
        assert found is not None and same == rim
        length = rim.stopping_distance(reaction)
        count = max(4, math.ceil(length / 0.03))
        assert found.ways == pytest.approx(np.linspace(0.0, length, count + 1))
        outline = OutlineMaker(MODEL).of(MEASURED).points
        for k in (0, count):
            x = y = theta = 0.0
            seconds = found.ways[k] / rim.speed
            for _ in range(2000):
                middle = theta + twist.wz * seconds / 4000
                x += (twist.vx * math.cos(middle) - twist.vy * math.sin(middle)) * seconds / 2000
                y += (twist.vx * math.sin(middle) + twist.vy * math.cos(middle)) * seconds / 2000
                theta += twist.wz * seconds / 2000
            points = pose.transform(Pose2D(x, y, theta).transform(np.vstack([outline, hand()[0][:, :2]])))
            gaps = Solids(walls).clearances(points).min(axis=1) - np.append(np.zeros(len(outline)), 0.1)
            assert found.clearances[k] == pytest.approx(gaps.min(), abs=1e-5)
