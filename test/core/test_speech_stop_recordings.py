"""People's recordings for the spoken stop: nobody is in two parts, and the end of a word is found."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from benchmarks.speech_stop_recordings import PURPOSES, cut, purpose_of, read, word_in, words

RATE = 16000


def word(before_s: float, seconds: float, hiss: float = 1e-3) -> np.ndarray:
    rng = np.random.default_rng(5)
    sound = hiss * rng.standard_normal(RATE)
    first, count = round(before_s * RATE), round(seconds * RATE)
    closure = slice(first + count // 2, first + count // 2 + RATE // 12)  # as before the p of "stop"
    sound[first : first + count] += 0.3 * rng.standard_normal(count)
    sound[closure] = hiss * rng.standard_normal(RATE // 12)
    return sound.astype(np.float32)


def save(path: Path, sound: np.ndarray, rate: int = RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as stream:
        stream.setnchannels(1)
        stream.setsampwidth(2)
        stream.setframerate(rate)
        stream.writeframes((sound * 32767).astype("<i2").tobytes())


def test_the_split_is_the_datasets_own() -> None:
    assert purpose_of("022cd682") == "evaluation", "in the dataset's testing_list.txt"
    speakers = [f"{number:08x}" for number in range(2000)]
    shares = [sum(purpose_of(s) == purpose for s in speakers) / 2000 for purpose in PURPOSES]
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.03)


def test_a_word_is_found_across_a_closure() -> None:
    found = word_in(word(0.2, 0.5))
    assert found is not None and found == pytest.approx((0.2 * RATE, 0.7 * RATE), abs=400)
    kept, end = cut(word(0.2, 0.5))
    assert 0.45 * RATE < end < len(kept) < 0.6 * RATE


def test_hiss_alone_has_no_word() -> None:
    assert word_in((0.1 * np.random.default_rng(1).standard_normal(RATE)).astype(np.float32)) is None


def test_every_speaker_is_in_one_part(tmp_path: Path) -> None:
    for number in range(30):
        for name in ("stop", "go"):
            save(tmp_path / name / f"{number:08x}_nohash_0.wav", word(0.2, 0.4))
    save(tmp_path / "_background_noise_" / "00000001_nohash_0.wav", word(0.2, 0.4))
    of = {purpose: {said.speaker for said in words(tmp_path, purpose)} for purpose in PURPOSES}
    assert sum(map(len, of.values())) == 30 == len(set.union(*of.values()))


def test_a_recording_at_another_rate_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "a.wav", word(0.2, 0.4), rate=8000)
    with pytest.raises(ValueError, match="16 kHz"):
        read(tmp_path / "a.wav")
