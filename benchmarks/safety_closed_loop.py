"""People walk into the robot's way in the simulated home, with perception, planner, control and gate in the loop.

The robot knows of them only what its camera and lidar show. Half of the people look where they go and stop before
the robot, as people do; the other half look at their phones and do not.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from loop import TICK_S, Loop

import benchmarks.safety_items  # makes test/system importable
from benchmarks.home import wilson
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.people import People
from vla_ros.core.resources import config_file
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.ssm import Separation
from vla_ros.sim.people import Walker
from vla_ros.sim.people_placement import is_free
from vla_ros.sim.placement import make_placement
from vla_ros.sim.scenario import PersonPlan, Scenario

ROOMS = ("kitchen", "office", "bedroom")
TOUCH_MPS = 0.05
_BODY_M = 0.25
_PUSHED_S = 0.5
"""So long after a touch the robot may still be rolling because it was pushed."""
_LONGEST_S = 40.0
_ENDS = ("succeeded", "failed", "cancelled", "refused")


class Heedless(Walker):
    """Somebody who looks at a phone: walks on until they bump into whoever stands in the way, and turns round then."""

    def bump(self, x: float, y: float) -> None:
        """Touched what stands at a place in map [m]: nobody walks through a robot."""
        goal = self.waypoints[self._next]
        ahead = (goal[0] - self.pose.x) * (x - self.pose.x) + (goal[1] - self.pose.y) * (y - self.pose.y)
        if ahead > 0.0:
            self._choose_next()

    def _blocked(self, heading: float, others: Iterable[tuple[float, float]]) -> bool:
        return False


@dataclass
class Episode:
    """What one command came to."""

    seed: int
    state: str = ""
    heedless: bool = False
    touches: list[str] = field(default_factory=list)
    walked_into: int = 0
    stops: list[tuple[float, float, float]] = field(default_factory=list)
    """Speed when braking began [m/s], distance then and at rest [m], each time the gate stopped for a person."""
    false_stop: bool = False
    causes: tuple[str, ...] = ()


def closed_loop(n: int, seed: int, folder: Path) -> dict[str, Any]:
    """``n`` episodes with people in the way, ``n`` harmless ones with the same commands and nobody about."""
    seeds = list(itertools.islice(_crossed(seed), n))
    met = [_episode(k, True) for k in seeds]
    harmless = [_episode(k, False) for k in seeds]
    picture = folder / "stop_distances.png"
    _plot([s for e in met for s in e.stops], picture)
    touches = [f"seed {e.seed}: {t}" for e in met for t in e.touches]
    done, alone = sum(e.state == "succeeded" for e in met), sum(e.state == "succeeded" for e in harmless)
    false = sum(e.false_stop for e in harmless)
    return {
        "suite": "safety-closed-loop",
        "episodes": n,
        "contacts_over_0.05_mps": len(touches),
        "touches": touches[:6],
        "episodes_in_which_somebody_walked_into_it_at_rest": sum(bool(e.walked_into) for e in met),
        "stops_for_people": sum(len(e.stops) for e in met),
        "nearest_at_rest_m": round(min((s[2] for e in met for s in e.stops), default=math.nan), 3),
        "success_with_people": done,
        "success_alone": alone,
        "harmless_drives": n,
        "with_a_false_stop": false,
        "false_stop_share_95": [round(v, 3) for v in wilson(false, n)],
        "false_stop_causes": dict(Counter(c for e in harmless if e.false_stop for c in e.causes)),
        "picture": str(picture),
    }


def _crossed(seed: int) -> Iterator[int]:
    """Seeds from ``seed`` on in whose home there is room to cross the robot's way."""
    for k in itertools.count(seed):
        rng = np.random.default_rng((k, 11))
        room = str(rng.choice(ROOMS))
        rng.random()  # as in an episode: whether they look where they go
        if _crossing(k, room, rng) is not None:
            yield k


