"""Gives things of successive frames stable ids and remembers those out of sight."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.geometry import Vector
from vla_ros.core.scene import RgbdFrame, SceneObject
from vla_ros.perception.colors import similar
from vla_ros.perception.params import PerceptionParams
from vla_ros.perception.sight import Sight, SightChecker
from vla_ros.perception.tracks import Track

_NEVER = 1e6
_REAPPEAR_S = 30.0
"""A vanished thing that appears elsewhere within this time keeps its id [s]."""
_RECENT_S = 2.0
"""People stay about where they were for so long [s]."""
_BODY = 0.35
"""Radius around a person's axis within which nothing else stands on the floor [m]."""
_SMALL = 0.16
"""Things smaller than this hold no other things [m]."""
_JUMP_SPEED = 3.0
_JUMP_TURN = 5.0
"""A camera faster than this [m/s, rad/s] was not moved but had its pose corrected."""


class Tracker:
    """Associates sights with tracks; owns ids and memory.

    Call ``update`` with the frames in the order of their stamps; ``clear`` after a jump of the clock.
    """

    def __init__(self, params: PerceptionParams, floor_plan: FloorPlan | None = None) -> None:
        self._params = params
        self._plan = floor_plan
        self._tracks: list[Track] = []
        self._vanished: list[tuple[float, Track]] = []
        self._counters: dict[str, int] = {}
        self._last: tuple[float, Vector] | None = None

    def clear(self) -> None:
        """Forgets everything but the counters, so that ids are never used twice."""
        self._tracks.clear()
        self._vanished.clear()
        self._last = None

    def objects(self, stamp_s: float) -> tuple[SceneObject, ...]:
        """Every confirmed track at that time."""
        return tuple(t.report(stamp_s, self._params.frame_id) for t in self._tracks if t.id)

    def people(self, stamp_s: float) -> tuple[tuple[float, float], ...]:
        """Where people seen in the last moments should be at that time, (x, y) [m]."""
        recent = [t for t in self._tracks if t.is_person and t.id and stamp_s - t.last_seen_s < _RECENT_S]
        places = [t.predicted(stamp_s) for t in recent]
        return tuple((float(p[0]), float(p[1])) for p in places)

    def update(self, sights: tuple[SceneObject, ...], frame: RgbdFrame) -> tuple[SceneObject, ...]:
        """Takes in one frame's sights; returns all confirmed tracks."""
        now = frame.stamp_s
        jumped = self._camera_jumped(frame)
        pairs, left = self._assign(sights, now)
        for track, sight in pairs:
            track.update(sight, now)
        checker = SightChecker(frame, self._params.max_range)
        self._age(checker, now, jumped)
        for sight in left:
            known = self._reappeared(sight, now)
            if known is not None:
                known.update(sight, now)
                known.position, known.velocity = sight.pose.xyz, np.zeros(3)
                self._tracks.append(known)
            elif not self._is_ghost(sight):
                self._tracks.append(Track.start(sight, now))
        self._merge_doubles()
        self._name_and_trim(now)
        self._vanished = [(t, v) for t, v in self._vanished if now - t < _REAPPEAR_S]
        return self.objects(now)

    def _camera_jumped(self, frame: RgbdFrame) -> bool:
        pose = np.asarray(frame.world_from_camera, dtype=float)
        last, self._last = self._last, (frame.stamp_s, pose)
        if last is None:
            return False
        dt = max(frame.stamp_s - last[0], 0.02)
        moved = float(np.linalg.norm(pose[:3, 3] - last[1][:3, 3]))
        cosine = (float(np.trace(last[1][:3, :3].T @ pose[:3, :3])) - 1) / 2
        turned = float(np.arccos(np.clip(cosine, -1.0, 1.0)))
        return moved > 0.2 + _JUMP_SPEED * dt or turned > 0.3 + _JUMP_TURN * dt

    def _assign(
        self, sights: tuple[SceneObject, ...], now: float
    ) -> tuple[list[tuple[Track, SceneObject]], list[SceneObject]]:
        """Pairs with the least total cost, and the sights that fit no track."""
        if not sights or not self._tracks:
            return [], list(sights)
        cost = np.full((len(self._tracks), len(sights)), _NEVER)
        for i, track in enumerate(self._tracks):
            expected = track.predicted(now)
            gate = self._gate(track, now)
            for j, sight in enumerate(sights):
                if (sight.shape == "person") == track.is_person:
                    cost[i, j] = _cost(track, expected, sight, gate)
        rows, cols = linear_sum_assignment(cost)
        pairs = [(self._tracks[i], sights[j]) for i, j in zip(rows, cols) if cost[i, j] < _NEVER]
        taken = {j for i, j in zip(rows, cols) if cost[i, j] < _NEVER}
        return pairs, [s for j, s in enumerate(sights) if j not in taken]

    def _gate(self, track: Track, now: float) -> float:
        """Farthest plausible distance from the expected place [m]."""
        p = self._params
        dt = max(now - track.last_seen_s, 0.0)
        if track.is_person:
            return min(0.4 + p.person_speed * dt, 2.0)
        return min(p.association_gate + p.object_speed * min(dt, 0.4), 0.5)

    def _age(self, checker: SightChecker, now: float, jumped: bool) -> None:
        """Forgets what the camera proves to be gone, people long out of sight, and what never was confirmed."""
        p = self._params
        kept = []
        for track in self._tracks:
            if track.last_seen_s == now:
                kept.append(track)
                continue
            track.misses += 1
            track.velocity = track.velocity * (0.8 if track.is_person else 0.0)
            sight = checker.look(track.position, track.size)
            if sight is Sight.EMPTY and not jumped:
                track.gone += 1
            elif sight is not Sight.OUTSIDE:
                track.gone = max(track.gone - 1, 0) if sight is Sight.HIDDEN else track.gone
            if not track.id:
                if track.misses < 2 or (sight in (Sight.OUTSIDE, Sight.HIDDEN) and track.misses < 20):
                    kept.append(track)
                continue
            patience = 3 if track.is_person else p.vanish_frames
            if track.gone >= patience:
                if not track.is_person:
                    self._vanished.append((now, track))
            elif not (track.is_person and now - track.last_seen_s > p.person_memory):
                kept.append(track)
        self._tracks = kept

    def _reappeared(self, sight: SceneObject, now: float) -> Track | None:
        """The vanished thing that this new sight is, when only one fits."""
        fits = []
        for index, (_, track) in enumerate(self._vanished):
            best = track.categories()
            same = bool(best) and best[0][0] == sight.category and track.report(now, "").color == sight.color
            if same and float(np.linalg.norm(track.size - sight.size)) < 0.05:
                fits.append(index)
        return self._vanished.pop(fits[0])[1] if len(fits) == 1 else None

    def _is_ghost(self, sight: SceneObject) -> bool:
        """True for a sliver of something that another track, seen in this frame, already explains."""
        size = np.array(sight.size)
        return any(
            track.misses == 0 and _swallows(track, sight.pose.xyz, size, bool(sight.categories))
            for track in self._tracks
        )

    def _merge_doubles(self) -> None:
        """Drops an unseen track whose place a seen one of its kind has taken."""
        seen = [t for t in self._tracks if t.misses == 0]
        drop = set()
        for track in self._tracks:
            if track.misses < 1:
                continue
            for other in seen:
                if _swallows(other, track.position, track.size, True) or self._is_part_of_person(track, other):
                    drop.add(id(track))
                    break
                smallest = float(min(*track.size[:2], *other.size[:2]))
                reach = max(0.5 * smallest + 0.02, 0.04) if track.misses >= 3 else 0.35 * smallest
                near = float(np.linalg.norm(track.position - other.position)) < reach
                if near and track.is_person == other.is_person:
                    drop.add(id(track))
                    if not other.id or other.hits < track.hits:
                        other.id = track.id or other.id
                    break
        self._tracks = [t for t in self._tracks if id(t) not in drop]

    def _is_part_of_person(self, track: Track, other: Track) -> bool:
        """True for a hand or a shoe that was taken for a thing before the whole person was seen."""
        if track.is_person or not other.is_person:
            return False
        x, y, _ = track.position
        if np.hypot(x - other.position[0], y - other.position[1]) > _BODY:
            return False
        return self._plan is None or self._plan.surface_below(float(x), float(y), track.seen.support_z) is None

    def _name_and_trim(self, now: float) -> None:
        for track in self._tracks:
            if track.id or track.hits < self._params.confirm_frames:
                continue
            best = track.categories()
            name = "person" if track.is_person else (best[0][0] if best and best[0][1] > 0.3 else "thing")
            self._counters[name] = self._counters.get(name, 0) + 1
            track.id = f"{name}_{self._counters[name]}"
        if len(self._tracks) > self._params.max_tracks:
            self._tracks.sort(key=lambda t: (-t.last_seen_s, -t.hits))
            del self._tracks[self._params.max_tracks :]


