"""The SROS2 policy: only the gate moves the robot, only the operator arms it, and the table knows every node."""

from __future__ import annotations

import ast
import dataclasses
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from vla_ros.cli.main import main
from vla_ros.cli.processes import GATED, HOME_NODES, ROBOT_NODES, BringUp, processes
from vla_ros.cli.safety_access import OPERATORS_ONLY, AccessTable, check_table, policy, read_table
from vla_ros.core.errors import ConfigError
from vla_ros.core.resources import config_file
from vla_ros.core.robot_description import RobotDescription, Topics

ROOT = Path(__file__).resolve().parents[2]
ACCESS = ROOT / "config" / "access.yaml"
NODES = ROOT / "vla_ros" / "ros" / "nodes"
WORDS = {"create_publisher": "publish", "listen": "subscribe", "create_subscription": "subscribe"}
WORDS |= {
    "_listen": "subscribe",
    "_listen_bytes": "subscribe",
    "_serve": "reply",
    "sensor": "publish",
    "create_service": "reply",
    "create_client": "request",
}


def table(watchdog: bool = False, topics: Topics | None = None) -> AccessTable:
    return read_table(ACCESS, topics or Topics(), watchdog)


def rights(text: str, right: str) -> dict[str, set[str]]:
    """Enclave path -> names it is allowed under ``right``."""
    root = ElementTree.fromstring(text)
    return {
        enclave.get("path", ""): {n.text or "" for rule in enclave.iter() if rule.get(right) == "ALLOW" for n in rule}
        for enclave in root.iter("enclave")
    }


def test_only_the_gate_may_speak_to_the_drivers_and_with_a_watchdog_only_that() -> None:
    for watchdog, speaker in ((False, "/safety_node"), (True, "/watchdog_node")):
        allowed = rights(policy(table(watchdog)), "publish")
        for topic in GATED:
            assert {path for path, names in allowed.items() if topic in names} == {speaker}


def test_only_the_operator_arms_resets_and_hands_back() -> None:
    for right, guarded in OPERATORS_ONLY.items():
        allowed = rights(policy(table(True)), right)
        for name in guarded:
            assert {path for path, names in allowed.items() if name in names} == {"/operator"}, name


def test_nobody_may_call_the_parameter_services_of_another() -> None:
    asked = rights(policy(table(True)), "request")
    assert not [name for names in asked.values() for name in names if "param" in name]


def test_every_process_that_is_started_has_its_enclave() -> None:
    names = {p.enclave for p in processes(BringUp(with_home=True, watchdog=True, namespace="left"))}
    assert names <= set(rights(policy(table(True), "left"), "publish"))
    assert {*ROBOT_NODES, *HOME_NODES} <= set(table().enclaves), "add the node to config/access.yaml"


@pytest.mark.parametrize("path", sorted(NODES.glob("*_node.py")), ids=lambda p: p.stem)
def test_what_a_node_opens_is_allowed_to_it(path: Path) -> None:
    """Read from the calls that name a topic or service as text; a node added or changed must be allowed here."""
    full = table(watchdog=True)
    if path.stem not in full.enclaves:
        pytest.fail(f"add {path.stem} to config/access.yaml")
    access = full.enclaves[path.stem].joined(full.everyone)
    sources = [path, ROOT / "vla_ros" / "ros" / "gate_inputs.py"] if path.stem == "safety_node" else [path]
    for call in (call for source in sources for call in ast.walk(ast.parse(source.read_text(encoding="utf-8")))):
        name = getattr(getattr(call, "func", None), "attr", getattr(getattr(call, "func", None), "id", ""))
        if not isinstance(call, ast.Call) or name not in WORDS:
            continue
        for topic in (a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)):
            allowed = set(getattr(access, WORDS[name]))
            if path.stem == "safety_node":  # called by its own name here, and by <name>_gated with a watchdog
                allowed |= set(GATED)
            assert topic in allowed, f"{path.stem} needs {WORDS[name]}: {topic} in config/access.yaml"


def test_a_robots_own_topic_names_are_used() -> None:
    topics = dataclasses.replace(Topics(), cmd_vel="base/cmd", scan="front/scan")
    text = policy(table(topics=topics))
    assert (
        "base/cmd" in rights(text, "publish")["/safety_node"]
        and "cmd_vel" not in rights(text, "publish")["/safety_node"]
    )
    assert "front/scan" in rights(text, "subscribe")["/control_node"]
    for robot in (ROOT / "config" / "robots").glob("*.yaml"):
        description = RobotDescription.load(config_file(robot.stem, "robots"))
        spoken = rights(policy(table(True, description.topics)), "publish")
        assert description.topics.cmd_vel in spoken["/watchdog_node"]


@pytest.mark.parametrize(
    ("enclave", "right", "name"),
    [
        ("control_node", "publish", "cmd_vel"),
        ("drivers", "publish", "gripper"),
        ("language_node", "request", "arm"),
        ("planner_node", "request", "reset_safety"),
        ("planner_node", "publish", "cmd_vel_teleop"),
    ],
)
def test_a_table_that_lets_somebody_past_the_gate_is_refused(enclave: str, right: str, name: str) -> None:
    good = table()
    access = good.enclaves[enclave]
    worse = dataclasses.replace(access, **{right: (*getattr(access, right), name)})
    bad = dataclasses.replace(good, enclaves={**good.enclaves, enclave: worse})
    check_table(good, "here")
    with pytest.raises(ConfigError, match=f"{enclave}.{right}"):
        check_table(bad, "here")


def test_the_command_writes_the_policy_and_says_how_to_make_keys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["safety", "sros2", str(tmp_path / "keys"), "--namespace", "left", "--watchdog"]) == 0
    root = ElementTree.parse(tmp_path / "keys" / "policy.xml").getroot()
    assert root.tag == "policy" and root.get("version") == "0.2.0"
    assert {p.get("ns") for p in root.iter("profile")} == {"/left"}
    said = capsys.readouterr().out
    assert "generate_artifacts" in said and "ROS_SECURITY_STRATEGY=Enforce" in said
    (tmp_path / "file").write_text("")
    assert main(["safety", "sros2", str(tmp_path / "file")]) == 2
