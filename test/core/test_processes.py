"""The table of processes: who is started, with which parameters and topics, and which mistakes are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from vla_ros.cli.processes import (
    DRIVER_TOPICS,
    GATED,
    HOME_NODES,
    ROBOT_NODES,
    SPEECH_NODES,
    WATCHDOG_NODES,
    BringUp,
    Process,
    processes,
)
from vla_ros.core.config import load_yaml
from vla_ros.core.errors import ConfigError
from vla_ros.core.resources import config_file
from vla_ros.core.robot_description import RobotDescription, Topics

CONFIG = Path(__file__).resolve().parents[2] / "config"
ROBOTS = sorted(path.stem for path in (CONFIG / "robots").glob("*.yaml"))


def named(table: tuple[Process, ...]) -> dict[str, Process]:
    return {process.executable: process for process in table}


def test_the_gate_starts_before_everything_that_could_move_the_robot() -> None:
    order = [process.executable for process in processes(BringUp())]
    assert order[0] == "safety_node"
    assert set(order) == set(ROBOT_NODES)


def test_the_home_is_added_only_when_asked_for() -> None:
    assert set(named(processes(BringUp(with_home=True)))) == {*ROBOT_NODES, *HOME_NODES}
    assert not set(HOME_NODES) & set(named(processes(BringUp())))


@pytest.mark.parametrize("robot", ROBOTS)
def test_every_shipped_robot_loads_and_its_topics_are_remapped(robot: str) -> None:
    description = RobotDescription.load(config_file(robot, "robots"))
    table = processes(BringUp(robot=robot, home=""))
    remapped = dict(table[0].remappings)
    for key, own in DRIVER_TOPICS.items():
        assert remapped.get(own, own) == getattr(description.topics, key)
    assert all(process.remappings == table[0].remappings for process in table)


def test_the_packages_own_names_are_the_defaults_of_the_robot_file() -> None:
    assert {key: getattr(Topics(), key) for key in DRIVER_TOPICS} == DRIVER_TOPICS


def test_a_namespace_moves_nodes_logger_and_the_homes_clock() -> None:
    process = named(processes(BringUp(namespace="/left/", with_home=True)))["planner_node"]
    assert process.namespace == "left"
    assert process.logger_level == "left.planner_node:=info"
    assert ("/clock", "/left/clock") in process.remappings
    assert ("__ns:=/left") in process.ros_arguments


@pytest.mark.parametrize("robot", ROBOTS)
def test_the_watchdog_speaks_to_the_drivers_in_the_gates_place(robot: str) -> None:
    driver = RobotDescription.load(config_file(robot, "robots")).topics
    table = named(processes(BringUp(robot=robot, home="", watchdog=True)))
    assert set(table) == {*ROBOT_NODES, *WATCHDOG_NODES}
    gate, watchdog = dict(table["safety_node"].remappings), dict(table["watchdog_node"].remappings)
    for topic in GATED:
        assert gate[topic] == f"{topic}_gated"
        assert watchdog.get(topic, topic) == getattr(driver, topic)
    assert "watchdog_node" not in named(processes(BringUp(robot=robot, home="")))


def test_every_process_has_its_own_place_in_the_keystore() -> None:
    table = processes(BringUp(namespace="left", with_home=True, watchdog=True))
    assert [process.enclave for process in table] == [f"/left/{process.executable}" for process in table]
    assert all(p.ros_arguments[p.ros_arguments.index("--enclave") + 1] == p.enclave for p in table)


def test_overrides_reach_their_node_alone() -> None:
    table = named(processes(BringUp(overrides=("safety_node.rate_hz=100.0", "planner_node.when_busy=refuse"))))
    assert ("rate_hz", "100.0") in table["safety_node"].parameters
    assert ("when_busy", "refuse") in table["planner_node"].parameters
    assert not {"rate_hz", "when_busy"} & {name for name, _ in table["control_node"].parameters}


def test_text_stays_text_whatever_a_file_is_called(tmp_path: Path) -> None:
    robot = tmp_path / "it's 12.yaml"
    robot.write_text((CONFIG / "robots" / "diff_drive.yaml").read_text())
    value = dict(processes(BringUp(robot=str(robot), home=""))[0].parameters)
    assert yaml.safe_load(value["robot"]) == str(robot)
    assert yaml.safe_load(value["home"]) == ""


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"robot": "hoem_robot"}, "home_robot"),
        ({"home": "castle"}, "apartment"),
        ({"params_file": "/nowhere.yaml"}, "params_file"),
        ({"namespace": "two words"}, "letters"),
        ({"log_level": "loud"}, "debug"),
        ({"overrides": ("safety_node",)}, "node.parameter=value"),
        ({"overrides": ("nobody.rate=1",)}, "safety_node"),
        ({"overrides": ("sim_node.seed=1",)}, "safety_node"),
    ],
)
def test_a_mistake_is_refused_with_its_remedy(wrong: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        processes(BringUp(**wrong))


def test_the_shipped_parameters_reach_namespaced_nodes_and_only_known_ones() -> None:
    keys = set(load_yaml(CONFIG / "vla.yaml"))
    assert keys <= {"/**", *(f"/**/{name}" for name in (*ROBOT_NODES, *HOME_NODES, *WATCHDOG_NODES, *SPEECH_NODES))}
