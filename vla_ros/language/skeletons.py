"""The skeleton of an order: the deed, and of whom and what something is said, without names, kinds and qualities.

"Bring me the red cup from the sink" and "I need that fork, it is in the fridge" have one skeleton, ``bring object@``:
there is a thing, and it is said where it is. Skeletons are what the trained voter (voter.py) tells apart, and how its
opinion is compared with the grammar's. They come from logical forms (logical_form.py). Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from vla_ros.core.task import Task
from vla_ros.language.forms import Tree, canonical, read
from vla_ros.language.logical_form import UNKNOWN, logical_form

_SUPERLATIVES = frozenset(("biggest", "smallest", "heaviest", "lightest", "thinnest", "thickest", "tallest",
                           "shortest", "nearest", "farthest", "oldest", "newest"))  # fmt: skip
_SIDES = frozenset(("leftmost", "rightmost"))
_BESIDE = frozenset(("on_top_of", "below", "above", "left_of", "right_of", "behind", "in_front_of", "inside"))
_QUALITIES = frozenset(("male", "female", "standing", "sitting", "lying", "is"))
_ASKED = frozenset(("name", "gender", "pose"))
_PLACES = ("<room>", "<location>")
_SLOT = ("", "object", "category", "superlative", "side", "beside", "kind", "name", "quality", "person")


@dataclass(frozen=True, slots=True)
class Skeleton:
    """``deed`` with a thing, a person and a goal; "" and False mean that nothing is said of it.

    deed: go, find, bring, put, pour, count, which (is the biggest …), tell, answer, name, gender, pose (of a
        person), follow, follow_go (follow, then go), guide, guide_back (lead to the user).
    thing: object, category, superlative, side (left-most …), beside (something next to another thing).
    person: name, quality (posture, gesture, gender), person (nothing but that).
    """

    deed: str
    thing: str = ""
    thing_at: bool = False
    many: bool = False
    person: str = ""
    person_at: bool = False
    goal: bool = False

    def __str__(self) -> str:
        thing = f"{self.thing or '-'}{'*' * self.many}{'@' * self.thing_at}"
        return f"{self.deed} {thing} {self.person or '-'}{'@' * self.person_at} {'to' if self.goal else '-'}"

    def slots(self) -> int:
        """How much it says: a point for each slot, and one for who or what is told apart from others."""
        told = (self.thing in ("superlative", "side", "beside")) + (self.person in ("name", "quality"))
        places = self.thing_at + self.person_at + (self.goal or self.deed == "guide_back")
        return told + places + bool(self.thing) + bool(self.person) + self.many

    @classmethod
    def parse(cls, text: str) -> Skeleton:
        """Reads :meth:`__str__`'s form. Raises ValueError."""
        deed, thing, person, goal = text.split()
        kind, who = thing.rstrip("@").rstrip("*").strip("-"), person.rstrip("@").strip("-")
        if kind not in _SLOT or who not in _SLOT or goal not in ("to", "-"):
            raise ValueError(f"no skeleton: {text!r}")
        return cls(deed, kind, thing.endswith("@"), "*" in thing, who, person.endswith("@"), goal == "to")


def skeleton_of_task(task: Task) -> Skeleton | None:
    """The skeleton of what ``task`` does; None when it is no task, or does what forms have no words for."""
    form = logical_form(task)
    return None if form == UNKNOWN else skeleton(form)


def skeleton(form: str) -> Skeleton | None:
    """The skeleton of a logical form; None for UNKNOWN and for a form of another kind. Raises ValueError."""
    tree = canonical(read(form))
    return _of(tree) if isinstance(tree, tuple) and tree else None


