"""`vla doctor`: checks this machine and the running robot; every finding with its remedy."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from itertools import chain

from rich.console import Console
from rich.markup import escape

from vla_ros.cli import environment, machine_checks, robot_checks
from vla_ros.cli.finding import BAD, NOTE, OK, Finding
from vla_ros.core.resources import config_file
from vla_ros.core.robot_description import RobotDescription

_MARKS = {OK: "[green]✓[/]", NOTE: "[yellow]·[/]", BAD: "[bold red]✗[/]"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `vla doctor`."""
    parser.epilog = "Exit code 0: nothing is wrong. 1: something marked ✗ needs its remedy."
    parser.add_argument("--robot", default="home_robot", metavar="FILE", help="robot YAML (path or name): its topics")
    parser.add_argument("--namespace", default="", help="of the robot")
    parser.add_argument("--seconds", type=float, default=3.0, metavar="S", help="how long to listen (default 3 s)")
    parser.add_argument("--machine-only", action="store_true", help="do not listen for a running robot")


def run(arguments: argparse.Namespace) -> int:
    """Prints all findings as they come."""
    console = Console(highlight=False)
    shell = dict(os.environ)
    environment.activate()
    console.print("[bold]this machine[/]")
    failed = report(console, chain(machine_checks.all_checks(), [machine_checks.shell_profile(shell)]))
    if arguments.machine_only:
        return int(failed)
    robot = RobotDescription.load(config_file(arguments.robot, "robots", "robot"))
    console.print(f"[bold]the robot[/] {arguments.namespace or robot.name}")
    try:
        seen = robot_checks.observe(
            arguments.namespace.strip("/"), robot_checks.robot_topics(robot.topics), arguments.seconds, robot.sensors
        )
    except ImportError as error:
        text = f"cannot listen: {error}"
        return int(report(console, [Finding(BAD, "robot", text, "First mend what is marked ✗ above.")]) or failed)
    return int(report(console, robot_checks.all_checks(seen)) or failed)


def report(console: Console, findings: Iterable[Finding]) -> bool:
    """Prints each finding; True when one is bad."""
    failed = False
    for finding in findings:
        console.print(f" {_MARKS[finding.state]} [bold]{escape(finding.subject)}[/]:", end=" ")
        console.print(finding.text, markup=False, soft_wrap=True)
        if finding.remedy and finding.state != OK:
            console.print(f"   → {finding.remedy}", markup=False, style="cyan", soft_wrap=True)
        failed = failed or finding.state == BAD
    return failed
