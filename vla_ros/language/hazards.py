"""What is refused whatever the robot could do: harm to people, animals and things, privacy, fire, medicine, weapons …

Judges the words of a whole instruction, clause by clause, before they become steps: whole wordings (refusals in the
words files, an owner's own rules among them), then verbs with what they are done to, then combinations of things.
Clauses of speech ("tell Anna that …") and negated ones ("do not hit …") harm nobody. Pure; used by the parser.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vla_ros.language.arguments import ArgumentReader
from vla_ros.language.english import COPULAS, DETERMINERS, inflections, word_set
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.sayings import Sayings

REASONS = {
    "harm": "I do not do anything that could hurt a person or an animal.",
    "self": "I will not help with that. Please talk to somebody you trust, or call your emergency number.",
    "throw": "I do not throw things at people or animals, and I never throw sharp things.",
    "push": "I do not push people or animals.",
    "spill": "I do not drop or pour anything on people or animals.",
    "point": "I do not point sharp things at people.",
    "enclose": "I do not put people or animals into anything.",
    "confine": "I do not lock anybody in or block a way out.",
    "children": "I do not bring dangerous things to children.",
    "destroy": "I do not break, burn or damage things.",
    "privacy": "I do not spy, steal or invade anybody's privacy.",
    "fire": "I do not light or spread fire.",
    "hot": "I do not pour hot liquids, because somebody could be burnt.",
    "electric": "I do not bring water or metal to electric things.",
    "poison": "I do not handle poisonous things, because somebody could be hurt.",
    "medicine": "I do not handle medicine; a person should do that.",
    "weapons": "I do not handle weapons or explosives.",
    "safety": "I do not go around what keeps people safe.",
    "ethics": "I do not help to deceive, threaten or humiliate anybody.",
}
"""Kind of harm -> what the robot says."""
_KIND_OF = {text: kind for kind, text in REASONS.items()}
_VERBS = ("deadly", "harm", "destroy", "privacy", "confine")
_NEGATIONS = word_set("not never without avoid nobody nothing no cannot")
_LIVING_WORDS = word_set(
    "me him her them us myself himself herself themselves everyone everybody someone anyone somebody"
)
_ENCLOSURES = word_set("oven microwave fridge refrigerator freezer dishwasher bin trash cabinet cupboard drawer")
_SHUTTING = frozenset(("put", "move", "throw", "close"))
_HANDLING = frozenset(("pour", "put", "give", "bring", "move", "wipe", "take", "get", "discard"))
_HARMLESS_TARGETS = word_set("light lights lamp music tv television radio time engine motor power screen fan ball")
_NOUN_LEADS = (DETERMINERS - word_set("that this these those both all each every")) | word_set("of a with for very")


def refusal_kind(reason: str) -> str:
    """The kind of harm that a refusal's reason names; "capability" for what the robot merely cannot do."""
    return _KIND_OF.get(reason, "capability")


