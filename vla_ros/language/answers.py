"""Answers to the robot's questions: "the blue one", "on the counter", "yes", "never mind". Used by the parser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vla_ros.core.task import Referent, Task, TaskStep
from vla_ros.language.attachment import Context, Described, Unclear, sort_items
from vla_ros.language.english import word_set
from vla_ros.language.nouns import Noun
from vla_ros.language.tokens import tokenize

if TYPE_CHECKING:
    from vla_ros.language.parser import GrammarParser

_YES = word_set("yes yeah yep yup sure correct right exactly ok okay affirmative certainly absolutely indeed")
_NO = word_set("no nope nah negative wrong incorrect")
_LEADING = _YES | _NO | word_set(", . i mean meant think guess it that is was")
_CANCEL = frozenset(("cancel", "stop"))


def answer_task(parser: GrammarParser, text: str, question: str) -> Task:
    """One step: ``answer`` with the words and what they describe, or ``cancel``."""
    words = text.strip()
    if not words or len(words) > 1000:
        return Task(
            text, "unknown", 1.0, reason="The answer is empty or too long. " + (question or "Please answer again.")
        )
    command = parser.parse(words)
    first = command.steps[0] if command.kind == "task" and command.steps else None
    if first is not None and first.skill in _CANCEL and not first.negated:
        return Task(text, "task", command.confidence, steps=(TaskStep("cancel"),))
    tokens = tokenize(words, parser.lexicon.speller)
    plain = [w for w in tokens.words if w not in (",", ".")]
    about = (
        "yes" if plain[:1] and plain[0] in _YES and len(plain) <= 4 else "no" if plain[:1] and plain[0] in _NO else ""
    )
    if about == "yes" and plain[0] == "right" and len(plain) > 1:
        about = ""
    described = first.object if first is not None and first.object is not None else None
    if described is None and (len(plain) > 1 or not about):
        described = _described(parser, words)
    confidence = 0.95 if described is not None or about else 0.5
    return Task(text, "task", confidence, steps=(TaskStep("answer", object=described, text=words, about=about),))


def _described(parser: GrammarParser, text: str) -> Referent | None:
    """The referent in "no, the red one on the counter"; None when there is none."""
    tokens = tokenize(text, parser.lexicon.speller)
    at = 0
    while at < len(tokens) and (tokens.words[at] in _LEADING or parser.reader.filler(tokens.words, at)):
        at += 1
    _, arguments = parser.reader.read(tokens, at, stop_at_verbs=False)
    slots = sort_items(arguments.items)
    place = slots.to or slots.source
    target: Described | None = slots.first
    if target is None and slots.loose:
        target = (Noun(kind="object"), slots.loose)
    target = target or slots.beneficiary or place
    if target is None and slots.direction is not None:
        target = (Noun(kind="object", attributes=[slots.direction[0]]), [])
    if target is None:
        return None
    if target[0].headless:
        target[0].kind = "object"
    noun = target[0]
    named = bool(noun.unknown) and not noun.determined and tokens.raw[noun.start][:1].isupper()
    wants = "person" if noun.is_person or named else "object"
    try:
        return Context(parser.lexicon).referent(
            (noun, [*target[1], *(slots.loose if target is slots.first else [])]), wants
        )
    except Unclear:
        return None
