"""Trajectories on their way through the gate: judged as a whole, slowed near people, held when something stops."""

from __future__ import annotations

from collections.abc import Mapping

from vla_ros.core.geometry import Pose2D
from vla_ros.core.motion import JointTrajectory
from vla_ros.core.robot_description import RobotDescription
from vla_ros.safety.arm_path import ArmPath
from vla_ros.safety.joint_hold import JointHold
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.retime import slower
from vla_ros.safety.safe_posture import SafePosture
from vla_ros.safety.separation_guard import SeparationGuard
from vla_ros.safety.trajectory_check import TrajectoryCheck, group_of
from vla_ros.safety.verdict import Level, Verdict

_ROOM = 0.85
"""A slowed trajectory stays so much below its limit, so that people who move a little do not stop it."""


class Arms:
    """Every joint group that takes trajectories.

    Args:
        params: bounds.
        robot: groups, limits, postures.
        path: judges ways through space; None without a model.
        separation: speed limits near people.
    """

    def __init__(
        self, params: SafetyParams, robot: RobotDescription, path: ArmPath | None, separation: SeparationGuard
    ) -> None:
        self._check = TrajectoryCheck(params, robot)
        self.joints = tuple(j for g in self._check.groups for j in g.names)
        self._path, self._separation = path, separation
        self._hold = JointHold(params, self._check.groups)
        self._posture = SafePosture(params, robot)
        self._retreats = ""
        self._retreat: JointTrajectory | None = None
        self._pending: dict[str, JointTrajectory] = {}

    def take(
        self, trajectory: JointTrajectory, measured: Mapping[str, float], pose: Pose2D, scale: float, now: float
    ) -> Verdict:
        """Judges a trajectory; what passes goes out with the next tick, at ``scale`` of its speed at most.

        A refused one holds its group, because it was to replace what that group does now.
        """
        verdict = self._check.judge(trajectory, measured)
        group = group_of(trajectory, self._check.groups)
        if group is None:
            return verdict
        if verdict.level == Level.PASS and self._path is not None:
            verdict = self._path.judge(trajectory, measured, pose)
        if verdict.level > Level.PASS:
            self._hold.hold_alone(group.name, now)
            self._separation.end(group.name)
            return verdict
        return self._start(group.name, trajectory, measured, pose, scale, now)

    def moving(self, now: float) -> bool:
        """True while a trajectory that passed is still being driven."""
        return self._hold.moving(now)

    def tick(
        self, verdict: Verdict, stopped: bool, measured: Mapping[str, float], pose: Pose2D, now: float
    ) -> tuple[JointTrajectory, ...]:
        """What goes to the drivers now: trajectories that pass, holds, the way to the safe posture."""
        out = [] if stopped else list(self._pending.values())
        self._pending.clear()
        if verdict.level != Level.POSTURE:
            self._retreats, self._retreat = "", None
        elif self._retreat is None:
            out += self._begin_retreat(measured, pose, now)
        retreating = self._retreats if self._hold.moves(self._retreats, now) else ""
        if stopped and not retreating:
            self._separation.end()
        return (*out, *self._hold.tick(stopped, measured, now, retreating))

    def _begin_retreat(self, measured: Mapping[str, float], pose: Pose2D, now: float) -> list[JointTrajectory]:
        """The way to the safe posture, once; nothing where it is not free."""
        way, group = self._posture.way(measured), self._posture.group
        if way is None:
            return []
        self._retreat = way
        if self._check.judge(way, measured).level > Level.PASS:
            return []
        if self._path is not None and self._path.judge(way, measured, pose).level > Level.PASS:
            return []
        self._retreats = group
        self._start(group, way, measured, pose, 1.0, now)
        return [self._pending.pop(group)]

    def _start(
        self,
        group: str,
        trajectory: JointTrajectory,
        measured: Mapping[str, float],
        pose: Pose2D,
        scale: float,
        now: float,
    ) -> Verdict:
        """Lets a trajectory go at ``scale`` of its speed, or slower near people; the verdict says why."""
        sweep = self._separation.sweep(trajectory, measured)
        share = self._separation.share(sweep, pose)
        if share.level > Level.PASS:
            scale = min(scale, share.scale * _ROOM)
        self._pending[group] = trajectory = slower(trajectory, scale)
        self._hold.passed(group, trajectory, now)
        self._separation.begin(group, sweep.slower(scale) if sweep is not None else None, now)
        return share
