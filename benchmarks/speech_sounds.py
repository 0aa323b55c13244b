"""Voices, noises and music for benchmarks.speech: synthetic speech by programs, everything else by numpy.

Voices: espeak-ng (several variants) and, where its program is installed, flite, whose voices are recordings of people
cut into pieces and so sound very different. Both are measurement tools, called as programs. Imports numpy and scipy.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter, resample_poly

RATE = 16000
Audio = NDArray[np.float32]


@dataclass(frozen=True)
class Voice:
    """One synthetic speaker. ``pitch`` and ``speed`` (words a minute) are espeak-ng's; flite has its own."""

    program: str
    name: str
    speed: int = 160
    pitch: int = 50

    @property
    def label(self) -> str:
        """Short name for tables."""
        return f"{self.program}:{self.name}@{self.speed}" if self.program == "espeak-ng" else f"flite:{self.name}"


ESPEAK = (
    Voice("espeak-ng", "en-us", 150, 45),
    Voice("espeak-ng", "en-us+f3", 150, 55),
    Voice("espeak-ng", "en-gb", 160, 50),
    Voice("espeak-ng", "en-gb+f2", 145, 60),
    Voice("espeak-ng", "en-us+m3", 165, 40),
    Voice("espeak-ng", "en-gb-x-rp", 150, 50),
)
FLITE = (Voice("flite", "slt"), Voice("flite", "rms"), Voice("flite", "awb"), Voice("flite", "kal16"))


def voices() -> tuple[Voice, ...]:
    """Every voice whose program is there, the programs by turns."""
    groups = [group for group in (ESPEAK, FLITE) if shutil.which(group[0].program)]
    longest = max((len(group) for group in groups), default=0)
    return tuple(group[i] for i in range(longest) for group in groups if i < len(group))


