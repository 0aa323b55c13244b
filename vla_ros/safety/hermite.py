"""Extremes of cubic Hermite segments: what a driver that interpolates waypoints really does between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vla_ros.core.geometry import Vector


@dataclass(frozen=True, slots=True)
class Extremes:
    """Per segment and joint, all (n_segments, n_joints): lowest and highest position, fastest speed and
    largest acceleration in magnitude."""

    low: Vector
    high: Vector
    speed: Vector
    acceleration: Vector


def extremes(times: Vector, positions: Vector, velocities: Vector) -> Extremes:
    """Extremes between consecutive waypoints.

    Args:
        times: (n,) strictly rising [s].
        positions: (n, j) [rad or m].
        velocities: (n, j) [per s].
    """
    h = np.diff(times)[:, None]
    p0, p1 = positions[:-1], positions[1:]
    m0, m1 = velocities[:-1] * h, velocities[1:] * h
    # p(s) = p0 + m0 s + b s^2 + c s^3 with s = t / h in [0, 1]
    b = 3.0 * (p1 - p0) - 2.0 * m0 - m1
    c = m0 + m1 - 2.0 * (p1 - p0)

    low, high = np.minimum(p0, p1), np.maximum(p0, p1)
    for s in _turning_points(3.0 * c, 2.0 * b, m0):
        p = p0 + s * (m0 + s * (b + s * c))
        low, high = np.minimum(low, p), np.maximum(high, p)

    with np.errstate(divide="ignore", invalid="ignore"):
        vertex = _within(-b / (3.0 * c))
    middle = m0 + vertex * (2.0 * b + vertex * 3.0 * c)
    speed = np.maximum.reduce([np.abs(m0), np.abs(m1), np.abs(middle)]) / h
    acceleration = np.maximum(np.abs(2.0 * b), np.abs(2.0 * b + 6.0 * c)) / (h * h)
    return Extremes(low, high, speed, acceleration)


def _turning_points(a: Vector, b: Vector, c: Vector) -> tuple[Vector, Vector]:
    """Roots of a s^2 + b s + c, clipped into [0, 1] (an end point where there is none inside)."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        root = np.sqrt(np.maximum(b * b - 4.0 * a * c, 0.0))
        q = -0.5 * (b + np.copysign(root, b))
        return _within(q / a), _within(c / q)


def _within(shares: Vector) -> Vector:
    """Clipped into [0, 1]; 0 where a division of zero by zero left no number."""
    return np.fmin(np.fmax(shares, 0.0), 1.0)


def between(positions: Vector, velocities: Vector, seconds: float, shares: Vector) -> Vector:
    """Positions inside one segment, (n, j).

    Args:
        positions: (2, j) at its ends [rad or m].
        velocities: (2, j) at its ends [per s].
        seconds: its duration.
        shares: (n,) of the duration, in [0, 1].
    """
    s = shares[:, None]
    p0, p1 = positions
    m0, m1 = velocities * seconds
    b, c = 3.0 * (p1 - p0) - 2.0 * m0 - m1, m0 + m1 - 2.0 * (p1 - p0)
    return np.asarray(p0 + s * (m0 + s * (b + s * c)))
