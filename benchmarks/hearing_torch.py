"""Whisper's network in PyTorch with low-rank corrections, for training; vla_ros/speech computes the same in numpy.

Only the corrections learn (Hu et al., "LoRA: low-rank adaptation of large language models", 2021), and only in what
hears: the encoder, and where the decoder looks at the sound. What the decoder knows of English stays as it is. Used by
hearing_training.py only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

_HEADS, _LAYERS, _WIDTH = 6, 4, 384


class Corrected(nn.Module):
    """A linear layer that stays, and its correction, which begins at nothing."""

    def __init__(self, weight: Tensor, bias: Tensor, rank: int) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)
        self.rank = rank
        if rank:
            self.down = nn.Parameter(torch.randn(rank, weight.shape[1]) / weight.shape[1] ** 0.5)
            self.up = nn.Parameter(torch.zeros(weight.shape[0], rank))

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) -> (..., out)."""
        y = F.linear(x, self.weight, self.bias)
        return y + F.linear(F.linear(x, self.down), self.up) if self.rank else y


class Net(nn.Module):
    """Log-mel frames and the words so far -> the score of every next token among ``outputs``."""

    def __init__(self, weights: dict[str, NDArray[Any]], outputs: NDArray[np.int64], rank: int) -> None:
        super().__init__()
        self._float = {n: torch.from_numpy(w.astype(np.float32)) for n, w in weights.items() if w.ndim and w.size > 8}
        self.register_buffer("outputs", self._float["decoder/embeddings/weight"][torch.from_numpy(outputs)])
        self.layers = nn.ModuleDict()
        for name in self._float:
            if "linear_" in name and name.endswith("/weight"):
                stem = name.removesuffix("/weight")
                hears = stem.startswith("encoder/") or "/attention/" in stem
                self.layers[stem.replace("/", "-")] = Corrected(
                    self._float[name], self._float[f"{stem}/bias"], rank if hears else 0
                )

    def forward(self, frames: Tensor, tokens: Tensor) -> Tensor:
        """(B, n, 80), (B, m) -> (B, m, outputs)."""
        return self.say(self.listen(frames), tokens)

    def listen(self, frames: Tensor) -> Tensor:
        """(B, n, 80) -> (B, n / 2, 384)."""
        x = frames.transpose(1, 2)
        for conv, stride in (("encoder/conv1", 1), ("encoder/conv2", 2)):
            weight, bias = self._float[f"{conv}/weight"], self._float[f"{conv}/bias"]
            x = _gelu(F.conv1d(x, weight, bias, stride, 1))
        x = x.transpose(1, 2)
        x = x + self._float["encoder/position_encodings/encodings"][: x.shape[1]]
        for layer in range(_LAYERS):
            name = f"encoder/layer_{layer}"
            x = x + self._attend(x, f"{name}/self_attention", causal=False)
            x = x + self._thought(x, f"{name}/ffn")
        return self._normed(x, "encoder/layer_norm")

    def say(self, sound: Tensor, tokens: Tensor) -> Tensor:
        """(B, n, 384), (B, m) -> (B, m, outputs)."""
        x = self._float["decoder/embeddings/weight"][tokens]
        x = x + self._float["decoder/position_encodings/encodings"][: tokens.shape[1]]
        for layer in range(_LAYERS):
            name = f"decoder/layer_{layer}"
            x = x + self._attend(x, f"{name}/self_attention", causal=True)
            q = self._linear(self._normed(x, f"{name}/attention/layer_norm"), f"{name}/attention/linear_0")
            k, v = self._linear(sound, f"{name}/attention/linear_1").chunk(2, -1)
            seen = F.scaled_dot_product_attention(_heads(q), _heads(k), _heads(v))
            x = x + self._linear(_joined(seen), f"{name}/attention/linear_2")
            x = x + self._thought(x, f"{name}/ffn")
        return self._normed(x, "decoder/layer_norm") @ self.outputs.T

    def corrections(self, share: float) -> dict[str, NDArray[np.float16]]:
        """Name of a weight -> its two factors, as vla_ros/speech/whisper_files.py reads them; ``share`` of the way."""
        found = {}
        for name, layer in self.layers.items():
            if layer.rank:
                stem = name.replace("-", "/")
                found[f"{stem}/up"] = share * layer.up.detach().numpy().astype(np.float16)
                found[f"{stem}/down"] = layer.down.detach().numpy().astype(np.float16)
        return found

    def _linear(self, x: Tensor, name: str) -> Tensor:
        out: Tensor = self.layers[name.replace("/", "-")](x)
        return out

    def _normed(self, x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, (_WIDTH,), self._float[f"{name}/gamma"], self._float[f"{name}/beta"])

    def _attend(self, x: Tensor, name: str, causal: bool) -> Tensor:
        q, k, v = self._linear(self._normed(x, f"{name}/layer_norm"), f"{name}/linear_0").chunk(3, -1)
        seen = F.scaled_dot_product_attention(_heads(q), _heads(k), _heads(v), is_causal=causal)
        return self._linear(_joined(seen), f"{name}/linear_1")

    def _thought(self, x: Tensor, name: str) -> Tensor:
        x = _gelu(self._linear(self._normed(x, f"{name}/layer_norm"), f"{name}/linear_0"))
        return self._linear(x, f"{name}/linear_1")


def _gelu(x: Tensor) -> Tensor:
    return F.gelu(x, approximate="tanh")


def _heads(x: Tensor) -> Tensor:
    """(B, n, 384) -> (B, heads, n, 64)."""
    return x.unflatten(2, (_HEADS, -1)).transpose(1, 2)


def _joined(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(2)
