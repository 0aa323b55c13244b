"""The base drives with the arm and what it carries in mind: doorways, walls at the arm's height, turning in place."""

from __future__ import annotations

import math

import numpy as np
import pytest
from control_plant import Plant

from vla_ros.control.body import MARGIN_M, clear_twist
from vla_ros.core.furniture_boxes import furniture_boxes
from vla_ros.core.geometry import ZERO_TWIST, Box, Pose, Pose2D, Twist2D, wrap_angle
from vla_ros.core.motion import MotionGoal
from vla_ros.robot.kinematics import RobotModel
from vla_ros.robot.outline import OutlineMaker

LONG = Box(Pose((0.10, 0.0, 0.0), frame_id="gripper_tcp"), (0.30, 0.06, 0.06))


class Carrier(Plant):
    """A plant with the arm in a posture and something in the hand; notes how near its arm came to walls."""

    def __init__(self, pose: Pose2D, posture: str, carried: Box | None) -> None:
        super().__init__(pose)
        chosen = self.robot.posture(posture)
        group = self.robot.group("arm")
        assert chosen is not None and group is not None
        self.joints.update(zip(group.names, chosen.positions))
        self.carried = carried
        self.maker = OutlineMaker(RobotModel(self.robot))
        self.solid = furniture_boxes(self.plan)
        self.least = math.inf

    def tick(self, goal=None, follow=True):
        out = super().tick(goal, follow)
        outline = self.maker.of(self.joints, self.carried)
        self.least = min(self.least, float(outline.clearance(self.solid, (self.pose,))[0]))
        return out


def drive(x: float, y: float, yaw: float, carried: Box | None) -> MotionGoal:
    return MotionGoal(f"to-{x}-{y}", "navigate", targets=(Pose.planar(x, y, yaw),), carried=carried)


@pytest.mark.parametrize(("posture", "carried"), [("carry_front", LONG), ("offer", None)])
def test_what_stands_out_passes_doorways_without_touching(posture: str, carried: Box | None) -> None:
    plant = Carrier(Pose2D(3.1, 2.5, 2.0), posture, carried)
    for x, y, yaw in ((2.2, 6.2, 1.5), (6.0, 5.6, -2.0)):
        status = plant.run(drive(x, y, yaw, carried), 60.0)
        assert status.state == "reached", status
        assert abs(wrap_angle(plant.pose.theta - yaw)) <= 0.1
    assert plant.least > 0.0


def test_it_does_not_turn_its_arm_into_a_wall() -> None:
    plant = Carrier(Pose2D(5.4, 1.5, 1.57), "offer", None)  # along a wall, which the arm would sweep
    goal = MotionGoal("turn", "navigate", targets=(Pose.planar(5.4, 1.5, 3.1),), tolerance_m=0.05)
    status = plant.run(goal, 30.0)
    assert status.state == "blocked" and "arm" in status.text
    assert plant.least > 0.0


def wall_at(x: float, low: float, high: float) -> tuple[Box, ...]:
    return (Box(Pose((x + 0.5, 0.0, (low + high) / 2)), (1.0, 4.0, high - low)),)


def test_a_wish_is_cut_only_where_the_arm_would_come_too_near() -> None:
    plant = Carrier(Pose2D(), "offer", None)
    outline, limits = plant.maker.of(plant.joints), plant.robot.base
    ahead = float(outline.points[:, 0].max())
    wish, back = Twist2D(0.3, 0.0, 0.0), Twist2D(-0.3, 0.0, 0.0)
    here = Pose2D()
    assert clear_twist(outline, wall_at(ahead + 1.0, 0.0, 2.0), here, wish, limits) == wish
    near = wall_at(ahead + MARGIN_M + 0.001, 0.0, 2.0)
    assert clear_twist(outline, near, here, wish, limits) == ZERO_TWIST
    assert clear_twist(outline, near, here, back, limits) == back
    table = wall_at(0.3, 0.0, 0.74)
    assert clear_twist(outline, table, here, wish, limits) == wish  # the arm reaches over it


def test_past_a_jamb_it_slides_on_without_turning() -> None:
    plant = Carrier(Pose2D(), "offer", None)
    outline, limits = plant.maker.of(plant.joints), plant.robot.base
    beside = float(outline.points[:, 1].max())
    jamb = (Box(Pose((0.5, beside + 0.53, 1.0)), (1.0, 1.0, 2.0)),)
    twist = clear_twist(outline, jamb, Pose2D(), Twist2D(0.2, 0.0, 1.0), limits)
    assert twist.wz == 0.0 and twist.vx == pytest.approx(0.2)


def test_a_box_that_the_arm_is_deep_inside_of_is_not_there() -> None:
    plant = Carrier(Pose2D(), "offer", None)
    outline = plant.maker.of(plant.joints)
    wish = Twist2D(0.1, 0.0, 0.0)
    assert clear_twist(outline, wall_at(0.3, 0.0, 2.0), Pose2D(), wish, plant.robot.base) == wish
    assert np.isfinite(outline.clearance(wall_at(0.3, 0.0, 2.0), (Pose2D(),))[0])


def test_it_never_creeps_into_a_wall_by_small_steps() -> None:
    plant = Carrier(Pose2D(), "offer", None)
    outline, limits = plant.maker.of(plant.joints), plant.robot.base
    wall = wall_at(float(outline.points[:, 0].max()) + 0.05, 0.0, 2.0)
    x = 0.0
    for _ in range(300):
        x += clear_twist(outline, wall, Pose2D(x, 0.0, 0.0), Twist2D(0.004, 0.0, 0.0), limits).vx * 0.02
    assert outline.clearance(wall, (Pose2D(x, 0.0, 0.0),))[0] > 0.01
    for _ in range(3000):
        x += clear_twist(outline, wall, Pose2D(x, 0.0, 0.0), Twist2D(0.02, 0.0, 0.0), limits).vx * 0.02
    assert outline.clearance(wall, (Pose2D(x, 0.0, 0.0),))[0] > 0.01
