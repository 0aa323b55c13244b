"""Words for things and places, as the robot says them to people."""

from __future__ import annotations

from collections.abc import Iterable

from vla_ros.core.scene import SceneObject
from vla_ros.planning.belief import Belief
from vla_ros.planning.places import room_words
from vla_ros.planning.target import plural_noun


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


def preposition(relation: str) -> str:
    """ "left_of" -> "to the left of"."""
    said = {"left_of": "to the left of", "right_of": "to the right of", "beside": "next to"}
    return said.get(relation, relation.replace("_", " "))


def with_it(words: str, *names: str) -> str:
    """A verb phrase about what was just named: "hand you the red cup" -> "hand it to you"."""
    for name in names:
        if words.startswith("hand ") and words.endswith(f" {name}"):
            return f"hand it to {words.removeprefix('hand ').removesuffix(f' {name}')}"
        if f" {name}" in words:
            return words.replace(f" {name}", " it", 1)
    return words


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
    many = irregular or plural_noun(category)
    number = {0: "no", 1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}.get(count, str(count))
    return f"{number} {name if count == 1 else many}"
