"""One skill of a plan: what must hold before, its script, what must hold after, and its limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from vla_ros.core.plan import PlanStep
from vla_ros.planning.context import Context, Script
from vla_ros.planning.facts import Fact
from vla_ros.planning.failure import Failure
from vla_ros.planning.target import Target

STILL_SKILLS = ("say", "wait")
"""Skills that move nothing and so need neither the safety gate nor a free hand."""


@dataclass(eq=False)
class Step:
    """A step of the running plan. ``task_index`` is the index of the TaskStep that it serves."""

    skill: str
    target: Target | None
    words: str
    """What it does, as a verb phrase without "to": "pick up the red cup"."""
    script: Callable[[Context], Script]
    preconditions: tuple[Fact, ...] = ()
    effects: tuple[Fact, ...] = ()
    timeout_s: float = 120.0
    goal: Target | None = None
    """Where it goes or who gets it."""
    relation: str = ""
    """How it is put there: on, in, beside …"""
    task_index: int = 0
    piece: int = 0
    """Which of several things ("the cups") it deals with; the later ones may be missing."""
    state: str = "pending"
    attempts: int = 0
    failure: Failure | None = None
    tried: list[str] = field(default_factory=list)

    def as_plan_step(self) -> PlanStep:
        """The form that is published."""
        where = self.target
        name = "" if where is None else (where.bound_id or (where.place.name if where.place else where.words()))
        return PlanStep(
            self.skill,
            name,
            self.words,
            tuple(map(str, self.preconditions)),
            tuple(map(str, self.effects)),
            self.state,
            self.attempts,
            self.failure.text if self.failure else "",
        )
