"""Noun phrases: "the two biggest red cups", "Anna's book", "it", "the other one", without what follows the noun.

Reads tokens through the lexicon into a mutable Noun; attachment.py turns Nouns into core Referents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from vla_ros.language.english import (
    COPULAS,
    DETERMINERS,
    FUNCTION_WORDS,
    PREPOSITION_PHRASES,
    PRONOUNS,
    ROBOT_WORDS,
    USER_WORDS,
    word_set,
)
from vla_ros.language.lexicon import NOUN_PARTS, Entry, Lexicon
from vla_ros.language.quantities import read_measure, read_number
from vla_ros.language.tokens import ProperName

_ALL = frozenset(("all", "every", "each", "everything", "everybody", "everyone"))
_PARTS = word_set("some any one each none most rest lot")
_NO_NOUNS = ("verb", "verb_form", "cannot", "filler", "manner", "about", "robot", "color", "attribute", "posture",
             "superlative")  # fmt: skip
_ORDINALS = frozenset(("first", "second", "third", "last"))


@dataclass(slots=True)
class Noun:
    """One noun phrase as said. ``pronoun`` is it, them, him, one, there or here; ``unknown`` holds the words
    of a noun the lexicon lacks; ``absent`` those of a thing or place it knows but that is not here."""

    kind: str = ""
    category: str = ""
    name: str = ""
    attributes: list[str] = field(default_factory=list)
    not_attributes: list[str] = field(default_factory=list)
    superlative: str = ""
    quantity: int = 1
    posture: str = ""
    plural: bool = False
    counted: bool = False
    definite: bool = False
    pointed: bool = False
    """True for "that person": one already spoken of, when there is one."""
    determined: bool = False
    pronoun: str = ""
    unknown: str = ""
    absent: str = ""
    proper: bool = False
    """True when the unknown words were written like a name."""
    asks: str = ""
    pps: list[tuple[str, Noun]] = field(default_factory=list)
    coordinated: list[Noun] = field(default_factory=list)
    start: int = 0
    guesses: int = 0
    any_will_do: bool = False
    """True for "a cup", "some cup", "someone": the speaker leaves the choice to the robot."""

    @property
    def headless(self) -> bool:
        """True for "the red", "the biggest": a description without a noun."""
        return not (self.kind or self.pronoun or self.unknown or self.absent or self.asks)

    @property
    def is_person(self) -> bool:
        """True for people, the user and words that point at people."""
        return self.kind in ("person", "user") or self.pronoun == "him" or (self.proper and not self.determined)

    @property
    def is_place(self) -> bool:
        """True for rooms, furniture and "there"."""
        return self.kind == "place"

    def describe(self, other: Noun) -> None:
        """Takes over what a headless description says ("… which is the biggest")."""
        self.attributes += [a for a in other.attributes if a not in self.attributes]
        self.not_attributes += other.not_attributes
        self.superlative = other.superlative or self.superlative
        self.posture = other.posture or self.posture
        if other.counted:
            self.quantity, self.counted = other.quantity, True


class NounReader:
    """Reads noun phrases with one lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    def read(self, words: Sequence[str], start: int, *, allow_unknown: bool = True) -> tuple[int, Noun] | None:
        """(index after it, the noun) or None when no noun phrase begins at ``start``."""
        if start >= len(words):
            return None
        short = self._pronoun(words, start)
        if short:
            return short
        noun = Noun(start=start)
        at = self._before_head(words, start, noun)
        head = self._head(words, at, noun)
        if head is None and at < len(words) and words[at] in ("one", "ones"):
            noun.pronoun, noun.plural, head = "one", words[at] == "ones", at + 1
        if head is None and {"male", "female"} & set(noun.attributes):
            noun.kind, noun.category, head = "person", "man" if "male" in noun.attributes else "woman", at
            noun.attributes = [a for a in noun.attributes if a not in ("male", "female")]
        if head is None and allow_unknown:
            head = self._unknown(words, at, noun)
        if head is None:
            if at > start and (noun.attributes or noun.superlative or noun.posture or noun.counted):
                return at, noun
            return None
        if noun.kind == "person" and noun.category == "person" and {"male", "female"} & set(noun.attributes):
            noun.category = "man" if "male" in noun.attributes else "woman"
            noun.attributes = [a for a in noun.attributes if a not in ("male", "female")]
        if noun.plural and not noun.counted and noun.kind != "place":
            noun.quantity = -1
        return head, noun

    def _pronoun(self, words: Sequence[str], start: int) -> tuple[int, Noun] | None:
        word = words[start]
        following = words[start + 1] if start + 1 < len(words) else ""
        if word in USER_WORDS:
            return start + 1, Noun(kind="user", start=start)
        if word == "my" and following in ("hand", "hands"):
            return start + 2, Noun(kind="user", start=start)
        if word in ROBOT_WORDS:
            return start + 1, Noun(kind="robot", start=start)
        if word in ("there", "here"):
            return start + 1, Noun(kind="place", pronoun=word, start=start)
        if word == "what" and (following in COPULAS or following in PREPOSITION_PHRASES):
            return start + 1, Noun(kind="object", start=start)
        if word not in PRONOUNS:
            return None
        if word in ("this", "that", "these", "those", "her") and self._starts_head(words, start + 1):
            return None
        if (
            word in ("this", "that", "these", "those")
            and start + 1 < len(words)
            and self._may_be_noun(words, start + 1)
        ):
            return None
        if following in ("one", "ones"):
            return None
        plural = PRONOUNS[word] == "them"
        return start + 1, Noun(pronoun=PRONOUNS[word], plural=plural, quantity=-1 if plural else 1, start=start)

    def _starts_head(self, words: Sequence[str], at: int) -> bool:
        parts = (*NOUN_PARTS, "color", "attribute", "superlative")
        if at >= len(words) or words[at] in DETERMINERS:
            return False
        return self._lexicon.match(words, at, *parts) is not None or read_number(words, at) is not None

    def _before_head(self, words: Sequence[str], at: int, noun: Noun) -> int:
        """Determiners, quantity, adjectives; stops where the head begins."""
        while at < len(words):
            word = words[at]
            if word in DETERMINERS and not (word in PRONOUNS and noun.determined):
                at += 1
                noun.determined = True
                noun.any_will_do |= word in ("a", "an", "any", "some", "another")
                noun.pointed |= word in ("this", "that", "these", "those")
                noun.definite |= word in ("the", "this", "that", "these", "those", "my", "all", "both")
                if word in _ALL:
                    noun.quantity, noun.counted = -1, True
                elif word == "both":
                    noun.quantity, noun.counted = 2, True
                elif word == "another":
                    noun.attributes.append("other")
                continue
            if (
                word == "of"
                and (noun.counted or words[at - 1] in _PARTS)
                and at + 1 < len(words)
                and words[at + 1] in DETERMINERS
            ):
                noun.any_will_do |= noun.quantity == 1
                at += 1
                continue
            if word in _ORDINALS and noun.determined and not self._is_unit(words, at):
                noun.attributes.append(word)
                at += 1
                continue
            number = None if read_measure(words, at) else read_number(words, at)
            if number and not (word == "one" and (noun.determined or noun.attributes)):
                noun.quantity, noun.counted = max(1, min(int(number[1]), 1000)), True
                at += number[0]
                continue
            longest = self._lexicon.match(words, at, *NOUN_PARTS)
            found = self._lexicon.match(words, at, "superlative", "color", "attribute", "posture")
            if found is None and (compared := self._compared(words, at, noun)) is not None:
                noun.superlative = compared
                at += 1
                continue
            if word in ("not", "non") and (negated := self._lexicon.match(words, at + 1, "color", "attribute")):
                noun.not_attributes.append(negated[1].value)
                at += 1 + negated[0]
                continue
            if not found or (longest and longest[0] >= found[0] and not self._starts_head(words, at + found[0])):
                return at
            if not self._adjective(found[1], noun, words, at + found[0]):
                return at
            at += found[0]
            if at < len(words) and words[at] in ("and", ",") and self._lexicon.match(words, at + 1, "color"):
                at += 1
        return at

    def _compared(self, words: Sequence[str], at: int, noun: Noun) -> str | None:
        """ "the bigger cup", "which is heavier": of those that there are, the biggest and the heaviest."""
        found = self._lexicon.match(words, at, "comparative")
        if found is None or noun.superlative:
            return None
        described = self._starts_head(words, at + 1) or words[at + 1 : at + 2] in (["one"], ["ones"])
        if described:
            return found[1].value if noun.definite else None
        alone = at > 0 and words[at - 1] in COPULAS and words[at + 1 : at + 2] != ["than"]
        return found[1].value if alone and not noun.determined else None

    def _adjective(self, entry: Entry, noun: Noun, words: Sequence[str], after: int) -> bool:
        if entry.part == "superlative":
            if noun.superlative:
                return False
            noun.superlative = entry.value
        elif entry.part == "posture":
            if not self._lexicon.match(words, after, "person"):
                return False
            noun.posture = entry.value
        elif entry.value not in noun.attributes:
            noun.attributes.append(entry.value)
        return True

    @staticmethod
    def _is_unit(words: Sequence[str], at: int) -> bool:
        return words[at] == "second" and at > 0 and read_measure(words, at - 1) is not None

    def _head(self, words: Sequence[str], at: int, noun: Noun) -> int | None:
        found = self._lexicon.match(words, at, *NOUN_PARTS)
        if found is None:
            # "the coffee cup" with an unknown first word: it describes the cup.
            if (
                noun.determined
                and at + 1 < len(words)
                and words[at].isalpha()
                and (not self._lexicon.has(words[at]) or self._lexicon.match(words, at, "comparative"))
                and (later := self._lexicon.match(words, at + 1, "object", "thing", "person", "furniture"))
            ):
                noun.attributes.append(words[at])
                noun.guesses += 1
                return self._take(words, at + 1, later, noun)
            return None
        return self._take(words, at, found, noun)

    def _take(self, words: Sequence[str], at: int, found: tuple[int, Entry], noun: Noun) -> int:
        used, entry = found
        self._set(noun, entry, " ".join(words[at : at + used]))
        at += used
        while at < len(words):
            if words[at] == "'s":
                owned = self._lexicon.match(words, at + 1, *NOUN_PARTS)
                if noun.kind != "person" or owned is None:
                    return at
                if owned[1].part == "property":
                    noun.pps = [("of", replace(noun, pps=[]))]
                    noun.name = noun.category = ""
                    self._set(noun, owned[1], owned[1].value)
                    return at + 1 + owned[0]
                noun.attributes.append(f"{noun.name or noun.category}'s")
                at, (used, entry) = at + 1, owned
                self._set(noun, entry, " ".join(words[at : at + used]))
                at += used
                continue
            following = self._lexicon.match(words, at, "object", "furniture", "room", "thing")
            if following is None or noun.kind not in ("object", "place") or noun.pronoun:
                return at
            used, entry = following
            if entry.part in ("object", "thing") and entry.value == noun.category:
                at += used  # said twice
                continue
            if entry.part == "furniture" and entry.value == "door" and noun.category != "room":
                return at + used  # the fridge door is opened by opening the fridge
            if noun.plural or (entry.part == "room" and entry.known):
                return at
            before = noun.name or noun.category or noun.absent
            noun.name = noun.category = noun.absent = ""
            self._set(noun, entry, " ".join(words[at : at + used]))
            if before:
                noun.attributes.append(before)
            at += used
        return at

    @staticmethod
    def _set(noun: Noun, entry: Entry, phrase: str) -> None:
        noun.plural = entry.plural
        noun.any_will_do |= phrase.startswith(("some", "any"))
        noun.asks = ""
        noun.kind = {"object": "object", "thing": "object", "room": "place", "furniture": "place"}.get(
            entry.part, "person"
        )
        if not entry.known:
            noun.absent = phrase
        if entry.part in ("property", "clothes"):
            noun.kind, noun.asks = "", phrase if entry.part == "clothes" else entry.value
            return
        noun.category, noun.name = entry.value, entry.name
        noun.attributes += [a for a in entry.attributes if a not in noun.attributes]

    def _unknown(self, words: Sequence[str], at: int, noun: Noun) -> int | None:
        end = at
        while end < len(words) and end - at < 4 and self._may_be_noun(words, end):
            end += 1
        if end == at:
            return None
        noun.unknown = " ".join(words[at:end])
        noun.proper = all(isinstance(word, ProperName) for word in words[at:end])
        return end

    def _may_be_noun(self, words: Sequence[str], at: int) -> bool:
        word = words[at]
        if (
            word in FUNCTION_WORDS
            or word in PREPOSITION_PHRASES
            or not (word.isalpha() or word.startswith("<"))
            or word == "<quote>"
        ):
            return False
        return self._lexicon.match(words, at, *_NO_NOUNS) is None
