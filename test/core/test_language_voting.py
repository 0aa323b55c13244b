"""The trained second voter: skeletons, filling them from the words, when the voter has a say and when never."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from language_brief import brief

from vla_ros.cli.parse import load_lexicon
from vla_ros.core.errors import ConfigError
from vla_ros.core.task import Referent, Task, TaskStep
from vla_ros.language.filling import Filler
from vla_ros.language.parser import GrammarParser
from vla_ros.language.skeletons import Skeleton, skeleton, skeleton_of_task
from vla_ros.language.tokens import tokenize
from vla_ros.language.voter import Voter, class_words, feature_code, features
from vla_ros.language.voting import SURE, TRUST, VotingParser, left_to_grammar, open_world_parser

LEXICON = load_lexicon()
GRAMMAR = GrammarParser(LEXICON, open_world=True)
BOTH = open_world_parser(LEXICON)
FILLER = Filler(LEXICON, GRAMMAR.reader)


def _filled(shape: str, text: str) -> Task | None:
    return FILLER.fill(Skeleton.parse(shape), tokenize(text, LEXICON.speller))


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("go to the sink, find the cup and bring it to me", "bring object@ - -"),
        ("bring the cup to Tom, he is at the sofa", "bring object name@ -"),
        ("what are the three biggest things on the table", "which superlative*@ - -"),
        ("count the women in the kitchen", "count - quality@ -"),
        ("tell me the name of the person in the office", "name - person@ -"),
        ("follow Tom", "follow - name -"),
        ("meet Tom at the desk and guide him", "guide - name@ -"),
        ("meet Tom at the desk and take him back", "guide_back - name@ -"),
    ],
)
def test_a_task_has_the_skeleton_of_its_last_deed(text: str, shape: str) -> None:
    found = skeleton_of_task(GRAMMAR.parse(text))
    assert str(found) == shape and Skeleton.parse(shape) == found


def test_forms_of_another_kind_have_no_skeleton() -> None:
    assert skeleton("UNKNOWN") is None and skeleton("( dance )") is None
    with pytest.raises(ValueError):
        Skeleton.parse("bring nonsense - -")


def test_the_voter_sees_classes_and_no_names() -> None:
    one = class_words(tokenize("bring Tom the soap from the bathroom", LEXICON.speller).words, LEXICON)
    two = class_words(tokenize("bring Anna the cup from the kitchen", LEXICON.speller).words, LEXICON)
    assert one == two == ["bring", "<name>", "the", "<object>", "from", "the", "<room>"]


@pytest.mark.parametrize(
    ("shape", "text", "meaning"),
    [
        ("bring object@ - -", "i crave that red cup off the dresser", "bring [red cup on (dresser)] for user"),
        ("put object - to", "the milk onto the table in the hall", "place [milk] to:on table in (hall)"),
        ("bring object name@ -", "get Tom near the bar some soap", "bring [any soap] for tom near (bar)"),
        ("put object@ - to", "the soap from the dresser belongs on the bed", "place [soap on (dresser)] to:on bed"),
        (
            "which superlative*@ - -",
            "name three thinnest things in the dresser",
            "report [thinnest x3 in (dresser)] for user about=name",
        ),
        ("bring superlative@ - -", "get me the larges item on the bar", "bring [biggest on (bar)] for user"),
        (
            "which superlative*@ - -",
            "name the three lights items on the desk",
            "report [lightest x3 on (desk)] for user about=name",
        ),
        (
            "which superlative@ - -",
            "what is the slender thing on the desk",
            "report [thinnest on (desk)] for user about=name",
        ),
        (
            "which superlative*@ - -",
            "of all the things on the bed which three are the smallest",
            "report [smallest x3 on (bed)] for user about=name",
        ),
        (
            "follow_go - name@ to",
            "tail Tom from the bar as far as to the kitchen",
            "follow [tom on (bar)] | go to kitchen",
        ),
    ],
)
def test_slots_are_filled_from_the_words(shape: str, text: str, meaning: str) -> None:
    task = _filled(shape, text)
    assert task is not None and str(skeleton_of_task(task)) == shape
    assert brief(task) == meaning


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ("bring object@ - -", "bring me the cup"),
        ("bring object name@ -", "bring the cup from the sink to me"),
        ("put object@ - to", "put the cup on the table"),
        ("which superlative*@ - -", "what are the biggest things on the table"),
        ("tell - quality@ -", "tell the person in the kitchen a joke"),
        ("tell - person@ -", "approach the person in the kitchen"),
        ("pour object - to", "bring me the cup"),
        ("guide - name@ -", "take Tom to the bed"),
        ("answer - quality@ -", "what is the man in the kitchen doing"),
        ("put object@ - to", "put the milk on the table in the dining room"),
        ("put object - to", "get the flour out of the fridge"),
        ("which superlative@ - -", "grab the smallest cup on the table"),
        ("count - quality@ -", "how is the man in the office sitting"),
        ("gender - person@ -", "how is the man in the office sitting"),
        ("name - person@ -", "tell the person in the office a joke"),
    ],
)
def test_what_nobody_said_is_not_filled_in(shape: str, text: str) -> None:
    assert _filled(shape, text) is None


@pytest.mark.parametrize(
    "text",
    [
        "stop", "wait two minutes", "do not go into the kitchen", "bring me a cup that is not red",
        "if you see Tom bring him the cup", "bring me the cup or the plate", "go to the kitchen slowly",
        "bring the cup to Tom and follow Anna", "open the fridge", "throw the knife at Tom", "bring me every cup",
        "wipe the table",
    ],
)  # fmt: skip
def test_the_voter_has_no_say_where_a_skeleton_has_no_room(text: str) -> None:
    task = GRAMMAR.read(text)
    assert left_to_grammar(task, tokenize(text, LEXICON.speller).words)
    spoken = BOTH.parse(text)
    assert (spoken.kind, spoken.steps, spoken.reason) == (task.kind, task.steps, task.reason)


@pytest.mark.parametrize(
    "text",
    [
        "my sister went to the garden yesterday", "she told me a funny story about the plate", "my name is Peter",
        "he dropped the red cup and it broke", "geh bitte in die Küche", "import os; os.remove('x')", "", "🙂🙂",
    ],
)  # fmt: skip
def test_what_orders_nothing_stays_no_task(text: str) -> None:
    assert BOTH.parse(text).kind != "task"


def test_the_voter_helps_where_the_grammar_stumbles() -> None:
    text = "shift the soap from the dresser and bring it to Tom by the bar"
    assert GRAMMAR.parse(text).kind == "question"
    assert brief(BOTH.parse(text)) == "bring [soap on (dresser)] for tom near (bar)"


def test_what_the_grammar_heard_of_whom_is_never_left_out() -> None:
    """A person whom the training never saw served must not make the robot bring it to the user instead."""
    for text in ("bring the bag to the person in the hall", "bring the napkin to the child"):
        (step,) = BOTH.parse(text).steps
        assert step.recipient is not None and step.recipient.kind == "person"


def test_a_task_before_leaves_everything_to_the_grammar() -> None:
    before = Task("", "task", 1.0, steps=(TaskStep("find", object=Referent("object", "cup")),))
    assert BOTH.parse("bring it to me", before).steps == GRAMMAR.parse("bring it to me", before).steps


def _tiny() -> Voter:
    words = features(["go", "<room>"])
    codes = np.array(sorted(feature_code(f) for f in words), dtype=np.uint32)
    weights = np.stack([np.full(len(codes), 3.0), np.full(len(codes), -1.0)], axis=1).astype(np.float32)
    labels = (Skeleton.parse("go - - to"), None)
    return Voter(labels, codes, weights, np.zeros(2, np.float32), np.zeros(len(TRUST)), np.zeros(len(SURE)))


def test_weights_survive_the_file(tmp_path: Path) -> None:
    voter = _tiny()
    voter.save(tmp_path / "voter.npz")
    read = Voter.load(tmp_path / "voter.npz")
    assert read.skeletons == voter.skeletons
    (best, chance), (other, _) = read.votes(["go", "<room>"])
    assert str(best) == "go - - to" and other is None and chance > 0.99
    assert read.chances(set()).tolist() == [0.5, 0.5]


def test_bad_weights_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_text("no")
    with pytest.raises(ConfigError, match=r"x\.npz"):
        Voter.load(tmp_path / "x.npz")
    with pytest.raises(ConfigError, match="none"):
        Voter.load(tmp_path / "none.npz")
    dataclasses.replace(_tiny(), bias=np.zeros(3, np.float32)).save(tmp_path / "y.npz")
    with pytest.raises(ConfigError, match="shape"):
        Voter.load(tmp_path / "y.npz")
    with pytest.raises(ConfigError, match="trust"):
        VotingParser(LEXICON, dataclasses.replace(_tiny(), trust=np.zeros(2)))


def test_confidence_is_a_chance() -> None:
    assert all(0.0 < BOTH.parse(t).confidence < 1.0 for t in ("bring me the soap", "follow Tom to the bar"))
