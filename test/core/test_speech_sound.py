"""Sound on its way in: rates, levels, faults and their recovery, the beginning and end of a sentence."""

from __future__ import annotations

import wave
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from vla_ros.core.errors import ConfigError, InputError
from vla_ros.speech.health import CLIPPING, LONG_SILENCE, NO_DEVICE, OK, UNPLUGGED, WRONG_RATE, SoundHealth
from vla_ros.speech.loudness import Onset, clipped_share, dbfs
from vla_ros.speech.resample import Resampler
from vla_ros.speech.sentences import Sentences
from vla_ros.speech.sources import Fault, Microphone, Piece, WavFile
from vla_ros.speech.vad import EnergyDetector


def tone(hertz: float, rate: int, seconds: float, height: float = 10000.0) -> np.ndarray:
    return (height * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)).astype(np.int16)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
def test_a_tone_keeps_its_pitch_and_height_at_any_rate(rate: int) -> None:
    out = Resampler(rate).feed(tone(1000.0, rate, 1.0)).astype(float)
    assert len(out) == pytest.approx(16000, abs=400)
    spectrum = np.abs(np.fft.rfft(out[2000:14000] * np.hanning(12000)))
    assert spectrum.argmax() * 16000 / 12000 == pytest.approx(1000.0, abs=3.0)
    assert np.abs(out[2000:14000]).max() == pytest.approx(10000.0, rel=0.03)


def test_a_stream_does_not_depend_on_how_it_is_cut() -> None:
    sound = np.random.default_rng(1).integers(-9000, 9000, 44100).astype(np.int16)
    whole = Resampler(44100).feed(sound)
    cut = Resampler(44100)
    parts, at = [], 0
    for size in (1, 7, 441, 1000, 12345, 30306):
        parts.append(cut.feed(sound[at : at + size]))
        at += size
    assert np.array_equal(np.concatenate(parts), whole[: sum(map(len, parts))])
    assert len(whole) - sum(map(len, parts)) <= 200


def test_what_is_above_hearing_does_not_fold_back() -> None:
    out = Resampler(48000).feed(tone(11000.0, 48000, 1.0))
    assert dbfs(out) < dbfs(tone(11000.0, 48000, 1.0)) - 40.0


def test_stereo_is_mixed_and_a_torn_frame_refused() -> None:
    left, right = tone(440.0, 16000, 0.1), np.zeros(1600, np.int16)
    mixed = Resampler(16000, 2).feed(np.stack([left, right], axis=1).ravel())
    assert np.abs(mixed - left / 2).max() <= 1
    with pytest.raises(InputError, match="whole frames of 2"):
        Resampler(16000, 2).feed(np.zeros(3, np.int16))


@pytest.mark.parametrize(("rate", "channels"), [(4000, 1), (400000, 1), (16000, 0), (16000, 9)])
def test_impossible_formats_are_named(rate: int, channels: int) -> None:
    with pytest.raises(InputError, match=r"audio\.(sample_rate|channels)"):
        Resampler(rate, channels)


def test_levels_are_those_of_the_textbook() -> None:
    assert dbfs(tone(1000.0, 16000, 1.0, 32767.0)) == pytest.approx(-3.01, abs=0.05)
    assert dbfs(np.zeros(100, np.int16)) == -96.0
    assert clipped_share(np.array([32767, -32768, 5, 6], np.int16)) == 0.5


def test_only_what_rises_out_of_the_room_stands_out() -> None:
    rng, onset = np.random.default_rng(2), Onset()
    fan = [(300 * rng.standard_normal(160)).astype(np.int16) for _ in range(300)]
    assert not any([onset.stands_out(frame) for frame in fan][20:])
    assert onset.stands_out((1200 * rng.standard_normal(160)).astype(np.int16))


def test_the_state_of_the_sound_tells_each_fault_and_its_end() -> None:
    health, loud, mute = SoundHealth(silence_after_s=10.0), tone(300.0, 16000, 0.02), np.zeros(320, np.int16)
    assert health.state(0.0).state == NO_DEVICE
    health.heard(loud, 1.0)
    assert health.state(1.0).state == OK
    assert health.state(4.0).state == UNPLUGGED
    health.heard(loud, 5.0)
    assert health.state(5.0).state == OK, "it recovers by itself"
    for tick in range(12):
        health.heard(mute, 6.0 + tick)
    silent = health.state(17.0)
    assert silent.state == LONG_SILENCE and "muted" in silent.words
    health.heard(np.full(320, 32767, np.int16), 18.0)
    assert health.state(18.0).state == CLIPPING
    health.heard(loud, 19.0)
    health.heard(loud, 22.5)
    assert health.state(22.5).state == OK
    health.failed(WRONG_RATE, "does not take 7 Hz")
    assert health.state(22.5).state == WRONG_RATE


def write_wav(path: Path, samples: np.ndarray, rate: int = 16000) -> None:
    with wave.open(str(path), "wb") as stream:
        stream.setnchannels(1)
        stream.setsampwidth(2)
        stream.setframerate(rate)
        stream.writeframes(samples.tobytes())


