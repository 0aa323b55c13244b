"""Makes the clips that the spoken stop's network learns from: speech of the corpus in rooms, microphones and noises.

Noises and music are other ones than those of benchmarks/speech_sounds.py, under which the stop is measured. Goes to
speech_stop_training.py as rows of vla_ros/speech/features.py in 8 bit, with a label for each of the network's steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, lfilter, resample_poly

from benchmarks.speech_sounds import RATE, Audio, level, pcm
from benchmarks.speech_stop_corpus import Corpus
from vla_ros.speech.features import WINDOW, Hearing
from vla_ros.speech.loudness import FRAME
from vla_ros.speech.stop_network import STEP

CLIP_S = 3.7
ROWS = 270
"""The last rows of a clip, which the network sees; what comes before only makes the room known."""
SCALE = 85.0
"""Of the rows in 8 bit."""
IGNORED = -1
_TOLD_S = (0.06, 0.26)
"""After the end of a word, in which the network has to tell it; some time before and after it may do as it likes."""
_FREE_S = (-0.13, 0.45)


class Noises:
    """Noises made once, cut at random; ``songs`` of them are songs. ``recorded`` ones are taken as they are."""

    def __init__(
        self,
        corpus: Corpus,
        rng: np.random.Generator,
        songs: int = 0,
        seconds: float = 20.0,
        recorded: Sequence[Audio] = (),
    ) -> None:
        self._rng, self._corpus = rng, corpus
        count = round(seconds * RATE)
        makers = [self.coloured] * 5 + [self.motor] * 4 + [self.crowd] * 8 + [self.tune] * 8
        makers += [self.song] * songs + [self.knocks] * 2
        self._long = [level(make(count), 0.1) for make in makers] + [level(noise, 0.1) for noise in recorded]

    def cut(self, count: int) -> Audio:
        """``count`` samples of one of them."""
        source = self._long[int(self._rng.integers(len(self._long)))]
        start = int(self._rng.integers(len(source) - count))
        return source[start : start + count]

    def coloured(self, count: int) -> Audio:
        """Noise with a random slope between white and brown, and one random resonance."""
        rng = self._rng
        hertz = np.fft.rfftfreq(count, 1 / RATE)
        shape = np.maximum(hertz, 40.0) ** -float(rng.uniform(0, 1.2))
        shape *= 1 + 3 * np.exp(-(((hertz - rng.uniform(100, 6000)) / rng.uniform(50, 1500)) ** 2))
        return np.fft.irfft(np.fft.rfft(rng.standard_normal(count)) * shape, count).astype(np.float32)

    def motor(self, count: int) -> Audio:
        """Harmonics whose pitch and strength wander, under wind."""
        rng, t = self._rng, np.arange(count) / RATE
        knots = np.arange(0.0, t[-1] + 1.0, 0.5)
        wander = np.interp(t, knots, rng.uniform(0.7, 1.3, len(knots)))
        phase = 2 * np.pi * np.cumsum(float(rng.uniform(30, 400)) * wander) / RATE
        hum = sum(np.sin(k * phase) * rng.uniform(0.1, 1) / k for k in range(1, 16))
        wind = lfilter([0.1], [1, -0.9], rng.standard_normal(count))
        return (hum * wander + rng.uniform(0.1, 1.0) * wind).astype(np.float32)

    def crowd(self, count: int) -> Audio:
        """One to eight people who talk about other matters, some louder than others."""
        rng, out = self._rng, np.zeros(count, np.float32)
        others = self._corpus.of(0)
        for _ in range(int(rng.choice([1, 2, 3, 5, 8]))):
            pieces = [gap(rng, 0.0, 1.0)]
            while sum(map(len, pieces)) < count:
                pieces += [level(self._corpus.sound(int(rng.choice(others))), 0.1), gap(rng, 0.0, 0.5)]
            out += np.concatenate(pieces)[:count] * float(rng.uniform(0.3, 1))
        return out

    def tune(self, count: int) -> Audio:
        """Chords, a melody and a beat out of sawtooth, square and frequency-modulated tones."""
        rng, out = self._rng, np.zeros(count, np.float32)
        beat = RATE * 60.0 / float(rng.uniform(60, 180))
        root = float(rng.uniform(80, 200))
        steps = np.array([0, 2, 3, 5, 7, 8, 10, 12, 14, 15, 17, 19])
        for number in range(int(count / beat) * 2):
            start = int(number * beat / 2)
            for _ in range(int(rng.integers(0, 3))):
                length = int(beat * float(rng.choice([0.5, 1, 2])))
                hertz = root * 2 ** (float(rng.choice(steps)) / 12) * float(rng.choice([1, 2, 4]))
                note = _note(hertz, length, rng)[: count - start]
                out[start : start + len(note)] += note * float(rng.uniform(0.1, 0.5))
            if rng.random() < 0.5:
                length = min(int(0.2 * RATE), count - start)
                decay = np.exp(-np.arange(length) / (float(rng.uniform(0.01, 0.06)) * RATE))
                hit = lfilter([1, -float(rng.uniform(-0.9, 0.9))], [1], rng.standard_normal(length))
                out[start : start + length] += (hit * decay * rng.uniform(0.1, 0.6)).astype(np.float32)
        return out

    def song(self, count: int) -> Audio:
        """Drums that sweep and hiss, a bass, and a lead whose formants wander as if it sang syllables."""
        rng, out = self._rng, np.zeros(count, np.float32)
        beat = int(RATE * 60.0 / float(rng.uniform(70, 170)) / 2)
        root, pattern = float(rng.uniform(45, 110)), rng.random((4, 16)) < np.array([[0.3], [0.25], [0.6], [0.4]])
        for number in range(count // beat):
            start, step = number * beat, number % 16
            for kind in np.flatnonzero(pattern[:, step]):
                length = min(int(float(rng.uniform(0.05, 0.35)) * RATE), count - start)
                t = np.arange(length) / RATE
                fade = np.exp(-t * float(rng.uniform(8, 60))) * np.minimum(1, t * 800)
                if kind == 0:
                    hit = np.sin(2 * np.pi * np.cumsum(40 + float(rng.uniform(60, 300)) * np.exp(-t * 30)) / RATE)
                elif kind == 1:
                    hit = rng.standard_normal(length) + np.sin(2 * np.pi * float(rng.uniform(150, 300)) * t)
                elif kind == 2:
                    hit = 0.6 * lfilter(*butter(2, float(rng.uniform(3500, 7000)), "highpass", fs=RATE),
                                        rng.standard_normal(length))  # fmt: skip
                else:
                    hit = np.sign(np.sin(2 * np.pi * root * 2 ** (float(rng.choice([0, 3, 5, 7])) / 12) * t))
                out[start : start + length] += (hit * fade * float(rng.uniform(0.1, 0.6))).astype(np.float32)
            if rng.random() < 0.45:
                syllable = self._syllable(min(beat * int(rng.integers(1, 4)), count - start), root * 4)
                out[start : start + len(syllable)] += syllable
        return out

    def _syllable(self, count: int, hertz: float) -> Audio:
        rng, t = self._rng, np.arange(count) / RATE
        pitch = hertz * 2 ** (float(rng.choice([0, 2, 3, 5, 7, 9, 10, 12])) / 12)
        phase = 2 * np.pi * np.cumsum(pitch * (1 + 0.02 * np.sin(2 * np.pi * float(rng.uniform(3, 7)) * t))) / RATE
        wave = sum(np.sin(k * phase) / k for k in range(1, 40) if k * pitch < 0.45 * RATE)
        for middle in (float(rng.uniform(300, 900)), float(rng.uniform(900, 2500))):
            wave = wave + 2 * lfilter(*butter(1, [0.85 * middle, 1.15 * middle], "bandpass", fs=RATE), wave)
        if rng.random() < 0.4:  # a consonant before it
            hiss = min(int(float(rng.uniform(0.03, 0.12)) * RATE), count)
            wave[:hiss] = lfilter(*_band(rng), 4 * rng.standard_normal(hiss))
            wave[hiss : hiss + int(float(rng.uniform(0.0, 0.06)) * RATE)] = 0.0
        fade = np.minimum(1, t * 60) * np.minimum(1, (t[-1] - t) * float(rng.uniform(8, 200)) + 1e-3)
        return (0.4 * wave * fade / (np.abs(wave).max() + 1e-6)).astype(np.float32)

    def knocks(self, count: int) -> Audio:
        """Things that fall, doors, claps: short bursts in a room."""
        rng, out = self._rng, 0.01 * self._rng.standard_normal(count).astype(np.float32)
        for start in rng.integers(0, count - RATE, int(count / RATE * 2)):
            length = int(rng.uniform(0.02, 0.6) * RATE)
            burst = rng.standard_normal(length) * np.exp(-np.arange(length) / (length / rng.uniform(2, 6)))
            out[start : start + length] += lfilter(*_band(rng), burst).astype(np.float32) * float(rng.uniform(0.2, 2))
        return out


def _note(hertz: float, count: int, rng: np.random.Generator) -> Audio:
    t = np.arange(count) / RATE
    phase = 2 * np.pi * hertz * t + float(rng.uniform(0, 2)) * np.sin(2 * np.pi * float(rng.uniform(3, 8)) * t)
    kind = rng.integers(4)
    if kind == 0:
        wave = np.sin(phase + float(rng.uniform(0, 5)) * np.sin(float(rng.choice([1, 2, 3.5])) * phase))
    else:
        wave = sum(np.sin(k * phase) / k for k in range(1, 30, 1 if kind == 1 else 2) if k * hertz < 0.45 * RATE)
    if kind == 3:
        wave = lfilter(*_band(rng), wave)
    decay = np.exp(-t * float(rng.uniform(0.5, 8))) * np.minimum(1, t * 100) * np.minimum(1, (t[-1] - t) * 60 + 1e-3)
    return (wave * decay).astype(np.float32)


def _band(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low = float(rng.uniform(100, 2500))
    numerator, denominator = butter(1, [low, min(7500, low * float(rng.uniform(1.5, 5)))], "bandpass", fs=RATE)
    return numerator, denominator


def spoken(audio: Audio, rng: np.random.Generator) -> tuple[Audio, float]:
    """The sound by a somewhat other speaker: moved in pitch, formants and speed; and the factor of its length."""
    factor = int(rng.integers(84, 121))
    moved = resample_poly(audio, 100, factor).astype(np.float32)
    return moved, len(moved) / len(audio)


def in_room(audio: Audio, rng: np.random.Generator) -> Audio:
    """Through the air of a random room (a direct sound, and noise that fades by 60 dB in 0.1 to 0.7 s)."""
    seconds = float(rng.uniform(0.1, 0.7))
    count = int(seconds * RATE)
    echo = rng.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    echo[: int(rng.uniform(0.001, 0.008) * RATE)] = 0.0
    echo *= float(rng.uniform(0.1, 1.0)) / np.sqrt((echo**2).sum())
    echo[0] = 1.0
    return fftconvolve(audio, echo)[: len(audio)].astype(np.float32)


def by_microphone(audio: Audio, rng: np.random.Generator) -> Audio:
    """Tilted, sometimes band-limited, sometimes through a telephone's companding (ITU-T G.711, mu = 255)."""
    tilt = float(rng.uniform(-0.5, 0.6))
    audio = np.append(audio[:1], audio[1:] - tilt * audio[:-1])
    kind = rng.random()
    if kind < 0.1:
        audio = lfilter(*butter(2, [300, 3400], "bandpass", fs=RATE), audio)
    elif kind < 0.3:
        audio = lfilter(*butter(2, float(rng.uniform(3000, 7500)), fs=RATE), audio)
    elif kind < 0.45:
        audio = lfilter(*butter(1, float(rng.uniform(60, 400)), "highpass", fs=RATE), audio)
    if rng.random() < 0.08:
        loudest = np.abs(audio).max() + 1e-9
        squeezed = np.sign(audio) * np.log1p(255 * np.abs(audio) / loudest) / np.log(256)
        squeezed = np.round(squeezed * 127) / 127
        audio = np.sign(squeezed) * (256 ** np.abs(squeezed) - 1) / 255 * loudest
    return audio.astype(np.float32)


