"""What follows a verb, as a flat list: noun phrases, prepositional phrases, measures, directions, manner.

Ends where borders.py says that the clause ends. frames.py gives the list its meaning.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from vla_ros.language.borders import Borders
from vla_ros.language.english import (
    COPULAS,
    PARTICLES,
    PREPOSITION_PHRASES,
    RELATIVES,
    word_set,
)
from vla_ros.language.nouns import Noun
from vla_ros.language.quantities import read_measure
from vla_ros.language.tokens import Tokens

DIRECTIONS = {
    "left": math.pi / 2, "right": -math.pi / 2, "forward": 0.0, "forwards": 0.0, "straight": 0.0, "ahead": 0.0,
    "back": math.pi, "backward": math.pi, "backwards": math.pi, "around": math.pi, "clockwise": -math.pi / 2,
    "counterclockwise": math.pi / 2, "anticlockwise": math.pi / 2,
}  # fmt: skip
_SKIPPED = word_set(
    "located placed found situated standing kept stored resting positioned there so far being s let's only who will "
    "currently present also still too again else please one have has had can could will would do does to"
)
_SEEN = (
    "can you see", "do you see", "can you find", "do you find", "do you count", "can you count", "can be found",
    "can be seen", "are to be found", "is to be found", "you will find", "you find", "you can find", "you see",
    "you can see", "you found", "you saw", "i left", "i put", "i forgot", "you put", "you left", "i placed",
    "i am pointing at", "i am pointing to", "that you find", "that you see", "that i am pointing at",
    "that you can see",
)  # fmt: skip
_HARMLESS = word_set("also still too again else please so there")


@dataclass(slots=True)
class Item:
    """One argument: kind is np, pp, particle, direction, distance, angle, duration, manner or about."""

    kind: str
    noun: Noun | None = None
    word: str = ""
    value: float = 0.0
    joined: bool = False
    """True when "and" or a comma joins it to the item before."""
    back: bool = False
    """True when it describes the thing, not what stands before it: "the cups to me that are on the table"."""


@dataclass(slots=True)
class Arguments:
    """The items and the words that nothing could use."""

    items: list[Item] = field(default_factory=list)
    unparsed: list[str] = field(default_factory=list)
    choice: bool = False
    """True when "or" leaves open which of several is meant."""


def _described(arguments: Arguments) -> Noun | None:
    """The noun that a description without one ("… which is the biggest") belongs to."""
    nouns = [i.noun for i in arguments.items if i.kind == "np" and i.noun and i.noun.kind not in ("user", "robot")]
    if len(nouns) > 1 and nouns[0].is_person and nouns[1].kind == "object":
        return nouns[1]  # "hand Tom the cup that is red"
    return nouns[0] if nouns else None


class ArgumentReader(Borders):
    """Reads arguments and finds clause borders, with one lexicon."""

    def read(
        self, tokens: Tokens, at: int, *, stop_at_verbs: bool = True, prefix: Sequence[Item] = ()
    ) -> tuple[int, Arguments]:
        """(index where the clause ends, its arguments); ``prefix`` came before the verb and leads the list."""
        words, out = tokens.words, Arguments(list(prefix))
        begin, joined, predicate, what = at, False, False, ""
        while at < len(words) and words[at] != ".":
            ordered = words[at] in ("before", "after") and (at > begin or words[at + 1 : at + 2] == ["you"])
            if ordered or self.condition(words, at) or self.negation(words, at):
                break
            used = self.separator(words, at)
            if used and at >= begin:
                after = self.skip_separators(words, at)
                if after >= len(words) or self.starts_clause(words, after) or words[after] in ("before", "after", "."):
                    break
                out.choice |= words[at] == "or" and bool(out.items)
                joined, predicate, at = bool(out.items), False, at + used
                continue
            if at > begin and (self.tells_where(words, at) or words[at : at + 2] == ["how", "many"]):
                break
            if at > begin and stop_at_verbs and self._runs_on(words, at, what == "filler"):
                break
            step = self._one(tokens, at, out, joined, predicate)
            if step is None:
                if words[at] not in _HARMLESS:
                    out.unparsed.append(words[at])
                at += 1
                continue
            at, what = step
            predicate = what == "copula" or (predicate and what == "skipped")
            joined = joined and what in ("copula", "skipped", "filler")
        return at, out

    def _runs_on(self, words: list[str], at: int, after_filler: bool) -> bool:
        """A verb without any separator before it: people leave commas out."""
        found = self.lexicon.match(words, at, "verb")
        if not found or (
            not after_filler
            and words[at - 1] in ("the", "a", "an", "to", "you", "i", "my", "your", "who", "that", "can")
        ):
            return False
        others = self.lexicon.match(
            words, at, "object", "thing", "room", "furniture", "person", "color", "attribute", "posture", "manner",
            "filler", "superlative", "property", "about",
        )  # fmt: skip
        return others is None and not self._preposition(words, at)

    def tells_where(self, words: list[str], at: int) -> bool:
        """True where "he is at the bar" begins: it says of somebody where he is, and nothing to do."""
        if words[at] not in ("he", "she", "they") or at + 2 >= len(words) or words[at + 1] not in COPULAS:
            return False
        return self._preposition(words, at + 2) is not None

    def _one(self, tokens: Tokens, at: int, out: Arguments, joined: bool, predicate: bool) -> tuple[int, str] | None:
        words = tokens.words
        last = next((i.noun for i in reversed(out.items) if i.noun), None)
        for phrase in _SEEN:
            parts = phrase.split()
            if words[at : at + len(parts)] == parts:
                return at + len(parts), "skipped"
        if words[at : at + 2] == ["over", "there"] and last is not None and last.category:
            return at + 2, "skipped"  # said with a pointing hand, of a thing that the words describe
        preposition = self._preposition(words, at)
        if words[at] in ("by", "for", "about") and read_measure(words, at + 1):
            return at + 1, "skipped"
        measure = read_measure(words, at)
        if measure:
            out.items.append(Item(measure[1], value=measure[2]))
            return at + measure[0], "item"
        manner = self.lexicon.match(words, at, "manner")
        if manner and not self._describes_next(words, at):
            out.items.append(Item("manner", word=manner[1].value))
            return at + manner[0], "item"
        direction = self._direction(words, at)
        if direction and (not preposition or preposition[0] <= direction[0]):
            out.items.append(Item("direction", word=words[at + direction[0] - 1], value=direction[1]))
            return at + direction[0], "item"
        posture = self.lexicon.match(words, at, "posture")
        spoken = [n for i in out.items if i.noun for n in (i.noun, *(part for _, part in i.noun.pps))]
        person = next((n for n in reversed(spoken) if n.kind == "person"), None)
        if posture and person and not (self.nouns.read(words, at, allow_unknown=False) or (0, Noun()))[1].kind:
            person.posture = posture[1].value
            return at + posture[0], "skipped"
        if preposition and preposition[1] == "except" and last is not None:
            return self._exception(words, at + preposition[0], last, person)
        if words[at] == "there" and words[at + 1 : at + 2] in (["is"], ["are"]):
            return at + 2, "skipped"
        if words[at] == "there" and at and words[at - 1] in COPULAS:
            return at + 1, "copula"
        if words[at] in COPULAS:
            return at + 1, "copula"
        if words[at] in RELATIVES and last is not None and not self._is_pronoun(words, at):
            return at + 1, "skipped"
        filler = self.filler(words, at)
        if filler:
            return at + filler, "filler"
        if preposition:
            return self._prepositional(words, at, preposition, out, joined)
        found = self.nouns.read(words, at)
        if found:
            if found[1].headless and words[found[0] : found[0] + 1] == ["of"]:
                out.items.append(Item("np", found[1], joined=joined))
                return found[0], "item"
            return self._noun(found, out, joined, predicate, last)
        if words[at] in PARTICLES:
            out.items.append(Item("particle", word=words[at]))
            return at + 1, "item"
        if words[at] in _SKIPPED or words[at] == "'s" or (words[at] in RELATIVES and last is None):
            return at + 1, "skipped"
        return None

    def _noun(
        self, found: tuple[int, Noun], out: Arguments, joined: bool, predicate: bool, last: Noun | None
    ) -> tuple[int, str]:
        end, noun = found
        first = _described(out)
        bare = noun.headless or (predicate and noun.pronoun == "one" and bool(noun.superlative))
        if bare and first is not None and (predicate or not joined):
            first.describe(noun)
            return end, "skipped"
        if noun.headless and joined and last is not None:
            last.describe(noun)
            return end, "skipped"
        if predicate and first is not None and first.kind == "object" and not first.category and noun.kind == "object":
            first.describe(noun)
            if not noun.category:
                return end, "skipped"
        out.items.append(Item("np", noun, joined=joined))
        return end, "item"

    def _prepositional(
        self, words: list[str], at: int, preposition: tuple[int, str], out: Arguments, joined: bool
    ) -> tuple[int, str] | None:
        used, meaning = preposition
        people = [i.noun for i in out.items if i.noun and i.noun.kind == "person"]
        clothing = meaning in ("with", "wearing", "in") and bool(people) and self._clothing(words, at + used)
        if clothing and people:
            end, attributes = clothing
            people[-1].attributes += attributes
            return end, "skipped"
        found = self.nouns.read(words, at + used)
        first = _described(out)
        if found is not None and found[1].headless and found[1].superlative and first is not None:
            first.describe(found[1])  # "the one to the far left"
            return found[0], "skipped"
        if found is None or found[1].headless:
            if words[at] in PARTICLES:
                out.items.append(Item("particle", word=words[at]))
                return at + used, "item"
            return None
        end, noun = found
        if meaning == "called" and people:
            people[-1].name = noun.name or noun.unknown
            return end, "skipped"
        last = out.items[-1] if out.items else None
        if meaning == "of" and last is not None and last.noun is not None:
            self._of(last.noun, noun)
            return end, "skipped"
        if meaning == "between" and words[end : end + 1] == ["and"]:
            other = self.nouns.read(words, end + 1)
            if other:
                noun.coordinated.append(other[1])
                end = other[0]
        relative = any(word in ("that", "which") for word in words[max(0, at - 2) : at])
        back = relative and last is not None and last.noun is not None and last.noun.kind == "user"
        out.items.append(Item("pp", noun, word=meaning, joined=joined, back=back))
        return end, "item"

    @staticmethod
    def _of(whole: Noun, part: Noun) -> None:
        """ "the bottle of water", "the door of the fridge", "the biggest of the cups"."""
        if whole.category == "door" and part.kind == "place":
            whole.category, whole.name, whole.attributes = part.category, part.name, whole.attributes + part.attributes
        elif (
            whole.headless
            or (whole.kind == "object" and not whole.category and not part.is_place)
            or whole.pronoun == "one"
        ):
            keep = (whole.superlative, whole.quantity, whole.counted)
            whole.kind, whole.category, whole.name, whole.absent = part.kind, part.category, part.name, part.absent
            whole.unknown, whole.pronoun = part.unknown, part.pronoun
            whole.attributes += part.attributes
            whole.superlative = keep[0] or part.superlative
            whole.quantity, whole.counted = keep[1:] if keep[2] else (1, False)
        elif part.kind == "object" and whole.kind == "object":
            whole.attributes.append(part.category or part.absent or part.unknown)
        else:
            whole.pps.append(("of", part))

    def _exception(self, words: list[str], at: int, last: Noun, person: Noun | None) -> tuple[int, str] | None:
        found = self.nouns.read(words, at)
        if not found:
            return None
        if found[1].is_person and person is not None:
            last = person  # "the people in the hall who are not girls"
        last.not_attributes += found[1].attributes or [found[1].category or found[1].unknown]
        return found[0], "skipped"

    def _clothing(self, words: list[str], at: int) -> tuple[int, list[str]] | None:
        """(end, attributes) for "a red shirt", "red"."""
        found = self.nouns.read(words, at, allow_unknown=False)
        if not found:
            return None
        end, noun = found
        if noun.asks and not noun.kind:
            return end, [*noun.attributes, noun.asks]
        return (end, noun.attributes) if noun.headless and noun.attributes else None

    def _preposition(self, words: list[str], at: int) -> tuple[int, str] | None:
        for phrase, meaning in PREPOSITION_PHRASES.get(words[at], ()):
            if tuple(words[at : at + len(phrase)]) == phrase:
                return len(phrase), meaning
        return None

    def _direction(self, words: list[str], at: int) -> tuple[int, float] | None:
        for lead in (("to", "the"), ("to", "your"), ("on", "the"), ("from", "the"), ("to",), ("on", "your"), ()):
            end = at + len(lead)
            if tuple(words[at:end]) != lead or end >= len(words) or words[end] not in DIRECTIONS:
                continue
            if end + 1 < len(words) and words[end + 1] in ("of", "side", "to"):
                continue
            if words[end] == "right" and words[end + 1 : end + 2] in (["now"], ["away"]):
                continue
            if self.lexicon.match(words, end + 1, "object", "person", "thing", "furniture", "superlative"):
                continue
            return len(lead) + 1, DIRECTIONS[words[end]]
        return None

    def _describes_next(self, words: list[str], at: int) -> bool:
        return at > 0 and words[at - 1] in ("the", "a", "an")

    def _is_pronoun(self, words: list[str], at: int) -> bool:
        return words[at] == "that" and at > 0 and self.lexicon.match(words, at - 1, "verb") is not None
