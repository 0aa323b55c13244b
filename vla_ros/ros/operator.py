"""The user's side of the front doors, for `vla say`, the demo and the benchmarks: ask, follow, answer.

Spins in a thread of its own so that scripts can be written top to bottom.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

import rclpy
from rclpy.context import Context
from rclpy.exceptions import InvalidHandle
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import String
from std_srvs.srv import Trigger

from vla_ros.core.errors import VlaError
from vla_ros.core.plan import CommandStatus, Plan
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.core.scene import Scene
from vla_ros.msg import CommandStatus as CommandStatusMsg
from vla_ros.msg import Plan as PlanMsg
from vla_ros.msg import SafetyStatus as SafetyStatusMsg
from vla_ros.msg import Scene as SceneMsg
from vla_ros.ros import conversions, qos
from vla_ros.srv import CancelCommand, ExecuteLanguageCommand


class NoAnswerError(VlaError):
    """A service did not come up or did not answer in time."""


def reply_to(question: str, replies: Mapping[str, str]) -> str | None:
    """The prepared reply whose key the question contains (any case), or None."""
    return next((text for key, text in replies.items() if key.lower() in question.lower()), None)


class Operator:
    """A client of one robot's namespace; use it as a context manager.

    Subscribes command_status, plan, safety_status, scene, speech_out; calls execute_language_command,
    cancel_command, arm. The newest of each is in the attributes of the same names.
    """

    def __init__(self, namespace: str = "", domain_id: int | None = None, with_scene: bool = False) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain_id)
        self.node = Node("operator", namespace=namespace, context=self.context, start_parameter_services=False)
        self.plan: Plan | None = None
        self.safety: SafetyStatus | None = None
        self.scene: Scene | None = None
        self.statuses: list[CommandStatus] = []
        self.speech: list[str] = []
        self.on_change: Callable[[], None] = lambda: None
        self._changed = threading.Condition()
        self._listen(CommandStatusMsg, "command_status", qos.STATUS_LOG, self._on_status)
        self._listen(PlanMsg, "plan", qos.STATUS, self._on_plan)
        self._listen(SafetyStatusMsg, "safety_status", qos.STATUS, self._on_safety)
        self._listen(String, "speech_out", qos.EVENT, lambda m: self.speech.append(m.data))
        if with_scene:
            self._listen(SceneMsg, "scene", qos.SENSOR, self._on_scene)
        self._execute = self.node.create_client(ExecuteLanguageCommand, "execute_language_command")
        self._cancel = self.node.create_client(CancelCommand, "cancel_command")
        self._arm = self.node.create_client(Trigger, "arm")
        self._leaving = False
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin, name="operator", daemon=True)

    def __enter__(self) -> Operator:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving = True
        self._executor.shutdown()
        self._thread.join(timeout=5)
        self.node.destroy_node()
        rclpy.try_shutdown(context=self.context)

    def _spin(self) -> None:
        while self.context.ok():
            try:
                self._executor.spin()
                return
            except rclpy.executors.ExternalShutdownException:
                return
            except InvalidHandle:
                # The caller's thread destroyed a publisher of the node while this one gathered what to wait for:
                # rclpy puts its events into the wait set all the same. Unheeded, it ends the thread, and no service
                # would ever answer again.
                continue
            except AttributeError:
                if not self._leaving:
                    raise
                return  # shutdown() takes rclpy's guard conditions away while this thread gathers them

    def _listen(self, kind: type, topic: str, profile: Any, callback: Callable[[Any], None]) -> None:
        def heard(message: Any) -> None:
            with self._changed:
                callback(message)
                self._changed.notify_all()
            self.on_change()

        self.node.create_subscription(kind, topic, heard, profile)

    def _on_status(self, message: CommandStatusMsg) -> None:
        status = conversions.command_status_from_msg(message)
        if status != self.latest(status.command_id):  # the planner repeats the last one as a sign of life
            self.statuses.append(status)

    def _on_plan(self, message: PlanMsg) -> None:
        self.plan = conversions.plan_from_msg(message)

    def _on_safety(self, message: SafetyStatusMsg) -> None:
        self.safety = conversions.safety_status_from_msg(message)

    def _on_scene(self, message: SceneMsg) -> None:
        self.scene = conversions.scene_from_msg(message)

    def call(self, client: Any, request: Any, timeout_s: float) -> Any:
        """Calls a service and waits; raises NoAnswerError when it is not there or does not answer."""
        if not client.wait_for_service(timeout_sec=timeout_s):
            raise NoAnswerError(f"service {client.srv_name} is not there after {timeout_s:.0f} s: is the robot up?")
        done = threading.Event()
        future = client.call_async(request)
        future.add_done_callback(lambda _: done.set())
        if not done.wait(timeout_s):
            client.remove_pending_request(future)
            raise NoAnswerError(f"service {client.srv_name} did not answer within {timeout_s:.0f} s")
        return future.result()

    def ready(self, timeout_s: float) -> bool:
        """Waits for the front door; False when it does not open in time."""
        return bool(self._execute.wait_for_service(timeout_sec=timeout_s))

    def arm(self, timeout_s: float = 60.0) -> None:
        """Arms the gate, trying again while sensors come up; raises NoAnswerError with the gate's last words."""
        deadline, words = time.monotonic() + timeout_s, "no answer yet"
        while time.monotonic() < deadline:
            response = self.call(self._arm, Trigger.Request(), timeout_s)
            if response.success:
                return
            words = response.message
            time.sleep(0.5)
        raise NoAnswerError(f"the safety gate could not be armed within {timeout_s:.0f} s: {words}")

    def say(self, instruction: str, wait: bool = False, timeout_s: float = 0.0) -> ExecuteLanguageCommand.Response:
        """Calls execute_language_command. With ``wait`` the answer comes at the end."""
        request = ExecuteLanguageCommand.Request(instruction=instruction, wait=wait, timeout_s=timeout_s)
        patience = (timeout_s or 24 * 3600.0) + 30.0 if wait else 30.0
        return self.call(self._execute, request, patience)

    def cancel(self, command_id: str = "") -> CancelCommand.Response:
        """Cancels one command, or whatever runs."""
        return self.call(self._cancel, CancelCommand.Request(command_id=command_id), 10.0)

    def latest(self, command_id: str) -> CommandStatus | None:
        """The newest status of a command."""
        with self._changed:
            return next((s for s in reversed(self.statuses) if s.command_id == command_id), None)

    def wait_until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Waits for messages until ``condition`` holds; False on time-out."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while not condition():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, 0.5))
        return True

    def follow(self, command_id: str, replies: Mapping[str, str], timeout_s: float) -> CommandStatus | None:
        """Follows a command to its end. A question is answered with the reply whose key it contains (any case);
        an unanswered question ends the following. Returns the last status, None when none came."""
        deadline, answered = time.monotonic() + timeout_s, 0
        while True:

            def news(seen: int = answered) -> bool:
                mine = [s for s in self.statuses if s.command_id == command_id]
                if not mine:
                    return False
                asked = sum(s.state == "waiting_for_answer" for s in mine)
                return mine[-1].is_terminal or (mine[-1].state == "waiting_for_answer" and asked > seen)

            if not self.wait_until(news, deadline - time.monotonic()):
                return self.latest(command_id)
            status = self.latest(command_id)
            if status is None or status.is_terminal:
                return status
            reply = reply_to(status.question, replies)
            if reply is None:
                return status
            with self._changed:
                answered = sum(s.state == "waiting_for_answer" for s in self.statuses if s.command_id == command_id)
            self.say(reply)
