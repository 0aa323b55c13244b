"""Uncertainty gates motion: what was perhaps misunderstood or mistaken is done slowly, or not before a yes.

The thresholds are fitted: ``python -m benchmarks.thresholds`` shows how often a command of a given confidence was
understood wrongly, and how often a thing of a given certainty was something else.
"""

from __future__ import annotations

from vla_ros.planning.closeness import is_doubtful
from vla_ros.planning.rules.rule import Intent, Objection
from vla_ros.planning.step import STILL_SKILLS


def command(intent: Intent) -> Objection | None:
    """The sentence itself, judged at every step that moves; a yes counts for all of them."""
    ctx, params = intent.ctx, intent.ctx.params
    if intent.skill in STILL_SKILLS or ctx.confidence >= params.slow_below:
        return None
    if ctx.confidence >= params.ask_below:
        return Objection("unsure_command", "slow", "I am not quite sure that I understood you")
    return Objection("unsure_command", "ask", f"I am not sure that I understood you. {ctx.intention} Is that right?")


def thing(intent: Intent) -> Objection | None:
    """What is about to be taken, once it was seen from near. A skill that looks closer first asks for that itself,
    see picking."""
    target, seen = intent.thing, intent.seen(intent.thing)
    if intent.skill != "pick" or target is None or seen is None or not is_doubtful(intent.ctx, target, seen):
        return None
    return Objection("unsure_thing", "ask", f"I am not sure that what I see is {target.words()}. Shall I take it?")
