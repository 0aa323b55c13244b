"""A second opinion on what is asked: a small trained model that tells skeletons (skeletons.py) apart.

It sees a command's words with the names of things, places and people replaced by their class ("bring <name> the
<object> from the <room>"), so that a new object, room or person needs no training. Log-linear: each word, pair,
triple, pair with a gap and piece of four letters has a weight for every skeleton. Trained by
benchmarks/gpsr/train_voter.py on commands that people wrote (N. Walker, CC BY 4.0); the weights stand beside this
file. Pure numpy; imports its siblings.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from vla_ros.core.arrays import read_arrays
from vla_ros.core.errors import ConfigError
from vla_ros.language.lexicon import Entry, Lexicon
from vla_ros.language.recurrent import Recurrent
from vla_ros.language.skeletons import Skeleton
from vla_ros.language.tokens import ProperName

WEIGHTS = Path(__file__).with_name("voter.npz")
_NONE = "none"
_PARTS = ("object", "room", "furniture", "name", "superlative", "posture", "person", "thing")
_SMALL = frozenset(("the", "a", "an", "to", "me", "of", "please", ".", ",", "you", "can"))
_MARKS = frozenset(("from", "to", "in", "on", "at", "for", "and", "with", "is"))
_NUMBERS = frozenset(("two", "three", "four", "five", "2", "3", "4", "5"))
_STILL = frozenset(("standing", "sitting", "lying", "sleeping"))
_GENDERED = frozenset(("man", "woman", "boy", "girl"))
_GAP = 4
_LINEAR = 0.35
"""How much the log-linear half counts; the rest is the recurrent one's."""
_PIECE = 4
Vote = tuple[Skeleton | None, float]


def class_words(words: Sequence[str], lexicon: Lexicon) -> list[str]:
    """``words`` with the phrases for things, places, people and qualities replaced by ``<object>``, ``<room>`` …"""
    out, at = [], 0
    while at < len(words):
        found = lexicon.match(words, at, *_PARTS)
        verb = lexicon.match(words, at, "verb", "verb_form", "filler")
        if found and not (verb and verb[0] >= found[0] and found[1].part != "name"):
            out.append(_class_of(found[1]))
            at += found[0]
            continue
        word = words[at]
        if lexicon.match(words, at, "comparative") and lexicon.match(words, at + 1, "thing", "object"):
            word = "<superlative>"
        out.append("<name>" if isinstance(word, ProperName) else "<number>" if word in _NUMBERS else str(word))
        at += 1
    return out


def _class_of(entry: Entry) -> str:
    plural = "s" if entry.plural else ""
    if entry.part == "superlative":
        return "<side>" if entry.value in ("left_most", "right_most") else "<superlative>"
    if entry.part == "posture":
        return "<posture>" if entry.value in _STILL else "<gesture>"
    if entry.part == "person":
        return f"<{'gender' if entry.value in _GENDERED else 'person'}{plural}>"
    return f"<thing{plural}>" if entry.part == "thing" else f"<{entry.part}>"


def features(words: Sequence[str]) -> set[str]:
    """What the model sees of :func:`class_words`: strings, each of which has weights."""
    return set(_features(list(words)))


def _features(words: list[str]) -> Iterator[str]:
    padded = ["^", *words, "$"]
    for size in (1, 2, 3):
        for i in range(len(padded) - size + 1):
            yield f"n {' '.join(padded[i : i + size])}"
    telling = [w for w in words if w not in _SMALL]
    for i, word in enumerate(telling):
        for other in telling[i + 1 : i + 1 + _GAP]:
            yield f"g {word} {other}"
    classes = [w for w in words if w.startswith("<")]
    yield f"c {' '.join(classes)}"
    for name, count in Counter(classes).items():
        yield f"k {name} {count}"
    frame = [w for w in telling if w.startswith("<") or w in _MARKS]
    yield f"f {' '.join(frame)}"
    for one, two in pairwise(frame):
        yield f"p {one} {two}"
    letters = " ".join(words)
    for i in range(len(letters) - _PIECE + 1):
        yield f"l {letters[i : i + _PIECE]}"


