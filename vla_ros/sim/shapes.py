"""Primitive shapes with full sizes in metres, so that builders read like drawings.

Geom groups say who sees what: SEEN geoms are drawn and hit by the lidar, DECOR is drawn only (too high, too low or
too flat for the lidar's plane), HIDDEN only collides. Groups 2 and 3 belong to the robot's model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import mujoco

from vla_ros.sim import contact

SEEN = 0
DECOR = 1
ROBOT_SEEN = 2
HIDDEN = 4
CEILING = 5
"""Drawn for the robot's camera only, so that the camera above sees into the rooms."""

RGBA: dict[str, tuple[float, float, float]] = {
    "red": (0.80, 0.08, 0.08),
    "orange": (0.95, 0.45, 0.05),
    "yellow": (0.95, 0.80, 0.08),
    "green": (0.10, 0.55, 0.18),
    "blue": (0.10, 0.25, 0.75),
    "purple": (0.45, 0.12, 0.60),
    "pink": (0.95, 0.45, 0.65),
    "brown": (0.45, 0.27, 0.14),
    "white": (0.93, 0.93, 0.92),
    "grey": (0.50, 0.51, 0.53),
    "black": (0.07, 0.07, 0.08),
    "beige": (0.80, 0.70, 0.53),
}
"""Saturated, well apart: a colour name means one colour."""

Vec3 = Sequence[float]


def rgba(color: str | Vec3, shade: float = 1.0, alpha: float = 1.0) -> tuple[float, float, float, float]:
    """A colour name (unknown ones are grey) or r, g, b in [0, 1], made lighter (> 1) or darker (< 1)."""
    r, g, b = RGBA.get(color, RGBA["grey"]) if isinstance(color, str) else color
    return (min(1.0, r * shade), min(1.0, g * shade), min(1.0, b * shade), alpha)


class Pen:
    """Adds geoms to one body. All centres are in the body's axes, all sizes are full lengths [m]."""

    def __init__(self, body: mujoco.MjsBody, movable: bool = False, rolls: bool = False) -> None:
        self.body = body
        self._movable = movable
        self._rolls = rolls

    def box(
        self,
        center: Vec3,
        size: Vec3,
        color: tuple[float, float, float, float] = (0.5, 0.5, 0.5, 1.0),
        *,
        material: str = "",
        solid: bool = False,
        hidden: bool = False,
        yaw: float = 0.0,
        mass: float = 0.0,
        name: str = "",
    ) -> mujoco.MjsGeom:
        """A box; ``solid`` ones collide, ``hidden`` ones are not drawn."""
        half = [s / 2 for s in size]
        geom = self._add(mujoco.mjtGeom.mjGEOM_BOX, center, half, color, material, solid, hidden, mass, name)
        geom.quat = (math.cos(yaw / 2), 0.0, 0.0, math.sin(yaw / 2))
        return geom

    def cylinder(
        self,
        center: Vec3,
        radius: float,
        height: float,
        color: tuple[float, float, float, float] = (0.5, 0.5, 0.5, 1.0),
        *,
        material: str = "",
        solid: bool = False,
        hidden: bool = False,
        mass: float = 0.0,
        name: str = "",
    ) -> mujoco.MjsGeom:
        """An upright cylinder."""
        size = [radius, height / 2, 0.0]
        return self._add(mujoco.mjtGeom.mjGEOM_CYLINDER, center, size, color, material, solid, hidden, mass, name)

    def ball(
        self,
        center: Vec3,
        radii: Vec3,
        color: tuple[float, float, float, float],
        *,
        solid: bool = False,
        mass: float = 0.0,
        name: str = "",
    ) -> mujoco.MjsGeom:
        """A sphere (three equal radii) or an ellipsoid."""
        round_one = len(set(radii)) == 1
        kind = mujoco.mjtGeom.mjGEOM_SPHERE if round_one else mujoco.mjtGeom.mjGEOM_ELLIPSOID
        return self._add(kind, center, list(radii), color, "", solid, False, mass, name)

    def rod(
        self,
        start: Vec3,
        end: Vec3,
        radius: float,
        color: tuple[float, float, float, float],
        *,
        solid: bool = False,
        round_ends: bool = True,
        mass: float = 0.0,
        name: str = "",
    ) -> mujoco.MjsGeom:
        """A capsule (or cylinder) between two points."""
        kind = mujoco.mjtGeom.mjGEOM_CAPSULE if round_ends else mujoco.mjtGeom.mjGEOM_CYLINDER
        geom = self._add(kind, None, [radius, 0.0, 0.0], color, "", solid, False, mass, name)
        geom.fromto = [*start, *end]
        return geom

    def _add(
        self,
        kind: mujoco.mjtGeom,
        center: Vec3 | None,
        size: Sequence[float],
        color: tuple[float, float, float, float],
        material: str,
        solid: bool,
        hidden: bool,
        mass: float,
        name: str,
    ) -> mujoco.MjsGeom:
        geom = self.body.add_geom(type=kind, size=list(size), rgba=list(color), mass=mass)
        if center is not None:
            geom.pos = list(center)
        if name:
            geom.name = name
        if material:
            geom.material = material
            geom.rgba = [1.0, 1.0, 1.0, 1.0]
        geom.group = HIDDEN if hidden else (SEEN if self._movable or solid else DECOR)
        if not solid:
            geom.contype = geom.conaffinity = 0
        elif self._movable:
            contact.apply_object(geom, self._rolls)
        else:
            contact.apply_surface(geom)
        return geom
