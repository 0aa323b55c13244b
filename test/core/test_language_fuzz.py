"""Five thousand strings of all kinds and sentences in other languages: no crash, no accident, the language named.

``python -m benchmarks.language --fuzz`` takes 100,000 and measures time, too.
"""

from __future__ import annotations

import pytest

from benchmarks.language_suites import fuzz
from vla_ros.core.task import TASK_KINDS
from vla_ros.language.foreign import foreign_language

PARSER = fuzz.household_parser()
SLICE = [pair for pair in fuzz.strings(11, 6000) if pair[0] != "long"][:5000]


@pytest.mark.parametrize("kind", [k for k in sorted(fuzz.KINDS) if k != "long"])
def test_strings_never_crash_and_never_move_the_robot_by_accident(kind: str) -> None:
    texts = [text for name, text in SLICE if name == kind]
    assert len(texts) > 400
    for text in texts:
        task = PARSER.parse(text)
        assert task.kind in TASK_KINDS
        assert not (kind in fuzz.STILL and fuzz.moves(task)), text


@pytest.mark.parametrize(
    "text",
    ["xaqn", "kzinkuc", "qaomo", "luknq", "n", "wxi", "jwz", "lek", "dlt", "n i", "emt gkgsqoewvp ylx", "\u0133 2"],
)
def test_where_no_word_was_known_nothing_is_guessed(text: str) -> None:
    assert PARSER.parse(text).kind in ("unknown", "question")


@pytest.mark.parametrize(("text", "skill"), [("stpo", "stop"), ("contineu", "resume"), ("brign botle", "bring")])
def test_slips_of_the_fingers_are_no_nonsense(text: str, skill: str) -> None:
    assert PARSER.parse(text).steps[0].skill == skill


@pytest.mark.parametrize("piece", ["a", "and ", "bring me the red cup ", "🙂", "'s ", "if ", "\x00"])
def test_lines_of_ten_kilobytes_are_declined_with_the_limit(piece: str) -> None:
    task = PARSER.parse((piece * 10240)[:10240])
    assert task.kind == "unknown" and ("1000" in task.reason or not piece.strip("\x00"))


def test_other_languages_are_declined_and_named() -> None:
    pairs = [(name, PARSER.parse(text)) for name, texts in fuzz._LANGUAGES.items() for text in texts]
    assert all(task.kind == "unknown" for _, task in pairs)
    named = sum(fuzz.language_named(name, task.reason) for name, task in pairs)
    assert named >= 0.95 * len(pairs)


@pytest.mark.parametrize(
    "text",
    ["bring me the red cup", "go to the kitchen", "I am in the office", "come", "to Anna", "the la la land book"],
)
def test_english_is_not_taken_for_another_language(text: str) -> None:
    words = text.lower().split()
    assert foreign_language(words, [PARSER.lexicon.has(w) for w in words]) == ""
