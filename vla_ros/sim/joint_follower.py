"""Follows one joint group's trajectory: cubic Hermite interpolation, then holds the last point."""

from __future__ import annotations

import numpy as np

from vla_ros.core.errors import InputError
from vla_ros.core.geometry import Vector
from vla_ros.core.motion import JointTrajectory
from vla_ros.core.robot_description import JointGroup

# A trajectory's first point may stand at time zero, where the robot already is; it is reached no sooner than this.
_SHORTEST_S = 0.02
# Stops may brake harder than planned motions accelerate; motors have that much in reserve.
_BRAKING = 6.0
_SPEEDING = 1.1
_LONGEST_S = 20.0
_LIMIT_TOLERANCE = 1e-3


class JointFollower:
    """The reference of one group's servos. Arrays are (n_joints,) in the group's order, rad or m and per s.

    ``position`` and ``velocity`` are the reference of the last :meth:`advance`.
    """

    def __init__(self, group: JointGroup) -> None:
        self.group = group
        self._lower = np.array([j.lower for j in group.joints])
        self._upper = np.array([j.upper for j in group.joints])
        self._fastest = np.array([j.velocity for j in group.joints])
        self._hardest = _BRAKING * np.array([j.acceleration for j in group.joints])
        self.hold(self._lower)

    def hold(self, position: Vector) -> None:
        """Drops the trajectory and stays at ``position``."""
        self.position = np.array(position, dtype=float)
        self.velocity = np.zeros_like(self.position)
        self._times: Vector = np.zeros(0)

    @property
    def is_moving(self) -> bool:
        """True while a trajectory is being followed."""
        return self._times.size > 0

    def set(self, trajectory: JointTrajectory, position: Vector, velocity: Vector, now: float) -> None:
        """Replaces whatever is followed by ``trajectory``, starting from the given state at ``now`` [s].

        A first point that the joints cannot reach in its time (a hold sent in full motion, a start elsewhere) is
        reached as soon as their limits allow, and the points after it move back by as much.

        Raises:
            InputError: joints, shapes, times or numbers that cannot be followed; the old trajectory goes on.
        """
        times, points, speeds = self.checked(trajectory)
        if times[0] <= _SHORTEST_S and times.size > 1:
            times, points, speeds = times[1:], points[1:], speeds[1:]
        needed = self._shortest(points[0] - position, velocity, speeds[0], max(_SHORTEST_S, float(times[0])))
        times = times + max(0.0, needed - float(times[0]))
        self._times = now + np.concatenate(([0.0], times))
        self._points = np.vstack((position, points))
        self._speeds = np.vstack((velocity, speeds))
        self._segment = 0

    def advance(self, now: float) -> None:
        """Moves the reference to time ``now`` [s], which never runs backwards."""
        if not self.is_moving:
            return
        if now >= self._times[-1]:
            self.hold(self._points[-1])
            return
        while now >= self._times[self._segment + 1]:
            self._segment += 1
        i = self._segment
        start, end = float(self._times[i]), float(self._times[i + 1])
        h = end - start
        s = (now - start) / h
        s2, s3 = s * s, s * s * s
        p0, p1, v0, v1 = self._points[i], self._points[i + 1], self._speeds[i], self._speeds[i + 1]
        step = p1 - p0
        position = p0 + (3 * s2 - 2 * s3) * step + (h * (s3 - 2 * s2 + s)) * v0 + (h * (s3 - s2)) * v1
        velocity = (6 * (s - s2) / h) * step + (3 * s2 - 4 * s + 1) * v0 + (3 * s2 - 2 * s) * v1
        # The cubic may swing past the last point near a joint's end.
        self.position = np.minimum(np.maximum(position, self._lower), self._upper)
        self.velocity = velocity

    def _shortest(self, way: Vector, start: Vector, end: Vector, time: float) -> float:
        """The first time [s] from ``time`` on in which a cubic may cover ``way`` between two velocities."""
        while time < _LONGEST_S:
            first = np.abs(6 * way / time**2 - (4 * start + 2 * end) / time)
            last = np.abs((2 * start + 4 * end) / time - 6 * way / time**2)
            middle = np.abs(1.5 * way / time - (start + end) / 4)
            if (np.maximum(first, last) <= self._hardest).all() and (middle <= _SPEEDING * self._fastest).all():
                break
            time *= 1.2
        return time

    def checked(self, trajectory: JointTrajectory) -> tuple[Vector, Vector, Vector]:
        """Times (n,) [s], positions and velocities (n, n_joints) in the group's order.

        Raises:
            InputError: the trajectory cannot be followed by this group.
        """
        names = self.group.names
        if sorted(trajectory.names) != sorted(names):
            raise InputError("joint_trajectory.names", trajectory.names, f"Name exactly: {', '.join(names)}.")
        times = np.array(trajectory.times_s, dtype=float)
        shape = (times.size, len(names))
        if times.ndim != 1 or times.size == 0 or np.shape(trajectory.positions) != shape:
            found = np.shape(trajectory.positions)
            raise InputError("joint_trajectory.positions", found, f"Give a time and {len(names)} positions a point.")
        order = [trajectory.names.index(name) for name in names]
        points = np.asarray(trajectory.positions, dtype=float)[:, order]
        if trajectory.velocities is None:
            speeds = _speeds(times, points)
        elif np.shape(trajectory.velocities) == shape:
            speeds = np.asarray(trajectory.velocities, dtype=float)[:, order]
        else:
            found = np.shape(trajectory.velocities)
            raise InputError("joint_trajectory.velocities", found, f"Give {len(names)} velocities a point, or none.")
        if not (np.isfinite(times).all() and np.isfinite(points).all() and np.isfinite(speeds).all()):
            raise InputError("joint_trajectory", "a number that is not finite", "Give finite numbers.")
        if times[0] < 0 or (np.diff(times) <= 0).any():
            raise InputError("joint_trajectory.times", tuple(times[:4]), "Give rising times from zero on.")
        outside = (points < self._lower - _LIMIT_TOLERANCE) | (points > self._upper + _LIMIT_TOLERANCE)
        if outside.any():
            row, column = np.argwhere(outside)[0]
            remedy = f"It allows {self._lower[column]:g} to {self._upper[column]:g}."
            raise InputError(f"joint_trajectory.{names[column]}", float(points[row, column]), remedy)
        speeds = np.clip(speeds, -self._fastest, self._fastest)
        return times, np.clip(points, self._lower, self._upper), speeds


def _speeds(times: Vector, points: Vector) -> Vector:
    """Velocities (n, n_joints) for points that came without: the mean slope, zero at the last point."""
    speeds = np.zeros_like(points)
    if times.size > 2:
        speeds[:-1] = np.gradient(points, times, axis=0)[:-1]
    return speeds
