"""How many spoken commands become the right Task: the part of benchmarks.speech that measures recognition.

The sentences are drawn from benchmarks/data/household.yaml with the seed; the speech grammar was written without these
drawings, but by somebody who knew that file. Voices and noises: benchmarks/speech_sounds.py.
"""

from __future__ import annotations

import random
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.speech_sounds import NOISES, RATE, level, noise, noisy, pcm, speak, voices

SNR_DB = {"clean": 60.0, "noise_10_db": 10.0}
_EVERY = 10


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


def commands(count: int, seed: int, recognizer: str, free: str) -> dict[str, Any]:
    """Tasks exact, clean and in noise, by voice, noise and number of steps; processor seconds a command."""
    from benchmarks.language_suites.own import household_parser
    from benchmarks.language_suites.own_cases import same
    from vla_ros.ros.spoken_words import sense_of, vocabulary
    from vla_ros.speech.params import SpeechParams
    from vla_ros.speech.understanding import Understanding, recognizers

    parser, cast, sentences = household_parser(), voices(), cases(count, seed)
    words = vocabulary(parser.lexicon, {"tom", "anna"})
    params = SpeechParams(recognizer=recognizer, free_recognizer=free)
    ear = Understanding(recognizers(params, words), lambda text: sense_of(parser, text), params.readings, params.accept)
    rng = np.random.default_rng(seed)
    runs = {name: _Run(len(sentences)) for name in SNR_DB}
    for number, case in enumerate(sentences):
        voice = cast[(number + number // len(cast)) % len(cast)]  # every voice says every kind of sentence
        kind = NOISES[number // len(NOISES) % len(NOISES)]
        speech = level(speak(case.text, voice), 0.08)
        for name, snr in SNR_DB.items():
            sound = pcm(noisy(speech, noise(kind, len(speech) + RATE, rng), snr, 0.4, 0.3))
            began = time.process_time()
            heard = ear.understand(sound)
            runs[name].seconds.append(time.process_time() - began)
            exact = bool(heard.text) and same(parser.parse(heard.text), case.steps)
            runs[name].count(exact, voice=voice.label, noise=kind, steps=str(len(case.steps)))
            if not exact:
                runs[name].missed[case.text] = f"{heard.text} ({voice.label}, {kind})"
        if (number + 1) % _EVERY == 0:
            so_far = ", ".join(f"{name} {run.right}" for name, run in runs.items())
            print(f"of {number + 1}: {so_far}", file=sys.stderr, flush=True)
    return {"recognisers": list(ear.names), **{name: run.result() for name, run in runs.items()}}


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
