"""The commands: the one under way, those that wait, and what is told about each when it changes."""

from __future__ import annotations

from collections import deque
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
    """Queue and outbox. A status goes out only when it says something new."""

    current: Command | None = None
    waiting: deque[Command] = field(default_factory=deque)
    outbox: list[CommandStatus] = field(default_factory=list)
    _last: dict[str, CommandStatus] = field(default_factory=dict)

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

    def drain(self) -> tuple[CommandStatus, ...]:
        """The statuses since the last call."""
        out = tuple(self.outbox)
        self.outbox.clear()
        return out

    def finish(self, command: Command, state: str, text: str, failure: str = "") -> None:
        """Tells the end of a command and forgets it."""
        self.tell(command.task, state, text, failure=failure)
        if command is self.current:
            self.current = None
        elif command in self.waiting:
            self.waiting.remove(command)
