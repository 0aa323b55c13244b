"""The corpus's speech by people who do not exist: pitch, size of the head, breath and speed moved.

espeak-ng and flite have few voices with a recorded timbre, and free recordings of many people who say "halt" or
"freeze" were not found. The vocoder WORLD (Morise et al., 2016; pyworld, MIT) takes a voice apart and puts it together
otherwise. Goes to speech_stop_training.py as a corpus of its own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyworld
from numpy.typing import NDArray

from benchmarks.speech_sounds import RATE, Audio, pcm
from benchmarks.speech_stop_corpus import Corpus

_STEP_MS = 10.0
_WHISPERED = 0.08


def moved_voice(audio: Audio, rng: np.random.Generator) -> tuple[Audio, float]:
    """The sound by another voice; and the factor of its length."""
    x = audio.astype(np.float64)
    pitch, times = pyworld.dio(x, RATE, frame_period=_STEP_MS)
    envelope = pyworld.cheaptrick(x, pitch, times, RATE)
    breath = pyworld.d4c(x, pitch, times, RATE)
    voiced = pitch > 0
    if voiced.any():
        middle = float(np.exp(np.log(pitch[voiced]).mean()))
        wanted = float(np.clip(middle * 2 ** rng.uniform(-0.7, 0.9), 75.0, 420.0))
        pitch[voiced] = wanted * (pitch[voiced] / middle) ** float(rng.uniform(0.3, 1.8))
    if rng.random() < _WHISPERED:
        pitch[:] = 0.0
    bins = np.arange(envelope.shape[1]) / float(2 ** rng.uniform(-0.28, 0.3))  # a smaller head has higher formants
    whole = np.minimum(bins, envelope.shape[1] - 1)
    low = np.floor(whole).astype(int)
    high, part = np.minimum(low + 1, envelope.shape[1] - 1), whole - low
    envelope = np.ascontiguousarray(envelope[:, low] * (1 - part) + envelope[:, high] * part)
    breath = np.ascontiguousarray(np.clip(breath[:, low] ** float(rng.uniform(0.4, 1.5)), 1e-3, 1.0))
    factor = float(2 ** rng.uniform(-0.35, 0.35))
    made = pyworld.synthesize(pitch, envelope, breath, RATE, _STEP_MS * factor)
    return made.astype(np.float32), len(made) / len(audio)


def moved(path: Path, corpus: Corpus, counts: tuple[int, ...], seed: int) -> Corpus:
    """``counts`` sounds of each label by other voices, kept at ``path``."""
    if not path.exists():
        _make(path, corpus, counts, np.random.default_rng(seed))
    with np.load(path) as data:
        return Corpus(data["samples"], data["starts"], data["labels"], data["ends"])


def _make(path: Path, corpus: Corpus, counts: tuple[int, ...], rng: np.random.Generator) -> None:
    sounds: list[NDArray[np.int16]] = []
    labels, ends = [], []
    for label, count in enumerate(counts):
        numbers = corpus.of(label)
        for number in rng.choice(numbers, min(count, len(numbers)), replace=False):
            made, factor = moved_voice(corpus.sound(int(number)), rng)
            peak = float(np.abs(made).max())
            if np.isfinite(peak) and peak > 1e-3:
                sounds.append(pcm(made * (0.7 / peak)))
                labels.append(label)
                ends.append(min(len(made), round(int(corpus.ends[number]) * factor)))
    starts = np.cumsum([0, *map(len, sounds)])
    np.savez(path, samples=np.concatenate(sounds), starts=starts, labels=np.array(labels), ends=np.array(ends))