def gap(rng: np.random.Generator, least_s: float, most_s: float) -> Audio:
    """A pause."""
    return np.zeros(int(rng.uniform(least_s, most_s) * RATE), np.float32)


class Clips:
    """Makes clips of CLIP_S out of a corpus."""

    def __init__(
        self, corpus: Corpus, rng: np.random.Generator, songs: int = 0, recorded: Sequence[Audio] = ()
    ) -> None:
        self._corpus, self._rng = corpus, rng
        self._noises = Noises(corpus, rng, songs, recorded=recorded)
        self._of = [corpus.of(label) for label in range(4)]
        self.labels = [label for label in (1, 2, 3) if len(self._of[label])]
        """of the stop words that the corpus has"""

    def stop(self, label: int) -> Clip:
        """A stop word, perhaps with other talk before and after it."""
        rng, parts, ends = self._rng, [], []
        if rng.random() < 0.35:
            parts += [self._other(), gap(rng, 0.02, 0.6)]
        while True:
            audio, end = self._said(label)
            ends.append(sum(map(len, parts)) + end)
            parts.append(audio)
            if rng.random() > 0.07:
                break
            parts.append(gap(rng, 0.1, 0.4))
        if rng.random() < 0.3:
            parts += [gap(rng, 0.02, 0.4), self._other()]
        last_s = float(rng.uniform(CLIP_S - 1.6, CLIP_S - 0.2))
        return self._clip(np.concatenate(parts), ends, round(last_s * RATE) - ends[-1], label)

    def other(self) -> Clip:
        """Talk about other matters from end to end, or nothing but a noise."""
        rng = self._rng
        count = round(CLIP_S * RATE)
        if rng.random() < 0.15:
            steps = np.repeat(rng.choice([0.0, 0.1, 0.5, 1.0], 1 + count // 4000), 4000)[:count]
            return self._clip(self._noises.cut(count) * steps.astype(np.float32), [], 0, 0)
        parts = [gap(rng, 0.0, 1.2)]
        while sum(map(len, parts)) < count:
            parts += [self._other(), gap(rng, 0.02, 0.7)]
        return self._clip(np.concatenate(parts), [], -int(rng.integers(RATE // 2)), 0)

    def noise(self) -> Clip:
        """Music, a crowd or another noise alone."""
        return self._clip(self._noises.cut(round(CLIP_S * RATE)), [], 0, 0)

    def _said(self, label: int) -> tuple[Audio, int]:
        number = int(self._rng.choice(self._of[label]))
        audio, factor = spoken(self._corpus.sound(number), self._rng)
        return audio, min(len(audio), round(self._corpus.ends[number] * factor))

    def _other(self) -> Audio:
        return spoken(self._corpus.sound(int(self._rng.choice(self._of[0]))), self._rng)[0]

    def _clip(self, speech: Audio, ends: list[int], start: int, label: int) -> Clip:
        rng, count = self._rng, round(CLIP_S * RATE)
        power = float(np.mean(speech**2))
        if rng.random() < 0.5:
            speech = in_room(speech, rng)
        speech = by_microphone(speech, rng)
        speech = level(speech, np.sqrt(power) + 1e-6) if power > 0 else speech
        whole = np.zeros(count, np.float32)
        source = speech[max(0, -start) :][: count - max(0, start)]
        whole[max(0, start) : max(0, start) + len(source)] = source
        snr = float(rng.uniform(2, 28)) if rng.random() < 0.85 else float(rng.uniform(28, 60))
        whole += level(self._noises.cut(count), max(1e-5, np.sqrt(power) * 10 ** (-snr / 20)))
        if rng.random() < 0.25:
            whole += level(self._noises.cut(count), max(1e-5, np.sqrt(power) * 10 ** (-(snr + 6) / 20)))
        gain = 10 ** (float(rng.uniform(-28, 6)) / 20)
        return Clip(pcm((whole * gain).astype(np.float32)), tuple(end + start for end in ends), label)


@dataclass(frozen=True, slots=True)
class Clip:
    """CLIP_S of sound in which stop words of one ``label`` end at the samples ``ends``; other talk has none."""

    sound: NDArray[np.int16]
    ends: tuple[int, ...]
    label: int

    def seen(self) -> tuple[NDArray[np.uint8], NDArray[np.int8]]:
        """(ROWS, 32) what the network sees of it, and what it has to tell at each of its steps."""
        rows = Hearing().feed(self.sound)
        first = len(rows) - ROWS
        labels = np.zeros(ROWS // STEP, np.int8)
        told = told_at(first)
        for zone, value in ((_FREE_S, IGNORED), (_TOLD_S, self.label)):
            for end in self.ends:
                after = (told - end) / RATE
                labels[(after >= zone[0]) & (after <= zone[1])] = value
        return np.round(rows[first:] * SCALE).astype(np.uint8), labels


def told_at(first: int) -> NDArray[np.int64]:
    """The samples of a clip that are known at each of the network's steps, which begin with row ``first``."""
    return (first + STEP * np.arange(1, ROWS // STEP + 1) - 1) * FRAME + WINDOW


def noises(corpus: Corpus, count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int8]]:
    """``count`` clips of noises and music alone."""
    clips = Clips(corpus, np.random.default_rng(seed), songs=8)
    made = [clips.noise().seen() for _ in range(count)]
    return np.stack([rows for rows, _ in made]), np.stack([labels for _, labels in made])


def shard(
    corpus: Corpus, count: int, seed: int, stops: float = 0.45, recorded: Sequence[Audio] = ()
) -> tuple[NDArray[np.uint8], NDArray[np.int8]]:
    """``count`` clips (n, ROWS, 32) and their labels (n, ROWS / STEP); a share of ``stops`` has a stop word."""
    rng = np.random.default_rng(seed)
    made = [clip.seen() for clip in mixed(Clips(corpus, rng, recorded=recorded), count, rng, stops)]
    return np.stack([rows for rows, _ in made]), np.stack([labels for _, labels in made])


def mixed(clips: Clips, count: int, rng: np.random.Generator, stops: float = 0.45) -> Iterator[Clip]:
    """``count`` clips; a share of ``stops`` has a stop word, each word in turn."""
    for number in range(count):
        label = clips.labels[number % len(clips.labels)] if clips.labels else 0
        yield clips.stop(label) if rng.random() < stops else clips.other()
