"""Closed-loop episodes in the simulated home, through the real nodes: python -m benchmarks.home --help

Each episode starts every process afresh, in a ROS domain of its own, and is scored by the simulator's truth.
Prints one JSON line; details of every episode go to build/benchmarks/home/.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import sys
from collections import Counter
from pathlib import Path

from vla_ros.cli import environment

HERE = Path(__file__).resolve().parent


def main(argv: list[str] | None = None) -> int:
    """Runs the episodes; exit code 0 when all could be run, whatever their results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.home", description=__doc__)
    parser.add_argument("--scenarios", type=Path, default=HERE / "scenarios" / "home.yaml", metavar="FILE")
    parser.add_argument("--episodes", type=int, default=0, metavar="N", help="0: each scenario once for every seed")
    parser.add_argument("--seed", type=int, default=0, help="added to each scenario's own seed")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="runs of the whole file, with other seeds")
    parser.add_argument("--only", default="", metavar="ID[,ID]", help="these scenarios only")
    parser.add_argument("--folder", type=Path, default=Path("build/benchmarks/home"), help="reports and logs")
    arguments = parser.parse_args(argv)
    environment.activate()
    from vla_ros.sim.scenario import load_scenarios

    scenarios = load_scenarios(arguments.scenarios)
    if arguments.only:
        wanted = arguments.only.split(",")
        scenarios = tuple(s for s in scenarios if s.id in wanted)
    runs = [
        dataclasses.replace(s, seed=s.seed + arguments.seed + 1000 * i)
        for i in range(arguments.seeds)
        for s in scenarios
    ]
    reports = [_episode(s, arguments.folder) for s in runs[: arguments.episodes or len(runs)]]
    print(json.dumps(_summary(reports)))
    return 0


def _episode(scenario, folder: Path):  # type: ignore[no-untyped-def]
    from vla_ros.cli.episode import Episode
    from vla_ros.cli.robot_up import last_words, run_episode

    own = folder / f"{scenario.id}-{scenario.seed}"
    report = run_episode(scenario, own, Episode(scenario))
    if not report.success and report.failure == "communication":
        print(last_words(own / "logs"), file=sys.stderr)
    mark = "ok  " if report.success else "FAIL"
    print(
        f"{mark} {scenario.id} (seed {scenario.seed}): {report.state}: {report.message} [{report.sim_time_s:.0f} s, "
        f"RTF {report.real_time_factor:.2f}, collisions {report.safety_violations}]",
        file=sys.stderr,
        flush=True,
    )
    return report


def _summary(reports: list) -> dict[str, object]:  # type: ignore[type-arg]
    n, good = len(reports), sum(r.success for r in reports)
    low, high = wilson(good, n)
    failures = [
        {"id": r.id, "seed": r.seed, "expect": r.expect, "state": r.state, "cause": r.failure or r.state,
         "message": r.message, "goals": [g["goal"] for g in r.goals if not g["holds"]]}
        for r in reports if not r.success
    ]  # fmt: skip
    factors = [r.real_time_factor for r in reports if r.real_time_factor > 0]
    return {
        "suite": "home",
        "episodes": n,
        "success": good,
        "success_rate": round(good / n, 3) if n else 0.0,
        "confidence_95": [round(low, 3), round(high, 3)],
        "safety_violations": sum(r.safety_violations for r in reports),
        "real_time_factor_min": min(factors, default=0.0),
        "causes": dict(Counter(str(f["cause"]) for f in failures)),
        "failures": failures,
    }


def wilson(good: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """The Wilson score interval of a proportion (Wilson 1927)."""
    if n == 0:
        return (0.0, 1.0)
    p = good / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return (max(0.0, middle - half), min(1.0, middle + half))


if __name__ == "__main__":
    sys.exit(main())
