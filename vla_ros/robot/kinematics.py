"""Where the robot's parts are, and which joint positions bring a part to a place.

Reads the model that the robot's YAML names (URDF or MJCF) with pinocchio. All poses are in ``base_link``.
Nothing here keeps state between calls, so that one RobotModel serves several threads. Collision checks are in
``collision.py``. Imports core, numpy, pinocchio.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pinocchio as pin

from vla_ros.core.errors import ConfigError, InputError
from vla_ros.core.geometry import Box, Vector
from vla_ros.core.robot_description import JointGroup, RobotDescription
from vla_ros.robot.collision import CollisionScene, CollisionShapes

BASE_FRAME = "base_link"
DAMPING = 0.05
LIMIT_MARGIN = 0.006
MAX_STEP = 0.35
ITERATIONS = 80


class RobotModel:
    """Forward and inverse kinematics of one robot.

    Args:
        robot: its description; ``robot.model`` must name a ``.urdf`` or ``.xml`` (MJCF) file.

    Raises:
        ConfigError: the model file is missing or malformed, or joints of the YAML are not in the model.
    """

    def __init__(self, robot: RobotDescription) -> None:
        self.robot = robot
        self.model, geometry = _load(robot)
        if not self.model.existFrame(BASE_FRAME):
            raise ConfigError(f"{robot.name}.model", robot.model, f"The model needs a body or link '{BASE_FRAME}'.")
        names = [j.name for g in robot.groups for j in g.joints]
        names += list(robot.gripper.joints) if robot.gripper else []
        for name in names:
            if not self.model.existJointName(name):
                raise ConfigError(f"{robot.name}.groups", name, f"No such joint in {robot.model}.")
        if robot.gripper and not self.model.existFrame(robot.gripper.tool_frame):
            raise ConfigError("gripper.tool_frame", robot.gripper.tool_frame, f"No such frame in {robot.model}.")
        self._groups = {g.name: _GroupIndex(self.model, g) for g in robot.groups}
        self._rest = self._rest_configuration()
        self.shapes = CollisionShapes(self.model, geometry, self._rest_samples(), self.tool_frame)

    @property
    def tool_frame(self) -> str:
        """Name of the frame between the gripper's pads, "" for a robot without a gripper."""
        return self.robot.gripper.tool_frame if self.robot.gripper else ""

    @property
    def frames(self) -> tuple[str, ...]:
        """Names of every frame (bodies, sites, links) of the model."""
        return tuple(f.name for f in self.model.frames)

    def configuration(self, joints: Mapping[str, float]) -> Vector:
        """The model's full configuration vector from named joints [rad or m].

        Joints that are not named stand as in the posture "home" (or mid-range); unknown names are ignored,
        because joint_states may carry wheels that the model has not.
        """
        q = self._rest.copy()
        for name, value in joints.items():
            if self.model.existJointName(name):
                _write(q, self.model.joints[self.model.getJointId(name)], float(value))
        return q

    def group_positions(self, group: str, q: Vector) -> Vector:
        """Positions of a group's joints, in its order, out of a full configuration."""
        return np.array([_read(q, j) for j in self._group(group).joints])

    def with_group(self, q: Vector, group: str, positions: Vector) -> Vector:
        """A copy of a full configuration with the joints of one group replaced."""
        out = q.copy()
        for joint, value in zip(self._group(group).joints, positions):
            _write(out, joint, float(value))
        return out

    def frame_pose(self, frame: str, joints: Mapping[str, float]) -> Vector:
        """4x4 pose of ``frame`` in base_link at the given joints. InputError for an unknown frame."""
        return self.frame_at(frame, self.configuration(joints))

    def frame_at(self, frame: str, q: Vector) -> Vector:
        """Like :meth:`frame_pose` for a full configuration vector."""
        if not self.model.existFrame(frame):
            raise InputError("frame", frame, f"Frames of {self.robot.name}: {', '.join(self.frames[1:])}.")
        data = self.model.createData()
        pin.framesForwardKinematics(self.model, data, q)
        base = data.oMf[self.model.getFrameId(BASE_FRAME)]
        return np.asarray(base.actInv(data.oMf[self.model.getFrameId(frame)]).homogeneous)

    def inverse(
        self,
        frame: str,
        target: Vector,
        group: str = "arm",
        seed: Mapping[str, float] | None = None,
        starts: int = 6,
        position_tolerance: float = 0.002,
        rotation_tolerance: float = 0.01,
        accept: Callable[[Vector], bool] | None = None,
    ) -> Vector | None:
        """Joint positions of ``group`` (in its order) that bring ``frame`` to ``target``, or None.

        Args:
            frame: name in the model.
            target: 4x4 in base_link.
            group: joint group that may move; all other joints stay as in ``seed``.
            seed: present joints by name; solutions near it and near mid-range are preferred.
            starts: number of starting postures tried (the seed first).
            position_tolerance: [m].
            rotation_tolerance: [rad].
            accept: tells whether a full configuration is fine (e.g. free of collision); others are skipped.
        """
        q0 = self.configuration(seed or {})
        best: tuple[float, Vector] | None = None
        found = self.solutions(frame, target, group, q0, starts, position_tolerance, rotation_tolerance)
        for q in found:
            if accept is not None and not accept(q):
                continue
            cost = self.posture_cost(group, q, q0)
            if best is None or cost < best[0]:
                best = (cost, q)
            if cost < 1.0:
                break
        return None if best is None else self.group_positions(group, best[1])

    def solutions(
        self,
        frame: str,
        target: Vector,
        group: str,
        q0: Vector,
        starts: int = 6,
        position_tolerance: float = 0.002,
        rotation_tolerance: float = 0.01,
    ) -> Iterator[Vector]:
        """Full configurations that bring ``frame`` to ``target`` [4x4 in base_link], one for each start that
        converges: from ``q0`` first, then from the group's postures, then from random ones (always the same)."""
        if not np.all(np.isfinite(target)):
            raise InputError("target", "a pose with non-finite numbers", "Give finite numbers.")
        index = self._group(group)
        rng = np.random.default_rng(7)
        postures = [np.array(p.positions) for p in self.robot.postures if p.group == group]
        for i in range(starts):
            if i == 0:
                start = q0
            elif i <= len(postures):
                start = self.with_group(q0, group, postures[i - 1])
            else:
                middle, half = (index.lower + index.upper) / 2, (index.upper - index.lower) / 2
                start = self.with_group(q0, group, middle + 0.7 * half * rng.uniform(-1, 1, len(half)))
            q = self._descend(frame, target, index, start, position_tolerance, rotation_tolerance)
            if q is not None:
                yield q

    def posture_cost(self, group: str, q: Vector, q0: Vector) -> float:
        """How much a posture is disliked: distance from ``q0`` plus closeness to joint limits (0 is best)."""
        index = self._group(group)
        now, then = self.group_positions(group, q), self.group_positions(group, q0)
        span = index.upper - index.lower
        travel = float(np.sum(((now - then) / span) ** 2))
        edge = np.abs(now - (index.upper + index.lower) / 2) / (span / 2)
        return 2.0 * travel + float(np.sum(np.clip(edge - 0.85, 0.0, None) ** 2)) * 20.0

    def look_at(self, point: Vector, joints: Mapping[str, float], group: str = "head") -> Vector:
        """Positions of the head's joints with which the optical axis passes (nearest to) ``point``.

        Args:
            point: (3,) in base_link [m].
            joints: present joints by name.
            group: joints that may move.

        Raises:
            InputError: the robot has no camera or the point is not finite.
        """
        if self.robot.camera is None:
            raise InputError("camera", None, f"{self.robot.name} has no camera in its YAML.")
        point = np.asarray(point, dtype=float)
        if point.shape != (3,) or not np.all(np.isfinite(point)):
            raise InputError("point", point, "Give three finite numbers.")
        index, frame = self._group(group), self.robot.camera.optical_frame
        q = self.configuration(joints)
        for _ in range(30):
            error = self._aim_error(frame, q, point)
            positions = self.group_positions(group, q)
            if np.linalg.norm(error) < 2e-3:
                break
            jacobian = np.empty((2, len(positions)))
            for k in range(len(positions)):
                bent = positions.copy()
                bent[k] += 1e-4
                jacobian[:, k] = (self._aim_error(frame, self.with_group(q, group, bent), point) - error) / 1e-4
            step = -np.linalg.solve(jacobian.T @ jacobian + 1e-4 * np.eye(len(positions)), jacobian.T @ error)
            positions = np.clip(positions + np.clip(step, -0.5, 0.5), index.lower, index.upper)
            q = self.with_group(q, group, positions)
        return self.group_positions(group, q)

    def link_boxes(self, joints: Mapping[str, float], margin: float = 0.0) -> tuple[Box, ...]:
        """Oriented boxes around every collision shape, in base_link, grown by ``margin`` [m] on each side.

        Perception takes these out of its clouds so that the robot never sees itself as an object.
        """
        return self.shapes.boxes(self.configuration(joints), margin)

    def collision_scene(
        self, boxes: tuple[Box, ...] = (), carried: Box | None = None, margin: float = 0.0, self_margin: float = 0.0
    ) -> CollisionScene:
        """The robot among ``boxes`` (in base_link) with ``carried`` (in tool axes) in its hand, for many checks."""
        return self.shapes.scene(boxes, carried, margin, self_margin)

    def in_collision(self, joints: Mapping[str, float], boxes: tuple[Box, ...] = (), carried: Box | None = None) -> str:
        """What touches what at the given joints ("hand touches kitchen_table"), "" when nothing does."""
        return self.collision_scene(boxes, carried).touching(self.configuration(joints))

    def limits(self, group: str) -> tuple[Vector, Vector]:
        """Lower and upper positions of a group's joints, the narrower of YAML and model."""
        index = self._group(group)
        return index.lower, index.upper

    def _group(self, name: str) -> _GroupIndex:
        if name not in self._groups:
            known = ", ".join(self._groups) or "none"
            raise InputError("group", name, f"Joint groups of {self.robot.name}: {known}.")
        return self._groups[name]

    def _aim_error(self, frame: str, q: Vector, point: Vector) -> Vector:
        seen = np.linalg.inv(self.frame_at(frame, q)) @ np.append(point, 1.0)
        azimuth = math.atan2(seen[0], seen[2])
        return np.array([azimuth, math.atan2(seen[1], math.hypot(seen[0], seen[2]))])

    def _descend(
        self, frame: str, target: Vector, index: _GroupIndex, start: Vector, tol_p: float, tol_r: float
    ) -> Vector | None:
        """Damped least squares with a pull to mid-range in the null space."""
        model = self.model
        data = model.createData()
        frame_id, base_id = model.getFrameId(frame), model.getFrameId(BASE_FRAME)
        pin.framesForwardKinematics(model, data, start)
        goal = data.oMf[base_id] * pin.SE3(target)
        q = self.with_group(start, index.name, np.clip(self.group_positions(index.name, start), *index.bounds))
        positions = self.group_positions(index.name, q)
        middle, span = (index.lower + index.upper) / 2, index.upper - index.lower
        best, stalled = math.inf, 0
        for _ in range(ITERATIONS):
            pin.computeJointJacobians(model, data, q)
            pin.updateFramePlacement(model, data, frame_id)
            jacobian = pin.getFrameJacobian(model, data, frame_id, pin.ReferenceFrame.LOCAL)[:, index.columns]
            error = pin.log6(data.oMf[frame_id].actInv(goal)).vector
            size_p, size_r = float(np.linalg.norm(error[:3])), float(np.linalg.norm(error[3:]))
            if size_p < tol_p and size_r < tol_r:
                return q
            score = size_p + 0.3 * size_r
            stalled = 0 if score < 0.98 * best else stalled + 1
            best = min(best, score)
            if stalled > 12:
                return None
            damping = DAMPING * min(1.0, 3.0 * score) + 1e-3
            inner = np.linalg.inv(jacobian @ jacobian.T + damping**2 * np.eye(6))
            inverse = jacobian.T @ inner
            pull = 0.3 * (middle - positions) / span**2
            step = inverse @ error + (np.eye(len(positions)) - inverse @ jacobian) @ pull * min(1.0, 4.0 * score)
            largest = float(np.max(np.abs(step)))
            positions = np.clip(positions + step * min(1.0, MAX_STEP / max(largest, 1e-9)), *index.bounds)
            q = self.with_group(q, index.name, positions)
        return None

    def _rest_configuration(self) -> Vector:
        q = pin.neutral(self.model)
        for joint_id in range(1, self.model.njoints):
            joint = self.model.joints[joint_id]
            if joint.nq == 1:
                low, high = self.model.lowerPositionLimit[joint.idx_q], self.model.upperPositionLimit[joint.idx_q]
                q[joint.idx_q] = min(max(0.0, low), high)
        for posture in reversed(self.robot.postures):
            if posture.name in ("home", "ahead"):
                q = self.with_group(q, posture.group, np.array(posture.positions))
        return q

    def _rest_samples(self) -> tuple[Vector, ...]:
        """Configurations known to be free of contact: pairs of shapes that overlap there belong together."""
        opened = self._rest.copy()
        if self.robot.gripper:
            for name in self.robot.gripper.joints:
                joint = self.model.joints[self.model.getJointId(name)]
                _write(opened, joint, self.robot.gripper.max_opening / len(self.robot.gripper.joints))
        samples = [self._rest, opened]
        if self.robot.group("head") is not None:
            low, high = self.limits("head")
            for share in itertools.product((0.0, 0.5, 1.0), repeat=len(low)):  # a nodding head may graze its own collar
                samples.append(self.with_group(self._rest, "head", low + np.array(share) * (high - low)))
        return tuple(samples)


