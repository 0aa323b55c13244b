"""Arm and head goals: plan from the measured posture, send one trajectory, watch that the joints follow."""

from __future__ import annotations

import math
from concurrent.futures import Future
from dataclasses import replace

import numpy as np

from vla_ros.control.arm_planning import ArmPlan, ArmQuestion, plan_arm, rotation_vector
from vla_ros.control.base_moves import BaseMove
from vla_ros.control.context import Context, Step, base_from_odom
from vla_ros.control.timing import hold, sample, time_path
from vla_ros.core.furniture_boxes import ignored, near
from vla_ros.core.geometry import Box, Pose, Vector
from vla_ros.core.motion import JointTrajectory, MotionGoal
from vla_ros.core.robot_description import JointGroup

SURROUNDINGS_M = 1.3
START_JUMP = 0.08
LAG_S = 0.5
MOVED = 0.005
STILL_PER_S = 0.05
TOOL_M = 0.02
HEAD_TOLERANCE = 0.05
AIM_RAD = 0.35


class GroupMotion:
    """One trajectory of one joint group being executed, with the checks that it really happens.

    What should be now is read off the trajectory at a clock that waits for the joints: the gate slows trajectories
    near people and drivers are late, and neither is a reason to give up. Only joints that get no further are.

    Args:
        context: shared state.
        group: whose joints move.
    """

    def __init__(self, context: Context, group: JointGroup) -> None:
        self._context, self.group = context, group
        self.trajectory: JointTrajectory | None = None
        self._start = np.zeros(len(group.joints))
        self._at_s = 0.0  # the clock: trajectory time that the joints have got to
        self._read_at = 0.0
        self._moved: tuple[Vector, float] = (self._start, 0.0)  # where the joints were, and when, at their last move
        self._ended_at: float | None = None

    def measured(self) -> Vector:
        """Measured positions in the group's order; zero for a joint that is not reported."""
        joints = self._context.joint_positions()
        return np.array([joints.get(n, 0.0) for n in self.group.names])

    def is_still(self) -> bool:
        """True when no joint of the group moves (or velocities are not reported)."""
        joints = self._context.joints
        if joints is None or len(joints.velocities) != len(joints.positions.names):
            return True
        speeds = dict(zip(joints.positions.names, joints.velocities))
        return all(abs(speeds.get(n, 0.0)) < STILL_PER_S for n in self.group.names)

    def begin(self, trajectory: JointTrajectory, now: float) -> tuple[JointTrajectory, ...]:
        """Starts executing; gives the message to send."""
        self.trajectory, self._start = trajectory, self.measured()
        self._at_s, self._read_at, self._moved, self._ended_at = 0.0, now, (self._start, now), None
        return (trajectory,)

    def hold(self) -> tuple[JointTrajectory, ...]:
        """Stops where the joints are; nothing when nothing moves."""
        if self.trajectory is None:
            return ()
        self.trajectory = None
        return (hold(self.group, self.measured()),)

    def duration(self) -> float:
        """Of the trajectory [s]."""
        return float(self.trajectory.times_s[-1]) if self.trajectory is not None else 0.0

    def follow(self, now: float) -> None:
        """Moves the clock on by the time that went by, or by less where the joints are behind. Once a tick."""
        assert self.trajectory is not None
        passed, self._read_at = max(0.0, now - self._read_at), now
        for share in (1.0, 0.5, 0.25, 0.1):
            ahead = min(self._at_s + share * passed, self.duration())
            if self._gaps(ahead).max() < self._context.params.tracking_tolerance:
                self._at_s = ahead
                break
        if np.max(np.abs(self.measured() - self._moved[0])) > MOVED or self.error()[0] < MOVED:
            self._moved = (self.measured(), now)
        if self._at_s >= self.duration():
            comes = not self.is_still() and self.error()[0] > self._context.params.joint_tolerance
            self._ended_at = now if self._ended_at is None or comes else self._ended_at

    def progress(self) -> float:
        """Share of the trajectory's time that the joints have got to."""
        return min(1.0, self._at_s / max(self.duration(), 1e-6))

    def settled_for(self, now: float) -> float:
        """Seconds that the joints have had at the trajectory's end, not counting those on the way; negative before."""
        return now - self._ended_at if self._ended_at is not None else -1.0

    def error(self) -> tuple[float, str]:
        """Largest distance between where a joint is and should be at the clock, and which joint."""
        gaps = self._gaps(self._at_s)
        k = int(np.argmax(gaps))
        return float(gaps[k]), self.group.names[k]

    def lagging(self, now: float) -> str:
        """The joint that is farthest behind when the joints have got no further for a while; "" when they follow."""
        if self._at_s >= self.duration() or now - self._moved[1] <= LAG_S:
            return ""
        gaps = self._gaps(min(self._at_s + LAG_S, self.duration()))
        return self.group.names[int(np.argmax(gaps))]

    def _gaps(self, at_s: float) -> Vector:
        assert self.trajectory is not None
        return np.abs(sample(self.trajectory, self._start, at_s) - self.measured())


