"""Does the corrected network hear people as well as the published one? ``python -m benchmarks.speech_people FOLDER``

FOLDER is a copy of Picovoice's speech-to-intent-benchmark (Apache-2.0): coffee orders by some fifty people, which are
not part of this project. It is known what was ordered, not the wording: counted are the slots ("dark roast", "twenty
ounce") whose words the free recogniser hears, under the noises of speech_sounds.py. SHARE of hearing_training.py was
chosen with the first 80 of them; --skip 80 leaves them out. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from pathlib import Path

import numpy as np

from benchmarks.speech_sounds import NOISES, RATE, level, noise, noisy, pcm, trimmed
from benchmarks.speech_stop_recordings import read
from vla_ros.speech.free_recognizer import FreeRecognizer
from vla_ros.speech.whisper_files import HEARING
from vla_ros.speech.whisper_model import WhisperModel

_FIGURES = {"8": "eight", "12": "twelve", "16": "sixteen", "20": "twenty"}


def plain(text: str) -> str:
    """Lower case words with one space around each, figures in words."""
    words = re.sub(r"[^a-z0-9' ]", " ", text.lower()).split()
    return f" {' '.join(_FIGURES.get(word, word) for word in words)} "


def main() -> None:
    """Both networks on the same sounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--skip", type=int, default=80)
    parser.add_argument("--snr", type=float, default=60.0, help="of the noise [dB]")
    parser.add_argument("--corrections", type=Path, default=HEARING)
    options = parser.parse_args()
    labels = options.folder / "data/label/label.json"
    if not labels.is_file():
        parser.error(f"{labels} is not there; FOLDER is a copy of Picovoice's speech-to-intent-benchmark")
    orders = list(json.loads(labels.read_text(encoding="utf-8")).items())
    random.Random(1).shuffle(orders)
    ears = {"published": None, "corrected": options.corrections}
    recognizers = {name: FreeRecognizer(WhisperModel.load(path)) for name, path in ears.items()}
    rng, slots, heard = np.random.default_rng(0), 0, dict.fromkeys(ears, 0)
    there = [o for o in orders[options.skip :] if (options.folder / "data/speech/clean" / o[0]).exists()]
    chosen = there[: options.count]
    for number, (name, order) in enumerate(chosen):
        audio = level(trimmed(read(options.folder / "data/speech/clean" / name), -32.0), 0.08)
        kind = NOISES[number % len(NOISES)]
        sound = pcm(noisy(audio, noise(kind, len(audio) + RATE, rng), options.snr, 0.1, 0.1))
        wanted = [plain(value) for value in order["slots"].values()]
        slots += len(wanted)
        for ear, recognizer in recognizers.items():
            found = recognizer.readings(sound, 1)
            text = plain(found[0].text) if found else ""
            heard[ear] += sum(value in text for value in wanted)
    shares = {ear: round(count / max(1, slots), 4) for ear, count in heard.items()}
    print(
        json.dumps({"suite": "speech_people", "orders": len(chosen), "slots": slots, "snr_db": options.snr, **shares})
    )


if __name__ == "__main__":
    main()
