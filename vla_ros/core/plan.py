"""Plans and the progress of commands. Made by planning, read by people, language and the demo."""

from __future__ import annotations

from dataclasses import dataclass

STEP_STATES = ("pending", "running", "succeeded", "failed", "skipped")
COMMAND_STATES = (
    "accepted", "queued", "running", "paused", "waiting_for_answer", "succeeded", "failed", "refused",
    "cancelled", "not_understood",
)  # fmt: skip
TERMINAL_STATES = ("succeeded", "failed", "refused", "cancelled", "not_understood")
FAILURE_KINDS = ("", "perception", "planning", "execution", "communication", "sensor", "hardware")


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One skill of a plan with what must hold before and after it, as checked against perception."""

    skill: str
    target: str
    description: str
    preconditions: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    state: str = "pending"
    attempts: int = 0
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The present plan of one command; published anew whenever a step's state changes."""

    command_id: str
    steps: tuple[PlanStep, ...]
    current: int = 0


@dataclass(frozen=True, slots=True)
class CommandStatus:
    """Progress of one command: what it does, asks or ended with (``state`` of COMMAND_STATES)."""

    command_id: str
    instruction: str
    state: str
    step_index: int = 0
    steps: int = 0
    text: str = ""
    question: str = ""
    confidence: float = 0.0
    failure: str = ""
    """One of FAILURE_KINDS."""

    @property
    def is_terminal(self) -> bool:
        """True when nothing more will follow for this command."""
        return self.state in TERMINAL_STATES
