"""What the skills of one command share: the belief, the present motion goal, what is said and asked."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakSet

from vla_ros.core.catalog import Catalog
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.geometry import Pose, Vector
from vla_ros.core.motion import MotionGoal, MotionStatus
from vla_ros.core.people import People
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.task import Referent, TaskStep
from vla_ros.core.zones import Zones
from vla_ros.planning.belief import Belief
from vla_ros.planning.deeds import Deeds
from vla_ros.planning.failure import Failure, of_motion
from vla_ros.planning.failure_log import FailureLog
from vla_ros.planning.floor import Floor
from vla_ros.planning.grounding import Grounding
from vla_ros.planning.params import PlannerParams
from vla_ros.planning.target import Target
from vla_ros.robot.kinematics import RobotModel
from vla_ros.robot.reach import heights

_NECK_RAD = 1.4
_MOST_RESUMES = 3
_ABSOLUTE = ("navigate", "approach", "head_look_at", "head_posture", "arm_posture", "arm_reach", "gripper")
"""Kinds that can be asked for again after an interruption; the relative ones would go twice."""

Script = Generator[None, None, None]
"""A skill's course: it yields once a tick while it waits, returns when done, raises Failure when it cannot."""


@dataclass
class World:
    """Everything that outlives a command."""

    params: PlannerParams
    plan: FloorPlan
    catalog: Catalog
    robot: RobotDescription
    people: People | None
    belief: Belief
    floor: Floor
    grounding: Grounding
    zones: Zones = field(default_factory=Zones)
    failures: FailureLog = field(default_factory=FailureLog)
    deeds: Deeds = field(default_factory=Deeds)
    _model: RobotModel | None = None
    _reach: tuple[float, float] | None = None

    def reach(self) -> tuple[float, float] | None:
        """Lowest and highest point of the hand [m]; None without a model of the robot or an arm."""
        if not self.robot.model or self.robot.group("arm") is None:
            return None
        if self._reach is None:
            self._model = self._model or RobotModel(self.robot)
            self._reach = heights(self._model, "arm")
        return self._reach

    def tool_from_joints(self) -> Vector | None:
        """The tool's pose (4x4) in base_link by the measured joints; None without a model of the robot or joints."""
        if self.belief.joints is None or not self.robot.model:
            return None
        if self._model is None:  # loaded when first needed, which is hardly ever: it takes a moment
            self._model = RobotModel(self.robot)
        return self._model.frame_pose(self._model.tool_frame, self.belief.joints.positions.as_dict())


@dataclass(eq=False)
class Moment:
    """A time of the node's clock that scenes are compared with; follows the clock when that is set back."""

    at: float


@dataclass
class Context:
    """One command's share. ``clock`` [s] runs only while the tree runs, so that waiting for the safety gate or a
    pause wears out no time limit; ``now`` is the node's clock."""

    world: World
    command_id: str
    manner: str = ""
    now: float = 0.0
    clock: float = 0.0
    active: MotionGoal | None = None
    question: str = ""
    answer: TaskStep | None = None
    confidence: float = 1.0
    """That the command was understood, from language."""
    intention: str = ""
    """What the robot is going to do, as a sentence."""
    caution: str = ""
    """Why the present step is done slowly, "" when it is not."""
    avoided: str = ""
    """Why the last thing that fits was left where it is."""
    allowed: set[tuple[str, str]] = field(default_factory=set)
    """Rules to which the user has said yes, each with the thing that it was about."""
    speech: list[str] = field(default_factory=list)
    note: str = ""
    results: list[str] = field(default_factory=list)
    forbidden_rooms: set[str] = field(default_factory=set)
    carrying: Target | None = None
    """What this command has picked up."""
    skipped: set[int] = field(default_factory=set)
    """Indices of TaskSteps whose condition does not hold."""
    forbidden_things: list[Referent] = field(default_factory=list)
    asked_from: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """The robot's pose x, y [m], yaw [rad] when the command came."""
    goals: int = 0
    moments: WeakSet[Moment] = field(default_factory=WeakSet)
    """Those in use by the running scripts."""

    def moment(self, ahead_s: float = 0.0) -> Moment:
        """The present moment, or one a little ahead."""
        made = Moment(self.now + ahead_s)
        self.moments.add(made)
        return made

    def set_back(self, now: float) -> None:
        """The node's clock was set back: what shall be newer than a moment shall be newer than ``now``."""
        self.now = now
        for moment in self.moments:
            moment.at = min(moment.at, now)

    @property
    def belief(self) -> Belief:
        """Short for world.belief."""
        return self.world.belief

    @property
    def params(self) -> PlannerParams:
        """Short for world.params."""
        return self.world.params

    def say(self, text: str) -> None:
        """Speaks once the tick is over."""
        self.speech.append(text)

    def conclude(self, text: str) -> None:
        """A result for the command's final text."""
        self.results.append(text)


