"""The whole robot in the simulated home as processes, in a ROS domain of its own, for the demo and benchmarks."""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from vla_ros.cli import environment
from vla_ros.cli.domain import free_domain_id
from vla_ros.cli.processes import BringUp, processes
from vla_ros.cli.supervisor import Supervisor

if TYPE_CHECKING:
    from vla_ros.cli.episode import Episode, Report
    from vla_ros.sim.scenario import Scenario


@contextmanager
def robot_in_home(overrides: tuple[str, ...], log_folder: Path) -> Iterator[Supervisor]:
    """Everything is up inside, and ended after. ``overrides`` are ``node.parameter=value``; each process logs to
    ``log_folder``. This process's ROS_DOMAIN_ID is set to the robot's, so that clients made inside meet it."""
    chosen = BringUp(with_home=True, use_sim_time=True, overrides=overrides)
    commands = [(process.executable, process.command) for process in processes(chosen)]
    with free_domain_id() as domain, _leaving_on_sigterm():
        os.environ["ROS_DOMAIN_ID"] = str(domain)
        with Supervisor(commands, environment.child(), log_folder) as supervisor:
            yield supervisor


@contextmanager
def _leaving_on_sigterm() -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP unwind like Ctrl-C does: by default they would leave the robot's processes behind."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, lambda received, _: sys.exit(128 + received)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def run_episode(scenario: Scenario, folder: Path, episode: Episode) -> Report:
    """Brings everything up, runs the episode, writes ``folder``/report.json. A robot that does not come up, or of
    which a process ends, is a failed report; nothing of an earlier run is left beside it. Logs: ``folder``/logs."""
    from vla_ros.ros.operator import NoAnswerError

    for name in ("report.json", "demo.mp4", "final.png", *(f"memory.sqlite{end}" for end in ("", "-wal", "-shm"))):
        (folder / name).unlink(missing_ok=True)
    memory = (folder / "memory.sqlite").resolve()  # a memory of its own: one run knows nothing of another
    overrides = (
        f"sim_node.scenario='{scenario_file(scenario, folder)}'",
        f"sim_node.scenario_id='{scenario.id}'",
        *(f"{node}.memory_file='{memory}'" for node in ("language_node", "planner_node")),
    )
    report = episode.report
    with robot_in_home(overrides, folder / "logs") as supervisor:
        try:
            episode.run()
        except NoAnswerError as error:
            report.success, report.state, report.message = False, "failed", str(error)
            report.failure = "communication"
        for gone in supervisor.ended():
            report.success, report.failure, report.message = False, "communication", f"{gone}; {report.message}"
    report.write(folder / "report.json")
    return report


def scenario_file(scenario: Scenario, folder: Path) -> Path:
    """Writes one scenario for sim_node to read and returns the path."""
    entry = {k: v for k, v in dataclasses.asdict(scenario).items() if v is not None}
    path = (folder / "scenario.yaml").resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump([_plain(entry)], sort_keys=False), encoding="utf-8")
    return path


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items() if v is not None}
    return [_plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def last_words(log_folder: Path, lines: int = 4) -> str:
    """The end of every process's log, for an error message."""
    parts = []
    for path in sorted(log_folder.glob("*.log")):
        tail = path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
        parts.append(f"{path}:\n" + "\n".join(f"    {line}" for line in tail))
    return "\n".join(parts)
