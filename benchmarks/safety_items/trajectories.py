"""Promises 2, 7, 8, 9, 10, 11, 12: joint trajectories."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.interpolate import CubicHermiteSpline

from benchmarks.safety_items.registry import Effort, Finding, all_of, item
from benchmarks.safety_items.stories import ARM, HOME, ROBOT, Story, arm_trajectory, passes
from vla_ros.core.motion import JointTrajectory

HEAD = ROBOT.group("head")
SOUND = {"arm_joint_1": 1.0}
_SLACK = 0.011
"""The gate allows 1 % above a limit for rounding in what planners send."""
SILENCE_S = 0.2
"""What promise 13 allows to any silence; the driver's own time-out or the watchdog acts after it."""


def _spoilt(part: str, row: int, column: int, value: float) -> JointTrajectory:
    trajectory = arm_trajectory(SOUND)
    array = np.array(getattr(trajectory, part))
    array[(row, column) if array.ndim == 2 else row] = value
    return replace(trajectory, **{part: array})


@item(2)
def not_finite(effort: Effort) -> Finding:
    """NaN (and Inf) in every slot of times, positions, velocities, while an arm moves: refused, posture held."""
    sound = arm_trajectory(SOUND)
    slots = [("times_s", r, 0) for r in range(len(sound.times_s))]
    slots += [(p, r, k) for p in ("positions", "velocities") for r in range(20) for k in range(8)]
    values = (math.nan, math.inf, -math.inf)[: effort.count(3, 1)]
    tries = [(s, v) for s in slots[:: effort.count(1, 4)] for v in values]
    good, story = [], Story().armed()
    for slot, value in tries:
        story.run(0.1)
        moving = passes(story, arm_trajectory(SOUND))
        bad = _spoilt(*slot, value)
        story.gate.on_trajectory(bad, story.now)
        first = len(story.outputs)
        story.run(0.1)
        sent = [t for o in story.outputs[first:] for t in o.trajectories]
        holds = [t for t in sent if len(t.times_s) == 1 and np.allclose(t.positions, [HOME.positions])]
        good.append(moving and len(holds) == len(sent) >= 1 and story.outputs[first].status.cause != "")
    return Finding(*all_of(good))


def _oracle(trajectory: JointTrajectory, start: np.ndarray) -> dict[str, float]:
    """How far a driver's cubic goes beyond each limit, by dense sampling; shares of the limit, 0 = at it."""
    joints = {j.name: j for j in ARM.joints}
    spline = CubicHermiteSpline(trajectory.times_s, trajectory.positions, trajectory.velocities)
    t = np.linspace(trajectory.times_s[0], trajectory.times_s[-1], 4001)
    p, v, a = spline(t), spline(t, 1), spline(t, 2)
    worst = {"position": -math.inf, "velocity": -math.inf, "acceleration": -math.inf}
    for k, name in enumerate(trajectory.names):
        limit = joints[name]
        beyond = max(p[:, k].max() - limit.upper, limit.lower - p[:, k].min())
        worst["position"] = max(worst["position"], beyond)
        worst["velocity"] = max(worst["velocity"], np.abs(v[:, k]).max() / limit.velocity - 1.0)
        worst["acceleration"] = max(worst["acceleration"], np.abs(a[:, k]).max() / limit.acceleration - 1.0)
    return {name: float(value) for name, value in worst.items()}


