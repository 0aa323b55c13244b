"""What must be true in the simulator when a command was obeyed: the demo's judge for commands without a scenario.

Works on the Task and the simulator's object names (``<colour>_<category>``), never on what the robot believes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.scene import COLORS
from vla_ros.core.task import Referent, Task, TaskStep

Goal = tuple[object, ...]
_HAND_OVER_M = 0.8
_COME_M = 1.5


def goals_of(task: Task, object_names: Iterable[str], floor_plan: FloorPlan) -> list[list[Goal]]:
    """Every inner list holds alternatives of which one must hold; all inner lists must. Steps whose result does
    not last to the end (driving somewhere before doing something else) set no goal."""
    names = tuple(object_names)
    goals: list[list[Goal]] = []
    steps = [step for step in task.steps if not step.negated]
    for i, step in enumerate(steps):
        last = i == len(steps) - 1
        found = _of_step(step, names, floor_plan, last, steps[i + 1 :])
        if found:
            goals.append(found)
    return goals


def _of_step(
    step: TaskStep, names: tuple[str, ...], floor_plan: FloorPlan, last: bool, later: list[TaskStep]
) -> list[Goal]:
    things = _objects(step.object, names)
    if step.skill == "bring":
        person = step.recipient.name if step.recipient and step.recipient.name else "user"
        return [("near", thing, person, _HAND_OVER_M) for thing in things]
    if step.skill == "place" and step.destination is not None:
        predicate = "in" if step.destination_relation == "in" else "on"
        if step.destination.kind == "object":
            predicate = "in" if step.destination_relation in ("in", "") else "near"
            places = list(_objects(step.destination, names))
        else:
            places = _furniture(step.destination, floor_plan)
        extra: tuple[object, ...] = (0.5,) if predicate == "near" else ()
        return [(predicate, thing, place, *extra) for thing in things for place in places]
    if step.skill == "pick" and not any(s.skill in ("place", "bring") for s in later):
        return [("holding", "robot", thing) for thing in things]
    if step.skill == "go" and last and step.destination is not None:
        return _arrived(step.destination, floor_plan)
    if step.skill == "say" and step.text:
        return [("said", "(?i)" + re.escape(step.text))]
    if step.skill == "find" and step.object is not None and step.object.category:
        return [("said", "(?i)found.*" + re.escape(step.object.category))]
    if step.skill in ("open", "close") and step.object is not None:
        predicate = "open" if step.skill == "open" else "closed"
        return [(predicate, piece) for piece in _furniture(step.object, floor_plan)]
    return []


def _arrived(where: Referent, floor_plan: FloorPlan) -> list[Goal]:
    if where.kind == "user":
        return [("near", "robot", "user", _COME_M)]
    if where.name in {room.name for room in floor_plan.rooms}:
        return [("at", "robot", where.name)]
    return [("near", "robot", piece, _COME_M) for piece in _furniture(where, floor_plan)]


def _objects(referent: Referent | None, names: tuple[str, ...]) -> tuple[str, ...]:
    """Simulated objects that the words may mean."""
    if referent is None or referent.kind != "object":
        return ()
    matching = []
    for name in names:
        color, _, rest = name.partition("_")
        category = rest.rstrip("0123456789_")
        wanted = set(referent.attributes) & set(COLORS)
        if referent.category in ("", category) and (not wanted or color in wanted):
            matching.append(name)
    return tuple(matching)


def _furniture(referent: Referent, floor_plan: FloorPlan) -> list[str]:
    pieces = [p for p in floor_plan.furniture if referent.name == p.name]
    if not pieces:
        words = {referent.category, referent.name} - {""}
        rooms = {r.name for r in floor_plan.rooms} & {*referent.attributes}
        pieces = [p for p in floor_plan.furniture if p.category in words and (not rooms or p.room in rooms)]
    return [p.name for p in pieces]
