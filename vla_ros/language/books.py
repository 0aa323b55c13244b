"""The books of the front desk: what is known of every command, and who waits for news of which, until when.

Pure: takes statuses and ``now`` [s]. Imports core; the front desk builds on it.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from dataclasses import dataclass

from vla_ros.core.plan import CommandStatus
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.core.task import Task
from vla_ros.language.dialogue import Act
from vla_ros.language.params import LanguageParams

_REMEMBERED = 200
_ENDED = 50


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
    """What to do with one instruction: publish ``task``, and answer ``reply`` now (None: open a ticket). ``act`` is for
    the memory to carry out, which then makes the reply. The command ``cancel`` has to end first."""

    task: Task | None
    reply: Reply | None
    speech: str = ""
    command_id: str = ""
    act: Act | None = None
    cancel: str = ""


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


class Books:
    """Statuses by command, the gate's last words, and the tickets of those who wait."""

    def __init__(self, params: LanguageParams) -> None:
        self._params = params
        self._statuses: dict[str, CommandStatus] = {}
        self._heard: dict[str, int] = {}
        self._alive_s: dict[str, float] = {}
        self._own: set[str] = set()
        self._unfinished: set[str] = set()
        self._ended: deque[CommandStatus] = deque(maxlen=_ENDED)
        self._ended_s = 0.0
        self._gate: SafetyStatus | None = None
        self._stop: tuple[str, float] | None = None
        self._tickets: dict[int, Ticket] = {}
        self._count = 0

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
        if changed and status.is_terminal and status.instruction:
            self._ended.append(status)
            self._ended_s = now
        if not self._params.speak or not changed or status.command_id not in self._own:
            return ""
        if status.state == "waiting_for_answer" and status.command_id not in self._unfinished:
            return status.question
        return ""

    def observe_safety(self, status: SafetyStatus, now: float) -> None:
        """Takes in what the gate says of itself."""
        standing = status.state in ("stopped", "e_stopped", "faulted")
        if status.text and standing and (status.armed or status.e_stopped):
            self._stop = (status.text, now)
        self._gate = status

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
            return Settled(ticket, Reply(False, NO_PLANNER, ticket.command_id, "failed"))
        silent = not news and now - ticket.opened_s > self._params.accept_timeout_s
        if silent and status is not None and status.state == "waiting_for_answer":
            return Settled(ticket, Reply(False, status.question, status.command_id, status.state, status.question))
        if silent:
            message = f"The planner did not answer within {self._params.accept_timeout_s:g} s. See `vla doctor`."
            return Settled(ticket, Reply(False, message, ticket.command_id, "failed"), cancel=True)
        return None


NO_PLANNER = "Nobody carries out tasks: start planner_node in the same namespace and ROS domain."

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
