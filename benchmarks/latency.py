"""What the package costs in time. ``python -m benchmarks.latency`` prints one JSON line.

chain_ratio         image -> gated command through this package's shells (stub models, the real safety_node)
                    over the same hops in bare rclpy; median of interleaved frames (wanted: at most 1.5)
encode_ratio        image message from pixels over a copy of the pixels (at most 3)
callback_ratio      perception_node's image callback over PerceptionPipeline.update (at most 1.1); the same figures
                    for safety_node stand beside it: its answer to a command over Gate.on_twist and Gate.tick (at most
                    1.1), and each sensor's callback over the Gate's method that takes its value
frames_lost         of 300 frames of 640x480 at 30 Hz, best effort, between two processes (0)
gate_added_ms       raw command -> command through safety_node, less the same hop in bare rclpy
executors           round trip and processor share of a node under each executor
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from vla_ros.cli import environment
from vla_ros.cli.domain import free_domain_id

ROOT = Path(__file__).resolve().parents[1]
HEIGHT, WIDTH = 480, 640
LOW, HIGH = 100, 110
"""Markers of frames; the stub control drives 0.001 m/s times the marker, so that a new command shows at once."""


@contextmanager
def children(commands: list[list[str]]) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that end with the block."""
    running = [subprocess.Popen(c, cwd=ROOT, stdout=subprocess.PIPE, text=True) for c in commands]
    try:
        yield running
    finally:
        for child in running:
            child.send_signal(signal.SIGINT)
        for child in running:
            try:
                child.wait(5.0)
            except subprocess.TimeoutExpired:
                child.kill()


def role(name: str, namespace: str) -> list[str]:
    """The command line of one role of latency_nodes."""
    return [sys.executable, "-m", "benchmarks.latency_nodes", name, "--ros-args", "-r", f"__ns:=/{namespace}"]


def quantiles(seconds: list[float]) -> dict[str, float]:
    """p50, p99 and max [ms]."""
    values = 1e3 * np.array(seconds)
    return {name: round(float(np.percentile(values, q)), 3) for name, q in (("p50", 50), ("p99", 99), ("max", 100))}


def encode() -> dict[str, float]:
    """image_to_msg against a copy of the pixels, on frames that are new each time, as a camera's are."""
    from vla_ros.ros.conversions import image_to_msg
    from vla_ros.ros.realtime import keep_memory

    keep_memory()  # as every node does
    frames = np.random.default_rng(0).integers(0, 255, (16, HEIGHT, WIDTH, 3), np.uint8)
    ways: dict[str, Callable[[np.ndarray], Any]] = {
        "encode_ms": lambda pixels: image_to_msg(pixels, "rgb8", 0.0, "camera"),
        "memcpy_ms": np.ndarray.tobytes,
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for k in range(600):
        for name, way in ways.items():
            began = time.perf_counter()
            way(frames[k % len(frames)])
            times[name].append(time.perf_counter() - began)
    medians = {name: 1e3 * statistics.median(values) for name, values in times.items()}
    return {**medians, "ratio": medians["encode_ms"] / medians["memcpy_ms"]}


def main() -> None:
    """Runs everything; see the module's text."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--frames", type=int, default=100, help="frames of each chain")
    options = arguments.parse_args()
    environment.activate()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with free_domain_id() as domain:
        os.environ["ROS_DOMAIN_ID"] = str(domain)
        from benchmarks import latency_bench, latency_callbacks

        result: dict[str, Any] = {"suite": "latency"}
        result["encode"] = encode()
        result["callback"] = latency_callbacks.measure()
        result.update(latency_bench.measure(options.frames))
    result["chain_ratio"] = result["chain"]["ratio"]
    result["encode_ratio"] = result["encode"]["ratio"]
    result["callback_ratio"] = result["callback"]["perception"]["ratio"]
    print(json.dumps(_rounded(result)))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    return round(value, 4) if isinstance(value, float) else value


if __name__ == "__main__":
    main()
