"""The robot's YAML against its model: a limit that the model contradicts refuses the start."""

from __future__ import annotations

import numpy as np

from vla_ros.core.errors import ConfigError
from vla_ros.core.robot_description import RobotDescription
from vla_ros.robot.kinematics import RobotModel
from vla_ros.safety.params import SafetyParams

_SLACK = 1e-3
_FOOT_M = 0.35


def check_robot(robot: RobotDescription, model: RobotModel, params: SafetyParams) -> None:
    """Raises ConfigError when a position, speed or effort limit of the YAML is wider than the model's, when the
    footprint does not cover the model's base, or when the safe posture is unknown."""
    kinematics = model.model
    for joint in (j for g in robot.groups for j in g.joints):
        handle = kinematics.joints[kinematics.getJointId(joint.name)]
        if handle.nq == 1:
            low, high = kinematics.lowerPositionLimit[handle.idx_q], kinematics.upperPositionLimit[handle.idx_q]
            if joint.lower < low - _SLACK or joint.upper > high + _SLACK:
                remedy = f"{robot.model} allows {low:g} to {high:g}."
                raise ConfigError(f"groups.{joint.name}", (joint.lower, joint.upper), remedy)
        for field, value, most in (
            ("velocity", joint.velocity, float(kinematics.velocityLimit[handle.idx_v])),
            ("effort", joint.effort, float(kinematics.effortLimit[handle.idx_v])),
        ):
            if most > 0.0 and value > most * (1.0 + _SLACK):  # zero means that the model does not know
                raise ConfigError(f"groups.{joint.name}.{field}", value, f"{robot.model} allows up to {most:g}.")
    _check_footprint(robot, model)
    if robot.group("arm") is not None and robot.postures and robot.posture(params.safe_posture) is None:
        known = ", ".join(p.name for p in robot.postures)
        raise ConfigError("safe_posture", params.safe_posture, f"Postures of {robot.name}: {known}.")


def _check_footprint(robot: RobotDescription, model: RobotModel) -> None:
    """Whatever is fixed to the base near the floor lies within the footprint's circle."""
    for shape in model.shapes.geometry.geometryObjects:
        if shape.parentJoint != 0:
            continue
        shape.geometry.computeLocalAABB()
        low = np.array(shape.geometry.aabb_local.min_) + shape.placement.translation
        high = np.array(shape.geometry.aabb_local.max_) + shape.placement.translation
        reach = float(np.abs(np.array([low[:2], high[:2]])).max())
        if low[2] < _FOOT_M and reach > robot.base.radius + _SLACK:
            remedy = f"{shape.name} of {robot.model} reaches {reach:.3f} m from the base's centre; widen the footprint."
            raise ConfigError("base.footprint", f"{robot.base.radius:.3f} m", remedy)
