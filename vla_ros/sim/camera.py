"""The RGB-D camera and the camera above: one off-screen rendering gives colour and metric depth.

A camera's OpenGL context belongs to the thread that made it: create, render and close in the same thread. A
copy of the simulation's state (``mujoco.MjData``) lets that thread work while the physics go on.
"""

from __future__ import annotations

import importlib
import math
import os
from typing import Any

import mujoco
import numpy as np

from vla_ros.core.errors import MissingExtraError
from vla_ros.core.scene import CameraIntrinsics
from vla_ros.sim.shapes import CEILING, DECOR, ROBOT_SEEN, SEEN


def intrinsics_of(model: mujoco.MjModel, camera: str, width: int, height: int) -> CameraIntrinsics:
    """Pinhole model of a camera of the model; square pixels, pixel centres at whole numbers."""
    fovy = math.radians(float(model.camera(camera).fovy[0]))
    focal = height / 2 / math.tan(fovy / 2)
    return CameraIntrinsics(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)


def _make_context(width: int, height: int) -> Any:
    """An off-screen OpenGL context of the kind that MUJOCO_GL names, whoever imported mujoco first."""
    module = importlib.import_module({"egl": "mujoco.egl", "osmesa": "mujoco.osmesa"}.get(_kind(), "mujoco.glfw"))
    return module.GLContext(width, height)


def _kind() -> str:
    return os.environ.get("MUJOCO_GL", "egl").lower()


class Camera:
    """Renders one camera of the model.

    Args:
        model: compiled world.
        camera: its name.
        width, height: of the picture [px].
        ceiling: draw the ceilings too.

    Raises:
        MissingExtraError: no OpenGL for off-screen rendering.
    """

    def __init__(self, model: mujoco.MjModel, camera: str, width: int, height: int, ceiling: bool = True) -> None:
        self._model = model
        self.intrinsics = intrinsics_of(model, camera, width, height)
        try:
            self._gl = _make_context(width, height)
            self._gl.make_current()
        except Exception as error:
            remedy = "Install libegl1 and libgl1-mesa-dri (MUJOCO_GL=egl), or libosmesa6 (MUJOCO_GL=osmesa)."
            raise MissingExtraError(f"off-screen OpenGL ({error})", remedy) from error
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
        # reversed depth keeps its precision far away
        self._context.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._scene = mujoco.MjvScene(model, maxgeom=2000)
        # the cheapest picture that still looks like a room
        for flag in (
            mujoco.mjtRndFlag.mjRND_SHADOW,
            mujoco.mjtRndFlag.mjRND_REFLECTION,
            mujoco.mjtRndFlag.mjRND_SKYBOX,
        ):
            self._scene.flags[flag] = 0
        self._option = mujoco.MjvOption()
        groups = {SEEN, DECOR, ROBOT_SEEN} | ({CEILING} if ceiling else set())
        self._option.geomgroup[:] = [int(i in groups) for i in range(6)]
        self._option.sitegroup[:] = 0
        self._view = mujoco.MjvCamera()
        self._view.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._view.fixedcamid = model.camera(camera).id
        self._area = mujoco.MjrRect(0, 0, width, height)
        self._rgb = np.empty((height, width, 3), dtype=np.uint8)
        self._depth = np.empty((height, width), dtype=np.float32)
        znear = model.vis.map.znear * model.stat.extent
        zfar = model.vis.map.zfar * model.stat.extent
        self._near, self._far = float(znear), float(zfar)

    def render(self, data: mujoco.MjData, with_depth: bool = True) -> tuple[np.ndarray, np.ndarray | None]:
        """Colour (H, W, 3) uint8 and, aligned to it, depth (H, W) float32 along the optical axis [m].

        Depth is NaN where nothing is (beyond the walls).
        """
        self._gl.make_current()
        mask = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(self._model, data, self._option, None, self._view, mask, self._scene)
        mujoco.mjr_render(self._area, self._scene, self._context)
        mujoco.mjr_readPixels(self._rgb, self._depth if with_depth else None, self._area, self._context)
        rgb = np.ascontiguousarray(self._rgb[::-1])
        return rgb, self._metric(self._depth[::-1]) if with_depth else None

    def _metric(self, raw: np.ndarray) -> np.ndarray:
        """Depth buffer (1 = near plane, 0 = far plane) to metres."""
        near, far = np.float32(self._near), np.float32(self._far)
        depth = near * far / (near + raw * (far - near))
        depth[raw <= 1e-6] = np.nan
        return np.ascontiguousarray(depth, dtype=np.float32)

    def close(self) -> None:
        """Frees the OpenGL objects; in the thread that made them."""
        self._context.free()
        self._gl.free()
