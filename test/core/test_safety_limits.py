"""Speed, acceleration and jerk of what the gate sends to the base."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gate_story import ROBOT
from hypothesis import given, settings
from hypothesis import strategies as st

from vla_ros.core.geometry import Twist2D
from vla_ros.core.robot_description import BaseLimits
from vla_ros.safety.ramp import TwistRamp
from vla_ros.safety.twist_limit import AXES, limited_twist
from vla_ros.safety.verdict import Level

BASE = ROBOT.base
DT = 0.02


@pytest.mark.parametrize("axis", range(6), ids=AXES)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_stops_the_base(axis: int, bad: float) -> None:
    raw = [0.1] * 6
    raw[axis] = bad
    twist, verdict = limited_twist(tuple(raw), BASE)
    assert twist == Twist2D() and verdict.level == Level.HALT
    assert verdict.cause == "command_not_finite" and verdict.object == AXES[axis]


def test_clamping_keeps_the_curvature_of_a_hundred_thousand_twists() -> None:
    raws = np.random.default_rng(3).normal(0.0, 3.0, (100_000, 3))
    worst = 0.0
    for vx, vy, wz in raws:
        twist, _ = limited_twist((vx, vy, 0.0, 0.0, 0.0, wz), BASE)
        assert math.hypot(twist.vx, twist.vy) <= BASE.speed
        assert abs(twist.wz) <= BASE.yaw_rate
        scale = max(1.0, math.hypot(vx, vy) / BASE.speed, abs(wz) / BASE.yaw_rate)
        worst = max(worst, abs(twist.vx * scale - vx), abs(twist.vy * scale - vy), abs(twist.wz * scale - wz))
    assert worst < 1e-9


@pytest.mark.parametrize("axis", [2, 3, 4], ids=[AXES[i] for i in (2, 3, 4)])
def test_axes_the_base_has_not_are_zero_and_the_rest_passes(axis: int) -> None:
    raw = [0.2, 0.0, 0.0, 0.0, 0.0, 0.1]
    raw[axis] = 1.0
    twist, verdict = limited_twist(tuple(raw), BASE)
    assert twist == Twist2D(0.2, 0.0, 0.1)
    assert verdict.cause == "unowned_axis" and verdict.object == AXES[axis]


def test_a_differential_drive_never_moves_sideways() -> None:
    limits = BaseLimits(holonomic=False, footprint=BASE.footprint)
    twist, verdict = limited_twist((0.1, 0.4, 0.0, 0.0, 0.0, 0.0), limits)
    assert twist == Twist2D(0.1, 0.0, 0.0) and verdict.object == "linear.y"


def test_the_largest_floats_do_not_get_through() -> None:
    twist, _ = limited_twist((1e308, 1e308, 0.0, 0.0, 0.0, 1e308), BASE)
    assert math.hypot(twist.vx, twist.vy) <= BASE.speed and abs(twist.wz) <= BASE.yaw_rate


def breaches(outputs: list[Twist2D], dt: float = DT) -> list[str]:
    """Independent oracle: differences of what was sent, against the robot's limits."""
    found = []
    v = np.array([[t.vx, t.vy] for t in [Twist2D(), Twist2D(), *outputs]])
    w = np.array([t.wz for t in [Twist2D(), Twist2D(), *outputs]])
    a, alpha = np.diff(v, axis=0) / dt, np.diff(w) / dt
    jerk, yaw_jerk = np.linalg.norm(np.diff(a, axis=0), axis=1) / dt, np.abs(np.diff(alpha)) / dt
    size = np.linalg.norm(a, axis=1)
    faster = np.diff(np.linalg.norm(v, axis=1)) / dt
    if size.max() > BASE.deceleration + 1e-6:
        found.append(f"acceleration {size.max()}")
    if faster.max() > BASE.acceleration + 1e-6:
        found.append(f"speeding up {faster.max()}")
    if jerk.max() > BASE.jerk + 1e-6:
        found.append(f"jerk {jerk.max()}")
    if np.abs(alpha).max() > BASE.yaw_acceleration + 1e-6 or yaw_jerk.max() > 25.0 + 1e-6:
        found.append(f"turning {np.abs(alpha).max()} {yaw_jerk.max()}")
    return found


