"""Trains the voter's recurrent half: ``python -m benchmarks.gpsr.train_recurrent --paraphrases FILE… --output NPZ``.

The files are those of train_voter (N. Walker, DOI 10.5281/zenodo.3244800, CC BY 4.0). Each network is that of
vla_ros/language/recurrent.py, trained with AdamW on cross entropy with smoothed labels; known words are at times
hidden, so that it learns to read pieces of words. Seeds are fixed: the first network has seed 0, the next 1.
``--chances`` writes what networks that were trained without it say about each command, on the folds of train_voter,
which fits by them how far to trust which reader.

Needs numpy, scipy, PyYAML and torch 2.13, in an environment of its own: the package does not need torch.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.gpsr.data import read_cases
from benchmarks.gpsr.train_voter import GENERATED, Example, Labels, examples, held_out, parts
from vla_ros.cli.parse import load_lexicon
from vla_ros.language.parser import GrammarParser
from vla_ros.language.recurrent import PIECES, UNKNOWN_WORD, WEIGHTS, Recurrent, pieces

SIZE = 48
CELLS = 64
EPOCHS = 25
BATCH = 32
_RATE, _DECAY, _DROPOUT, _SMOOTHING, _HIDDEN_WORDS = 3e-3, 1e-2, 0.4, 0.05, 0.15
_WHOLE = 0.3
_SEEN_TWICE = 2
_SORTED = 8 * BATCH
Row = tuple[list[int], Sequence[str]]


class Net(nn.Module):
    """Words and pieces -> scores of the skeletons, which share weights where they share parts."""

    def __init__(self, words: int, table: Tensor) -> None:
        super().__init__()
        self.table = table[:, : -len(table)]
        self.words = nn.Embedding(words, SIZE)
        self.pieces = nn.EmbeddingBag(PIECES + 1, SIZE, mode="mean", padding_idx=PIECES)
        for embedding in (self.words, self.pieces):
            nn.init.normal_(embedding.weight, 0.0, 0.3)
        self.reader = nn.LSTM(SIZE, CELLS, batch_first=True, bidirectional=True)
        self.shared = nn.Linear(4 * CELLS, self.table.shape[1])
        self.whole = nn.Linear(4 * CELLS, len(table))
        nn.init.zeros_(self.whole.weight)
        self.dropout = nn.Dropout(_DROPOUT)

    def forward(self, words: Tensor, spelt: Tensor, cut: Tensor, lengths: Tensor) -> Tensor:
        """(b, t) words, (b, t) which row of cut, (u, p) pieces, (b,) lengths -> (b, k)."""
        seen = self.words(words) + self.pieces(cut)[spelt]
        packed = nn.utils.rnn.pack_padded_sequence(self.dropout(seen), lengths, batch_first=True, enforce_sorted=False)
        held = nn.utils.rnn.pad_packed_sequence(self.reader(packed)[0], batch_first=True)[0]
        there = (torch.arange(held.shape[1])[None] < lengths[:, None])[..., None]
        largest = held.masked_fill(~there, -1e4).max(1)[0]
        told = self.dropout(torch.cat([largest, (held * there).sum(1) / lengths[:, None]], 1))
        return self.shared(told) @ self.table.T + _WHOLE * self.whole(told)


def _known(train: Sequence[Example]) -> dict[str, int]:
    counts = Counter(word for example in train for word in example.words)
    kept = sorted(word for word, n in counts.items() if n >= _SEEN_TWICE)
    return {word: index + UNKNOWN_WORD + 1 for index, word in enumerate(kept)}


def _row(words: Sequence[str], known: dict[str, int], chance: random.Random) -> Row:
    hidden = [chance.random() < _HIDDEN_WORDS for _ in words]
    ids = [UNKNOWN_WORD if hide else known.get(word, UNKNOWN_WORD) for word, hide in zip(words, hidden)]
    return ids, words


def _batch(rows: Sequence[Row]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    steps = max(len(ids) for ids, _ in rows)
    places = {word: at for at, word in enumerate(dict.fromkeys(word for _, words in rows for word in words))}
    cut = [pieces(word) for word in places]
    most = max(1, max(len(p) for p in cut))
    ids = torch.tensor([ids + [0] * (steps - len(ids)) for ids, _ in rows])
    spelt = torch.tensor([[places[w] for w in words] + [0] * (steps - len(words)) for _, words in rows])
    filled = torch.tensor([[*p, *([PIECES] * (most - len(p)))] for p in cut])
    return ids, spelt, filled, torch.tensor([len(ids) for ids, _ in rows])


def train(rows: Sequence[Example], labels: Labels, seed: int, epochs: int = EPOCHS) -> tuple[Net, dict[str, int]]:
    """One network and the places of its known words."""
    torch.manual_seed(seed)
    chance = random.Random(seed)
    known = _known(rows)
    net = Net(len(known) + UNKNOWN_WORD + 1, torch.tensor(parts(labels)))
    optimizer = torch.optim.AdamW(net.parameters(), _RATE, weight_decay=_DECAY)
    steps = epochs * -(-len(rows) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps + epochs, pct_start=0.15)
    gold, weight = [labels.index(e.gold) for e in rows], [e.weight for e in rows]
    net.train()
    for _ in range(epochs):
        order = list(range(len(rows)))
        chance.shuffle(order)
        batches = []
        for start in range(0, len(order), _SORTED):  # commands of like length together
            some = sorted(order[start : start + _SORTED], key=lambda i: len(rows[i].words))
            batches += [some[i : i + BATCH] for i in range(0, len(some), BATCH)]
        chance.shuffle(batches)
        for batch in batches:
            scores = net(*_batch([_row(rows[i].words, known, chance) for i in batch]))
            wanted, counted = torch.tensor([gold[i] for i in batch]), torch.tensor([weight[i] for i in batch])
            lost = nn.functional.cross_entropy(scores, wanted, reduction="none", label_smoothing=_SMOOTHING)
            optimizer.zero_grad()
            ((lost * counted).sum() / counted.sum()).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    return net.eval(), known


def joined(nets: Sequence[Net], known: dict[str, int], labels: Labels) -> Recurrent:
    """The networks as arrays of recurrent.py: PyTorch's gates in, forget, cell, out are put in order."""

    def gates(weight: Tensor) -> np.ndarray:
        first, second, cell, last = weight.detach().numpy().reshape(4, CELLS, -1)
        return np.concatenate([first, second, last, cell])

    def both(net: Net, name: str) -> list[np.ndarray]:
        return [gates(getattr(net.reader, f"{name}_l0{end}")) for end in ("", "_reverse")]

    def out(net: Net, part: str) -> np.ndarray:
        shared, whole = getattr(net.shared, part).detach(), getattr(net.whole, part).detach()
        return np.asarray((net.table @ shared + _WHOLE * whole).numpy())

    return Recurrent(
        tuple(labels),
        known,
        np.stack([n.words.weight.detach().numpy() for n in nets]),
        np.stack([n.pieces.weight.detach().numpy()[:PIECES] for n in nets]),
        np.stack([[w.T for w in both(n, "weight_ih")] for n in nets]),
        np.stack([[w.T for w in both(n, "weight_hh")] for n in nets]),
        np.stack([[(i + h).T for i, h in zip(both(n, "bias_ih"), both(n, "bias_hh"))] for n in nets]),
        np.stack([out(n, "weight").T for n in nets]),
        np.stack([out(n, "bias") for n in nets]),
    )


