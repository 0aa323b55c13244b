"""The closed recogniser's words: vocabulary, pronunciation, grammar, drawn sentences, language model, choice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vla_ros.core.errors import ConfigError
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.parser import GrammarParser
from vla_ros.ros.spoken_words import sense_of, vocabulary
from vla_ros.speech.grammar import jsgf, rules
from vla_ros.speech.language_model import arpa
from vla_ros.speech.pronunciation import by_letters, pronounce
from vla_ros.speech.readings import Reading, choose
from vla_ros.speech.sampling import Sampler, parse
from vla_ros.speech.vocabulary import ABSENT, OTHER, USUAL, Vocabulary, spoken

CONFIG = Path(__file__).resolve().parents[2] / "config"


@pytest.fixture(scope="module")
def parser() -> GrammarParser:
    lexicon = Lexicon.load(CONFIG / "objects.yaml", CONFIG / "homes" / "apartment.yaml", CONFIG / "people.yaml")
    return GrammarParser(lexicon)


@pytest.fixture(scope="module")
def words(parser: GrammarParser) -> Vocabulary:
    return vocabulary(parser.lexicon, {"tom", "anna"})


def test_the_vocabulary_has_the_homes_words_by_their_place(words: Vocabulary) -> None:
    assert {"cup", "mug"} <= set(words.things) and "cups" in words.things_plural
    assert {"kitchen", "coffee table"} <= set(words.places)
    assert "anna" in words.names and "red" in words.colors and "bring" in words.verbs["bring"]
    assert words.things.count("cup") == USUAL and words.things.count("mug") == OTHER
    assert "unicorn" in words.absent and "unicorn" not in words.things


def test_an_owners_word_needs_no_code() -> None:
    entries = [("zorb", "object", "zorb", False, USUAL), ("n/a 5", "object", "x", False, OTHER)]
    made = Vocabulary.of([*entries, ("gym", "room", "room", False, ABSENT)])
    assert set(made.things) == {"zorb"} and made.absent == ("gym",)


def test_signs_of_writing_are_not_said() -> None:
    assert spoken("T-shirt_Drawer") == "t shirt drawer" and spoken("today 's") == "today's" and spoken("4711") == ""


def test_every_rule_of_the_grammar_is_defined(words: Vocabulary) -> None:
    made = rules(words)
    named = set(re.findall(r"<(\w+)>", " ".join(made.values()))) - {"VOID"}
    assert named <= set(made)
    assert jsgf(words).startswith("#JSGF V1.0;") and "public <command>" in jsgf(words)


def test_drawn_sentences_are_the_same_for_a_seed_and_mostly_make_sense(
    words: Vocabulary, parser: GrammarParser
) -> None:
    drawn = [" ".join(s) for s in Sampler(rules(words), seed=4).sentences(300)]
    assert drawn == [" ".join(s) for s in Sampler(rules(words), seed=4).sentences(300)]
    sense = [sense_of(parser, text) for text in drawn]
    assert sum(s > 0.3 for s in sense) > 0.6 * len(sense)


def test_a_class_without_words_costs_only_its_own_sentences() -> None:
    sentences = list(Sampler({"command": "go | find <thing>", "thing": "<VOID>"}, 1).sentences(100))
    assert sentences and all(s == ["go"] for s in sentences)


def test_options_and_brackets_are_read() -> None:
    made = {" ".join(s) for s in Sampler({"command": "[please] (go | come [back])"}, 2).sentences(200)}
    assert made == {"go", "come", "come back", "please go", "please come", "please come back"}
    with pytest.raises(ConfigError, match="brackets"):
        parse("go (to")


def test_the_language_model_is_one_of_probabilities() -> None:
    """For each history: what is listed and what is left for the rest add up to one."""
    text = arpa([["go", "to", "bed"], ["go", "to", "work"], ["go", "home"], ["go", "to", "bed"]] * 5)
    lines = {n: text.split(f"\\{n}-grams:\n")[1].split("\n\n")[0].splitlines() for n in (1, 2, 3)}
    single = {line.split()[1]: 10 ** float(line.split()[0]) for line in lines[1]}
    rest = {line.split()[1]: 10 ** float(line.split()[2]) for line in lines[1]}
    pair = {tuple(line.split()[1:3]): 10 ** float(line.split()[0]) for line in lines[2]}
    assert sum(p for w, p in single.items() if w != "<s>") == pytest.approx(1.0, abs=1e-3)
    for first in ("<s>", "go", "to"):
        after = {second: p for (one, second), p in pair.items() if one == first}
        others = sum(p for word, p in single.items() if word not in after and word != "<s>")
        assert sum(after.values()) + rest[first] * others == pytest.approx(1.0, abs=1e-3)
    assert pair["go", "to"] > pair["go", "home"]


def test_unknown_words_are_pronounced_by_parts_or_by_rule() -> None:
    known = {"tea": ("T IY",), "box": ("B AA K S",), "guest": ("G EH S T",)}
    made = pronounce(["teabox", "guest's", "zome", "tea"], known)
    assert made == {"teabox": "T IY B AA K S", "guest's": "G EH S T S", "zome": "Z OW M"}
    assert by_letters("shelly") == "SH EH L IY" and by_letters("gina") == "JH IH N AH"


def test_the_reading_that_makes_sense_wins_over_the_one_that_sounds_best(parser: GrammarParser) -> None:
    readings = [Reading("ring me the red cup up up"), Reading("bring me the red cup"), Reading("green cup")]
    choice = choose(readings, lambda text: sense_of(parser, text))
    assert choice is not None and choice.text == "bring me the red cup"
    assert choose([], lambda text: 1.0) is None


def test_among_readings_of_equal_sense_the_best_sounding_is_taken() -> None:
    choice = choose([Reading("first"), Reading("second")], lambda text: 0.7)
    assert choice is not None and choice.text == "first"


def test_answers_make_sense_and_chatter_does_not(parser: GrammarParser) -> None:
    assert sense_of(parser, "the red one") >= 0.4 and sense_of(parser, "yes") >= 0.4
    assert sense_of(parser, "of the at to") < 0.3
