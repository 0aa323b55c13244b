"""What walks, as the lidar sees it: hits where a moment ago the beams passed, in groups, followed from scan to scan.

Nothing here knows what a person is, and nobody can hide from it by a wrong label: whatever comes is a mover. What
stands is none, however the robot drives past it: where it is no beam has passed before.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

import numpy as np

from vla_ros.core.geometry import Pose2D, Vector
from vla_ros.core.robot_state import LaserScan
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.scan_check import is_full_turn

_TINY = float(np.finfo(float).tiny)
_WINDOW_S = 0.3
_BLUR_RAD = 0.03
_BEHIND_M = 0.1
_GROUP_M = 0.3
_WIDEST_M = 1.0
_MOST_POINTS = 200
_GATE_M = 0.35
_LOST_S = 0.2
_FIT_S = 0.4
_SIGHTINGS = 4
_STRAY_M = 0.08


@dataclass(frozen=True, slots=True)
class Mover:
    """Something on its way: a circle in odom [m] with the velocity [m/s] that was measured at ``seen_s``."""

    id: str
    x: float
    y: float
    vx: float
    vy: float
    radius: float
    seen_s: float

    @property
    def speed(self) -> float:
        """Of its way [m/s]."""
        return math.hypot(self.vx, self.vy)


class _View:
    """How far each beam of one scan passed freely, the neighbours' within the blur included."""

    def __init__(self, scan: LaserScan, origin: Pose2D, taken_s: float) -> None:
        self.taken_s, self._origin = taken_s, origin
        self._first, self._step = scan.angle_min, scan.angle_increment
        self._closed = is_full_turn(len(scan.ranges), self._step)
        free = np.minimum(scan.ranges, scan.range_max)
        free = np.where(free >= scan.range_min, free, 0.0)  # also for NaN
        reach = math.ceil(_BLUR_RAD / abs(self._step))
        edges = np.pad(free, reach, mode="wrap") if self._closed else np.pad(free, reach)
        self._free = np.lib.stride_tricks.sliding_window_view(edges, 2 * reach + 1).min(axis=1)

    def passed(self, points: Vector) -> Vector:
        """(n,) True where a beam went through a point (n, 2) of odom and well beyond it."""
        local = self._origin.inverse_transform(points)
        turn = np.arctan2(local[:, 1], local[:, 0]) - self._first
        k = np.rint(np.mod(turn, math.copysign(math.tau, self._step)) / self._step).astype(int)
        n = len(self._free)
        return np.asarray((self._closed | (k < n)) & (self._free[k % n] > np.hypot(*local.T) + _BEHIND_M))


@dataclass
class _Track:
    """One group of hits through time."""

    id: str
    times: list[float] = field(default_factory=list)
    places: list[tuple[float, float]] = field(default_factory=list)
    velocity: tuple[float, float] = field(init=False)
    sure: bool = field(init=False)

    def expected(self, now: float) -> tuple[float, float]:
        """Where it should be."""
        (x, y), (vx, vy), dt = self.places[-1], self.velocity, now - self.times[-1]
        return x + vx * dt, y + vy * dt

    def add(self, place: tuple[float, float], now: float) -> None:
        """Another sighting; the velocity is that of the straight line through the last ones."""
        self.times.append(now)
        self.places.append(place)
        while self.times[0] < now - _FIT_S:
            del self.times[0], self.places[0]
        t, xy = np.array(self.times) - now, np.array(self.places)
        middle, center = t.mean(), xy.mean(axis=0)
        velocity = (t - middle) @ (xy - center) / max(float(np.sum((t - middle) ** 2)), _TINY)
        stray = xy - center - np.outer(t - middle, velocity)
        self.velocity = (float(velocity[0]), float(velocity[1]))
        self.sure = len(t) >= _SIGHTINGS and float(np.sqrt(np.mean(np.sum(stray**2, axis=1)))) < _STRAY_M


class LidarTracker:
    """Follows what moves through the lidar's plane.

    Args:
        params: slowest speed of a mover, its radius.
        lidar: x, y [m] and yaw [rad] of the lidar in base_link.
    """

    def __init__(self, params: SafetyParams, lidar: tuple[float, float, float]) -> None:
        self._params, self._lidar = params, lidar
        self._views: list[_View] = []
        self._tracks: list[_Track] = []
        self._numbers = itertools.count()

    def see(self, scan: LaserScan, hits: Vector, pose: Pose2D, now: float) -> None:
        """A scan that can be trusted.

        Args:
            scan: its ranges show what is free.
            hits: (n, 2) its hits in base_link [m].
            pose: of the base in odom when it was taken.
            now: steady time of receipt [s].
        """
        self._forget(now)
        older = [v for v in self._views if v.taken_s <= now - _WINDOW_S]
        if older:
            points = pose.transform(hits)
            points = points[older[-1].passed(points)]
            if len(points) <= _MOST_POINTS:
                self._follow(_groups(points), now)
        x, y, yaw = self._lidar
        at = pose.transform(np.array([x, y]))
        self._views = self._views[max(0, len(older) - 1) :]
        self._views.append(_View(scan, Pose2D(float(at[0]), float(at[1]), pose.theta + yaw), now))

    def movers(self, now: float) -> tuple[Mover, ...]:
        """Everything that surely walks."""
        self._forget(now)
        p, sure = self._params, [t for t in self._tracks if t.sure]
        found = [Mover(t.id, *t.places[-1], *t.velocity, p.mover_radius_m, t.times[-1]) for t in sure]
        return tuple(m for m in found if m.speed >= p.approach_mps)

    def _forget(self, now: float) -> None:
        """Whoever was not seen for a while has stopped, or is gone."""
        self._tracks = [t for t in self._tracks if t.times[-1] >= now - _LOST_S]

    def _follow(self, places: list[tuple[float, float]], now: float) -> None:
        """Gives each track the group that is nearest to where it should be; the others begin tracks."""
        pairs = sorted(
            (math.dist(track.expected(now), place), i, k)
            for i, track in enumerate(self._tracks)
            for k, place in enumerate(places)
        )
        tracks, taken = set(), set()
        for distance, i, k in pairs:
            if distance < _GATE_M and i not in tracks and k not in taken:
                self._tracks[i].add(places[k], now)
                tracks.add(i)
                taken.add(k)
        for k, place in enumerate(places):
            if k not in taken:
                track = _Track(f"mover_{next(self._numbers)}")
                track.add(place, now)
                self._tracks.append(track)


def _groups(points: Vector) -> list[tuple[float, float]]:
    """Middles of the groups of at least two points (n, 2) that are near each other and not wide."""
    near = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)) < _GROUP_M
    labels = np.arange(len(points))
    while True:
        least = np.where(near, labels, len(points)).min(axis=1, initial=len(points))
        if np.array_equal(least, labels):
            break
        labels = least
    found = []
    for label in np.unique(labels):
        group = points[labels == label]
        extent = np.ptp(group, axis=0)
        if len(group) > 1 and math.hypot(*extent) < _WIDEST_M:
            x, y = group.mean(axis=0)
            found.append((float(x), float(y)))
    return found