def test_a_file_is_heard_in_real_time_and_then_silence(tmp_path: Path) -> None:
    sound = tone(300.0, 22050, 0.5)
    write_wav(tmp_path / "a.wav", sound, 22050)
    source = WavFile(tmp_path / "a.wav")
    assert source.poll(100.0) == []
    heard = [source.poll(100.0 + 0.1 * k) for k in range(1, 8)]
    assert [len(piece.samples) for (piece,) in heard if isinstance(piece, Piece)] == pytest.approx([2205] * 7, abs=1)
    joined = np.concatenate([piece.samples for (piece,) in heard if isinstance(piece, Piece)])
    assert np.array_equal(joined[: len(sound)], sound) and not joined[len(sound) :].any()


def test_a_file_that_is_none_is_a_mistake_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "b.wav").write_bytes(b"no sound")
    for name in ("b.wav", "missing.wav"):
        with pytest.raises(ConfigError, match="readable WAV"):
            WavFile(tmp_path / name)


class FakePortAudio:
    """PortAudio with devices that come and go; the test plays its thread."""

    class PortAudioError(Exception):
        pass

    def __init__(self) -> None:
        self.devices: list[dict[str, Any]] = []
        self.default = SimpleNamespace(device=[-1, -1])
        self.streams: list[Any] = []
        self.refused_rates: set[int] = set()
        self.restarts = 0

    def query_devices(self, index: int | None = None) -> Any:
        return self.devices if index is None else self.devices[index]

    def check_input_settings(self, samplerate: int, **_: Any) -> None:
        if samplerate in self.refused_rates:
            raise self.PortAudioError("Invalid sample rate")

    def InputStream(self, callback: Any, **_: Any) -> Any:
        stream = SimpleNamespace(callback=callback, active=True, start=lambda: None, close=lambda: None)
        self.streams.append(stream)
        return stream

    def _terminate(self) -> None:
        self.restarts += 1

    def _initialize(self) -> None:
        pass

    def plug(self, name: str) -> None:
        self.devices.append({"name": name, "max_input_channels": 1, "default_samplerate": 44100.0})

    def speak(self) -> None:
        self.streams[-1].callback(np.full((441, 1), 7, np.int16), 441, None, None)


def test_a_microphone_is_found_lost_and_found_again_by_its_name() -> None:
    sound = FakePortAudio()
    sound.plug("HDMI monitor")
    microphone = Microphone("usb mic", retry_s=2.0, backend=sound)
    (fault,) = microphone.poll(0.0)
    assert isinstance(fault, Fault) and fault.state == NO_DEVICE and "HDMI monitor" in fault.words
    sound.plug("Blue USB Mic")
    assert microphone.poll(1.0) == [fault], "it does not try all the time"
    assert microphone.poll(2.0) == [] and sound.restarts == 1
    sound.speak()
    (piece,) = microphone.poll(2.1)
    assert isinstance(piece, Piece) and (piece.rate, len(piece.samples)) == (44100, 441)
    sound.streams[-1].active = False
    del sound.devices[1]
    (fault,) = microphone.poll(2.2)
    assert isinstance(fault, Fault) and fault.state == UNPLUGGED
    (fault,) = microphone.poll(4.3)
    assert isinstance(fault, Fault) and fault.state == UNPLUGGED
    sound.plug("Blue USB Mic")
    assert microphone.poll(6.4) == []
    sound.speak()
    assert len(microphone.poll(6.5)) == 1


def test_a_rate_that_the_microphone_refuses_is_named() -> None:
    sound = FakePortAudio()
    sound.plug("usb mic")
    sound.refused_rates = {8000}
    (fault,) = Microphone("", rate=8000, backend=sound).poll(0.0)
    assert isinstance(fault, Fault) and fault.state == WRONG_RATE and "8000" in fault.words


def test_sentences_begin_softly_and_end_with_a_pause() -> None:
    rng = np.random.default_rng(3)
    room = (20 * rng.standard_normal(32000)).astype(np.int16)
    word = (3000 * rng.standard_normal(16000)).astype(np.int16)
    stream = np.concatenate([room, word, room[:4800], word, room])
    sentences, ended = Sentences(EnergyDetector(), pause_s=0.7), []
    for start in range(0, len(stream), 500):
        ended += sentences.feed(stream[start : start + 500])
    assert len(ended) == 1, "a pause of 0.3 s does not end it"
    assert 2.3 * 16000 < len(ended[0]) < 3.5 * 16000


def test_a_click_is_no_sentence_and_an_endless_one_is_cut() -> None:
    rng = np.random.default_rng(4)
    room = (20 * rng.standard_normal(32000)).astype(np.int16)
    click = (9000 * rng.standard_normal(1600)).astype(np.int16)
    assert Sentences(EnergyDetector()).feed(np.concatenate([room, click, room])) == []
    talk = np.concatenate([room, *[np.concatenate([np.tile(click, 3), room[:1600]]) for _ in range(15)]])
    assert len(Sentences(EnergyDetector(), longest_s=3.0).feed(talk)) >= 1
