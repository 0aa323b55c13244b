"""The driver side of the simulated robot: commands in, servo inputs to MuJoCo, joint states and odometry out.

It does what the drivers of a real robot do, and no more: follows twists and trajectories, limits forces, brakes
when it hears nothing. Everything that judges commands stands before it. Commands arrive with ``now`` of a steady
clock, which the watchdog uses; trajectories run on the simulation's time.
"""

from __future__ import annotations

import mujoco
import numpy as np

from vla_ros.core.errors import ConfigError, InputError
from vla_ros.core.geometry import JointPositions, Pose2D, Twist2D, Vector, wrap_angle
from vla_ros.core.motion import JointTrajectory
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import JointStates, Odometry
from vla_ros.sim.base_drive import BaseDrive
from vla_ros.sim.gripper_drive import GripperDrive
from vla_ros.sim.joint_follower import JointFollower
from vla_ros.sim.robot_builder import BASE_JOINTS

# A new trajectory starts from where the servos are heading while they are this close to the measured position
# [rad or m], so that replacing one never jerks; from the measured position otherwise.
_FOLLOWED = 0.03
# Integral action of the servos takes up the weight of what is held: share of the error a second, and the most
# it may add [N m or N].
_INTEGRAL_RATE = 3.0
_INTEGRAL_FORCE = 25.0


