"""Task to JSON and back, in the one form that `vla parse`, parse_instruction and the benchmarks print.

Fields that the form always shows stand in its order; the others appear only when they say something.
Pure; used by cli and ros. Reading raises InputError with field, value and remedy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from vla_ros.core.errors import InputError
from vla_ros.core.task import (
    CONDITION_WORDS,
    REFERENT_KINDS,
    RELATIONS,
    SKILLS,
    TASK_KINDS,
    Referent,
    Relation,
    Task,
    TaskStep,
)

_PLAIN = ("user", "robot", "self")


def task_to_dict(task: Task) -> dict[str, Any]:
    """The Task as plain values ready for json.dumps."""
    out: dict[str, Any] = {
        "text": task.text,
        "kind": task.kind,
        "confidence": round(task.confidence, 3),
        "question": task.question,
        "reason": task.reason,
        "steps": [_step(step) for step in task.steps],
    }
    if task.command_id:
        out["command_id"] = task.command_id
    return out


def task_to_json(task: Task) -> str:
    """The Task as one line of JSON."""
    return json.dumps(task_to_dict(task), ensure_ascii=False)


def _step(step: TaskStep) -> dict[str, Any]:
    out: dict[str, Any] = {"skill": step.skill}
    for name in ("object", "source", "destination", "recipient"):
        referent = getattr(step, name)
        out[name] = None if referent is None else _referent(referent)
    if step.destination_relation:
        out["destination_relation"] = step.destination_relation
    out |= {"text": step.text, "about": step.about, "count": step.count, "manner": step.manner}
    for name in ("distance_m", "angle_rad", "duration_s"):
        value = getattr(step, name)
        if value:
            out[name] = round(value, 4)
    out["condition"] = {step.condition[0]: step.condition[1]} if step.condition else None
    out["after"] = list(step.after)
    if step.negated:
        out["negated"] = True
    return out


def _referent(referent: Referent) -> dict[str, Any]:
    full = referent.kind not in (*_PLAIN, "place")
    named = referent.kind == "place"
    out: dict[str, Any] = {"kind": referent.kind}
    optional: list[tuple[str, Any, bool]] = [
        ("category", referent.category, full or named),
        ("name", referent.name, full or named),
        ("attributes", list(referent.attributes), full or named),
        ("superlative", referent.superlative, full),
        ("quantity", referent.quantity, full),
        ("relations", [{"predicate": r.predicate, **_referent(r.referent)} for r in referent.relations], full),
        ("posture", referent.posture, full),
        ("not_attributes", list(referent.not_attributes), full),
    ]
    for name, value, always in optional:
        if always or (value != 1 if name == "quantity" else value):
            out[name] = value
    return out


def task_from_json(text: str) -> Task:
    """Reads :func:`task_to_json`'s form. Raises InputError."""
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError("task", text, f"Give one JSON object: {error}.") from None
    return task_from_dict(data)


def task_from_dict(data: Any) -> Task:
    """Reads :func:`task_to_dict`'s form; what is left out has its default. Raises InputError."""
    fields = _mapping(data, "task")
    steps = fields.get("steps", [])
    if not isinstance(steps, list):
        raise InputError("task.steps", steps, "Give a list.")
    return Task(
        text=_text(fields, "text", "task"),
        kind=_choice(fields, "kind", "task", TASK_KINDS),
        confidence=_number(fields, "confidence", "task"),
        question=_text(fields, "question", "task"),
        reason=_text(fields, "reason", "task"),
        steps=tuple(_read_step(step, f"task.steps[{i}]") for i, step in enumerate(steps)),
        command_id=_text(fields, "command_id", "task"),
    )


def _read_step(data: Any, where: str) -> TaskStep:
    fields = _mapping(data, where)
    condition = fields.get("condition")
    pair: tuple[str, str] | None = None
    if condition is not None:
        items = list(_mapping(condition, f"{where}.condition").items())
        if len(items) != 1 or items[0][0] not in CONDITION_WORDS or not isinstance(items[0][1], str):
            raise InputError(f"{where}.condition", condition, f"Give one of {', '.join(CONDITION_WORDS)} with text.")
        pair = (items[0][0], items[0][1])
    referents = {
        name: None if fields.get(name) is None else _read_referent(fields[name], f"{where}.{name}")
        for name in ("object", "source", "destination", "recipient")
    }
    return TaskStep(
        skill=_choice(fields, "skill", where, SKILLS),
        **referents,
        destination_relation=_text(fields, "destination_relation", where),
        text=_text(fields, "text", where),
        about=_text(fields, "about", where),
        count=int(_number(fields, "count", where)),
        manner=_text(fields, "manner", where),
        distance_m=_number(fields, "distance_m", where),
        angle_rad=_number(fields, "angle_rad", where),
        duration_s=_number(fields, "duration_s", where),
        condition=pair,
        after=tuple(int(i) for i in _list(fields, "after", where, int)),
        negated=bool(fields.get("negated", False)),
    )


def _read_referent(data: Any, where: str) -> Referent:
    fields = _mapping(data, where)
    relations = fields.get("relations", [])
    if not isinstance(relations, list):
        raise InputError(f"{where}.relations", relations, "Give a list.")
    read = []
    for i, relation in enumerate(relations):
        inner = f"{where}.relations[{i}]"
        predicate = _choice(_mapping(relation, inner), "predicate", inner, RELATIONS)
        read.append(Relation(predicate, _read_referent(relation, inner)))
    return Referent(
        kind=_choice(fields, "kind", where, REFERENT_KINDS),
        category=_text(fields, "category", where),
        name=_text(fields, "name", where),
        attributes=tuple(_list(fields, "attributes", where, str)),
        superlative=_text(fields, "superlative", where),
        quantity=int(_number(fields, "quantity", where, 1)),
        relations=tuple(read),
        posture=_text(fields, "posture", where),
        not_attributes=tuple(_list(fields, "not_attributes", where, str)),
    )


def _mapping(data: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise InputError(where, data, "Give a JSON object.")
    return data


def _text(fields: Mapping[str, Any], name: str, where: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise InputError(f"{where}.{name}", value, "Give text.")
    return value


def _choice(fields: Mapping[str, Any], name: str, where: str, allowed: tuple[str, ...]) -> str:
    value = fields.get(name)
    if value not in allowed:
        raise InputError(f"{where}.{name}", value, f"Choose one of: {', '.join(allowed)}.")
    return str(value)


def _number(fields: Mapping[str, Any], name: str, where: str, default: float = 0.0) -> float:
    value = fields.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= 1e9:  # also NaN
        raise InputError(f"{where}.{name}", value, "Give a number.")
    return value


def _list(fields: Mapping[str, Any], name: str, where: str, kind: type) -> list[Any]:
    value = fields.get(name, [])
    if not isinstance(value, list) or not all(isinstance(v, kind) for v in value):
        raise InputError(f"{where}.{name}", value, f"Give a list of {kind.__name__}.")
    return value
