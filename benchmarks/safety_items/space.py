"""Promises 23 to 28 and 30: obstacles and people."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np

from benchmarks.safety_items.registry import Effort, Finding, all_of, item
from benchmarks.safety_items.stories import ROBOT, STILL, TICK_S, Story, person, scene_of
from vla_ros.core.resources import config_file
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.scene import SceneObject
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.people import People
from vla_ros.safety.ssm import Separation

PARAMS = SafetyParams()


def _inside(outline: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Which points (n, 2) lie in a convex outline (corners counter-clockwise); an oracle apart from Footprint."""
    ends = np.roll(outline, -1, axis=0)
    edge = ends - outline
    cross = edge[:, 0] * (points[:, None, 1] - outline[:, 1]) - edge[:, 1] * (points[:, None, 0] - outline[:, 0])
    return np.all(cross > 0.0, axis=1)


def _convex(robot: RobotDescription) -> np.ndarray:
    outline = np.array(robot.base.footprint)
    x, y = outline.T
    area = float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
    return outline if area > 0.0 else outline[::-1]


@item(23)
def swept_path(effort: Effort) -> Finding:
    """Obstacles inside the footprint at the start, and on the way of arcs and of turning on the spot."""
    rng, n = np.random.default_rng(23), effort.count(400, 30)
    robots = [RobotDescription.load(config_file(name, "robots")) for name in ("mobile_manipulator", "diff_drive")]
    robots = [
        replace(r, sensors=("odom", "scan"), groups=(), gripper=None, postures=(), model="", lidar_pose=(0.0, 0.0, 0.0))
        for r in robots
    ]
    touched, moved_inside, rotations, reasons = 0, 0, 0, []
    for k in range(n):
        robot = robots[k % 2]
        outline = _convex(robot)
        radius = float(np.hypot(*outline.T).max())
        story = Story(robot=robot)
        turning = k % 3 == 0
        rotations += turning
        command = [0.0, 0.0, 0.0, 0.0, 0.0, float(rng.choice([-1.0, 1.0]) * robot.base.yaw_rate)]
        if not turning:
            command[0] = float(rng.choice([-1.0, 1.0]) * robot.base.speed)
            command[5] *= float(rng.uniform(0.0, 1.0))
        if k % 5 == 4:  # inside at the start
            share = float(rng.uniform(0.2, 0.9))
            edge = float(rng.uniform(0.0, 1.0))
            corner = int(rng.integers(len(outline)))
            point = share * (edge * outline[corner] + (1.0 - edge) * outline[(corner + 1) % len(outline)])
            story.obstacles = point[None]
            story.armed()
            story.command = tuple(command)  # type: ignore[assignment]
            start = story.pose
            story.run(2.0)
            deeper = (
                math.hypot(*story.pose.inverse_transform(story.obstacles)[0])
                < math.hypot(*start.inverse_transform(story.obstacles)[0]) - 0.02
            )
            moved_inside += deeper
            continue
        angle = float(rng.uniform(-math.pi, math.pi))
        for _ in range(200):  # outside the outline; for turning within the circle of its corners
            reach = float(rng.uniform(0.05, radius - 0.01) if turning else rng.uniform(radius + 0.05, radius + 1.0))
            point = np.array([[reach * math.cos(angle), reach * math.sin(angle)]])
            if not _inside(outline * 1.02, point)[0]:
                break
            angle = float(rng.uniform(-math.pi, math.pi))
        else:
            raise AssertionError("no place beside the outline")
        story.obstacles = point
        story.armed()
        story.command = tuple(command)  # type: ignore[assignment]
        for _ in range(250):
            story.run(TICK_S)
            if _inside(outline, story.pose.inverse_transform(story.obstacles))[0]:
                touched += 1
                reasons.append(f"{robot.name} {command[0]:.2f} {command[5]:.2f} {point[0].round(3).tolist()}")
                break
    bad = touched + moved_inside
    more = {"n": n, "turning_on_the_spot": rotations, "touched": reasons[:5], "went_deeper": moved_inside}
    return Finding(bad == 0, f"{n - bad}/{n}", more)