class RobotDriver:
    """Drives the robot that :func:`~vla_ros.sim.robot_builder.attach_robot` put into ``model``.

    Call :meth:`step` before every physics step. ``watchdog_active`` is True while no twist has come for 0.2 s.

    Raises:
        ConfigError: a joint of the robot's description is not in the model.
    """

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, robot: RobotDescription) -> None:
        self._model, self._data, self.robot = model, data, robot
        gripper = robot.gripper.joints if robot.gripper else ()
        self._followers = [JointFollower(g) for g in robot.groups if not set(g.names) & set(gripper)]
        self.joint_names = tuple(name for g in robot.groups for name in g.names)
        servos = [name for follower in self._followers for name in follower.group.names]
        self._base_qpos, self._base_dof, self._base_actuator = self._addresses(BASE_JOINTS)
        self._servo_qpos, self._servo_dof, self._servo_actuator = self._addresses(servos)
        self._all_qpos, self._all_dof, _ = self._addresses(self.joint_names)
        self._finger_qpos, self._finger_dof, self._finger_actuator = self._addresses(gripper)
        self._kp = model.actuator_gainprm[self._servo_actuator, 0].copy()
        damping = model.dof_damping[self._servo_dof].reshape(len(servos), -1)[:, 0]
        self._feedforward = (damping - model.actuator_biasprm[self._servo_actuator, 2]) / self._kp
        self._integral_limit = _INTEGRAL_FORCE / self._kp
        group = next((g for g in robot.groups if gripper and set(g.names) == set(gripper)), None)
        self._gripper = GripperDrive(robot.gripper, group) if robot.gripper and group else None
        self._base = BaseDrive(robot.base, self.pose)
        self._reset_followers()

    @property
    def watchdog_active(self) -> bool:
        """True while the base is held because no twist has come for 0.2 s."""
        return self._base.watchdog_active

    @property
    def pose(self) -> Pose2D:
        """Measured pose of base_link in the world; the heading counts full turns."""
        x, y, yaw = self._data.qpos[self._base_qpos]
        return Pose2D(float(x), float(y), float(yaw))

    def reset(self, pose: Pose2D, postures: tuple[str, ...] = ()) -> None:
        """Puts the robot at ``pose`` with the named postures, at rest, gripper closed, commands forgotten.

        For the start of an episode only: nothing moves like this while one runs.

        Raises:
            ConfigError: the robot has no posture of that name.
        """
        data = self._data
        data.qpos[self._base_qpos] = (pose.x, pose.y, pose.theta)
        data.qpos[self._finger_qpos] = 0.0
        for name in postures:
            posture = self.robot.posture(name)
            group = self.robot.group(posture.group) if posture else None
            if posture is None or group is None:
                known = ", ".join(p.name for p in self.robot.postures)
                raise ConfigError("postures", name, f"The robot's file knows: {known}.")
            data.qpos[self._addresses(group.names)[0]] = posture.positions
        data.qvel[np.concatenate((self._base_dof, self._all_dof))] = 0.0
        self.hold_measured()

    def hold_measured(self) -> None:
        """Forgets every command and holds the robot where it is measured, base included."""
        self._base.reset(self.pose)
        self._reset_followers()

    def set_twist(self, twist: Twist2D, now: float) -> None:
        """Base velocity command; ``now`` is steady time [s].

        Raises:
            InputError: a number is not finite.
        """
        self._base.set_twist(twist, now)

    def set_trajectory(self, trajectory: JointTrajectory, now: float) -> None:
        """Follows a trajectory of one whole joint group at once, in place of the group's older one.

        Raises:
            InputError: the names are no group's, or the trajectory cannot be followed.
        """
        names = set(trajectory.names)
        start = 0
        for follower in self._followers:
            end = start + len(follower.group.names)
            if names == set(follower.group.names):
                position = self._data.qpos[self._servo_qpos[start:end]]
                velocity = self._data.qvel[self._servo_dof[start:end]]
                if np.abs(follower.position - position).max() < _FOLLOWED:
                    position, velocity = follower.position, follower.velocity
                follower.set(trajectory, position, velocity, self._data.time)
                return
            start = end
        known = "; ".join(f"{f.group.name}: {', '.join(f.group.names)}" for f in self._followers)
        raise InputError("joint_trajectory.names", trajectory.names, f"Name all joints of one group ({known}).")

    def set_gripper(self, command: JointTrajectory, now: float) -> None:
        """Moves the fingers to the command's last point; ``efforts`` limit the closing force [N].

        Raises:
            InputError: the robot has no gripper, or the command cannot be used.
        """
        if self._gripper is None:
            raise InputError("gripper", command.names, "This robot has no gripper.")
        self._gripper.set(command, float(self._data.qpos[self._finger_qpos].mean()))

    def step(self, now: float) -> None:
        """Writes the servos' inputs for the next physics step; ``now`` is steady time [s]."""
        data, dt = self._data, self._model.opt.timestep
        data.ctrl[self._base_actuator] = self._base.step(self.pose, dt, now)
        for follower in self._followers:
            follower.advance(data.time)
        reference = np.concatenate([f.position for f in self._followers])
        self._integral += (_INTEGRAL_RATE * dt) * (reference - data.qpos[self._servo_qpos])
        np.clip(self._integral, -self._integral_limit, self._integral_limit, out=self._integral)
        control = reference + self._integral
        if any(f.is_moving for f in self._followers):
            control += self._feedforward * np.concatenate([f.velocity for f in self._followers])
        data.ctrl[self._servo_actuator] = control
        if self._gripper is not None:
            position = float(data.qpos[self._finger_qpos].mean())
            velocity = float(data.qvel[self._finger_dof].mean())
            data.ctrl[self._finger_actuator] = self._gripper.step(position, velocity, dt)

    def joint_states(self) -> JointStates:
        """Measured positions, velocities and motor efforts of all joints, stamped with the simulation's time."""
        data = self._data
        return JointStates(
            data.time,
            JointPositions(self.joint_names, tuple(data.qpos[self._all_qpos].tolist())),
            tuple(data.qvel[self._all_dof].tolist()),
            tuple(data.qfrc_actuator[self._all_dof].tolist()),
        )

    def odometry(self) -> Odometry:
        """Pose of base_link in the world and its velocity in base_link, stamped with the simulation's time."""
        pose = self.pose
        vx, vy, wz = self._data.qvel[self._base_dof].tolist()
        c, s = np.cos(pose.theta), np.sin(pose.theta)
        twist = Twist2D(float(c * vx + s * vy), float(c * vy - s * vx), wz)
        return Odometry(self._data.time, Pose2D(pose.x, pose.y, wrap_angle(pose.theta)), twist)

    def _reset_followers(self) -> None:
        positions: Vector = self._data.qpos[self._servo_qpos]
        self._integral = np.zeros_like(positions)
        start = 0
        for follower in self._followers:
            end = start + len(follower.group.names)
            follower.hold(positions[start:end])
            start = end
        if self._gripper is not None:
            self._gripper.reset(float(self._data.qpos[self._finger_qpos].mean()))

    def _addresses(self, names: tuple[str, ...] | list[str]) -> tuple[Vector, Vector, Vector]:
        """Indices into qpos, qvel and ctrl of joints; each has an actuator of its own name."""
        qpos, dof, actuator = [], [], []
        for name in names:
            joint = mujoco.mj_name2id(self._model, mujoco.mjtObj.mjOBJ_JOINT, name)
            motor = mujoco.mj_name2id(self._model, mujoco.mjtObj.mjOBJ_ACTUATOR, name)
            if joint < 0 or motor < 0:
                remedy = "Name a joint of the robot's model that has an actuator of the same name."
                raise ConfigError("groups", name, remedy)
            qpos.append(int(self._model.jnt_qposadr[joint]))
            dof.append(int(self._model.jnt_dofadr[joint]))
            actuator.append(motor)
        return np.array(qpos, dtype=int), np.array(dof, dtype=int), np.array(actuator, dtype=int)
