"""speech_node: the robot's ears and voice. A spoken stop acts at once; sentences become utterances; answers are said.

Parameters: those of SpeechParams (vla_ros/speech/params.py) and of FileParams (robot, home, objects, people).
Subscriptions: audio (vla_ros/AudioChunk; only with source topic), speech_out (std_msgs/String, said aloud; an empty
    text ends what is being said), emergency_stop (std_msgs/Bool, to know of other buttons).
Publications: utterance (std_msgs/String), emergency_stop (std_msgs/Bool: true at a spoken stop, false a second later so
    that a reset is possible unless somebody else holds a button), /diagnostics (state of the sound).

Sound is looked through for a stop in the executor's thread as it comes; sentences are recognised in another process.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from std_msgs.msg import Bool, String

from vla_ros.core.errors import MissingExtraError
from vla_ros.core.resources import config_file
from vla_ros.language.words import Words
from vla_ros.msg import AudioChunk
from vla_ros.ros import parameters, qos
from vla_ros.ros.node import VlaNode, run
from vla_ros.ros.recognition import RecognitionProcess, understanding
from vla_ros.speech.health import OK
from vla_ros.speech.listener import Listener
from vla_ros.speech.params import SpeechParams
from vla_ros.speech.sources import Fault, Microphone, Piece, WavFile
from vla_ros.speech.stop_button import StopButton
from vla_ros.speech.understanding import Understanding, Understood
from vla_ros.speech.voice import Voice, without_stop_words

_PERIOD_S = 0.02
_MOST_WAITING = 3


class SpeechNode(VlaNode):
    """The shell around :class:`~vla_ros.speech.listener.Listener`, Understanding and Voice."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("speech_node", **kwargs)
        self._params = parameters.declare(self, SpeechParams)
        self._listener = Listener(self._params)
        if not self._listener.looks_twice and self._params.stop_second_look != "never":
            self.get_logger().warning("the spoken stop has no second look: pip install 'vla_ros[speech]'")
        self._source = source(self._params)
        self._voice = self._make_voice()
        self._recognition = RecognitionProcess(self._recipe())
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="recognition")
        self._recognizers: Future[tuple[str, ...]] = self._worker.submit(self._recognition.start)
        self._waiting: list[Future[Understood]] = []
        self._heard: dict[str, int] = {"sentences": 0, "not understood": 0, "stops": 0, "too many at once": 0}
        self._button = StopButton()
        self._state = ""
        self._utterance = self.create_publisher(String, "utterance", qos.EVENT)
        self._stop = self.create_publisher(Bool, "emergency_stop", qos.EVENT)
        self.listen(Bool, "emergency_stop", lambda message: self._button.note(message.data), qos.EVENT)
        self.listen(String, "speech_out", self._on_speech, qos.EVENT)
        if self._source is None:
            self.listen(AudioChunk, "audio", self._on_audio, qos.SOUND)
        self.steady_timer(_PERIOD_S, self._tick)
        self.steady_timer(0.5, self._look_at_state)

    def destroy_node(self) -> None:
        """Ends the device, the voice, the recogniser and its thread first."""
        if self._source is not None:
            self._source.close()
        if self._voice is not None:
            self._voice.hush()
        self._recognition.close()
        self._worker.shutdown(wait=True, cancel_futures=True)
        super().destroy_node()

    # -- sound --------------------------------------------------------------------------------------------

    def _on_audio(self, message: AudioChunk) -> None:
        samples = np.frombuffer(message.data, np.int16)
        self._hear(Piece(samples, int(message.sample_rate), int(message.channels)))

    def _hear(self, piece: Piece | Fault) -> None:
        heard = self._listener.hear(piece, self.steady_s())
        if heard.stop is not None:
            self._press(heard.stop.word)
        for sentence in heard.sentences:
            self._heard["sentences"] += 1
            if len(self._waiting) >= _MOST_WAITING:
                self._heard["too many at once"] += 1
                continue
            self._waiting.append(self._worker.submit(self._understand, sentence))

    def _press(self, word: str) -> None:
        self._stop.publish(Bool(data=self._button.press(self.steady_s())))
        self._heard["stops"] += 1
        if self._voice is not None:
            self._voice.hush()
        self.get_logger().warning(f"heard '{word}': emergency stop")

    def _tick(self) -> None:
        now = self.steady_s()
        if self._source is not None:
            for piece in self._source.poll(now):
                self._hear(piece)
        if self._button.due(now):
            self._stop.publish(Bool(data=False))
        if self._voice is not None and self._voice.tick():
            self._listener.robot_speaks(now)
        while self._waiting and self._waiting[0].done():
            self._publish(self._waiting.pop(0))

    # -- sentences ----------------------------------------------------------------------------------------

    def _understand(self, samples: np.ndarray) -> Understood:
        self._recognizers.result()
        return self._recognition.understand(samples)

    def _publish(self, done: Future[Understood]) -> None:
        if done.exception() is not None:
            self.get_logger().error(f"cannot recognise: {done.exception()}")
            return
        understood = done.result()
        if not understood.text or understood.sense < self._params.least_sense:
            self._heard["not understood"] += 1
            self.get_logger().info(f"made no sense: '{understood.text}'")
            return
        self.get_logger().info(f"heard by {understood.recognizer}: '{understood.text}'")
        self._utterance.publish(String(data=understood.text))

    def _recipe(self) -> partial[Understanding]:
        names = (self._params.words, *self._params.extra_words)
        words = Words.load([config_file(name, "", "speech_node.words") for name in names])
        return partial(understanding, self._params, self.load_catalog(), self.load_home(), self.load_people(), words)

    # -- voice and state ----------------------------------------------------------------------------------

    def _make_voice(self) -> Voice | None:
        if not self._params.speak:
            return None
        try:
            return Voice(self._params.voice, self._params.words_per_minute, self._params.volume)
        except MissingExtraError as error:
            self.get_logger().warning(f"the robot has no voice: {error}")
            return None

    def _on_speech(self, message: String) -> None:
        if self._voice is not None:
            if not message.data.strip():
                self._voice.hush()
            self._voice.say(without_stop_words(message.data, self._params.stop_words))

    def _look_at_state(self) -> None:
        state = self._listener.state(self.steady_s())
        if state.state != OK:
            self._faults["sound"] = (1, f"{state.state}: {state.words}")
        if self._recognizers.done() and self._recognizers.exception() is not None:
            self._faults["recogniser"] = (1, str(self._recognizers.exception()))
        if state.state != self._state:
            self._state = state.state
            self.get_logger().info(f"sound: {state.state}. {state.words}")

    def diagnostic_values(self) -> dict[str, str]:
        """The state of the sound, its level and what has been heard."""
        state = self._listener.state(self.steady_s())
        ready = self._recognizers.done() and self._recognizers.exception() is None
        values = {"sound": state.state, "level_dbfs": f"{state.level_db:.0f}", "clipped": f"{state.clipped:.4f}"}
        values["recognisers"] = ", ".join(self._recognizers.result()) if ready else "not ready"
        values["stop_second_look"] = "yes" if self._listener.looks_twice else "no"
        return values | {name.replace(" ", "_"): str(count) for name, count in self._heard.items()}


def source(params: SpeechParams) -> Microphone | WavFile | None:
    """What the parameters name; None for the topic. Raises ConfigError and MissingExtraError."""
    if params.source == "microphone":
        return Microphone(params.device, params.device_rate, params.retry_s)
    return WavFile(params.file) if params.source == "file" else None


def main() -> None:
    """Entry point."""
    run(SpeechNode)


if __name__ == "__main__":
    main()
