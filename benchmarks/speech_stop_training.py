"""Trains the spoken stop's network on synthetic speech and on recordings. ``python -m benchmarks.speech_stop_training``

Most of what it learns from is made here, from fixed seeds: the voices of speech_stop_voices.TRAINING (espeak-ng in
75 variants and 6 accents, flite's awb, rms and kal), phrases and talk (speech_stop_words.py), rooms, microphones,
noises and music (speech_stop_sounds.py). With --recordings people's voices are added, who have to be fetched: the
Speech Commands of Warden, 2018, CC BY 4.0 (speech_stop_recordings.py); --start goes on from weights that there are. At
the end the thresholds are tried on the development's voices. Writes vla_ros/speech/spoken_stop.npz.

The weights in this repository: first without recordings and moved voices, then with --recordings and --start. Of Speech
Commands there were eight words of v0.01 with 1,000 recordings each (TensorFlow's excerpt) and its bed, cat and happy;
for the evaluation also the test set of v0.02. "stop" was said 794 times by 553 people of the training, 96 times by 65
of the development, 401 times by 158 of the evaluation. Wake words of Picovoice's benchmark were other talk.

Needs espeak-ng, flite, numpy, scipy, PyYAML, pyworld 0.3.5 (and setuptools below 80) and torch 2.13, in an environment
of its own: the package does not need torch. Sound and clips are kept in --folder, where the next run takes them up.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks import speech_stop_recordings as recordings
from benchmarks.speech_sounds import Audio
from benchmarks.speech_stop_corpus import Corpus, made
from benchmarks.speech_stop_moved import moved
from benchmarks.speech_stop_sounds import SCALE, noises, shard
from benchmarks.speech_stop_torch import KEPT_OUT, Net, train
from benchmarks.speech_stop_voices import DEVELOPMENT, TRAINING
from vla_ros.speech.spoken_stop import LOOKS
from vla_ros.speech.stop_network import WEIGHTS

Arrays = tuple[NDArray[np.uint8], NDArray[np.int8]]
_SHARD = 2000
SHARDS, OTHERS, NOISES, MOVED = tuple(range(100, 113)), (500, 501), (700, 701, 702), (1300,)
"""Seeds of clips of all kinds, of talk without a stop, of noises and music alone, and of moved voices."""
_MOVED_COUNTS = (1500, 700, 1000, 1000)
"""Of other talk, "stop", "halt" and "freeze"."""
RECORDED, RECORDED_DEVELOPMENT = tuple(range(1100, 1106)), (1900,)
"""Seeds of clips of people's voices; of their stop words most recordings have only "stop"."""
EPOCHS, RATE = 14, 4e-3
EPOCHS_ON, RATE_ON = 3, 1e-3
SHARDS_ON, OTHERS_ON, NOISES_ON = SHARDS[:5], OTHERS[:1], NOISES[:2]
"""When it goes on from weights that there are: they know the rest by heart."""


def clips(folder: Path, name: str, seeds: Sequence[int], make: Callable[[int], Arrays]) -> Arrays:
    """Clips with labels, a shard of each seed, which is kept."""
    parts = []
    for seed in seeds:
        path = folder / f"{name}_{seed}.npz"
        if not path.exists():
            rows, labels = make(seed)
            np.savez(path, rows=rows, labels=labels)
            print(f"{path.name} made", flush=True)
        with np.load(path) as data:
            parts.append((data["rows"], data["labels"]))
    return np.concatenate([rows for rows, _ in parts]), np.concatenate([labels for _, labels in parts])


def scores(net: Net, rows: NDArray[np.uint8], batch: int = 50) -> NDArray[np.float32]:
    """(n, steps) mean sureness over LOOKS steps, 0 where the clip's past is missing."""
    net.eval()
    out = []
    with torch.no_grad():
        for at in range(0, len(rows), batch):
            found = torch.softmax(net(torch.from_numpy(rows[at : at + batch].astype(np.float32) / SCALE)), 1)
            out.append(1.0 - found[:, 0].numpy())
    sure = np.concatenate(out)
    mean = np.mean([sure[:, LOOKS - 1 - k : sure.shape[1] - k] for k in range(LOOKS)], axis=0)
    mean = np.pad(mean, ((0, 0), (LOOKS - 1, 0)))
    mean[:, :KEPT_OUT] = 0.0
    return mean.astype(np.float32)


