"""The sentences from which the recogniser learns, spoken once and kept. Goes to hearing_training.py.

Three kinds: commands drawn from the speech grammar with the package's own words; the same with some of their nouns
exchanged for any English word, so that an owner's new words are heard as well; and sentences of the package's own
pages. None is a sentence of the measurement (speech_commands.cases with the seeds EVALUATION).
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.hearing_voices import pick, spoken
from benchmarks.speech_commands import cases
from benchmarks.speech_sounds import Audio, pcm
from vla_ros.cli.parse import load_lexicon
from vla_ros.ros.spoken_words import vocabulary
from vla_ros.speech.grammar import rules
from vla_ros.speech.sampling import Sampler
from vla_ros.speech.whisper_tokens import Tokens

ROOT = Path(__file__).resolve().parents[1]
EVALUATION = (11, 12, 13)
"""Seeds of speech_commands.cases whose sentences are kept out."""
_BATCH = 100
_LONGEST_S = 7.0
_ASKING = ("what", "where", "who", "which", "how", "is", "are", "do", "can", "could", "would", "have", "has", "when")
_STRANGE = 0.35
_PROSE = 0.2


@dataclass(frozen=True, slots=True)
class Spoken:
    """Sounds one after the other: number ``i`` is samples[starts[i] : starts[i + 1]] and says ``texts[i]``."""

    samples: NDArray[np.int16]
    starts: NDArray[np.int64]
    texts: list[str]

    def __len__(self) -> int:
        return len(self.texts)

    def sound(self, number: int) -> Audio:
        """One of them, within 1."""
        return self.samples[self.starts[number] : self.starts[number + 1]].astype(np.float32) / 32768.0

    def of(self, label: int) -> NDArray[np.int64]:
        """All of them, for the crowds of speech_stop_sounds.Noises."""
        return np.arange(len(self.texts))


def shard(path: Path, count: int, seed: int, tokens: Tokens) -> Spoken:
    """``count`` sentences at ``path``, made there if they are not yet."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _make(path, count, seed, tokens)
    with np.load(path) as data:
        return Spoken(data["samples"], data["starts"], [str(text) for text in data["texts"]])


def written(words: list[str], names: set[str]) -> str:
    """As whisper writes: a capital first and for names, a stop or a question mark last."""
    text = " ".join(w.capitalize() if w in names or w == "i" or w.startswith("i'") else w for w in words)
    return text[0].upper() + text[1:] + ("?" if words[0] in _ASKING else ".")


def _make(path: Path, count: int, seed: int, tokens: Tokens) -> None:
    rng = np.random.default_rng(seed)
    sentences = list(_sentences(count, seed, tokens))
    sounds: list[NDArray[np.int16]] = []
    texts: list[str] = []
    for first in range(0, count, _BATCH):
        part = sentences[first : first + _BATCH]
        plain = [re.sub(r"[^A-Za-z' ]", "", text) for text in part]
        for text, audio in zip(part, spoken([(said, pick(rng)) for said in plain]), strict=True):
            if 0.3 * 16000 < len(audio) < _LONGEST_S * 16000:
                sounds.append(pcm(audio * (0.7 / max(float(np.abs(audio).max()), 1e-6))))
                texts.append(text)
        print(f"{path.name}: {first + len(part)} of {count} sentences", flush=True)
    starts = np.cumsum([0, *map(len, sounds)])
    np.savez(path, samples=np.concatenate(sounds), starts=starts, texts=np.array(texts))


def _sentences(count: int, seed: int, tokens: Tokens) -> list[str]:
    words = vocabulary(load_lexicon(), {"tom", "anna"})
    names = {part for name in words.names for part in name.split()}
    nouns = {w for phrase in (*words.things, *words.places, *words.things_plural) for w in phrase.split()}
    kept = {case.text.lower() for number in EVALUATION for case in cases(200, number)}
    drawn, rng = Sampler(rules(words), 1000 + seed).sentences(1 << 30), random.Random(seed)
    english, pages = _english(tokens), _pages()
    found: list[str] = []
    while len(found) < count:
        if rng.random() < _PROSE:
            sentence = rng.choice(pages).split()
        else:
            sentence = list(next(drawn))
            if rng.random() < _STRANGE:
                sentence = [rng.choice(english) if w in nouns and rng.random() < 0.7 else w for w in sentence]
        if sentence and " ".join(sentence).lower() not in kept and len(sentence) <= 22:
            found.append(written(sentence, names))
    return found


def _english(tokens: Tokens) -> list[str]:
    """Whole words of whisper's vocabulary: frequent ones have low numbers."""
    pieces = ((number, tokens.decode([number])) for number in range(1000, 24000))
    return [p for number, p in pieces if re.fullmatch(r"[a-z]{3,10}", p) and tokens.encode(f" {p}") == [number]]


def _pages() -> list[str]:
    """Sentences of the README and the pages, letters only."""
    text = " ".join(p.read_text(encoding="utf-8") for p in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))))
    text = re.sub(r"```.*?```|`[^`]*`", " ", text, flags=re.DOTALL)
    plain = (re.sub(r"\s+", " ", part).strip() for part in re.split(r"[.!?\n|:;()]", text))
    return [s for s in plain if 4 <= len(s.split()) <= 18 and re.fullmatch(r"[A-Za-z][A-Za-z']+(,? [A-Za-z']+)+", s)]
