"""Fits the weights of vla_ros/language/confidence.py: ``python -m benchmarks.gpsr.fit_confidence FILE… --output YAML``.

Logistic regression with a small ridge (Newton's method, no randomness) on the commands of the files: the counts that
confidence.evidence takes from a Task against whether its logical form is equivalent to the one that is given. Use
commands that nobody looked at while the grammar was made; otherwise the weights are too sure.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

import numpy as np
import yaml

from benchmarks.gpsr.calibration import expected_error
from benchmarks.gpsr.data import HALVES, read_cases
from benchmarks.language_suites.gpsr import answer
from vla_ros.cli.parse import load_lexicon
from vla_ros.language.confidence import calibrated, evidence
from vla_ros.language.parser import GrammarParser

_RIDGE = 1.0
_HEADER = """# The chance that a Task is exactly right, as a logistic model of what was hard about reading it
# (vla_ros/language/confidence.py). Made by: python -m benchmarks.gpsr.fit_confidence
"""


def fit(counts: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Weights (k+1,), the bias first, for counts (n, k) and right (n,) of 0 and 1."""
    x = np.hstack([np.ones((len(counts), 1)), counts])
    ridge = _RIDGE * np.eye(x.shape[1])
    ridge[0, 0] = 1e-3  # all but free; keeps it finite when all are right
    weights = np.zeros(x.shape[1])
    for _ in range(50):
        chance = 1.0 / (1.0 + np.exp(-x @ weights))
        slope = x.T @ (right - chance) - ridge @ weights
        curve = (x * (chance * (1.0 - chance))[:, None]).T @ x + ridge
        step = np.linalg.solve(curve, slope)
        weights = weights + step
        if float(np.abs(step).max()) < 1e-9:
            break
    return weights


def main(argv: list[str] | None = None) -> int:
    """Fits and writes; prints what it used and the error of calibration on the same commands."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpsr.fit_confidence", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--half", choices=HALVES, default="all")
    parser.add_argument("--output", type=Path, required=True, metavar="YAML")
    args = parser.parse_args(argv)
    lexicon = load_lexicon()
    lexicon = dataclasses.replace(lexicon, words=dataclasses.replace(lexicon.words, confidence={}))
    grammar = GrammarParser(lexicon, open_world=True)
    answers = [a for a in (answer(grammar, c) for c in read_cases(args.files, args.half)) if a.task.kind == "task"]
    seen = [evidence(a.task, lexicon) for a in answers]
    names = list(seen[0])
    right = np.array([a.equivalent for a in answers], dtype=float)
    found = fit(np.array([[e[name] for name in names] for e in seen]), right)
    weights = {name: round(float(w), 3) for name, w in zip(["bias", *names], found)}
    args.output.write_text(_HEADER + yaml.safe_dump({"confidence": weights}, sort_keys=False), encoding="utf-8")
    sure = [calibrated(a.task, lexicon, weights) for a in answers]
    error = expected_error(sure, [a.equivalent for a in answers])
    print(f"{len(answers)} tasks, {right.mean():.3f} right, {weights}, calibration error {error:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
