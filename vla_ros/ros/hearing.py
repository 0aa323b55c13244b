"""What becomes of one instruction, from whichever door: read (by a larger model, too), decided by the front desk, sent
on, answered from memory. The language node's front doors stand on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rclpy.task import Future
from std_msgs.msg import String

from vla_ros.core.plan import CommandStatus
from vla_ros.core.resources import config_file
from vla_ros.core.task import Task as CoreTask
from vla_ros.core.task import TaskStep
from vla_ros.language.books import Order, Reply
from vla_ros.language.commands import FrontDesk
from vla_ros.language.dialogue import Dialogue
from vla_ros.language.dialogue_names import TaughtParser
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.models.registry import model_parser
from vla_ros.language.params import LanguageParams
from vla_ros.language.parser import GrammarParser
from vla_ros.language.words import Words
from vla_ros.msg import SafetyStatus, Task
from vla_ros.ros import conversions, qos
from vla_ros.ros.node import VlaNode
from vla_ros.ros.remembrance import Remembrance
from vla_ros.ros.second_reader import SecondReader
from vla_ros.srv import CancelCommand

_DROPPED = "You said stop while I was thinking about it, so I left it."


class Hearing:
    """Owns the desk, the parser, the memory and the second reader of one language node.

    Publications: task, speech_out. Subscriptions: speech_out, safety_status. Client: cancel_command.
    """

    def __init__(self, node: VlaNode, params: LanguageParams) -> None:
        self._node, self._speaks = node, params.speak
        home, people = node.load_home(), node.load_people()
        words = Words.load([config_file(n, "", "language_node.words") for n in (params.words, *params.extra_words)])
        builtin = GrammarParser(Lexicon.build(node.load_catalog(), home, people, words))
        dialogue = Dialogue.load(config_file(params.dialogue, "", "language_node.dialogue"), builtin.lexicon)
        self.parser = TaughtParser(builtin)
        self.desk = FrontDesk(self.parser, params, dialogue=dialogue)
        self.memory = Remembrance(node, self.desk, self.parser, home, people)
        self._reader = SecondReader(node, model_parser(params, builtin))
        self._task = node.create_publisher(Task, "task", qos.EVENT)
        self._speech = node.create_publisher(String, "speech_out", qos.EVENT)
        self._cancel_client = node.create_client(CancelCommand, "cancel_command")
        node.listen(SafetyStatus, "safety_status", self._on_safety, qos.STATUS)
        node.listen(String, "speech_out", self._on_speech, qos.EVENT)

    @property
    def planner_present(self) -> bool:
        """Whether somebody takes tasks."""
        return bool(self._task.get_subscription_count() > 0)

    def hear(self, text: str, then: Callable[[Order], None]) -> None:
        """Takes an instruction in. ``then`` gets the order: at once, or on a later turn of the node's timer when a
        larger model reads it or the memory answers. An order without reply is a command that the planner has."""
        quick = self.desk.plain(text) if self._reader.in_use else None

        def read(task: CoreTask | None) -> None:
            if task is None:
                then(Order(None, Reply(False, _DROPPED, "", "cancelled")))
            else:
                self._take(text, then, task)

        if quick is None or not self._reader.ask(quick, read):
            self._take(text, then, None)

    async def ordered(self, text: str) -> Order:
        """The same to be awaited; the executor goes on with other callbacks meanwhile."""
        future = Future(executor=self._node.executor)
        self.hear(text, future.set_result)
        order: Order = await future
        return order

    def status(self, status: CommandStatus) -> None:
        """The planner's news."""
        self.say(self.desk.observe(status, self._node.steady_s()))
        self.memory.status(status)

    def deliver(self) -> None:
        """Goes on with what was read or remembered elsewhere; called by a timer of the node."""
        self._reader.deliver()
        self.memory.deliver()
        for lost in self.desk.lost(self._node.steady_s()):
            if self._cancel_client.service_is_ready():  # a planner that only hung must not go on with it
                self.cancel(lost.command_id)
            self.say(lost.speech)

    def say(self, text: str) -> None:
        """Speaks, unless there is nothing to say."""
        if text:
            self._speech.publish(String(data=text))

    def cancel(self, command_id: str) -> None:
        """Ends one command through the planner's service; without it a cancel task ends whatever runs."""
        if self._cancel_client.service_is_ready():
            self._cancel_client.call_async(CancelCommand.Request(command_id=command_id))
            return
        task = CoreTask("cancel", "task", 1.0, steps=(TaskStep("cancel"),), command_id=f"{command_id}-cancel")
        self._task.publish(conversions.task_to_msg(task, self._node.now_s()))

    def close(self) -> None:
        """Leaves open questions to a model, finishes what is being written."""
        self._reader.close()
        self.memory.keeper.close()

    def _take(self, text: str, then: Callable[[Order], None], parsed: CoreTask | None) -> None:
        order = self.desk.instruct(text, self._node.steady_s(), self.planner_present, parsed)
        if order.cancel:
            self.cancel(order.cancel)
        if order.task is not None:
            self._task.publish(conversions.task_to_msg(order.task, self._node.now_s()))
            self.memory.began(order.task)
            if order.task.steps and order.task.steps[0].skill in ("stop", "cancel"):
                self._reader.drop()
        self.memory.turn("person", text, order.command_id)
        self.say(order.speech)
        if order.act is None:
            return then(order)

        def told(words: str) -> None:
            self.say(words if self._speaks else "")
            then(replace(order, reply=Reply(True, words, order.command_id, "succeeded")))

        return self.memory.carry_out(order.act, told)

    def _on_safety(self, message: SafetyStatus) -> None:
        self.desk.observe_safety(conversions.safety_status_from_msg(message), self._node.steady_s())

    def _on_speech(self, message: String) -> None:
        self.desk.heard_robot(message.data, self._node.steady_s())
        self.memory.turn("robot", message.data)
