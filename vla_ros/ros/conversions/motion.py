"""Motion goals and answers, trajectories, twists, action chunks."""

from __future__ import annotations

import array

import numpy as np
from geometry_msgs.msg import Twist
from trajectory_msgs.msg import JointTrajectory as JointTrajectoryMsg
from trajectory_msgs.msg import JointTrajectoryPoint

from vla_ros.core.errors import InputError
from vla_ros.core.geometry import Twist2D
from vla_ros.core.motion import MOTION_KINDS, MOTION_STATES, ActionChunk, JointTrajectory, MotionGoal, MotionStatus
from vla_ros.msg import ActionChunk as ActionChunkMsg
from vla_ros.msg import MotionGoal as MotionGoalMsg
from vla_ros.msg import MotionStatus as MotionStatusMsg
from vla_ros.ros.conversions.stamps import (
    box_from_msg,
    box_to_msg,
    finite,
    header,
    pose_from_msg,
    pose_to_msg,
    stamp_from_msg,
)

MAX_POINTS = 2_000
_MAX_TARGETS = 500
_MAX_ACTIONS = 100_000
_SCALARS = (
    "angle_rad", "distance_m", "approach_m", "opening_m", "effort_n", "tolerance_m", "tolerance_rad",
    "speed_scale", "timeout_s",
)  # fmt: skip


def twist_to_msg(twist: Twist2D) -> Twist:
    """A planar twist; the other axes are zero."""
    message = Twist()
    message.linear.x, message.linear.y, message.angular.z = float(twist.vx), float(twist.vy), float(twist.wz)
    return message


def trajectory_to_msg(trajectory: JointTrajectory, stamp_s: float = 0.0) -> JointTrajectoryMsg:
    """Stamp 0 means: start at once (as ros2_control reads it)."""
    message = JointTrajectoryMsg(header=header(stamp_s), joint_names=list(trajectory.names))
    for i, time_s in enumerate(trajectory.times_s):
        point = JointTrajectoryPoint()
        point.positions = array.array("d", np.asarray(trajectory.positions[i], np.float64).tobytes())
        if trajectory.velocities is not None:
            point.velocities = array.array("d", np.asarray(trajectory.velocities[i], np.float64).tobytes())
        if trajectory.efforts is not None:
            point.effort = array.array("d", np.asarray(trajectory.efforts[i], np.float64).tobytes())
        nanoseconds = round(float(time_s) * 1e9)
        point.time_from_start.sec = nanoseconds // 1_000_000_000
        point.time_from_start.nanosec = nanoseconds % 1_000_000_000
        message.points.append(point)
    return message


def trajectory_from_msg(message: JointTrajectoryMsg) -> JointTrajectory:
    """Arrays as they are, non-finite values too (the gate judges them); raises InputError for ragged or huge
    messages, before anything of their size is allocated."""
    names, points = tuple(message.joint_names), message.points
    if not names or not points:
        raise InputError("joint_trajectory", (len(names), len(points)), "Name joints and send at least one point.")
    if len(points) > MAX_POINTS or len(names) > 256:
        raise InputError("joint_trajectory.points", len(points), f"Send up to {MAX_POINTS} points.")
    n = len(names)
    with_velocity = len(points[0].velocities) > 0
    with_effort = len(points[0].effort) > 0
    for i, point in enumerate(points):
        sizes = (len(point.positions), len(point.velocities), len(point.effort))
        if sizes != (n, n if with_velocity else 0, n if with_effort else 0):
            raise InputError(f"joint_trajectory.points[{i}]", sizes, f"Send {n} values for each joint in every point.")
    times = np.array([p.time_from_start.sec + p.time_from_start.nanosec * 1e-9 for p in points])
    positions = np.array([p.positions for p in points], dtype=float)
    velocities = np.array([p.velocities for p in points], dtype=float) if with_velocity else None
    efforts = np.array([p.effort for p in points], dtype=float) if with_effort else None
    return JointTrajectory(names, times, positions, velocities, efforts)


