"""The speech that the spoken stop's network learns from, made once and kept: phrases with a stop word, and other talk.

Goes to speech_stop_sounds.py as arrays of 16 bit with the samples at which the words end.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.speech_sounds import Audio, pcm
from benchmarks.speech_stop_voices import WORDS, Cast, phrase, plain, with_ends
from benchmarks.speech_stop_words import talk

_BATCH = 100


@dataclass(frozen=True, slots=True)
class Corpus:
    """Sounds one after the other: number ``i`` is samples[starts[i] : starts[i + 1]].

    ``labels``: 0 for other talk, else 1 + the number of the stop word, which ends at sample ``ends[i]`` of its sound.
    """

    samples: NDArray[np.int16]
    starts: NDArray[np.int64]
    labels: NDArray[np.int64]
    ends: NDArray[np.int64]

    def sound(self, number: int) -> Audio:
        """One of them, within 1."""
        return self.samples[self.starts[number] : self.starts[number + 1]].astype(np.float32) / 32768.0

    def of(self, label: int) -> NDArray[np.int64]:
        """The numbers of a label's."""
        return np.flatnonzero(self.labels == label)


def made(path: Path, cast: Cast, stops: int, others: int, seed: int) -> Corpus:
    """The corpus at ``path``, made there if it is not yet."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _make(path, cast, stops, others, np.random.default_rng(seed))
    with np.load(path) as data:
        return Corpus(data["samples"], data["starts"], data["labels"], data["ends"])


def _make(path: Path, cast: Cast, stops: int, others: int, rng: np.random.Generator) -> None:
    sounds, labels, ends = [], [], []
    for first in range(0, stops, _BATCH):
        words = [WORDS[number % 3] for number in range(first, min(stops, first + _BATCH))]
        for word, found in zip(words, with_ends([(phrase(w, rng), w, cast.pick(rng)) for w in words]), strict=True):
            if found is not None:
                sounds.append(leveled(found[0]))
                labels.append(1 + WORDS.index(word))
                ends.append(found[1])
        print(f"{len(sounds)} of {stops} stops", flush=True)
    for first in range(0, others, _BATCH):
        for audio in plain([(talk(rng), cast.pick(rng)) for _ in range(first, min(others, first + _BATCH))]):
            sounds.append(leveled(audio))
            labels.append(0)
            ends.append(len(audio))
        print(f"{first + _BATCH} of {others} others", flush=True)
    starts = np.cumsum([0, *map(len, sounds)])
    np.savez(path, samples=np.concatenate(sounds), starts=starts, labels=np.array(labels), ends=np.array(ends))


def leveled(audio: Audio) -> NDArray[np.int16]:
    """In 16 bit, its peak at 0.7."""
    return pcm(audio * (0.7 / max(float(np.abs(audio).max()), 1e-6)))
