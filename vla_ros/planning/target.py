"""What a step is about: a referent of the sentence and what it was bound to in the world."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from vla_ros.core.task import Referent
from vla_ros.planning.places import Place


@dataclass(eq=False)
class Target:
    """One referent of one command, shared by all its steps.

    ``bound_id`` is a belief's thing or person, ``place`` a room or furniture; ``excluded`` are things that were
    tried and given up, or already dealt with; ``chosen_by_user`` is true after an answered question.
    """

    referent: Referent
    bound_id: str = ""
    place: Place | None = None
    excluded: set[str] = field(default_factory=set)
    tried_grasps: set[str] = field(default_factory=set)
    chosen_by_user: bool = False
    label: str = ""
    confirmed_id: str = ""
    """The thing that was recognised from near."""
    several: bool = False
    """One of several that are dealt with in turn: which comes first does not matter."""

    @property
    def is_person(self) -> bool:
        """True for people, the user included."""
        return self.referent.kind in ("person", "user")

    @property
    def is_bound(self) -> bool:
        """True when it stands for something definite."""
        return bool(self.bound_id) or self.place is not None

    def bind(self, thing_id: str, label: str = "") -> None:
        """Stands for that thing from now on."""
        if thing_id != self.bound_id:
            self.tried_grasps.clear()
        self.bound_id = thing_id
        self.label = label or self.label

    def give_up(self) -> None:
        """Stands for nothing again, and never again for the present thing."""
        if self.bound_id:
            self.excluded.add(self.bound_id)
        self.bound_id = ""
        self.tried_grasps.clear()

    def words(self) -> str:
        """As people say it, with where it was said to be: "the red cup on the kitchen counter"."""
        if self.place is not None:
            return self.place.words
        return phrase(self.referent)

    def short(self) -> str:
        """As people say it once it has been found or is about to be moved: "the red cup"."""
        return self.place.words if self.place is not None else phrase(replace(self.referent, relations=()))


_SAID_OF_PLACES = {
    "from": "from", "in": "in", "on": "on", "left_of": "to the left of", "right_of": "to the right of",
    "beside": "next to",
}  # fmt: skip


def plural_noun(category: str) -> str:
    """ "coffee_table" -> "coffee tables", "knife" -> "knives", "person" -> "people"."""
    name = category.replace("_", " ")
    if name == "person":
        return "people"
    if name.endswith(("fe", "lf")):
        return name.removesuffix("e").removesuffix("f") + "ves"
    return name + ("es" if name.endswith(("s", "x", "ch", "sh")) else "s")


def phrase(referent: Referent) -> str:
    """A referent in good English: "the leftmost cup to the left of the red bowl", "the cup that is not blue"."""
    bare = replace(referent, relations=(), not_attributes=(), superlative=referent.superlative.replace("_most", "most"))
    text = bare.words()
    if referent.quantity != 1 and text.endswith(referent.category.replace("_", " ")):
        text = text.removesuffix(referent.category.replace("_", " ")) + plural_noun(referent.category)
    if referent.kind == "person" and not referent.name and "shirt" in referent.attributes:
        worn = " ".join(a for a in referent.attributes if a != "shirt")
        text = f"the person in the {worn} shirt"
    if referent.kind in ("user", "robot", "self"):
        return text
    if referent.kind == "person" and referent.name:
        return " ".join(w.capitalize() for w in referent.name.replace("_", " ").split())
    text = text.replace("_", " ")
    if referent.not_attributes:
        text += f" that is not {' or '.join(referent.not_attributes)}"
    for relation in referent.relations:
        said = _SAID_OF_PLACES.get(relation.predicate, relation.predicate.replace("_", " "))
        text += f" {said} {phrase(relation.referent)}"
    return text
