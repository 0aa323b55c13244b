"""Scene <-> message."""

from __future__ import annotations

import math

from vla_ros.core.errors import InputError
from vla_ros.core.scene import Scene, SceneObject
from vla_ros.msg import Scene as SceneMsg
from vla_ros.msg import SceneObject as SceneObjectMsg
from vla_ros.ros.conversions.stamps import (
    finite,
    header,
    pose_from_msg,
    pose_to_msg,
    stamp_from_msg,
    stamp_to_msg,
    vector_from_msg,
    vector_to_msg,
)

_MAX_OBJECTS = 500


def scene_to_msg(scene: Scene) -> SceneMsg:
    """All tracks."""
    message = SceneMsg(header=header(scene.stamp_s, scene.frame_id), view_valid=scene.view is not None)
    if scene.view is not None:
        message.view = pose_to_msg(scene.view)
    message.objects = [_object_to_msg(o) for o in scene.objects]
    return message


def scene_from_msg(message: SceneMsg) -> Scene:
    """Raises InputError for too many objects, non-finite poses or doubled ids."""
    if len(message.objects) > _MAX_OBJECTS:
        raise InputError("scene.objects", len(message.objects), f"Send up to {_MAX_OBJECTS} objects.")
    frame = message.header.frame_id
    if not frame:
        raise InputError("scene.header.frame_id", frame, "Name the frame of the objects' poses, such as odom.")
    objects = tuple(_object_from_msg(o, frame) for o in message.objects)
    if len({o.id for o in objects}) != len(objects):
        raise InputError("scene.objects", [o.id for o in objects], "Ids must differ.")
    view = pose_from_msg(message.view, frame, "scene.view") if message.view_valid else None
    return Scene(stamp_from_msg(message.header.stamp), frame, objects, view)


def _object_to_msg(thing: SceneObject) -> SceneObjectMsg:
    return SceneObjectMsg(
        id=thing.id,
        category=thing.category,
        categories=[name for name, _ in thing.categories],
        scores=[float(score) for _, score in thing.categories],
        color=thing.color,
        colors=[name for name, _ in thing.colors],
        color_shares=[float(share) for _, share in thing.colors],
        shape=thing.shape,
        pose=pose_to_msg(thing.pose),
        size=vector_to_msg(thing.size),
        velocity=vector_to_msg(thing.velocity),
        support_z=float(thing.support_z),
        confidence=float(thing.confidence),
        visible=bool(thing.visible),
        last_seen=stamp_to_msg(thing.last_seen_s),
    )


def _object_from_msg(message: SceneObjectMsg, frame: str) -> SceneObject:
    field = f"scene.objects[{message.id}]"
    finite(field, message.support_z, message.confidence, *message.scores, *message.color_shares)
    size = vector_from_msg(message.size, f"{field}.size")
    if min(size) < 0 or math.hypot(*size) > 20:
        raise InputError(f"{field}.size", size, "Send edge lengths from 0 to a few metres.")
    if len(message.categories) != len(message.scores) or len(message.colors) != len(message.color_shares):
        raise InputError(field, len(message.scores), "Send one score a category and one share a colour.")
    return SceneObject(
        id=message.id,
        categories=tuple(zip(message.categories, (float(s) for s in message.scores))),
        color=message.color,
        shape=message.shape,
        pose=pose_from_msg(message.pose, frame, f"{field}.pose"),
        size=size,
        confidence=message.confidence,
        visible=message.visible,
        last_seen_s=stamp_from_msg(message.last_seen),
        support_z=message.support_z,
        velocity=vector_from_msg(message.velocity, f"{field}.velocity"),
        colors=tuple(zip(message.colors, (float(s) for s in message.color_shares))),
    )
