"""What the robot believes, from what it perceived: things and where they were last seen, what was looked at,
what the hand holds, where the user stood. Callbacks write it, skills read it."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from vla_ros.core.floorplan import FloorPlan, Furniture, Room, Surface
from vla_ros.core.geometry import Box, Pose, Pose2D
from vla_ros.core.motion import MotionStatus
from vla_ros.core.remembered import RememberedObject
from vla_ros.core.robot_state import JointStates, Odometry
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.core.scene import Scene, SceneObject
from vla_ros.planning.glances import Glances

_MERGE_M = 0.15
_GONE_AFTER_S = 1.5
_VIEW_RANGE_M = 2.2
_VIEW_TAN = (0.62, 0.45)
_HOLD_LOST_S = 0.6
_MIN_OPENING_M = 0.002
CLOCK_RESET_S = 1.0
"""A clock that goes back by more than this was set, it did not merely jitter."""
_REMEMBERED_S = 3600.0
_GONE_REMEMBERED_S = 60.0
_MOST_RENAMED = 500


@dataclass(frozen=True)
class Held:
    """The thing in the hand: what it was in the scene and its box in tool axes."""

    thing: SceneObject
    box: Box
    standing: Pose
    """The tool's pose in the axes of the standing thing (upright, yaw of its box)."""


@dataclass(frozen=True)
class Grip:
    """The hand about the handle of a door or drawer. ``approach`` is the unit vector (3,) in base axes along which
    the hand points, so that it can be drawn back whatever the base did since."""

    furniture: str
    leaf: str
    approach: tuple[float, float, float]


