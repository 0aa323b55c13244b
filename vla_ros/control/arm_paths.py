"""Collision-free ways through joint space: straight when free, else two growing trees, then shortcuts.

Deterministic: the same question gives the same way. Knows nothing of robots, only of a ``free`` test.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

from vla_ros.core.geometry import Vector

Free = Callable[[Vector], bool]
RESOLUTION = 0.05
EXTEND = 0.35
SHORTCUTS = 60
ROUNDS = 4
MORE_TESTS = 5000
SHORT_RANGE = 1.0
BLENDS = (0.5, 0.3, 0.15)


class JointSpace:
    """Bounds, weights and the free test of one joint group.

    Args:
        lower: lowest positions (k,).
        upper: highest positions (k,).
        speeds: highest speeds (k,), to judge which way is quickest.
        free: tells whether positions (k,) are free of collision.
        budget: how many positions may be tested in all.
    """

    def __init__(self, lower: Vector, upper: Vector, speeds: Vector, free: Free, budget: int) -> None:
        self.lower, self.upper, self.speeds = lower, upper, speeds
        # A lift's short way moves as much as a long turn of a joint.
        self.weights = np.where(upper - lower > SHORT_RANGE, 1.0, 2.0)
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
    best: tuple[float, list[Vector], int] | None = None
    for seed in range(ROUNDS):
        found = _grow(space, start, goals, np.random.default_rng(seed))
        if found is None:
            break
        seconds = sum(float(np.max(np.abs(b - a) / space.speeds)) for a, b in itertools.pairwise(found[0]))
        if best is None or seconds < best[0]:
            best = (seconds, *found)
        # One way is enough to go; what is left is for a quicker one.
        space.left = min(space.left, MORE_TESTS)
    return None if best is None else best[1:]


def _grow(
    space: JointSpace, start: Vector, goals: list[Vector], rng: np.random.Generator
) -> tuple[list[Vector], int] | None:
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
    """The same way with detours taken out wherever the straight line between two of its points is free."""
    way = list(way)
    for _ in range(SHORTCUTS):
        if len(way) <= 2:
            return way
        i, j = sorted(rng.choice(len(way) - 1, 2, replace=False))
        a = way[i] + rng.uniform() * (way[i + 1] - way[i])
        b = way[j] + rng.uniform() * (way[j + 1] - way[j])
        if space.line_free(a, b):
            way = [*way[: i + 1], a, b, *way[j + 1 :]]
    for k in rng.permutation(np.tile(np.arange(len(way[0])), 3)):
        way = _straighten_joint(space, way, int(k), rng)
    return _without_corners(space, way)


def blended(space: JointSpace, way: list[Vector]) -> tuple[Vector, tuple[int, ...]]:
    """The way as dense points (n, k) with round corners, and the indices of corners that had to stay sharp.

    Each corner takes the largest blend that is free; where none is, the arm has to stop.
    """
    points: list[Vector] = [way[0]]
    sharp: list[int] = []
    for before, corner, after in zip(way, way[1:], way[2:]):
        for share in BLENDS:
            a, b = corner + share * (before - corner), corner + share * (after - corner)
            n = max(4, math.ceil((space.distance(a, corner) + space.distance(corner, b)) / RESOLUTION))
            u = np.linspace(0.0, 1.0, n + 1)[:, None]
            bend = (1 - u) ** 2 * a + 2 * u * (1 - u) * corner + u**2 * b
            if all(space.free(q) for q in bend[1:-1]):
                _append_line(space, points, a)
                points += list(bend[1:])
                break
        else:
            _append_line(space, points, corner)
            sharp.append(len(points) - 1)
    _append_line(space, points, way[-1])
    return np.array(points), tuple(sharp)


def _append_line(space: JointSpace, points: list[Vector], end: Vector) -> None:
    start = points[-1]
    gap = space.distance(start, end)
    if gap > 1e-9:
        n = max(1, math.ceil(gap / RESOLUTION))
        points += [start + (end - start) * i / n for i in range(1, n + 1)]


def _straighten_joint(space: JointSpace, way: list[Vector], k: int, rng: np.random.Generator) -> list[Vector]:
    """One joint moves evenly between two points of the way, the others as before, if that is free."""
    if len(way) <= 2:
        return way
    i = int(rng.integers(0, len(way) - 2))
    j = int(rng.integers(i + 2, len(way)))
    lengths = np.array([space.distance(a, b) for a, b in zip(way[i:j], way[i + 1 : j + 1])])
    if lengths.sum() < 1e-9:
        return way
    shares = np.concatenate([[0.0], np.cumsum(lengths) / lengths.sum()])
    new = [q.copy() for q in way[i : j + 1]]
    for q, share in zip(new, shares):
        q[k] = way[i][k] + share * (way[j][k] - way[i][k])
    if all(space.line_free(a, b) for a, b in itertools.pairwise(new)):
        return [*way[:i], *new, *way[j + 1 :]]
    return way


def _without_corners(space: JointSpace, way: list[Vector]) -> list[Vector]:
    i = 0
    while i < len(way) - 2:
        if space.line_free(way[i], way[i + 2]):
            del way[i + 1]
            i = max(i - 1, 0)
        else:
            i += 1
    return way


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
