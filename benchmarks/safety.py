"""The fifty promises of the safety gate, each tried by breaking something. ``python -m benchmarks.safety``

Prints one JSON line: {"suite": "safety", "met": n, "of": 50, "items": {"1": {"met": true, "figure": "18/18"}, …}}.
An item is met only when its fault was really injected; one that cannot be measured here is not met and says why.

--closed-loop N      people walk into the robot's way in the simulated home, N seeded episodes, and N harmless drives
--adversary SECONDS  worst-case commands in the place of language and policy, judged by the simulator's ground truth
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.safety_items.registry import Effort, items, measured
from vla_ros.cli import environment

FOLDER = Path("build/benchmarks/safety")


def main(argv: list[str] | None = None) -> int:
    """Runs what is asked for; exit code 0 when all could be run, whatever the results."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.safety", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", metavar="N[,N]", help="these promises only")
    parser.add_argument("--quick", action="store_true", help="reduced counts, three minutes on two cores")
    parser.add_argument("--closed-loop", type=int, default=0, metavar="N", help="episodes with people, N of each kind")
    parser.add_argument("--adversary", type=float, default=0.0, metavar="SECONDS", help="of simulated time")
    parser.add_argument("--seed", type=int, default=0, help="of the closed loop and the adversary")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="for records and pictures")
    arguments = parser.parse_args(argv)
    environment.activate()
    for name, value in environment.node_variables().items():
        os.environ.setdefault(name, value)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if arguments.closed_loop:
        from benchmarks.safety_closed_loop import closed_loop

        result = closed_loop(arguments.closed_loop, arguments.seed, arguments.folder)
    elif arguments.adversary:
        from benchmarks.safety_adversary import adversary

        result = adversary(arguments.adversary, arguments.seed)
    else:
        result = promises(arguments.only, arguments.quick)
    print(json.dumps(result))
    return 0


def _sweep() -> None:
    """Removes what killed processes left in shared memory, 17 MB each; where Fast DDS's tool is missing it stays."""
    tool = shutil.which("fastdds")
    if tool is not None:
        subprocess.run([tool, "shm", "clean"], capture_output=True, check=False, timeout=120)


def promises(only: str = "", quick: bool = False) -> dict[str, Any]:
    """Measures the items named in ``only`` ("1,5,13"; "" = all)."""
    effort, known = Effort(quick), items()
    wanted = [int(n) for n in only.split(",")] if only else list(known)
    found: dict[str, dict[str, Any]] = {}
    for number in wanted:
        began = time.monotonic()
        finding = measured(known[number], effort)
        found[str(number)] = {"met": finding.met, "figure": finding.figure, **finding.more}
        mark = "met  " if finding.met else "UNMET"
        seconds = time.monotonic() - began
        print(f"{mark} {number:2d} {finding.figure} ({seconds:.1f} s)", file=sys.stderr, flush=True)
        _sweep()
    met = sum(entry["met"] for entry in found.values())
    result = {"suite": "safety", "quick": quick, "met": met, "of": len(found), "items": found}
    if only:
        return result
    from benchmarks.safety_world import false_stops

    return result | {"false_stops": false_stops(effort.count(100, 12))}


if __name__ == "__main__":
    sys.exit(main())
