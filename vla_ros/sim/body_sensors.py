"""What the robot feels of itself: inertial measurement and battery."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from vla_ros.core.geometry import Vector
from vla_ros.core.robot_state import Battery

_GRAVITY = np.array([0.0, 0.0, 9.81])
_FULL_VOLTAGE = 25.2
_EMPTY_VOLTAGE = 21.0


@dataclass(frozen=True)
class ImuReading:
    """Orientation (x, y, z, w) in odom, angular velocity [rad/s] and specific force [m/s2] in imu_link."""

    stamp_s: float
    orientation: tuple[float, float, float, float]
    angular_velocity: tuple[float, float, float]
    linear_acceleration: tuple[float, float, float]


class Imu:
    """An inertial measurement unit in one body; small noise from ``rng``."""

    def __init__(self, model: mujoco.MjModel, frame: str, rng: np.random.Generator) -> None:
        self._model, self._rng, self._body = model, rng, model.body(frame).id
        self._last_velocity: Vector = np.zeros(3)
        self._last_time = -1.0

    def read(self, data: mujoco.MjData) -> ImuReading:
        """The reading at the state of ``data``; accelerations are the mean since the reading before."""
        motion = np.empty(6)
        mujoco.mj_objectVelocity(self._model, data, mujoco.mjtObj.mjOBJ_XBODY, self._body, motion, 0)
        rotation = data.xmat[self._body].reshape(3, 3)
        velocity = motion[3:]
        dt = data.time - self._last_time
        acceleration = (velocity - self._last_velocity) / dt if 0 < dt < 0.5 else np.zeros(3)
        self._last_velocity, self._last_time = velocity.copy(), data.time
        force = rotation.T @ (acceleration + _GRAVITY) + self._rng.normal(0, 0.02, 3)
        spin = rotation.T @ motion[:3] + self._rng.normal(0, 0.002, 3)
        w, x, y, z = data.xquat[self._body]
        return ImuReading(data.time, (x, y, z, w), tuple(spin.tolist()), tuple(force.tolist()))


class BatteryModel:
    """Drains with time and with the motors' power.

    Args:
        percentage: state of charge at the start, 0 to 1.
        capacity_wh: of the full battery.
        idle_w: computers and sensors.
    """

    def __init__(self, percentage: float = 0.92, capacity_wh: float = 480.0, idle_w: float = 60.0) -> None:
        self.percentage, self._capacity, self._idle = percentage, capacity_wh * 3600.0, idle_w

    def drain(self, dt: float, motor_w: float) -> None:
        """Takes ``dt`` seconds of idle and motor power."""
        self.percentage = max(0.0, self.percentage - dt * (self._idle + motor_w) / self._capacity)

    def read(self, now: float) -> Battery:
        """State of charge and voltage."""
        voltage = _EMPTY_VOLTAGE + (_FULL_VOLTAGE - _EMPTY_VOLTAGE) * self.percentage
        return Battery(now, self.percentage, voltage)
