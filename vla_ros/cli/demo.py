"""`vla demo`: a sentence through the whole robot in the simulated home, with report, film and final picture."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from vla_ros.cli import environment
from vla_ros.core.config import from_mapping
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.resources import config_file

if TYPE_CHECKING:
    from vla_ros.cli.episode import Goal, Report
    from vla_ros.sim.scenario import Scenario

COMMAND = "go to the kitchen, pick up the red cup and bring it to me"
EPILOG = """\
examples:
  vla demo
  vla demo --command "put the blue cup on the coffee table" --seed 3
  vla demo --scenario benchmarks/scenarios/home.yaml --id open-fridge
Exit code 0 only if the goal holds in the simulator's ground truth.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `vla demo`."""
    parser.epilog = EPILOG
    parser.add_argument("--command", default=COMMAND, help=f"what to say (default: {COMMAND})")
    parser.add_argument("--seed", type=int, default=7, help="places objects, robot and people (default 7)")
    parser.add_argument("--scenario", type=Path, metavar="FILE", help="take command, home and goals from this file")
    parser.add_argument("--id", default="", help="which scenario of that file")
    parser.add_argument("--reply", action="append", default=[], metavar="KEY=TEXT", help="answer to a question")
    parser.add_argument("--time-limit", type=float, default=300.0, metavar="S", help="simulated seconds (default 300)")
    parser.add_argument("--folder", type=Path, default=Path("build/demo"), help="results (default build/demo)")
    parser.add_argument("--no-film", action="store_true", help="report only; renders nothing but the robot's camera")


def run(arguments: argparse.Namespace) -> int:
    """Brings everything up, runs the episode, writes the results, ends everything."""
    environment.activate()
    from vla_ros.cli.episode import Episode
    from vla_ros.cli.robot_up import run_episode

    console = Console(highlight=False)
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    scenario = _scenario(arguments)
    console.print(f"[bold]“{scenario.command}”[/]  (seed {scenario.seed})")
    start = time.monotonic()

    def tell(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - start:6.1f} s[/] ", end="")
        console.print(text, markup=False)

    judge = _judge(scenario.command)
    episode = Episode(scenario, None if arguments.no_film else folder, tell, judge)
    console.print(f"starting the home and the nodes; their logs: {folder / 'logs'}", style="dim")
    report = run_episode(scenario, folder, episode)
    _conclude(console, report, folder, not arguments.no_film)
    return 0 if report.success else 1


def _scenario(arguments: argparse.Namespace) -> Scenario:
    from vla_ros.cli.say import parse_replies
    from vla_ros.sim.scenario import Scenario, find_scenario

    if arguments.scenario is not None:
        return find_scenario(arguments.scenario, arguments.id)
    entry = {
        "id": "demo",
        "command": arguments.command,
        "seed": arguments.seed,
        "replies": parse_replies(arguments.reply),
        "time_limit_s": arguments.time_limit,
    }
    return from_mapping(Scenario, entry, "demo")


def _judge(command: str) -> Callable[[list[str]], list[list[Goal]]]:
    """Goals from the sentence itself, for scenarios that set none."""
    from vla_ros.cli.goals import goals_of
    from vla_ros.language.lexicon import Lexicon
    from vla_ros.language.parser import GrammarParser

    home = config_file("apartment", "homes")
    parser = GrammarParser(Lexicon.load(config_file("objects"), home, config_file("people")))
    task, floor_plan = parser.parse(command), FloorPlan.load(home)
    return lambda names: goals_of(task, names, floor_plan)


def _conclude(console: Console, report: Report, folder: Path, film: bool) -> None:
    from vla_ros.cli.robot_up import last_words

    for goal in report.goals:
        mark = "[green]holds[/]" if goal["holds"] else "[red]does not hold[/]"
        words = " or ".join(" ".join(map(str, g)) for g in goal["goal"])
        console.print(f"  ground truth: {words}: {mark}")
    color = "green" if report.success else "red"
    console.print(
        f"[{color} bold]{'success' if report.success else 'no success'}[/] ({report.state}: {report.message}) in "
        f"{report.duration_s:.0f} s, real-time factor {report.real_time_factor:.2f}, "
        f"{report.safety_violations} safety violations"
    )
    if not report.success and report.failure == "communication":
        console.print(last_words(folder / "logs"), markup=False)
    console.print(f"report: {folder / 'report.json'}")
    if film and (folder / "demo.mp4").is_file():
        console.print(f"film: {folder / 'demo.mp4'}   final picture: {folder / 'final.png'}")
