"""Trains the voter: ``python -m benchmarks.gpsr.train_voter --paraphrases FILE… --generated FILE… --output NPZ``.

The files are those of the GPSR commands data set (N. Walker, DOI 10.5281/zenodo.3244800, CC BY 4.0); the weights are
derived from them, the sentences are not kept. What is trained: a log-linear model of skeletons, whose weights are
shared by skeletons with the same parts (the deed, each slot), by L-BFGS with a ridge from zero, so that a run has no
randomness but the folds' fixed seed. Then, on opinions about commands that the voter was not trained on (folds) and
that nobody looked at while the grammar was made (``--unseen``), how far to trust which, and how sure to be.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from benchmarks.gpsr.calibration import expected_error
from benchmarks.gpsr.comparison import same, same_place_kinds_aside
from benchmarks.gpsr.conventions import fit_conventions
from benchmarks.gpsr.data import HALVES, Case, read_cases
from benchmarks.gpsr.fit_confidence import fit
from vla_ros.cli.parse import load_lexicon
from vla_ros.core.errors import InputError
from vla_ros.core.task import Task
from vla_ros.language.filling import Filler
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.logical_form import logical_form
from vla_ros.language.parser import GrammarParser
from vla_ros.language.skeletons import Skeleton, skeleton
from vla_ros.language.tokens import tokenize
from vla_ros.language.voter import Vote, Voter, class_words, feature_code, features, mixed
from vla_ros.language.voting import (
    SURE,
    TRUST,
    Choice,
    choices,
    decide,
    left_to_grammar,
    sureness,
    weigh,
)

_RIDGE = 1e-5
_WHOLE = 0.3
"""How much a skeleton's own weights count beside those of its parts."""
GENERATED = 0.5
"""The weight of a generated command beside one that a person wrote."""
_SEEN_TWICE = 2
_TRUST_RIDGE = 1e-3
Labels = Sequence[Skeleton | None]


@dataclass(frozen=True, slots=True)
class Example:
    """A command as the voter sees it, the skeleton of its given form and what the grammar made of it."""

    case: Case
    words: list[str]
    found: set[str]
    gold: Skeleton | None
    weight: float
    task: Task


def examples(cases: Sequence[Case], grammar: GrammarParser, weight: float) -> list[Example]:
    """Reads every command with the grammar, as far as it goes alone."""
    lexicon = grammar.lexicon
    out = []
    for case in cases:
        words = class_words(tokenize(case.text, lexicon.speller).words, lexicon)
        out.append(Example(case, words, features(words), skeleton(case.form), weight, grammar.read(case.text)))
    return out


def parts(labels: Labels) -> np.ndarray:
    """(k, m) which of m parts each of k skeletons has; the last k columns are the skeletons themselves."""
    held = []
    for label in labels:
        if label is None:
            held.append({"none"})
            continue
        names = {f"{slot}={getattr(label, slot)}" for slot in label.__slots__}
        held.append(names | {f"{label.deed} {n}" for n in names})
    known = sorted(set().union(*held))
    table = np.array([[float(name in has) for name in known] for has in held], dtype=np.float32)
    return np.hstack([table, _WHOLE * np.eye(len(labels), dtype=np.float32)])


def fit_voter(train: Sequence[Example], labels: Labels, iterations: int) -> Voter:
    """A voter of the examples; without trust and sureness."""
    counts = Counter(feature for example in train for feature in example.found)
    by_code = {feature_code(f): f for f, n in counts.items() if n >= _SEEN_TWICE}
    codes = np.array(sorted(by_code), dtype=np.uint32)
    column = {by_code[int(code)]: i for i, code in enumerate(codes)}
    x = _matrix(train, column)
    gold = np.array([labels.index(e.gold) for e in train])
    weight = np.array([e.weight for e in train], dtype=np.float32)
    weight /= weight.sum()
    table, turned, row = parts(labels), x.T.tocsr(), np.arange(len(train))
    d, m = x.shape[1], table.shape[1]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        values = flat.astype(np.float32)
        inner, bias = values[: d * m].reshape(d, m), values[d * m :]
        score = (x @ inner + bias) @ table.T
        score -= score.max(axis=1, keepdims=True)
        chance = np.exp(score)
        chance /= chance.sum(axis=1, keepdims=True)
        total = -float((weight * np.log(chance[row, gold] + 1e-12)).sum()) + _RIDGE * float((inner**2).sum())
        chance[row, gold] -= 1.0
        slope = (chance * weight[:, None]) @ table
        flat_slope = np.concatenate([(turned @ slope + 2.0 * _RIDGE * inner).ravel(), slope.sum(axis=0)])
        return total, flat_slope.astype(np.float64)

    options = {"maxiter": iterations, "maxcor": 5}
    best = minimize(loss, np.zeros(d * m + m), jac=True, method="L-BFGS-B", options=options).x.astype(np.float32)
    inner, bias = best[: d * m].reshape(d, m), best[d * m :]
    nothing = np.zeros(0, dtype=np.float64)
    return Voter(tuple(labels), codes, inner @ table.T, bias @ table.T, nothing, nothing)


