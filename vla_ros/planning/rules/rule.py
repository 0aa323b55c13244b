"""What a rule sees of a step, and what it may object. A rule is a pure function of both; it never moves anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vla_ros.core.catalog import ObjectKind
from vla_ros.core.people import Person
from vla_ros.core.scene import SceneObject
from vla_ros.planning.context import Context
from vla_ros.planning.step import Step
from vla_ros.planning.target import Target

REACTIONS = ("refuse", "avoid", "instead", "ask", "slow")
"""From the strictest: the command ends; this candidate is given up for another; the step is replaced by
Objection.change; the user decides; the step is done slowly."""
CHANGES = ("lay_down",)
_CHILD_WORDS = frozenset(("child", "baby", "toddler", "kid", "boy", "girl", "infant"))


@dataclass(frozen=True)
class Objection:
    """``rule`` names it for records and people; ``text`` is a clause about what is wrong, or a whole question."""

    rule: str
    reaction: str
    text: str
    change: str = ""

    def words(self) -> str:
        """The text with the rule's name."""
        return f"{self.text} (rule {self.rule})"


Rule = Callable[["Intent"], Objection | None]


class Intent:
    """One step as the rules see it: its words from the beginning, the things themselves once they are found."""

    def __init__(self, step: Step, ctx: Context) -> None:
        self.step, self.ctx = step, ctx

    @property
    def skill(self) -> str:
        """What is to be done."""
        return self.step.skill

    @property
    def thing(self) -> Target | None:
        """What it is done with: a target that is no person and no place."""
        target = self.step.target
        return None if target is None or target.is_person or target.place is not None else target

    @property
    def person(self) -> Target | None:
        """Who gets it."""
        return next((t for t in (self.step.goal, self.step.target) if t is not None and t.is_person), None)

    @property
    def carries(self) -> bool:
        """Whether the thing is or will be in the hand."""
        return self.thing is not None and self.skill in ("pick", "place", "put_down", "hand_over")

    def seen(self, target: Target | None) -> SceneObject | None:
        """The thing or person itself, as it was last seen; None before it is found."""
        if target is None or not target.bound_id:
            return None
        held = self.ctx.belief.held
        if held is not None and held.thing.id == target.bound_id:
            return held.thing
        return self.ctx.belief.last_seen(target.bound_id)

    def kinds(self, target: Target | None) -> Iterator[ObjectKind]:
        """What it may be: by its words, and every kind that perception does not rule out."""
        if target is None:
            return
        world, params = self.ctx.world, self.ctx.params
        by_words = world.catalog.kind(world.grounding.canonical(target.referent.category))
        if by_words is not None:
            yield by_words
        thing = self.seen(target)
        best = thing.categories[0][1] if thing is not None and thing.categories else 0.0
        for name, score in thing.categories if thing is not None else ():
            kind = world.catalog.kind(name)
            if kind is not None and score >= max(params.min_category_score, params.min_category_ratio * best):
                yield kind

    def hazards(self, target: Target | None) -> frozenset[str]:
        """What is dangerous about it: its kinds' hazards, and what was said of it ("the hot cup")."""
        if target is None:
            return frozenset()
        said = {"hot" for a in target.referent.attributes if a in ("hot", "boiling", "burning", "scalding")}
        return frozenset(said | {kind.hazard for kind in self.kinds(target) if kind.hazard})

    def is_child(self, target: Target | None) -> bool:
        """By name, by word, or because nobody grown is that small. Somebody who sits may be taken for a child."""
        if target is None:
            return False
        who = self._known_person(target)
        if who is not None:
            return who.child
        if target.referent.category in _CHILD_WORDS or _CHILD_WORDS & set(target.referent.attributes):
            return True
        person = self.seen(target)
        return person is not None and person.size[2] < self.ctx.params.child_height_m

    def _known_person(self, target: Target) -> Person | None:
        people = self.ctx.world.people
        if people is None:
            return None
        return people.user if target.referent.kind == "user" else people.person(target.referent.name.lower())
