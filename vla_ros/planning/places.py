"""Rooms and furniture by name, synonym and category: what a place word can mean in this building."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vla_ros.core.floorplan import Doorway, FloorPlan, Furniture, Room, Spot
from vla_ros.core.geometry import Pose2D
from vla_ros.core.task import Referent

_HOME_WORDS = ("start", "base", "dock", "charger", "charging_station", "home")


@dataclass(frozen=True)
class Place:
    """A room, a piece of furniture, a doorway, a named spot of the floor, or the starting point ("start")."""

    kind: str
    name: str
    words: str
    room: str
    point: Pose2D
    furniture: Furniture | None = None


def of_room(room: Room) -> Place:
    """The place of a room."""
    return Place("room", room.name, f"the {room.name.replace('_', ' ')}", room.name, Pose2D(*room.center, 0.0))


def of_furniture(piece: Furniture) -> Place:
    """The place of a piece of furniture."""
    words = f"the {piece.name.replace('_', ' ')}"
    return Place("furniture", piece.name, words, piece.room, piece.pose2d, piece)


def _of_doorway(door: Doorway) -> Place:
    words = f"the {door.name.replace('_', ' ')}"
    return Place("doorway", door.name, words, door.rooms[0], Pose2D(*door.center, 0.0))


def _of_spot(plan: FloorPlan, spot: Spot) -> Place:
    """A place with a name of its own: the furniture that is meant, else the point of the floor."""
    said = f"your {spot.name.removeprefix('my ')}" if spot.name.startswith("my ") else f"the {spot.name}"
    piece = next((f for f in plan.furniture if f.name == spot.furniture), None)
    if piece is not None:
        return replace(of_furniture(piece), words=said)
    room = plan.room_at(*spot.position)
    return Place("spot", spot.name, said, room.name if room else "", Pose2D(*spot.position, spot.yaw))


def _key(word: str) -> str:
    return word.strip().lower().replace(" ", "_").replace("-", "_")


def _named(word: str, name: str, synonyms: tuple[str, ...]) -> bool:
    return word == name or word in (_key(s) for s in synonyms)


def resolve(plan: FloorPlan, referent: Referent) -> tuple[Place, ...]:
    """All places that the words can mean, empty when the building has none such.

    A proper name wins over a category, a category over a part of a name; rooms among the attributes or
    relations ("the table in the kitchen", "the kitchen table") narrow the furniture down.
    """
    spot = plan.spot(referent.name) if referent.name else None
    if spot is not None:
        return (_of_spot(plan, spot),)
    words = [_key(w) for w in (referent.name, referent.category) if w]
    rooms, rest = _rooms_meant(plan, referent)
    for word in words:
        found = _by_word(plan, word, rooms)
        if found:
            return _narrow(found, rest)
        for attribute in referent.attributes:  # "dining" + "table" is the dining_table
            joined = _by_word(plan, f"{_key(attribute)}_{word}", rooms)
            if joined:
                return joined
    return ()


def _by_word(plan: FloorPlan, word: str, rooms: tuple[str, ...]) -> tuple[Place, ...]:
    exact_rooms = [r for r in plan.rooms if _named(word, r.name, r.synonyms)]
    if exact_rooms:
        return tuple(of_room(r) for r in exact_rooms)
    pieces = [f for f in plan.furniture if not rooms or f.room in rooms]
    for match in (
        [f for f in pieces if f.name == word],
        [f for f in pieces if _named(word, f.category, f.synonyms)],
        [f for f in pieces if word in f.name.split("_") or f.name.endswith("_" + word)],
    ):
        if match:
            return tuple(of_furniture(f) for f in match)
    doors = [d for d in plan.doorways if word in (d.name, "door", "doorway") and (not rooms or set(rooms) & {*d.rooms})]
    if doors:
        return tuple(_of_doorway(d) for d in doors)
    if word in _HOME_WORDS:
        x, y, yaw = plan.start
        room = plan.room_at(x, y)
        return (Place("start", "start", "my starting point", room.name if room else "", Pose2D(x, y, yaw)),)
    return ()


def _rooms_meant(plan: FloorPlan, referent: Referent) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Rooms that narrow it down, and the attributes that are no rooms."""
    rooms: list[str] = []
    rest: list[str] = []
    for attribute in referent.attributes:
        found = [r.name for r in plan.rooms if _named(_key(attribute), r.name, r.synonyms)]
        rooms += found
        if not found:
            rest.append(_key(attribute))
    for relation in referent.relations:
        for word in (relation.referent.name, relation.referent.category):
            rooms += [r.name for r in plan.rooms if word and _named(_key(word), r.name, r.synonyms)]
    return tuple(rooms), tuple(rest)


def _narrow(found: tuple[Place, ...], attributes: tuple[str, ...]) -> tuple[Place, ...]:
    """Prefers places whose name or colour carries the attributes; unheard-of attributes narrow nothing."""
    for attribute in attributes:
        fitting = [
            p for p in found if p.furniture and (attribute in p.name.split("_") or attribute == p.furniture.color)
        ]
        found = tuple(fitting) or found
    return found


def room_words(name: str) -> str:
    """ "living_room" -> "the living room"."""
    return f"the {name.replace('_', ' ')}" if name else "nowhere in particular"