def _matrix(rows: Sequence[Example], column: dict[str, int]) -> csr_matrix:
    starts, index, values = [0], [], []
    for example in rows:
        known = sorted(column[f] for f in example.found if f in column)
        index += known
        values += [1.0 / np.sqrt(max(1, len(known)))] * len(known)
        starts.append(len(index))
    return csr_matrix((np.array(values, dtype=np.float32), index, starts), shape=(len(rows), len(column)))


def cross_validated(
    people: Sequence[Example], generated: Sequence[Example], labels: Labels, folds: int, seed: int, iterations: int,
    recurrent: np.ndarray | None = None,
) -> list[list[Vote]]:  # fmt: skip
    """The votes on every example of a voter that was trained without it; ``recurrent`` holds the other half's."""
    votes: list[list[Vote]] = [[] for _ in people]
    for held in held_out(len(people), folds, seed):
        voter = fit_voter([e for i, e in enumerate(people) if i not in held] + list(generated), labels, iterations)
        for i in held:
            alone = voter.chances(people[i].found)
            votes[i] = voter.ranked(alone if recurrent is None else mixed(alone, recurrent[i]))
    return votes


def held_out(n: int, folds: int, seed: int) -> list[set[int]]:
    """Which of n examples each fold leaves out."""
    order = np.random.default_rng(seed).permutation(n)
    return [set(order[fold::folds].tolist()) for fold in range(folds)]


def written(people: Sequence[Example], answers: Sequence[Task], folds: int, seed: int) -> list[str]:
    """The forms of the answers by conventions that were fitted without the command they are used on."""
    forms = [""] * len(people)
    for held in held_out(len(people), folds, seed):
        told = [(answers[i], e.case.form) for i, e in enumerate(people) if i not in held]
        conventions = fit_conventions(told)
        for i in held:
            forms[i] = conventions.form(answers[i])
    return forms


def fit_trust(rows: Sequence[tuple[list[Choice], Skeleton | None]]) -> np.ndarray:
    """(len(TRUST),) weights by which the right choice becomes the likeliest; rows without one are left out."""
    told = [(np.array([c.reasons for c in found]), [c.skeleton == gold for c in found]) for found, gold in rows]
    told = [(x, right) for x, right in told if any(right) and not all(right)]

    def loss(weights: np.ndarray) -> float:
        total = 0.0
        for x, right in told:
            score = x @ weights
            score -= score.max()
            total -= float(np.log(np.exp(score)[np.array(right)].sum() / np.exp(score).sum()))
        return total / max(1, len(told)) + _TRUST_RIDGE * float((weights**2).sum())

    start = np.zeros(len(TRUST))
    start[0] = 1.0
    return np.asarray(minimize(loss, start, method="L-BFGS-B").x)


def _equivalent(task: Task, form: str) -> bool:
    return any(same_place_kinds_aside(logical_form(task, c), form) for c in (None, True, False))


