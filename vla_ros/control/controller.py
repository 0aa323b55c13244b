"""The heart of control: one goal at a time, kept alive by its sender, carried out tick by tick.

Values and ``now`` in (seconds of one clock), a :class:`ControlOutput` out; slow planning goes to the executor.
The output's twist is given on every tick, zero when idle: the gate takes its absence for control's death.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from vla_ros.control.approach import Approach
from vla_ros.control.arm_tasks import ArmTask, HeadTask
from vla_ros.control.base_moves import BaseArc, BaseMove
from vla_ros.control.base_tasks import KeepNear, Navigate
from vla_ros.control.chunks import ChunkMotion
from vla_ros.control.context import Context, Executor, Motion, Step
from vla_ros.control.follower import TwistLimiter
from vla_ros.control.gate_stops import AFTER_S, GateStops
from vla_ros.control.goals import check_goal
from vla_ros.control.gripper_task import GripperTask, HoldingWatch
from vla_ros.control.params import ControlParams
from vla_ros.core.errors import ConfigError, InputError
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.furniture_boxes import furniture_boxes
from vla_ros.core.geometry import ZERO_TWIST, Pose2D, Twist2D
from vla_ros.core.motion import ActionChunk, JointTrajectory, MotionGoal, MotionStatus
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import JointStates, LaserScan, Odometry
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.core.scene import Scene
from vla_ros.core.zones import Zones
from vla_ros.robot.kinematics import RobotModel

BASE_KINDS = ("navigate", "approach", "keep_near", "base_move", "base_arc")
ENDLESS_KINDS = ("keep_near",)
CLOCK_JUMP_S = 1.0
CHUNK_KIND = "chunk"
ABANDONED_S = 10.0
STOP_REST_S = 1.0
"""No action chunk begins so soon after a stop goal: a policy may still be streaming [s]."""
CHUNK_AGE_S, CHUNK_FUTURE_S = 1.0, 0.1
CHUNK_DRIVE_S = 2.0
"""Longest chunk of base velocities: it has no lease that would end it with its sender [s]."""
MOST_WAITING_STATUSES = 8


@dataclass(frozen=True, slots=True)
class ControlOutput:
    """One tick's commands. ``status`` is None when there is nothing new to say."""

    twist: Twist2D
    trajectories: tuple[JointTrajectory, ...] = ()
    gripper: JointTrajectory | None = None
    status: MotionStatus | None = None