@item(7)
def between_waypoints(effort: Effort) -> Finding:
    """Splines whose waypoints are legal and whose way between is not, as an independent spline says."""
    rng, n = np.random.default_rng(7), effort.count(2000, 150)
    refused, tried, kinds, story = 0, 0, dict.fromkeys(("position", "velocity", "acceleration"), 0), Story().armed()
    start = np.array(HOME.positions)
    upper = np.array([j.upper for j in ARM.joints])
    lower = np.array([j.lower for j in ARM.joints])
    while tried < n:
        k = int(rng.integers(8))
        goal = start.copy()
        goal[k] = rng.choice([upper[k] - rng.uniform(0.0, 0.05), lower[k] + rng.uniform(0.0, 0.05), rng.uniform(-1, 1)])
        goal[k] = np.clip(goal[k], lower[k], upper[k])
        joint, way = ARM.joints[k], abs(goal[k] - start[k])
        seconds = max(0.2, 1.5 * way / joint.velocity * rng.uniform(0.6, 3.0))
        times = np.array([0.05, 0.05 + seconds, 0.05 + seconds + rng.uniform(0.1, 1.0)])
        positions, velocities = np.vstack([start, goal, goal]), np.zeros((3, 8))
        velocities[1, k] = rng.uniform(-1.0, 1.0) * joint.velocity
        trajectory = JointTrajectory(ARM.names, times, positions, velocities)
        beyond = _oracle(trajectory, start)
        wrong = [name for name, value in beyond.items() if value > (1e-5 if name == "position" else _SLACK)]
        if not wrong:
            continue
        tried += 1
        kinds[wrong[0]] += 1
        refused += not passes(story, trajectory)
        story.run(0.02)
    return Finding(refused == n, f"{refused}/{n}", {"n": n, "by_limit": kinds})


def _all_refused(tries: dict[str, JointTrajectory]) -> Finding:
    """Each is refused, and the sound one passes before and after them."""
    story = Story().armed()
    sound = passes(story, arm_trajectory(SOUND))
    story.run(3.0)
    passed = [name for name, trajectory in tries.items() if passes(story, trajectory)]
    story.run(1.2)
    sound = sound and passes(story, arm_trajectory(SOUND))
    figure = f"{len(tries) - len(passed)}/{len(tries)} refused"
    return Finding(sound and not passed, figure if sound else f"{figure}, but a sound one too", {"passed": passed})


@item(8)
def joints_named_wrongly(effort: Effort) -> Finding:
    """Unknown, doubled, missing, mixed."""
    sound = arm_trajectory(SOUND)
    names = sound.names

    def columns(keep: list[int], called: tuple[str, ...]) -> JointTrajectory:
        assert sound.velocities is not None
        return JointTrajectory(called, sound.times_s, sound.positions[:, keep], sound.velocities[:, keep])

    whole = list(range(8))
    return _all_refused(
        {
            "unknown": columns(whole, (*names[:7], "arm_joint_8")),
            "doubled": columns(whole, (*names[:7], names[6])),
            "missing": columns(whole[:7], names[:7]),
            "one more": columns([*whole, 7], (*names, "head_pan_joint")),
            "another group's": columns(whole, (*names[:6], "head_pan_joint", "head_tilt_joint")),
            "none": JointTrajectory((), sound.times_s, np.zeros((20, 0)), np.zeros((20, 0))),
            "other case": columns(whole, (*names[:7], names[7].upper())),
            "a space": columns(whole, (*names[:7], names[7] + " ")),
            "empty name": columns(whole, (*names[:7], "")),
        }
    )


@item(9)
def times(effort: Effort) -> Finding:
    """Zero, negative, equal, falling, huge, not finite."""
    sound = arm_trajectory(SOUND)
    t = np.array(sound.times_s)

    def changed(change: Callable[[np.ndarray], None]) -> JointTrajectory:
        other = t.copy()
        change(other)
        return replace(sound, times_s=other)

    def put(k: int, value: float) -> Callable[[np.ndarray], None]:
        return lambda a: a.__setitem__(k, value)

    tries = {"zero first": changed(put(0, 0.0)), "negative first": changed(put(0, -0.1)), "all negative": -t}
    tries |= {f"equal at {k}": changed(put(k, t[k - 1])) for k in (1, 10, 19)}
    tries |= {f"falling at {k}": changed(put(k, t[k - 1] - 0.01)) for k in (1, 10, 19)}
    tries |= {"huge last": changed(put(19, 1e9)), "61 s": t * 30.5, "NaN": changed(put(5, math.nan))}
    tries |= {"Inf": changed(put(19, math.inf)), "tiny steps": np.full(20, 1e-12).cumsum()}
    made = {n: v if isinstance(v, JointTrajectory) else replace(sound, times_s=v) for n, v in tries.items()}
    return _all_refused(made)


