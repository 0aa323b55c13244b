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
_PERSON_RADIUS = 0.6
"""Around the axis of a moved body, all of it [m]."""


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
        self._moved = [b for b in range(model.nbody) if model.body_mocapid[b] >= 0]

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
        self._see_moved(data, directions)
        ranges = self._distances + self._rng.normal(0.0, _NOISE, BEAMS)
        ranges[self._geoms < 0] = math.inf
        return LaserScan(data.time, self._frame, -math.pi, 2 * math.pi / BEAMS, RANGE[0], RANGE[1], np.asarray(ranges))

    def _see_moved(self, data: mujoco.MjData, directions: np.ndarray) -> None:
        """Casts the beams toward mocap bodies (people) one by one: mj_multiRay culls by where such a body stood when
        the model was compiled, and so looks through a person who has moved."""
        origin, geom = data.xpos[self._body], np.empty(1, dtype=np.int32)
        for body in self._moved:
            offset = data.xpos[body][:2] - origin[:2]
            distance = float(np.hypot(*offset))
            if distance > RANGE[1] + _PERSON_RADIUS:
                continue
            across = np.abs(directions[:, 0] * offset[1] - directions[:, 1] * offset[0])
            ahead = directions[:, :2] @ offset
            for i in np.flatnonzero((across < _PERSON_RADIUS) & (ahead > -_PERSON_RADIUS)):
                hit = mujoco.mj_ray(self._model, data, origin, directions[i], self._groups, 1, self._body, geom)
                if 0 <= hit <= RANGE[1] and (self._geoms[i] < 0 or hit < self._distances[i]):
                    self._distances[i], self._geoms[i] = hit, geom[0]
