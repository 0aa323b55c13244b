"""Questions: what, which, who, where, how many, is there. Reads their arguments; speaking.py builds on it."""

from __future__ import annotations

import dataclasses

from vla_ros.core.task import Referent, TaskStep
from vla_ros.language.arguments import ArgumentReader, Arguments, Item
from vla_ros.language.attachment import Context, Unclear, sort_items
from vla_ros.language.english import COPULAS
from vla_ros.language.nouns import Noun
from vla_ros.language.tokens import Tokens

WH = frozenset(("what", "how", "why", "which", "who", "where", "whose"))


class Asking:
    """Meaning of questions with one lexicon and one conversation."""

    def __init__(self, reader: ArgumentReader, context: Context) -> None:
        self.reader = reader
        self.lexicon = reader.lexicon
        self.context = context
        self.unparsed: list[str] = []

    def _question(self, tokens: Tokens, words: list[str], at: int, recipient: Referent, prefix: list[Item]) -> TaskStep:
        about = self._about(words, at)
        if about:
            return TaskStep("report", about=about[1], recipient=recipient)
        if words[at : at + 1] in (["of"], ["about"], ["on"]):
            at += 1
        first = words[at] if at < len(words) else ""
        if words[at : at + 2] == ["how", "many"]:
            return self._counted(self._arguments(tokens, words, at + 2, prefix), recipient)
        if first in ("how", "why"):
            raise Unclear("unknown", "I can count, find and describe things, but I cannot answer that question.")
        if first == "do" and words[at + 1 : at + 2] == ["you"]:
            at += 2
            first = "is"
        if first in WH or first in COPULAS:
            at += 1
            if first in COPULAS and words[at : at + 1] == ["there"]:
                at += 1
        arguments = self._arguments(tokens, words, at, prefix)
        slots = sort_items(arguments.items)
        if first == "where":
            if not slots.nouns:
                raise Unclear("question", "Where is what?")
            noun, pps = slots.nouns[0]
            wants = "person" if noun.unknown and not noun.determined else "object"
            return TaskStep("find", object=self.context.referent((noun, [*pps, *slots.loose]), wants), about="place")
        if first in COPULAS:
            return self._yes_no(words, at, arguments, recipient)
        return self._asked(words, at, first, arguments, recipient)

    def _asked(self, words: list[str], at: int, first: str, arguments: Arguments, recipient: Referent) -> TaskStep:
        """What, which and who; also "the name of the person" after tell."""
        slots = sort_items(arguments.items)
        nouns = list(slots.nouns)
        about = "description" if words[at - 1 : at] == ["describe"] else "name"
        loose = list(slots.loose)
        kinds = [n for w, n in loose if w == "of"]
        if kinds and (not nouns or nouns[0][0].headless):  # "which of the books is the thickest"
            kinds[0].quantity = 1
            if nouns:
                kinds[0].describe(nouns.pop(0)[0])  # of three: "of the books, which are the three thickest"
            nouns, loose = [(kinds[0], [])], [p for p in loose if p[0] != "of"]
        if nouns and nouns[0][0].asks and not nouns[0][0].kind:
            noun, pps = nouns.pop(0)
            about = noun.asks
            owned = [*noun.pps, *pps]
            if owned and not nouns:
                nouns, owned = [(owned[0][1], owned[1:])], []
            loose += owned
            known = self.context.person or self.context.thing
            if not nouns and known is not None:
                about = "result" if about == "count" else about  # "count the cups and tell me the number"
                return TaskStep("report", object=known, about=about, recipient=recipient)
            if not nouns:
                raise Unclear("question", f"The {about} of what?")
        if first == "who" and not any(n.is_person for n, _ in nouns):
            posture = next(
                (m[1].value for i in range(at, len(words)) if (m := self.lexicon.match(words, i, "posture"))), ""
            )
            nouns = [(Noun(kind="person", category="person", quantity=-1, posture=posture), [])]
        if not nouns and loose:
            nouns = [(Noun(kind="object", quantity=-1), [])]
        if not nouns:
            raise Unclear("unknown", "I did not understand what you would like to know.")
        noun, pps = nouns[0]
        if noun.is_person and words[-1] == "doing":
            about = "pose"
        referent = self.context.referent((noun, [*pps, *loose]), "person" if noun.is_person else "object")
        if referent.kind == "place" and about in ("name", "description"):
            about = "scene"
        if about == "count":
            return TaskStep(
                "count", object=dataclasses.replace(referent, quantity=-1), about="number", recipient=recipient
            )
        return TaskStep("report", object=referent, about=about, recipient=recipient)

    def _yes_no(self, words: list[str], at: int, arguments: Arguments, recipient: Referent) -> TaskStep:
        slots = sort_items(arguments.items)
        if not slots.nouns:
            raise Unclear("unknown", "I did not understand what you would like to know.")
        noun, pps = slots.nouns[0]
        people = [n for n, _ in slots.nouns if n.is_person]
        if "male" in words[at:] or "female" in words[at:] or len(people) > 1:
            noun.attributes = [a for a in noun.attributes if a not in ("male", "female")]
            if len(people) > 1 or noun.category in ("man", "woman"):
                noun.category, noun.any_will_do = "person", True
            noun.posture = ""
            pps = [*pps, *(p for n, parts in slots.nouns[1:] for p in parts)]
            about = "gender"
        else:
            about = "presence"
        referent = self.context.referent((noun, [*pps, *slots.loose]), "person" if noun.is_person else "object")
        if about == "gender":
            return TaskStep("report", object=referent, about=about, recipient=recipient)
        if referent.kind == "place":
            asked = next((a for a in ("open", "closed") if a in referent.attributes), "")
            rest = tuple(a for a in referent.attributes if a != asked)
            named = dataclasses.replace(referent, attributes=rest)
            return TaskStep("report", object=named, about="state", text=asked, recipient=recipient)
        return TaskStep("find", object=referent, about=about)

    def _counted(self, arguments: Arguments, recipient: Referent) -> TaskStep:
        slots = sort_items(arguments.items)
        people = [n for w, n in slots.loose if w == "of"]
        if not slots.nouns and people:
            slots.nouns = [(people[0], [])]
        if not slots.nouns:
            raise Unclear("question", "What shall I count?")
        if slots.nouns[0][0].asks == "count" and (counted := [*slots.nouns[0][0].pps, *slots.nouns[0][1]]):
            slots.nouns[0] = (counted[0][1], counted[1:])
        # "of the people in the kitchen, how many are men": the kind that is asked for comes last
        noun, pps = slots.nouns[0]
        others = [n for n, _ in slots.nouns[1:]] + [n for w, n in slots.loose if w == "of"]
        for other in others:
            if other.is_person and noun.is_person and (noun.category == "person" or other.category == "person"):
                noun.category = other.category if noun.category == "person" else noun.category
        loose = [(w, n) for w, n in slots.loose if w != "of"]
        noun.quantity = -1
        referent = self.context.referent((noun, [*pps, *loose]), "person" if noun.is_person else "object")
        return TaskStep("count", object=referent, about="number", recipient=recipient)

    def _arguments(self, tokens: Tokens, words: list[str], at: int, prefix: list[Item]) -> Arguments:
        part = Tokens(words, tokens.raw[: len(words)], tokens.edits[: len(words)], tokens.quotes)
        _, arguments = self.reader.read(part, at, stop_at_verbs=False, prefix=prefix)
        self.unparsed += arguments.unparsed
        nouns = 0
        for item in arguments.items:
            if item.kind == "np" and item.noun is not None:
                if nouns and item.noun.pronoun in ("there", "here"):
                    item.kind, item.word = "pp", "at"  # "the person there"
                nouns += 1
        return arguments

    def _about(self, words: list[str], at: int) -> tuple[int, str] | None:
        for skip in (0, 1) if words[at : at + 1] in (["about"], ["of"]) else (0,):
            found = self.lexicon.match(words, at + skip, "about")
            if found:
                return found[0] + skip, found[1].value
        return None
