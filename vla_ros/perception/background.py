"""Takes floor, walls and furniture out of a cloud with the help of the floor plan; things remain."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vla_ros.core.floorplan import Leaf, Surface
from vla_ros.perception.cloud import Array, Cloud, Mask
from vla_ros.perception.floor_map import FLOOR, FloorMap, LocalPiece
from vla_ros.perception.params import PerceptionParams

_PLANE_BAND = 0.03
"""A surface is looked for this far from its height in the plan [m]: camera poses are not perfect."""
_SIDE_GAP = 0.012
"""Boards above the things in a shelf are so thick [m]."""
_OVERHANG, _IN_SHELF = 0.04, -0.004
"""Things stick out so far over the usable rectangle of a top, and of a board between panels or cushions [m]."""
_SILL_HEIGHT = 0.3
"""Above this height, what is beside a wall hangs on it [m]."""
_FIXTURES = 0.35
"""Fixtures beside the usable surfaces are at most so high [m]."""


@dataclass(frozen=True, slots=True, eq=False)
class Foreground:
    """Pixels of things.

    ``mask`` bool (H, W); ``support`` float32 (H, W) height of the surface below the pixel [m];
    ``on_floor`` bool (H, W): the floor is that surface.
    """

    mask: Mask
    support: Array
    on_floor: Mask


class FloorPlanBackground:
    """Foreground by a known building."""

    def __init__(self, floor_map: FloorMap, params: PerceptionParams) -> None:
        self._map = floor_map
        self._params = params

    def foreground(self, cloud: Cloud, ignore: Mask) -> Foreground:
        """Pixels of things; ``ignore`` marks pixels to leave out (the robot itself)."""
        p = self._params
        shape = cloud.depth.shape
        place = self._map.look_up(cloud.xyz[..., :2])
        usable = cloud.valid & ~ignore
        slack = np.float32(p.depth_noise) * cloud.depth**2
        z = cloud.xyz[..., 2]
        on_floor = usable & (place == FLOOR)
        mask = on_floor & (z > p.floor_min_height + slack) & (z < p.person_max_height)
        rows, cols = np.nonzero(mask & (z > _SILL_HEIGHT))
        sills = self._map.beside_wall(cloud.xyz[rows, cols, :2])
        mask[rows[sills], cols[sills]] = False
        support = np.zeros(shape, dtype=np.float32)
        flat_place = np.where(usable, place, np.int16(FLOOR)).ravel()
        order = np.argsort(flat_place, kind="stable")
        starts = np.searchsorted(flat_place[order], np.arange(len(self._map.pieces) + 1))
        flat_mask, flat_support = mask.ravel(), support.ravel()
        for i, piece in enumerate(self._map.pieces):
            pixels = order[starts[i] : starts[i + 1]]
            if len(pixels):
                self._on_piece(piece, pixels, cloud, slack.ravel()[pixels], flat_mask, flat_support)
        self._remove_leaves(cloud, on_floor, mask)
        return Foreground(mask, support, on_floor)

    def beside_wall(self, xy: Array) -> Mask:
        """True for points of shape (n, 2) so near to a wall that sills and pictures reach them."""
        return self._map.beside_wall(xy)

    def _on_piece(
        self,
        piece: LocalPiece,
        pixels: NDArray[np.intp],
        cloud: Cloud,
        slack: Array,
        mask: Mask,
        support: Array,
    ) -> None:
        """Marks the pixels of things that stand on or in one piece of furniture."""
        xyz = cloud.xyz.reshape(-1, 3)[pixels]
        local = piece.local(xyz[:, :2])
        z = xyz[:, 2]
        # Beside the usable surfaces stand fixtures (sink, pillows): only what is far above is something else.
        above = (z > piece.piece.size[2] + _FIXTURES) & (z < self._params.person_max_height)
        above[above] &= ~self._map.beside_wall(xyz[above, :2])
        mask[pixels[above]] = True
        support[pixels[above]] = piece.piece.size[2]
        least = self._params.min_height + slack
        for surface in piece.piece.surfaces:
            inside = np.flatnonzero(_inside(surface, local, piece))
            if len(inside) == 0:
                continue
            over, height = local[inside], z[inside] - surface.height
            offset = _plane_offset(over, height)
            height = height - offset[0] - over[:, 0] * offset[1] - over[:, 1] * offset[2]
            low = least[inside]
            things = (height > low) & (height < surface.clearance - _SIDE_GAP)
            things &= z[inside] < self._params.person_max_height  # above that is the ceiling
            things |= _stained(cloud.rgb.reshape(-1, 3)[pixels[inside]], height, low)
            found = pixels[inside[things]]
            mask[found] = True
            support[found] = surface.height

    def _remove_leaves(self, cloud: Cloud, on_floor: Mask, mask: Mask) -> None:
        """Takes the panels of opened doors out of the mask, wherever they have swung."""
        rows, cols = np.nonzero(mask & on_floor)
        if len(rows) == 0:
            return
        xyz = cloud.xyz[rows, cols]
        for piece in self._map.pieces:
            for leaf in piece.piece.leaves:
                if leaf.kind != "hinged":
                    continue
                gone = _leaf_pixels(piece, leaf, xyz)
                if gone is not None:
                    mask[rows[gone], cols[gone]] = False


def _inside(surface: Surface, local: Array, piece: LocalPiece) -> Mask:
    """Points over the usable part of a surface; things may stick out a little where no panel stands beside it."""
    on_top = surface.height > piece.piece.size[2] - 0.03
    margin = _OVERHANG if on_top else _IN_SHELF
    half = (surface.size[0] / 2 + margin, surface.size[1] / 2 + margin)
    out: Mask = np.abs(local[:, 0] - surface.center[0]) <= half[0]
    return out & (np.abs(local[:, 1] - surface.center[1]) <= half[1])


def _plane_offset(local: Array, height: Array) -> tuple[float, float, float]:
    """Constant and slopes of the surface really seen against the plan, (0, 0, 0) when too little is seen."""
    near = np.abs(height) < _PLANE_BAND
    if near.sum() < 60:
        return (0.0, 0.0, 0.0)
    counts, edges = np.histogram(height[near], bins=30, range=(-_PLANE_BAND, _PLANE_BAND))
    counts = counts[:-1] + counts[1:]
    best = int(counts.argmax())
    mode = float(edges[best + 1])
    core = np.abs(height - mode) < 0.005
    n = int(core.sum())
    # Only a surface that dominates its band is trusted: a big flat book must not pass for the table.
    if n < 60 or n < 0.4 * near.sum():
        return (0.0, 0.0, 0.0)
    kept = local[core]
    spread = np.array([kept[:, 0].std(), kept[:, 1].std()])  # along rows numpy is many times slower
    if n < 400 or spread.min() < 0.08:
        return (float(np.median(height[core])), 0.0, 0.0)
    a = np.column_stack([np.ones(n), kept])
    fit = np.linalg.lstsq(a, height[core], rcond=None)[0]
    if np.abs(fit[1:]).max() > 0.03:
        return (float(np.median(height[core])), 0.0, 0.0)
    return (float(fit[0]), float(fit[1]), float(fit[2]))


def _stained(rgb: NDArray[np.uint8], height: Array, least: Array) -> Mask:
    """Thin things: between a third of the least height and that height, but of clearly another colour."""
    low = np.abs(height) < 0.003
    out: Mask = (height > least / 3) & (height <= least)
    if low.sum() < 60 or not out.any():
        return np.zeros_like(out)
    own = _lab(rgb[low][:: max(int(low.sum()) // 500, 1)])
    typical = np.median(own, axis=0)
    spread = np.abs(own - typical).mean(axis=0)
    far = np.abs(_lab(rgb[out]) - typical)
    hue = np.hypot(far[:, 1], far[:, 2])
    out[out] = (hue > 14 + 3 * spread[1:].max()) | (far[:, 0] > 28 + 3 * spread[0])
    return out


def _lab(rgb: NDArray[np.uint8]) -> Array:
    """CIE L*a*b* of pixels of shape (n, 3)."""
    scaled = rgb[None].astype(np.float32) * np.float32(1 / 255)
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB)[0], dtype=np.float32)


def _leaf_pixels(piece: LocalPiece, leaf: Leaf, xyz: Array) -> Mask | None:
    """Points of an opened door's panel among (n, 3) points of the floor's area, None when it is not seen."""
    local = piece.local(xyz[:, :2])
    hinge = np.array(leaf.hinge, dtype=np.float32)
    arm = np.array(leaf.handle[:2], dtype=np.float32) - hinge
    width = float(np.hypot(*arm)) + 0.12
    ray = local - hinge
    radius = np.hypot(ray[:, 0], ray[:, 1])
    near: Mask = (radius < width) & (radius > 0.12) & (xyz[:, 2] < piece.piece.size[2] + 0.03)
    if near.sum() < 60:
        return None
    closed = math.atan2(float(arm[1]), float(arm[0]))
    turned = np.arctan2(ray[near, 1], ray[near, 0]) - closed
    turned = (turned + np.pi) % (2 * np.pi) - np.pi
    swept = turned * math.copysign(1.0, leaf.travel)
    counts, edges = np.histogram(swept, bins=72, range=(-0.2, abs(leaf.travel) + 0.4))
    best = int((counts[:-1] + counts[1:]).argmax())
    angle = closed + math.copysign(float(edges[best + 1]), leaf.travel) * (1 if edges[best + 1] >= 0 else -1)
    across = np.abs(-ray[:, 0] * math.sin(angle) + ray[:, 1] * math.cos(angle))
    along = ray[:, 0] * math.cos(angle) + ray[:, 1] * math.sin(angle)
    panel: Mask = near & (across < 0.05) & (along > 0)
    share = panel.sum() / near.sum()
    tall = panel.any() and np.ptp(xyz[panel, 2]) > 0.25
    long_enough = panel.any() and np.ptp(along[panel]) > 0.5 * width
    if not (tall and (share > 0.6 or (long_enough and share > 0.4))):
        return None
    out: Mask = (radius < width) & (across < _LEAF_REACH) & (along > -0.05) & (xyz[:, 2] < piece.piece.size[2] + 0.03)
    return out


_LEAF_REACH = 0.13
"""Half thickness of a door with its handle and inner shelves [m]."""