class ArmTask:
    """arm_posture, arm_reach, arm_linear."""

    def __init__(self, context: Context, goal: MotionGoal) -> None:
        assert context.model is not None  # goals.check_goal refuses arm goals of robots without one
        group = context.robot.group("arm")
        assert group is not None
        self._context, self._goal = context, goal
        self._motion = GroupMotion(context, group)
        self._future: Future[ArmPlan] | None = None
        self._plan: ArmPlan | None = None
        self._back_off: BaseMove | None = None
        self._backed_off = False
        self._linear_end: Vector | None = None  # 4x4 in odom, so that a resumed motion ends where it was meant to

    def renew(self, goal: MotionGoal) -> None:
        """Nothing changes: an arm goal is fixed when it begins."""

    def suspend(self) -> tuple[JointTrajectory, ...]:
        """Holds the arm; the rest is planned anew from where it then is."""
        self._future = self._plan = None
        if self._back_off is not None:
            self._back_off.suspend()
        return self._motion.hold()

    def tick(self, now: float) -> Step:
        """One step: ask, wait, execute, judge."""
        if self._back_off is not None:
            return self._make_room(now)
        if self._motion.trajectory is None:
            return self._prepare(now)
        motion, plan, params = self._motion, self._plan, self._context.params
        assert plan is not None
        motion.follow(now)
        progress = motion.progress()
        joint = motion.lagging(now)
        if joint:
            text = self._context.safety_reason() or f"{joint} does not follow: the arm touches something"
            return Step("blocked", text, trajectories=motion.hold(), progress=progress, chosen=plan.chosen)
        late = motion.settled_for(now)
        if late >= 0.0:
            error, joint = motion.error()
            if error <= params.joint_tolerance and (motion.is_still() or late > params.settle_s):
                return Step("reached", progress=1.0, chosen=plan.chosen)
            if late > params.settle_s:
                if self._tool_is_there(plan):
                    return Step("reached", progress=1.0, chosen=plan.chosen)
                text = self._context.safety_reason() or f"{joint} stopped {error:.2f} short of its place"
                return Step("blocked", text, trajectories=motion.hold(), progress=progress, chosen=plan.chosen)
        return Step(progress=progress, chosen=plan.chosen)

    def _prepare(self, now: float) -> Step:
        if self._future is None:
            if not self._motion.is_still() or not self._base_is_still():
                return Step(text="waiting until the robot stands still")
            question = self._question()
            self._future = self._context.executor.submit(plan_arm, question)
        if not self._future.done():
            return Step(text="planning the arm's way")
        plan, self._future = self._future.result(), None
        if plan.trajectory is None:
            if plan.back_off_m > 0.0 and not self._backed_off and self._context.odometry is not None:
                way = replace(self._goal, offset=(-plan.back_off_m, 0.0, 0.0), tolerance_m=0.02, tolerance_rad=0.04)
                self._back_off, self._backed_off = BaseMove(self._context, way), True
                return Step(text=f"backing off: {plan.reason}")
            return Step("blocked", plan.reason)
        if np.max(np.abs(plan.trajectory.positions[0] - self._motion.measured())) > START_JUMP + 0.1:
            return Step(text="the arm has moved; planning anew")
        self._plan = plan
        return Step(trajectories=self._motion.begin(plan.trajectory, now), chosen=plan.chosen)

    def _make_room(self, now: float) -> Step:
        """The base drives back a little, because the posture does not fit where it stands."""
        assert self._back_off is not None
        step = self._back_off.tick(now)
        if step.state == "running":
            return Step(text="backing off to have room for the arm", twist=step.twist)
        self._back_off = None
        return Step(text="planning the arm's way")

    def _question(self) -> ArmQuestion:
        context, goal = self._context, self._goal
        assert context.model is not None
        to_base = base_from_odom(context.pose)
        question = ArmQuestion(
            context.model,
            context.params,
            self._motion.group,
            context.joint_positions(),
            surroundings(context, goal),
            goal.carried,
            goal.speed_scale,
        )
        if goal.kind == "arm_posture":
            posture = context.robot.posture(goal.posture)
            assert posture is not None
            return replace(question, posture=np.array(posture.positions))
        if goal.kind == "arm_reach":
            targets = tuple(to_base @ p.matrix() for p in goal.targets)
            reached = tuple(
                Box(Pose.from_matrix(to_base @ b.pose.matrix(), "base_link"), b.size, b.name)
                for b in goal.obstacles
                if ignored(b, goal.ignore)
            )
            return replace(question, targets=targets, approach_m=goal.approach_m, reached=reached)
        if self._linear_end is None:
            q = context.model.configuration(context.joint_positions())
            end = np.linalg.inv(to_base) @ context.model.frame_at(context.model.tool_frame, q)
            end[:3, 3] += goal.offset
            self._linear_end = end
        return replace(question, linear_to=to_base @ self._linear_end)

    def _base_is_still(self) -> bool:
        twist = self._context.odometry.twist if self._context.odometry else None
        return twist is None or (twist.speed < STILL_PER_S and abs(twist.wz) < STILL_PER_S)

    def _tool_is_there(self, plan: ArmPlan) -> bool:
        model = self._context.model
        if plan.tool is None or model is None:
            return False
        tool = model.frame_pose(model.tool_frame, self._context.joint_positions())
        off = float(np.linalg.norm(tool[:3, 3] - plan.tool[:3, 3]))
        turned = float(np.linalg.norm(rotation_vector(tool[:3, :3].T @ plan.tool[:3, :3])))
        return off <= min(TOOL_M, self._goal.tolerance_m) and turned <= max(self._goal.tolerance_rad, 0.05)


