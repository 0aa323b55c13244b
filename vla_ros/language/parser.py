"""The built-in parser: one English sentence (or several) to a Task, by grammar, in about a millisecond.

Letters become tokens (tokens.py), sayings become plain commands (sayings.py), a sentence becomes steps (sentence.py).
Imports core and its siblings; never raises for any text.
"""

from __future__ import annotations

import dataclasses

from vla_ros.core.task import IMMEDIATE_SKILLS, Referent, Task, TaskStep
from vla_ros.language.arguments import ArgumentReader
from vla_ros.language.attachment import Unclear
from vla_ros.language.confidence import calibrated
from vla_ros.language.corrections import Corrections
from vla_ros.language.foreign import foreign_language
from vla_ros.language.hazards import Hazards
from vla_ros.language.indirect import Offers, offer
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.readings import Readings, fluent
from vla_ros.language.sayings import Sayings
from vla_ros.language.sentence import EXAMPLE, Sentence
from vla_ros.language.shout import is_shout
from vla_ros.language.statements import is_code, without_statements
from vla_ros.language.tokens import Tokens, tokenize

MAX_CHARACTERS = 1000
_SURE = 0.89
"""A task of this confidence is taken without looking for other readings of the words."""
_LIKELY = 0.55
"""Another reading must be at least so sure to become a task."""
_HEARD = f"I heard that, but it asks me for nothing. {EXAMPLE}"
_NOT_ENGLISH_YET = "I understand English only."


def _said(task: Task) -> int:
    """How much of what was said a Task holds: of two readings the one that makes use of more words is meant."""
    return sum(_told(step) for step in task.steps)


def _told(step: TaskStep) -> int:
    people_and_things = (step.object, step.source, step.destination, step.recipient)
    return bool(step.destination_relation) + sum(_detail(r) for r in people_and_things if r is not None)


def _detail(referent: Referent) -> int:
    qualities = len(referent.attributes) + bool(referent.superlative) + bool(referent.posture)
    return 1 + bool(referent.category) + qualities + sum(1 + _detail(r.referent) for r in referent.relations)


