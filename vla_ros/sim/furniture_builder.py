"""Furniture from boxes and cylinders: what a piece looks like follows from its category, size and surfaces.

Every piece is a body of its name at its floor pose (x = front). Its surfaces lie where the floor plan says; a
category without a drawing of its own becomes a plain block.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import mujoco

from vla_ros.core.floorplan import Furniture
from vla_ros.sim.leaf_builder import add_hollow_body, add_leaf
from vla_ros.sim.shapes import RGBA, Pen, rgba

Color = tuple[float, float, float, float]

_WOODS = {"brown": (0.50, 0.33, 0.19), "beige": (0.78, 0.66, 0.48), "white": (0.90, 0.89, 0.87)}
_METAL = (0.62, 0.64, 0.66, 1.0)
_DARK = (0.13, 0.13, 0.14, 1.0)
_GAP = (0.25, 0.20, 0.16, 1.0)


def add_furniture(spec: mujoco.MjSpec, piece: Furniture) -> mujoco.MjsBody:
    """Adds one piece to the world; returns its body."""
    quat = (math.cos(piece.yaw / 2), 0.0, 0.0, math.sin(piece.yaw / 2))
    body = spec.worldbody.add_body(name=piece.name, pos=(*piece.position, 0.0), quat=quat)
    pen = Pen(body)
    if piece.leaves:
        add_hollow_body(pen, piece, _paint(piece))
        for leaf in piece.leaves:
            add_leaf(spec, body, piece, leaf, _paint(piece))
    else:
        _DRAWINGS.get(piece.category, _block)(pen, piece, _paint(piece))
    return body


def _paint(piece: Furniture, shade: float = 1.0) -> Color:
    return rgba(_WOODS.get(piece.color, RGBA.get(piece.color, RGBA["grey"])), shade)


def _shaded(color: Color, factor: float) -> Color:
    return rgba(color[:3], factor)


def _block(pen: Pen, piece: Furniture, color: Color) -> None:
    depth, width, height = piece.size
    pen.box((0, 0, height / 2), (depth, width, height), color, solid=True)


def _counter(pen: Pen, piece: Furniture, color: Color) -> None:
    depth, width, height = piece.size
    top, plinth = 0.04, 0.10
    slab = (0.32, 0.31, 0.30, 1.0)
    pen.box((-0.03, 0, plinth / 2), (depth - 0.06, width, plinth), _DARK, solid=True)
    body_height = height - top - plinth
    pen.box((-0.01, 0, plinth + body_height / 2), (depth - 0.02, width, body_height), color, solid=True)
    # the free end of the top, beside the surface for things, holds the sink
    surface = piece.surfaces[0] if piece.surfaces else None
    edge = surface.center[1] + surface.size[1] / 2 + 0.02 if surface else width / 2
    room = width / 2 - edge
    if room < 0.45:
        pen.box((0, 0, height - top / 2), (depth, width, top), slab, solid=True)
    else:
        pen.box((0, (edge - width / 2) / 2, height - top / 2), (depth, width / 2 + edge, top), slab, solid=True)
        _sink(pen, (0.0, edge + room / 2, height), (depth, room), top, slab)
    doors = max(2, round(width / 0.5))
    step = width / doors
    for i in range(doors):
        y = -width / 2 + (i + 0.5) * step
        pen.box((depth / 2 - 0.012, y, plinth + body_height / 2 - 0.08), (0.02, step - 0.012, body_height - 0.18),
                _shaded(color, 0.97))  # fmt: skip
        pen.box((depth / 2 - 0.012, y, height - top - 0.07), (0.02, step - 0.012, 0.12), _shaded(color, 0.97))
        for z in (height - top - 0.07, height - top - 0.19):
            pen.box((depth / 2 + 0.005, y, z), (0.012, 0.14, 0.012), _METAL)
    pen.box((-depth / 2 + 0.006, 0, height + 0.03), (0.008, width, 0.06), (0.72, 0.78, 0.78, 1.0))


def _sink(
    pen: Pen, center: tuple[float, float, float], size: tuple[float, float], thickness: float, slab: Color
) -> None:
    """A basin let into the slab, with its tap on the wall behind."""
    x, y, top = center
    rim, depth = 0.09, 0.14
    z = top - thickness / 2
    pen.box((x + size[0] / 2 - rim / 2, y, z), (rim, size[1], thickness), slab, solid=True)
    pen.box((x - size[0] / 2 + rim / 2, y, z), (rim, size[1], thickness), slab, solid=True)
    for side in (-1, 1):
        pen.box((x, y + side * (size[1] / 2 - rim / 2), z), (size[0] - 2 * rim, rim, thickness), slab, solid=True)
    inner = (size[0] - 2 * rim, size[1] - 2 * rim)
    # drawn on top of the solid body, whose upper side is the basin's floor
    pen.box((x, y, top - thickness + 0.003), (*inner, 0.006), _METAL)
    for side in (-1, 1):
        pen.box((x, y + side * inner[1] / 2, z), (inner[0], 0.006, thickness + 0.002), _shaded(_METAL, 1.15))
        pen.box((x + side * inner[0] / 2, y, z), (0.006, inner[1], thickness + 0.002), _shaded(_METAL, 1.15))
    wall = x - size[0] / 2 + 0.012
    pen.rod((wall, y, top + depth + 0.02), (wall + 0.17, y, top + depth + 0.02), 0.012, _METAL)
    pen.rod((wall + 0.17, y, top + depth + 0.02), (wall + 0.17, y, top + depth - 0.04), 0.010, _METAL)


def _table(pen: Pen, piece: Furniture, color: Color) -> None:
    depth, width, height = piece.size
    top = 0.035
    pen.box((0, 0, height - top / 2), (depth, width, top), color, solid=True)
    pen.box((0, 0, height - top - 0.035), (depth - 0.12, width - 0.12, 0.07), _shaded(color, 0.75))
    _legs(pen, (depth - 0.08, width - 0.08), height - top, 0.055, _shaded(color, 0.8))


def _legs(pen: Pen, span: tuple[float, float], height: float, thick: float, color: Color) -> None:
    for sx in (-1, 1):
        for sy in (-1, 1):
            pen.box((sx * span[0] / 2, sy * span[1] / 2, height / 2), (thick, thick, height), color, solid=True)


def _desk(pen: Pen, piece: Furniture, color: Color) -> None:
    depth, width, height = piece.size
    top = 0.03
    pen.box((0, 0, height - top / 2), (depth, width, top), color, solid=True)
    for side in (-1, 1):
        pen.box((0, side * (width / 2 - 0.03), (height - top) / 2), (depth - 0.06, 0.04, height - top), _METAL,
                solid=True)  # fmt: skip
    pen.box((-depth / 2 + 0.05, 0, height - 0.22), (0.02, width - 0.1, 0.38), _shaded(color, 0.85))
    for k in range(3):
        z = height - top - 0.11 - 0.17 * k
        pen.box((0.0, width / 2 - 0.25, z), (depth - 0.12, 0.38, 0.16), _shaded(color, 0.92), solid=k == 1)
        pen.box((depth / 2 - 0.055, width / 2 - 0.25, z), (0.012, 0.12, 0.015), _METAL)


def _coffee_table(pen: Pen, piece: Furniture, color: Color) -> None:
    depth, width, height = piece.size
    top = 0.04
    pen.box((0, 0, height - top / 2), (depth, width, top), color, solid=True)
    _legs(pen, (depth - 0.08, width - 0.08), height - top, 0.05, _shaded(color, 0.7))
    pen.box((0, 0, 0.16), (depth - 0.09, width - 0.09, 0.02), _shaded(color, 0.85), solid=True)


def _shelf(pen: Pen, piece: Furniture, color: Color) -> None:
    depth, width, height = piece.size
    board = 0.025
    for side in (-1, 1):
        pen.box((0, side * (width - board) / 2, height / 2), (depth, board, height), color, solid=True)
    pen.box((-depth / 2 + 0.006, 0, height / 2), (0.012, width, height), _shaded(color, 0.8), solid=True)
    for surface in piece.surfaces:
        z = surface.height - board / 2
        pen.box((0, 0, z), (depth, width - 2 * board, board), color, solid=True)
    pen.box((0, 0, 0.05), (depth, width - 2 * board, 0.10), _shaded(color, 0.85), solid=True)
    # folders that fill the lowest compartment
    y, k = -width / 2 + 0.06, 0
    colors = ((0.45, 0.20, 0.18), (0.22, 0.30, 0.42), (0.62, 0.58, 0.48), (0.25, 0.36, 0.28))
    while y < width / 2 - 0.3:
        thick, tall = 0.045 + 0.012 * (k * 7 % 3), 0.20 + 0.02 * (k * 5 % 3)
        pen.box((-0.03, y, 0.10 + tall / 2), (depth - 0.10, thick - 0.004, tall), rgba(colors[k % 4]))
        y, k = y + thick, k + 1


def _bench(pen: Pen, piece: Furniture, color: Color) -> None:
    """A low board with drawers that carries a television hung on the wall above it."""
    depth, width, height = piece.size
    pen.box((0, 0, height / 2 + 0.03), (depth, width, height - 0.06), color, solid=True)
    pen.box((-0.02, 0, 0.03), (depth - 0.08, width - 0.10, 0.06), _DARK, solid=True)
    for k in (-1, 0, 1):
        y = k * width / 3
        pen.box((depth / 2 + 0.003, y, height / 2 + 0.02), (0.008, width / 3 - 0.015, height - 0.12),
                _shaded(color, 0.95))  # fmt: skip
        pen.box((depth / 2 + 0.010, y, height / 2 + 0.02), (0.008, 0.10, 0.012), _METAL)
    screen = height + 0.26 + 0.36
    pen.box((-depth / 2 + 0.03, 0, screen), (0.05, 1.24, 0.72), _DARK, solid=True)
    pen.box((-depth / 2 + 0.056, 0, screen), (0.004, 1.19, 0.67), (0.03, 0.04, 0.06, 1.0))


def _sofa(pen: Pen, piece: Furniture, color: Color) -> None:
    depth, width, height = piece.size
    seat = piece.surfaces[0].height if piece.surfaces else 0.42
    arm, back = 0.20, 0.26
    pen.box((0, 0, 0.16), (depth, width, 0.22), _shaded(color, 0.75), solid=True)
    pen.box((-depth / 2 + back / 2, 0, height / 2 + 0.03), (back, width, height - 0.06), color, solid=True)
    for side in (-1, 1):
        pen.box((0, side * (width - arm) / 2, 0.34), (depth, arm, 0.54), _shaded(color, 0.92), solid=True)
        y = side * (width / 4 - arm / 2)
        pen.box((back / 2 + 0.005, y, (seat + 0.25) / 2 + 0.01), (depth - back, width / 2 - arm - 0.012, seat - 0.27),
                _shaded(color, 1.12), solid=True)  # fmt: skip
        pen.box((-depth / 2 + back + 0.05, y, seat + 0.19), (0.13, width / 2 - arm - 0.03, 0.34), _shaded(color, 1.08))
    _legs(pen, (depth - 0.12, width - 0.12), 0.05, 0.05, _DARK)


def _bed(pen: Pen, piece: Furniture, color: Color) -> None:
    depth, width, _ = piece.size
    top = piece.surfaces[0].height if piece.surfaces else 0.5
    wood = rgba(_WOODS["brown"])
    pen.box((0, 0, 0.20), (depth, width, 0.20), wood, solid=True)
    pen.box((0.02, 0, 0.38), (depth - 0.08, width - 0.04, 2 * (top - 0.38)), rgba("white"), solid=True)
    pen.box((-depth / 2 + 0.03, 0, 0.45), (0.06, width, 0.90), wood, solid=True)
    quilt = rgba((0.36, 0.46, 0.62))
    pen.box((0.26, 0, top - 0.008), (depth - 0.60, width + 0.01, 0.02), quilt)
    for side in (-1, 1):
        pen.box((0.26, side * (width / 2 + 0.002), top - 0.10), (depth - 0.60, 0.02, 0.18), quilt)
        pillow = (-depth / 2 + 0.30, side * width / 4, top + 0.05)
        pen.ball(pillow, (0.20, 0.31, 0.075), (0.93, 0.93, 0.95, 1.0))
    pen.box((depth / 2 - 0.03, 0, top - 0.10), (0.02, width, 0.18), quilt)
    _legs(pen, (depth - 0.12, width - 0.12), 0.10, 0.07, wood)


def _chair(pen: Pen, piece: Furniture, color: Color) -> None:
    depth, width, height = piece.size
    seat = 0.45
    pen.box((0, 0, seat - 0.02), (depth, width, 0.04), color, solid=True)
    if piece.color == "black":
        pen.cylinder((0, 0, 0.25), 0.03, 0.36, _METAL, solid=True)
        for k in range(5):
            a = 2 * math.pi * k / 5
            end = (0.24 * math.cos(a), 0.24 * math.sin(a), 0.05)
            pen.rod((0, 0, 0.09), end, 0.02, _DARK)
        pen.cylinder((0, 0, 0.06), 0.22, 0.08, hidden=True, solid=True)
        pen.cylinder((0, 0, 0.20), 0.05, 0.10, _DARK, solid=True)
        pen.box((0, 0, seat + 0.01), (depth - 0.03, width - 0.03, 0.05), _shaded(color, 1.6))
    else:
        _legs(pen, (depth - 0.05, width - 0.05), seat - 0.04, 0.035, _shaded(color, 0.85))
    pen.box((-depth / 2 + 0.02, 0, height - 0.13), (0.035, width - 0.02, 0.26), color, solid=True)
    for side in (-1, 1):
        y = side * (width / 2 - 0.04)
        pen.box((-depth / 2 + 0.02, y, (seat + height) / 2 - 0.05), (0.03, 0.03, height - seat), _shaded(color, 0.85))


def _chest(pen: Pen, piece: Furniture, color: Color) -> None:
    """Nightstand and dresser: a body on feet with drawer fronts."""
    depth, width, height = piece.size
    pen.box((0, 0, height / 2 + 0.03), (depth, width, height - 0.06), color, solid=True)
    _legs(pen, (depth - 0.06, width - 0.06), 0.06, 0.05, _shaded(color, 0.7))
    rows = max(2, round(height / 0.25))
    step = (height - 0.12) / rows
    for k in range(rows):
        z = 0.08 + (k + 0.5) * step
        pen.box((depth / 2 + 0.003, 0, z), (0.010, width - 0.05, step - 0.02), _shaded(color, 1.15))
        for side in (-1, 1):
            pen.box((depth / 2 + 0.012, side * width / 5, z), (0.012, 0.07, 0.014), _METAL)


def _wardrobe(pen: Pen, piece: Furniture, color: Color) -> None:
    depth, width, height = piece.size
    pen.box((0, 0, height / 2), (depth, width, height), color, solid=True)
    count = max(2, round(width / 0.5))
    step = width / count
    for i in range(count):
        y = -width / 2 + (i + 0.5) * step
        pen.box((depth / 2 + 0.004, y, height / 2 + 0.03), (0.010, step - 0.014, height - 0.12), _shaded(color, 0.95))
        knob = y + (step / 2 - 0.06) * (1 if i % 2 == 0 else -1)
        pen.box((depth / 2 + 0.014, knob, 1.05), (0.012, 0.018, 0.22), _METAL)
    pen.box((depth / 2 + 0.002, 0, 0.04), (0.006, width, 0.06), _GAP)


def _bin(pen: Pen, piece: Furniture, color: Color) -> None:
    """Four walls and a floor, open above."""
    depth, width, height = piece.size
    wall = 0.012
    pen.box((0, 0, 0.01), (depth, width, 0.02), _shaded(color, 0.7), solid=True)
    for side in (-1, 1):
        pen.box((side * (depth - wall) / 2, 0, height / 2), (wall, width, height), color, solid=True)
        pen.box((0, side * (width - wall) / 2, height / 2), (depth, wall, height), _shaded(color, 0.92), solid=True)
        pen.box((side * (depth - wall) / 2, 0, height - 0.02), (wall + 0.008, width + 0.008, 0.03),
                _shaded(color, 1.3))  # fmt: skip


_DRAWINGS: dict[str, Callable[[Pen, Furniture, Color], None]] = {
    "counter": _counter,
    "table": _table,
    "side_table": _table,
    "coffee_table": _coffee_table,
    "desk": _desk,
    "shelf": _shelf,
    "bench": _bench,
    "sofa": _sofa,
    "bed": _bed,
    "chair": _chair,
    "nightstand": _chest,
    "dresser": _chest,
    "wardrobe": _wardrobe,
    "bin": _bin,
}
