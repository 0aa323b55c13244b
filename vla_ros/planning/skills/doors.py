"""Opening and closing hinged doors and drawers: grip the handle, move the base rigidly with it, let go."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from vla_ros.core.floorplan import Furniture, Leaf
from vla_ros.core.geometry import Pose, Pose2D
from vla_ros.planning import grasps, leaves
from vla_ros.planning.belief import Grip
from vla_ros.planning.choice import pick_place
from vla_ros.planning.context import Context, Script, look_at, move
from vla_ros.planning.failure import Failure
from vla_ros.planning.skills.going import drive_to_one, posture, travel_posture
from vla_ros.planning.skills.letting_go import let_go_of_handle
from vla_ros.planning.target import Target

_SWING_TOLERANCE = 0.5
_AJAR = 0.25
"""Open by more than this share of the full way is not closed."""
_STAYED = 0.1
"""A leaf that slipped from the hand within this share of the full way is taken to be where it was."""


def swing(target: Target, opening: bool) -> Callable[[Context], Script]:
    """Opens (or closes) the leaf of the target furniture, from wherever it was left last.

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
        full = leaves.wide(leaf)
        known = ctx.belief.leaf_amount.get(piece.name, 0.0)
        # Where it slipped from the hand nobody knows how far it is open: it is tried where it should be.
        before = known if known is not None else (0.0 if opening else full)
        if known is not None and (known / full >= _SWING_TOLERANCE if opening else known / full <= _AJAR):
            ctx.conclude(f"{place.words} is already {'open' if opening else 'closed'}.".capitalize())
            return
        way = full - before if opening else -before
        yield from travel_posture(ctx)
        yield from drive_to_one(ctx, _stands(ctx, piece, leaf, before), place.words)
        poses = handle_poses(piece, leaf, before)
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
                lost = "" if known is not None else ": it slipped from my hand, and I do not know how far it is open"
                raise Failure("execution", f"I did not get hold of the handle of {place.words}{lost}")
            start = ctx.belief.robot
            try:
                yield from _pull(ctx, piece, leaf, way)
            finally:  # also when the command is cancelled half-way
                done = leaves.moved(piece, leaf, start, ctx.belief.robot)
                held = ctx.belief.is_holding()
                _note_amount(ctx, piece, leaf, before, done, held)
        except Failure as failure:
            yield from _let_go_after(ctx, failure)
            raise
        yield from let_go_of_handle(ctx)
        yield from posture(ctx, "home")
        if done / way < _SWING_TOLERANCE or not held:
            raise Failure("execution", f"the door of {place.words} did not move as far as it should")
        ctx.conclude(f"I {'opened' if opening else 'closed'} {place.words}.")

    return script


def _note_amount(ctx: Context, piece: Furniture, leaf: Leaf, before: float, done: float, held: bool) -> None:
    """Remembers how far the leaf is open after it was moved by ``done``; unknown when it slipped on the way."""
    full = leaves.wide(leaf)
    if not held and abs(done / full) > _STAYED:
        ctx.belief.leaf_amount[piece.name] = None
        return
    amount = leaves.within(leaf, before + done) if held else before
    ctx.belief.leaf_amount[piece.name] = amount
    ctx.belief.leaf_open[piece.name] = amount / full >= _SWING_TOLERANCE


def handle_poses(piece: Furniture, leaf: Leaf, amount: float) -> tuple[Pose, ...]:
    """Tool poses that grip the handle's bar, the hand pointing into the leaf; fingers close across the bar."""
    point, heading = leaves.handle(piece, leaf, amount)
    position = np.array([point[0], point[1], leaf.handle[2]])
    poses = []
    for offset in (0.0, 0.25, -0.25):
        level = np.array([math.cos(heading + offset), math.sin(heading + offset), 0.0])
        across = np.array([-level[1], level[0], 0.0]) if leaf.handle_axis == "vertical" else np.array([0.0, 0.0, 1.0])
        poses += [grasps.tool_pose(position, level, sign * across) for sign in (1.0, -1.0)]
    return tuple(poses)


def _stands(ctx: Context, piece: Furniture, leaf: Leaf, amount: float) -> list[Pose2D]:
    """Standing points about 0.75 m before the handle, facing it."""
    point, heading = leaves.handle(piece, leaf, amount)
    stands = []
    for distance in (0.75, 0.65, 0.9):
        for offset in (0.0, 0.3, -0.3, 0.6, -0.6):
            angle = heading + offset
            x, y = point - distance * np.array([math.cos(angle), math.sin(angle)])
            stands.append(Pose2D(float(x), float(y), angle))
    good = ctx.world.floor.free(np.array([[p.x, p.y] for p in stands]))
    return [p for p, ok in zip(stands, good) if ok]


def _pull(ctx: Context, piece: Furniture, leaf: Leaf, way: float) -> Script:
    """Moves the base with the gripped handle, so that the leaf opens (or closes) by ``way``."""
    if leaf.kind == "drawer":
        yield from move(ctx, "base_move", check=False, offset=(-way, 0.0, 0.0), timeout_s=30.0, speed_scale=0.5)
        return
    x, y = piece.pose2d.transform(np.array(leaf.hinge))
    yield from move(
        ctx,
        "base_arc",
        check=False,
        targets=(Pose((float(x), float(y), 0.0)),),
        angle_rad=way,
        ignore=(piece.name,),
        timeout_s=45.0,
        speed_scale=0.5,
    )


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
