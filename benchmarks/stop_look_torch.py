"""The spoken stop's second look in PyTorch, for training; vla_ros/speech/second_look.py computes the same in numpy.

Whisper's encoder with low-rank corrections (hearing_torch.py) and a head that chooses among the words. Used by
stop_look_training.py only.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.hearing_torch import Net as Whisper
from vla_ros.speech import whisper_files
from vla_ros.speech.stop_network import CLASSES

WIDTH = 384
QUERIES = 4
RANK = 16
_RENEWED = 0.01
"""Of the mean of the weights, in each step but the first."""
_EACH = 50


class Look(nn.Module):
    """Log-mel frames of a moment (B, n, 80) -> scores (B, classes)."""

    def __init__(self, rank: int = RANK) -> None:
        super().__init__()
        weights = whisper_files.read_weights(whisper_files.checked(whisper_files.folder() / "model.bin"))
        encoder = {name: array for name, array in weights.items() if name.startswith("encoder/")}
        encoder["decoder/embeddings/weight"] = weights["decoder/embeddings/weight"][:1]  # its words are not needed
        self.whisper = Whisper(encoder, np.zeros(1, np.int64), rank)
        self.queries = nn.Parameter(torch.randn(WIDTH, QUERIES) * WIDTH**-0.5)
        self.drop = nn.Dropout(0.1)
        self.last = nn.Linear(QUERIES * WIDTH, len(CLASSES))

    def forward(self, frames: Tensor) -> Tensor:
        """Where each query looks, what it finds there, and what all have found together."""
        states = self.whisper.listen(frames)
        places = torch.softmax(states @ self.queries, dim=1)  # (B, states, queries)
        found = places.transpose(1, 2) @ states
        scores: Tensor = self.last(self.drop(found.flatten(1)))
        return scores

    def arrays(self) -> dict[str, NDArray[np.float16]]:
        """The corrections and the head as vla_ros/speech/second_look.py reads them."""
        found = self.whisper.corrections(1.0)
        head = {"queries": self.queries, "last": self.last.weight.T, "last_b": self.last.bias}
        return found | {name: weights.detach().numpy().astype(np.float16) for name, weights in head.items()}


def masked(frames: Tensor, generator: torch.Generator) -> Tensor:
    """Hides some bands and some frames of a third of the moments each (SpecAugment, Park et al., 2019)."""
    count, rows, bands = frames.shape

    def draw(low: int, high: int) -> Tensor:
        return torch.randint(low, high, (count, 1, 1), generator=generator)

    def some() -> Tensor:
        return torch.rand((count, 1, 1), generator=generator) < 0.35

    band, row = torch.arange(bands)[None, None], torch.arange(rows)[None, :, None]
    low, wide = draw(0, bands - 10), draw(0, 12) * some()
    first, long = draw(0, rows - 8), draw(0, 7) * some()
    hidden = ((band >= low) & (band < low + wide)) | ((row >= first) & (row < first + long))
    return frames.masked_fill(hidden, float(frames.min()))


def train(
    net: Look,
    frames: NDArray[np.float16],
    labels: NDArray[np.int8],
    steps: int,
    rate: float,
    seed: int,
    batch: int = 64,
) -> Look:
    """Cross entropy by AdamW under one cycle of the rate; returns the mean of the last weights (EMA)."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    parameters = [p for p in net.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.1)
    mean = copy.deepcopy(net)
    net.train()
    order = np.zeros(0, np.int64)
    lost, right = 0.0, 0.0
    for step in range(steps):
        if len(order) < batch:
            order = torch.randperm(len(frames), generator=generator).numpy()
        chosen, order = np.sort(order[:batch]), order[batch:]
        x = masked(torch.from_numpy(frames[chosen].astype(np.float32)), generator)
        wanted = torch.from_numpy(labels[chosen].astype(np.int64))
        scores = net(x)
        loss = F.cross_entropy(scores, wanted)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            for kept, new in zip(mean.parameters(), net.parameters(), strict=True):
                kept.lerp_(new, _RENEWED if step >= _EACH else 1.0)
        lost, right = lost + float(loss.detach()), right + float((scores.argmax(1) == wanted).float().mean())
        if (step + 1) % _EACH == 0:
            print(f"step {step + 1} of {steps}: loss {lost / _EACH:.4f}, right {right / _EACH:.4f}", flush=True)
            lost = right = 0.0
    return mean.eval()
