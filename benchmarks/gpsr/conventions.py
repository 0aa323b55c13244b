"""Which of several equal forms the writers of the data set chose: ``python -m benchmarks.gpsr.conventions FILE…``.

The data set writes some things both ways for the same words: "the biggest object" as of a category or of nothing, a
room as a location. Nothing in the command tells which; what tells a little is which command the words paraphrase, and
so the deed, the superlative and the place. This is about the notation of the data set and not about understanding:
it never reads the words, only the Task, and stands here, not in the parser. Log-linear, without randomness; the
weights are derived from the data set (N. Walker, CC BY 4.0). The benchmark prints its figure without them, too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from benchmarks.gpsr.comparison import same
from benchmarks.gpsr.data import read_cases
from vla_ros.core.task import Referent, Task
from vla_ros.language.logical_form import UNKNOWN, logical_form
from vla_ros.language.skeletons import skeleton
from vla_ros.language.voter import feature_code

WEIGHTS = Path(__file__).with_name("conventions.npz")
_RIDGE = 0.05
_MOST_PLACES = 3
_TOLD = 0.01
_PLACES = ("<room>", "<location>")
_CATEGORY = '( is_a $1 " <category> " )'


def variants(task: Task) -> list[str]:
    """The forms that are as good as the Task's own, which is the first."""
    out: dict[str, None] = {}
    for any_is_category in (None, True, False):
        tokens = logical_form(task, any_is_category).split()
        where = [i for i, t in enumerate(tokens) if t in _PLACES][:_MOST_PLACES]
        own = tuple(tokens[i] for i in where)
        for kinds in (own, *product(_PLACES, repeat=len(where))):
            for i, kind in zip(where, kinds):
                tokens[i] = kind
            out.setdefault(" ".join(tokens))
    return list(out)


def _all_referents(task: Task) -> Iterator[Referent]:
    stack = [r for s in task.steps for r in (s.object, s.source, s.destination, s.recipient) if r is not None]
    while stack:
        referent = stack.pop()
        stack += [r.referent for r in referent.relations]
        yield referent


def _traits(task: Task) -> list[str]:
    """What of a Task may tell how it is written down."""
    shape = str(skeleton(logical_form(task)))
    places, chosen, plural, things = [], "", "one", []
    for referent in _all_referents(task):
        if referent.kind == "place":
            places.append(referent.name or "_".join((*referent.attributes, referent.category)))
        elif referent.kind == "object":
            chosen = referent.superlative or chosen
            plural = "all" if referent.quantity == -1 else "some" if referent.quantity > 1 else plural
            things.append(referent.category)
    out = ["", shape, plural, f"{shape} {chosen}", f"{shape} {plural}"]
    for place in dict.fromkeys(places):
        out += [f"at {place}", f"{shape} at {place}", f"{chosen} at {place}", f"{shape} {chosen} at {place}"]
    return out + [f"{shape} of {thing}" for thing in things if thing]


def _marks(form: str, own: str) -> list[str]:
    """How a variant is written."""
    places = " ".join(t for t in form.split() if t in _PLACES)
    return [f"category {_CATEGORY in form}", f"places {places}", f"both {_CATEGORY in form} {places}"] + (
        ["own"] if form == own else []
    )


def _codes(task: Task, form: str, own: str) -> list[int]:
    return sorted({feature_code(f"{trait}|{mark}") for trait in _traits(task) for mark in _marks(form, own)})


@dataclass(frozen=True, slots=True)
class Conventions:
    """Weights by code of a trait of the Task with a mark of the form."""

    weights: dict[int, float]

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Conventions:
        """Reads the weights."""
        with np.load(path, allow_pickle=False) as data:
            return cls(dict(zip(data["codes"].tolist(), data["weights"].astype(float).tolist())))

    def save(self, path: Path) -> None:
        """Writes the weights."""
        codes = np.array(sorted(self.weights), dtype=np.uint32)
        values = np.array([self.weights[int(c)] for c in codes], dtype=np.float16)
        np.savez_compressed(path, codes=codes, weights=values)

    def form(self, task: Task) -> str:
        """The likeliest of the Task's variants."""
        found = variants(task)
        if found[0] == UNKNOWN or len(found) == 1 or any("<" in r.category + r.name for r in _all_referents(task)):
            return found[0]  # stand-ins such as <category> tell their class themselves
        scores = [sum(self.weights.get(c, 0.0) for c in _codes(task, v, found[0])) for v in found]
        return found[int(np.argmax(scores))]


def fit_conventions(pairs: Sequence[tuple[Task, str]]) -> Conventions:
    """Weights by which the form that was given becomes the likeliest variant; other pairs are left out."""
    rows: list[tuple[list[list[int]], list[bool]]] = []
    for task, form in pairs:
        found = variants(task) if task.kind == "task" else []
        right = [same(v, form) for v in found]
        if any(right) and not all(right):
            rows.append(([_codes(task, v, found[0]) for v in found], right))
    index = {code: i for i, code in enumerate(sorted({c for codes, _ in rows for v in codes for c in v}))}
    told = [([[index[c] for c in v] for v in codes], np.array(right)) for codes, right in rows]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        total, slope = _RIDGE * float((weights**2).sum()), 2.0 * _RIDGE * weights
        for codes, right in told:
            score = np.array([weights[v].sum() for v in codes])
            chance = np.exp(score - score.max())
            chance /= chance.sum()
            good = chance * right
            total -= float(np.log(good.sum()))
            for v, push in zip(codes, chance - good / good.sum()):
                slope[v] += push
        return total, slope

    best = minimize(loss, np.zeros(len(index)), jac=True, method="L-BFGS-B", options={"maxiter": 100}).x
    return Conventions({code: float(best[i]) for code, i in index.items() if abs(best[i]) >= _TOLD})


def main(argv: list[str] | None = None) -> int:
    """Fits the weights on the files and writes them."""
    from vla_ros.cli.parse import load_lexicon
    from vla_ros.language.voting import open_world_parser

    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpsr.conventions", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--output", type=Path, default=WEIGHTS, metavar="NPZ")
    args = parser.parse_args(argv)
    reader = open_world_parser(load_lexicon())
    fit_conventions([(reader.parse(c.text), c.form) for c in read_cases(args.files)]).save(args.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
