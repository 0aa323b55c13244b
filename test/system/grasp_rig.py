"""A table, one object, the robot: moves the arm by trajectories of a small inverse kinematics and grasps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np
import pinocchio as pin

from vla_ros.core.geometry import Pose2D, Twist2D, Vector
from vla_ros.core.motion import JointTrajectory
from vla_ros.core.robot_description import RobotDescription
from vla_ros.sim import contact
from vla_ros.sim.robot_builder import attach_robot
from vla_ros.sim.robot_driver import RobotDriver

ROBOT_FILE = Path(__file__).parents[2] / "config" / "robots" / "home_robot.yaml"
TABLE_HEIGHT = 0.74
DOWN = np.array([0.0, 0.0, -1.0])
AHEAD = np.array([1.0, 0.0, 0.0])


def tool_axes(approach: Vector, closing: Vector) -> Vector:
    """3x3 rotation of a tool whose x is ``approach`` and y is ``closing``."""
    return np.column_stack((approach, closing, np.cross(approach, closing)))


class ArmSolver:
    """Inverse kinematics of the arm group in base_link by damped least squares from given starts."""

    def __init__(self, robot: RobotDescription) -> None:
        self.model = pin.buildModelFromMJCF(str(robot.model_path))
        self.data = self.model.createData()
        self.group = robot.group("arm")
        self.columns = np.array([self.model.joints[self.model.getJointId(n)].idx_q for n in self.group.names])
        self.tool = self.model.getFrameId("gripper_tcp")
        self.lower = np.array([j.lower for j in self.group.joints])
        self.upper = np.array([j.upper for j in self.group.joints])

    def solve(self, rotation: Vector, position: Vector, start: Vector, iterations: int = 150) -> Vector | None:
        """Joint positions (8,) within the limits, or None."""
        target = pin.SE3(np.asarray(rotation, dtype=float), np.asarray(position, dtype=float))
        q = pin.neutral(self.model)
        q[self.columns] = start
        for _ in range(iterations):
            pin.computeJointJacobians(self.model, self.data, q)
            pin.updateFramePlacement(self.model, self.data, self.tool)
            error = pin.log6(self.data.oMf[self.tool].actInv(target)).vector
            if np.linalg.norm(error[:3]) < 2e-4 and np.linalg.norm(error[3:]) < 1e-3:
                return q[self.columns].copy()
            jacobian = pin.getFrameJacobian(self.model, self.data, self.tool, pin.LOCAL)[:, self.columns]
            change = jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + 1e-4 * np.eye(6), error)
            change *= min(1.0, 0.3 / max(np.abs(change).max(), 1e-9))
            q[self.columns] = np.clip(q[self.columns] + change, self.lower, self.upper)
        return None


@dataclass
class Grasped:
    """What the rig measured of one attempt."""

    lifted_m: float
    slipped_m: float
    turned_rad: float
    opening_m: float
    most_tool_error_m: float


class GraspRig:
    """One world. ``put(spec, position)`` adds a free body named "object" with its middle at ``position`` [m]."""

    def __init__(self, put, height: float) -> None:
        spec = mujoco.MjSpec()
        contact.apply_options(spec)
        floor = spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[4, 4, 0.1])
        top = [0.3, 0.6, TABLE_HEIGHT / 2]
        table = spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=top, pos=[0.66, 0.0, TABLE_HEIGHT / 2])
        contact.apply_surface(floor)
        contact.apply_surface(table)
        put(spec, (0.52, -0.12, TABLE_HEIGHT + height / 2 + 0.0005))
        self.robot = RobotDescription.load(ROBOT_FILE)
        attach_robot(spec, self.robot, 0.0, 0.0, 0.0)
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self.driver = RobotDriver(self.model, self.data, self.robot)
        self.arm = ArmSolver(self.robot)
        self.q = np.array(self.robot.posture("offer_top").positions)
        self.most_tool_error = 0.0
        self._stand(self.q)

    @property
    def object_position(self) -> Vector:
        return self.data.body("object").xpos.copy()

    def object_in_tool(self) -> tuple[Vector, Vector]:
        """Position (3,) and rotation (3, 3) of the object in the tool's axes."""
        tool = self.data.site("gripper_tcp")
        axes = tool.xmat.reshape(3, 3)
        return axes.T @ (self.object_position - tool.xpos), axes.T @ self.data.body("object").xmat.reshape(3, 3)

    def run(self, seconds: float, twist=None) -> None:
        """Physics; ``twist(t)`` commands the base every 20 ms with ``t`` from the start of this call."""
        start = self.data.time
        for i in range(round(seconds / self.model.opt.timestep)):
            if twist is not None and i % 10 == 0:
                self.driver.set_twist(twist(self.data.time - start), self.data.time)
            self.driver.step(self.data.time)
            mujoco.mj_step(self.model, self.data)

    def move(self, points: list[Vector], seconds: float) -> None:
        """Through joint positions at rest at the end, speeds from a smooth time scale."""
        path = np.array([self.q, *points])
        knots = np.linspace(0.0, 1.0, len(path))
        u = np.linspace(0.0, 1.0, max(2, round(seconds / 0.05)) + 1)
        s = 10 * u**3 - 15 * u**4 + 6 * u**5
        positions = np.column_stack([np.interp(s, knots, column) for column in path.T])
        velocities = np.gradient(positions, u * seconds, axis=0)
        velocities[[0, -1]] = 0.0
        trajectory = JointTrajectory(self.robot.group("arm").names, u * seconds, positions, velocities)
        self.driver.set_trajectory(trajectory, self.data.time)
        self.run(seconds + 0.1)
        self.q = path[-1]

    def line(self, rotation: Vector, start: Vector, end: Vector, seconds: float) -> None:
        """Moves the tool along a straight line in the world's axes (the base stands at the origin)."""
        points, q = [], self.q
        for share in np.linspace(0.0, 1.0, 9)[1:]:
            q = self.arm.solve(rotation, start + share * (end - start), q)
            assert q is not None, "the line leaves the arm's reach"
            points.append(q)
        self.move(points, seconds)
        self.most_tool_error = max(self.most_tool_error, np.linalg.norm(self.data.site("gripper_tcp").xpos - end))

    def grip(self, opening: float, effort: float, seconds: float = 0.8) -> None:
        names = self.robot.gripper.joints
        half, force = np.full((1, 2), opening / 2), np.full((1, 2), effort)
        self.driver.set_gripper(JointTrajectory(names, np.array([0.1]), half, efforts=force), self.data.time)
        self.run(seconds)

    def opening(self) -> float:
        return float(sum(self.data.joint(name).qpos[0] for name in self.robot.gripper.joints))

    def grasp(self, rotation: Vector, offset: Vector, effort: float) -> Grasped:
        """Reaches to the object's middle plus ``offset`` [m], closes, lifts 10 cm, shakes, drives."""
        target = self.object_position + offset
        before = target - 0.12 * rotation[:, 0]
        self._stand(self._pre_grasp(rotation, before))
        self.grip(0.11, 10.0)
        self.line(rotation, before, target, 1.2)
        self.grip(0.0, effort)
        rest = self.object_position
        held, axes = self.object_in_tool()
        up = target + np.array([0.0, 0.0, 0.10])
        self.line(rotation, target, up, 0.8)
        lifted = self.object_position[2] - rest[2]
        for _ in range(2):
            for side in ([0.0, 0.05, 0.0], [0.0, -0.05, 0.0], [0.0, 0.0, 0.04], [0.0, 0.0, 0.0]):
                q = self.arm.solve(rotation, up + side, self.q)
                assert q is not None, "shaking leaves the arm's reach"
                self.move([q], 0.35)
        self.run(2.2, lambda t: Twist2D(-0.6 if t < 1.0 else 0.6, 0.0, 1.2 if t < 1.0 else -1.2))
        self.run(1.0)
        after, turned = self.object_in_tool()
        angle = float(np.arccos(np.clip((np.trace(axes.T @ turned) - 1) / 2, -1, 1)))
        slipped = float(np.linalg.norm(after - held))
        return Grasped(float(lifted), slipped, angle, self.opening(), float(self.most_tool_error))

    def _pre_grasp(self, rotation: Vector, position: Vector) -> Vector:
        names = ("offer_top", "carry") if rotation[2, 0] < -0.5 else ("offer", "carry_front")
        for name in names:
            start = np.array(self.robot.posture(name).positions)
            for lift in (start[0], 0.1, 0.3):
                q = self.arm.solve(rotation, position, np.array([lift, *start[1:]]))
                if q is not None:
                    return q
        raise AssertionError("the arm does not reach the pre-grasp")

    def _stand(self, arm: Vector) -> None:
        """Starts the episode with the arm at the pre-grasp."""
        self.driver.reset(Pose2D(), ("offer_top", "down"))
        for name, value in zip(self.robot.group("arm").names, arm):
            self.data.joint(name).qpos[0] = value
        self.driver.hold_measured()
        mujoco.mj_forward(self.model, self.data)
        self.q = arm
