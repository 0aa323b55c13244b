"""Who says what around the spoken stop: voices and phrases of the training, the development and the evaluation, apart.

The evaluation's variants of espeak-ng, its dialect (Received Pronunciation) and its recorded speaker (flite's slt, the
only woman among them) are heard nowhere else, and its carrier phrases are never trained on. The development's dialect
and all but one of its variants are not the training's either. The sound is made by espeak-ng and flite. Goes to
speech_stop_corpus.py and speech_stop.py.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import tempfile
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from benchmarks.speech_sounds import RATE, Audio, trimmed
from vla_ros.speech.stop_network import CLASSES

WORDS = CLASSES[1:]
_PHONES = {"stop": "s t aa p", "halt": "hh ao l t", "freeze": "f r iy z"}
"""As flite writes them."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """``speed`` [words a minute] and ``pitch`` (0 to 99) are espeak-ng's; ``stretch`` of the durations is flite's."""

    program: str
    name: str
    speed: int = 160
    pitch: int = 50
    stretch: float = 1.0


@dataclass(frozen=True, slots=True)
class Cast:
    """Voices of one purpose. ``speeds`` [words a minute] and ``pitches`` are espeak-ng's."""

    accents: tuple[str, ...]
    variants: tuple[str, ...]
    recorded: tuple[str, ...]
    recorded_share: float
    speeds: tuple[int, int] = (110, 240)
    pitches: tuple[int, int] = (20, 90)

    def pick(self, rng: np.random.Generator) -> Speaker:
        """A random speaker."""
        if rng.random() < self.recorded_share:
            return Speaker("flite", str(rng.choice(self.recorded)), stretch=round(float(rng.uniform(0.8, 1.25)), 2))
        name = str(rng.choice(self.accents)) + str(rng.choice(self.variants))
        speed, pitch = (int(rng.integers(low, high + 1)) for low, high in (self.speeds, self.pitches))
        return Speaker("espeak-ng", name, speed, pitch)


_VARIANTS = """
f1 f4 f5 m1 m2 m4 m5 m6 m8 adam Alex Alicia Andrea Andy Annie antonio aunty belinda benjamin boris caleb croak david
Denis Diogo ed edward edward2 Gene2 grandma grandpa gustave Henrique Hugo iven iven2 iven3 Jacky john kaukovalta
klatt klatt2 klatt3 klatt5 klatt6 Lee marcelo Marco Mario max Michael michel miguel Mike Nguyen norbert pablo paul
pedro quincy RicishayMax RicishayMax2 rob robert robosoft robosoft2 robosoft4 robosoft5 robosoft7 sandro shelby
steph steph2 Storm travis Tweaky UniRobot whisper anika
"""
TRAINING = Cast(
    ("en-us", "en-us", "en-gb", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029"),
    tuple("+" + name for name in _VARIANTS.split()),
    ("awb", "rms", "kal", "kal16"),
    0.3,
)
DEVELOPMENT = Cast(
    ("en-us-nyc",), ("+m7", "+f1", "+linda", "+steph3", "+klatt4", "+Gene", "+iven4", "+robosoft8"), ("rms", "awb"), 0.2
)
EVALUATION = Cast(
    ("en-us", "en-gb", "en-gb-x-rp", "en-gb-x-rp"), ("", "+f2", "+f3", "+m3", "+victor", "+zac", "+RicishayMax3"),
    ("slt",), 0.25, (120, 210), (30, 75),
)  # fmt: skip
"""en-gb-x-rp is heard here only; en-us and en-gb only with variants that are heard here only."""

EVALUATION_PHRASES = (
    "stop", "halt", "freeze", "robot stop", "please stop", "oh no stop", "stop now", "stop it", "halt robot",
    "freeze now",
)  # fmt: skip
"""Single words cannot be kept apart; the carriers can."""
DEVELOPMENT_PHRASES = ("stop", "halt", "freeze", "dear robot stop", "just halt", "stop this", "freeze everybody")
_BEFORE = """
please robot hey|robot no no|no wait okay oh listen you now quick hey ahh careful and just watch|out would|you
will|you could|you|please I|said everybody so well yes robot|please right|now you|must it|must dear|robot
"""
_AFTER = """
now it that moving right|there please robot at|once here right|now immediately the|robot this all|of|it there
everybody for|a|moment the|arm going doing|that what|you|are|doing and|wait or|else you
"""
_KEPT = {*EVALUATION_PHRASES[3:], *DEVELOPMENT_PHRASES[3:]}


def phrase(word: str, rng: np.random.Generator) -> str:
    """A phrase of the training's around a stop word; half of them are the bare word."""
    while True:
        parts = [word]
        if rng.random() < 0.3:
            parts.insert(0, str(rng.choice(_BEFORE.split())).replace("|", " "))
        if rng.random() < 0.3:
            parts.append(str(rng.choice(_AFTER.split())).replace("|", " "))
        if " ".join(parts) not in _KEPT:
            return ", ".join(parts) if rng.random() < 0.1 else " ".join(parts)


@dataclass(frozen=True, slots=True)
class Request:
    """Something to be said. ``pauses``: espeak-ng leaves long ones between the words."""

    text: str
    speaker: Speaker
    pauses: bool = False

    def command(self, path: Path) -> str:
        """A line of shell that writes ``path``.wav, and flite's phones with their ends to ``path``.txt."""
        who, text = self.speaker, shlex.quote(self.text)
        if who.program == "espeak-ng":
            gap = "-g 40 " if self.pauses else ""
            return f"espeak-ng -v {who.name} -s {who.speed} -p {who.pitch} {gap}-w {path}.wav {text}"
        values = f"--setf duration_stretch={who.stretch}"
        return f"flite -voice {who.name} {values} -psdur -t {text} -o {path}.wav >{path}.txt"


@dataclass(frozen=True, slots=True)
class Said:
    """A request's sound in 16 kHz mono, with the silence at its ends, and flite's phones with their ends [s]."""

    audio: Audio
    phones: tuple[tuple[str, float], ...] = ()


def synthesize(requests: Sequence[Request]) -> list[Said]:
    """All of them in one shell, which is far quicker than a process of one's own for each."""
    out = []
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / str(number) for number in range(len(requests))]
        lines = [request.command(path) for request, path in zip(requests, paths, strict=True)]
        subprocess.run(["sh", "-e"], input="\n".join(lines).encode(), check=True)
        for path in paths:
            timed = path.with_suffix(".txt")
            parts = timed.read_text(encoding="utf-8").split() if timed.exists() else []
            phones = tuple((name, float(end)) for name, end in (part.rsplit(":", 1) for part in parts))
            out.append(Said(read(path.with_suffix(".wav")), phones))
    return out


