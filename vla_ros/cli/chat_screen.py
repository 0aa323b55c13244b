"""The terminal of `vla chat`: news appear above the line that is being typed; history is kept in a file."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

try:
    import readline
except ImportError:  # a Python built without it: no history and no editing, but a dialogue all the same
    readline = None  # type: ignore[assignment]

_HISTORY = 500


def history_file() -> Path:
    """Where what was typed is kept: chat_history in $VLA_ROS_HOME, else in ~/.ros/vla_ros."""
    home = os.environ.get("VLA_ROS_HOME", "")
    return (Path(home).expanduser() if home else Path.home() / ".ros" / "vla_ros") / "chat_history"


class Screen:
    """Reads lines and prints news from any thread without tearing either."""

    def __init__(self, console: Console, history: Path | None) -> None:
        self.console = console
        self._history = history
        self._lock = threading.RLock()
        self._prompt = ""
        self._typing = False
        self._live = sys.stdin.isatty() and sys.stdout.isatty()
        if readline is not None and history is not None and history.exists():
            try:
                readline.read_history_file(history)
            except OSError as error:
                self.show(f"history {history}: {error}", "yellow")

    def show(self, text: str, style: str = "", mark: str = "") -> None:
        """Prints ``text`` as it is, with a mark before it, above the line that is being typed."""
        with self._lock:
            if self._typing and self._live:
                sys.stdout.write("\r\x1b[K")
                sys.stdout.flush()
            line = Text.assemble((f"{mark} " if mark else "", f"bold {style}".strip()), (printable(text), style))
            self.console.print(line, soft_wrap=True)
            if self._typing and self._live:
                typed = readline.get_line_buffer() if readline is not None else ""
                sys.stdout.write(self._prompt + typed)
                sys.stdout.flush()

    def read(self, prompt: str) -> str:
        """One line. Raises EOFError at the end and KeyboardInterrupt for Ctrl-C."""
        with self._lock:
            self._prompt, self._typing = (prompt if self._live else ""), True
        try:
            return input(self._prompt)
        finally:
            with self._lock:
                self._typing = False

    def save_history(self) -> None:
        """Keeps the last lines, readable by their owner only."""
        if readline is None or self._history is None or not self._live:
            return
        try:
            self._history.parent.mkdir(parents=True, exist_ok=True)
            self._history.touch(mode=0o600)
            readline.set_history_length(_HISTORY)
            readline.write_history_file(self._history)
        except OSError as error:
            self.show(f"history {self._history}: {error}", "yellow")

    def forget_history(self) -> None:
        """Nothing that was typed is kept."""
        if readline is not None:
            readline.clear_history()
        if self._history is not None:
            self._history.unlink(missing_ok=True)


def printable(text: Any) -> str:
    """Text from elsewhere without control characters: it must not steer the terminal."""
    return "".join(c if c.isprintable() else " " for c in str(text))