def trained(rows: Sequence[Example], labels: Labels, nets: int, epochs: int) -> Recurrent:
    """``nets`` networks of the seeds 0, 1 …"""
    both = [train(rows, labels, seed, epochs) for seed in range(nets)]
    return joined([net for net, _ in both], both[0][1], labels)


def main(argv: list[str] | None = None) -> int:
    """Trains and writes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpsr.train_recurrent", description=__doc__)
    parser.add_argument("--paraphrases", nargs="+", type=Path, required=True, metavar="FILE")
    parser.add_argument("--generated", nargs="*", type=Path, default=[], metavar="FILE")
    parser.add_argument("--nets", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="of the folds")
    parser.add_argument("--chances", type=Path, metavar="NPZ", help="write what was said in cross-validation")
    parser.add_argument("--output", type=Path, default=WEIGHTS, metavar="NPZ")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    grammar = GrammarParser(load_lexicon(), open_world=True)
    people = examples(read_cases(args.paraphrases), grammar, 1.0)
    generated = examples(read_cases(args.generated), grammar, GENERATED)
    labels = sorted({e.gold for e in (*people, *generated)}, key=str)
    if args.chances:
        chances = np.zeros((len(people), len(labels)), np.float32)
        for held in held_out(len(people), args.folds, args.seed):
            rows = [e for i, e in enumerate(people) if i not in held]
            nets = trained([*rows, *generated], labels, args.nets, args.epochs)
            for i in held:
                chances[i] = nets.chances(people[i].words)
            right = sum(labels[int(chances[i].argmax())] == people[i].gold for i in held)
            print(f"{right} of {len(held)} skeletons right in a fold", file=sys.stderr, flush=True)
        np.savez_compressed(args.chances, chances=chances, skeletons=np.array([str(s) for s in labels]))
        right = float(np.mean([labels[int(c.argmax())] == e.gold for c, e in zip(chances, people)]))
        print(json.dumps({"n": len(people), "skeleton": round(right, 4)}))
    trained([*people, *generated], labels, args.nets, args.epochs).save(args.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
