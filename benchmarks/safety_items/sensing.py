"""Promises 14, 15, 16, 17, 18, 19, 21, 22: time, stamps, sensors."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.safety_items.registry import Effort, Finding, all_of, item
from benchmarks.safety_items.stories import (
    JOINTS,
    ROBOT,
    SENSORS,
    STILL,
    TICK_S,
    ZERO,
    Forward,
    FullStory,
    Story,
    arm_trajectory,
    brakes,
    passes,
    stops_after,
)
from vla_ros.core.geometry import JointPositions
from vla_ros.core.robot_state import JointStates
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.stamps import Stamp

_PERIOD = {"scan": 0.04, "battery": 1.0, "scene": 0.1}
"""Of a sensor's messages in the stories; else a tick."""


@item(14)
def age_by_receipt(effort: Effort) -> Finding:
    """Stamps off by an hour, frozen, backward, jumping; and a gate under a /clock that never runs."""
    rng = np.random.default_rng(14)
    clocks: dict[str, Callable[[float], float]] = {
        "true": lambda now: now,
        "+1 h": lambda now: now + 3600.0,
        "-1 h": lambda now: now - 3600.0,
        "backward": lambda now: 1e4 - now,
        "crawling": lambda now: now * 1e-6,
        "jumping": lambda now: float(rng.uniform(-1e5, 1e5)),
    }
    late, figures = [], {}
    for dropped, limit in (("command", 0.15), ("odom", 0.15), ("joints", 0.15), ("scan", 0.2)):
        for name, clock in clocks.items():
            story = Story()
            story.stamp = clock
            story.driving()
            moved = story.outputs[-1].twist.vx > 0.4
            story.mute = {dropped}
            seconds = stops_after(story)
            figures[f"{dropped} {name}"] = round(seconds, 3)
            if not moved or seconds > limit + TICK_S + 1e-6:
                late.append(f"{dropped} {name}: {seconds:.3f} s")
    story = Story().driving()
    frozen = story.now
    story.stamp = lambda _: frozen
    seconds = stops_after(story)
    if seconds > 0.15 + TICK_S + 1e-6:
        late.append(f"frozen: {seconds:.3f} s")
    process_s = _under_a_dead_clock()
    if process_s > 0.2:
        late.append(f"process under a dead /clock: {process_s:.3f} s")
    n = len(figures) + 2
    return Finding(not late, f"{n - len(late)}/{n}; dead /clock {1e3 * process_s:.0f} ms", {"late": late})


def _under_a_dead_clock() -> float:
    """Seconds until the gate's process brakes after control was killed, with use_sim_time and no /clock."""
    from benchmarks.safety_items.bench import bed

    with bed("-p", "use_sim_time:=true") as made:
        made.arm()
        pid = made.bear("control", "0.3")
        made.drives(0.27, 15.0)
        killed = time.time()
        made.kill(pid)
        return made.braking_after(killed)


def _stamped(tolerance: str, sent: Callable[[float], float]) -> bool:
    """Whether a command whose stamp is ``sent(now)`` moves an armed robot."""
    story = Story(SafetyParams(command_stamps=tolerance)).armed()
    story.mute = {"command"}
    for _ in range(40):
        story.gate.on_twist(Forward, story.now, Stamp(sent(story.now), story.now))
        story.run(TICK_S)
    return story.outputs[-1].twist.vx > 0.1


@item(15)
def stamps(effort: Effort) -> Finding:
    """Stamps ahead and behind by more than 100 ms, of velocities and trajectories; those within pass."""
    good: list[bool] = []
    wrong: list[str] = []

    def note(right: bool, what: str) -> None:
        good.append(right)
        wrong.extend([] if right else [what])

    for mode in ("checked", "required"):
        for off, moves in ((0.0, True), (-0.09, True), (0.09, True), (0.11, False), (-0.11, False), (3600.0, False)):
            note(_stamped(mode, lambda now, d=off: now + d) == moves, f"velocity {mode} {off:g} s")  # type: ignore[misc]
        for off, moves in ((0.0, True), (0.2, False), (-0.2, False), (math.nan, False)):
            story = Story(SafetyParams(command_stamps=mode)).armed()
            story.mute = {"command"}
            for _ in range(10):
                story.gate.on_twist(STILL, story.now, Stamp(story.now, story.now))
                story.run(TICK_S)
            trajectory = arm_trajectory({"arm_joint_1": 1.0})
            story.gate.on_trajectory(trajectory, story.now, Stamp(story.now + off, story.now))
            note((len(story.run(TICK_S).trajectories) == 1) == moves, f"trajectory {mode} {off:g} s")
    return Finding(*all_of(good), {"wrong": wrong})


