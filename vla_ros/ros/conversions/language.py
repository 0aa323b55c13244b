"""Task, Plan and CommandStatus. Nested referents become a flat table with indices and back."""

from __future__ import annotations

from vla_ros.core.errors import InputError
from vla_ros.core.plan import COMMAND_STATES, STEP_STATES, CommandStatus, Plan, PlanStep
from vla_ros.core.task import CONDITION_WORDS, REFERENT_KINDS, RELATIONS, SKILLS, TASK_KINDS, Referent, Relation
from vla_ros.core.task import Task as CoreTask
from vla_ros.core.task import TaskStep as CoreTaskStep
from vla_ros.msg import CommandStatus as CommandStatusMsg
from vla_ros.msg import Plan as PlanMsg
from vla_ros.msg import PlanStep as PlanStepMsg
from vla_ros.msg import Referent as ReferentMsg
from vla_ros.msg import Task as TaskMsg
from vla_ros.msg import TaskStep as TaskStepMsg
from vla_ros.ros.conversions.stamps import finite, header

_ROLES = ("object", "source", "destination", "recipient")
_MAX_STEPS = 50
_MAX_REFERENTS = 500
_MAX_DEPTH = 8


def task_to_msg(task: CoreTask, stamp_s: float) -> TaskMsg:
    """A task; equal referents share one entry of the table, so that "it" stays the same thing."""
    message = TaskMsg(header=header(stamp_s), command_id=task.command_id, text=task.text, kind=task.kind)
    message.confidence, message.question, message.reason = float(task.confidence), task.question, task.reason
    table: dict[Referent, int] = {}
    rows: list[ReferentMsg] = []
    message.steps = [_step_to_msg(step, table, rows) for step in task.steps]
    message.referents = rows
    return message


def _step_to_msg(step: CoreTaskStep, table: dict[Referent, int], rows: list[ReferentMsg]) -> TaskStepMsg:
    message = TaskStepMsg(skill=step.skill, text=step.text, about=step.about, manner=step.manner)
    for role in _ROLES:
        referent = getattr(step, role)
        setattr(message, role, -1 if referent is None else _enter(referent, table, rows))
    message.destination_relation, message.count = step.destination_relation, int(step.count)
    message.distance_m, message.angle_rad = float(step.distance_m), float(step.angle_rad)
    message.duration_s, message.after, message.negated = float(step.duration_s), list(step.after), step.negated
    if step.condition is not None:
        message.condition_word, message.condition = step.condition
    return message


def _enter(referent: Referent, table: dict[Referent, int], rows: list[ReferentMsg]) -> int:
    if referent in table:
        return table[referent]
    related = [_enter(r.referent, table, rows) for r in referent.relations]
    message = ReferentMsg(kind=referent.kind, category=referent.category, name=referent.name)
    message.attributes, message.not_attributes = list(referent.attributes), list(referent.not_attributes)
    message.superlative, message.posture, message.quantity = referent.superlative, referent.posture, referent.quantity
    message.relation_predicates = [r.predicate for r in referent.relations]
    message.relation_referents = related
    rows.append(message)
    table[referent] = len(rows) - 1
    return table[referent]


def task_from_msg(message: TaskMsg) -> CoreTask:
    """Raises InputError for unknown words, indices out of range, circles, and steps after themselves."""
    _known("task.kind", message.kind, TASK_KINDS)
    finite("task.confidence", message.confidence)
    if len(message.steps) > _MAX_STEPS or len(message.referents) > _MAX_REFERENTS:
        raise InputError("task.steps", len(message.steps), f"Send up to {_MAX_STEPS} steps.")
    rows = message.referents
    return CoreTask(
        text=message.text,
        kind=message.kind,
        confidence=message.confidence,
        question=message.question,
        reason=message.reason,
        steps=tuple(_step_from_msg(step, i, rows) for i, step in enumerate(message.steps)),
        command_id=message.command_id,
    )


