"""Recordings of people for the spoken stop: a folder in the layout of Google's Speech Commands, split by speaker.

The dataset is Pete Warden, "Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition", arXiv:1804.03209,
2018, under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/): a folder for each word, in it a second of sound in
each WAV (16 kHz, mono, 16 bit), named <speaker>_nohash_<number>.wav. None of it is in this repository. Whose voice is
for training, development or evaluation tells the dataset's own rule, a hash of the speaker, so that nobody is in two.
Next to the words there may be folders of other talk, whose speakers are unknown: _talk_training_, _talk_more_ (for the
second look's training), _talk_development_ and _talk_evaluation_. Goes to speech_stop_training.py and speech_stop.py.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path

import numpy as np
from scipy.signal import lfilter

from benchmarks.speech_sounds import RATE, Audio, pcm
from benchmarks.speech_stop_corpus import Corpus
from vla_ros.speech.stop_network import CLASSES

PURPOSES = ("training", "development", "evaluation")
_FRAME = RATE // 100
_JOINED = 16
"""Frames of 10 ms: parts of a word that a closure of the mouth keeps apart are this near to each other."""
_LONG_S = 3.0
"""Longer recordings are sentences, in which no single word is looked for."""
_LEAST_DB = 12.0
"""Of the loudest frame above the quiet ones; below it a recording's word cannot be found."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A word that somebody said."""

    path: Path
    word: str
    speaker: str


def purpose_of(speaker: str) -> str:
    """The dataset's rule: of a hundred hashes ten are for development, ten for evaluation, the rest for training."""
    percent = int(sha1(speaker.encode()).hexdigest(), 16) % 2**27 * 100.0 / (2**27 - 1)
    return "development" if percent < 10 else "evaluation" if percent < 20 else "training"


def words(folder: Path, purpose: str) -> list[Recording]:
    """All words of a purpose's speakers, in the order of their names."""
    found = []
    for path in sorted(folder.glob("[!_]*/*_nohash_*.wav")):
        speaker = path.name.split("_")[0]
        if purpose_of(speaker) == purpose:
            found.append(Recording(path, path.parent.name, speaker))
    return found


def talk(folder: Path, purpose: str) -> list[Path]:
    """Recordings of other talk."""
    return sorted((folder / f"_talk_{purpose}_").glob("*.wav"))


def noises(folder: Path) -> list[Audio]:
    """The dataset's recorded noises."""
    return [read(path) for path in sorted((folder / "_background_noise_").glob("*.wav"))]


def read(path: Path) -> Audio:
    """16 kHz mono, within 1."""
    with wave.open(str(path), "rb") as stream:
        if (stream.getframerate(), stream.getnchannels(), stream.getsampwidth()) != (RATE, 1, 2):
            raise ValueError(f"{path}: 16 kHz, mono and 16 bit are needed")
        data = stream.readframes(stream.getnframes())
    return np.frombuffer(data, "<i2").astype(np.float32) / 32768.0


def loudness(audio: Audio) -> Audio:
    """[dB] of each frame of 10 ms, high tones lifted so that a hiss counts as a vowel does."""
    lifted = lfilter([1.0, -0.95], [1.0], audio - audio.mean())
    frames = lifted[: len(lifted) // _FRAME * _FRAME].reshape(-1, _FRAME)
    return (10 * np.log10((frames**2).mean(axis=1) + 1e-9)).astype(np.float32)


def word_in(audio: Audio) -> tuple[int, int] | None:
    """The samples at which the loudest word begins and ends; None where it does not stand out of the noise."""
    if len(audio) < 20 * _FRAME:
        return None
    level = loudness(audio)
    quiet, loudest = float(np.percentile(level, 15)), float(level.max())
    if loudest - quiet < _LEAST_DB:
        return None
    loud = np.flatnonzero(level > max(quiet + 7.0, loudest - 34.0))
    middle = int(np.flatnonzero(loud == int(level.argmax()))[0])
    first = last = middle
    while first > 0 and loud[first] - loud[first - 1] <= _JOINED:
        first -= 1
    while last < len(loud) - 1 and loud[last + 1] - loud[last] <= _JOINED:
        last += 1
    return int(loud[first]) * _FRAME, (int(loud[last]) + 1) * _FRAME


def cut(audio: Audio) -> tuple[Audio, int]:
    """The word with a little of what is around it, faded in and out, and the sample at which it ends."""
    found = word_in(audio)
    if found is None:
        return audio, len(audio)
    start, stop = max(0, found[0] - 3 * _FRAME), min(len(audio), found[1] + 3 * _FRAME)
    kept = (audio[start:stop] - audio.mean()).astype(np.float32)
    fade = np.minimum(1.0, np.arange(len(kept)) / (2 * _FRAME))
    return (kept * fade * fade[::-1]).astype(np.float32), found[1] - start


def corpus(folder: Path, purpose: str) -> Corpus:
    """Words and talk of a purpose as speech_stop_sounds.py takes them; words that do not stand out are left away."""
    sounds, labels, ends = [], [], []
    for said in words(folder, purpose):
        audio = read(said.path)
        if word_in(audio) is not None:
            kept, end = cut(audio)
            sounds.append(kept)
            labels.append(CLASSES.index(said.word) if said.word in CLASSES else 0)
            ends.append(end)
    for path in talk(folder, purpose):
        audio, _ = cut(read(path))
        sounds.append(audio)
        labels.append(0)
        ends.append(len(audio))
    return _joined(sounds, labels, ends)


def talk_alone(folder: Path, purpose: str) -> Corpus:
    """Only the talk of a purpose; sentences are left whole."""
    sounds = [read(path) for path in talk(folder, purpose)]
    sounds = [cut(audio)[0] if len(audio) < _LONG_S * RATE else audio for audio in sounds]
    return _joined(sounds, [0] * len(sounds), [len(audio) for audio in sounds])


def _joined(sounds: list[Audio], labels: list[int], ends: list[int]) -> Corpus:
    peaks = [0.7 / max(float(np.abs(sound).max()), 1e-6) for sound in sounds]
    samples = [pcm(sound * peak) for sound, peak in zip(sounds, peaks, strict=True)]
    starts = np.cumsum([0, *map(len, samples)])
    return Corpus(np.concatenate(samples), starts, np.array(labels), np.array(ends))
