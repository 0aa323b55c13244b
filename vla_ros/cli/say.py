"""`vla say`: one command to the running robot, followed to its end, its questions answered at the keyboard."""

from __future__ import annotations

import argparse
import sys
import time

from rich.console import Console

from vla_ros.cli import environment
from vla_ros.core.plan import CommandStatus

EPILOG = """\
examples:
  vla say "bring me the red cup" --wait
  vla say "stop"
  vla say "put it on the table" --wait --reply "which=the small one"
Exit code 0: accepted (with --wait: done). 1: refused, failed or not answered.
"""
_COLORS = {"succeeded": "green", "failed": "red", "refused": "red", "not_understood": "red", "cancelled": "yellow"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `vla say`."""
    parser.epilog = EPILOG
    parser.add_argument("text", help="what the robot shall do")
    parser.add_argument("--wait", action="store_true", help="follow it to its end and show the progress")
    parser.add_argument("--timeout", type=float, default=600.0, metavar="S", help="longest wait (default 600 s)")
    parser.add_argument("--namespace", default="", help="of the robot")
    parser.add_argument(
        "--reply", action="append", default=[], metavar="KEY=TEXT", help="answer to a question that contains KEY"
    )


def run(arguments: argparse.Namespace) -> int:
    """Calls execute_language_command and, with --wait, follows command_status."""
    replies = parse_replies(arguments.reply)
    environment.activate()
    from vla_ros.ros.operator import NoAnswerError, Operator

    console = Console(highlight=False)
    with Operator(namespace=arguments.namespace.strip("/")) as operator:
        try:
            answer = operator.say(arguments.text)
        except NoAnswerError as error:
            console.print(f"[red]{error}[/]\nStart the robot with `vla up`, or look with `vla doctor`.", markup=True)
            return 1
        if not answer.success or not arguments.wait:
            color = "green" if answer.success else "red"
            console.print(f"[{color}]{answer.state or ('accepted' if answer.success else 'refused')}[/]", end=" ")
            console.print(answer.message, markup=False)
            return 0 if answer.success else 1
        return _follow(operator, answer.command_id, replies, arguments.timeout, console)


def parse_replies(texts: list[str]) -> dict[str, str]:
    """``key=text`` pairs; a pair without = is an error of the user."""
    from vla_ros.core.errors import InputError

    for text in texts:
        if "=" not in text:
            raise InputError("reply", text, "Write KEY=TEXT, e.g. which=the red one.")
    return dict(text.split("=", 1) for text in texts)


def _follow(operator, command_id: str, replies: dict[str, str], timeout_s: float, console: Console) -> int:  # type: ignore[no-untyped-def]
    deadline, shown, asked = time.monotonic() + timeout_s, 0, 0
    while True:
        mine = [s for s in list(operator.statuses) if s.command_id == command_id]
        for status in mine[shown:]:
            _show(status, console)
        shown = len(mine)
        if mine and mine[-1].is_terminal:
            return 0 if mine[-1].state == "succeeded" else 1
        questions = [s.question for s in mine if s.state == "waiting_for_answer"]
        if mine and mine[-1].state == "waiting_for_answer" and len(questions) > asked:
            asked = len(questions)
            reply = _reply(questions[-1], replies)
            if not reply:
                console.print("[yellow]no answer given; answer with another `vla say`[/]")
                return 1
            operator.say(reply)
        left = deadline - time.monotonic()
        if left <= 0:
            console.print(f"[yellow]still running after {timeout_s:.0f} s; `vla say cancel` ends it[/]")
            return 1
        seen = shown

        def news(seen: int = seen) -> bool:
            return sum(s.command_id == command_id for s in operator.statuses) > seen

        operator.wait_until(news, min(left, 1.0))


def _show(status: CommandStatus, console: Console) -> None:
    step = f" {status.step_index + 1}/{status.steps}" if status.steps and not status.is_terminal else ""
    color = _COLORS.get(status.state, "cyan")
    console.print(f"[{color}]{status.state}{step}[/]", end=" ")
    console.print(status.question or status.text, markup=False)


def _reply(question: str, replies: dict[str, str]) -> str:
    from vla_ros.ros.operator import reply_to

    prepared = reply_to(question, replies) or ""
    if prepared or not sys.stdin.isatty():
        return prepared
    return input("> ").strip()
