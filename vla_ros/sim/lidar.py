"""The planar lidar: rays cast in the horizontal plane of its frame, the robot itself left out."""

from __future__ import annotations

import math

import mujoco
import numpy as np

from vla_ros.core.robot_state import LaserScan
from vla_ros.sim.shapes import SEEN

BEAMS = 360
RANGE = (0.05, 8.0)
_NOISE = 0.004


class Lidar:
    """360 beams around the site ``lidar``'s body.

    Args:
        model: compiled world.
        frame: body of the lidar; its x axis is angle zero.
        rng: makes the range noise (standard deviation 4 mm).
    """

    def __init__(self, model: mujoco.MjModel, frame: str, rng: np.random.Generator) -> None:
        self._model, self._frame, self._rng = model, frame, rng
        self._body = model.body(frame).id
        self._angles = -math.pi + np.arange(BEAMS) * (2 * math.pi / BEAMS)
        self._groups = np.array([int(i == SEEN) for i in range(6)], dtype=np.uint8)
        self._geoms = np.empty(BEAMS, dtype=np.int32)
        self._distances = np.empty(BEAMS)

    def scan(self, data: mujoco.MjData) -> LaserScan:
        """The scan at the state of ``data``, stamped with its time."""
        rotation = data.xmat[self._body].reshape(3, 3)
        local = np.stack([np.cos(self._angles), np.sin(self._angles), np.zeros(BEAMS)])
        directions = np.ascontiguousarray((rotation @ local).T)
        mujoco.mj_multiRay(
            self._model,
            data,
            data.xpos[self._body],
            directions.ravel(),
            self._groups,
            1,
            self._body,
            self._geoms,
            self._distances,
            None,
            BEAMS,
            RANGE[1],
        )
        ranges = self._distances + self._rng.normal(0.0, _NOISE, BEAMS)
        ranges[self._geoms < 0] = math.inf
        return LaserScan(
            data.time, self._frame, -math.pi, 2 * math.pi / BEAMS, RANGE[0], RANGE[1], np.asarray(ranges)
        )
