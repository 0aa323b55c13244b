"""`vla chat`: a dialogue with the running robot in a terminal; --offline shows what it would understand."""

from __future__ import annotations

import argparse
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from rich.console import Console

from vla_ros.cli import environment
from vla_ros.cli.chat_screen import Screen, history_file
from vla_ros.core.errors import VlaError
from vla_ros.core.plan import CommandStatus
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.memory.export import KINDS

if TYPE_CHECKING:
    from vla_ros.ros.operator import Operator

EPILOG = """\
examples:
  vla chat
  vla chat --offline
Type what the robot shall do, answer its questions, ask it ("what are you doing?", "why did you stop?").
Ctrl-C cancels what runs; a second one leaves.
"""
HELP = """\
/status          what runs, what the safety gate says
/memory [kind]   what is remembered: conversation, objects, places, people, tasks
/forget what     forget me, conversation, objects, places, people, tasks, everything, or a place or person by name
/quit            leave (Ctrl-D too)
Everything else is said to the robot."""
_COLORS = {"succeeded": "green", "failed": "red", "refused": "red", "not_understood": "red", "cancelled": "yellow",
           "waiting_for_answer": "yellow"}  # fmt: skip
_HELD = ("stopped", "e_stopped", "faulted")
_TWICE_S = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `vla chat`."""
    parser.epilog = EPILOG
    parser.add_argument("--offline", action="store_true", help="without a robot: what each sentence would mean")
    parser.add_argument("--namespace", default="", help="of the robot")
    parser.add_argument("--no-history", action="store_true", help="keep nothing of what is typed")


def run(arguments: argparse.Namespace) -> int:
    """Talks until /quit, Ctrl-D or a second Ctrl-C; exit code 1 when there is no robot."""
    console = Console(highlight=False)
    screen = Screen(console, None if arguments.no_history else history_file())
    if arguments.offline:
        from vla_ros.cli.chat_offline import OfflineTalk

        return converse(screen, OfflineTalk(screen, arguments.namespace), "parse")
    environment.activate()
    from vla_ros.ros.operator import NoAnswerError, Operator

    with Operator(namespace=arguments.namespace.strip("/")) as operator:
        talk = Talk(operator, screen, arguments.namespace)
        try:
            talk.wait_for_robot()
        except NoAnswerError as error:
            screen.show(f"{error} Start the robot with `vla up`, look with `vla doctor`, or use --offline.", "red")
            return 1
        return converse(screen, talk, "you")


class Conversation(Protocol):
    """What typed lines are for: the running robot, or the parser alone."""

    def say(self, text: str) -> None:
        """A sentence."""
        ...

    def command(self, name: str, rest: str) -> bool:
        """A command with a slash; False when unknown."""
        ...

    def interrupt(self) -> bool:
        """Ctrl-C; False when there is nothing to cancel."""
        ...

    def close(self) -> None:
        """The end."""
        ...


def converse(screen: Screen, talk: Conversation, name: str) -> int:
    """Reads line by line. The talk takes sentences, commands with a slash and Ctrl-C."""
    screen.show("/help lists what else there is; Ctrl-D leaves.", "dim")
    interrupted = -_TWICE_S
    try:
        while True:
            try:
                if not _turn(screen, talk, name):
                    return 0
            except KeyboardInterrupt:  # also in the middle of an answer
                now = time.monotonic()
                if now - interrupted < _TWICE_S or not talk.interrupt():
                    return 0
                interrupted = now
    finally:
        talk.close()
        screen.save_history()


def _turn(screen: Screen, talk: Conversation, name: str) -> bool:
    """One line and what comes of it; False when it is the last."""
    try:
        line = screen.read(f"{name}> ").strip()
    except EOFError:
        return False
    if line in ("/quit", "/exit", "/q"):
        return False
    if line == "/help":
        for text in HELP.splitlines():
            screen.show(text)
    elif line.startswith("/"):
        command, _, rest = line[1:].partition(" ")
        if not talk.command(command, rest.strip()):
            screen.show(f"/{command} is unknown; /help lists what there is.", "red")
    elif line:
        talk.say(line)
    return True


class Talk:
    """With the running robot. What the robot does and says is shown as it comes; nothing waits for it."""

    def __init__(self, operator: Operator, screen: Screen, namespace: str) -> None:
        self._operator, self._screen, self._namespace = operator, screen, namespace
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="chat")
        self._known = len(operator.statuses)
        self._spoken = len(operator.speech)
        self._shown: deque[str] = deque(maxlen=8)
        self._gate: tuple[str, str] | None = None
        self._began = time.monotonic()
        operator.on_change = self._news

    def wait_for_robot(self, timeout_s: float = 10.0) -> None:
        """Raises NoAnswerError when the robot's front door does not open in time."""
        from vla_ros.ros.operator import NoAnswerError

        if not self._operator.ready(timeout_s):
            raise NoAnswerError(f"No robot answers in this ROS domain within {timeout_s:.0f} s.")
        self._known, self._spoken = len(self._operator.statuses), len(self._operator.speech)

    def say(self, text: str) -> None:
        """Sends a sentence; the reply is shown when it comes."""

        self._shown.clear()  # an answer that was given before is an answer again

        def ask() -> None:
            answer = self._operator.say(text)
            if answer.success and answer.state == "succeeded":
                self._robot(answer.message)
            elif not answer.success:
                self._once(
                    answer.question or answer.message,
                    _COLORS.get(answer.state, "red"),
                    f"{answer.state.replace('_', ' ')}:",
                )

        self._do(ask)

    def command(self, name: str, rest: str) -> bool:
        """/status, /memory, /forget."""
        if name == "status":
            self._status()
        elif name == "memory":
            show_memory(self._screen, self._namespace, rest)
        elif name == "forget":
            if rest in ("me", "everything about me", "conversation", "the conversation", "everything"):
                self._screen.forget_history()
            bare = rest in KINDS or rest.startswith(("place ", "person "))  # as `vla memory forget` names them
            self.say(f"forget {'the ' if bare else ''}{rest}" if rest else "what do you remember?")
        else:
            return False
        return True

    def interrupt(self) -> bool:
        """Cancels what runs."""
        running = self._running()
        if running is None:
            return False
        self._screen.show(f'cancelling "{running.instruction}"; Ctrl-C again leaves', "yellow", "^C")
        self._do(lambda: self._operator.cancel(""))
        return True

    def close(self) -> None:
        """Shows nothing more."""
        self._operator.on_change = lambda: None
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _do(self, work: Callable[[], object]) -> None:
        def guarded() -> None:
            try:
                work()
            except VlaError as error:
                self._screen.show(str(error), "red", "!")

        self._pool.submit(guarded)

    # -- news; called on the operator's thread

    def _news(self) -> None:
        operator = self._operator
        statuses, self._known = operator.statuses[self._known :], len(operator.statuses)
        for status in statuses:
            self._progress(status)
        words, self._spoken = operator.speech[self._spoken :], len(operator.speech)
        for text in words:
            self._robot(text)
        if operator.safety is not None:
            self._safety(operator.safety)

    def _progress(self, status: CommandStatus) -> None:
        step = f"{status.step_index + 1}/{status.steps} " if status.steps > 1 and not status.is_terminal else ""
        text = status.question or status.text.partition(": ")[2] if status.text.startswith("step ") else status.text
        if status.question:
            return self._once(status.question, "yellow", "?")
        mark = {"succeeded": "✓", "failed": "✗", "refused": "✗", "not_understood": "✗", "cancelled": "■"}
        self._once(f"{step}{text or status.state}", _COLORS.get(status.state, "cyan"), mark.get(status.state, "·"))
        return None

    def _robot(self, text: str) -> None:
        self._once(text, "magenta", "robot:")

    def _once(self, text: str, style: str, mark: str) -> None:
        """Shows what was not shown a moment ago: answers come by service, by status and aloud."""
        if text and text not in self._shown:
            self._shown.append(text)
            self._screen.show(text, style, mark)

    def _safety(self, safety: SafetyStatus) -> None:
        held = safety.state in _HELD
        news = ("held", safety.text or safety.cause) if held else ("free", "")
        before, self._gate = self._gate, news
        if before is None and not held:
            return
        if before is None or before[0] != news[0] or (held and safety.cause not in before[1] and before[1] != news[1]):
            text = f"safety gate: {safety.state.replace('_', ' ')}{f': {news[1]}' if news[1] else ''}"
            self._screen.show(text, "red" if held else "green", "!")

    def _running(self) -> CommandStatus | None:
        latest = {status.command_id: status for status in self._operator.statuses}
        return next((s for s in reversed(latest.values()) if not s.is_terminal), None)

    def _status(self) -> None:
        safety, running = self._operator.safety, self._running()
        if safety is None:
            self._screen.show("no word from the safety gate; is safety_node running?", "red")
        else:
            text = f"safety gate: {safety.state.replace('_', ' ')}{f' ({safety.text})' if safety.text else ''}"
            self._screen.show(text, "red" if safety.state in _HELD else "green")
        if running is None:
            self._screen.show("nothing runs")
            return
        self._screen.show(f'"{running.instruction}": {running.state.replace("_", " ")}, {running.text}', "cyan")
        plan = self._operator.plan
        if plan is not None and plan.command_id == running.command_id:
            for number, step in enumerate(plan.steps, 1):
                self._screen.show(f"  {number}. {step.description}: {step.state}")


def show_memory(screen: Screen, namespace: str, what: str) -> None:
    """The memory file on this machine, as `vla memory show` prints it."""
    from vla_ros.cli.memory import show
    from vla_ros.memory.location import memory_path
    from vla_ros.memory.store import MemoryStore

    path = memory_path(namespace=namespace)
    if path is None or not path.exists():
        screen.show(f"no memory file {path or ''} on this machine; ask the robot: what do you remember?", "yellow")
        return
    store = MemoryStore(path)
    try:
        show(store, screen.console, what)
    except VlaError as error:
        screen.show(str(error), "red")
    finally:
        store.close()