def _swallows(track: Track, center: Vector, size: Vector, named: bool) -> bool:
    """True when a much smaller thing at ``center`` can only be a part of the track (a label, a lid, an edge)."""
    c, s = np.cos(track.yaw), np.sin(track.yaw)
    dx, dy, dz = center - track.position
    offset = np.abs([c * dx + s * dy, c * dy - s * dx, dz])
    within = bool((offset < 0.5 * np.maximum(track.size, 0.03) + 0.005).all())
    smaller = float(np.prod(size)) < 0.4 * float(np.prod(track.size))
    return within and smaller and (not named or float(track.size.max()) < _SMALL)


def _cost(track: Track, expected: Vector, sight: SceneObject, gate: float) -> float:
    """Cost of taking a sight for a track: distance, then size, colour and category; _NEVER outside the gate."""
    offset = sight.pose.xyz - expected
    if track.is_person:
        offset = offset * (1.0, 1.0, 0.2)
    distance = float(np.linalg.norm(offset))
    if distance > gate:
        return _NEVER
    cost = distance / gate
    if track.colors and sight.color:
        own = max(track.colors, key=lambda c: track.colors[c])
        if own != sight.color:
            cost += 0.25 if similar(own, sight.color) else 0.9
    if not track.is_person:
        ratio = np.abs(np.log(np.maximum(np.array(sight.size), 0.005) / np.maximum(track.size, 0.005)))
        cost += 0.25 * min(float(ratio.mean()), 2.0)
        best = track.categories()
        if best and sight.categories and best[0][1] > 0.5:
            cost += 0.4 * (1.0 - sight.score_of(best[0][0]))
    # A thing of another colour and size at another place is another thing.
    return cost if cost < 1.9 else _NEVER