def read(path: Path) -> Audio:
    """A WAV file of 16 bit, mono, in 16 kHz and within 1."""
    with wave.open(str(path), "rb") as stream:
        rate, data = stream.getframerate(), stream.readframes(stream.getnframes())
    shared = gcd(rate, RATE)
    samples = np.frombuffer(data, "<i2").astype(np.float32) / 32768.0
    return resample_poly(samples, RATE // shared, rate // shared).astype(np.float32)


def plain(texts: Sequence[tuple[str, Speaker]]) -> list[Audio]:
    """Each text by its speaker, the silence at both ends cut off."""
    return [trimmed(made.audio) for made in synthesize([Request(text, speaker) for text, speaker in texts])]


def with_ends(texts: Sequence[tuple[str, str, Speaker]]) -> list[tuple[Audio, int] | None]:
    """For each (text, word, speaker) the sound and the sample at which the word ends; None where that cannot be told.

    The end of the sound if the word is its last. Else flite tells it; of espeak-ng the same words are made with pauses
    between them, and laid beside those without (dynamic time warping).
    """
    requests: list[Request] = []
    places: list[tuple[int, int, int]] = []
    for text, word, speaker in texts:
        words = re.findall(r"[a-zA-Z']+", text)
        places.append((words.index(word), len(words), len(requests)))
        requests.append(Request(text, speaker))
        if words[-1] != word and speaker.program == "espeak-ng":
            requests.append(Request(text.replace(",", ""), speaker, pauses=True))
    made = synthesize(requests)
    out: list[tuple[Audio, int] | None] = []
    for (_, word, speaker), (number, count, at) in zip(texts, places, strict=True):
        audio = trimmed(made[at].audio)
        if number == count - 1:
            out.append((audio, len(audio)))
        elif speaker.program == "flite":
            out.append(_told_by_flite(made[at], audio, word))
        else:
            out.append(_laid_beside(audio, trimmed(made[at + 1].audio), number, count))
    return out


def _told_by_flite(made: Said, audio: Audio, word: str) -> tuple[Audio, int] | None:
    names, wanted = [name for name, _ in made.phones], _PHONES[word].split()
    for first in range(len(names) - len(wanted) + 1):
        if names[first : first + len(wanted)] == wanted:
            silent = int(np.flatnonzero(np.abs(made.audio) > np.abs(made.audio).max() * 0.01)[0])
            return audio, min(len(audio), int(made.phones[first + len(wanted) - 1][1] * RATE) - silent)
    return None


def _laid_beside(audio: Audio, apart: Audio, number: int, words: int) -> tuple[Audio, int] | None:
    frame = RATE // 100
    loud = np.abs(apart[: len(apart) // frame * frame].reshape(-1, frame)).max(axis=1) > 0.01 * np.abs(apart).max()
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.astype(int), [0]])))
    starts, ends = list(edges[::2]), list(edges[1::2])
    pauses = [(end, start) for end, start in zip(ends, starts[1:], strict=False) if start - end >= 25]
    if len(pauses) != words - 1:
        return None
    kept = np.ones(len(loud), bool)
    for end, start in pauses:
        kept[end:start] = False
    end = int(kept[: pauses[number][0]].sum())
    row = _matching_frame(_shape(audio), _shape(apart)[kept], end)
    return audio, min(len(audio), (row + 1) * frame)


def _shape(audio: Audio) -> Audio:
    frame = RATE // 100
    frames = np.lib.stride_tricks.sliding_window_view(np.append(audio, np.zeros(400, np.float32)), 400)[::frame]
    power = np.abs(np.fft.rfft(frames[: len(audio) // frame] * np.hanning(400))) ** 2
    bands = power[:, 1:193].reshape(len(power), 24, 8).sum(axis=2)
    return np.log(bands + 1e-5 * bands.max()).astype(np.float32)


def _matching_frame(ours: Audio, theirs: Audio, end: int) -> int:
    """The row of ``ours`` that dynamic time warping lays beside row ``end - 1`` of ``theirs``."""
    costs = np.sqrt(((ours[:, None] - theirs[None]) ** 2).sum(axis=2)).tolist()
    rows, columns = len(ours), len(theirs)
    total = [[float("inf")] * (columns + 1) for _ in range(rows + 1)]
    total[0][0] = 0.0
    for i in range(rows):
        above, here, cost = total[i], total[i + 1], costs[i]
        for j in range(columns):
            here[j + 1] = cost[j] + min(above[j], above[j + 1] + 0.5, here[j] + 0.5)
    i, j = rows, columns
    while j > end:
        step = min((total[i - 1][j - 1], 0), (total[i - 1][j], 1), (total[i][j - 1], 2))[1]
        i, j = (i - 1, j - 1) if step == 0 else (i - 1, j) if step == 1 else (i, j - 1)
    return i - 1
