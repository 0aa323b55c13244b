"""Sentences and their Tasks: a table of phrases, the exact form of the example, honesty and robustness."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from language_brief import brief

from vla_ros.core.task import IMMEDIATE_SKILLS, RELATIONS, SKILLS, TASK_KINDS, Referent, Task, TaskStep
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.parser import GrammarParser
from vla_ros.language.task_json import task_from_json, task_to_json

CONFIG = Path(__file__).parents[2] / "config"
PARSER = GrammarParser(Lexicon.load(CONFIG / "objects.yaml", CONFIG / "homes/apartment.yaml", CONFIG / "people.yaml"))


def _table() -> list[tuple[str, str]]:
    lines = (Path(__file__).parent / "language_phrases.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split(" => ") for line in lines if line.strip() and not line.startswith("#")]
    return [(phrase, meaning) for phrase, meaning in rows]


@pytest.mark.parametrize(("phrase", "meaning"), _table())
def test_a_phrase_means_what_the_table_says(phrase: str, meaning: str) -> None:
    got = brief(PARSER.parse(phrase))
    if meaning.startswith(("REFUSAL", "UNKNOWN")):
        assert got.startswith(meaning)
    else:
        assert got == meaning


def test_the_table_has_a_few_hundred_phrases() -> None:
    assert len(_table()) >= 300


def test_the_lead_example_has_three_steps_about_the_same_cup() -> None:
    task = PARSER.parse("go to the kitchen, pick up the red cup and bring it to me")
    cup = Referent("object", "cup", attributes=("red",))
    assert task.steps == (
        TaskStep("go", destination=Referent("place", "room", "kitchen")),
        TaskStep("pick", object=cup, after=(0,)),
        TaskStep("bring", object=cup, recipient=Referent("user"), after=(1,)),
    )
    assert task.confidence > 0.9


@pytest.mark.parametrize(
    "text", ["stop", "STOP!!!", "please stop", "stop stop stop", "robot, stop now", "ok stop it", "halt"]
)
def test_stop_is_always_an_immediate_first_step(text: str) -> None:
    task = PARSER.parse(text)
    assert task.kind == "task" and task.steps[0].skill == "stop" in IMMEDIATE_SKILLS


def test_pronouns_point_into_the_task_before() -> None:
    before = PARSER.parse("pick up the red cup")
    assert brief(PARSER.parse("put it on the table", before)) == "place [red cup] to:on table"
    assert brief(PARSER.parse("bring me the other one", before)) == "bring [other cup] for user"
    assert PARSER.parse("put it on the table").kind == "question"


@pytest.mark.parametrize(
    ("first", "answer", "meaning"),
    [
        ("bring me", "the red cup", "bring [red cup] for user"),
        ("put the cup", "on the table", "place [cup] to:on table"),
        ("go", "to the kitchen", "go to kitchen"),
        ("find", "Anna", "find [anna]"),
        ("bring it to Anna", "the blue book", "bring [blue book] for anna"),
        ("bring me", "go to the kitchen", "go to kitchen"),
    ],
)
def test_missing_words_complete_a_question(first: str, answer: str, meaning: str) -> None:
    asked = PARSER.parse(first)
    assert asked.kind == "question"
    assert brief(PARSER.complete(asked, answer)) == meaning


def test_typing_errors_cost_confidence() -> None:
    clean, one = PARSER.parse("bring me the red bottle"), PARSER.parse("bring me the red botle")
    assert one.steps == clean.steps
    assert one.confidence < clean.confidence


def test_unknown_names_are_people_only_where_people_belong() -> None:
    task = PARSER.parse("bring the cup to Zorblax")
    assert task.steps[0].recipient == Referent("person", "person", "zorblax")
    assert task.confidence < 0.9
    assert PARSER.parse("bring the zorblax to Anna").kind == "unknown"


def test_words_that_nothing_could_use_end_in_unknown_not_in_a_task() -> None:
    task = PARSER.parse("bring me the cup zig zag zog wib wob")
    assert task.kind != "task" or task.confidence < 0.5


def test_a_reason_names_the_word_and_what_is_known() -> None:
    reason = PARSER.parse("bring me the frobnicator").reason
    assert "frobnicator" in reason and "cup" in reason


def test_too_long_is_told_with_the_limit() -> None:
    task = PARSER.parse("bring me the red cup " * 60)
    assert task.kind == "unknown" and "1000" in task.reason


def test_an_owner_adds_words_without_code(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        "verbs: {bring: [schlep]}\nobjects: {samovar: [tea machine]}\nnames: [Ivan]\ncolors: {teal: [teal]}\n"
    )
    files = [CONFIG / "words.yaml", mine]
    lexicon = Lexicon.load(CONFIG / "objects.yaml", CONFIG / "homes/apartment.yaml", CONFIG / "people.yaml", files)
    assert brief(GrammarParser(lexicon).parse("schlep the teal tea machine to Ivan")) == "bring [teal samovar] for ivan"


def test_it_works_without_a_home_and_without_people() -> None:
    parser = GrammarParser(Lexicon.load(CONFIG / "objects.yaml", None, None))
    assert brief(parser.parse("bring me the red cup")) == "bring [red cup] for user"
    assert parser.parse("go to the kitchen").kind == "unknown"


WORDS = sorted({w for phrase, _ in _table() for w in phrase.split()})


def _check(task: Task) -> None:
    assert task.kind in TASK_KINDS
    assert 0.0 <= task.confidence <= 1.0 and math.isfinite(task.confidence)
    assert bool(task.steps) == (task.kind == "task")
    assert bool(task.question) == (task.kind == "question")
    assert bool(task.reason) == (task.kind in ("refusal", "unknown"))
    for index, step in enumerate(task.steps):
        assert step.skill in SKILLS
        assert all(0 <= i < len(task.steps) and i != index for i in step.after)
        assert all(math.isfinite(v) for v in (step.distance_m, step.angle_rad, step.duration_s))
        assert step.duration_s >= 0.0 and step.distance_m >= 0.0
        for referent in (step.object, step.source, step.destination, step.recipient):
            for relation in referent.relations if referent else ():
                assert relation.predicate in RELATIONS


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_gives_a_well_formed_task(text: str) -> None:
    _check(PARSER.parse(text))
    _check(PARSER.parse_answer(text))


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join))
def test_any_mixture_of_known_words_gives_a_well_formed_task_that_survives_json(text: str) -> None:
    task = PARSER.parse(text)
    _check(task)
    again = task_from_json(task_to_json(task))
    assert (again.kind, len(again.steps)) == (task.kind, len(task.steps))
    _check(PARSER.parse_answer(text))


@pytest.mark.parametrize(
    "piece", ["bring me ", "the ", "and ", "to ", "if ", "not ", "put the cup on the table in the kitchen ", "'s "]
)
def test_long_nonsense_is_over_quickly(piece: str) -> None:
    """Counted in calls, not in seconds, so that a busy machine does not count; the worst of these takes 70,000."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        task = PARSER.parse((piece * 1000)[:1000])
    finally:
        sys.setprofile(before)
    _check(task)
    assert calls < 250_000


@pytest.mark.parametrize(
    "text",
    [
        "stop or I will unplug you", "stop, the flurb is wrong", "oh god stop", "wait, stop", "no, stop!",
        "stop!! you are about to kill Anna", "stop hitting the dog", "please stop bringing me cups",
    ],
)  # fmt: skip
def test_stop_is_never_lost_in_what_follows_it(text: str) -> None:
    task = PARSER.parse(text)
    assert task.kind == "task" and [s.skill for s in task.steps] == ["stop"]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("run over to Anna", "go to anna"),
        ("run into the kitchen", "go to kitchen"),
        ("push the box to me", "push [box] for user"),
        ("put the cup on the table next to Anna", "place [cup] to:on table beside (anna)"),
        ("put the cup on the table next to the bowl", "place [cup] to:on table beside (bowl)"),
        ("bring the book to the child", "bring [book] for child"),
        ("put the knife in the basket", "place [knife] to:in basket"),
        ("bring Anna the bottle from the fridge", "bring [bottle in (fridge)] for anna"),
        ("say stop", "say for user text=stop"),
    ],
)
def test_harmless_words_that_sound_dangerous_are_not_refused(text: str, meaning: str) -> None:
    assert brief(PARSER.parse(text)) == meaning
