"""Speech about the talk itself: questions about what the robot does and did, its memory, names and corrections.

Wordings come from config/dialogue.yaml. Recognised by the front desk before the parser's reading counts; what is not
recognised is an instruction. Pure; never raises for any text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from vla_ros.core.config import load_dataclass, param
from vla_ros.core.errors import ConfigError
from vla_ros.language.dialogue_names import acts_at_once, furniture_of, names_place, person_name, place_name
from vla_ros.language.english import CONTRACTIONS
from vla_ros.language.lexicon import Lexicon

_MOST_WORDS = 24
_SLOT_WORDS = 6
_MOST_LETTERS, _MOST_MARKS = 300, 6
_SLOTS = ("person", "capital", "here", "place", "name", "thing")
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_INSTEAD = re.compile(r"not\s[^,;.]{1,60}?(?:[,;.]\s*(?:but\s)?|\sbut\s)\s*(?P<rest>\S.*)", re.IGNORECASE | re.DOTALL)
_PATTERN_PIECE = re.compile(r"\s*(?:(?P<mark>[()\[\]|])|\{(?P<slot>\w+)\}|(?P<word>[a-z']+))")


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody says about the talk or the memory: its ``kind`` (a key of the file) and the words of its slot,
    as written."""

    kind: str
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Wordings:
    """The dialogue file."""

    polite: tuple[str, ...] = param((), "words and phrases around what is said that mean nothing")
    acts: dict[str, tuple[str, ...]] = param(description="kind of act -> patterns")
    corrections: tuple[str, ...] = param((), "phrases before what was really meant")

    @classmethod
    def load(cls, path: str | Path) -> Wordings:
        """Reads and checks a dialogue file. Raises ConfigError."""
        return load_dataclass(cls, path)


