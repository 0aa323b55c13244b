"""Handing over: holds the thing out to a person and says so. The person takes it or not; the robot keeps holding."""

from __future__ import annotations

from collections.abc import Callable

from vla_ros.planning import describe
from vla_ros.planning.context import Context, Script
from vla_ros.planning.facts import Fact
from vla_ros.planning.failure import Failure
from vla_ros.planning.skills.going import holding_posture, posture
from vla_ros.planning.target import Target


def hand_over(target: Target, recipient: Target) -> Callable[[Context], Script]:
    """Offers the held target to the recipient, in front of whom the robot stands."""

    def script(ctx: Context) -> Script:
        held = ctx.belief.held
        if held is None:
            raise Failure("execution", f"I am not holding {target.words()}", unmet=Fact("holding", target))
        yield from posture(ctx, holding_posture(ctx, "offer"))
        category = ctx.world.grounding.canonical(target.referent.category)
        known = ctx.world.catalog.kind(category) is not None
        name = describe.thing(held.thing, category if known else "")
        ctx.say(f"Here is the {name}.")
        who = "you" if recipient.referent.kind == "user" else recipient.words()
        ctx.conclude(f"I brought {who} the {name}.")

    return script
