"""The ramp of the base's output exactly at its borders: which rate is taken, what is braking, when it has arrived."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from gate_story import ROBOT

from vla_ros.core.geometry import ZERO_TWIST, Twist2D
from vla_ros.core.robot_description import BaseLimits
from vla_ros.safety.ramp import TwistRamp, rest_of

BRISK = replace(ROBOT.base, speed=2.0, acceleration=0.5, deceleration=2.0, jerk=8.0)
DT = 0.02


def ramp_at(twist: Twist2D, limits: BaseLimits = BRISK) -> TwistRamp:
    made = TwistRamp(limits, 25.0)
    made.reset(twist)
    return made


def loss(goal: Twist2D, ticks: int = 20) -> float:
    """Speed lost in so many ticks on the way from 1 m/s ahead to ``goal``."""
    ramp = ramp_at(Twist2D(1.0, 0.0, 0.0))
    for _ in range(ticks):
        ramp.step(goal, DT)
    return 1.0 - ramp.twist.speed


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.16, 0.2, 0.32, 0.5, 1.3, 2.0])
def test_where_a_rate_ends_that_falls_every_tick_is_what_driving_it_shows(rate: float) -> None:
    step, v, a = 0.16, np.array([0.3, -0.1]), rate * np.array([0.6, 0.8])
    driven, falling = v + a * DT, rate
    while falling > 0.0:
        falling = max(0.0, falling - step)
        driven = driven + falling * np.array([0.6, 0.8]) * DT
    assert rest_of(v, a, step, DT) == pytest.approx(driven, abs=1e-12)


def test_a_pure_loss_of_speed_brakes_and_what_bends_by_a_millionth_does_not() -> None:
    assert loss(ZERO_TWIST) > 0.4
    assert loss(Twist2D(0.2, 0.0, 0.0)) == pytest.approx(loss(Twist2D(0.2, 0.99 * 0.2e-6, 0.0)), abs=1e-6)
    for bent in (Twist2D(0.2, 1.1 * 0.2e-6, 0.0), Twist2D(0.2, -0.05, 0.0)):
        assert loss(bent) < 0.2 < loss(Twist2D(0.2, 0.0, 0.0)) - 0.1


def test_starting_and_going_faster_keep_to_the_acceleration() -> None:
    for began in (0.0, 0.5):
        ramp = ramp_at(Twist2D(began, 0.0, 0.0))
        speeds = [ramp.step(Twist2D(1.5, 0.0, 0.0), DT).vx for _ in range(60)]
        assert np.diff([began, *speeds]).max() / DT == pytest.approx(0.5)


def test_the_first_tick_from_rest_keeps_to_the_acceleration_too() -> None:
    assert ramp_at(ZERO_TWIST, replace(BRISK, jerk=1000.0)).step(Twist2D(1.5, 0.0, 0.0), DT).vx == 0.5 * DT


@pytest.mark.parametrize("share", [0.3, 0.98, 1.0])
def test_what_one_step_of_the_rate_reaches_is_reached_in_one_tick(share: float) -> None:
    goal = Twist2D(share * 8.0 * DT * DT, 0.0, 0.0)
    assert ramp_at(ZERO_TWIST).step(goal, DT) == goal


def test_no_speed_is_overshot_on_the_way_to_it() -> None:
    for goal in np.linspace(0.011, 0.6, 31):
        ramp = ramp_at(ZERO_TWIST)
        speeds = [ramp.step(Twist2D(float(goal), 0.0, 0.0), DT).vx for _ in range(75)]
        assert max(speeds) <= goal + 1e-9 and speeds[-1] == goal


def test_braking_of_the_slowest_motion_is_braking_too() -> None:
    """Just as hard however small the speed is: only the direction counts."""
    ramp = ramp_at(Twist2D(0.5, 0.0, 0.0), replace(BRISK, acceleration=0.05, jerk=1000.0))
    assert ramp.step(ZERO_TWIST, DT).vx == pytest.approx(0.5 - 2.0 * DT)


def test_a_rate_that_ends_exactly_on_the_speed_limit_is_taken_and_a_billionth_of_rounding_too() -> None:
    first = 8.0 * DT * DT
    ahead = Twist2D(1.0, 0.0, 0.0)
    for beyond, moves in ((0.0, True), (1e-9, True), (1.2e-9, False)):
        limit = first - beyond
        sent = TwistRamp(replace(BRISK, speed=limit), 25.0).step(ahead, DT)
        assert (sent.vx == pytest.approx(first)) is moves and (sent == ZERO_TWIST) is not moves
    assert limit + 1e-9 != first


def test_a_rate_that_would_end_outside_falls_by_one_step_and_not_below_zero() -> None:
    """Near the limit the rate falls as the jerk allows, to nothing in the end, and the limit is reached."""
    ramp = TwistRamp(replace(BRISK, speed=0.1), 25.0)
    speeds = [0.0, 0.0, *(ramp.step(Twist2D(1.0, 0.0, 0.0), DT).vx for _ in range(60))]
    rates = np.diff(speeds) / DT
    assert max(speeds) <= 0.1 + 1e-9 and max(speeds) > 0.09
    assert rates.min() >= 0.0 and np.abs(np.diff(rates)).max() <= 8.0 * DT + 1e-9
    falls = [(old, new) for old, new in itertools.pairwise(rates) if new < old - 1e-9]
    assert falls and all(new == pytest.approx(max(0.0, old - 8.0 * DT), abs=1e-9) for old, new in falls)


def test_what_is_nearer_than_a_billionth_has_arrived_and_what_is_exactly_as_far_has_not() -> None:
    for start, there in ((1e-9, False), (0.999e-9, True), (1.1e-9, False)):
        sent = ramp_at(Twist2D(start, 0.0, 0.0)).step(ZERO_TWIST, 1e-14)
        assert (sent == ZERO_TWIST) is there and (sent.vx == start) is not there


def test_a_standing_ramp_that_is_asked_for_nothing_stands() -> None:
    ramp = ramp_at(ZERO_TWIST)
    assert ramp.step(ZERO_TWIST, DT) == ZERO_TWIST and ramp.is_still
    assert ramp.step(Twist2D(0.0, 0.0, 0.5), DT).wz == pytest.approx(25.0 * DT * DT) and not ramp.is_still
    assert math.isclose(ramp.step(Twist2D(0.0, 0.0, 0.5), DT).wz, 3 * 25.0 * DT * DT)
