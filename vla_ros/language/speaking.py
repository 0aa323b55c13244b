"""Verbs of speech and questions: say, tell, ask, answer, greet, report, count, "what is …", "how many …".

Reads its own arguments from the tokens, because what is to be said is not to be parsed. Used by the parser.
"""

from __future__ import annotations

import dataclasses

from vla_ros.core.task import Referent, TaskStep
from vla_ros.language.arguments import Item
from vla_ros.language.asking import WH, Asking
from vla_ros.language.attachment import USER, Described, Unclear, sort_items
from vla_ros.language.english import COPULAS
from vla_ros.language.nouns import Noun
from vla_ros.language.tokens import Tokens

VERBS = frozenset(("say", "tell", "ask", "answer", "greet", "introduce", "count", "report", "show"))
_ACTS = frozenset(("greet", "introduce", "count", "answer", "report"))
"""Verbs after which "if …" is a condition, not something to be said."""
_ALWAYS_CONTENT = frozenset(("what", "how", "why"))
_GREETINGS = frozenset(("hello", "hi", "goodbye", "bye", "welcome", "good"))
_ANYTHING = "object"


class Speaking(Asking):
    """Meaning of speech verbs and questions with one lexicon and one conversation."""

    def steps(self, verb: str, tokens: Tokens, at: int, prefix: list[Item]) -> tuple[int, list[TaskStep]]:
        """(index after the clause, steps) for a speech verb whose arguments begin at ``at``. Raises Unclear."""
        limit = self.limit(tokens, at)
        if verb in ("tell", "ask") and self._only_addressed(tokens.words, at, limit):
            limit = self.limit(tokens, limit + 2)  # "tell Anna, over at the sofa, what day it is"
        if verb in _ACTS:
            borders = (self.reader.condition, self.reader.negation)
            limit = next((i for i in range(at, limit) if any(b(tokens.words, i) for b in borders)), limit)
        elif verb in ("tell", "show"):
            limit = self._asked_until(tokens.words, at, limit)
        words = tokens.words[:limit]
        method = getattr(self, f"_{verb}")
        return limit, [method(tokens, words, at, prefix)]

    def _only_addressed(self, words: list[str], at: int, limit: int) -> bool:
        """True when the clause up to ``limit`` names only whom to tell and a comma leads to what."""
        if words[limit : limit + 1] != [","] or words[limit + 1 : limit + 2] == [] or words[limit + 1] not in WH:
            return False
        person = self._person_end(words, at)
        return person > at and self._content_start(words[:limit], at) is None and words[at] not in ("me", "us")

    def question_starts(self, words: list[str], at: int) -> bool:
        """True when a question begins at ``at``."""
        if at >= len(words):
            return False
        if words[at] in WH or (words[at] in COPULAS and at + 1 < len(words)):
            return True
        return words[at : at + 3] in (["do", "you", "see"], ["do", "you", "know"], ["do", "you", "have"])

    def question(self, tokens: Tokens, at: int, prefix: list[Item]) -> tuple[int, list[TaskStep]]:
        """(index after the question, its step). Raises Unclear."""
        limit = self._asked_until(tokens.words, at, self.limit(tokens, at))
        return limit, [self._question(tokens, tokens.words[:limit], at, USER, prefix)]

    def tells(self, words: list[str], at: int) -> bool:
        """True for "(give) me the time": what follows is told, not handed over."""
        after = self._person_end(words, at)
        return any(
            (found := self._about(words, i)) and found[1] in ("time", "day", "date", "joke", "self")
            for i in (at, after)
        )

    def _asked_until(self, words: list[str], at: int, limit: int) -> int:
        """Where "how many …" from ``at`` to ``limit`` ends and "when …", "if …", "without …" says how to find out."""
        start = next((i for i in range(at, limit) if words[i : i + 2] == ["how", "many"]), limit)
        borders = (self.reader.condition, self.reader.negation)
        return next((i for i in range(start, limit) if any(b(words, i) for b in borders)), limit)

    def limit(self, tokens: Tokens, at: int) -> int:
        """Index where the clause that began before ``at`` ends."""
        words = tokens.words
        while at < len(words) and words[at] != ".":
            if words[at] in ("before", "after") and words[at + 1 : at + 2] == ["you"]:
                return at
            used = self.reader.separator(words, at)
            if used and words[at] != "to":
                after = self.reader.skip_separators(words, at)
                if after >= len(words) or self.reader.starts_clause(words, after):
                    return at
            at += 1
        return at

    # -- verbs --------------------------------------------------------------------------------------------

    def _say(self, tokens: Tokens, words: list[str], at: int, prefix: list[Item]) -> TaskStep:
        about = self._about(words, at)
        if about or (at < len(words) and words[at] in WH):
            return self._content(tokens, words, at, None, prefix)
        if at < len(words) and words[at] == "<quote>":
            return TaskStep("say", text=tokens.quotes[at], recipient=self._recipient(tokens, words, at + 1, prefix))
        end = at
        recipient: Referent | None = None
        for index in range(len(words) - 1, at, -1):
            if (
                words[index] == "to"
                and (found := self.reader.nouns.read(words, index + 1))
                and self._is_person(found[1])
            ):
                recipient = self._recipient(tokens, words, index, prefix)
                end = index
                break
        at += words[at : at + 1] == ["that"]
        text = tokens.text(at, end if recipient else len(words))
        if not text:
            raise Unclear("question", "What shall I say?")
        if words[at] in _GREETINGS and (recipient is not None or len(words) - at <= 2):
            return TaskStep("greet", recipient=recipient or self.context.person or USER, text=text)
        return TaskStep("say", text=text, recipient=recipient or self.context.person or USER)

    def _tell(self, tokens: Tokens, words: list[str], at: int, prefix: list[Item]) -> TaskStep:
        start = self._content_start(words, at)
        person_end = start if start is not None else self._person_end(words, at)
        recipient = self._recipient(tokens, words, at, prefix, person_end) if person_end > at else None
        if start is None and person_end >= len(words) and self.context.thing is not None:
            return TaskStep("report", about="result", object=self.context.thing, recipient=recipient or USER)
        if start is None and person_end >= len(words):
            who = (recipient or USER).words()
            raise Unclear("question", f"What shall I tell {who}?")
        at = person_end
        if words[at : at + 1] == ["to"] or words[at : at + 1] == ["that"]:
            text = tokens.text(at + 1, len(words))
            return TaskStep("say", text=text, recipient=recipient or USER)
        return self._content(tokens, words, at, recipient, prefix)

    def _report(self, tokens: Tokens, words: list[str], at: int, prefix: list[Item]) -> TaskStep:
        if words[at : at + 1] in (["me"], ["us"], ["to"]):
            return self._tell(tokens, words, at, prefix)
        if at >= len(words):
            return TaskStep("report", about="scene", recipient=USER)
        return self._content(tokens, words, at, USER, prefix)

    def _show(self, tokens: Tokens, words: list[str], at: int, prefix: list[Item]) -> TaskStep:
        return self._tell(tokens, words, at, prefix)

    def _introduce(self, tokens: Tokens, words: list[str], at: int, prefix: list[Item]) -> TaskStep:
        return TaskStep("report", about="self", recipient=self._recipient(tokens, words, at, prefix))

    def _greet(self, tokens: Tokens, words: list[str], at: int, prefix: list[Item]) -> TaskStep:
        return TaskStep("greet", recipient=self._recipient(tokens, words, at, prefix))

    def _ask(self, tokens: Tokens, words: list[str], at: int, prefix: list[Item]) -> TaskStep:
        end = self._content_start(words, at) or self._person_end(words, at)
        recipient = self._recipient(tokens, words, at, prefix, end)
        about = self._about(words, end) or self._property(words, end)
        text = tokens.text(end, len(words))
        return TaskStep("ask", recipient=recipient, text=text, about=about[1] if about else "")

    def _answer(self, tokens: Tokens, words: list[str], at: int, prefix: list[Item]) -> TaskStep:
        owner: Noun | None = None
        kept = Tokens()
        found = self.reader.nouns.read(words, at)
        if found and self._is_person(found[1]):
            owner = found[1]
        for index in range(at, len(words)):
            if words[index] not in ("question", "questions", "'s", "command", "whatever"):
                kept.add(words[index], tokens.raw[index])
        if owner is not None and owner.pronoun == "him":
            return TaskStep("answer", recipient=self.context.referent((owner, []), "person"))
        _, arguments = self.reader.read(kept, 0, stop_at_verbs=False)
        slots = sort_items([*arguments.items, *prefix])
        people: list[Described] = [n for n in slots.nouns if self._is_person(n[0])]
        people += [d for d in (slots.to, slots.beneficiary, slots.source) if d and self._is_person(d[0])]
        loose = [(w, n) for w, n in slots.loose if self._is_person(n) and w in ("of", "from", "at")]
        if people:
            person = (people[0][0], [*people[0][1], *[p for p in slots.loose if p not in loose]])
            return TaskStep("answer", recipient=self.context.referent(person, "person"))
        if loose:
            rest = slots.loose[slots.loose.index(loose[0]) + 1 :]
            return TaskStep("answer", recipient=self.context.referent((loose[0][1], rest), "person"))
        return TaskStep("answer", recipient=self.context.person or USER)

    def _count(self, tokens: Tokens, words: list[str], at: int, prefix: list[Item]) -> TaskStep:
        while words[at : at + 1] in (["how"], ["many"]):
            at += 1
        return self._counted(self._arguments(tokens, words, at, prefix), USER)

    # -- content ------------------------------------------------------------------------------------------

    def _content(
        self, tokens: Tokens, words: list[str], at: int, recipient: Referent | None, prefix: list[Item]
    ) -> TaskStep:
        about = self._about(words, at)
        if about:
            if recipient is None:
                recipient = self._recipient(tokens, words, at + about[0], prefix)
            elif recipient.kind == "person":
                recipient = self._placed(recipient, tokens, words, at + about[0])
            return TaskStep("report", about=about[1], recipient=recipient)
        if words[at] == "<quote>":
            return TaskStep("say", text=tokens.quotes[at], recipient=recipient or USER)
        if words[at] in ("if", "whether"):
            arguments = self._arguments(tokens, words, at + 1, prefix)
            return self._yes_no(words, at + 1, arguments, recipient or USER)
        return self._question(tokens, words, at, recipient or USER, prefix)

    # -- pieces -------------------------------------------------------------------------------------------

    def _recipient(
        self, tokens: Tokens, words: list[str], at: int, prefix: list[Item], end: int | None = None
    ) -> Referent:
        arguments = self._arguments(tokens, words[:end] if end is not None else words, at, [])
        slots = sort_items(arguments.items)
        found = slots.to or slots.first or slots.beneficiary
        if found is None:
            return self.context.person or USER if self.context.person and not slots.nouns else USER
        loose = [(i.word, i.noun) for i in prefix if i.kind == "pp" and i.noun is not None]
        return self.context.referent((found[0], [*found[1], *slots.loose, *loose]), "person")

    def _placed(self, person: Referent, tokens: Tokens, words: list[str], at: int) -> Referent:
        """The person with the place that is told after all: "tell Anna the time, she is in the kitchen"."""
        items = self._arguments(tokens, words, at, []).items
        places = [(i.word, i.noun) for i in items if i.kind == "pp" and i.noun is not None and i.noun.is_place]
        if not places or person.relations:
            return person
        told = self.context.referent((Noun(kind="object"), places)).relations
        return dataclasses.replace(person, relations=told)

    def _property(self, words: list[str], at: int) -> tuple[int, str] | None:
        for index in range(at, min(at + 5, len(words))):
            found = self.lexicon.match(words, index, "property")
            if found:
                return found[0], found[1].value
        return None

    def _content_start(self, words: list[str], at: int) -> int | None:
        """Where what is to be told begins, when a word says so."""
        for index in range(at, len(words)):
            word = words[index]
            before = words[index - 1] if index > at else ""
            if self._about(words, index) or word in _ALWAYS_CONTENT or word == "<quote>":
                return index
            if word in WH | {"if", "whether"} and before in ("", "me", "us"):
                return index
            if word == "that" and (before in ("me", "us", "him", "her", "them") or self._told(words, at, index)):
                return index
            named = self.lexicon.match(words, index - 1, "name") if index > at else None
            if word in ("that", "to") and named and index == at + 1:
                return index
            if word == "to" and index > at and self.reader.verb(words, index + 1) and self._person_end(words, at) > at:
                return index
        return None

    def _told(self, words: list[str], at: int, that: int) -> bool:
        """True when "that" at ``that`` begins what is told to the person described before it."""
        if that <= at + 1 or words[that + 1 : that + 2] == [] or words[that + 1] in COPULAS:
            return False
        found = self.reader.nouns.read(words[:that], at)
        if found is None or not self._is_person(found[1]):
            return False
        part = Tokens(words[:that], words[:that], [0] * that)
        end, arguments = self.reader.read(part, at, stop_at_verbs=False)
        return end == that and not arguments.unparsed

    def _person_end(self, words: list[str], at: int) -> int:
        """Index after the person at ``at`` ("me", "Anna"); ``at`` itself when something else is there."""
        found = self.reader.nouns.read(words, at)
        if found and self._is_person(found[1]):
            return found[0]
        return at

    @staticmethod
    def _is_person(noun: Noun) -> bool:
        return noun.is_person or noun.pronoun == "them" or bool(noun.unknown and not noun.determined)
