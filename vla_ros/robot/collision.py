"""Does the robot touch itself, its surroundings or what it carries? Shapes of the model, checked by coal.

A :class:`CollisionShapes` is made once a robot; a :class:`CollisionScene` once a question (obstacles, carried
box), then asked many times. Imports core, numpy, pinocchio, coal.
"""

from __future__ import annotations

import coal
import numpy as np
import pinocchio as pin

from vla_ros.core.geometry import Box, Pose, Vector

CARRIED = "carried"


class CollisionShapes:
    """Collision shapes of a model and the pairs of them that may never touch.

    Args:
        model: kinematics.
        geometry: collision geometry (its pairs are replaced here).
        rest: configurations free of contact; pairs that overlap there are left out, as neighbours are.
        tool_frame: to which a carried box is fixed ("" = none).
    """

    def __init__(
        self, model: pin.Model, geometry: pin.GeometryModel, rest: tuple[Vector, ...], tool_frame: str
    ) -> None:
        self.model, self.geometry, self.tool_frame = model, geometry, tool_frame
        self.base_frame = model.getFrameId("base_link")
        self.tool_joint = model.frames[model.getFrameId(tool_frame)].parentJoint if tool_frame else 0
        geometry.removeAllCollisionPairs()
        objects = list(geometry.geometryObjects)
        for i, first in enumerate(objects):
            for j in range(i + 1, len(objects)):
                if not self._neighbours(first.parentJoint, objects[j].parentJoint):
                    geometry.addCollisionPair(pin.CollisionPair(i, j))
        for q in rest:
            data, found = model.createData(), geometry.createData()
            pin.computeCollisions(model, data, geometry, found, q, False)
            for k in reversed(range(len(geometry.collisionPairs))):
                if found.collisionResults[k].isCollision():
                    geometry.removeCollisionPair(geometry.collisionPairs[k])
        self._half_sizes: list[tuple[Vector, Vector]] = []
        for shape in objects:
            shape.geometry.computeLocalAABB()
            aabb = shape.geometry.aabb_local
            low, high = np.array(aabb.min_), np.array(aabb.max_)
            self._half_sizes.append(((low + high) / 2, (high - low) / 2))

    def label(self, index: int) -> str:
        """The body's name of one shape, for messages."""
        name = self.model.frames[self.geometry.geometryObjects[index].parentFrame].name
        return str(name)

    def boxes(self, q: Vector, margin: float) -> tuple[Box, ...]:
        """One oriented box a shape, in base_link."""
        out = []
        for i, (place, (center, half)) in enumerate(zip(self.placements(q), self._half_sizes)):
            pose = place.copy()
            pose[:3, 3] += place[:3, :3] @ center
            size = tuple(float(v) for v in 2 * (half + margin))
            out.append(Box(Pose.from_matrix(pose, "base_link"), size, self.label(i)))  # type: ignore[arg-type]
        return tuple(out)

    def placements(self, q: Vector) -> tuple[Vector, ...]:
        """4x4 pose of each shape in base_link."""
        data, placed = self.model.createData(), self.geometry.createData()
        pin.framesForwardKinematics(self.model, data, q)
        pin.updateGeometryPlacements(self.model, data, self.geometry, placed)
        base = data.oMf[self.base_frame].inverse()
        return tuple(np.asarray((base * place).homogeneous) for place in placed.oMg)

    def scene(
        self, boxes: tuple[Box, ...], carried: Box | None, margin: float, self_margin: float = 0.0
    ) -> CollisionScene:
        """The shapes together with obstacles (in base_link) and a carried box (in tool axes)."""
        return CollisionScene(self, boxes, carried, margin, self_margin)

    def _neighbours(self, a: int, b: int) -> bool:
        parents = self.model.parents
        siblings = parents[a] == parents[b] and a in self._hand_joints() and b in self._hand_joints()
        return a == b or parents[a] == b or parents[b] == a or siblings

    def _hand_joints(self) -> set[int]:
        """Joints that carry the hand and its fingers."""
        if not self.tool_frame:
            return set()
        return {self.tool_joint} | {int(j) for j in self.model.subtrees[self.tool_joint]}