@item(16)
def replayed(effort: Effort) -> Finding:
    """Recorded commands played again: at once, after a while, in a loop, shifted in order."""
    passed = tried = 0
    for mode in ("checked", "required"):
        story = Story(SafetyParams(command_stamps=mode)).armed()
        story.mute = {"command"}
        record = []
        for _ in range(50):
            record.append((Forward, Stamp(story.now, story.now)))
            story.gate.on_twist(*record[-1][:1], story.now, record[-1][1])
            story.run(TICK_S)
        drove = story.outputs[-1].twist.vx > 0.4
        if not drove:
            raise AssertionError("the recorded commands did not move the robot")
        for pause in (0.0, 1.0, 30.0):
            story.run(pause)
            story.run(1.0)
            for order in (record, record[::-1], record[-3:] * 10):
                for command, stamp in order:
                    story.gate.on_twist(command, story.now, Stamp(stamp.sent_s, story.now))
                    story.run(TICK_S)
                    tried += 1
                    passed += story.outputs[-1].twist != ZERO
        for _ in range(3):  # a trajectory, sent again and again with its own stamp
            stamp = Stamp(story.now, story.now)
            story.gate.on_trajectory(arm_trajectory({"arm_joint_1": 1.0}), story.now, stamp)
            story.run(0.06)
            tried += 1
            story.gate.on_trajectory(arm_trajectory({"arm_joint_1": 1.0}), story.now, Stamp(stamp.sent_s, story.now))
            passed += any(len(t.times_s) > 1 for t in story.run(TICK_S).trajectories)
            story.run(3.0)
    return Finding(passed == 0, f"{passed} of {tried} pass")


def _sensor_lost(sensor: str, lose: Callable[[FullStory], None]) -> tuple[bool, str]:
    story = FullStory()
    story.driving()
    story.run(float(story.now % 1.0))
    moved = story.outputs[-1].twist.vx > 0.4
    lose(story)
    limit = float(getattr(story.params, f"{sensor}_timeout_s")) + TICK_S
    seconds = stops_after(story, limit + 1.0)
    named = story.run(0.1).status.limiting_object == sensor
    return moved and seconds <= limit + 1e-6 and named, f"{sensor} {seconds:.2f}/{limit:.2f} s"


@item(17)
def every_sensor(effort: Effort) -> Finding:
    """Each of six sensors dropped while it drives, and each never published."""
    results = [_sensor_lost(s, lambda story, s=s: story.mute.add(s)) for s in SENSORS]  # type: ignore[misc]
    armed = []
    for sensor in SENSORS:
        story = FullStory()
        story.mute, story.command = {sensor}, Forward
        story.run(3.0)
        granted, words = story.gate.arm(story.now)
        story.run(1.0)
        armed.append(not granted and sensor in words and all(o.twist == ZERO for o in story.outputs))
    good = [r[0] for r in results] + armed
    met, figure = all_of(good)
    return Finding(met, figure, {"dropped": [r[1] for r in results]})


@item(18)
def frozen(effort: Effort) -> Finding:
    """Each driver goes on sending, with the stamp of its last message."""

    def freeze(story: FullStory, sensor: str) -> None:
        story.frozen[sensor] = story.last[sensor]

    results = [_sensor_lost(s, lambda story, s=s: freeze(story, s)) for s in SENSORS]  # type: ignore[misc]
    met, figure = all_of(r[0] for r in results)
    return Finding(met, figure, {"frozen": [r[1] for r in results]})