@lru_cache(maxsize=4096)
def speak(text: str, voice: Voice) -> Audio:
    """``text`` in 16 kHz mono, amplitude within 1, the silence at both ends cut off."""
    if voice.program == "espeak-ng":
        command = ["espeak-ng", "-v", voice.name, "-s", str(voice.speed), "-p", str(voice.pitch), "--stdout", text]
        data = subprocess.run(command, capture_output=True, check=True).stdout
    else:
        command = ["flite", "-voice", voice.name, "-t", text, "-o", "/dev/stdout"]
        data = subprocess.run(command, capture_output=True, check=True).stdout
    with wave.open(io.BytesIO(data)) as stream:
        rate = stream.getframerate()
    samples = np.frombuffer(data[44:], "<i2")  # the programs stream: the length in their headers is not to be trusted
    audio = samples.astype(np.float32) / 32768.0
    shared = gcd(rate, RATE)
    audio = resample_poly(audio, RATE // shared, rate // shared).astype(np.float32)
    return trimmed(audio)


def trimmed(audio: Audio, floor_db: float = -40.0) -> Audio:
    """Without the silence before the first and after the last sample above ``floor_db`` of the loudest."""
    loud = np.flatnonzero(np.abs(audio) > np.abs(audio).max(initial=1e-9) * 10.0 ** (floor_db / 20.0))
    return audio[loud[0] : loud[-1] + 1] if len(loud) else audio


def pad(audio: Audio, before_s: float, after_s: float) -> Audio:
    """Silence around it."""
    return np.pad(audio, (round(before_s * RATE), round(after_s * RATE)))


def level(audio: Audio, rms: float) -> Audio:
    """Scaled so that its root mean square is ``rms`` (1 = full scale)."""
    return (audio * (rms / max(float(np.sqrt(np.mean(audio**2))), 1e-9))).astype(np.float32)


def noisy(speech: Audio, noise: Audio, snr_db: float, before_s: float = 0.0, after_s: float = 0.0) -> Audio:
    """Speech with silence around it under noise that is ``snr_db`` below the speech's own power."""
    power = float(np.mean(speech**2))
    whole = pad(speech, before_s, after_s)
    return (whole + level(noise[: len(whole)], np.sqrt(power * 10.0 ** (-snr_db / 10.0)))).astype(np.float32)


def pcm(audio: Audio) -> NDArray[np.int16]:
    """As signed 16 bit, clipped."""
    return (np.clip(audio, -1.0, 1.0) * 32767.0).astype(np.int16)


# -- noises ------------------------------------------------------------------------------------------------

NOISES = ("white", "pink", "fan", "babble", "music")


def noise(kind: str, count: int, rng: np.random.Generator) -> Audio:
    """``count`` samples of a noise of NOISES, about 0.1 rms."""
    out: NDArray[Any]
    if kind == "white":
        out = rng.standard_normal(count)
    elif kind == "pink":
        out = lfilter([0.049922, -0.095993, 0.050613, -0.004408], [1, -2.494956, 2.017266, -0.522190],
                      rng.standard_normal(count))  # fmt: skip  # Kellet's filter
    elif kind == "fan":
        t = np.arange(count) / RATE
        hum = sum(np.sin(2 * np.pi * 50 * k * t + rng.uniform(0, 6.28)) / k for k in range(1, 9))
        out = lfilter([0.03], [1, -0.97], rng.standard_normal(count)) + 0.05 * np.asarray(hum)
    elif kind == "babble":
        out = babble(count, rng)
    else:
        out = music(count, rng)
    return level(out.astype(np.float32), 0.1)


CHATTER = (
    "yesterday we went along the river and had a long walk with the children before it began to rain",
    "the company will announce its new numbers in the morning and nobody knows what they are going to be",
    "she said that the blue one was nicer but her brother liked the other colour much more than that",
    "in the evening they usually listen to the radio and talk about the news of the day",
    "my neighbour has bought an old house with a large garden and wants to paint it himself",
    "there is a good film on tonight but I am afraid that I will fall asleep in the middle",
)


def babble(count: int, rng: np.random.Generator, speakers: int = 5) -> Audio:
    """Several people talking at once about other matters."""
    cast, out = voices(), np.zeros(count, np.float32)
    for _ in range(speakers):
        pieces: list[Audio] = []
        while sum(map(len, pieces)) < count + RATE:
            pieces.append(level(speak(str(rng.choice(CHATTER)), cast[int(rng.integers(len(cast)))]), 0.1))
        whole, start = np.concatenate(pieces), int(rng.integers(RATE))
        out += whole[start : start + count]
    return out


def music(count: int, rng: np.random.Generator) -> Audio:
    """Chords, a melody with vibrato, bass and drums in 4/4: the envelopes and bands that fool a word spotter."""
    beat = round(RATE * 60.0 / float(rng.uniform(80, 140)))
    out = np.zeros(count + 4 * beat, np.float32)
    scale = 220.0 * 2.0 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12]) / 12.0) * float(rng.uniform(0.7, 1.4))
    for number, start in enumerate(range(0, count, beat)):
        if number % 4 == 0:
            root = int(rng.integers(0, 5))
            for step in (0, 2, 4):
                _add(out, start, tone(scale[(root + step) % 8], 4 * beat, rng, 6), 0.15)
            _add(out, start, tone(scale[root] / 4, 2 * beat, rng, 4), 0.3)
        for half in (0, beat // 2):
            if rng.random() < 0.7:
                length = round(beat * float(rng.choice([0.4, 0.5, 0.9])))
                _add(out, start + half, tone(scale[int(rng.integers(8))] * 2, length, rng, 8, vibrato=5.5), 0.25)
        drum = np.exp(-np.arange(beat // 2) / (0.02 * RATE)) * rng.standard_normal(beat // 2)
        _add(out, start + beat // 2, drum.astype(np.float32), 0.25 if number % 2 else 0.1)
        kick = np.exp(-np.arange(beat // 2) / (0.06 * RATE)) * np.sin(2 * np.pi * 60 * np.arange(beat // 2) / RATE)
        _add(out, start, kick.astype(np.float32), 0.5)
    return out[:count]


def tone(hertz: float, count: int, rng: np.random.Generator, partials: int, vibrato: float = 0.0) -> Audio:
    """A plucked or sung note: decaying partials, a quick attack, a formant drawn at random when it is sung."""
    t = np.arange(count) / RATE
    phase = 2 * np.pi * hertz * t + (
        0.03 * hertz / max(vibrato, 1e-9) * np.sin(2 * np.pi * vibrato * t) if vibrato else 0
    )
    formant = float(rng.uniform(400, 2500))
    out = np.zeros(count)
    for k in range(1, partials + 1):
        if k * hertz > 0.45 * RATE:
            break
        gain = np.exp(-(((k * hertz - formant) / 700.0) ** 2)) + 0.3 / k if vibrato else 1.0 / k
        out += gain * np.sin(k * phase) * np.exp(-t * (0.5 if vibrato else 1.5) * k**0.5)
    attack = min(count, round(0.01 * RATE))
    out[:attack] *= np.linspace(0, 1, attack)
    out[-attack:] *= np.linspace(1, 0, attack)
    return (out / max(float(np.abs(out).max(initial=0.0)), 1e-9)).astype(np.float32)


def _add(out: Audio, start: int, what: Audio, gain: float) -> None:
    stop = min(len(out), start + len(what))
    out[start:stop] += gain * what[: stop - start]