class _GroupIndex:
    """Joint handles, velocity columns and limits of one group."""

    def __init__(self, model: pin.Model, group: JointGroup) -> None:
        self.name = group.name
        self.joints = [model.joints[model.getJointId(n)] for n in group.names]
        self.columns = np.array([j.idx_v for j in self.joints])
        self.lower = np.array([max(j.lower, _limit(model.lowerPositionLimit, h)) for j, h in _zip(group, self)])
        self.upper = np.array([min(j.upper, _limit(model.upperPositionLimit, h)) for j, h in _zip(group, self)])
        if np.any(self.lower > self.upper):
            name = group.names[int(np.argmax(self.lower > self.upper))]
            raise ConfigError(f"groups.{group.name}.{name}", name, "Its limits do not overlap those of the model.")
        # solutions keep off the very limits: a spline through a point that lies on one overshoots it
        margin = np.minimum(LIMIT_MARGIN, 0.02 * (self.upper - self.lower))
        self.bounds = (self.lower + margin, self.upper - margin)


def _zip(group: JointGroup, index: _GroupIndex) -> Iterator[tuple[Any, Any]]:
    return zip(group.joints, index.joints)


def _limit(limits: Vector, joint: Any) -> float:
    """The model's limit of a joint; a continuous joint (cos, sin) has none."""
    if joint.nq == 1:
        return float(limits[joint.idx_q])
    return -math.inf if limits[joint.idx_q] < 0 else math.inf


