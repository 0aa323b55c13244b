"""Which pixels make one thing: splits what touches in different colours, joins what its own rim cuts in two.

Both are decided by the catalog: the way that its sizes and shapes explain better wins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.scene import COLORS
from vla_ros.perception.background import Foreground
from vla_ros.perception.categories import CategoryScorer
from vla_ros.perception.cloud import Cloud, Mask
from vla_ros.perception.colors import color_shares, name_index
from vla_ros.perception.measures import Measure, measure
from vla_ros.perception.params import PerceptionParams
from vla_ros.perception.segments import Segment, inner_pixels, label, make_segment, members

_SPLIT_SHARE, _SPLIT_PIXELS = 0.12, 30
"""A colour must cover this share of a segment, or so many pixels, to count as a thing of its own."""
_SHADES = (
    {"orange", "brown"}, {"brown", "beige"}, {"white", "grey"}, {"grey", "black"}, {"white", "beige"},
    {"grey", "beige"}, {"yellow", "beige"}, {"red", "pink"}, {"purple", "pink"}, {"brown", "black"}, {"red", "brown"},
)  # fmt: skip
"""Names that one surface can have in light and in shade."""
_SAME = 0.5
"""Overlap of colours from which on two segments may be one thing."""
_BETTER = 1.5
"""Another grouping must fit the catalog so much better."""
_WORTH = 0.05
"""And at least so well."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Pixels of one thing with what was measured; ``pixels`` are flat indices."""

    pixels: NDArray[np.intp]
    segment: Segment
    measure: Measure
    colors: tuple[tuple[str, float], ...]


class Grouper:
    """Groups the parts of one frame."""

    def __init__(self, scorer: CategoryScorer, params: PerceptionParams) -> None:
        self._scorer = scorer
        self._params = params

    def groups(self, cloud: Cloud, parts: list[NDArray[np.intp]], front: Foreground, own: Mask) -> list[Group]:
        """Things out of connected parts (flat pixel indices)."""
        groups = [g for part in parts for g in self._split(cloud, part, front, own)]
        return self._joined(cloud, groups, front, own)

    def _group(self, cloud: Cloud, pixels: NDArray[np.intp], front: Foreground, own: Mask) -> Group:
        segment = make_segment(cloud, pixels, front.support, front.on_floor, own)
        colors = color_shares(segment.rgb[inner_pixels(segment)])
        return Group(pixels, segment, measure(segment, cloud.camera), colors)

    def _fit(self, group: Group) -> float:
        return self._scorer.fit(group.measure, group.colors)

    def _split(self, cloud: Cloud, part: NDArray[np.intp], front: Foreground, own: Mask) -> list[Group]:
        whole = self._group(cloud, part, front, own)
        pieces = _color_pieces(cloud, whole, self._params)
        if len(pieces) < 2:
            return [whole]
        together = self._fit(whole)
        if together > 1 / _BETTER:
            return [whole]
        split = [self._group(cloud, piece, front, own) for piece in pieces]
        fits = [self._fit(g) for g in split]
        big = max(whole.measure.length, whole.measure.height) > self._params.max_object_size
        if big or (max(fits) > max(_BETTER * together, _WORTH) and np.mean(fits) > together):
            return split
        return [whole]

    def _joined(self, cloud: Cloud, groups: list[Group], front: Foreground, own: Mask) -> list[Group]:
        """Joins neighbours in the image of one colour on one surface where together they fit better."""
        if len(groups) < 2:
            return groups
        owner = np.full(cloud.depth.shape, -1, dtype=np.int32)
        for i, group in enumerate(groups):
            owner.ravel()[group.pixels] = i
        alive: dict[int, Group] = dict(enumerate(groups))
        for i, j in _neighbours(owner):
            a, b = alive.get(i), alive.get(j)
            if a is None or b is None or not a.colors or not b.colors:
                continue
            if _common(a.colors, b.colors) < _SAME or abs(a.measure.support_z - b.measure.support_z) > 0.08:
                continue
            both = self._group(cloud, np.concatenate([a.pixels, b.pixels]), front, own)
            fit = self._fit(both)
            bigger, smaller = (a, b) if len(a.pixels) >= len(b.pixels) else (b, a)
            apart = max(self._fit(bigger) * 0.7, 0.5 * (self._fit(a) + self._fit(b)))
            if fit > max(_BETTER * apart, _WORTH) or (fit > apart and self._fit(smaller) < _WORTH):
                del alive[i], alive[j]
                alive[i if len(a.pixels) >= len(b.pixels) else j] = both
        return list(alive.values())


def _common(first: tuple[tuple[str, float], ...], second: tuple[tuple[str, float], ...]) -> float:
    """Overlap of two distributions of colours in [0, 1]; names that shade can confuse count half."""
    other = dict(second)
    exact = sum(min(share, other.get(name, 0.0)) for name, share in first)
    return max(exact, 0.5 * float(_shaded(first[0][0], second[0][0])) + 0.5 * exact)


def _neighbours(owner: NDArray[np.int32]) -> list[tuple[int, int]]:
    """Pairs of groups that touch in the image (one pixel between them at most)."""
    pairs: set[tuple[int, int]] = set()
    for a, b in (
        (owner[:, :-1], owner[:, 1:]),
        (owner[:-1], owner[1:]),
        (owner[:, :-2], owner[:, 2:]),
        (owner[:-2], owner[2:]),
    ):
        touching = (a != b) & (a >= 0) & (b >= 0)
        if touching.any():
            found = np.sort(np.column_stack([a[touching], b[touching]]), axis=1)
            pairs |= {(int(i), int(j)) for i, j in np.unique(found, axis=0)}
    return sorted(pairs)


def _color_pieces(cloud: Cloud, whole: Group, params: PerceptionParams) -> list[NDArray[np.intp]]:
    """Parts of a group of clearly different colours, as flat pixel indices; fewer than two when it is one colour."""
    names = name_index(whole.segment.rgb)
    counts = np.bincount(names, minlength=len(COLORS))
    least = max(params.min_pixels, int(min(_SPLIT_SHARE * len(names), _SPLIT_PIXELS)))
    kinds: list[int] = []
    for i in np.argsort(-counts):
        if counts[i] >= least and not any(_same_color(int(i), k) for k in kinds):
            kinds.append(int(i))
    if len(kinds) < 2:
        return []
    group_of = np.zeros(len(COLORS), dtype=np.int16)
    for i in range(len(COLORS)):
        near = [g for g, k in enumerate(kinds) if i == k] or [g for g, k in enumerate(kinds) if _same_color(i, k)]
        group_of[i] = near[0] if near else 0
    groups = np.full(cloud.depth.shape, -1, dtype=np.int16)
    groups.ravel()[whole.pixels] = group_of[names]
    mask = groups >= 0
    pieces = members(label(cloud, mask, params.join_distance, groups), params.min_pixels)
    return [q for q in pieces if len(q) >= least]


def _same_color(first: int, second: int) -> bool:
    return _shaded(COLORS[first], COLORS[second])


def _shaded(first: str, second: str) -> bool:
    return first == second or {first, second} in _SHADES
