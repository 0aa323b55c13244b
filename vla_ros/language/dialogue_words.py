"""A Task in plain words, as the robot says what it understood. Pure."""

from __future__ import annotations

from vla_ros.core.task import Referent, Task, TaskStep

_VERBS = {"pick": "pick up", "place": "put", "switch_on": "switch on", "switch_off": "switch off", "guide": "lead",
          "report": "tell you about", "look": "look at", "answer": "tell you about", "go": "go to"}  # fmt: skip
_ADVERBS = {"slow": "slowly", "fast": "quickly", "careful": "carefully"}


def said(task: Task) -> str:
    """ "bring the red cup to you, then go to the kitchen"; as an order to the robot, seen from the robot."""
    return ", then ".join(_step(step) for step in task.steps) or task.text


def command(task: Task) -> str:
    """The same as the person would say it: "bring the red cup to me"."""
    return ", then ".join(_step(step, user="me", robot="yourself") for step in task.steps) or task.text


def _step(step: TaskStep, user: str = "you", robot: str = "myself") -> str:
    def words(referent: Referent) -> str:
        if referent.kind == "user":
            return user
        if referent.kind in ("robot", "self"):
            return robot
        return _counted(referent)

    verb = _VERBS.get(step.skill, step.skill.replace("_", " "))
    if user == "me":
        verb = verb.replace("tell you about", "tell me about")
    parts = ["do not " + verb if step.negated else verb]
    if step.skill == "go" and step.destination is None and step.object is None:
        parts = [parts[0].removesuffix(" to") if step.distance_m else "turn"]
    if step.object is not None and step.object.kind != "robot":
        parts.append(words(step.object))
    elif step.about:
        parts.append(step.about.replace("_", " "))
    if step.source is not None:
        parts.append(f"from {words(step.source)}")
    if step.destination is not None:
        relation = step.destination_relation.replace("_", " ") or ("" if step.skill == "go" else "to")
        parts.append(f"{relation} {words(step.destination)}".strip())
    if step.recipient is not None and step.skill not in ("report", "answer", "count"):
        parts.append(f"to {words(step.recipient)}")
    if step.text:
        parts.append(f'"{step.text}"')
    if step.distance_m:
        parts.append(f"{step.distance_m:g} metres")
    if step.duration_s:
        parts.append(f"for {step.duration_s:g} seconds")
    if step.manner:
        parts.append(_ADVERBS.get(step.manner, step.manner))
    if step.condition is not None:
        parts.append(" ".join(step.condition))
    return " ".join(parts)


def _counted(referent: Referent) -> str:
    text = referent.words().replace("_", " ")
    if referent.quantity == 1 or referent.name:
        return text
    number = "all" if referent.quantity < 0 else str(referent.quantity)
    return f"{number} {text.removeprefix('the ')}s"
