"""The recurrent half of the voter: its arithmetic, its file, and how both halves are mixed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from vla_ros.core.errors import ConfigError
from vla_ros.language.recurrent import PIECES, Recurrent, pieces
from vla_ros.language.skeletons import Skeleton
from vla_ros.language.voter import Voter, mixed

_LABELS = (Skeleton.parse("go - - to"), None)
_CELLS = 2


def _net(seed: int = 0, nets: int = 2) -> Recurrent:
    draw = np.random.default_rng(seed)

    def some(*shape: int) -> np.ndarray:
        return draw.normal(size=shape).astype(np.float32)

    known = {"go": 2, "<room>": 3}
    return Recurrent(
        _LABELS, known, some(nets, 4, 3), some(nets, PIECES, 3), some(nets, 2, 3, 4 * _CELLS),
        some(nets, 2, _CELLS, 4 * _CELLS), some(nets, 2, 1, 4 * _CELLS), some(nets, 4 * _CELLS, 2), some(nets, 2),
    )  # fmt: skip


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


def _slowly(net: Recurrent, words: list[str]) -> np.ndarray:
    """The same by the book: one network, one direction, one word at a time."""
    out = []
    for n in range(len(net.words)):
        seen = [net.words[n, net.known.get(w, 1)].copy() for w in words]
        for at, word in enumerate(words):
            if pieces(word):
                seen[at] += net.pieces[n, list(pieces(word))].mean(axis=0)
        story = []
        for way in (0, 1):
            h, c, held = np.zeros(_CELLS), np.zeros(_CELLS), []
            for x in seen if way == 0 else seen[::-1]:
                gates = x @ net.into[n, way] + net.bias[n, way, 0] + h @ net.within[n, way]
                i, f, o, g = gates[:2], gates[2:4], gates[4:6], gates[6:]
                c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
                h = _sigmoid(o) * np.tanh(c)
                held.append(h)
            story.append(np.array(held))
        told = np.concatenate([*(s.max(axis=0) for s in story), *(s.mean(axis=0) for s in story)])
        score = told @ net.out[n] + net.out_bias[n]
        out.append(np.exp(score) / np.exp(score).sum())
    return np.mean(out, axis=0)


@pytest.mark.parametrize("words", [["go"], ["go", "to", "the", "<room>"], ["", "übrig"], ["a"] * 30])
def test_the_networks_read_as_the_book_says(words: list[str]) -> None:
    net = _net()
    assert np.allclose(net.chances(words), _slowly(net, words), atol=1e-5)


def test_any_words_have_chances() -> None:
    for words in ([], ["<object>"], ["word"] * 500):
        chances = _net().chances(words)
        assert chances.shape == (2,) and abs(float(chances.sum()) - 1.0) < 1e-5


def test_a_class_has_no_pieces_and_a_slip_shares_most() -> None:
    assert pieces("<object>") == ()
    meant, slip = set(pieces("biggest")), set(pieces("bigest"))
    assert len(meant & slip) > len(slip) / 2


def test_networks_survive_the_file(tmp_path: Path) -> None:
    net = _net()
    net.save(tmp_path / "net.npz")
    read = Recurrent.load(tmp_path / "net.npz")
    assert read.skeletons == net.skeletons and read.known == net.known
    assert np.allclose(read.chances(["go", "<room>"]), net.chances(["go", "<room>"]), atol=1e-2)


def test_bad_networks_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none"):
        Recurrent.load(tmp_path / "none.npz")
    dataclasses.replace(_net(), out_bias=np.zeros((2, 3), np.float32)).save(tmp_path / "shape.npz")
    with pytest.raises(ConfigError, match="shapes"):
        Recurrent.load(tmp_path / "shape.npz")
    dataclasses.replace(_net(), bias=np.full((2, 2, 1, 8), np.nan, np.float32)).save(tmp_path / "nan.npz")
    with pytest.raises(ConfigError, match="finite"):
        Recurrent.load(tmp_path / "nan.npz")


def test_both_halves_speak_together(tmp_path: Path) -> None:
    codes = np.zeros(1, dtype=np.uint32)
    alone = Voter(_LABELS, codes, np.zeros((1, 2), np.float32), np.zeros(2, np.float32), np.zeros(8), np.zeros(8))
    alone.save(tmp_path / "voter.npz")
    both = Voter.load(tmp_path / "voter.npz", _net())
    wanted = mixed(np.array([0.5, 0.5]), _net().chances(["go"]))
    assert [chance for _, chance in both.votes(["go"])] == pytest.approx(sorted(wanted.tolist(), reverse=True))
    other = dataclasses.replace(_net(), skeletons=_LABELS[::-1])
    with pytest.raises(ConfigError, match="both halves"):
        Voter.load(tmp_path / "voter.npz", other)