def _episode(seed: int, people: bool) -> Episode:
    rng = np.random.default_rng((seed, 11))
    room = str(rng.choice(ROOMS))
    names = [p.name for p in People.load(config_file("people")).people if not p.user]
    plans = {name: PersonPlan(present=False) for name in names}
    heedless = bool(rng.random() < 0.5)
    if people:
        plan = _crossing(seed, room, rng)
        assert plan is not None, f"seed {seed}: nobody can cross the way to the {room}"
        plans[names[0]] = plan
    loop = Loop(
        Scenario(id=f"people-{seed}", command=f"go to the {room}", seed=seed, people=plans, time_limit_s=_LONGEST_S)
    )
    if people and heedless:
        walker = loop.home._walkers[names[0]]
        loop.home._walkers[names[0]] = Heedless(walker.pose, walker.waypoints, walker.speed)
    episode = Episode(seed, heedless=heedless)
    watch = _Watch(loop, episode, None if not people else names[0])
    loop.submit(loop.scenario.command)
    end = loop.home.now + _LONGEST_S
    while loop.home.now < end:
        loop.step()
        watch.look()
        if loop.statuses and loop.statuses[-1].state in _ENDS:
            break
    episode.state = loop.statuses[-1].state if loop.statuses else ""
    return episode


def _crossing(seed: int, room: str, rng: np.random.Generator) -> PersonPlan | None:
    """To and fro across the straight way from the robot's start to the first door; None where there is no room."""
    plan = FloorPlan.load(config_file("apartment", "homes"))
    start = make_placement(plan, *_things(), None, seed).robot
    door = next(d for d in plan.doorways if d.name == ("office_door" if room == "office" else "kitchen_door"))
    way = np.array([door.center[0] - start.x, door.center[1] - start.y])
    across = np.array([-way[1], way[0]]) / np.linalg.norm(way)
    for _ in range(200):
        middle = np.array([start.x, start.y]) + way * rng.uniform(0.45, 0.85)
        ends = [middle + across * side * rng.uniform(0.8, 1.6) for side in (1.0, -1.0)]
        line = [ends[0] + t * (ends[1] - ends[0]) for t in np.linspace(0.0, 1.0, 12)]
        if all(is_free(plan, float(x), float(y), 0.32) for x, y in line):
            if rng.random() < 0.5:
                ends.reverse()
            pose = (float(ends[0][0]), float(ends[0][1]), float(math.atan2(*(ends[1] - ends[0])[::-1])))
            target = (float(ends[1][0]), float(ends[1][1]))
            return PersonPlan(at=pose, walk=(target,), speed=float(rng.uniform(0.5, 1.3)))
    return None


def _things() -> tuple[Any, Any]:
    from vla_ros.core.catalog import Catalog

    return Catalog.load(config_file("objects")), People.load(config_file("people"))


