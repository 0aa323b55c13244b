"""Who touches whom: what the gripper holds, and collisions of the robot with its surroundings."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import mujoco
import numpy as np

from vla_ros.core.geometry import Vector

COLLISION_SPEED = 0.05
"""Relative speed along the contact's normal above which a touch is a collision [m/s]."""
_REST_S = 1.0
"""Touching the same thing again within this time belongs to the same collision [s]."""


@dataclass(frozen=True)
class Collision:
    """One collision of the robot: when [s], which body of the robot, with what, how fast [m/s]."""

    time_s: float
    part: str
    with_name: str
    speed: float

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; the other side is called ``with``."""
        out = asdict(self)
        out["with"] = out.pop("with_name")
        return out


class ContactWatch:
    """Looks at the contacts after every physics step.

    Args:
        model: compiled world.
        robot_root: name of the robot's root body; without such a body nothing collides.
        hand_bodies: bodies that may touch handles and push doors.
        fingers: bodies whose touch is a grasp.
        objects: names of the movable objects; touching them is never a collision.
        leaves: bodies of furniture's doors and drawers.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        robot_root: str,
        hand_bodies: Iterable[str],
        fingers: Iterable[str],
        objects: Iterable[str],
        leaves: Iterable[str],
    ) -> None:
        self._model = model
        body, moved = model.geom_bodyid, set(objects)
        names = [model.body(i).name for i in range(model.nbody)]
        root = next((i for i, n in enumerate(names) if n == robot_root), -1)
        self._robot = (model.body_rootid[body] == root) if root >= 0 else np.zeros(model.ngeom, dtype=bool)
        self._names = [names[b] for b in body]
        is_object = np.array([n in moved for n in self._names])
        is_floor = np.array([model.geom(i).name.startswith("floor_") for i in range(model.ngeom)])
        self._surroundings = ~self._robot & ~is_object & ~is_floor
        self._leaf = np.array([n in set(leaves) for n in self._names])
        self._hand = np.array([n in set(hand_bodies) for n in self._names]) & self._robot
        self._fingers = tuple(fingers)
        self._last: dict[str, float] = {}
        self.collisions: list[Collision] = []

    def observe(self, data: mujoco.MjData, velocities: dict[str, tuple[float, float]]) -> None:
        """Notes new collisions; ``velocities`` (vx, vy) of the people, who move without dynamics."""
        if data.ncon == 0:
            return
        geoms = data.contact.geom
        a, b = geoms[:, 0], geoms[:, 1]
        pairs = (self._robot[a] & self._surroundings[b]) | (self._robot[b] & self._surroundings[a])
        for i in np.flatnonzero(pairs):
            first, second = int(a[i]), int(b[i])
            mine, other = (first, second) if self._robot[first] else (second, first)
            if self._leaf[other] and self._hand[mine]:
                continue
            contact = data.contact[i]
            if contact.dist > 0.001:
                continue
            normal = np.array(contact.frame[:3])
            relative = self._velocity(data, mine, contact.pos) - self._velocity(data, other, contact.pos)
            relative[:2] -= velocities.get(self._names[other], (0.0, 0.0))
            speed = abs(float(relative @ normal))
            if speed > COLLISION_SPEED:
                self._note(data.time, mine, other, speed)

    def touching_fingers(self, data: mujoco.MjData) -> dict[str, set[str]]:
        """For every finger the objects and furniture that it touches."""
        out: dict[str, set[str]] = {name: set() for name in self._fingers}
        for first, second in data.contact.geom:
            for mine, other in ((first, second), (second, first)):
                if self._names[mine] in out and not self._robot[other]:
                    out[self._names[mine]].add(self.label(int(other)))
        return out

    def label(self, geom: int) -> str:
        """Name of what a geom belongs to: a wall by its own name, everything else by its body's."""
        return self._model.geom(geom).name if self._names[geom] == "building" else self._names[geom]

    def _velocity(self, data: mujoco.MjData, geom: int, point: Vector) -> Vector:
        """Of the point of the geom's body, at the state the contact was found in [m/s]."""
        body = int(self._model.geom_bodyid[geom])
        root = int(self._model.body_rootid[body])
        spin, shift = data.cvel[body][:3], data.cvel[body][3:]
        return np.asarray(shift + np.cross(spin, np.asarray(point) - data.subtree_com[root]))

    def _note(self, now: float, mine: int, other: int, speed: float) -> None:
        name = self.label(other)
        if now - self._last.get(name, -math.inf) > _REST_S:
            self.collisions.append(Collision(round(now, 3), self._names[mine], name, round(speed, 3)))
        self._last[name] = now
