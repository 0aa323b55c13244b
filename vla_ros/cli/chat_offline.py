"""The dialogue without a robot: what each sentence would mean, with the front desk's own memory of the talk."""

from __future__ import annotations

import time

from vla_ros.cli.chat import show_memory
from vla_ros.cli.chat_screen import Screen
from vla_ros.cli.parse import load_lexicon
from vla_ros.core.resources import config_file
from vla_ros.core.task import Task
from vla_ros.language.commands import FrontDesk
from vla_ros.language.dialogue import Dialogue
from vla_ros.language.dialogue_names import TaughtParser
from vla_ros.language.dialogue_words import said
from vla_ros.language.params import LanguageParams
from vla_ros.language.parser import GrammarParser
from vla_ros.language.task_json import task_to_json


class OfflineTalk:
    """Reads sentences and says what the robot would do. /json shows the last Task."""

    def __init__(self, screen: Screen, namespace: str = "") -> None:
        self._screen, self._namespace = screen, namespace
        self._parser = TaughtParser(GrammarParser(load_lexicon()))
        dialogue = Dialogue.load(config_file("dialogue"), self._parser.lexicon)
        self._desk = FrontDesk(self._parser, LanguageParams(), dialogue=dialogue)
        self._places: list[str] = []
        self._people: list[str] = []
        self._task: Task | None = None

    def say(self, text: str) -> None:
        """Shows what would become of a sentence."""
        order = self._desk.instruct(text, time.monotonic(), True)
        if order.act is not None:
            kind, words = order.act.kind, order.act.words
            (self._places if kind == "teach_place" else self._people if kind.startswith("teach") else []).append(words)
            self._parser.know(self._places, self._people)
            self._screen.show(f"{kind.replace('_', ' ')}{f': {words}' if words else ''}", "magenta", "memory:")
        elif order.reply is not None:
            style = "magenta" if order.reply.success else "yellow" if order.reply.question else "red"
            self._screen.show(order.reply.message, style, order.reply.state.replace("_", " ") + ":")
        elif order.task is not None:
            self._task = order.task
            self._screen.show(f"{said(order.task)}  ({order.task.confidence * 100:.0f} %)", "green", "would:")

    def command(self, name: str, rest: str) -> bool:
        """/json, /memory, /forget, /status."""
        if name == "json":
            self._screen.show(task_to_json(self._task) if self._task is not None else "nothing was understood yet")
        elif name == "memory":
            show_memory(self._screen, self._namespace, rest)
        elif name == "forget":
            self._desk.forget_talk()
            self._screen.forget_history()
            self._screen.show("this talk and what was typed are forgotten; `vla memory forget` is for the robot's file")
        elif name == "status":
            self._screen.show("offline: there is no robot", "yellow")
        else:
            return False
        return True

    def interrupt(self) -> bool:
        """Nothing runs."""
        return False

    def close(self) -> None:
        """Nothing to end."""
