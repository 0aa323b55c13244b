"""The network of whisper tiny.en in numpy: sound to states, and states with the words so far to the next word.

Goes to search.py, its encoder also to second_look.py. Written for short sentences: it looks only at as much sound as
there is, where the usual programs fill up to half a minute, and so takes a tenth of their time. Layout: Radford et al.,
2022.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
_HEADS, _WIDE, _LAYERS = 6, 64, 4
_SCALE = np.float32(_WIDE**-0.5)
_TIMING = {1: (0,), 2: (0, 5), 3: (0, 1, 2, 3, 4)}
"""Layer -> its heads that look at the sound of the next word (config.json of the weights)."""
STATE_S = 0.02
"""Sound that one state stands for."""
MOST_FRAMES = 3000
MOST_TOKENS = 448


@dataclass(frozen=True, slots=True)
class Sound:
    """What the decoder may look at: for each layer keys (heads, 64, n) and values (heads, n, 64)."""

    layers: tuple[tuple[Array, Array], ...]


@dataclass(frozen=True, slots=True)
class Words:
    """What has been said so far by each of B hypotheses: for each layer keys and values (B, heads, tokens, 64)."""

    layers: tuple[tuple[Array, Array], ...]

    @property
    def count(self) -> int:
        """Tokens of each."""
        return int(self.layers[0][0].shape[2])

    def of(self, rows: list[int]) -> Words:
        """The hypotheses ``rows``, also several times."""
        return Words(tuple((keys[rows], values[rows]) for keys, values in self.layers))


class Layers:
    """Arrays of whisper_files.read_weights made ready, those whose names begin with ``part``."""

    def __init__(self, weights: dict[str, NDArray[Any]], part: str) -> None:
        kept = {name: w for name, w in weights.items() if name.startswith(part)}
        self._bias = {name: w.astype(np.float32) for name, w in kept.items() if w.ndim == 1}
        matrices = {name: w for name, w in kept.items() if w.ndim == 2 and "linear_" in name}
        matrices |= {name: w.reshape(len(w), -1) for name, w in kept.items() if w.ndim == 3}
        self._matrix = {name: np.ascontiguousarray(w.T, dtype=np.float32) for name, w in matrices.items()}
        self._places = kept[f"{part}/position_encodings/encodings"].astype(np.float32)

    def _linear(self, x: Array, name: str) -> Array:
        out: Array = x @ self._matrix[f"{name}/weight"] + self._bias[f"{name}/bias"]
        return out

    def _normed(self, x: Array, name: str) -> Array:
        x = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-5)
        out: Array = x / spread * self._bias[f"{name}/gamma"] + self._bias[f"{name}/beta"]
        return out

    def _three(self, x: Array, name: str) -> list[Array]:
        return np.split(self._linear(self._normed(x, f"{name}/layer_norm"), f"{name}/linear_0"), 3, axis=-1)

    def _thought(self, x: Array, name: str) -> Array:
        return self._linear(
            _gelu(self._linear(self._normed(x, f"{name}/layer_norm"), f"{name}/linear_0")), f"{name}/linear_1"
        )


class Encoder(Layers):
    """Sound to states."""

    def __init__(self, weights: dict[str, NDArray[Any]]) -> None:
        super().__init__(weights, "encoder")

    def states(self, frames: Array) -> Array:
        """``frames`` (n, 80) of mel.log_mel, at most MOST_FRAMES -> (n / 2, 384), one for each STATE_S."""
        x = self._convolved(self._convolved(frames[:MOST_FRAMES], "encoder/conv1", 1), "encoder/conv2", 2)
        x = x + self._places[: len(x)]
        for layer in range(_LAYERS):
            name = f"encoder/layer_{layer}"
            q, k, v = (_heads(part) for part in self._three(x, f"{name}/self_attention"))
            seen = _softmax(q @ k.transpose(0, 2, 1) * _SCALE) @ v
            x = x + self._linear(_joined(seen), f"{name}/self_attention/linear_1")
            x = x + self._thought(x, f"{name}/ffn")
        return self._normed(x, "encoder/layer_norm")

    def _convolved(self, x: Array, name: str, stride: int) -> Array:
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, ((1, 1), (0, 0))), 3, axis=0)[::stride]
        return _gelu(windows.reshape(len(windows), -1) @ self._matrix[f"{name}/weight"] + self._bias[f"{name}/bias"])


class WhisperNetwork(Layers):
    """Encoder and decoder."""

    def __init__(self, weights: dict[str, NDArray[Any]]) -> None:
        super().__init__(weights, "decoder")
        self.embeddings: NDArray[Any] = weights["decoder/embeddings/weight"]
        """(51864, 384), of the tokens"""
        self._encoder = Encoder(weights)

    def listen(self, frames: Array) -> Sound:
        """``frames`` (n, 80) of mel.log_mel, at most MOST_FRAMES."""
        x = self._encoder.states(frames)
        pairs = (np.split(self._linear(x, f"decoder/layer_{i}/attention/linear_1"), 2, 1) for i in range(_LAYERS))
        return Sound(
            tuple(
                (np.ascontiguousarray(_heads(k).transpose(0, 2, 1)), np.ascontiguousarray(_heads(v))) for k, v in pairs
            )
        )

    def say(self, sound: Sound, tokens: NDArray[np.int64], before: Words | None) -> tuple[Array, NDArray[Any], Words]:
        """Takes ``tokens`` (B, n) in after ``before``.

        Returns the states (B, n, 384) whose product with an embedding is the logit of the token after each, the place
        in the sound [s] (B) where the token after the last is looked for, and what is said now.
        """
        batch, count = tokens.shape
        old = 0 if before is None else before.count
        x = self.embeddings[tokens].astype(np.float32) + self._places[old : old + count]
        kept, looks = [], []
        for layer in range(_LAYERS):
            name = f"decoder/layer_{layer}"
            parts = self._three(x, f"{name}/self_attention")
            q, k, v = (part.reshape(batch, count, _HEADS, _WIDE).transpose(0, 2, 1, 3) for part in parts)
            if before is not None:
                k = np.concatenate((before.layers[layer][0], k), axis=2)
                v = np.concatenate((before.layers[layer][1], v), axis=2)
            kept.append((k, v))
            scores = q @ k.transpose(0, 1, 3, 2) * _SCALE
            if count > 1:
                scores = scores + np.triu(np.full((count, old + count), -1e9, np.float32), old + 1)
            seen = (_softmax(scores) @ v).transpose(0, 2, 1, 3).reshape(batch, count, -1)
            x = x + self._linear(seen, f"{name}/self_attention/linear_1")
            q = self._linear(self._normed(x, f"{name}/attention/layer_norm"), f"{name}/attention/linear_0")
            keys, values = sound.layers[layer]
            look = _softmax(_heads(q.reshape(batch * count, -1)) @ keys * _SCALE)
            looks += [look[head].reshape(batch, count, -1)[:, -1] for head in _TIMING.get(layer, ())]
            x = x + self._linear(_joined(look @ values), f"{name}/attention/linear_2").reshape(batch, count, -1)
            x = x + self._thought(x, f"{name}/ffn")
        states = self._normed(x, "decoder/layer_norm")
        middle = (np.cumsum(np.mean(looks, axis=0), axis=1) < 0.5).sum(axis=1)
        return states, middle * STATE_S, Words(tuple(kept))


def _heads(x: Array) -> Array:
    """(n, 384) -> (heads, n, 64)."""
    return x.reshape(len(x), _HEADS, _WIDE).transpose(1, 0, 2)


def _joined(x: Array) -> Array:
    """(heads, n, 64) -> (n, 384)."""
    return x.transpose(1, 0, 2).reshape(x.shape[1], -1)


def _gelu(x: Array) -> Array:
    """By the hyperbolic tangent (Hendrycks and Gimpel, 2016)."""
    out: Array = np.float32(0.5) * x * (1 + np.tanh(np.float32(0.7978845608) * (x + np.float32(0.044715) * x * x * x)))
    return out


def _softmax(x: Array) -> Array:
    x = np.exp(x - x.max(axis=-1, keepdims=True))
    out: Array = x / x.sum(axis=-1, keepdims=True)
    return out
