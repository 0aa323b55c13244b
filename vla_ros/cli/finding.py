"""One finding of `vla doctor`."""

from __future__ import annotations

from dataclasses import dataclass

OK, NOTE, BAD = "ok", "note", "bad"


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is, and what to do about it. Only ``bad`` makes the doctor's exit code 1."""

    state: str
    subject: str
    text: str
    remedy: str = ""

    def __post_init__(self) -> None:
        if self.state not in (OK, NOTE, BAD):
            raise ValueError(f"unknown state {self.state!r}")
        if self.state == BAD and not self.remedy:
            raise ValueError(f"{self.subject}: a bad finding needs a remedy")