def oracle_speed(distance: float, human: float, reaction: float, deceleration: float, spare: float) -> float:
    """The fastest speed whose S_p = v_h (T_r + v/a) + v T_r + v^2/2a + C + Z_d + Z_r fits, by bisection."""
    low, high = 0.0, 10.0

    def needs(v: float) -> float:
        return human * (reaction + v / deceleration) + v * reaction + v * v / (2.0 * deceleration) + spare

    if needs(0.0) >= distance:
        return 0.0
    for _ in range(80):
        middle = (low + high) / 2.0
        low, high = (middle, high) if needs(middle) <= distance else (low, middle)
    return low


def _contact_speed_of_legs() -> float:
    """The least of min(F, p A) / sqrt(k mu) over the regions of legs, with the mass that MuJoCo gives the robot."""
    import mujoco

    from vla_ros.safety.contact_speed import LEGS

    whole = float(mujoco.MjModel.from_xml_path(str(config_file("home_robot.xml", "robots"))).body_mass.sum())
    robot = whole / 2.0 + PARAMS.payload_kg
    speeds = []
    for region in LEGS:
        reduced = region.mass * robot / (region.mass + robot)
        force = min(region.force, region.pressure * PARAMS.contact_area_m2)
        speeds.append(force / math.sqrt(region.stiffness * reduced))
    return min(speeds)


def _spare(p: SafetyParams) -> float:
    return p.intrusion_m + p.human_uncertainty_m + p.robot_uncertainty_m


def _approach(distance: float, thing: SceneObject | None = None, sightings: int = 1, payload: float = 0.0) -> float:
    """The speed [m/s] that a robot is allowed toward somebody whose surface is ``distance`` from its outline."""
    story = Story().armed()
    x = distance + 0.25 + ROBOT.base.radius
    someone = thing or person(0.0, 0.0)
    someone = replace(someone, pose=replace(someone.pose, position=(x, 0.0, someone.size[2] / 2)))
    if payload:
        story.gate.on_payload(payload, story.now)
    for k in range(sightings):
        story.gate.on_scene(scene_of([someone], story.now + 0.001 * k), story.now)
    story.command = (0.6, 0.0, 0.0, 0.0, 0.0, 0.0)
    fastest = 0.0
    for _ in range(60):  # held in place: the distance stays, only the speed is looked at
        story.gate.on_scene(scene_of([someone], story.now), story.now) if sightings > 1 else None
        fastest = story.run(TICK_S).twist.vx
        story.pose = type(story.pose)()
    return fastest


@item(24)
def ssm(effort: Effort) -> Finding:
    """The formula against a search; and the whole gate against the search and the contact speed it may use."""
    rng, n = np.random.default_rng(24), effort.count(5000, 5000)
    over = 0
    for _ in range(n):
        reaction, a, human, d, spare = rng.uniform([0.02, 0.3, 0.0, 0.0, 0.0], [0.5, 5.0, 2.5, 5.0, 1.0])
        v = Separation(reaction, a, spare / 2, spare / 4, spare / 4).speed(d, human)
        over += v > oracle_speed(d, human, reaction, a, spare) + 1e-9
    m, gate_over, worst = effort.count(200, 15), 0, -math.inf
    deceleration = PARAMS.braking_share * ROBOT.base.deceleration
    least = _contact_speed_of_legs()
    for d in rng.uniform(0.05, 3.0, m):
        allowed = oracle_speed(
            float(d) + 0.012, PARAMS.human_speed_mps, PARAMS.reaction_time_s, deceleration, _spare(PARAMS)
        )
        excess = _approach(float(d)) - max(allowed, least)
        worst = max(worst, excess)
        gate_over += excess > 1e-3
    more = {"n": n, "whole_gate": m, "whole_gate_over": gate_over, "worst_excess_mps": round(worst, 4)}
    return Finding(over == 0 and gate_over == 0, f"{over} of {n} over; whole gate {gate_over} of {m}", more)


