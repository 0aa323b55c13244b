"""Keeps rows of records as JSON lines in files of bounded size; old runs go first, a full disk stops nothing.

Every call writes to the disk: it belongs on a thread of its own, never on the gate's. What was appended survives the
death of the process at once and a loss of power after :meth:`RecordStore.sync`.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

SUFFIX = ".jsonl"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_PARTS = 4
_LEAST_BYTES = 4096


def record_folder(given: str = "", environ: Mapping[str, str] | None = None) -> Path:
    """Where the gate's records lie: ``given``, else $VLA_ROS_HOME/safety, else ~/.ros/vla_ros/safety."""
    environ = os.environ if environ is None else environ
    if given:
        return Path(given).expanduser()
    home = environ.get("VLA_ROS_HOME", "")
    return (Path(home).expanduser() if home else Path.home() / ".ros" / "vla_ros") / "safety"


class RecordStore:
    """One run's files ``<run>.00000.jsonl``, ``<run>.00001.jsonl`` … in ``folder``. Nothing here raises: what cannot be
    written is counted in ``lost`` and ``problem`` says why.

    Args:
        folder: made when it is missing.
        run: name of the run; later runs sort after earlier ones.
        most_bytes: of all runs in the folder together.
        first_row: begins each of the run's files, so that each can be read alone.
    """

    def __init__(self, folder: Path, run: str, most_bytes: int, first_row: Mapping[str, Any]) -> None:
        self._folder, self._run = folder, run
        self._most_bytes = max(most_bytes, _PARTS * _LEAST_BYTES)
        self._first = _line(first_row)
        self._file: int | None = None
        self._part = -1
        self._size = 0
        self.lost = 0
        self.problem = ""

    @property
    def path(self) -> Path:
        """The file that is written now."""
        return self._folder / f"{self._run}.{max(self._part, 0):05d}{SUFFIX}"

    def append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Writes rows at the end; makes room by removing the oldest files of the folder when there is none."""
        lines = [_line(row) for row in rows]
        data = b"".join(lines)
        while True:
            try:
                self._write(data)
                self.problem = ""
                return
            except OSError as error:
                self.problem = f"{error.strerror or error}: {self.path}"
                if error.errno not in _NO_ROOM or not self._remove_oldest():
                    self.lost += len(lines)
                    return

    def sync(self) -> None:
        """Has the system put on the disk what was appended."""
        if self._file is not None:
            try:
                os.fsync(self._file)
            except OSError as error:
                self.problem = f"{error.strerror or error}: {self.path}"

    def close(self) -> None:
        """Syncs and closes the file."""
        self.sync()
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, data: bytes) -> None:
        if self._file is None or self._size + len(data) > self._most_bytes // _PARTS:
            self._next_file()
        assert self._file is not None
        if self._size == 0:
            data = self._first + data
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(self._file, left) :]
        except OSError:
            os.ftruncate(self._file, self._size)  # no half of a row stays behind
            raise
        self._size += len(data)

    def _next_file(self) -> None:
        if self._file is not None:
            self.close()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._part += 1
        while self.path.exists():  # a run of that name was here before
            self._part += 1
        try:
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o640)
        except OSError:
            self._part -= 1
            raise
        self._size = 0
        self._prune()

    def _prune(self) -> None:
        """Removes the oldest files until a new one fits."""
        room = self._most_bytes - self._most_bytes // _PARTS
        while sum(_size(path) for path in record_files(self._folder)) > room and self._remove_oldest():
            pass

    def _remove_oldest(self) -> bool:
        for path in record_files(self._folder):
            if path != self.path or self._file is None:
                try:
                    path.unlink()
                    return True
                except OSError:
                    continue
        return False


def record_files(folder: Path) -> tuple[Path, ...]:
    """The record files of a folder, oldest first."""
    try:
        return tuple(sorted(folder.glob(f"*{SUFFIX}")))
    except OSError:
        return ()


def files_of_last_run(folder: Path) -> tuple[Path, ...]:
    """All files of the newest run in a folder, in order; empty when there is none."""
    files = record_files(folder)
    return tuple(path for path in files if _run_of(path) == _run_of(files[-1])) if files else ()


def read_rows(paths: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """The rows of files in order. A torn or damaged line is left out."""
    for path in paths:
        with path.open("rb") as stream:
            for line in stream:
                try:
                    row = json.loads(line)
                except ValueError:
                    continue
                if isinstance(row, dict) and isinstance(row.get("time_s"), (int, float)):
                    yield row


def _line(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def _run_of(path: Path) -> str:
    return path.name.removesuffix(SUFFIX).rpartition(".")[0]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
