"""Sentences drawn at random from a grammar in JSGF's notation, for the language model. Pure: the seed decides.

Alternatives are equally likely, an option in [] is taken half of the time. Imports nothing of the package.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vla_ros.core.errors import ConfigError

_TOKEN = re.compile(r"<\w+>|[a-z']+|[()\[\]|]")
VOID = "<VOID>"


@dataclass(frozen=True, slots=True)
class Choice:
    """Alternatives; each is a sequence of words, rules (``<name>``) and further choices."""

    options: tuple[tuple[str | Choice, ...], ...]


def parse(text: str) -> Choice:
    """Reads the right side of a rule. Raises ConfigError for brackets that do not match."""
    tokens = _TOKEN.findall(text)
    choice, at = _choice(tokens, 0)
    if at != len(tokens):
        raise ConfigError("grammar", text[:80], "Its brackets do not match.")
    return choice


def _choice(tokens: list[str], at: int) -> tuple[Choice, int]:
    options: list[tuple[str | Choice, ...]] = []
    sequence: list[str | Choice] = []
    while at < len(tokens) and tokens[at] not in (")", "]"):
        token = tokens[at]
        if token == "|":
            options.append(tuple(sequence))
            sequence = []
            at += 1
        elif token in ("(", "["):
            inner, end = _choice(tokens, at + 1)
            if end >= len(tokens) or tokens[end] != {"(": ")", "[": "]"}[token]:
                raise ConfigError("grammar", " ".join(tokens)[:80], "Its brackets do not match.")
            sequence.append(inner if token == "(" else Choice((*_half(inner), *inner.options)))
            at = end + 1
        else:
            sequence.append(token)
            at += 1
    return Choice((*options, tuple(sequence))), at


def _half(choice: Choice) -> tuple[tuple[str | Choice, ...], ...]:
    return ((),) * len(choice.options)


class Sampler:
    """Draws sentences from ``rules``, beginning with the rule ``command``."""

    def __init__(self, rules: Mapping[str, str], seed: int = 0) -> None:
        self._rules = {f"<{name}>": parse(text) for name, text in rules.items()}
        self._empty = {name for name, choice in self._rules.items() if choice.options == ((VOID,),)}
        self._random = random.Random(seed)

    def sentences(self, count: int) -> Iterator[list[str]]:
        """``count`` sentences as words; those that meet an empty class are left out."""
        for _ in range(count):
            words: list[str] = []
            if self._draw("<command>", words):
                yield words

    def _draw(self, name: str, words: list[str]) -> bool:
        return name != VOID and name not in self._empty and self._sequence(self._rules[name], words)

    def _sequence(self, choice: Choice, words: list[str]) -> bool:
        options = choice.options
        for item in options[int(self._random.random() * len(options))]:
            if isinstance(item, Choice):
                if not self._sequence(item, words):
                    return False
            elif item[0] != "<":
                words.append(item)
            elif not self._draw(item, words):
                return False
        return True
