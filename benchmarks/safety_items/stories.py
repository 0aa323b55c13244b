"""A gate in simulated seconds for the items that need no process, with oracles of their own for its output."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from gate_story import ARM, HOME, JOINTS, MODEL, ROBOT, STILL, Forward, Story, arm_trajectory, ranges_of, scan_of

from vla_ros.core.geometry import JointPositions, Pose, Twist2D
from vla_ros.core.motion import JointTrajectory
from vla_ros.core.robot_description import BaseLimits
from vla_ros.core.robot_state import Battery, Imu, JointStates, Odometry
from vla_ros.core.scene import Scene, SceneObject
from vla_ros.safety.gate import GateOutput
from vla_ros.safety.params import SafetyParams

__all__ = [
    "ARM",
    "HOME",
    "JOINTS",
    "MODEL",
    "ROBOT",
    "STILL",
    "ZERO",
    "Forward",
    "FullStory",
    "Story",
    "arm_trajectory",
    "brakes",
    "breaches",
    "passes",
    "person",
    "ranges_of",
    "scan_of",
    "scene_of",
    "stops_after",
]
ZERO = Twist2D()
SENSORS = ("odom", "scan", "joint_states", "imu", "battery", "scene")
TICK_S = 0.02


class FullStory(Story):
    """A robot that depends on every sensor there is. ``mute`` and ``frozen`` hold their names."""

    def __init__(self, params: SafetyParams | None = None) -> None:
        super().__init__(params, replace(ROBOT, sensors=SENSORS))
        self.frozen: dict[str, float] = {}
        self.last: dict[str, float] = {}
        self.objects: tuple[SceneObject, ...] = ()

    def _feed(self) -> None:
        gate, now = self.gate, self.now
        if "odom" not in self.mute:
            gate.on_odometry(Odometry(self._stamp("odom"), self.pose), now)
        if "joint_states" not in self.mute:
            positions = JointPositions(tuple(self.joints), tuple(self.joints.values()))
            gate.on_joints(JointStates(self._stamp("joint_states"), positions), now)
        if "scan" not in self.mute and self._tick % 2 == 0:
            ranges = self.ranges if self.ranges is not None else ranges_of(self.pose.inverse_transform(self.obstacles))
            gate.on_scan(scan_of(ranges, self._stamp("scan")), now)
        if "imu" not in self.mute:
            stamp = self._stamp("imu")
            gate.on_imu(stamp, now, Imu(stamp, (0.0, 0.0, 9.81)))
        if "battery" not in self.mute and self._tick % 50 == 1:
            gate.on_battery(Battery(self._stamp("battery"), 0.8, 25.0), now)
        if "scene" not in self.mute and self._tick % 5 == 0:
            gate.on_scene(Scene(self._stamp("scene"), "odom", self.objects), now)
        if "command" not in self.mute:
            gate.on_twist(self.command, now)

    def _stamp(self, sensor: str) -> float:
        self.last[sensor] = self.frozen.get(sensor, self.stamp(self.now))
        return self.last[sensor]


def brakes(out: GateOutput) -> bool:
    """Whether nothing passes."""
    return out.status.state in ("stopped", "e_stopped", "faulted")


def stops_after(story: Story, longest_s: float = 8.0) -> float:
    """Seconds until the gate stops; inf when it does not within ``longest_s``."""
    began = story.now
    out = story.run(longest_s, brakes)
    return story.now - began if brakes(out) else math.inf


def passes(story: Story, trajectory: JointTrajectory) -> bool:
    """Whether a trajectory goes out as it is, with the next tick."""
    story.gate.on_trajectory(trajectory, story.now)
    out = story.run(TICK_S)
    return any(
        sent.names == trajectory.names and np.array_equal(sent.positions, trajectory.positions)
        for sent in out.trajectories
    )


def breaches(twists: Iterable[Twist2D], limits: BaseLimits, yaw_jerk: float, dt: float = TICK_S) -> list[str]:
    """Where a sequence of outputs, ``dt`` apart, breaks a limit of speed, acceleration or jerk.

    Written apart from the gate's ramp: differences of the output, nothing else.
    """
    rows = np.array([(t.vx, t.vy, t.wz) for t in twists])
    found = []
    speed = np.hypot(rows[:, 0], rows[:, 1])
    change = np.diff(rows, axis=0) / dt
    push, turn = np.hypot(change[:, 0], change[:, 1]), np.abs(change[:, 2])
    faster = np.diff(speed) > 1e-9
    most = np.where(faster, max(limits.acceleration, 1e-9), max(limits.acceleration, limits.deceleration))
    jolt = np.diff(change, axis=0) / dt
    for name, values, limit in (
        ("speed", speed, limits.speed),
        ("yaw rate", np.abs(rows[:, 2]), limits.yaw_rate),
        ("acceleration", push, most),
        ("yaw acceleration", turn, limits.yaw_acceleration),
        ("jerk", np.hypot(jolt[:, 0], jolt[:, 1]), limits.jerk),
        ("yaw jerk", np.abs(jolt[:, 2]), yaw_jerk),
    ):
        over = values > np.asarray(limit) * (1.0 + 1e-6) + 1e-9
        if np.any(over):
            k = int(np.argmax(over))
            found.append(f"{name} {values[k]:.4g} at tick {k}")
    return found


def person(
    x: float,
    y: float,
    *,
    name: str = "p1",
    velocity: tuple[float, float] = (0.0, 0.0),
    category: str = "person",
    shape: str = "person",
    score: float = 0.9,
    size: tuple[float, float, float] = (0.5, 0.4, 1.7),
    now: float = 0.0,
) -> SceneObject:
    """Somebody who stands (or walks) at x, y of odom."""
    return SceneObject(
        id=name,
        categories=((category, score),),
        color="green",
        shape=shape,
        pose=Pose.planar(x, y, 0.0, size[2] / 2),
        size=size,
        confidence=score,
        visible=True,
        last_seen_s=now,
        velocity=(*velocity, 0.0),
    )


def scene_of(objects: Sequence[SceneObject], now: float) -> Scene:
    """A scene of now."""
    return Scene(now, "odom", tuple(replace(o, last_seen_s=now) for o in objects))
