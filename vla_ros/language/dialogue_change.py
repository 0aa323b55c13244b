"""Corrections: the Task that was meant, from the one before and the words that replace a part of it. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from vla_ros.core.scene import COLORS
from vla_ros.core.task import Referent, Task, TaskStep

_ROLES = ("object", "source", "destination", "recipient")
_ANYTHING = ("", "object", "thing", "one", "item")


def substitute(task: Task, meant: Referent, bold: bool) -> Task | None:
    """The task with ``meant`` in the place of what it corrects, None when it fits none of its referents.

    "the blue one" and "the blue cup" change what the cup is; "the kitchen" changes the room. ``bold``: it was said to
    be a correction, so that "the bottle" replaces a cup and "Tom" replaces you.
    """
    old = _corrected(task, meant, bold)
    if old is None:
        return None
    new = merged(old, meant)
    if new == old:
        return None
    return dataclasses.replace(
        task, command_id="", question="", steps=tuple(_with(s, lambda r: new if r == old else r) for s in task.steps)
    )


def merged(old: Referent, meant: Referent) -> Referent:
    """What is said now, and of the old words those that it does not contradict."""
    if meant.category not in _ANYTHING and meant.category != old.category:
        return dataclasses.replace(meant, relations=meant.relations or (old.relations if old.kind == "object" else ()))
    if meant.kind != old.kind or meant.name:
        return meant
    colored = any(a in COLORS for a in meant.attributes)
    dropped = set(meant.not_attributes) | {"any"} | (set(COLORS) if colored else set())
    attributes = [a for a in old.attributes if a not in dropped] if not meant.superlative or colored else []
    return dataclasses.replace(
        old,
        attributes=tuple(dict.fromkeys((*meant.attributes, *attributes))),
        not_attributes=meant.not_attributes,
        superlative=meant.superlative,
        posture=meant.posture or old.posture,
        quantity=meant.quantity,
        relations=meant.relations or old.relations,
    )


def _corrected(task: Task, meant: Referent, bold: bool) -> Referent | None:
    """The referent of the task that ``meant`` speaks of instead."""
    referents = [r for step in task.steps if not step.negated for role in _ROLES if (r := getattr(step, role))]
    same_kind = [r for r in referents if r.kind == meant.kind]
    if meant.kind == "object" and meant.category in _ANYTHING:
        return same_kind[0] if same_kind else None
    if meant.kind == "place":
        rooms = [r for r in same_kind if (r.category == "room") == (meant.category == "room")]
        return (rooms or (same_kind if bold else []) or [None])[-1]
    same = [r for r in same_kind if r.category == meant.category and not meant.name]
    if same:
        return same[0]
    if not bold:
        return None
    if meant.kind in ("person", "user"):
        return next((r for r in referents if r.kind in ("person", "user")), None)
    return same_kind[0] if same_kind else None


def _with(step: TaskStep, change: Callable[[Referent], Referent]) -> TaskStep:
    roles = {role: change(r) for role in _ROLES if (r := getattr(step, role)) is not None}
    return dataclasses.replace(step, **roles)  # type: ignore[arg-type]