class Controller:
    """Carries out motion goals and action chunks.

    Args:
        params: choices.
        robot: limits, joints, postures, model.
        floor_plan: of the building; None = only the scan is known.
        executor: runs path and arm planning; ``submit`` as in concurrent.futures.
        external_base: gives a motion that drives to a pose (Nav2) in place of the built-in navigation.
        zones: keep-out zones, which paths of the built-in navigation go around.

    Raises:
        ConfigError: navigation is "nav2" but no external base is given; the robot's model cannot be read.
    """

    def __init__(
        self,
        params: ControlParams,
        robot: RobotDescription,
        floor_plan: FloorPlan | None,
        executor: Executor,
        external_base: Callable[[MotionGoal, Pose2D], Motion] | None = None,
        zones: Zones | None = None,
    ) -> None:
        if params.navigation == "nav2" and external_base is None:
            raise ConfigError("navigation", "nav2", "Start control_node, which connects to Nav2; or use builtin.")
        model = RobotModel(robot) if robot.model else None
        furniture = furniture_boxes(floor_plan) if floor_plan is not None else ()
        self._context = Context(params, robot, model, floor_plan, executor, furniture=furniture, zones=zones)
        self._params, self._robot = params, robot
        self._external_base = external_base
        self._limiter = TwistLimiter(robot.base)
        self._goal: MotionGoal | None = None
        self._motion: Motion | None = None
        self._ended: MotionStatus | None = None
        self._leased_at = -math.inf
        self._active_s = 0.0
        self._suspended = False
        self._last_tick: float | None = None
        self._statuses: deque[MotionStatus] = deque(maxlen=MOST_WAITING_STATUSES)
        self._told: tuple[str, str, str, int] | None = None
        self._told_at = -math.inf
        self._to_send: list[JointTrajectory] = []
        self._stopped_at = -math.inf
        self._stops = GateStops()
        opened = robot.gripper.max_opening if robot.gripper else math.inf
        self._holding = HoldingWatch(params.gripper_tolerance, opened)

    # ---- what arrives

    def set_goal(self, goal: MotionGoal, now: float) -> None:
        """Begins a goal, or renews the one with the same id. A goal that cannot be is answered "rejected"."""
        if self._goal is not None and goal.goal_id == self._goal.goal_id:
            self._renew(goal, now)
            return
        if self._ended is not None and goal.goal_id == self._ended.goal_id:
            return  # it has ended; its sender has not heard yet
        try:
            check_goal(goal, self._robot)
        except InputError as error:
            self._statuses.append(self._status(goal, Step("rejected", str(error)), now))
            return
        self._drop("cancelled", "replaced by another goal", now)
        if goal.kind == "stop":
            self._stopped_at = now
        self._goal, self._motion, self._ended = goal, None, None
        self._leased_at, self._active_s, self._suspended = now, 0.0, False
        self._stops.begin_goal()
        self._statuses.append(self._status(goal, Step("accepted"), now))

    def set_chunk(self, chunk: ActionChunk, now: float) -> None:
        """Begins an action chunk in place of whatever is going on. A bad chunk is answered "rejected"."""
        goal = MotionGoal(f"chunk-{chunk.command_id}-{chunk.stamp_s:.3f}", CHUNK_KIND, chunk.command_id)
        try:
            motion = ChunkMotion(self._context, chunk, now)
        except InputError as error:
            self._statuses.append(self._status(goal, Step("rejected", str(error)), now))
            return
        refusal = self._chunk_refusal(chunk, now)
        if refusal:
            self._statuses.append(self._status(goal, Step("rejected", refusal), now))
            return
        if self._goal is not None and self._goal.kind != CHUNK_KIND:
            self._drop("cancelled", "replaced by an action chunk", now)
        self._goal, self._motion = goal, motion  # what it replaced stays ended, however often that is renewed
        self._leased_at, self._active_s, self._suspended = now, 0.0, False

    def _chunk_refusal(self, chunk: ActionChunk, now: float) -> str:
        """Why a well-formed chunk must not move the robot now, "" when it may."""
        if now - self._stopped_at < STOP_REST_S or (self._goal is not None and self._goal.kind == "stop"):
            return "the robot was told to stop"
        if not -CHUNK_FUTURE_S <= now - chunk.stamp_s <= CHUNK_AGE_S:
            return f"the chunk's stamp is {now - chunk.stamp_s:.2f} s old (limit {CHUNK_AGE_S:g} s)"
        seconds = len(chunk.actions) * chunk.dt_s
        if chunk.representation == "base_twist" and seconds > CHUNK_DRIVE_S:
            return f"it drives blindly for {seconds:.1f} s (limit {CHUNK_DRIVE_S:g} s): send shorter chunks"
        return ""

    def observe_odometry(self, odometry: Odometry, now: float) -> None:
        """Takes the base's measured pose and velocity; non-finite numbers raise InputError."""
        pose = odometry.pose
        if not all(map(math.isfinite, (pose.x, pose.y, pose.theta, odometry.twist.vx, odometry.twist.vy))):
            raise InputError("odom", pose, "Give finite numbers.")
        first = self._context.odometry is None
        self._context.odometry, self._context.odometry_at = odometry, now
        if first and self._context.floor_plan is None:
            self._context.center_grid((pose.x, pose.y))

    def observe_joints(self, joints: JointStates, now: float) -> None:
        """Takes measured joints, of one driver or all; non-finite positions raise InputError."""
        if not all(map(math.isfinite, joints.positions.positions)):
            raise InputError("joint_states", joints.positions.positions, "Give finite positions.")
        if self._context.measured.note(joints, now):
            self._context.joints = self._context.measured.merged()

    def observe_scan(self, scan: LaserScan, now: float) -> None:
        """Takes a lidar scan; it needs odometry to be placed."""
        if self._context.odometry is not None:
            self._context.live.observe_scan(scan, self._context.pose, now)

    def observe_scene(self, scene: Scene, now: float) -> None:
        """Takes the people of a scene as obstacles of the base."""
        self._context.live.observe_scene(scene, now)

    def observe_safety(self, status: SafetyStatus, now: float) -> None:
        """Takes the gate's verdict: while it holds the robot, arms are planned anew from where they stand."""
        self._context.safety = status
        self._stops.observe(status, self._context.safety_reason(), now)

    # ---- what leaves

    def tick(self, now: float) -> ControlOutput:
        """Commands for this moment; call it at ``rate_hz`` whatever happens."""
        dt = 0.0 if self._last_tick is None else now - self._last_tick
        self._last_tick = now
        if dt < -CLOCK_JUMP_S:
            self._drop("cancelled", "the clock was set back", now)
            self._context.live.forget()
            self._context.odometry_at = -math.inf
            self._context.measured.restart()
            self._leased_at, self._stopped_at = now, -math.inf
            self._told, self._told_at = None, -math.inf
            self._holding.settled()
        gripper, wish = None, ZERO_TWIST
        reason = self._why_suspended(now)
        if self._goal is not None and reason:
            self._suspend(reason, now)
        elif self._goal is not None:
            self._suspended = False
            self._active_s += min(max(dt, 0.0), 0.2)
            step = self._step(now)
            wish, gripper = step.twist, step.gripper
            self._to_send += step.trajectories
            self._tell(step, now)
        if gripper is not None:
            self._holding.command(float(np.sum(gripper.positions[-1])), float(gripper.times_s[-1]) + 0.5, now)
        trajectories, self._to_send = tuple(self._to_send), []
        twist = self._twist(wish, bool(reason) or self._goal is None)
        status = self._statuses.popleft() if self._statuses else self._repeated(now)
        return ControlOutput(twist, trajectories, gripper, status)

    def abort(self, text: str, now: float) -> None:
        """Ends the present goal as blocked, whatever state it is in, and holds what it moved."""
        self._drop("blocked", text, now)

    @property
    def active_goal(self) -> MotionGoal | None:
        """The goal being carried out."""
        return self._goal

    # ---- inside

    def _step(self, now: float) -> Step:
        goal = self._goal
        assert goal is not None
        if goal.kind == "stop":
            return self._stop()
        if goal.timeout_s > 0 and goal.kind not in (*ENDLESS_KINDS, CHUNK_KIND) and self._active_s > goal.timeout_s:
            held = self._motion.suspend() if self._motion is not None else ()
            why = f" ({self._stops.why})" if self._stops.since(now) < goal.timeout_s else ""
            return Step("timed_out", f"not done after {goal.timeout_s:g} s{why}", trajectories=held)
        missing = self._missing(goal, now)
        if missing:
            held = self._motion.suspend() if self._motion is not None else ()
            if self._active_s > self._params.blocked_after_s:
                return Step("blocked", missing, trajectories=held)
            return Step(text=missing, trajectories=held)
        if self._motion is None:
            self._motion = self._begin(goal)
        step = self._motion.tick(now)
        held_by_gate = self._stops.since(now) < AFTER_S and not self._stops.are_too_many
        if step.state == "blocked" and held_by_gate and goal.kind not in (*BASE_KINDS, CHUNK_KIND):
            held = self._motion.suspend()
            step = Step(text=f"going on after: {self._stops.why}", trajectories=(*step.trajectories, *held))
        limit = 0.0 if step.state != "running" else 1.0
        return replace(step, twist=Twist2D(step.twist.vx * limit, step.twist.vy * limit, step.twist.wz * limit))

    def _begin(self, goal: MotionGoal) -> Motion:
        context, kind = self._context, goal.kind
        if kind == "navigate":
            pose = goal.targets[0]
            target = Pose2D(pose.position[0], pose.position[1], pose.yaw)
            if self._external_base is not None:
                return self._external_base(goal, target)
            return Navigate(context, goal, target, max(goal.tolerance_m, 0.015), max(goal.tolerance_rad, 0.02))
        makers: dict[str, Callable[[Context, MotionGoal], Motion]] = {
            "approach": Approach,
            "keep_near": KeepNear,
            "base_move": BaseMove,
            "base_arc": BaseArc,
            "head_look_at": HeadTask,
            "head_posture": HeadTask,
            "gripper": GripperTask,
        }
        return makers.get(kind, ArmTask)(context, goal)

    def _stop(self) -> Step:
        """Zero twist at once; done when the base stands still."""
        if self._context.odometry is None or self._context.speed < 0.02:
            return Step("reached", "stopped", progress=1.0)
        return Step(text="braking")

    def _missing(self, goal: MotionGoal, now: float) -> str:
        context, params = self._context, self._params
        needs_arm = goal.kind not in BASE_KINDS or goal.kind == "approach"
        if goal.kind in BASE_KINDS or goal.kind in ("arm_reach", "arm_linear", "head_look_at"):
            if context.odometry is None:
                return "no odometry has arrived"
            if now - context.odometry_at > params.odom_timeout_s:
                return "odometry is stale"
        if needs_arm and goal.kind != CHUNK_KIND:
            if context.joints is None:
                return "no joint states have arrived"
            return context.measured.stale(self._needed(goal.kind), now, params.joints_timeout_s)
        return ""

    def _needed(self, kind: str) -> tuple[str, ...]:
        """Joints that a goal of that kind cannot be carried out without."""
        if kind == "gripper" and self._robot.gripper is not None:
            return self._robot.gripper.joints
        group = self._robot.group("head" if kind.startswith("head_") else "arm")
        return group.names if group is not None else ()

    def _why_suspended(self, now: float) -> str:
        if self._goal is None:
            return ""
        if self._goal.kind != CHUNK_KIND and now - self._leased_at > self._params.lease_s:
            return "the sender no longer renews the goal"
        safety = self._context.safety
        if safety is None or self._goal.kind == "stop":
            return ""
        if not safety.armed or safety.state in ("boot", "e_stopped", "faulted"):
            return self._context.safety_reason() or "safety is not armed"
        # The gate's obstacle stop depends on the proposed motion: the base goes on proposing (it may find a way
        # round, or out), while a trajectory that the gate has refused is gone and needs a new plan.
        stopped = self._stops.take_news() or safety.state == "stopped"
        return self._stops.why if stopped and self._goal.kind not in BASE_KINDS else ""

    def _suspend(self, reason: str, now: float) -> None:
        assert self._goal is not None
        if not self._suspended:
            self._suspended = True
            if self._motion is not None:
                self._to_send += self._motion.suspend()
        if self._goal.kind == CHUNK_KIND:
            self._drop("blocked", reason, now)
            return
        if self._stops.are_too_many and self._goal.kind not in BASE_KINDS:
            self._drop("blocked", f"stopped again and again: {reason}", now)
            return
        if now - self._leased_at > ABANDONED_S:
            self._drop("cancelled", reason, now)
            return
        self._tell(Step(text=f"paused: {reason}"), now)

    def _renew(self, goal: MotionGoal, now: float) -> None:
        assert self._goal is not None
        self._leased_at = now
        if goal.kind != self._goal.kind:
            return
        if goal.targets != self._goal.targets and goal.kind == "keep_near":
            try:
                check_goal(goal, self._robot)
            except InputError:
                return  # the last good position stays
            self._goal = goal
            if self._motion is not None:
                self._motion.renew(goal)

    def _drop(self, state: str, text: str, now: float) -> None:
        """Ends the present goal, if any, and holds what it moved."""
        if self._goal is None:
            return
        if self._motion is not None:
            self._to_send += self._motion.suspend()
        ended = self._status(self._goal, Step(state, text), now)
        self._statuses.append(ended)
        self._goal, self._motion, self._ended = None, None, ended

    def _tell(self, step: Step, now: float) -> None:
        """Queues a status when it says something new, or when it is time to repeat it."""
        goal = self._goal
        assert goal is not None
        status = self._status(goal, step, now)
        said = (goal.goal_id, step.state, step.text, step.chosen)
        if said != self._told or now - self._told_at >= self._params.status_period_s:
            self._statuses.append(status)
            self._told, self._told_at = said, now
        if status.is_end:
            self._goal, self._motion, self._ended = None, None, status

    def _repeated(self, now: float) -> MotionStatus | None:
        """The last goal's end, repeated so that a lost message heals; holding may change meanwhile."""
        if self._goal is not None or self._ended is None or now - self._told_at < self._params.status_period_s:
            return None
        self._told_at = now
        opening = self._context.opening()
        return replace(self._ended, opening_m=opening, holding=self._holding.holding(opening, now))

    def _status(self, goal: MotionGoal, step: Step, now: float) -> MotionStatus:
        opening = self._context.opening()
        if goal.kind == "gripper" and step.state == "reached":
            self._holding.settled()
        holding = self._holding.holding(opening, now)
        progress = min(1.0, max(0.0, step.progress))
        return MotionStatus(goal.goal_id, goal.kind, step.state, step.text, step.chosen, progress, opening, holding)

    def _twist(self, wish: Twist2D, stop: bool) -> Twist2D:
        if stop:
            self._limiter.reset()
            return ZERO_TWIST
        return self._limiter.limit(wish, 1.0 / self._params.rate_hz)
