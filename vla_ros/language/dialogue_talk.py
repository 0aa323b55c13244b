"""What the robot answers about itself: what it does, why it stopped, what it understood, what was said before. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from vla_ros.core.plan import CommandStatus
from vla_ros.core.remembered import Turn
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.core.task import Task
from vla_ros.language.dialogue import Act
from vla_ros.language.dialogue_words import said

_RECENT_STOP_S = 120.0
_STOPPED = ("stopped", "e_stopped", "faulted")
_OF_USER = ("stopped by the user", "cancelled")
_REPORTS = {"status": "doing", "reason": "why_stopped", "understood": "understood"}
"""What the parser calls a question about the robot itself."""


@dataclass(frozen=True)
class Situation:
    """All that an answer can tell of. Times are those of the desk's ``now`` [s]."""

    running: CommandStatus | None = None
    ended: tuple[CommandStatus, ...] = ()
    """Commands that ended since the start, the last one last."""
    question: str = ""
    """What somebody is asked at this moment."""
    previous: Task | None = None
    gate: SafetyStatus | None = None
    stop: tuple[str, float] | None = None
    """The gate's last words for standing still, and when."""
    turns: tuple[Turn, ...] = ()
    said: str = ""


def act_of_report(task: Task) -> Act | None:
    """The act that a parsed question about the robot itself is."""
    step = task.steps[0] if task.kind == "task" and len(task.steps) == 1 else None
    if step is None or step.skill != "report" or step.object is not None or step.negated:
        return None
    kind = _REPORTS.get(step.about, "")
    return Act(kind) if kind else None


def answer(act: Act, now: float, seen: Situation) -> str:
    """The answer to a question about the talk or the robot's doings; "" when the act is none of these."""
    answers = {
        "doing": lambda: doing(seen),
        "why_stopped": lambda: why_stopped(seen, now),
        "understood": lambda: understood(seen),
        "asked_before": lambda: asked_before(seen),
        "asked_what": lambda: f'I asked: "{seen.question}"' if seen.question else "I have no question at the moment.",
        "said_what": lambda: f'I said: "{seen.said}"' if seen.said else "I have not said anything yet.",
        "done_so_far": lambda: done_so_far(seen),
    }
    return answers[act.kind]() if act.kind in answers else ""


def doing(seen: Situation) -> str:
    """What it does now, or how the last command ended."""
    status = seen.running
    if status is not None:
        if seen.question:
            return f'I am waiting for your answer: "{seen.question}"'
        step = f", step {status.step_index + 1} of {status.steps}" if status.steps else ""
        text = status.text.split(": ", 1)[-1] if status.text.startswith("step ") else status.text
        now = {"queued": "It waits its turn", "paused": "I have paused"}.get(status.state, "")
        return f'I am busy with "{status.instruction}"{step}: {now or text or status.state}{_stop(".", now or text)}'
    if seen.question:
        return f'Nothing; I asked you: "{seen.question}"'
    if seen.ended:
        last = seen.ended[-1]
        return f'Nothing at the moment. The last thing was "{last.instruction}": {_outcome(last)}'
    return "Nothing at the moment."


def why_stopped(seen: Situation, now: float) -> str:
    """The gate's reason while it stands still, else how the last command ended, else the gate's last stop."""
    gate = seen.gate
    if gate is not None and (gate.state in _STOPPED or not gate.armed):
        why = gate.text or gate.cause.replace("_", " ") or "I am not armed"
        mend = ""
        if gate.e_stopped or gate.state == "e_stopped":
            mend = " The emergency stop is latched: release it, then reset and arm me."
        elif not gate.armed:
            mend = " Arm me to go on."
        return f"The safety gate holds me: {why.rstrip('.')}.{mend}"
    status = seen.running
    if status is not None and seen.question:
        return f'I wait for your answer: "{seen.question}"'
    if status is not None and status.state == "paused":
        return "You told me to pause. Say resume to go on."
    if status is not None and status.text.startswith("waiting"):
        return f"I am {status.text.rstrip('.')}."
    recent = seen.stop if seen.stop is not None and now - seen.stop[1] <= _RECENT_STOP_S else None
    if status is not None:
        if recent is not None:
            return f"The safety gate held me {now - recent[1]:.0f} seconds ago: {recent[0].rstrip('.')}. I go on now."
        return f"I have not stopped: {doing(seen)}"
    if seen.ended:
        last = seen.ended[-1]
        if last.state == "cancelled" and last.text.lower().rstrip(".") in _OF_USER:
            return f'You told me to stop while I was busy with "{last.instruction}".'
        if last.state != "succeeded":
            what = f" ({last.failure})" if last.failure else ""
            return f'"{last.instruction}" ended{what}: {last.text.rstrip(".")}.'
    if recent is not None:
        return f"The safety gate held me {now - recent[1]:.0f} seconds ago: {recent[0].rstrip('.')}."
    if seen.ended:
        return f'I am done with "{seen.ended[-1].instruction}"; nothing stopped me.'
    return "I have done nothing yet that could have stopped."


def understood(seen: Situation) -> str:
    """The last instruction as the robot read it."""
    task = seen.previous
    if task is None:
        return "You have not asked me to do anything yet."
    return f'You said "{task.text}". I understood: {said(task)} ({task.confidence * 100:.0f} % sure).'


def asked_before(seen: Situation) -> str:
    """What the person said before this."""
    earlier = [turn.text for turn in seen.turns[:-1] if turn.speaker == "person"]
    if not earlier:
        return "You have not said anything before."
    last = f'Before that you said: "{earlier[-1]}"'
    return f'{last}, and before: "{earlier[-2]}".' if len(earlier) > 1 else f"{last}."


def done_so_far(seen: Situation) -> str:
    """The last commands and how they ended."""
    if not seen.ended:
        return "I have done nothing yet since I was started."
    parts = [f'"{status.instruction}": {_outcome(status)}' for status in seen.ended[-3:]]
    return " ".join(parts)


def _outcome(status: CommandStatus) -> str:
    text = status.text or status.state.replace("_", " ")
    return f"{text}{_stop('.', text)}"


def _stop(mark: str, text: str) -> str:
    return "" if text.endswith((".", "!", "?")) else mark
