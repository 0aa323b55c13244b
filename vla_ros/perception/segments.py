"""Groups of foreground pixels that belong together: neighbours in the image and near in space."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from vla_ros.perception.cloud import Array, Cloud, Mask

_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))
_BEFORE = 0.05
"""What hides the end of a part is so much nearer than that end [m]."""


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """One group of pixels.

    ``rows``, ``cols`` (n,); ``points`` (n, 3) in the world [m]; ``rgb`` (n, 3); ``support`` [m]
    is the height of the surface below, ``on_floor`` tells that this is the floor. ``cut`` tells that the image's
    border cuts it, ``hidden`` is the share of its outline that lies behind something nearer, ``pixel`` the
    width of a pixel at its distance [m].
    """

    rows: NDArray[np.intp]
    cols: NDArray[np.intp]
    points: Array
    rgb: NDArray[np.uint8]
    support: float
    on_floor: bool
    cut: bool
    hidden: float
    pixel: float


def label(
    cloud: Cloud, mask: Mask, join_distance: float, groups: NDArray[np.integer] | None = None
) -> NDArray[np.intp]:
    """Component of every pixel of ``mask``, -1 elsewhere; shape (H, W).

    Neighbours join when they are nearer than ``join_distance`` plus three pixel widths [m] and, where
    ``groups`` (H, W) is given, of the same group.
    """
    out = np.full(mask.shape, -1, dtype=np.intp)
    flat = np.flatnonzero(mask.ravel())
    n = len(flat)
    if n == 0:
        return out
    index = np.full(mask.shape, -1, dtype=np.intp)
    index.ravel()[flat] = np.arange(n)
    xyz = cloud.xyz.reshape(-1, 3)[flat]
    limit = join_distance + 3.0 * cloud.depth.ravel()[flat] / cloud.focal
    group = None if groups is None else groups.ravel()[flat]
    firsts, seconds = [], []
    for dr, dc in _NEIGHBOURS:
        a = index[: mask.shape[0] - dr, max(-dc, 0) : mask.shape[1] - max(dc, 0)]
        b = index[dr:, max(dc, 0) : mask.shape[1] + min(dc, 0)]
        both = (a >= 0) & (b >= 0)
        i, j = a[both], b[both]
        step = xyz[i] - xyz[j]
        near = np.einsum("ij,ij->i", step, step) < np.minimum(limit[i], limit[j]) ** 2
        if group is not None:
            near &= group[i] == group[j]
        firsts.append(i[near])
        seconds.append(j[near])
    i, j = np.concatenate(firsts), np.concatenate(seconds)
    graph = sparse.coo_matrix((np.ones(len(i), dtype=np.int8), (i, j)), shape=(n, n))
    out.ravel()[flat] = connected_components(graph, directed=False)[1]
    return out


def members(labels: NDArray[np.intp], least: int) -> list[NDArray[np.intp]]:
    """Flat pixel indices of each component of at least ``least`` pixels, largest first."""
    flat = np.flatnonzero(labels.ravel() >= 0)
    values = labels.ravel()[flat]
    order = np.argsort(values, kind="stable")
    flat, values = flat[order], values[order]
    parts = np.split(flat, np.flatnonzero(np.diff(values)) + 1) if len(flat) else []
    return sorted((p for p in parts if len(p) >= least), key=len, reverse=True)


def make_segment(cloud: Cloud, pixels: NDArray[np.intp], support: Array, on_floor: Mask, own: Mask) -> Segment:
    """A segment of flat pixel indices; ``own`` (H, W) marks the robot, which hides what is behind it."""
    shape = cloud.depth.shape
    rows, cols = np.divmod(pixels, shape[1])
    depth = cloud.depth.ravel()[pixels]
    height = support.ravel()[pixels]
    below = float(np.median(height))
    floor = bool(np.mean(on_floor.ravel()[pixels]) > 0.5)
    border = (rows.min() <= 1) | (cols.min() <= 1) | (rows.max() >= shape[0] - 2) | (cols.max() >= shape[1] - 2)
    return Segment(
        rows,
        cols,
        cloud.xyz.reshape(-1, 3)[pixels],
        cloud.rgb.reshape(-1, 3)[pixels],
        below,
        floor,
        bool(border),
        _hidden_share(cloud, rows, cols, own),
        float(np.median(depth)) / cloud.focal,
    )


def inner_pixels(segment: Segment, least: int = 6) -> NDArray[np.bool_]:
    """Pixels not at the segment's edge, where colours mix; all of them when fewer than ``least`` remain."""
    top, left = int(segment.rows.min()) - 1, int(segment.cols.min()) - 1
    shape = (int(segment.rows.max()) - top + 2, int(segment.cols.max()) - left + 2)
    crop = np.zeros(shape, dtype=np.uint8)
    crop[segment.rows - top, segment.cols - left] = 1
    core = cv2.erode(crop, np.ones((3, 3), dtype=np.uint8))[segment.rows - top, segment.cols - left] > 0
    return core if core.sum() >= least else np.ones(len(segment.rows), dtype=bool)


def hidden_ends(cloud: Cloud, pixels: NDArray[np.intp], above: bool) -> float:
    """Share of the columns of a part (flat pixel indices) whose upper, or lower, end is behind something nearer."""
    h, w = cloud.depth.shape
    rows, cols = np.divmod(pixels, w)
    order = np.lexsort((rows if above else -rows, cols))
    ends = pixels[order[np.r_[True, np.diff(cols[order]) > 0]]]
    beyond = np.clip(ends + (-w if above else w), 0, h * w - 1)
    depth = cloud.depth.ravel()
    return float(np.mean(cloud.valid.ravel()[beyond] & (depth[beyond] < depth[ends] - _BEFORE)))


def _hidden_share(cloud: Cloud, rows: NDArray[np.intp], cols: NDArray[np.intp], own: Mask) -> float:
    """Share of the ring of pixels around a segment that is clearly nearer than the segment beside it."""
    h, w = cloud.depth.shape
    top, left = max(int(rows.min()) - 1, 0), max(int(cols.min()) - 1, 0)
    bottom, right = min(int(rows.max()) + 2, h), min(int(cols.max()) + 2, w)
    crop = np.zeros((bottom - top, right - left), dtype=np.uint8)
    crop[rows - top, cols - left] = 1
    ring = (cv2.dilate(crop, np.ones((3, 3), dtype=np.uint8)) > 0) & (crop == 0)
    if not ring.any():
        return 0.0
    around = cloud.depth[top:bottom, left:right]
    valid = cloud.valid[top:bottom, left:right]
    inside = np.where(crop > 0, around, np.float32(np.inf))
    beside = cv2.erode(inside, np.ones((3, 3), dtype=np.uint8))
    nearer = ring & (((around < beside - 0.03) & valid) | (own[top:bottom, left:right] & (around < beside)))
    return float(nearer.sum() / ring.sum())
