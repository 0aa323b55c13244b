"""Names that somebody taught: places ("charging corner", "my desk") and people ("Bob") as words of the lexicon.

A parser around the built-in one: taught phrases travel through the grammar as single tokens of their own, so that a
name of several words, or one with "my", stays whole. Pure.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Any

from vla_ros.core.task import IMMEDIATE_SKILLS, Task
from vla_ros.language.lexicon import Entry, Lexicon
from vla_ros.language.parser import GrammarParser

SPOT = "spot"
"""Category of a taught place among Referents; its name is the taught one."""
_NAME = re.compile(r"[^\W\d_]+(?:[ '-][^\W\d_]+|[ -]\d{1,3})*")
_MOST_WORDS, _MOST_LETTERS = 5, 40
_ARTICLES = ("the ", "a ", "an ")
_NO_NAMES = frozenset(("it", "that", "this", "there", "here", "me", "you", "not", "all", "everything", "nothing"))


class TaughtParser:
    """Reads like the parser inside it, and knows the taught names too."""

    def __init__(self, parser: GrammarParser) -> None:
        self._parser = parser
        self._tokens: dict[tuple[str, str], str] = {}
        self._names: tuple[tuple[re.Pattern[str], str], ...] = ()
        self._said: dict[str, str] = {}

    @property
    def lexicon(self) -> Lexicon:
        """The words of the parser inside."""
        return self._parser.lexicon

    def know(self, places: Sequence[str], people: Sequence[str]) -> None:
        """These are the taught names from now on; those that were known before and are not among them are words
        like any others again."""
        names = []
        for part, listed in ((SPOT, places), ("name", people)):
            for name in listed:
                token = self._token(part, name.lower())
                self._said[token] = name
                names.append((re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE), token))
        self._names = tuple(sorted(names, key=lambda n: -len(n[0].pattern)))

    def parse(self, text: str, previous: Task | None = None) -> Task:
        """As GrammarParser.parse."""
        return self._whole(self._parser.parse(self._marked(text), previous), text)

    def parse_answer(self, text: str, question: str = "") -> Task:
        """As GrammarParser.parse_answer."""
        return self._whole(self._parser.parse_answer(self._marked(text), question), text)

    def complete(self, pending: Task, answer: str) -> Task:
        """As GrammarParser.complete."""
        marked = dataclasses.replace(pending, text=self._marked(pending.text))
        return self._whole(self._parser.complete(marked, self._marked(answer)), "")

    def _token(self, part: str, name: str) -> str:
        if (part, name) not in self._tokens:
            token = f"<{part}{len(self._tokens)}>"
            self._tokens[(part, name)] = token
            entry = Entry("furniture", SPOT, name) if part == SPOT else Entry("name", "person", name)
            self._parser.lexicon.add([token], entry)
        return self._tokens[(part, name)]

    def _marked(self, text: str) -> str:
        for pattern, token in self._names:
            text = pattern.sub(token, text)
        return text

    def _whole(self, task: Task, text: str) -> Task:
        """The names in words again, wherever the tokens were kept."""
        task = dataclasses.replace(task, text=text or self._unmarked(task.text))
        if not self._names:
            return task
        steps = tuple(_mapped(step, self._unmarked) for step in task.steps)
        return dataclasses.replace(
            task, steps=steps, question=self._unmarked(task.question), reason=self._unmarked(task.reason)
        )

    def _unmarked(self, text: str) -> str:
        for _, token in self._names:
            if token in text:
                text = text.replace(token, self._said[token])
        return text


def _mapped(value: Any, change: Any) -> Any:
    """A value with ``change`` applied to every text inside."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_mapped(v, change) for v in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: _mapped(getattr(value, f.name), change) for f in dataclasses.fields(value)}
        return dataclasses.replace(value, **fields)
    return value


def place_name(words: str, lexicon: Lexicon) -> str:
    """A place's name from what was said, "" when it cannot be one: too long, no words, or words that act or say
    something else ("stop", "a mess", "not right")."""
    name = " ".join(words.lower().split())
    for article in _ARTICLES[:1]:
        name = name.removeprefix(article)
    return "" if name.startswith(_ARTICLES[1:]) or not _may_be_name(name, lexicon) else name


def person_name(words: str, lexicon: Lexicon) -> str:
    """A person's name from what was said, lower case; "" when it cannot be one."""
    name = " ".join(words.lower().split())
    known = lexicon.match(name.split(), 0, "name")
    if known is not None and known[0] == len(name.split()):
        return name
    if name.startswith(_ARTICLES):
        return ""
    other = ("object", "room", "furniture", "color", "attribute", "thing", "verb", "verb_form", "posture", "about")
    if len(name.split()) > 3 or not _may_be_name(name, lexicon):
        return ""
    return "" if any(lexicon.match(name.split(), i, *other) for i in range(len(name.split()))) else name


def _may_be_name(name: str, lexicon: Lexicon) -> bool:
    words = name.split()
    if not 0 < len(words) <= _MOST_WORDS or len(name) > _MOST_LETTERS or _NAME.fullmatch(name) is None:
        return False
    if _NO_NAMES & set(words) or words[-1] in ("my", "your", "our"):
        return False
    return not acts_at_once(words, lexicon)


def acts_at_once(words: list[str], lexicon: Lexicon) -> bool:
    """True when one of the words stops, pauses or cancels: that is never a part of a name."""
    found = (lexicon.match(words, i, "verb") for i in range(len(words)))
    return any(f is not None and f[1].value in IMMEDIATE_SKILLS for f in found)


def names_place(name: str, lexicon: Lexicon) -> bool:
    """True when the words name a place rather than a thing: "my desk" and "charging corner" do, "my cup" does not."""
    words = name.split()
    for at in range(len(words)):
        thing = lexicon.match(words, at, "object", "thing", "color", "attribute", "person")
        if thing is not None and at + thing[0] == len(words):
            return lexicon.match(words, at, "room", "furniture") is not None
    return True


def furniture_of(name: str, lexicon: Lexicon) -> str:
    """Category of the furniture that the name ends in ("my desk" -> "desk"), "" when in none."""
    words = name.split()
    for at in range(len(words)):
        found = lexicon.match(words, at, "furniture")
        if found is not None and at + found[0] == len(words) and found[1].known:
            return found[1].value
    return ""
