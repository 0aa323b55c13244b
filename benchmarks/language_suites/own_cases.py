"""Our household commands with their Tasks: single clauses from benchmarks/data/household.yaml, and how Tasks compare.

Used by the suites own, noise and paraphrase. Imports core only: the parser's own tables are never read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from random import Random
from typing import Any

import yaml

from benchmarks.language_suites.own_slots import CONSTANTS, SLOTS
from vla_ros.core.task import Referent, Task, TaskStep

DATA = Path(__file__).parents[1] / "data"
_SLOT = re.compile(r"\{(\w+)\}")
_REFERENTS = ("object", "source", "destination", "recipient")
_CHOICE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence and the steps that it must become. ``feature`` says which part of language it is about."""

    text: str
    steps: tuple[TaskStep, ...]
    feature: str
    intent: str = ""


@dataclass(frozen=True, slots=True)
class Intent:
    """One meaning and the wordings for it, as household.yaml has them."""

    name: str
    steps: tuple[Mapping[str, Any], ...]
    say: tuple[str, ...]

    def fill(self, rng: Random, wording: str, feature: str) -> Case:
        """A sentence of one wording; every slot is filled at random."""
        values: dict[str, Any] = {}

        def put(match: re.Match[str]) -> str:
            words, values[match.group(1)] = SLOTS[match.group(1)](rng)
            return str(words)

        text = _SLOT.sub(put, wording)
        return Case(text, tuple(_step(step, values) for step in self.steps), feature, self.name)


def _step(spec: Mapping[str, Any], values: Mapping[str, Any]) -> TaskStep:
    out: dict[str, Any] = {}
    for key, said in spec.items():
        if key in _REFERENTS:
            out[key] = values.get(said, CONSTANTS.get(said))
        elif key == "condition":
            ((word, slot),) = said.items()
            out[key] = (word, values[slot])
        elif isinstance(said, str) and said.lstrip("-") in values:
            value = values[said.lstrip("-")]
            out[key] = -value if said.startswith("-") else value
        else:
            out[key] = said
    return TaskStep(**out)


def intents(path: Path = DATA / "household.yaml") -> dict[str, Intent]:
    """The intents by name."""
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: Intent(name, tuple(entry["steps"]), tuple(entry["say"])) for name, entry in table.items()}


def alternatives(pattern: str) -> Iterator[str]:
    """All readings of "{bring|fetch} me the {cup|can}"."""
    match = _CHOICE.search(pattern)
    if match is None:
        yield re.sub(r"\s+", " ", pattern).strip()
        return
    for choice in match.group(1).split("|"):
        yield from alternatives(pattern[: match.start()] + choice + pattern[match.end() :])


def chained(steps: Sequence[TaskStep]) -> tuple[TaskStep, ...]:
    """The steps, each after the one before it; constraints stand outside the order."""
    out: list[TaskStep] = []
    before: int | None = None
    for index, step in enumerate(steps):
        if step.negated:
            out.append(replace(step, after=()))
            continue
        out.append(replace(step, after=() if before is None else (before,)))
        before = index
    return tuple(out)


def same(task: Task, steps: Sequence[TaskStep]) -> bool:
    """True when the Task has exactly these steps; the order of adjectives and letter case do not count."""
    return task.kind == "task" and [_plain(s) for s in task.steps] == [_plain(s) for s in steps]


def _plain(step: TaskStep) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for field in fields(step):
        value = getattr(step, field.name)
        if field.name in _REFERENTS:
            value = None if value is None else _referent(value)
        elif isinstance(value, float):
            value = round(value, 3)
        elif field.name == "text":
            value = _words(value)
        elif field.name == "condition" and value is not None:
            value = (value[0], _words(value[1]))
        elif field.name == "after":
            value = sorted(value)
        out[field.name] = value
    return out


def _referent(referent: Referent) -> tuple[Any, ...]:
    relations = sorted((r.predicate, repr(_referent(r.referent))) for r in referent.relations)
    return (
        referent.kind, referent.category, referent.name, sorted(referent.attributes), referent.superlative,
        referent.quantity, relations, referent.posture, sorted(referent.not_attributes),
    )  # fmt: skip


def _words(text: str) -> str:
    return " ".join(re.findall(r"[\w']+", text.lower()))
