"""What a sentence may have been: readings with their sound's scores, and the choice of the one that makes sense.

Whether a reading makes sense is asked of a function that is handed in, so that this stage need not know the parser.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Sense = Callable[[str], float]
"""How much sense a sentence makes to whoever must act on it: 0 none … 1 all."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading. ``score`` is the sense that would make up for its sound: 0 for the best of a list, else below."""

    text: str
    score: float = 0.0


class Recognizer(Protocol):
    """Sound to readings."""

    def readings(self, samples: NDArray[np.int16], count: int) -> tuple[Reading, ...]:
        """Up to ``count`` readings of one sentence (16 kHz mono), the best first; empty when there are no words."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """The reading that was taken and how much sense it makes."""

    text: str
    sense: float


def choose(readings: Sequence[Reading], sense: Sense) -> Choice | None:
    """The reading of most sense; among equals the one that sounds best. None without readings.

    A reading that sounds worse wins only where the others make less sense.
    """
    best: tuple[float, Choice] | None = None
    for reading in readings:
        made = sense(reading.text)
        value = made + reading.score
        if best is None or value > best[0]:
            best = (value, Choice(reading.text, made))
    return best[1] if best else None
