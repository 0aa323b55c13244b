"""The simulated home, its drivers and the real gate, stepped in one process; people are known as the truth has them.

For what needs many hours of driving: harmless drives (false stops) and the adversary. With perception and planner in
the loop, and no truth, it is :mod:`benchmarks.safety_closed_loop`.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import mujoco
import numpy as np

from benchmarks.safety_items.stories import person, scene_of
from vla_ros.control.controller import Controller
from vla_ros.control.params import ControlParams
from vla_ros.core.catalog import Catalog
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.geometry import Pose
from vla_ros.core.motion import MotionGoal
from vla_ros.core.people import People
from vla_ros.core.resources import config_file
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.scene import SceneObject
from vla_ros.core.surroundings import Surroundings
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.gate import Gate, GateOutput
from vla_ros.safety.params import SafetyParams
from vla_ros.sim.home import Home, Setting
from vla_ros.sim.people_placement import is_free
from vla_ros.sim.scenario import Scenario

TICK_S = 0.02
_SIGHT_M, _SIGHT_RAD = 4.0, 0.65
_PERSON_M, _THING_M, _STAYS_S = 1.5, 0.10, 0.3
_BODY_M = 0.25


class World:
    """One home with its gate; ``step`` is 20 ms of it.

    Args:
        scenario: who and what is where.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.robot = RobotDescription.load(config_file("home_robot", "robots"))
        self.plan = FloorPlan.load(config_file("apartment", "homes"))
        catalog, people = Catalog.load(config_file("objects")), People.load(config_file("people"))
        self.home = Home(Setting(self.plan, catalog, people, self.robot, scenario, scenario.seed))
        assert self.home.driver is not None
        self.driver = self.home.driver
        self.gate = Gate(SafetyParams(), self.robot, surroundings=Surroundings.of(self.plan))
        self.outline = Footprint(self.robot.base.footprint)
        self.ticks = 0
        self.known: dict[str, SceneObject] = {}
        self._geoms = _geoms_of_people(self.home.model, list(self.home._walkers))
        for _ in range(20):
            self.step()
            if self.gate.arm(self.home.now)[0]:
                return
        raise RuntimeError(self.gate.arm(self.home.now)[1])

    def sense(self) -> None:
        """Everything that the gate hears of the world now."""
        now, gate, driver = self.home.now, self.gate, self.driver
        gate.on_odometry(driver.odometry(), now)
        gate.on_joints(driver.joint_states(), now)
        if self.ticks % 3 == 0:
            gate.on_scan(self.home.scan(), now)
        if self.ticks % 6 == 0:
            self._look()
            gate.on_scene(scene_of_known(self.known, now), now)

    def step(self, raw: tuple[float, ...] = (0.0,) * 6) -> GateOutput:
        """Senses, judges the velocity ``raw``, drives. Trajectories are given to the gate before."""
        self.sense()
        now = self.home.now
        self.gate.on_twist(raw, now)  # type: ignore[arg-type]
        out = self.gate.tick(now)
        self.driver.set_twist(out.twist, now)
        for trajectory in out.trajectories:
            self.driver.set_trajectory(trajectory, now)
        if out.gripper is not None:
            self.driver.set_gripper(out.gripper, now)
        self.home.advance(now + TICK_S, now + TICK_S)
        self.ticks += 1
        return out

    def nearest_person(self) -> float:
        """From the footprint to the nearest person's body [m]."""
        pose = self.driver.odometry().pose
        places = [(w.pose.x, w.pose.y) for w in self.home._walkers.values()]
        if not places:
            return math.inf
        return float(self.outline.clearance(pose.inverse_transform(np.array(places))).min()) - _BODY_M

    def _look(self) -> None:
        """Remembers the people whom the camera could see: in its angle, in its range, nothing between."""
        home, base = self.home, self.driver.odometry().pose
        eye = np.array(home.data.body("head_link").xpos, dtype=float)
        for name, walker in home._walkers.items():
            at = np.array([walker.pose.x, walker.pose.y, 1.2])
            way = at - eye
            bearing = math.remainder(math.atan2(way[1], way[0]) - base.theta, 2.0 * math.pi)
            away = float(np.linalg.norm(way))
            if abs(bearing) > _SIGHT_RAD or away > _SIGHT_M:
                continue
            hit = np.zeros(1, np.int32)
            start = eye + way / away * 0.35
            mujoco.mj_ray(home.model, home.data, start, way / away, None, 1, -1, hit)
            if int(hit[0]) in self._geoms[name]:
                self.known[name] = person(
                    walker.pose.x, walker.pose.y, name=name, velocity=walker.velocity, now=home.now
                )


