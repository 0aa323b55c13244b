"""What a rule says: how bad it is, the cause by name, the numbers, the thing that limits. The worst one wins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """How much a verdict limits. Order is severity."""

    PASS = 0
    """Nothing to say."""
    INFORM = 1
    """Something was refused or clamped; the rest passes."""
    SLOW = 2
    """The base drives slower."""
    BLOCK = 3
    """The base stands at once, joints may move."""
    POSTURE = 4
    """The base brakes within its limits, the arm goes slowly to its safe posture and is held there."""
    BRAKE = 5
    """The base brakes within its limits, joints are held."""
    HALT = 6
    """The base stands at once, joints are held."""
    E_STOP = 7
    """Like HALT, latched until reset."""
    FAULT = 8
    """Like HALT, until the gate is started anew."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule's answer. ``cause`` is a stable name, ``text`` the same for people with ``value`` and ``limit``;
    ``object`` names the sensor, joint or thing; ``scale`` in [0, 1] multiplies the base's command."""

    level: Level
    cause: str = ""
    text: str = ""
    value: float = 0.0
    limit: float = 0.0
    object: str = ""
    scale: float = 1.0


PASS = Verdict(Level.PASS)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The most severe verdict; among equals the one that scales most, then the first. PASS when there is none."""
    return max(verdicts, key=lambda v: (v.level, -v.scale), default=PASS)
