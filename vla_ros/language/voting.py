"""Two opinions on one command: the grammar's Task, and the skeleton that the trained voter believes in.

Where they agree, the grammar's Task stands and is surer. Where they do not, the likelier one is taken, after weights
that were fitted on commands which neither had seen (benchmarks/gpsr/train_voter.py). The voter speaks only for an
open world, where its training holds, and never where a misreading could do harm: refusals, commands that act at once,
conditions, negations, choices and manners, several orders in one sentence, and deeds it does not know stay as the
grammar read them. Imports its siblings.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vla_ros.core.errors import ConfigError
from vla_ros.core.task import Referent, Task
from vla_ros.language.confidence import evidence
from vla_ros.language.filling import Filler
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.parser import GrammarParser
from vla_ros.language.readings import fluent
from vla_ros.language.recurrent import Recurrent
from vla_ros.language.skeletons import Skeleton, skeleton_of_task
from vla_ros.language.tokens import tokenize
from vla_ros.language.voter import Vote, Voter, class_words

ON_THE_WAY = frozenset(("go", "find", "look", "pick"))
DEEDS = frozenset(("bring", "place", "pour", "count", "report", "say", "answer", "ask", "follow", "guide"))
GUARDED = frozenset((
    "not", "no", "never", "without", "unless", "if", "until", "till", "except", "but", "or", "when", "whenever",
    "while", "instead", "avoid", "stop", "halt", "freeze", "cancel", "wait", "pause", "slowly", "carefully", "quickly",
    "gently", "fast", "every", "each", "both", "either", "neither", "nor", "rather", "always", "again", "undo",
))  # fmt: skip
"""Words that a skeleton has no room for: a command with one of them is left to the grammar."""
CANDIDATES = 4
_LEAST = 1e-4
_ALONE = 0.9
"""So likely must a skeleton be to become a task where the grammar has only a question."""
_ASKED = frozenset(("count", "which", "name", "gender", "pose"))
_SPOKEN = _ASKED | {"tell", "answer"}
_BEGINNINGS = frozenset(("what", "which", "who", "how", "of"))
_LOWEST, _HIGHEST = 0.02, 0.99
TRUST = ("vote", "own", "foreign", "doubt", "none", "steps", "quality", "superlative")
SURE = ("bias", "chance", "agree", "top", "doubt", "length", "choice", "beside")


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to understand a command: the Task, its skeleton, and how much speaks for it (fits TRUST)."""

    task: Task
    skeleton: Skeleton | None
    reasons: tuple[float, ...]
    own: bool


def choices(task: Task, votes: Sequence[Vote], filler: Filler, lexicon: Lexicon, tokens_of: str) -> list[Choice]:
    """The grammar's Task and those that the voter's likeliest skeletons become with the words of the command."""
    own = skeleton_of_task(task)
    chance = dict(votes)
    foreign = own not in chance
    hard = evidence(task, lexicon) if task.kind == "task" else {"doubt": 0.0, "steps": 0.0}
    shape = str(own)
    vote = 0.0 if foreign else math.log(max(_LEAST, chance[own]))
    reasons = (vote, 1.0, float(foreign), hard["doubt"], float(own is None), hard["steps"],
               float("quality" in shape), float("superlative" in shape))  # fmt: skip
    out = [Choice(task, own, reasons, True)]
    tokens = fluent(tokenize(tokens_of, lexicon.speller), lexicon.speller)
    for skeleton, p in votes[:CANDIDATES]:
        if skeleton is None or skeleton == own or (own is not None and skeleton.slots() < own.slots()):
            continue  # what the grammar heard of whom and where is never left out
        filled = filler.fill(skeleton, tokens, task if task.kind == "task" else None)
        if filled is not None:
            filled = dataclasses.replace(filled, text=task.text)
            out.append(Choice(filled, skeleton, (math.log(max(_LEAST, p)), *([0.0] * (len(TRUST) - 1))), False))
    return out


def weigh(found: Sequence[Choice], trust: np.ndarray) -> np.ndarray:
    """(n,) chances of the choices among themselves, by weights as TRUST names them."""
    score = np.array([c.reasons for c in found]) @ trust
    chances = np.exp(score - score.max())
    return np.asarray(chances / chances.sum())


