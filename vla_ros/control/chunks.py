"""Executes action chunks of a learned policy open-loop, through the same limits as everything else.

Joint chunks become one trajectory a group; twists are given out row by row. A chunk is checked whole before
any of it moves.
"""

from __future__ import annotations

import numpy as np

from vla_ros.control.arm_planning import rotation_matrix
from vla_ros.control.arm_tasks import GroupMotion
from vla_ros.control.context import Context, Step
from vla_ros.control.timing import hermite_extremes
from vla_ros.core.errors import InputError
from vla_ros.core.geometry import ZERO_TWIST, Twist2D, Vector
from vla_ros.core.motion import ActionChunk, JointTrajectory, MotionGoal
from vla_ros.core.robot_description import JointGroup, RobotDescription

REPRESENTATIONS = ("joint_position", "joint_delta", "tool_delta", "base_twist")
TWIST_NAMES = ("x", "y", "yaw")
TOOL_NAMES = ("x", "y", "z", "roll", "pitch", "yaw")


def check_chunk(chunk: ActionChunk, robot: RobotDescription, most_steps: int) -> None:
    """Raises InputError when a chunk cannot be executed by this robot."""
    if chunk.representation not in REPRESENTATIONS:
        raise InputError("representation", chunk.representation, f"Known: {', '.join(REPRESENTATIONS)}.")
    actions = np.asarray(chunk.actions)
    if actions.ndim != 2 or actions.shape[1] != len(chunk.names) or actions.shape[1] == 0:
        raise InputError("actions", actions.shape, f"Give rows of {len(chunk.names)} columns, one for each name.")
    if not 1 <= actions.shape[0] <= most_steps:
        raise InputError("actions", actions.shape[0], f"Give 1 to {most_steps} rows.")
    if not np.issubdtype(actions.dtype, np.number) or not np.all(np.isfinite(actions)):
        raise InputError("actions", "a value that is not a finite number", "Give finite numbers only.")
    if not 0.005 <= chunk.dt_s <= 1.0:
        raise InputError("dt_s", chunk.dt_s, "Give a step from 0.005 to 1 s.")
    if len(set(chunk.names)) != len(chunk.names):
        raise InputError("names", chunk.names, "Name every column once.")
    known = {j.name for g in robot.groups for j in g.joints} | set(robot.gripper.joints if robot.gripper else ())
    if chunk.representation == "base_twist":
        if chunk.names != TWIST_NAMES:
            raise InputError("names", chunk.names, f"Name the columns {', '.join(TWIST_NAMES)}.")
    elif chunk.representation == "tool_delta":
        if chunk.names[: len(TOOL_NAMES)] != TOOL_NAMES or len(chunk.names) > 7 or robot.gripper is None:
            raise InputError("names", chunk.names, f"Name the columns {', '.join(TOOL_NAMES)} and perhaps gripper.")
    else:
        for name in chunk.names:
            if name not in known:
                raise InputError("names", name, f"Joints of {robot.name}: {', '.join(sorted(known))}.")


