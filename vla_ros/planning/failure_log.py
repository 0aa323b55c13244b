"""What went wrong lately, what was done about it, and how the command ended. Bounded; for the summary service."""

from __future__ import annotations

import json
from collections import Counter, deque
from dataclasses import asdict, dataclass, replace

MOST_RECORDS = 200
_MOST_LETTERS = 200


@dataclass(frozen=True)
class FailureRecord:
    """One failed attempt. ``kind`` is one of core.plan.FAILURE_KINDS, ``strategy`` one of recovery.py's words,
    ``outcome`` the state in which the command ended ("" while it runs), ``time_s`` of the node's clock."""

    time_s: float
    command_id: str
    skill: str
    step: str
    kind: str
    cause: str
    attempt: int
    strategy: str
    outcome: str = ""


class FailureLog:
    """The newest records, oldest first."""

    def __init__(self) -> None:
        self.records: deque[FailureRecord] = deque(maxlen=MOST_RECORDS)

    def note(self, record: FailureRecord) -> None:
        """One failed attempt and what is done about it."""
        self.records.append(replace(record, cause=record.cause[:_MOST_LETTERS], step=record.step[:_MOST_LETTERS]))

    def ended(self, command_id: str, outcome: str) -> None:
        """The command has ended; its records get the outcome."""
        for i, record in enumerate(self.records):
            if record.command_id == command_id and not record.outcome:
                self.records[i] = replace(record, outcome=outcome)

    def summary(self) -> str:
        """JSON: counts by kind, strategy and outcome, and the records."""
        counts = {
            name: dict(Counter(getattr(r, name) or "running" for r in self.records))
            for name in ("kind", "strategy", "outcome")
        }
        return json.dumps({"failures": len(self.records), **counts, "records": [asdict(r) for r in self.records]})
