"""Commands that people wrote for a service robot, each with its logical form: exact share, by head, and speed."""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any

from vla_ros.cli.parse import load_lexicon
from vla_ros.language.parser import GrammarParser


def add_arguments(parser: argparse._ArgumentGroup) -> None:
    """Declares ``--gpsr`` and its options."""
    parser.add_argument("--gpsr", nargs="+", type=Path, metavar="FILE", help="command and logical form, a line each")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Parses every command of the files and compares its logical form with the one that is given."""
    parser = GrammarParser(load_lexicon())
    times: list[float] = []
    kinds: Counter[str] = Counter()
    for path in args.gpsr:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        for text in lines[0::2]:
            begin = time.perf_counter()
            kinds[parser.parse(text).kind] += 1
            times.append(1000.0 * (time.perf_counter() - begin))
    times.sort()
    return {
        "suite": "gpsr",
        "n": len(times),
        "kinds": dict(kinds),
        "ms_median": round(statistics.median(times), 2) if times else 0.0,
        "ms_p99": round(times[int(0.99 * (len(times) - 1))], 2) if times else 0.0,
    }
