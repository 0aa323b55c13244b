"""Tilt and stability: how far the floor leans, and where the weight presses on it (zero-moment point)."""

from __future__ import annotations

import math

import numpy as np

from vla_ros.core.geometry import Vector
from vla_ros.core.robot_state import Imu
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.verdict import PASS, Level, Verdict, worst

_LEAST_FORCE = 1.0


class TiltMonitor:
    """Judges the specific force that an IMU measures, smoothed over ``tilt_smoothing_s``.

    Standing still it points up; its angle to the base's z axis is the tilt. Together with the centre of mass it
    gives the point on the floor where the weight presses: outside of the footprint the robot tips.

    Args:
        params: angles, margin, smoothing.
        footprint: the support polygon.
    """

    def __init__(self, params: SafetyParams, footprint: Footprint) -> None:
        self._params, self._footprint = params, footprint
        self._force: Vector | None = None
        self._at = -math.inf

    def note(self, reading: Imu, now: float) -> None:
        """A reading, in base_link's axes; one that is not finite is left out."""
        force = np.asarray(reading.acceleration, dtype=float)
        if force.shape != (3,) or not np.all(np.isfinite(force)):
            return
        if self._force is None:
            self._force, self._at = force, now
            return
        share = 1.0 - math.exp(-max(0.0, now - self._at) / self._params.tilt_smoothing_s)
        self._force = self._force + share * (force - self._force)
        self._at = now

    def judge(self, center_of_mass: Vector | None) -> Verdict:
        """PASS to HALT.

        Args:
            center_of_mass: (3,) of the whole robot in base_link [m], None when it is not known.
        """
        if self._force is None:
            return PASS
        return worst([self._tilt(self._force), self._tipping(self._force, center_of_mass)])

    def _tilt(self, force: Vector) -> Verdict:
        p = self._params
        x, y, z = map(float, force)
        tilt = math.atan2(math.hypot(x, y), z)
        if tilt < p.tilt_slow_rad:
            return PASS
        text = f"The robot leans by {math.degrees(tilt):.0f} degrees."
        if tilt >= p.tilt_stop_rad:
            return Verdict(Level.BRAKE, "tilt", text, tilt, p.tilt_stop_rad, "imu", 0.0)
        return Verdict(Level.SLOW, "tilt", text, tilt, p.tilt_slow_rad, "imu", p.monitor_scale)

    def _tipping(self, force: Vector, center: Vector | None) -> Verdict:
        if center is None:
            return PASS
        p = self._params
        fx, fy, fz = map(float, force)
        if fz < _LEAST_FORCE:
            return Verdict(Level.BRAKE, "tipping", "The robot falls or lies.", fz, _LEAST_FORCE, "imu", 0.0)
        point = center[:2] - center[2] * np.array([fx, fy]) / fz
        inside = -float(self._footprint.clearance(point[None])[0])
        if inside >= p.tip_margin_m:
            return PASS
        text = f"The weight presses {inside:.2f} m inside of the footprint (margin {p.tip_margin_m:g} m)."
        if inside <= 0.0:
            return Verdict(Level.BRAKE, "tipping", text, inside, 0.0, "imu", 0.0)
        return Verdict(Level.SLOW, "tipping", text, inside, p.tip_margin_m, "imu", p.monitor_scale)
