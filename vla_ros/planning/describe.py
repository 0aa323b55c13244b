"""Words for things and places, as the robot says them to people."""

from __future__ import annotations

from collections.abc import Iterable

from vla_ros.core.scene import SceneObject
from vla_ros.planning.belief import Belief
from vla_ros.planning.places import room_words


def noun(category: str) -> str:
    """ "coffee_table" -> "coffee table"."""
    return category.replace("_", " ") or "thing"


def thing(what: SceneObject, category: str = "") -> str:
    """ "red cup" """
    name = noun(category or what.category)
    if name == "person":
        return f"person in {what.color}" if what.color else "person"
    return f"{what.color} {name}".strip()


def where(what: SceneObject, belief: Belief) -> str:
    """ "on the kitchen counter", "in the bedroom"."""
    piece = belief.furniture_of(what)
    if piece is not None:
        support = belief.support_of(what)
        preposition = "in" if support and support[1].enclosed else "on"
        return f"{preposition} the {piece.name.replace('_', ' ')}"
    room = belief.room_of(what)
    return f"in {room_words(room)}" if room else "somewhere"


def article(words: str) -> str:
    """ "a red cup", "an apple"."""
    return f"{'an' if words[:1] in 'aeiou' else 'a'} {words}"


def listing(parts: Iterable[str], last: str = "and") -> str:
    """ "a, b and c"."""
    items = list(parts)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def plural(category: str, count: int, irregular: str = "") -> str:
    """ "1 cup", "3 cups", "no cups"."""
    name = noun(category)
    many = irregular or (name + ("es" if name.endswith(("s", "x", "ch", "sh")) else "s"))
    if category == "person":
        many = "people"
    number = {0: "no", 1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}.get(count, str(count))
    return f"{number} {name if count == 1 else many}"
