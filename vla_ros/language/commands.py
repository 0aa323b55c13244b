"""The front desk: who asked for what, what is running, who waits for which answer, until when.

Pure: takes texts, statuses and ``now`` [s], returns what to publish and what to answer. The language node only
carries it between ROS and here. Imports core and the parser's protocol.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from vla_ros.core.remembered import Turn
from vla_ros.core.task import IMMEDIATE_SKILLS, Task, TaskStep
from vla_ros.language import dialogue_talk
from vla_ros.language.books import NO_PLANNER, Books, Order, Reply
from vla_ros.language.dialogue import Act, Dialogue
from vla_ros.language.dialogue_change import substitute
from vla_ros.language.dialogue_words import command
from vla_ros.language.models.model_parser import in_words
from vla_ros.language.params import LanguageParams

_SHOWN_CHARACTERS = 80
_TURNS = 50
_INTERRUPTIBLE = ("accepted", "running", "paused", "waiting_for_answer")
_STATE_OF_KIND = {"unknown": "not_understood", "refusal": "refused", "question": "waiting_for_answer"}


class Parser(Protocol):
    """Whatever turns words into Tasks: the built-in grammar, or a back end that replaces it whole."""

    def parse(self, text: str, previous: Task | None = None) -> Task:
        """The Task for an instruction."""

    def parse_answer(self, text: str, question: str = "") -> Task:
        """The Task (one step ``answer`` or ``cancel``) for the answer to a question."""

    def complete(self, pending: Task, answer: str) -> Task:
        """The whole Task once the missing words of ``pending`` are there."""


class FrontDesk(Books):
    """Keeps the books of all instructions of one robot. Without ``dialogue`` everything said is an instruction."""

    def __init__(
        self,
        parser: Parser,
        params: LanguageParams,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex[:12],
        dialogue: Dialogue | None = None,
    ) -> None:
        super().__init__(params)
        self._parser = parser
        self._new_id = new_id
        self._dialogue = dialogue
        self._turns: deque[Turn] = deque(maxlen=_TURNS)
        self._last_said = ""
        self._maybe: tuple[Act, float] | None = None
        self._pending: tuple[Task, float] | None = None
        self._previous: Task | None = None

    # -- instructions -------------------------------------------------------------------------------------

    def instruct(self, text: str, now: float, planner_present: bool, parsed: Task | None = None) -> Order:
        """Decides what one instruction becomes. ``planner_present``: somebody subscribes to tasks. ``parsed``: the
        reading of an instruction that was looked at longer (see ``plain``); None reads it here."""
        self._turns.append(Turn(now, "person", text))
        order = self._decided(text, now, planner_present, parsed)
        if order.reply is not None:
            self.heard_robot(order.reply.message, now)
        return order

    def plain(self, text: str) -> Task | None:
        """The built-in reading of a new instruction; None for what acts at once, answers a question, or is about the
        talk itself: nobody else needs to read those."""
        task = self._parser.parse(text, self._previous)
        if self._is_immediate(task) or self._asking() is not None or self._pending is not None:
            return None
        if self._maybe is not None or (self._dialogue is not None and self._dialogue.recognise(text) is not None):
            return None
        return None if self._dialogue is not None and self._dialogue.correction(text) else task

    def heard_robot(self, text: str, now: float) -> None:
        """Something that the robot said, by whichever node."""
        if text and text != self._last_said:
            self._last_said = text
            self._turns.append(Turn(now, "robot", text))

    def restore(self, turns: Iterable[Turn]) -> None:
        """The conversation of an earlier run."""
        self._turns.extend(turns)

    def forget_talk(self) -> None:
        """Nothing that was said is known any more."""
        self._turns.clear()
        self._previous, self._pending, self._maybe, self._last_said = None, None, None, ""

    def _decided(self, text: str, now: float, planner_present: bool, parsed: Task | None) -> Order:
        task = parsed or self._parser.parse(text, self._previous)
        immediate = self._is_immediate(task)
        if parsed is None and self._dialogue is not None:
            order = self._talked(self._dialogue, text, task, now, planner_present)
            if order is not None:
                return order
        if immediate and task.steps[0].skill == "cancel" and self._drop_pending(now):
            return self._told("All right, I leave it.", "cancelled")
        asking = None if immediate or parsed is not None else self._asking()
        if asking is not None:
            task = self._parser.parse_answer(text, asking.question)
            task = dataclasses.replace(task, command_id=asking.command_id)
            self._choose(task)
        else:
            task = self._with_pending(task, text, now)
        if task.kind != "task":
            return self._not_a_task(task, now, planner_present)
        return self._send(task, planner_present, immediate or asking is not None)

    def _send(self, task: Task, planner_present: bool, aside: bool = False, instead: bool = False) -> Order:
        """``aside``: it is no command of its own. ``instead``: what runs ends first."""
        self._pending = None
        if not planner_present:
            reply = self._reply(task.command_id, False, "failed", NO_PLANNER)
            return Order(None, reply, reply.message if self._params.speak else "", task.command_id)
        busy = None if aside else self._running()
        if busy is not None and not instead and self._params.on_busy == "refuse":
            message = (
                f"I am still busy with '{_short(busy.instruction)}'. Wait for it, or say 'stop' or 'cancel' first."
            )
            return Order(None, self._reply(task.command_id, False, "refused", message), message, task.command_id)
        self._own.add(task.command_id)
        whole = None if aside or any(step.skill in ("undo", "repeat") for step in task.steps) else task
        ending = ""
        if instead and (busy is not None or self._just_sent()):
            if (
                busy is None or busy.state in _INTERRUPTIBLE
            ):  # one message, so that nothing comes between the end and the beginning
                steps = tuple(dataclasses.replace(step, after=()) for step in task.steps)
                task = dataclasses.replace(task, steps=(TaskStep("cancel"), *steps))
            else:
                ending = busy.command_id
        if whole is not None:
            self._previous = whole
        return Order(task, None, "", task.command_id, cancel=ending)

    # -- the talk itself ----------------------------------------------------------------------------------

    def _talked(self, dialogue: Dialogue, text: str, task: Task, now: float, planner_present: bool) -> Order | None:
        """What comes of speech about the talk, the memory or the last command; None for an instruction or answer."""
        act = dialogue.recognise(text)
        maybe = self._maybe
        self._maybe = None if maybe is None or not self._is_immediate(task) else maybe
        if maybe is not None and act is None and now <= maybe[1] and not self._is_immediate(task):
            about = self._parser.parse_answer(text).steps
            if about and about[0].about == "no":
                return self._told("All right, I do not keep that.")
            act = dataclasses.replace(maybe[0], kind="teach_person") if about and about[0].about == "yes" else None
        act = act or dialogue_talk.act_of_report(task)
        if act is None and self._is_immediate(task):
            return None
        if act is not None and act.kind == "maybe_person":
            self._maybe = (act, now + self._params.question_memory_s)
            question = f"Shall I remember the person in front of me as {act.words.title()}?"
            reply = Reply(False, question, self._new_id(), "waiting_for_answer", question)
            return Order(None, reply, question if self._params.speak else "", reply.command_id)
        if act is not None:
            words = dialogue_talk.answer(act, now, self._situation(now))
            return self._told(words) if words else Order(None, None, "", self._new_id(), act)
        only = task.steps[0] if task.kind == "task" and len(task.steps) == 1 and not task.steps[0].negated else None
        if only is not None and only.skill == "repeat":
            if self._previous is None:
                return self._told("There is nothing yet that I could do again.", "refused")
            return self._send(dataclasses.replace(self._previous, command_id=self._new_id()), planner_present)
        if only is not None and only.skill == "undo":
            return self._send(dataclasses.replace(task, command_id=self._new_id()), planner_present, instead=True)
        return self._corrected(dialogue, text, task, now, planner_present)

    def _corrected(self, dialogue: Dialogue, text: str, task: Task, now: float, planner_present: bool) -> Order | None:
        """The command that was meant instead of the last one; None when the text corrects nothing."""
        before, running = self._previous, self._running()
        if before is None or self._asking() is not None or self._pending_alive(now):
            return None
        if running is None and not self._just_sent() and now - self._ended_s > self._params.correction_memory_s:
            return None
        meant = dialogue.correction(text)
        if not meant and task.kind != "question":
            return None
        whole = self._parser.parse(meant, before) if meant else task
        if meant and (whole.kind == "refusal" or (whole.kind == "task" and not self._is_immediate(whole))):
            new: Task | None = whole
        else:
            spoken = self._parser.parse_answer(meant or text)
            referent = spoken.steps[0].object if spoken.steps else None
            new = substitute(before, referent, bold=bool(meant)) if referent is not None else None
            if new is not None:
                harm = [r for s in new.steps if (r := self._parser.parse(in_words(s))).kind == "refusal"]
                new = harm[0] if harm else dataclasses.replace(new, text=command(new))
        if new is None:
            return None
        new = dataclasses.replace(new, command_id=self._new_id())
        if new.kind != "task":
            return self._not_a_task(new, now, planner_present)
        return self._send(new, planner_present, instead=True)

    def _just_sent(self) -> bool:
        """True while the planner has not said a word yet about the last command."""
        return self._previous is not None and self._previous.command_id not in self._statuses

    def _choose(self, answer: Task) -> None:
        """An answered question makes the last command say which one it was: "it" is that one from now on."""
        referent = answer.steps[0].object if answer.kind == "task" and answer.steps else None
        if self._previous is not None and referent is not None and self._previous.command_id == answer.command_id:
            self._previous = substitute(self._previous, referent, bold=False) or self._previous
            self._previous = dataclasses.replace(self._previous, command_id=answer.command_id)

    def _told(self, words: str, state: str = "succeeded") -> Order:
        reply = Reply(state in ("succeeded", "cancelled"), words, self._new_id(), state)
        return Order(None, reply, words if self._params.speak else "", reply.command_id)

    def _situation(self, now: float) -> dialogue_talk.Situation:
        asking = self._asking()
        pending = self._pending[0].question if self._pending is not None and self._pending_alive(now) else ""
        return dialogue_talk.Situation(
            running=self._running(),
            ended=tuple(self._ended),
            question=asking.question if asking is not None else pending,
            previous=self._previous,
            gate=self._gate,
            stop=self._stop,
            turns=tuple(self._turns),
            said=self._last_said,
        )

    def _pending_alive(self, now: float) -> bool:
        return self._pending is not None and now <= self._pending[1]

    def _drop_pending(self, now: float) -> bool:
        """True when a question of language's own was open and nothing else runs that could be meant."""
        open_question = (self._pending_alive(now) or self._maybe is not None) and self._asking() is None
        self._maybe = None
        if open_question:
            self._pending = None
        return open_question

    def _is_immediate(self, task: Task) -> bool:
        step = task.steps[0] if task.kind == "task" and task.steps else None
        return step is not None and step.skill in IMMEDIATE_SKILLS and not step.negated

    def _with_pending(self, task: Task, text: str, now: float) -> Task:
        """Joins the instruction with the unfinished one before it, when it is what was missing there."""
        pending, self._pending = self._pending, None
        if pending is not None and now <= pending[1] and task.kind != "task":
            whole = self._parser.complete(pending[0], text)
            if whole.kind == "task":
                command_id = pending[0].command_id
                self._unfinished.discard(command_id)
                self._statuses.pop(command_id, None)  # it told of the question, which is answered now
                return dataclasses.replace(whole, command_id=command_id)
        return dataclasses.replace(task, command_id=self._new_id())

    def _not_a_task(self, task: Task, now: float, planner_present: bool) -> Order:
        if task.kind == "question":
            self._pending = (task, now + self._params.question_memory_s)
            self._unfinished.add(task.command_id)
        message = task.question or task.reason
        state = _STATE_OF_KIND.get(task.kind, "not_understood")
        reply = Reply(False, message, task.command_id, state, task.question)
        self._own.add(task.command_id)
        # The planner hears of it too, so that command_status tells everybody, and says refusals itself.
        spoken = message if self._params.speak and (task.kind == "question" or not planner_present) else ""
        return Order(task if planner_present else None, reply, spoken, task.command_id)

    @staticmethod
    def _reply(command_id: str, success: bool, state: str, message: str) -> Reply:
        return Reply(success, message, command_id, state)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
