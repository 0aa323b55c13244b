"""Household commands said in other ways, by wording family: families looked at in development, and those held back."""

from __future__ import annotations

import argparse
from dataclasses import replace
from random import Random
from typing import Any

import yaml

from benchmarks.language_suites.own import household_parser, measure
from benchmarks.language_suites.own_cases import DATA, Case, intents

_EACH = 4
"""Sentences of every wording, with different things, places and people."""


def add_arguments(parser: argparse._ArgumentGroup) -> None:
    """Declares ``--paraphrase`` and its option."""
    parser.add_argument("--paraphrase", action="store_true", help="three unseen ways to say every household command")
    parser.add_argument(
        "--develop", action="store_true", help="paraphrase, hazards: show the half for development only"
    )


def cases(seed: int, split: str) -> list[Case]:
    """Sentences of all families of one split (``develop`` or ``held``)."""
    table = yaml.safe_load((DATA / "paraphrases.yaml").read_text(encoding="utf-8"))
    known = intents()
    rng = Random(seed)
    out = []
    for name, splits in table.items():
        intent = replace(known[name], name=name)
        for wording in splits[split]:
            fixed = "{" not in wording
            out += [intent.fill(rng, wording, name) for _ in range(1 if fixed else _EACH)]
    return out


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measures the held families; the development families beside them."""
    parser = household_parser()
    develop = measure(parser, cases(args.seed, "develop"), args.show if args.develop else 0)
    result: dict[str, Any] = {"suite": "paraphrase", "develop": develop["exact"], "develop_n": develop["n"]}
    if args.develop:
        return result | {"by_intent": develop["by_feature"]}
    held = measure(parser, cases(args.seed, "held"))
    return result | {"n": held["n"], "exact": held["exact"], "by_intent": held["by_feature"], "errors": held["errors"]}
