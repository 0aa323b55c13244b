"""Where everything is at the start: decided by the seed, except what the scenario fixes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from vla_ros.core.catalog import Catalog, ObjectKind
from vla_ros.core.errors import ConfigError
from vla_ros.core.floorplan import FloorPlan, Furniture, Surface
from vla_ros.core.geometry import Pose2D
from vla_ros.core.people import People
from vla_ros.core.scene import COLORS
from vla_ros.sim.people_placement import PlacedPerson, place_people, place_robot
from vla_ros.sim.scenario import Scenario

EDGE_ZONE = 0.30
"""Things lie with their middle at most this far behind the front edge [m], where an arm reaches them."""
OBJECT_GAP = 0.10
_EDGE_MARGIN = 0.015
_FREE_HEIGHT = 0.45
_REACHABLE = (0.35, 1.20)
_TRIES = 60

_ALWAYS = (("red_cup", ("counter", "table")), ("blue_cup", ("desk", "table", "coffee_table", "counter")))
_USUAL = (
    "bottle",
    "can",
    "apple",
    "ball",
    "book",
    "phone",
    "bowl",
    "plate",
    "box",
    "stapler",
    "pen",
    "knife",
    "basket",
)
_EXTRA = ("can", "bottle", "box", "book", "apple", "ball")
_LIKELY: dict[str, tuple[str, ...]] = {
    "bottle": ("counter", "table", "desk", "coffee_table"),
    "can": ("counter", "table", "coffee_table", "bench", "desk"),
    "apple": ("counter", "table", "coffee_table"),
    "ball": ("coffee_table", "side_table", "dresser", "desk"),
    "book": ("shelf", "nightstand", "coffee_table", "desk", "side_table"),
    "phone": ("nightstand", "desk", "dresser", "coffee_table", "side_table"),
    "bowl": ("counter", "table"),
    "plate": ("counter", "table"),
    "box": ("shelf", "dresser", "desk", "table", "cabinet"),
    "stapler": ("desk", "table", "shelf"),
    "pen": ("desk", "nightstand", "coffee_table", "side_table"),
    "knife": ("counter",),
    "basket": ("table", "dresser", "desk", "cabinet", "shelf"),
}
"""Furniture categories on which a kind is usually found."""


@dataclass(frozen=True)
class PlacedObject:
    """One object: middle of its bounding box in map [m] and its heading [rad]."""

    name: str
    kind: ObjectKind
    color: str
    position: tuple[float, float, float]
    yaw: float
    place: str
    """Furniture or container it was put on or into, "" for a free position"""


@dataclass(frozen=True)
class Placement:
    """Everything that the seed decided."""

    seed: int
    robot: Pose2D
    objects: tuple[PlacedObject, ...]
    people: tuple[PlacedPerson, ...]
    doors: dict[str, float]
    """Leaf name -> opening [rad or m]"""


def make_placement(
    plan: FloorPlan, catalog: Catalog, people: People, scenario: Scenario | None = None, seed: int = 0
) -> Placement:
    """Places robot, people and objects. The same arguments give the same home.

    Raises:
        ConfigError: the scenario names an object, place or person that does not exist, or a place is full.
    """
    scenario = scenario or Scenario(id="default", command="")
    rng = np.random.default_rng(seed)
    start = place_robot(plan, rng)
    robot = Pose2D(*scenario.robot) if scenario.robot else start
    placed_people = place_people(plan, people, start, scenario.people, rng, (robot.x, robot.y))
    objects = _Placer(plan, catalog, rng).place_all(scenario)
    return Placement(seed, robot, objects, placed_people, _doors(plan, scenario.doors))


def _doors(plan: FloorPlan, wanted: dict[str, float]) -> dict[str, float]:
    out = {leaf.name: 0.0 for piece in plan.furniture for leaf in piece.leaves}
    for name, share in wanted.items():
        leaves = next((p.leaves for p in plan.furniture if p.name == name), ())
        if not leaves or not 0.0 <= share <= 1.0:
            raise ConfigError(f"doors.{name}", share, "Name furniture that opens and give a share from 0 to 1.")
        out.update({leaf.name: share * leaf.travel for leaf in leaves})
    return out


class _Placer:
    """Puts objects down one after another, keeping them apart."""

    def __init__(self, plan: FloorPlan, catalog: Catalog, rng: np.random.Generator) -> None:
        self._plan, self._catalog, self._rng = plan, catalog, rng
        self._done: list[PlacedObject] = []

    def place_all(self, scenario: Scenario) -> tuple[PlacedObject, ...]:
        fixed = {name: self._split(name, f"place.{name}") for name in scenario.place}
        # containers before what lies in them
        for name in sorted(fixed, key=lambda n: str(scenario.place[n]) in fixed):
            kind, color = fixed[name]
            self._put_at(name, kind, color, scenario.place[name])
        given = {kind.category for kind, _ in fixed.values()}
        for name, likely in _ALWAYS:
            if name not in fixed and name not in scenario.remove and self._catalog.kind(name.split("_", 1)[1]):
                kind, color = self._split(name, "objects")
                self._put_somewhere(name, kind, color, likely)
        extra = [str(c) for c in self._rng.choice(_EXTRA, int(self._rng.integers(0, 4)), replace=False)]
        for category in (*_USUAL, *extra):
            found = self._catalog.kind(category)
            # a kind that the scenario places itself comes once: "the ball" then means that ball
            if found is None or category in given:
                continue
            names = {o.name for o in self._done}
            colors = [c for c in (found.colors or COLORS) if f"{c}_{category}" not in names]
            if not colors:
                continue
            color = str(self._rng.choice(colors))
            name = f"{color}_{category}"
            if name not in scenario.remove:
                self._put_somewhere(name, found, color, _LIKELY.get(category, ()))
        return tuple(self._done)

    def _split(self, name: str, where: str) -> tuple[ObjectKind, str]:
        """Kind and colour of a name such as red_cup or red_cup_2."""
        parts = name.split("_")
        if parts[-1].isdigit():
            parts = parts[:-1]
        kind = self._catalog.kind("_".join(parts[1:]))
        if kind is None or parts[0] not in COLORS:
            known = ", ".join(k.category for k in self._catalog.objects)
            raise ConfigError(where, name, f"Write <color>_<category>, categories: {known}.")
        return kind, parts[0]

    def _put_at(self, name: str, kind: ObjectKind, color: str, place: Any) -> None:
        if isinstance(place, (list, tuple)) and len(place) == 3 and all(isinstance(v, (int, float)) for v in place):
            x, y, z = (float(v) for v in place)
            yaw = float(self._rng.uniform(-math.pi, math.pi))
            self._done.append(PlacedObject(name, kind, color, (x, y, z + kind.size[2] / 2 + 0.001), yaw, ""))
            return
        if not isinstance(place, str):
            raise ConfigError(f"place.{name}", place, "Give a piece of furniture, a container or [x, y, z].")
        container = next((o for o in self._done if o.name == place and o.kind.container), None)
        if container is not None:
            self._put_into(name, kind, color, container)
            return
        furniture, _, wanted = place.partition(".")
        piece = next((f for f in self._plan.furniture if f.name == furniture), None)
        surfaces = [s for s in piece.surfaces if not wanted or s.name == wanted] if piece else []
        if piece is None or not surfaces:
            known = ", ".join(f.name for f in self._plan.furniture if f.surfaces)
            raise ConfigError(f"place.{name}", place, f"Places for things: {known}; or furniture.surface.")
        # a free upper side before boards, boards before what is behind doors
        surfaces.sort(key=lambda s: (not wanted and s.name != "top", s.clearance < kind.size[2] + 0.02, -s.height))
        if not any(self._try_surface(name, kind, color, piece, s) for s in surfaces):
            raise ConfigError(f"place.{name}", place, "There is no room left; choose another place.")

    def _put_into(self, name: str, kind: ObjectKind, color: str, container: PlacedObject) -> None:
        x, y, z = container.position
        inside = sum(1 for o in self._done if o.place == container.name)
        offset = (inside - 0.5) * 0.11 if inside else 0.0
        x, y = x + offset * math.cos(container.yaw), y + offset * math.sin(container.yaw)
        z += -container.kind.size[2] / 2 + 0.012 + kind.size[2] / 2
        self._done.append(PlacedObject(name, kind, color, (x, y, z), container.yaw, container.name))

    def _put_somewhere(self, name: str, kind: ObjectKind, color: str, likely: Iterable[str]) -> None:
        likely = tuple(likely)
        usable = [
            (piece, surface)
            for piece in self._plan.furniture
            for surface in piece.surfaces
            if not surface.enclosed
            and _REACHABLE[0] <= surface.height <= _REACHABLE[1]
            and surface.clearance >= _FREE_HEIGHT
            and piece.category not in ("bed", "sofa", "bin")
        ]
        first = [i for i, (piece, _) in enumerate(usable) if piece.category in likely]
        if name == "red_cup":
            first = [i for i in first if usable[i][0].room == "kitchen"] or first
        rest = [i for i in range(len(usable)) if i not in first]
        for group in (first, rest):
            for i in self._rng.permutation(np.array(group, dtype=int)):
                if self._try_surface(name, kind, color, *usable[i]):
                    return

    def _try_surface(self, name: str, kind: ObjectKind, color: str, piece: Furniture, surface: Surface) -> bool:
        """Puts the object near the surface's front edge if there is room; True when it did."""
        length, width, height = kind.size
        if surface.clearance < height + 0.01:
            return False
        for _ in range(_TRIES):
            yaw = float(self._rng.uniform(-math.pi, math.pi))
            if max(length, width) > 0.3:  # large things lie along the edge
                yaw = math.pi / 2
            c, s = abs(math.cos(yaw)), abs(math.sin(yaw))
            du, dv = (length * c + width * s) / 2, (length * s + width * c) / 2
            front = surface.size[0] / 2
            high = front - du - _EDGE_MARGIN
            low = max(-front + du, front - EDGE_ZONE)
            side = surface.size[1] / 2 - dv - _EDGE_MARGIN
            if side < 0 or high < low - 0.06:
                return False
            u = float(self._rng.uniform(min(low, high), high))
            v = float(self._rng.uniform(-side, side))
            x, y, z = piece.surface_point(surface, (u, v))
            if self._is_free(x, y, z, kind):
                position = (x, y, z + height / 2 + 0.0005)
                self._done.append(PlacedObject(name, kind, color, position, yaw + piece.yaw, piece.name))
                return True
        return False

    def _is_free(self, x: float, y: float, z: float, kind: ObjectKind) -> bool:
        for other in self._done:
            ox, oy, oz = other.position
            gap = math.hypot(x - ox, y - oy) - _radius(kind) - _radius(other.kind)
            if gap < OBJECT_GAP and abs(oz - other.kind.size[2] / 2 - z) < 0.3:
                return False
        return True


def _radius(kind: ObjectKind) -> float:
    return kind.size[0] / 2 if kind.shape in ("cylinder", "sphere") else math.hypot(kind.size[0], kind.size[1]) / 2
