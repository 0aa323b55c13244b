"""Size, place and shape of one segment, completed where the camera cannot see its back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vla_ros.core.geometry import Vector, wrap_angle
from vla_ros.perception.segments import Segment

_STANDS_GAP = 0.05
"""A thing whose lowest seen point is this near to the surface below stands on it [m]."""


_FULL = 0.95
"""Share of its smallest rectangle from which on a footprint is surely no disc."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What the pixels say of a thing.

    ``center`` of its box and ``yaw`` of its length [m, rad]; ``length`` >= ``width`` horizontally and ``height``
    [m]; ``round_share`` in [0, 1]: how well the footprint is a disc; ``taper``: width of the uppermost slice over
    the whole width (a ball is narrow at its top); ``shape`` one of core.scene.SHAPES; ``support_z`` [m] of what it
    stands on; ``pixel`` width of a pixel [m]; ``partial``: seen only in part, true sizes may be larger.
    """

    center: tuple[float, float, float]
    yaw: float
    length: float
    width: float
    height: float
    round_share: float
    taper: float
    shape: str
    support_z: float
    pixel: float
    partial: bool


def measure(segment: Segment, camera: Vector) -> Measure:
    """Measures a segment; ``camera`` (3,) is the camera's place in the same frame [m]."""
    points = segment.points.astype(np.float64)
    xy, z = points[:, :2], points[:, 2]
    lowest = float(np.percentile(z, 1)) if len(z) > 150 else float(z.min())
    stands = lowest - segment.support < _STANDS_GAP + 2 * segment.pixel or segment.hidden > 0.15
    bottom = segment.support if stands else lowest - 0.5 * segment.pixel
    partial = segment.cut or segment.hidden > 0.12

    view = xy.mean(axis=0) - camera[:2]
    view = view / max(float(np.linalg.norm(view)), 1e-6)
    side = np.array([-view[1], view[0]])
    across, along = xy @ side, xy @ view
    low, high = _extent(across)
    span = high - low + 0.8 * segment.pixel
    top = _top(across, z, span)
    height = max(top - bottom, 0.003)
    front, back = _extent(along)

    hull = cv2.convexHull(xy.astype(np.float32)).reshape(-1, 2).astype(np.float64)
    rect_center, length, width, yaw, fill = _rectangle(hull, segment.pixel)
    taper = _taper(across, z, top, height, span)
    low, high = _without_handle(across, low, high, height, segment.pixel)
    disc = high - low + 0.8 * segment.pixel
    round_center = np.array([(low + high) / 2, float(np.percentile(along, 5)) + disc / 2])
    round_share = _roundness(hull @ np.column_stack([side, view]), round_center, disc / 2, segment.pixel)
    round_share *= _curved(hull, rect_center, (length, width, yaw), side, view, round_center, disc / 2, segment.pixel)
    # Discs and half discs fill pi / 4 of their rectangle, boxes nearly all of it.
    round_share *= float(np.clip((_FULL + 0.1 * segment.pixel / span - fill) / 0.07, 0.0, 1.0))

    if height < 0.4 * span and width < 0.7 * length:
        round_share = 0.0  # all of a low thing's top is seen: a long one is no disc
    is_round = round_share > 0.5 and width > 0.25 * length and back - front < 1.5 * disc
    if is_round:
        center_xy = round_center[0] * side + round_center[1] * view
        length = width = disc
        yaw = 0.0
    else:
        center_xy = rect_center
    shape = _shape(length, width, height, is_round, taper, fill, height / max(span, 1e-3))
    center = (float(center_xy[0]), float(center_xy[1]), bottom + height / 2)
    return Measure(
        center, yaw, length, width, height, round_share, taper, shape, bottom, segment.pixel, bool(partial)
    )  # fmt: skip


def _extent(values: NDArray[np.float64]) -> tuple[float, float]:
    """Range without the odd stray point of large segments."""
    if len(values) > 200:
        low, high = np.percentile(values, (0.5, 99.5))
        return float(low), float(high)
    return float(values.min()), float(values.max())


def _rectangle(hull: NDArray[np.float64], pixel: float) -> tuple[NDArray[np.float64], float, float, float, float]:
    """Smallest rectangle around a hull: centre, length, width, yaw of the length, share of it that is filled."""
    if len(hull) < 3:
        d = hull[-1] - hull[0]
        return hull.mean(axis=0), float(np.hypot(*d)) + pixel, pixel, math.atan2(d[1], d[0]), 1.0
    origin = hull.mean(axis=0)  # float32 of the rectangle search keeps its millimetres near zero
    local = (hull - origin).astype(np.float32)
    (cx, cy), (a, b), degrees = cv2.minAreaRect(local)
    fill = float(cv2.contourArea(local)) / max(a * b, 1e-9)
    angle = math.radians(degrees)
    if b > a:
        a, b, angle = b, a, angle + math.pi / 2
    yaw = wrap_angle(angle)
    if abs(yaw) > math.pi / 2:
        yaw = wrap_angle(yaw + math.pi)
    grow = 0.6 * pixel
    return origin + np.array([cx, cy]), a + grow, b + grow, yaw, fill


