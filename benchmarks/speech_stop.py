"""How well the spoken stop is heard. ``python -m benchmarks.speech_stop``

Prints one JSON line with what was asked for (everything when nothing is named):

stops   share of N stop phrases told, by signal-to-noise ratio, with Wilson's 95 % interval, by word and by voice; and
        the delay from the end of the word to the decision, in the stream (phrases that end with the word), and the
        computing time of a piece of 20 ms
rooms   the same at 10 dB through the air of a simulated room (reverberation time 0.3 to 0.5 s)
false   stops told in M minutes of talk, of words that sound like a stop, and of music, an hour, with the upper bound of
        a Poisson count
people  with --recordings: the same as stops by people's voices, and stops told in all their other words and talk
gate    end of the word in the topic audio to the first zero command behind the real safety_node, through speech_node

Voices (speech_stop_voices.EVALUATION), carrier phrases, noises and music (speech_sounds.py), seeds and the text of the
talk are others than those that the network was trained and its threshold was chosen on.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from scipy.signal import fftconvolve
from scipy.stats import chi2

from benchmarks import speech_stop_recordings as recordings
from benchmarks.speech_sounds import CHATTER, NOISES, RATE, Audio, level, music, noise, noisy, pcm
from benchmarks.speech_stop_voices import (
    DEVELOPMENT,
    DEVELOPMENT_PHRASES,
    EVALUATION,
    EVALUATION_PHRASES,
    Cast,
    plain,
)  # fmt: skip
from vla_ros.cli import environment
from vla_ros.speech.params import SpeechParams
from vla_ros.speech.second_look import SecondLook, second_look
from vla_ros.speech.spoken_stop import STOP_WORDS, SpokenStop, StopHeard

_PIECE = 320
_LEAD_S = 3.0
_LATEST_S = 0.5
"""After the end of the phrase; a stop that is told later does not count."""
NEAR = (
    "put it on top of the shelf", "the shop has new stock", "one more step and then drop it", "hold the salt please",
    "it was not my fault", "a fresh breeze came through the trees", "please start", "the pot in the store is hot",
    "a dark spot on the shirt", "I stood in the hall", "three of these please", "half a cup of hot soup",
    "he told us to hold on", "shut the door and step back", "a box full of old socks", "swap the cups on the desk",
    "she has got the free keys", "the frieze above the hall is old", "cheese and peas", "we all caught a cold",
)  # fmt: skip
"""Sentences full of words that sound like a stop."""


@dataclass(frozen=True, slots=True)
class Ear:
    """What is measured."""

    threshold: float
    look: SecondLook | None

    def fresh(self) -> SpokenStop:
        """One that has heard nothing yet."""
        return SpokenStop(self.threshold, look=self.look)


def share(hits: int, count: int) -> dict[str, Any]:
    """A share with its count and its 95 % interval (Wilson, 1927)."""
    z, n = 1.96, max(1, count)
    p = hits / n
    middle, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    ends = [round(float((middle + side * half) / (1 + z * z / n)), 4) for side in (-1, 1)]
    return {"n": count, "share": round(p, 4), "interval": ends}


def percentiles(values: list[float]) -> dict[str, float]:
    """p50, p95, p99 and max."""
    named = (("p50", 50), ("p95", 95), ("p99", 99), ("max", 100))
    return {name: round(float(np.percentile(values, q)), 1) for name, q in named} if values else {}


def listen(spotter: SpokenStop, sound: np.ndarray, busy: list[float] | None = None) -> list[StopHeard]:
    """Streams ``sound`` in pieces of 20 ms, faster than real time."""
    out = []
    for start in range(0, len(sound), _PIECE):
        began = time.process_time()
        heard = spotter.hear(sound[start : start + _PIECE])
        if busy is not None:
            busy.append(1e3 * (time.process_time() - began))
        if heard is not None:
            out.append(heard)
    return out


def room(speech: Audio, rng: np.random.Generator) -> Audio:
    """Through a simulated room: early reflections, and a tail that fades by 60 dB in 0.3 to 0.5 s, 3 dB below them."""
    count = int(float(rng.uniform(0.3, 0.5)) * RATE)
    echo = rng.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    echo[: RATE // 200] = 0.0
    echo *= 0.7 / np.sqrt((echo**2).sum())
    for _ in range(5):
        echo[int(rng.uniform(0.002, 0.02) * RATE)] += float(rng.uniform(-0.5, 0.5))
    echo[0] = 1.0
    return fftconvolve(speech, echo)[: len(speech)].astype(np.float32)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sound with a stop word in it; ``ends``: the word is its last."""

    sound: Audio
    word: str
    who: str
    text: str
    ends: bool


def synthetic(count: int, rng: np.random.Generator, cast: Cast) -> list[Phrase]:
    """Phrases of the cast's."""
    phrases = EVALUATION_PHRASES if cast is EVALUATION else DEVELOPMENT_PHRASES
    texts = [phrases[number % len(phrases)] for number in range(count)]
    speakers = [cast.pick(rng) for _ in texts]
    out = []
    for text, speaker, made in zip(texts, speakers, plain(list(zip(texts, speakers, strict=True))), strict=True):
        word = next(part for part in text.split() if part in STOP_WORDS)
        how = f"{text}, {speaker.name}@{speaker.speed}/{speaker.pitch}"
        out.append(Phrase(made, word, speaker.name, how, text.endswith(word)))
    return out


