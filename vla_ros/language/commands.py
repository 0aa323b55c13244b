"""The front desk: who asked for what, what is running, who waits for which answer, until when.

Pure: takes texts, statuses and ``now`` [s], returns what to publish and what to answer. The language node only
carries it between ROS and here. Imports core and the parser's protocol.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from vla_ros.core.plan import CommandStatus
from vla_ros.core.task import IMMEDIATE_SKILLS, Task
from vla_ros.language.params import LanguageParams

_REMEMBERED = 200
_SHOWN_CHARACTERS = 80
_STATE_OF_KIND = {"unknown": "not_understood", "refusal": "refused", "question": "waiting_for_answer"}


class Parser(Protocol):
    """Whatever turns words into Tasks: the built-in grammar, or a back end that replaces it whole."""

    def parse(self, text: str, previous: Task | None = None) -> Task:
        """The Task for an instruction."""

    def parse_answer(self, text: str, question: str = "") -> Task:
        """The Task (one step ``answer`` or ``cancel``) for the answer to a question."""

    def complete(self, pending: Task, answer: str) -> Task:
        """The whole Task once the missing words of ``pending`` are there."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a caller is told; the fields of ExecuteLanguageCommand's response and ExecuteCommand's result."""

    success: bool
    message: str
    command_id: str = ""
    state: str = ""
    question: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """What to do with one instruction: publish ``task``, and answer ``reply`` now (None: open a ticket)."""

    task: Task | None
    reply: Reply | None
    speech: str = ""
    command_id: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Somebody who waits for news of a command. ``deadline_s`` None means for ever."""

    number: int
    command_id: str
    until: str
    """"accepted", "asked" (ended or a question) or "ended"."""
    opened_s: float
    deadline_s: float | None
    heard: int


@dataclass(frozen=True, slots=True)
class Settled:
    """A ticket's reply. ``cancel`` is true when its command must be cancelled because time is up."""

    ticket: Ticket
    reply: Reply
    cancel: bool = False


