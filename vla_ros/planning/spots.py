"""Free places to put a held thing down: on a surface, beside another thing, or into a container."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vla_ros.core.floorplan import Furniture, Surface
from vla_ros.core.geometry import Pose, Pose2D
from vla_ros.core.scene import SceneObject
from vla_ros.planning.belief import Held

_GRID_M = 0.04
_GAP_M = 0.04
_REACH_FROM_EDGE_M = 0.38
_BESIDE_M = 0.35


@dataclass(frozen=True)
class Spot:
    """A point [m] for the lower side of the held thing, and what is below it."""

    point: tuple[float, float, float]
    below: str


def on_surface(
    piece: Furniture,
    surface: Surface,
    radius: float,
    things: list[SceneObject],
    robot: Pose2D,
    beside: tuple[float, float] | None = None,
    most: int = 6,
) -> list[Spot]:
    """Free spots for a disc of ``radius`` [m]: inside the surface, clear of the things on it, within reach of an
    edge, best first (near the front, room around it; or near ``beside`` (x, y) [m])."""
    half = np.array(surface.size) / 2 - radius - 0.02
    if (half < 0).any():
        half = np.maximum(half, 0.0)
        if min(surface.size) < 2 * radius - 0.02:
            return []
    us = np.arange(-half[0], half[0] + 1e-6, _GRID_M)
    vs = np.arange(-half[1], half[1] + 1e-6, _GRID_M)
    local = np.stack(np.meshgrid(us, vs), axis=-1).reshape(-1, 2)
    map_points = piece.pose2d.transform(local + np.array(surface.center))
    edge_u, edge_v = surface.size[0] / 2 - local[:, 0], surface.size[1] / 2 - np.abs(local[:, 1])
    edge = edge_u if not piece.walk_under else np.minimum(np.minimum(edge_u, surface.size[0] - edge_u), edge_v)
    gap = np.full(len(local), 1.0)
    for thing in things:
        if not surface.height - 0.05 < thing.pose.position[2] < surface.height + 0.6:
            continue
        away = np.hypot(*(map_points - thing.pose.position[:2]).T) - math.hypot(*thing.size[:2]) / 2 - radius
        gap = np.minimum(gap, away)
    good = (gap > _GAP_M) & (edge < _REACH_FROM_EDGE_M + radius)
    cost = np.abs(edge - radius - 0.08) - 0.5 * np.minimum(gap, 0.15)
    cost += 0.15 * np.hypot(*(map_points - (robot.x, robot.y)).T)
    if beside is not None:
        distance = np.hypot(*(map_points - beside).T)
        good &= distance < _BESIDE_M + radius
        cost += 2.0 * distance
    chosen: list[int] = []
    for i in np.argsort(cost):
        if good[i] and all(math.dist(map_points[i], map_points[j]) > 0.10 for j in chosen):
            chosen.append(int(i))
            if len(chosen) == most:
                break
    return [Spot((float(map_points[i, 0]), float(map_points[i, 1]), surface.height), piece.name) for i in chosen]


def over_thing(below: SceneObject, gap: float) -> Spot:
    """The point ``gap`` [m] over the top of a container or a thing."""
    x, y, z = below.pose.position
    return Spot((x, y, z + below.size[2] / 2 + gap), below.id)


def release_poses(held: Held, spot: Spot, robot: Pose2D, lift: float) -> list[Pose]:
    """Tool poses that bring the held thing upright to ``lift`` [m] above the spot, turned about the vertical.

    The heading that keeps the hand pointing away from the robot comes first.
    """
    size = held.box.size
    toward = math.atan2(spot.point[1] - robot.y, spot.point[0] - robot.x)
    tool = held.standing.matrix()
    heading = math.atan2(tool[1, 0], tool[0, 0]) if math.hypot(tool[0, 0], tool[1, 0]) > 0.3 else 0.0
    poses = []
    for turn in (0, 30, -30, 60, -60, 90, -90, 135, -135, 180):
        standing = Pose.planar(
            *spot.point[:2], toward - heading + math.radians(turn), spot.point[2] + size[2] / 2 + lift
        )
        poses.append(Pose.from_matrix(standing.matrix() @ tool))
    return poses
