"""What the safety gate says of itself. Made by safety, read by everyone."""

from __future__ import annotations

from dataclasses import dataclass

SAFETY_STATES = ("boot", "stopped", "armed", "running", "slowed", "e_stopped", "faulted")
"""boot: not all inputs seen yet; stopped: disarmed or a cause to stand still; armed: ready, nothing moves;
running: commands pass; slowed: commands pass scaled; e_stopped: latched; faulted: needs a restart."""


@dataclass(frozen=True, slots=True)
class SafetyStatus:
    """The verdict of one tick. ``cause`` is a stable name ("" when unlimited), ``text`` says it to people."""

    stamp_s: float
    state: str
    armed: bool
    e_stopped: bool
    cause: str = ""
    text: str = ""
    value: float = 0.0
    limit: float = 0.0
    limiting_object: str = ""
    speed_scale: float = 1.0
    nearest_m: float = float("inf")
    interventions: int = 0
