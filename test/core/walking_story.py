"""People who walk through a room, as a lidar sees them: the truth by geometry, without physics."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from gate_story import ROBOT, Story

from vla_ros.core.geometry import Pose2D, Vector
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.params import SafetyParams

PARAMS = SafetyParams()
OUTLINE = Footprint(ROBOT.base.footprint)
ANGLES = -math.pi + np.arange(360) * (2 * math.pi / 360)
ROOM = np.array([[-3.0, -2.5], [4.0, -2.5], [4.0, 2.5], [-3.0, 2.5]])
LEG_M, STRIDE_M = 0.06, 0.09
HERE = Pose2D()
STEP_S = 1.0 / 16.0
TOUCH_MPS = 0.05


def ranges_in(pose: Pose2D, circles: Vector, corners: Vector = ROOM, rng: np.random.Generator | None = None) -> Vector:
    """A lidar at ``pose`` in a room with (n, 3) circles x, y, radius: the truth by geometry."""
    directions = np.stack([np.cos(ANGLES + pose.theta), np.sin(ANGLES + pose.theta)], axis=1)
    out, origin = np.full(360, np.inf), np.array([pose.x, pose.y])
    for a, b in zip(corners, np.roll(corners, -1, axis=0)):
        edge, to = b - a, a - origin
        across = directions[:, 0] * edge[1] - directions[:, 1] * edge[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (to[0] * edge[1] - to[1] * edge[0]) / across
            u = (to[0] * directions[:, 1] - to[1] * directions[:, 0]) / across
        hit = (t > 0) & (u >= 0) & (u <= 1)
        out[hit] = np.minimum(out[hit], t[hit])
    for x, y, r in circles:
        to = np.array([x, y]) - origin
        ahead = directions @ to
        short = r * r - (to @ to - ahead**2)
        hit = (short > 0) & (ahead > 0)
        out[hit] = np.minimum(out[hit], ahead[hit] - np.sqrt(short[hit]))
    return out if rng is None else np.where(np.isfinite(out), out + rng.normal(0.0, 0.004, 360), out)


@dataclass
class Walker:
    """Somebody who walks from ``start`` to ``goal`` as the simulator's people do, whoever stands in the way."""

    start: tuple[float, float]
    goal: tuple[float, float]
    speed: float
    waits_s: float = 0.0
    pace: float = 0.0

    def __post_init__(self) -> None:
        self.at = np.array(self.start)
        self.heading = math.atan2(self.goal[1] - self.start[1], self.goal[0] - self.start[0])

    def advance(self, dt: float) -> None:
        self.waits_s -= dt
        left = np.array(self.goal) - self.at
        wanted = 0.0 if self.waits_s > 0 else min(self.speed, 1.5 * math.hypot(*left))
        self.pace = min(wanted, self.pace + 1.2 * dt)
        self.at = self.at + self.pace * dt * np.array([math.cos(self.heading), math.sin(self.heading)])

    def legs(self) -> Vector:
        across = STRIDE_M * np.array([-math.sin(self.heading), math.cos(self.heading)])
        return np.array([[*(self.at + s * across), LEG_M] for s in (1.0, -1.0)])


class Encounter(Story):
    """A gate that drives through a room in which people walk; the lidar is all that it knows of them."""

    def __init__(self, *walkers: Walker, things: Vector | None = None, seed: int = 0) -> None:
        super().__init__()
        self.walkers, self.rng = walkers, np.random.default_rng(seed)
        self.things = np.zeros((0, 3)) if things is None else things
        self.touched: list[float] = []
        self.nearest = math.inf

    def _feed(self) -> None:
        for walker in self.walkers:
            walker.advance(0.02)
        legs = [w.legs() for w in self.walkers]
        self.ranges = ranges_in(self.pose, np.vstack([self.things, *legs]), rng=self.rng)
        super()._feed()

    def meet(self, seconds: float) -> None:
        """Drives on and notes at what speed of the robot anybody touches it."""
        before = 0.0
        for _ in range(round(seconds * 50)):
            out = self.run(0.02)
            t = out.twist
            for walker in self.walkers:
                at = self.pose.inverse_transform(walker.at)
                gap = float(OUTLINE.clearance(at[None])[0]) - 0.16
                self.nearest = min(self.nearest, gap)
                if gap < 0.0:
                    self.touched.append(max(before, t.speed + 0.245 * abs(t.wz)))
            before = t.speed + 0.245 * abs(t.wz)
            if self.touched:
                return


def crossing(rng: np.random.Generator, seed: int) -> Encounter:
    """Somebody who crosses the robot's way about when it comes by, from any side."""
    when, speed = float(rng.uniform(1.0, 3.5)), float(rng.uniform(0.5, 1.3))
    meeting = np.array([0.4 * when + rng.uniform(-0.5, 0.7), rng.uniform(-0.2, 0.2)])
    angle = float(rng.uniform(-math.pi, math.pi))
    way = np.array([math.cos(angle), math.sin(angle)])
    far = min(float(rng.uniform(1.0, 2.0)), 2.3 / max(abs(math.sin(angle)), 0.5))
    start, goal = meeting - far * way, meeting + 0.8 * way
    if math.hypot(*start) < 0.8:  # nobody stands on the robot
        start = start * 0.8 / max(math.hypot(*start), 1e-9)
    wait = max(0.0, 0.3 + when - far / speed)
    return Encounter(Walker(tuple(start), tuple(goal), speed, wait), seed=seed)
