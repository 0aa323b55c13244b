"""How doors and drawers stand: where the handle is when they are open that far, and about which one the hand is.

An amount is how far a leaf is open: radians of a hinged door with the sign of its travel, metres of a drawer.
"""

from __future__ import annotations

import math

import numpy as np

from vla_ros.core.floorplan import FloorPlan, Furniture, Leaf
from vla_ros.core.geometry import Pose2D, Vector, wrap_angle

_SHARE = 0.8
_ABOUT_M = 0.09
_STEPS = 24


def wide(leaf: Leaf) -> float:
    """The amount that counts as open: most of the travel, not against its end."""
    return _SHARE * leaf.travel


def handle(piece: Furniture, leaf: Leaf, amount: float) -> tuple[Vector, float]:
    """The handle's floor point (2,) in map [m] and the heading into the leaf [rad], at that amount."""
    if leaf.kind == "drawer":
        pulled = np.array([leaf.handle[0] + amount, leaf.handle[1]])
        return piece.pose2d.transform(pulled), wrap_angle(piece.yaw + math.pi)
    hinge = np.array(leaf.hinge)
    c, s = math.cos(amount), math.sin(amount)
    arm = np.array(leaf.handle[:2]) - hinge
    point = piece.pose2d.transform(hinge + np.array([c * arm[0] - s * arm[1], s * arm[0] + c * arm[1]]))
    return point, wrap_angle(piece.yaw + amount + math.pi)


def moved(piece: Furniture, leaf: Leaf, before: Pose2D, after: Pose2D) -> float:
    """By how much a leaf was moved by a base that held it rigidly, from the base's poses before and after."""
    if leaf.kind == "drawer":
        return math.cos(piece.yaw) * (after.x - before.x) + math.sin(piece.yaw) * (after.y - before.y)
    x, y = piece.pose2d.transform(np.array(leaf.hinge))
    return wrap_angle(math.atan2(after.y - y, after.x - x) - math.atan2(before.y - y, before.x - x))


def within(leaf: Leaf, amount: float) -> float:
    """The nearest amount that the leaf can have."""
    return min(max(amount, min(0.0, leaf.travel)), max(0.0, leaf.travel))


def held_by(plan: FloorPlan, tool: Vector) -> tuple[Furniture, Leaf, float] | None:
    """The leaf whose handle is between the fingers of a hand at ``tool`` (3,) in map [m], however far it is open, and
    that amount; None when no handle can be there."""
    best: tuple[float, Furniture, Leaf, float] | None = None
    for piece in plan.furniture:
        for leaf in piece.leaves:
            for amount in np.linspace(0.0, leaf.travel, _STEPS):
                point, _ = handle(piece, leaf, float(amount))
                away = float(np.linalg.norm([*(point - tool[:2]), leaf.handle[2] - tool[2]]))
                if away < _ABOUT_M and (best is None or away < best[0]):
                    best = (away, piece, leaf, float(amount))
    return best[1:] if best is not None else None