class ChunkMotion:
    """One checked chunk being executed.

    Raises:
        InputError: the first row is too far from the measured joints, a row breaks a joint's limits, or the
            tool cannot go where it says.
    """

    def __init__(self, context: Context, chunk: ActionChunk, now: float) -> None:
        check_chunk(chunk, context.robot, context.params.chunk_max_steps)
        self._context, self._chunk, self._began_at = context, chunk, now
        self._actions = np.asarray(chunk.actions, dtype=float)
        self._times = np.asarray(chunk.dt_s * np.arange(1, len(self._actions) + 1), dtype=float)
        self._motions: list[GroupMotion] = []
        self._pending: list[JointTrajectory] = []
        self._sent = False
        self._gripper: JointTrajectory | None = None
        self._twists = self._actions if chunk.representation == "base_twist" else np.empty((0, 3))
        if chunk.representation != "base_twist":
            if context.joints is None:
                raise InputError("action_chunk", chunk.representation, "Wait until joint_states arrive.")
            self._make_trajectories(self._joint_rows())

    def renew(self, goal: MotionGoal) -> None:
        """A chunk is never renewed: the next chunk replaces it."""

    def suspend(self) -> tuple[JointTrajectory, ...]:
        """Ends the chunk: what it was made for is past."""
        self._twists = np.empty((0, 3))
        self._sent = True
        held = tuple(h for m in self._motions for h in m.hold())
        self._motions = []
        return held

    def tick(self, now: float) -> Step:
        """Gives out the trajectories once, then the twist of the present row."""
        row = int((now - self._began_at) / self._chunk.dt_s)
        progress = min(1.0, (now - self._began_at) / float(self._times[-1]))
        if not self._sent:
            self._sent = True
            for trajectory, motion in zip(self._pending, self._motions):
                motion.begin(trajectory, now)
            twist = Twist2D(*map(float, self._twists[0])) if len(self._twists) else ZERO_TWIST
            return Step(twist=twist, trajectories=tuple(self._pending), gripper=self._gripper, progress=progress)
        if row < len(self._twists):
            return Step(twist=Twist2D(*map(float, self._twists[row])), progress=progress)
        moving = [m for m in self._motions if m.trajectory is not None]
        for motion in moving:
            motion.follow(now)
        late = min((m.settled_for(now) for m in moving), default=0.0)
        lagging = next((j for j in (m.lagging(now) for m in moving) if j), "")
        if lagging:
            return Step("blocked", f"{lagging} does not follow", trajectories=self.suspend(), progress=progress)
        return Step("reached", progress=1.0) if late >= 0.0 and row >= len(self._twists) else Step(progress=progress)

    def _joint_rows(self) -> dict[str, Vector]:
        """Positions (rows,) by joint name."""
        measured = self._context.joint_positions()
        chunk = self._chunk
        if chunk.representation == "joint_position":
            return {n: self._actions[:, k] for k, n in enumerate(chunk.names)}
        if chunk.representation == "joint_delta":
            return {n: measured.get(n, 0.0) + np.cumsum(self._actions[:, k]) for k, n in enumerate(chunk.names)}
        return self._tool_rows(measured)

    def _tool_rows(self, measured: dict[str, float]) -> dict[str, Vector]:
        model, robot = self._context.model, self._context.robot
        group = robot.group("arm")
        if model is None or group is None or robot.gripper is None:
            raise InputError("representation", self._chunk.representation, f"{robot.name} has no arm.")
        q = model.configuration(measured)
        rows = []
        for i, action in enumerate(self._actions):
            delta = np.eye(4)
            delta[:3, 3], delta[:3, :3] = action[:3], rotation_matrix(action[3:6])
            target = model.frame_at(model.tool_frame, q) @ delta
            found = next(model.solutions(model.tool_frame, target, "arm", q, 1, 5e-4, 2e-3), None)
            if found is None:
                raise InputError(f"actions[{i}]", action, "The tool cannot go there; send smaller steps.")
            q = found
            rows.append(model.group_positions("arm", q))
        out = dict(zip(group.names, np.array(rows).T))
        if self._actions.shape[1] == 7:
            n = len(robot.gripper.joints)
            out.update(dict.fromkeys(robot.gripper.joints, self._actions[:, 6] / n))
        return out

    def _make_trajectories(self, rows: dict[str, Vector]) -> None:
        robot = self._context.robot
        fingers = robot.gripper.joints if robot.gripper else ()
        for group in robot.groups:
            names = set(group.names) & set(rows)
            if names and not names & set(fingers):
                self._motions.append(GroupMotion(self._context, group))
                self._pending.append(self._trajectory(group, rows))
        if robot.gripper is not None and set(fingers) & set(rows):
            most = robot.gripper.max_opening / len(fingers)
            position = np.clip(
                np.array([[rows[n][-1] if n in rows else rows[fingers[0]][-1] for n in fingers]]), 0, most
            )
            effort = np.full_like(position, robot.gripper.max_effort / 2)
            self._gripper = JointTrajectory(fingers, self._times[-1:], position, np.zeros_like(position), effort)

    def _trajectory(self, group: JointGroup, rows: dict[str, Vector]) -> JointTrajectory:
        measured = GroupMotion(self._context, group).measured()
        n = len(self._times)
        points = np.stack([rows.get(name, np.full(n, measured[k])) for k, name in enumerate(group.names)], axis=1)
        lower, upper = np.array([j.lower for j in group.joints]), np.array([j.upper for j in group.joints])
        outside = (points < lower - 1e-3) | (points > upper + 1e-3)
        if outside.any():
            row, k = np.argwhere(outside)[0]
            joint = group.joints[k]
            remedy = f"{joint.name} allows {joint.lower:g} to {joint.upper:g}."
            raise InputError(f"actions[{row}]", float(points[row, k]), remedy)
        jump = np.abs(points[0] - measured)
        if jump.max() > self._context.params.chunk_max_jump:
            name = group.names[int(jump.argmax())]
            raise InputError(f"actions[0].{name}", float(jump.max()), "Start the chunk at the measured posture.")
        path = np.vstack([measured, points])
        times = np.concatenate([[0.0], self._times])
        velocities = np.asarray(np.gradient(path, times, axis=0)[1:], dtype=float)
        velocities[-1] = 0.0
        fastest, strongest = hermite_extremes(measured, self._times, points, velocities)
        # Too fast a chunk is slowed down as a whole, its path kept.
        stretch = max(
            1.0,
            float(np.max(fastest / [j.velocity for j in group.joints])),
            float(np.sqrt(np.max(strongest / [j.acceleration for j in group.joints]))),
        )
        return JointTrajectory(group.names, self._times * stretch, np.clip(points, lower, upper), velocities / stretch)
