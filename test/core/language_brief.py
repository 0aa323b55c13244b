"""A Task in one short line, for tables of phrases: skill, [object], from, to, for and what else is said."""

from __future__ import annotations

from vla_ros.core.task import Referent, Task, TaskStep


def brief(task: Task) -> str:
    """For example: "bring [red cup on (table kitchen)] for user"."""
    if task.kind != "task":
        return f"{task.kind.upper()}: {task.question or task.reason}"
    return " | ".join(_step(step) for step in task.steps)


def _step(step: TaskStep) -> str:
    out = ("NOT " if step.negated else "") + step.skill
    if step.object is not None:
        out += f" [{_referent(step.object)}]"
    if step.source is not None:
        out += f" from {_referent(step.source)}"
    if step.destination is not None:
        out += (
            f" to{':' + step.destination_relation if step.destination_relation else ''} {_referent(step.destination)}"
        )
    if step.recipient is not None:
        out += f" for {_referent(step.recipient)}"
    for name in ("about", "text", "manner"):
        if getattr(step, name):
            out += f" {name}={getattr(step, name)}"
    for name in ("distance_m", "angle_rad", "duration_s"):
        if getattr(step, name):
            out += f" {name}={getattr(step, name):.3g}"
    if step.condition:
        out += f" {step.condition[0]}({step.condition[1]})"
    return out


def _referent(referent: Referent) -> str:
    words = [referent.superlative, *referent.attributes, referent.posture, referent.name or referent.category]
    words += [f"-{a}" for a in referent.not_attributes]
    if referent.kind in ("user", "robot", "self"):
        words = [referent.kind]
    if not any(words):
        words = ["thing" if referent.kind == "object" else referent.kind]
    out = " ".join(filter(None, words))
    if referent.quantity != 1:
        out += f" x{referent.quantity}" if referent.quantity > 0 else " xall"
    for relation in referent.relations:
        out += f" {relation.predicate} ({_referent(relation.referent)})"
    return out
