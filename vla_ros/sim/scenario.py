"""Scenario files: what is said to the robot, what the home looks like then, and what must hold at the end.

A file is a YAML list of scenarios. Only ``id`` and ``command`` are required; everything about the home that a
scenario leaves open is decided by its seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vla_ros.core.config import from_mapping, load_yaml, param
from vla_ros.core.errors import ConfigError

Point = tuple[float, float]
Pose3 = tuple[float, float, float]

ENDS = ("success", "refusal", "question", "failure", "cancelled")

PREDICATES: dict[str, int] = {
    "at": 2,
    "near": 3,
    "on": 2,
    "in": 2,
    "holding": 2,
    "open": 1,
    "closed": 1,
    "said": 1,
    "not_moved": 1,
}
"""Names of the goal's predicates with their number of arguments."""


@dataclass(frozen=True, kw_only=True)
class PersonPlan:
    """Where one person is in a scenario."""

    present: bool = param(True, "false: this person is not at home")
    at: Pose3 | None = param(None, "stands here: x, y [m], yaw [rad]")
    walk: tuple[Point, ...] = param((), "walks to and fro along these points", unit="m")
    speed: float = param(0.8, "of walking", unit="m/s", minimum=0.1, maximum=1.6)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One episode."""

    id: str = param(description="unique name")
    command: str = param(description="the sentence")
    seed: int = param(0, "decides everything random in the home", minimum=0)
    replies: dict[str, str] = param(None, "answer to a question that contains the key")
    expect: str = param("success", "how it must end", choices=ENDS)
    goal: tuple[tuple[Any, ...], ...] = param((), "predicates, all must hold at the end")
    time_limit_s: float = param(240.0, "simulated time", unit="s", minimum=1.0, maximum=3600.0)
    cancel_after_s: float = param(0.0, "cancel the command after this time; 0 = never", unit="s", minimum=0.0)
    place: dict[str, Any] = param(
        None, "object name -> furniture, furniture.surface, container object, or [x, y, z] of its lower side"
    )
    remove: tuple[str, ...] = param((), "objects that are not there")
    robot: Pose3 | None = param(None, "start pose x, y [m], yaw [rad]")
    people: dict[str, PersonPlan] = param(None, "person -> where")
    doors: dict[str, float] = param(None, "furniture -> share of its travel that its door stands open, 0 to 1")

    def __post_init__(self) -> None:
        for name in ("replies", "place", "people", "doors"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, {})
        # YAML reads a bare `on` as the truth value True
        goal = tuple(("on", *p[1:]) if p and p[0] is True else p for p in self.goal)
        object.__setattr__(self, "goal", goal)
        for predicate in goal:
            check_predicate(predicate, f"{self.id}.goal")


def check_predicate(predicate: tuple[Any, ...], where: str) -> None:
    """Raises ConfigError for an unknown name or a wrong number of arguments."""
    name = predicate[0] if predicate else ""
    if name not in PREDICATES:
        raise ConfigError(where, predicate, f"Known predicates: {', '.join(PREDICATES)}.")
    if len(predicate) - 1 != PREDICATES[name]:
        raise ConfigError(where, list(predicate), f"'{name}' takes {PREDICATES[name]} arguments.")
    if name == "near" and not isinstance(predicate[3], (int, float)):
        raise ConfigError(where, list(predicate), "The last argument of 'near' is a distance in metres.")


def load_scenarios(path: str | Path) -> tuple[Scenario, ...]:
    """All scenarios of a file. ConfigError for a bad file, a bad entry or a doubled id."""
    data = load_yaml(path)
    if not isinstance(data, list):
        raise ConfigError(str(path), data, "Give a list of scenarios (each line starts with '- id: …').")
    scenarios = tuple(from_mapping(Scenario, entry, f"{path}[{i}]") for i, entry in enumerate(data))
    ids = [s.id for s in scenarios]
    for name in ids:
        if ids.count(name) > 1:
            raise ConfigError(f"{path}.id", name, "Give every scenario an id of its own.")
    return scenarios


def find_scenario(path: str | Path, scenario_id: str) -> Scenario:
    """The scenario of that id; the only one of the file when the id is empty."""
    scenarios = load_scenarios(path)
    if not scenario_id and len(scenarios) == 1:
        return scenarios[0]
    for scenario in scenarios:
        if scenario.id == scenario_id:
            return scenario
    raise ConfigError("scenario_id", scenario_id, f"In {path} are: {', '.join(s.id for s in scenarios)}.")
