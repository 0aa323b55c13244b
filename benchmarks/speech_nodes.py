"""The part of benchmarks.speech that needs ROS: real speech_node, real safety_node, and the robot in its home."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speech_sounds import NOISES, RATE, level, noise, noisy, pcm, speak, voices
from vla_ros.cli.domain import free_domain_id

ROOT = Path(__file__).resolve().parents[1]
_PIECE = 320
_PIECE_S = _PIECE / RATE
_LEAD_S = 3.0


def speech_command(namespace: str) -> list[str]:
    """speech_node that hears the topic and says nothing."""
    values = {"speak": "false", "free_recognizer": "none"}
    words = [word for name, value in values.items() for word in ("-p", f"{name}:={value}")]
    return [sys.executable, str(ROOT / "scripts" / "speech_node"), "--ros-args", "-r", f"__ns:=/{namespace}", *words]


def gate(count: int, seed: int) -> dict[str, Any]:
    """Seconds from the end of the word to the first zero velocity behind the gate, while control drives at 0.1 m/s."""
    with free_domain_id() as domain:
        os.environ["ROS_DOMAIN_ID"] = str(domain)
        import rclpy

        rclpy.init()
        try:
            return _gate(count, seed)
        finally:
            rclpy.try_shutdown()


def _gate(count: int, seed: int) -> dict[str, Any]:
    from geometry_msgs.msg import Twist
    from vla_ros.msg import AudioChunk, SafetyStatus

    from benchmarks.latency import children
    from benchmarks.latency_bench import Bench
    from benchmarks.latency_bench import gate as gate_command
    from vla_ros.ros import qos

    bench, rng, cast = Bench(), np.random.default_rng(seed), voices()
    audio = bench.create_publisher(AudioChunk, "/ours/audio", qos.EVENT)
    delays, missed = [], 0
    drive = Twist()
    drive.linear.x = 0.1

    def play(sound: np.ndarray, ended: float) -> float | None:
        """Streams it in real time; returns the delay [s] of the first zero after ``ended`` seconds of it."""
        began, zero = time.perf_counter(), None
        for number in range(len(sound) // _PIECE):
            due = began + (number + 1) * _PIECE_S  # a piece can be sent when its last sample has been heard
            bench.until(lambda: False, max(0.0, due - time.perf_counter()))
            message = AudioChunk(sample_rate=RATE, channels=1)
            message.data.frombytes(sound[number * _PIECE : (number + 1) * _PIECE].tobytes())
            audio.publish(message)
            bench.raws["ours"].publish(drive)
            if zero is None and number * _PIECE_S > 1.5 and bench.last["ours"] == 0.0:
                zero = time.perf_counter()
        return None if zero is None else zero - began - ended

    with children([gate_command(), speech_command("ours")]):
        if not bench.until(lambda: bench.count_subscribers("/ours/audio") > 0, 120.0):
            raise RuntimeError("speech_node did not start")
        bench.until(lambda: bench.state == SafetyStatus.STOPPED, 10.0)
        play(pcm(0.001 * rng.standard_normal(5 * RATE).astype(np.float32)), 0.0)
        for number in range(count):
            bench.call("/ours/arm")
            word = ("stop", "halt", "freeze")[number % 3]
            speech = level(speak(word, cast[number % len(cast)]), 0.1)
            length = len(speech) + int((_LEAD_S + 1.5) * RATE)
            sound = pcm(noisy(speech, noise(NOISES[number % len(NOISES)], length, rng), 10.0, _LEAD_S, 1.5))
            delay = play(sound, _LEAD_S + len(speech) / RATE)
            if delay is None:
                missed += 1
                continue
            delays.append(1e3 * delay)
            bench.until(lambda: False, 0.5)
            bench.call("/ours/reset_safety")
    from benchmarks.speech import percentiles

    return {"n": count, "missed": missed, "word_end_to_zero_ms": percentiles(delays) if delays else None,
            "within_300_ms": sum(d <= 300.0 for d in delays)}  # fmt: skip


def home(text: str = "go to the kitchen", limit_s: float = 240.0) -> dict[str, Any]:
    """Everything runs; ``text`` is spoken to the robot once it is armed."""
    from vla_ros.cli import environment
    from vla_ros.cli.processes import BringUp, processes
    from vla_ros.cli.supervisor import Supervisor

    overrides = ("speech_node.speak=false", "speech_node.free_recognizer=none")
    table = processes(BringUp(with_home=True, use_sim_time=True, speech=True, overrides=overrides))
    commands = [(process.executable, process.command) for process in table]
    folder = ROOT / "build" / "speech_home"
    with free_domain_id() as domain:
        os.environ["ROS_DOMAIN_ID"] = str(domain)
        with Supervisor(commands, environment.child(), folder):
            return _home(text, limit_s)


def _home(text: str, limit_s: float) -> dict[str, Any]:
    from vla_ros.msg import AudioChunk

    from vla_ros.ros import qos
    from vla_ros.ros.operator import Operator

    sound = pcm(
        noisy(level(speak(text, voices()[0]), 0.1), noise("pink", 20 * RATE, np.random.default_rng(1)), 25.0, 2, 2)
    )
    with Operator() as operator:
        operator.arm(120.0)
        audio = operator.node.create_publisher(AudioChunk, "audio", qos.EVENT)
        operator.wait_until(lambda: operator.node.count_subscribers("audio") > 0, 60.0)
        began = time.perf_counter()
        for number in range(len(sound) // _PIECE):
            message = AudioChunk(sample_rate=RATE, channels=1)
            message.data.frombytes(sound[number * _PIECE : (number + 1) * _PIECE].tobytes())
            time.sleep(max(0.0, began + (number + 1) * _PIECE_S - time.perf_counter()))
            audio.publish(message)
        ended = operator.wait_until(lambda: bool(operator.statuses) and operator.statuses[-1].is_terminal, limit_s)
        last = operator.statuses[-1] if operator.statuses else None
        return {
            "said": text,
            "heard": last.instruction if last else "",
            "state": last.state if last and ended else "no end",
            "message": last.text if last else "",
            "seconds": round(time.perf_counter() - began, 1),
        }
