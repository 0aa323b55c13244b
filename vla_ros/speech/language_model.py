"""Word triples of the closed grammar as a language model file (ARPA), with back-off to pairs and words. Pure.

The decoder searches one tree of words with it. The same grammar as a graph (JSGF) is thousands of copies of the same
nouns: it took three times as long as the speech itself and 340 MB. Absolute discounting: Ney, Essen and Kneser,
"On structuring probabilistic dependences in stochastic language modelling", 1994.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from math import log10

_DISCOUNT = 0.6
_LEAST_TRIPLES = 2
_Pair = tuple[str, str]


def arpa(sentences: Iterable[list[str]]) -> str:
    """The text of the model of some thousands of sentences."""
    ones: Counter[str] = Counter()
    twos: Counter[_Pair] = Counter()
    threes: Counter[tuple[str, str, str]] = Counter()
    for words in sentences:
        marked = ["<s>", *words, "</s>"]
        ones.update(marked)
        twos.update(pairwise(marked))
        threes.update(zip(marked, marked[1:], marked[2:]))
    total = sum(count for word, count in ones.items() if word != "<s>")
    single = {word: count / total for word, count in ones.items() if word != "<s>"}
    after: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for (first, second), count in twos.items():
        after[first].append((second, count))
    pair, rest = {}, {}
    for first, found in after.items():
        whole = sum(count for _, count in found)
        for second, count in found:
            pair[first, second] = (count - _DISCOUNT) / whole
        left = _DISCOUNT * len(found) / whole
        rest[first] = left / max(1e-6, 1.0 - sum(single[second] for second, _ in found))
    after_two: dict[_Pair, list[tuple[str, int]]] = defaultdict(list)
    for (first, second, third), count in threes.items():
        after_two[first, second].append((third, count))
    triple, rest_two = {}, {}
    for context, found in after_two.items():
        whole = sum(count for _, count in found)
        kept = [(third, count) for third, count in found if count >= _LEAST_TRIPLES]
        for third, count in kept:
            triple[context[0], context[1], third] = (count - _DISCOUNT) / whole
        left = 1.0 - sum(triple[context[0], context[1], third] for third, _ in kept)
        rest_two[context] = left / max(1e-6, 1.0 - sum(pair[context[1], third] for third, _ in kept))
    return _text(single, rest, pair, rest_two, triple)


def _text(
    single: dict[str, float],
    rest: dict[str, float],
    pair: dict[_Pair, float],
    rest_two: dict[_Pair, float],
    triple: dict[tuple[str, str, str], float],
) -> str:
    words = ["<s>", *sorted(single)]
    lines = ["\\data\\", f"ngram 1={len(words)}", f"ngram 2={len(pair)}", f"ngram 3={len(triple)}", "", "\\1-grams:"]
    lines += [f"{_log(single.get(w, 0.0))} {w} {_log(rest.get(w, 1.0))}" for w in words]
    lines += ["", "\\2-grams:"]
    lines += [f"{_log(p)} {a} {b} {_log(rest_two.get((a, b), 1.0))}" for (a, b), p in sorted(pair.items())]
    lines += ["", "\\3-grams:"]
    lines += [f"{_log(p)} {a} {b} {c}" for (a, b, c), p in sorted(triple.items())]
    return "\n".join([*lines, "", "\\end\\", ""])


def _log(probability: float) -> str:
    return f"{log10(probability):.4f}" if probability > 1e-30 else "-99.0"
