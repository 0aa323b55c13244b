"""What perception sees: objects and people as numbers. Made by perception, read by planning and safety."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vla_ros.core.geometry import Pose, Vector

SHAPES = ("cylinder", "sphere", "box", "flat", "elongated", "person", "irregular")
COLORS = (
    "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "white", "grey", "black",
    "beige",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SceneObject:
    """One tracked thing.

    ``pose`` is the centre of its bounding box with yaw of its longest horizontal axis, in the Scene's frame.
    ``size`` is (length along that axis, width, height) [m]. ``categories`` are hypotheses, best first, each
    with a score in [0, 1]. ``support_z`` is the height [m] of the surface below it.
    """

    id: str
    categories: tuple[tuple[str, float], ...]
    color: str
    shape: str
    pose: Pose
    size: tuple[float, float, float]
    confidence: float
    visible: bool
    last_seen_s: float
    support_z: float = 0.0
    velocity: tuple[float, float, float] = (0.0, 0.0, 0.0)
    colors: tuple[tuple[str, float], ...] = ()
    """Share of each colour name, largest first."""

    @property
    def category(self) -> str:
        """The best category, or "" when nothing fits."""
        return self.categories[0][0] if self.categories else ""

    def score_of(self, category: str) -> float:
        """Score of one category hypothesis, 0 when it is not among them."""
        return next((s for name, s in self.categories if name == category), 0.0)


@dataclass(frozen=True, slots=True)
class Scene:
    """All tracks at time ``stamp_s``. ``view`` is the camera's pose at that time (optical axes)."""

    stamp_s: float
    frame_id: str
    objects: tuple[SceneObject, ...]
    view: Pose | None = None


@dataclass(frozen=True, slots=True)
class CameraIntrinsics:
    """Pinhole camera: width, height [px]; fx, fy, cx, cy [px]."""

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float


@dataclass(frozen=True, slots=True, eq=False)
class RgbdFrame:
    """One RGB-D frame with the camera's pose.

    ``rgb`` uint8 (H, W, 3); ``depth`` float32 (H, W) [m], NaN or 0 where unknown, aligned to ``rgb``;
    ``world_from_camera`` 4x4 transform, camera_optical_frame (x right, y down, z forward) -> odom.
    """

    stamp_s: float
    rgb: np.ndarray
    depth: np.ndarray
    intrinsics: CameraIntrinsics
    world_from_camera: Vector
