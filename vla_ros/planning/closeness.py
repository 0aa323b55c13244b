"""How sure it is, after a look from near, that a thing is what is meant."""

from __future__ import annotations

from vla_ros.core.scene import SceneObject
from vla_ros.planning.context import Context
from vla_ros.planning.target import Target

NEAR_M = 1.6
"""Distance of the camera within which the thresholds were fitted [m]; from farther away nothing is concluded."""


def is_doubtful(ctx: Context, target: Target, thing: SceneObject) -> bool:
    """Whether a thing that was seen from near is less certain than ``ask_thing_below`` and nobody has said yes."""
    if target.chosen_by_user or ctx.belief.nearest_view(thing) > NEAR_M:
        return False
    category = ctx.world.grounding.canonical(target.referent.category)
    certainty = thing.score_of(category) if category in dict(thing.categories) else thing.confidence
    return certainty < ctx.params.ask_thing_below
