"""Collision-free ways through joint space: straight when free, else two growing trees, then shortcuts.

Deterministic: the same question gives the same way. Knows nothing of robots, only of a ``free`` test.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from vla_ros.core.geometry import Vector

Free = Callable[[Vector], bool]
RESOLUTION = 0.05
EXTEND = 0.35
SHORTCUTS = 40


class JointSpace:
    """Bounds, weights and the free test of one joint group.

    Args:
        lower: lowest positions (k,).
        upper: highest positions (k,).
        weights: how much a unit of each joint counts (metres of a lift against radians).
        free: tells whether positions (k,) are free of collision.
        budget: how many positions may be tested in all.
    """

    def __init__(self, lower: Vector, upper: Vector, weights: Vector, free: Free, budget: int) -> None:
        self.lower, self.upper, self.weights = lower, upper, weights
        self._free, self.left = free, budget

    def free(self, q: Vector) -> bool:
        """One test, counted."""
        self.left -= 1
        return self._free(q)

    def distance(self, a: Vector, b: Vector) -> float:
        """Weighted largest joint motion."""
        return float(np.max(np.abs(b - a) * self.weights))

    def line_free(self, a: Vector, b: Vector) -> bool:
        """True when the straight way from ``a`` (known free) to ``b`` is free; coarse tests come first."""
        n = max(1, math.ceil(self.distance(a, b) / RESOLUTION))
        fractions = np.arange(1, n + 1) / n
        stride = 1 << max(0, n.bit_length() - 1)
        done: set[int] = set()
        while stride >= 1:
            for i in [n - 1, *range(stride - 1, n, stride)]:
                if i not in done:
                    done.add(i)
                    if not self.free(a + fractions[i] * (b - a)):
                        return False
            stride //= 2
        return True


def find_path(space: JointSpace, start: Vector, goals: list[Vector]) -> tuple[list[Vector], int] | None:
    """Corners of a free way from ``start`` to one of ``goals``, and which; None when none was found in the budget."""
    for k, goal in enumerate(goals):
        if space.line_free(start, goal):
            return [start, goal], k
    rng = np.random.default_rng(3)
    trees = ([_Node(start, None, -1)], [_Node(g, None, k) for k, g in enumerate(goals)])
    grown, other = trees
    while space.left > 0:
        wish = rng.uniform(space.lower, space.upper)
        new = _extend(space, grown, wish)
        if new is not None:
            met = _connect(space, other, new.q)
            if met is not None:
                a, b = (new, met) if grown is trees[0] else (met, new)
                way = [*reversed(a.chain()), *b.chain()[1:]]
                return shortcut(space, [n.q for n in way], rng), way[-1].goal
        grown, other = other, grown
    return None


def shortcut(space: JointSpace, way: list[Vector], rng: np.random.Generator) -> list[Vector]:
    """The same way with corners cut off wherever the straight line between two of its points is free."""
    way = list(way)
    for _ in range(SHORTCUTS):
        if len(way) <= 2:
            break
        i, j = sorted(rng.choice(len(way) - 1, 2, replace=False))
        a = way[i] + rng.uniform() * (way[i + 1] - way[i])
        b = way[j] + rng.uniform() * (way[j + 1] - way[j])
        if space.line_free(a, b):
            way = [*way[: i + 1], a, b, *way[j + 1 :]]
    i = 0
    while i < len(way) - 2:
        if space.line_free(way[i], way[i + 2]):
            del way[i + 1]
        else:
            i += 1
    return way


def rounded(space: JointSpace, way: list[Vector], rounds: int = 4) -> Vector | None:
    """The way with its corners rounded (Chaikin), dense points (n, k); None when that would touch something."""
    points = np.array(way)
    if len(points) == 2:
        return points
    for _ in range(rounds):
        a, b = points[:-1], points[1:]
        cut = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], axis=1).reshape(-1, points.shape[1])
        points = np.vstack([points[:1], cut[1:-1], points[-1:]])
    return points if all(space.free(q) for q in points[1:-1]) else None


class _Node:
    """A place in a tree."""

    def __init__(self, q: Vector, parent: _Node | None, goal: int) -> None:
        self.q, self.parent, self.goal = q, parent, goal

    def chain(self) -> list[_Node]:
        """From here to the root."""
        out: list[_Node] = [self]
        while out[-1].parent is not None:
            out.append(out[-1].parent)
        return out


def _nearest(space: JointSpace, tree: list[_Node], q: Vector) -> _Node:
    gaps = np.max(np.abs(np.array([n.q for n in tree]) - q) * space.weights, axis=1)
    return tree[int(np.argmin(gaps))]


def _extend(space: JointSpace, tree: list[_Node], wish: Vector) -> _Node | None:
    near = _nearest(space, tree, wish)
    gap = space.distance(near.q, wish)
    q = near.q + (wish - near.q) * min(1.0, EXTEND / max(gap, 1e-9))
    if not space.line_free(near.q, q):
        return None
    tree.append(_Node(q, near, near.goal))
    return tree[-1]


def _connect(space: JointSpace, tree: list[_Node], wish: Vector) -> _Node | None:
    """Grows a tree straight toward ``wish``; the node there, or None when something is in the way."""
    while space.left > 0:
        new = _extend(space, tree, wish)
        if new is None:
            return None
        if space.distance(new.q, wish) < 1e-9:
            return new
    return None