def report(net: Net, rows: NDArray[np.uint8], labels: NDArray[np.int8]) -> dict[str, object]:
    """Share of stops told and false stops an hour, by threshold, on clips of the development cast."""
    sure = scores(net, rows)
    is_stop = (labels > 0).any(axis=1)
    near = labels != 0  # told at any time from a little before the end of the word on
    best = np.where(near[is_stop], sure[is_stop], 0).max(axis=1)
    worst = np.where(labels == 0, sure, 0)
    hours = float((labels[:, KEPT_OUT:] == 0).sum()) * 0.03 / 3600
    table = {}
    for threshold in (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99):
        begun = (worst[:, 1:] >= threshold) & (worst[:, :-1] < threshold)
        table[threshold] = (round(float((best >= threshold).mean()), 4), round(begun.sum() / hours, 2))
    return {"stops": int(is_stop.sum()), "hours": round(hours, 2), "told, false an hour by threshold": table}


def main() -> None:
    """Makes the data, trains, looks for mistakes, trains on, writes and reports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("build/speech_stop"), help="for sound and clips")
    parser.add_argument("--recordings", type=Path, help="a folder in the layout of Speech Commands")
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    folder = options.folder
    corpus = made(folder / "training.npz", TRAINING, 6000, 5500, 1)
    other = made(folder / "development.npz", DEVELOPMENT, 450, 700, 2)
    development = clips(folder, "development", (900, 901), lambda seed: shard(other, _SHARD, seed))
    again = options.start is not None
    seeds = (SHARDS_ON, OTHERS_ON, NOISES_ON) if again else (SHARDS, OTHERS, NOISES)
    parts = [
        clips(folder, "training", seeds[0], lambda seed: shard(corpus, _SHARD, seed)),
        clips(folder, "other", seeds[1], lambda seed: shard(corpus, _SHARD, seed, stops=0.0)),
        clips(folder, "noise", seeds[2], lambda seed: noises(corpus, _SHARD, seed)),
        clips(folder, "moved", MOVED, lambda seed: shard(others_voices(folder, corpus), _SHARD, seed)),
    ]
    tried = {"synthetic": development}
    if options.recordings is not None:
        parts.append(clips(folder, "recorded", RECORDED, of_people(options.recordings, "training")))
        made_of = of_people(options.recordings, "development")
        tried["recorded"] = clips(folder, "recorded_development", RECORDED_DEVELOPMENT, made_of)
    rows, labels = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    net = Net()
    if again:
        with np.load(options.start) as data:
            net.unfold({name: data[name] for name in data.files})
    epochs, rate = (EPOCHS_ON, RATE_ON) if again else (EPOCHS, RATE)
    net = train(net, rows, labels, epochs, rate, seed=1)
    write(net, options.output)
    print(json.dumps({name: report(net, *found) for name, found in tried.items()}), flush=True)


def others_voices(folder: Path, corpus: Corpus) -> Corpus:
    """Sounds of the corpus by voices that nobody has."""
    return moved(folder / "moved.npz", corpus, _MOVED_COUNTS, 3)


def of_people(folder: Path, purpose: str) -> Callable[[int], Arrays]:
    """A maker of shards out of recordings, which reads them at its first call."""
    kept: list[tuple[Corpus, list[Audio]]] = []

    def make(seed: int) -> Arrays:
        if not kept:
            kept.append((recordings.corpus(folder, purpose), recordings.noises(folder)))
        return shard(kept[0][0], _SHARD, seed, recorded=kept[0][1])

    return make


def write(net: Net, path: Path) -> None:
    """As half floats; that is all they need."""
    net.eval()
    halves = {name: weights.astype(np.float16) for name, weights in net.folded().items()}
    np.savez_compressed(path, **halves)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