class Dialogue:
    """Recognises acts and corrections by the wordings of one file and the words of one lexicon. Raises ConfigError for
    a pattern it cannot read."""

    def __init__(self, wordings: Wordings, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._acts = [
            (kind, compile_pattern(pattern, f"dialogue.acts.{kind}"))
            for kind, patterns in wordings.acts.items()
            for pattern in patterns
        ]
        self._polite = _phrases(wordings.polite)
        self._corrections = _phrases(wordings.corrections)

    @classmethod
    def load(cls, path: str | Path, lexicon: Lexicon) -> Dialogue:
        """From a dialogue file."""
        return cls(Wordings.load(path), lexicon)

    def recognise(self, text: str) -> Act | None:
        """The act that the whole text is, None for anything else."""
        words = plain_words(text)
        if not 0 < len(words) <= _MOST_WORDS:
            return None
        stripped = self._without_politeness(words)
        for candidate in dict.fromkeys((tuple(stripped), tuple(words))):
            for kind, pattern in self._acts:
                found = pattern.fullmatch("".join(f"{w} " for w in candidate))
                if found is None:
                    continue
                slot = next((s for s in _SLOTS if found.groupdict().get(s)), "")
                said = as_written(found.group(slot).split(), text) if slot else ""
                if (slot == "capital" and not said[:1].isupper()) or acts_at_once(said.lower().split(), self._lexicon):
                    continue
                settled = self._settled(Act(kind, said), surely_place=slot == "place")
                if settled is not None:
                    return settled
        return None

    def _settled(self, act: Act, surely_place: bool) -> Act | None:
        """The act with its name in the form that is kept: a place or a person is meant by "this is …", or neither.

        Kinds made here: ``teach_place``, and ``maybe_person`` for a word that only may be a name.
        """
        if act.kind in ("teach_user", "teach_person"):
            name = person_name(act.words, self._lexicon)
            return Act(act.kind, name) if name else None
        if act.kind == "forget_name":
            name = place_name(act.words, self._lexicon) or person_name(act.words, self._lexicon)
            return Act(act.kind, name) if name else None
        if act.kind != "teach_here":
            return act
        words = act.words.lower().split()
        if not surely_place and words[0] not in ("the", "my", "our", "your", "his", "her"):
            person = person_name(act.words, self._lexicon)
            if person and act.words[:1].isupper():
                return Act("teach_person", person)
            if person and len(words) == 1 and not self._lexicon.has(words[0]):
                return Act("maybe_person", person)
            if furniture_of(" ".join(words), self._lexicon) == "":
                return None
        place = place_name(act.words, self._lexicon)
        return Act("teach_place", place) if place and (surely_place or names_place(place, self._lexicon)) else None

    def correction(self, text: str) -> str:
        """What was really meant, in "no, the blue one" or "not the red one, the blue one"; "" when the text is no
        correction."""
        if len(text) > _MOST_LETTERS:
            return ""
        rest, marked = text.strip(), False
        for _ in range(_MOST_MARKS):
            words = plain_words(rest)
            used = next((len(p) for p in self._corrections if words[: len(p)] == list(p) and len(words) > len(p)), 0)
            if not used:
                break
            rest, marked = _after(rest, used), True
        instead = re.fullmatch(
            r"\s*not\s+[^,;.]{1,60}[,;.]\s*(?:but\s+)?(?P<rest>\S.*)", rest, re.IGNORECASE | re.DOTALL
        )
        if instead is not None:
            return instead.group("rest").strip()
        return rest if marked else ""

    def _without_politeness(self, words: list[str]) -> list[str]:
        changed = True
        while changed:
            changed = False
            for phrase in self._polite:
                size = len(phrase)
                if len(words) > size and words[:size] == list(phrase):
                    words, changed = words[size:], True
                if len(words) > size and words[-size:] == list(phrase):
                    words, changed = words[:-size], True
        return words


def plain_words(text: str) -> list[str]:
    """Lower-case words with contractions written out, without punctuation."""
    clean = unicodedata.normalize("NFKC", text[:1000]).replace("\u2019", "'")
    words: list[str] = []
    for found in _WORD.finditer(clean):
        word = found.group().lower()
        words += CONTRACTIONS.get(word, word).split()
    return words


def as_written(words: list[str], text: str) -> str:
    """The words with the capitals that they have in the text."""
    written = {found.group().lower(): found.group() for found in _WORD.finditer(unicodedata.normalize("NFKC", text))}
    return " ".join(written.get(word, word) for word in words)


def compile_pattern(pattern: str, field: str) -> re.Pattern[str]:
    """A pattern of the dialogue file as a regular expression over words that each end in a blank."""
    out, at, depth = "", 0, []
    while at < len(pattern.rstrip()):
        piece = _PATTERN_PIECE.match(pattern, at)
        if piece is None or (piece.group("slot") and piece.group("slot") not in _SLOTS):
            raise ConfigError(field, pattern, f"Write words, (a|b), [a|b] and slots {{{'}, {'.join(_SLOTS)}}} only.")
        at = piece.end()
        mark, slot, word = piece.group("mark", "slot", "word")
        if word:
            out += f"{re.escape(word)} "
        elif slot:
            out += rf"(?P<{slot}>(?:\S+ ){{1,{_SLOT_WORDS}}}?)"
        elif mark in "([":
            depth.append(mark)
            out += "(?:"
        elif mark == "|":
            out += "|"
        elif not depth or depth.pop() != {")": "(", "]": "["}[mark]:
            raise ConfigError(field, pattern, "Close each bracket once.")
        else:
            out += ")" if mark == ")" else ")?"
    if depth:
        raise ConfigError(field, pattern, "Close each bracket once.")
    return re.compile(out)


@lru_cache(maxsize=8)
def _phrases(listed: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """As words, the longest first."""
    return tuple(sorted((tuple(plain_words(p)) for p in listed), key=lambda p: (-len(p), p)))


def _after(text: str, words: int) -> str:
    """The text after its first ``words`` plain words, without what separates them."""
    at, used = 0, 0
    for found in _WORD.finditer(text):
        if used >= words:
            break
        used += len(CONTRACTIONS.get(found.group().lower(), "x").split())
        at = found.end()
    return text[at:].lstrip(" ,;:.!-")
