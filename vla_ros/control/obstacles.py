"""What stands in the way besides the floor plan: scan hits that are remembered, and people of the scene.

Fed by the controller with every scan and scene; gives planning one layer of occupied cells.
"""

from __future__ import annotations

import math

import numpy as np

from vla_ros.control.grid import Cells, Grid
from vla_ros.control.params import ControlParams
from vla_ros.core.geometry import Pose2D, Vector
from vla_ros.core.lone_legs import LoneLegs
from vla_ros.core.robot_state import LaserScan
from vla_ros.core.scene import Scene, SceneObject
from vla_ros.core.surroundings import NO_PLAN, Surroundings

KNOWN_WITHIN_M = 0.12
SCENE_MEMORY_S = 3.0
PERSON_MEMORY_S = 10.0


class LiveObstacles:
    """Obstacles seen by the lidar and by perception.

    Args:
        grid: the static grid.
        params: memory, radii.
        lidar_pose: x, y [m], yaw [rad] of the lidar in base_link.
        surroundings: of the floor plan.
    """

    def __init__(
        self,
        grid: Grid,
        params: ControlParams,
        lidar_pose: tuple[float, float, float],
        surroundings: Surroundings = NO_PLAN,
    ) -> None:
        self._grid, self._params = grid, params
        self._legs = LoneLegs(surroundings, params.leg_width_m)
        self._lidar = Pose2D(*lidar_pose)
        self._known = grid.distances() < KNOWN_WITHIN_M if grid.occupied.any() else grid.occupied
        self._seen_at = np.full(grid.occupied.shape, -np.inf)
        self._people: tuple[SceneObject, ...] = ()
        self._people_at = -math.inf
        self.points: Vector = np.empty((0, 2))

    def observe_scan(self, scan: LaserScan, base: Pose2D, now: float) -> None:
        """Adds the hits of a scan taken at ``base`` and forgets cells that its beams passed through."""
        ranges = np.asarray(scan.ranges, dtype=float)
        if ranges.ndim != 1 or len(ranges) == 0:
            return
        angles = scan.angle_min + scan.angle_increment * np.arange(len(ranges))
        # base_link x, y and yaw of the lidar compose with the base's pose into the sensor's pose in odom.
        x, y = base.transform(np.array([self._lidar.x, self._lidar.y]))
        sensor = Pose2D(float(x), float(y), base.theta + self._lidar.theta)
        hit = np.isfinite(ranges) & (ranges >= scan.range_min) & (ranges <= scan.range_max)
        local = np.stack([ranges[hit] * np.cos(angles[hit]), ranges[hit] * np.sin(angles[hit])], axis=1)
        self.points = sensor.transform(local) if hit.any() else np.empty((0, 2))
        self._legs.see(self.points)
        self._clear(scan, ranges, sensor)
        if len(self.points):
            rows, columns, inside = self._grid.cells(self.points)
            rows, columns = rows[inside], columns[inside]
            new = ~self._known[rows, columns]
            self._seen_at[rows[new], columns[new]] = now

    def observe_scene(self, scene: Scene, now: float) -> None:
        """Remembers the people of a scene, out of sight too: the gate stops for them, so no path may lead there."""
        self._people = tuple(
            o
            for o in scene.objects
            if (o.shape == "person" or o.category == "person") and scene.stamp_s - o.last_seen_s <= PERSON_MEMORY_S
        )
        self._people_at = now
        self._legs.see_scene(scene)

    def people(self, now: float) -> tuple[SceneObject, ...]:
        """The people of a fresh scene."""
        return self._people if now - self._people_at <= SCENE_MEMORY_S else ()

    def cells(self, now: float, but_near: tuple[float, float] | None = None) -> Cells:
        """Occupied cells of this layer; without those within 0.5 m of ``but_near`` (the person to follow)."""
        out = now - self._seen_at < self._params.obstacle_memory_s
        places = [(p.pose.position[0], p.pose.position[1]) for p in self.people(now)]
        places += self._legs.places  # the gate takes them for people
        if but_near is not None:
            out &= ~self._grid.mark_discs([but_near], 0.5)
            places = [p for p in places if math.dist(p, but_near) > 0.5]
        return out | self._grid.mark_discs(places, self._params.person_radius)

    def forget(self) -> None:
        """Drops every remembered hit."""
        self._seen_at[:] = -np.inf

    def _clear(self, scan: LaserScan, ranges: Vector, sensor: Pose2D) -> None:
        rows, columns = np.nonzero(np.isfinite(self._seen_at))
        if not len(rows):
            return
        local = sensor.inverse_transform(self._grid.center(rows, columns))
        distance = np.hypot(local[:, 0], local[:, 1])
        bearing = np.arctan2(local[:, 1], local[:, 0])
        span = scan.angle_increment * len(ranges)
        steps = np.mod(bearing - scan.angle_min, 2 * math.pi) / scan.angle_increment
        beam = np.round(steps).astype(int)
        if abs(span) > 2 * math.pi - 0.1:
            beam %= len(ranges)
        covered = (beam >= 0) & (beam < len(ranges))
        measured = ranges[np.clip(beam, 0, len(ranges) - 1)]
        # +inf says "nothing within range"; NaN and too-near values say nothing at all.
        valid = covered & ~np.isnan(measured) & (measured >= scan.range_min) & (distance < scan.range_max - 0.1)
        passed = valid & (measured > distance + 2.0 * self._grid.resolution)
        self._seen_at[rows[passed], columns[passed]] = -np.inf
