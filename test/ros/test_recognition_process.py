"""Recognition in a process of its own: it answers, it is replaced when it dies, it ends with its parent."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="the package vla_ros.ros needs ROS 2 (make setup)")

from vla_ros.core.errors import MissingExtraError
from vla_ros.ros.recognition import RecognitionFailed, RecognitionProcess
from vla_ros.speech.readings import Reading
from vla_ros.speech.understanding import Understanding


class Echo:
    """Hears the number that the sound holds; dies of 13."""

    def readings(self, samples: np.ndarray, count: int) -> tuple[Reading, ...]:
        if samples[0] == 13:
            os._exit(1)
        print("what a library prints")
        return (Reading(str(samples[0])),)


def sense(text: str) -> float:
    return 1.0


def echo() -> Understanding:
    return Understanding({"echo": Echo()}, sense)


def missing() -> Understanding:
    raise MissingExtraError("a part", "Install it.")


def sound(number: int) -> np.ndarray:
    return np.full(10, number, np.int16)


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> RecognitionProcess:
    folder = os.path.dirname(__file__)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([folder, *sys.path]))  # so that the child finds this module
    return RecognitionProcess(echo)


def test_it_answers_and_is_replaced_when_it_dies(process: RecognitionProcess) -> None:
    assert process.start() == ("echo",)
    assert process.understand(sound(7)).text == "7"
    first = process.pid
    assert process.understand(sound(13)).text == ""  # killed it twice
    assert process.understand(sound(8)).text == "8"
    assert process.pid != first
    process.close()
    assert process.understand(sound(9)).text == ""


def test_what_is_missing_is_told(process: RecognitionProcess) -> None:
    failing = RecognitionProcess(missing)
    with pytest.raises(RecognitionFailed, match=r"a part is not installed\. Install it\."):
        failing.start()
    failing.close()


def test_it_ends_with_its_parent(process: RecognitionProcess) -> None:
    code = "import test_recognition_process as t; p = t.RecognitionProcess(t.echo); p.start(); print(p.pid, flush=True)"
    parent = subprocess.run([sys.executable, "-c", f"{code}; import os; os._exit(1)"], capture_output=True, text=True)
    child = int(parent.stdout)
    deadline = time.monotonic() + 20.0
    while _alive(child):
        assert time.monotonic() < deadline, "the child outlived its parent"
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stream:
            return stream.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
