"""Boxes out of the floor plan: table tops, boards, sides, doors, so that a hand fits in between.

The grid of the base takes whole footprints; the arm must reach over tables, between shelf boards and into an
opened fridge. Names are "piece/part" (body parts) or the leaf's own name (doors, drawers), see :func:`ignored`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from vla_ros.core.floorplan import FloorPlan, Furniture, Surface
from vla_ros.core.geometry import Box, Pose

BOARD_M = 0.025
LEAF_M = 0.05
UNDER_INSET_M = 0.12
HANGING_BELOW_M = 1.0
HANGING_TO_M = 1.3
HANGING_DEPTH_M = 0.08
TOP_M = 0.04
LEG_M = 0.06
FLUSH_M = 0.04
STRIP_M = 0.08


def furniture_boxes(plan: FloorPlan) -> tuple[Box, ...]:
    """Every piece of furniture and wall as collision boxes in map."""
    out = list(plan.wall_boxes())
    for piece in plan.furniture:
        out += piece_boxes(piece)
    return tuple(out)


def piece_boxes(piece: Furniture) -> list[Box]:
    """One piece as boxes."""
    depth, width, height = piece.size
    if piece.walk_under:
        return _table(piece)
    open_above = [s for s in piece.surfaces if not s.enclosed and s.height + s.clearance > height + 0.01]
    inner = [s for s in piece.surfaces if s not in open_above]
    if inner:
        return _hollow(piece, inner)
    low = [s for s in open_above if s.height < height - FLUSH_M]
    if low and low[0].name == "inside":
        return _bin(piece, low[0])
    if low:
        return _stepped(piece, low[0])
    out = [_box(piece, "body", (-depth / 2, depth / 2), (-width / 2, width / 2), (0.0, height))]
    clearance = min((s.clearance for s in open_above), default=math.inf)
    if clearance < HANGING_BELOW_M:
        # Something hangs above the back of an open top, such as a screen on the wall.
        back = (-depth / 2, -depth / 2 + HANGING_DEPTH_M)
        out.append(_box(piece, "above", back, (-width / 2, width / 2), (height + clearance, HANGING_TO_M)))
    return out


def ignored(box: Box, names: Iterable[str]) -> bool:
    """True when a box may be touched: its name, or the piece before the "/", is among ``names``."""
    return box.name in names or box.name.split("/")[0] in names


def near(boxes: Iterable[Box], x: float, y: float, reach: float) -> list[Box]:
    """The boxes that come within ``reach`` [m] of a point of the floor."""
    out = []
    for box in boxes:
        c, s = np.cos(box.pose.yaw), np.sin(box.pose.yaw)
        dx, dy = x - box.pose.position[0], y - box.pose.position[1]
        u, v = abs(c * dx + s * dy) - box.size[0] / 2, abs(c * dy - s * dx) - box.size[1] / 2
        if np.hypot(max(u, 0.0), max(v, 0.0)) < reach:
            out.append(box)
    return out


def _box(piece: Furniture, part: str, x: tuple[float, float], y: tuple[float, float], z: tuple[float, float]) -> Box:
    """A box given by its ranges in the piece's own axes."""
    cx, cy = piece.pose2d.transform(np.array([(x[0] + x[1]) / 2, (y[0] + y[1]) / 2]))
    size = (max(x[1] - x[0], 1e-3), max(y[1] - y[0], 1e-3), max(z[1] - z[0], 1e-3))
    name = part if part.startswith("=") else f"{piece.name}/{part}"
    return Box(Pose.planar(cx, cy, piece.yaw, (z[0] + z[1]) / 2, "odom"), size, name.lstrip("="))


