"""The owner's words (config/words.yaml) as checked values. Imports core; the Lexicon is built from them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vla_ros.core.config import load_dataclass, param
from vla_ros.core.errors import ConfigError

Phrases = tuple[str, ...]
Table = dict[str, Phrases]


def _table(description: str) -> Table:
    return dataclasses.field(default_factory=dict, metadata=param(None, description).metadata)  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True)
class Words:
    """Lists of words and phrases by meaning. Every key may be left out; several files are joined by ``merged``."""

    include: Phrases = param((), "further words files, named relative to this one")
    verbs: Table = _table("what the robot can be told to do: kind of verb -> phrases")
    fillers: Phrases = param((), "words that change nothing: politeness, hesitation")
    robot_names: Phrases = param((), "how the robot is called")
    things: Phrases = param((), "words for any object")
    colors: Table = _table("colour -> words")
    attributes: Table = _table("adjective -> words")
    superlatives: Table = _table("superlative -> phrases")
    postures: Table = _table("posture of a person -> phrases")
    clothes: Phrases = param((), "what a person may wear")
    persons: Table = _table("kind of person -> words")
    person_plurals: dict[str, str] = dataclasses.field(default_factory=dict)
    males: Phrases = param((), "kinds of person that are male")
    females: Phrases = param((), "kinds of person that are female")
    objects: Table = _table("further kinds of objects -> synonyms")
    furniture: Table = _table("category of furniture -> other words")
    rooms: Table = _table("room of the floor plan -> other words")
    names: Phrases = param((), "further names of people")
    insides: Phrases = param((), "categories that things are in, not on")
    other_rooms: Phrases = param((), "words for rooms that a home may lack")
    other_furniture: Phrases = param((), "words for furniture that a home may lack")
    other_objects: Phrases = param((), "words for things that the catalog may lack")
    other_names: Phrases = param((), "given names of people who may be unknown here")
    placeholders: dict[str, str] = dataclasses.field(default_factory=dict)
    """Stand-ins for a whole class in anonymised text -> the part of speech they are read as."""
    pourables: Phrases = param((), "what is poured, not placed, into a vessel")
    vessels: Phrases = param((), "what such things are poured into")
    real_words: Phrases = param((), "words that are never taken for typing errors")
    manners: Table = _table("slow, fast, careful -> phrases")
    abouts: Table = _table("what a report is about -> phrases")
    properties: Table = _table("property of a thing or person -> words")
    cannot: Table = _table("what the robot has no skill for -> verbs")
    hazards: Table = _table("kind of hazard -> words")
    confidence: dict[str, float] = dataclasses.field(default_factory=dict)
    """Weights of confidence.py, for an open world."""
    sayings: Table = _table("a command -> other ways to say it; {thing}, {who}, {place} and {any} are open")
    refusals: Table = _table("kind of harm, or the sentence to be said -> wordings that are refused")
    offers: Table = _table("a command -> remarks after which the robot offers it; open places as in sayings")

    @classmethod
    def load(cls, paths: str | Path | Sequence[str | Path]) -> Words:
        """Reads one or several files; later ones add to earlier ones. Raises ConfigError."""
        listed = [paths] if isinstance(paths, (str, Path)) else list(paths)
        words = cls()
        for path in listed:
            read = load_dataclass(cls, path)
            words = words.merged(read)
            for name in read.include:
                further = load_dataclass(cls, Path(path).parent / name)
                if further.include:
                    raise ConfigError(f"{name}: include", further.include, "Only the first file may include others.")
                words = words.merged(further)
        return words

    def merged(self, other: Words) -> Words:
        """Both together: lists are joined key by key."""
        values: dict[str, object] = {}
        for field in dataclasses.fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            if isinstance(mine, tuple):
                values[field.name] = tuple(dict.fromkeys((*mine, *theirs)))
            else:
                joined = dict(mine)
                for key, value in theirs.items():
                    old = joined.get(key, ())
                    single = isinstance(value, (str, float, int))
                    joined[key] = value if single else tuple(dict.fromkeys((*old, *value)))
                values[field.name] = joined
        return Words(**values)  # type: ignore[arg-type]
