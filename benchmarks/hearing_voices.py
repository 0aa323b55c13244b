"""Who speaks the sentences from which the recogniser learns, and how their sound is made.

Two thirds are espeak-ng's voices of the spoken stop's training; the others are voices that were cut or modelled from
recordings of people: SVOX Pico's two, RHVoice's Bdl and Clb, festival's ked. The voices under which recognition is
measured (speech_sounds.ESPEAK and FLITE) are none of these. All are called as programs: espeak-ng, pico2wave (package
libttspico-utils), RHVoice-test (package rhvoice, with rhvoice-english) and festival (with festvox-kdlpc16k). Goes to
hearing_corpus.py.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.speech_sounds import Audio, trimmed
from benchmarks.speech_stop_voices import TRAINING as ESPEAK
from benchmarks.speech_stop_voices import read

RECORDED = (
    ("pico", "en-US"), ("pico", "en-GB"), ("rhvoice", "bdl"), ("rhvoice", "clb"), ("rhvoice", "clb"),
    ("festival", "ked_diphone"),
)  # fmt: skip
RECORDED_SHARE = 0.36
PROGRAMS = {"espeak-ng": "espeak-ng", "pico": "pico2wave", "rhvoice": "RHVoice-test", "festival": "festival"}


@dataclass(frozen=True, slots=True)
class Speaker:
    """``rate`` and ``pitch``: espeak-ng's words a minute and 0 to 99, else shares of the voice's own in percent."""

    program: str
    name: str
    rate: int = 100
    pitch: int = 100

    def command(self, text: str, path: Path) -> str:
        """A line of shell that writes ``path``."""
        said = shlex.quote(text)
        if self.program == "espeak-ng":
            return f"espeak-ng -v {self.name} -s {self.rate} -p {self.pitch} -w {path} {said}"
        if self.program == "pico":
            marked = f"<speed level='{self.rate}'><pitch level='{self.pitch}'>{text}</pitch></speed>"
            return f"pico2wave -l {self.name} -w {path} {shlex.quote(marked)}"
        if self.program == "rhvoice":
            return f"printf %s {said} | RHVoice-test -p {self.name} -r {self.rate} -t {self.pitch} -o {path}"
        scheme = (
            f"(begin (voice_{self.name}) (Parameter.set 'Duration_Stretch {100 / self.rate:.2f})"
            f' (utt.save.wave (utt.synth (Utterance Text "{text}")) "{path}" \'riff))'
        )
        return f"festival -b {shlex.quote(scheme)}"


def pick(rng: np.random.Generator) -> Speaker:
    """A random speaker."""
    if rng.random() < RECORDED_SHARE:
        program, name = RECORDED[int(rng.integers(len(RECORDED)))]
        return Speaker(program, name, int(rng.integers(80, 126)), int(rng.integers(85, 121)))
    found = ESPEAK.pick(rng)
    while found.program != "espeak-ng":
        found = ESPEAK.pick(rng)
    return Speaker("espeak-ng", found.name, found.speed, found.pitch)


def missing() -> list[str]:
    """The programs that are not installed."""
    return [program for program in PROGRAMS.values() if shutil.which(program) is None]


def spoken(requests: Sequence[tuple[str, Speaker]]) -> list[Audio]:
    """Each text by its speaker in 16 kHz mono, the silence at both ends cut off; one shell for all, which is quick."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.wav" for number in range(len(requests))]
        lines = [speaker.command(text, path) for (text, speaker), path in zip(requests, paths, strict=True)]
        subprocess.run(["sh", "-e"], input="\n".join(lines).encode(), check=True, stdout=subprocess.DEVNULL)
        return [trimmed(read(path)) for path in paths]