class CollisionScene:
    """One question's surroundings. ``margin`` [m] is kept from obstacles, ``self_margin`` [m] between the robot's own
    links."""

    def __init__(
        self,
        shapes: CollisionShapes,
        boxes: tuple[Box, ...],
        carried: Box | None,
        margin: float,
        self_margin: float = 0.0,
    ) -> None:
        self._shapes = shapes
        self._self_margin = self_margin
        self._apart = {(p.first, p.second) for p in shapes.geometry.collisionPairs} if self_margin > 0.0 else set()
        model = self._model = shapes.model
        geometry = self._geometry = shapes.geometry.copy()
        links = range(len(shapes.geometry.geometryObjects))
        base = model.frames[shapes.base_frame].placement
        hand = shapes._hand_joints()
        self._names = [shapes.label(i) for i in links]
        moving = [i for i in links if shapes.geometry.geometryObjects[i].parentJoint != 0]
        if carried is not None and shapes.tool_frame:
            tool = model.frames[model.getFrameId(shapes.tool_frame)]
            place = tool.placement * pin.SE3(carried.pose.matrix())
            held = geometry.addGeometryObject(pin.GeometryObject(CARRIED, tool.parentJoint, place, _shape(carried)))
            self._names.append(carried.name or "the carried object")
            for i in links:
                if shapes.geometry.geometryObjects[i].parentJoint not in hand:
                    geometry.addCollisionPair(pin.CollisionPair(i, held))
            moving.append(held)
        for k, box in enumerate(boxes):
            place = base * pin.SE3(box.pose.matrix())
            shape = pin.GeometryObject(f"obstacle_{k}", 0, place, _shape(box, margin))
            index = geometry.addGeometryObject(shape)
            self._names.append(box.name or f"obstacle {k}")
            for i in moving:
                geometry.addCollisionPair(pin.CollisionPair(i, index))
        self._renew()

    def touching(self, q: Vector) -> str:
        """The first contact at a full configuration, "" when there is none."""
        if not pin.computeCollisions(self._model, self._data, self._geometry, self._found, q, True):
            return ""
        for k, pair in enumerate(self._geometry.collisionPairs):
            if self._found.collisionResults[k].isCollision():
                return f"{self._names[pair.first]} touches {self._names[pair.second]}"
        return "the robot touches something"

    def free(self, q: Vector) -> bool:
        """True when nothing touches at a full configuration."""
        return not pin.computeCollisions(self._model, self._data, self._geometry, self._found, q, True)

    def relax_at(self, q: Vector) -> None:
        """Links that are nearer than ``self_margin`` at ``q`` need not keep it: a posture may be as tight as it is."""
        if not self._apart:
            return
        pin.computeCollisions(self._model, self._data, self._geometry, self._found, q, False)
        for k, pair in enumerate(self._geometry.collisionPairs):
            if self._found.collisionResults[k].isCollision():
                self._apart.discard((pair.first, pair.second))
        self._renew()

    def allow_contacts_at(self, q: Vector) -> tuple[str, ...]:
        """Stops watching the pairs that touch at ``q`` (the arm must be able to leave), and tells which."""
        pin.computeCollisions(self._model, self._data, self._geometry, self._found, q, False)
        allowed = []
        for k in reversed(range(len(self._geometry.collisionPairs))):
            pair = self._geometry.collisionPairs[k]
            if self._found.collisionResults[k].isCollision():
                allowed.append(f"{self._names[pair.first]} touches {self._names[pair.second]}")
                self._geometry.removeCollisionPair(pin.CollisionPair(pair.first, pair.second))
        self._renew()
        return tuple(allowed)

    def _renew(self) -> None:
        self._data = self._model.createData()
        self._found = self._geometry.createData()
        for k, pair in enumerate(self._geometry.collisionPairs):
            if (pair.first, pair.second) in self._apart:
                self._found.collisionRequests[k].security_margin = self._self_margin


def _shape(box: Box, margin: float = 0.0) -> coal.Box:
    return coal.Box(*(float(max(v + 2 * margin, 1e-3)) for v in box.size))
