"""The moments of sound that the spoken stop's second look learns from: where the first network is in doubt, and others.

Goes to stop_look_training.py as log-mel frames of vla_ros/speech/mel.py, with the word that ends there or none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.speech_sounds import RATE
from benchmarks.speech_stop_sounds import ROWS, Clip, told_at
from benchmarks.speech_stop_torch import KEPT_OUT, Net
from benchmarks.speech_stop_training import scores
from vla_ros.speech.mel import log_mel
from vla_ros.speech.second_look import WINDOW
from vla_ros.speech.stop_network import STEP, WEIGHTS

Moments = tuple[NDArray[np.float16], NDArray[np.int8]]
_TOLD_S = (0.02, 0.38)
"""After the end of a word: there a stop is to be found."""
_NOT_YET_S = 0.16
"""So long before the end of its word a stop is none yet."""
_FIRST_ROW = 98
"""Of a clip of 3.7 s, whose last ROWS the network sees."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """From which ``sureness`` of the first network on a moment without a stop is a doubt; so ``many`` of a clip."""

    sureness: float
    many: int


def first_network() -> Net:
    """The weights in the package."""
    net = Net()
    with np.load(WEIGHTS) as data:
        net.unfold({name: data[name] for name in data.files})
    return net


def moments(clips: Iterable[Clip], rng: np.random.Generator, net: Net, doubt: Doubt) -> Moments:
    """Up to two moments of each stop, some doubts where there is none, and one place chosen blindly."""
    kept = list(clips)
    sure = scores(net, np.stack([clip.seen()[0] for clip in kept]))
    frames, labels = [], []
    for clip, found in zip(kept, sure, strict=True):
        for at, label in _chosen(clip, found, rng, doubt):
            frames.append(log_mel(clip.sound[at - WINDOW : at], WINDOW / RATE).astype(np.float16))
            labels.append(label)
    return np.stack(frames), np.array(labels, np.int8)


def _chosen(clip: Clip, sure: NDArray[np.float32], rng: np.random.Generator, doubt: Doubt) -> list[tuple[int, int]]:
    told = told_at(_FIRST_ROW)
    known = np.arange(ROWS // STEP) >= KEPT_OUT
    after = told[:, None] - np.array(clip.ends, np.int64).reshape(1, -1)
    is_stop = ((after >= _TOLD_S[0] * RATE) & (after <= _TOLD_S[1] * RATE)).any(axis=1)
    free = ((after < -_NOT_YET_S * RATE) | (after > WINDOW)).all(axis=1) & known
    out = [(int(told[k]), clip.label) for k in _some(np.flatnonzero(is_stop & known), 2, rng)]
    out += [(int(told[k]), 0) for k in _some(np.flatnonzero(free & (sure >= doubt.sureness)), doubt.many, rng)]
    return out + [(int(told[k]), 0) for k in _some(np.flatnonzero(free), 1, rng)]


def _some(places: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return rng.choice(places, min(count, len(places)), replace=False) if len(places) else places


def kept(path: Path, clips: Iterable[Clip], seed: int, doubt: Doubt) -> Moments:
    """The moments at ``path``, made there of the clips if they are not yet."""
    if not path.exists():
        torch.set_num_threads(1)
        frames, labels = moments(clips, np.random.default_rng(seed), first_network(), doubt)
        np.savez(path, frames=frames, labels=labels)
        print(f"{path.name}: {len(labels)} moments", flush=True)
    with np.load(path) as data:
        return data["frames"], data["labels"]