def _table(piece: Furniture) -> list[Box]:
    depth, width, height = piece.size
    x, y = (-depth / 2, depth / 2), (-width / 2, width / 2)
    tops = sorted({s.height for s in piece.surfaces} | {height})
    # A surface that is all but the top is the top.
    tops = [h for i, h in enumerate(tops) if i == len(tops) - 1 or tops[i + 1] - h > FLUSH_M]
    out = [_box(piece, f"top_{i}", x, y, (h - TOP_M, h)) for i, h in enumerate(tops)]
    corners = [(u, v) for u in (x[0], x[1] - LEG_M) for v in (y[0], y[1] - LEG_M)]
    below = (0.0, tops[0] - TOP_M)
    out += [_box(piece, f"leg_{i}", (u, u + LEG_M), (v, v + LEG_M), below) for i, (u, v) in enumerate(corners)]
    if min(depth, width) > 3 * UNDER_INSET_M:
        # The arm has no business deep under a table, and drawers or panels may be there.
        inner = [(low + UNDER_INSET_M, high - UNDER_INSET_M) for low, high in (x, y)]
        out.append(_box(piece, "under", inner[0], inner[1], below))
    return out


def _bin(piece: Furniture, inside: Surface) -> list[Box]:
    """Four walls around an opening and a bottom."""
    depth, width, height = piece.size
    x, y = (-depth / 2, depth / 2), (-width / 2, width / 2)
    wall_x, wall_y = max((depth - inside.size[0]) / 2, 0.01), max((width - inside.size[1]) / 2, 0.01)
    return [
        _box(piece, "bottom", x, y, (0.0, max(inside.height, 0.01))),
        _box(piece, "back", (x[0], x[0] + wall_x), y, (0.0, height)),
        _box(piece, "front", (x[1] - wall_x, x[1]), y, (0.0, height)),
        _box(piece, "right_side", x, (y[0], y[0] + wall_y), (0.0, height)),
        _box(piece, "left_side", x, (y[1] - wall_y, y[1]), (0.0, height)),
    ]


def _stepped(piece: Furniture, seat: Surface) -> list[Box]:
    """A seat or mattress lower than the back, arms or headboard around it."""
    depth, width, height = piece.size
    x, y = (-depth / 2, depth / 2), (-width / 2, width / 2)
    sx = (seat.center[0] - seat.size[0] / 2, seat.center[0] + seat.size[0] / 2)
    sy = (seat.center[1] - seat.size[1] / 2, seat.center[1] + seat.size[1] / 2)
    out = [_box(piece, "seat", x, y, (0.0, seat.height))]
    if sx[0] - x[0] >= STRIP_M:
        out.append(_box(piece, "back", (x[0], sx[0]), y, (0.0, height)))
    # In front nothing rises above the seat, however small its usable rectangle is.
    if sy[0] - y[0] >= STRIP_M:
        out.append(_box(piece, "right_side", x, (y[0], sy[0]), (0.0, height)))
    if y[1] - sy[1] >= STRIP_M:
        out.append(_box(piece, "left_side", x, (sy[1], y[1]), (0.0, height)))
    return out


def _hollow(piece: Furniture, inner: list[Surface]) -> list[Box]:
    """Shelves, fridges, cabinets: sides, back, boards, top, and closed doors in front."""
    depth, width, height = piece.size
    x, y = (-depth / 2, depth / 2), (-width / 2, width / 2)
    inner = sorted(inner, key=lambda s: s.height)
    floor = inner[0].height
    ceiling = min(height - BOARD_M, max(s.height + s.clearance for s in inner))
    out = [
        _box(piece, "back", (x[0], x[0] + BOARD_M), y, (0.0, height)),
        _box(piece, "right_side", x, (y[0], y[0] + BOARD_M), (0.0, height)),
        _box(piece, "left_side", x, (y[1] - BOARD_M, y[1]), (0.0, height)),
        _box(piece, "bottom", x, y, (0.0 if floor < 0.5 or piece.leaves else floor - BOARD_M, floor)),
        _box(piece, "top", x, y, (ceiling, height)),
    ]
    out += [_box(piece, s.name, x, y, (s.height - BOARD_M, s.height)) for s in inner[1:]]
    hinged = [leaf for leaf in piece.leaves if leaf.kind == "hinged"]
    for leaf in hinged:
        # Each door reaches from its hinge across its share of the front.
        share = width / len(hinged)
        edge = leaf.hinge[1]
        span = (edge, edge + share) if edge < leaf.handle[1] else (edge - share, edge)
        out.append(_box(piece, f"={leaf.name}", (x[1] - LEAF_M, x[1]), span, (floor - BOARD_M, ceiling)))
    return out
