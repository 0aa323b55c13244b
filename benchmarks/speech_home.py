"""A spoken command in a WAV file makes the robot in the simulated home act: the end-to-end part of benchmarks.speech.

Everything runs as ``vla up`` starts it; then speech_node hears the file, in real time, as from a microphone.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speech_sounds import RATE, level, noise, noisy, pcm, speak, voices
from vla_ros.cli.domain import free_domain_id

ROOT = Path(__file__).resolve().parents[1]
_SNR_DB = 20.0


def record(path: Path, text: str, voice: int = 0, snr_db: float = _SNR_DB) -> None:
    """Writes ``text`` by one of the voices, in a room with some noise and two seconds of it before and after."""
    speech = level(speak(text, voices()[voice]), 0.1)
    sound = pcm(noisy(speech, noise("pink", len(speech) + 5 * RATE, np.random.default_rng(1)), snr_db, 2.0, 2.0))
    with wave.open(str(path), "wb") as stream:
        stream.setnchannels(1)
        stream.setsampwidth(2)
        stream.setframerate(RATE)
        stream.writeframes(sound.tobytes())


def home(text: str = "go to the kitchen", limit_s: float = 300.0) -> dict[str, Any]:
    """Starts everything, arms the robot, lets speech_node hear the file and waits until the command has ended."""
    from vla_ros.cli import environment
    from vla_ros.cli.processes import BringUp, processes
    from vla_ros.cli.supervisor import Supervisor

    table = processes(BringUp(with_home=True, use_sim_time=True))
    commands = [(process.executable, process.command) for process in table]
    with free_domain_id() as domain, tempfile.TemporaryDirectory() as folder:
        os.environ["ROS_DOMAIN_ID"] = str(domain)
        path = Path(folder) / "command.wav"
        record(path, text)
        with Supervisor(commands, environment.child(), ROOT / "build" / "speech_home"):
            return _heard(text, path, limit_s)


def _heard(text: str, path: Path, limit_s: float) -> dict[str, Any]:
    from benchmarks.latency import children
    from vla_ros.ros.operator import Operator

    values = {"source": "file", "file": str(path), "speak": "false", "use_sim_time": "true"}
    options = [word for name, value in values.items() for word in ("-p", f"{name}:={value}")]
    speech = [sys.executable, str(ROOT / "scripts" / "speech_node"), "--ros-args", *options]
    with Operator() as operator:
        operator.arm(120.0)
        began = time.perf_counter()
        with children([speech]):
            ended = operator.wait_until(lambda: bool(operator.statuses) and operator.statuses[-1].is_terminal, limit_s)
        last = operator.statuses[-1] if operator.statuses else None
        return {
            "said": text,
            "heard": last.instruction if last else "",
            "state": last.state if last and ended else "no end",
            "message": last.text if last else "",
            "seconds": round(time.perf_counter() - began, 1),
        }
