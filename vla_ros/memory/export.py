"""The whole memory as plain values for JSON, and as lines that people read. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from vla_ros.memory.schema import VERSION
from vla_ros.memory.store import MemoryStore

KINDS = ("conversation", "objects", "places", "people", "tasks")


def as_json(store: MemoryStore) -> dict[str, Any]:
    """Everything, under the words of KINDS; times are seconds since 1970, places map [m, rad]."""
    tables: tuple[tuple[Any, ...], ...] = (
        store.turns(),
        store.objects(),
        store.places(),
        store.people(),
        store.tasks(),
    )
    rows = {kind: [asdict(row) for row in table] for kind, table in zip(KINDS, tables, strict=True)}
    return {"format": VERSION, **rows}


def lines(store: MemoryStore, kind: str, now: float) -> Iterator[str]:
    """One line a row of one of KINDS; ``now`` [s since 1970] makes the ages."""
    if kind == "conversation":
        for turn in store.turns():
            yield f"{ago(turn.time_s, now)}  {turn.speaker}: {turn.text}"
    elif kind == "objects":
        for thing in store.objects():
            place_words = where(thing.furniture, thing.room)
            x, y, z = thing.position
            name = f"{thing.color} {thing.category}".strip().replace("_", " ")
            yield f"{ago(thing.seen_s, now)}  {name} {place_words} ({x:.2f}, {y:.2f}, {z:.2f} m)"
    elif kind == "places":
        for place in store.places():
            what = f"the {place.furniture.replace('_', ' ')}" if place.furniture else "a spot on the floor"
            room = f" in the {place.room.replace('_', ' ')}" if place.room else ""
            yield f"{ago(place.taught_s, now)}  {place.name}: {what}{room} ({place.x:.2f}, {place.y:.2f} m)"
    elif kind == "people":
        for person in store.people():
            worn = f", wore {person.color}" if person.color else ""
            tall = f", about {person.height_m:.1f} m tall" if person.height_m else ""
            yield f"{ago(person.met_s, now)}  {person.name}{' (the user)' if person.user else ''}{worn}{tall}"
    elif kind == "tasks":
        for task in store.tasks():
            why = f": {task.reason}" if task.reason else ""
            yield f"{ago(task.started_s, now)}  {task.text} — {task.state}{why}"


def ago(then: float, now: float) -> str:
    """An age in words: "5 minutes ago"."""
    age = max(0.0, now - then)
    for limit, size, unit in ((90.0, 1.0, "second"), (5400.0, 60.0, "minute"), (129600.0, 3600.0, "hour")):
        if age < limit:
            return _many(age / size, unit)
    return _many(age / 86400.0, "day")


def _many(amount: float, unit: str) -> str:
    number = round(amount)
    return f"{number} {unit}{'' if number == 1 else 's'} ago"


def where(furniture: str, room: str) -> str:
    """ "on the kitchen counter"."""
    if furniture:
        return f"on the {furniture.replace('_', ' ')}"
    return f"in the {room.replace('_', ' ')}" if room else "somewhere"
