"""The kinds of things the robot knows: words, sizes, shapes, how to grasp them. From config/objects.yaml.

One table for everybody: language takes its nouns from it, perception its prototypes, planning its grasps
and hazards, the simulator its objects. A robot owner adds a line, no code.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vla_ros.core.config import load_dataclass, param
from vla_ros.core.errors import ConfigError

Size = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class ObjectKind:
    """One category of things that can be seen and perhaps carried."""

    category: str = param(description="unique lower-case noun with underscores")
    synonyms: tuple[str, ...] = param((), "other words for it (singular)")
    plural: str = param("", "only when it is irregular")
    shape: str = param(description="rough shape", choices=("cylinder", "sphere", "box", "flat", "elongated"))
    size: Size = param(description="length, width, height of a typical one", unit="m")
    tolerance: float = param(0.25, "how much real ones differ from that, as a share", minimum=0.02, maximum=1.0)
    mass: float = param(0.2, "of a typical one", unit="kg", minimum=0.001, maximum=20.0)
    colors: tuple[str, ...] = param((), "colours they come in; empty = any")
    graspable: bool = param(True, "false when the robot must not try to pick it up")
    grasp: str = param("top", "preferred way to hold it", choices=("top", "side", "rim"))
    container: bool = param(False, "things can be put into it")
    found_on: tuple[str, ...] = param((), "furniture categories it is usually kept on, likeliest first; empty = any")
    liquid: bool = param(False, "it may hold a liquid")
    electric: bool = param(False, "liquids harm it")
    hazard: str = param("", "what is dangerous about it", choices=("", "sharp", "hot", "fragile", "medicine", "fire"))


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """All kinds."""

    objects: tuple[ObjectKind, ...] = param(description="one entry a category")

    def __post_init__(self) -> None:
        seen: dict[str, str] = {}
        for kind in self.objects:
            for word in (kind.category, *kind.synonyms):
                if word in seen:
                    raise ConfigError(f"objects.{kind.category}", word, f"The word already stands for {seen[word]}.")
                seen[word] = kind.category

    @classmethod
    def load(cls, path: str | Path) -> Catalog:
        """Reads and checks a catalog file."""
        return load_dataclass(cls, path)

    def kind(self, category: str) -> ObjectKind | None:
        """The kind of that category or synonym, None when unknown."""
        return next((k for k in self.objects if category == k.category or category in k.synonyms), None)
