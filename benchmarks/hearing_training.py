"""Teaches the recogniser commands in rooms and noise. ``python -m benchmarks.hearing_training``

Whisper tiny.en (MIT) has learnt from talks and films; it mishears short commands by unusual voices, above all in noise.
This learns low-rank corrections of what it hears with (hearing_torch.py) from sentences of hearing_corpus.py, spoken by
the voices of hearing_voices.py, in the rooms, microphones and noises of speech_stop_sounds.py, all from fixed seeds.
Synthetic voices make it deafer to people, so of the corrections only SHARE is taken, which keeps most of what was
gained and loses next to nothing (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022). Every hundred steps
it reports the loss on sentences that it does not learn from, clean and at 10 dB, and writes
vla_ros/speech/hearing.npz: the mean of the last weights, in half floats.

Needs numpy, scipy, PyYAML, the package's speech extra and torch 2.13, in an environment of its own, and the programs
of hearing_voices.py. About an hour on two cores. Sound is kept in --folder, where the next run takes it up.
"""

from __future__ import annotations

import argparse
import copy
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from benchmarks.hearing_corpus import Spoken, shard
from benchmarks.hearing_torch import Net
from benchmarks.hearing_voices import missing
from benchmarks.speech_sounds import RATE, Audio, level, pcm
from benchmarks.speech_stop_sounds import Noises, by_microphone, in_room, spoken
from vla_ros.speech import whisper_files
from vla_ros.speech.mel import log_mel
from vla_ros.speech.whisper_files import HEARING
from vla_ros.speech.whisper_tokens import END, NO_TIMES, START, Tokens

SHARDS, DEVELOPMENT, COUNT = (1, 2, 3, 4, 5, 6), 90, 2000
RANK, PEAK = 32, 1.0e-3
PLANNED, STEPS = 1600, 1200
"""Of the cycle of the rate; the loss on what is not learnt from no longer fell after STEPS."""
SHARE = 0.5
"""Of the corrections that is taken; chosen on voices of the development and on recordings of people."""
_SILENCE_S = 1.0
"""Behind the sound, as in vla_ros/speech/search.py."""
_EACH = 100
_TOGETHER = 16
_RENEWED = 0.02
"""Of the mean of the weights, in each step."""
_SEED = 1


class Room:
    """Puts a sentence into a room, before a microphone, under noise."""

    def __init__(self, corpus: Spoken, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._noises = Noises(corpus, self._rng)  # type: ignore[arg-type]

    def heard(self, audio: Audio, snr: float | None = None) -> NDArray[np.int16]:
        """With silence around it; ``snr`` [dB], random without."""
        rng = self._rng
        if snr is None:
            if rng.random() < 0.6:
                audio = spoken(audio, rng)[0]
            power = float(np.sqrt(np.mean(audio**2)))
            audio = in_room(audio, rng) if rng.random() < 0.4 else audio
            audio = by_microphone(audio, rng) if rng.random() < 0.6 else audio
            audio = level(audio, power)
            snr = float(rng.uniform(3, 25)) if rng.random() < 0.75 else float(rng.uniform(25, 60))
        power = float(np.sqrt(np.mean(audio**2)))
        before, after = (int(rng.uniform(0.05, 0.6) * RATE) for _ in range(2))
        whole = np.pad(audio, (before, after))
        whole = whole + level(self._noises.cut(len(whole)), max(1e-5, power * 10 ** (-snr / 20)))
        loud = float(rng.uniform(0.02, 0.2)) / max(power, 1e-6)
        return pcm((whole * loud).astype(np.float32))


def batch(
    sounds: list[NDArray[np.int16]], labels: list[list[int]], place: dict[int, int]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Frames (B, n, 80), tokens (B, m) and what follows each of them (B, m), -100 where nothing does."""
    seconds = max(map(len, sounds)) / RATE + _SILENCE_S
    frames = np.stack([log_mel(sound, round(seconds, 2)) for sound in sounds])
    longest = max(map(len, labels)) + 2
    tokens = np.full((len(labels), longest), END, np.int64)
    wanted = np.full((len(labels), longest), -100, np.int64)
    for row, label in enumerate(labels):
        tokens[row, : len(label) + 2] = [START, NO_TIMES, *label]
        wanted[row, 1 : len(label) + 2] = [place[t] for t in (*label, END)]
    return torch.from_numpy(frames), torch.from_numpy(tokens), torch.from_numpy(wanted)


def loss_on(net: Net, frames: torch.Tensor, tokens: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Mean cross entropy of the next token."""
    return F.cross_entropy(net(frames, tokens).flatten(0, 1), wanted.flatten(), ignore_index=-100)


@dataclass(slots=True)
class Lesson:
    """What is learnt from and tried on."""

    shards: list[Spoken]
    encoded: list[list[list[int]]]
    place: dict[int, int]
    tests: dict[str, list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]]

    def teach(self, net: Net, output: Path) -> None:
        """Learns, reports and writes."""
        mean, room = copy.deepcopy(net), Room(self.shards[0], _SEED)
        learning = [p for p in net.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(learning, PEAK, weight_decay=0.01, betas=(0.9, 0.98))
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK, total_steps=PLANNED, pct_start=0.1)
        began, lost = time.monotonic(), 0.0
        for step, chosen in enumerate(_order(self.shards, STEPS, np.random.default_rng(_SEED)), 1):
            sounds = [room.heard(self.shards[part].sound(number)) for part, number in chosen]
            labels = [self.encoded[part][number] for part, number in chosen]
            loss = loss_on(net, *batch(sounds, labels, self.place))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learning, 1.0)
            optimizer.step()
            schedule.step()
            lost += float(loss.detach())
            with torch.no_grad():
                for kept, new in zip(mean.parameters(), net.parameters(), strict=True):
                    kept.lerp_(new, _RENEWED)
            if step % _EACH == 0 or step == STEPS:
                minutes = (time.monotonic() - began) / 60
                print(f"step {step}, {minutes:.1f} min: loss {lost / _EACH:.4f}; {self.tried(mean)}", flush=True)
                np.savez_compressed(output, **mean.corrections(SHARE))  # type: ignore[arg-type]
                lost = 0.0

    def tried(self, net: Net) -> str:
        """The loss on what is not learnt from."""
        with torch.no_grad():
            found = {name: np.mean([float(loss_on(net, *b)) for b in batches]) for name, batches in self.tests.items()}
        return "not learnt from: " + ", ".join(f"{name} {value:.4f}" for name, value in found.items())


