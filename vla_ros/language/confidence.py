"""Confidence that means what it says: the chance that a Task is exactly right, from what was hard about reading it.

A logistic model of a few counts; its weights stand in config/confidence.yaml and come from
``python -m benchmarks.gpsr.fit_confidence``. The parser applies it last. Pure; imports core and the lexicon.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from vla_ros.core.task import IMMEDIATE_SKILLS, Referent, Task
from vla_ros.language.lexicon import Lexicon

CLEAN = 0.97
"""The parser's own score of a sentence of which nothing was repaired, skipped or guessed."""
_SHORT = 8
_LOWEST, _HIGHEST = 0.02, 0.99


def evidence(task: Task, lexicon: Lexicon) -> dict[str, float]:
    """What was hard about ``task``.

    Returns:
        doubt: points that the parser took off for words skipped, repaired and guessed, in tenths.
        length: words beyond eight, in eights.
        steps: steps beyond the first.
        strange: things, places and rooms that are not of this home and catalog.
        choice: 1 when a superlative chooses among several.
        beside: relations to another thing.
    """
    referents = list(_referents(task))
    return {
        "doubt": min(6.0, max(0.0, 10.0 * (CLEAN - task.confidence))),
        "length": max(0.0, (len(task.text.split()) - _SHORT) / _SHORT),
        "steps": float(len(task.steps) - 1),
        "strange": float(sum(_is_strange(r, lexicon) for r in referents)),
        "choice": float(any(r.superlative for r in referents)),
        "beside": float(sum(x.referent.kind == "object" for r in referents for x in r.relations)),
    }


def calibrated(task: Task, lexicon: Lexicon, weights: Mapping[str, float]) -> float:
    """The chance in [0, 1] that ``task`` is exactly right; its own confidence when there are no weights for it."""
    if not weights or task.kind != "task" or (task.steps and task.steps[0].skill in IMMEDIATE_SKILLS):
        return task.confidence
    score = weights.get("bias", 0.0)
    score += sum(weights.get(name, 0.0) * value for name, value in evidence(task, lexicon).items())
    return round(min(_HIGHEST, max(_LOWEST, 1.0 / (1.0 + math.exp(-score)))), 3)


def _referents(task: Task) -> Iterator[Referent]:
    for step in task.steps:
        for referent in (step.object, step.source, step.destination, step.recipient):
            if referent is not None:
                yield from _with_inner(referent)


def _with_inner(referent: Referent) -> Iterator[Referent]:
    yield referent
    for relation in referent.relations:
        yield from _with_inner(relation.referent)


def _is_strange(referent: Referent, lexicon: Lexicon) -> bool:
    if referent.kind == "object":
        return bool(referent.category) and referent.category not in lexicon.objects
    if referent.kind != "place":
        return False
    if referent.category == "room":
        return referent.name not in lexicon.rooms
    return referent.category not in lexicon.furniture
