"""Trains the spoken stop's second look on moments of doubt. ``python -m benchmarks.stop_look_training``

Learns low-rank corrections of the encoder of whisper tiny.en (MIT) and a head that tells "stop", "halt" and "freeze"
from everything else in the last moment of sound. The speech is what the first network learnt from
(speech_stop_training.py, whose --folder it goes on with): synthetic voices, voices that nobody has, people's words. In
the second stage, where the moments of less doubt are looked at as well, come the voices of hearing_voices.py that were
made of people's recordings, the recogniser's sentences, and more people's talk: the folder _talk_more_ beside the
recordings was Mycroft's Precise-Community-Data without its folder heysavant (see docs/licences.md). All from fixed
seeds. At the end it is tried on the development's voices and people. Writes vla_ros/speech/second_look.npz in half
floats.

The weights in this repository come from these stages, run before the two were joined in one program: each drew its
moments and left half of the others away by other numbers of the same distributions.

Needs what those two need, in an environment of its own, and the package's speech extra. An hour on two cores.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks import hearing_voices as voices
from benchmarks import speech_stop_recordings as recordings
from benchmarks.speech_sounds import Audio
from benchmarks.speech_stop_corpus import Corpus, leveled, made
from benchmarks.speech_stop_sounds import Clip, Clips, mixed
from benchmarks.speech_stop_training import others_voices
from benchmarks.speech_stop_voices import DEVELOPMENT, TRAINING, WORDS, phrase
from benchmarks.speech_stop_words import NO_TALK, talk
from benchmarks.stop_look_corpus import Doubt, Moments, kept
from benchmarks.stop_look_torch import Look, train
from vla_ros.speech.second_look import WEIGHTS

_CLIPS = 2000


@dataclass(frozen=True, slots=True)
class Stage:
    """What is learnt from: seeds of each kind of clips, which moments of them, the share of ``others`` that is kept."""

    seeds: dict[str, Sequence[int]]
    doubt: Doubt
    others: float
    steps: int
    rate: float


FIRST = Stage(
    {"training": range(2000, 2004), "moved": range(2200, 2203), "recorded": range(2100, 2106), "other": (2500,),
     "recorded_other": (2300, 2301), "noise": (2400,)},
    Doubt(0.05, 3), 1.0, 1892, 1.5e-3,
)  # fmt: skip
SECOND = Stage(
    {"training": (3000, 3001), "moved": (3200, 3201), "recorded": range(3100, 3104), "voiced": (2600, 2601, 3600),
     "sentences": (2700, 2701, 2702, 2703, 3700, 3701), "recorded_other": (3300, 3301), "more_talk": (3900, 3901),
     "other": (3500, 3501), "noise": (3400,)},
    Doubt(0.02, 4), 0.5, 950, 1e-3,
)  # fmt: skip
_VOICED = 900, 1200
"""Phrases with a stop word and other talk by the voices made of recordings."""
_BATCH = 50
_TRIED = (0.3, 0.5, 0.7, 0.9, 0.95, 0.98)

Source = Callable[[int], Iterator[Clip]]


def voiced(path: Path, seed: int) -> Corpus:
    """Phrases that end with a stop word, and other talk, by the voices of hearing_voices.py but espeak-ng's."""
    if not path.exists():
        rng = np.random.default_rng(seed)
        said: list[tuple[int, str]] = []
        for number in range(_VOICED[0]):
            word = WORDS[number % len(WORDS)]
            text = phrase(word, rng)
            while not text.endswith(word):
                text = phrase(word, rng)
            said.append((1 + WORDS.index(word), text.replace(",", "")))
        said += [(0, talk(rng)) for _ in range(_VOICED[1])]
        sounds, labels = [], []
        for first in range(0, len(said), _BATCH):
            part = said[first : first + _BATCH]
            for (label, _), audio in zip(part, voices.spoken([(t, _voice(rng)) for _, t in part]), strict=True):
                sounds.append(leveled(audio))
                labels.append(label)
            print(f"{len(sounds)} of {len(said)} by voices made of recordings", flush=True)
        lengths = np.array([len(sound) for sound in sounds])
        starts = np.cumsum([0, *lengths])
        np.savez(path, samples=np.concatenate(sounds), starts=starts, labels=np.array(labels), ends=lengths)
    with np.load(path) as data:
        return Corpus(data["samples"], data["starts"], data["labels"], data["ends"])


def _voice(rng: np.random.Generator) -> voices.Speaker:
    program, name = voices.RECORDED[int(rng.integers(len(voices.RECORDED)))]
    return voices.Speaker(program, name, int(rng.integers(75, 135)), int(rng.integers(75, 130)))


