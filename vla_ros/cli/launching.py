"""The table of processes as launch actions, for the files in launch/. Needs the ROS package launch_ros."""

from __future__ import annotations

from typing import Any

import yaml
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from vla_ros.cli import environment
from vla_ros.cli.processes import LOG_LEVELS, BringUp, Process, processes

ARGUMENTS = {
    "robot": "robot YAML: a path, or a name in config/robots",
    "home": "floor plan YAML: a path, or a name in config/homes",
    "namespace": "of all nodes, for a second robot",
    "params_file": "parameters of all nodes; empty: config/vla.yaml",
    "log_level": f"of all nodes: {', '.join(LOG_LEVELS)}",
    "use_sim_time": "true: /clock is the time",
    "watchdog": "true: watchdog_node stands between the gate and drivers that have no time-out of their own",
    "speech": "true: speech_node hears and speaks (docs/voice.md)",
    "set": "more parameters, separated by blanks: safety_node.rate_hz=50.0 planner_node.when_busy=refuse",
}
"""Launch argument -> what it is. The same names as the fields of BringUp, but for ``set``."""


def description(*, with_home: bool, required: tuple[str, ...] = ()) -> LaunchDescription:
    """The launch description of one robot. ``required`` arguments have no default."""
    base = BringUp()
    known = {
        "robot": base.robot,
        "home": base.home,
        "namespace": base.namespace,
        "params_file": base.params_file,
        "log_level": base.log_level,
        "use_sim_time": str(with_home).lower(),
        "watchdog": "false",
        "speech": "false",
        "set": "",
    }
    declared = [
        DeclareLaunchArgument(name, description=text)
        if name in required
        else DeclareLaunchArgument(name, default_value=known[name], description=text)
        for name, text in ARGUMENTS.items()
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=actions, kwargs={"with_home": with_home})])


def actions(context: LaunchContext, *, with_home: bool) -> list[Any]:
    """The environment and one Node action a process, from the launch arguments."""
    given = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    chosen = BringUp(
        robot=given["robot"],
        home=given["home"],
        namespace=given["namespace"],
        params_file=given["params_file"],
        log_level=given["log_level"],
        use_sim_time=given["use_sim_time"].lower() in ("true", "1"),
        with_home=with_home,
        watchdog=given["watchdog"].lower() in ("true", "1"),
        speech=given["speech"].lower() in ("true", "1"),
        overrides=tuple(given["set"].split()),
    )
    settings = [
        SetEnvironmentVariable(name, value) for name, value in environment.node_variables(context.environment).items()
    ]
    return [*settings, *(node_action(process) for process in processes(chosen))]


def node_action(process: Process) -> Node:
    """One process; when it ends by itself, everything ends."""
    values = {name: yaml.safe_load(value) for name, value in process.parameters}
    return Node(
        package="vla_ros",
        executable=process.executable,
        namespace=process.namespace,
        parameters=[process.params_file, values],
        remappings=list(process.remappings),
        ros_arguments=["--log-level", process.logger_level, "--enclave", process.enclave],
        output="screen",
        on_exit=Shutdown(reason=f"{process.executable} has ended; ending all the others"),
    )
