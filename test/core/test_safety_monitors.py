"""Monitors of the robot's own health: each level, each border, what is forgotten and what is never believed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from gate_story import MODEL, ROBOT
from hypothesis import given, settings
from hypothesis import strategies as st

from vla_ros.core.geometry import JointPositions
from vla_ros.core.robot_state import Battery, Imu, JointStates
from vla_ros.safety.battery_monitor import BatteryMonitor
from vla_ros.safety.bumper import Bumpers
from vla_ros.safety.effort_monitor import EffortMonitor
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.monitors import Monitors, effort_limits
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.silhouette import Silhouette
from vla_ros.safety.temperature_monitor import TemperatureMonitor
from vla_ros.safety.tilt_monitor import TiltMonitor
from vla_ros.safety.verdict import PASS, Level, Verdict

PARAMS = SafetyParams()
G = 9.80665
SQUARE = Footprint(((0.3, 0.3), (-0.3, 0.3), (-0.3, -0.3), (0.3, -0.3)))


def shape(verdict: Verdict) -> tuple[Level, str, float, str]:
    return verdict.level, verdict.cause, verdict.scale, verdict.object


# ---- battery


@pytest.mark.parametrize(
    ("charge", "level", "cause", "scale"),
    [
        (1.0, Level.PASS, "", 1.0), (0.201, Level.PASS, "", 1.0), (0.2, Level.INFORM, "battery_low", 1.0),
        (0.101, Level.INFORM, "battery_low", 1.0), (0.1, Level.SLOW, "battery_low", 0.4),
        (0.041, Level.SLOW, "battery_low", 0.4), (0.04, Level.POSTURE, "battery_empty", 0.0),
        (0.0, Level.POSTURE, "battery_empty", 0.0), (-0.01, Level.PASS, "", 1.0), (math.nan, Level.PASS, "", 1.0),
    ],
)  # fmt: skip
def test_the_battery_is_told_slows_and_ends_in_the_safe_posture(
    charge: float, level: Level, cause: str, scale: float
) -> None:
    monitor = BatteryMonitor(PARAMS)
    assert monitor.judge() == PASS
    monitor.note(Battery(1.0, charge, 24.0))
    verdict = monitor.judge()
    assert (verdict.level, verdict.cause, verdict.scale) == (level, cause, scale)
    if cause:
        limit = {Level.INFORM: 0.2, Level.SLOW: 0.1, Level.POSTURE: 0.04}[level]
        assert (verdict.value, verdict.limit, verdict.object) == (charge, limit, "battery")


# ---- temperature


@pytest.mark.parametrize("name", ["motor:arm_joint_2", "cpu"])
def test_temperatures_are_told_slow_and_end_in_the_safe_posture(name: str) -> None:
    most = 85.0 if name.startswith("motor") else 95.0
    for celsius, level in (
        (most - 15.1, Level.PASS), (most - 15.0, Level.INFORM), (most - 8.1, Level.INFORM), (most - 8.0, Level.SLOW),
        (most - 0.1, Level.SLOW), (most, Level.POSTURE), (most + 50.0, Level.POSTURE),
    ):  # fmt: skip
        monitor = TemperatureMonitor(PARAMS)
        monitor.note(name, celsius, 5.0)
        verdict = monitor.judge(5.0)
        assert verdict.level == level, celsius
        if level > Level.PASS:
            assert (verdict.cause, verdict.value, verdict.limit, verdict.object) == ("hot", celsius, most, name)
            assert verdict.scale == {Level.INFORM: 1.0, Level.SLOW: 0.4, Level.POSTURE: 0.0}[level]


def test_the_hottest_sensor_counts_old_readings_are_forgotten_and_no_number_is_told() -> None:
    monitor = TemperatureMonitor(PARAMS)
    assert monitor.judge(0.0) == PASS
    monitor.note("motor:a", 90.0, 0.0)
    monitor.note("cpu", 90.0, 20.0)
    assert monitor.judge(30.0).object == "motor:a"
    assert monitor.judge(30.1).object == "cpu"
    assert monitor.judge(50.1) == PASS
    monitor.note("gpu", math.nan, 60.0)
    assert shape(monitor.judge(60.0)) == (Level.INFORM, "hot", 1.0, "gpu")


def test_names_without_end_use_no_memory_and_known_ones_still_count() -> None:
    monitor = TemperatureMonitor(PARAMS)
    for k in range(300):
        monitor.note(f"motor:{k}", 20.0, 0.0)
    monitor.note("motor:299", 99.0, 0.0)
    assert monitor.judge(0.0) == PASS
    monitor.note("motor:255", 99.0, 0.0)
    assert monitor.judge(0.0).object == "motor:255"
    full = TemperatureMonitor(PARAMS)
    for k in range(256):
        full.note(f"cpu:{k}", 20.0, 0.0)
    full.note("one more", 120.0, 0.0)
    assert full.judge(0.0) == PASS


# ---- tilt and stability


def tilted(angle: float, seconds: float = 5.0, about: float = 0.0) -> TiltMonitor:
    monitor = TiltMonitor(PARAMS, SQUARE)
    s = G * math.sin(angle)
    for k in range(round(seconds / 0.02)):
        force = (s * math.cos(about), s * math.sin(about), G * math.cos(angle))
        monitor.note(Imu(k * 0.02, force), 10.0 + k * 0.02)
    return monitor


@pytest.mark.parametrize("about", [0.0, 1.0, 3.0, -2.0])
def test_leaning_slows_and_then_stops(about: float) -> None:
    for angle, level in ((0.119, Level.PASS), (0.121, Level.SLOW), (0.219, Level.SLOW), (0.221, Level.BRAKE)):
        verdict = tilted(angle, about=about).judge(None)
        assert verdict.level == level
        if level > Level.PASS:
            assert (
                verdict.cause == "tilt" and verdict.value == pytest.approx(angle, abs=1e-6) and verdict.object == "imu"
            )
            assert (verdict.limit, verdict.scale) == ((0.12, 0.4) if level == Level.SLOW else (0.22, 0.0))
    assert tilted(math.pi).judge(None).level == Level.BRAKE, "upside down"


def test_a_bump_of_one_reading_is_no_tilt_and_broken_readings_are_none() -> None:
    monitor = tilted(0.0)
    for bad in ((math.nan, 0.0, G), (0.0, math.inf, 0.0), (0.0, G)):
        monitor.note(Imu(1.0, bad), 20.0)  # type: ignore[arg-type]
    assert monitor.judge(None) == PASS
    monitor.note(Imu(1.0, (5.0, 0.0, G)), 15.0)
    share = 1.0 - math.exp(-0.02 / PARAMS.tilt_smoothing_s)
    assert monitor.judge(None) == PASS and share < 0.07
    monitor.note(Imu(1.0, (5.0, 0.0, G)), 17.0)
    assert monitor.judge(None).level == Level.BRAKE


def test_the_first_reading_counts_whole_and_time_running_back_changes_nothing() -> None:
    monitor = TiltMonitor(PARAMS, SQUARE)
    assert monitor.judge(np.array([0.5, 0.0, 1.0])) == PASS, "nothing was measured yet"
    monitor.note(Imu(1.0, (G * math.sin(0.3), 0.0, G * math.cos(0.3))), 10.0)
    assert monitor.judge(None).value == pytest.approx(0.3)
    monitor.note(Imu(1.0, (0.0, 0.0, G)), 9.0)
    assert monitor.judge(None).value == pytest.approx(0.3)


def test_weight_near_the_edge_slows_and_beyond_it_stops() -> None:
    """Oracle: the point where the force through the centre of mass meets the floor."""
    monitor = tilted(0.1)
    drift = math.tan(0.1)
    for x, level in (
        (0.0, Level.PASS),
        (-0.14, Level.PASS),
        (-0.16, Level.SLOW),
        (-0.19, Level.SLOW),
        (-0.21, Level.BRAKE),
    ):
        verdict = monitor.judge(np.array([x, 0.02, 1.0]))
        inside = 0.3 - abs(x - drift)
        assert verdict.level == level, (x, inside)
        if level > Level.PASS:
            assert verdict.cause == "tipping" and verdict.value == pytest.approx(inside, abs=1e-6)
            assert (verdict.limit, verdict.scale) == ((0.05, 0.4) if level == Level.SLOW else (0.0, 0.0))
    low = monitor.judge(np.array([-0.21, 0.0, 0.5]))
    assert low.level == Level.SLOW, "a low centre of mass is steadier"
    side = tilted(0.1, about=math.pi / 2).judge(np.array([0.0, -0.21, 1.0]))
    assert side.level == Level.BRAKE


def test_exactly_at_a_border_of_tilt_and_stability() -> None:
    def at(x: float, z: float, **params: float) -> TiltMonitor:
        monitor = TiltMonitor(SafetyParams(**params), Footprint(((0.5, 0.5), (-0.5, 0.5), (-0.5, -0.5), (0.5, -0.5))))
        monitor.note(Imu(0.0, (x, 0.0, z)), 1.0)
        return monitor

    assert at(1.0, 8.0, tilt_slow_rad=math.atan2(1.0, 8.0)).judge(None).level == Level.SLOW
    assert at(1.0, 4.0, tilt_stop_rad=math.atan2(1.0, 4.0)).judge(None).level == Level.BRAKE
    assert at(0.0, 8.0, tip_margin_m=0.25).judge(np.array([0.25, 0.0, 1.0])) == PASS
    assert at(0.0, 8.0, tip_margin_m=0.25).judge(np.array([0.5, 0.0, 1.0])).level == Level.BRAKE


def test_a_robot_in_free_fall_is_no_steady_one() -> None:
    monitor = TiltMonitor(PARAMS, SQUARE)
    monitor.note(Imu(0.0, (0.0, 0.0, 0.9)), 1.0)
    verdict = monitor.judge(np.array([0.0, 0.0, 0.5]))
    assert shape(verdict) == (Level.BRAKE, "tipping", 0.0, "imu") and (verdict.value, verdict.limit) == (
        pytest.approx(0.9),
        1.0,
    )
    monitor.note(Imu(0.0, (0.0, 0.0, 1.0)), 100.0)
    assert monitor.judge(np.array([0.0, 0.0, 0.5])) == PASS


# ---- efforts

LIMITS = {"a": 100.0, "b": 10.0, "c": math.inf, "d": 0.0, "e": 0.5}


def efforts(monitor: EffortMonitor, now: float, **values: float) -> None:
    names = tuple(values)
    monitor.note(JointStates(now, JointPositions(names, (0.0,) * len(names)), (), tuple(values.values())), now)


@pytest.mark.parametrize(("share", "level"), [(0.89, 0), (0.9, 2), (1.04, 2), (1.05, 5), (3.0, 5)])
@pytest.mark.parametrize("sign", [1, -1])
def test_overload_slows_and_then_stops(share: float, level: int, sign: int) -> None:
    monitor = EffortMonitor(PARAMS, LIMITS)
    efforts(monitor, 1.0, a=sign * share * 100.0, b=0.0)
    verdict = monitor.judge(1.0)
    assert verdict.level == level
    if level:
        assert (verdict.cause, verdict.object, verdict.value) == ("overload", "a", pytest.approx(share))
        assert (verdict.limit, verdict.scale) == ((0.9, 0.4) if level == 2 else (1.05, 0.0))


def test_joints_without_a_limit_and_numbers_that_are_none_are_not_judged() -> None:
    monitor = EffortMonitor(PARAMS, LIMITS)
    efforts(monitor, 1.0, c=1e9, d=1e9, z=1e9, a=math.nan)
    assert monitor.judge(1.0) == PASS
    weak = EffortMonitor(PARAMS, LIMITS)
    efforts(weak, 1.5, e=0.6)
    assert weak.judge(1.5).object == "e"
    names = ("a", "b")
    monitor.note(JointStates(2.0, JointPositions(names, (0.0, 0.0)), (), (500.0,)), 2.0)
    assert monitor.judge(2.0) == PASS, "efforts of another length belong to nobody"


def test_a_sudden_step_that_lasts_is_a_collision_and_a_slow_load_is_none() -> None:
    monitor = EffortMonitor(PARAMS, LIMITS)
    for k in range(100):
        efforts(monitor, 1.0 + k * 0.02, a=5.0)
    assert monitor.judge(3.0) == PASS
    efforts(monitor, 3.0, a=80.0)
    assert monitor.judge(3.0) == PASS and monitor.judge(3.079) == PASS
    verdict = monitor.judge(3.08)
    assert shape(verdict) == (Level.BRAKE, "collision", 0.0, "a") and verdict.value == pytest.approx(0.08)
    assert verdict.limit == 0.08
    efforts(monitor, 3.1, a=10.0)
    assert monitor.judge(9.0) == PASS
    slow = EffortMonitor(PARAMS, LIMITS)
    for k in range(400):
        efforts(slow, k * 0.02, a=min(85.0, k * 0.4))
        assert slow.judge(k * 0.02) == PASS


def test_a_step_is_measured_from_the_running_mean() -> None:
    """Oracle: the mean follows with a time constant of 1 s, whatever the rate of messages."""
    for rate in (50, 100):
        monitor = EffortMonitor(PARAMS, LIMITS)
        efforts(monitor, 0.0, a=0.0)
        since = None
        for k in range(1, 3 * rate):
            now = k / rate
            efforts(monitor, now, a=90.0)
            pushed = monitor.judge(now + 0.08).cause == "collision"
            if since is None and not pushed:
                since = now
        # 90 (1 - share) falls to 70 when the mean is at 20: after ln(90 / 70) = 0.251 s
        assert since == pytest.approx(math.log(90.0 / 70.0), abs=0.03)


def test_a_step_of_exactly_the_share_is_none_and_the_time_counts_to_its_end() -> None:
    monitor = EffortMonitor(SafetyParams(collision_share=0.5, collision_s=0.125), LIMITS)
    efforts(monitor, 0.0, a=0.0)
    efforts(monitor, 0.0, a=50.0)
    assert monitor.judge(9.0) == PASS
    efforts(monitor, 0.0, a=51.0)
    assert monitor.judge(0.124) == PASS and monitor.judge(0.125).cause == "collision"


def test_limits_come_from_the_robot_file_and_the_model() -> None:
    limits = effort_limits(ROBOT, MODEL)
    assert limits["arm_joint_1"] == 150.0 and limits["torso_lift_joint"] == 900.0
    assert effort_limits(ROBOT, None)["arm_joint_7"] == 30.0
    assert "gripper_left_finger_joint" not in effort_limits(ROBOT, None)


def test_the_smaller_of_two_effort_limits_counts_and_none_of_zero() -> None:
    model, joint = MODEL.model, MODEL.model.joints[MODEL.model.getJointId("arm_joint_1")]
    kept = float(model.effortLimit[joint.idx_v])
    group = ROBOT.group("arm")
    assert group is not None
    joints = (replace(group.joints[1], effort=0.5),)
    weak = replace(ROBOT, groups=(replace(group, joints=joints),), postures=())
    try:
        for limit, expected in ((120.0, 120.0), (0.75, 0.75), (0.0, 150.0)):
            model.effortLimit[joint.idx_v] = limit
            assert effort_limits(ROBOT, MODEL)["arm_joint_1"] == expected
        assert effort_limits(weak, None) == {"arm_joint_1": 0.5}
    finally:
        model.effortLimit[joint.idx_v] = kept


# ---- contact switches


def test_a_pressed_switch_stops_and_a_while_longer() -> None:
    bumpers = Bumpers(PARAMS)
    bumpers.note("front", False, 0.0)
    assert bumpers.judge(0.0) == PASS
    bumpers.note("front", True, 1.0)
    bumpers.note("front", True, 2.0)
    assert shape(bumpers.judge(99.0)) == (Level.HALT, "contact", 0.0, "front")
    bumpers.note("rear", True, 99.0)
    bumpers.note("front", False, 100.0)
    assert bumpers.judge(100.5).object == "rear"
    bumpers.note("rear", False, 100.2)
    assert bumpers.judge(101.0).object == "front" and bumpers.judge(101.1).object == "rear"
    assert bumpers.judge(101.21) == PASS
    bumpers.note("front", True, 102.0)
    bumpers.note("front", False, 102.5)
    bumpers.note("front", True, 103.0)
    bumpers.note("rear", False, 103.0)
    assert bumpers.judge(200.0).level == Level.HALT


def test_the_end_of_the_hold_belongs_to_it() -> None:
    bumpers = Bumpers(PARAMS)
    bumpers.note("a", True, 0.0)
    assert (bumpers.judge(0.0).value, bumpers.judge(0.0).limit) == (1.0, 0.0)
    bumpers.note("b", True, 0.5)
    bumpers.note("a", False, 1.0)
    bumpers.note("b", False, 2.0)
    assert bumpers.judge(2.0).object == "a"


def test_switches_without_end_use_no_memory() -> None:
    bumpers = Bumpers(PARAMS)
    for k in range(64):
        bumpers.note(f"s{k}", True, 0.0)
    bumpers.note("one more", True, 0.0)
    for k in range(64):
        bumpers.note(f"s{k}", False, 0.0)
    assert bumpers.judge(2.0) == PASS
    for k in range(200):
        bumpers.note("a", True, 3.0 + k)
        bumpers.note("a", False, 3.0 + k)
    assert bumpers.judge(202.9).object == "a" and bumpers.judge(203.1) == PASS


# ---- all together


@settings(max_examples=20, deadline=None)
@given(st.floats(0.0, 1.0), st.floats(20.0, 120.0), st.booleans())
def test_every_monitor_is_asked(charge: float, celsius: float, pressed: bool) -> None:
    monitors = Monitors(PARAMS, ROBOT, SQUARE, MODEL, Silhouette(MODEL))
    monitors.battery.note(Battery(0.0, charge, 24.0))
    monitors.temperature.note("cpu", celsius, 0.0)
    monitors.bumpers.note("front", pressed, 0.0)
    monitors.tilt.note(Imu(0.0, (G * math.sin(0.3), 0.0, G * math.cos(0.3))), 0.0)
    names = ("arm_joint_1", "torso_lift_joint")
    joints = JointStates(0.0, JointPositions(names, (0.0, 0.1)), (), (200.0, 0.0))
    monitors.see_joints(joints, dict(zip(names, (0.0, 0.1))), 0.0)
    found = {v.cause for v in monitors.judge(0.0)}
    assert "overload" in found and ("tilt" in found or "tipping" in found)
    assert (charge <= 0.2) == bool(found & {"battery_low", "battery_empty"})
    assert (celsius >= 80.0) == ("hot" in found) and pressed == ("contact" in found)
    wanted = Monitors(SafetyParams(operator_heartbeat=True), ROBOT, SQUARE, None, None)
    wanted.see_joints(joints, {}, 0.0)
    assert "heartbeat_missing" in {v.cause for v in wanted.judge(0.0)}


def test_the_posture_decides_whether_the_robot_stands_firmly() -> None:
    silhouette, arm = Silhouette(MODEL), ROBOT.group("arm")
    assert arm is not None
    home, offer = (dict(zip(arm.names, ROBOT.posture(p).positions)) for p in ("home", "offer"))  # type: ignore[union-attr]
    centers = [silhouette.center_of_mass(MODEL.configuration(q)) for q in (home, offer)]
    assert centers[1][0] > centers[0][0] + 0.015, "a stretched arm brings the weight forward"
    small = Footprint(((0.01, 0.3), (-0.3, 0.3), (-0.3, -0.3), (0.01, -0.3)))
    monitors = Monitors(PARAMS, ROBOT, small, MODEL, silhouette)
    monitors.tilt.note(Imu(0.0, (0.0, 0.0, G)), 0.0)
    causes = []
    for q in (home, offer):
        monitors.see_joints(JointStates(0.0, JointPositions((), ())), q, 0.0)
        causes.append([v.level for v in monitors.judge(0.0) if v.cause == "tipping"])
    assert causes == [[Level.SLOW], [Level.BRAKE]]