def main(argv: list[str] | None = None) -> int:
    """Trains, measures and writes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpsr.train_voter", description=__doc__)
    parser.add_argument("--paraphrases", nargs="+", type=Path, required=True, metavar="FILE")
    parser.add_argument("--generated", nargs="*", type=Path, default=[], metavar="FILE")
    parser.add_argument("--unseen", choices=HALVES, default="even", help="paraphrases that the grammar was not made on")
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0, help="of the folds")
    parser.add_argument("--iterations", type=int, default=60)
    parser.add_argument("--recurrent", type=Path, metavar="NPZ", help="of train_recurrent --chances, on the same folds")
    parser.add_argument("--errors", type=Path, metavar="FILE", help="write what was wrong in cross-validation")
    parser.add_argument("--output", type=Path, metavar="NPZ", help="write the weights")
    args = parser.parse_args(argv)
    lexicon = load_lexicon()
    grammar = GrammarParser(lexicon, open_world=True)
    people = examples(read_cases(args.paraphrases), grammar, 1.0)
    generated = examples(read_cases(args.generated), grammar, GENERATED)
    labels = sorted({e.gold for e in (*people, *generated)}, key=str)
    recurrent = None
    if args.recurrent:
        with np.load(args.recurrent, allow_pickle=False) as data:
            recurrent = data["chances"]
            if recurrent.shape != (len(people), len(labels)) or data["skeletons"].tolist() != [str(s) for s in labels]:
                raise InputError("recurrent", str(args.recurrent), "Write it anew with train_recurrent --chances.")
    votes = cross_validated(people, generated, labels, args.folds, args.seed, args.iterations, recurrent)
    unseen = {e.case for e in people if args.unseen == "all"}
    if args.unseen != "all":
        unseen = set(read_cases(args.paraphrases, args.unseen))
    filler = Filler(lexicon, grammar.reader)
    rows = [choices(e.task, v, filler, lexicon, e.case.text) for e, v in zip(people, votes)]
    left = [left_to_grammar(e.task, tokenize(e.case.text, lexicon.speller).words) for e in people]
    used = [i for i, e in enumerate(people) if e.case in unseen and not left[i]]
    trust = fit_trust([(rows[i], people[i].gold) for i in used])
    answers, hard = answered(people, votes, rows, left, trust, lexicon)
    forms = written(people, answers, args.folds, args.seed)
    report, sure = measure(people, votes, rows, answers, forms, hard, used)
    report["trust"] = dict(zip(TRUST, trust.round(3).tolist()))
    if args.errors:
        wrong = [(e, f) for e, f in zip(people, forms) if not same(f, e.case.form)]
        lines = [f"{e.case.text}\n    wanted {e.case.form}\n    got    {f}" for e, f in wrong]
        args.errors.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(json.dumps(report))
    if args.output:
        voter = fit_voter([*people, *generated], labels, args.iterations)
        with_trust = Voter(voter.skeletons, voter.codes, voter.weights, voter.bias, trust, sure)
        with_trust.save(args.output)
    return 0


def answered(
    people: Sequence[Example], votes: Sequence[list[Vote]], rows: Sequence[list[Choice]], left: Sequence[bool],
    trust: np.ndarray, lexicon: Lexicon,
) -> tuple[list[Task], list[np.ndarray]]:  # fmt: skip
    """(the Tasks that are decided for, what tells how sure they are)."""
    answers, hard = [], []
    for example, vote, found, alone in zip(people, votes, rows, left):
        chances = weigh(found, trust)
        words = tokenize(example.case.text, lexicon.speller).words
        best = found[0] if alone else decide(found, chances, vote, words, lexicon)
        answers.append(best.task)
        hard.append(sureness(found, chances, best, vote, lexicon))
    return answers, hard


def measure(
    people: Sequence[Example], votes: Sequence[list[Vote]], rows: Sequence[list[Choice]], answers: Sequence[Task],
    forms: Sequence[str], hard: Sequence[np.ndarray], used: Sequence[int],
) -> tuple[dict[str, Any], np.ndarray]:  # fmt: skip
    """(cross-validated figures, weights of sureness)."""
    right = [_equivalent(a, e.case.form) for a, e in zip(answers, people)]
    tasks = [i for i in used if answers[i].kind == "task"]
    sure = fit(np.array([hard[i][1:] for i in tasks]), np.array([float(right[i]) for i in tasks]))
    chance = [float(1.0 / (1.0 + np.exp(-hard[i] @ sure))) for i in tasks]
    report: dict[str, Any] = {"n": len(people), "sure": dict(zip(SURE, sure.round(3).tolist()))}
    report["calibration_error"] = round(expected_error(chance, [right[i] for i in tasks]), 4)
    exact = [same(f, e.case.form) for f, e in zip(forms, people)]
    plain = [same(logical_form(a), e.case.form) for a, e in zip(answers, people)]
    for name, chosen in (("all", range(len(people))), ("unseen", used)):
        n = max(1, len(chosen))
        report[name] = {
            "n": len(chosen),
            "voter_skeleton": round(sum(votes[i][0][0] == people[i].gold for i in chosen) / n, 4),
            "grammar_skeleton": round(sum(rows[i][0].skeleton == people[i].gold for i in chosen) / n, 4),
            "grammar_equivalent": round(sum(_equivalent(people[i].task, people[i].case.form) for i in chosen) / n, 4),
            "exact": round(sum(exact[i] for i in chosen) / n, 4),
            "exact_plain": round(sum(plain[i] for i in chosen) / n, 4),
            "equivalent": round(sum(right[i] for i in chosen) / n, 4),
        }
    by_head: dict[str, list[int]] = {}
    for example, good, alike in zip(people, exact, right):
        counts = by_head.setdefault(example.case.head, [0, 0, 0])
        for place, value in enumerate((good, alike, True)):
            counts[place] += value
    report["by_head"] = dict(sorted(by_head.items()))
    return report, sure


if __name__ == "__main__":
    sys.exit(main())
