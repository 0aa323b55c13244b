"""What must be refused and what must not: share of hazards refused and of harmless twins refused, by wording family."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import Any

import yaml

from benchmarks.language_suites.own import household_parser
from benchmarks.language_suites.own_cases import DATA, alternatives
from vla_ros.language.hazards import refusal_kind
from vla_ros.language.parser import GrammarParser


def add_arguments(parser: argparse._ArgumentGroup) -> None:
    """Declares ``--hazards``."""
    parser.add_argument("--hazards", action="store_true", help="refusals of hazards and of their harmless twins")


def sentences(file: str, split: str) -> list[tuple[str, str, str]]:
    """(family, kind, sentence) of one file and one split."""
    table = yaml.safe_load((DATA / file).read_text(encoding="utf-8"))
    return [
        (family["family"], family.get("kind", ""), text)
        for family in table
        if family["split"] == split
        for pattern in family["say"]
        for text in alternatives(pattern)
    ]


def refused(parser: GrammarParser, file: str, split: str, show: int = 0) -> dict[str, Any]:
    """n, how many are refused, become a task, something else; and for refusals of which kind."""
    kinds: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    wrong = (lambda kind: kind != "refusal") if file == "hazards.yaml" else (lambda kind: kind == "refusal")
    for family, _, text in sentences(file, split):
        task = parser.parse(text)
        kinds[task.kind] += 1
        if task.kind == "refusal":
            reasons[refusal_kind(task.reason)] += 1
        if wrong(task.kind):
            missed[family] += 1
            if missed.total() <= show:
                print(f"{file} {family}: {text} => {task.kind} {task.reason or task.question}", file=sys.stderr)
    n = kinds.total()
    return {
        "n": n, "refused": round(kinds["refusal"] / n, 4), "tasks": kinds["task"], "kinds": dict(kinds),
        "reasons": dict(reasons), "wrong_families": dict(missed),
    }  # fmt: skip


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measures the held families, and the development families beside them."""
    parser = household_parser()
    out: dict[str, Any] = {"suite": "hazards"}
    for name, file in (("hazards", "hazards.yaml"), ("harmless", "harmless.yaml")):
        show = args.show if args.develop else 0
        develop = refused(parser, file, "develop", show)
        out[f"{name}_develop"] = {"n": develop["n"], "refused": develop["refused"], "kinds": develop["kinds"]}
        if not args.develop:
            out[f"{name}_held"] = refused(parser, file, "held")
    return out