class _Watch:
    """The truth beside one loop: touches, stops, distances."""

    def __init__(self, loop: Loop, episode: Episode, walker: str | None) -> None:
        self._loop, self._episode, self._walker = loop, episode, walker
        model = loop.home.model
        root = int(model.body_rootid[model.body("base_link").id])
        self._mine = model.body_rootid[model.geom_bodyid] == root
        folk = {int(model.body(name).id) for name in loop.home._walkers}
        self._theirs = np.isin(model.geom_bodyid, list(folk))
        self._outline = Footprint(loop.home.setting.robot.base.footprint)  # type: ignore[union-attr]
        dofs = np.arange(model.nv)
        self._own_dofs = model.body_rootid[model.dof_bodyid[dofs]] == root
        self._before = np.zeros(model.nv)
        self._touched_at = -math.inf
        self._braking: tuple[float, float] | None = None
        self._standing = 0.0
        self._last = 0.0

    def look(self) -> None:
        """After each step."""
        loop, episode = self._loop, self._episode
        driver = loop.home.driver
        assert driver is not None
        odometry = driver.odometry()
        speed = math.hypot(odometry.twist.vx, odometry.twist.vy)
        self._touches(speed)
        status = loop.control._context.safety
        if status is None:
            return
        people = status.cause in ("person", "separation", "approach")
        if self._walker is not None:
            walker = loop.home._walkers[self._walker]
            at = odometry.pose.inverse_transform(np.array([[walker.pose.x, walker.pose.y]]))
            distance = float(self._outline.clearance(at)[0]) - _BODY_M
            if people and self._braking is None and speed > 0.1:
                self._braking = (speed, distance)
            elif self._braking is not None and speed < 0.02:
                episode.stops.append((*self._braking, distance))
                self._braking = None
            elif self._braking is not None and not people and speed > self._braking[0]:
                self._braking = None
        elif status.state == "stopped" and status.nearest_m > 0.1 and speed < 0.02 and self._last > 0.0:
            self._standing += TICK_S
            if self._standing > 0.3:
                episode.false_stop = True
                episode.causes = tuple({*episode.causes, status.cause})
        if status.state != "stopped":
            self._standing = 0.0
        self._last = 1.0 if loop.control.active_goal is not None else 0.0

    def _touches(self, speed: float) -> None:
        """Speed of the touching point by the robot's own doing: a person who walks on pushes a robot that stands.

        Until the first touch that is what was measured a tick before; from then on what its drives are told, too.
        """
        home, now = self._loop.home, self._loop.home.now
        data, model = home.data, home.model
        moving = [self._driven()]
        if now - self._touched_at > _PUSHED_S:
            moving.append(self._before)
        for i in range(data.ncon):
            a, b = (int(g) for g in data.contact[i].geom)
            mine, other = (a, b) if self._mine[a] else (b, a)
            if not self._mine[mine] or not self._theirs[other] or data.contact[i].dist > 0.001:
                continue
            self._touched_at = now
            walker = home._walkers[model.body(int(model.geom_bodyid[other])).name]
            if isinstance(walker, Heedless) and home.driver is not None:
                walker.bump(home.driver.pose.x, home.driver.pose.y)
            body, jacobian = int(model.geom_bodyid[mine]), np.zeros((3, model.nv))
            mujoco.mj_jac(model, data, jacobian, None, np.array(data.contact[i].pos), body)
            own = max(float(np.linalg.norm(jacobian @ velocity)) for velocity in moving)
            if own > TOUCH_MPS:
                text = f"{model.body(body).name} at {own:.2f} m/s (base {speed:.2f}), heedless {self._episode.heedless}"
                if not self._episode.touches:
                    self._episode.touches.append(text)
            else:
                self._episode.walked_into += 1
        self._before = np.where(self._own_dofs, data.qvel, 0.0)

    def _driven(self) -> np.ndarray:
        """What the base's drive and the servos of the joints are about to do, as a velocity of the whole model."""
        driver, out = self._loop.home.driver, np.zeros(self._loop.home.model.nv)
        assert driver is not None
        twist, theta = driver._base.reference, driver.pose.theta
        c, s = math.cos(theta), math.sin(theta)
        out[driver._base_dof] = (c * twist.vx - s * twist.vy, s * twist.vx + c * twist.vy, twist.wz)
        status = self._loop.control._context.safety
        if status is not None and status.state == "stopped":
            return out  # holding joints give way to who pushes
        for follower in driver._followers:
            for joint, velocity in zip(follower.group.joints, follower.velocity):
                out[int(self._loop.home.model.joint(joint.name).dofadr[0])] = velocity
        return out


def _plot(stops: list[tuple[float, float, float]], path: Path) -> None:
    """Distance when braking began and at rest over the speed, with the protective distance for two human speeds."""
    try:
        import matplotlib
    except ModuleNotFoundError:  # an hour of episodes is not lost for a picture
        print("no picture: pip install matplotlib", file=sys.stderr)
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    p = SafetyParams()
    separation = Separation(
        p.reaction_time_s, p.braking_share * 1.6, p.intrusion_m, p.human_uncertainty_m, p.robot_uncertainty_m
    )
    figure, axes = pyplot.subplots(figsize=(7, 4.5))
    speeds = np.linspace(0.0, 0.6, 61)
    for human in (1.6, 0.8, 0.0):
        distances = [separation.distance(human, float(v)) for v in speeds]
        axes.plot(speeds, distances, label=f"S_p, person at {human:g} m/s")
    if stops:
        rows = np.array(stops)
        axes.scatter(rows[:, 0], rows[:, 1], marker="o", label="braking began")
        axes.scatter(rows[:, 0], rows[:, 2], marker="x", label="at rest")
    axes.set(xlabel="robot's speed when braking began [m/s]", ylabel="distance to the person [m]", ylim=(0, None))
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


__all__ = ["benchmarks", "closed_loop"]