def _read(q: Vector, joint: Any) -> float:
    i = joint.idx_q
    return float(q[i]) if joint.nq == 1 else math.atan2(q[i + 1], q[i])


def _write(q: Vector, joint: Any, value: float) -> None:
    i = joint.idx_q
    if joint.nq == 1:
        q[i] = value
    else:
        q[i], q[i + 1] = math.cos(value), math.sin(value)


def _load(robot: RobotDescription) -> tuple[pin.Model, pin.GeometryModel]:
    """Model and collision geometry from the robot's file."""
    field, path = f"{robot.name}.model", robot.model_path
    if not robot.model:
        raise ConfigError(field, robot.model, "Name the robot's URDF (.urdf) or MJCF (.xml) file.")
    if not path.is_file():
        raise ConfigError(field, str(path), "Check the path; the file does not exist.")
    try:
        if path.suffix == ".urdf":
            model = pin.buildModelFromUrdf(str(path))
            folders = [str(path.parent), *(str(p) for p in Path(path).parents[:3])]
            return model, pin.buildGeomFromUrdf(model, str(path), pin.GeometryType.COLLISION, package_dirs=folders)
        if path.suffix == ".xml":
            model = pin.buildModelFromMJCF(str(path))
            return model, pin.buildGeomFromMJCF(model, str(path), pin.GeometryType.COLLISION)
    except (ValueError, RuntimeError) as error:
        raise ConfigError(field, str(path), f"Mend the model file: {error}") from None
    raise ConfigError(field, str(path), "Use a .urdf or an MJCF .xml file.")
