"""What is understood when things, places and people need not be here; where people are said to be; stand-ins."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from language_brief import brief

from vla_ros.core.task import Referent
from vla_ros.language.confidence import calibrated, evidence
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.parser import GrammarParser

CONFIG = Path(__file__).parents[2] / "config"
LEXICON = Lexicon.load(CONFIG / "objects.yaml", CONFIG / "homes/apartment.yaml", CONFIG / "people.yaml")
OPEN = GrammarParser(LEXICON, open_world=True)
HERE = GrammarParser(LEXICON)


@pytest.mark.parametrize("text", ["bring me the soap", "go to the garage", "bring the frobnicator to Anna"])
def test_what_is_not_here_is_a_task_in_an_open_world_only(text: str) -> None:
    assert HERE.parse(text).kind == "unknown"
    task = OPEN.parse(text)
    assert task.kind == "task" and task.steps[0].skill in ("bring", "go")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("take the lamp to the garage", "place [lamp] to garage"),
        ("put the milk in the freezer", "place [milk] to:in fridge"),
        ("find Zorblax and bring her to the sofa", "find [zorblax] | guide [zorblax] to sofa"),
        ("meet Tom at the desk and take him back", "find [tom at (desk)] | guide [tom at (desk)] to user"),
        ("meet Tom at the desk and guide him", "find [tom at (desk)] | guide [tom at (desk)]"),
        ("bring me the glasses from the desk", "bring [glasses on (desk)] for user"),
        ("how many glasses are on the shelf", "count [glasses xall on (shelf)] for user about=number"),
        ("find the person with the glasses", "find [glasses person]"),
        ("bring me the bigger cup", "bring [biggest cup] for user"),
        ("bring me a bigger cup", "bring [bigger any cup] for user"),
        ("which of the cups is heavier", "report [heaviest cup] for user about=name"),
        ("bring me the lighter", "bring [lighter] for user"),
        ("bring me the biggest item on or in the dresser", "bring [biggest in (dresser)] for user"),
        ("which item on the desk has the least weight", "report [lightest on (desk)] for user about=name"),
        ("how is the man in the office sitting", "report [man in (office)] for user about=pose"),
        ("which pose is the person in the hall in", "report [person in (hall)] for user about=pose"),
        (
            "find out what pose the person in the kitchen is in and let me know",
            "report [person in (kitchen)] for user about=pose",
        ),
        (
            "ask the person in the hall for his name and tell me what it is",
            "report [person in (hall)] for user about=name",
        ),
        ("Anna at the bar has a question", "answer for anna at (bar)"),
        (
            "answer the person in the hall with their arm raised",
            "answer for raising_arm person in (hall)",
        ),
        ("present to me the smallest item from the bench", "bring [smallest on (bench)] for user"),
        ("meet Tom and take him somewhere", "find [tom] | guide [tom]"),
        ("the person in the hall is asking you a question", "answer for person in (hall)"),
        ("follow Anna and then come back with her", "follow [anna] | guide [anna] to user"),
        ("lead Tom to the sofa, you will find him at the desk", "guide [tom at (desk)] to sofa"),
        ("follow Anna, she is in the kitchen", "follow [anna in (kitchen)]"),
        ("Anna is in the office. Bring her the cup", "bring [cup] for anna in (office)"),
        ("tell Anna what day it is, she is in the office", "report for anna in (office) about=day"),
        ("search the kitchen for Anna", "find [anna in (kitchen)]"),
        ("go to the sofa with Anna", "follow [anna] to sofa"),
        ("go to the sofa with the book", "place [book] to sofa"),
        ("put some milk in the bowl", "pour [any milk] to bowl"),
        ("find the bowl and put the apple in it", "find [bowl] | place [apple] to:in bowl"),
        ("of the books on the shelf, bring me the thickest", "bring [thickest book on (shelf)] for user"),
        ("bring me the cup that is furthest to the left on the shelf", "bring [left_most cup on (shelf)] for user"),
        ("bring the cups to me that are on the table", "bring [cup xall on (table)] for user"),
        ("tell the person on the left of the room a joke", "report for left_most person in (room) about=joke"),
        (
            "find the man in the hall and give that person the book",
            "find [man in (hall)] | bring [book] for man in (hall)",
        ),
        ("tell me if a man or a woman is in the kitchen", "report [any person in (kitchen)] for user about=gender"),
        (
            "count the people in the kitchen who are not women",
            "count [person -woman xall in (kitchen)] for user about=number",
        ),
    ],
)
def test_wordings_of_places_people_and_groups(text: str, meaning: str) -> None:
    assert brief(OPEN.parse(text)) == meaning


@pytest.mark.parametrize("text", ["follow the cup", "lead the book to the sofa", "escort the bottle to the kitchen"])
def test_things_are_neither_followed_nor_led(text: str) -> None:
    for parser in (OPEN, HERE):
        task = parser.parse(text)
        assert task.kind == "refusal" and "does not walk" in task.reason


def test_stand_ins_of_anonymised_text_are_words_of_their_class() -> None:
    step = OPEN.parse("bring the <object> from the <location> to <name> in the <room>").steps[0]
    assert step.object is not None and step.recipient is not None
    assert (step.object.kind, step.object.category) == ("object", "<object>")
    assert step.object.relations[0].referent == Referent("place", "<location>")
    assert (step.recipient.name, step.recipient.relations[0].referent.name) == ("<name>", "<room>")
    assert HERE.parse("bring me the <object>").kind == "unknown"


def test_confidence_falls_with_what_was_repaired_and_skipped() -> None:
    clean, repaired, skipped = (
        OPEN.parse(text).confidence
        for text in ("bring me the red bottle", "bring me the red botle", "bring me the red bottle zig zag")
    )
    assert clean > repaired > skipped > 0.0


def test_confidence_without_weights_and_of_a_stop_is_the_parsers_own() -> None:
    task = HERE.parse("bring me the red cup")
    assert calibrated(task, LEXICON, {}) == task.confidence
    weights = {"bias": -3.0}
    assert calibrated(task, LEXICON, weights) == pytest.approx(0.047, abs=1e-3)
    assert calibrated(HERE.parse("stop"), LEXICON, weights) == HERE.parse("stop").confidence


def test_evidence_counts_what_is_strange_to_the_home() -> None:
    counts = evidence(OPEN.parse("bring me the soap from the bathtub next to the biggest cup"), LEXICON)
    assert counts["strange"] == 2.0 and counts["choice"] == 1.0 and counts["steps"] == 0.0


def test_the_shipped_weights_name_only_counts_that_exist() -> None:
    names = evidence(HERE.parse("bring me the red cup"), LEXICON)
    assert set(LEXICON.words.confidence) == {"bias", *names}
    assert dataclasses.replace(LEXICON.words, confidence={}).confidence == {}
