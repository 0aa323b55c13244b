"""The GPSR commands files: a command and its logical form, a line each, blank lines between them allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vla_ros.core.errors import InputError

HALVES = ("all", "odd", "even")


@dataclass(frozen=True, slots=True)
class Case:
    """A command and the logical form that people gave it."""

    text: str
    form: str

    @property
    def head(self) -> str:
        """What the form begins with: bring, say answer, UNKNOWN …"""
        words = [w for w in self.form.split() if w not in ("(", ")", '"')]
        if words[0] == "lambda":
            return "sequence"
        if words[0] != "say":
            return words[0]
        if words[1] in ("answer", "count"):
            return f"say {words[1]}"
        return "say text" if words[1].startswith("<") else "say which" if words.count("lambda") == 1 else "say about"


def read_cases(paths: Sequence[Path], half: str = "all") -> list[Case]:
    """The cases of all files, or of every file its odd (first, third …) or even ones. Raises InputError."""
    cases = []
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError("gpsr", str(path), f"Give a readable text file: {error}.") from None
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if len(lines) % 2:
            raise InputError("gpsr", str(path), f"It has {len(lines)} lines; give a command and a form, a line each.")
        pairs = [Case(command, " ".join(form.split())) for command, form in zip(lines[0::2], lines[1::2])]
        cases += pairs[HALVES.index(half) - 1 :: 2] if half != "all" else pairs
    return cases