@item(25)
def unknown_speed(effort: Effort) -> Finding:
    """Somebody without a track counts with 1.6 m/s; with a sure and still one the robot may go faster."""
    deceleration = PARAMS.braking_share * ROBOT.base.deceleration
    good, rows = [], []
    for d in (0.8, 1.0, 1.2, 1.4):
        unknown, tracked = _approach(d), _approach(d, sightings=6)
        limit = oracle_speed(d + 0.012, 1.6, PARAMS.reaction_time_s, deceleration, _spare(PARAMS))
        good.append(unknown <= max(limit, _contact_speed_of_legs()) + 1e-3 and tracked > unknown + 0.02)
        rows.append(f"{d:g} m: {unknown:.3f} of {limit:.3f}, tracked {tracked:.3f} m/s")
    people = People(PARAMS)
    people.see(scene_of([person(2.0, 0.0, velocity=(0.1, 0.0))], 1.0), 1.0)
    good.append([h.speed for h in people.at(1.0)] == [1.6])
    met, figure = all_of(good)
    return Finding(met and PARAMS.human_speed_mps == 1.6, figure, {"speeds": rows})


@item(26)
def doubtful_people(effort: Effort) -> Finding:
    """Low confidence, wrong labels, a person renamed in the middle of a track: never a smaller zone."""
    good, wider = [], []
    for d in (0.5, 0.9, 1.4):
        zone = _approach(d)
        tries = {
            "score 0.01": person(0, 0, score=0.01),
            "shape lost": person(0, 0, shape="irregular", score=0.2),
            "called a shelf": person(0, 0, category="shelf", shape="box", score=0.99),
            "called a bottle": person(0, 0, category="bottle", shape="cylinder", score=1.0),
            "no category": replace(person(0, 0, shape="irregular"), categories=(), confidence=0.0),
        }
        for name, thing in tries.items():
            good.append(_approach(d, thing) <= zone + 1e-6)
            wider += [] if good[-1] else [f"{name} at {d:g} m"]
        small = person(0, 0, category="box", shape="box", size=(0.5, 0.4, 0.6))
        story = Story().armed()
        x = d + 0.25 + ROBOT.base.radius
        story.gate.on_scene(scene_of([person(x, 0.0)], story.now), story.now)
        story.run(0.1)
        renamed = replace(small, pose=replace(small.pose, position=(x, 0.0, 0.3)))
        story.command = (0.6, 0.0, 0.0, 0.0, 0.0, 0.0)
        for _ in range(60):
            story.gate.on_scene(scene_of([renamed], story.now), story.now)
            story.run(TICK_S)
            story.pose = type(story.pose)()
        # a track that is sure by now may count with its measured speed
        good.append(story.outputs[-1].twist.vx <= _approach(d, sightings=6) + 1e-6)
        wider += [] if good[-1] else [f"renamed at {d:g} m"]
    met, figure = all_of(good)
    return Finding(met, figure, {"smaller_zone": wider})


@item(27)
def retreat(effort: Effort) -> Finding:
    """Right beside a thing or a person: away from it passes, toward it does not, on every side."""
    good, wrong = [], []
    for what in ("thing", "person"):
        for k in range(8):
            angle = k * math.pi / 4
            c, s = math.cos(angle), math.sin(angle)
            for sign, moves in ((-1.0, True), (1.0, False)):
                story = Story().armed()
                gap = ROBOT.base.radius + 0.015
                if what == "thing":
                    story.obstacles = np.array([[gap * c, gap * s]])
                    story.run(0.1)
                else:
                    far = gap + 0.25 + 0.03
                    story.gate.on_scene(scene_of([person(far * c, far * s)], story.now), story.now)
                story.command = (sign * 0.3 * c, sign * 0.3 * s, 0.0, 0.0, 0.0, 0.0)
                story.run(1.0)
                went = math.hypot(story.pose.x, story.pose.y)
                good.append((went > 0.15) == moves)
                wrong += (
                    [] if good[-1] else [f"{what} at {angle:.2f} rad {'retreat' if moves else 'approach'} {went:.3f} m"]
                )
    met, figure = all_of(good)
    return Finding(met, figure, {"wrong": wrong[:6]})