def _step_from_msg(message: TaskStepMsg, index: int, rows: list[ReferentMsg]) -> CoreTaskStep:
    field = f"task.steps[{index}]"
    _known(f"{field}.skill", message.skill, SKILLS)
    finite(field, message.distance_m, message.angle_rad, message.duration_s)
    if any(i >= index for i in message.after):
        raise InputError(f"{field}.after", list(message.after), "Name earlier steps only.")
    condition = None
    if message.condition_word:
        _known(f"{field}.condition_word", message.condition_word, CONDITION_WORDS)
        condition = (message.condition_word, message.condition)
    referents = {
        role: None if getattr(message, role) < 0 else _referent(getattr(message, role), rows, f"{field}.{role}", 0)
        for role in _ROLES
    }
    return CoreTaskStep(
        skill=message.skill,
        text=message.text,
        about=message.about,
        count=message.count,
        manner=message.manner,
        destination_relation=message.destination_relation,
        distance_m=message.distance_m,
        angle_rad=message.angle_rad,
        duration_s=message.duration_s,
        condition=condition,
        after=tuple(message.after),
        negated=message.negated,
        **referents,
    )


def _referent(index: int, rows: list[ReferentMsg], field: str, depth: int) -> Referent:
    if index >= len(rows) or depth > _MAX_DEPTH:
        raise InputError(field, index, f"Point into the table of {len(rows)} referents, without circles.")
    row = rows[index]
    _known(f"{field}.kind", row.kind, REFERENT_KINDS)
    if len(row.relation_predicates) != len(row.relation_referents):
        raise InputError(f"{field}.relations", len(row.relation_referents), "Send one referent for each predicate.")
    relations = []
    for predicate, other in zip(row.relation_predicates, row.relation_referents):
        _known(f"{field}.relation", predicate, RELATIONS)
        relations.append(Relation(predicate, _referent(other, rows, field, depth + 1)))
    return Referent(
        kind=row.kind,
        category=row.category,
        name=row.name,
        attributes=tuple(row.attributes),
        superlative=row.superlative,
        quantity=row.quantity,
        relations=tuple(relations),
        posture=row.posture,
        not_attributes=tuple(row.not_attributes),
    )


def _known(field: str, value: str, words: tuple[str, ...]) -> None:
    if value not in words:
        raise InputError(field, value, f"Known: {', '.join(words)}.")


def plan_to_msg(plan: Plan, stamp_s: float) -> PlanMsg:
    """The present plan."""
    message = PlanMsg(header=header(stamp_s), command_id=plan.command_id, current=max(0, plan.current))
    for step in plan.steps:
        row = PlanStepMsg(skill=step.skill, target=step.target, description=step.description, failure=step.failure)
        row.preconditions, row.effects = list(step.preconditions), list(step.effects)
        row.state, row.attempts = STEP_STATES.index(step.state), int(step.attempts)
        message.steps.append(row)
    return message


def plan_from_msg(message: PlanMsg) -> Plan:
    """Raises InputError for an unknown step state."""
    steps = []
    for row in message.steps:
        if row.state >= len(STEP_STATES):
            raise InputError("plan.steps.state", row.state, f"Known: 0 to {len(STEP_STATES) - 1}.")
        steps.append(
            PlanStep(
                row.skill,
                row.target,
                row.description,
                tuple(row.preconditions),
                tuple(row.effects),
                STEP_STATES[row.state],
                row.attempts,
                row.failure,
            )
        )
    return Plan(message.command_id, tuple(steps), message.current)


def command_status_to_msg(status: CommandStatus, stamp_s: float) -> CommandStatusMsg:
    """Progress of a command."""
    message = CommandStatusMsg(header=header(stamp_s), command_id=status.command_id, state=status.state)
    message.instruction, message.text, message.question = status.instruction, status.text, status.question
    message.step_index, message.steps = max(0, status.step_index), max(0, status.steps)
    message.confidence, message.failure = float(status.confidence), status.failure
    return message


def command_status_from_msg(message: CommandStatusMsg) -> CommandStatus:
    """Raises InputError for an unknown state."""
    _known("command_status.state", message.state, COMMAND_STATES)
    return CommandStatus(
        command_id=message.command_id,
        instruction=message.instruction,
        state=message.state,
        step_index=message.step_index,
        steps=message.steps,
        text=message.text,
        question=message.question,
        confidence=message.confidence,
        failure=message.failure,
    )
