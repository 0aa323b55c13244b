"""Remarks that hope for help become an offer; a yes makes it a task, a no leaves it; an owner adds remarks."""

from __future__ import annotations

from pathlib import Path

import pytest
from language_brief import brief

from benchmarks.language_suites.own import household_parser
from vla_ros.cli.parse import load_lexicon
from vla_ros.core.errors import ConfigError
from vla_ros.language.parser import GrammarParser

PARSER = household_parser()
REMARKS = [
    ("I'm thirsty", "Shall I bring you a bottle?", "bring [any bottle] for user"),
    ("I am so hungry", "Shall I bring you an apple?", "bring [any apple] for user"),
    ("it's too dark here", "Shall I switch on the lamp?", "switch_on [lamp]"),
    ("the table is a mess", "Shall I put everything on the table into the basket?",
     "place [thing xall on (table)] to:in basket"),
    ("the kitchen table is dirty", "Shall I wipe the kitchen table?", "wipe [kitchen table]"),
    ("I lost my phone", "Shall I find your phone?", "find [phone]"),
    ("I can't reach the blue book", "Shall I bring you the blue book?", "bring [blue book] for user"),
    ("the radio is too loud", "Shall I switch off the radio?", "switch_off [radio]"),
    ("the fridge is still open", "Shall I close the fridge?", "close [fridge]"),
    ("I'm bored", "Shall I bring you a book?", "bring [any book] for user"),
    ("I need help", "Shall I come here?", "go to user"),
]  # fmt: skip


@pytest.mark.parametrize(("remark", "question", "meaning"), REMARKS)
def test_a_remark_becomes_an_offer_and_a_yes_makes_it_a_task(remark: str, question: str, meaning: str) -> None:
    asked = PARSER.parse(remark)
    assert (asked.kind, asked.question) == ("question", question)
    done = PARSER.complete(asked, "yes please")
    assert brief(done) == meaning and done.text == remark


@pytest.mark.parametrize(("remark", "question", "meaning"), REMARKS[:4])
def test_a_no_leaves_it(remark: str, question: str, meaning: str) -> None:
    assert PARSER.complete(PARSER.parse(remark), "no").kind == "unknown"


def test_another_command_is_a_better_answer_than_yes() -> None:
    assert brief(PARSER.complete(PARSER.parse("I'm thirsty"), "bring me the red cup")) == "bring [red cup] for user"


def test_a_command_beside_the_remark_is_what_is_meant() -> None:
    assert brief(PARSER.parse("I'm thirsty, bring me the red cup")) == "bring [red cup] for user"


def test_what_is_not_here_is_not_offered() -> None:
    parser = GrammarParser(load_lexicon())  # a home without a lamp
    assert parser.parse("it is too dark").question == "Shall I guide you to the kitchen?"


def test_an_owner_adds_remarks_and_offers(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text('offers: {"bring me the red cup": ["my tea is ready"]}\n')
    parser = GrammarParser(load_lexicon(words=(str(mine),)))
    asked = parser.parse("my tea is ready")
    assert asked.question == "Shall I bring you the red cup?"
    assert brief(parser.complete(asked, "yes")) == "bring [red cup] for user"


def test_an_offer_with_a_slot_that_is_not_there_is_told(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text('offers: {"bring me {thing}": ["I am cold"]}\n')
    with pytest.raises(ConfigError, match="thing"):
        load_lexicon(words=(str(mine),))


@pytest.mark.parametrize(
    "text", ["Anna gave me the cup yesterday", "he always puts the book on the table", "SELECT * FROM t; DROP TABLE t;"]
)
def test_what_only_tells_something_moves_nothing(text: str) -> None:
    assert PARSER.parse(text).kind == "unknown"
