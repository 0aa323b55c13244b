"""The front doors with real messages, services and actions; a fake planner plays the other side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

rclpy = pytest.importorskip("rclpy", reason="needs ROS 2 (make setup)")

from action_msgs.msg import GoalStatus
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_msgs.msg import String
from vla_ros.action import ExecuteCommand
from vla_ros.msg import CommandStatus as CommandStatusMsg
from vla_ros.msg import Task as TaskMsg
from vla_ros.srv import CancelCommand, ExecuteLanguageCommand, ParseInstruction

from vla_ros.core.errors import ConfigError
from vla_ros.core.plan import CommandStatus
from vla_ros.core.task import Task
from vla_ros.language.task_json import task_from_json
from vla_ros.ros import conversions, qos
from vla_ros.ros.nodes.language_node import LanguageNode

pytestmark = pytest.mark.ros


class FakePlanner(Node):
    """Takes tasks and reports what the test tells it to; cancels by service as the real one does."""

    def __init__(self) -> None:
        super().__init__("fake_planner")
        self.tasks: list[Task] = []
        self.cancelled: list[str] = []
        self.on_task: Callable[[Task], None] = lambda task: self.report(task, "accepted", "planned")
        self._status = self.create_publisher(CommandStatusMsg, "command_status", qos.STATUS_LOG)
        self.create_subscription(TaskMsg, "task", self._heard, qos.EVENT)
        self.create_service(CancelCommand, "cancel_command", self._cancel)

    def report(self, task: Task, state: str, text: str = "", question: str = "", step: int = 0) -> None:
        status = CommandStatus(task.command_id, task.text, state, step, len(task.steps), text, question, 0.9)
        self._status.publish(conversions.command_status_to_msg(status, 0.0))

    def _heard(self, message: TaskMsg) -> None:
        task = conversions.task_from_msg(message)
        self.tasks.append(task)
        if task.kind == "task":
            self.on_task(task)

    def _cancel(self, request: CancelCommand.Request, response: CancelCommand.Response) -> CancelCommand.Response:
        self.cancelled.append(request.command_id)
        task = next((t for t in self.tasks if t.command_id == request.command_id), None)
        response.success = task is not None
        if task is not None:
            self.report(task, "cancelled", "Cancelled.")
        return response


class World:
    """The language node, a caller, and (when wanted) the fake planner, on one executor."""

    def __init__(self, *, planner: bool = True, **values: Any) -> None:
        overrides = [Parameter(name, value=value) for name, value in values.items()]
        self.node = LanguageNode(parameter_overrides=overrides)
        self.caller = Node("caller")
        self.spoken: list[str] = []
        self.caller.create_subscription(String, "speech_out", lambda m: self.spoken.append(m.data), qos.EVENT)
        self.topics = {
            name: self.caller.create_publisher(String, name, qos.EVENT)
            for name in ("utterance", "language_instruction")
        }
        self.execute = self.caller.create_client(ExecuteLanguageCommand, "execute_language_command")
        self.parse = self.caller.create_client(ParseInstruction, "parse_instruction")
        self.action = ActionClient(self.caller, ExecuteCommand, "execute_command")
        self.executor = SingleThreadedExecutor()
        for each in (self.node, self.caller):
            self.executor.add_node(each)
        self.planner: FakePlanner | None = None
        if planner:
            self.planner = FakePlanner()
            self.executor.add_node(self.planner)
            task_topic = self.node.resolve_topic_name("task")
            self.until(lambda: self.node.count_subscribers(task_topic) > 0 and self.node._hearing.planner_present)
            self.until(lambda: self.planner.count_subscribers("command_status") > 0)
        self.until(self.execute.service_is_ready)
        self.until(lambda: self.caller.count_publishers("speech_out") > 0)

    def until(self, condition: Callable[[], Any], timeout_s: float = 10.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, "nothing happened in time"
            self.executor.spin_once(timeout_sec=0.02)

    def spin(self, duration_s: float) -> None:
        deadline = time.monotonic() + duration_s
        while time.monotonic() < deadline:
            self.executor.spin_once(timeout_sec=0.01)

    def call(self, client: Any, request: Any, timeout_s: float = 10.0) -> Any:
        future = client.call_async(request)
        self.until(future.done, timeout_s)
        return future.result()

    def say(self, text: str, *, wait: bool = False, timeout_s: float = 0.0) -> ExecuteLanguageCommand.Response:
        request = ExecuteLanguageCommand.Request(instruction=text, wait=wait, timeout_s=timeout_s)
        return self.call(self.execute, request)

    def close(self) -> None:
        self.action.destroy()
        for each in (self.node, self.caller, self.planner):
            if each is not None:
                each.destroy_node()
        self.executor.shutdown()


@pytest.fixture
def make() -> Iterator[Callable[..., World]]:
    rclpy.init()
    worlds: list[World] = []

    def build(**options: Any) -> World:
        worlds.append(World(**options))
        return worlds[-1]

    yield build
    for world in worlds:
        world.close()
    rclpy.try_shutdown()


def _ends_well(world: World) -> Callable[[Task], None]:
    def script(task: Task) -> None:
        world.planner.report(task, "accepted", "planned")
        world.planner.report(task, "running", "going", step=0)
        world.planner.report(task, "succeeded", "I brought it.")

    return script


def test_a_command_without_wait_is_answered_when_it_is_accepted(make: Callable[..., World]) -> None:
    world = make()
    response = world.say("bring me the red cup")
    assert (response.success, response.state) == (True, "accepted")
    task = world.planner.tasks[0]
    assert response.command_id == task.command_id != ""
    assert task.steps[0].skill == "bring" and task.steps[0].object.attributes == ("red",)


def test_a_command_with_wait_is_answered_at_its_end_and_others_are_served_meanwhile(make: Callable[..., World]) -> None:
    world = make()
    request = ExecuteLanguageCommand.Request(instruction="go to the kitchen", wait=True)
    pending = world.execute.call_async(request)
    world.until(lambda: world.planner.tasks)
    world.spin(0.3)
    assert not pending.done()
    parsed = world.call(world.parse, ParseInstruction.Request(instruction="go to the office"))
    assert parsed.success and parsed.task.steps[0].skill == "go"
    assert task_from_json(parsed.json).steps[0].destination.name == "office"
    world.planner.report(world.planner.tasks[0], "succeeded", "I am in the kitchen.")
    world.until(pending.done)
    response = pending.result()
    assert (response.success, response.state, response.message) == (True, "succeeded", "I am in the kitchen.")


def test_a_failure_is_told_with_the_planners_words(make: Callable[..., World]) -> None:
    world = make()
    world.planner.on_task = lambda task: world.planner.report(task, "failed", "I found no red cup.")
    response = world.say("bring me the red cup", wait=True)
    assert (response.success, response.state, response.message) == (False, "failed", "I found no red cup.")


def test_what_is_no_task_is_answered_at_once_with_words_to_act_on(make: Callable[..., World]) -> None:
    world = make()
    for text, state, words in (
        ("", "not_understood", "empty"),
        ("   ", "not_understood", "empty"),
        ("x" * 1001, "not_understood", "1000"),
        ("bring me the frobnicator", "not_understood", "frobnicator"),
        ("bring mir die rote Tasse", "not_understood", "German"),
        ("throw the knife at Anna", "refused", "hurt"),
        ("cook me a dinner", "refused", "cannot"),
        ("bring me", "waiting_for_answer", "What"),
    ):
        response = world.say(text, wait=True)
        assert not response.success
        assert response.state == state
        assert words in response.message
        assert bool(response.question) == (state == "waiting_for_answer")
    assert all(task.kind != "task" for task in world.planner.tasks)


def test_a_time_out_cancels_the_command_and_says_so(make: Callable[..., World]) -> None:
    world = make()
    response = world.say("go to the kitchen", wait=True, timeout_s=0.5)
    assert (response.success, response.state) == (False, "cancelled")
    assert "0.5 s" in response.message
    world.until(lambda: world.planner.cancelled)
    assert world.planner.cancelled == [response.command_id]


def test_a_time_out_that_is_no_time_is_refused(make: Callable[..., World]) -> None:
    world = make()
    for limit in (float("nan"), float("inf"), -1.0):
        response = world.say("go to the kitchen", wait=True, timeout_s=limit)
        assert not response.success and "timeout_s" in response.message
    assert not world.planner.tasks


def test_without_a_planner_the_caller_is_told_at_once(make: Callable[..., World]) -> None:
    world = make(planner=False)
    response = world.say("go to the kitchen", wait=True)
    assert (response.success, response.state) == (False, "failed")
    assert "planner_node" in response.message


def test_a_planner_that_says_nothing_is_reported(make: Callable[..., World]) -> None:
    world = make(accept_timeout_s=0.3)
    world.planner.on_task = lambda task: None
    response = world.say("go to the kitchen")
    assert not response.success and "did not answer" in response.message


def test_the_planners_question_is_answered_under_the_same_id(make: Callable[..., World]) -> None:
    world = make()
    question = "Which cup: the red one or the blue one?"
    world.planner.on_task = lambda task: world.planner.report(task, "waiting_for_answer", question, question)
    asked = world.say("bring me the cup", wait=True)
    assert (asked.success, asked.state, asked.question) == (False, "waiting_for_answer", question)
    world.until(lambda: world.spoken)
    assert world.spoken == [question]
    world.planner.on_task = _ends_well(world)
    answered = world.say("the blue one", wait=True)
    assert answered.success and answered.command_id == asked.command_id
    answer = world.planner.tasks[-1]
    assert answer.command_id == asked.command_id
    assert answer.steps[0].skill == "answer" and answer.steps[0].object.attributes == ("blue",)


def test_never_mind_cancels_instead_of_answering(make: Callable[..., World]) -> None:
    world = make()
    world.planner.on_task = lambda task: world.planner.report(task, "waiting_for_answer", "Which?", "Which?")
    asked = world.say("bring me the cup")
    world.planner.on_task = _ends_well(world)
    world.say("never mind")
    last = world.planner.tasks[-1]
    assert last.steps[0].skill == "cancel" and last.command_id != asked.command_id


def test_a_missing_word_completes_the_instruction(make: Callable[..., World]) -> None:
    world = make()
    asked = world.say("bring me")
    assert asked.question
    world.planner.on_task = _ends_well(world)
    response = world.say("the red cup", wait=True)
    assert response.success and response.command_id == asked.command_id
    assert world.planner.tasks[-1].steps[0].object.category == "cup"


def test_stop_goes_out_while_another_command_runs_even_when_busy_is_refused(make: Callable[..., World]) -> None:
    world = make(on_busy="refuse")
    world.planner.on_task = lambda task: world.planner.report(task, "running", "going")
    first = world.say("go to the kitchen")
    refused = world.say("go to the office")
    assert (refused.success, refused.state) == (False, "refused")
    assert "go to the kitchen" in refused.message
    stopped = world.say("stop")
    assert world.planner.tasks[-1].steps[0].skill == "stop"
    assert stopped.command_id != first.command_id


def test_a_second_command_is_queued_by_default(make: Callable[..., World]) -> None:
    world = make()
    world.planner.on_task = lambda task: world.planner.report(
        task, "running" if len(world.planner.tasks) == 1 else "queued", "one before it"
    )
    first, second = world.say("go to the kitchen"), world.say("go to the office")
    assert (second.success, second.state) == (True, "queued")
    assert first.command_id != second.command_id


def test_topics_are_front_doors_too(make: Callable[..., World]) -> None:
    world = make()
    for number, topic in enumerate(("utterance", "language_instruction"), 1):
        world.until(lambda name=topic: world.topics[name].get_subscription_count() > 0)
        world.topics[topic].publish(String(data="go to the kitchen"))
        world.until(lambda n=number: len([t for t in world.planner.tasks if t.kind == "task"]) == n)
        world.topics[topic].publish(String(data="bring me"))
        world.until(lambda n=number: len(world.spoken) == n)
    assert world.spoken == ["What shall I bring you?"] * 2


def test_the_action_gives_feedback_and_ends_with_the_command(make: Callable[..., World]) -> None:
    world = make()
    world.until(world.action.server_is_ready)
    states: list[str] = []
    goal = ExecuteCommand.Goal(instruction="go to the kitchen, pick up the red cup and bring it to me")
    sent = world.action.send_goal_async(goal, feedback_callback=lambda m: states.append(m.feedback.state))
    world.until(sent.done)
    result = sent.result().get_result_async()
    world.until(lambda: world.planner.tasks)
    task = world.planner.tasks[0]
    world.planner.report(task, "running", "going to the kitchen", step=0)
    world.until(lambda: "running" in states)
    world.planner.report(task, "waiting_for_answer", "Which?", "Which?")
    world.until(lambda: "waiting_for_answer" in states)
    assert not result.done()
    world.planner.report(task, "succeeded", "Done.")
    world.until(result.done)
    assert result.result().status == GoalStatus.STATUS_SUCCEEDED
    assert (result.result().result.success, result.result().result.state) == (True, "succeeded")
    assert result.result().result.command_id == task.command_id


def test_a_cancelled_goal_cancels_its_command(make: Callable[..., World]) -> None:
    world = make()
    world.until(world.action.server_is_ready)
    sent = world.action.send_goal_async(ExecuteCommand.Goal(instruction="follow me"))
    world.until(sent.done)
    result = sent.result().get_result_async()
    world.until(lambda: world.planner.tasks)
    cancel = sent.result().cancel_goal_async()
    world.until(cancel.done)
    world.until(result.done)
    assert result.result().status == GoalStatus.STATUS_CANCELED
    assert result.result().result.state == "cancelled"
    assert world.planner.cancelled == [world.planner.tasks[0].command_id]


def test_a_goal_that_is_no_task_is_aborted_with_words(make: Callable[..., World]) -> None:
    world = make()
    world.until(world.action.server_is_ready)
    sent = world.action.send_goal_async(ExecuteCommand.Goal(instruction="hit the dog"))
    world.until(sent.done)
    result = sent.result().get_result_async()
    world.until(result.done)
    assert result.result().status == GoalStatus.STATUS_ABORTED
    assert result.result().result.state == "refused" and "animal" in result.result().result.message


def test_a_parse_is_shown_without_anything_being_done(make: Callable[..., World]) -> None:
    world = make()
    parsed = world.call(
        world.parse, ParseInstruction.Request(instruction="bring me the red cup from the kitchen table")
    )
    assert parsed.success and parsed.task.kind == "task"
    assert not world.call(world.parse, ParseInstruction.Request(instruction="")).success
    assert not world.call(world.parse, ParseInstruction.Request(instruction="y" * 1001)).success
    world.spin(0.2)
    assert not world.planner.tasks


def test_a_words_file_that_is_not_there_is_named_at_start(make: Callable[..., World]) -> None:
    with pytest.raises(ConfigError, match="no_such_words"):
        make(words="no_such_words")