def ramp_through(targets: list[Twist2D], steps: int = 60) -> list[Twist2D]:
    ramp = TwistRamp(BASE, 25.0)
    return [ramp.step(target, DT) for target in targets for _ in range(steps)]


def test_a_full_reversal_keeps_acceleration_and_jerk() -> None:
    outputs = ramp_through([Twist2D(0.6, 0.0, 1.2), Twist2D(-0.6, 0.0, -1.2)], 100)
    assert breaches(outputs) == []
    assert outputs[99] == Twist2D(0.6, 0.0, 1.2) and outputs[-1] == Twist2D(-0.6, 0.0, -1.2)


def test_a_ramp_lands_without_overshoot_and_in_nearly_the_shortest_time() -> None:
    outputs = ramp_through([Twist2D(0.6, 0.0, 0.0), Twist2D()], 100)
    speeds = [t.vx for t in outputs]
    assert max(speeds) <= 0.6 + 1e-9 and min(speeds) >= -1e-9
    braking = next(i for i, v in enumerate(speeds[100:]) if v == 0.0) * DT
    assert braking <= 0.6 / BASE.deceleration + BASE.deceleration / BASE.jerk + 0.06


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_braking_takes_as_long_in_every_direction(share: float) -> None:
    def ticks(vx: float, vy: float) -> int:
        outputs = ramp_through([Twist2D(vx, vy, 0.0), Twist2D(vx * share, vy * share, 0.0)], 100)
        return next(i for i, t in enumerate(outputs[100:]) if abs(t.speed - 0.5 * share) < 1e-6)

    assert ticks(0.5, 0.0) == ticks(0.4, 0.3) == ticks(0.3, -0.4) == ticks(0.0, -0.5)


twists = st.builds(Twist2D, *(st.floats(-x, x) for x in (0.42, 0.42, 1.2)))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(twists, st.integers(1, 40)), min_size=1, max_size=8))
def test_no_sequence_of_wishes_breaks_a_limit(story: list[tuple[Twist2D, int]]) -> None:
    ramp = TwistRamp(BASE, 25.0)
    outputs = [ramp.step(target, DT) for target, steps in story for _ in range(steps)]
    # In a bend braking across the old direction is speeding up along the new one: the larger limit holds there.
    assert [b for b in breaches(outputs) if not b.startswith("speeding")] == []
    speeds = np.array([0.0] + [t.speed for t in outputs])
    assert np.diff(speeds).max() / DT <= BASE.deceleration + 1e-6
    assert speeds.max() <= BASE.speed + 1e-6


def test_a_change_of_direction_at_full_speed_never_swings_over_it() -> None:
    for angle in np.linspace(0.1, math.pi, 12):
        for steps in (3, 11, 60):
            turned = Twist2D(BASE.speed * math.cos(angle), BASE.speed * math.sin(angle), 0.0)
            ahead, ramp = Twist2D(BASE.speed, 0.0, 0.0), TwistRamp(BASE, 25.0)
            for target, count in ((ahead, 100), (turned, steps), (ahead, 200)):
                for _ in range(count):
                    assert ramp.step(target, DT).speed <= BASE.speed + 1e-6
            assert ramp.twist == ahead


@settings(max_examples=30, deadline=None)
@given(twists, st.lists(st.floats(0.001, 0.04), min_size=150, max_size=150))
def test_uneven_ticks_still_arrive(target: Twist2D, steps: list[float]) -> None:
    ramp = TwistRamp(BASE, 25.0)
    for dt in [*steps, *([DT] * 100)]:
        out = ramp.step(target, dt)
    assert math.hypot(out.vx - target.vx, out.vy - target.vy) < 1e-3 and abs(out.wz - target.wz) < 1e-3
