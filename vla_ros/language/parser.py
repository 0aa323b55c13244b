"""The built-in parser: one English sentence (or several) to a Task, by grammar, in about a millisecond.

Letters become tokens (tokens.py), sayings become plain commands (sayings.py), a sentence becomes steps (sentence.py).
Imports core and its siblings; never raises for any text.
"""

from __future__ import annotations

from vla_ros.core.task import IMMEDIATE_SKILLS, Task, TaskStep
from vla_ros.language.arguments import ArgumentReader
from vla_ros.language.attachment import Unclear
from vla_ros.language.corrections import Corrections
from vla_ros.language.foreign import foreign_language
from vla_ros.language.hazards import Hazards
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.sayings import Sayings
from vla_ros.language.sentence import EXAMPLE, Sentence
from vla_ros.language.shout import is_shout
from vla_ros.language.tokens import Tokens, tokenize

MAX_CHARACTERS = 1000
_NOT_ENGLISH_YET = "I understand English only."


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
        self._sayings = Sayings(lexicon.sayings, self._reader)

    def parse(self, text: str, previous: Task | None = None) -> Task:
        """The Task for ``text``; its kind is task, question, refusal or unknown.

        Args:
            text: what a person said, up to 1,000 characters.
            previous: the task before, so that "it" and "there" can point into it.
        """
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
        tokens = tokenize(text, self.lexicon.speller)
        if not any(w[:1].isalnum() or w.startswith("<") for w in tokens.words):
            raise Unclear("unknown", f"There are no words in it. {EXAMPLE}", 1.0)
        language = foreign_language(
            tokens.words, [self.lexicon.has(w) and not e for w, e in zip(tokens.words, tokens.edits)]
        )
        if language:
            raise Unclear("unknown", f"This seems to be {language}. {_NOT_ENGLISH_YET}", 0.9)
        if not self._stops(tokens):
            reason = self._hazards.judge(tokens.words)
            if reason:
                raise Unclear("refusal", reason)
        if previous is not None and previous.kind == "task" and self._corrections.follows(tokens.words):
            tokens = tokenize(f"{previous.text.rstrip(' .!?')}, {text}", self.lexicon.speller)
        tokens = self._sayings.rewrite(self._corrections.apply(tokens))
        return Sentence(self, tokens, text, previous).task()

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