@item(10)
def start_far_off(effort: Effort) -> Finding:
    """A first point 1 rad (0.3 m) from the measured posture, each joint in turn."""
    assert HEAD is not None
    tries = {}
    for group, start in ((ARM, np.array(HOME.positions)), (HEAD, np.full(2, 0.02))):
        for k, joint in enumerate(group.joints):
            jump = 0.3 if joint.prismatic else (1.0 if start[k] + 1.0 < joint.upper else -1.0)
            positions = np.tile(start, (3, 1))
            positions[:, k] += jump
            tries[joint.name] = JointTrajectory(group.names, np.array([2.0, 4.0, 6.0]), positions, positions * 0.0)
    return _all_refused(tries)


@item(11)
def end_in_motion(effort: Effort) -> Finding:
    """A last velocity that is not zero, each joint, both ways, large and small."""
    tries = {}
    for k, name in enumerate(ARM.names):
        for speed in (-0.5, -0.01, 0.01, 0.1):
            trajectory = arm_trajectory(SOUND, seconds=4.0)
            assert trajectory.velocities is not None
            trajectory.velocities[-1, k] = speed * (0.2 if k == 0 else 1.0)
            tries[f"{name} {speed}"] = trajectory
    return _all_refused(tries)


@item(12)
def a_million_points(effort: Effort) -> Finding:
    """10^6 points: as values into the core, and as a message of 40 MB to the gate's process, which must live on.

    Taking such a message out of the middleware costs 70 ms of copying before anything of the gate runs; the process
    is silent for that long, which must stay within the time that any silence may last.
    """
    from rclpy.serialization import serialize_message
    from trajectory_msgs.msg import JointTrajectory as Message
    from trajectory_msgs.msg import JointTrajectoryPoint

    from benchmarks.safety_items.bench import bed, reversed_until
    from vla_ros.ros import qos

    n, story = 1_000_000, Story().armed()
    values = np.zeros((n, 8))
    huge = JointTrajectory(ARM.names, np.arange(1, n + 1) * 1e-3, values, values)
    times = []
    for _ in range(9):  # the middle one: once in a while the computer does something else
        began = time.perf_counter()
        story.gate.on_trajectory(huge, story.now)
        times.append(time.perf_counter() - began)
    core_s = sorted(times)[4]
    refused = story.run(0.02).trajectories == ()

    message = Message(joint_names=["arm_joint_1"])
    message.points = [JointTrajectoryPoint()] * n
    data = serialize_message(message)
    with bed() as made:
        watch = made.watch
        made.arm()
        out = watch.speaker(Message, "joint_trajectory_raw", qos.EVENT)
        made.need(lambda: out.get_subscription_count() > 0, "the gate's subscription")
        made.wait(1.0)
        sent_at = time.time()
        out.publish(data)
        made.need(lambda: any("joint_trajectory_raw" in d for d in watch.diagnostics), "a refusal", 20.0)
        alive = made.until(lambda: watch.sent[-1].at > sent_at + 2.0, 60.0)
        stamps = [s.at for s in reversed_until(watch.sent, sent_at - 0.2)]
        gap = float(max(np.diff(stamps)))
        alive = alive and watch.status.armed and not watch.trajectories
    more = {"bytes": len(data), "core_ms": round(1e3 * core_s, 3), "longest_gap_ms": round(1e3 * float(gap), 1)}
    met = bool(refused and core_s < 0.02 and gap < SILENCE_S and alive)
    figure = f"refused in {1e3 * core_s:.1f} ms; the process is silent for {1e3 * gap:.0f} ms while it is handed over"
    return Finding(met, figure if alive else f"{figure}; not alive afterwards", more)
