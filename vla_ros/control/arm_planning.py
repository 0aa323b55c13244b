"""From an arm goal to one trajectory: inverse kinematics, a collision-free way, timing. Runs in the executor.

Pure: everything it needs is in the :class:`ArmQuestion`. Poses are 4x4 matrices in base_link.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from scipy.spatial.transform import Rotation

from vla_ros.control.arm_paths import JointSpace, blended, find_path
from vla_ros.control.params import ControlParams
from vla_ros.control.timing import time_path
from vla_ros.core.geometry import Box, Pose, Vector, wrap_angle
from vla_ros.core.motion import JointTrajectory
from vla_ros.core.robot_description import JointGroup
from vla_ros.robot.collision import CollisionScene
from vla_ros.robot.kinematics import RobotModel

TOUCH_M = 0.008
SELF_MARGIN_M = 0.006
"""Kept between the robot's own links: between waypoints the driver goes by cubics, a little off the planned way, and
the gate refuses what touches there."""
LINEAR_STEP_M = 0.01
LINEAR_JUMP = 0.25
MOST_CANDIDATES = 3
BACK_OFF_M = (0.12, 0.25, 0.38)
TOOL_CONE_RAD = math.radians(80.0)
TARGET_HALF_M = 0.035
TARGET_CLEAR_M = 0.045
SOLUTIONS_PER_TARGET = 3
MOST_TARGETS = 60
MANY_TARGETS = 12
TESTS_PER_SECOND = 12000
CARRY_SCALE = 0.6
FLOOR = Box(Pose.planar(0.0, 0.0, 0.0, -0.05, "base_link"), (4.0, 4.0, 0.1), "the floor")


@dataclass(frozen=True, eq=False)
class ArmQuestion:
    """Snapshot of one planning problem.

    ``joints`` measured, by name; ``boxes`` to stay clear of in base_link; ``carried`` in tool axes;
    one of ``posture`` (group positions), ``targets`` (tool poses) with ``approach_m``, or ``linear_to``. ``reached``
    are the things that ``targets`` reach for, in base_link: touched on the last stretch only.
    """

    model: RobotModel
    params: ControlParams
    group: JointGroup
    joints: dict[str, float]
    boxes: tuple[Box, ...] = ()
    carried: Box | None = None
    speed_scale: float = 1.0
    posture: Vector | None = None
    targets: tuple[Vector, ...] = ()
    approach_m: float = 0.0
    linear_to: Vector | None = None
    reached: tuple[Box, ...] = ()


@dataclass(frozen=True, eq=False)
class ArmPlan:
    """A trajectory, or the reason why there is none. ``tool`` is where it ends (4x4 in base_link).

    ``back_off_m`` says how far the base would have to drive back for a posture to fit, 0 = that does not help.
    """

    trajectory: JointTrajectory | None
    reason: str = ""
    chosen: int = -1
    tool: Vector | None = None
    back_off_m: float = 0.0


def plan_arm(question: ArmQuestion) -> ArmPlan:
    """Answers an arm question."""
    planner = _Planner(question)
    if question.linear_to is not None:
        return planner.linear(question.linear_to)
    if question.posture is not None:
        plan = planner.posture(question.posture)
        return plan if plan.trajectory is not None else replace(plan, back_off_m=_back_off(question))
    return planner.reach()


def _target_zones(question: ArmQuestion) -> tuple[Box, ...]:
    """What stands at the targets must not be swept off on the way to the pre-pose: a post in each of them.

    None with something in the hand, for then the target is where to put it.
    """
    height = 2 * min(question.approach_m - TARGET_CLEAR_M, 0.08)
    if question.carried is not None or height < 0.03:
        return ()
    size = (2 * TARGET_HALF_M, 2 * TARGET_HALF_M, height)
    whole = [box for thing in question.reached if (box := _core(thing, question)) is not None]
    return (
        *whole,
        *tuple(
            Box(Pose.planar(t[0, 3], t[1, 3], 0.0, float(t[2, 3]), "base_link"), size, "what it reaches for")
            for t in question.targets[:MANY_TARGETS]
        ),
    )


def _core(thing: Box, question: ArmQuestion) -> Box | None:
    """The middle of a thing over its whole height: no elbow sweeps off a bottle that the hand reaches for. Below what
    a hand that comes from above needs, None when nothing is left."""
    x, y, z = thing.pose.position
    bottom, top = z - thing.size[2] / 2, z + thing.size[2] / 2
    from_above = [t[2, 3] - t[2, 0] * question.approach_m - TARGET_CLEAR_M for t in question.targets if t[2, 0] < -0.9]
    top = min([top, *map(float, from_above)])
    if top - bottom < 0.03:
        return None
    width = (min(thing.size[0], 2 * TARGET_HALF_M), min(thing.size[1], 2 * TARGET_HALF_M))
    pose = Pose.planar(x, y, thing.pose.yaw, (bottom + top) / 2, "base_link")
    return Box(pose, (*width, top - bottom), "what it reaches for")


def _back_off(question: ArmQuestion) -> float:
    """How far back the base must be for the posture to fit (with the arm as it is on the way back) [m], 0 = nowhere."""
    goal = question.posture
    assert goal is not None
    for distance in BACK_OFF_M:
        here = _Planner(_from_behind(question, distance))
        if here.arm_touches():
            return 0.0
        if here.posture(goal).trajectory is not None:
            return distance
    return 0.0


def _from_behind(question: ArmQuestion, distance: float) -> ArmQuestion:
    """The same question with the base ``distance`` [m] farther back."""
    boxes = []
    for box in question.boxes:
        x, y, z = box.pose.position
        boxes.append(replace(box, pose=replace(box.pose, position=(x + distance, y, z))))
    return replace(question, boxes=tuple(boxes))


def straight_joint_path(
    model: RobotModel, q: Vector, goal: Vector, step_m: float = LINEAR_STEP_M
) -> tuple[list[Vector], float]:
    """Full configurations along the tool's straight way from where it is at ``q`` to ``goal`` (4x4 in base_link).

    Returns the configurations, ``q`` first, and the share of the way they cover (1.0 = all of it).
    """
    start = model.frame_at(model.tool_frame, q)
    turn = rotation_vector(start[:3, :3].T @ goal[:3, :3])
    way = goal[:3, 3] - start[:3, 3]
    n = max(1, math.ceil(max(np.linalg.norm(way) / step_m, np.linalg.norm(turn) / 0.05)))
    out = [q]
    for k in range(1, n + 1):
        pose = np.eye(4)
        pose[:3, 3] = start[:3, 3] + way * k / n
        pose[:3, :3] = start[:3, :3] @ rotation_matrix(turn * k / n)
        found = next(model.solutions(model.tool_frame, pose, "arm", out[-1], 1, 2e-4, 1e-3), None)
        if found is None or np.max(np.abs(found - out[-1])) > LINEAR_JUMP:
            return out, (k - 1) / n
        out.append(found)
    return out, 1.0


def points_away(target: Vector, base: tuple[float, float] = (0.0, 0.0)) -> bool:
    """False when a tool at ``target`` (4x4) would have to point back at a robot that stands at ``base`` (x, y)."""
    if math.hypot(target[0, 0], target[1, 0]) < 0.5:
        return True
    way = math.atan2(target[1, 3] - base[1], target[0, 3] - base[0])
    return abs(wrap_angle(math.atan2(target[1, 0], target[0, 0]) - way)) <= TOOL_CONE_RAD


def free_reaches(
    model: RobotModel,
    q0: Vector,
    target: Vector,
    approach_m: float,
    near: CollisionScene,
    far: CollisionScene,
    starts: int,
    reasons: list[str],
) -> Iterator[list[Vector]]:
    """Ways from a pre-pose (first configuration) straight to ``target`` (last), free of collision.

    Args:
        model: of the robot.
        q0: present configuration.
        target: 4x4 of the tool in base_link.
        approach_m: distance of the pre-pose back along the tool's x axis [m].
        near: surroundings that the last stretch may just touch.
        far: surroundings that the pre-pose keeps clear of.
        starts: starting postures of the inverse kinematics.
        reasons: gets, in words, why a solution was not good.
    """
    back = target.copy()
    back[:3, 3] -= target[:3, 0] * approach_m
    for q in model.solutions(model.tool_frame, target, "arm", q0, starts):
        if not near.free(q):
            reasons.append(near.touching(q))
            continue
        way, share = straight_joint_path(model, q, back, 0.02) if approach_m > 1e-3 else ([q], 1.0)
        if share < 1.0:
            reasons.append("the straight way to it is out of the arm's reach")
            continue
        hit = next((c for c in (near.touching(p) for p in way[1:]) if c), "") or far.touching(way[-1])
        if hit:
            reasons.append(hit)
            continue
        yield way[::-1]


class _Planner:
    """Shared parts of the three kinds of question."""

    def __init__(self, question: ArmQuestion) -> None:
        self._q = question
        model, params = question.model, question.params
        self._start = model.configuration(question.joints)
        boxes = (*question.boxes, FLOOR)
        keep = _target_zones(question)
        self._far = model.collision_scene((*boxes, *keep), question.carried, params.arm_margin, SELF_MARGIN_M)
        self._far.relax_at(self._start)
        self._far.allow_contacts_at(self._start)
        self._near = model.collision_scene(boxes, question.carried, -TOUCH_M)
        self._near.allow_contacts_at(self._start)
        lower, upper = model.limits("arm")
        speeds = np.array([j.velocity for j in question.group.joints])
        budget = int(params.arm_planning_s * TESTS_PER_SECOND)
        self._space = JointSpace(lower, upper, speeds, lambda p: self._far.free(self._full(p)), budget)

    def arm_touches(self) -> str:
        """What the arm touches as it stands, beyond what it may just touch."""
        q = self._q
        return q.model.collision_scene(q.boxes, q.carried, -TOUCH_M).touching(self._start)

    def posture_touches(self, goal: Vector) -> str:
        """What the arm would touch in a posture."""
        return self._far.touching(self._full(goal))

    def posture(self, goal: Vector) -> ArmPlan:
        self._far.relax_at(self._full(goal))
        touched = self.posture_touches(goal)
        if touched:
            return ArmPlan(None, f"in that posture {touched}")
        way = find_path(self._space, self._group(self._start), [goal])
        if way is None:
            return ArmPlan(None, "no collision-free way to that posture was found")
        points, stops = blended(self._space, way[0])
        return self._timed(points, stops, None, 0)

    def reach(self) -> ArmPlan:
        q = self._q
        reasons: list[str] = []
        found: list[tuple[float, int, list[Vector]]] = []
        starts = 7 if len(q.targets) <= MANY_TARGETS else 4
        # The hand seldom points back at the robot: such targets come last.
        for i in sorted(range(min(len(q.targets), MOST_TARGETS)), key=lambda k: not points_away(q.targets[k])):
            target = q.targets[i]
            ways = free_reaches(q.model, self._start, target, q.approach_m, self._near, self._far, starts, reasons)
            for way in islice(ways, SOLUTIONS_PER_TARGET):
                found.append((q.model.posture_cost("arm", way[0], self._start), i, way))
            if len(found) >= MOST_CANDIDATES:
                break
        if not found:
            return ArmPlan(None, reasons[0] if reasons else "out of the arm's reach")
        found = sorted(found, key=lambda f: f[0])[:MOST_CANDIDATES]
        free = find_path(self._space, self._group(self._start), [self._group(f[2][0]) for f in found])
        if free is None:
            return ArmPlan(None, "no collision-free way of the arm was found")
        corners, k = free
        points, stops = blended(self._space, corners)
        last = np.array([self._group(p) for p in found[k][2][1:]])
        if not len(last):
            return self._timed(points, stops, None, found[k][1])
        caps = np.concatenate([np.zeros(len(points) - 1), self._durations(found[k][2])])
        return self._timed(np.vstack([points, last]), (*stops, len(points) - 1), caps, found[k][1])

    def linear(self, goal: Vector) -> ArmPlan:
        q = self._q
        way, share = straight_joint_path(q.model, self._start, goal)
        if share < 1.0:
            length = float(np.linalg.norm(goal[:3, 3] - q.model.frame_at(q.model.tool_frame, self._start)[:3, 3]))
            return ArmPlan(None, f"the arm can follow only {share * length:.2f} of {length:.2f} m of the straight way")
        for p in way:
            touched = self._near.touching(p)
            if touched:
                return ArmPlan(None, f"on the straight way {touched}")
        return self._timed(np.array([self._group(p) for p in way]), (), self._durations(way), 0)

    def _durations(self, way: list[Vector]) -> Vector:
        """Least time of each piece, from the speed that the tool may have on straight ways."""
        model, params = self._q.model, self._q.params
        tools = np.array([model.frame_at(model.tool_frame, p)[:3, 3] for p in way])
        speed = params.tool_speed * self._q.speed_scale
        return np.asarray(np.linalg.norm(np.diff(tools, axis=0), axis=1) / speed)

    def _timed(self, points: Vector, stops: tuple[int, ...], caps: Vector | None, chosen: int) -> ArmPlan:
        q, params = self._q, self._q.params
        scale = q.speed_scale * (CARRY_SCALE if q.carried is not None else 1.0)
        trajectory = time_path(
            q.group,
            points,
            params.trajectory_step_s,
            params.arm_speed_scale * scale,
            params.arm_acceleration_scale * scale,
            stops,
            caps,
        )
        tool = q.model.frame_at(q.model.tool_frame, self._full(points[-1])) if q.model.tool_frame else None
        return ArmPlan(trajectory, chosen=chosen, tool=tool)

    def _group(self, q: Vector) -> Vector:
        return self._q.model.group_positions("arm", q)

    def _full(self, positions: Vector) -> Vector:
        return self._q.model.with_group(self._start, "arm", positions)


def rotation_vector(rotation: Vector) -> Vector:
    """Axis times angle (3,) of a rotation matrix."""
    return np.asarray(Rotation.from_matrix(rotation).as_rotvec())


def rotation_matrix(vector: Vector) -> Vector:
    """Rotation matrix of axis times angle (3,)."""
    return np.asarray(Rotation.from_rotvec(vector).as_matrix())
