"""What really is the case in the home, as plain data for scoring. No part of the robot reads it."""

from __future__ import annotations

import math
from typing import Any

import mujoco
import numpy as np

from vla_ros.core.floorplan import FloorPlan, Furniture
from vla_ros.core.geometry import Pose2D, Vector
from vla_ros.sim.contacts import ContactWatch
from vla_ros.sim.object_builder import CONTAINER_WALL
from vla_ros.sim.placement import PlacedObject, Placement

_ON_TOLERANCE = 0.03
_STACK_TOLERANCE = 0.015
_DIGITS = 4


class GroundTruth:
    """Reads the state of a running home.

    Args:
        model: compiled world.
        plan: its floor plan.
        placement: what was placed.
        contacts: the watch over the contacts.
        tool: site between the gripper's pads, "" without a robot.
    """

    def __init__(
        self, model: mujoco.MjModel, plan: FloorPlan, placement: Placement, contacts: ContactWatch, tool: str
    ) -> None:
        self._model, self._plan, self._placement, self._contacts, self._tool = model, plan, placement, contacts, tool
        self._bodies = {o.name: model.body(o.name).id for o in placement.objects}
        self._known: dict[str, tuple[bytes, list[str], list[str]]] = {}
        self._furniture = {
            f.name: {"position": [*f.position, 0.0], "yaw": f.yaw, "size": list(f.size), "room": f.room}
            for f in plan.furniture
        }

    def read(
        self, data: mujoco.MjData, robot: Pose2D | None, people: dict[str, Pose2D], scenario_id: str
    ) -> dict[str, Any]:
        """The truth at the state of ``data``; every value can be written as JSON."""
        fingers = self._contacts.touching_fingers(data)
        held = set.intersection(*fingers.values()) & set(self._bodies) if fingers else set()
        by_name = {o.name: o for o in self._placement.objects}
        return {
            "time_s": round(data.time, 3),
            "seed": self._placement.seed,
            "scenario": scenario_id,
            "robot": self._robot(data, robot, sorted(held)),
            "objects": {n: self._object(data, by_name[n], n in held) for n in self._bodies},
            "people": {n: self._person(n, pose) for n, pose in people.items()},
            "furniture": self._furniture,
            "doors": self._doors(data),
            "touching_gripper": sorted(set().union(*fingers.values())) if fingers else [],
            "collisions": [c.as_dict() for c in self._contacts.collisions],
        }

    def _robot(self, data: mujoco.MjData, pose: Pose2D | None, held: list[str]) -> dict[str, Any]:
        if pose is None:
            return {"position": [0.0, 0.0, 0.0], "yaw": 0.0, "room": "", "tool": None, "holding": []}
        return {
            "position": [round(pose.x, _DIGITS), round(pose.y, _DIGITS), 0.0],
            "yaw": round(pose.theta, _DIGITS),
            "room": self._room(pose.x, pose.y),
            "tool": _rounded(data.site(self._tool).xpos) if self._tool else None,
            "holding": held,
        }

    def _person(self, name: str, pose: Pose2D) -> dict[str, Any]:
        user = any(p.person.user for p in self._placement.people if p.person.name == name)
        position = [round(pose.x, _DIGITS), round(pose.y, _DIGITS), 0.0]
        return {
            "position": position,
            "yaw": round(pose.theta, _DIGITS),
            "room": self._room(*position[:2]),
            "user": user,
        }

    def _object(self, data: mujoco.MjData, thing: PlacedObject, held: bool) -> dict[str, Any]:
        body = self._bodies[thing.name]
        position, rotation = data.xpos[body], data.xmat[body].reshape(3, 3)
        on, inside = self._places(data, thing, position, rotation)
        return {
            "position": _rounded(position),
            "orientation": _rounded(np.roll(data.xquat[body], -1)),
            "category": thing.kind.category,
            "color": thing.color,
            "size": list(thing.kind.size),
            "room": self._room(float(position[0]), float(position[1])),
            "on": [] if held else on,
            "in": inside,
            "moved": round(math.dist(position, thing.position), _DIGITS),
        }

    def _places(
        self, data: mujoco.MjData, thing: PlacedObject, position: Vector, rotation: Vector
    ) -> tuple[list[str], list[str]]:
        """On what and in what it is; looked up anew only after something has moved."""
        containers = [data.xpos[self._bodies[o.name]] for o in self._placement.objects if o.kind.container]
        key = np.round(np.concatenate([position, rotation[2], *containers]), 3).tobytes()
        if self._known.get(thing.name, (b"",))[0] != key:
            on = [*self._furniture_below(position, rotation, thing), *self._objects_below(data, thing)]
            self._known[thing.name] = (key, on, self._inside(data, thing.name, position))
        _, on, inside = self._known[thing.name]
        return on, inside

    def _furniture_below(self, position: Vector, rotation: Vector, thing: PlacedObject) -> list[str]:
        """The furniture on whose surface the object's lowest point is."""
        x, y, z = (float(v) for v in position)
        found = self._plan.surface_below(x, y, z - _half_height(thing, rotation), _ON_TOLERANCE)
        return [found[0].name] if found else []

    def _objects_below(self, data: mujoco.MjData, thing: PlacedObject) -> list[str]:
        """Objects whose upper side is at the object's lowest point, with its middle above them."""
        out = []
        body = self._bodies[thing.name]
        bottom = data.xpos[body][2] - _half_height(thing, data.xmat[body].reshape(3, 3))
        for other in self._placement.objects:
            other_body = self._bodies[other.name]
            rotation = data.xmat[other_body].reshape(3, 3)
            offset = rotation.T @ (data.xpos[body] - data.xpos[other_body])
            level = data.xpos[other_body][2] + _half_height(other, rotation)
            above = abs(offset[0]) < other.kind.size[0] / 2 and abs(offset[1]) < other.kind.size[1] / 2
            if other.name != thing.name and above and abs(bottom - level) < _STACK_TOLERANCE:
                out.append(other.name)
        return out

    def _inside(self, data: mujoco.MjData, name: str, position: Vector) -> list[str]:
        """Containers and hollow furniture whose inner space holds the object's middle."""
        out = [f.name for f in self._plan.furniture if _is_inside(f, position)]
        for other in self._placement.objects:
            if not other.kind.container or other.name == name:
                continue
            body = self._bodies[other.name]
            local = data.xmat[body].reshape(3, 3).T @ (position - data.xpos[body])
            half = np.asarray(other.kind.size) / 2
            within = np.abs(local[:2]) <= half[:2] - CONTAINER_WALL
            if within.all() and -half[2] < local[2] < half[2] + 0.02:
                out.append(other.name)
        return out

    def _doors(self, data: mujoco.MjData) -> dict[str, Any]:
        out = {}
        for piece in self._plan.furniture:
            for leaf in piece.leaves:
                value = float(data.joint(leaf.name).qpos[0])
                share = round(value / leaf.travel, _DIGITS) if leaf.travel else 0.0
                out[leaf.name] = {"furniture": piece.name, "position": round(value, _DIGITS), "share": share}
        return out

    def _room(self, x: float, y: float) -> str:
        room = self._plan.room_at(x, y)
        return room.name if room else ""


def _half_height(thing: PlacedObject, rotation: Vector) -> float:
    """From the middle to the lowest point [m]."""
    half = np.asarray(thing.kind.size) / 2
    return float(half[0] if thing.kind.shape == "sphere" else np.abs(rotation[2]) @ half)


def _is_inside(piece: Furniture, position: Vector) -> bool:
    x, y, z = (float(v) for v in position)
    hollow = piece.category == "bin" or any(s.enclosed for s in piece.surfaces)
    return hollow and piece.contains(x, y, -0.01) and 0.0 < z < piece.size[2]


def _rounded(values: Vector) -> list[float]:
    return [round(float(v), _DIGITS) for v in values]
