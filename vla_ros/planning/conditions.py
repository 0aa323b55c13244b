"""Conditions that can be seen: "if there is a red cup on the kitchen table". Everything else is refused."""

from __future__ import annotations

import re
from collections.abc import Callable

from vla_ros.core.scene import COLORS
from vla_ros.core.task import Referent, Relation
from vla_ros.planning import places
from vla_ros.planning.context import Context, Script
from vla_ros.planning.failure import Failure
from vla_ros.planning.skills.finding import find
from vla_ros.planning.target import Target

_EXISTS = re.compile(
    r"^(?:there (?:is|are|'s)|you (?:can )?(?:see|find)|i have|it has)?\s*(?:(?P<no>no|not any|not)\s+)?"
    r"(?:(?:a|an|any|some|the)\s+)?(?P<what>.+?)(?:\s+(?P<where>on|in|at|under|near|from)\s+(?:the\s+)?(?P<place>.+?))?"
    r"(?:\s+(?:there|anywhere))?[.?]?$"
)


def referent_of(ctx: Context, predicate: str) -> tuple[Referent, bool] | None:
    """What shall exist, and whether its absence is meant; None when the words speak of anything else."""
    match = _EXISTS.match(predicate.strip().lower())
    if match is None:
        return None
    words = match["what"].split()
    colors = tuple(w for w in words if w in COLORS)
    noun = " ".join(w for w in words if w not in COLORS)
    catalog = ctx.world.catalog
    singular = next((k.category for k in catalog.objects if noun in (k.plural, k.category + "s")), noun)
    kind = catalog.kind(singular) or catalog.kind(singular.replace(" ", "_"))
    person = ctx.world.grounding.canonical(noun) == "person"
    if kind is None and not person:
        return None
    relations: tuple[Relation, ...] = ()
    if match["place"]:
        place = Referent("place", category=match["place"].replace(" ", "_"))
        if not places.resolve(ctx.world.plan, place):
            return None
        relations = (Relation(match["where"], place),)
    category = "person" if person else kind.category  # type: ignore[union-attr]
    kind_word = "person" if person else "object"
    return Referent(kind_word, category, attributes=(*colors, "any"), relations=relations), bool(match["no"])


def gate(predicate: str, unless: bool, referent: Referent, negated: bool, index: int) -> Callable[[Context], Script]:
    """Looks whether it exists; when the condition does not hold, the TaskStep ``index`` is skipped."""

    def script(ctx: Context) -> Script:
        try:
            yield from find(Target(referent))(ctx)
            exists = True
        except Failure as failure:
            if failure.kind != "perception":
                raise
            exists = False
        if (exists != negated) == unless:
            ctx.skipped.add(index)
            ctx.conclude(f'I left that out, because "{predicate}" is {"true" if unless else "not true"}.')

    return script