def main() -> None:
    """Makes the data, trains, reports and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("build/hearing"), help="for the sound")
    parser.add_argument("--output", type=Path, default=HEARING)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if missing():
        parser.error(f"not installed: {', '.join(missing())}; benchmarks/hearing_voices.py names their packages")
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    source = whisper_files.folder()
    vocabulary = Tokens(whisper_files.checked(source / "vocabulary.txt").decode())
    weights = whisper_files.read_weights(whisper_files.checked(source / "model.bin"))
    shards = [shard(options.folder / f"sentences_{s}.npz", COUNT, s, vocabulary) for s in SHARDS]
    others = shard(options.folder / f"sentences_{DEVELOPMENT}.npz", 300, DEVELOPMENT, vocabulary)
    encoded = [[vocabulary.encode(f" {text}") for text in part.texts] for part in (*shards, others)]
    outputs = sorted({t for part in encoded for label in part for t in label} | {*range(1000, 6000), END})
    place = {token: number for number, token in enumerate(outputs)}
    lesson = Lesson(shards, encoded, place, _tests(others, encoded[-1], place))
    lesson.teach(Net(weights, np.array(outputs), RANK), options.output)


def _tests(
    corpus: Spoken, labels: list[list[int]], place: dict[int, int]
) -> dict[str, list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]]:
    out = {}
    for name, snr in (("clean", 60.0), ("10 dB", 10.0)):
        room = Room(corpus, 2)
        numbers = sorted(range(0, len(corpus), 3), key=lambda n: int(corpus.starts[n + 1] - corpus.starts[n]))
        parts = [numbers[at : at + _TOGETHER] for at in range(0, len(numbers), _TOGETHER)]
        out[name] = [
            batch([room.heard(corpus.sound(n), snr) for n in part], [labels[n] for n in part], place) for part in parts
        ]
    return out


def _order(shards: list[Spoken], steps: int, rng: np.random.Generator) -> list[list[tuple[int, int]]]:
    """Batches of sentences of like length, at random, every sentence before any comes again."""
    out: list[list[tuple[int, int]]] = []
    while len(out) < steps:
        every = [(part, number) for part, found in enumerate(shards) for number in range(len(found))]
        lengths = [int(shards[p].starts[n + 1] - shards[p].starts[n]) + int(rng.integers(4000)) for p, n in every]
        ordered = [every[i] for i in np.argsort(lengths)]
        parts = [ordered[at : at + _TOGETHER] for at in range(0, len(ordered) - _TOGETHER + 1, _TOGETHER)]
        out += [parts[i] for i in rng.permutation(len(parts))]
    return out[:steps]


if __name__ == "__main__":
    main()
