"""Action chunks of a learned policy, judged as sequences: small steps that are harmless one by one may add up.

A bad chunk stops the robot for as long as it would have lasted, so that no part of it moves anything.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from vla_ros.core.geometry import Pose2D, Vector
from vla_ros.core.motion import ActionChunk, JointTrajectory
from vla_ros.core.robot_description import RobotDescription
from vla_ros.robot.kinematics import RobotModel
from vla_ros.safety.arm_path import ArmPath
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.verdict import PASS, Level, Verdict
from vla_ros.safety.zones import KeepOut

_MOST_ROWS = 2000
_COARSEST_S = 1.0


class ChunkCheck:
    """Judges whole chunks.

    Args:
        params: bounds of one chunk.
        robot: joints and limits.
        footprint: of the base.
        keep_out: closed zones.
        model: for the tool's way; None = no arm.
        arm: judges the way of joints; None = no model.
    """

    def __init__(
        self,
        params: SafetyParams,
        robot: RobotDescription,
        footprint: Footprint,
        keep_out: KeepOut,
        model: RobotModel | None,
        arm: ArmPath | None,
    ) -> None:
        self._params, self._robot, self._footprint, self._model, self._arm = params, robot, footprint, model, arm
        self._closed = keep_out.floor_points(math.inf)
        self._keep_out = keep_out
        self._joints = {j.name: j for g in robot.groups for j in g.joints}

    def judge(self, chunk: ActionChunk, measured: Mapping[str, float], pose: Pose2D, obstacles: Vector) -> Verdict:
        """PASS, or why the whole chunk is refused.

        Args:
            chunk: as it came.
            measured: joint positions by name.
            pose: of the base in odom.
            obstacles: (n, 2) in odom [m].
        """
        actions = np.asarray(chunk.actions, dtype=float)
        if actions.shape[1:] != (len(chunk.names),) or not 1 <= len(actions) <= _MOST_ROWS:
            return _bad("size", f"its actions have the shape {actions.shape}.")
        if not np.all(np.isfinite(actions)):
            return _bad("not_finite", "a number of it is not finite.")
        if not 0.0 < chunk.dt_s <= _COARSEST_S:
            return _bad("times", f"its steps take {chunk.dt_s:g} s.", chunk.dt_s, _COARSEST_S)
        if chunk.representation == "base_twist" and len(chunk.names) == 3:
            return self._base(actions, chunk.dt_s, pose, obstacles)
        if chunk.representation in ("joint_position", "joint_delta"):
            return self._joint(chunk, actions, measured, pose)
        if chunk.representation == "tool_delta" and len(chunk.names) >= 6:
            return self._tool(actions, measured, pose)
        return _bad("kind", f"{chunk.representation[:40]} with {len(chunk.names)} columns is unknown.")

    def _base(self, actions: Vector, dt: float, pose: Pose2D, obstacles: Vector) -> Verdict:
        p = self._params
        travel = float(np.hypot(actions[:, 0], actions[:, 1]).sum() * dt)
        if travel > p.chunk_travel_m:
            return _bad("travel", f"its steps add up to {travel:.2f} m.", travel, p.chunk_travel_m)
        turn = float(np.abs(np.cumsum(actions[:, 2])).max() * dt)
        if turn > p.chunk_turn_rad:
            return _bad("travel", f"its steps add up to a turn of {turn:.2f} rad.", turn, p.chunk_turn_rad)
        x, y, theta = pose.x, pose.y, pose.theta
        for cause, points in (("obstacle", obstacles), ("keep_out", self._closed)):
            if not len(points):
                continue
            x, y, theta = pose.x, pose.y, pose.theta
            least = self._clearance(points, pose)
            for vx, vy, wz in actions:
                cos, sin = math.cos(theta), math.sin(theta)
                x, y, theta = x + (cos * vx - sin * vy) * dt, y + (sin * vx + cos * vy) * dt, theta + wz * dt
                clearance = self._clearance(points, Pose2D(x, y, theta))
                if clearance < min(0.0, least):
                    return _bad(cause, "its steps end in something that is closed.", clearance, 0.0, cause)
        return PASS

    def _clearance(self, points: Vector, pose: Pose2D) -> float:
        return float(self._footprint.clearance(pose.inverse_transform(points)).min())

    def _joint(self, chunk: ActionChunk, actions: Vector, measured: Mapping[str, float], pose: Pose2D) -> Verdict:
        unknown = [n for n in chunk.names if n not in self._joints]
        missing = [n for n in chunk.names if n not in measured]
        if unknown or missing or len(set(chunk.names)) != len(chunk.names):
            return _bad("joints", f"its joints {', '.join(chunk.names)[:80]} are not this robot's measured ones.")
        start = np.array([measured[n] for n in chunk.names])
        ways = start + np.cumsum(actions, axis=0) if chunk.representation == "joint_delta" else actions
        for k, name in enumerate(chunk.names):
            joint, least, most = self._joints[name], float(ways[:, k].min()), float(ways[:, k].max())
            if least < min(joint.lower, start[k]) or most > max(joint.upper, start[k]):
                value, limit = (least, joint.lower) if least < joint.lower else (most, joint.upper)
                return _bad("position", f"its steps bring {name} to {value:.3f}.", value, limit, name)
        if self._arm is None:
            return PASS
        times = chunk.dt_s * np.arange(1, len(ways) + 1)
        speeds = np.gradient(np.vstack([start, ways]), chunk.dt_s, axis=0)[1:]
        verdict = self._arm.judge(JointTrajectory(chunk.names, times, ways, speeds), measured, pose)
        if verdict.level == Level.PASS:
            return PASS
        return _bad(
            verdict.cause.removeprefix("trajectory_"), verdict.text, verdict.value, verdict.limit, verdict.object
        )

    def _tool(self, actions: Vector, measured: Mapping[str, float], pose: Pose2D) -> Verdict:
        if self._model is None or not self._model.tool_frame:
            return _bad("kind", "this robot has no tool.")
        p = self._params
        start = self._model.frame_pose(self._model.tool_frame, measured)[:3, 3]
        way = start + np.cumsum(actions[:, :3], axis=0)
        low, far = float(way[:, 2].min()), float(np.hypot(way[:, 0], way[:, 1]).max())
        if low < min(p.workspace_floor_m, start[2]):
            return _bad("workspace", f"its steps bring the tool down to {low:.2f} m.", low, p.workspace_floor_m)
        if far > max(p.workspace_radius_m, math.hypot(start[0], start[1])):
            return _bad("workspace", f"its steps bring the tool out to {far:.2f} m.", far, p.workspace_radius_m)
        placed = np.column_stack([pose.transform(way[:, :2]), way[:, 2]])
        zone = self._keep_out.entered(placed, np.zeros(len(placed)))
        return _bad("keep_out", f"its steps enter the zone {zone}.", thing=zone) if zone else PASS


def _bad(rule: str, text: str, value: float = 0.0, limit: float = 0.0, thing: str = "action_chunk") -> Verdict:
    return Verdict(Level.BRAKE, f"chunk_{rule}", f"Action chunk refused: {text}", value, limit, thing, 0.0)
