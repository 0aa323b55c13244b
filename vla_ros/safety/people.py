"""Who counts as a person, where each one stands and how fast each may come. Doubt makes a person, never less."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from vla_ros.core.scene import Scene, SceneObject
from vla_ros.safety.lidar_tracker import Mover
from vla_ros.safety.params import SafetyParams

_LEAST_RADIUS_M = 0.15
_TALLEST_M = 2.3
_WIDEST_M = 1.0
_OFF_FLOOR_M = 0.3
_SIGHTINGS = 3
_SURE = 0.5


@dataclass(frozen=True, slots=True)
class Human:
    """A person as a circle in odom [m] with the speed [m/s] that must be reckoned with, and the velocity [m/s] where
    it is measured."""

    id: str
    x: float
    y: float
    radius: float
    speed: float
    velocity: tuple[float, float] | None = None


class People:
    """The people of the newest scene.

    What was once a person stays one for as long as its track lives, whatever it is called later; what is as
    large as a person and stands on the floor is one too. A speed counts as measured after three sightings in a
    row of a track that perception is sure of; else ``human_speed_mps`` is used.

    Args:
        params: speeds, memory.
    """

    def __init__(self, params: SafetyParams) -> None:
        self._params = params
        self._known: set[str] = set()
        self._sightings: dict[str, int] = {}
        self._humans: tuple[Human, ...] = ()
        self._seen_at = -math.inf

    def at(self, now: float) -> tuple[Human, ...]:
        """Everybody; once the scene is older than its time-out no speed counts as measured."""
        if now - self._seen_at <= self._params.scene_timeout_s:
            return self._humans
        fastest = self._params.human_speed_mps
        return tuple(replace(h, speed=max(h.speed, fastest), velocity=None) for h in self._humans)

    def walking(self, now: float) -> tuple[Mover, ...]:
        """Those who are seen to walk."""
        return tuple(
            Mover(h.id, h.x, h.y, *h.velocity, h.radius, self._seen_at)
            for h in self.at(now)
            if h.velocity is not None and math.hypot(*h.velocity) >= self._params.approach_mps
        )

    def see(self, scene: Scene, now: float) -> None:
        """A new scene; objects with numbers that are not finite are left out."""
        self._seen_at = now
        oldest = scene.stamp_s - self._params.person_memory_s
        lately = [o for o in scene.objects if o.visible or o.last_seen_s >= oldest]
        found = [o for o in lately if self._is_person(o) and _finite(o)]
        self._sightings = {o.id: self._sightings.get(o.id, 0) + 1 for o in found if o.visible}
        self._known = {o.id for o in scene.objects if o.id in self._known} | {o.id for o in found}
        self._humans = tuple(self._human(o) for o in found)

    def _is_person(self, thing: SceneObject) -> bool:
        return (
            thing.shape == "person"
            or thing.score_of("person") > 0.0
            or thing.id in self._known
            or self._is_as_large(thing)
        )

    def _is_as_large(self, thing: SceneObject) -> bool:
        length, width, height = thing.size
        on_floor = thing.pose.position[2] - height / 2.0 < _OFF_FLOOR_M
        return self._params.person_height_m <= height <= _TALLEST_M and max(length, width) < _WIDEST_M and on_floor

    def _human(self, thing: SceneObject) -> Human:
        radius = max(_LEAST_RADIUS_M, max(thing.size[:2]) / 2.0)
        speed, velocity = self._params.human_speed_mps, None
        sure = max(thing.confidence, thing.score_of("person")) >= _SURE
        if sure and self._sightings.get(thing.id, 0) >= _SIGHTINGS:
            velocity = (thing.velocity[0], thing.velocity[1])
            speed = math.hypot(*velocity) + self._params.human_margin_mps
        return Human(thing.id, thing.pose.position[0], thing.pose.position[1], radius, speed, velocity)


def _finite(thing: SceneObject) -> bool:
    return all(map(math.isfinite, (*thing.pose.position, *thing.size, *thing.velocity)))
