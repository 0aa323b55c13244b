"""ros2 launch and `vla up` start the same processes with the same parameters, files and topics.

Both take them from vla_ros/cli/processes.py. Here the launch files are executed: with recorders for the
launch packages everywhere, and with the real packages where they are installed.
"""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import doubles
import pytest
import yaml

from vla_ros.cli import environment, up
from vla_ros.cli.processes import HOME_NODES, ROBOT_NODES, Process, processes
from vla_ros.core.errors import ConfigError

LAUNCH = Path(__file__).resolve().parents[2] / "launch"
FILES = {"sim": ["--robot", "sim"], "bringup": [], "robot": ["--robot", "mobile_manipulator", "--home", "apartment"]}
"""Launch file -> what `vla up` is told for the same."""
LAUNCH_ARGUMENTS = {"sim": {}, "bringup": {}, "robot": {"robot": "mobile_manipulator", "home": "apartment"}}
COMMON = {"namespace": "left", "log_level": "debug", "set": "safety_node.rate_hz=100.0"}


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{name}_launch", LAUNCH / f"{name}.launch.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def table_of_vla_up(name: str) -> tuple[Process, ...]:
    parser = argparse.ArgumentParser()
    up.add_arguments(parser)
    words = ["--namespace", "left", "--log-level", "debug", "--set", "safety_node.rate_hz=100.0"]
    chosen = up.choice(parser.parse_args([*FILES[name], *words]))
    if name == "bringup":  # the nodes alone, which `vla up` never starts without a robot's name
        chosen = up.choice(parser.parse_args(["--robot", "home_robot", "--home", "apartment", *words]))
    return processes(chosen)


def recorded(name: str, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], list[Any], Any]:
    """(declared arguments, node actions, environment set) of a launch file."""
    doubles.install(monkeypatch)
    description = load(name).generate_launch_description()
    entities = description.args[0]
    declared = {
        e.args[0]: e.kwargs.get("default_value") for e in entities if type(e).__name__ == "DeclareLaunchArgument"
    }
    opaque = next(e for e in entities if type(e).__name__ == "OpaqueFunction")
    context = doubles.LaunchContext()
    context.launch_configurations = {**declared, **LAUNCH_ARGUMENTS[name], **COMMON}
    made = opaque.kwargs["function"](context, **opaque.kwargs["kwargs"])
    nodes = [e for e in made if type(e).__name__ == "Node"]
    settings = {e.args[0]: e.args[1] for e in made if type(e).__name__ == "SetEnvironmentVariable"}
    return declared, nodes, settings


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_launch_file_starts_what_vla_up_starts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, nodes, _ = recorded(name, monkeypatch)
    table = table_of_vla_up(name)
    assert [node.kwargs["executable"] for node in nodes] == [process.executable for process in table]
    for node, process in zip(nodes, table):
        assert node.kwargs["package"] == "vla_ros"
        assert node.kwargs["namespace"] == process.namespace == "left"
        file, values = node.kwargs["parameters"]
        assert file == process.params_file
        assert values == {key: yaml.safe_load(value) for key, value in process.parameters}
        assert tuple(node.kwargs["remappings"]) == process.remappings
        assert node.kwargs["ros_arguments"] == ["--log-level", process.logger_level, "--enclave", process.enclave]


def test_a_node_that_ends_shuts_the_launch_down(monkeypatch: pytest.MonkeyPatch) -> None:
    _, nodes, _ = recorded("sim", monkeypatch)
    for node in nodes:
        assert type(node.kwargs["on_exit"]).__name__ == "Shutdown"


def test_every_launch_file_uses_the_dds_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FILES:
        _, _, settings = recorded(name, monkeypatch)
        assert settings == environment.node_variables({})


def test_a_real_robot_must_be_named_and_runs_on_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    declared, nodes, _ = recorded("robot", monkeypatch)
    assert declared["robot"] is None
    assert declared["home"] is None
    assert not set(HOME_NODES) & {node.kwargs["executable"] for node in nodes}
    assert all(node.kwargs["parameters"][1]["use_sim_time"] is False for node in nodes)
    assert ("cmd_vel", "mobile_base_controller/cmd_vel_unstamped") in nodes[0].kwargs["remappings"]


def test_vla_up_wants_a_real_robots_rooms_named() -> None:
    parser = argparse.ArgumentParser()
    up.add_arguments(parser)
    with pytest.raises(ConfigError, match="--home"):
        up.choice(parser.parse_args(["--robot", "mobile_manipulator"]))


def test_the_real_launch_package_makes_the_same_commands() -> None:
    pytest.importorskip("launch_ros")
    from launch import LaunchContext
    from launch.actions import OpaqueFunction
    from launch_ros.actions import Node

    description = load("sim").generate_launch_description()
    context = LaunchContext()
    for action in description.entities:
        if not isinstance(action, OpaqueFunction):
            action.execute(context)
    made = next(e for e in description.entities if isinstance(e, OpaqueFunction)).execute(context)
    nodes = [action for action in made if isinstance(action, Node)]
    assert [node.node_executable for node in nodes] == [*HOME_NODES, *ROBOT_NODES]
