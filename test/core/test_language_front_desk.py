"""The front desk's stories, second by second, without ROS: who waits, who is answered, what is published."""

from __future__ import annotations

from itertools import count

import pytest
from test_language_parser import PARSER

from vla_ros.core.config import from_mapping
from vla_ros.core.errors import ConfigError
from vla_ros.core.plan import CommandStatus
from vla_ros.core.task import Task
from vla_ros.language.books import Settled
from vla_ros.language.commands import FrontDesk, Order
from vla_ros.language.params import LanguageParams


def _desk(**values: object) -> FrontDesk:
    numbers = count(1)
    return FrontDesk(PARSER, LanguageParams(**values), new_id=lambda: f"c{next(numbers)}")  # type: ignore[arg-type]


def _status(command_id: str, state: str, text: str = "", question: str = "", instruction: str = "") -> CommandStatus:
    return CommandStatus(command_id, instruction, state, 0, 3, text, question, 0.9)


def _sent(order: Order) -> Task:
    assert order.reply is None and order.task is not None
    return order.task


def _one(settled: tuple[Settled, ...]) -> Settled:
    assert len(settled) == 1
    return settled[0]


def test_a_task_goes_out_with_an_id_of_its_own() -> None:
    desk = _desk()
    first, second = (_sent(desk.instruct(f"go to the {room}", 0.0, True)) for room in ("kitchen", "office"))
    assert (first.command_id, second.command_id) == ("c1", "c2")


def test_ids_are_unique_without_anybody_giving_them() -> None:
    desk = FrontDesk(PARSER, LanguageParams())
    ids = {desk.instruct("go to the kitchen", 0.0, True).command_id for _ in range(200)}
    assert len(ids) == 200


def test_an_accepted_command_answers_those_who_wait_for_that_and_no_others() -> None:
    desk = _desk()
    task = _sent(desk.instruct("go to the kitchen", 0.0, True))
    soon = desk.open(task.command_id, "accepted", 0.0)
    late = desk.open(task.command_id, "ended", 0.0)
    assert desk.settle(0.1, True) == ()
    desk.observe(_status("c1", "accepted", "3 steps"), 0.2)
    settled = _one(desk.settle(0.2, True))
    assert settled.ticket == soon
    assert (settled.reply.success, settled.reply.state) == (True, "accepted")
    desk.observe(_status("c1", "running"), 0.3)
    assert desk.settle(100.0, True) == ()
    desk.observe(_status("c1", "failed", "There was no way."), 101.0)
    settled = _one(desk.settle(101.0, True))
    assert settled.ticket == late
    assert (settled.reply.success, settled.reply.message) == (False, "There was no way.")
    assert desk.settle(102.0, True) == ()


def test_time_runs_out_once_and_asks_for_a_cancel() -> None:
    desk = _desk()
    task = _sent(desk.instruct("go to the kitchen", 10.0, True))
    desk.open(task.command_id, "asked", 10.0, timeout_s=30.0)
    desk.observe(_status("c1", "running"), 0.0)
    assert desk.settle(39.9, True) == ()
    settled = _one(desk.settle(40.0, True))
    assert settled.cancel and settled.reply.state == "cancelled" and "30 s" in settled.reply.message
    assert desk.settle(41.0, True) == ()


def test_a_silent_planner_is_told_after_its_time() -> None:
    desk = _desk(accept_timeout_s=2.0)
    task = _sent(desk.instruct("go to the kitchen", 0.0, True))
    desk.open(task.command_id, "ended", 0.0)
    assert desk.settle(2.0, True) == ()
    settled = _one(desk.settle(2.1, True))
    assert settled.cancel and "did not answer" in settled.reply.message


def test_a_planner_that_goes_away_is_told_after_its_time() -> None:
    desk = _desk(accept_timeout_s=2.0)
    task = _sent(desk.instruct("go to the kitchen", 0.0, True))
    desk.open(task.command_id, "ended", 0.0)
    desk.observe(_status("c1", "running"), 0.0)
    assert desk.settle(60.0, True) == ()
    settled = _one(desk.settle(61.0, False))
    assert not settled.cancel and "planner_node" in settled.reply.message


def test_no_planner_is_told_at_once_and_nothing_goes_out() -> None:
    order = _desk().instruct("go to the kitchen", 0.0, False)
    assert order.task is None and order.reply is not None
    assert order.reply.state == "failed" and order.speech == order.reply.message


