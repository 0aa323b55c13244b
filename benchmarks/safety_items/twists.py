"""Promises 1, 3, 4, 5, 6: the base's velocity."""

from __future__ import annotations

import math
import random

import numpy as np

from benchmarks.safety_items.registry import Effort, Finding, all_of, item
from benchmarks.safety_items.stories import ROBOT, ZERO, Story, breaches
from vla_ros.core.resources import config_file
from vla_ros.core.robot_description import RobotDescription
from vla_ros.safety.twist_limit import limited_twist

BASE = ROBOT.base


def _breaches(story: Story, since: int = 0) -> list[str]:
    return breaches([o.twist for o in story.outputs[since:]], BASE, story.params.yaw_jerk)


@item(1)
def not_finite(effort: Effort) -> Finding:
    """NaN, +Inf and -Inf in each of six axes while it drives: zero at once."""
    good, story = [], Story().driving()
    for axis in range(6):
        for bad in (math.nan, math.inf, -math.inf):
            story.command = (0.5, 0.0, 0.0, 0.0, 0.0, 0.0)
            moving = story.run(1.2).twist.vx > 0.3
            command = [0.5, 0.0, 0.0, 0.0, 0.0, 0.0]
            command[axis] = bad
            story.command = tuple(command)  # type: ignore[assignment]
            out = story.run(0.02)
            good.append(moving and out.twist == ZERO and out.status.cause == "command_not_finite")
    return Finding(*all_of(good))


@item(3)
def clamped(effort: Effort) -> Finding:
    """Random twists, far above the limits most of them, for a holonomic and a differential base."""
    rng, n = np.random.default_rng(3), effort.count(100_000, 10_000)
    differential = RobotDescription.load(config_file("diff_drive", "robots")).base
    over, worst = 0, 0.0
    for k, (vx, vy, wz) in enumerate(rng.normal(0.0, 3.0, (n, 3)) * rng.choice([0.05, 1.0, 1e6], (n, 1))):
        limits = BASE if k % 2 else differential
        out, _ = limited_twist((vx, vy, 0.0, 0.0, 0.0, wz), limits)
        over += math.hypot(out.vx, out.vy) > limits.speed or abs(out.wz) > limits.yaw_rate
        wish = np.array([vx, vy if limits.holonomic else 0.0, wz])
        got = np.array([out.vx, out.vy, out.wz])
        axis = int(np.argmax(np.abs(wish)))
        worst = max(worst, float(np.abs(got / got[axis] - wish / wish[axis]).max()))
    return Finding(over == 0 and worst < 1e-6, f"{over} of {n} over, ratio error {worst:.1e}", {"n": n})


@item(4)
def axes_it_has_not(effort: Effort) -> Finding:
    """linear.z, angular.x, angular.y; linear.y on a differential base. The node's message is looked at, too."""
    from vla_ros.ros.conversions import motion

    differential = RobotDescription.load(config_file("diff_drive", "robots"))
    good = []
    for robot, axes in ((ROBOT, (2, 3, 4)), (differential, (1, 2, 3, 4))):
        for axis in axes:
            story = Story(robot=robot)
            if not set(robot.sensors) <= {"odom", "scan", "joint_states"}:
                raise AssertionError(f"{robot.name} needs {robot.sensors}")
            story.armed()
            command = [0.2, 0.0, 0.0, 0.0, 0.0, 0.0]
            command[axis] = 1.0
            story.command = tuple(command)  # type: ignore[assignment]
            story.run(1.5)
            m = motion.twist_to_msg(story.outputs[-1].twist)
            sent = (m.linear.x, m.linear.y, m.linear.z, m.angular.x, m.angular.y, m.angular.z)
            good.append(sent[axis] == 0.0 and abs(sent[0] - 0.2) < 1e-3)
    return Finding(*all_of(good))


@item(5)
def reversal(effort: Effort) -> Finding:
    """Full reversals in every direction and random changes: speed, acceleration and jerk of the output."""
    rng, n = random.Random(5), effort.count(200, 12)
    found, ticks = [], 0
    story = Story().armed()
    for k in range(n):
        angle, turn = rng.uniform(-math.pi, math.pi), rng.choice([-1.2, 0.0, 1.2])
        x, y = 0.6 * math.cos(angle), 0.6 * math.sin(angle)
        first = len(story.outputs)
        for sign in (1.0, -1.0):
            story.command = (sign * x, sign * y, 0.0, 0.0, 0.0, sign * turn)
            story.run(1.5 if k % 2 else rng.uniform(0.05, 1.5))
        found += _breaches(story, max(0, first - 2))
        ticks += len(story.outputs) - first
    return Finding(not found, f"{len(found)} breaches in {ticks} ticks", {"n": n, "breaches": found[:5]})


@item(6)
def silence_brakes_within_limits(effort: Effort) -> Finding:
    """The publisher falls silent at full speed; in simulated seconds many times, and killed -9 as a process."""
    from benchmarks.safety_items.killed import control_kills

    rng, n = random.Random(6), effort.count(300, 20)
    found, stood = [], 0
    for _ in range(n):
        angle, turn = rng.uniform(-math.pi, math.pi), rng.uniform(-1.2, 1.2)
        story = Story().driving((0.6 * math.cos(angle), 0.6 * math.sin(angle), 0, 0, 0, turn), rng.uniform(0.3, 2.0))
        first = len(story.outputs) - 3
        story.mute = {"command"}
        story.run(1.5)
        found += _breaches(story, first)
        stood += story.outputs[-1].twist == ZERO
    trials = control_kills(effort)
    hard = [t for t in trials if t.hardest_mps2 > BASE.deceleration * 1.02 or not t.stood]
    met = not found and stood == n and not hard and bool(trials)
    most = max((t.hardest_mps2 for t in trials), default=math.nan)
    figure = f"{len(found)} breaches in {n} silences; {len(trials)} killed -9: at most {most:.2f} m/s2"
    return Finding(met, f"{figure} (limit {BASE.deceleration:g})", {"n": n, "kills": len(trials)})
