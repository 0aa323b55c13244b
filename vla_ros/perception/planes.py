"""Foreground without a floor plan: level surfaces are found in the cloud itself and what stands on them remains."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vla_ros.perception.background import Foreground
from vla_ros.perception.cloud import Array, Cloud, Mask
from vla_ros.perception.params import PerceptionParams

_BIN = 0.01
_CELL = 0.03
_MIN_AREA = 0.08
_LEVEL = 0.94
_MAX_ABOVE = 0.5
_MAX_SURFACES = 8


class PlaneBackground:
    """Foreground by horizontal planes, each limited to the patch of it that was seen."""

    def __init__(self, params: PerceptionParams) -> None:
        self._params = params

    def foreground(self, cloud: Cloud, ignore: Mask) -> Foreground:
        """Pixels of things over any level surface; ``ignore`` marks pixels to leave out (the robot itself)."""
        p = self._params
        usable = cloud.valid & ~ignore
        z = cloud.xyz[..., 2]
        slack = np.float32(p.depth_noise) * cloud.depth**2
        on_floor = usable & (z > p.floor_min_height + slack) & (z < p.person_max_height + 0.3)
        support = np.zeros(z.shape, dtype=np.float32)
        level = usable & _level_pixels(cloud)
        mask = on_floor.copy()
        things = np.zeros_like(mask)
        grid = _Grid(cloud.xyz[usable][:, :2])
        for height in self._heights(cloud, level):
            plane = level & (np.abs(z - height) < 0.012)
            patch = grid.patch(cloud.xyz[plane][:, :2])
            if patch is None:
                continue
            over = usable & grid.inside(cloud.xyz[..., :2], patch)
            rise = z - height
            found = over & (rise > p.min_height + slack) & (rise < _MAX_ABOVE)
            support[found] = height
            things |= found
            mask &= ~(over & (rise <= p.min_height + slack))  # the surface itself and what carries it
        return Foreground(mask | things, support, mask & ~things)

    @staticmethod
    def beside_wall(xy: Array) -> Mask:
        """Walls are not known: always False; xy has shape (n, 2)."""
        return np.zeros(len(xy), dtype=bool)

    def _heights(self, cloud: Cloud, level: Mask) -> list[float]:
        """Heights of large level surfaces above the floor, lowest first [m]."""
        z = cloud.xyz[..., 2][level]
        if len(z) == 0:
            return []
        area = (cloud.depth[level] / cloud.focal) ** 2 / np.maximum(_slant(cloud, level), 0.1)
        top = self._params.person_max_height
        counts, edges = np.histogram(z, bins=int(top / _BIN), range=(0.0, top), weights=area)
        smooth = counts[:-1] + counts[1:]
        out: list[float] = []
        for i in np.argsort(-smooth)[: 4 * _MAX_SURFACES]:
            height = float(edges[i + 1])
            if smooth[i] < _MIN_AREA or len(out) >= _MAX_SURFACES:
                break
            if height < 0.1 or any(abs(height - h) < 0.04 for h in out):
                continue
            near = z[np.abs(z - height) < _BIN]
            out.append(float(np.median(near)))
        return sorted(out)


class _Grid:
    """A coarse map of the frame's points."""

    def __init__(self, xy: Array) -> None:
        self._low = xy.min(axis=0) - _CELL if len(xy) else np.zeros(2, dtype=np.float32)
        span = (xy.max(axis=0) - self._low) / _CELL if len(xy) else np.zeros(2)
        self._shape = (int(span[0]) + 3, int(span[1]) + 3)

    def _cells(self, xy: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        cell = ((xy - self._low) / _CELL).astype(np.intp)
        i, j = cell[..., 0], cell[..., 1]
        return np.clip(i, 0, self._shape[0] - 1), np.clip(j, 0, self._shape[1] - 1)

    def patch(self, xy: Array) -> Mask | None:
        """Filled cells of a surface with its holes (where things stand), None when it is too small."""
        if len(xy) < 50:
            return None
        seen = np.zeros(self._shape, dtype=bool)
        seen[self._cells(xy)] = True
        closed = ndimage.binary_closing(np.pad(seen, 6), iterations=5)[6:-6, 6:-6]
        filled = ndimage.binary_fill_holes(closed)
        if filled is None or filled.sum() * _CELL**2 < _MIN_AREA:
            return None
        return np.asarray(filled, dtype=bool)

    def inside(self, xy: Array, patch: Mask) -> Mask:
        """True where points of shape (..., 2) lie over the patch."""
        out: Mask = patch[self._cells(xy)]
        return out


def _level_pixels(cloud: Cloud) -> Mask:
    """Pixels whose surface is horizontal, by the cross product of steps of two pixels."""
    return _normal_z(cloud) > _LEVEL


def _normal_z(cloud: Cloud) -> Array:
    """Absolute vertical part of the unit normals, shape (H, W); 0 at the border."""
    xyz = cloud.xyz
    du = xyz[2:-2, 4:] - xyz[2:-2, :-4]
    dv = xyz[4:, 2:-2] - xyz[:-4, 2:-2]
    nx = du[..., 1] * dv[..., 2] - du[..., 2] * dv[..., 1]
    ny = du[..., 2] * dv[..., 0] - du[..., 0] * dv[..., 2]
    nz = du[..., 0] * dv[..., 1] - du[..., 1] * dv[..., 0]
    out = np.zeros(cloud.depth.shape, dtype=np.float32)
    out[2:-2, 2:-2] = np.abs(nz) / np.maximum(np.sqrt(nx**2 + ny**2 + nz**2), 1e-12)
    return out


def _slant(cloud: Cloud, where: Mask) -> Array:
    """Cosine between the rays of some pixels and the vertical, shape (n,)."""
    ray = cloud.xyz[where] - cloud.camera.astype(np.float32)
    out: Array = np.abs(ray[:, 2]) / np.maximum(np.linalg.norm(ray, axis=1), 1e-6)
    return out
