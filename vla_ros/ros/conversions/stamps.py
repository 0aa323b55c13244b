"""Time stamps, headers, poses and vectors: the parts that other messages are made of."""

from __future__ import annotations

import math

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Quaternion, Vector3
from geometry_msgs.msg import Pose as PoseMsg
from std_msgs.msg import Header

from vla_ros.core.errors import InputError
from vla_ros.core.geometry import Box, Pose
from vla_ros.msg import Box as BoxMsg


def stamp_to_msg(seconds: float) -> Time:
    """Seconds of the ROS clock as a stamp; negative times become 0."""
    nanoseconds = max(0, round(seconds * 1e9))
    return Time(sec=nanoseconds // 1_000_000_000, nanosec=nanoseconds % 1_000_000_000)


def stamp_from_msg(stamp: Time) -> float:
    """A stamp as seconds."""
    return float(stamp.sec) + stamp.nanosec * 1e-9


def header(stamp_s: float, frame_id: str = "") -> Header:
    """A header from seconds and a frame."""
    return Header(stamp=stamp_to_msg(stamp_s), frame_id=frame_id)


def finite(field: str, *values: float) -> None:
    """Raises InputError when a number is NaN or infinite."""
    if not all(map(math.isfinite, values)):
        raise InputError(field, next(v for v in values if not math.isfinite(v)), "Send finite numbers.")


def pose_to_msg(pose: Pose) -> PoseMsg:
    """A core pose; its frame goes into the surrounding header."""
    x, y, z = pose.position
    qx, qy, qz, qw = pose.orientation
    return PoseMsg(position=Point(x=x, y=y, z=z), orientation=Quaternion(x=qx, y=qy, z=qz, w=qw))


def pose_from_msg(message: PoseMsg, frame_id: str, field: str = "pose") -> Pose:
    """Checks that all is finite and the quaternion is not zero, and normalises it."""
    p, q = message.position, message.orientation
    position, (x, y, z, w) = (p.x, p.y, p.z), (q.x, q.y, q.z, q.w)  # each field of a message is a costly property
    finite(field, *position, x, y, z, w)
    norm = math.hypot(x, y, z, w)
    if norm < 1e-6:
        raise InputError(f"{field}.orientation", (x, y, z, w), "Send a unit quaternion (w = 1 for none).")
    return Pose(position, (x / norm, y / norm, z / norm, w / norm), frame_id)


def vector_to_msg(values: tuple[float, float, float]) -> Vector3:
    """Three numbers as a Vector3."""
    return Vector3(x=float(values[0]), y=float(values[1]), z=float(values[2]))


def vector_from_msg(message: Vector3, field: str = "vector") -> tuple[float, float, float]:
    """A Vector3, finite."""
    vector = (message.x, message.y, message.z)
    finite(field, *vector)
    return vector


def box_to_msg(box: Box) -> BoxMsg:
    """A core box; its frame goes into the surrounding header."""
    return BoxMsg(name=box.name, pose=pose_to_msg(box.pose), size=vector_to_msg(box.size))


def box_from_msg(message: BoxMsg, frame_id: str, field: str = "box") -> Box:
    """A box with finite, non-negative edges."""
    size = vector_from_msg(message.size, f"{field}.size")
    if min(size) < 0:
        raise InputError(f"{field}.size", size, "Send edge lengths of 0 or more.")
    return Box(pose_from_msg(message.pose, frame_id, f"{field}.pose"), size, message.name)
