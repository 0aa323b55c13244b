"""Promise 39: what the gate adds to the way of a command, on a computer that burns."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
from geometry_msgs.msg import Twist

from benchmarks.safety_items.bench import PATIENT, Bed, bed, realtime_granted, scheduling
from benchmarks.safety_items.registry import Effort, Finding, item

P99_S, MOST_S = 0.005, 0.02
_SPEED, _STEP, _CYCLE = 0.2, 1e-6, 200
_FLOODS = ("battery_state", "emergency_stop")
"""What it hears but does not need for driving (it would rightly stop), and what it answers at once."""


@item(39)
def added_latency(effort: Effort) -> Finding:
    """Every command of 50 a second is told by its value, from leaving its sender to leaving the gate, while every
    core burns, an input is flooded with 1,000 messages a second, and the node collects its garbage."""
    minutes = float(os.environ.get("VLA_LATENCY_MINUTES", "10"))
    seconds = 15.0 if effort.quick else 60.0 * minutes
    found: dict[str, dict[str, Any]] = {}
    for real_time in (True, False) if realtime_granted() else (False,):
        share = seconds * (0.7 if real_time else 0.3) if realtime_granted() else seconds
        times: list[float] = []
        missed = 0
        for topic in _FLOODS:
            with bed(real_time=real_time) as made:
                part, lost = _timed(made, topic, share / len(_FLOODS))
                times += part
                missed += lost
        found["SCHED_FIFO" if real_time else "normal"] = {
            "n": len(times),
            "p50_ms": round(1e3 * float(np.percentile(times, 50)), 3),
            "p99_ms": round(1e3 * float(np.percentile(times, 99)), 3),
            "max_ms": round(1e3 * max(times), 3),
            "unanswered": missed,
        }
    best = found.get("SCHED_FIFO", found.get("normal"))
    assert best is not None
    met = best["p99_ms"] <= 1e3 * P99_S and best["max_ms"] <= 1e3 * MOST_S
    words = [f"{name}: p99 {f['p99_ms']:.1f}, max {f['max_ms']:.1f} ms" for name, f in found.items()]
    more = {"seconds": seconds, "burners": os.cpu_count(), "by_scheduling": found, "gate_scheduling": scheduling()}
    return Finding(met, "; ".join(words), more)


def _timed(made: Bed, topic: str, seconds: float) -> tuple[list[float], int]:
    """Seconds that each command took, and how many the gate answered with a newer one."""
    watch = made.watch
    asked: list[tuple[float, int]] = []

    def hear(message: Twist, info: dict[str, Any]) -> None:
        asked.append((info["source_timestamp"] * 1e-9, _number(message.linear.x)))

    watch.create_subscription(Twist, "cmd_vel_raw", hear, PATIENT)  # type: ignore[arg-type]
    made.arm()
    made.bear("metronome", str(_SPEED), str(_STEP), str(_CYCLE))
    made.need(lambda: watch.sent and abs(watch.sent[-1].vx - _SPEED) < 2 * _STEP * _CYCLE, "a robot that drives")
    load = [made.bear("burn") for _ in range(os.cpu_count() or 2)]
    load.append(made.bear("flood", topic))
    made.wait(1.0)
    began = time.time()
    made.wait(seconds)
    end = time.time()
    for pid in load:
        made.kill(pid)
    # This process may have been kept from running: what has arrived meanwhile is worked off first.
    made.need(lambda: asked and min(asked[-1][0], watch.sent[-1].at) > end + 0.2, "the last answers", 120.0)
    answers: dict[int, list[float]] = {}
    for sent in watch.sent:
        answers.setdefault(_number(sent.vx), []).append(sent.at)
    taken, unanswered = [], 0
    for at, number in asked:
        if not began <= at <= end or number < 0:
            continue
        after = [t - at for t in answers.get(number, ()) if 0.0 <= t - at < 0.01 * _CYCLE]
        taken += after[:1]
        unanswered += not after
    if len(taken) < 0.5 * 50.0 * seconds:
        raise RuntimeError(f"only {len(taken)} of {50 * seconds:.0f} commands came through ({watch.status.cause})")
    return taken, unanswered


def _number(speed: float) -> int:
    """Which command of the cycle this speed is, -1 for none."""
    step = (speed - _SPEED) / _STEP
    return round(step) if abs(step - round(step)) < 1e-3 and 1 <= round(step) <= _CYCLE else -1
