"""Items by number, and how one is run: an exception or a time that is over is an unmet item with its reason."""

from __future__ import annotations

import importlib
import pkgutil
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

LONGEST_S = 1800
"""One item, in full; a quick one gets a tenth of it."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is tried. ``quick`` is for `make test`."""

    quick: bool

    def count(self, full: int, quick: int) -> int:
        """How often, in this run."""
        return quick if self.quick else full


@dataclass(frozen=True, slots=True)
class Finding:
    """What an item measured: ``figure`` for people, ``more`` for the JSON."""

    met: bool
    figure: str
    more: dict[str, Any] = field(default_factory=dict)


class UnmetError(Exception):
    """An item cannot be met here; the text says why."""


Measure = Callable[[Effort], Finding]
_ITEMS: dict[int, Measure] = {}


def item(number: int) -> Callable[[Measure], Measure]:
    """Registers a measurement as promise ``number``."""

    def register(measure: Measure) -> Measure:
        if number in _ITEMS:
            raise ValueError(f"promise {number} is measured twice")
        _ITEMS[number] = measure
        return measure

    return register


def items() -> dict[int, Measure]:
    """Every item by number, ascending."""
    import benchmarks.safety_items as package

    for info in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{info.name}")
    return dict(sorted(_ITEMS.items()))


def measured(measure: Measure, effort: Effort) -> Finding:
    """The finding of one item; nothing that goes wrong in it reaches the others."""
    try:
        with _deadline(LONGEST_S // 10 if effort.quick else LONGEST_S):
            return measure(effort)
    except UnmetError as reason:
        return Finding(False, str(reason))
    except Exception as error:  # what an item could not measure is not met
        return Finding(False, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")


def all_of(good: Iterable[bool]) -> tuple[bool, str]:
    """Whether all are true, and "n/m"."""
    values = list(good)
    return all(values) and bool(values), f"{sum(values)}/{len(values)}"


@contextmanager
def _deadline(seconds: int) -> Iterator[None]:
    def over(*_: object) -> None:
        raise TimeoutError(f"not done within {seconds} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
