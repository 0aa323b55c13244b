"""Trajectories: within limits between waypoints too, at rest at both ends, through the path."""

from __future__ import annotations

import numpy as np
from control_plant import home_robot
from hypothesis import given, settings
from hypothesis import strategies as st

from vla_ros.control.follower import TwistLimiter
from vla_ros.control.timing import hermite_extremes, hold, time_path
from vla_ros.core.geometry import Twist2D

ROBOT = home_robot()
ARM = ROBOT.group("arm")
LOWER = np.array([j.lower for j in ARM.joints])
UPPER = np.array([j.upper for j in ARM.joints])
VELOCITY = np.array([j.velocity for j in ARM.joints])
ACCELERATION = np.array([j.acceleration for j in ARM.joints])

paths = st.lists(st.lists(st.floats(0.0, 1.0), min_size=8, max_size=8), min_size=2, max_size=6)


@settings(max_examples=60, deadline=None)
@given(paths, st.booleans(), st.floats(0.05, 0.2))
def test_limits_hold_at_and_between_waypoints(shares: list[list[float]], stop: bool, step_s: float) -> None:
    points = LOWER + np.array(shares) * (UPPER - LOWER)
    stops = tuple(range(1, len(points) - 1)) if stop else ()
    trajectory = time_path(ARM, points, step_s, 0.8, 0.6, stops)
    times = trajectory.times_s
    assert times[0] > 0 and np.all(np.diff(times) > 0)
    assert np.all(trajectory.velocities[-1] == 0.0)
    assert np.allclose(trajectory.positions[-1], points[-1])
    assert np.all(trajectory.positions >= LOWER) and np.all(trajectory.positions <= UPPER)
    fastest, strongest = hermite_extremes(points[0], times, trajectory.positions, trajectory.velocities)
    assert np.all(fastest <= VELOCITY * 1.001) and np.all(strongest <= ACCELERATION * 1.001)


def test_a_stop_is_a_stop_at_its_place() -> None:
    corner = np.array([0.2, 0.4, 0.3, 0.0, 0.5, 0.0, 0.0, 0.0])
    trajectory = time_path(ARM, np.array([np.zeros(8), corner, corner + 0.1]), 0.1, stops=(1,))
    there = np.linalg.norm(trajectory.positions - corner, axis=1) < 1e-6
    assert there.any() and np.allclose(trajectory.velocities[there], 0.0)


def test_a_cap_slows_a_piece() -> None:
    points = np.array([np.zeros(8), np.full(8, 0.1)])
    free = time_path(ARM, points, 0.1).times_s[-1]
    assert time_path(ARM, points, 0.1, caps=np.array([4.0])).times_s[-1] > max(3.9, free)


def test_no_way_to_go_is_a_trajectory_too() -> None:
    trajectory = time_path(ARM, np.array([LOWER, LOWER]), 0.1)
    assert len(trajectory.times_s) == 1 and np.allclose(trajectory.positions, LOWER)


def test_holding_stays_inside_the_limits() -> None:
    measured = LOWER - 0.003
    assert np.allclose(hold(ARM, measured).positions, LOWER)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5), st.floats(-5, 5)), min_size=2, max_size=60))
def test_twists_keep_speed_and_acceleration_limits(wishes: list[tuple[float, float, float]]) -> None:
    limiter, base, dt, last = TwistLimiter(ROBOT.base), ROBOT.base, 0.02, Twist2D()
    for wish in wishes:
        twist = limiter.limit(Twist2D(*wish), dt)
        assert twist.speed <= base.speed + 1e-9 and abs(twist.wz) <= base.yaw_rate + 1e-9
        change = np.hypot(twist.vx - last.vx, twist.vy - last.vy)
        assert change <= max(base.acceleration, base.deceleration) * dt + 1e-9
        assert abs(twist.wz - last.wz) <= base.yaw_acceleration * dt + 1e-9
        last = twist
