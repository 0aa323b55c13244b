"""The targets of one command: which words are the same thing, and which mean nothing in this home."""

from __future__ import annotations

from dataclasses import replace

from vla_ros.core.catalog import Catalog
from vla_ros.core.task import Referent, Relation, TaskStep
from vla_ros.planning import describe, places
from vla_ros.planning.context import Context
from vla_ros.planning.failure import Failure
from vla_ros.planning.grounding import ANYTHING, Grounding
from vla_ros.planning.target import Target


class Targets:
    """Shared targets, made on demand. The same words are the same target everywhere in a command."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.targets: dict[Referent, Target] = {}
        self.last_object: Target | None = None

    def target(self, referent: Referent | None) -> Target | None:
        """The shared target of a referent; "it" that language left over is the object last spoken of."""
        if referent is None:
            return None
        if referent.kind == "self" and not referent.category:
            return self.last_object
        found = self.targets.setdefault(referent, Target(referent))
        if referent.kind == "object":
            self.last_object = found
        return found

    def thing(self, step: TaskStep, verb: str) -> Target:
        """The step's object, with the place it is taken from among its relations; refuses unknown words."""
        referent = step.object
        if referent is None:
            if self.last_object is not None:
                return self.last_object
            raise Failure("planning", f"I do not know what to {verb}", refused=True)
        if step.source is not None and step.source.kind in ("place", "object") and not referent.relations:
            referent = replace(referent, relations=(Relation("from", step.source),))
            if step.object in self.targets:
                return self.targets[step.object]
        target = self.known(referent)
        assert target is not None
        if step.object is not None:
            self.targets.setdefault(step.object, target)
        return target

    def person(self, step: TaskStep) -> Target:
        """The person of a step; the user when none is named."""
        named = self.known(step.object or step.recipient or Referent("user"))
        assert named is not None
        if not named.is_person:
            raise Failure("planning", f"I can {step.skill} people only", refused=True)
        return named

    def known(self, referent: Referent | None) -> Target | None:
        """The target of a referent whose words mean something here; refuses kinds and places that do not exist."""
        if referent is None:
            return None
        world = self.ctx.world
        kind = referent.kind
        if kind == "object" and not is_thing(referent, world.grounding, world.catalog):
            if not places.resolve(world.plan, referent):
                raise Failure("planning", f"I do not know what {_indefinite(referent)} is", refused=True)
            referent = replace(referent, kind="place")
        elif kind == "place" and not places.resolve(world.plan, referent):
            if not is_thing(referent, world.grounding, world.catalog) or referent.category in ANYTHING:
                raise Failure("planning", f"I know no {referent.words().removeprefix('the ')} here", refused=True)
            referent = replace(referent, kind="object")
        elif kind == "person" and referent.name and world.people and not world.people.person(referent.name.lower()):
            raise Failure("planning", f"I do not know anybody called {referent.name}", refused=True)
        for relation in referent.relations:
            self.known(relation.referent)
        target = self.target(referent)
        if target is not None and target.referent.kind == "place" and target.place is None:
            meant = places.resolve(world.plan, referent)
            target.place = meant[0] if len(meant) == 1 else None
        return target

    def constrain(self, step: TaskStep) -> None:
        """A "do not" becomes a forbidden room or thing; what cannot be watched is refused."""
        referent = step.destination or step.object
        if referent is None:
            raise Failure("planning", f"I cannot promise not to {step.skill.replace('_', ' ')}", refused=True)
        rooms = [p.name for p in places.resolve(self.ctx.world.plan, referent) if p.kind == "room"]
        if rooms:
            self.ctx.forbidden_rooms.update(rooms)
        elif referent.kind == "object":
            self.ctx.forbidden_things.append(referent)
        else:
            raise Failure("planning", f"I cannot promise not to {step.skill} {referent.words()}", refused=True)


def is_thing(referent: Referent, grounding: Grounding, catalog: Catalog) -> bool:
    """True when the words name a kind of thing in the catalog, or any thing at all."""
    category = grounding.canonical(referent.category)
    return category in ANYTHING or category == "person" or catalog.kind(category) is not None


def _indefinite(referent: Referent) -> str:
    return describe.article(referent.words().removeprefix("the "))