def move(
    ctx: Context,
    kind: str,
    *,
    check: bool = True,
    until: Callable[[], bool] | None = None,
    retarget: Callable[[], tuple[Pose, ...] | None] | None = None,
    **fields: Any,
) -> Generator[None, None, MotionStatus | None]:
    """One motion from goal to end state.

    ``until`` ends it early (returns None), ``retarget`` gives new targets each tick (keep_near). With ``check``
    any end but "reached" raises Failure. The goal stays the active one, and is so renewed, until then.
    """
    belief, params = ctx.belief, ctx.params
    slow = ctx.manner in ("slow", "careful") or bool(ctx.caution)
    scale = params.slow_scale if slow else params.normal_scale
    fields.setdefault("speed_scale", scale)
    if belief.held is not None:
        fields.setdefault("carried", belief.held.box)
    goal = MotionGoal(_goal_id(ctx), kind, ctx.command_id, **fields)
    ctx.active = goal
    started, again = ctx.clock, _MOST_RESUMES
    try:
        yield
        while True:
            status = belief.motion_of(goal.goal_id)
            if status is not None and status.state == "cancelled" and kind in _ABSOLUTE and again > 0:
                again -= 1  # control gave the goal up while the robot had to stand still
                goal = replace(goal, goal_id=_goal_id(ctx))
                ctx.active = goal
                yield
                continue
            if status is not None and status.is_end:
                if check and status.state != "reached":
                    raise of_motion(status)
                return status
            if until is not None and until():
                return None
            if status is None and ctx.clock - started > params.control_timeout_s:
                raise Failure("communication", "my motion control does not answer")
            if ctx.clock - started > goal.timeout_s + 5.0:
                raise Failure("communication", "my motion control did not end a motion in its time")
            if retarget is not None and (targets := retarget()):
                goal = replace(goal, targets=targets)
                ctx.active = goal
            yield
    finally:
        ctx.active = None


def _goal_id(ctx: Context) -> str:
    """An id that no other goal has, of this or an earlier planner."""
    ctx.goals += 1
    return f"{ctx.command_id}/{ctx.goals}@{ctx.now:.3f}"


def pause(ctx: Context, seconds: float) -> Script:
    """Waits by the command's clock."""
    end = ctx.clock + seconds
    while ctx.clock < end:
        yield


def fresh_scenes(ctx: Context, count: int | None = None) -> Script:
    """Waits for scenes taken from now on; a silent camera is a sensor failure."""
    count = ctx.params.look_scenes if count is None else count
    since = ctx.moment(ctx.params.look_settle_s)
    deadline = ctx.clock + ctx.params.look_settle_s + ctx.params.sensor_timeout_s
    while ctx.belief.fresh_scenes(since.at) < count:
        if ctx.clock > deadline:
            raise Failure("sensor", f"no fresh picture from my camera for {ctx.params.sensor_timeout_s:g} seconds")
        yield


def look_at(ctx: Context, point: tuple[float, float, float], count: int | None = None) -> Script:
    """Turns the camera to a point [m], the base too where the neck does not reach, and waits for fresh scenes."""
    robot = ctx.belief.robot
    turn = math.remainder(math.atan2(point[1] - robot.y, point[0] - robot.x) - robot.theta, 2 * math.pi)
    if abs(turn) > _NECK_RAD:
        yield from move(ctx, "base_move", check=False, offset=(0.0, 0.0, turn), timeout_s=15.0)
    target = Pose((float(point[0]), float(point[1]), float(point[2])))
    yield from move(ctx, "head_look_at", targets=(target,), timeout_s=6.0, tolerance_rad=0.1)
    yield from fresh_scenes(ctx, count)


def ask(
    ctx: Context, question: str, until: Callable[[], bool] = lambda: False
) -> Generator[None, None, TaskStep | None]:
    """Asks the user and waits for the answer, or for ``until`` to hold, which makes it needless (None).

    No answer in time fails the command. The question goes out in the command's status; language says it.
    """
    ctx.answer = None
    ctx.question = question
    deadline = ctx.clock + ctx.params.answer_timeout_s
    try:
        while ctx.answer is None:
            if ctx.clock > deadline:
                raise Failure("planning", f'nobody answered my question "{question}"', final=True)
            if until():
                return None
            yield
        return ctx.answer
    finally:
        ctx.question, ctx.answer = "", None
