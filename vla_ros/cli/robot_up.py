"""The whole robot in the simulated home as processes, in a ROS domain of its own, for the demo and benchmarks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vla_ros.cli import environment
from vla_ros.cli.domain import free_domain_id
from vla_ros.cli.processes import BringUp, processes
from vla_ros.cli.supervisor import Supervisor


@contextmanager
def robot_in_home(overrides: tuple[str, ...], log_folder: Path) -> Iterator[Supervisor]:
    """Everything is up inside, and ended after. ``overrides`` are ``node.parameter=value``; each process logs to
    ``log_folder``. This process's ROS_DOMAIN_ID is set to the robot's, so that clients made inside meet it."""
    chosen = BringUp(with_home=True, use_sim_time=True, overrides=overrides)
    commands = [(process.executable, process.command) for process in processes(chosen)]
    with free_domain_id() as domain:
        os.environ["ROS_DOMAIN_ID"] = str(domain)
        with Supervisor(commands, environment.child(), log_folder) as supervisor:
            yield supervisor


def last_words(log_folder: Path, lines: int = 4) -> str:
    """The end of every process's log, for an error message."""
    parts = []
    for path in sorted(log_folder.glob("*.log")):
        tail = path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
        parts.append(f"{path}:\n" + "\n".join(f"    {line}" for line in tail))
    return "\n".join(parts)
