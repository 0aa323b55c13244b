"""What outlives a run: turns of talk, things seen, places taught, people met, commands done. Plain values.

Kept by memory, made and used by language and planning through the nodes. Times are seconds since 1970, because a
simulated clock begins anew with each run; places are in map [m, rad].
"""

from __future__ import annotations

from dataclasses import dataclass

from vla_ros.core.floorplan import Spot

SPEAKERS = ("person", "robot")
FORGETTABLE = ("conversation", "objects", "places", "people", "tasks", "me", "everything")
"""What can be forgotten as a whole. "me": the user's name, talk, commands and places called "my …"."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said, by one of SPEAKERS."""

    time_s: float
    speaker: str
    text: str
    command_id: str = ""


@dataclass(frozen=True, slots=True)
class RememberedObject:
    """A thing where it was last seen. ``furniture`` and ``room`` are names, "" when on none."""

    category: str
    color: str
    position: tuple[float, float, float]
    furniture: str
    room: str
    seen_s: float
    track: str = ""
    """Perception's name of it in the run that saw it, unique with ``run``."""
    run: str = ""


@dataclass(frozen=True, slots=True)
class RememberedPlace:
    """A place taught by voice. ``furniture`` is what the robot stood at when that was meant, else ""."""

    name: str
    x: float
    y: float
    yaw: float
    furniture: str
    room: str
    taught_s: float

    def spot(self) -> Spot:
        """The same as a part of the floor plan."""
        return Spot(name=self.name, position=(self.x, self.y), yaw=self.yaw, furniture=self.furniture)


@dataclass(frozen=True, slots=True)
class RememberedPerson:
    """A name and the figure that goes with it. ``color`` of the clothes and ``height_m`` as perceived, "" and 0 when
    nobody was in view."""

    name: str
    user: bool
    color: str
    height_m: float
    met_s: float


@dataclass(frozen=True, slots=True)
class RememberedTask:
    """A command and how it went: its Task as JSON, its newest state, and the robot's words for how it ended."""

    command_id: str
    text: str
    task_json: str
    state: str
    reason: str
    started_s: float
    ended_s: float = 0.0
