"""One sentence on its way to a Task: clause by clause, with what was said before in it.

Fillers and conditions first, then the verb, whose frame (frames.py, speaking.py) reads the arguments; sequence.py
joins the steps. Made anew by the parser for every sentence. Imports core and its siblings; raises Unclear.
"""

from __future__ import annotations

import dataclasses
from typing import Protocol

from vla_ros.core.task import IMMEDIATE_SKILLS, Referent, Relation, Task, TaskStep
from vla_ros.language.arguments import ArgumentReader, Item
from vla_ros.language.attachment import Context, Unclear, sort_items
from vla_ros.language.borders import simultaneous
from vla_ros.language.english import COPULAS
from vla_ros.language.frames import IMMEDIATE, Frames
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.nouns import Noun
from vla_ros.language.sequence import Piece, arrange
from vla_ros.language.speaking import VERBS as SPEECH_VERBS
from vla_ros.language.speaking import Speaking
from vla_ros.language.tokens import Tokens

EXAMPLE = "Say for example: 'bring me the red cup from the kitchen table'."
_ASKING = frozenset(("could", "can", "would", "will", "may"))
_FORBIDDING = frozenset(("without", "not", "never", "avoid"))
"""What follows one of these is not to be done: when it is not understood, nothing is done."""


class Tools(Protocol):
    """What a sentence needs of its parser."""

    lexicon: Lexicon
    open_world: bool

    @property
    def reader(self) -> ArgumentReader:
        """The argument reader."""


def _with_place(step: TaskStep, found: Referent) -> TaskStep:
    """The step with ``found``'s relations on the referent that is the same apart from them."""
    bare = dataclasses.replace(found, relations=())
    if step.object is not None and dataclasses.replace(step.object, relations=()) == bare:
        return dataclasses.replace(step, object=found)
    if step.recipient is not None and dataclasses.replace(step.recipient, relations=()) == bare:
        return dataclasses.replace(step, recipient=found)
    return step


