"""Whether a gripper command may pass: the finger joints, their range and the closing force."""

from __future__ import annotations

import numpy as np

from vla_ros.core.motion import JointTrajectory
from vla_ros.core.robot_description import RobotDescription
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.verdict import PASS, Level, Verdict

_FLOAT_NOISE = 1e-6


def judge_gripper(command: JointTrajectory, robot: RobotDescription, params: SafetyParams) -> Verdict:
    """PASS, or why the command is refused. Fingers may be stopped by what they hold, so that their start and
    velocity are not compared with the measurement."""
    gripper = robot.gripper
    if gripper is None:
        return _refuse("this robot has no gripper.")
    n, j = len(command.times_s), len(command.names)
    if sorted(command.names) != sorted(gripper.joints):
        return _refuse(f"it must name the joints {', '.join(gripper.joints)}, each once.")
    if not 1 <= n <= params.max_points:
        return _refuse(f"{n} points, allowed are 1 to {params.max_points}.", n, params.max_points)
    for name in ("positions", "velocities", "efforts"):
        values = getattr(command, name)
        if values is None and name != "positions":
            continue
        if np.shape(values) != (n, j) or not np.all(np.isfinite(values)):
            return _refuse(f"its {name} are not {n} x {j} finite numbers.")
    times = np.asarray(command.times_s, float)
    steps = np.diff(times, prepend=0.0)
    if not (np.all(steps > 0.0) and times[-1] <= params.max_duration_s):
        return _refuse(f"its times must rise from above 0 to at most {params.max_duration_s:g} s.")
    share = gripper.max_opening / len(gripper.joints)
    low, high = float(np.min(command.positions)), float(np.max(command.positions))
    if not (low >= -_FLOAT_NOISE and high <= share + _FLOAT_NOISE):
        return _refuse(f"fingers go from 0 to {share:g} m, not {low:.3f} to {high:.3f}.", high, share)
    if command.efforts is not None:
        effort = float(np.max(np.abs(command.efforts)))
        if not effort <= gripper.max_effort:
            return _refuse(f"{effort:.1f} N is above {gripper.max_effort:g} N.", effort, gripper.max_effort)
    return PASS


def _refuse(text: str, value: float = 0.0, limit: float = 0.0) -> Verdict:
    return Verdict(Level.INFORM, "gripper_refused", f"Gripper command refused: {text}", value, limit, "gripper")
