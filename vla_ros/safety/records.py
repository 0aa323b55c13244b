"""What is kept of a run of the gate: one record an episode of a cause, its summary, and the run's course.

Pure: times come from the caller. ``Journal`` turns what the gate says at every tick into few rows (plain values that
JSON can hold); ``record_store.py`` keeps them, ``run_report.py`` reads them again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vla_ros.core.geometry import Twist2D
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.safety.intervention import Intervention

Row = dict[str, Any]

EPISODE_GAP_S = 2.0
"""The same cause within this time is the same episode."""
EPISODE_LONGEST_S = 60.0
"""A longer episode gives a summary so often."""
_SAMPLE_S = 0.5
_MOST_EPISODES = 200
_MOST_LETTERS = 200


@dataclass(frozen=True, slots=True)
class Occasion:
    """On whose behalf the robot moved: the command's id and the plan's step, for the record only."""

    instruction_id: str = ""
    step_index: int = 0
    steps: int = 0
    step: str = ""


@dataclass
class _Episode:
    row: Row
    began_s: float
    last_s: float
    count: int = 1
    lowest: float = math.inf
    highest: float = -math.inf
    told_s: float = field(default=0.0)

    def widen(self, value: float, now: float) -> None:
        self.last_s = now
        self.lowest, self.highest = min(self.lowest, value), max(self.highest, value)


class Journal:
    """One run of the gate as rows.

    Rows have ``kind`` and ``time_s`` (seconds since 1970, made from one reading at the start and the steady clock
    since, so that a jump of the system's clock does not tear the run):

    run: the start, with what the caller says of robot and limits.
    state: the gate's state has changed (state, cause).
    sample: twice a second while something changes: nearest obstacle [m], speed sent [m/s], speed scale.
    intervention: a cause begins to act: level, cause, text, value, limit, object, wished and sent (vx, vy, wz),
        instruction_id, step.
    summary: the same cause has ended (or lasts): duration_s, count of onsets, lowest and highest value.
    end: an orderly end.

    Args:
        started_s: seconds since 1970 at ``now``.
        now: the steady clock at the start [s].
        about: of the run; goes into its first row.
    """

    def __init__(self, started_s: float, now: float, about: Mapping[str, Any] | None = None) -> None:
        self._offset_s = started_s - now
        self.occasion = Occasion()
        self._open: dict[str, _Episode] = {}
        self._acting = ""
        self._state: tuple[str, bool] | None = None
        self._sampled_s = now
        self._sample: tuple[float, float, float] | None = None
        self._nearest, self._speed, self._scale = math.inf, 0.0, 1.0
        self.first_row: Row = {"kind": "run", "time_s": self._time(now), **dict(about or {})}

    def observe(
        self, status: SafetyStatus, sent: Twist2D, interventions: Iterable[Intervention], now: float
    ) -> tuple[Row, ...]:
        """The rows that one tick gives; most ticks give none."""
        rows: list[Row] = []
        for intervention in interventions:
            rows += self._begin(intervention, now)
        self._follow(status, now)
        rows += self._finished(now)
        if (status.state, status.armed) != self._state:
            self._state = (status.state, status.armed)
            rows.append(
                {
                    "kind": "state",
                    "time_s": self._time(now),
                    "state": status.state,
                    "armed": status.armed,
                    "cause": status.cause,
                }
            )
        return (*rows, *self._course(status, sent, now))

    def close(self, now: float) -> tuple[Row, ...]:
        """The rows of an orderly end: every open episode's summary, and the end."""
        rows = [self._summary(episode, now) for episode in self._open.values()]
        self._open.clear()
        return (*rows, {"kind": "end", "time_s": self._time(now)})

    # -- episodes

    def _begin(self, intervention: Intervention, now: float) -> list[Row]:
        verdict = intervention.verdict
        episode = self._open.get(verdict.cause)
        if episode is not None:
            episode.count += 1
            episode.widen(verdict.value, now)
            return []
        if len(self._open) >= _MOST_EPISODES:
            return []
        row: Row = {
            "kind": "intervention",
            "time_s": self._time(intervention.time_s),
            "level": verdict.level.name.lower(),
            "cause": verdict.cause,
            "text": verdict.text[:_MOST_LETTERS],
            "value": number(verdict.value),
            "limit": number(verdict.limit),
            "object": verdict.object[:_MOST_LETTERS],
            "wished": axes(intervention.wished),
            "sent": axes(intervention.sent),
            "instruction_id": self.occasion.instruction_id[:_MOST_LETTERS],
            "step_index": self.occasion.step_index,
            "steps": self.occasion.steps,
            "step": self.occasion.step[:_MOST_LETTERS],
        }
        self._open[verdict.cause] = episode = _Episode(row, now, now, told_s=now)
        episode.widen(verdict.value, now)
        return [row]

    def _follow(self, status: SafetyStatus, now: float) -> None:
        """The cause that acts now lengthens its episode."""
        episode = self._open.get(status.cause)
        if episode is not None:
            episode.widen(status.value, now)

    def _finished(self, now: float) -> list[Row]:
        rows = []
        for cause, episode in list(self._open.items()):
            if now - episode.last_s > EPISODE_GAP_S:
                rows.append(self._summary(episode, now))
                del self._open[cause]
            elif now - episode.told_s > EPISODE_LONGEST_S:
                episode.told_s = now
                rows.append(self._summary(episode, now, lasts=True))
        return rows

    def _summary(self, episode: _Episode, now: float, lasts: bool = False) -> Row:
        same = ("cause", "level", "object", "instruction_id", "step_index", "steps", "step")
        return {
            "kind": "summary",
            "time_s": self._time(now),
            **{key: episode.row[key] for key in same},
            "began_s": episode.row["time_s"],
            "duration_s": round(episode.last_s - episode.began_s, 3),
            "count": episode.count,
            "lowest": number(episode.lowest),
            "highest": number(episode.highest),
            "lasts": lasts,
        }

    # -- the course of the run

    def _course(self, status: SafetyStatus, sent: Twist2D, now: float) -> list[Row]:
        self._nearest = min(self._nearest, status.nearest_m)
        self._speed = max(self._speed, sent.speed)
        self._scale = min(self._scale, status.speed_scale)
        if now - self._sampled_s < _SAMPLE_S:
            return []
        sample = (round(self._nearest, 2) if math.isfinite(self._nearest) else math.inf, self._speed, self._scale)
        self._sampled_s = now
        self._nearest, self._speed, self._scale = math.inf, 0.0, 1.0
        if sample == self._sample:
            return []
        self._sample = sample
        return [
            {
                "kind": "sample",
                "time_s": self._time(now),
                "nearest_m": number(sample[0]),
                "speed_mps": round(sample[1], 4),
                "speed_scale": round(sample[2], 3),
            }
        ]

    def _time(self, now: float) -> float:
        return round(now + self._offset_s, 3)


def axes(twist: Twist2D) -> list[float | None]:
    """vx, vy [m/s] and wz [rad/s] of a twist."""
    return [number(twist.vx), number(twist.vy), number(twist.wz)]


def number(value: float) -> float | None:
    """A number that JSON can hold; None when it is not finite."""
    return round(float(value), 4) if math.isfinite(value) else None
