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
    x, y, z = np.ascontiguousarray(cloud.xyz.reshape(-1, 3)[pixels].T)  # reductions along rows are the quick ones
    low, high = np.array([x.min(), y.min(), z.min()]), np.array([x.max(), y.max(), z.max()])
    own = np.zeros(len(pixels), dtype=bool)
    for box in boxes:
        center = box.pose.xyz
        half = np.asarray(box.size) / 2 + margin
        radius = float(np.linalg.norm(half))
        if (center + radius < low).any() or (center - radius > high).any():
            continue
        near = np.flatnonzero(np.abs(x - np.float32(center[0])) <= radius)
        near = near[np.abs(y[near] - np.float32(center[1])) <= radius]
        near = near[np.abs(z[near] - np.float32(center[2])) <= radius]
        if len(near):
            offset = np.column_stack([x[near], y[near], z[near]]) - center.astype(np.float32)
            local = np.abs(offset @ box.pose.matrix()[:3, :3].astype(np.float32))
            limit = half.astype(np.float32)
            own[near] |= (local[:, 0] <= limit[0]) & (local[:, 1] <= limit[1]) & (local[:, 2] <= limit[2])
    out.ravel()[pixels[own]] = True
    return out
