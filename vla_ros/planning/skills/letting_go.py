"""Letting go of what the hand should not drag along: the handle of a door that an interrupted command left gripped."""

from __future__ import annotations

import math

from vla_ros.planning.context import Context, Script, move
from vla_ros.planning.failure import Failure

_DRAW_BACK_M = 0.10
_BACK_OFF_M = 0.20


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