def scene_of_known(known: dict[str, SceneObject], now: float) -> Any:
    """A scene of what was seen, each with the time of its last sight."""
    from dataclasses import replace

    scene = scene_of([], now)
    return replace(scene, objects=tuple(replace(o, visible=now - o.last_seen_s < 0.2) for o in known.values()))


def _geoms_of_people(model: mujoco.MjModel, names: list[str]) -> dict[str, set[int]]:
    bodies = {name: int(model.body(name).id) for name in names}
    return {name: {g for g in range(model.ngeom) if int(model.geom_bodyid[g]) == b} for name, b in bodies.items()}


def false_stops(drives: int, seed: int = 0) -> dict[str, Any]:
    """Drives through the home where nobody is in the way: on how many the gate stopped without a reason.

    A stop has a reason when somebody is within 1.5 m or something within 0.1 m of the footprint; shorter ones than
    0.3 s do not count.
    """
    stopped, reached, causes = 0, 0, Counter[str]()
    for k in range(drives):
        end, why = _drive(seed + k)
        reached += end == "reached"
        stopped += bool(why)
        causes.update(why)
    return {
        "drives": drives,
        "with_a_false_stop": stopped,
        "share": round(stopped / max(1, drives), 4),
        "reached": reached,
        "causes": dict(causes),
    }


def _drive(seed: int, longest_s: float = 45.0) -> tuple[str, set[str]]:
    rng = np.random.default_rng((seed, 99))
    world = World(Scenario(id=f"drive-{seed}", command="go", seed=seed))
    control = Controller(ControlParams(), world.robot, world.plan, _at_once())
    while True:
        x, y = rng.uniform((0.5, 0.5), (8.5, 7.5))
        start = world.driver.odometry().pose
        alone = all(math.hypot(w.pose.x - x, w.pose.y - y) > 1.8 for w in world.home._walkers.values())
        if is_free(world.plan, x, y, 0.5) and 1.5 < math.hypot(x - start.x, y - start.y) < 7.0 and alone:
            break
    goal = MotionGoal("drive", "navigate", targets=(Pose((float(x), float(y), 0.0)),), tolerance_rad=4.0)
    why: set[str] = set()
    since, end, raw = math.inf, world.home.now + longest_s, (0.0,) * 6
    while world.home.now < end:
        now = world.home.now
        control.set_goal(goal, now)
        control.observe_odometry(world.driver.odometry(), now)
        control.observe_joints(world.driver.joint_states(), now)
        if world.ticks % 3 == 0:
            control.observe_scan(world.home.scan(), now)
        if world.ticks % 6 == 0:
            control.observe_scene(scene_of_known(world.known, now), now)
        wanted = control.tick(now)
        raw = (wanted.twist.vx, wanted.twist.vy, 0.0, 0.0, 0.0, wanted.twist.wz)
        for trajectory in wanted.trajectories:
            world.gate.on_trajectory(trajectory, now)
        out = world.step(raw)
        control.observe_safety(out.status, world.home.now)
        if wanted.status is not None and wanted.status.goal_id == "drive" and wanted.status.is_end:
            return wanted.status.state, why
        unasked = world.nearest_person() > _PERSON_M and out.status.nearest_m > _THING_M
        if out.status.state == "stopped" and any(raw) and unasked:
            since = min(since, now)
            if now - since >= _STAYS_S:
                why.add(out.status.cause)
        else:
            since = math.inf
    return "timed_out", why


def _at_once() -> Any:
    from benchmarks.safety_items.text import _Now

    return _Now()