def motion_goal_to_msg(goal: MotionGoal, stamp_s: float) -> MotionGoalMsg:
    """One motion goal; all its poses must share one frame."""
    frame = goal.targets[0].frame_id if goal.targets else "odom"
    message = MotionGoalMsg(header=header(stamp_s, frame), goal_id=goal.goal_id, kind=goal.kind)
    message.command_id, message.posture = goal.command_id, goal.posture
    message.targets = [pose_to_msg(p) for p in goal.targets]
    message.offset = [float(v) for v in goal.offset]
    for name in _SCALARS:
        setattr(message, name, float(getattr(goal, name)))
    message.obstacles = [box_to_msg(b) for b in goal.obstacles]
    message.carrying = goal.carried is not None
    if goal.carried is not None:
        message.carried = box_to_msg(goal.carried)
    message.ignore = list(goal.ignore)
    return message


def motion_goal_from_msg(message: MotionGoalMsg) -> MotionGoal:
    """Raises InputError for unknown kinds, non-finite numbers, missing frame, huge lists."""
    if message.kind not in MOTION_KINDS:
        raise InputError("motion_goal.kind", message.kind, f"Known: {', '.join(MOTION_KINDS)}.")
    if len(message.targets) > _MAX_TARGETS or len(message.obstacles) > _MAX_TARGETS:
        raise InputError("motion_goal.targets", len(message.targets), f"Send up to {_MAX_TARGETS}.")
    frame = message.header.frame_id
    if (message.targets or message.obstacles) and not frame:
        raise InputError("motion_goal.header.frame_id", frame, "Name the frame of the targets, such as odom.")
    scalars = {name: float(getattr(message, name)) for name in _SCALARS}
    for name, value in scalars.items():
        finite(f"motion_goal.{name}", value)
    finite("motion_goal.offset", *message.offset)
    x, y, z = (float(v) for v in message.offset)
    return MotionGoal(
        goal_id=message.goal_id,
        kind=message.kind,
        command_id=message.command_id,
        targets=tuple(pose_from_msg(p, frame, f"motion_goal.targets[{i}]") for i, p in enumerate(message.targets)),
        posture=message.posture,
        offset=(x, y, z),
        obstacles=tuple(box_from_msg(b, frame, "motion_goal.obstacles") for b in message.obstacles),
        carried=box_from_msg(message.carried, "gripper_tcp", "motion_goal.carried") if message.carrying else None,
        ignore=tuple(message.ignore),
        **scalars,
    )


def motion_status_to_msg(status: MotionStatus, stamp_s: float) -> MotionStatusMsg:
    """Control's answer."""
    message = MotionStatusMsg(header=header(stamp_s), goal_id=status.goal_id, kind=status.kind, state=status.state)
    message.text, message.chosen, message.holding = status.text, int(status.chosen), bool(status.holding)
    message.progress, message.opening_m = float(status.progress), float(status.opening_m)
    return message


def motion_status_from_msg(message: MotionStatusMsg) -> MotionStatus:
    """Raises InputError for an unknown state."""
    if message.state not in MOTION_STATES:
        raise InputError("motion_status.state", message.state, f"Known: {', '.join(MOTION_STATES)}.")
    return MotionStatus(
        goal_id=message.goal_id,
        kind=message.kind,
        state=message.state,
        text=message.text,
        chosen=message.chosen,
        progress=message.progress,
        opening_m=message.opening_m,
        holding=message.holding,
    )


def action_chunk_to_msg(chunk: ActionChunk) -> ActionChunkMsg:
    """A policy's actions, row-major."""
    message = ActionChunkMsg(header=header(chunk.stamp_s), command_id=chunk.command_id)
    message.representation, message.names = chunk.representation, list(chunk.names)
    message.dt_s, message.rows = float(chunk.dt_s), len(chunk.actions)
    message.actions = array.array("d", np.ascontiguousarray(chunk.actions, np.float64).tobytes())
    return message


def action_chunk_from_msg(message: ActionChunkMsg) -> ActionChunk:
    """Raises InputError for sizes that do not fit and non-finite actions."""
    columns = len(message.names)
    if len(message.actions) > _MAX_ACTIONS or len(message.actions) != message.rows * columns or not message.actions:
        value = (message.rows, columns, len(message.actions))
        raise InputError("action_chunk.actions", value, "Send rows x columns values, at least one row.")
    actions = np.array(message.actions, dtype=float).reshape(message.rows, columns)
    if not np.isfinite(actions).all() or not 1e-3 <= message.dt_s <= 10:
        raise InputError("action_chunk", float(message.dt_s), "Send finite actions and a dt_s from 0.001 to 10.")
    stamp_s = stamp_from_msg(message.header.stamp)
    return ActionChunk(message.command_id, message.representation, tuple(message.names), message.dt_s, actions, stamp_s)
