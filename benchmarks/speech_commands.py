"""How many spoken commands become the right Task: the part of benchmarks.speech that measures recognition.

The sentences are drawn from benchmarks/data/household.yaml with the seed; the speech grammar was written without these
drawings, but by somebody who knew that file. Voices and noises: benchmarks/speech_sounds.py.
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speech_sounds import NOISES, RATE, level, noise, noisy, pcm, speak, voices

ROOT = Path(__file__).resolve().parents[1]
SNR_DB = {"clean": 60.0, "noise_10_db": 10.0}
_EVERY = 10
_UNITS = {"m": "meters", "cm": "centimeters", "s": "seconds", "min": "minutes", "h": "hours"}


def cases(count: int, seed: int) -> list[Any]:
    """Household commands with their Tasks: single, polite and in sequence; without messages in free words, which only
    the free recogniser can hear, and without those that the parser does not read even when they are typed."""
    from benchmarks.language_suites.own import household_parser
    from benchmarks.language_suites.own_cases import intents, same
    from benchmarks.language_suites.own_joints import Joints

    joints, parser, found = Joints(random.Random(seed), intents()), household_parser(), []
    while len(found) < count:
        made = (joints.single, joints.single, joints.single, joints.polite, joints.sequence)[len(found) % 5]()
        free = any(step.text and step.skill in ("say", "answer", "ask", "report") for step in made.steps)
        if not free and same(parser.parse(made.text), made.steps):
            found.append(made)
    return found


def aloud(text: str) -> str:
    """As people read it: units in words. The programs would spell them."""
    return re.sub(rf"(\d) ?({'|'.join(_UNITS)})\b", lambda found: f"{found[1]} {_UNITS[found[2]]}", text)


def other_talk(count: int, seed: int) -> list[str]:
    """Sentences of the package's licence: English that no grammar, no training and no command knows."""
    text = re.sub(r"\s+", " ", (ROOT / "LICENSE").read_text(encoding="utf-8"))
    parts = (re.sub(r"[^A-Za-z' ]", "", part).strip() for part in re.split(r"[.,;:()]", text))
    kept = sorted({part for part in parts if 4 <= len(part.split()) <= 14})
    return random.Random(seed).sample(kept, min(count, len(kept)))


class _Ear:
    """The recognisers with the words of the benchmark's household, as speech_node has them, and its voices."""

    def __init__(self, recognizer: str, free: str, seed: int) -> None:
        from benchmarks.language_suites.own import household_parser
        from vla_ros.ros.spoken_words import sense_of, vocabulary
        from vla_ros.speech.params import SpeechParams
        from vla_ros.speech.understanding import Understanding, recognizers

        self.parser = household_parser()
        self.params = SpeechParams(recognizer=recognizer, free_recognizer=free)
        found = recognizers(self.params, vocabulary(self.parser.lexicon, {"tom", "anna"}))
        self._understanding = Understanding(
            found, lambda text: sense_of(self.parser, text), self.params.readings, self.params.accept
        )
        self.names = list(found)
        self._cast, self._rng = voices(), np.random.default_rng(seed)

    def hear(self, number: int, text: str) -> Iterator[tuple[str, Any, float, dict[str, str]]]:
        """Condition, what was understood, processor seconds and labels of the ``number``-th sentence."""
        voice = self._cast[(number + number // len(self._cast)) % len(self._cast)]  # every voice says every kind
        kind = NOISES[number // len(NOISES) % len(NOISES)]
        speech = level(speak(aloud(text), voice), 0.08)
        for name, snr in SNR_DB.items():
            sound = pcm(noisy(speech, noise(kind, len(speech) + RATE, self._rng), snr, 0.4, 0.3))
            began = time.process_time()
            heard = self._understanding.understand(sound)
            yield name, heard, time.process_time() - began, {"voice": voice.label, "noise": kind}


def commands(count: int, seed: int, recognizer: str, free: str) -> dict[str, Any]:
    """Tasks exact, clean and in noise, by voice, noise and number of steps; processor seconds a command."""
    from benchmarks.language_suites.own_cases import same

    ear, sentences = _Ear(recognizer, free, seed), cases(count, seed)
    runs = {name: _Run(len(sentences)) for name in SNR_DB}
    for number, case in enumerate(sentences):
        for name, heard, seconds, labels in ear.hear(number, case.text):
            runs[name].seconds.append(seconds)
            exact = bool(heard.text) and same(ear.parser.parse(heard.text), case.steps)
            runs[name].count(exact, **labels, steps=str(len(case.steps)))
            if not exact:
                runs[name].missed[case.text] = f"{heard.text} ({labels['voice']}, {labels['noise']})"
        if (number + 1) % _EVERY == 0:
            so_far = ", ".join(f"{name} {run.right}" for name, run in runs.items())
            print(f"of {number + 1}: {so_far}", file=sys.stderr, flush=True)
    return {"recognisers": ear.names, **{name: run.result() for name, run in runs.items()}}


def not_for_the_robot(count: int, seed: int, recognizer: str, free: str) -> dict[str, Any]:
    """How much of what is not meant for the robot becomes a command: sentences of other_talk by the same voices."""
    from benchmarks.speech import share

    ear, sentences = _Ear(recognizer, free, seed), other_talk(count, seed)
    taken: dict[str, dict[str, str]] = {name: {} for name in SNR_DB}
    for number, text in enumerate(sentences):
        for name, heard, _, labels in ear.hear(number, text):
            if ear.parser.parse(heard.text or "").kind == "task" and heard.sense >= ear.params.accept:
                taken[name][text] = f"{heard.text} ({labels['voice']}, {labels['noise']})"
    return {name: {**share(len(found), len(sentences)), "taken": found} for name, found in taken.items()}


@dataclass
class _Run:
    """What came of the sentences under one condition."""

    planned: int
    right: int = 0
    seconds: list[float] = field(default_factory=list)
    missed: dict[str, str] = field(default_factory=dict)
    tables: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    def count(self, exact: bool, **labels: str) -> None:
        """One more, right or wrong, under each of its labels."""
        self.right += exact
        for by, what in labels.items():
            tally = self.tables.setdefault(f"by_{by}", {}).setdefault(what, [0, 0])
            tally[0] += exact
            tally[1] += 1

    def result(self) -> dict[str, Any]:
        """For the JSON line."""
        from benchmarks.speech import share

        times = {f"p{q}": round(float(np.percentile(self.seconds, q)), 3) for q in (50, 90, 100)}
        return {**share(self.right, self.planned), "cpu_s": times, **self.tables, "missed": self.missed}
