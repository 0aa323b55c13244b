"""Puts the clauses' steps in order, with ``after`` indices, and joins what belongs together. Pure."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from vla_ros.core.task import Referent, TaskStep


@dataclass(slots=True)
class Piece:
    """The steps of one clause and its verb."""

    verb: str
    steps: list[TaskStep]
    meanwhile: bool = False
    """True when it is done beside the piece before it, not after it."""


def arrange(pieces: list[Piece]) -> tuple[TaskStep, ...]:
    """All steps in the order they are to be done; constraints (negated) stand outside the order."""
    flat = [(piece.verb, step) for piece in pieces for step in piece.steps]
    beside = {id(step) for piece in pieces if piece.meanwhile for step in piece.steps}
    stop = next((i for i, (_, step) in enumerate(flat) if step.skill == "stop" and not step.negated), 0)
    if all(step.skill == "wait" for _, step in flat[:stop]):
        flat = flat[stop:]  # "wait, stop!"
    # Counting already says its result, and what is done has stopped.
    flat = [p for i, p in enumerate(flat) if i == 0 or (p[1].about != "result" and p[1].skill != "stop")]
    flat = _carry_on(_take_first(flat))
    out: list[TaskStep] = []
    previous: int | None = None
    for index, (_, step) in enumerate(flat):
        if step.negated:
            out.append(dataclasses.replace(step, after=()))
            continue
        after: tuple[int, ...] = () if previous is None else (previous,)
        if id(step) in beside and previous is not None:
            after = out[previous].after  # it waits for what its neighbour waits for, not for its neighbour
        out.append(dataclasses.replace(step, after=after))
        previous = index
    return tuple(out)


def _take_first(flat: list[tuple[str, TaskStep]]) -> list[tuple[str, TaskStep]]:
    """ "get the cup and put it on the table" only picks it up first, although "get the cup" alone brings it."""
    out = []
    for index, (verb, step) in enumerate(flat):
        implicit = verb in ("get", "want") and step.skill == "bring" and _is_user(step.recipient)
        if implicit and any(_moves(later, step.object) for _, later in flat[index + 1 :]):
            step = dataclasses.replace(step, skill="pick", recipient=None)
        out.append((verb, step))
    return out


def _carry_on(flat: list[tuple[str, TaskStep]]) -> list[tuple[str, TaskStep]]:
    """ "take it to the kitchen and put it on the table" carries it to the kitchen and puts it down once."""
    out: list[tuple[str, TaskStep]] = []
    for index, (verb, step) in enumerate(flat):
        room = step.skill == "place" and step.destination is not None and step.destination.category == "room"
        if room and not step.negated and any(_moves(later, step.object) for _, later in flat[index + 1 :]):
            if not any(s.skill == "pick" and s.object == step.object for _, s in out):
                out.append((verb, dataclasses.replace(step, skill="pick", destination=None, destination_relation="")))
            out.append(
                (verb, TaskStep("go", destination=step.destination, manner=step.manner, condition=step.condition))
            )
            continue
        out.append((verb, step))
    return out


def _moves(step: TaskStep, thing: Referent | None) -> bool:
    return step.skill in ("bring", "place", "pour") and step.object == thing and not step.negated


def _is_user(referent: Referent | None) -> bool:
    return referent is not None and referent.kind == "user"