@pytest.mark.parametrize(
    ("text", "state"), [("", "not_understood"), ("hit the dog", "refused"), ("bring me", "waiting_for_answer")]
)
def test_what_is_no_task_is_answered_at_once_and_told_to_the_planner_for_everybody(text: str, state: str) -> None:
    order = _desk().instruct(text, 0.0, True)
    assert order.reply is not None and order.reply.state == state and not order.reply.success
    assert order.task is not None and order.task.kind != "task" and order.task.command_id == order.reply.command_id


def test_the_planners_question_gets_the_next_instruction_as_its_answer() -> None:
    desk = _desk()
    task = _sent(desk.instruct("bring me the cup", 0.0, True))
    desk.open(task.command_id, "asked", 0.0)
    assert desk.observe(_status("c1", "waiting_for_answer", question="Which cup?"), 0.5) == "Which cup?"
    assert desk.observe(_status("c1", "waiting_for_answer", question="Which cup?"), 0.6) == ""
    reply = _one(desk.settle(1.0, True)).reply
    assert (reply.success, reply.question, reply.message) == (False, "Which cup?", "Which cup?")
    answer = _sent(desk.instruct("the red one", 2.0, True))
    assert answer.command_id == "c1" and answer.steps[0].skill == "answer"
    waiting = desk.open("c1", "asked", 2.0)
    assert desk.settle(3.0, True) == ()
    desk.observe(_status("c1", "running"), 0.0)
    desk.observe(_status("c1", "succeeded", "Here you are."), 0.0)
    settled = _one(desk.settle(9.0, True))
    assert settled.ticket == waiting and settled.reply.success
    assert _sent(desk.instruct("go to the office", 10.0, True)).command_id == "c2"


def test_an_answer_that_changes_nothing_keeps_the_command_and_repeats_the_question() -> None:
    desk = _desk(accept_timeout_s=2.0)
    desk.observe(_status("c9", "waiting_for_answer", question="Which cup?"), 0.0)
    answer = _sent(desk.instruct("the pink one", 0.0, True))
    assert answer.command_id == "c9"
    desk.open("c9", "asked", 0.0)
    settled = _one(desk.settle(2.1, True))
    assert not settled.cancel and settled.reply.question == "Which cup?"


@pytest.mark.parametrize("text", ["stop", "never mind", "cancel", "pause"])
def test_immediate_words_are_no_answers(text: str) -> None:
    desk = _desk()
    _sent(desk.instruct("bring me the cup", 0.0, True))
    desk.observe(_status("c1", "waiting_for_answer", question="Which cup?"), 0.0)
    task = _sent(desk.instruct(text, 1.0, True))
    assert task.command_id == "c2" and task.steps[0].skill != "answer"


def test_a_missing_word_keeps_the_id_and_is_forgotten_after_its_time() -> None:
    desk = _desk(question_memory_s=60.0)
    asked = desk.instruct("bring me", 0.0, True)
    desk.observe(_status(asked.command_id, "waiting_for_answer", question="What shall I bring you?"), 0.0)
    whole = _sent(desk.instruct("the red cup", 30.0, True))
    assert whole.command_id == asked.command_id and whole.steps[0].skill == "bring"
    desk.instruct("bring me", 100.0, True)
    late = desk.instruct("the red cup", 161.0, True)
    assert late.reply is not None and late.reply.state == "waiting_for_answer"


def test_languages_own_question_does_not_count_as_busy_and_is_said_once() -> None:
    desk = _desk(on_busy="refuse")
    asked = desk.instruct("bring me", 0.0, True)
    assert asked.speech == "What shall I bring you?"
    assert desk.observe(_status(asked.command_id, "waiting_for_answer", question=asked.speech), 0.0) == ""
    assert _sent(desk.instruct("go to the kitchen", 1.0, True)).steps[0].skill == "go"


def test_busy_refuses_or_queues_by_parameter_and_stop_always_goes() -> None:
    for on_busy in ("refuse", "queue"):
        desk = _desk(on_busy=on_busy)
        _sent(desk.instruct("go to the kitchen", 0.0, True))
        desk.observe(_status("c1", "running", instruction="go to the kitchen"), 0.0)
        second = desk.instruct("go to the office", 1.0, True)
        assert (second.task is None) == (on_busy == "refuse")
        if second.reply:
            assert second.reply.state == "refused" and "go to the kitchen" in second.reply.message
        assert _sent(desk.instruct("stop", 2.0, True)).steps[0].skill == "stop"
        desk.observe(_status("c1", "cancelled"), 0.0)
        _sent(desk.instruct("go to the office", 3.0, True))


