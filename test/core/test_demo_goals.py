"""What a sentence must have brought about, by the simulator's names."""

from __future__ import annotations

import pytest

from vla_ros.cli.goals import goals_of
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.resources import config_file
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.parser import GrammarParser

HOME = config_file("apartment", "homes")
PLAN = FloorPlan.load(HOME)
PARSER = GrammarParser(Lexicon.load(config_file("objects"), HOME, config_file("people")))
NAMES = ["red_cup", "blue_cup", "red_cup_2", "green_apple", "brown_basket"]


@pytest.mark.parametrize(
    ("sentence", "goals"),
    [
        ("bring me the blue cup", [[("near", "blue_cup", "user", 0.8)]]),
        ("bring me the red cup", [[("near", "red_cup", "user", 0.8), ("near", "red_cup_2", "user", 0.8)]]),
        ("go to the kitchen", [[("at", "robot", "kitchen")]]),
        ("put the apple in the basket", [[("in", "green_apple", "brown_basket")]]),
        ("put the blue cup on the desk", [[("on", "blue_cup", "desk")]]),
        ("pick up the apple", [[("holding", "robot", "green_apple")]]),
        ("open the fridge", [[("open", "fridge")]]),
        ("go to the kitchen and say dinner is ready", [[("said", r"(?i)dinner\ is\ ready")]]),
        ("go to the kitchen, pick up the apple and bring it to me", [[("near", "green_apple", "user", 0.8)]]),
    ],
)
def test_a_sentence_sets_its_goals(sentence: str, goals: list) -> None:
    assert goals_of(PARSER.parse(sentence), NAMES, PLAN) == goals


def test_what_leaves_no_trace_sets_no_goal() -> None:
    assert goals_of(PARSER.parse("wait five seconds"), NAMES, PLAN) == []
