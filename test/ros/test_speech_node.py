"""speech_node with real topics: sound becomes a Task by way of language_node, and a spoken stop an emergency stop."""

from __future__ import annotations

import shutil
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy", reason="needs ROS 2 (make setup)")
pytest.importorskip("pocketsphinx", reason="needs the extra speech")

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_msgs.msg import Bool, String
from vla_ros.msg import AudioChunk
from vla_ros.msg import Task as TaskMsg

from benchmarks.speech_sounds import ESPEAK, level, pad, pcm, speak
from vla_ros.ros import conversions, qos
from vla_ros.ros.nodes.language_node import LanguageNode
from vla_ros.ros.nodes.speech_node import SpeechNode

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs the program espeak-ng (apt)")
pytestmark = [pytest.mark.ros, needs_espeak]


class Ear:
    """speech_node and a person with a microphone, on one executor."""

    def __init__(self, *more: Node, **values: Any) -> None:
        values = {"speak": False, "free_recognizer": "none", **values}
        self.node = SpeechNode(parameter_overrides=[Parameter(k, value=v) for k, v in values.items()])
        self.person = Node("person")
        self.utterances: list[str] = []
        self.stops: list[bool] = []
        self.tasks: list[Any] = []
        self.states: list[str] = []
        self.person.create_subscription(String, "utterance", lambda m: self.utterances.append(m.data), qos.EVENT)
        self.person.create_subscription(Bool, "emergency_stop", lambda m: self.stops.append(m.data), qos.EVENT)
        self.person.create_subscription(TaskMsg, "task", self._on_task, qos.EVENT)
        self.person.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, qos.EVENT)
        self.audio = self.person.create_publisher(AudioChunk, "audio", qos.EVENT)
        self.taken = 0
        self.node._listener.hear = self._counted(self.node._listener.hear)
        self.nodes = [self.node, self.person, *more]
        self.executor = SingleThreadedExecutor()
        for node in self.nodes:
            self.executor.add_node(node)
        self.until(lambda: self.person.count_publishers("utterance") > 0)
        self.until(lambda: self.node.count_subscribers("emergency_stop") > 1)

    def _counted(self, hear: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*pieces: Any) -> Any:
            self.taken += 1
            return hear(*pieces)

        return counted

    def _on_task(self, message: TaskMsg) -> None:
        self.tasks.append(conversions.task_from_msg(message))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name.endswith("speech_node"):
                self.states += [value.value for value in status.values if value.key == "sound"]

    def until(self, condition: Callable[[], Any], timeout_s: float = 120.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, "nothing happened in time"
            self.executor.spin_once(timeout_sec=0.02)

    def say(self, samples: np.ndarray, rate: int = 16000) -> None:
        for start in range(0, len(samples), 640):
            message = AudioChunk(sample_rate=rate, channels=1)
            message.data.frombytes(samples[start : start + 640].tobytes())
            self.audio.publish(message)
            self.until(lambda taken=self.taken: self.taken > taken)  # sound is best effort: not faster than it is heard

    def close(self) -> None:
        for node in self.nodes:
            node.destroy_node()
        self.executor.shutdown()


@pytest.fixture
def ears() -> Iterator[Callable[..., Ear]]:
    rclpy.init()
    made: list[Ear] = []

    def make(*more: type[Node], **values: Any) -> Ear:
        made.append(Ear(*[kind() for kind in more], **values))
        return made[-1]

    try:
        yield make
    finally:
        for ear in made:
            ear.close()
        rclpy.try_shutdown()


def sound(text: str) -> np.ndarray:
    audio = pad(level(speak(text, ESPEAK[0]), 0.1), 1.5, 1.5)
    return pcm(audio + 0.001 * np.random.default_rng(1).standard_normal(len(audio)).astype(np.float32))


def test_a_command_in_a_wav_file_becomes_the_right_task(ears: Callable[..., Ear], tmp_path: Path) -> None:
    path = tmp_path / "command.wav"
    with wave.open(str(path), "wb") as stream:
        stream.setnchannels(1)
        stream.setsampwidth(2)
        stream.setframerate(16000)
        stream.writeframes(sound("go to the kitchen").tobytes())
    ear = ears(LanguageNode, source="file", file=str(path))
    ear.until(lambda: ear.tasks)
    (step,) = ear.tasks[0].steps
    assert (step.skill, step.destination.name) == ("go", "kitchen")
    ear.until(lambda: "ok" in ear.states)  # before its first sound it may tell that there is none
    assert ear.stops == [] and set(ear.states[ear.states.index("ok") :]) == {"ok"}


def test_a_spoken_stop_presses_the_emergency_stop_and_lets_it_go(ears: Callable[..., Ear]) -> None:
    ear = ears()
    ear.until(lambda: ear.node.count_publishers("audio") > 0)
    ear.say(sound("stop"))
    ear.until(lambda: len(ear.stops) > 1)
    assert ear.stops == [True, False]


def test_the_state_of_the_sound_is_in_the_diagnostics(ears: Callable[..., Ear]) -> None:
    ear = ears()
    ear.until(lambda: "no device" in ear.states)
    ear.say(np.full(640, 900, np.int16), rate=123)
    ear.until(lambda: "wrong sample rate" in ear.states)
    ear.say(np.full(640, 900, np.int16), rate=48000)
    ear.until(lambda: "ok" in ear.states)
    ear.until(lambda: "unplugged" in ear.states)


def test_a_missing_file_is_told_at_the_start() -> None:
    from vla_ros.core.errors import ConfigError

    rclpy.init()
    try:
        with pytest.raises(ConfigError, match=r"speech_node\.file"):
            SpeechNode(parameter_overrides=[Parameter("source", value="file"), Parameter("file", value="/none.wav")])
    finally:
        rclpy.try_shutdown()
