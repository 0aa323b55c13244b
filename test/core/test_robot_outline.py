"""The outline of the whole robot: wide with a stretched arm, true to the model, cut by boxes at its height only."""

from __future__ import annotations

import math

import numpy as np
import pytest
from control_plant import home_robot

from vla_ros.core.geometry import Box, Pose, Pose2D
from vla_ros.robot.kinematics import RobotModel
from vla_ros.robot.outline import Outline, OutlineMaker

ROBOT = home_robot()
MODEL = RobotModel(ROBOT)
ARM = ROBOT.group("arm")
assert ARM is not None and ROBOT.gripper is not None
HERE = (Pose2D(),)
BOTTLE = Box(Pose((0.085, 0.0, 0.0), frame_id="gripper_tcp"), (0.23, 0.07, 0.07))
STANDING = Box(Pose(frame_id="gripper_tcp"), (0.07, 0.07, 0.23))


def joints(posture: str) -> dict[str, float]:
    chosen = ROBOT.posture(posture)
    assert chosen is not None and ARM is not None and ROBOT.gripper is not None
    return dict(zip(ARM.names, chosen.positions)) | dict.fromkeys(ROBOT.gripper.joints, 0.035)


def outline(posture: str, carried: Box | None = None) -> Outline:
    return OutlineMaker(MODEL).of(joints(posture), carried)


def wall(x: float, height: tuple[float, float] = (0.0, 2.0)) -> tuple[Box, ...]:
    """A wall across the way whose near face stands at ``x``."""
    return (Box(Pose((x + 0.5, 0.0, sum(height) / 2)), (1.0, 4.0, height[1] - height[0])),)


def test_no_shape_of_the_arm_leaves_the_outline() -> None:
    """Oracle: a thin pole just outside the reach touches no shape of the model; one on the rim of a disc would."""
    for posture in ("home", "carry", "offer"):
        seen, q = outline(posture), MODEL.configuration(joints(posture))
        for bearing in np.linspace(-math.pi, math.pi, 60):
            place = (seen.reach + 0.004) * np.array([math.cos(bearing), math.sin(bearing)])
            pole = Box(Pose((place[0], place[1], 1.0)), (0.005, 0.005, 2.0))
            assert MODEL.collision_scene((pole,), None, 0.0).free(q), (posture, bearing)
        # The polygons around round parts are at most 3.6 % too wide: the reach is not far from the truth.
        bearings = np.arctan2(seen.points[:, 1], seen.points[:, 0])
        farthest = float(bearings[np.hypot(*seen.points.T).argmax()])
        reach = seen.reach - 0.015
        bar = Box(Pose.planar(reach * math.cos(farthest), reach * math.sin(farthest), farthest, 1.0), (0.01, 0.2, 2.0))
        assert not MODEL.collision_scene((bar,), None, 0.0).free(q), posture


def test_the_stretched_arm_makes_the_robot_wide_and_what_is_carried_wider() -> None:
    assert outline("offer").reach == pytest.approx(0.65, abs=0.03)
    longer = Box(Pose((0.1, 0.0, 0.0), frame_id="gripper_tcp"), (0.3, 0.05, 0.05))
    assert outline("offer", longer).reach > outline("offer").reach + 0.15


@pytest.mark.parametrize(("posture", "carried"), [("home", None), ("carry", BOTTLE), ("carry_front", STANDING)])
def test_the_postures_for_driving_keep_the_arm_close_enough_for_a_doorway(posture: str, carried: Box | None) -> None:
    narrowest = 0.95
    assert 2 * outline(posture, carried).reach < narrowest - 0.1
    q = MODEL.configuration(joints(posture))
    assert MODEL.collision_scene((), carried, 0.0).touching(q) == ""


def test_a_box_counts_at_the_height_of_the_arm_only() -> None:
    seen = outline("offer")
    ahead = float(seen.points[:, 0].max())
    assert seen.clearance(wall(ahead + 0.1), HERE)[0] == pytest.approx(0.1, abs=1e-6)
    assert seen.clearance(wall(ahead - 0.1), HERE)[0] < 0.0
    assert seen.clearance(wall(0.3, (0.0, 0.74)), HERE)[0] == np.inf  # a table below the arm
    assert seen.clearance(wall(0.3, (1.6, 2.0)), HERE)[0] == np.inf


def test_clearance_follows_the_base() -> None:
    seen = outline("offer")
    ahead = float(seen.points[:, 0].max())
    poses = (Pose2D(), Pose2D(0.05, 0.0, 0.0), Pose2D(0.0, 0.0, math.pi))
    near, nearer, away = seen.clearance(wall(ahead + 0.1), poses)
    assert nearer == pytest.approx(near - 0.05, abs=1e-6)
    assert away > near + 0.3


def test_the_hull_holds_the_base_and_every_point() -> None:
    for posture in ("home", "carry", "offer"):
        seen = outline(posture)
        hull = np.array(seen.hull(ROBOT.base.footprint))
        edges = np.roll(hull, -1, axis=0) - hull
        for point in (*seen.points, *ROBOT.base.footprint):
            off = np.asarray(point) - hull
            assert np.all(edges[:, 0] * off[:, 1] - edges[:, 1] * off[:, 0] > -1e-9), posture  # left of every edge


def test_an_outline_is_made_anew_when_a_joint_moves() -> None:
    maker = OutlineMaker(MODEL)
    first = maker.of(joints("carry"))
    assert maker.of(joints("carry")) is first
    assert maker.of(joints("carry") | {"arm_joint_1": joints("carry")["arm_joint_1"] - 0.1}) is not first
    assert maker.of(joints("carry"), BOTTLE) is not first
