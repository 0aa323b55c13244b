"""What the watchdog lets pass: stories of seconds under an injected clock."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gate_story import ARM, HOME, ROBOT, arm_trajectory
from hypothesis import given, settings
from hypothesis import strategies as st

from vla_ros.core.motion import JointTrajectory
from vla_ros.safety.relay import Relay, WatchdogParams
from vla_ros.safety.twist_limit import RawTwist

PARAMS = WatchdogParams()
STILL: RawTwist = (0.0,) * 6
AHEAD: RawTwist = (0.5, 0.0, 0.0, 0.0, 0.0, 0.0)


class Story:
    """A gate that speaks at 50 Hz, a watchdog that looks at 50 Hz; what the driver gets."""

    def __init__(self) -> None:
        self.relay = Relay(PARAMS, ROBOT)
        self.now = 10.0
        self.measured = dict(zip(ARM.names, HOME.positions))
        self.got: list[tuple[float, RawTwist]] = []
        self.holds: list[JointTrajectory] = []

    def run(self, seconds: float, say: RawTwist | None = STILL, looks: bool = True, joints: bool = True) -> Story:
        for _ in range(round(seconds / 0.02)):
            self.now += 0.02
            if joints:
                self.relay.on_joints(self.measured, self.now)
            if say is not None:
                sent = self.relay.on_twist(say, self.now)
                if sent is not None:
                    self.got.append((self.now, sent))
            if looks:
                output = self.relay.look(self.now)
                self.holds += output.holds
                if output.cause:
                    self.got.append((self.now, STILL))
        return self

    @property
    def last(self) -> RawTwist:
        return self.got[-1][1]


def test_it_starts_stopped_and_passes_what_the_gate_says() -> None:
    story = Story().run(0.5, say=None)
    assert story.last == STILL and not story.relay.passes
    assert story.run(1.0).run(0.1, say=AHEAD).last == AHEAD
    other: RawTwist = (0.1, 0.2, 0.0, 0.0, 0.0, -0.3)
    assert story.run(0.02, say=other).last == other and story.relay.stops == 0


def test_silence_stops_within_the_time_out_and_one_look() -> None:
    story = Story().run(1.0).run(1.0, say=AHEAD)
    began = story.now
    story.run(1.0, say=None)
    zero = next(at for at, twist in story.got if at > began and twist == STILL)
    assert zero - began <= PARAMS.timeout_s + 0.04
    assert story.relay.stops == 1 and story.last == STILL


def test_the_arm_is_held_where_it_was_measured_and_only_if_it_ever_moved() -> None:
    assert Story().run(1.0).run(1.0, say=None).holds == []
    story = Story().run(1.0)
    assert story.relay.on_trajectory(arm_trajectory({"arm_joint_1": 1.0}), story.now)
    story.run(0.5)
    story.measured["arm_joint_1"] = 0.8
    story.run(1.0, say=None)
    assert len(story.holds) >= 5
    for hold in story.holds:
        assert hold.positions[0, ARM.names.index("arm_joint_1")] == 0.8 and not np.any(hold.velocities)


def test_joints_that_nobody_measures_any_more_are_not_held_at_an_old_place() -> None:
    story = Story().run(1.0)
    story.relay.on_trajectory(arm_trajectory({"arm_joint_1": 1.0}), story.now)
    story.run(1.0, joints=False).run(1.0, say=None, joints=False)
    assert story.holds == [] and story.last == STILL


def test_nothing_but_velocity_zero_passes_while_it_is_stopped() -> None:
    story = Story().run(1.0).run(1.0, say=None)
    assert not story.relay.on_trajectory(arm_trajectory(), story.now)


def test_a_gate_that_wakes_up_in_the_middle_of_a_motion_makes_nothing_jump() -> None:
    story = Story().run(1.0).run(1.0, say=AHEAD).run(1.0, say=None)
    first = len(story.got)
    story.run(3.0, say=AHEAD)
    speeds = [0.0, *(twist[0] for _, twist in story.got[first:])]
    assert max(np.diff(speeds)) <= ROBOT.base.acceleration * 0.04 + 1e-6
    assert story.last == AHEAD


def test_a_stop_of_the_gate_is_not_eased() -> None:
    story = Story().run(1.0).run(1.0, say=AHEAD).run(1.0, say=None).run(0.4, say=AHEAD)
    assert 0.0 < story.last[0] < 0.5
    assert story.run(0.02, say=STILL).last == STILL


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("axis", range(6))
def test_a_number_that_is_not_finite_never_reaches_the_driver(bad: float, axis: int) -> None:
    story = Story().run(1.0).run(0.5, say=AHEAD)
    first = len(story.got)
    broken = tuple(bad if i == axis else v for i, v in enumerate(AHEAD))
    story.run(0.1, say=broken)
    assert len(story.got) > first and {twist for _, twist in story.got[first:]} == {STILL}


def test_a_watchdog_that_slept_stops_before_it_passes_what_had_waited() -> None:
    story = Story().run(1.0).run(1.0, say=AHEAD)
    story.now += 1.0
    first = len(story.got)
    story.run(0.02, say=AHEAD)
    assert all(twist[0] < 0.05 for _, twist in story.got[first:])


def test_a_rival_stops_as_long_as_it_is_there() -> None:
    story = Story().run(1.0).run(0.5, say=AHEAD)
    story.relay.on_rivals("Another publisher: /rogue on /cmd_vel. End it.")
    assert story.run(0.5, say=AHEAD).last == STILL
    assert "rogue" in story.relay.look(story.now).text
    story.relay.on_rivals("")
    assert story.run(3.0, say=AHEAD).last == AHEAD


def test_an_internal_error_stops_for_good() -> None:
    story = Story().run(1.0).run(0.5, say=AHEAD)
    story.relay.on_failure("Internal error in cmd_vel_gated: broken on purpose. Restart watchdog_node.")
    assert story.run(0.5, say=AHEAD).run(0.5).run(0.5, say=AHEAD).last == STILL


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.floats(0.02, 0.6), st.sampled_from([None, STILL, AHEAD])), max_size=12))
def test_whatever_the_gate_does_the_driver_is_never_left_with_a_motion_for_longer_than_the_time_out(
    parts: list[tuple[float, RawTwist | None]],
) -> None:
    story = Story().run(0.5)
    heard = story.now
    for seconds, say in parts:
        for _ in range(round(seconds / 0.02)):
            story.run(0.02, say=say)
            heard = story.now if say is not None else heard
            if story.now - heard > PARAMS.timeout_s + 0.021:
                assert story.last == STILL