class GrammarParser:
    """Understands sentences with one lexicon. Stateless between calls.

    ``open_world`` True: also things, places and people that are not in this home become part of a Task, and where
    to lead somebody may be left open: what was understood, before anybody asks what this robot can do here.
    """

    def __init__(self, lexicon: Lexicon, open_world: bool = False) -> None:
        self.lexicon = lexicon
        self.open_world = open_world
        self._reader = ArgumentReader(lexicon)
        self._hazards = Hazards(lexicon, self._reader)
        self._corrections = Corrections(self._reader)
        self._readings = Readings(lexicon)
        self._offers = Offers(lexicon, self._reader)
        self._sayings = Sayings(lexicon.sayings, self._reader)

    def parse(self, text: str, previous: Task | None = None) -> Task:
        """The Task for ``text``; its kind is task, question, refusal or unknown.

        Args:
            text: what a person said, up to 1,000 characters.
            previous: the task before, so that "it" and "there" can point into it.
        """
        return self.sure(self.read(text, previous))

    def sure(self, task: Task) -> Task:
        """``task`` with the chance that it is right as its confidence."""
        weights = self.lexicon.words.confidence if self.open_world else {}
        return dataclasses.replace(task, confidence=calibrated(task, self.lexicon, weights))

    def read(self, text: str, previous: Task | None = None) -> Task:
        """As :meth:`parse`, with the parser's own score as confidence."""
        try:
            return self._parse(text, previous)
        except Unclear as unclear:
            if is_shout(text, self.lexicon):
                return Task(text, "task", 0.7, steps=(TaskStep("stop"),))
            if unclear.kind == "question":
                return Task(text, "question", unclear.confidence, question=unclear.text)
            return Task(text, unclear.kind, unclear.confidence, reason=unclear.text)

    def parse_answer(self, text: str, question: str = "") -> Task:
        """The answer to a question as a Task of one step: ``answer``, or ``cancel`` for "never mind".

        ``text`` holds the words, ``object`` what they describe, ``about`` is "yes", "no" or "".
        """
        from vla_ros.language.answers import answer_task

        return answer_task(self, text, question)

    def complete(self, pending: Task, answer: str) -> Task:
        """A whole task from one that language had to ask about and the words that answer it."""
        whole = self.parse(answer)
        if whole.kind in ("task", "refusal"):
            return whole
        spoken = self.parse_answer(answer).steps[0]
        offered = self._offered(tokenize(pending.text, self.lexicon.speller), None) if spoken.about else ""
        if offered and spoken.about == "yes":
            return dataclasses.replace(self.parse(offered), text=pending.text)
        if offered:
            return Task(answer, "unknown", 0.9, reason="All right, then I leave it.")
        if "mean by" in pending.question and spoken.object is not None:
            return self.parse(pending.text, Task(answer, "task", steps=(TaskStep("look", object=spoken.object),)))
        joined = self.parse(f"{pending.text.rstrip(' .!?')} {answer}")
        return joined if joined.kind == "task" else whole

    # ------------------------------------------------------------------------------------------------------

    def _parse(self, text: str, previous: Task | None) -> Task:
        if not text.strip():
            raise Unclear("unknown", f"The instruction is empty. {EXAMPLE}", 1.0)
        if len(text) > MAX_CHARACTERS:
            raise Unclear("unknown", f"The instruction has {len(text)} characters; give at most {MAX_CHARACTERS}.", 1.0)
        if is_code(text):
            raise Unclear("unknown", f"This looks like code, not like a command. {EXAMPLE}", 1.0)
        tokens = tokenize(text, self.lexicon.speller)
        if not any(w[:1].isalnum() or w.startswith("<") for w in tokens.words):
            raise Unclear("unknown", f"There are no words in it. {EXAMPLE}", 1.0)
        language = foreign_language(
            tokens.words, [self.lexicon.has(w) and not e for w, e in zip(tokens.words, tokens.edits)]
        )
        if language:
            raise Unclear("unknown", f"This seems to be {language}. {_NOT_ENGLISH_YET}", 0.9)
        tokens = fluent(tokens, self.lexicon.speller)
        guessed = self._readings.nothing_known(tokens)
        plain = self._sayings.rewrite(tokens)
        asking = without_statements(plain, self._reader)
        if asking is not plain and len(asking):
            tokens = asking  # what only tells something must not lend its words to other readings
        try:
            task = self._understood(tokens, text, previous)
            unclear = None
        except Unclear as error:
            task, unclear = None, error
        if guessed and self._readings.alien(tokens):
            raise unclear or Unclear("unknown", f"I did not understand '{tokens.text(0, 6)}'. {EXAMPLE}", 0.9)
        refused = unclear is not None and (unclear.kind == "refusal" or unclear.text == _HEARD)
        if refused or (task is not None and task.confidence >= _SURE):
            return self._or_raise(task, unclear)
        strange = self._readings.strange(tokens)
        best = 0.0 if task is None else task.confidence + 0.012 * _said(task) - 0.08 * min(strange, 3)
        garbled = guessed or 2 * strange > len(tokens) + 1
        searched = not garbled and (strange or unclear is None or unclear.kind == "unknown")
        for cost, reading in self._readings.of(tokens) if searched else ():
            try:
                other = self._understood(reading, text, previous)
            except Unclear as error:
                if error.kind == "question" and unclear is not None and unclear.kind == "unknown" and strange == 1:
                    unclear = error if not error.text.startswith("What shall I do with") else unclear
                continue
            score = other.confidence + 0.012 * _said(other) - 0.03 * cost
            if other.confidence >= _LIKELY and score > best:
                task, best = other, score
        return self._or_raise(task, unclear)

    @staticmethod
    def _or_raise(task: Task | None, unclear: Unclear | None) -> Task:
        if task is not None:
            return task
        raise unclear or Unclear("unknown", EXAMPLE)

    def _understood(self, tokens: Tokens, text: str, previous: Task | None) -> Task:
        """The Task of one reading. Raises Unclear."""
        if not self._stops(tokens):
            reason = self._hazards.judge(tokens.words)
            if reason:
                raise Unclear("refusal", reason)
        offered = self._offered(tokens, previous)
        if offered:
            raise Unclear("question", offer(offered), 0.85)
        if previous is not None and previous.kind == "task" and self._corrections.follows(tokens.words):
            tokens = tokenize(f"{previous.text.rstrip(' .!?')}, {text}", self.lexicon.speller)
        meant = self._corrections.apply(tokens)
        if meant is not tokens and (reason := self._hazards.judge(meant.words)):
            raise Unclear("refusal", reason)
        tokens = self._sayings.rewrite(meant)
        if not len(without_statements(tokens, self._reader)):
            raise Unclear("unknown", _HEARD)
        return Sentence(self, tokens, text, previous).task()

    def _offered(self, tokens: Tokens, previous: Task | None) -> str:
        """The command to offer after a remark ("I'm thirsty"): the first that can be done here, "" for none."""
        for command in self._offers.commands(tokens):
            try:
                self._understood(tokenize(command, self.lexicon.speller), command, previous)
            except Unclear:
                continue
            return command
        return ""

    def _stops(self, tokens: Tokens) -> bool:
        """True when the sentence begins with a word that acts at once: whatever else it says, it is obeyed."""
        found = self.lexicon.match(tokens.words, self._reader.skip_separators(tokens.words, 0), "verb")
        return found is not None and found[1].value in IMMEDIATE_SKILLS

    @property
    def reader(self) -> ArgumentReader:
        """The argument reader, for the answers."""
        return self._reader

    @property
    def hazards(self) -> Hazards:
        """The judge of hazards."""
        return self._hazards
