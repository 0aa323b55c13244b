"""`vla safety compliance`: a Markdown page that maps clauses of robot safety standards to evidence, or to none.

Evidence is a test (with its last result, when pytest's JUnit file is given) and a figure of benchmarks.safety (when its
JSON line is given). The clauses, in our own words, stand in config/compliance.yaml. It is no certification.
"""

from __future__ import annotations

import argparse
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from rich.console import Console

from vla_ros.core.config import load_dataclass, param
from vla_ros.core.errors import ConfigError
from vla_ros.core.resources import config_file

EPILOG = """\
example:
  make test ARGS="--junit-xml=build/safety/tests.xml"
  python -m benchmarks.safety > build/safety/benchmark.json
  vla safety compliance --tests build/safety/tests.xml --benchmark build/safety/benchmark.json -o compliance.md
"""
NO_CERTIFICATE = (
    "**This is not a certification.** It lists what tests and measurements of this software show and what they do "
    "not. The software runs on a general computer and operating system, has no performance level, and replaces "
    "neither a risk assessment nor safety-rated hardware nor the hardware emergency stop. The clauses are paraphrased; "
    "the standards' own texts count."
)
NOT_COVERED = "not covered"
SHOWN = "with evidence from a run"
NAMED = "with evidence that was not run here, or failed"


@dataclass(frozen=True, kw_only=True)
class Promise:
    """One item of benchmarks.safety."""

    about: str = param(description="what the gate does")
    tests: tuple[str, ...] = param((), "pytest ids without parameters")


@dataclass(frozen=True, kw_only=True)
class Clause:
    """One clause and what is shown of it."""

    clause: str = param(description="its number, or topic")
    about: str = param(description="what it asks for, in our words")
    promises: tuple[int, ...] = param((), "evidence: promises of the gate")
    tests: tuple[str, ...] = param((), "evidence: tests besides those of the promises")
    gap: str = param("", "what the evidence does not show")
    because: str = param("", "why nothing is shown")


@dataclass(frozen=True, kw_only=True)
class Standard:
    """One standard."""

    name: str = param(description="with its edition")
    about: str = param(description="its subject")
    clauses: tuple[Clause, ...] = param(description="in order")


@dataclass(frozen=True, kw_only=True)
class Compliance:
    """config/compliance.yaml."""

    promises: dict[str, Promise] = param(description="by number")
    standards: tuple[Standard, ...] = param(description="in order of the page")