def test_it_points_into_the_command_before() -> None:
    desk = _desk()
    _sent(desk.instruct("pick up the red cup", 0.0, True))
    task = _sent(desk.instruct("put it on the table", 1.0, True))
    assert task.steps[0].object is not None and task.steps[0].object.attributes == ("red",)


def test_the_books_stay_small() -> None:
    desk = _desk()
    for number in range(1000):
        desk.observe(_status(f"x{number}", "running"), 0.0)
        desk.observe(_status(f"x{number}", "succeeded"), 0.0)
    assert desk.status("x999") is not None and desk.status("x0") is None
    assert len(desk._statuses) == len(desk._heard) == 200


def test_a_caller_who_leaves_is_forgotten() -> None:
    desk = _desk()
    task = _sent(desk.instruct("go to the kitchen", 0.0, True))
    desk.close(desk.open(task.command_id, "ended", 0.0))
    desk.observe(_status("c1", "succeeded"), 0.0)
    assert desk.settle(1.0, True) == ()


def _running_command(**values: object) -> FrontDesk:
    desk = _desk(**values)
    _sent(desk.instruct("go to the kitchen", 0.0, True))
    desk.observe(_status("c1", "accepted"), 0.1)
    desk.observe(_status("c1", "running", "driving"), 0.2)
    return desk


def test_a_long_step_whose_status_is_repeated_is_waited_for() -> None:
    desk = _desk(silence_timeout_s=5.0)
    _sent(desk.instruct("go to the kitchen", 0.0, True))
    desk.open("c1", "ended", 0.0)
    for second in range(1, 600):
        desk.observe(_status("c1", "running", "driving"), float(second))
        assert desk.lost(second + 0.9) == () and desk.settle(second + 0.9, True) == ()


def test_a_command_of_which_the_planner_says_nothing_fails_with_the_remedy_and_new_ones_are_taken() -> None:
    desk = _running_command(silence_timeout_s=5.0, on_busy="refuse")
    waiting = desk.open("c1", "ended", 0.2)
    assert desk.lost(5.2) == () and desk.settle(5.2, True) == ()
    lost = desk.lost(5.3)
    assert [(order.command_id, order.task) for order in lost] == [("c1", None)]
    assert "planner_node" in lost[0].speech
    settled = _one(desk.settle(5.3, True))
    assert settled.ticket == waiting and (settled.reply.success, settled.reply.state) == (False, "failed")
    assert "5 s" in settled.reply.message and "vla doctor" in settled.reply.message
    assert desk.lost(9.0) == (), "each is told once"
    assert _sent(desk.instruct("go to the office", 10.0, True)).command_id == "c2"


def test_the_question_of_a_planner_that_is_gone_takes_no_more_answers() -> None:
    desk = _running_command(silence_timeout_s=5.0)
    desk.observe(_status("c1", "waiting_for_answer", question="Which cup?"), 1.0)
    assert _sent(desk.instruct("the red one", 2.0, True)).steps[0].skill == "answer"
    desk.lost(6.5)
    order = desk.instruct("go to the office", 7.0, True)
    assert order.task is not None and order.task.steps[0].skill == "go" and order.task.command_id != "c1"


def test_a_repeated_question_is_no_reply_to_an_answer_that_is_still_on_its_way() -> None:
    desk = _desk()
    asked = _status("c9", "waiting_for_answer", question="Which cup?")
    desk.observe(asked, 0.0)
    _sent(desk.instruct("the red one", 0.5, True))
    desk.open("c9", "asked", 0.5)
    desk.observe(asked, 0.6)
    assert desk.settle(0.7, True) == ()
    desk.observe(_status("c9", "succeeded", "Here you are."), 0.9)
    assert _one(desk.settle(1.0, True)).reply.success


def test_a_planner_that_hung_and_goes_on_is_believed_again() -> None:
    desk = _running_command(silence_timeout_s=5.0)
    desk.lost(6.0)
    desk.observe(_status("c1", "running", "driving"), 6.5)
    status = desk.status("c1")
    assert status is not None and status.state == "running"


@pytest.mark.parametrize("limit", [0.0, 1.9, float("nan"), 1e6])
def test_a_silence_that_is_no_sensible_time_is_refused(limit: float) -> None:
    with pytest.raises(ConfigError, match="silence_timeout_s"):
        from_mapping(LanguageParams, {"silence_timeout_s": limit}, "language_node")
