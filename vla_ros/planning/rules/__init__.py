"""Before motion: every step passes these rules when the command is planned, by its words, and again when its turn
comes, by what was found. Each rule is a function with a name; docs/rules.md explains them to people."""

from __future__ import annotations

from collections.abc import Iterator

from vla_ros.planning.context import Context
from vla_ros.planning.rules import ability, doubt, harm, space
from vla_ros.planning.rules.rule import REACTIONS, Intent, Objection, Rule
from vla_ros.planning.step import Step

RULES: tuple[Rule, ...] = (
    harm.child, harm.medicine, harm.fire, harm.electric, ability.payload, ability.reach, space.keep_out,
    doubt.command, doubt.thing, harm.sharp, harm.delicate, space.people_near,
)  # fmt: skip


def objections(step: Step, ctx: Context) -> Iterator[Objection]:
    """Everything that is against a step, in the order of RULES; what the user has allowed is left out."""
    intent = Intent(step, ctx)
    for rule in RULES:
        found = rule(intent)
        if found is not None and (found.rule, _about(step, found)) not in ctx.allowed:
            yield found


def strictest(step: Step, ctx: Context) -> Objection | None:
    """The objection with the strictest reaction, None when nothing is against the step."""
    return min(objections(step, ctx), key=lambda o: REACTIONS.index(o.reaction), default=None)


def allow(step: Step, ctx: Context, objection: Objection) -> None:
    """The user has said yes; the same question is not asked again in this command."""
    ctx.allowed.add((objection.rule, _about(step, objection)))


def _about(step: Step, objection: Objection) -> str:
    """What a yes counts for: the whole command, or one thing."""
    return "" if objection.rule == "unsure_command" or step.target is None else step.target.bound_id
