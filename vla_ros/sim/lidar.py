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

    def scan(self, data: mujoco.MjData) -> LaserScan:
        """The scan at the state of ``data``, stamped with its time."""
        rotation = data.xmat[self._body].reshape(3, 3)
        local = np.stack([np.cos(self._angles), np.sin(self._angles), np.zeros(BEAMS)])
        directions = (rotation @ local).T
        origin, geom, ranges = data.xpos[self._body], np.empty(1, dtype=np.int32), np.full(BEAMS, math.inf)
        # One by one: mj_multiRay culls by angles and by where bodies stood when the model was compiled, and so looks
        # through furniture and through people who have moved.
        for i in range(BEAMS):
            hit = mujoco.mj_ray(self._model, data, origin, directions[i], self._groups, 1, self._body, geom)
            if 0 <= hit <= RANGE[1]:
                ranges[i] = hit
        ranges += self._rng.normal(0.0, _NOISE, BEAMS)
        return LaserScan(data.time, self._frame, -math.pi, 2 * math.pi / BEAMS, RANGE[0], RANGE[1], ranges)
