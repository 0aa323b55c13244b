"""Promises 13 and 35: control, planner and gate killed -9 or frozen, as processes."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from benchmarks.safety_items.bench import Bed, Sent, bed, reversed_until, scheduling
from benchmarks.safety_items.registry import Effort, Finding, item

SPEED = 0.3
STOP_S, DRIVER_STOP_S = 0.2, 0.3
_WINDOW_S = 0.1


@dataclass(frozen=True, slots=True)
class Kill:
    """One trial: seconds from the kill to the first slower command, whether it came to rest, and the hardest
    braking over a tenth of a second [m/s2]."""

    reaction_s: float
    stood: bool
    hardest_mps2: float


@lru_cache
def control_kills(effort: Effort) -> tuple[Kill, ...]:
    """Trials with a control process that drives at full tilt and is killed -9."""
    return tuple(_kill(("control", str(SPEED))) for _ in range(effort.count(50, 3)))


@lru_cache
def planner_kills(effort: Effort) -> tuple[Kill, ...]:
    """The same with the planner of a goal that the real control_node carries out."""
    return tuple(_kill(("planner", "4", "0"), "control_node") for _ in range(effort.count(50, 2)))


def _kill(role: tuple[str, ...], *nodes: str) -> Kill:
    """One trial in a domain of its own: the middleware takes 20 s to forget a killed participant, and the gate stops
    for two voices on one input."""
    with bed() as made:
        for node in nodes:
            made.start(node)
        made.arm()
        pid = made.bear(*role)
        made.drives(0.9 * SPEED, 40.0)
        killed = time.time()
        made.kill(pid)
        reaction = made.braking_after(killed)
        stood = made.until(lambda: made.watch.sent[-1].is_zero, 3.0)
        made.wait(0.1)
        return Kill(reaction, stood, _hardest(reversed_until(made.watch.sent, killed)))


def _hardest(sent: list[Sent]) -> float:
    """The greatest loss of speed over any tenth of a second."""
    worst, first = 0.0, 0
    for k, now in enumerate(sent):
        while now.at - sent[first].at > _WINDOW_S and first < k:
            first += 1
        if now.at - sent[first].at > 0.8 * _WINDOW_S:
            worst = max(worst, (sent[first].speed - now.speed) / (now.at - sent[first].at))
    return worst


@item(13)
def silence_stops(effort: Effort) -> Finding:
    """Planner and control, each a process, killed -9 while the robot drives."""
    control, planner = control_kills(effort), planner_kills(effort)
    late = [k for k in (*control, *planner) if k.reaction_s > STOP_S or not k.stood]
    worst_control = max(k.reaction_s for k in control)
    worst_planner = max(k.reaction_s for k in planner)
    n = len(control) + len(planner)
    figure = f"{n - len(late)}/{n} within 200 ms; worst control {1e3 * worst_control:.0f} ms"
    more = {"kills_of_control": len(control), "kills_of_planner": len(planner), "gate_scheduling": scheduling()}
    return Finding(not late, f"{figure}, planner {1e3 * worst_planner:.0f} ms", more)


@item(35)
def gate_dead_or_frozen(effort: Effort) -> Finding:
    """The gate killed -9 and stopped with SIGSTOP; the watchdog's process stops the driver. And the home's driver."""
    times: dict[str, list[float]] = {"killed": [], "frozen": []}
    for k in range(effort.count(20, 2)):
        name, how = ("frozen", signal.SIGSTOP) if k % 2 == 0 else ("killed", signal.SIGKILL)
        with bed(watchdog=True) as made:
            made.arm()
            made.bear("control", str(SPEED))
            made.drives(0.9 * SPEED, 15.0)
            began = time.time()
            os.kill(made.gate_pid, how)
            times[name].append(_first_zero(made, began))
    home = home_driver_brakes()
    worst = {name: max(values) for name, values in times.items()}
    figure = ", ".join(f"{name} {1e3 * value:.0f} ms" for name, value in worst.items())
    met = max(*worst.values(), home) <= DRIVER_STOP_S + 1e-6
    figure += f"; the home's own driver brakes after {1e3 * home:.0f} ms"
    return Finding(met, figure, {"trials": sum(map(len, times.values())), "gate_scheduling": scheduling()})


def _first_zero(made: Bed, began: float) -> float:
    """Seconds from ``began`` to the first zero that the driver gets; inf when none comes."""

    def found() -> list[float]:
        return [s.at - began for s in reversed_until(made.watch.sent, began) if s.is_zero][:1]

    made.until(found, 2.0)
    return found()[0] if found() else float("inf")


def home_driver_brakes() -> float:
    """Seconds from the last command to the first slower step of the simulated base's own driver."""
    from benchmarks.safety_items.stories import ROBOT
    from vla_ros.core.geometry import Pose2D, Twist2D
    from vla_ros.sim.base_drive import BaseDrive

    drive, dt = BaseDrive(ROBOT.base, Pose2D()), 0.002
    for k in range(1000):
        if k % 10 == 0:
            drive.set_twist(Twist2D(0.5), k * dt)
        drive.step(Pose2D(), dt, k * dt)
    speeds = []
    for k in range(1000, 1300):
        drive.step(Pose2D(), dt, k * dt)
        speeds.append(drive.reference.vx)
    slower = next(k for k, (a, b) in enumerate(pairwise(speeds)) if b < a - 1e-9)
    return (1000 + slower + 1) * dt - 990 * dt
