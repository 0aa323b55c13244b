"""Names for colours, steady under shading: hue and saturation decide, brightness only where it must."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from vla_ros.core.scene import COLORS

_INDEX = {name: i for i, name in enumerate(COLORS)}
_BITS = 5
_SIMILAR = (
    {"orange", "brown", "beige"}, {"red", "pink"}, {"red", "orange"}, {"white", "grey"}, {"grey", "black"},
    {"yellow", "beige"}, {"white", "beige"}, {"purple", "pink"}, {"purple", "blue"}, {"red", "brown"},
    {"yellow", "orange"}, {"grey", "beige"},
)  # fmt: skip
"""Pairs that light and shade can turn into each other."""


_ALIKE = frozenset((a, b) for a in COLORS for b in COLORS if a == b or {a, b} in _SIMILAR)
_ALIKE_TABLE = np.array([[(a, b) in _ALIKE for b in COLORS] for a in COLORS])
_PALE = ("white", "grey", "black")
_VIVID = np.array([name not in (*_PALE, "beige", "brown") for name in COLORS], dtype=float)
_VIVID_SHARE = 0.22
"""A vivid colour on so much of a pale thing gives it its name."""


def name_index(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Index into COLORS of every pixel; rgb has shape (..., 3)."""
    q = rgb >> (8 - _BITS)
    return _table()[q[..., 0], q[..., 1], q[..., 2]]


def color_shares(rgb: NDArray[np.uint8]) -> tuple[tuple[str, float], ...]:
    """Share of each colour name among pixels of shape (n, 3), largest first, at most four.

    Well-lit pixels count more: a thing's shaded side says little about its colour. The leading name is
    decided once more from the lit pixels of the leading hue, so that a shaded orange does not become brown.
    """
    if len(rgb) == 0:
        return ()
    value = rgb.max(axis=1).astype(np.float32)
    bright = float(np.percentile(value, 80))
    weight = np.clip(value / max(bright, 1.0), 0.6, 1.0) ** 2
    names = name_index(rgb)
    votes = np.bincount(names, weights=weight, minlength=len(COLORS))
    leader = int(votes.argmax())
    if COLORS[leader] in _PALE:
        # A green can with a white label is a green can.
        counts = np.bincount(names, minlength=len(COLORS)) * _VIVID
        if counts.max() > _VIVID_SHARE * len(names):
            leader = int(counts.argmax())
            votes[leader] += votes.max()
    family = votes.copy()
    members = _ALIKE_TABLE[leader]
    chosen = members[names]
    if chosen.sum() >= 3:
        lit = chosen & (value >= np.percentile(value[chosen], 60))
        typical = np.median(rgb[lit], axis=0).astype(np.uint8)
        winner = int(name_index(typical[None])[0])
        if members[winner] and winner != leader:
            family[winner], family[leader] = votes[winner] + votes[leader], 0.0
    family /= family.sum()
    order = np.argsort(-family, kind="stable")[:4]
    return tuple((COLORS[i], round(float(family[i]), 3)) for i in order if family[i] >= 0.05)


def similar(first: str, second: str) -> bool:
    """True for equal names and for pairs that light and shade can turn into each other."""
    return (first, second) in _ALIKE


@cache
def _table() -> NDArray[np.uint8]:
    """Colour index for each cell of the quantised RGB cube, shape (32, 32, 32)."""
    n = 1 << _BITS
    axis = ((np.arange(n) + 0.5) * 255 / n).astype(np.float32) / 255
    cube = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(1, -1, 3).astype(np.float32)
    h, s, v = cv2.cvtColor(cube, cv2.COLOR_RGB2HSV)[0].T
    name = np.full(h.shape, "grey", dtype="<U8")
    red = (h < 13) | (h >= 345)
    orange = (h >= 13) & (h < 42)
    yellow = (h >= 42) & (h < 70)
    name[(h >= 70) & (h < 170)] = "green"
    name[(h >= 170) & (h < 252)] = "blue"
    name[(h >= 252) & (h < 312)] = "purple"
    name[(h >= 312) & (h < 345)] = "pink"
    name[(h >= 312) & (h < 345) & (v < 0.4)] = "purple"
    name[red] = "red"
    name[red & (s < 0.62) & (v > 0.6)] = "pink"
    name[red & (s < 0.5) & (v <= 0.6)] = "brown"
    name[orange] = "brown"
    name[orange & (((s > 0.8) & (v > 0.42)) | ((s > 0.62) & (v > 0.72)))] = "orange"
    name[orange & (s < 0.5) & (v > 0.58)] = "beige"
    name[yellow] = "yellow"
    name[yellow & (s < 0.48)] = "beige"
    name[yellow & (s < 0.6) & (v < 0.4)] = "brown"
    # Little colour is none: warm light tints white things, so pale warm tones need more to be beige.
    dull = (s < 0.13) | ((s < 0.2) & (v < 0.45)) | ((s < 0.3) & (v < 0.22))
    name[dull & (v >= 0.68)] = "white"
    name[dull & (v < 0.68)] = "grey"
    name[(dull & (v < 0.25)) | (v < 0.13)] = "black"
    return np.array([_INDEX[x] for x in name], dtype=np.uint8).reshape(n, n, n)
