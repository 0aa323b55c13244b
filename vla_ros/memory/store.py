"""The memory file: bounded tables in SQLite that several processes may open and that survive a kill.

Nothing here raises after the start: what cannot be written (full or lost disk) is counted in ``lost`` with its reason
in ``problem``; a damaged file is set aside with a warning and a fresh one begun. Every call may touch the disk: it
belongs on a thread of its own, one at a time.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar

from vla_ros.core.remembered import (
    RememberedObject,
    RememberedPerson,
    RememberedPlace,
    RememberedTask,
    Turn,
)
from vla_ros.memory.params import MemoryParams
from vla_ros.memory.schema import AGES, TABLES, VERSION

T = TypeVar("T")

_SAME_THING_M = 0.3
_BUSY_S = 2.0
_TRIES, _PAUSE_S = 20, 0.05
_DAMAGED = ".damaged-"
_MOST_LETTERS = 4000


class MemoryStore:
    """One robot's memory.

    Args:
        path: the file, made with its folder when missing, readable by its owner only; None keeps all in memory.
        params: how many rows each table holds.
    """

    def __init__(self, path: Path | None, params: MemoryParams | None = None) -> None:
        self.path = path
        self.warnings: list[str] = []
        self.lost = 0
        self.problem = ""
        limits = params or MemoryParams()
        self._limits = {table: int(getattr(limits, f"memory_{table}")) for table in AGES}
        self._base = self._open()

    # -- writing

    def add_turn(self, turn: Turn) -> None:
        """Adds a turn of the conversation."""
        values = (turn.time_s, turn.speaker, turn.text[:_MOST_LETTERS], turn.command_id)
        self._write("turns", "INSERT INTO turns (time_s, speaker, text, command_id) VALUES (?, ?, ?, ?)", [values])

    def see(self, seen: Sequence[RememberedObject], gone: Sequence[RememberedObject] = ()) -> None:
        """Notes where things are, and drops those found missing where they were. One thing keeps one row: the same
        track of the same run wherever it is now, else the nearest of its category and colour within 0.3 m."""

        def work(base: sqlite3.Connection) -> None:
            for thing in gone:
                row = self._row_of(base, thing)
                if row is not None:
                    base.execute("DELETE FROM objects WHERE id = ?", (row,))
            for thing in seen:
                x, y, z = thing.position
                values = (thing.category, thing.color, x, y, z, thing.furniture, thing.room, thing.seen_s,
                          thing.track, thing.run)  # fmt: skip
                row = self._row_of(base, thing)
                if row is None:
                    base.execute(
                        "INSERT INTO objects (category, color, x, y, z, furniture, room, seen_s, track, run) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        values,
                    )
                else:
                    base.execute(
                        "UPDATE objects SET category=?, color=?, x=?, y=?, z=?, furniture=?, room=?, seen_s=?, "
                        "track=?, run=? WHERE id=?",
                        (*values, row),
                    )

        self._change("objects", work)

    def teach(self, place: RememberedPlace) -> None:
        """Remembers a place; a place of the same name is replaced."""
        values = (place.name, place.x, place.y, place.yaw, place.furniture, place.room, place.taught_s)
        statement = "INSERT OR REPLACE INTO places (name, x, y, yaw, furniture, room, taught_s) VALUES (?,?,?,?,?,?,?)"
        self._write("places", statement, [values])

    def meet(self, person: RememberedPerson) -> None:
        """Remembers a person; one of the same name is replaced, and there is one user only."""

        def work(base: sqlite3.Connection) -> None:
            if person.user:
                base.execute("DELETE FROM people WHERE user = 1")
            values = (person.name, int(person.user), person.color, person.height_m, person.met_s)
            statement = "INSERT OR REPLACE INTO people (name, user, color, height_m, met_s) VALUES (?, ?, ?, ?, ?)"
            base.execute(statement, values)

        self._change("people", work)

    def note_task(self, task: RememberedTask) -> None:
        """Adds a command."""
        values = (task.command_id, task.text[:_MOST_LETTERS], task.task_json, task.state, task.reason,
                  task.started_s, task.ended_s)  # fmt: skip
        statement = (
            "INSERT OR REPLACE INTO tasks (command_id, text, task_json, state, reason, started_s, ended_s) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        self._write("tasks", statement, [values])

    def end_task(self, command_id: str, state: str, reason: str, ended_s: float) -> None:
        """Notes how a command that was added ended."""
        statement = "UPDATE tasks SET state = ?, reason = ?, ended_s = ? WHERE command_id = ?"
        self._write("tasks", statement, [(state, reason[:_MOST_LETTERS], ended_s, command_id)])

    def end_open_tasks(self, state: str, reason: str, ended_s: float) -> None:
        """Commands of an earlier run whose end nobody wrote down."""
        statement = "UPDATE tasks SET state = ?, reason = ?, ended_s = ? WHERE ended_s = 0"
        self._write("tasks", statement, [(state, reason, ended_s)])

    def forget(self, what: str, name: str = "") -> int:
        """Deletes for good and returns how many rows. ``what``: one of FORGETTABLE, or "place" or "person" with a
        ``name``; an unknown word deletes nothing. The file keeps no trace of the rows."""
        everything = dict.fromkeys(AGES, "1")
        clauses: dict[str, str] = {
            "conversation": {"turns": "1"}, "objects": {"objects": "1"}, "places": {"places": "1"},
            "people": {"people": "1"}, "tasks": {"tasks": "1"}, "everything": everything,
            "me": {"turns": "1", "tasks": "1", "people": "user = 1", "places": "name LIKE 'my %'"},
            "place": {"places": "name = ?"}, "person": {"people": "name = ?"},
        }.get(what, {})  # fmt: skip

        def work(base: sqlite3.Connection) -> int:
            total = 0
            for table, clause in clauses.items():
                values = (name,) if "?" in clause else ()
                total += base.execute(f"DELETE FROM {table} WHERE {clause}", values).rowcount
            return total

        deleted = self._change("", work) or 0
        with suppress(sqlite3.Error):
            self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if what == "everything" and self.path is not None:
            for old in self.path.parent.glob(f"{self.path.name}{_DAMAGED}*"):
                with suppress(OSError):
                    old.unlink()
        return deleted

    # -- reading

    def turns(self, newest: int = 1_000_000) -> tuple[Turn, ...]:
        """The last turns, oldest first."""
        rows = self._rows("SELECT time_s, speaker, text, command_id FROM turns ORDER BY id DESC LIMIT ?", (newest,))
        return tuple(Turn(*row) for row in reversed(rows))

    def objects(self) -> tuple[RememberedObject, ...]:
        """All things, the last seen first."""
        rows = self._rows(
            "SELECT category, color, x, y, z, furniture, room, seen_s, track, run FROM objects ORDER BY seen_s DESC"
        )
        return tuple(RememberedObject(c, color, (x, y, z), *rest) for c, color, x, y, z, *rest in rows)

    def places(self) -> tuple[RememberedPlace, ...]:
        """All places, the last taught first."""
        rows = self._rows("SELECT name, x, y, yaw, furniture, room, taught_s FROM places ORDER BY taught_s DESC")
        return tuple(RememberedPlace(*row) for row in rows)

    def people(self) -> tuple[RememberedPerson, ...]:
        """All people, the last met first."""
        rows = self._rows("SELECT name, user, color, height_m, met_s FROM people ORDER BY met_s DESC")
        return tuple(RememberedPerson(name, bool(user), *rest) for name, user, *rest in rows)

    def tasks(self, newest: int = 1_000_000) -> tuple[RememberedTask, ...]:
        """The last commands, oldest first."""
        rows = self._rows(
            "SELECT command_id, text, task_json, state, reason, started_s, ended_s FROM tasks "
            "ORDER BY started_s DESC, id DESC LIMIT ?",
            (newest,),
        )
        return tuple(RememberedTask(*row) for row in reversed(rows))

    def version(self) -> int:
        """A number that changes when another process has written."""
        rows = self._rows("PRAGMA data_version")
        return int(rows[0][0]) if rows else 0

    def close(self) -> None:
        """Closes the file."""
        with suppress(sqlite3.Error):
            self._base.close()

    # -- inside

    def _open(self) -> sqlite3.Connection:
        if self.path is None:
            return _connect(":memory:")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch(mode=0o600)
            return _connect_patiently(self.path)
        except sqlite3.OperationalError as error:
            problem = str(error)
        except sqlite3.DatabaseError as error:
            problem = self._set_aside(str(error))
            with suppress(sqlite3.Error, OSError):
                self.path.touch(mode=0o600)
                return _connect(self.path)
        except OSError as error:
            problem = error.strerror or str(error)
        self.warnings.append(f"memory file {self.path}: {problem}. What I learn now is lost at the end.")
        self.path = None
        return _connect(":memory:")

    def _set_aside(self, why: str) -> str:
        """Renames a damaged file with its journals, so that it can be looked at, and warns."""
        assert self.path is not None
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}{_DAMAGED}{number}")).exists():
            number += 1
        try:
            self.path.rename(aside)
        except OSError as error:
            return f"{why}; it cannot be set aside ({error.strerror})"
        for suffix in ("-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        self.warnings.append(f"memory file {self.path} is damaged ({why}): I begin a new one; the old one is {aside}.")
        return why

    def _row_of(self, base: sqlite3.Connection, thing: RememberedObject) -> int | None:
        if thing.track:
            same = "SELECT id FROM objects WHERE track = ? AND run = ?"
            found = base.execute(same, (thing.track, thing.run)).fetchone()
            if found is not None:
                return int(found[0])
        x, y, z = thing.position
        gap = "(x - :x) * (x - :x) + (y - :y) * (y - :y) + (z - :z) * (z - :z)"
        found = base.execute(
            f"SELECT id FROM objects WHERE category = :category AND color = :color AND {gap} <= :reach "
            f"ORDER BY {gap} LIMIT 1",
            {"x": x, "y": y, "z": z, "category": thing.category, "color": thing.color, "reach": _SAME_THING_M**2},
        ).fetchone()
        return int(found[0]) if found is not None else None

    def _write(self, table: str, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        self._change(table, lambda base: base.executemany(statement, rows))

    def _change(self, table: str, work: Any) -> Any:
        """One transaction, bounded afterwards; None when it could not be written."""
        for attempt in range(2):
            try:
                with self._base:
                    result = work(self._base)
                    if table:
                        self._bound(table)
                self.problem = ""
                return result
            except sqlite3.OperationalError as error:
                self.problem = str(error)
                break
            except sqlite3.DatabaseError as error:
                self.problem = str(error)
                if attempt or self.path is None:
                    break
                self.close()
                self._set_aside(str(error))
                self._base = self._open()
        self.lost += 1
        return None

    def _bound(self, table: str) -> None:
        self._base.execute(
            f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} ORDER BY {AGES[table]} DESC, id DESC "
            "LIMIT -1 OFFSET ?)",
            (self._limits[table],),
        )

    def _rows(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            with closing(self._base.execute(statement, values)) as cursor:
                return cursor.fetchall()
        except sqlite3.Error as error:
            self.problem = str(error)
            return []


def _connect_patiently(path: Path) -> sqlite3.Connection:
    """Opens a file that another process may be making at this moment: SQLite does not wait for that by itself."""
    for _ in range(_TRIES):
        try:
            return _connect(path)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(_PAUSE_S)
    return _connect(path)


def _connect(path: Path | str) -> sqlite3.Connection:
    """Opens and checks a file. Raises sqlite3.DatabaseError for one that is damaged or of a later version."""
    base = sqlite3.connect(path, timeout=_BUSY_S, check_same_thread=False)
    try:
        if base.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA synchronous = NORMAL")
        base.execute("PRAGMA secure_delete = ON")
        found = base.execute("PRAGMA quick_check(1)").fetchone()
        if found is None or found[0] != "ok":
            raise sqlite3.DatabaseError(str(found[0]) if found else "no answer to a check")
        version = base.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise sqlite3.OperationalError(f"it was written by a later version of this software (format {version})")
        if version < VERSION:  # to look at a memory writes nothing
            base.executescript(TABLES)
            base.execute(f"PRAGMA user_version = {VERSION}")
            base.commit()
    except sqlite3.Error:
        base.close()
        raise
    return base
