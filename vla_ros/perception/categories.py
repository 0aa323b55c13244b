"""How well a measured thing fits each kind of the catalog."""

from __future__ import annotations

import math
from collections.abc import Iterable

from vla_ros.core.catalog import Catalog, ObjectKind
from vla_ros.perception.colors import similar
from vla_ros.perception.measures import Measure

_UNKNOWN = 0.04
"""Fit of "nothing in the catalog": what fits worse is not that kind."""
_SURE = 0.6
"""A category so likely may correct the name of a colour."""
_FRONT_ONLY, _PANEL = 2.0, 0.012
"""Cost of a basket seen as one panel, and the least thickness of such a panel [m]."""
_COVER = 0.12
"""A known colour seen on so much of a thing names it: a book by its cover, not by its pages."""
_TIPPED = 0.12
"""How much rarer things lie on a side than stand as the catalog says."""


class CategoryScorer:
    """Scores measures against the catalog's sizes, shapes and colours."""

    def __init__(self, catalog: Catalog) -> None:
        self._kinds = catalog.objects

    def fit(self, measure: Measure, colors: tuple[tuple[str, float], ...]) -> float:
        """Best fit of any kind, in [0, 1]: used to choose between ways to split a segment."""
        return max((self._fit(k, measure, colors) for k in self._kinds), default=0.0)

    def scores(self, measure: Measure, colors: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
        """Hypotheses, best first, each with a score in [0, 1]; their sum is below 1. Empty when nothing fits."""
        fits = [(k.category, self._fit(k, measure, colors)) for k in self._kinds]
        return normalised(fits)

    def plausible_colors(
        self, categories: tuple[tuple[str, float], ...], colors: tuple[tuple[str, float], ...]
    ) -> tuple[tuple[str, float], ...]:
        """Colours with the leader replaced by one that the sure category comes in: seen beside it, or near to it."""
        if not categories or not colors or categories[0][1] < _SURE:
            return colors
        known = next((k.colors for k in self._kinds if k.category == categories[0][0]), ())
        name, share = colors[0]
        if not known or name in known:
            return colors
        close = [c for c, s in colors[1:] if c in known and s >= _COVER] or [c for c in known if similar(name, c)]
        if len(close) != 1:
            return colors
        rest = tuple((c, s) for c, s in colors[1:] if c != close[0])
        return ((close[0], share), *rest)

    def _fit(self, kind: ObjectKind, measure: Measure, colors: tuple[tuple[str, float], ...]) -> float:
        size = max(self._size_fit(kind, size, measure) * prior for size, prior in _postures(kind))
        return size * _shape_fit(kind, measure) * _color_fit(kind, colors)

    @staticmethod
    def _size_fit(kind: ObjectKind, size: tuple[float, float, float], measure: Measure) -> float:
        cost = 0.0
        seen = (measure.length, measure.width, measure.height)
        # Only the front panel is seen, what is behind it is air. Then that panel must be seen whole: a part of a part
        # is as long as anything.
        panel = kind.container and kind.shape == "box" and _PANEL < measure.width < 0.5 * size[1]
        for axis, (expected, found) in enumerate(zip(size, seen)):
            if axis == 1 and panel:
                cost += _FRONT_ONLY
                continue
            deviation = math.log(max(found, 1e-3) / expected)
            sigma = math.hypot(0.5 * kind.tolerance, 0.6 * measure.pixel / expected)
            if measure.partial and deviation < 0 and not panel:
                sigma *= 4
            cost += (deviation / sigma) ** 2
        return math.exp(-0.5 * cost)


def normalised(fits: Iterable[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """Fits as shares of their sum with that of "unknown", best first, without the hopeless."""
    kept = [(name, fit) for name, fit in fits if fit > 1e-4]
    total = sum(fit for _, fit in kept) + _UNKNOWN
    shares = sorted(((name, fit / total) for name, fit in kept), key=lambda item: -item[1])
    return tuple((name, round(share, 4)) for name, share in shares if share >= 0.02)


def _postures(kind: ObjectKind) -> list[tuple[tuple[float, float, float], float]]:
    """Ways a thing can rest: (length, width, height) with how common that is."""
    length, width, height = kind.size
    length, width = max(length, width), min(length, width)
    out = [((length, width, height), 1.0)]
    if kind.container:
        return out
    if kind.shape in ("cylinder", "elongated") and height > 1.3 * length:
        out.append(((height, width, length), _TIPPED))
    elif kind.shape in ("box", "flat") and height < 0.7 * width:
        out.append(((length, height, width), _TIPPED))
        out.append(((max(width, height), min(width, height), length), _TIPPED))
    return out


def _shape_fit(kind: ObjectKind, measure: Measure) -> float:
    """How likely the roundness and the top's form are for that kind."""
    disc = abs(kind.size[0] - kind.size[1]) < 0.08 * max(kind.size[:2]) and kind.shape != "box"
    pixels = measure.length / measure.pixel
    trust = min(max((pixels - 3) / 6, 0.0), 1.0)  # a few pixels have no shape
    share = measure.round_share if disc else 1.0 - measure.round_share
    fit = 1.0 - trust * (1.0 - (0.25 + 0.75 * share))
    # Bottles narrow to a neck, so the top tells balls only from lower cylinders.
    if kind.shape == "sphere" or (disc and kind.shape == "cylinder" and kind.size[2] < 2.5 * kind.size[0]):
        ball = 1.0 / (1.0 + math.exp((measure.taper - 0.84) / 0.05))
        share = ball if kind.shape == "sphere" else 1.0 - ball
        fit *= 1.0 - trust * (1.0 - (0.15 + 0.85 * share))
    return fit


def _color_fit(kind: ObjectKind, colors: tuple[tuple[str, float], ...]) -> float:
    """Colours a kind does not come in make it unlikely, not impossible; pages and labels may be of any colour."""
    if not kind.colors or not colors:
        return 1.0
    share = 0.0
    for name, part in colors:
        if name in kind.colors:
            share += part
        elif any(similar(name, c) for c in kind.colors):
            share += 0.4 * part
    return 0.2 + 0.8 * min(1.0, 2.0 * share)
