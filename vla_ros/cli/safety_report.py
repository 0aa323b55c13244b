"""`vla safety report`: prints the last run of the gate and draws it. Needs no ROS."""

from __future__ import annotations

import argparse
import math
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vla_ros.core.errors import ConfigError
from vla_ros.safety.record_store import files_of_last_run, read_rows, record_folder
from vla_ros.safety.run_report import RunReport, run_report

EPILOG = """\
The gate writes its records to $VLA_ROS_HOME/safety, else ~/.ros/vla_ros/safety (parameter record_folder).
examples:
  vla safety report
  vla safety report --log /var/log/robot/safety --png run.png
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `vla safety report`."""
    parser.epilog = EPILOG
    parser.add_argument("--log", default="", metavar="PATH", help="folder of records (its last run), or one file")
    parser.add_argument("--namespace", default="", help="of the robot")
    parser.add_argument("--png", type=Path, metavar="FILE", help="also draw the run")


def run(arguments: argparse.Namespace) -> int:
    """Prints the report; exit code 1 when there is no run."""
    console = Console(highlight=False)
    place = record_folder(arguments.log)
    if not arguments.log and arguments.namespace.strip("/"):
        place = place / arguments.namespace.strip("/")
    files = (place,) if place.is_file() else files_of_last_run(place)
    if not files:
        console.print(f"[red]no records in {place}[/]: the gate has not run with this folder yet.")
        return 1
    report = run_report(read_rows(files))
    print_report(report, console, files)
    if arguments.png is not None:
        from vla_ros.cli.safety_picture import draw

        try:
            arguments.png.parent.mkdir(parents=True, exist_ok=True)
            draw(report).save(arguments.png)
        except (OSError, ValueError) as error:
            raise ConfigError("--png", str(arguments.png), f"{error}; name a .png file that can be written.") from None
        console.print(f"drawn: {arguments.png}")
    return 0


def print_report(report: RunReport, console: Console, files: tuple[Path, ...] = ()) -> None:
    """States, distances, causes."""
    began = datetime.fromtimestamp(report.began_s, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    end = "ended orderly" if report.orderly else "no orderly end: it still runs, or was killed"
    console.print(f"[bold]{report.about.get('robot', 'robot')}[/], {began}, {report.duration_s:.1f} s, {end}")
    if files:
        console.print(f"records: {files[-1]}", style="dim", soft_wrap=True)
    if report.duration_s > 0.0:
        states = Table("state", "seconds", "share", box=None, pad_edge=False)
        for state, seconds in sorted(report.time_in_states().items(), key=lambda item: -item[1]):
            states.add_row(state, f"{seconds:.1f}", f"{seconds / report.duration_s:.0%}")
        console.print(states)
    nearest, moving = report.nearest(), report.nearest_while_moving()
    if nearest is not None:
        at = nearest[0] - report.began_s
        text = f"nearest obstacle: {nearest[1]:.2f} m at {at:.1f} s"
        console.print(text + (f"; {moving:.2f} m while moving faster than 0.05 m/s" if moving is not None else ""))
    speed = max((speed for _, _, speed in report.samples), default=0.0)
    console.print(f"highest speed sent: {speed:.2f} m/s")
    if not report.causes:
        console.print("no limit acted")
        return
    table = Table("cause", "level", "episodes", "onsets", "seconds", "values", "last words", box=None, pad_edge=False)
    for count in sorted(report.causes.values(), key=lambda c: (-c.duration_s, c.cause)):
        values = f"{count.lowest:.3g} … {count.highest:.3g}" if math.isfinite(count.lowest) else ""
        numbers = (str(count.episodes), str(count.onsets), f"{count.duration_s:.1f}")
        table.add_row(count.cause, count.level, *numbers, values, escape(count.text))
    console.print(table)