class Hazards:
    """Judges instructions with one lexicon."""

    def __init__(self, lexicon: Lexicon, reader: ArgumentReader) -> None:
        self._lexicon = lexicon
        self._reader = reader
        table = lexicon.words.hazards
        self._nouns = {kind: _index(phrases) for kind, phrases in table.items() if kind not in _VERBS}
        self._verbs: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for kind in _VERBS:
            for phrase in table.get(kind, ()):
                for form in (phrase, *inflections(phrase)[:1]):
                    words = tuple(form.split())
                    self._verbs.setdefault(words[0], []).append((words, kind))
        for entries in self._verbs.values():
            entries.sort(key=lambda entry: -len(entry[0]))
        self._wordings = Sayings(lexicon.refusals, reader, {"living": self._living_slot}, whole=False)

    def judge(self, words: list[str]) -> str:
        """Why the instruction is refused, "" when it is not."""
        for start, end in self._clauses(words):
            reason = self._clause(words, start, end)
            if reason:
                return reason
        return ""

    def _clauses(self, words: list[str]) -> Iterator[tuple[int, int]]:
        start = 0
        for at in range(len(words) + 1):
            if at < len(words) and words[at] != ".":
                used = self._reader.separator(words, at)
                if not used or words[at] == "to" or at == start or not self._reader.starts_clause(words, at):
                    continue
            if at > start:
                yield start, at
            start = at + 1 if at < len(words) and words[at] == "." else at

    def _clause(self, words: list[str], start: int, end: int) -> str:
        first = self._reader.skip_separators(words, start)
        talk = self._has("talk", words[first : first + 3]) or words[first : first + 1] == ["<quote>"]
        for at in range(start, end):
            found = self._wordings.match(words, at) if self._may_act(words, start, at) else None
            if found is not None and found.end <= end + 1:
                kind = found.saying.meaning[0]
                spoken = kind in ("ethics", "self", "safety") and at <= first
                if (not talk or spoken) and not (self._negated(words, start, at) and kind != "confine"):
                    text = " ".join(found.saying.meaning).replace(" .", ".").replace(" ,", ",")
                    return REASONS.get(kind, text[:1].upper() + text[1:])
        if talk:
            return ""
        for at in range(start, end):
            kind = self._verb(words, start, at, end)
            if kind:
                return REASONS[kind]
        return self._combined(words, first, end)

    def _may_act(self, words: list[str], start: int, at: int) -> bool:
        return at == start or words[at - 1] not in _NOUN_LEADS

    def _negated(self, words: list[str], start: int, at: int) -> bool:
        return bool(_NEGATIONS & set(words[max(start, at - 5) : at]))

    def _verb(self, words: list[str], start: int, at: int, end: int) -> str:
        """The kind of harm that the verb at ``at`` does, "" when it does none."""
        if not self._may_act(words, start, at) or self._negated(words, start, at):
            return ""
        if at > start and words[at - 1] in COPULAS:
            return ""
        for phrase, kind in self._verbs.get(words[at], ()):
            if tuple(words[at : at + len(phrase)]) != phrase:
                continue
            rest = words[at + len(phrase) : end]
            if kind == "harm" and not self._suffers(rest):
                continue
            if kind == "deadly" and (not rest or _HARMLESS_TARGETS & set(rest[:3])):
                continue
            if kind in ("destroy", "privacy", "confine") and not rest:
                continue
            return "harm" if kind == "deadly" else kind
        return ""

    def _suffers(self, words: Sequence[str]) -> bool:
        """True when what follows the verb begins with somebody: "hit Anna's arm", not "hit the box near Anna"."""
        for index, word in enumerate(words[:5]):
            if self._is_living(words, index):
                return True
            known = self._lexicon.match(words, index, "object", "furniture", "room")
            if word in ("in", "on", "near", "to", "from", "for", "at", "with", "next") or known is not None:
                return False
        return False

    def _combined(self, words: list[str], first: int, end: int) -> str:
        clause = words[first:end]
        if _NEGATIONS & set(clause[:3]):
            return ""
        verb = next((m[1].value for i in range(first, end) if (m := self._lexicon.match(words, i, "verb"))), "")
        kind = self._danger(clause, verb)
        return REASONS[kind] if kind else ""

    def _danger(self, words: list[str], verb: str) -> str:
        """Combinations of what is done, with what, to whom."""
        living, animal = self._any_living(words), self._has("animals", words)
        sharp = self._has("sharp", words)
        child = any(
            self._at("children", words, i) and not {"no", "from"} & set(words[max(0, i - 2) : i])
            for i in range(len(words))
        )
        on = next((i for i, w in enumerate(words) if w in ("on", "over", "onto", "at") and i), 0)
        upon = bool(on) and any(self._is_living(words, i) for i in range(on + 1, min(on + 4, len(words))))
        placed = any(self._lexicon.match(words, i, "furniture", "room") for i in range(on + 1, len(words)))
        enclosed = any(
            w in ("in", "into", "inside") and _ENCLOSURES & set(words[i : i + 4]) for i, w in enumerate(words)
        )
        if "fire" in words and {"set", "light", "catch", "start"} & set(words):
            return "fire"
        tests = (
            ("weapons", self._has("weapons", words)),
            ("poison", self._has("poison", words) and verb in _HANDLING),
            ("medicine", self._has("medicine", words)),
            ("throw", verb == "throw" and ((living and "at" in words) or (sharp and "away" not in words) or animal)),
            ("push", verb == "push" and self._any_living(words[1:4]) and "to" not in words[1:2]),
            ("children", (sharp or self._has("fire", words)) and child and verb not in ("find", "look", "move")),
            ("point", sharp and living and bool({"at", "into"} & set(words)) and "in" not in words),
            ("spill", verb in ("pour", "put", "throw") and upon and not placed),
            ("electric", verb == "pour" and self._has("electric", words)),
            ("hot", verb in ("pour", "throw") and self._has("hot", words)),
            ("enclose", verb in _SHUTTING and enclosed and (animal or self._any_living(words[1:4]))),
        )  # fmt: skip
        return next((kind for kind, holds in tests if holds), "")

    # -- who is there ---------------------------------------------------------------------------------------

    def _living_slot(self, words: list[str], at: int, end: int) -> bool:
        found = self._reader.nouns.read(words[:end], at)
        if found is not None and found[0] == end and found[1].is_person:
            return True
        if words[at] in DETERMINERS or words[at] in ("somebody", "someone", "anybody"):
            at += 1 if at + 1 < end else 0
        return self._is_living(words, end - 1) and end - at <= 3 and self._lexicon.match(words, at, "verb") is None

    def _any_living(self, words: Sequence[str]) -> bool:
        return any(self._is_living(words, i) for i in range(len(words)))

    def _is_living(self, words: Sequence[str], at: int) -> bool:
        if words[at] in _LIVING_WORDS and not (words[at] == "her" and self._lexicon.match(words, at + 1, "object")):
            return True
        if self._lexicon.match(words, at, "person", "name") is not None:
            return True
        return any(self._at(kind, words, at) for kind in ("animals", "people", "children"))

    def _has(self, kind: str, words: Sequence[str]) -> bool:
        return any(self._at(kind, words, at) for at in range(len(words)))

    def _at(self, kind: str, words: Sequence[str], at: int) -> bool:
        """True when a phrase of ``kind`` stands at ``at``, also in the plural."""
        for phrase in self._nouns.get(kind, {}).get(words[at].rstrip("s"), ()):
            window = tuple(words[at : at + len(phrase)])
            if window == phrase or (*window[:-1], window[-1].rstrip("s")) == phrase:
                return True
        return False


def _index(phrases: Sequence[str]) -> dict[str, list[tuple[str, ...]]]:
    """Phrases by their first word without a plural's s."""
    out: dict[str, list[tuple[str, ...]]] = {}
    for phrase in phrases:
        words = tuple(phrase.split())
        out.setdefault(words[0].rstrip("s"), []).append(words)
    return out
