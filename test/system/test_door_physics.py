"""A gripped handle opens a door when the base drives along the arc around its hinge: no weld, only friction."""

from __future__ import annotations

import math
from pathlib import Path

import mujoco
import numpy as np
import pytest
from grasp_rig import ROBOT_FILE, ArmSolver, GraspRig, tool_axes

from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.geometry import Pose2D, Twist2D
from vla_ros.core.robot_description import RobotDescription
from vla_ros.sim import contact
from vla_ros.sim.furniture_builder import add_furniture
from vla_ros.sim.robot_builder import attach_robot
from vla_ros.sim.robot_driver import RobotDriver
from vla_ros.sim.textures import add_materials

PLAN = FloorPlan.load(Path(__file__).parents[2] / "config" / "homes" / "apartment.yaml")
DOORS = [(piece, leaf) for piece in PLAN.furniture for leaf in piece.leaves if leaf.kind == "hinged"]


class DoorRig(GraspRig):
    """One piece of furniture; the robot stands before its handle, which lies 0.68 m ahead and 0.12 m to the right."""

    def __init__(self, piece, leaf):
        spec = mujoco.MjSpec()
        contact.apply_options(spec)
        add_materials(spec, np.random.default_rng(0))
        contact.apply_surface(spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[20, 20, 0.1]))
        add_furniture(spec, piece)
        self.robot = RobotDescription.load(ROBOT_FILE)
        attach_robot(spec, self.robot, 0.0, 0.0, 0.0)
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self.driver = RobotDriver(self.model, self.data, self.robot)
        self.arm = ArmSolver(self.robot)
        self.most_tool_error = 0.0
        self.piece, self.leaf = piece, leaf
        self.stand = Pose2D(0.0, 0.0, piece.yaw + math.pi)
        at = np.array(piece.pose2d.transform(np.array(leaf.handle[:2]))) - self.stand.transform(np.array([0.68, -0.12]))
        self.stand = Pose2D(float(at[0]), float(at[1]), self.stand.theta)

    def _stand(self, arm):
        super()._stand(arm)
        self.driver.reset(self.stand, ("ahead",))
        self.driver.hold_measured()
        mujoco.mj_forward(self.model, self.data)

    def angle(self):
        return float(self.data.joint(self.leaf.name).qpos[0])

    def reach_and_grip(self):
        across = [0.0, 1.0, 0.0] if self.leaf.handle_axis == "vertical" else [0.0, 0.0, 1.0]
        rotation = tool_axes(np.array([1.0, 0.0, 0.0]), np.array(across))
        handle = np.array([0.68, -0.12, self.leaf.handle[2]])
        self._stand(self._pre_grasp(rotation, handle - [0.12, 0.0, 0.0]))
        self.grip(0.11, 10.0)
        points, q = [], self.q
        for share in np.linspace(0.0, 1.0, 9)[1:]:
            q = self.arm.solve(rotation, handle - [0.12 * (1 - share), 0.0, 0.0], q)
            assert q is not None
            points.append(q)
        self.move(points, 1.2)
        self.grip(0.0, 30.0)

    def swing(self, angle):
        """Drives the base rigidly around the hinge by ``angle`` [rad]."""
        hinge = self.piece.pose2d.transform(np.array(self.leaf.hinge))
        rate = math.copysign(0.25, angle)

        def twist(_):
            pose = self.driver.pose
            away = np.array([pose.x, pose.y]) - hinge
            velocity = rate * np.array([-away[1], away[0]])
            vx, vy = Pose2D(0.0, 0.0, pose.theta).inverse_transform(velocity)
            return Twist2D(float(vx), float(vy), rate)

        self.run(abs(angle) / 0.25, twist)
        self.run(0.8)


@pytest.mark.parametrize(("piece", "leaf"), DOORS, ids=lambda v: v.name)
def test_a_door_opens_and_closes_in_the_hand(piece, leaf):
    rig = DoorRig(piece, leaf)
    rig.reach_and_grip()
    assert rig.opening() > 0.015, "the handle is between the fingers"
    assert abs(rig.angle()) < 0.03
    rig.swing(0.8 * leaf.travel)
    assert rig.angle() / leaf.travel > 0.75
    assert rig.opening() > 0.015, "the handle slipped out of the hand"
    rig.swing(-0.8 * leaf.travel)
    assert abs(rig.angle()) < 0.12
