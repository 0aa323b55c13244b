"""The robot's own links in view, so that the hand never becomes a thing."""

from __future__ import annotations

import numpy as np

from vla_ros.core.geometry import Box
from vla_ros.perception.cloud import Cloud, Mask


def body_mask(cloud: Cloud, boxes: tuple[Box, ...], margin: float) -> Mask:
    """True for pixels inside any of the boxes (in the world's frame) grown by ``margin`` [m]; shape (H, W)."""
    out = np.zeros(cloud.depth.shape, dtype=bool)
    if not boxes:
        return out
    reach = max(
        float(np.linalg.norm(b.pose.xyz - cloud.camera) + np.linalg.norm(b.size) / 2 + margin * 2) for b in boxes
    )
    pixels = np.flatnonzero(cloud.valid.ravel() & (cloud.depth.ravel() <= reach))
    if len(pixels) == 0:
        return out
    points = cloud.xyz.reshape(-1, 3)[pixels]
    low, high = points.min(axis=0), points.max(axis=0)
    own = np.zeros(len(pixels), dtype=bool)
    for box in boxes:
        center = box.pose.xyz
        half = np.asarray(box.size) / 2 + margin
        radius = float(np.linalg.norm(half))
        if (center + radius < low).any() or (center - radius > high).any():
            continue
        offset = points - center.astype(np.float32)
        near = np.flatnonzero(np.abs(offset).max(axis=1) <= radius)
        if len(near):
            local = np.abs(offset[near] @ box.pose.matrix()[:3, :3].astype(np.float32))
            own[near] |= (local <= half.astype(np.float32)).all(axis=1)
    out.ravel()[pixels[own]] = True
    return out
