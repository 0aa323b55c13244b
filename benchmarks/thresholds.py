"""From how sure the robot is to what it does: slowly, or only after a yes. ``python -m benchmarks.thresholds``

Fits the planner's parameters ask_below, slow_below (commands) and ask_thing_below (things). Commands: sentences of our
own grammar with typing and recognition errors in a tenth of their words. Things: the drawn homes as the robot's own
camera shows them on a tour. A monotone fit (pool adjacent violators) of "right" over the confidence tells how often
what is believed with that confidence is right; a threshold is the lowest confidence from which on it is right often
enough. Prints one JSON line and writes the fit as a picture.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np

ASK, SLOW = 0.6, 0.9
"""Asked when it is right less often than that; done slowly when less often than that."""
ASK_THING = 0.9
FOLDER = Path("build/benchmarks/thresholds")
_SAME_M = 0.06

Rows = list[tuple[float, bool]]


def commands(seed: int, scale: float) -> Rows:
    """(confidence, right) of every damaged sentence that became a task."""
    from benchmarks.language_suites.noise import heard, noisy, typed
    from benchmarks.language_suites.own import cases, household_parser
    from benchmarks.language_suites.own_cases import same

    parser, clean, rows = household_parser(), cases(seed, scale), []
    for damage, name in ((typed, "typed"), (heard, "heard")):
        for case in noisy(clean, seed, damage, name):
            task = parser.parse(case.text)
            if task.kind == "task":
                rows.append((task.confidence, same(task, case.steps)))
    return rows


def things(seed: int, homes: int) -> Rows:
    """(score of the best category, right) of every thing found on tours of drawn homes."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "test" / "core"))
    from test_perception_home import Tour

    rows: Rows = []
    for k in range(homes):
        tour = Tour(seed + k)
        truth = list(tour.truth["objects"].values())
        for thing in tour.run().objects:
            if thing.category == "person" or not thing.categories:
                continue
            near = min(truth, key=lambda t, p=thing.pose.position: math.dist(t["position"], p))  # type: ignore[misc]
            if math.dist(near["position"], thing.pose.position) < _SAME_M:
                rows.append((thing.categories[0][1], near["category"] == thing.category))
        print(f"home {k + 1} of {homes}: {len(rows)} things", file=sys.stderr, flush=True)
    return rows


def monotone(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Confidences, ascending, and the share that is right there, never falling (pool adjacent violators)."""
    levels = sorted({c for c, _ in rows})
    blocks: list[list[float]] = []  # share, weight, levels in it
    for level in levels:
        right = [ok for c, ok in rows if c == level]
        blocks.append([float(np.mean(right)), float(len(right)), 1.0])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            b, a = blocks.pop(), blocks.pop()
            weight = a[1] + b[1]
            blocks.append([(a[0] * a[1] + b[0] * b[1]) / weight, weight, a[2] + b[2]])
    shares = np.concatenate([np.full(int(n), share) for share, _, n in blocks])
    return np.array(levels), shares


def threshold(rows: Rows, wanted: float) -> float:
    """The lowest confidence from which on at least ``wanted`` of the beliefs are right; 1 when there is none."""
    levels, shares = monotone(rows)
    good = np.flatnonzero(shares >= wanted)
    return float(levels[good[0]]) if len(good) else 1.0


def summary(rows: Rows, at: dict[str, float]) -> dict[str, Any]:
    """N, share that is right, and for each threshold: how many fall below it and how many of these are wrong."""
    out: dict[str, Any] = {"n": len(rows), "right": round(float(np.mean([ok for _, ok in rows])), 4)}
    for name, level in at.items():
        below = [ok for c, ok in rows if c < level]
        above = [ok for c, ok in rows if c >= level]
        out[name] = {
            "at": round(level, 3),
            "below": len(below),
            "wrong_below": below.count(False),
            "wrong_above": round(above.count(False) / max(1, len(above)), 4),
        }
    return out


def plot(named: dict[str, tuple[Rows, dict[str, float]]], path: Path) -> None:
    """The monotone fits with their thresholds."""
    try:
        import matplotlib
    except ModuleNotFoundError:
        print("no picture: pip install matplotlib", file=sys.stderr)
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(named), figsize=(5 * len(named), 4), squeeze=False)
    for ax, (name, (rows, at)) in zip(axes[0], named.items()):
        levels, shares = monotone(rows)
        ax.step(levels, shares, where="post")
        for label, level in at.items():
            ax.axvline(level, linestyle="--", label=f"{label} {level:.2f}")
        ax.set(xlabel="confidence", ylabel="share that is right", title=f"{name}, n = {len(rows)}", ylim=(0, 1.02))
        ax.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def main(argv: list[str] | None = None) -> int:
    """Fits and prints; exit code 0."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.thresholds",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, default=300, help="of the sentences and the homes")
    parser.add_argument("--scale", type=float, default=1.0, help="1: about 3,700 sentences, twice")
    parser.add_argument("--homes", type=int, default=20, help="homes to tour")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="for the picture")
    arguments = parser.parse_args(argv)
    said = commands(arguments.seed, arguments.scale)
    at_said = {"ask_below": threshold(said, ASK), "slow_below": threshold(said, SLOW)}
    seen = things(arguments.seed, arguments.homes)
    at_seen = {"ask_thing_below": threshold(seen, ASK_THING)}
    arguments.folder.mkdir(parents=True, exist_ok=True)
    plot({"commands": (said, at_said), "things": (seen, at_seen)}, arguments.folder / "thresholds.png")
    result = {"suite": "thresholds", "commands": summary(said, at_said), "things": summary(seen, at_seen)}
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
