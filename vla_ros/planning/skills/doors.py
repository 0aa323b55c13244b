"""Opening and closing hinged doors and drawers: grip the handle, move the base rigidly with it, let go."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator

import numpy as np

from vla_ros.core.floorplan import Furniture, Leaf
from vla_ros.core.geometry import Pose, Pose2D, wrap_angle
from vla_ros.planning import grasps
from vla_ros.planning.belief import Grip
from vla_ros.planning.choice import pick_place
from vla_ros.planning.context import Context, Script, look_at, move
from vla_ros.planning.failure import Failure
from vla_ros.planning.skills.going import drive_to_one, posture, travel_posture
from vla_ros.planning.skills.letting_go import let_go_of_handle
from vla_ros.planning.target import Target

_SHARE = 0.8
_SWING_TOLERANCE = 0.5


def swing(target: Target, opening: bool) -> Callable[[Context], Script]:
    """Opens (or closes) the leaf of the target furniture.

    The effect is judged by the base's measured way along the arc while the grip held.
    """

    def script(ctx: Context) -> Script:
        place = yield from pick_place(ctx, target)
        piece = place.furniture
        if piece is None or not piece.leaves:
            raise Failure("planning", f"{place.words} has no door that I know of", refused=True)
        gripper = ctx.world.robot.gripper
        if gripper is None:
            raise Failure("hardware", "I have no gripper", refused=True)
        leaf = piece.leaves[0]
        if ctx.belief.leaf_open.get(piece.name, False) == opening:
            ctx.conclude(f"{place.words} is already {'open' if opening else 'closed'}.".capitalize())
            return
        angle = _angle(leaf) if leaf.kind == "hinged" else 0.0
        turned = 0.0 if opening else angle
        yield from travel_posture(ctx)
        yield from drive_to_one(ctx, _stands(ctx, piece, leaf, turned), place.words)
        poses = handle_poses(piece, leaf, turned)
        yield from look_at(ctx, poses[0].position)
        yield from move(ctx, "gripper", opening_m=gripper.max_opening, timeout_s=6.0)
        touch = (piece.name, leaf.name)
        yield from move(ctx, "approach", targets=poses, approach_m=0.10, ignore=touch, timeout_s=60.0)
        # noted before the hand is about the handle: whatever interrupts from here on, the next step lets go first
        ctx.belief.grip = _grip(ctx, piece, leaf, poses[0])
        try:
            status = yield from move(
                ctx, "arm_reach", targets=poses, approach_m=0.10, ignore=touch, tolerance_m=0.012, timeout_s=30.0
            )
            chosen = poses[max(0, min(status.chosen, len(poses) - 1))] if status is not None else poses[0]
            ctx.belief.grip = _grip(ctx, piece, leaf, chosen)
            yield from move(
                ctx, "gripper", check=False, opening_m=0.0, effort_n=ctx.params.grip_effort_n, timeout_s=6.0
            )
            if not ctx.belief.is_holding():
                raise Failure("execution", f"I did not get hold of the handle of {place.words}")
            moved = yield from _pull(ctx, piece, leaf, angle if opening else -angle, opening)
            held = ctx.belief.is_holding()
        except Failure as failure:
            yield from _let_go_after(ctx, failure)
            raise
        yield from let_go_of_handle(ctx)
        yield from posture(ctx, "home")
        if moved < _SWING_TOLERANCE or not held:
            raise Failure("execution", f"the door of {place.words} did not move as far as it should")
        ctx.belief.leaf_open[piece.name] = opening
        ctx.conclude(f"I {'opened' if opening else 'closed'} {place.words}.")

    return script


def _angle(leaf: Leaf) -> float:
    return _SHARE * leaf.travel


def _turned(piece: Furniture, leaf: Leaf, turned: float) -> tuple[np.ndarray, float]:
    """Handle's floor point (2,) in map [m] and the heading into the leaf [rad], with the leaf ``turned`` [rad]."""
    hinge = np.array(leaf.hinge if leaf.kind == "hinged" else (0.0, 0.0))
    c, s = math.cos(turned), math.sin(turned)
    arm = np.array(leaf.handle[:2]) - hinge
    point = piece.pose2d.transform(hinge + np.array([c * arm[0] - s * arm[1], s * arm[0] + c * arm[1]]))
    return point, wrap_angle(piece.yaw + turned + math.pi)


def handle_poses(piece: Furniture, leaf: Leaf, turned: float) -> tuple[Pose, ...]:
    """Tool poses that grip the handle's bar, the hand pointing into the leaf; fingers close across the bar."""
    point, heading = _turned(piece, leaf, turned)
    position = np.array([point[0], point[1], leaf.handle[2]])
    poses = []
    for offset in (0.0, 0.25, -0.25):
        level = np.array([math.cos(heading + offset), math.sin(heading + offset), 0.0])
        across = np.array([-level[1], level[0], 0.0]) if leaf.handle_axis == "vertical" else np.array([0.0, 0.0, 1.0])
        poses += [grasps.tool_pose(position, level, sign * across) for sign in (1.0, -1.0)]
    return tuple(poses)


def _stands(ctx: Context, piece: Furniture, leaf: Leaf, turned: float) -> list[Pose2D]:
    """Standing points about 0.75 m before the handle, facing it."""
    point, heading = _turned(piece, leaf, turned)
    stands = []
    for distance in (0.75, 0.65, 0.9):
        for offset in (0.0, 0.3, -0.3, 0.6, -0.6):
            angle = heading + offset
            x, y = point - distance * np.array([math.cos(angle), math.sin(angle)])
            stands.append(Pose2D(float(x), float(y), angle))
    good = ctx.world.floor.free(np.array([[p.x, p.y] for p in stands]))
    return [p for p, ok in zip(stands, good) if ok]


def _pull(ctx: Context, piece: Furniture, leaf: Leaf, angle: float, opening: bool) -> Generator[None, None, float]:
    """Moves the base with the gripped handle; returns the measured share of the asked way."""
    before = ctx.belief.robot
    if leaf.kind == "drawer":
        away = (1.0 if opening else -1.0) * _SHARE * leaf.travel
        yield from move(ctx, "base_move", check=False, offset=(-away, 0.0, 0.0), timeout_s=30.0, speed_scale=0.5)
        after = ctx.belief.robot
        return math.hypot(after.x - before.x, after.y - before.y) / abs(away)
    x, y = piece.pose2d.transform(np.array(leaf.hinge))
    hinge = Pose((float(x), float(y), 0.0))
    yield from move(
        ctx,
        "base_arc",
        check=False,
        targets=(hinge,),
        angle_rad=angle,
        ignore=(piece.name,),
        timeout_s=45.0,
        speed_scale=0.5,
    )
    after = ctx.belief.robot
    start, end = math.atan2(before.y - y, before.x - x), math.atan2(after.y - y, after.x - x)
    return wrap_angle(end - start) / angle


def _grip(ctx: Context, piece: Furniture, leaf: Leaf, pose: Pose) -> Grip:
    """The hand about the handle as it is from the base now; base and hand move as one until it is let go."""
    turn = ctx.belief.robot.theta
    x, y, z = pose.matrix()[:3, 0]
    c, s = math.cos(turn), math.sin(turn)
    return Grip(piece.name, leaf.name, (float(c * x + s * y), float(c * y - s * x), float(z)))


def _let_go_after(ctx: Context, failure: Failure) -> Script:
    """Lets go of the handle after a failure. When even that does not work the first failure is the one to tell, and
    the noted grip makes the next step try again."""
    try:
        yield from let_go_of_handle(ctx)
        yield from posture(ctx, "home")
    except Failure as second:
        raise failure from second
