"""One remembered thing: its filtered place, size, colour and category."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from vla_ros.core.geometry import Pose, Vector, quaternion_from_yaw, wrap_angle
from vla_ros.core.scene import SceneObject

_STILL = 0.04
"""Sights this near to the remembered place are averaged; farther ones are followed [m]."""
_FORGET = 0.92
"""Weight of all earlier sights of category and colour at each new one."""
_SLOW = 0.08
"""Speeds below this are reported as standing still [m/s]."""
_WHOLE = 0.6
"""Sights less sure than this show only a part of the thing."""


@dataclass(slots=True)
class Track:
    """A thing through time; ``position`` (3,) is its box's centre, ``velocity`` (3,) [m/s], both in the world."""

    id: str
    position: Vector
    seen: SceneObject
    hits: int = 1
    misses: int = 0
    gone: int = 0
    created_s: float = 0.0
    last_seen_s: float = 0.0
    velocity: Vector = field(default_factory=lambda: np.zeros(3))
    yaw: float = 0.0
    size: Vector = field(default_factory=lambda: np.zeros(3))
    weight: float = 0.0
    evidence: dict[str, float] = field(default_factory=dict)
    colors: dict[str, float] = field(default_factory=dict)
    existence: float = 0.0

    @classmethod
    def start(cls, seen: SceneObject, stamp_s: float) -> Track:
        """A new track without an id from its first sight."""
        track = cls("", seen.pose.xyz, seen, created_s=stamp_s, last_seen_s=stamp_s, yaw=seen.pose.yaw)
        track.size = np.array(seen.size)
        track.weight = seen.confidence
        track._remember(seen)
        return track

    @property
    def is_person(self) -> bool:
        """People are never confused with things."""
        return self.seen.shape == "person"

    def predicted(self, stamp_s: float) -> Vector:
        """Where its centre should be at that time, (3,) [m]; a lost one is expected where it was last."""
        ahead = min(max(stamp_s - self.last_seen_s, 0.0), 0.5)
        return self.position + self.velocity * ahead

    def update(self, seen: SceneObject, stamp_s: float) -> None:
        """Takes in a new sight."""
        dt = max(stamp_s - self.last_seen_s, 1e-3)
        expected = self.predicted(stamp_s)
        offset = seen.pose.xyz - expected
        trust = float(np.clip(seen.confidence, 0.2, 0.95))
        if trust < _WHOLE and not self.is_person:
            offset = _beyond(offset, self.size, np.array(seen.size))
        if self.is_person:
            alpha, beta = 0.6, 0.25
        elif float(np.linalg.norm(offset)) > _STILL and trust > 0.4:
            alpha, beta = 0.85, 0.35
        else:
            alpha, beta = max(0.15, 1.0 / (self.hits + 1)) * trust, 0.08
        self.position = expected + alpha * offset
        if dt < 1.0:
            self.velocity = np.clip(self.velocity + beta * offset / dt, -3.0, 3.0)
            if not self.is_person and float(np.linalg.norm(offset)) < _STILL:
                self.velocity = self.velocity * 0.6
        else:
            self.velocity = np.zeros(3)
        self._reshape(seen, alpha, trust)
        self.seen = seen
        self.hits += 1
        self.misses = 0
        self.gone = 0
        self.last_seen_s = stamp_s
        self._remember(seen)

    def _reshape(self, seen: SceneObject, alpha: float, trust: float) -> None:
        """Averages the size by trust; the yaw follows with its half-turn ambiguity removed."""
        size = np.array(seen.size)
        self.weight = min(self.weight, 8.0) + trust**2
        self.size = self.size + (size - self.size) * (trust**2 / self.weight)
        turn = wrap_angle(2 * (seen.pose.yaw - self.yaw)) / 2
        self.yaw = wrap_angle(self.yaw + alpha * turn)

    def _remember(self, seen: SceneObject) -> None:
        """Adds the log-odds of categories and the shares of colours of one sight, faded by age."""
        trust = float(np.clip(seen.confidence, 0.1, 1.0))
        names = set(self.evidence) | {name for name, _ in seen.categories}
        for name in names:
            found = max(seen.score_of(name), 0.02)
            self.evidence[name] = _FORGET * self.evidence.get(name, 0.0) + trust * math.log(found / 0.1)
        for name in set(self.colors) | {c for c, _ in seen.colors}:
            share = dict(seen.colors).get(name, 0.0)
            self.colors[name] = _FORGET * self.colors.get(name, 0.0) + trust * share
        self.existence = min(self.existence + trust, 6.0)

    def categories(self) -> tuple[tuple[str, float], ...]:
        """Fused hypotheses, best first, with scores in [0, 1]."""
        raised = {name: math.exp(min(value, 20.0)) for name, value in self.evidence.items()}
        total = sum(raised.values()) + 1.0  # 1 = the odds of a thing the catalog does not know
        shares = sorted(((name, value / total) for name, value in raised.items()), key=lambda item: -item[1])
        return tuple((name, round(share, 4)) for name, share in shares if share >= 0.02)

    def report(self, stamp_s: float, frame_id: str) -> SceneObject:
        """The track as the rest of the robot sees it."""
        total = sum(self.colors.values()) or 1.0
        shares = sorted(((c, round(w / total, 3)) for c, w in self.colors.items()), key=lambda item: -item[1])
        colors = tuple((c, w) for c, w in shares if w >= 0.05)
        moving = float(np.linalg.norm(self.velocity)) > _SLOW
        velocity = tuple(float(v) for v in self.velocity) if moving else (0.0, 0.0, 0.0)
        visible = self.last_seen_s == stamp_s
        x, y, z = (float(v) for v in self.position)
        confidence = 1.0 - math.exp(-1.2 * self.existence)
        if self.gone:
            confidence *= 0.75**self.gone
        return replace(
            self.seen,
            id=self.id,
            categories=self.categories(),
            color=colors[0][0] if colors else self.seen.color,
            pose=Pose((x, y, z), quaternion_from_yaw(self.yaw), frame_id),
            size=(float(self.size[0]), float(self.size[1]), float(self.size[2])),
            confidence=round(confidence, 3),
            visible=visible,
            last_seen_s=self.last_seen_s,
            velocity=velocity,  # type: ignore[arg-type]
            colors=colors,
        )


def _beyond(offset: Vector, whole: Vector, part: Vector) -> Vector:
    """How far a part must have moved with the whole: a part may lie anywhere within it; all (3,) [m]."""
    slack = 0.5 * np.array([max(float(whole[:2].max() - part[:2].min()), 0.0), max(float(whole[2] - part[2]), 0.0)])
    out = offset.copy()
    across = float(np.hypot(offset[0], offset[1]))
    out[:2] *= max(across - slack[0], 0.0) / max(across, 1e-9)
    out[2] = np.sign(offset[2]) * max(abs(float(offset[2])) - slack[1], 0.0)
    return out
