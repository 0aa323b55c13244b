"""language_node: the front doors. Instructions by service, action, topic or voice become tasks and answers.

Parameters: those of LanguageParams (vla_ros/language/params.py), MemoryParams (vla_ros/memory/params.py), FileParams.
Subscriptions: utterance, language_instruction, speech_out (std_msgs/String), command_status (vla_ros/CommandStatus),
    safety_status (vla_ros/SafetyStatus); odom and scene for a moment when somebody teaches a place or a name.
Publications: task (vla_ros/Task), speech_out (std_msgs/String).
Services: execute_language_command (vla_ros/ExecuteLanguageCommand), parse_instruction (vla_ros/ParseInstruction).
Actions: execute_command (vla_ros/ExecuteCommand).
Clients: cancel_command (vla_ros/CancelCommand), for time-outs and cancelled goals.
"""

from __future__ import annotations

import math
from typing import Any

from rclpy.action import ActionServer, CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.task import Future
from std_msgs.msg import String

from vla_ros.action import ExecuteCommand
from vla_ros.language.books import Order, Reply
from vla_ros.language.params import LanguageParams
from vla_ros.language.parser import MAX_CHARACTERS
from vla_ros.language.task_json import task_to_json
from vla_ros.msg import CommandStatus
from vla_ros.ros import conversions, parameters, qos
from vla_ros.ros.hearing import Hearing
from vla_ros.ros.node import VlaNode, run
from vla_ros.srv import ExecuteLanguageCommand, ParseInstruction

_SETTLE_PERIOD_S = 0.05


class LanguageNode(VlaNode):
    """The shell around :class:`~vla_ros.language.commands.FrontDesk`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("language_node", **kwargs)
        params = parameters.declare(self, LanguageParams)
        self._hearing = Hearing(self, params)
        self._desk = self._hearing.desk
        self._futures: dict[int, Future] = {}
        self._goals: dict[str, ServerGoalHandle] = {}
        self.listen(String, "utterance", self._on_instruction, qos.EVENT)
        self.listen(String, "language_instruction", self._on_instruction, qos.EVENT)
        self.listen(CommandStatus, "command_status", self._on_status, qos.STATUS_LOG)
        # Callers that wait must not keep the statuses out for which they wait: a group that lets others in.
        waiting = ReentrantCallbackGroup()
        execute = "execute_language_command"
        self.create_service(ExecuteLanguageCommand, execute, self._on_execute, callback_group=waiting)
        self.create_service(ParseInstruction, "parse_instruction", self._on_parse)
        self._action = ActionServer(
            self,
            ExecuteCommand,
            "execute_command",
            self._on_goal,
            cancel_callback=lambda _: CancelResponse.ACCEPT,
            callback_group=waiting,
        )
        self.steady_timer(_SETTLE_PERIOD_S, self._settle)

    def destroy_node(self) -> None:
        """Takes the action server down first."""
        self._action.destroy()
        self._hearing.close()
        super().destroy_node()

    # -- front doors --------------------------------------------------------------------------------------

    def _on_instruction(self, message: String) -> None:
        def done(order: Order) -> None:
            if order.reply is not None:
                self.get_logger().info(f"'{message.data[:80]}': {order.reply.message}")

        self._hearing.hear(message.data, done)

    async def _on_execute(
        self, request: ExecuteLanguageCommand.Request, response: ExecuteLanguageCommand.Response
    ) -> ExecuteLanguageCommand.Response:
        limit_s = request.timeout_s if request.wait else 0.0
        if not math.isfinite(limit_s) or limit_s < 0.0:
            reply = Reply(False, f"timeout_s: {limit_s} cannot be used. Give 0 (no limit) or seconds.", "", "refused")
        else:
            order = await self._hearing.ordered(request.instruction)
            reply = order.reply or await self._answered(order, "asked" if request.wait else "accepted", limit_s)
        return _fill(response, reply)

    def _on_parse(
        self, request: ParseInstruction.Request, response: ParseInstruction.Response
    ) -> ParseInstruction.Response:
        task = self._hearing.parser.parse(request.instruction)
        usable = bool(request.instruction.strip()) and len(request.instruction) <= MAX_CHARACTERS
        response.success, response.message = usable, task.question or task.reason
        response.task = conversions.task_to_msg(task, self.now_s())
        response.json = task_to_json(task)
        return response

    async def _on_goal(self, goal: ServerGoalHandle) -> ExecuteCommand.Result:
        order = await self._hearing.ordered(goal.request.instruction)
        reply = order.reply
        if reply is None:
            self._goals[order.command_id] = goal
            reply = await self._answered(order, "ended", 0.0)
            self._goals.pop(order.command_id, None)
        if reply.success:
            goal.succeed()
        elif goal.is_cancel_requested:
            goal.canceled()
        else:
            goal.abort()
        return _fill(ExecuteCommand.Result(), reply)

    # -- one instruction ----------------------------------------------------------------------------------

    async def _answered(self, order: Order, until: str, limit_s: float) -> Reply:
        """Awaits the desk's reply; the executor goes on with other callbacks meanwhile."""
        ticket = self._desk.open(order.command_id, until, self.steady_s(), limit_s)
        future = self._futures[ticket.number] = Future(executor=self.executor)
        reply: Reply = await future
        return reply

    # -- news ---------------------------------------------------------------------------------------------

    def _on_status(self, message: CommandStatus) -> None:
        status = conversions.command_status_from_msg(message)
        self._hearing.status(status)
        goal = self._goals.get(status.command_id)
        if goal is not None and goal.is_active:
            feedback = ExecuteCommand.Feedback(state=status.state, text=status.question or status.text)
            feedback.step_index, feedback.steps = status.step_index, status.steps
            feedback.confidence = status.confidence
            goal.publish_feedback(feedback)
        self._settle()

    def _settle(self) -> None:
        self._hearing.deliver()
        for settled in self._desk.settle(self.steady_s(), self._hearing.planner_present):
            if settled.cancel:
                self._hearing.cancel(settled.ticket.command_id)
            future = self._futures.pop(settled.ticket.number, None)
            if future is not None:
                future.set_result(settled.reply)
        for command_id, goal in list(self._goals.items()):
            if goal.is_cancel_requested:
                del self._goals[command_id]
                self._hearing.cancel(command_id)


def _fill(message: Any, reply: Reply) -> Any:
    """Copies a Reply into a service response or an action result: they have the same fields."""
    for name in ("success", "message", "command_id", "state", "question"):
        setattr(message, name, getattr(reply, name))
    return message


def main() -> None:
    """Entry point."""
    run(LanguageNode)


if __name__ == "__main__":
    main()
