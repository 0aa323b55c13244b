"""What language knows, as the speech stage wants it: the lexicon as a vocabulary, the parser as the judge of sense.

The two stages do not know each other; speech_node and the benchmarks bring them together here. No ROS in it.
"""

from __future__ import annotations

from collections.abc import Container

from vla_ros.language.lexicon import Entry, Lexicon
from vla_ros.language.parser import GrammarParser
from vla_ros.speech.vocabulary import ABSENT, AT_HOME, OTHER, USUAL, Vocabulary


def vocabulary(lexicon: Lexicon, people: Container[str]) -> Vocabulary:
    """The words of the lexicon; ``people`` are the names that are said most."""
    entries = lexicon.entries()
    return Vocabulary.of((text, e.part, e.value, e.plural, _likeliness(text, e, people)) for text, e in entries)


def _likeliness(phrase: str, entry: Entry, people: Container[str]) -> int:
    if not entry.known:
        return ABSENT
    if entry.part == "name":
        return AT_HOME if phrase in people else OTHER
    usual = phrase.replace(" ", "_") in (entry.value, entry.name) or entry.part in ("about", "posture")
    return USUAL if usual else OTHER


def sense_of(parser: GrammarParser, text: str) -> float:
    """How much sense a reading makes, 0 to 1: as a command (0.5 and more), or as an answer to a question."""
    task = parser.parse(text)
    if task.kind == "task":
        return 0.5 + 0.5 * task.confidence
    if task.kind == "refusal":
        return 0.55
    answer = parser.parse_answer(text).steps[0]
    answers = answer.about in ("yes", "no") or answer.object is not None
    return 0.5 if answers else 0.4 if task.kind == "question" else 0.0
