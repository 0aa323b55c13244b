"""A larger model as second reader: asked only about sentences that the built-in parser is not sure of.

The built-in parser always reads first. What it stops, refuses, or is sure of stands; a model's answer is read
strictly, held against the lexicon, judged for hazards, and its confidence is bounded. Anything wrong, slow or
missing falls back to the built-in reading. Imports core and siblings; the model is injected.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Protocol

from vla_ros.core.errors import InputError, VlaError
from vla_ros.core.task import IMMEDIATE_SKILLS, Referent, Task, TaskStep
from vla_ros.language.models.schema import MAX_STEPS, system_prompt, user_prompt
from vla_ros.language.parser import MAX_CHARACTERS, GrammarParser
from vla_ros.language.task_json import task_from_dict

_MAX_ANSWER = 20_000
_PLAIN_WORDS = ("object", "person", "thing", "place", "man", "woman", "boy", "girl", "")


class LanguageModel(Protocol):
    """Completes a chat of a system and a user message under the Task schema."""

    def complete(self, system: str, user: str, timeout_s: float) -> str:
        """The model's answer. Raises VlaError when there is none in time."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """What came of asking: the Task that stands, and the reason when the model's answer was not used."""

    task: Task
    by_model: bool
    complaint: str = ""


class ModelParser:
    """Decides when to ask the model, and what of its answer to believe.

    Args:
        builtin: reads first, judges hazards, and stands in.
        model: asked within ``timeout_s`` for each of ``attempts``.
        below: built-in readings with a confidence under this one are put to the model.
        trust: upper bound of the confidence of a model's Task; the planner's thresholds act on it.
        clock: seconds, monotonic; the whole asking ends ``timeout_s`` after it began, whatever the attempts.
    """

    def __init__(
        self,
        builtin: GrammarParser,
        model: LanguageModel,
        timeout_s: float,
        attempts: int,
        below: float,
        trust: float,
        clock: Callable[[], float],
    ) -> None:
        self._builtin = builtin
        self._model = model
        self._timeout_s, self._attempts = timeout_s, attempts
        self._below, self._trust = below, trust
        self._clock = clock
        self._system = system_prompt(builtin.lexicon)

    def wants(self, quick: Task) -> bool:
        """True when the built-in reading should be put to the model: not understood (another language, too) or not
        sure, and neither refused, urgent, empty nor too long."""
        if quick.kind == "refusal" or any(step.skill in IMMEDIATE_SKILLS for step in quick.steps):
            return False
        if quick.kind == "unknown":
            return bool(quick.text.strip()) and len(quick.text) <= MAX_CHARACTERS
        return quick.confidence < self._below

    def ask(self, text: str, quick: Task) -> Reading:
        """Asks the model (blocking) and returns the reading that stands; never raises."""
        complaint, end = "", self._clock() + self._timeout_s
        for _ in range(self._attempts):
            left_s = end - self._clock()
            if left_s <= 0.0:
                return Reading(quick, False, complaint or "the model took too long")
            try:
                answer = self._model.complete(self._system, user_prompt(text, complaint), left_s)
                return Reading(self._read(text, answer), True)
            except InputError as error:
                complaint = str(error)[:300]
            except VlaError as error:  # no answer at all: asking again at once would only cost the person's time
                return Reading(quick, False, str(error)[:300])
        return Reading(quick, False, complaint)

    def _read(self, text: str, answer: str) -> Task:
        """The Task in a model's answer. Raises InputError, whose text is told to the model."""
        if len(answer) > _MAX_ANSWER:
            raise InputError("answer", f"{len(answer)} characters", f"Give at most {_MAX_ANSWER}.")
        try:
            data = json.loads(answer)
        except (ValueError, RecursionError) as error:
            raise InputError("answer", answer, f"Give one JSON object and nothing else ({error}).") from None
        if isinstance(data, dict):
            data = {**data, "text": text, "command_id": ""}
        task = task_from_dict(data)
        if task.kind == "task":
            self._check_steps(task.steps)
        elif task.steps:
            raise InputError("steps", len(task.steps), f'Give no steps with kind "{task.kind}".')
        if task.kind == "question" and not task.question.strip():
            raise InputError("question", "", "Say what you ask for.")
        harm = self._harm(task)
        if harm:
            return Task(text, "refusal", 1.0, reason=harm)
        in_order = tuple(
            dataclasses.replace(step, after=(i - 1,) if i else (), condition=None) for i, step in enumerate(task.steps)
        )
        confidence = min(max(task.confidence, 0.0), self._trust)
        return dataclasses.replace(task, text=text, steps=in_order, confidence=confidence)

    def _check_steps(self, steps: tuple[TaskStep, ...]) -> None:
        if not 1 <= len(steps) <= MAX_STEPS:
            raise InputError("steps", len(steps), f"Give 1 to {MAX_STEPS} steps.")
        for i, step in enumerate(steps):
            if step.condition is not None:
                raise InputError(f"steps[{i}].condition", step.condition, "Leave conditions out, or ask a question.")
            for field in ("object", "source", "destination", "recipient"):
                self._check_referent(getattr(step, field), f"steps[{i}].{field}")

    def _check_referent(self, referent: Referent | None, where: str) -> None:
        if referent is None:
            return
        part = {"object": "object", "place": "furniture"}.get(referent.kind, "")
        if referent.kind == "place" and referent.category == "room":
            if referent.name not in self._builtin.lexicon.rooms:
                rooms = ", ".join(self._builtin.lexicon.rooms)
                raise InputError(f"{where}.name", referent.name, f"Choose one of: {rooms}.")
        elif part and referent.category not in _PLAIN_WORDS and not self._knows(referent.category, part):
            raise InputError(f"{where}.category", referent.category, "Use a word of this home, or ask a question.")
        for relation in referent.relations:
            self._check_referent(relation.referent, f"{where}.relations")

    def _knows(self, category: str, part: str) -> bool:
        words = category.lower().replace("_", " ").split()
        found = self._builtin.lexicon.match(words, 0, part)
        return found is not None and found[0] == len(words)

    def _harm(self, task: Task) -> str:
        """Why a proposed task is refused, judged on its steps said in words, as the built-in parser would hear them."""
        for step in task.steps:
            if step.negated:
                continue
            read = self._builtin.parse(in_words(step))
            if read.kind == "refusal" and self._builtin.parse(f"{step.skill} it").kind != "refusal":
                return read.reason
        return ""


def in_words(step: TaskStep) -> str:
    """A step as a plain English command."""
    words = [step.skill.replace("_", " ")]
    for preposition, referent in (
        ("", step.object),
        ("from", step.source),
        (step.destination_relation.replace("_", " ") or "to", step.destination),
        ("to", step.recipient),
    ):
        if referent is not None:
            said = "me" if referent.kind == "user" else referent.words()
            words.append(f"{preposition} {said}".strip())
    return " ".join((*words, step.text)).strip()