@item(28)
def no_flapping(effort: Effort) -> Finding:
    """±1 cm of noise on what stands at every distance near a border; changes between standing and going."""
    rng, worst, rows = np.random.default_rng(28), 0.0, []
    base = ROBOT.base.radius
    for what in ("thing", "person"):
        distances = np.linspace(0.02, 0.6, effort.count(60, 8)) + (0.25 if what == "person" else 0.0)
        for d in distances:
            story = Story().armed()
            story.command = (0.3, 0.0, 0.0, 0.0, 0.0, 0.0)
            states, seconds = [], 6.0
            for k in range(round(seconds * 50)):
                x = base + float(d) + float(rng.uniform(-0.01, 0.01))
                if what == "thing":
                    story.obstacles = np.array([[x, 0.0], [x, 0.02]]) + np.array([story.pose.x, 0.0])
                elif k % 5 == 0:
                    story.gate.on_scene(scene_of([person(story.pose.x + x, 0.0)], story.now), story.now)
                states.append(story.run(TICK_S).status.state == "stopped")
            changes = int(np.count_nonzero(np.diff(np.array(states, int)))) / seconds
            if changes > worst:
                rows.append(f"{what} at {d:.3f} m: {changes:.2f}")
            worst = max(worst, changes)
    return Finding(worst <= 1.0, f"at most {worst:.2f} changes a second", {"worst": rows[-1:]})


@item(30)
def payload(effort: Effort) -> Finding:
    """What is carried, from nothing to 10 kg: the speed allowed at a person's side falls."""
    masses = (0.0, 1.0, 3.0, 5.0, 10.0)
    speeds = [_arm_speed(m) for m in masses]
    falls = all(b < a - 1e-6 for a, b in pairwise(speeds))
    figure = ", ".join(f"{m:g} kg {v:.3f}" for m, v in zip(masses, speeds))
    base = [_approach(0.3, payload=m) for m in (0.0, 10.0, 40.0)]
    return Finding(
        falls and base[0] >= base[1] >= base[2], f"arm m/s: {figure}", {"base_mps": [round(v, 4) for v in base]}
    )


def _arm_speed(mass: float) -> float:
    """The fastest speed of any part of the arm in a trajectory that passes right beside a person [m/s]."""
    from benchmarks.safety_items.arm_space import smooth
    from benchmarks.safety_items.stories import ARM, HOME, MODEL
    from vla_ros.safety.arm_path import samples
    from vla_ros.safety.silhouette import Silhouette

    story = Story().armed()
    story.command = STILL
    if mass:
        story.gate.on_payload(mass, story.now)
    story.gate.on_scene(scene_of([person(0.85, -0.3)], story.now), story.now)
    offer = ROBOT.posture("offer")
    assert offer is not None
    story.gate.on_trajectory(smooth(np.array(HOME.positions), np.array(offer.positions)), story.now)
    sent = story.run(TICK_S).trajectories
    if not sent:
        return 0.0
    silhouette = Silhouette(MODEL)
    times, rows = samples(sent[0], story.joints, 0.05)
    centers = []
    for row in rows:
        q = MODEL.configuration({**story.joints, **dict(zip(ARM.names, map(float, row)))})
        centers.append(silhouette.centers(q)[silhouette.joints > 0])
    ways = np.linalg.norm(np.diff(np.array(centers), axis=0), axis=2)
    return float((ways / np.maximum(np.diff(times), 1e-6)[:, None]).max())
