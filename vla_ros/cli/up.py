"""`vla up`: the robot's nodes as processes, with or without the simulated home. What ros2 launch does, without it."""

from __future__ import annotations

import argparse
import os
import signal
from pathlib import Path
from types import FrameType

from rich.console import Console

from vla_ros.cli import environment
from vla_ros.cli.processes import LOG_LEVELS, BringUp, processes
from vla_ros.cli.supervisor import Supervisor
from vla_ros.core.errors import ConfigError

EPILOG = """\
examples:
  vla up                                   the simulated home and its robot
  vla up --robot my_robot.yaml --home my_home.yaml
  vla up --namespace left --set sim_node.seed=3
The gate starts stopped: arm it with `vla arm` once everything is up.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `vla up`."""
    parser.epilog = EPILOG
    parser.add_argument(
        "--robot", default="sim", metavar="sim|FILE", help="sim: the simulated home; else a robot YAML (path or name)"
    )
    parser.add_argument("--home", metavar="FILE", help="floor plan YAML (path or name); of a real robot: its rooms")
    parser.add_argument("--namespace", default="", help="of all nodes, for a second robot")
    parser.add_argument("--params-file", default="", metavar="FILE", help="parameters of all nodes (config/vla.yaml)")
    parser.add_argument("--speech", action="store_true", help="hear and speak: speech_node (docs/voice.md)")
    parser.add_argument("--watchdog", action="store_true", help="stop the drivers when the gate is silent")
    parser.add_argument("--log-level", default="info", choices=LOG_LEVELS)
    parser.add_argument("--set", action="append", default=[], metavar="NODE.PARAM=VALUE", help="one parameter more")
    parser.add_argument("--log-folder", type=Path, metavar="DIR", help="output into files instead of this terminal")


def choice(arguments: argparse.Namespace) -> BringUp:
    """What the options mean."""
    simulated = arguments.robot == "sim"
    if not simulated and arguments.home is None:
        raise ConfigError("home", None, "Name the floor plan of this robot's rooms: --home FILE (docs/your_home.md).")
    return BringUp(
        robot="home_robot" if simulated else arguments.robot,
        home="apartment" if arguments.home is None else arguments.home,
        namespace=arguments.namespace,
        params_file=arguments.params_file,
        log_level=arguments.log_level,
        use_sim_time=simulated,
        with_home=simulated,
        watchdog=arguments.watchdog,
        speech=arguments.speech,
        overrides=tuple(arguments.set),
    )


def run(arguments: argparse.Namespace) -> int:
    """Runs until Ctrl-C or SIGTERM (exit code 0) or until a process ends by itself (exit code 1)."""
    console = Console(stderr=True, highlight=False)
    table = processes(choice(arguments))
    commands = [(process.executable, process.command) for process in table]
    supervisor = Supervisor(commands, environment.child(), arguments.log_folder)

    def stop(number: int, frame: FrameType | None) -> None:
        supervisor.stop_asked.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    with supervisor:
        names = ", ".join(f"{name} ({pid})" for name, pid in supervisor.pids.items())
        console.print(f"[bold]vla up[/] in ROS_DOMAIN_ID {os.environ.get('ROS_DOMAIN_ID', '0')}: {names}. Ctrl-C ends.")
        gone = supervisor.watch()
        for ended in gone:
            console.print(f"[bold red]{ended}[/]; ending all the others. Its last lines above or in its log say why.")
        killed = supervisor.end()
    if killed:
        console.print(f"[yellow]had to be killed: {', '.join(killed)}[/]")
    console.print("[red]ended[/]" if gone else "[green]all ended[/]")
    return 1 if gone else 0
