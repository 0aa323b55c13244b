"""Facts that skills need and bring about. They are named here and checked against perception in checks.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vla_ros.planning.target import Target

PREDICATES = ("located", "holding", "hand_empty", "near", "placed", "open", "closed")
"""located(x): seen somewhere; holding(x); hand_empty; near(x): the base stands by it; placed(x, y): x seen on or in
y; open(x), closed(x): of a door."""


@dataclass(frozen=True)
class Fact:
    """``predicate`` of PREDICATES about up to two targets."""

    predicate: str
    subject: Target | None = None
    other: Target | None = None

    def __str__(self) -> str:
        words = [t.words() for t in (self.subject, self.other) if t is not None]
        return f"{self.predicate}({', '.join(words)})" if words else self.predicate
