"""Why a step did not work: the one exception of the skills, and the class of a motion that did not arrive."""

from __future__ import annotations

from vla_ros.core.motion import MotionStatus
from vla_ros.planning.facts import Fact


class Failure(Exception):
    """A step's failure.

    Args:
        kind: one of core.plan.FAILURE_KINDS.
        text: for people: what happened, and what they can do.
        final: trying again cannot help.
        refused: it is no failure of the robot: it must not or cannot do that at all.
        unmet: the precondition or effect that perception does not confirm.
        summary: the text is a whole answer and needs no "I could not ..." in front.
        change: one of rules.rule.CHANGES: the step is done in another way.
    """

    def __init__(
        self,
        kind: str,
        text: str,
        *,
        final: bool = False,
        refused: bool = False,
        unmet: Fact | None = None,
        summary: bool = False,
        change: str = "",
    ) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text
        self.final = final or refused
        self.refused = refused
        self.unmet = unmet
        self.summary = summary or refused
        self.change = change


_ACTIVITY = {
    "navigate": "driving there",
    "approach": "getting close enough",
    "keep_near": "following",
    "base_move": "moving a little",
    "base_arc": "swinging the door",
    "head_look_at": "turning my head",
    "head_posture": "turning my head",
    "arm_posture": "folding my arm",
    "arm_reach": "reaching for it",
    "arm_linear": "moving my hand straight",
    "gripper": "moving my gripper",
    "stop": "stopping",
}


def of_motion(status: MotionStatus) -> Failure:
    """The failure that a motion's end state means: an infeasible goal is a matter of planning, the rest happened
    during execution."""
    doing = _ACTIVITY.get(status.kind, status.kind)
    why = f": {status.text}" if status.text else ""
    if status.state == "rejected":
        return Failure("planning", f"{doing} is not possible{why}")
    if status.state == "timed_out":
        return Failure("execution", f"{doing} took too long{why}")
    if status.state == "blocked":
        return Failure("execution", f"something was in the way while {doing}{why}")
    return Failure("execution", f"{doing} was interrupted{why}")
