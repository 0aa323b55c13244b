"""How long one tick of the gate's core takes with every rule at work: python -m benchmarks.gate_tick

A home with walls, three people around, a moving arm, keep-out zones, all monitors fed. No ROS: what transport and
scheduling add is measured by `python -m benchmarks.latency`. Prints one JSON line: ``mean_ms`` is CPU time with every
input of the tick, so that other processes on the machine do not count; ``wall`` is what passed.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from pathlib import Path

import numpy as np

from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.geometry import Box, JointPositions, Pose, Pose2D
from vla_ros.core.motion import JointTrajectory
from vla_ros.core.resources import config_file
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import Battery, Imu, JointStates, LaserScan, Odometry
from vla_ros.core.scene import Scene, SceneObject
from vla_ros.core.surroundings import Surroundings
from vla_ros.safety.gate import Gate
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.zones import Zone, Zones

BEAMS = 360
BUDGET_MS = 2.0
WARM = 50
BLOCK = 50


def scan(now: float) -> LaserScan:
    """A room of 4 x 3 m with something near on the left."""
    angles = -math.pi + 2 * math.pi / BEAMS * np.arange(BEAMS)
    walls = np.minimum(2.0 / np.maximum(np.abs(np.cos(angles)), 1e-6), 1.5 / np.maximum(np.abs(np.sin(angles)), 1e-6))
    walls[265:275] = 0.6
    return LaserScan(now, "lidar_link", -math.pi, 2 * math.pi / BEAMS, 0.05, 8.0, walls)


def people(now: float) -> Scene:
    """Three people within reach of the rules."""
    found = []
    for k, (x, y) in enumerate(((1.3, 0.2), (0.5, -1.0), (-1.0, 0.8))):
        pose = Pose((x, y, 0.85))
        found.append(SceneObject(f"p{k}", (("person", 0.9),), "blue", "person", pose, (0.5, 0.4, 1.7), 0.9, True, now))
    return Scene(now, "odom", tuple(found))


def swing(robot: RobotDescription, joints: dict[str, float], way: float) -> JointTrajectory:
    """The second joint of the arm there and back."""
    arm = robot.group("arm")
    assert arm is not None
    s = np.linspace(0.0, 1.0, 21)[1:]
    start = np.array([joints[n] for n in arm.names])
    step = np.zeros(len(start))
    step[1] = way
    rates = np.outer(6 * s * (1 - s) / 3.0, step)
    rates[-1] = 0.0
    return JointTrajectory(arm.names, 3.0 * s, start + np.outer(s * s * (3 - 2 * s), step), rates)


def main(arguments: list[str] | None = None) -> int:
    """Entry point; exit status 1 when the mean is above the budget."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate_tick", description="Time of the gate's tick.")
    parser.add_argument("--ticks", type=int, default=2000)
    options = parser.parse_args(arguments)
    robot = RobotDescription.load(config_file("home_robot", "robots"))
    stairs = Zone(name="stairs", polygon=((1.6, -1.0), (2.6, -1.0), (2.6, 0.5), (1.6, 0.5)))
    walls = tuple(Box(Pose.planar(x, y, yaw, 1.2), (4.0, 0.1, 2.4)) for x, y, yaw in ((0.0, 1.5, 0.0), (2.05, 0, 1.57)))
    home_plan = FloorPlan.load(config_file("apartment", "homes"))
    around = Surroundings(walls, Surroundings.of(home_plan).furniture)
    gate = Gate(SafetyParams(), robot, zones=Zones(keep_out=(stairs,)), surroundings=around)
    home = robot.posture("home")
    arm = robot.group("arm")
    assert home is not None and arm is not None
    joints = {j: 0.02 for g in robot.groups for j in g.names} | dict(zip(arm.names, home.positions))
    names, efforts = tuple(joints), tuple(1.0 for _ in joints)
    moments = [10.0 + 0.02 * k for k in range(options.ticks + WARM)]
    states = [JointStates(t, JointPositions(names, tuple(joints.values())), (), efforts) for t in moments]
    scans, scenes = {t: scan(t) for t in moments[::3]}, {t: people(t) for t in moments[::5]}
    walls, blocks, taken, way = [], [], [], 0.7
    block = time.thread_time()
    for k, now in enumerate(moments):
        began = time.perf_counter()
        gate.on_odometry(Odometry(now, Pose2D()), now)
        gate.on_joints(states[k], now)
        gate.on_imu(now, now, Imu(now, (0.1, 0.0, 9.8)))
        gate.on_temperature("motor:arm_joint_1", 40.0, now)
        if now in scans:
            gate.on_scan(scans[now], now)
        if now in scenes:
            gate.on_scene(scenes[now], now)
        if k % 50 == 0:
            gate.on_battery(Battery(now, 0.8, 24.0), now)
        gate.on_twist((0.3, 0.05, 0.0, 0.0, 0.0, 0.2), now)
        output = gate.tick(now)
        walls.append(time.perf_counter() - began)
        if k == 20:
            granted, text = gate.arm(now)
            assert granted, text
        if k % BLOCK == BLOCK - 1:
            blocks.append((time.thread_time() - block) / BLOCK)
            if k % (3 * BLOCK) == BLOCK - 1:
                before = time.thread_time()
                gate.on_trajectory(swing(robot, joints, way), now)
                taken.append(time.thread_time() - before)
            block = time.thread_time()
    times, walls = np.array(blocks[1:]) * 1e3, walls[WARM:]
    found: dict[str, float | int | str] = {
        "suite": "gate_tick",
        "ticks": len(walls),
        "mean_ms": round(float(times.mean()), 3),
        "worst_block_ms": round(float(times.max()), 3),
        "wall_p50_ms": round(float(np.percentile(walls, 50)) * 1e3, 3),
        "wall_p99_ms": round(float(np.percentile(walls, 99)) * 1e3, 3),
        "trajectory_ms": round(float(np.max(taken)) * 1e3, 3),
        "state": output.status.state,
        "cause": output.status.cause,
        "machine": Path("/proc/cpuinfo")
        .read_text(encoding="utf-8")
        .split("model name")[1]
        .split("\n")[0]
        .strip("\t: "),
    }
    print(json.dumps(found))
    return 0 if float(times.mean()) <= BUDGET_MS else 1


if __name__ == "__main__":
    sys.exit(main())
