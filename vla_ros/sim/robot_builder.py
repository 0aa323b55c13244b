"""Puts the robot into a MuJoCo world: its model, a wheeled base of three planar joints, its drive motors.

Joints, bodies, sites, actuators and the camera keep the plain names of the robot's model. The planar joints
``base_x``, ``base_y`` [m] and ``base_yaw`` [rad] hold base_link's pose in the world's axes, so that their
positions are the odometry.
"""

from __future__ import annotations

import math

import mujoco

from vla_ros.core.errors import ConfigError
from vla_ros.core.robot_description import RobotDescription

BASE_JOINTS = ("base_x", "base_y", "base_yaw")
BASE_BODY = "base_link"
# Velocity servos of the wheels: they reach a new speed in about 12 ms and are as strong as drive motors.
_DRIVE_GAIN = (6000.0, 6000.0, 600.0)
_DRIVE_FORCE = (400.0, 400.0, 120.0)


def attach_robot(spec: mujoco.MjSpec, robot: RobotDescription, x: float, y: float, yaw: float) -> None:
    """Adds the robot to a world, standing at (x, y) [m] with heading yaw [rad] when the data are reset.

    Raises:
        ConfigError: the robot has no MJCF model, or the model has no body named base_link.
    """
    if not robot.model.endswith(".xml"):
        raise ConfigError("model", robot.model, "Give an MJCF (.xml) file: only such a robot can be simulated.")
    if not robot.model_path.is_file():
        raise ConfigError("model", str(robot.model_path), "Check the path; the file does not exist.")
    child = mujoco.MjSpec.from_file(str(robot.model_path))
    base = child.body(BASE_BODY)
    if base is None:
        raise ConfigError("model", str(robot.model_path), f"Name its root body {BASE_BODY}.")
    base.pos = (x, y, 0.0)
    base.quat = (math.cos(yaw / 2), 0.0, 0.0, math.sin(yaw / 2))
    # A joint's axis is given in its body's axes: turned back, the slides run along the world's axes.
    c, s = math.cos(yaw), math.sin(yaw)
    axes = ((c, -s, 0.0), (s, c, 0.0), (0.0, 0.0, 1.0))
    for name, axis, value in zip(BASE_JOINTS, axes, (x, y, yaw)):
        kind = mujoco.mjtJoint.mjJNT_HINGE if name == "base_yaw" else mujoco.mjtJoint.mjJNT_SLIDE
        base.add_joint(name=name, type=kind, axis=axis, ref=value, limited=False, armature=0.0, damping=[0.0] * 3)
    for name, gain, force in zip(BASE_JOINTS, _DRIVE_GAIN, _DRIVE_FORCE):
        child.add_actuator(
            name=name,
            target=name,
            trntype=mujoco.mjtTrn.mjTRN_JOINT,
            gaintype=mujoco.mjtGain.mjGAIN_FIXED,
            biastype=mujoco.mjtBias.mjBIAS_AFFINE,
            gainprm=[gain] + [0.0] * 9,
            biasprm=[0.0, 0.0, -gain] + [0.0] * 7,
            forcelimited=True,
            forcerange=(-force, force),
        )
    spec.attach(child, frame=spec.worldbody.add_frame(), prefix="")
