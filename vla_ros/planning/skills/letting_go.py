"""Letting go of what the hand should not drag along: the handle of a door that an interrupted command left gripped."""

from __future__ import annotations

import math

from vla_ros.planning import leaves
from vla_ros.planning.belief import Grip
from vla_ros.planning.context import Context, Script, World, move
from vla_ros.planning.failure import Failure

_DRAW_BACK_M = 0.10
_BACK_OFF_M = 0.20


def notice_handle(world: World) -> None:
    """After a restart nobody knows what is in the hand: when the hand is where a door's handle can be, it is that.

    A robot that drove off with it would pull the door along.
    """
    belief, robot = world.belief, world.belief.robot
    tool = world.tool_from_joints() if belief.holds_unknown() else None
    if tool is None:
        return
    place = robot.to_pose().matrix() @ tool
    found = leaves.held_by(world.plan, place[:3, 3])
    if found is None:
        return
    piece, leaf, amount = found
    x, y, z = (float(v) for v in tool[:3, 0])
    belief.grip = Grip(piece.name, leaf.name, (x, y, z))
    belief.leaf_amount[piece.name] = amount
    belief.leaf_open[piece.name] = amount / leaves.wide(leaf) >= 0.5


def let_go_of_handle(ctx: Context) -> Script:
    """Opens the hand, draws it back off the handle and backs off a little; nothing when no handle is gripped.

    Raises Failure (hardware) while the hand does not open: then nothing may drive, it would pull at the door.
    """
    grip, gripper = ctx.belief.grip, ctx.world.robot.gripper
    if grip is None or gripper is None:
        return
    ctx.note = f"letting go of the door of the {grip.furniture.replace('_', ' ')}"
    yield from move(ctx, "gripper", check=False, opening_m=gripper.max_opening, timeout_s=6.0)
    if ctx.belief.is_holding():
        raise Failure("hardware", "my gripper does not let go of the handle")
    x, y, z = grip.approach
    c, s = math.cos(ctx.belief.robot.theta), math.sin(ctx.belief.robot.theta)
    back = (-_DRAW_BACK_M * (c * x - s * y), -_DRAW_BACK_M * (s * x + c * y), -_DRAW_BACK_M * z)
    yield from move(ctx, "arm_linear", check=False, offset=back, timeout_s=8.0)
    yield from move(ctx, "base_move", check=False, offset=(-_BACK_OFF_M, 0.0, 0.0), timeout_s=10.0)
    ctx.belief.grip = None
    ctx.note = ""