def decide(
    found: Sequence[Choice], chances: np.ndarray, votes: Sequence[Vote], words: Sequence[str], lexicon: Lexicon
) -> Choice:
    """The likeliest choice; where the grammar sees no task, only one that the voter is sure of.

    In place of the grammar's question may stand something to be said, or what a sentence orders that begins with a
    verb: "she went to the garden" orders nothing. What the grammar did not understand at all can only become a
    question that the robot answers, never something that it does.
    """
    best = found[int(chances.argmax())]
    grammar = found[0].task
    if best.own or grammar.kind == "task" or best.skeleton is None:
        return best
    if votes[0][0] != best.skeleton or votes[0][1] < _ALONE:
        return found[0]
    at = 0
    while at < len(words) and (filler := lexicon.match(words, at, "filler", "robot")):
        at += filler[0]
    ordered = lexicon.match(words, at, "verb") is not None
    if grammar.kind == "question":
        return best if ordered or best.skeleton.deed in _SPOKEN else found[0]
    asked = ordered or (at < len(words) and words[at] in _BEGINNINGS)
    return best if asked and best.skeleton.deed in _ASKED else found[0]


def sureness(
    found: Sequence[Choice], chances: np.ndarray, best: Choice, votes: Sequence[Vote], lexicon: Lexicon
) -> np.ndarray:
    """(len(SURE),) what tells how sure ``best`` is."""
    own = found[0].task
    agree = best.own and votes[0][0] == best.skeleton
    hard = evidence(own if own.kind == "task" else best.task, lexicon)
    doubt = hard["doubt"] if own.kind == "task" else 4.0
    margin = math.log(max(_LEAST, float(chances.max())) / max(_LEAST, 1.0 - float(chances.max())))
    top = math.log(max(_LEAST, votes[0][1]))
    return np.array([1.0, margin, float(agree), top, doubt, hard["length"], hard["choice"], hard["beside"]])


def left_to_grammar(task: Task, words: Sequence[str]) -> bool:
    """True when the voter has no say: see the module's text."""
    if task.kind == "refusal" or GUARDED & set(words):
        return True
    deeds = [s.skill for s in task.steps if s.skill not in ON_THE_WAY]
    if not set(deeds) <= DEEDS or len(deeds) > 1:
        return True
    for step in task.steps:
        if step.negated or step.condition or step.manner or step.distance_m or step.angle_rad or step.duration_s:
            return True
        if any(r is not None and _excluding(r) for r in (step.object, step.source, step.destination, step.recipient)):
            return True
    return False


def _excluding(referent: Referent) -> bool:
    return bool(referent.not_attributes) or any(_excluding(r.referent) for r in referent.relations)


class VotingParser(GrammarParser):
    """The grammar and the voter together, for an open world. Stateless between calls."""

    def __init__(self, lexicon: Lexicon, voter: Voter) -> None:
        super().__init__(lexicon, open_world=True)
        if voter.trust.shape != (len(TRUST),) or voter.sure.shape != (len(SURE),):
            raise ConfigError("voter", voter.trust.shape, f"Train it anew: it needs {len(TRUST)} weights of trust.")
        self._voter = voter
        self._filler = Filler(lexicon, self.reader)

    def parse(self, text: str, previous: Task | None = None) -> Task:
        """The Task for ``text``, as of GrammarParser, with the voter's opinion where it has one."""
        grammar = self.read(text, previous)
        words = tokenize(text, self.lexicon.speller).words if previous is None and len(text) <= 400 else []
        if not words or left_to_grammar(grammar, words):
            return self.sure(grammar)
        votes = self._voter.votes(class_words(words, self.lexicon))
        found = choices(grammar, votes, self._filler, self.lexicon, text)
        chances = weigh(found, self._voter.trust)
        best = decide(found, chances, votes, words, self.lexicon)
        if best.task.kind != "task":
            return self.sure(grammar)
        score = float(sureness(found, chances, best, votes, self.lexicon) @ self._voter.sure)
        confidence = min(_HIGHEST, max(_LOWEST, 1.0 / (1.0 + math.exp(-score))))
        return dataclasses.replace(best.task, confidence=round(confidence, 3))


def open_world_parser(lexicon: Lexicon) -> VotingParser:
    """The parser of ``vla parse`` for things, places and people that need not be here, with the shipped voter."""
    return VotingParser(lexicon, Voter.load(recurrent=Recurrent.load()))
