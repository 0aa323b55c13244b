"""Runs processes as one: each in its own process group; when one ends, all end; nothing is restarted.

Standard library only. Used by `vla up`, the demo and the benchmarks.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

_POLL_S = 0.1
_PATIENCE = ((signal.SIGTERM, 8.0), (signal.SIGKILL, 2.0))
"""rclpy ends cleanly on both SIGINT and SIGTERM; but a Python that is still importing prints a traceback on SIGINT."""


@dataclass(frozen=True)
class Ended:
    """A process that ended although nobody asked it to."""

    name: str
    code: int
    """exit code; negative: killed by that signal"""

    def __str__(self) -> str:
        if self.code < 0:
            return f"{self.name} was killed by {signal.Signals(-self.code).name}"
        return f"{self.name} ended with exit code {self.code}"


class Supervisor:
    """Starts, watches and ends a set of processes. A context manager: leaving it ends them all.

    Args:
        commands: (name, command line), started in this order.
        environment: of the processes.
        log_folder: where ``<name>.log`` gets their output; None: it goes to this terminal.
    """

    def __init__(
        self,
        commands: Sequence[tuple[str, Sequence[str]]],
        environment: Mapping[str, str] | None = None,
        log_folder: Path | None = None,
    ) -> None:
        self._commands = [(name, list(command)) for name, command in commands]
        self._environment = dict(os.environ if environment is None else environment)
        self._log_folder = log_folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._logs: list[IO[bytes]] = []
        self.stop_asked = threading.Event()

    def __enter__(self) -> Supervisor:
        try:
            for name, command in self._commands:
                self._start(name, command)
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by name; each is also the id of its group."""
        return {name: process.pid for name, process in self._running.items()}

    def ended(self) -> tuple[Ended, ...]:
        """The processes that have ended by themselves so far."""
        codes = ((name, process.poll()) for name, process in self._running.items())
        return tuple(Ended(name, code) for name, code in codes if code is not None)

    def watch(self, timeout_s: float | None = None) -> tuple[Ended, ...]:
        """Waits until a process ends by itself, ``stop_asked`` is set, or the time is over (then: empty)."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not self.stop_asked.is_set():
            gone = self.ended()
            if gone or (deadline is not None and time.monotonic() >= deadline):
                return gone
            self.stop_asked.wait(_POLL_S)
        return ()

    def end(self) -> tuple[str, ...]:
        """Ends every process group: asked politely first, then made to. Returns who had to be killed."""
        killed: list[str] = []
        for how, patience_s in _PATIENCE:
            left = {name: process for name, process in self._running.items() if _alive(process)}
            if not left:
                break
            for name, process in left.items():
                _signal_group(process.pid, how)
                if how is signal.SIGKILL:
                    killed.append(name)
            deadline = time.monotonic() + patience_s
            while time.monotonic() < deadline and any(_alive(process) for process in left.values()):
                time.sleep(_POLL_S / 2)
        for process in self._running.values():
            process.poll()
        for log in self._logs:
            log.close()
        self._logs.clear()
        return tuple(killed)

    def _start(self, name: str, command: list[str]) -> None:
        output: IO[bytes] | None = None
        if self._log_folder is not None:
            self._log_folder.mkdir(parents=True, exist_ok=True)
            output = (self._log_folder / f"{name}.log").open("wb")
            self._logs.append(output)
        self._running[name] = subprocess.Popen(
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
        )


def _alive(process: subprocess.Popen[bytes]) -> bool:
    """True while the process or a child in its group lives."""
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def _signal_group(group: int, how: signal.Signals) -> None:
    try:
        os.killpg(group, how)
    except ProcessLookupError:
        return
