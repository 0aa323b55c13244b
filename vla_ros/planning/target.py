"""What a step is about: a referent of the sentence and what it was bound to in the world."""

from __future__ import annotations

from dataclasses import dataclass, field

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
        """As people say it."""
        if self.place is not None:
            return self.place.words
        return self.referent.words()