@dataclass(frozen=True)
class Evidence:
    """What was run: results by test id, figures by promise, and when."""

    tests: dict[str, str] = field(default_factory=dict)
    tests_date: str = ""
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    items_date: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `vla safety compliance`."""
    parser.epilog = EPILOG
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="Markdown file (default: to the terminal)")
    parser.add_argument("--tests", type=Path, metavar="XML", help="results of pytest --junit-xml")
    parser.add_argument("--benchmark", type=Path, metavar="JSON", help="output of python -m benchmarks.safety")
    parser.add_argument("--clauses", default="compliance", metavar="FILE", help="config/compliance.yaml")


def run(arguments: argparse.Namespace) -> int:
    """Writes the page."""
    table = read_table(config_file(arguments.clauses, "", "clauses"))
    tests, tests_date = read_tests(arguments.tests) if arguments.tests else ({}, "")
    items, items_date = read_benchmark(arguments.benchmark) if arguments.benchmark else ({}, "")
    text = page(table, Evidence(tests, tests_date, items, items_date), datetime.now(timezone.utc))
    if arguments.output is None:
        print(text, end="")
        return 0
    try:
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        arguments.output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError("--output", str(arguments.output), f"{error.strerror}; name another file.") from None
    Console(highlight=False).print(f"[green]{arguments.output}[/]: a list of evidence, not a certification")
    return 0


def read_table(path: Path) -> Compliance:
    """The clauses; a clause has evidence or a reason why not, and names known promises. Raises ConfigError."""
    table = load_dataclass(Compliance, path)
    for standard in table.standards:
        for clause in standard.clauses:
            where = f"{path}: {standard.name} {clause.clause}"
            unknown = [n for n in clause.promises if str(n) not in table.promises]
            if unknown:
                raise ConfigError(where, unknown, "Name promises that are listed under promises:.")
            if bool(clause.because) == bool(clause.promises or clause.tests):
                raise ConfigError(where, clause.because, "Give either evidence (promises, tests) or because:.")
    return table


def read_tests(path: Path) -> tuple[dict[str, str], str]:
    """Result ("passed", "failed", "skipped") by test id without parameters, and the date. All parameters of a test
    must pass; when all were skipped it is skipped."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise ConfigError("--tests", str(path), f"{error}. Give a file of pytest --junit-xml.") from None
    results: dict[str, str] = {}
    for case in root.iter("testcase"):
        name = f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name', '').partition('[')[0]}"
        kinds = {child.tag for child in case}
        result = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        results[name] = min(results.get(name, result), result, key=("failed", "passed", "skipped").index)
    stamp = next((s.get("timestamp", "") for s in root.iter("testsuite")), "")
    return results, stamp[:10]


def read_benchmark(path: Path) -> tuple[dict[str, dict[str, Any]], str]:
    """The items of the last JSON line of benchmarks.safety, and the date of its file."""
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
        items = json.loads(lines[-1])["items"]
        date = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
    except (OSError, ValueError, LookupError, TypeError) as error:
        remedy = f"{type(error).__name__}: {error}. Give the output of python -m benchmarks.safety."
        raise ConfigError("--benchmark", str(path), remedy) from None
    return items, date.strftime("%Y-%m-%d")


def page(table: Compliance, evidence: Evidence, now: datetime) -> str:
    """The page as Markdown."""
    counts = dict.fromkeys((SHOWN, NAMED, NOT_COVERED), 0)
    parts = []
    for standard in table.standards:
        rows = ["| clause | asks for | evidence | what is missing |", "|---|---|---|---|"]
        for clause in standard.clauses:
            shown = list(_shown(clause, table, evidence))
            counts[standing(shown)] += 1
            missing = clause.gap or clause.because
            rows.append(f"| {clause.clause} | {clause.about} | {'<br>'.join(shown) or NOT_COVERED} | {missing} |")
        parts.append(f"## {standard.name}\n\n{standard.about}\n\n" + "\n".join(rows))
    ran = f"Tests: {_said(evidence.tests_date)}. Measurements: {_said(evidence.items_date)}."
    summary = f"Clauses: {', '.join(f'{count} {words}' for words, count in counts.items())}. {ran}"
    head = f"# Evidence for safety standards, {now:%Y-%m-%d}\n\n{NO_CERTIFICATE}\n\n{summary}"
    return "\n\n".join([head, *parts]) + "\n"


def standing(shown: list[str]) -> str:
    """SHOWN when something of it was run and nothing failed, NAMED when not, NOT_COVERED when there is nothing."""
    if not shown:
        return NOT_COVERED
    text = " ".join(shown)
    good = ("(passed," in text or "(met," in text) and "**failed**" not in text and "**not met**" not in text
    return SHOWN if good else NAMED


def _shown(clause: Clause, table: Compliance, evidence: Evidence) -> Iterator[str]:
    """Each piece of evidence of one clause. A promise without any test or figure is none."""
    for number in clause.promises:
        promise = table.promises[str(number)]
        figure = _figure(number, evidence)
        tests = [_test(test, evidence) for test in promise.tests]
        if tests or figure:
            yield "; ".join([f"{number}: {promise.about}", *filter(None, (figure, *tests))])
    for test in clause.tests:
        yield _test(test, evidence)


def _figure(number: int, evidence: Evidence) -> str:
    item = evidence.items.get(str(number))
    if item is None:
        return ""
    met = "met" if item.get("met") else "**not met**"
    return f"measured {item.get('figure', '')} ({met}, {evidence.items_date})"


def _test(test: str, evidence: Evidence) -> str:
    name = test.rpartition("::")[2].removeprefix("test_")
    result = evidence.tests.get(test)
    if result is None:
        return f"test `{name}` (not run here)"
    return f"test `{name}` ({'**failed**' if result == 'failed' else result}, {evidence.tests_date})"


def _said(date: str) -> str:
    return date or "none given"
