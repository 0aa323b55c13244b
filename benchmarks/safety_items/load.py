"""Promise 39: what the gate adds to the way of a command, on a computer that burns."""

from __future__ import annotations

import math
import os
import time
from typing import Any

import numpy as np
from geometry_msgs.msg import Twist

from benchmarks.safety_items.bench import Bed, bed, realtime_granted, scheduling
from benchmarks.safety_items.registry import Effort, Finding, item
from vla_ros.ros import qos

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
    raw = watch.speaker(Twist, "cmd_vel_raw", qos.COMMAND)
    message = Twist()

    def send(value: float) -> float:
        message.linear.x = value
        at = time.time()
        raw.publish(message)
        return at

    made.arm()
    end = time.monotonic() + 20.0
    while not watch.sent or abs(watch.sent[-1].vx - _SPEED) > 1e-9:
        send(_SPEED)
        made.wait(0.02)
        if time.monotonic() > end:
            raise RuntimeError(f"it does not drive ({watch.status.cause})")
    for _ in range(os.cpu_count() or 2):
        made.bear("burn")
    made.bear("flood", topic)
    made.wait(1.0)
    sent_at: dict[int, float] = {}
    first, k, due = len(watch.sent), 0, time.monotonic()
    end = due + seconds
    while due < end:
        k += 1
        sent_at[k] = send(_SPEED + _STEP * (1 + k % _CYCLE))
        due += 0.02
        while (left := due - time.monotonic()) > 0.0:
            made.until(lambda: False, left)
    made.wait(0.2)
    taken, answered = [], set()
    for sent in watch.sent[first:]:
        step = (sent.vx - _SPEED) / _STEP
        if abs(step - round(step)) > 1e-3 or not 1 <= round(step) <= _CYCLE:
            continue
        code = round(step) - 1
        newest = max((n for n, at in _near(sent_at, sent.at, code)), default=None)
        if newest is not None and newest not in answered:
            answered.add(newest)
            taken.append(sent.at - sent_at[newest])
    if len(taken) < 0.5 * k:
        raise RuntimeError(f"only {len(taken)} of {k} commands came through ({watch.status.cause})")
    return taken, k - len(answered)


def _near(sent_at: dict[int, float], at: float, code: int) -> list[tuple[int, float]]:
    """Commands with this code that had left before ``at``, less than a cycle ago."""
    guess = max(1, min(len(sent_at), math.floor((at - sent_at[1]) / 0.02) + 1))
    around = range(max(1, guess - _CYCLE // 2), min(len(sent_at), guess + _CYCLE // 2) + 1)
    return [(n, sent_at[n]) for n in around if n % _CYCLE == code and sent_at[n] <= at]
