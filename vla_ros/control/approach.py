"""Where should the base stand so that the arm reaches? Chosen on the grid, proved by inverse kinematics."""

from __future__ import annotations

import math
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np

from vla_ros.control.arm_planning import FLOOR, TOUCH_M, free_reaches, points_away
from vla_ros.control.arm_tasks import SURROUNDINGS_M
from vla_ros.control.base_tasks import Navigate
from vla_ros.control.body import MARGIN_M
from vla_ros.control.context import Context, Step
from vla_ros.control.params import ControlParams
from vla_ros.control.path import CostField, Terrain
from vla_ros.core.furniture_boxes import ignored, near
from vla_ros.core.geometry import Box, Pose, Pose2D, Vector, wrap_angle
from vla_ros.core.motion import JointTrajectory, MotionGoal
from vla_ros.robot.kinematics import RobotModel
from vla_ros.robot.outline import Outline

RADIUS_STEP_M = 0.07
BEARINGS = 36
MOST_TARGETS = 60
MOST_PROOFS = 70
BEST_RADIUS_M = 0.58
COMFORT_M = 0.12


@dataclass(frozen=True, eq=False)
class ApproachQuestion:
    """Snapshot: tool poses in odom, boxes in odom (already without those that may be touched; ``fixed`` are those
    of the floor plan)."""

    model: RobotModel
    params: ControlParams
    terrain: Terrain
    base: Pose2D
    joints: dict[str, float]
    targets: tuple[Vector, ...]
    approach_m: float
    boxes: tuple[Box, ...]
    fixed: tuple[Box, ...]
    carried: Box | None
    outline: Outline


@dataclass(frozen=True, slots=True)
class ApproachPlace:
    """A base pose in odom and the index of the target that can be reached from it; None with a reason if none."""

    pose: Pose2D | None
    chosen: int = -1
    reason: str = ""


def choose_place(question: ApproachQuestion) -> ApproachPlace:
    """The cheapest free base pose from which the arm reaches one of the targets."""
    params, terrain = question.params, question.terrain
    field = CostField(terrain, (question.base.x, question.base.y))
    totals = field.spread()
    lateral = _shoulder_offset(question.model)
    free = terrain.radius - params.clearance + params.approach_clearance
    places: list[tuple[float, Pose2D, int]] = []
    in_range = False
    for i, target in enumerate(question.targets[:MOST_TARGETS]):
        for pose in (question.base, *_around(target, params, lateral)):
            gap = math.hypot(target[0, 3] - pose.x, target[1, 3] - pose.y)
            if not params.approach_min <= gap <= params.approach_max or not points_away(target, (pose.x, pose.y)):
                continue
            in_range = True
            cell = terrain.grid.cell(pose.x, pose.y)
            way = float(totals[cell])
            if field.distance[cell] < free or not math.isfinite(way):
                continue
            short = max(0.0, COMFORT_M - (float(field.distance[cell]) - terrain.radius))
            turn = abs(wrap_angle(pose.theta - question.base.theta)) if way < 0.5 else 0.0
            space = 0.0 if terrain.arm_space is None else max(0.0, -float(terrain.arm_space[cell]))
            cost = 0.3 * way + 0.3 * turn + 10.0 * (gap - BEST_RADIUS_M) ** 2 + 5.0 * short + space
            places.append((cost, pose, i))
    if not places:
        text = "there is no free place for the base from which to reach it" if in_range else "no place faces it"
        return ApproachPlace(None, reason=text)
    places.sort(key=lambda p: p[0])
    reason = ""
    proofs = 0
    for _, pose, i in _spread_out(places):
        if not _arm_is_clear(question, pose):
            reason = reason or "the arm, as it is held while driving, would stand in furniture"
            continue
        proofs += 1
        if proofs > MOST_PROOFS:
            break
        why = _reaches(question, pose, question.targets[i])
        if not why:
            return ApproachPlace(pose, i)
        reason = reason or why
    return ApproachPlace(None, reason=f"from no free place the arm reaches it: {reason}")