class Belief:
    """The robot's picture of the world. All stamps are seconds of the node's clock."""

    def __init__(self, plan: FloorPlan) -> None:
        self.plan = plan
        self.odometry: Odometry | None = None
        self.joints: JointStates | None = None
        self.safety: SafetyStatus | None = None
        self.motion: MotionStatus | None = None
        self.held: Held | None = None
        self.grip: Grip | None = None
        self.things: dict[str, SceneObject] = {}
        self.gone: set[str] = set()
        self.looked_at: dict[str, float] = {}
        self.glances = Glances(plan)
        self.leaf_open: dict[str, bool] = {}
        self.leaf_amount: dict[str, float | None] = {}
        """How far a piece's door is open (see leaves.py); None when it slipped from the hand, closed when not here."""
        self.user_point: tuple[float, float] | None = None
        self.remembered: tuple[RememberedObject, ...] = ()
        """Things of earlier runs, the last seen first. They may be anywhere by now."""
        self.scene_stamps: deque[float] = deque(maxlen=50)
        self._missing_since: dict[str, float] = {}
        self._nearest_view: dict[str, float] = {}
        self._renamed: dict[str, str] = {}
        self._motions: dict[str, MotionStatus] = {}
        self._not_holding_since: float | None = None

    # -- what arrives

    def observe_scene(self, scene: Scene) -> None:
        """Updates things seen, forgets those that should be in view and are not, merges doubles."""
        if self.scene_stamps and scene.stamp_s < self.scene_stamps[-1] - CLOCK_RESET_S:
            self.start_anew()
        if scene.view is not None:  # without the camera's pose the objects are the old ones
            self.scene_stamps.append(scene.stamp_s)
            self.glances.observe(scene.view, scene.stamp_s)
        present = {o.id for o in scene.objects}
        for thing in scene.objects:
            if thing.id not in self.things:
                self._merge(thing, present)
            self.things[thing.id] = thing
            if thing.visible:
                self.gone.discard(thing.id)
                self._missing_since.pop(thing.id, None)
                if scene.view is not None:
                    away = math.dist(scene.view.position, thing.pose.position)
                    self._nearest_view[thing.id] = min(away, self._nearest_view.get(thing.id, math.inf))
        self._prune(present, scene.stamp_s)
        seen_from = np.linalg.inv(scene.view.matrix())[:3] if scene.view is not None else None
        for thing in self.things.values():
            if thing.id in present and thing.visible:
                continue
            if not self._expected(seen_from, thing):
                self._missing_since.pop(thing.id, None)
                continue
            since = self._missing_since.setdefault(thing.id, scene.stamp_s)
            if scene.stamp_s - since > _GONE_AFTER_S:
                self.gone.add(thing.id)

    def observe_motion(self, status: MotionStatus, now: float) -> None:
        """Keeps the newest answer to each goal and watches the grip."""
        self.motion = status
        self._motions[status.goal_id] = status
        while len(self._motions) > 20:
            self._motions.pop(next(iter(self._motions)))
        if status.holding:
            self._not_holding_since = None
        elif self._not_holding_since is None or now < self._not_holding_since:
            self._not_holding_since = now

    def motion_of(self, goal_id: str) -> MotionStatus | None:
        """The newest answer to that goal."""
        return self._motions.get(goal_id)

    # -- the hand

    def is_holding(self) -> bool:
        """True when the fingers are stopped by something between them, as control measures it."""
        return bool(self.motion and self.motion.holding and self.motion.opening_m >= _MIN_OPENING_M)

    def holds_unknown(self) -> bool:
        """True when something is between the fingers and nobody knows what: no thing that was picked, no handle."""
        return self.is_holding() and self.held is None and self.grip is None

    def lost_grip(self, now: float) -> bool:
        """True when a held thing has not been felt for long enough to be sure."""
        since = self._not_holding_since
        return self.held is not None and since is not None and now - since > _HOLD_LOST_S

    # -- where things are

    @property
    def robot(self) -> Pose2D:
        """The base's pose; the plan's start before the first odometry."""
        return self.odometry.pose if self.odometry else Pose2D(*self.plan.start)

    @property
    def here(self) -> Room | None:
        """The room the robot is in."""
        return self.plan.room_at(self.robot.x, self.robot.y)

    def thing(self, thing_id: str) -> SceneObject | None:
        """The thing of that id as last seen, under its newest id; None when unknown or found missing."""
        thing = self.last_seen(thing_id)
        return None if thing is None or thing.id in self.gone else thing

    def last_seen(self, thing_id: str) -> SceneObject | None:
        """The thing as it was when last seen, even when it has been missing since; None when it was never seen."""
        for _ in range(len(self._renamed)):
            if thing_id in self.things or thing_id not in self._renamed:
                break
            thing_id = self._renamed[thing_id]
        return self.things.get(thing_id)

    def present(self) -> list[SceneObject]:
        """Everything believed to be there, the held thing left out."""
        return [t for t in self.things.values() if t.id not in self.gone and not self._in_hand(t)]

    def support_of(self, thing: SceneObject) -> tuple[Furniture, Surface] | None:
        """The furniture and surface that carry a thing."""
        x, y, z = thing.pose.position
        return self.plan.surface_below(x, y, z - thing.size[2] / 2, 0.10)

    def furniture_of(self, thing: SceneObject) -> Furniture | None:
        """The furniture it lies on or in, else None (the floor, a hand)."""
        support = self.support_of(thing)
        if support:
            return support[0]
        x, y, z = thing.pose.position
        inside = [f for f in self.plan.furniture_at(x, y) if z <= f.size[2] + 0.3 and z > 0.15]
        return inside[0] if inside else None

    def room_of(self, thing: SceneObject) -> str:
        """Name of the room it is in, "" outside."""
        room = self.plan.room_at(thing.pose.position[0], thing.pose.position[1])
        return room.name if room else ""

    def distance_to(self, thing: SceneObject) -> float:
        """From the base to the thing, along the floor [m]."""
        return math.hypot(thing.pose.position[0] - self.robot.x, thing.pose.position[1] - self.robot.y)

    def nearest_view(self, thing: SceneObject) -> float:
        """From how near the camera has seen the thing [m]; inf when it never did."""
        return self._nearest_view.get(thing.id, math.inf)

    def fresh_scenes(self, since: float) -> int:
        """Number of scenes stamped after ``since``."""
        return sum(stamp > since for stamp in self.scene_stamps)

    def note_looked_at(self, names: tuple[str, ...], now: float) -> None:
        """Remembers that these pieces were looked at."""
        self.looked_at.update(dict.fromkeys(names, now))

    def forget(self, thing_id: str) -> None:
        """A thing is not where it was: somebody moved it, so what was looked at before proves nothing any more."""
        self.gone.add(thing_id)
        self.looked_at.clear()
        self.glances.forget()

    def drop(self) -> None:
        """The held thing is not in the hand any more and may lie anywhere."""
        if self.held is not None:
            self.forget(self.held.thing.id)
        self.held = None

    def _in_hand(self, thing: SceneObject) -> bool:
        """The held thing is no thing on a table, under whatever id the tracker carries it."""
        if self.held is None or thing.category == "person":
            return False
        if thing.id == self.held.thing.id and self.support_of(thing) is None:
            return True
        return self.distance_to(thing) < 0.6 and self.furniture_of(thing) is None and thing.pose.position[2] > 0.4

    def _merge(self, new: SceneObject, present: set[str]) -> None:
        for old in list(self.things.values()):
            gap = math.dist(old.pose.position, new.pose.position)
            if old.id not in present and gap < _MERGE_M and (old.category == new.category or old.color == new.color):
                del self.things[old.id]
                self._renamed[old.id] = new.id
                self._nearest_view.pop(old.id, None)
                self.gone.discard(old.id)
                self._missing_since.pop(old.id, None)

    def _prune(self, present: set[str], now: float) -> None:
        """Bounds the memory: what is gone or was last seen long ago, and is not in the hand, is dropped."""
        keep = present | ({self.held.thing.id} if self.held else set())
        for name, thing in list(self.things.items()):
            age = now - thing.last_seen_s
            if name not in keep and (age > _REMEMBERED_S or (name in self.gone and age > _GONE_REMEMBERED_S)):
                del self.things[name]
                self.gone.discard(name)
                self._nearest_view.pop(name, None)
                self._missing_since.pop(name, None)
        while len(self._renamed) > _MOST_RENAMED:
            self._renamed.pop(next(iter(self._renamed)))

    def start_anew(self) -> None:
        """The clock was set back (a reset simulator, a replayed bag): what has later stamps proves nothing."""
        self.scene_stamps.clear()
        for memory in (self.things, self._nearest_view, self._missing_since, self.looked_at, self._renamed):
            memory.clear()  # type: ignore[attr-defined]
        self.gone.clear()
        self.glances.forget()
        self._not_holding_since = None

    @staticmethod
    def _expected(seen_from: np.ndarray | None, thing: SceneObject) -> bool:
        """True when the camera should see the thing: well inside the image and near."""
        if seen_from is None:
            return False
        x, y, z = seen_from @ np.array([*thing.pose.position, 1.0])
        return bool(0.35 < z < _VIEW_RANGE_M and abs(x) < _VIEW_TAN[0] * z and abs(y) < _VIEW_TAN[1] * z)
