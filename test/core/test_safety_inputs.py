"""Whose commands count and which are refused: stamps, teleoperation, heartbeat, conditions around the gate."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vla_ros.core.config import from_mapping
from vla_ros.core.errors import ConfigError
from vla_ros.safety.command_source import STILL, CommandSource
from vla_ros.safety.conditions import Conditions
from vla_ros.safety.heartbeat import Heartbeat
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.stamps import Stamp, StampCheck
from vla_ros.safety.verdict import PASS, Level

PARAMS = SafetyParams()
DRIVE = (0.3, 0.0, 0.0, 0.0, 0.0, 0.0)
CHECKED = SafetyParams(command_stamps="checked")
REQUIRED = SafetyParams(command_stamps="required", stamp_tolerance_s=0.125)


# ---- stamps


@pytest.mark.parametrize(
    ("sent", "cause"),
    [(50.0, ""), (49.875, ""), (50.125, ""), (49.874, "stamp_old"), (50.126, "stamp_ahead"), (-3550.0, "stamp_old"),
     (3650.0, "stamp_ahead"), (math.nan, "stamp_old"), (math.inf, "stamp_ahead"), (-math.inf, "stamp_old")],
)  # fmt: skip
def test_a_stamp_more_than_the_tolerance_off_is_refused(sent: float, cause: str) -> None:
    verdict = StampCheck(REQUIRED).judge("cmd_vel_raw", Stamp(sent, 50.0))
    assert verdict.cause == cause and verdict.level == (Level.INFORM if cause else Level.PASS)
    if cause:
        assert verdict.limit == 0.125 and verdict.object == "cmd_vel_raw"


def test_a_missing_stamp_is_refused_only_where_one_is_required() -> None:
    assert StampCheck(REQUIRED).judge("t", None).cause == "stamp_missing"
    missing = StampCheck(REQUIRED).judge("t", None)
    assert (missing.value, missing.limit) == (0.0, 0.0)
    for params in (CHECKED, PARAMS):
        assert StampCheck(params).judge("t", None) == PASS
    assert StampCheck(PARAMS).judge("t", Stamp(-1.0, 50.0)) == PASS
    assert StampCheck(CHECKED).judge("t", Stamp(-1.0, 50.0)).cause == "stamp_old"


def test_a_recorded_sequence_played_again_passes_nothing() -> None:
    check = StampCheck(CHECKED)
    recorded = [10.0 + 0.02 * k for k in range(50)]
    assert all(check.judge("t", Stamp(s, s + 0.01)) == PASS for s in recorded)
    later = [check.judge("t", Stamp(s, 11.0 + 0.001 * k)).cause for k, s in enumerate(recorded)]
    assert set(later) <= {"replayed", "stamp_old"} and later[-1] == "replayed"
    assert check.judge("t", Stamp(recorded[-1], 10.99)).cause == "replayed", "the same one once more"
    assert check.judge("other", Stamp(recorded[-1], 10.99)) == PASS, "each topic has stamps of its own"


def test_a_clock_that_was_set_back_does_not_lock_everybody_out() -> None:
    check = StampCheck(CHECKED)
    assert check.judge("t", Stamp(900.0, 900.0)) == PASS
    assert check.judge("t", Stamp(3.0, 3.0)) == PASS
    assert check.judge("t", Stamp(2.95, 3.0)).cause == "replayed"
    near = StampCheck(CHECKED)
    assert near.judge("t", Stamp(10.1, 10.0)) == PASS
    assert near.judge("t", Stamp(10.05, 10.0)).cause == "replayed", "not newer, and the clock was not set back"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(-0.3, 0.3)), max_size=30))
def test_what_passes_always_rises_and_is_near_the_clock(story: list[tuple[float, float]]) -> None:
    check, clock, passed = StampCheck(CHECKED), 100.0, []
    for step, offset in story:
        clock += step
        if check.judge("t", Stamp(clock + offset, clock)) == PASS:
            assert abs(offset) <= 0.1 + 1e-9
            passed.append(clock + offset)
    assert all(a < b for a, b in itertools.pairwise(passed))


# ---- who drives


def test_the_autonomy_drives_until_a_person_does_and_only_a_request_gives_it_back() -> None:
    source = CommandSource(PARAMS)
    source.command(DRIVE, 1.0)
    source.teleop(STILL, 1.0)
    assert source.raw == DRIVE and source.name == "autonomy" and source.refusal() == PASS
    push = (0.0, 0.0, 0.0, 0.0, 0.0, -0.2)
    source.teleop(push, 1.1)
    assert source.raw == push and source.name == "teleoperation" and source.teleoperated
    assert source.refusal().cause == "teleoperation" and source.refusal().level == Level.INFORM
    assert source.hand_back()[0] is False and source.teleoperated
    source.teleop(STILL, 1.2)
    source.command(DRIVE, 1.2)
    assert source.raw == STILL, "letting go does not give it back"
    assert source.hand_back()[0] is True
    assert source.raw == DRIVE and source.hand_back() == (True, "The autonomy drives already.")


@pytest.mark.parametrize("axis", range(6))
def test_every_axis_takes_over_and_so_does_a_number_that_is_none(axis: int) -> None:
    for value in (1e-9, math.nan):
        source = CommandSource(PARAMS)
        source.teleop(tuple(value if i == axis else 0.0 for i in range(6)), 1.0)  # type: ignore[arg-type]
        assert source.teleoperated


def test_silence_of_whoever_counts_brakes_and_of_the_other_does_not() -> None:
    source = CommandSource(PARAMS)
    assert source.judge(0.0).cause == "command_timeout" and "never" in source.judge(0.0).text
    assert source.judge(0.0).value == 0.0
    source.command(DRIVE, 1.0)
    assert source.judge(1.0 + PARAMS.command_timeout_s - 1e-9) == PASS
    late = source.judge(1.2)
    assert (late.cause, late.level, late.scale, late.object) == ("command_timeout", Level.BRAKE, 0.0, "cmd_vel_raw")
    assert late.value == pytest.approx(0.2) and late.limit == PARAMS.command_timeout_s
    source.teleop(DRIVE, 2.0)
    assert source.judge(2.0 + PARAMS.teleop_timeout_s - 1e-9) == PASS
    source.command(DRIVE, 2.4)
    gone = source.judge(2.4)
    assert (gone.cause, gone.object, gone.limit) == ("teleop_timeout", "cmd_vel_teleop", PARAMS.teleop_timeout_s)


def test_zero_means_that_nobody_who_is_heard_asks_for_motion() -> None:
    source = CommandSource(PARAMS)
    assert source.is_zero(0.0)
    source.command(DRIVE, 1.0)
    assert not source.is_zero(1.1) and source.is_zero(1.2)
    source.teleop(DRIVE, 1.2)
    assert not source.is_zero(1.45) and source.is_zero(1.6)
    source.command(STILL, 1.6)
    assert source.is_zero(1.6)
    exact = CommandSource(PARAMS)
    exact.command(DRIVE, 0.0)
    assert exact.judge(PARAMS.command_timeout_s) == PASS
    assert not exact.is_zero(PARAMS.command_timeout_s) and exact.is_zero(PARAMS.command_timeout_s + 1e-9)
    exact.teleop(DRIVE, 0.0)
    assert not exact.is_zero(PARAMS.teleop_timeout_s) and exact.is_zero(PARAMS.teleop_timeout_s + 1e-9)


# ---- heartbeat, conditions


def test_a_lost_heartbeat_stops_where_one_is_wanted() -> None:
    wanted = Heartbeat(SafetyParams(operator_heartbeat=True))
    assert wanted.judge(0.0).cause == "heartbeat_missing" and wanted.judge(0.0).level == Level.HALT
    assert (wanted.judge(0.0).value, wanted.judge(0.0).scale) == (0.0, 0.0)
    wanted.note(5.0)
    assert wanted.judge(6.0) == PASS
    lost = wanted.judge(6.5)
    assert (lost.cause, lost.level, lost.value, lost.limit, lost.scale) == ("heartbeat_lost", Level.HALT, 1.5, 1.0, 0.0)
    assert Heartbeat(PARAMS).judge(1e9) == PASS


def test_conditions_stop_until_they_are_taken_back_each_for_itself() -> None:
    conditions = Conditions()
    assert conditions.judge() == []
    conditions.publishers("cmd_vel", ("ghost", "other"))
    conditions.publishers("gripper", ("ghost",))
    conditions.qos("scan", "best effort offered, reliable asked for.")
    conditions.note("clock", "it stands.")
    found = conditions.judge()
    assert [(v.cause, v.object) for v in found] == [
        ("second_publisher", "cmd_vel"), ("second_publisher", "gripper"), ("qos_incompatible", "scan"),
        ("clock", "clock"),
    ]  # fmt: skip
    assert all(v.level == Level.HALT and v.scale == 0.0 for v in found) and "ghost, other" in found[0].text
    conditions.publishers("cmd_vel", ())
    conditions.qos("scan", "")
    conditions.note("clock", "")
    conditions.note("never", "")
    assert [(v.cause, v.object) for v in conditions.judge()] == [("second_publisher", "gripper")]


def test_names_of_publishers_are_cut_before_they_flood_a_log() -> None:
    conditions = Conditions()
    conditions.publishers("cmd_vel", ("x" * 1000,) * 50)
    assert len(conditions.judge()[0].text) < 400 and conditions.judge()[0].text.count("x" * 60) == 5
    assert "x" * 61 not in conditions.judge()[0].text


def test_parameters_that_contradict_each_other_refuse_the_start() -> None:
    pairs = (
        ("battery_slow", "battery_inform"),
        ("battery_stop", "battery_slow"),
        ("tilt_slow_rad", "tilt_stop_rad"),
        ("temperature_slow_k", "temperature_inform_k"),
        ("effort_slow_share", "effort_stop_share"),
    )
    for low, high in pairs:
        value = getattr(PARAMS, high)
        assert getattr(from_mapping(SafetyParams, {low: value}), low) == value
        with pytest.raises(ConfigError, match=low):
            from_mapping(SafetyParams, {low: value * 1.01})