class Approach:
    """Chooses the place, then drives there exactly."""

    def __init__(self, context: Context, goal: MotionGoal) -> None:
        assert context.model is not None  # goals.check_goal refuses arm goals of robots without one
        self._context, self._goal = context, goal
        self._future: Future[ApproachPlace] | None = None
        self._place: ApproachPlace | None = None
        self._drive: Navigate | None = None

    def renew(self, goal: MotionGoal) -> None:
        """Nothing changes: the targets were fixed when the goal began."""

    def suspend(self) -> tuple[JointTrajectory, ...]:
        """The base waits."""
        return self._drive.suspend() if self._drive is not None else ()

    def tick(self, now: float) -> Step:
        """One step of choosing or driving."""
        if self._drive is None:
            if self._future is None:
                self._future = self._context.executor.submit(choose_place, self._question(now))
            if not self._future.done():
                return Step(text="choosing a place for the base")
            self._place = self._future.result()
            if self._place.pose is None:
                return Step("blocked", self._place.reason)
            params = self._context.params
            self._drive = Navigate(
                self._context,
                self._goal,
                self._place.pose,
                params.approach_tolerance_m,
                params.approach_tolerance_rad,
            )
        assert self._place is not None
        step = self._drive.tick(now)
        return Step(step.state, step.text, step.twist, progress=step.progress, chosen=self._place.chosen)

    def _question(self, now: float) -> ApproachQuestion:
        context, goal = self._context, self._goal
        assert context.model is not None
        boxes = tuple(b for b in (*context.furniture, *goal.obstacles) if not ignored(b, goal.ignore))
        floor_obstacles = tuple(b for b in goal.obstacles if not ignored(b, goal.ignore))
        return ApproachQuestion(
            context.model,
            context.params,
            context.terrain(now, floor_obstacles, carried=goal.carried),
            context.pose,
            context.joint_positions(),
            tuple(p.matrix() for p in goal.targets),
            goal.approach_m,
            boxes,
            tuple(b for b in context.furniture if not ignored(b, goal.ignore)),
            goal.carried,
            context.outline(goal.carried),
        )


def _shoulder_offset(model: RobotModel) -> float:
    """How far left (negative: right) of the base's centre the arm is mounted [m]: the tool is best ahead of it."""
    group = model.robot.group("arm")
    assert group is not None
    for joint in group.joints:
        if joint.upper - joint.lower > 1.0:
            return float(model.frame_pose(joint.name, {})[1, 3])
    return 0.0


def _around(target: Vector, params: ControlParams, lateral: float) -> list[Pose2D]:
    """Base poses on rings about a target, with the target ahead of the shoulder or of the base's middle."""
    out = []
    x, y = float(target[0, 3]), float(target[1, 3])
    for radius in np.arange(params.approach_min, params.approach_max + 1e-6, RADIUS_STEP_M):
        for k in range(BEARINGS):
            bearing = 2 * math.pi * k / BEARINGS
            place = (x - radius * math.cos(bearing), y - radius * math.sin(bearing))
            aside = math.asin(max(-0.7, min(0.7, lateral / radius)))
            out += [Pose2D(*place, wrap_angle(bearing - aside)), Pose2D(*place, bearing)]
    return out


def _spread_out(places: list[tuple[float, Pose2D, int]]) -> list[tuple[float, Pose2D, int]]:
    """Best first, but near twins of a place that is already in the list come later."""
    first: list[tuple[float, Pose2D, int]] = []
    later: list[tuple[float, Pose2D, int]] = []
    cells: set[tuple[int, int, int, int]] = set()
    for place in places:
        _, pose, i = place
        key = (round(pose.x / 0.12), round(pose.y / 0.12), round(pose.theta / 0.4), i)
        (later if key in cells else first).append(place)
        cells.add(key)
    return first[: MOST_PROOFS // 2] + sorted(first[MOST_PROOFS // 2 :] + later, key=lambda p: p[0])


def _arm_is_clear(question: ApproachQuestion, pose: Pose2D) -> bool:
    """Whether the arm as it is now stands clear at a base pose: above the furniture, or beside it."""
    boxes = tuple(near(question.fixed, pose.x, pose.y, question.outline.reach + MARGIN_M))
    return float(question.outline.clearance(boxes, (pose,))[0]) >= MARGIN_M


def _reaches(question: ApproachQuestion, pose: Pose2D, target: Vector) -> str:
    """Why the arm does not reach a target from a base pose, "" when it does."""
    model = question.model
    to_base = np.linalg.inv(pose.to_pose().matrix())
    boxes = tuple(
        Box(Pose.from_matrix(to_base @ b.pose.matrix(), "base_link"), b.size, b.name)
        for b in near(question.boxes, pose.x, pose.y, SURROUNDINGS_M)
    )
    boxes = (*boxes, FLOOR)
    close = model.collision_scene(boxes, question.carried, -TOUCH_M)
    clear = model.collision_scene(boxes, question.carried, question.params.arm_margin)
    q0 = model.configuration(question.joints)
    reasons: list[str] = []
    ways = free_reaches(model, q0, to_base @ target, question.approach_m, close, clear, 5, reasons)
    if next(ways, None) is not None:
        return ""
    return reasons[0] if reasons else "out of the arm's reach"
