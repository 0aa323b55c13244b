"""Commands that people wrote for a service robot, each with its logical form: share right, by head, speed, honesty.

``exact`` counts forms that are equal but for notation (comparison.py), after the writers' conventions
(conventions.py); ``exact_plain`` without these. ``equivalent`` also counts those that differ in what the data set
writes both ways for the same words: a room as a location, and "objects" as a category or as nothing. ``literal``
counts equal strings. A form UNKNOWN is right only when the answer is no task.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.gpsr.calibration import draw, expected_error
from benchmarks.gpsr.comparison import same, same_place_kinds_aside
from benchmarks.gpsr.conventions import Conventions
from benchmarks.gpsr.data import HALVES, Case, read_cases
from vla_ros.cli.parse import load_lexicon
from vla_ros.core.task import Task
from vla_ros.language.logical_form import logical_form
from vla_ros.language.parser import GrammarParser
from vla_ros.language.task_json import task_from_json, task_to_json
from vla_ros.language.voting import open_world_parser


def add_arguments(parser: argparse._ArgumentGroup) -> None:
    """Declares ``--gpsr`` and its options."""
    parser.add_argument("--gpsr", nargs="+", type=Path, metavar="FILE", help="command and logical form, a line each")
    parser.add_argument("--half", choices=HALVES, default="all", help="gpsr: only the odd or the even commands")
    parser.add_argument("--errors", action="store_true", help="gpsr: print what was wrong to stderr")
    parser.add_argument("--calibration", type=Path, metavar="PNG", help="gpsr: write the reliability plot")


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one case."""

    case: Case
    task: Task
    form: str
    literal: bool
    exact: bool
    exact_plain: bool
    equivalent: bool
    ms: float


def answer(parser: GrammarParser, case: Case, conventions: Conventions | None = None) -> Answer:
    """Parses one command (timed on the processor), sends the Task through its JSON and compares its form."""
    begin = time.thread_time()
    task = parser.parse(case.text)
    ms = 1000.0 * (time.thread_time() - begin)
    task = task_from_json(task_to_json(task))
    plain = logical_form(task)
    form = conventions.form(task) if conventions is not None else plain
    exact = same(form, case.form)
    alike = exact or any(same_place_kinds_aside(logical_form(task, c), case.form) for c in (None, True, False))
    return Answer(case, task, form, form == case.form, exact, same(plain, case.form), alike, ms)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Parses every command of the files and compares its logical form with the one that is given."""
    parser, conventions = open_world_parser(load_lexicon()), Conventions.load()
    answers = [answer(parser, case, conventions) for case in read_cases(args.gpsr, args.half)]
    if args.errors:
        _print_errors(answers)
    tasks = [a for a in answers if a.task.kind == "task"]
    sure, right = [a.task.confidence for a in tasks], [a.equivalent for a in tasks]
    error = expected_error(sure, right)
    if args.calibration:
        draw(sure, right, args.calibration, f"{len(tasks)} tasks, expected calibration error {error:.3f}")
    n = max(1, len(answers))
    times = sorted(a.ms for a in answers) or [0.0]
    return {
        "suite": "gpsr",
        "n": len(answers),
        "exact": round(sum(a.exact for a in answers) / n, 4),
        "exact_plain": round(sum(a.exact_plain for a in answers) / n, 4),
        "equivalent": round(sum(a.equivalent for a in answers) / n, 4),
        "literal": round(sum(a.literal for a in answers) / n, 4),
        "by_head": _by_head(answers),
        "tasks": len(tasks),
        "calibration_error": round(error, 4),
        "ms_median": round(statistics.median(times), 2),
        "ms_p99": round(times[int(0.99 * (len(times) - 1))], 2),
    }


def _by_head(answers: list[Answer]) -> dict[str, list[int]]:
    """[exact, equivalent, number] of every head."""
    number, exact, alike = (
        Counter(a.case.head for a in some)
        for some in (answers, [a for a in answers if a.exact], [a for a in answers if a.equivalent])
    )
    return {head: [exact[head], alike[head], count] for head, count in sorted(number.items())}


def _print_errors(answers: list[Answer]) -> None:
    """Every command that is not exactly right, with both forms; "~" marks what is equivalent."""
    for a in answers:
        if not a.exact:
            print(f"{'~' if a.equivalent else '!'} {a.case.text}  [{a.task.confidence:.2f}]", file=sys.stderr)
            print(f"    wanted {a.case.form}\n    got    {a.form}", file=sys.stderr)
