"""Household commands of our own grammar with known Tasks: the share that is understood exactly, by feature."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from random import Random
from typing import Any

from benchmarks.language_suites.own_cases import DATA, Case, intents, same
from benchmarks.language_suites.own_joints import Joints
from vla_ros.cli.parse import load_lexicon
from vla_ros.language.parser import GrammarParser

_SHARES = (
    ("single", 1500), ("polite", 350), ("manner", 150), ("condition", 250), ("otherwise", 60), ("sequence", 500),
    ("swapped", 120), ("meanwhile", 60), ("negation", 150), ("exception", 80), ("pronoun", 200), ("ellipsis", 150),
    ("correction", 150),
)  # fmt: skip


def add_arguments(parser: argparse._ArgumentGroup) -> None:
    """Declares ``--own`` and what noise and paraphrase share with it."""
    parser.add_argument("--own", action="store_true", help="household commands of our own grammar")
    parser.add_argument("--seed", type=int, default=1, help="seed of own, noise, paraphrase and fuzz")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print the first N errors to stderr")


def household_parser() -> GrammarParser:
    """The parser with the words of the benchmark's household."""
    return GrammarParser(load_lexicon(words=(str(DATA / "household_words.yaml"),)))


def cases(seed: int, scale: float = 1.0) -> list[Case]:
    """Distinct sentences with their Tasks; about 3,700 at scale 1."""
    joints = Joints(Random(seed), intents())
    found: dict[str, Case] = {}
    for name, count in _SHARES:
        wanted, tries = max(1, round(count * scale)), 0
        size = len(found) + wanted
        while len(found) < size and tries < 20 * wanted:
            tries += 1
            case: Case = getattr(joints, name)()
            found.setdefault(case.text.lower(), case)
    return list(found.values())


def measure(parser: GrammarParser, cases: list[Case], show: int = 0) -> dict[str, Any]:
    """Parses all cases: n, exact share, by feature, what the wrong ones became, and CPU time a command."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    became: Counter[str] = Counter()
    times: list[float] = []
    for case in cases:
        begin = time.process_time()
        task = parser.parse(case.text)
        times.append(1000.0 * (time.process_time() - begin))
        total[case.feature] += 1
        if same(task, case.steps):
            right[case.feature] += 1
            continue
        became[task.kind if task.kind != "task" else "wrong task"] += 1
        if sum(became.values()) <= show:
            _tell(case, task)
    times.sort()
    return {
        "n": len(cases),
        "exact": round(right.total() / len(cases), 4),
        "by_feature": {f: [right[f], total[f]] for f in sorted(total)},
        "errors": dict(became),
        "ms_median": round(times[len(times) // 2], 2),
        "ms_p99": round(times[int(0.99 * (len(times) - 1))], 2),
    }


def _tell(case: Case, task: Any) -> None:
    import sys

    from vla_ros.core.task import Task
    from vla_ros.language.task_json import task_to_dict

    wanted = task_to_dict(Task("", "task", steps=case.steps))["steps"]
    got = task_to_dict(task)
    print(f"\n{case.feature}: {case.text}\n  want {_short(wanted)}", file=sys.stderr)
    print(f"  got  {got['question'] or got['reason'] or _short(got['steps'])}", file=sys.stderr)


def _short(value: Any) -> Any:
    """The value without what says nothing."""
    if isinstance(value, dict):
        kept = {k: _short(v) for k, v in value.items()}
        return {k: v for k, v in kept.items() if v not in ("", None, [], {}, 0) and not (k == "quantity" and v == 1)}
    return [_short(v) for v in value] if isinstance(value, list) else value


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measures the built-in parser."""
    return {"suite": "own", **measure(household_parser(), cases(args.seed), args.show)}
