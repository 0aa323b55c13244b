"""Where an arm goes along a trajectory: into itself, a wall, furniture, a keep-out zone, out of its workspace.

A trajectory passes as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from vla_ros.core.geometry import Box, Pose, Pose2D, Vector
from vla_ros.core.motion import JointTrajectory
from vla_ros.core.solids import Solids
from vla_ros.core.surroundings import NO_PLAN, Surroundings
from vla_ros.robot.collision import CollisionScene
from vla_ros.robot.kinematics import RobotModel
from vla_ros.safety.hermite import between
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.silhouette import Silhouette
from vla_ros.safety.trajectory_check import refuse
from vla_ros.safety.verdict import PASS, Level, Verdict
from vla_ros.safety.zones import KeepOut

_FLOAT_NOISE = 1e-6
_WALL, _FURNITURE = "a wall", "furniture"
_GIVE_M = 0.005
"""Furniture is taken to be so much smaller: fingers that lie on a table may leave it, and slide along it."""


def samples(trajectory: JointTrajectory, measured: Mapping[str, float], step: float) -> tuple[Vector, Vector]:
    """Times (n,) and positions (n, j) along a trajectory, the measured start first, so dense that no joint goes
    farther than ``step`` [rad or m] from one to the next on a straight way."""
    start = np.array([[measured[name] for name in trajectory.names]])
    times = np.append(0.0, trajectory.times_s)
    positions = np.vstack([start, trajectory.positions])
    velocities = np.zeros_like(positions)
    if trajectory.velocities is not None:
        velocities[1:] = trajectory.velocities
    seconds = np.diff(times)
    bulge = np.abs(velocities[:-1]).max(axis=1) + np.abs(velocities[1:]).max(axis=1)
    ways = np.maximum(np.abs(np.diff(positions, axis=0)).max(axis=1), bulge * seconds / 4.0)
    all_times, all_positions = [times[:1]], [positions[:1]]
    for i, count in enumerate(np.maximum(1, np.ceil(ways / step)).astype(int)):
        shares = np.arange(1, count + 1) / count
        all_times.append(times[i] + shares * seconds[i])
        all_positions.append(between(positions[i : i + 2], velocities[i : i + 2], seconds[i], shares))
    return np.concatenate(all_times), np.concatenate(all_positions)


def _refused(touching: str, where: str) -> Verdict:
    what = next((n for n in ("wall", "furniture") if touching.endswith(n)), "self_collision")
    return refuse(what, f"{touching} {where}")


def _shrunk(box: Box) -> Box:
    length, width, height = (max(v - 2 * _GIVE_M, _GIVE_M) for v in box.size)
    return replace(box, size=(length, width, height), name=_FURNITURE)


def _meet(box: Box, low: Vector, high: Vector) -> bool:
    """Whether the upright box reaches into the cuboid between the corners ``low`` and ``high`` (3,)."""
    c, s = abs(np.cos(box.pose.yaw)), abs(np.sin(box.pose.yaw))
    half = np.array([c * box.size[0] + s * box.size[1], s * box.size[0] + c * box.size[1]]) / 2.0
    middle = np.array(box.pose.position[:2])
    return bool(np.all((middle + half > low[:2]) & (middle - half < high[:2])))


class ArmPath:
    """Judges the way of a joint group through space.

    Args:
        params: density, workspace.
        model: kinematics and collision shapes.
        silhouette: the model's spheres.
        keep_out: closed zones in odom.
        surroundings: walls and furniture of the floor plan, in odom.
    """

    def __init__(
        self,
        params: SafetyParams,
        model: RobotModel,
        silhouette: Silhouette,
        keep_out: KeepOut,
        surroundings: Surroundings = NO_PLAN,
    ) -> None:
        self._params, self._model, self._silhouette, self._keep_out = params, model, silhouette, keep_out
        walls = (replace(b, name=_WALL) for b in surroundings.walls)
        self._solids = Solids((*walls, *(_shrunk(b) for b in surroundings.furniture)))
        self._scene = model.collision_scene()
        self._arm = np.flatnonzero(silhouette.joints > 0)
        self._radii = silhouette.radii[self._arm]

    def judge(self, trajectory: JointTrajectory, measured: Mapping[str, float], pose: Pose2D) -> Verdict:
        """PASS, or what the trajectory would run into.

        Args:
            trajectory: judged by TrajectoryCheck before.
            measured: joint positions by name.
            pose: of the base in odom.
        """
        _, positions = samples(trajectory, measured, self._params.path_step)
        most = self._params.path_samples
        if len(positions) > most:
            return refuse("size", f"its way has {len(positions)} samples, allowed are {most}; send it in parts.")
        rest, way = dict(measured), []
        for row in positions:
            rest.update(zip(trajectory.names, map(float, row)))
            way.append(self._model.configuration(rest))
        spheres = np.array([self._spheres(q) for q in way])
        boxes = self._boxes_near(pose, spheres)
        scene = self._model.collision_scene(boxes) if boxes else self._scene
        leaving = None if scene.free(way[0]) else self._leaving(way[0], boxes)
        for q, centers in zip(way[1:], spheres[1:]):
            free = scene.free(q)
            if leaving is not None and (free or leaving.free(q)):
                leaving = None if free else leaving
            elif not free:
                return _refused(scene.touching(q), "on its way.")
            verdict = self._space(centers, spheres[0], pose)
            if verdict.level > Level.PASS:
                return verdict
        if leaving is not None:
            return _refused(scene.touching(q), "from its start to its end.")
        return PASS

    def _boxes_near(self, pose: Pose2D, spheres: Vector) -> tuple[Box, ...]:
        """What the arm could touch with its ``spheres`` (k, n, 3) along its way, in base_link."""
        low, high = (spheres - self._radii[:, None]).min(axis=(0, 1)), (spheres + self._radii[:, None]).max(axis=(0, 1))
        near = self._solids.near(pose, self._params.workspace_radius_m)
        level = np.flatnonzero(near.level(low[2:], high[2:])[0])
        base = np.linalg.inv(pose.to_pose().matrix())
        found = [replace(b, pose=Pose.from_matrix(base @ b.pose.matrix(), "base_link")) for b in near.only(level).boxes]
        return tuple(b for b in found if _meet(b, low, high))

    def _leaving(self, start: Vector, boxes: tuple[Box, ...]) -> CollisionScene:
        """The robot without the contacts that it already has: it must be able to leave them."""
        scene = self._model.collision_scene(boxes)
        scene.allow_contacts_at(start)
        return scene

    def _spheres(self, q: Vector) -> Vector:
        return self._silhouette.centers(q)[self._arm]

    def _space(self, centers: Vector, began: Vector, pose: Pose2D) -> Verdict:
        p = self._params
        low, low_began = centers[:, 2] - self._radii, began[:, 2] - self._radii
        if np.any(low < np.minimum(p.workspace_floor_m, low_began) - _FLOAT_NOISE):
            lowest = float(low.min())
            return refuse("workspace", f"it comes down to {lowest:.2f} m.", lowest, p.workspace_floor_m)
        reach = np.hypot(*centers[:, :2].T) + self._radii
        reach_began = np.hypot(*began[:, :2].T) + self._radii
        if np.any(reach > np.maximum(p.workspace_radius_m, reach_began) + _FLOAT_NOISE):
            farthest = float(reach.max())
            return refuse("workspace", f"it reaches out to {farthest:.2f} m.", farthest, p.workspace_radius_m)
        placed = np.column_stack([pose.transform(centers[:, :2]), centers[:, 2]])
        zone = self._keep_out.entered(placed, self._radii)
        return refuse("keep_out", f"it enters the zone {zone}.", thing=zone) if zone else PASS
