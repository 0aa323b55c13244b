"""Furniture that opens: a hollow body with shelves inside, hinged doors and drawers with a bar to pull.

A leaf is a body of the leaf's name with one joint of the same name, zero when closed. Its handle's geoms are
named ``<leaf>_handle…``: touching them with the hand is intended and no collision.
"""

from __future__ import annotations

import mujoco

from vla_ros.core.floorplan import Furniture, Leaf
from vla_ros.sim.shapes import Pen, rgba

Color = tuple[float, float, float, float]

LEAF_THICKNESS = 0.05
_WALL = 0.03
_BAR_RADIUS = 0.011
_BAR_LENGTH = 0.32
_METAL = (0.72, 0.73, 0.75, 1.0)


def add_hollow_body(pen: Pen, piece: Furniture, color: Color) -> None:
    """The box behind the leaves: walls, back, floor, top and a board below every enclosed surface."""
    depth, width, height = piece.size
    inner = depth - LEAF_THICKNESS
    x = -LEAF_THICKNESS / 2
    inside = rgba((0.88, 0.90, 0.92)) if piece.color in ("grey", "white") else rgba(color[:3], 0.9)
    for side in (-1, 1):
        pen.box((x, side * (width - _WALL) / 2, height / 2), (inner, _WALL, height), color, solid=True)
        face = side * (width / 2 - _WALL - 0.001)
        pen.box((x, face, height / 2), (inner - 0.01, 0.002, height - 2 * _WALL), inside)
    pen.box((-depth / 2 + 0.01, 0, height / 2), (0.02, width, height), rgba(inside[:3], 0.95), solid=True)
    pen.box((x, 0, height - _WALL / 2), (inner, width - 2 * _WALL, _WALL), color, solid=True)
    pen.box((x, 0, 0.05), (inner, width - 2 * _WALL, 0.10), rgba(color[:3], 0.6), solid=True)
    for surface in piece.surfaces:
        if surface.enclosed:
            board = (inner - 0.05, width - 2 * _WALL, 0.015)
            pen.box((x - 0.02, 0, surface.height - 0.0075), board, inside, solid=True)


def add_leaf(spec: mujoco.MjSpec, parent: mujoco.MjsBody, piece: Furniture, leaf: Leaf, color: Color) -> None:
    """Adds one door or drawer to its piece of furniture."""
    if leaf.kind == "drawer":
        _add_drawer(parent, piece, leaf, color)
        return
    depth, width, height = piece.size
    # the leaf reaches from its hinge to the other side of the piece
    away = -1.0 if leaf.hinge[1] > 0 else 1.0
    span = width / 2 + abs(leaf.hinge[1]) - 0.002
    body = parent.add_body(name=leaf.name, pos=(*leaf.hinge, 0.0))
    _add_joint(body, leaf, mujoco.mjtJoint.mjJNT_HINGE, (0.0, 0.0, 1.0), damping=0.8, friction=0.5)
    pen = Pen(body)
    bottom, top = 0.10, height
    x = depth / 2 - LEAF_THICKNESS / 2 - leaf.hinge[0]
    center = (x, away * span / 2, (bottom + top) / 2)
    panel = pen.box(center, (LEAF_THICKNESS, span, top - bottom), rgba(color[:3], 1.04), solid=True)
    panel.name = f"{leaf.name}_panel"
    panel.mass = 5.0
    trim = rgba(color[:3], 0.9)
    pen.box((x + LEAF_THICKNESS / 2 + 0.001, center[1], center[2]), (0.003, span - 0.10, top - bottom - 0.12), trim)
    pen.box((x - LEAF_THICKNESS / 2 - 0.001, center[1], center[2]), (0.003, span - 0.06, top - bottom - 0.06),
            rgba("white"))  # fmt: skip
    _add_handle(pen, leaf, tuple(h - o for h, o in zip(leaf.handle, (*leaf.hinge, 0.0))), x + LEAF_THICKNESS / 2)
    spec.add_exclude(bodyname1=parent.name, bodyname2=leaf.name)


def _add_drawer(parent: mujoco.MjsBody, piece: Furniture, leaf: Leaf, color: Color) -> None:
    """A box without lid that slides out along the front's axis, centred behind its handle."""
    depth, width, _ = piece.size
    body = parent.add_body(name=leaf.name)
    _add_joint(body, leaf, mujoco.mjtJoint.mjJNT_SLIDE, (1.0, 0.0, 0.0), damping=8.0, friction=1.5)
    pen = Pen(body)
    z, high, wide = leaf.handle[2], 0.16, width - 2 * _WALL - 0.01
    front = depth / 2 - LEAF_THICKNESS / 2
    pen.box((front, 0, z), (LEAF_THICKNESS, wide, high), rgba(color[:3], 1.04), solid=True, mass=1.0)
    long = depth - LEAF_THICKNESS - 0.06
    middle = front - LEAF_THICKNESS / 2 - long / 2
    pen.box((middle, 0, z - high / 2 + 0.006), (long, wide, 0.012), rgba("beige"), solid=True, mass=0.5)
    for side in (-1, 1):
        pen.box((middle, side * wide / 2, z - 0.03), (long, 0.012, high - 0.06), rgba("beige"), solid=True, mass=0.2)
    _add_handle(pen, leaf, leaf.handle, depth / 2)


def _add_joint(
    body: mujoco.MjsBody,
    leaf: Leaf,
    kind: mujoco.mjtJoint,
    axis: tuple[float, float, float],
    damping: float,
    friction: float,
) -> None:
    low, high = sorted((0.0, leaf.travel))
    body.add_joint(
        name=leaf.name,
        type=kind,
        axis=list(axis),
        limited=True,
        range=[low, high],
        damping=[damping, 0.0, 0.0],
        frictionloss=friction,
        armature=0.02,
    )


def _add_handle(pen: Pen, leaf: Leaf, center: tuple[float, ...], face: float) -> None:
    """A round bar before the face at x = ``face``, on two posts, wide enough apart for fingers between them."""
    x, y, z = center
    half = _BAR_LENGTH / 2
    upright = leaf.handle_axis == "vertical"
    ends = [(x, y, z + s * half) if upright else (x, y + s * half, z) for s in (-1, 1)]
    pen.rod(ends[0], ends[1], _BAR_RADIUS, _METAL, solid=True, mass=0.2, name=f"{leaf.name}_handle_bar")
    for k, end in enumerate(ends):
        post = (face, end[1], end[2])
        pen.rod(post, end, 0.008, _METAL, solid=True, mass=0.03, name=f"{leaf.name}_handle_post_{k}")
