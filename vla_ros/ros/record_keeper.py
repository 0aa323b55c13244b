"""Writes the gate's records on a thread of its own, so that no disk ever delays a command."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from vla_ros.core.geometry import Twist2D
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.safety.intervention import Intervention
from vla_ros.safety.record_store import RecordStore
from vla_ros.safety.records import Journal, Occasion, Row

_MOST_WAITING = 2000
_SYNC_S = 1.0


class RecordKeeper:
    """A queue before a :class:`~vla_ros.safety.record_store.RecordStore`.

    Its thread keeps the scheduling of the one that makes it: a thread of lower priority that is preempted while it
    holds Python's lock would delay the gate.

    Args:
        folder: of the records.
        most_bytes: of all runs together.
        first_row: of the run.
    """

    def __init__(self, folder: Path, most_bytes: int, first_row: Row) -> None:
        stamp = datetime.fromtimestamp(first_row["time_s"], timezone.utc).strftime("%Y%m%dT%H%M%S")
        self._store = RecordStore(folder, f"{stamp}Z_{os.getpid()}", most_bytes, first_row)
        self._rows: queue.Queue[tuple[Row, ...] | None] = queue.Queue(_MOST_WAITING)
        self._dropped = 0
        self._thread = threading.Thread(target=self._work, name="records", daemon=True)
        self._thread.start()
        self.put(())  # the run's beginning is written now, also when nothing happens for long

    def put(self, rows: tuple[Row, ...]) -> None:
        """Hands rows over; never waits. What does not fit into the queue is lost and counted."""
        try:
            self._rows.put_nowait(rows)
        except queue.Full:
            self._dropped += len(rows)

    def close(self) -> None:
        """Writes what waits and ends the thread; a disk that hangs is left alone."""
        try:
            self._rows.put(None, timeout=1.0)
        except queue.Full:
            return
        self._thread.join(timeout=2.0)

    def values(self) -> dict[str, str]:
        """For /diagnostics: where the records lie, how many were lost and why."""
        found: dict[str, Any] = {"records": self._store.path}
        if self._store.lost + self._dropped:
            found["records_lost"] = self._store.lost + self._dropped
        if self._store.problem:
            found["records_problem"] = self._store.problem
        return {key: str(value) for key, value in found.items()}

    def _work(self) -> None:
        synced_s = time.monotonic()
        for rows in iter(self._rows.get, None):
            self._store.append(rows)
            if time.monotonic() - synced_s >= _SYNC_S:
                self._store.sync()
                synced_s = time.monotonic()
        self._store.close()


class GateRecords:
    """One run of the gate, from its ticks to the disk.

    Args:
        folder: of the records.
        most_bytes: of all runs together.
        about: of the run: robot, limits.
        now: the steady clock [s].
    """

    def __init__(self, folder: Path, most_bytes: int, about: Mapping[str, Any], now: float) -> None:
        self._journal = Journal(time.time(), now, {**about, "pid": os.getpid()})
        self._keeper = RecordKeeper(folder, most_bytes, self._journal.first_row)

    def observe(
        self,
        status: SafetyStatus,
        sent: Twist2D,
        interventions: tuple[Intervention, ...],
        occasion: Occasion,
        now: float,
    ) -> None:
        """What one tick gave; ``occasion`` is the command under way."""
        self._journal.occasion = occasion
        rows = self._journal.observe(status, sent, interventions, now)
        if rows:
            self._keeper.put(rows)

    def values(self) -> dict[str, str]:
        """For /diagnostics."""
        return self._keeper.values()

    def close(self, now: float) -> None:
        """An orderly end."""
        self._keeper.put(self._journal.close(now))
        self._keeper.close()
