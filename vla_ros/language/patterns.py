"""Wordings with open places and alternatives: "(take|bring) {thing} to {place}". Pure: reads them, checks them.

sayings.py matches them against tokens; the lexicon reads them from the words files. Imports core and the tables of
English.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from vla_ros.core.errors import ConfigError
from vla_ros.language.english import CONTRACTIONS

SLOTS = ("thing", "one", "who", "place", "amount", "living", "any")
"""What may stay open: a thing, a thing called by its name, a person, a place, a length, angle or time, a person or
an animal, any words."""
_WORD = re.compile(r"[a-z']+")
_TOKEN = re.compile(r"\{\w*\}|[(|)]|[^\s(){}|]+|[{}]")


@dataclass(frozen=True, slots=True)
class Slot:
    """An open place. ``name`` is its kind, with a number when there are several: thing, thing2."""

    name: str

    @property
    def kind(self) -> str:
        """The name without its number."""
        return self.name.rstrip("0123456789")


@dataclass(frozen=True, slots=True)
class Group:
    """Alternatives, each a sequence of parts; an empty one may be left out."""

    choices: tuple[tuple[Part, ...], ...]


Part = str | Slot | Group


@dataclass(frozen=True, slots=True)
class Saying:
    """One wording and what it stands for. ``firsts``: words it may begin with; empty when it begins with a slot."""

    parts: tuple[Part, ...]
    meaning: tuple[str, ...]
    firsts: frozenset[str]

    def words(self) -> Iterator[str]:
        """All words of the wording and its meaning."""
        yield from _words(self.parts)
        yield from (w for w in self.meaning if not w.startswith("{"))


def split(text: str) -> tuple[str, ...]:
    """The words and slots of a command: "put {thing} there, please" has a comma of its own."""
    return tuple(_plain(text.replace(".", " . ")).split())


def _plain(text: str) -> str:
    """Lower case, contractions written out, commas and possessives apart, as tokens have them."""
    full = _WORD.sub(lambda match: CONTRACTIONS.get(match.group(), match.group()), text.lower())
    return full.replace(",", " , ").replace("'s", " 's")


def compile_sayings(table: Mapping[str, Iterable[str]], field: str) -> tuple[Saying, ...]:
    """Reads a table meaning -> wordings. Raises ConfigError that names the wording, what is wrong and the remedy."""
    out = []
    for meaning, wordings in table.items():
        target = split(meaning)
        for wording in wordings:
            try:
                parts = _read(wording)
                slots = list(_slots(parts))
                _check(parts, slots, target)
            except ValueError as error:
                raise ConfigError(f"{field}.{meaning}", wording, str(error)) from None
            out.append(Saying(parts, target, first_words(parts) or frozenset()))
    return tuple(out)


def first_words(parts: tuple[Part, ...]) -> frozenset[str] | None:
    """The words that ``parts`` may begin with; None when they may begin with a slot or be left out."""
    found: set[str] = set()
    for part in parts:
        if isinstance(part, str):
            return frozenset(found | {part})
        if isinstance(part, Slot):
            return None
        skippable = False
        for choice in part.choices:
            if not choice:
                skippable = True
                continue
            inner = first_words(choice)
            if inner is None:
                return None
            found |= inner
        if not skippable:
            return frozenset(found)
    return None


def _read(wording: str) -> tuple[Part, ...]:
    tokens = _TOKEN.findall(_plain(wording))
    parts, rest = _sequence(tokens, 0)
    if rest != len(tokens):
        raise ValueError("A ')' or '|' stands outside of a group; write (this|that).")
    return parts


def _sequence(tokens: list[str], at: int) -> tuple[tuple[Part, ...], int]:
    parts: list[Part] = []
    while at < len(tokens) and tokens[at] not in ("|", ")"):
        token = tokens[at]
        if token == "(":
            group, at = _group(tokens, at + 1)
            parts.append(group)
            continue
        if token[0] in "{}":
            if len(token) < 3:
                raise ValueError("A slot is written {thing}.")
            parts.append(Slot(token[1:-1]))
        else:
            parts.append(token)
        at += 1
    return tuple(parts), at


def _group(tokens: list[str], at: int) -> tuple[Group, int]:
    choices: list[tuple[Part, ...]] = []
    while True:
        parts, at = _sequence(tokens, at)
        choices.append(parts)
        if at >= len(tokens):
            raise ValueError("A '(' is not closed.")
        if tokens[at] == ")":
            return Group(tuple(choices)), at + 1
        at += 1


def _check(parts: tuple[Part, ...], slots: list[Slot], target: tuple[str, ...]) -> None:
    for slot in slots:
        if slot.kind not in SLOTS:
            known = ", ".join(f"{{{name}}}" for name in SLOTS)
            raise ValueError(f"Slots are {known}, with a number for a second one.")
    names = {slot.name for slot in slots}
    missing = [w for w in target if w.startswith("{") and w[1:-1] not in names]
    if missing:
        raise ValueError(f"The wording must have {', '.join(missing)} too, because its key has it.")
    if not any(True for _ in _words(parts)):
        raise ValueError("A wording needs at least one word.")


def _slots(parts: Iterable[Part]) -> Iterator[Slot]:
    for part in parts:
        if isinstance(part, Slot):
            yield part
        elif isinstance(part, Group):
            for choice in part.choices:
                yield from _slots(choice)


def _words(parts: Iterable[Part]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            yield part
        elif isinstance(part, Group):
            for choice in part.choices:
                yield from _words(choice)
