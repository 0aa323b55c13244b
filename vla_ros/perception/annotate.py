"""Draws a scene into the picture it was seen in."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vla_ros.core.geometry import Vector
from vla_ros.core.scene import CameraIntrinsics, Scene, SceneObject

_EDGES = ((0, 1), (1, 3), (3, 2), (2, 0), (4, 5), (5, 7), (7, 6), (6, 4), (0, 4), (1, 5), (2, 6), (3, 7))
_SEEN, _REMEMBERED = (60, 230, 60), (150, 150, 150)


def annotate(
    rgb: NDArray[np.uint8], scene: Scene, intrinsics: CameraIntrinsics, world_from_camera: Vector
) -> NDArray[np.uint8]:
    """A copy of ``rgb`` (H, W, 3) with each object's box, colour, category and score; grey = only remembered."""
    out = np.ascontiguousarray(rgb).copy()
    camera_from_world = np.linalg.inv(np.asarray(world_from_camera, dtype=np.float64))
    for thing in scene.objects:
        pixels = _corners(thing, camera_from_world, intrinsics)
        if pixels is None:
            continue
        color = _SEEN if thing.visible else _REMEMBERED
        for a, b in _EDGES:
            cv2.line(out, pixels[a], pixels[b], color, 1, cv2.LINE_AA)
        score = thing.categories[0][1] if thing.categories else 0.0
        text = f"{thing.color} {thing.category or '?'} {score:.2f}"
        x, y = min(p[0] for p in pixels), min(p[1] for p in pixels) - 3
        cv2.putText(out, text, (x, max(y, 8)), cv2.FONT_HERSHEY_SIMPLEX, 0.3, (0, 0, 0), 2, cv2.LINE_AA)
        cv2.putText(out, text, (x, max(y, 8)), cv2.FONT_HERSHEY_SIMPLEX, 0.3, (255, 255, 255), 1, cv2.LINE_AA)
    return out


def _corners(thing: SceneObject, camera_from_world: Vector, k: CameraIntrinsics) -> list[tuple[int, int]] | None:
    """The box's eight corners in the image, None when they are behind the camera or far outside."""
    signs = np.array([(a, b, c) for c in (-1, 1) for b in (-1, 1) for a in (-1, 1)], dtype=float)
    local = signs * np.array(thing.size) / 2
    world = local @ thing.pose.matrix()[:3, :3].T + thing.pose.xyz
    points = world @ camera_from_world[:3, :3].T + camera_from_world[:3, 3]
    if (points[:, 2] < 0.05).any():
        return None
    u = k.fx * points[:, 0] / points[:, 2] + k.cx
    v = k.fy * points[:, 1] / points[:, 2] + k.cy
    if u.max() < 0 or v.max() < 0 or u.min() > k.width or v.min() > k.height:
        return None
    return [(int(a), int(b)) for a, b in zip(np.clip(u, -2000, 2000), np.clip(v, -2000, 2000))]