@item(19)
def state_goes_stale(effort: Effort) -> Finding:
    """Odometry, joint states, and each single joint's driver among several. The gate uses no TF at all."""
    good = [_sensor_lost(s, lambda story, s=s: story.mute.add(s))[0] for s in ("odom", "joint_states")]  # type: ignore[misc]
    takes = [j for g in ROBOT.groups if g.name != "gripper" for j in g.names]
    for lost in takes[:: effort.count(1, 3)]:
        story = Story().driving()
        story.mute = {"joints"}

        def feed(out: object, story: Story = story, lost: str = lost) -> bool:
            names = tuple(n for n in JOINTS if n != lost)
            story.gate.on_joints(JointStates(story.now, JointPositions(names, (0.1,) * len(names))), story.now)
            return brakes(story.outputs[-1])

        began = story.now
        story.run(1.0, feed)
        good.append(story.now - began <= 0.15 + 2 * TICK_S + 1e-6 and not passes(story, arm_trajectory()))
    import vla_ros.ros.nodes.safety_node as node_module

    source = Path(node_module.__file__).read_text(encoding="utf-8")
    good.append("tf2" not in source)
    met, figure = all_of(good)
    return Finding(met, f"{figure} (odom, joint_states, each joint alone; TF is no input of the gate)")


@item(21)
def blind_lidar(effort: Effort) -> Finding:
    """All NaN, all below range_min, all zero, too few beams, half of them, a blind sector, an empty scan."""
    clear = np.full(360, np.inf)

    def with_gap(first: int, count: int) -> np.ndarray:
        ranges = clear.copy()
        ranges[np.arange(first, first + count) % 360] = math.nan
        return ranges

    tries = {
        "all NaN": np.full(360, math.nan),
        "below range_min": np.full(360, 0.01),
        "zeros": np.zeros(360),
        "negative": np.full(360, -1.0),
        "20 beams": np.full(20, np.inf),
        "two thirds NaN": np.where(np.arange(360) % 3 == 0, np.inf, math.nan),
        "blind ahead": with_gap(160, 60),
        "blind behind, over the seam": with_gap(340, 50),
        "one valid beam": np.where(np.arange(360) == 5, 1.0, math.nan),
    }
    good, wrong = [], []
    for name, ranges in tries.items():
        story = Story().driving()
        story.ranges = ranges
        seconds = stops_after(story)
        out = story.run(1.0)
        good.append(seconds <= 0.2 + TICK_S and out.twist == ZERO)
        wrong += [] if good[-1] else [f"{name}: {seconds:.2f} s"]
        story.command = STILL
        good.append(not story.gate.disarm(story.now) or not story.gate.arm(story.now)[0])
    met, figure = all_of(good)
    return Finding(met, figure, {"not_stopped": wrong})


@item(22)
def one_near_point(effort: Effort) -> Finding:
    """A table leg that 1 to 3 beams see, somewhere on the way: it stands before it touches."""
    rng, n = np.random.default_rng(22), effort.count(300, 24)
    outline, touched, farthest = Footprint(ROBOT.base.footprint), 0, math.inf
    for k in range(n):
        angle, beams = float(rng.uniform(-math.pi, math.pi)), 1 + k % 3
        speed = float(rng.uniform(0.15, 0.6))
        story = Story().driving((speed * math.cos(angle), speed * math.sin(angle), 0.0, 0.0, 0.0, 0.0), 1.5)
        side = float(rng.uniform(-0.2, 0.2))
        ahead = float(rng.uniform(0.75, 1.5))
        c, s = math.cos(angle), math.sin(angle)
        leg = np.array([[c * ahead - s * (side + 0.01 * i), s * ahead + c * (side + 0.01 * i)] for i in range(beams)])
        story.obstacles = leg + np.array([story.pose.x, story.pose.y])
        nearest = math.inf
        for _ in range(400):
            out = story.run(TICK_S)
            nearest = min(nearest, float(outline.clearance(story.pose.inverse_transform(story.obstacles)).min()))
            if out.twist == ZERO:
                break
        touched += nearest <= 0.0 or out.twist != ZERO
        farthest = min(farthest, nearest)
    return Finding(touched == 0, f"{n - touched}/{n} stood before it, nearest {1e3 * farthest:.0f} mm", {"n": n})