def recorded(folder: Path, count: int, purpose: str) -> list[Phrase]:
    """Stop words by the people of a purpose, one of each before the second of any; all that there are at most."""
    turns: dict[str, int] = {}
    keyed = []
    for said in recordings.words(folder, purpose):
        if said.word in STOP_WORDS:
            turns[said.speaker] = turns.get(said.speaker, 0) + 1
            keyed.append((turns[said.speaker], said.speaker, said))
    out = []
    for _, speaker, said in sorted(keyed, key=lambda row: row[:2])[:count]:
        sound, end = recordings.cut(recordings.read(said.path))
        out.append(Phrase(sound[:end], said.word, "people", f"{said.word}, {speaker}", True))
    return out


def stops(
    phrases: list[Phrase],
    snrs: tuple[float, ...],
    rng: np.random.Generator,
    ear: Ear,
    in_room: bool = False,
) -> dict[str, Any]:
    """Stop phrases in noise."""
    beds = {kind: noise(kind, 60 * RATE, rng) for kind in NOISES}
    out: dict[str, Any] = {}
    busy: list[float] = []
    for snr in snrs:
        delays, by, missed = [], {}, []  # type: ignore[var-annotated]
        for number, phrase in enumerate(phrases):
            made = room(phrase.sound, rng) if in_room else phrase.sound
            speech = level(made, float(rng.uniform(0.02, 0.2)))
            kind, length = NOISES[number % len(NOISES)], len(speech) + round((_LEAD_S + 1.0) * RATE)
            start = int(rng.integers(len(beds[kind]) - length))
            sound = pcm(noisy(speech, beds[kind][start : start + length], snr, _LEAD_S, 1.0))
            heard = listen(ear.fresh(), sound, busy)
            said = (_LEAD_S * RATE, _LEAD_S * RATE + len(speech) + _LATEST_S * RATE)
            found = [h for h in heard if said[0] < h.samples <= said[1]]
            alone = "single" if phrase.text.startswith(phrase.word + ",") else "phrase"
            for key in (phrase.word, kind, alone, phrase.who):
                told, of = by.get(key, (0, 0))
                by[key] = (told + bool(found), of + 1)
            if not found:
                missed.append(f"{phrase.text}, {kind}")
            elif phrase.ends:
                delays.append(1e3 * (found[0].samples - _LEAD_S * RATE - len(speech)) / RATE)
        told = len(phrases) - len(missed)
        out[f"{snr:g}_db"] = {**share(told, len(phrases)), "delay_ms": percentiles(delays), "by": by, "missed": missed}
    return {**out, "cpu_ms_of_20_ms": percentiles(busy)}


def prose(rng: np.random.Generator) -> list[str]:
    """Sentences of the texts in Python's standard library, talk and commands, none with a stop word in it.

    The package's own pages would not do: the second look has learnt from them.
    """
    from benchmarks.language_suites.own_cases import intents
    from benchmarks.language_suites.own_joints import Joints

    kept = _library_sentences() + list(CHATTER)
    joints = Joints(Random(int(rng.integers(2**31))), intents())
    kept += [joints.polite().text for _ in range(300)]
    return [s for s in kept if not re.search(r"\b(stop|halt|freez|froz)", s.lower())]


