"""Numbers and measures as people say them."""

from __future__ import annotations

import math

import pytest

from benchmarks.language_suites.own import household_parser
from vla_ros.language.parser import GrammarParser
from vla_ros.language.quantities import read_measure, read_number


@pytest.fixture(scope="module")
def parser() -> GrammarParser:
    return household_parser()


@pytest.mark.parametrize(
    ("text", "used", "value"),
    [
        ("one point five them", 3, 1.5),
        ("zero point zero five meters", 4, 0.05),
        ("5 point 3", 3, 5.3),
        ("one point of view", 1, 1.0),
        ("a hundred and eighty degrees", 4, 180.0),
        ("one hundred twenty", 3, 120.0),
        ("two hundred and go", 2, 200.0),
        ("twenty five", 2, 25.0),
        ("two and a half", 4, 2.5),
        ("a few", 2, 3.0),
    ],
)
def test_a_number_in_words_is_read_to_its_end(text: str, used: int, value: float) -> None:
    assert read_number(text.split(), 0) == (used, pytest.approx(value))


@pytest.mark.parametrize("text", ["a cup", "point at it", "and five", "hundreds"])
def test_other_words_are_no_number(text: str) -> None:
    assert read_number(text.split(), 0) is None


def test_a_point_may_begin_a_measure() -> None:
    assert read_measure(["point", "five", "meters"], 0) == (3, "distance", 0.5)
    assert read_measure(["point", "the", "way"], 0) is None


@pytest.mark.parametrize(
    ("text", "metres", "degrees", "seconds"),
    [
        ("drive forward one point five meters", 1.5, 0, 0),
        ("move forward point five meters", 0.5, 0, 0),
        ("well advance zero point four metres", 0.4, 0, 0),
        ("turn left by a hundred and eighty degrees", 0, 180, 0),
        ("turn eighty degrees to the left", 0, 80, 0),
        ("turn one hundred and twenty degrees left", 0, 120, 0),
        ("wait eighty seconds", 0, 0, 80),
        ("wait for seventeen seconds", 0, 0, 17),
    ],
)
def test_a_spoken_measure_is_as_long_as_a_typed_one(
    parser: GrammarParser, text: str, metres: float, degrees: float, seconds: float
) -> None:
    (step,) = parser.parse(text).steps
    assert step.distance_m == pytest.approx(metres)
    assert math.degrees(step.angle_rad) == pytest.approx(degrees)
    assert step.duration_s == pytest.approx(seconds)
    assert step.destination is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("drive forward five", "5"),
        ("drive forward one", "1"),
        ("turn left ninety", "90"),
        ("go back 2", "2"),
        ("drive 3", "3"),
        ("drive forward 2 feathers", "2"),
    ],
)
def test_a_number_without_its_unit_is_asked_for(parser: GrammarParser, text: str, number: str) -> None:
    task = parser.parse(text)
    assert (task.kind, task.steps) == ("question", ())
    assert task.question.startswith(f"{number} what?")


@pytest.mark.parametrize("text", ["turn to the left one", "go back to the second one", "drive to the red one"])
def test_one_of_several_needs_no_unit(parser: GrammarParser, text: str) -> None:
    assert "what?" not in parser.parse(text).question