def report(net: Look, found: Moments, batch: int = 100) -> dict[str, object]:
    """Share of the stops and number of the other moments that are sure enough, by threshold."""
    frames, labels = found
    with torch.no_grad():
        parts = (torch.from_numpy(frames[at : at + batch].astype(np.float32)) for at in range(0, len(frames), batch))
        sure = np.concatenate([1.0 - torch.softmax(net(part), 1)[:, 0].numpy() for part in parts])
    stops, others = sure[labels > 0], sure[labels == 0]
    table = {t: (round(float((stops >= t).mean()), 4), int((others >= t).sum())) for t in _TRIED}
    return {"stops": len(stops), "others": len(others), "told, mistaken by threshold": table}


def sentences(folder: Path) -> Corpus:
    """The recogniser's sentences (hearing_corpus.py) that have no stop word."""
    sounds = []
    for path in sorted(folder.glob("sentences_[1-6].npz")):
        with np.load(path) as data:
            samples, starts, texts = data["samples"], data["starts"], [str(text).lower() for text in data["texts"]]
        free = [n for n, text in enumerate(texts) if not any(part in text for part in NO_TALK)]
        sounds += [samples[starts[n] : starts[n + 1]] for n in free]
    lengths = np.array([len(sound) for sound in sounds])
    return Corpus(np.concatenate(sounds), np.cumsum([0, *lengths]), np.zeros(len(sounds), np.int64), lengths)


def of(corpus: Corpus, stops: float = 0.45, recorded: Sequence[Audio] = ()) -> Source:
    """A maker of clips of the corpus, a share of ``stops`` with a stop word."""

    def make(seed: int) -> Iterator[Clip]:
        rng = np.random.default_rng(seed)
        return mixed(Clips(corpus, rng, recorded=recorded), _CLIPS, rng, stops)

    return make


def noises_of(corpus: Corpus) -> Source:
    """A maker of clips of noises and music alone."""

    def make(seed: int) -> Iterator[Clip]:
        clips = Clips(corpus, np.random.default_rng(seed), songs=8)
        return (clips.noise() for _ in range(_CLIPS))

    return make


def main() -> None:
    """Makes the data, trains twice, writes and reports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("build/speech_stop"), help="for sound and moments")
    parser.add_argument("--recordings", type=Path, required=True, help="a folder in the layout of Speech Commands")
    parser.add_argument("--sentences", type=Path, required=True, help="the folder of hearing_training.py's sound")
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    folder, people = options.folder, options.recordings
    corpus = made(folder / "training.npz", TRAINING, 6000, 5500, 1)
    background = recordings.noises(people)
    trained = recordings.corpus(people, "training")
    spoken = voiced(folder / "voiced.npz", 7)
    sources: dict[str, Source] = {
        "training": of(corpus),
        "other": of(corpus, stops=0.0),
        "noise": noises_of(corpus),
        "moved": of(others_voices(folder, corpus)),
        "voiced": of(spoken),
        "sentences": of(sentences(options.sentences), stops=0.0),
        "recorded": of(trained, recorded=background),
        "recorded_other": of(trained, stops=0.0, recorded=background),
        "more_talk": of(recordings.talk_alone(people, "more"), stops=0.0, recorded=background),
    }
    torch.manual_seed(1)
    net = Look()
    for stage in (FIRST, SECOND):
        parts = [
            kept(folder / f"look_{name}_{seed}.npz", sources[name](seed), seed, stage.doubt)
            for name, seeds in stage.seeds.items()
            for seed in seeds
        ]
        torch.set_num_threads(2)
        net = train(net, *_thinned(parts, stage.others), stage.steps, stage.rate, seed=1)
    np.savez_compressed(options.output, **net.arrays())  # type: ignore[arg-type]
    other = made(folder / "development.npz", DEVELOPMENT, 450, 700, 2)
    tried = {
        "synthetic": kept(folder / "look_development_2900.npz", of(other)(2900), 2900, FIRST.doubt),
        "people": kept(
            folder / "look_recorded_development_2901.npz",
            of(recordings.corpus(people, "development"), recorded=background)(2901), 2901, FIRST.doubt,
        ),
    }  # fmt: skip
    print(json.dumps({name: report(net, found) for name, found in tried.items()}), flush=True)


def _thinned(parts: Sequence[Moments], others: float) -> Moments:
    """All stops, and a share of the other moments."""
    rng = np.random.default_rng(5)
    frames, labels = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    chosen = (labels > 0) | (rng.random(len(labels)) < others)
    return frames[chosen], labels[chosen]


if __name__ == "__main__":
    main()
