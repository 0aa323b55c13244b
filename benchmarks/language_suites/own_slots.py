"""Fills the slots of benchmarks/data/household.yaml: words a person may say, and what they mean as core values.

Every function takes the random generator and returns (words, value). The home is config/homes/apartment.yaml.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from vla_ros.core.task import Referent, Relation

Filled = tuple[str, Any]
NOUNS = (
    ("cup", "cups", "cup"), ("mug", "mugs", "cup"), ("can", "cans", "can"), ("tin", "tins", "can"),
    ("bottle", "bottles", "bottle"), ("apple", "apples", "apple"), ("ball", "balls", "ball"),
    ("bowl", "bowls", "bowl"), ("plate", "plates", "plate"), ("box", "boxes", "box"), ("package", "packages", "box"),
    ("book", "books", "book"), ("notebook", "notebooks", "book"), ("phone", "phones", "phone"),
    ("stapler", "staplers", "stapler"), ("pen", "pens", "pen"), ("knife", "knives", "knife"),
    ("basket", "baskets", "basket"),
)  # fmt: skip
COLORS = ("red", "green", "blue", "yellow", "white", "black", "orange", "pink", "brown", "purple")
ADJECTIVES = (
    ("big", "large"), ("small", "small"), ("large", "large"), ("little", "small"), ("empty", "empty"), ("old", "old"),
    ("round", "round"), ("wooden", "wooden"), ("dirty", "dirty"), ("clean", "clean"), ("heavy", "heavy"),
    ("tall", "tall"), ("new", "new"), ("plastic", "plastic"), ("broken", "broken"), ("striped", "striped"),
)  # fmt: skip
SUPERLATIVES = (
    ("biggest", "biggest"), ("largest", "biggest"), ("smallest", "smallest"), ("heaviest", "heaviest"),
    ("lightest", "lightest"), ("thinnest", "thinnest"), ("leftmost", "left_most"), ("rightmost", "right_most"),
    ("nearest", "nearest"), ("closest", "nearest"), ("tallest", "tallest"), ("oldest", "oldest"), ("left", "left_most"),
    ("shortest", "shortest"), ("farthest", "farthest"), ("newest", "newest"), ("thickest", "thickest"),
    ("right", "right_most"),
)  # fmt: skip
ROOMS = (
    ("the kitchen", "kitchen"), ("the living room", "living_room"), ("the bedroom", "bedroom"),
    ("the office", "office"), ("the lounge", "living_room"), ("the study", "office"),
)  # fmt: skip
_TOPS = (
    ("the table", "table", ()), ("the kitchen table", "table", ("kitchen",)),
    ("the office table", "table", ("office",)), ("the counter", "counter", ()),
    ("the kitchen counter", "counter", ("kitchen",)), ("the desk", "desk", ()),
    ("the shelf", "shelf", ()), ("the office shelf", "shelf", ("office",)), ("the coffee table", "coffee_table", ()),
    ("the sofa", "sofa", ()), ("the couch", "sofa", ()), ("the bed", "bed", ()), ("the nightstand", "nightstand", ()),
    ("the bedside table", "nightstand", ()), ("the side table", "side_table", ()), ("the dresser", "dresser", ()),
)  # fmt: skip
_CLOSED = (
    ("the fridge", "fridge", ()), ("the refrigerator", "fridge", ()), ("the cabinet", "cabinet", ()),
    ("the cupboard", "cabinet", ()), ("the kitchen cabinet", "cabinet", ("kitchen",)),
)  # fmt: skip
_OTHERS = (("the wardrobe", "wardrobe", ()), ("the chair", "chair", ()), ("the bin", "bin", ()))
_PEOPLE = (
    ("person", "person"), ("man", "man"), ("woman", "woman"), ("guest", "person"), ("lady", "woman"), ("boy", "boy"),
    ("girl", "girl"), ("guy", "man"), ("visitor", "person"),
)  # fmt: skip
_POSTURES = (
    ("sitting", "sitting"), ("standing", "standing"), ("lying", "lying"), ("waving", "waving"),
    ("pointing to the left", "pointing_left"), ("pointing to the right", "pointing_right"),
)  # fmt: skip
_CLOTHES = ("shirt", "jacket", "sweater", "hat", "coat", "dress")
_NEAR = (
    ("next to", "beside"), ("beside", "beside"), ("behind", "behind"), ("in front of", "in_front_of"),
    ("to the left of", "left_of"), ("to the right of", "right_of"), ("near", "near"), ("close to", "near"),
)  # fmt: skip
_NUMBERS = (("two", 2), ("three", 3), ("2", 2), ("four", 4), ("five", 5), ("a couple of", 2), ("3", 3))
_LENGTHS = (
    ("two metres", 2.0), ("1.5 m", 1.5), ("50 cm", 0.5), ("half a metre", 0.5), ("30 centimetres", 0.3),
    ("a metre", 1.0), ("2 meters", 2.0), ("one and a half metres", 1.5), ("ten centimeters", 0.1),
    ("twenty five centimetres", 0.25), ("3 feet", 0.9144), ("one meter", 1.0), ("0.4 metres", 0.4),
)  # fmt: skip
_ANGLES = (
    ("90 degrees", 90), ("forty five degrees", 45), ("ninety degrees", 90), ("30 degrees", 30), ("180°", 180),
    ("twenty degrees", 20), ("a hundred degrees", 100), ("15 degrees", 15), ("sixty degrees", 60),
)  # fmt: skip
_TIMES = (
    ("ten seconds", 10), ("5 minutes", 300), ("half a minute", 30), ("a minute", 60), ("30 s", 30),
    ("two minutes", 120), ("20 seconds", 20), ("an hour", 3600), ("a minute and a half", 90), ("half an hour", 1800),
)  # fmt: skip
_MESSAGES = (
    "dinner is ready", "the guests are here", "I will be late", "the train leaves at noon", "it is raining",
    "the meeting begins soon", "we are out of bread", "her parcel has arrived", "tomorrow is a holiday",
    "the window is open", "his bus is coming", "I love her", "lunch is in the garden",
)  # fmt: skip
_ERRANDS = ("come to the kitchen", "call his mother", "wait outside", "close the window", "bring an umbrella")
_ASKED = ("if he is hungry", "whether she wants to eat", "how the day was", "what he would like", "why she is late")
EVENTS = (
    "the door is open", "I come back", "Anna arrives", "it is dark", "the fridge is empty", "Tom is in the office",
    "the phone rings", "nobody is in the kitchen", "the bottle is full", "there is a cup on the table",
)  # fmt: skip


def place_referent(category: str, attributes: tuple[str, ...] = ()) -> Referent:
    """A piece of furniture."""
    return Referent("place", category, attributes=attributes)


def room(rng: Random) -> Filled:
    """A room: ("the kitchen", its Referent)."""
    words, name = rng.choice(ROOMS)
    return words, Referent("place", "room", name)


def _furniture(rng: Random, table: tuple[tuple[str, str, tuple[str, ...]], ...]) -> Filled:
    words, category, attributes = rng.choice(table)
    referent = place_referent(category, attributes)
    if not attributes and rng.random() < 0.25:
        room_words, where = room(rng)
        return f"{words} in {room_words}", replace(referent, relations=(Relation("in", where),))
    return words, referent


def surface(rng: Random) -> Filled:
    """Something that things stand on."""
    return _furniture(rng, _TOPS)


def opener(rng: Random) -> Filled:
    """Something that opens and closes."""
    return _furniture(rng, _CLOSED)


def spot(rng: Random) -> Filled:
    """Any furniture."""
    return _furniture(rng, _TOPS + _CLOSED + _OTHERS)


def place(rng: Random) -> Filled:
    """A room or furniture."""
    return room(rng) if rng.random() < 0.5 else spot(rng)


def holder(rng: Random) -> Filled:
    """Something that things are in."""
    if rng.random() < 0.5:
        return opener(rng)
    noun = rng.choice(("basket", "box", "bowl"))
    return _described(rng, f"{noun}", noun)


def _adjectives(rng: Random, most: int = 2) -> tuple[list[str], list[str]]:
    words: list[str] = []
    values: list[str] = []
    if most > 1 and rng.random() < 0.25:
        word, value = rng.choice(ADJECTIVES)
        words, values = [word], [value]
    if most and rng.random() < 0.55:
        color = rng.choice(COLORS)
        words, values = [*words, color], [*values, color]
    return words, values


def _described(rng: Random, noun: str, category: str, article: str = "the", most: int = 2) -> Filled:
    words, values = _adjectives(rng, most)
    return " ".join([article, *words, noun]), Referent("object", category, attributes=tuple(values))


def simple(rng: Random) -> Filled:
    """A thing without where it is: "the big red cup", "the smallest box"."""
    noun, _, category = rng.choice(NOUNS)
    if rng.random() < 0.2:
        words, superlative = rng.choice(SUPERLATIVES)
        return f"the {words} {noun}", Referent("object", category, superlative=superlative)
    return _described(rng, noun, category, rng.choice(("the", "the", "the", "my", "that")))


def other(rng: Random) -> Filled:
    """A thing beside which another is put."""
    noun, _, category = rng.choice(NOUNS)
    return _described(rng, noun, category)


def _located(rng: Random, words: str, referent: Referent) -> Filled:
    """Says where the thing is, one or two levels deep."""
    kind = rng.random()
    if kind < 0.35:
        at, where = surface(rng)
        preposition = rng.choice(("on", "on", "from", "on top of"))
        return f"{words} {preposition} {at}", replace(referent, relations=(Relation("on", where),))
    if kind < 0.6:
        at, where = room(rng) if rng.random() < 0.5 else opener(rng)
        preposition = rng.choice(("in", "in", "from", "inside"))
        return f"{words} {preposition} {at}", replace(referent, relations=(Relation("in", where),))
    if kind < 0.7:
        at, where = surface(rng)
        preposition = rng.choice(("under", "below", "underneath"))
        return f"{words} {preposition} {at}", replace(referent, relations=(Relation("under", where),))
    if kind < 0.78:
        first, a = other(rng)
        second, b = other(rng)
        between = (Relation("between", a), Relation("between", b))
        return f"{words} between {first} and {second}", replace(referent, relations=between)
    preposition, predicate = rng.choice(_NEAR)
    at, where = other(rng)
    if rng.random() < 0.3:
        table, top = surface(rng)
        at, where = f"{at} on {table}", replace(where, relations=(Relation("on", top),))
    return f"{words} {preposition} {at}", replace(referent, relations=(Relation(predicate, where),))


def thing(rng: Random) -> Filled:
    """A thing with all that can be said of it."""
    kind = rng.random()
    noun, _, category = rng.choice(NOUNS)
    if kind < 0.08:
        color = rng.choice(COLORS)
        return f"the {noun} that is {color}", Referent("object", category, attributes=(color,))
    if kind < 0.14:
        color = rng.choice(COLORS)
        return f"the {noun} that is not {color}", Referent("object", category, not_attributes=(color,))
    words, referent = simple(rng)
    return _located(rng, words, referent) if rng.random() < 0.5 else (words, referent)


def some(rng: Random) -> Filled:
    """Any one of a kind: "a red cup on the table"."""
    noun, _, category = rng.choice(NOUNS)
    words, referent = _described(rng, noun, category, "a")
    if words.startswith(("a apple", "a orange", "a empty", "a old")):
        words = "an" + words[1:]
    referent = replace(referent, attributes=(*referent.attributes, "any"))
    return _located(rng, words, referent) if rng.random() < 0.35 else (words, referent)


def many(rng: Random) -> Filled:
    """Several things: "two red cups", "all the books on the shelf", "the three biggest boxes"."""
    noun, plural, category = rng.choice(NOUNS)
    kind = rng.random()
    words, values = _adjectives(rng)
    referent = Referent("object", category, attributes=tuple(values))
    if kind < 0.35:
        number, quantity = rng.choice(_NUMBERS)
        return " ".join([number, *words, plural]), replace(referent, quantity=quantity)
    if kind < 0.5:
        number, quantity = rng.choice(_NUMBERS[:5])
        superlative, value = rng.choice(SUPERLATIVES[:7])
        return f"the {number} {superlative} {plural}", Referent(
            "object", category, superlative=value, quantity=quantity
        )
    if kind < 0.6:
        return " ".join(["both", *words, plural]), replace(referent, quantity=2)
    if kind < 0.7:
        return " ".join(["every", *words, noun]), replace(referent, quantity=-1)
    said = " ".join([rng.choice(("all", "all the", "all of the", "the")), *words, plural])
    referent = replace(referent, quantity=-1)
    return _located(rng, said, referent) if rng.random() < 0.4 else (said, referent)


def countable(rng: Random) -> Filled:
    """Things to be counted, with their article."""
    words, referent = bare(rng)
    at, where = surface(rng)
    return f"the {words} on {at}", replace(referent, relations=(Relation("on", where),))


def bare(rng: Random) -> Filled:
    """Things to be counted, without an article."""
    _, plural, category = rng.choice(NOUNS)
    words, values = _adjectives(rng)
    return " ".join([*words, plural]), Referent("object", category, attributes=tuple(values), quantity=-1)


def plain(rng: Random) -> Filled:
    """A thing of which the colour is not said."""
    noun, _, category = rng.choice(NOUNS)
    words, referent = f"the {noun}", Referent("object", category)
    return _located(rng, words, referent) if rng.random() < 0.5 else (words, referent)


def extreme(rng: Random) -> Filled:
    """The first of several by some measure: "the biggest box on the table"."""
    superlative, value = rng.choice(SUPERLATIVES[:7])
    at, where = surface(rng)
    noun, category = rng.choice((("object", ""), ("thing", ""), ("box", "box"), ("cup", "cup"), ("book", "book")))
    return f"the {superlative} {noun} on {at}", Referent(
        "object", category, superlative=value, relations=(Relation("on", where),)
    )


def there(rng: Random) -> Filled:
    """A place whose contents are asked for: "on the table"."""
    preposition = rng.choice(("on", "in", "under"))
    at, where = opener(rng) if preposition == "in" else surface(rng)
    return f"{preposition} {at}", Referent("object", quantity=-1, relations=(Relation(preposition, where),))


def inmates(rng: Random) -> Filled:
    """A room whose people are asked for: "in the kitchen"."""
    at, where = room(rng)
    return f"in {at}", Referent("person", "person", quantity=-1, relations=(Relation("in", where),))


def crowd(rng: Random) -> Filled:
    """People to be counted."""
    words, category = rng.choice((("people", "person"), ("men", "man"), ("women", "woman"), ("children", "child")))
    at, where = room(rng)
    return f"the {words} in {at}", Referent("person", category, quantity=-1, relations=(Relation("in", where),))


def crowd_are(rng: Random) -> Filled:
    """People to be counted, as a clause: "people are in the kitchen"."""
    words, referent = crowd(rng)
    return words.removeprefix("the ").replace(" in ", " are in ", 1), referent


def name(rng: Random) -> Filled:
    """A person by name."""
    return rng.choice((("Anna", Referent("person", "person", "anna")), ("Tom", Referent("person", "person", "tom"))))


def who(rng: Random) -> Filled:
    """A person by name, kind, clothes, posture or place."""
    kind = rng.random()
    if kind < 0.35:
        return name(rng)
    noun, category = rng.choice(_PEOPLE)
    referent = Referent("person", category)
    if kind < 0.5:
        color, clothes = rng.choice(COLORS), rng.choice(_CLOTHES)
        joint = rng.choice((f"in the {color} {clothes}", f"wearing a {color} {clothes}", f"with the {color} {clothes}"))
        return f"the {noun} {joint}", replace(referent, attributes=(color, clothes))
    if kind < 0.65:
        words, posture = rng.choice(_POSTURES)
        if " " not in words and rng.random() < 0.5:
            return f"the {words} {noun}", replace(referent, posture=posture)
        return f"the {noun} {words}", replace(referent, posture=posture)
    at, where = room(rng)
    if kind < 0.8:
        return f"the {noun} in {at}", replace(referent, relations=(Relation("in", where),))
    if kind < 0.9:
        words, posture = rng.choice(_POSTURES[:4])
        return f"the {noun} {words} in {at}", replace(referent, posture=posture, relations=(Relation("in", where),))
    return f"the {noun}", referent


def pushable(rng: Random) -> Filled:
    """Something that can be pushed."""
    if rng.random() < 0.5:
        return rng.choice(
            (("the chair", place_referent("chair")), ("the kitchen chair", place_referent("chair", ("kitchen",))))
        )
    noun = rng.choice(("box", "basket", "ball"))
    return _described(rng, noun, noun)


def device(rng: Random) -> Filled:
    """Something that is switched; see benchmarks/data/household_words.yaml."""
    noun = rng.choice(("lamp", "radio", "fan"))
    words, referent = f"the {noun}", Referent("object", noun)
    if rng.random() < 0.3:
        at, where = surface(rng)
        return f"{words} on {at}", replace(referent, relations=(Relation("on", where),))
    if rng.random() < 0.4:
        at, where = room(rng)
        return f"{words} in {at}", replace(referent, relations=(Relation("in", where),))
    return words, referent


def _of(*nouns: str) -> Callable[[Random], Filled]:
    def fill(rng: Random) -> Filled:
        noun = rng.choice(nouns)
        return _described(rng, noun, noun)

    return fill


def _listed(table: tuple[tuple[str, Any], ...], unit: float = 1.0) -> Callable[[Random], Filled]:
    def fill(rng: Random) -> Filled:
        words, value = rng.choice(table)
        return words, value * unit

    return fill


def _text(table: tuple[str, ...]) -> Callable[[Random], Filled]:
    def fill(rng: Random) -> Filled:
        words = rng.choice(table)
        return words, words

    return fill


SLOTS: dict[str, Callable[[Random], Filled]] = {
    "room": room, "surface": surface, "opener": opener, "spot": spot, "place": place, "holder": holder,
    "simple": simple, "other": other, "thing": thing, "some": some, "many": many, "countable": countable,
    "bare": bare, "plain": plain, "extreme": extreme, "there": there, "inmates": inmates, "crowd": crowd,
    "crowd_are": crowd_are, "name": name, "who": who, "pushable": pushable, "device": device,
    "pourable": _of("bottle", "can", "cup"), "vessel": _of("bowl", "basket", "box"), "far": _listed(_LENGTHS),
    "angle": _listed(_ANGLES, math.pi / 180), "time": _listed(_TIMES), "message": _text(_MESSAGES),
    "errand": _text(_ERRANDS), "asked": _text(_ASKED), "event": _text(EVENTS),
}  # fmt: skip
CONSTANTS = {"user": Referent("user"), "bin": place_referent("bin")}
