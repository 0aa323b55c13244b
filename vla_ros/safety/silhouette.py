"""The robot's parts as spheres: quick enough to ask every tick how near each of them is to a person or a zone."""

from __future__ import annotations

import math

import numpy as np
import pinocchio as pin

from vla_ros.core.geometry import Vector
from vla_ros.robot.kinematics import RobotModel


class Silhouette:
    """Spheres that cover every collision shape of the model.

    Each shape's box is cut into cubes-like pieces along its longest edge and every piece gets the sphere around
    it, so that nothing of the shape sticks out.

    Args:
        model: of the robot.
    """

    def __init__(self, model: RobotModel) -> None:
        self.configuration = model.configuration
        """The full configuration of the model for measured joints by name."""
        self._model, self._data = model.model, model.model.createData()
        self._base = model.model.getFrameId("base_link")
        joints: list[int] = []
        centers: list[Vector] = []
        radii: list[float] = []
        for shape in model.shapes.geometry.geometryObjects:
            shape.geometry.computeLocalAABB()
            low, high = (np.array(v) for v in (shape.geometry.aabb_local.min_, shape.geometry.aabb_local.max_))
            for center, radius in _cover((low + high) / 2.0, (high - low) / 2.0):
                joints.append(int(shape.parentJoint))
                centers.append(shape.placement.rotation @ center + shape.placement.translation)
                radii.append(radius)
        order = np.argsort(joints, kind="stable")
        self.radii: Vector = np.array(radii)[order]
        """(n,) of the spheres [m]."""
        self._centers = np.array(centers)[order]
        self.joints = np.array(joints)[order]
        """(n,) index of the model's joint that carries each sphere; 0 is fixed to the base."""
        self.total_mass = float(sum(inertia.mass for inertia in self._model.inertias))
        """Of the whole robot, as far as the model knows [kg]."""

    def centers(self, q: Vector) -> Vector:
        """(n, 3) centres in base_link [m] at a full configuration of the model."""
        pin.framesForwardKinematics(self._model, self._data, q)
        base = self._data.oMf[self._base].inverse()
        rotations = np.array([(base * m).rotation for m in self._data.oMi])
        places = np.array([(base * m).translation for m in self._data.oMi])
        return np.asarray(np.einsum("nij,nj->ni", rotations[self.joints], self._centers) + places[self.joints])

    def center_of_mass(self, q: Vector) -> Vector:
        """(3,) in base_link [m]."""
        fixed = self._model.inertias[0]  # of what no joint moves: pinocchio leaves it out of its own centre
        moving = self.total_mass - fixed.mass
        found = pin.centerOfMass(self._model, self._data, q)
        center = (moving * found + fixed.mass * fixed.lever) / max(self.total_mass, np.finfo(float).tiny)
        pin.updateFramePlacement(self._model, self._data, self._base)
        return np.asarray(self._data.oMf[self._base].actInv(center))

    def arm_mass(self) -> float:
        """Of the heaviest chain that begins with a turning joint: an arm, without the lift below it [kg]."""
        masses = [0.0] * self._model.njoints
        for joint in range(self._model.njoints - 1, 0, -1):
            masses[joint] += self._model.inertias[joint].mass
            masses[self._model.parents[joint]] += masses[joint]
        turning = [j for j in range(1, self._model.njoints) if not self._slides(j)]
        return max((masses[j] for j in turning), default=0.0)

    def _slides(self, joint: int) -> bool:
        return "P" in self._model.joints[joint].shortname()


def _cover(center: Vector, half: Vector) -> list[tuple[Vector, float]]:
    """Spheres around the pieces of one box, cut along its longest edge."""
    axis = int(np.argmax(half))
    across = math.sqrt(float(np.sum(half**2) - half[axis] ** 2))
    pieces = max(1, math.ceil(float(half[axis]) / max(across, 0.03)))
    piece = float(half[axis]) / pieces
    out = []
    for k in range(pieces):
        place = center.copy()
        place[axis] += (2 * k + 1 - pieces) * piece
        out.append((place, math.hypot(across, piece)))
    return out
