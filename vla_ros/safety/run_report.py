"""What a run of the gate was like, from its rows: time in each state, nearest distances, which limits acted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class CauseCount:
    """All episodes of one cause in a run. ``lowest`` and ``highest`` are of the number that its text names."""

    cause: str
    level: str
    episodes: int = 0
    onsets: int = 0
    duration_s: float = 0.0
    lowest: float = math.inf
    highest: float = -math.inf
    text: str = ""
    """of the newest episode"""


@dataclass
class RunReport:
    """One run. Times are seconds since 1970; lists are in order of time."""

    about: dict[str, Any] = field(default_factory=dict)
    began_s: float = 0.0
    ended_s: float = 0.0
    orderly: bool = False
    """False: the gate was killed, or is still running"""
    states: list[tuple[float, str]] = field(default_factory=list)
    """beginning and name of each stay in a state"""
    samples: list[tuple[float, float, float]] = field(default_factory=list)
    """time, nearest obstacle [m] (inf: none seen), speed sent [m/s]"""
    interventions: list[dict[str, Any]] = field(default_factory=list)
    causes: dict[str, CauseCount] = field(default_factory=dict)

    @property
    def duration_s(self) -> float:
        """From the first to the last row."""
        return self.ended_s - self.began_s

    def stays(self) -> list[tuple[float, float, str]]:
        """(beginning, end, state) of each stay."""
        ends = [begin for begin, _ in self.states[1:]] + [self.ended_s]
        return [(begin, end, state) for (begin, state), end in zip(self.states, ends)]

    def time_in_states(self) -> dict[str, float]:
        """Seconds in each state that occurred."""
        total: dict[str, float] = {}
        for begin, end, state in self.stays():
            total[state] = total.get(state, 0.0) + end - begin
        return total

    def nearest(self) -> tuple[float, float] | None:
        """(time, distance [m]) of the nearest obstacle of the run; None when none was seen."""
        seen = [(distance, time) for time, distance, _ in self.samples if math.isfinite(distance)]
        return (min(seen)[1], min(seen)[0]) if seen else None

    def nearest_while_moving(self, above_mps: float = 0.05) -> float | None:
        """The nearest obstacle [m] while the base was sent faster than ``above_mps``."""
        seen = [distance for _, distance, speed in self.samples if speed > above_mps and math.isfinite(distance)]
        return min(seen, default=None)


def run_report(rows: Iterable[Mapping[str, Any]]) -> RunReport:
    """Reads the rows of one run in order; rows of an unknown kind only lengthen it."""
    report = RunReport()
    first = True
    for row in rows:
        time = float(row["time_s"])
        if first:
            report.began_s, first = time, False
        report.ended_s = max(report.ended_s, time)
        kind = row.get("kind")
        if kind == "run":
            report.about = {key: value for key, value in row.items() if key not in ("kind", "time_s")}
        elif kind == "state":
            report.states.append((time, str(row.get("state", ""))))
        elif kind == "sample":
            nearest = row.get("nearest_m")
            report.samples.append((time, math.inf if nearest is None else float(nearest), float(row["speed_mps"])))
        elif kind == "intervention":
            _note_begin(report, row)
        elif kind == "summary":
            _note_summary(report, row)
        elif kind == "end":
            report.orderly = True
    return report


def _note_begin(report: RunReport, row: Mapping[str, Any]) -> None:
    report.interventions.append(dict(row))
    count = report.causes.setdefault(str(row["cause"]), CauseCount(str(row["cause"]), str(row.get("level", ""))))
    count.episodes += 1
    count.onsets += 1
    count.text = str(row.get("text", ""))
    _widen(count, row.get("value"), row.get("value"))


def _note_summary(report: RunReport, row: Mapping[str, Any]) -> None:
    count = report.causes.setdefault(str(row["cause"]), CauseCount(str(row["cause"]), str(row.get("level", ""))))
    _widen(count, row.get("lowest"), row.get("highest"))
    if row.get("lasts"):  # told again, with all of it, when it ends
        return
    count.duration_s += float(row.get("duration_s", 0.0))
    count.onsets += int(row.get("count", 1)) - 1


def _widen(count: CauseCount, low: float | None, high: float | None) -> None:
    count.lowest = count.lowest if low is None else min(count.lowest, low)
    count.highest = count.highest if high is None else max(count.highest, high)
