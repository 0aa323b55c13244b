"""The robot's measured state and range sensor, as plain values. Stamps are seconds of the ROS clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vla_ros.core.geometry import JointPositions, Pose2D, Twist2D


@dataclass(frozen=True, slots=True)
class Odometry:
    """Pose of base_link in odom and velocity in base_link."""

    stamp_s: float
    pose: Pose2D
    twist: Twist2D = Twist2D()
    frame_id: str = "odom"


@dataclass(frozen=True, slots=True)
class JointStates:
    """Measured joints: positions [rad or m], velocities [per s], efforts [N m or N] in the order of names."""

    stamp_s: float
    positions: JointPositions
    velocities: tuple[float, ...] = ()
    efforts: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class LaserScan:
    """Planar scan: ``ranges`` (n,) [m] at ``angle_min + i * angle_increment`` [rad] in ``frame_id``.

    Values outside [range_min, range_max] are no measurement; +inf means nothing within range.
    """

    stamp_s: float
    frame_id: str
    angle_min: float
    angle_increment: float
    range_min: float
    range_max: float
    ranges: np.ndarray


@dataclass(frozen=True, slots=True)
class Battery:
    """State of charge in [0, 1] and voltage [V]."""

    stamp_s: float
    percentage: float
    voltage: float


@dataclass(frozen=True, slots=True)
class Imu:
    """Specific force [m/s2] (up at rest) and angular velocity [rad/s], in the axes of base_link."""

    stamp_s: float
    acceleration: tuple[float, float, float]
    angular_velocity: tuple[float, float, float] = (0.0, 0.0, 0.0)