class FrontDesk:
    """Keeps the books of all instructions of one robot."""

    def __init__(
        self,
        parser: Parser,
        params: LanguageParams,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex[:12],
    ) -> None:
        self._parser = parser
        self._params = params
        self._new_id = new_id
        self._statuses: dict[str, CommandStatus] = {}
        self._heard: dict[str, int] = {}
        self._alive_s: dict[str, float] = {}
        self._own: set[str] = set()
        self._unfinished: set[str] = set()
        self._pending: tuple[Task, float] | None = None
        self._previous: Task | None = None
        self._tickets: dict[int, Ticket] = {}
        self._count = 0

    # -- instructions -------------------------------------------------------------------------------------

    def instruct(self, text: str, now: float, planner_present: bool) -> Order:
        """Decides what one instruction becomes. ``planner_present``: somebody subscribes to tasks."""
        task = self._parser.parse(text, self._previous)
        immediate = self._is_immediate(task)
        asking = None if immediate else self._asking()
        if asking is not None:
            task = self._parser.parse_answer(text, asking.question)
            task = dataclasses.replace(task, command_id=asking.command_id)
        else:
            task = self._with_pending(task, text, now)
        if task.kind != "task":
            return self._not_a_task(task, now, planner_present)
        self._pending = None
        if not planner_present:
            reply = self._reply(task.command_id, False, "failed", _NO_PLANNER)
            return Order(None, reply, reply.message if self._params.speak else "", task.command_id)
        busy = None if immediate or asking is not None else self._running()
        if busy is not None and self._params.on_busy == "refuse":
            message = (
                f"I am still busy with '{_short(busy.instruction)}'. Wait for it, or say 'stop' or 'cancel' first."
            )
            return Order(None, self._reply(task.command_id, False, "refused", message), message, task.command_id)
        if asking is None and not immediate:
            self._previous = task
        self._own.add(task.command_id)
        return Order(task, None, "", task.command_id)

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

    # -- statuses -----------------------------------------------------------------------------------------

    def observe(self, status: CommandStatus, now: float) -> str:
        """Takes in a command_status; returns what to say aloud about it, "" for nothing. A status that was there
        before is a sign of life and no news: nobody is answered because of it."""
        self._alive_s[status.command_id] = now
        if self._statuses.get(status.command_id) == status:
            return ""
        before = self._statuses.pop(status.command_id, None)
        self._statuses[status.command_id] = status
        self._heard[status.command_id] = self._heard.get(status.command_id, 0) + 1
        while len(self._statuses) > _REMEMBERED:
            oldest = next(iter(self._statuses))
            del self._statuses[oldest]
            self._heard.pop(oldest, None)
            self._alive_s.pop(oldest, None)
            self._own.discard(oldest)
            self._unfinished.discard(oldest)
        changed = before is None or (before.state, before.question) != (status.state, status.question)
        if not self._params.speak or not changed or status.command_id not in self._own:
            return ""
        if status.state == "waiting_for_answer" and status.command_id not in self._unfinished:
            return status.question
        return ""

    def lost(self, now: float) -> tuple[Order, ...]:
        """Commands of which nothing was heard for too long, each once, with what to say about them. They count as
        failed from now on: nobody waits for them, and the next instruction is no answer to their question."""
        limit = self._params.silence_timeout_s
        found = []
        for status in list(self._statuses.values()):
            alive = self._alive_s.get(status.command_id, now)
            if status.is_terminal or status.command_id in self._unfinished or now - alive <= limit:
                continue
            ended = dataclasses.replace(
                status, state="failed", text=_SILENT.format(limit), question="", failure="communication"
            )
            self._statuses[status.command_id] = ended
            self._heard[status.command_id] = self._heard.get(status.command_id, 0) + 1
            told = self._params.speak and status.command_id in self._own
            found.append(Order(None, None, ended.text if told else "", status.command_id))
        return tuple(found)

    def status(self, command_id: str) -> CommandStatus | None:
        """The newest status of a command."""
        return self._statuses.get(command_id)

    def _asking(self) -> CommandStatus | None:
        """The newest command that waits for an answer to the planner's question."""
        for status in reversed(self._statuses.values()):
            if status.state == "waiting_for_answer" and status.command_id not in self._unfinished:
                return status
        return None

    def _running(self) -> CommandStatus | None:
        busy = ("accepted", "queued", "running", "paused", "waiting_for_answer")
        found = [s for s in self._statuses.values() if s.state in busy and s.command_id not in self._unfinished]
        return found[-1] if found else None

    # -- tickets ------------------------------------------------------------------------------------------

    def open(self, command_id: str, until: str, now: float, timeout_s: float = 0.0) -> Ticket:
        """Somebody waits for ``until`` ("accepted", "asked" or "ended"); ``timeout_s`` 0 means no limit."""
        self._count += 1
        deadline = now + timeout_s if timeout_s > 0.0 else None
        ticket = Ticket(self._count, command_id, until, now, deadline, self._heard.get(command_id, 0))
        self._tickets[ticket.number] = ticket
        return ticket

    def close(self, ticket: Ticket) -> None:
        """The caller has gone."""
        self._tickets.pop(ticket.number, None)

    def settle(self, now: float, planner_present: bool) -> tuple[Settled, ...]:
        """Replies that are due now, each once."""
        done = []
        for ticket in list(self._tickets.values()):
            settled = self._settled(ticket, now, planner_present)
            if settled is not None:
                del self._tickets[ticket.number]
                done.append(settled)
        return tuple(done)

    def _settled(self, ticket: Ticket, now: float, planner_present: bool) -> Settled | None:
        status = self._statuses.get(ticket.command_id)
        news = status is not None and self._heard.get(ticket.command_id, 0) > ticket.heard
        if status is not None and news:
            reply = _reply_of(status, ticket.until)
            if reply is not None:
                return Settled(ticket, reply)
        if ticket.deadline_s is not None and now >= ticket.deadline_s:
            limit = ticket.deadline_s - ticket.opened_s
            message = f"It was not done within {limit:g} s, so I cancelled it."
            return Settled(ticket, Reply(False, message, ticket.command_id, "cancelled"), cancel=True)
        if not planner_present and now - ticket.opened_s > self._params.accept_timeout_s:
            return Settled(ticket, Reply(False, _NO_PLANNER, ticket.command_id, "failed"))
        silent = not news and now - ticket.opened_s > self._params.accept_timeout_s
        if silent and status is not None and status.state == "waiting_for_answer":
            return Settled(ticket, Reply(False, status.question, status.command_id, status.state, status.question))
        if silent:
            message = f"The planner did not answer within {self._params.accept_timeout_s:g} s. See `vla doctor`."
            return Settled(ticket, Reply(False, message, ticket.command_id, "failed"), cancel=True)
        return None


_NO_PLANNER = "Nobody carries out tasks: start planner_node in the same namespace and ROS domain."

_SILENT = (
    "The planner has said nothing about it for {:g} s: it was stopped or is stuck. See that planner_node runs "
    "(`vla doctor`), then give the command again."
)


def _reply_of(status: CommandStatus, until: str) -> Reply | None:
    reply = Reply(status.state == "succeeded", status.text, status.command_id, status.state, status.question)
    if status.is_terminal:
        return reply
    if status.state == "waiting_for_answer" and until != "ended":
        return dataclasses.replace(reply, message=status.question or status.text)
    if until == "accepted":
        return dataclasses.replace(reply, success=True, message=status.text or "accepted")
    return None


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
