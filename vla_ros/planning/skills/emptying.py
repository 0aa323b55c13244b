"""Emptying a hand that holds nobody knows what: after a restart, or a thing that a person put between the fingers.

The robot does not guess: it asks. The person takes the thing out of the hand, or agrees that it is put down, or says
no, and then the command ends honestly.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from vla_ros.core.geometry import Box, Pose
from vla_ros.core.scene import SceneObject
from vla_ros.core.task import Referent
from vla_ros.planning import grasps, search
from vla_ros.planning.answers import agrees
from vla_ros.planning.belief import Held
from vla_ros.planning.context import Context, Script, ask
from vla_ros.planning.failure import Failure
from vla_ros.planning.skills.putting import put_down_somewhere, surfaces_allowed
from vla_ros.planning.target import Target

UNKNOWN = "unknown_in_hand"
_BELOW_M = 0.12
_WIDTH_M = 0.10
_LEVEL_POSTURES = ("carry_front", "offer")
_HANGING_POSTURES = ("carry", "offer_top")


def empty_hand() -> Callable[[Context], Script]:
    """Asks what to do with the unknown thing and does it. Ends with an empty hand, or with a final Failure."""

    def script(ctx: Context) -> Script:
        piece = search.next_piece(surfaces_allowed(ctx), ctx.belief, ctx.world.floor)
        if piece is None:
            raise Failure("planning", "I hold something and know no surface to put it on: please take it", final=True)
        question = (
            "There is something in my hand, and I do not know what it is. "
            f"Shall I put it down on the {piece.name.replace('_', ' ')}? You can also take it out of my hand."
        )
        answer = yield from ask(ctx, question, until=lambda: not ctx.belief.is_holding())
        if answer is None:
            return
        if not agrees(answer):
            raise Failure("planning", "I keep what is in my hand. Take it, or tell me to put it down", final=True)
        ctx.belief.held = unknown_held(ctx)
        yield from put_down_somewhere(Target(Referent("object", category="thing"), bound_id=UNKNOWN))(ctx)

    return script


def unknown_held(ctx: Context) -> Held:
    """The unknown thing as a box that reaches well below the hand, so that letting go of it is no long fall: between
    the fingers of a level hand, or hanging from one that points down, as the arm's posture tells."""
    level = _hand_is_level(ctx)
    approach = np.array([1.0, 0.0, 0.0] if level else [0.0, 0.0, -1.0])
    size = (_WIDTH_M, _WIDTH_M, 2 * _BELOW_M if level else _BELOW_M)
    above_middle = np.array([0.0, 0.0, 0.0 if level else _BELOW_M / 2])
    standing = grasps.tool_pose(above_middle, approach, np.array([0.0, 1.0, 0.0]))
    robot = ctx.belief.robot
    place = Pose.planar(robot.x, robot.y, robot.theta, 1.0)
    thing = SceneObject(UNKNOWN, (("thing", 1.0),), "", "box", place, size, 1.0, False, ctx.now)
    return Held(thing, Box(Pose.from_matrix(np.linalg.inv(standing.matrix()).astype(np.float64)), size), standing)


def _hand_is_level(ctx: Context) -> bool:
    """Whether the arm is nearer to a posture that carries level than to one that lets things hang."""
    joints = ctx.belief.joints
    measured = joints.positions.as_dict() if joints is not None else {}

    def gap(name: str) -> float:
        posture = ctx.world.robot.posture(name)
        group = ctx.world.robot.group(posture.group) if posture is not None else None
        if posture is None or group is None:
            return math.inf
        return math.dist([measured.get(n, math.inf) for n in group.names], posture.positions)

    return min(map(gap, _LEVEL_POSTURES)) < min(map(gap, _HANGING_POSTURES))
