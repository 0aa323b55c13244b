"""Joint paths become trajectories: as fast as velocity and acceleration limits allow, at rest at both ends.

Between waypoints a driver interpolates cubically (positions and velocities); the limits hold there too.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from scipy.interpolate import make_interp_spline

from vla_ros.core.geometry import Vector
from vla_ros.core.motion import JointTrajectory
from vla_ros.core.robot_description import JointGroup

SHORTEST_S = 0.1


def time_path(
    group: JointGroup,
    points: Vector,
    step_s: float,
    velocity_scale: float = 1.0,
    acceleration_scale: float = 1.0,
    stops: tuple[int, ...] = (),
    caps: Vector | None = None,
) -> JointTrajectory:
    """A trajectory through ``points``, without the point at time zero (where the robot already is).

    Args:
        group: joints and limits.
        points: (n, joints) path, dense where it bends; the first is where the group stands now.
        step_s: time between waypoints [s].
        velocity_scale: share of the velocity limits used.
        acceleration_scale: share of the acceleration limits used.
        stops: indices of points at which the group comes to rest.
        caps: (n - 1,) least duration of each piece of path [s] (e.g. from a limit of the tool's speed).
    """
    velocity = np.array([j.velocity for j in group.joints])
    acceleration = np.array([j.acceleration for j in group.joints])
    lower, upper = np.array([j.lower for j in group.joints]), np.array([j.upper for j in group.joints])
    marks = [0, *sorted(i for i in stops if 0 < i < len(points) - 1), len(points) - 1]
    times, positions, velocities, start = [], [], [], 0.0
    for first, last in itertools.pairwise(marks):
        least = None if caps is None else caps[first:last]
        t, q, v = _time_piece(
            points[first : last + 1], velocity * velocity_scale, acceleration * acceleration_scale, step_s, least
        )
        times.append(t + start)
        positions.append(q)
        velocities.append(v)
        start += t[-1]
    t, q, v = np.concatenate(times), np.concatenate(positions), np.concatenate(velocities)
    q = np.clip(q, lower, upper)
    stretch = _stretch(np.asarray(points[0], dtype=float), t, q, v, velocity, acceleration)
    return JointTrajectory(group.names, t * stretch, q, v / stretch)


def hold(group: JointGroup, measured: Vector, after_s: float = 0.1) -> JointTrajectory:
    """Stand still where the joints are now."""
    lower, upper = np.array([j.lower for j in group.joints]), np.array([j.upper for j in group.joints])
    position = np.clip(np.asarray(measured, dtype=float), lower, upper)[None, :]
    return JointTrajectory(group.names, np.array([after_s]), position, np.zeros_like(position))


def sample(trajectory: JointTrajectory, start: Vector, t: float) -> Vector:
    """Where the joints should be ``t`` seconds after the start, by linear interpolation."""
    times = np.concatenate([[0.0], trajectory.times_s])
    positions = np.vstack([start, trajectory.positions])
    return np.array([np.interp(t, times, positions[:, k]) for k in range(positions.shape[1])])


def hermite_extremes(start: Vector, times: Vector, positions: Vector, velocities: Vector) -> tuple[Vector, Vector]:
    """Largest |velocity| and |acceleration| per joint of the cubic through the waypoints, at rest at the start."""
    t = np.concatenate([[0.0], times])
    q = np.vstack([start, positions])
    v = np.vstack([np.zeros_like(start), velocities])
    h = np.diff(t)[:, None]
    delta, v0, v1 = np.diff(q, axis=0), v[:-1], v[1:]
    a0 = 6 * delta / h**2 - (4 * v0 + 2 * v1) / h
    a1 = -6 * delta / h**2 + (2 * v0 + 4 * v1) / h
    with np.errstate(divide="ignore", invalid="ignore"):
        u = a0 / (a0 - a1)
        peak = np.where((u > 0) & (u < 1), v0 + a0 * h * u / 2, 0.0)
    fastest = np.maximum(np.maximum(np.abs(v0), np.abs(v1)), np.abs(np.nan_to_num(peak))).max(axis=0)
    return fastest, np.maximum(np.abs(a0), np.abs(a1)).max(axis=0)


def _time_piece(
    points: Vector, velocity: Vector, acceleration: Vector, step_s: float, least: Vector | None
) -> tuple[Vector, Vector, Vector]:
    """Times, positions, velocities of one piece from rest to rest."""
    # The path's parameter is the time it would take at full speed, so that its rate is at most 1.
    lengths = np.max(np.abs(np.diff(points, axis=0)) / velocity, axis=1)
    if least is not None:
        lengths = np.maximum(lengths, np.where(lengths > 1e-9, least, 0.0))
    keep = np.concatenate([[True], lengths > 1e-9])
    s = np.concatenate([[0.0], np.cumsum(lengths)])[keep]
    points = points[keep]
    if len(points) < 2:
        return np.array([SHORTEST_S]), points[-1:].copy(), np.zeros((1, points.shape[1]))
    curve = make_interp_spline(s, points, k=min(3, len(points) - 1) if len(points) > 3 else 1)
    grid = np.linspace(0.0, s[-1], max(24, math.ceil(s[-1] / 0.02)))
    ds = grid[1] - grid[0]
    first = curve(grid, 1)
    second = curve(grid, 2) if curve.k > 1 else np.zeros_like(first)
    slope, bend = np.maximum(np.abs(first), 1e-9), np.maximum(np.abs(second), 1e-9)
    rate = np.minimum(1.0, np.min(velocity / slope, axis=1))
    rate = np.minimum(rate, np.sqrt(np.min(0.5 * acceleration / bend, axis=1)))
    rate[0] = rate[-1] = 0.0
    for order in (range(len(grid) - 1), range(len(grid) - 1, 0, -1)):
        step = 1 if isinstance(order, range) and order.step == 1 else -1
        for i in order:
            push = float(np.min((acceleration - bend[i] * rate[i] ** 2) / slope[i]))
            rate[i + step] = min(rate[i + step], math.sqrt(rate[i] ** 2 + 2 * max(push, 1e-6) * ds))
    dt = 2 * ds / (rate[:-1] + rate[1:])
    clock = np.concatenate([[0.0], np.cumsum(dt)])
    n = max(1, math.ceil(clock[-1] / step_s - 1e-6))
    t = np.linspace(0.0, clock[-1], n + 1)[1:]
    k = np.clip(np.searchsorted(clock, t, side="right") - 1, 0, len(dt) - 1)
    tau = t - clock[k]
    push = (rate[k + 1] - rate[k]) / dt[k]
    at = np.clip(grid[k] + rate[k] * tau + 0.5 * push * tau**2, 0.0, s[-1])
    at[-1] = s[-1]
    speed = rate[k] + push * tau
    speed[-1] = 0.0
    return t, curve(at), curve(at, 1) * speed[:, None]


def _stretch(start: Vector, t: Vector, q: Vector, v: Vector, velocity: Vector, acceleration: Vector) -> float:
    """By how much the times must grow so that the cubic between waypoints keeps the limits."""
    fastest, strongest = hermite_extremes(start, t, q, v)
    return max(1.0, float(np.max(fastest / velocity)), math.sqrt(float(np.max(strongest / acceleration)))) * 1.0001
