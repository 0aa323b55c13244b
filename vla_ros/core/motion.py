"""What planning asks of control, what control asks of safety, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from vla_ros.core.geometry import Box, Pose

MOTION_KINDS = (
    "stop",         # brake base and arm, drop every goal
    "navigate",     # base to targets[0] (position tolerance_m, yaw tolerance_rad; yaw free if tolerance >= pi)
    "approach",     # base to a place from which the arm reaches one of targets (tool poses); control chooses it
    "keep_near",    # base follows targets[0] (renewed), stays distance_m away and faces it; ends only by stop
    "base_move",    # base relative move: offset (x, y, yaw) in base_link, straight, slow, stops at contact
    "base_arc",     # base turns rigidly by angle_rad about the vertical axis through targets[0] (doors)
    "head_look_at", # camera to the point targets[0].position
    "head_posture", # head joints to posture name
    "arm_posture",  # arm and lift to the named posture of the robot's YAML, collision-free
    "arm_reach",    # tool to one of targets through a pre-pose approach_m back along the tool's x axis
    "arm_linear",   # tool straight by offset (x, y, z) in odom axes, orientation kept
    "gripper",      # to opening_m with effort_n; result says the opening reached and whether something is held
)  # fmt: skip
MOTION_STATES = ("accepted", "running", "reached", "blocked", "timed_out", "rejected", "cancelled")
MOTION_END_STATES = ("reached", "blocked", "timed_out", "rejected", "cancelled")


@dataclass(frozen=True, slots=True)
class MotionGoal:
    """One motion. Poses are in odom (``Pose.frame_id``). The sender renews the goal (same ``goal_id``) as a
    lease; when the lease lapses control stops, so that a dead planner moves nothing.

    ``obstacles`` are boxes to stay clear of besides the floor plan; ``carried`` is the held object's box in
    tool axes (None = nothing held). ``ignore`` names furniture or obstacle boxes that may be touched.
    """

    goal_id: str
    kind: str
    command_id: str = ""
    targets: tuple[Pose, ...] = ()
    posture: str = ""
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    angle_rad: float = 0.0
    distance_m: float = 0.0
    approach_m: float = 0.0
    opening_m: float = 0.0
    effort_n: float = 0.0
    tolerance_m: float = 0.05
    tolerance_rad: float = 0.1
    speed_scale: float = 1.0
    timeout_s: float = 60.0
    obstacles: tuple[Box, ...] = ()
    carried: Box | None = None
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MotionStatus:
    """Control's answer to one goal. ``chosen`` is the index of the target it used, -1 = none yet."""

    goal_id: str
    kind: str
    state: str
    text: str = ""
    chosen: int = -1
    progress: float = 0.0
    opening_m: float = 0.0
    holding: bool = False

    @property
    def is_end(self) -> bool:
        """True when control has finished with the goal."""
        return self.state in MOTION_END_STATES


@dataclass(frozen=True, slots=True)
class JointTrajectory:
    """Waypoints for a whole joint group. All arrays (n_points, n_joints) in rad or m, per second for
    velocities; ``times_s`` (n_points,) from the start; ``efforts`` only for grippers [N]."""

    names: tuple[str, ...]
    times_s: np.ndarray
    positions: np.ndarray
    velocities: np.ndarray | None = None
    efforts: np.ndarray | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, JointTrajectory):
            return NotImplemented
        pairs = (
            (self.times_s, other.times_s),
            (self.positions, other.positions),
            (self.velocities, other.velocities),
            (self.efforts, other.efforts),
        )
        return self.names == other.names and all(
            a is b or (a is not None and b is not None and np.array_equal(a, b)) for a, b in pairs
        )

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class ActionChunk:
    """Actions of a learned policy: array (n_steps, n_dims), ``dt_s`` apart. ``representation`` is one of
    "joint_position", "joint_delta", "tool_delta", "base_twist"; ``names`` labels the columns."""

    command_id: str
    representation: str
    names: tuple[str, ...]
    dt_s: float
    actions: np.ndarray = field(compare=False)
    stamp_s: float = 0.0
