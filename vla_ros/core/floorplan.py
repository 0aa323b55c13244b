"""The known building: rooms, walls, doors and furniture. Read from a YAML file such as config/homes/*.yaml.

The simulator builds the building from it; control plans paths in it; perception takes furniture out of its
clouds with it; planning names places with it. Axes of `map`: x east, y north, z up, metres.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vla_ros.core.config import load_dataclass, param
from vla_ros.core.errors import ConfigError
from vla_ros.core.geometry import Box, Pose, Pose2D

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Room:
    """A rectangle of floor with a name."""

    name: str = param(description="lower-case name with underscores, e.g. living_room")
    min: Point = param(description="south-west corner", unit="m")
    max: Point = param(description="north-east corner", unit="m")
    synonyms: tuple[str, ...] = param((), "other words for it, e.g. lounge")

    def contains(self, x: float, y: float) -> bool:
        """True when the point lies inside."""
        return self.min[0] <= x <= self.max[0] and self.min[1] <= y <= self.max[1]

    @property
    def center(self) -> Point:
        """Middle of the rectangle [m]."""
        return ((self.min[0] + self.max[0]) / 2, (self.min[1] + self.max[1]) / 2)


@dataclass(frozen=True, kw_only=True)
class Wall:
    """A straight wall between two points, centred on the line."""

    start: Point = param(description="one end", unit="m")
    end: Point = param(description="other end", unit="m")
    thickness: float = param(0.10, "across the wall", unit="m", minimum=0.01, maximum=1.0)
    height: float = param(2.4, "from the floor", unit="m", minimum=0.1, maximum=5.0)


@dataclass(frozen=True, kw_only=True)
class Doorway:
    """An opening between two rooms (a gap between walls)."""

    name: str = param(description="e.g. kitchen_door")
    rooms: tuple[str, str] = param(description="the two rooms it joins")
    center: Point = param(description="middle of the opening", unit="m")
    width: float = param(0.95, "clear width", unit="m", minimum=0.5, maximum=5.0)


@dataclass(frozen=True, kw_only=True)
class Surface:
    """A horizontal place to put things, in the furniture's own axes (origin at its floor centre)."""

    name: str = param(description="top, shelf_1, inside …")
    height: float = param(description="of the upper side above the floor", unit="m", minimum=0.0, maximum=2.5)
    center: Point = param((0.0, 0.0), "middle of the usable rectangle", unit="m")
    size: Point = param(description="usable rectangle along x and y", unit="m")
    clearance: float = param(2.0, "free height above it", unit="m", minimum=0.05, maximum=5.0)
    enclosed: bool = param(False, "true when only reachable through the opened door")


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A hinged door or a drawer of a piece of furniture, in its own axes, closed."""

    name: str = param(description="e.g. fridge_door")
    kind: str = param("hinged", "how it moves", choices=("hinged", "drawer"))
    hinge: Point = param((0.0, 0.0), "hinged: vertical axis", unit="m")
    handle: tuple[float, float, float] = param(description="middle of the handle", unit="m")
    handle_axis: str = param("vertical", "along which the handle's bar runs", choices=("vertical", "horizontal"))
    travel: float = param(1.57, "hinged: opening angle, sign counter-clockwise positive [rad]; drawer: length [m]")


@dataclass(frozen=True, kw_only=True)
class Furniture:
    """A piece of furniture; its front faces the direction ``yaw`` (its own +x)."""

    name: str = param(description="unique, e.g. kitchen_counter")
    category: str = param(description="table, counter, shelf, fridge, cabinet, sofa, bed, chair, desk …")
    room: str = param(description="name of the room it stands in")
    position: Point = param(description="floor centre", unit="m")
    yaw: float = param(0.0, "direction of its front", unit="rad")
    size: tuple[float, float, float] = param(description="depth (x), width (y), height (z)", unit="m")
    color: str = param("brown", "for the picture")
    synonyms: tuple[str, ...] = param((), "other words for it")
    surfaces: tuple[Surface, ...] = param((), "where things can lie")
    leaves: tuple[Leaf, ...] = param((), "doors and drawers")
    walk_under: bool = param(False, "true when only legs touch the floor (tables)")

    @property
    def pose2d(self) -> Pose2D:
        """Floor pose in map."""
        return Pose2D(self.position[0], self.position[1], self.yaw)

    def box(self) -> Box:
        """Its bounding box in map."""
        x, y = self.position
        return Box(Pose.planar(x, y, self.yaw, self.size[2] / 2, frame_id="map"), self.size, self.name)

    def surface_point(self, surface: Surface, xy: Point = (0.0, 0.0)) -> tuple[float, float, float]:
        """A point on one of its surfaces, given in that surface's own rectangle, in map [m]."""
        x, y = self.pose2d.transform(np.array([surface.center[0] + xy[0], surface.center[1] + xy[1]]))
        return (float(x), float(y), surface.height)

    def contains(self, x: float, y: float, margin: float = 0.0) -> bool:
        """True when a map point lies within its footprint grown by ``margin`` [m]."""
        u, v = self.pose2d.inverse_transform(np.array([x, y]))
        return bool(abs(u) <= self.size[0] / 2 + margin and abs(v) <= self.size[1] / 2 + margin)


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A place with a name of its own: a point of the floor, or a piece of furniture that somebody calls theirs."""

    name: str = param(description="as people say it without an article, e.g. charging corner, my desk")
    position: Point = param(description="where the robot stands there", unit="m")
    yaw: float = param(0.0, "direction in which it looks there", unit="rad")
    furniture: str = param("", "name of the piece of furniture that is meant; empty = the floor itself")


@dataclass(frozen=True, kw_only=True)
class FloorPlan:
    """The whole building. Raises ConfigError for unknown rooms, doubled names and furniture outside."""

    name: str = param(description="of the building")
    rooms: tuple[Room, ...] = param(description="rectangles that do not overlap")
    walls: tuple[Wall, ...] = param((), "inner and outer walls")
    doorways: tuple[Doorway, ...] = param((), "openings between rooms")
    furniture: tuple[Furniture, ...] = param((), "everything that stands on the floor")
    start: tuple[float, float, float] = param((0.0, 0.0, 0.0), "where the robot starts: x, y [m], yaw [rad]")
    spots: tuple[Spot, ...] = param((), "further places with names; those taught by voice are added to them")

    def __post_init__(self) -> None:
        names = [r.name for r in self.rooms]
        everything = names + [f.name for f in self.furniture] + [d.name for d in self.doorways]
        for name in everything:
            if everything.count(name) > 1:
                raise ConfigError(f"{self.name}.{name}", name, "Names of rooms, doorways and furniture must differ.")
        for piece in self.furniture:
            if piece.room not in names:
                raise ConfigError(f"{piece.name}.room", piece.room, f"Known rooms: {', '.join(names)}.")
            if not self.room(piece.room).contains(*piece.position):
                raise ConfigError(f"{piece.name}.position", piece.position, f"Move it inside {piece.room}.")
        for door in self.doorways:
            for room in door.rooms:
                if room not in names:
                    raise ConfigError(f"{door.name}.rooms", room, f"Known rooms: {', '.join(names)}.")

    @classmethod
    def load(cls, path: str | Path) -> FloorPlan:
        """Reads and checks a floor plan file."""
        return load_dataclass(cls, path)

    def spot(self, name: str) -> Spot | None:
        """The spot of that name, None when unknown."""
        return next((s for s in self.spots if s.name == name), None)

    def room(self, name: str) -> Room:
        """The room of that name; KeyError when there is none."""
        for room in self.rooms:
            if room.name == name:
                return room
        raise KeyError(name)

    def room_at(self, x: float, y: float) -> Room | None:
        """The room that contains the point, or None."""
        return next((room for room in self.rooms if room.contains(x, y)), None)

    def piece(self, name: str) -> Furniture:
        """The furniture of that name; KeyError when there is none."""
        for piece in self.furniture:
            if piece.name == name:
                return piece
        raise KeyError(name)

    def furniture_at(self, x: float, y: float, margin: float = 0.0) -> tuple[Furniture, ...]:
        """All pieces whose footprint, grown by ``margin`` [m], contains the point."""
        return tuple(f for f in self.furniture if f.contains(x, y, margin))

    def surface_below(self, x: float, y: float, z: float, tolerance: float = 0.06) -> tuple[Furniture, Surface] | None:
        """The surface on which something whose lower side is at height ``z`` [m] stands, or None."""
        best: tuple[float, Furniture, Surface] | None = None
        for piece in self.furniture_at(x, y, 0.03):
            u, v = piece.pose2d.inverse_transform(np.array([x, y]))
            for surface in piece.surfaces:
                inside = (
                    abs(u - surface.center[0]) <= surface.size[0] / 2 + 0.05
                    and abs(v - surface.center[1]) <= surface.size[1] / 2 + 0.05
                )
                gap = abs(z - surface.height)
                if inside and gap <= tolerance and (best is None or gap < best[0]):
                    best = (gap, piece, surface)
        return (best[1], best[2]) if best else None

    def bounds(self) -> tuple[float, float, float, float]:
        """x_min, y_min, x_max, y_max over all rooms [m]."""
        lows = np.array([r.min for r in self.rooms])
        highs = np.array([r.max for r in self.rooms])
        return (*map(float, lows.min(axis=0)), *map(float, highs.max(axis=0)))  # type: ignore[return-value]

    def wall_boxes(self) -> tuple[Box, ...]:
        """Every wall as a box in map."""
        boxes = []
        for i, wall in enumerate(self.walls):
            (x0, y0), (x1, y1) = wall.start, wall.end
            length = math.hypot(x1 - x0, y1 - y0)
            pose = Pose.planar((x0 + x1) / 2, (y0 + y1) / 2, math.atan2(y1 - y0, x1 - x0), wall.height / 2, "map")
            boxes.append(Box(pose, (length, wall.thickness, wall.height), f"wall_{i}"))
        return tuple(boxes)
