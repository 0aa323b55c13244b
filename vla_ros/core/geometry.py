"""Poses and rotations. Right-handed, metres, radians; quaternions are x, y, z, w (as in ROS)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.errors import InputError

Vector = NDArray[np.float64]
"""An array of floats; the docstring of whoever uses it gives its shape and unit."""

IDENTITY_QUATERNION = (0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Pose:
    """A position [m] and an orientation (unit quaternion x, y, z, w) in the frame ``frame_id``."""

    position: tuple[float, float, float] = (0.0, 0.0, 0.0)
    orientation: tuple[float, float, float, float] = IDENTITY_QUATERNION
    frame_id: str = "odom"

    @property
    def xyz(self) -> Vector:
        """Position as an array of shape (3,)."""
        return np.array(self.position, dtype=float)

    @property
    def yaw(self) -> float:
        """Rotation about z [rad], in (-pi, pi]."""
        return yaw_of(self.orientation)

    def matrix(self) -> Vector:
        """The 4x4 homogeneous transform from this pose's own axes to ``frame_id``."""
        out = np.eye(4)
        out[:3, :3] = rotation_from_quaternion(self.orientation)
        out[:3, 3] = self.position
        return out

    @classmethod
    def from_matrix(cls, matrix: Vector, frame_id: str = "odom") -> Pose:
        """From a 4x4 homogeneous transform."""
        position = tuple(float(v) for v in matrix[:3, 3])
        return cls(position, quaternion_from_rotation(matrix[:3, :3]), frame_id)  # type: ignore[arg-type]

    @classmethod
    def planar(cls, x: float, y: float, yaw: float, z: float = 0.0, frame_id: str = "odom") -> Pose:
        """From a position in the floor plane and a heading [rad]."""
        return cls((float(x), float(y), float(z)), quaternion_from_yaw(yaw), frame_id)

    def is_finite(self) -> bool:
        """True when no number is NaN or infinite and the quaternion is not zero."""
        numbers = (*self.position, *self.orientation)
        return all(map(math.isfinite, numbers)) and math.hypot(*self.orientation) > 1e-6


@dataclass(frozen=True, slots=True)
class Pose2D:
    """A pose in the floor plane: x, y [m], theta [rad] about z."""

    x: float = 0.0
    y: float = 0.0
    theta: float = 0.0

    def transform(self, point_xy: Vector) -> Vector:
        """Points given in this pose's axes, shape (..., 2), expressed in the parent frame."""
        c, s = math.cos(self.theta), math.sin(self.theta)
        return np.asarray(point_xy) @ np.array([[c, s], [-s, c]]) + (self.x, self.y)

    def inverse_transform(self, point_xy: Vector) -> Vector:
        """Points of the parent frame, shape (..., 2), expressed in this pose's axes."""
        c, s = math.cos(self.theta), math.sin(self.theta)
        return (np.asarray(point_xy) - (self.x, self.y)) @ np.array([[c, -s], [s, c]])

    def to_pose(self, frame_id: str = "odom") -> Pose:
        """The same as a 3D pose on the floor."""
        return Pose.planar(self.x, self.y, self.theta, frame_id=frame_id)


@dataclass(frozen=True, slots=True)
class Twist2D:
    """Velocity of the base in ``base_link``: vx forward, vy left [m/s], wz counter-clockwise [rad/s]."""

    vx: float = 0.0
    vy: float = 0.0
    wz: float = 0.0

    @property
    def speed(self) -> float:
        """Translational speed [m/s]."""
        return math.hypot(self.vx, self.vy)


ZERO_TWIST = Twist2D()


@dataclass(frozen=True, slots=True)
class Box:
    """An oriented box: ``center`` pose and full edge lengths ``size`` [m] along its own axes."""

    pose: Pose
    size: tuple[float, float, float]
    name: str = ""


@dataclass(frozen=True, slots=True)
class JointPositions:
    """Named joint positions [rad or m], in a fixed order."""

    names: tuple[str, ...]
    positions: tuple[float, ...]
    _index: dict[str, int] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.names) != len(self.positions):
            raise InputError(
                "positions", len(self.positions), f"Give one position for each of {len(self.names)} names."
            )
        self._index.update({name: i for i, name in enumerate(self.names)})

    def get(self, name: str) -> float:
        """Position of one joint; KeyError when it is not among ``names``."""
        return self.positions[self._index[name]]

    def as_dict(self) -> dict[str, float]:
        """name -> position."""
        return dict(zip(self.names, self.positions))


def wrap_angle(angle: float) -> float:
    """The same angle in (-pi, pi] [rad]."""
    wrapped = math.remainder(angle, 2 * math.pi)
    return math.pi if wrapped == -math.pi else wrapped


def quaternion_from_yaw(yaw: float) -> tuple[float, float, float, float]:
    """Rotation about z by ``yaw`` [rad]."""
    return (0.0, 0.0, math.sin(yaw / 2), math.cos(yaw / 2))


def yaw_of(q: tuple[float, float, float, float]) -> float:
    """Yaw [rad] of a unit quaternion."""
    x, y, z, w = q
    return math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))


def rotation_from_quaternion(q: tuple[float, float, float, float]) -> Vector:
    """3x3 rotation matrix of a quaternion (normalised here)."""
    x, y, z, w = np.asarray(q, dtype=float) / math.hypot(*q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def quaternion_from_rotation(r: Vector) -> tuple[float, float, float, float]:
    """Unit quaternion of a 3x3 rotation matrix (Shepperd's method, numerically stable)."""
    trace = r[0, 0] + r[1, 1] + r[2, 2]
    choices = (trace, r[0, 0], r[1, 1], r[2, 2])
    i = int(np.argmax(choices))
    if i == 0:
        q = (r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1], 1 + trace)
    else:
        a, b, c = i - 1, i % 3, (i + 1) % 3
        v = [0.0, 0.0, 0.0]
        v[a] = 1 + r[a, a] - r[b, b] - r[c, c]
        v[b] = r[b, a] + r[a, b]
        v[c] = r[c, a] + r[a, c]
        q = (*v, r[c, b] - r[b, c])  # type: ignore[assignment]
    norm = math.hypot(*q)
    x, y, z, w = (float(v / norm) for v in q)
    return (x, y, z, w)