class HeadTask:
    """head_look_at and head_posture."""

    def __init__(self, context: Context, goal: MotionGoal) -> None:
        group = context.robot.group("head")
        assert group is not None
        self._context, self._goal = context, goal
        self._motion = GroupMotion(context, group)

    def renew(self, goal: MotionGoal) -> None:
        """Nothing changes: the point was fixed when the goal began."""

    def suspend(self) -> tuple[JointTrajectory, ...]:
        """Holds the head."""
        return self._motion.hold()

    def tick(self, now: float) -> Step:
        """One step: aim once, then wait until it is there."""
        motion = self._motion
        if motion.trajectory is None:
            goal, unreachable = self._aim()
            if unreachable:
                return Step("blocked", unreachable)
            points = np.vstack([motion.measured(), goal])
            params = self._context.params
            scale = self._goal.speed_scale * params.arm_speed_scale
            trajectory = time_path(motion.group, points, params.trajectory_step_s, scale, params.arm_acceleration_scale)
            return Step(trajectories=motion.begin(trajectory, now))
        motion.follow(now)
        joint, late = motion.lagging(now), motion.settled_for(now)
        if late >= 0.0 and motion.error()[0] <= HEAD_TOLERANCE:
            return Step("reached", progress=1.0)
        if joint or late > self._context.params.settle_s:
            text = self._context.safety_reason() or f"{joint or motion.error()[1]} does not follow"
            return Step("blocked", text, trajectories=motion.hold(), progress=motion.progress())
        return Step(progress=motion.progress())

    def _aim(self) -> tuple[Vector, str]:
        context = self._context
        if self._goal.kind == "head_posture":
            posture = context.robot.posture(self._goal.posture)
            assert posture is not None
            return np.array(posture.positions), ""
        assert context.model is not None and context.robot.camera is not None
        point = (base_from_odom(context.pose) @ np.append(self._goal.targets[0].xyz, 1.0))[:3]
        joints = context.joint_positions()
        goal = context.model.look_at(point, joints)
        camera = context.model.frame_pose(
            context.robot.camera.optical_frame, {**joints, **dict(zip(self._motion.group.names, goal))}
        )
        way = point - camera[:3, 3]
        angle = math.acos(min(1.0, max(-1.0, float(way @ camera[:3, 2]) / max(float(np.linalg.norm(way)), 1e-9))))
        if angle > AIM_RAD:
            return goal, "the point is outside the head's range; turn the base toward it"
        return goal, ""


def surroundings(context: Context, goal: MotionGoal, base: Vector | None = None) -> tuple[Box, ...]:
    """Boxes the arm must stay clear of, in base_link: furniture near the base and the goal's own obstacles.

    ``base`` (4x4, odom -> base_link) asks for another base pose than the present one.
    """
    to_base = base_from_odom(context.pose) if base is None else base
    x, y = np.linalg.inv(to_base)[:2, 3]
    boxes = near((*context.furniture, *goal.obstacles), float(x), float(y), SURROUNDINGS_M)
    return tuple(
        Box(Pose.from_matrix(to_base @ b.pose.matrix(), "base_link"), b.size, b.name)
        for b in boxes
        if not ignored(b, goal.ignore)
    )
