"""Walls of the floor plan in the gate: neither its arm's own way nor the base brings the robot into one."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from gate_story import HOME, MODEL, ROBOT, Story, arm_trajectory

from vla_ros.core.geometry import Box, Pose, Pose2D
from vla_ros.core.surroundings import Surroundings
from vla_ros.safety.arm_path import ArmPath
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.gate import Gate
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.separation_guard import SeparationGuard
from vla_ros.safety.silhouette import Silhouette
from vla_ros.safety.verdict import PASS, Level
from vla_ros.safety.zones import KeepOut, Zones

PARAMS = SafetyParams()
HERE = Pose2D()
SILHOUETTE = Silhouette(MODEL)
HOME_JOINTS = dict.fromkeys((j for g in ROBOT.groups for j in g.names), 0.02) | dict(
    zip(ROBOT.groups[0].names, HOME.positions)
)
OFFER = HOME_JOINTS | dict(zip(ROBOT.groups[0].names, ROBOT.posture("offer").positions))  # type: ignore[union-attr]


def wall(x: float, y: float = 0.0, yaw: float = math.pi / 2, length: float = 4.0, high: float = 2.4) -> Box:
    """10 cm thick, its middle at x, y; at yaw pi/2 it stands across the x axis."""
    return Box(Pose.planar(x, y, yaw, high / 2, "map"), (length, 0.1, high), "wall_0")


def tip(joints: dict[str, float]) -> float:
    """How far ahead the arm reaches [m], by the model's spheres."""
    centers = SILHOUETTE.centers(MODEL.configuration(joints))
    return float((centers[:, 0] + SILHOUETTE.radii).max())


# ---- the arm's own way

REACH_OUT = {"arm_joint_1": 0.0}


def path(*walls: Box, params: SafetyParams = PARAMS) -> ArmPath:
    return ArmPath(params, MODEL, SILHOUETTE, KeepOut(Zones()), Surroundings(walls))


def offer_way():  # type: ignore[no-untyped-def]
    offer = dict(zip(ROBOT.groups[0].names, ROBOT.posture("offer").positions))  # type: ignore[union-attr]
    return arm_trajectory(offer, seconds=4.0)


def test_an_arm_stretched_through_a_wall_is_refused_and_before_it_is_not() -> None:
    reach = tip(OFFER)
    assert path().judge(offer_way(), HOME_JOINTS, HERE) == PASS
    assert path(wall(reach + 0.06)).judge(offer_way(), HOME_JOINTS, HERE) == PASS
    verdict = path(wall(reach - 0.1)).judge(offer_way(), HOME_JOINTS, HERE)
    assert (verdict.level, verdict.cause) == (Level.INFORM, "trajectory_wall")
    assert verdict.text.startswith("Trajectory refused: ") and verdict.text.endswith("touches a wall on its way.")


def test_walls_stand_in_odom_and_the_arm_goes_with_the_base() -> None:
    ahead = wall(tip(OFFER) - 0.1)
    assert path(ahead).judge(offer_way(), HOME_JOINTS, Pose2D(-0.5, 0.0, 0.0)) == PASS
    assert path(ahead).judge(offer_way(), HOME_JOINTS, Pose2D(0.0, 0.0, math.pi)) == PASS
    aside = wall(0.0, tip(OFFER) - 0.1, 0.0)
    assert path(aside).judge(offer_way(), HOME_JOINTS, HERE) == PASS
    assert path(aside).judge(offer_way(), HOME_JOINTS, Pose2D(0.0, 0.0, math.pi / 2)).cause == "trajectory_wall"
    low = wall(tip(OFFER) - 0.1, high=0.5)
    assert path(low).judge(offer_way(), HOME_JOINTS, HERE) == PASS, "as high as the plan says"


def test_an_arm_that_is_at_a_wall_may_leave_it_but_not_stay_in_it() -> None:
    at = wall(tip(OFFER) - 0.02)
    offered = [OFFER[n] for n in ROBOT.groups[0].names]
    home = arm_trajectory(seconds=4.0)
    share = np.linspace(0.0, 1.0, 21)[1:, None]
    smooth = share * share * (3 - 2 * share)
    back = np.array(offered) + smooth * (np.array(HOME.positions) - np.array(offered))
    leave = replace(home, positions=back, velocities=None)
    assert path(at).judge(leave, OFFER, HERE) == PASS
    stay = replace(home, positions=np.tile(offered, (20, 1)), velocities=None)
    verdict = path(at).judge(stay, OFFER, HERE)
    assert verdict.cause == "trajectory_wall" and "from its start to its end" in verdict.text


def test_a_self_collision_beside_a_wall_is_still_called_so() -> None:
    inward = arm_trajectory({"arm_joint_2": -1.75, "arm_joint_4": 2.5}, seconds=4.0)
    alone = path().judge(inward, HOME_JOINTS, HERE)
    assert alone.cause == "trajectory_self_collision"
    assert path(wall(1.3)).judge(inward, HOME_JOINTS, HERE) == alone


# ---- in the gate


def test_the_rest_of_a_sweep_is_what_lies_ahead() -> None:
    one = SeparationGuard(PARAMS, ROBOT, Footprint(ROBOT.base.footprint), MODEL, SILHOUETTE)
    assert [len(part) for part in one.ahead(0.0)] == [0, 0]
    sweep = one.sweep(offer_way(), HOME_JOINTS)
    assert sweep is not None
    one.begin("arm", sweep, 10.0)
    parts = sweep.centers.shape[1]
    centers, radii = one.ahead(10.0)
    assert centers.shape == (len(sweep.times) * parts, 3) and radii.shape == (len(centers),)
    assert np.allclose(centers.reshape(-1, parts, 3), sweep.centers)
    assert np.allclose(radii[:parts], one._radii) and np.allclose(radii[-parts:], one._radii)
    later = one.ahead(10.0 + float(sweep.times[3]) + 1e-6)[0]
    assert len(later) == (len(sweep.times) - 3) * parts
    assert len(one.ahead(10.0 + float(sweep.times[-1]) + 0.001)[0]) == 0


def with_walls(*walls: Box) -> Story:
    story = Story()
    story.gate = Gate(story.params, ROBOT, MODEL, surroundings=Surroundings(walls))
    return story.armed()


def test_the_gate_stops_the_base_with_its_arm_before_a_wall_that_the_lidar_does_not_show() -> None:
    story = with_walls(wall(tip(OFFER) + 0.45))
    story.joints |= OFFER
    story.run(0.1)
    story.command = (0.4, 0.0, 0.0, 0.0, 0.0, 0.0)
    out = story.run(2.0)
    assert out.status.cause == "wall" and out.twist.vx == 0.0
    assert story.pose.x + tip(OFFER) == pytest.approx(tip(OFFER) + 0.4 - PARAMS.wall_margin_m, abs=0.03)
    story.command = (-0.4, 0.0, 0.0, 0.0, 0.0, 0.0)
    story.run(1.0)
    assert story.pose.x < 0.25


def test_the_gate_refuses_the_arms_way_into_a_wall() -> None:
    story = with_walls(wall(0.5))
    story.gate.on_trajectory(offer_way(), story.now)
    assert story.run(0.02).status.cause == "trajectory_wall"
    free = with_walls(wall(2.0))
    free.gate.on_trajectory(offer_way(), free.now)
    assert len(free.run(0.02).trajectories) == 1
