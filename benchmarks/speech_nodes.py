"""The part of benchmarks.speech that needs ROS: real speech_node and real safety_node, from sound to zero."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speech_sounds import NOISES, RATE, level, noise, noisy, pcm
from benchmarks.speech_stop_voices import EVALUATION, WORDS, plain
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


class _Driver:
    """Control that drives at 0.1 m/s, and the driver behind the gate that takes the times of stops."""

    def __init__(self, bench: Any) -> None:
        from geometry_msgs.msg import Twist
        from std_msgs.msg import Bool
        from vla_ros.msg import AudioChunk

        from vla_ros.ros import qos

        self._bench, self._chunk = bench, AudioChunk
        self._audio = bench.create_publisher(AudioChunk, "/ours/audio", qos.EVENT)
        self._control = bench.create_publisher(Twist, "/ours/cmd_vel_raw", qos.COMMAND)
        self._drive = Twist()
        self._drive.linear.x = 0.1
        self.pressed: float | None = None
        self.zero: float | None = None
        bench.create_subscription(Bool, "/ours/emergency_stop", self._on_stop, qos.EVENT)
        bench.create_subscription(Twist, "/ours/cmd_vel", self._on_command, qos.COMMAND)

    def _on_stop(self, message: Any) -> None:
        if message.data and self.pressed is None:
            self.pressed = time.perf_counter()

    def _on_command(self, message: Any) -> None:
        if self.pressed is not None and self.zero is None and message.linear.x == 0.0:
            self.zero = time.perf_counter()

    def play(self, sound: np.ndarray, end: int) -> float:
        """Streams it in real time; returns when the sample ``end`` was heard [s of perf_counter].

        A piece is sent when its last sample would have been heard, or later if the machine is late: time counts from
        when it was really sent.
        """
        self.pressed = self.zero = None
        began, ended = time.perf_counter(), 0.0
        for number in range(len(sound) // _PIECE):
            self._bench.until(lambda: False, max(0.0, began + (number + 1) * _PIECE_S - time.perf_counter()))
            message = self._chunk(sample_rate=RATE, channels=1)
            message.data.frombytes(sound[number * _PIECE : (number + 1) * _PIECE].tobytes())
            if number == (end - 1) // _PIECE:
                ended = time.perf_counter() - ((number + 1) * _PIECE - end) / RATE
            self._audio.publish(message)
            self._control.publish(self._drive)
        return ended


def _gate(count: int, seed: int) -> dict[str, Any]:
    from vla_ros.msg import SafetyStatus

    from benchmarks.latency import children
    from benchmarks.latency_bench import Bench
    from benchmarks.latency_bench import gate as gate_command
    from benchmarks.speech_stop import percentiles

    bench, rng = Bench(), np.random.default_rng(seed)
    driver = _Driver(bench)
    to_stop: list[float] = []
    to_zero: list[float] = []
    early = 0
    speeches = [level(speech, 0.1) for speech in plain([(WORDS[n % 3], EVALUATION.pick(rng)) for n in range(count)])]
    with children([gate_command(), speech_command("ours")]):
        if not bench.until(lambda: bench.count_subscribers("/ours/audio") > 0, 120.0):
            raise RuntimeError("speech_node did not start")
        bench.until(lambda: bench.state == SafetyStatus.STOPPED, 10.0)
        driver.play(pcm(0.001 * rng.standard_normal(5 * RATE).astype(np.float32)), 1)
        bench.call("/ours/arm")
        for number, speech in enumerate(speeches):
            length = len(speech) + int((_LEAD_S + 1.5) * RATE)
            bed = noise(NOISES[number % len(NOISES)], length, rng)
            sound = pcm(noisy(speech, bed, 10.0, _LEAD_S, 1.5))
            ended = driver.play(sound, round(_LEAD_S * RATE) + len(speech))
            bench.until(lambda: False, 0.5)
            if driver.pressed is not None and driver.zero is not None:
                early += driver.pressed < ended - len(speech) / RATE
                to_stop.append(1e3 * (driver.pressed - ended))
                to_zero.append(1e3 * (driver.zero - ended))
                bench.until(lambda: False, 1.0)  # until the button is up again
                bench.call("/ours/reset_safety")
                bench.call("/ours/arm")
    return {"n": count, "missed": count - len(to_zero), "before_the_word": early,
            "word_end_to_e_stop_ms": percentiles(to_stop), "word_end_to_zero_ms": percentiles(to_zero),
            "within_300_ms": sum(delay <= 300.0 for delay in to_zero)}  # fmt: skip
