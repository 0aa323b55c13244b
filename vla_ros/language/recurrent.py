"""Small recurrent networks that read a command word by word and tell its skeleton (skeletons.py): half of the voter.

Each word of voter.class_words is a vector of its own plus the mean of vectors of its pieces of three and four
letters, so that a mistyped word is near what was meant. A network of long short-term memory reads the vectors in both
directions; the largest and the mean of what it holds weigh the skeletons. Several networks, trained alike from other
seeds, are averaged. Trained by benchmarks/gpsr/train_recurrent.py (N. Walker's commands, CC BY 4.0); pure numpy here.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vla_ros.core.arrays import read_arrays
from vla_ros.core.errors import ConfigError
from vla_ros.language.skeletons import Skeleton

WEIGHTS = Path(__file__).with_name("recurrent.npz")
PIECES = 2048
"""How many vectors the pieces of words share."""
UNKNOWN_WORD = 1
_SIZES = (3, 4)
_NONE = "none"
_MOST_WORDS = 80
_ARRAYS = ("words", "pieces", "into", "within", "bias", "out", "out_bias")


@functools.lru_cache(maxsize=4096)
def pieces(word: str) -> tuple[int, ...]:
    """The codes of a word's pieces; none for a class such as ``<object>``."""
    if word.startswith("<"):
        return ()
    marked = f"^{word}$"
    cut = (marked[i : i + size] for size in _SIZES for i in range(len(marked) - size + 1))
    return tuple(sorted({zlib.crc32(piece.encode("utf-8")) % PIECES for piece in cut}))


@dataclass(frozen=True, slots=True)
class Recurrent:
    """n networks over v known words, vectors of e numbers, h cells a direction, k skeletons.

    words (n, v, e), pieces (n, PIECES, e), into (n, 2, e, 4h), within (n, 2, h, 4h), bias (n, 2, 1, 4h),
    out (n, 4h, k), out_bias (n, k); the gates stand in the order in, forget, out, cell.
    """

    skeletons: tuple[Skeleton | None, ...]
    known: dict[str, int]
    words: np.ndarray
    pieces: np.ndarray
    into: np.ndarray
    within: np.ndarray
    bias: np.ndarray
    out: np.ndarray
    out_bias: np.ndarray

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Recurrent:
        """Reads the weights. Raises ConfigError for a file that cannot be used."""
        data = read_arrays(path, "Give weights written by train_recurrent.")
        try:
            skeletons = tuple(None if n == _NONE else Skeleton.parse(n) for n in map(str, data["skeletons"]))
            known = {str(word): index for word, index in zip(data["known"], data["places"].tolist())}
            arrays = [data[name].astype(np.float32) for name in _ARRAYS]
        except (KeyError, ValueError) as error:
            raise ConfigError("recurrent", str(path), f"Give weights written by train_recurrent: {error}.") from None
        net = cls(skeletons, known, *arrays)
        net._check(path)
        return net

    def _check(self, path: Path) -> None:
        n, _, e = self.words.shape
        h, k = self.within.shape[2], len(self.skeletons)
        shapes = (self.pieces.shape, self.into.shape, self.within.shape, self.bias.shape, self.out.shape,
                  self.out_bias.shape)  # fmt: skip
        wanted = ((n, PIECES, e), (n, 2, e, 4 * h), (n, 2, h, 4 * h), (n, 2, 1, 4 * h), (n, 4 * h, k), (n, k))
        finite = all(np.isfinite(getattr(self, name)).all() for name in _ARRAYS)
        if shapes != wanted or not finite or max(self.known.values(), default=0) >= self.words.shape[1]:
            raise ConfigError("recurrent", str(path), f"Give finite weights of the shapes {wanted}.")

    def save(self, path: Path) -> None:
        """Writes the weights in half precision."""
        names = np.array([_NONE if s is None else str(s) for s in self.skeletons])
        arrays = {name: getattr(self, name).astype(np.float16) for name in _ARRAYS}
        known = np.array(list(self.known), dtype=np.str_)
        places = np.array(list(self.known.values()), dtype=np.int32)
        np.savez_compressed(path, skeletons=names, known=known, places=places, **arrays)

    def chances(self, words: Sequence[str]) -> np.ndarray:
        """(k,) chances of the skeletons for :func:`voter.class_words`, the mean of all networks."""
        held = self._held(list(words[:_MOST_WORDS]) or [""])
        score = np.einsum("nz,nzk->nk", held, self.out) + self.out_bias
        chances = np.exp(score - score.max(axis=1, keepdims=True))
        return np.asarray((chances / chances.sum(axis=1, keepdims=True)).mean(axis=0))

    def _held(self, words: list[str]) -> np.ndarray:
        """(n, 4h): the largest and the mean over the words of what both directions hold."""
        seen = self.words[:, [self.known.get(word, UNKNOWN_WORD) for word in words]].copy()
        for at, word in enumerate(words):
            cut = pieces(word)
            if cut:
                seen[:, at] += self.pieces[:, list(cut)].mean(axis=1)
        gates = seen[:, None] @ self.into + self.bias
        gates[:, 1] = gates[:, 1, ::-1]
        n, _, cells = self.within.shape[:3]
        held = np.zeros((n, 2, 1, cells), np.float32)
        cell = np.zeros((n, 2, 1, cells), np.float32)
        story = np.empty((n, 2, len(words), cells), np.float32)
        for at in range(len(words)):
            gate = gates[:, :, at : at + 1] + held @ self.within
            opened = 0.5 * np.tanh(0.5 * gate[..., : 3 * cells]) + 0.5
            cell = opened[..., cells : 2 * cells] * cell + opened[..., :cells] * np.tanh(gate[..., 3 * cells :])
            held = opened[..., 2 * cells :] * np.tanh(cell)
            story[:, :, at] = held[:, :, 0]
        largest, mean = story.max(axis=2), story.mean(axis=2)
        return np.concatenate([largest.reshape(n, -1), mean.reshape(n, -1)], axis=1)
