"""The people of a home, as words and looks: whom "me", "Tom" or "the man in the orange shirt" may mean.

Read from config/people.yaml. Language takes its names from it, planning recognises the user by the shirt, the
simulator builds its figures. Where a person stands is for perception (or the simulator's seed) to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vla_ros.core.config import load_dataclass, param
from vla_ros.core.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Person:
    """One person."""

    name: str = param(description="unique lower-case name; the user's is what goals call them")
    shirt_color: str = param(description="colour name by which perception tells people apart")
    user: bool = param(False, "true for the one who gives the commands")
    child: bool = param(False, "true for whom nothing dangerous is brought to")
    gender: str = param("", "for words such as 'the man'", choices=("", "female", "male"))
    posture: str = param("standing", "how the figure stands", choices=("standing", "walking"))
    synonyms: tuple[str, ...] = param((), "other words for this person")


@dataclass(frozen=True, kw_only=True)
class People:
    """Everybody. Raises ConfigError for doubled words and more than one user."""

    people: tuple[Person, ...] = param((), "one entry a person")

    def __post_init__(self) -> None:
        seen: dict[str, str] = {}
        for person in self.people:
            for word in (person.name, *person.synonyms):
                if word in seen:
                    raise ConfigError(f"people.{person.name}", word, f"The word already stands for {seen[word]}.")
                seen[word] = person.name
        users = [p.name for p in self.people if p.user]
        if len(users) > 1:
            raise ConfigError("people.user", users, "Mark only one person as the user.")

    @classmethod
    def load(cls, path: str | Path) -> People:
        """Reads and checks a people file."""
        return load_dataclass(cls, path)

    @property
    def user(self) -> Person | None:
        """The one who gives the commands, or None."""
        return next((p for p in self.people if p.user), None)

    def person(self, word: str) -> Person | None:
        """The person of that name or synonym, None when unknown."""
        return next((p for p in self.people if word == p.name or word in p.synonyms), None)
