"""What to do about a failed step: try again, change the plan, take another candidate, or end honestly."""

from __future__ import annotations

from vla_ros.planning.failure import Failure
from vla_ros.planning.params import PlannerParams
from vla_ros.planning.step import Step

RETRY, REPLAN, ALTERNATIVE, GIVE_UP = "retry", "replan", "alternative", "give_up"
_FEW = {"communication": 2, "sensor": 2, "hardware": 1}
_WITH_THINGS = ("pick",)


def decide(step: Step, failure: Failure, replans: int, others: int, params: PlannerParams) -> str:
    """RETRY the step, REPLAN for the unmet fact, take the ALTERNATIVE candidate, or GIVE_UP.

    ``replans`` changes were made to this plan, ``others`` more things fit the step's target.
    """
    if failure.change or (failure.unmet is not None and not failure.final):
        return REPLAN if replans < params.max_replans else GIVE_UP
    if failure.final:
        can_swap = step.skill in _WITH_THINGS and not failure.refused and others > 0 and replans < params.max_replans
        return ALTERNATIVE if can_swap else GIVE_UP
    if step.attempts < min(_FEW.get(failure.kind, params.max_attempts), params.max_attempts):
        return RETRY
    other_helps = step.skill in _WITH_THINGS and failure.kind not in _FEW  # a dead camera sees no other cup either
    return ALTERNATIVE if other_helps and others > 0 and replans < params.max_replans else GIVE_UP


def final_text(step: Step, failure: Failure) -> str:
    """How the command's end is told: what could not be done, why, and after how many tries."""
    if failure.summary:
        return failure.text[:1].upper() + failure.text[1:].rstrip(".") + "."
    tries = f" (tried {step.attempts} times)" if step.attempts > 1 else ""
    return f"I could not {step.words}: {failure.text}{tries}."