def _of(tree: tuple[Tree, ...]) -> Skeleton | None:
    head, rest = tree[0], tree[1:]
    if head == "go":
        return Skeleton("go", goal=True)
    if head in ("find", "bring", "put", "pour"):
        return _with_thing(str(head), rest)
    if head == "follow":
        return _with_person("follow", rest[:1], goal=len(rest) > 1)
    if head == "guide":
        return _with_person("guide", rest[:1], goal=rest[1:2] != (UNKNOWN,))
    if head == "sequence" and isinstance(rest[0], tuple):
        return _with_person("follow_go", rest[0][1:2], goal=True)
    if head == "lambda" and isinstance(tree[-1], tuple) and tree[-1][:1] == ("sequence",):
        followed = tree[-1][1]
        return _with_person("guide_back", (("lambda", "$1", "e", *followed[1:]),))
    if head == "count":
        return _with_thing("count", rest)
    return _said(rest) if head == "say" and rest else None


def _said(rest: tuple[Tree, ...]) -> Skeleton | None:
    what = rest[0]
    if what == "<whattosay>":
        return _with_person("tell", rest[1:])
    if not isinstance(what, tuple):
        return None
    if what[0] == "answer":
        return _with_person("answer", rest[1:])
    if what[0] == "count":
        return _with_person("count", what[1:]) if _is_person(what[1]) else _with_thing("count", what[1:])
    if what[0] != "lambda":
        return None
    inner = what[3]
    if isinstance(inner, tuple) and inner[0] == "lambda":
        asked = [str(c[0]) for c in _conditions(inner) if c[0] in _ASKED and len(c) > 2 and c[2] == "$1"]
        return Skeleton(asked[0], person="person", person_at=_at(inner)) if asked else None
    return _with_thing("which", (what,))


def _with_thing(deed: str, parts: tuple[Tree, ...]) -> Skeleton | None:
    if deed == "pour":
        return Skeleton("pour", "object", goal=True)
    found = _thing(parts[0]) if parts else None
    if found is None:
        return None
    kind, at, many = found
    people = [p for p in parts[1:] if isinstance(p, tuple)]
    places = [p for p in parts[1:] if p in _PLACES]
    many |= any(isinstance(p, str) and p.isdigit() for p in parts[1:])
    person, person_at = _person(people[0]) if people else ("", False)
    goal = deed == "put" and bool(places)
    return Skeleton(deed, kind, at or (bool(places) and not goal), many, person, person_at, goal)


def _with_person(deed: str, parts: tuple[Tree, ...], goal: bool = False) -> Skeleton:
    person, at = _person(parts[0]) if parts else ("", False)
    return Skeleton(deed, person=person, person_at=at, goal=goal)


def _conditions(tree: Tree) -> list[tuple[Tree, ...]]:
    body = tree[3:] if isinstance(tree, tuple) and tree[:1] == ("lambda",) else ()
    flat = [inner for part in body for inner in (part[1:] if part[:1] == ("and",) else (part,))]
    return [part for part in flat if isinstance(part, tuple)]


def _at(tree: Tree) -> bool:
    return any(c[0] == "at" for c in _conditions(tree))


def _is_person(tree: Tree) -> bool:
    return any(c[0] in ("person", "name") or c[0] in _QUALITIES for c in _conditions(tree))


def _person(tree: Tree) -> tuple[str, bool]:
    heads = {c[0] for c in _conditions(tree)}
    return "name" if "name" in heads else "quality" if heads & _QUALITIES else "person", "at" in heads


def _thing(tree: Tree) -> tuple[str, bool, bool] | None:
    """(kind, whether it is said where it is, whether a number is said)."""
    conditions = _conditions(tree)
    if conditions and conditions[0][0] == "lambda":
        inner = {c[0] for c in _conditions(conditions[0])}
        return ("beside", "at" in inner, False) if inner & _BESIDE else None
    chosen = next((c for c in conditions if c[0] in _SUPERLATIVES), None)
    if chosen is not None:
        return "superlative", _at(tree), len(chosen) > 2
    side = next((c for c in conditions if c[0] in _SIDES), None)
    if side is not None:
        return "side", len(side) > 2, False
    kind = next((c[2] for c in conditions if c[0] == "is_a"), "")
    return ("category" if kind == "<category>" else "object" if kind else "kind"), _at(tree), False
