"""`vla arm`, `disarm`, `stop`, `reset`, `hand-back`: the safety gate's services, for those without a ros2 command."""

from __future__ import annotations

import argparse

from rich.console import Console

from vla_ros.cli import environment

SERVICES = {
    "arm": "arm",
    "disarm": "disarm",
    "reset": "reset_safety",
    "stop": "emergency_stop",
    "hand-back": "hand_back",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of all of them."""
    parser.add_argument("--namespace", default="", help="of the robot")
    parser.add_argument("--timeout", type=float, default=30.0, metavar="S", help="longest wait (default 30 s)")


def run(arguments: argparse.Namespace) -> int:
    """Calls the subcommand's service; exit code 1 with the gate's words when it refuses."""
    environment.activate()
    from std_srvs.srv import Trigger

    from vla_ros.ros.operator import NoAnswerError, Operator

    console = Console(highlight=False)
    with Operator(namespace=arguments.namespace.strip("/")) as operator:
        client = operator.node.create_client(Trigger, SERVICES[arguments.subcommand])
        try:
            answer = operator.call(client, Trigger.Request(), arguments.timeout)
        except NoAnswerError as error:
            console.print(f"[red]{error}[/]\nStart the robot with `vla up`, or look with `vla doctor`.")
            return 1
    console.print(f"[green]{answer.message}[/]" if answer.success else f"[red]refused:[/] {answer.message}")
    return 0 if answer.success else 1
