"""Answers to the robot's questions."""

from __future__ import annotations

import pytest
from test_language_parser import PARSER

from vla_ros.core.task import Referent, Relation, Task


def _only(task: Task) -> tuple[str, Referent | None, str]:
    (step,) = task.steps
    return step.skill, step.object, step.about


@pytest.mark.parametrize(
    ("text", "category", "attributes", "superlative"),
    [
        ("the red one", "", ("red",), ""),
        ("the blue one please", "", ("blue",), ""),
        ("red", "", ("red",), ""),
        ("blue cup", "cup", ("blue",), ""),
        ("I mean the green bottle", "bottle", ("green",), ""),
        ("no, the red one", "", ("red",), ""),
        ("the left one", "", (), "left_most"),
        ("the one on the right", "", (), "right_most"),
        ("the biggest", "", (), "biggest"),
        ("take the blue one", "", ("blue",), ""),
        ("bring me the green one", "", ("green",), ""),
    ],
)
def test_a_description_becomes_a_referent(
    text: str, category: str, attributes: tuple[str, ...], superlative: str
) -> None:
    skill, described, _ = _only(PARSER.parse_answer(text, "Which cup?"))
    assert skill == "answer" and described is not None
    assert (described.category, described.attributes, described.superlative) == (category, attributes, superlative)


@pytest.mark.parametrize("text", ["on the counter", "the one on the counter", "the red one on the counter"])
def test_a_place_becomes_a_relation(text: str) -> None:
    _, described, _ = _only(PARSER.parse_answer(text))
    assert described is not None
    assert described.relations == (Relation("on", Referent("place", "counter")),)


def test_a_room_or_a_person_can_be_the_answer() -> None:
    assert _only(PARSER.parse_answer("the kitchen"))[1] == Referent("place", "room", "kitchen")
    assert _only(PARSER.parse_answer("to the office"))[1] == Referent("place", "room", "office")
    assert _only(PARSER.parse_answer("Anna"))[1] == Referent("person", "person", "anna")


@pytest.mark.parametrize(
    ("text", "about"), [("yes", "yes"), ("Yes please!", "yes"), ("ok", "yes"), ("no", "no"), ("nope", "no")]
)
def test_yes_and_no(text: str, about: str) -> None:
    skill, described, got = _only(PARSER.parse_answer(text))
    assert (skill, described, got) == ("answer", None, about)


@pytest.mark.parametrize("text", ["never mind", "cancel", "forget it", "stop"])
def test_giving_up_is_a_cancel(text: str) -> None:
    assert _only(PARSER.parse_answer(text))[0] == "cancel"


def test_the_words_are_kept_when_they_describe_nothing_known() -> None:
    task = PARSER.parse_answer("the frobnicated one")
    assert task.steps[0].text == "the frobnicated one"
    assert PARSER.parse_answer("flarb").confidence < 0.9


@pytest.mark.parametrize("text", ["", "   ", "z" * 1001])
def test_no_answer_is_none(text: str) -> None:
    assert PARSER.parse_answer(text, "Which cup?").kind == "unknown"