def _library_sentences() -> list[str]:
    texts = []
    for path in sorted(Path(os.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8", errors="replace"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                texts.append(ast.get_docstring(node) or "")
    parts = re.split(r"[.!?:]\s|\n\n|\n\s*[-*]", "\n\n".join(texts))
    plain_parts = (re.sub(r"\s+", " ", part).strip() for part in parts)
    return [part for part in plain_parts if re.fullmatch(r"[A-Z][A-Za-z,' ]+", part) and 5 <= len(part.split()) <= 25]


def talk(seconds: float, texts: list[str], rng: np.random.Generator, cast: Cast) -> Audio:
    """People who speak ``texts`` with pauses, in a room with some noise."""
    parts: list[Audio] = []
    while sum(map(len, parts)) < seconds * RATE:
        for audio in plain([(str(rng.choice(texts)), cast.pick(rng)) for _ in range(10)]):
            speech = room(audio, rng) if rng.random() < 0.3 else audio
            parts += [
                level(speech, float(rng.uniform(0.02, 0.2))),
                np.zeros(int(rng.uniform(0.2, 1.5) * RATE), np.float32),
            ]
    whole = np.concatenate(parts)
    return whole + level(noise("pink", len(whole), rng), 10 ** float(rng.uniform(-3.5, -2)))


def false_by_people(folder: Path, purpose: str, ear: Ear, seed: int) -> dict[str, Any]:
    """All other words and talk of a purpose's people, each once, with pauses, in a room with some noise."""
    rng, spotter = np.random.default_rng(seed), ear.fresh()
    paths = [said.path for said in recordings.words(folder, purpose) if said.word not in STOP_WORDS]
    kinds = {"words": paths, "talk": recordings.talk(folder, purpose)}
    heard_s, told = dict.fromkeys(kinds, 0.0), dict.fromkeys(kinds, 0)
    for kind, found in kinds.items():
        parts: list[Audio] = []
        for number in rng.permutation(len(found)):
            sound, _ = recordings.cut(recordings.read(found[int(number)]))
            pause = np.zeros(int(rng.uniform(0.3, 1.0) * RATE), np.float32)
            parts += [level(sound, float(rng.uniform(0.02, 0.2))), pause]
        whole = np.concatenate(parts) if parts else np.zeros(0, np.float32)
        heard_s[kind] = len(whole) / RATE
        told[kind] = len(listen(spotter, pcm(whole + level(noise("pink", len(whole), rng), 1e-3)))) if parts else 0
    return {"minutes": {k: round(v / 60.0, 1) for k, v in heard_s.items()},
            "sounds": {k: len(v) for k, v in kinds.items()}, "told": told}  # fmt: skip


def false_stops(minutes: float, seed: int, ear: Ear, cast: Cast) -> dict[str, Any]:
    """Half talk, a tenth near words, the rest music; in one stream, faster than real time."""
    rng, spotter = np.random.default_rng(seed), ear.fresh()
    texts, near = prose(rng), list(NEAR)
    parts = {"talk": 0.5, "near words": 0.1, "music": 0.4}
    heard_s, told = dict.fromkeys(parts, 0.0), dict.fromkeys(parts, 0)
    while sum(heard_s.values()) < 60.0 * minutes:
        kind = min(parts, key=lambda name: heard_s[name] / parts[name])
        if kind == "music":
            audio = level(music(60 * RATE, rng), float(rng.uniform(0.02, 0.2)))
        else:
            audio = talk(60.0, texts if kind == "talk" else near, rng, cast)
        heard_s[kind] += len(audio) / RATE
        told[kind] += len(listen(spotter, pcm(audio)))
    hours, total = sum(heard_s.values()) / 3600.0, sum(told.values())
    upper = float(chi2.ppf(0.95, 2 * total + 2)) / 2.0 / hours
    hours_by = {kind: round(seconds / 3600.0, 3) for kind, seconds in heard_s.items()}
    return {"hours": round(hours, 3), "hours_by": hours_by, "told": told, "an_hour": round(total / hours, 2),
            "upper_95": round(upper, 2)}  # fmt: skip


def main() -> None:
    """Runs what was asked for; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stops", type=int, metavar="N", help="phrases at each of 20, 10 and 5 dB (200)")
    parser.add_argument("--rooms", type=int, metavar="N", help="phrases in rooms at 10 dB (200)")
    parser.add_argument("--minutes", type=float, metavar="M", help="talk and music in search of false stops (60)")
    parser.add_argument("--gate", type=int, metavar="N", help="stops through speech_node and safety_node (20)")
    parser.add_argument("--threshold", type=float, help="of the spoken stop (the parameter's default); not of --gate")
    parser.add_argument("--first-alone", action="store_true", help="without the second look; not of --gate")
    parser.add_argument("--recordings", type=Path, metavar="FOLDER", help="people's words (speech_stop_recordings.py)")
    parser.add_argument("--people", type=int, metavar="N", help="of their stops at each of 20, 10 and 5 dB (400)")
    parser.add_argument("--development", action="store_true", help="the voices that the threshold is chosen on")
    parser.add_argument("--seed", type=int, default=31)
    options = parser.parse_args()
    look = second_look("never" if options.first_alone else "auto")
    ear = Ear(options.threshold or SpeechParams().stop_threshold, look)
    asked = (options.stops, options.rooms, options.minutes, options.gate, options.recordings)
    if all(value is None for value in asked):
        options.stops, options.rooms, options.minutes, options.gate = 200, 200, 60.0, 20
    cast, purpose = (DEVELOPMENT, "development") if options.development else (EVALUATION, "evaluation")
    environment.activate()
    result: dict[str, Any] = {"suite": "speech_stop", "threshold": ear.threshold, "second_look": look is not None}
    if options.stops:
        rng = np.random.default_rng(options.seed)
        result["stops"] = stops(synthetic(options.stops, rng, cast), (20.0, 10.0, 5.0), rng, ear)
    if options.rooms:
        rng = np.random.default_rng(options.seed + 1)
        result["rooms"] = stops(synthetic(options.rooms, rng, cast), (10.0,), rng, ear, in_room=True)
    if options.minutes:
        result["false"] = false_stops(options.minutes, options.seed + 2, ear, cast)
    if options.recordings:
        rng, of = np.random.default_rng(options.seed + 3), recorded(options.recordings, options.people or 400, purpose)
        result["people"] = stops(of, (20.0, 10.0, 5.0), rng, ear)
        result["false_by_people"] = false_by_people(options.recordings, purpose, ear, options.seed + 4)
    if options.gate:
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        from benchmarks import speech_nodes

        result["gate"] = speech_nodes.gate(options.gate, options.seed)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
