"""Movable things, drawn by category in the catalog's size, with simple collision shapes and the catalog's mass.

Every object is a free body of its name; its origin is the middle of its bounding box. A category without a
drawing of its own takes the form of its catalog shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import mujoco

from vla_ros.core.catalog import ObjectKind
from vla_ros.sim.shapes import Pen, rgba

Color = tuple[float, float, float, float]

CONTAINER_WALL = 0.010
"""Thickness of a basket's or box's walls and floor [m]."""
_METAL = (0.70, 0.71, 0.73, 1.0)
_DARK = (0.10, 0.10, 0.11, 1.0)


def add_object(
    spec: mujoco.MjSpec, name: str, kind: ObjectKind, color: str, position: tuple[float, float, float], yaw: float
) -> mujoco.MjsBody:
    """Adds one object; ``position`` is the middle of its bounding box in map [m]."""
    quat = (math.cos(yaw / 2), 0.0, 0.0, math.sin(yaw / 2))
    body = spec.worldbody.add_body(name=name, pos=position, quat=quat)
    body.add_freejoint(name=name)
    pen = Pen(body, movable=True, rolls=kind.shape == "sphere")
    drawing = _DRAWINGS.get(kind.category) or (_container if kind.container else _FORMS[kind.shape])
    drawing(pen, kind, rgba(color))
    return body


def _shade(color: Color, factor: float) -> Color:
    return rgba(color[:3], factor)


def _cylinder(pen: Pen, kind: ObjectKind, color: Color) -> None:
    length, _, height = kind.size
    pen.cylinder((0, 0, 0), length / 2, height, color, solid=True, mass=kind.mass)


def _sphere(pen: Pen, kind: ObjectKind, color: Color) -> None:
    pen.ball((0, 0, 0), (kind.size[0] / 2,) * 3, color, solid=True, mass=kind.mass)


def _block(pen: Pen, kind: ObjectKind, color: Color) -> None:
    pen.box((0, 0, 0), kind.size, color, solid=True, mass=kind.mass)


def _cup(pen: Pen, kind: ObjectKind, color: Color) -> None:
    _cylinder(pen, kind, color)
    radius, height = kind.size[0] / 2, kind.size[2]
    pen.cylinder((0, 0, height / 2), radius - 0.004, 0.001, _shade(color, 0.45))
    reach = radius + 0.014
    pen.rod((radius - 0.003, 0, 0.022), (reach, 0, 0.018), 0.004, color)
    pen.rod((reach, 0, 0.018), (reach, 0, -0.018), 0.004, color)
    pen.rod((reach, 0, -0.018), (radius - 0.003, 0, -0.024), 0.004, color)


def _can(pen: Pen, kind: ObjectKind, color: Color) -> None:
    _cylinder(pen, kind, color)
    radius, height = kind.size[0] / 2, kind.size[2]
    for side in (-1, 1):
        pen.cylinder((0, 0, side * height / 2), radius - 0.003, 0.002, _METAL)
    pen.cylinder((0, 0, 0), radius + 0.0006, height * 0.22, (0.93, 0.93, 0.92, 1.0))


def _bottle(pen: Pen, kind: ObjectKind, color: Color) -> None:
    radius, height = kind.size[0] / 2, kind.size[2]
    body, neck = 0.62 * height, 0.30 * height
    bottom = -height / 2
    pen.cylinder((0, 0, bottom + body / 2), radius, body, color, solid=True, mass=kind.mass * 0.85)
    pen.ball((0, 0, bottom + body), (radius, radius, 0.12 * height), color)
    center = (0, 0, height / 2 - neck / 2)
    pen.cylinder(center, 0.38 * radius, neck, color, solid=True, mass=kind.mass * 0.15)
    pen.cylinder((0, 0, height / 2 - 0.012), 0.45 * radius, 0.024, _shade(color, 0.5))
    pen.cylinder((0, 0, bottom + body * 0.55), radius + 0.0006, body * 0.3, (0.92, 0.92, 0.88, 1.0))


def _apple(pen: Pen, kind: ObjectKind, color: Color) -> None:
    _sphere(pen, kind, color)
    top = kind.size[2] / 2
    pen.cylinder((0, 0, top - 0.002), 0.009, 0.003, _shade(color, 0.6))
    pen.rod((0, 0, top - 0.004), (0.004, 0, top + 0.010), 0.002, (0.30, 0.20, 0.10, 1.0))


def _ball(pen: Pen, kind: ObjectKind, color: Color) -> None:
    _sphere(pen, kind, color)
    radius = kind.size[0] / 2
    pen.cylinder((0, 0, 0), radius + 0.0006, 0.007, _shade(color, 0.7))


def _ring(pen: Pen, radius: float, bottom: float, top: float, wall: float, color: Color, mass: float) -> None:
    """A round wall of boxes: outer radius, lower and upper edge, thickness [m]."""
    count = 12
    long = 2 * (radius - wall / 2) * math.tan(math.pi / count)
    for k in range(count):
        a = 2 * math.pi * k / count
        center = ((radius - wall / 2) * math.cos(a), (radius - wall / 2) * math.sin(a), (bottom + top) / 2)
        pen.box(center, (wall, long * 1.04, top - bottom), color, yaw=a, solid=True, mass=mass / count)


def _bowl(pen: Pen, kind: ObjectKind, color: Color) -> None:
    radius, height = kind.size[0] / 2, kind.size[2]
    low = -height / 2
    pen.cylinder((0, 0, low + 0.006), 0.72 * radius, 0.012, _shade(color, 0.8), solid=True, mass=kind.mass * 0.4)
    _ring(pen, 0.82 * radius, low + 0.006, low + 0.45 * height, 0.012, color, kind.mass * 0.15)
    _ring(pen, radius, low + 0.35 * height, height / 2, 0.009, color, kind.mass * 0.45)
    pen.cylinder((0, 0, low + 0.38 * height), 0.92 * radius, 0.008, _shade(color, 0.75))


def _plate(pen: Pen, kind: ObjectKind, color: Color) -> None:
    radius, height = kind.size[0] / 2, kind.size[2]
    low = -height / 2
    pen.cylinder((0, 0, low + 0.005), radius - 0.006, 0.010, color, solid=True, mass=kind.mass * 0.7)
    _ring(pen, radius, low + 0.002, height / 2, 0.008, color, kind.mass * 0.3)
    pen.cylinder((0, 0, low + 0.010), 0.62 * radius, 0.002, _shade(color, 0.88))


def _box(pen: Pen, kind: ObjectKind, color: Color) -> None:
    _block(pen, kind, color)
    length, _, height = kind.size
    tape = _shade(color, 0.75)
    pen.box((0, 0, height / 2), (length + 0.001, 0.016, 0.001), tape)
    for side in (-1, 1):
        pen.box((side * length / 2, 0, height / 2 - 0.014), (0.001, 0.016, 0.028), tape)


def _book(pen: Pen, kind: ObjectKind, color: Color) -> None:
    length, width, height = kind.size
    cover = 0.004
    pen.box((0, 0, 0), kind.size, solid=True, hidden=True, mass=kind.mass)
    for side in (-1, 1):
        pen.box((0, 0, side * (height - cover) / 2), (length, width, cover), color)
    pen.box((0, -(width - cover) / 2, 0), (length, cover, height), color)
    pen.box((0, 0.002, 0), (length - 0.008, width - 0.012, height - 2 * cover), (0.93, 0.91, 0.84, 1.0))
    pen.box((0, 0.01, height / 2), (length * 0.55, width * 0.28, 0.001), _shade(color, 1.5))


def _phone(pen: Pen, kind: ObjectKind, color: Color) -> None:
    _block(pen, kind, color)
    length, width, height = kind.size
    pen.box((0, 0, height / 2), (length - 0.012, width - 0.008, 0.001), _shade(color, 0.9))
    pen.ball((length / 2 - 0.016, width / 2 - 0.014, height / 2), (0.005, 0.005, 0.001), _METAL)


def _stapler(pen: Pen, kind: ObjectKind, color: Color) -> None:
    length, width, height = kind.size
    pen.box((0, 0, 0), kind.size, solid=True, hidden=True, mass=kind.mass)
    pen.box((0, 0, -height / 2 + 0.008), (length, width, 0.016), _shade(color, 0.8))
    pen.box((-0.005, 0, 0.004), (length - 0.012, width * 0.8, 0.016), _METAL)
    pen.box((-0.002, 0, height / 2 - 0.010), (length - 0.006, width * 0.95, 0.020), color)
    pen.box((-length / 2 + 0.012, 0, 0), (0.022, width * 0.9, height - 0.006), color)


def _pen(pen: Pen, kind: ObjectKind, color: Color) -> None:
    length, width, height = kind.size
    pen.box((0, 0, 0), kind.size, solid=True, hidden=True, mass=kind.mass)
    radius = min(width, height) / 2
    pen.rod((-length / 2 + 0.012, 0, 0), (length / 2, 0, 0), radius, color, round_ends=False)
    pen.rod((-length / 2, 0, 0), (-length / 2 + 0.014, 0, 0), 0.5 * radius, _METAL, round_ends=False)
    pen.box((length / 2 - 0.022, 0, radius), (0.04, 0.004, 0.003), _METAL)


def _knife(pen: Pen, kind: ObjectKind, color: Color) -> None:
    length, width, height = kind.size
    pen.box((0, 0, 0), kind.size, solid=True, hidden=True, mass=kind.mass)
    handle = 0.42 * length
    pen.box((-(length - handle) / 2, 0, 0), (handle, width * 0.85, height), _DARK)
    pen.box((handle / 2, 0, 0), (length - handle, width, 0.004), _shade(color, 1.45))


def _container(pen: Pen, kind: ObjectKind, color: Color) -> None:
    """A basket: floor and four walls, open above, with bands that look woven."""
    length, width, height = kind.size
    wall = CONTAINER_WALL
    share = kind.mass / 5
    floor = _shade(color, 0.8)
    pen.box((0, 0, -height / 2 + wall / 2), (length, width, wall), floor, solid=True, mass=share)
    for side in (-1, 1):
        x, y = side * (length - wall) / 2, side * (width - wall) / 2
        pen.box((x, 0, 0), (wall, width, height), color, solid=True, mass=share)
        pen.box((0, y, 0), (length, wall, height), color, solid=True, mass=share)
        for k in range(3):
            z = -height / 2 + (k + 0.6) * height / 3.2
            pen.box((side * length / 2, 0, z), (0.003, width, height / 9), _shade(color, 0.72))
            pen.box((0, side * width / 2, z), (length, 0.003, height / 9), _shade(color, 0.72))
        pen.box((x, 0, height / 2), (wall + 0.006, width + 0.006, 0.010), _shade(color, 0.85))
        pen.box((0, y, height / 2), (length + 0.006, wall + 0.006, 0.010), _shade(color, 0.85))


_DRAWINGS: dict[str, Callable[[Pen, ObjectKind, Color], None]] = {
    "cup": _cup,
    "can": _can,
    "bottle": _bottle,
    "apple": _apple,
    "ball": _ball,
    "bowl": _bowl,
    "plate": _plate,
    "box": _box,
    "book": _book,
    "phone": _phone,
    "stapler": _stapler,
    "pen": _pen,
    "knife": _knife,
    "basket": _container,
}
_FORMS: dict[str, Callable[[Pen, ObjectKind, Color], None]] = {
    "cylinder": _cylinder,
    "sphere": _sphere,
    "box": _block,
    "flat": _block,
    "elongated": _block,
}
