"""What the hand can carry and the arm can reach."""

from __future__ import annotations

from vla_ros.planning.grasps import believed_size
from vla_ros.planning.rules.rule import Intent, Objection


def payload(intent: Intent) -> Objection | None:
    """Nothing heavier than the gripper's ``max_payload``; the lightest kind that it may be counts, because a doubt
    must not make the robot idle."""
    gripper = intent.ctx.world.robot.gripper
    if intent.skill != "pick" or gripper is None or gripper.max_payload <= 0.0:
        return None
    masses = [kind.mass for kind in intent.kinds(intent.thing)]
    if not masses or min(masses) <= gripper.max_payload:
        return None
    assert intent.thing is not None
    text = f"{intent.thing.short()} weighs about {min(masses):g} kg and I can lift {gripper.max_payload:g} kg"
    return Objection("payload", "refuse", text)


def reach(intent: Intent) -> Objection | None:
    """Nothing higher or lower than the hand comes, wherever the base stands."""
    span = intent.ctx.world.reach()
    thing = intent.seen(intent.thing)
    if intent.skill != "pick" or span is None or thing is None or intent.thing is None:
        return None
    held = intent.ctx.belief.held
    if held is not None and held.thing.id == thing.id:
        return None
    height = thing.pose.position[2]
    half = believed_size(thing, next(intent.kinds(intent.thing), None))[2] / 2
    low, high = span
    if low <= height + half and height - half <= high:
        return None
    text = f"{intent.thing.short()} is at a height of {height:.2f} m and my hand comes from {low:.2f} to {high:.2f} m"
    return Objection("reach", "avoid", text)
