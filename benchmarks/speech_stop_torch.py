"""The spoken stop's network in PyTorch, for training; vla_ros/speech/stop_network.py computes the same in numpy.

Batch normalisation is folded into the weights when they are written. Used by speech_stop_training.py only.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.speech_stop_sounds import IGNORED, SCALE
from vla_ros.speech.features import BANDS
from vla_ros.speech.stop_network import (
    CHANNELS,
    CLASSES,
    DILATIONS,
    FIRST,
    FIRST_CHANNELS,
    SECOND,
    SECOND_CHANNELS,
    STEP,
    TAPS,
)  # fmt: skip

WEIGHT_OF_A_STOP = 2.0
"""Of a step that is a stop in the loss; of another it is 1."""
KEPT_OUT = 12
"""Steps at the beginning of a clip whose past is not in it."""


class Block(nn.Module):
    """A causal depthwise convolution, then all channels together, added to what came in."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.before = (TAPS - 1) * dilation
        self.apart = nn.Conv1d(CHANNELS, CHANNELS, TAPS, dilation=dilation, groups=CHANNELS, bias=False)
        self.apart_norm = nn.BatchNorm1d(CHANNELS)
        self.together = nn.Conv1d(CHANNELS, CHANNELS, 1, bias=False)
        self.together_norm = nn.BatchNorm1d(CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, steps) -> the same."""
        y = F.relu(self.apart_norm(self.apart(F.pad(x, (self.before, 0)))))
        return x + F.relu(self.together_norm(self.together(y)))


class Net(nn.Module):
    """(n, rows, bands) -> scores (n, classes, rows / STEP)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, FIRST_CHANNELS, FIRST, stride=(STEP, 2), bias=False)
        self.first_norm = nn.BatchNorm2d(FIRST_CHANNELS)
        self.second = nn.Conv2d(FIRST_CHANNELS, SECOND_CHANNELS, SECOND, stride=(1, 2), bias=False)
        self.second_norm = nn.BatchNorm2d(SECOND_CHANNELS)
        self.joined = nn.Conv1d(SECOND_CHANNELS * BANDS // 4, CHANNELS, 1, bias=False)
        self.joined_norm = nn.BatchNorm1d(CHANNELS)
        self.blocks = nn.ModuleList(Block(dilation) for dilation in DILATIONS)
        self.drop = nn.Dropout(0.2)
        self.last = nn.Conv1d(CHANNELS, len(CLASSES), 1)
        self.still = False

    def forward(self, rows: Tensor) -> Tensor:
        """Scores of every step, from the past alone."""
        x = F.pad(rows[:, None], (2, 2, FIRST[0] - STEP, 0))
        x = F.relu(self.first_norm(self.first(x)))
        x = F.pad(x, (1, 1, SECOND[0] - 1, 0))
        x = F.relu(self.second_norm(self.second(x)))  # (n, channels, steps, bands)
        x = x.permute(0, 3, 1, 2).flatten(1, 2)
        x = F.relu(self.joined_norm(self.joined(x)))
        for block in self.blocks:
            x = block(x)
        return self.last(self.drop(x))

    def unfold(self, weights: dict[str, NDArray[np.float32]]) -> None:
        """Takes up what folded() gave; normalisation stands still from then on and only scales and shifts."""
        with torch.no_grad():
            for name, (conv, norm, axes) in self._parts().items():
                shape = [conv.weight.shape[axis] for axis in axes]
                new = torch.from_numpy(weights[name].astype(np.float32)).reshape(shape)
                conv.weight.copy_(new.permute(*np.argsort(axes).tolist()))
                norm.bias.copy_(torch.from_numpy(weights[name + "_b"].astype(np.float32)))
                norm.weight.fill_(1.0)
                norm.running_mean.zero_()
                norm.running_var.fill_(1.0 - norm.eps)
            self.last.weight.copy_(torch.from_numpy(weights["last"].astype(np.float32)).T[:, :, None])
            self.last.bias.copy_(torch.from_numpy(weights["last_b"].astype(np.float32)))
        self.still = True

    def train(self, mode: bool = True) -> Net:
        """As ever, but a normalisation that stands still stays so."""
        super().train(mode)
        if self.still:
            for _, norm, _ in self._parts().values():
                norm.eval()
        return self

    def _parts(self) -> dict[str, tuple[nn.Module, nn.Module, tuple[int, ...]]]:
        """By their names in stop_network.StopNetwork: a convolution, its normalisation, the order of its axes there."""
        parts: dict[str, tuple[nn.Module, nn.Module, tuple[int, ...]]] = {
            "first": (self.first, self.first_norm, (1, 2, 3, 0)),  # one input channel: (time, frequency)
            "second": (self.second, self.second_norm, (2, 3, 1, 0)),  # (time, frequency, channel)
            "joined": (self.joined, self.joined_norm, (1, 2, 0)),
        }
        for number, block in enumerate(self.blocks):
            parts[f"apart_{number}"] = (block.apart, block.apart_norm, (2, 1, 0))
            parts[f"together_{number}"] = (block.together, block.together_norm, (1, 2, 0))
        return parts

    def folded(self) -> dict[str, NDArray[np.float32]]:
        """The weights as stop_network.StopNetwork reads them."""
        out: dict[str, NDArray[np.float32]] = {}

        for name, (conv, norm, axes) in self._parts().items():
            factor = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach().numpy()
            weight = conv.weight.detach().numpy() * factor.reshape(-1, *[1] * (conv.weight.dim() - 1))
            out[name] = np.ascontiguousarray(weight.transpose(axes)).reshape(-1, len(factor))
            out[name + "_b"] = norm.bias.detach().numpy() - norm.running_mean.numpy() * factor
        out["last"] = self.last.weight.detach().numpy()[:, :, 0].T.copy()
        out["last_b"] = self.last.bias.detach().numpy().copy()
        return out


def masked(rows: Tensor, generator: torch.Generator) -> Tensor:
    """Hides bands or rows of a third of the clips each (SpecAugment, Park et al., 2019), moves levels a little."""
    count = len(rows)

    def draw(low: int, high: int) -> Tensor:
        return torch.randint(low, high, (count, 1, 1), generator=generator)

    bands, steps = torch.arange(rows.shape[2])[None, None], torch.arange(rows.shape[1])[None, :, None]
    low, width = draw(0, BANDS - 4), draw(0, 5) * (torch.rand((count, 1, 1), generator=generator) < 0.35)
    first, length = draw(0, rows.shape[1] - 8), draw(0, 7) * (torch.rand((count, 1, 1), generator=generator) < 0.35)
    hidden = ((bands >= low) & (bands < low + width)) | ((steps >= first) & (steps < first + length))
    moved = rows + 0.08 * torch.randn((count, 1, BANDS), generator=generator) * (rows > 0)
    return moved.clamp(min=0.0).masked_fill(hidden, 0.0)


def train(
    net: Net, rows: NDArray[np.uint8], labels: NDArray[np.int8], epochs: int, rate: float, seed: int, batch: int = 64
) -> Net:
    """Cross entropy of each step by AdamW under one cycle of the rate; returns the mean of the last weights (EMA)."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(net.parameters(), rate, weight_decay=0.05)
    steps = epochs * (len(rows) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.15)
    weights = torch.tensor([1.0] + [WEIGHT_OF_A_STOP] * (len(CLASSES) - 1))
    mean = copy.deepcopy(net)
    for epoch in range(epochs):
        net.train()
        order, lost = torch.randperm(len(rows), generator=generator).numpy(), 0.0
        for at in range(0, len(order) - batch + 1, batch):
            chosen = np.sort(order[at : at + batch])
            x = masked(torch.from_numpy(rows[chosen].astype(np.float32) / SCALE), generator)
            wanted = torch.from_numpy(labels[chosen].astype(np.int64))
            scores = net(x)[:, :, KEPT_OUT:]
            loss = F.cross_entropy(scores, wanted[:, KEPT_OUT:], weights, ignore_index=IGNORED)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            lost += float(loss.detach())
            with torch.no_grad():
                for kept, new in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
                    if kept.is_floating_point():
                        kept.lerp_(new, 0.005)
        print(f"epoch {epoch + 1}: loss {lost * batch / len(rows):.4f}", flush=True)
    return mean
