"""What an owner adds in YAML, as docs/your_words.md shows it: words, sayings, skills of several steps, rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from language_brief import brief

from vla_ros.cli.parse import load_lexicon
from vla_ros.core.errors import ConfigError
from vla_ros.language.parser import GrammarParser

PAGE = Path(__file__).parents[2] / "docs/your_words.md"


@pytest.fixture(scope="module")
def parser(tmp_path_factory: pytest.TempPathFactory) -> GrammarParser:
    """All YAML of the page in one parser, so that the page cannot be wrong."""
    folder = tmp_path_factory.mktemp("words")
    files = []
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for number, block in enumerate(b for b in blocks if "ros__parameters" not in b):
        files.append(str(folder / f"{number}.yaml"))
        Path(files[-1]).write_text(block, encoding="utf-8")
    return GrammarParser(load_lexicon(words=tuple(files)))


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("fetch the tea machine", "bring [samovar] for user"),
        ("bring Olga the teal goblet from the galley", "bring [teal cup in (kitchen)] for olga"),
        ("put the box on the divan", "place [box] to:on sofa"),
        ("find the man in the red sarong", "find [red sarong man]"),
        ("beam the red cup over", "bring [red cup] for user"),
        ("please chuck us two apples", "bring [apple x2] for user"),
        ("the red cup lives on the kitchen table", "place [red cup] to:on kitchen table"),
        ("good night", "place [cup] to:in basket | go to sofa | say for user text=it is bedtime"),
        ("call Ivan to the table", "find [ivan] | say for ivan text=dinner is ready"),
        ("go to the kitchen and call Anna to the table",
         "go to kitchen | find [anna] | say for anna text=dinner is ready"),
        ("my tea is ready", "QUESTION: Shall I bring you the red cup?"),
        ("I can't find my glasses", "QUESTION: Shall I guide you to the kitchen?"),
        ("feed the cat now", "REFUSAL: The cat is fed by anna only."),
        ("give the katana to the child", "REFUSAL: I do not bring dangerous things to children."),
    ],
)  # fmt: skip
def test_the_page_s_examples_work(parser: GrammarParser, text: str, meaning: str) -> None:
    assert brief(parser.parse(text)).lower() == meaning.lower()


@pytest.mark.parametrize(
    ("yaml", "told"),
    [
        ('sayings: {"bring me {thing}": ["beam it over"]}', "thing"),
        ('sayings: {"bring me {thing}": ["beam {thung} over"]}', "Slots are"),
        ('sayings: {"go to the kitchen": ["(dinner|supper"]}', "not closed"),
        ('sayings: {"go to the kitchen": ["dinner) time"]}', "outside of a group"),
        ('sayings: {"follow {who}": ["{who}"]}', "at least one word"),
        ('sayings: {"follow {who}": ["shadow {}"]}', "A slot is written"),
        ("saying: {a: [b]}", "sayings"),
        ("include: [other.yaml]", "file does not exist"),
    ],
)
def test_a_mistake_is_told_at_start_with_its_remedy(tmp_path: Path, yaml: str, told: str) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(yaml + "\n")
    with pytest.raises(ConfigError, match=re.escape(told)):
        load_lexicon(words=(str(mine),))


def test_sayings_that_call_each_other_come_to_an_end(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text('sayings: {"do the foo": [do the bar], "do the bar": [do the foo]}\n')
    assert GrammarParser(load_lexicon(words=(str(mine),))).parse("do the foo").kind in ("unknown", "question")
