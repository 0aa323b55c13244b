"""What language understood: Task, its steps and what they refer to. See docs for the JSON form.

Made by language, read by planning. Plain values: no grounding, no poses. The skills are a closed set, so
that the planner can say at once what it cannot do.
"""

from __future__ import annotations

from dataclasses import dataclass

SKILLS = (
    "go", "follow", "guide", "find", "look", "pick", "place", "bring", "open", "close", "push", "pull",
    "pour", "wipe", "switch_on", "switch_off", "say", "answer", "greet", "ask", "count", "report", "wait",
    "stop", "pause", "resume", "cancel", "repeat", "undo",
)  # fmt: skip
REFERENT_KINDS = ("object", "person", "place", "user", "robot", "self")
RELATIONS = (
    "on", "in", "under", "above", "left_of", "right_of", "in_front_of", "behind", "beside", "between",
    "near", "at", "from",
)  # fmt: skip
TASK_KINDS = ("task", "question", "refusal", "unknown")
CONDITION_WORDS = ("if", "when", "until", "unless")
IMMEDIATE_SKILLS = ("stop", "pause", "resume", "cancel")
"""Skills that act at once, whatever is running."""


@dataclass(frozen=True, slots=True)
class Relation:
    """``predicate`` of RELATIONS to another referent: (the cup) on (the kitchen table)."""

    predicate: str
    referent: Referent


@dataclass(frozen=True, slots=True)
class Referent:
    """Something a sentence speaks of. ``quantity`` -1 means all. Empty strings mean: not said."""

    kind: str
    category: str = ""
    name: str = ""
    attributes: tuple[str, ...] = ()
    superlative: str = ""
    quantity: int = 1
    relations: tuple[Relation, ...] = ()
    posture: str = ""
    not_attributes: tuple[str, ...] = ()

    def words(self) -> str:
        """The referent as a person would say it: "the red cup on the kitchen table"."""
        if self.kind == "user":
            return "you"
        if self.kind in ("robot", "self"):
            return "myself"
        if self.name:
            return self.name
        noun = (self.category or self.kind).replace("_", " ")
        article = "any" if "any" in self.attributes else "the"
        said = [a for a in self.attributes if a != "any"]
        adjectives = [self.superlative.replace("_", " "), *said, self.posture]
        negated = [f"not {a}" for a in self.not_attributes]
        text = " ".join([article, *filter(None, adjectives), noun, *negated])
        for relation in self.relations:
            text += f" {relation.predicate.replace('_', ' ')} {relation.referent.words()}"
        return text


@dataclass(frozen=True, slots=True)
class TaskStep:
    """One thing to do. ``after`` holds indices of steps that must be done first."""

    skill: str
    object: Referent | None = None
    source: Referent | None = None
    destination: Referent | None = None
    destination_relation: str = ""
    """How the object shall end up at the destination: on, in, beside … ("" = whatever suits it)."""
    recipient: Referent | None = None
    text: str = ""
    about: str = ""
    count: int = 0
    manner: str = ""
    """"slow", "fast", "careful" or "": scales speed, never above the limits."""
    distance_m: float = 0.0
    angle_rad: float = 0.0
    duration_s: float = 0.0
    condition: tuple[str, str] | None = None
    """(one of CONDITION_WORDS, predicate in words)"""
    after: tuple[int, ...] = ()
    negated: bool = False
    """True: a constraint ("don't go into the bedroom"), never something to do."""


@dataclass(frozen=True, slots=True)
class Task:
    """The language stage's whole answer to one sentence."""

    text: str
    kind: str
    confidence: float = 0.0
    question: str = ""
    reason: str = ""
    steps: tuple[TaskStep, ...] = ()
    command_id: str = ""