def _top(across: NDArray[np.float64], z: NDArray[np.float64], span: float) -> float:
    """Upper end without stray points and without a stalk that is a sixth as wide as the thing."""
    high = float(np.percentile(z, 99)) if len(z) > 150 else float(z.max())
    body = float(np.percentile(z, 96))
    stalk = z > body + 0.002
    if high - body > 0.004 and 0 < stalk.sum() < 0.04 * len(z) + 1 and np.ptp(across[stalk]) < span / 6:
        return body + 0.001
    return high


def _without_handle(
    across: NDArray[np.float64], low: float, high: float, height: float, pixel: float
) -> tuple[float, float]:
    """The lateral range without a cup's handle: thin columns of pixels on one side only of an upright thing."""
    span = high - low
    if len(across) < 40 or height < 0.6 * span:
        return low, high
    counts, edges = np.histogram(across, bins=max(int(span / pixel), 4), range=(low, high))
    full = np.flatnonzero(counts >= 0.5 * np.percentile(counts, 90))
    left, right = float(edges[full[0]]) - low, high - float(edges[full[-1] + 1])
    small, large = 0.05 * span + pixel, 0.11 * span
    if left > large and right < small:
        return low + left, high
    if right > large and left < small:
        return low, high - right
    return low, high


def _taper(across: NDArray[np.float64], z: NDArray[np.float64], top: float, height: float, span: float) -> float:
    """Width of the uppermost eighth of the height (more when it has too few pixels) over the whole width."""
    body = z <= top + 0.001
    for share in (0.12, 0.18, 0.25):
        slab = body & (z > top - share * height)
        if slab.sum() >= 4:
            return float(np.ptp(across[slab]) / max(span, 1e-4))
    return 1.0


def _roundness(
    hull: NDArray[np.float64], center: NDArray[np.float64], radius: float, pixel: float
) -> float:  # fmt: skip
    """1 when the near half of the outline lies on the circle, falling to 0 for corners and flat fronts."""
    if np.ptp(hull, axis=0).max() < 1e-6:
        return 0.0
    outline = _outline(hull)
    near = outline[outline[:, 1] < center[1] - max(0.4 * radius, 0.6 * pixel)]
    if len(near) < 5:
        return 0.0
    off = np.abs(np.hypot(near[:, 0] - center[0], near[:, 1] - center[1]) - radius)
    allowed = 0.09 * radius + 0.55 * pixel
    return float(np.clip(1.5 - 0.75 * np.sqrt(np.mean(off**2)) / allowed, 0.0, 1.0))


def _curved(
    hull: NDArray[np.float64],
    center: NDArray[np.float64],
    rectangle: tuple[float, float, float],
    side: NDArray[np.float64],
    view: NDArray[np.float64],
    round_center: NDArray[np.float64],
    radius: float,
    pixel: float,
) -> float:
    """1 when the outline's near part follows the circle rather than the edges of the rectangle, 0 the other way."""
    outline = _outline(hull)
    across, along = outline @ side - round_center[0], outline @ view - round_center[1]
    near = along < -max(0.25 * radius, 0.6 * pixel)
    if near.sum() < 5:
        return 1.0
    from_circle = np.abs(np.hypot(across[near], along[near]) - radius)
    length, width, yaw = rectangle
    local = (outline[near] - center) @ np.array([[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]])
    half = (np.array([length, width]) - 0.6 * pixel) / 2
    from_edges = np.abs(half - np.abs(local)).min(axis=1)
    gain = float(from_edges.mean() - from_circle.mean())
    return float(np.clip(0.6 + gain / (0.08 * radius + 0.25 * pixel), 0.0, 1.0))


def _outline(hull: NDArray[np.float64]) -> NDArray[np.float64]:
    """48 points evenly along a closed hull; shape (48, 2)."""
    closed = np.vstack([hull, hull[:1]])
    steps = np.linalg.norm(np.diff(closed, axis=0), axis=1)
    length = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0.0, length[-1], 48, endpoint=False)
    return np.column_stack([np.interp(at, length, closed[:, i]) for i in range(2)])


def _shape(
    length: float, width: float, height: float, is_round: bool, taper: float, fill: float, slender: float
) -> str:  # fmt: skip
    """Class of shape from proportions."""
    if length > 3.0 * width and length > 2.4 * height:
        return "elongated"
    if height < 0.045 and height < 0.3 * width:
        return "flat"
    if is_round:
        return "sphere" if taper < 0.82 and 0.7 < slender < 1.3 else "cylinder"
    return "box" if fill > 0.72 else "irregular"
