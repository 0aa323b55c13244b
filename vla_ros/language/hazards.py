"""What is refused for safety, privacy or harm, whatever the skills: judged clause by clause on the words.

Pure; the parser asks it before a clause becomes steps. Negated clauses ("don't hit the dog") are not asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from vla_ros.language.english import word_set
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.tokens import Tokens

_LIVING_WORDS = word_set("me him her them us myself himself herself everyone everybody someone anyone")
_ENCLOSURES = word_set("oven microwave fridge refrigerator freezer dishwasher bin trash cabinet cupboard drawer")


class Hazards:
    """Judges clauses with one lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        table = lexicon.words.hazards
        self._phrases = {kind: [tuple(p.split()) for p in phrases] for kind, phrases in table.items()}

    def reason(self, tokens: Tokens, start: int, end: int, verb: str, hazard: str = "") -> str:
        """Why the clause is refused, "" when it is not. ``hazard`` is the kind of its verb, if it has one."""
        words = tokens.words[start:end]
        living = self._living(words)
        if hazard == "destroy":
            return "I do not break, burn or damage things."
        if hazard == "privacy":
            return "I do not spy, steal or invade anybody's privacy."
        if hazard == "confine":
            return "I do not lock anybody in or block a way out."
        if hazard == "harm" and living:
            return "I do not do anything that could hurt a person or an animal."
        if self._has("poison", words) and verb in ("pour", "put", "give", "bring", "move", "wipe", "mix"):
            return "I do not handle poisonous things, because somebody could be hurt."
        if self._has("medicine", words):
            return "I do not handle medicine; a person should do that."
        return self._combined(words, verb, living)

    def anywhere(self, words: Sequence[str]) -> str:
        """Why a sentence is refused for words anywhere in it (weapons, setting fire), "" when it is not."""
        if "fire" in words and {"set", "light", "catch", "start"} & set(words):
            return "I do not light or spread fire."
        return "I do not handle weapons or explosives." if self._has("weapons", words) else ""

    def _combined(self, words: Sequence[str], verb: str, living: bool) -> str:
        sharp, child = self._has("sharp", words), self._has("children", words)
        animal = self._has("animals", words)
        if verb == "throw" and ((living and "at" in words) or sharp or animal):
            return "I do not throw things at people or animals, and I never throw sharp things."
        if verb == "push" and self._living(words[:3]) and "to" not in words[:1]:
            return "I do not push people or animals."
        if (sharp or self._has("fire", words)) and child:
            return "I do not bring dangerous things to children."
        if sharp and living and ("at" in words or "into" in words) and "in" not in words:
            return "I do not point sharp things at people."
        if verb in ("pour", "put", "throw") and (living or animal) and self._poured_on(words):
            return "I do not drop or pour anything on people or animals."
        if verb == "pour" and self._has("electric", words):
            return "I do not pour anything over electric things."
        if self._has("hot", words) and verb in ("pour", "throw"):
            return "I do not pour hot liquids, because somebody could be burnt."
        enclosed = any(
            w in ("in", "into", "inside") and _ENCLOSURES & set(words[i : i + 4]) for i, w in enumerate(words)
        )
        if verb in ("put", "move") and enclosed and (animal or self._living(words[:3])):
            return "I do not put people or animals into anything."
        return ""

    def _poured_on(self, words: Sequence[str]) -> bool:
        for i, word in enumerate(words[:-1]):
            if word in ("on", "over", "onto", "at") and self._living(words[i + 1 : i + 4]):
                return not any(self._lexicon.match(words, j, "furniture", "room") for j in range(i + 1, len(words)))
        return False

    def _living(self, words: Sequence[str]) -> bool:
        if _LIVING_WORDS & set(words) or self._has("animals", words):
            return True
        return self._names_person(words)

    def _names_person(self, words: Sequence[str]) -> bool:
        return any(self._lexicon.match(words, i, "person", "name") for i in range(len(words)))

    def _has(self, kind: str, words: Sequence[str]) -> bool:
        singular = [*words]
        for phrase in self._phrases.get(kind, ()):
            size = len(phrase)
            for i in range(len(singular) - size + 1):
                window = tuple(singular[i : i + size])
                if window == phrase or (*window[:-1], window[-1].rstrip("s")) == phrase:
                    return True
        return False
