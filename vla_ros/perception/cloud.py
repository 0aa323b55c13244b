"""Back-projection of a depth image to points of the world, keeping the image's rows and columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from vla_ros.core.errors import InputError
from vla_ros.core.scene import CameraIntrinsics, RgbdFrame

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]

_WHITE = 235.0
"""Brightness that the brightest parts of a well exposed image have, of 255."""
_MAX_GAIN = 1.4


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """One frame as points.

    ``xyz`` float32 (H, W, 3) in the world [m]; ``depth`` float32 (H, W) [m]; ``valid`` bool (H, W); ``rgb`` uint8
    (H, W, 3), exposure evened out; ``camera`` (3,) the camera's place [m]; ``focal`` focal length [px]. Where
    ``valid`` is False the points are meaningless but finite.
    """

    xyz: Array
    depth: Array
    valid: Mask
    rgb: NDArray[np.uint8]
    camera: NDArray[np.float64]
    focal: float


def check_frame(frame: RgbdFrame) -> None:
    """Raises InputError when arrays, intrinsics or the camera's pose of a frame cannot be used."""
    k = frame.intrinsics
    shape = (k.height, k.width)
    if not np.isfinite([k.fx, k.fy, k.cx, k.cy]).all() or k.fx <= 0 or k.fy <= 0:
        raise InputError("intrinsics", (k.fx, k.fy, k.cx, k.cy), "The camera must publish finite, positive fx and fy.")
    if frame.rgb.shape != (*shape, 3) or frame.rgb.dtype != np.uint8:
        raise InputError("rgb", (frame.rgb.shape, str(frame.rgb.dtype)), f"Give uint8 of shape {(*shape, 3)}.")
    if frame.depth.shape != shape or not np.issubdtype(frame.depth.dtype, np.floating):
        raise InputError("depth", (frame.depth.shape, str(frame.depth.dtype)), f"Give floats [m] of shape {shape}.")
    pose = np.asarray(frame.world_from_camera)
    if pose.shape != (4, 4) or not np.isfinite(pose).all() or abs(np.linalg.det(pose[:3, :3]) - 1) > 1e-3:
        raise InputError("world_from_camera", pose.tolist(), "Give a finite 4x4 rotation and translation.")
    if not np.isfinite(frame.stamp_s):
        raise InputError("stamp_s", frame.stamp_s, "Give a finite time in seconds.")


def back_project(frame: RgbdFrame, min_range: float, max_range: float) -> Cloud:
    """Points of every pixel; depth that is NaN, too near or too far is marked invalid."""
    depth = np.asarray(frame.depth, dtype=np.float32)
    finite = np.isfinite(depth)
    if not finite.all():
        depth = np.where(finite, depth, np.float32(0.0))
    valid = (depth >= min_range) & (depth <= max_range)
    pose = np.asarray(frame.world_from_camera, dtype=np.float64)
    flat = _rays(frame.intrinsics) @ pose[:3, :3].T.astype(np.float32)
    flat *= depth.reshape(-1, 1)
    flat += pose[:3, 3].astype(np.float32)
    xyz = flat.reshape(*depth.shape, 3)
    rgb = _exposed(np.ascontiguousarray(frame.rgb))
    return Cloud(xyz, depth, valid, rgb, pose[:3, 3].copy(), float(frame.intrinsics.fx))


def _exposed(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The image brightened so that its brightest parts are nearly white: dim rooms must not turn white into grey."""
    sparse = rgb[::4, ::4]
    bright = float(np.percentile(np.maximum(np.maximum(sparse[..., 0], sparse[..., 1]), sparse[..., 2]), 96))
    gain = min(max(_WHITE / max(bright, 1.0), 1.0), _MAX_GAIN)
    if gain < 1.02:
        return rgb
    table = np.minimum(np.arange(256) * gain, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(rgb, table), dtype=np.uint8)


@lru_cache(maxsize=4)
def _rays(k: CameraIntrinsics) -> Array:
    """Direction of each pixel with z = 1 in optical axes, shape (H * W, 3)."""
    u, v = np.meshgrid(np.arange(k.width), np.arange(k.height))
    rays = np.stack([(u - k.cx) / k.fx, (v - k.cy) / k.fy, np.ones_like(u, dtype=float)], axis=-1)
    return rays.reshape(-1, 3).astype(np.float32)
