"""A slice of our household commands, clean, noisy and in other words; the generator's own promises; corrections."""

from __future__ import annotations

import pytest
from language_brief import brief

from benchmarks.language_suites.noise import heard, noisy, typed
from benchmarks.language_suites.own import cases, household_parser, measure
from benchmarks.language_suites.own_cases import same
from benchmarks.language_suites.paraphrase import cases as paraphrases

PARSER = household_parser()
SMALL = cases(5, 0.08)


def test_household_commands_become_their_tasks() -> None:
    result = measure(PARSER, SMALL)
    assert result["n"] > 250 and result["exact"] >= 0.98


def test_the_generator_makes_over_three_thousand_distinct_sentences_the_same_for_a_seed() -> None:
    whole = cases(1)
    assert len({case.text.lower() for case in whole}) == len(whole) >= 3000
    assert [case.text for case in cases(5, 0.02)] == [case.text for case in cases(5, 0.02)]


def test_a_wrong_task_is_not_taken_for_a_right_one() -> None:
    assert not any(same(PARSER.parse("pause"), case.steps) for case in SMALL if case.intent != "pause")


@pytest.mark.parametrize("damage", [typed, heard])
def test_errors_in_a_tenth_of_the_words_are_mostly_understood(damage: object) -> None:
    assert measure(PARSER, noisy(SMALL, 3, damage, "noise"))["exact"] >= 0.85  # type: ignore[arg-type]


def test_other_wordings_of_the_development_half_are_understood() -> None:
    assert measure(PARSER, paraphrases(9, "develop")[::5])["exact"] >= 0.95


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("bring me the red cup, no, the blue one", "bring [blue cup] for user"),
        ("go to the kitchen, I mean the office", "go to office"),
        ("put the cup on the table, sorry, on the shelf", "place [cup] to:on shelf"),
        ("turn left, no wait, right", "go angle_rad=-1.57"),
        ("wait ten seconds, or rather a minute", "wait duration_s=60"),
    ],
)
def test_a_speaker_corrects_himself(text: str, meaning: str) -> None:
    assert brief(PARSER.parse(text)) == meaning


def test_a_correction_may_come_after_the_task() -> None:
    before = PARSER.parse("bring me the red cup from the kitchen")
    assert brief(PARSER.parse("no, the blue one", before)) == "bring [blue cup in (kitchen)] for user"


def test_meanwhile_waits_for_nothing() -> None:
    steps = PARSER.parse("go to the kitchen and meanwhile tell me a joke").steps
    assert [step.after for step in steps] == [(), ()]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("brng me teh red cup", "bring [red cup] for user"),
        ("go two the kitchin", "go to kitchen"),
        ("fetch uh the the bleu bottle", "bring [blue bottle] for user"),
        ("opne the fridge", "open [fridge]"),
    ],
)
def test_what_was_mistyped_or_misheard_is_read_as_what_makes_sense(text: str, meaning: str) -> None:
    assert brief(PARSER.parse(text)) == meaning
