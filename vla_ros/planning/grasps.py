"""Tool poses that hold a thing, from its perceived box and its kind. Tool axes: x out of the hand, y along closing.

The pads reach 12 mm beyond the tool's origin, hence the clearances."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vla_ros.core.catalog import ObjectKind
from vla_ros.core.geometry import Box, Pose, Pose2D, Vector
from vla_ros.core.robot_description import Gripper
from vla_ros.core.scene import SceneObject

_CLEARANCE_M = 0.015
_HAND_RADIUS_M = 0.055
_GRIP_DEPTH_M = 0.035
_MARGIN_M = 0.008
_ROUND = ("cylinder", "sphere")


@dataclass(frozen=True)
class Grasp:
    """One way to hold a thing: tool pose in odom, its style (top, side, slanted, rim)."""

    pose: Pose
    style: str


def believed_size(thing: SceneObject, kind: ObjectKind | None) -> tuple[float, float, float]:
    """The perceived size, kept within what its kind allows (one view sees only part of a thing)."""
    if kind is None:
        return thing.size
    low, high = 1.0 - kind.tolerance, 1.0 + kind.tolerance
    return tuple(min(max(s, k * low), k * high) for s, k in zip(thing.size, kind.size))  # type: ignore[return-value]


def tool_pose(position: Vector, approach: Vector, closing: Vector) -> Pose:
    """A tool pose from its origin (3,) [m] and the unit directions of its x and y axes (3,), in odom."""
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2] = approach, closing, np.cross(approach, closing)
    matrix[:3, 3] = position
    return Pose.from_matrix(matrix)


def candidates(
    thing: SceneObject, kind: ObjectKind | None, gripper: Gripper, robot: Pose2D, support_z: float | None = None
) -> list[Grasp]:
    """All grasps worth trying, the preferred style first; empty when the thing is too wide for the gripper.

    ``support_z`` [m] is the height of what the thing stands on, where it is known better than from the thing's box.
    """
    size = believed_size(thing, kind)
    base = thing.pose.position[2] - size[2] / 2 if support_z is None else support_z
    found = {
        "top": _top(thing, size, gripper, base),
        "side": _side(thing, size, gripper, robot, base, 0.0, "side"),
        "slanted": _side(thing, size, gripper, robot, base, math.radians(40), "slanted"),
        "rim": _rim(thing, size, base) if kind is not None and kind.grasp == "rim" else [],
    }
    preferred = kind.grasp if kind is not None else ("side" if size[2] > 1.3 * size[0] else "top")
    styles = [preferred, *(s for s in ("top", "side", "rim", "slanted") if s != preferred)]
    return [grasp for style in styles for grasp in found[style]]


def obstacle(thing: SceneObject) -> Box:
    """The box of a thing to stay clear of."""
    return Box(Pose.planar(*thing.pose.position[:2], thing.pose.yaw, thing.pose.position[2]), thing.size, thing.id)


def carried_box(thing: SceneObject, size: tuple[float, float, float], tool: Pose) -> Box:
    """The held thing's box in tool axes, from where it stood and where the tool took it."""
    standing = Pose.planar(*thing.pose.position[:2], thing.pose.yaw, thing.pose.position[2])
    inside = np.linalg.inv(tool.matrix()) @ standing.matrix()
    return Box(Pose.from_matrix(inside, "gripper_tcp"), size, thing.id)


def tool_on_thing(thing: SceneObject, tool: Pose) -> Pose:
    """The tool's pose in the axes of the standing thing: the way back from where it shall stand to the tool."""
    standing = Pose.planar(*thing.pose.position[:2], thing.pose.yaw, thing.pose.position[2])
    return Pose.from_matrix(np.linalg.inv(standing.matrix()) @ tool.matrix(), "object")


def _closing_angles(thing: SceneObject, size: tuple[float, float, float], gripper: Gripper) -> list[float]:
    """Directions [rad] along which the fingers may close from above."""
    limit = gripper.max_opening - _MARGIN_M
    yaw = thing.pose.yaw
    if (thing.shape in _ROUND or abs(size[0] - size[1]) < 0.01) and max(size[:2]) <= limit:
        return [yaw + i * math.pi / 6 for i in range(12)] if thing.shape in _ROUND else _quarters(yaw)
    angles = []
    if size[1] <= limit:
        angles += [yaw + math.pi / 2, yaw - math.pi / 2]
    if size[0] <= limit:
        angles += [yaw, yaw + math.pi]
    return angles


def _quarters(yaw: float) -> list[float]:
    return [yaw + i * math.pi / 2 for i in range(4)]


def _top(thing: SceneObject, size: tuple[float, float, float], gripper: Gripper, base: float) -> list[Grasp]:
    x, y, _ = thing.pose.position
    height = max(base + min(size[2] / 2, size[2] - 0.01), base + size[2] - _GRIP_DEPTH_M, base + _CLEARANCE_M)
    down = np.array([0.0, 0.0, -1.0])
    return [
        Grasp(tool_pose(np.array([x, y, height]), down, np.array([math.cos(a), math.sin(a), 0.0])), "top")
        for a in _closing_angles(thing, size, gripper)
    ]


def _side(
    thing: SceneObject,
    size: tuple[float, float, float],
    gripper: Gripper,
    robot: Pose2D,
    base: float,
    pitch: float,
    style: str,
) -> list[Grasp]:
    """Hand level (pitch 0) or slanted down by ``pitch`` [rad], fingers closing horizontally."""
    limit = gripper.max_opening - _MARGIN_M
    x, y, _ = thing.pose.position
    lowest = _HAND_RADIUS_M if pitch == 0.0 else 0.03
    height = base + max(size[2] / 2, lowest)
    if height > base + size[2] - 0.015:
        return []  # too low: the hand would touch the surface before the fingers hold anything
    toward = math.atan2(y - robot.y, x - robot.x)
    if thing.shape in _ROUND:
        headings = [toward + math.radians(d) for d in (0, 25, -25, 50, -50, 80, -80)] if max(size[:2]) <= limit else []
    else:
        yaw = thing.pose.yaw
        headings = [yaw, yaw + math.pi] if size[1] <= limit else []
        headings += [yaw + math.pi / 2, yaw - math.pi / 2] if size[0] <= limit else []
        headings = [h for h in headings if math.cos(h - toward) > 0.1]
    grasps = []
    for heading in headings:
        level = np.array([math.cos(heading), math.sin(heading), 0.0])
        approach = math.cos(pitch) * level + np.array([0.0, 0.0, -math.sin(pitch)])
        across = np.array([-math.sin(heading), math.cos(heading), 0.0])
        grasps += [Grasp(tool_pose(np.array([x, y, height]), approach, s * across), style) for s in (1.0, -1.0)]
    return grasps


def _rim(thing: SceneObject, size: tuple[float, float, float], base: float) -> list[Grasp]:
    """One finger inside, one outside, from above, at points around the rim of an open round thing."""
    x, y, _ = thing.pose.position
    radius = (size[0] + size[1]) / 4 - 0.004
    height = base + size[2] - 0.02
    if height < base + _CLEARANCE_M:
        return []  # too flat: a plate lies with its rim on the surface
    down = np.array([0.0, 0.0, -1.0])
    grasps = []
    for i in range(12):
        angle = i * math.pi / 6
        out = np.array([math.cos(angle), math.sin(angle), 0.0])
        grasps.append(Grasp(tool_pose(np.array([x, y, height]) + radius * out, down, out), "rim"))
    return grasps
