"""The commands: the one under way, those that wait, and what is told about each: when it changes, and again every
second, so that whoever waits can tell a long step from a planner that is gone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from vla_ros.core.plan import CommandStatus
from vla_ros.core.task import Task
from vla_ros.planning.runner import Runner


@dataclass(eq=False)
class Command:
    """One accepted command. ``place`` is the robot's pose x, y [m], yaw [rad] when it came."""

    task: Task
    place: tuple[float, float, float]
    runner: Runner | None = None
    paused: bool = False

    @property
    def id(self) -> str:
        """The command's id."""
        return self.task.command_id


@dataclass
class Commands:
    """Queue and outbox. A status goes out when it says something new, and as a sign of life (see ``repeat``)."""

    current: Command | None = None
    waiting: deque[Command] = field(default_factory=deque)
    outbox: list[CommandStatus] = field(default_factory=list)
    on_end: Callable[[str, str], None] = lambda command_id, state: None
    """Told the id and the end state of every command that ends."""
    _last: dict[str, CommandStatus] = field(default_factory=dict)
    _silent: dict[str, int] = field(default_factory=dict)

    def find(self, command_id: str) -> Command | None:
        """The running or waiting command of that id."""
        everything = [*([self.current] if self.current else []), *self.waiting]
        return next((c for c in everything if c.id == command_id), None)

    def tell(self, task: Task, state: str, text: str, question: str = "", failure: str = "") -> None:
        """Queues a status for a command, with its step when it runs."""
        command = self.find(task.command_id)
        runner = command.runner if command else None
        index, steps = (runner.index, len(runner.steps)) if runner else (0, len(task.steps))
        status = CommandStatus(
            task.command_id, task.text, state, index, steps, text, question, task.confidence, failure
        )
        if self._last.get(task.command_id) == status:
            return
        self._last[task.command_id] = status
        while len(self._last) > 50:
            self._last.pop(next(iter(self._last)))
        self.outbox.append(status)

    def repeat(self, ticks: int) -> None:
        """Queues the last status of every command that has been silent for ``ticks`` calls (the node ticks on the
        steady clock: a frozen or jumping node clock cannot stop the sign of life)."""
        told = {s.command_id for s in self.outbox}
        alive = [c.id for c in (self.current, *self.waiting) if c is not None]
        self._silent = {i: 0 if i in told else self._silent.get(i, 0) + 1 for i in alive}
        for command_id in alive:
            if self._silent[command_id] >= ticks and command_id in self._last:
                self._silent[command_id] = 0
                self.outbox.append(self._last[command_id])

    def drain(self) -> tuple[CommandStatus, ...]:
        """The statuses since the last call."""
        out = tuple(self.outbox)
        self.outbox.clear()
        return out

    def finish(self, command: Command, state: str, text: str, failure: str = "") -> None:
        """Tells the end of a command and forgets it."""
        self.on_end(command.id, state)
        self.tell(command.task, state, text, failure=failure)
        if command is self.current:
            self.current = None
        elif command in self.waiting:
            self.waiting.remove(command)
