"""Checks a goal before anything moves: kind, numbers, frames, names. Raises InputError with the remedy."""

from __future__ import annotations

import math
from difflib import get_close_matches

from vla_ros.core.errors import InputError
from vla_ros.core.geometry import Box, Pose
from vla_ros.core.motion import MOTION_KINDS, MotionGoal
from vla_ros.core.robot_description import RobotDescription

FRAMES = ("odom", "map")
NEEDS_TARGET = ("navigate", "approach", "keep_near", "base_arc", "head_look_at", "arm_reach")
NEEDS_ARM = ("approach", "arm_posture", "arm_reach", "arm_linear")
NEEDS_HEAD = ("head_look_at", "head_posture")
FARTHEST_M = 1000.0
LONGEST_BASE_MOVE_M = 2.0
LONGEST_LINEAR_M = 1.0
MOST_TARGETS = 200
MOST_OBSTACLES = 500


def check_goal(goal: MotionGoal, robot: RobotDescription) -> None:
    """Raises InputError when the goal cannot be carried out by this robot whatever the surroundings."""
    if goal.kind not in MOTION_KINDS:
        close = get_close_matches(str(goal.kind), MOTION_KINDS, 1)
        hint = f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(MOTION_KINDS)}."
        raise InputError("kind", goal.kind, hint)
    if not goal.goal_id:
        raise InputError("goal_id", goal.goal_id, "Give every goal an id of its own.")
    _check_numbers(goal)
    for i, pose in enumerate(goal.targets):
        _check_pose(f"targets[{i}]", pose)
    if len(goal.targets) > MOST_TARGETS:
        raise InputError("targets", len(goal.targets), f"Give at most {MOST_TARGETS}.")
    if len(goal.obstacles) > MOST_OBSTACLES:
        raise InputError("obstacles", len(goal.obstacles), f"Give at most {MOST_OBSTACLES}.")
    for i, box in enumerate(goal.obstacles):
        _check_box(f"obstacles[{i}]", box, FRAMES)
    if goal.carried is not None:
        tool = robot.gripper.tool_frame if robot.gripper else ""
        _check_box("carried", goal.carried, (*FRAMES, tool, ""))
    if goal.kind in NEEDS_TARGET and not goal.targets:
        raise InputError("targets", (), f"A goal of kind {goal.kind} needs at least one pose.")
    _check_kind(goal, robot)


def _check_numbers(goal: MotionGoal) -> None:
    ranges = {
        "angle_rad": (-2 * math.pi, 2 * math.pi),
        "distance_m": (0.0, 10.0),
        "approach_m": (0.0, 0.5),
        "opening_m": (0.0, 1.0),
        "effort_n": (0.0, 1000.0),
        "tolerance_m": (0.0, 5.0),
        "tolerance_rad": (0.0, math.inf),
        "speed_scale": (1e-3, 1.0),
        "timeout_s": (0.0, 3600.0),
    }
    for name, (low, high) in ranges.items():
        value = getattr(goal, name)
        if not isinstance(value, (int, float)) or math.isnan(value) or not low <= value <= high:
            raise InputError(name, value, f"Give a number from {low:g} to {high:g}.")
    if len(goal.offset) != 3 or not all(isinstance(v, (int, float)) and math.isfinite(v) for v in goal.offset):
        raise InputError("offset", goal.offset, "Give three finite numbers.")


def _check_kind(goal: MotionGoal, robot: RobotDescription) -> None:
    if goal.kind in NEEDS_ARM and robot.group("arm") is None:
        raise InputError("kind", goal.kind, f"{robot.name} has no joint group 'arm'.")
    if goal.kind in NEEDS_HEAD and robot.group("head") is None:
        raise InputError("kind", goal.kind, f"{robot.name} has no joint group 'head'.")
    if goal.kind in ("approach", "arm_reach", "arm_linear", "gripper") and robot.gripper is None:
        raise InputError("kind", goal.kind, f"{robot.name} has no gripper in its YAML.")
    if goal.kind in ("arm_posture", "head_posture"):
        group = goal.kind.split("_")[0]
        known = [p.name for p in robot.postures if p.group == group]
        if goal.posture not in known:
            raise InputError("posture", goal.posture, f"Postures of {robot.name}'s {group}: {', '.join(known)}.")
    if goal.kind == "gripper" and robot.gripper is not None and goal.opening_m > robot.gripper.max_opening + 1e-6:
        raise InputError("opening_m", goal.opening_m, f"The gripper opens up to {robot.gripper.max_opening:g} m.")
    if goal.kind == "base_move":
        if math.hypot(*goal.offset[:2]) > LONGEST_BASE_MOVE_M or abs(goal.offset[2]) > 2 * math.pi:
            raise InputError("offset", goal.offset, f"Use navigate for more than {LONGEST_BASE_MOVE_M:g} m or a turn.")
        if not robot.base.holonomic and abs(goal.offset[1]) > 0.01:
            raise InputError("offset", goal.offset, f"{robot.name} cannot move sideways.")
    if goal.kind == "base_arc" and not robot.base.holonomic:
        raise InputError("kind", goal.kind, f"{robot.name} cannot move sideways; an arc needs a holonomic base.")
    if goal.kind == "arm_linear" and not 1e-4 < math.hypot(*goal.offset) <= LONGEST_LINEAR_M:
        raise InputError("offset", goal.offset, f"Give a way of up to {LONGEST_LINEAR_M:g} m.")


def _check_pose(field: str, pose: Pose, frames: tuple[str, ...] = FRAMES) -> None:
    if not pose.is_finite():
        raise InputError(field, pose, "Give finite numbers and a quaternion that is not zero.")
    if max(abs(v) for v in pose.position) > FARTHEST_M:
        raise InputError(field, pose.position, f"Give positions within {FARTHEST_M:g} m.")
    if pose.frame_id not in frames:
        raise InputError(f"{field}.frame_id", pose.frame_id, f"Use one of: {', '.join(f for f in frames if f)}.")


def _check_box(field: str, box: Box, frames: tuple[str, ...]) -> None:
    _check_pose(field, box.pose, frames)
    if not all(math.isfinite(v) and 0.0 < v <= 100.0 for v in box.size):
        raise InputError(f"{field}.size", box.size, "Give three positive lengths of up to 100 m.")
