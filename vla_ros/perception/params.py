"""Parameters of perception, declared on ``perception_node`` and read by every file of this folder."""

from __future__ import annotations

from dataclasses import dataclass

from vla_ros.core.config import param


@dataclass(frozen=True, kw_only=True)
class PerceptionParams:
    """How frames become objects and objects become tracks."""

    frame_id: str = param("odom", "frame of the camera poses and of the published scene")
    min_range: float = param(0.15, "nearer depth is ignored", unit="m", minimum=0.0, maximum=2.0)
    max_range: float = param(
        4.0, "farther depth is ignored; the robot's camera may lower it", unit="m", minimum=0.3, maximum=20.0
    )
    min_height: float = param(
        0.005, "lowest thing over a known surface that is still seen", unit="m", minimum=0.001, maximum=0.1
    )
    floor_min_height: float = param(
        0.02, "lowest thing on the floor that is still seen", unit="m", minimum=0.002, maximum=0.2
    )
    depth_noise: float = param(
        0.0005, "added to those heights times the squared depth", unit="1/m", minimum=0.0, maximum=0.05
    )
    furniture_margin: float = param(
        0.03, "points this near to the sides of furniture belong to it", unit="m", minimum=0.0, maximum=0.2
    )
    wall_margin: float = param(0.025, "points this near to a wall belong to it", unit="m", minimum=0.0, maximum=0.2)
    self_margin: float = param(
        0.02, "points this near to the robot's own links belong to it", unit="m", minimum=0.0, maximum=0.2
    )
    join_distance: float = param(
        0.012, "neighbouring pixels nearer than this (plus three pixel widths) join", unit="m", minimum=0.0, maximum=0.2
    )
    min_pixels: int = param(8, "smaller clusters are noise", unit="pixels", minimum=3, maximum=1000)
    max_object_size: float = param(
        0.6, "larger clusters are no objects but unknown furniture", unit="m", minimum=0.1, maximum=3.0
    )
    person_min_height: float = param(1.15, "people reach at least so high", unit="m", minimum=0.5, maximum=2.0)
    person_max_height: float = param(2.05, "people reach at most so high", unit="m", minimum=1.0, maximum=2.5)
    confirm_frames: int = param(2, "frames with a thing before it is published", minimum=1, maximum=20)
    vanish_frames: int = param(
        6, "frames in a row that see through a thing's place before it is forgotten", minimum=1, maximum=100
    )
    association_gate: float = param(
        0.12, "farthest jump of a thing between two frames", unit="m", minimum=0.02, maximum=1.0
    )
    object_speed: float = param(0.8, "widens that gate with the time since the last sight", unit="m/s", minimum=0.0)
    person_speed: float = param(1.8, "the same for people", unit="m/s", minimum=0.0, maximum=10.0)
    person_memory: float = param(
        300.0, "a person out of sight is forgotten after this time", unit="s", minimum=0.5, maximum=86400.0
    )
    max_tracks: int = param(80, "most things remembered; the longest unseen is dropped first", minimum=4, maximum=2000)


@dataclass(frozen=True, kw_only=True)
class CameraPoseParams:
    """Where the camera's pose comes from."""

    use_tf: bool = param(False, "take poses from tf2 (must be installed) instead of odometry and the robot's model")
    max_state_age: float = param(
        0.2, "farthest odometry and joints may be from the image", unit="s", minimum=0.01, maximum=5.0
    )