def feature_code(feature: str) -> int:
    """The number under which the weights of ``feature`` are stored."""
    return zlib.crc32(feature.encode("utf-8"))


def mixed(linear: np.ndarray, recurrent: np.ndarray) -> np.ndarray:
    """What both halves of the voter say together."""
    return np.asarray(_LINEAR * linear + (1.0 - _LINEAR) * recurrent)


@dataclass(frozen=True, slots=True)
class Voter:
    """Skeletons (k; None for "no such order"), sorted feature codes (d,), weights (d, k) and bias (k,).

    ``trust`` and ``sure`` are voting.py's weights, fitted on this voter's opinions. ``recurrent``: the other half.
    """

    skeletons: tuple[Skeleton | None, ...]
    codes: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    trust: np.ndarray
    sure: np.ndarray
    recurrent: Recurrent | None = None

    @classmethod
    def load(cls, path: Path = WEIGHTS, recurrent: Recurrent | None = None) -> Voter:
        """Reads the weights. Raises ConfigError for a file that cannot be used, or networks that do not go with it."""
        data = read_arrays(path, "Give weights written by train_voter.")
        try:
            names = [str(n) for n in data["skeletons"]]
            skeletons = tuple(None if n == _NONE else Skeleton.parse(n) for n in names)
            scale = data["scale"].astype(np.float32)
            weights = data["weights"].astype(np.float32) * scale
            voter = cls(skeletons, data["codes"], weights, data["bias"], data["trust"], data["sure"], recurrent)
        except (KeyError, ValueError) as error:
            raise ConfigError("voter", str(path), f"Give weights written by train_voter: {error}.") from None
        shape = (len(voter.codes), len(skeletons))
        if voter.weights.shape != shape or voter.bias.shape != shape[1:] or not np.isfinite(voter.weights).all():
            raise ConfigError("voter", str(path), f"Give finite weights of shape {shape}.")
        if recurrent is not None and recurrent.skeletons != skeletons:
            raise ConfigError("voter", str(path), "Train both halves on the same commands: their skeletons differ.")
        return voter

    def save(self, path: Path) -> None:
        """Writes the weights as bytes, scaled by skeleton."""
        scale = np.maximum(np.abs(self.weights).max(axis=0), 1e-9) / 127.0
        names = np.array([_NONE if s is None else str(s) for s in self.skeletons])
        small = np.rint(self.weights / scale).astype(np.int8)
        np.savez_compressed(
            path, skeletons=names, codes=self.codes.astype(np.uint32), weights=small,
            scale=scale.astype(np.float32), bias=self.bias.astype(np.float32), trust=self.trust, sure=self.sure,
        )  # fmt: skip

    def votes(self, words: Sequence[str]) -> list[Vote]:
        """Every skeleton with its chance for :func:`class_words`, likeliest first."""
        chances = self.chances(features(words))
        return self.ranked(chances if self.recurrent is None else mixed(chances, self.recurrent.chances(words)))

    def ranked(self, chances: np.ndarray) -> list[Vote]:
        """Every skeleton with its chance, likeliest first."""
        order = np.argsort(-chances, kind="stable")
        return [(self.skeletons[i], float(chances[i])) for i in order]

    def chances(self, found: set[str]) -> np.ndarray:
        """(k,) chances of the skeletons; a feature counts by its weight over the root of how many are known."""
        codes = np.fromiter((feature_code(f) for f in found), dtype=np.uint32, count=len(found))
        rows = np.searchsorted(self.codes, codes)
        rows = np.minimum(rows, len(self.codes) - 1)
        rows = rows[self.codes[rows] == codes] if len(self.codes) else rows[:0]
        score = self.bias + self.weights[rows].sum(axis=0) / np.sqrt(max(1, len(rows)))
        chances = np.exp(score - score.max())
        return np.asarray(chances / chances.sum())
