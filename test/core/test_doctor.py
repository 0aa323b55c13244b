"""`vla doctor`: each fault is found, named and comes with a remedy; a healthy robot has none."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from vla_ros.cli import machine_checks, robot_checks
from vla_ros.cli.finding import BAD, NOTE, OK, Finding
from vla_ros.cli.processes import HOME_NODES, ROBOT_NODES
from vla_ros.cli.robot_checks import Heard, Observation

PROFILE = Path(__file__).resolve().parents[2] / "config" / "fastdds.xml"


def healthy() -> Observation:
    sensors = {key: Heard(key, count=60, publishers=1, stamp_s=99.9, detail="map") for key in robot_checks.LOWEST_HZ}
    sensors["image"].size = sensors["depth"].size = (320, 240)
    return Observation(
        duration_s=3.0,
        nodes=(*ROBOT_NODES, *HOME_NODES),
        sensors=sensors,
        clock_publishers=1,
        clock_advance_s=2.9,
        clock_s=100.0,
        wall_s=1.7e9,
        gated={"cmd_vel": ("safety_node",), "gripper": ()},
    )


def bad(seen: Observation) -> list[Finding]:
    return [finding for finding in robot_checks.all_checks(seen) if finding.state == BAD]


def test_a_healthy_robot_has_no_finding() -> None:
    assert bad(healthy()) == []


def test_no_robot_is_a_note_not_a_fault() -> None:
    assert [finding.state for finding in robot_checks.all_checks(Observation())] == [NOTE]


def _without_planner(seen: Observation) -> None:
    seen.nodes = tuple(name for name in seen.nodes if name != "planner_node")


def _doubled(seen: Observation) -> None:
    seen.nodes = (*seen.nodes, "safety_node")


def _silent_camera(seen: Observation) -> None:
    seen.sensors["image"].count = 0


def _no_scan(seen: Observation) -> None:
    seen.sensors["scan"].count = seen.sensors["scan"].publishers = 0


def _slow_scan(seen: Observation) -> None:
    seen.sensors["scan"].count = 3


def _unaligned(seen: Observation) -> None:
    seen.sensors["depth"].size = (640, 480)


def _frozen_clock(seen: Observation) -> None:
    seen.clock_advance_s = 0.0


def _two_clocks(seen: Observation) -> None:
    seen.clock_publishers = 2


def _wall_stamps(seen: Observation) -> None:
    seen.sensors["odom"].stamp_s = 1.7e9


def _mismatch(seen: Observation) -> None:
    seen.mismatches = ("/scan: lidar → safety_node: reliability",)


def _bypass(seen: Observation) -> None:
    seen.gated["cmd_vel"] = ("safety_node", "teleop")


@pytest.mark.parametrize(
    ("fault", "subject", "words"),
    [
        (_without_planner, "nodes", "planner_node"),
        (_doubled, "nodes", "safety_node"),
        (_silent_camera, "image", "nothing arrives"),
        (_no_scan, "scan", "nobody publishes"),
        (_slow_scan, "scan", "1.0 Hz"),
        (_unaligned, "camera", "640x480"),
        (_frozen_clock, "clock", "stands still"),
        (_two_clocks, "clock", "2 publishers"),
        (_wall_stamps, "clock", "odom"),
        (_mismatch, "QoS", "lidar"),
        (_bypass, "gate", "teleop"),
    ],
)
def test_a_fault_of_the_robot_is_found(fault, subject: str, words: str) -> None:  # type: ignore[no-untyped-def]
    seen = copy.deepcopy(healthy())
    fault(seen)
    found = bad(seen)
    assert [finding.subject for finding in found] == [subject]
    assert words in found[0].text
    assert found[0].remedy


def test_a_sensor_that_the_robot_does_without_is_a_note() -> None:
    seen = healthy()
    _no_scan(seen)
    seen.required = ("odom", "joint_states")
    (finding,) = [f for f in robot_checks.all_checks(seen) if f.state != OK]
    assert (finding.state, finding.subject) == (NOTE, "scan")


def test_the_remedy_for_a_bypass_names_the_topic_that_the_gate_listens_to() -> None:
    seen = healthy()
    _bypass(seen)
    assert "cmd_vel_raw" in bad(seen)[0].remedy


def test_without_mujoco_a_robot_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_checks, "find_spec", lambda name: None if name == "mujoco" else object())
    found = {finding.subject: finding.state for finding in machine_checks.extras()}
    assert found == {"extra [robot]": OK, "extra [sim]": NOTE}


def test_the_shipped_profile_is_good() -> None:
    (finding,) = machine_checks.dds_profile({"FASTDDS_DEFAULT_PROFILES_FILE": str(PROFILE)})
    assert finding.state == OK
    assert "32 MB" in finding.text


@pytest.mark.parametrize("text", ["", "<dds>", "<dds><segment_size>524288</segment_size></dds>", "<dds/>"])
def test_a_profile_that_cannot_carry_frames_is_found(text: str, tmp_path: Path) -> None:
    profile = tmp_path / "profile.xml"
    profile.write_text(text)
    (finding,) = machine_checks.dds_profile({"FASTDDS_DEFAULT_PROFILES_FILE": str(profile)})
    assert finding.state == BAD
    assert "FASTDDS_DEFAULT_PROFILES_FILE" in finding.remedy


def test_no_profile_and_a_missing_one_are_found() -> None:
    for environ in ({}, {"FASTDDS_DEFAULT_PROFILES_FILE": "/nowhere.xml"}):
        assert [finding.state for finding in machine_checks.dds_profile(environ)] == [BAD]


def test_missing_shared_memory_is_found(tmp_path: Path) -> None:
    assert machine_checks.shared_memory(tmp_path / "none").state == BAD


@pytest.mark.parametrize(("value", "state"), [("0", OK), ("7", OK), ("233", BAD), ("seven", BAD), ("-1", BAD)])
def test_the_domain_id_is_checked(value: str, state: str) -> None:
    assert machine_checks.domain({"ROS_DOMAIN_ID": value}).state == state


@pytest.mark.parametrize(("version", "state"), [((3, 9), BAD), ((3, 10), OK), ((3, 13), OK), ((3, 14), BAD)])
def test_the_python_version_is_checked(version: tuple[int, int], state: str) -> None:
    assert machine_checks.python_version(version).state == state


def test_a_gl_back_end_that_does_not_exist_does_not_render() -> None:
    assert machine_checks.rendering({"PATH": "/usr/bin", "MUJOCO_GL": "none_such"}).state == BAD