class Sentence:
    """One parse: the tokens, the conversation's context and the pieces found so far."""

    def __init__(self, parser: Tools, tokens: Tokens, text: str, previous: Task | None) -> None:
        self.text = text
        self.tokens = tokens
        self.words = tokens.words
        self.reader = parser.reader
        self.lexicon = parser.lexicon
        self.context = Context(parser.lexicon, parser.open_world)
        for step in previous.steps if previous else ():
            for referent in (step.recipient, step.destination, step.object):
                self.context.remember(referent)
        self.frames = Frames(parser.lexicon, self.context)
        self.speaking = Speaking(parser.reader, self.context)
        self.pieces: list[Piece] = []
        self.unparsed: list[str] = []
        self.condition: tuple[str, str] | None = None
        self.prefix: list[Item] = []
        self.mentioned: Referent | None = None
        self.before: int | None = None
        self.meanwhile = False

    def task(self) -> Task:
        """The Task of the whole sentence. Raises Unclear when it is none."""
        try:
            return self._task()
        except Unclear:
            first = self.pieces[0].steps[0] if self.pieces and self.pieces[0].steps else None
            if first is None or first.skill not in IMMEDIATE_SKILLS or first.negated:
                raise
            # "stop, or …": whatever follows, the robot stops.
            return Task(self.text, "task", 0.8, steps=(first,))

    def _task(self) -> Task:
        at = 0
        while at < len(self.words):
            if self.words[at] == ".":
                self.condition, at = None, at + 1
                continue
            after = self._skip(at)
            if after >= len(self.words) or self.words[after] == ".":
                at = max(after, at + 1)
                continue
            self.meanwhile |= bool(self.pieces) and simultaneous(self.words, at, after)
            at = max(self._clause(after), after + 1)
        steps = arrange(self.pieces)
        if not steps:
            self._nothing()
        return Task(self.text, "task", self._confidence(steps), steps=steps)

    def _skip(self, at: int) -> int:
        return self.reader.skip_separators(self.words, at)

    def _nothing(self) -> None:
        if self.mentioned is not None:
            raise Unclear("question", f"What shall I do with {self.mentioned.words()}?", 0.8)
        words = " ".join(self.unparsed[:6])
        reason = f"I did not understand '{words}'. " if words else "I did not find anything to do in it. "
        raise Unclear("unknown", reason + EXAMPLE)

    def _confidence(self, steps: tuple[TaskStep, ...]) -> float:
        unparsed = [*self.unparsed, *self.speaking.unparsed]
        lost = next((w for w in unparsed if w in _FORBIDDING), "")
        if lost and steps[0].skill not in IMMEDIATE.values():
            raise Unclear("unknown", f"I did not understand what I shall not do ('{lost}'). Please say it again.", 0.7)
        edits = sum(0.07 if e == 1 else 0.15 for e in self.tokens.edits if e)
        immediate = steps[0].skill in IMMEDIATE.values()
        confidence = 0.97 - edits - 0.14 * len(unparsed) - 0.12 * self.context.guesses
        if confidence < 0.45 and not immediate:
            words = ", ".join(f"'{w}'" for w in unparsed[:4])
            reason = f"I did not understand {words}." if words else "I am not sure of some words."
            raise Unclear("unknown", f"I understood only a part of it. {reason} Please say it in other words.", 0.7)
        return round(max(0.3, confidence), 3)

    # -- clauses ------------------------------------------------------------------------------------------

    def _clause(self, at: int) -> int:
        """Reads one clause at ``at``; returns the index after it."""
        condition = self.reader.condition(self.words, at)
        if condition:
            return self._condition(at, *condition)
        if self.words[at] in ("otherwise", "else") and self.pieces and self.pieces[-1].steps[-1].condition:
            word, predicate = self.pieces[-1].steps[-1].condition
            self.condition = ("unless" if word in ("if", "when") else "if", predicate)
            return at + 1
        if self.words[at] in ("before", "after") and (sub := self._sub_clause(at + 1)):
            return self._ordered(self.words[at], sub)
        stated = self._statement(at)
        if stated is not None:
            return stated
        manner = self.lexicon.match(self.words, at, "manner")
        verb = self.lexicon.match(self.words, at + manner[0], "verb") if manner else None
        plain = verb is not None and verb[1].value not in IMMEDIATE
        if manner and plain and not self.reader.nouns_only(self.words, at + manner[0]):
            self.prefix.append(Item("manner", word=manner[1].value))
            return at + manner[0]
        negation = self.reader.negation(self.words, at)
        if negation:
            return self._verb_clause(at + negation, negated=True)
        if self.speaking.question_starts(self.words, at) and not self.reader.verb(self.words, at):
            end, steps = self.speaking.question(self.tokens, at, self._take_prefix())
            self._add(steps)
            return end
        if self.reader.verb(self.words, at) and not (self.reader.nouns_only(self.words, at) and at > 0):
            return self._verb_clause(at)
        return self._no_verb(at)

    def _condition(self, at: int, used: int, word: str) -> int:
        start = at + used
        sub = self._sub_clause(start) if word == "when" else None
        if sub is not None:
            return sub  # "when you get to the kitchen, …" is first of all a thing to do
        having = self._having(start) if word == "when" else None
        if having is not None:
            return having
        end = self._predicate_end(start)
        last = end
        while last > start + 1 and self.words[last - 1] in ("and", "then"):
            last -= 1
        predicate = self.tokens.text(start, last)
        self._remember_mentioned(start, end)
        if word == "until" or (self.pieces and self._ends_sentence(end)):
            if self.pieces:
                piece = self.pieces[-1]
                piece.steps = [dataclasses.replace(s, condition=(word, predicate)) for s in piece.steps]
        else:
            self.condition = (word, predicate)
        return end

    def _having(self, start: int) -> int | None:
        """ "once you have the cup, …" is first of all something to pick up."""
        if self.words[start : start + 2] != ["you", "have"]:
            return None
        end, arguments = self.reader.read(self.tokens, start + 2)
        if not any(i.kind == "np" for i in arguments.items):
            return None
        self._add(self.frames.steps("pick", arguments.items), "pick")
        return end

    def _remember_mentioned(self, start: int, end: int) -> None:
        """ "if you see a red cup, bring it": the condition's nouns can be pointed at."""
        for at in range(start, end):
            found = self.reader.nouns.read(self.words[:end], at, allow_unknown=False)
            if found and found[1].kind in ("object", "person") and found[1].category and not found[1].absent:
                self.context.referent((found[1], []))
                return

    def _ends_sentence(self, at: int) -> bool:
        after = self._skip(at)
        return after >= len(self.words) or self.words[after] == "."

    def _predicate_end(self, start: int) -> int:
        at = start
        while at < len(self.words) and self.words[at] not in (",", ".", "then"):
            before = self.words[at - 1] if at > start + 1 else ""
            verb = self.lexicon.match(self.words, at, "verb") if at > start + 1 else None
            others = self.lexicon.match(self.words, at, "attribute", "posture", "object", "furniture", "room", "color")
            if verb and not others and before not in ("to", "the", "a", "you", "i", "is", "are", "not", "say", "tell"):
                return at
            at += 1
        return at

    def _sub_clause(self, start: int) -> int | None:
        """Reads "you get to the kitchen" after when, before or after; None when it is no such clause."""
        at = start
        while at < len(self.words) and self.words[at] in ("you", "have", "are", "had"):
            if self.words[at] == "have" and self.reader.verb(self.words, at):
                break  # "have a look"
            at += 1
        if (
            at >= len(self.words)
            or not self.reader.verb(self.words, at)
            or (at == start and self.words[start - 1] in ("when", "if"))
        ):
            return None
        return self._verb_clause(at)

    def _ordered(self, word: str, end: int) -> int:
        sub = self.pieces.pop() if self.pieces else None
        if sub is None:
            return end
        leading = not self.pieces
        if word == "after":
            self.pieces.insert(len(self.pieces) if leading else len(self.pieces) - 1, sub)
            return end
        if not leading:
            self.pieces.append(sub)  # "open the door before you go": already in order
            return end
        after = self._skip(end)
        if after < len(self.words):
            end = self._clause(after)
        self.pieces.append(sub)
        return end

    def _verb_clause(self, at: int, negated: bool = False) -> int:
        found = self.reader.verb(self.words, at)
        if found is None:
            return at + 1
        used, entry = found
        after = at + used
        if entry.part in ("verb", "verb_form") and entry.value in ("go", "come", "turn"):
            inner = after + 1 if self.words[after : after + 1] == ["and"] else after
            if self.words[after - 1] in ("go", "come", "going") and self.reader.verb(self.words, inner):
                return self._verb_clause(inner, negated)
        if entry.value in ("find", "meet", "pick") and self._verb_follows_and(after):
            return self._verb_clause(after + 1, negated)  # "find and bring me …": bringing finds it
        if entry.part == "cannot" and not negated:
            raise Unclear("refusal", f"I cannot {entry.value}. I can fetch, carry, find, look, count, guide and talk.")
        if entry.part == "cannot":
            return self._limit(after)
        verb = entry.value
        if verb in ("give", "find") and self.speaking.tells(self.words, after):
            verb = "tell"
        if verb == "show" and "way" in self.words[after : self._limit(after)]:
            verb = "guide"
        if verb == "find" and self.speaking.question_starts(self.words, after):
            verb = "tell"
        if verb in SPEECH_VERBS:
            end, steps = self.speaking.steps(verb, self.tokens, after, self._take_prefix())
        else:
            end, arguments = self.reader.read(self.tokens, after)
            self.unparsed += [] if verb in IMMEDIATE else arguments.unparsed
            if arguments.choice and verb not in IMMEDIATE:
                raise Unclear("question", "You said 'or': which of them do you mean?")
            spoken = [Item("particle", word=w) for w in self.words[at:after]] if verb == "put" else []
            steps = self.frames.steps(verb, [*arguments.items, *self._take_prefix(), *spoken])
            if negated and verb in ("stop", "pause"):
                steps, negated = [TaskStep("resume")], False
        if verb in ("find", "meet") and self._told_where(at, steps):
            return max(end, after)
        self._add(steps, verb, negated)
        return max(end, after)

    def _statement(self, at: int) -> int | None:
        """ "he is at the bar", "Anna is in the kitchen": who was or will be spoken of is there."""
        found = self.reader.nouns.read(self.words, at)
        if found is None or found[0] >= len(self.words) or self.words[found[0]] not in COPULAS:
            return None
        noun = found[1]
        if not (noun.pronoun in ("him", "them", "it") or noun.name or noun.proper) or noun.pps:
            return None
        end, arguments = self.reader.read(self.tokens, found[0] + 1)
        places = [(i.word, i.noun) for i in arguments.items if i.kind == "pp" and i.noun is not None]
        if not places or len(places) < len(arguments.items) or arguments.unparsed or not places[0][1].is_place:
            return None
        wants = "object" if noun.pronoun == "it" else "person"
        who = self.context.referent((noun, places), wants)
        self.context.remember(who)
        if self.pieces:
            who = dataclasses.replace(who, relations=self._places(places))
            for piece in self.pieces:
                piece.steps = [_with_place(step, who) for step in piece.steps]
        return end

    def _places(self, places: list[tuple[str, Noun]]) -> tuple[Relation, ...]:
        return self.context.referent((Noun(kind="object"), places)).relations

    def _told_where(self, at: int, steps: list[TaskStep]) -> bool:
        """ "…, you will find her at the desk" only says where somebody of the step before is; that is added to it."""
        spoken = self.words[max(0, at - 3) : at]
        if not self.pieces or "you" not in spoken or spoken[-1] == "you" or spoken[0] in _ASKING:
            return False
        found = steps[0].object
        if found is None or not found.relations:
            return False
        last = self.pieces[-1]
        last.steps = [_with_place(step, found) for step in last.steps]
        return True

    def _verb_follows_and(self, at: int) -> bool:
        words = self.words
        if words[at : at + 1] != ["and"] or self.reader.verb(words, at + 1) is None:
            return False
        return not self.reader.nouns_only(words, at + 1)

    def _limit(self, at: int) -> int:
        return self.speaking.limit(self.tokens, at)

    def _no_verb(self, at: int) -> int:
        """A phrase before its command: "from the kitchen, bring …", "the red cup, bring it to me"."""
        if self.words[at : at + 2] in (["there", "is"], ["there", "are"]):
            at += 2
        end, arguments = self.reader.read(self.tokens, at)
        group = arguments.items[0] if arguments.items else None
        asked = self.speaking.question_starts(self.words, self._skip(end))
        grouped = group is not None and group.word in ("of", "from") and not asked
        if grouped and group is not None and group.noun is not None and group.noun.plural:
            where = [(i.word, i.noun) for i in arguments.items[1:] if i.kind == "pp" and i.noun is not None]
            self.context.group = self.context.referent((group.noun, where))
            return max(end, at + 1)
        if arguments.items and not any(i.kind == "np" for i in arguments.items):
            only_manner = all(i.kind == "manner" for i in arguments.items)
            if only_manner and self.pieces:
                word = arguments.items[-1].word
                last = self.pieces[-1]
                last.steps = [dataclasses.replace(s, manner=word) for s in last.steps]
            else:
                self.prefix += arguments.items
        else:
            slots = sort_items(arguments.items)
            source = [("from", slots.source[0])] if slots.source is not None else []
            for noun, pps in slots.nouns:
                pps = [*pps, *slots.loose, *source]
                if noun.unknown and not noun.determined and self.context.open_world:
                    self.unparsed += noun.unknown.split()
                elif not noun.headless and noun.kind not in ("user", "robot"):
                    self.mentioned = self.context.referent((noun, pps), "person" if noun.is_person else "object")
                    if self.pieces and self._ends_sentence(end):
                        self.context.guesses += 2  # something was said of it that nothing here understands
        self.unparsed += arguments.unparsed
        return max(end, at + 1)

    def _take_prefix(self) -> list[Item]:
        prefix, self.prefix = self.prefix, []
        return prefix

    def _add(self, steps: list[TaskStep], verb: str = "", negated: bool = False) -> None:
        if self.condition is not None:
            steps = [dataclasses.replace(s, condition=self.condition) for s in steps]
        if negated:
            steps = [dataclasses.replace(s, negated=True) for s in steps]
        self.pieces.append(Piece(verb, steps, self.meanwhile))
        self.meanwhile = False
