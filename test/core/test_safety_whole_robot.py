"""The gate's outline follows the arm: a crawl for what comes under it, distance of the whole robot to people."""

from __future__ import annotations

import numpy as np
import pytest
from gate_story import ARM, ROBOT, Story

from vla_ros.core.geometry import Pose2D, Twist2D
from vla_ros.robot.kinematics import RobotModel
from vla_ros.safety.obstacle_guard import ObstacleGuard
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.verdict import Level

MODEL = RobotModel(ROBOT)
PARAMS = SafetyParams()
HERE = Pose2D()
AHEAD = Twist2D(0.5, 0.0, 0.0)
CRAWL = 0.06


def joints(posture: str) -> dict[str, float]:
    chosen = ROBOT.posture(posture)
    assert chosen is not None and ARM is not None
    return dict(zip(ARM.names, chosen.positions))


def guard(posture: str, points: list[tuple[float, float]]) -> ObstacleGuard:
    out = ObstacleGuard(PARAMS, ROBOT.base, MODEL)
    out.see_joints(joints(posture))
    out.see(np.array(points, dtype=float).reshape(-1, 2), HERE)
    return out


def test_the_outline_grows_with_the_arm_and_shrinks_with_it() -> None:
    one = guard("home", [])
    folded = one.whole.radius
    one.see_joints(joints("offer"))
    assert one.whole.radius > folded + 0.25
    assert one.footprint.radius == pytest.approx(0.245, abs=0.001)
    one.see_joints(joints("home"))
    assert one.whole.radius == pytest.approx(folded, abs=1e-6)


def test_an_obstacle_comes_under_the_arm_at_a_crawl_and_only_so() -> None:
    wall = [(0.68, y) for y in np.linspace(-0.4, 0.4, 30)]
    stretched = guard("offer", wall).judge(AHEAD, HERE, 0.0)
    assert stretched.level == Level.SLOW and "under the arm" in stretched.text
    assert AHEAD.speed * stretched.scale <= CRAWL
    assert guard("home", wall).judge(AHEAD, HERE, 0.0).scale > stretched.scale * 2
    assert guard("offer", wall).judge(Twist2D(-0.5, 0.0, 0.0), HERE, 0.0).level == Level.PASS


def test_turning_a_stretched_arm_towards_a_wall_is_a_crawl_too() -> None:
    wall = [(x, -0.40) for x in np.linspace(-0.8, 0.8, 60)]
    turn = Twist2D(0.0, 0.0, -1.0)
    one = guard("offer", wall)
    speeds = [one.whole.radius * one.judge(turn, Pose2D(0.0, 0.0, -a), 0.0).scale for a in (0.0, 0.2, 0.3, 0.4)]
    assert speeds == sorted(speeds, reverse=True)
    assert speeds[-1] <= CRAWL  # the hand is about to cross the wall
    assert guard("home", wall).judge(turn, HERE, 0.0).level == Level.PASS


def test_the_base_still_reaches_the_edge_of_a_table_with_the_arm_above_it() -> None:
    story = Story()
    story.joints.update(joints("offer"))
    story.obstacles = np.array([[0.9, y] for y in np.linspace(-0.6, 0.6, 80)])  # a counter's front, 0.9 m ahead
    story.run(0.2)
    assert story.gate.arm(story.now)[0]
    story.command = (0.3, 0.0, 0.0, 0.0, 0.0, 0.0)
    story.run(20.0)
    gap = 0.9 - story.pose.x - 0.245
    assert PARAMS.stop_margin_m * 0.5 <= gap <= 0.10


def test_people_keep_their_distance_from_the_hand_not_only_from_the_base() -> None:
    person = ((1.0, -0.1, 0.2),)
    for posture, blocked in (("home", False), ("offer", True)):
        one = guard(posture, [])
        one.see_people(person)
        assert (one.judge(Twist2D(0.2, 0.0, 0.0), HERE, 0.0).level == Level.BLOCK) == blocked, posture
        assert one.judge(Twist2D(-0.2, 0.0, 0.0), HERE, 9.0).level < Level.BLOCK, posture


def test_without_a_model_the_base_alone_is_guarded() -> None:
    one = ObstacleGuard(PARAMS, ROBOT.base)
    one.see_joints(joints("offer"))
    assert one.whole is one.footprint
