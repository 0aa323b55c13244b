"""The household commands with typing and recognition errors in a tenth of their words: what is still understood.

Typing: a letter left out, doubled, swapped with its neighbour, or hit beside the right key. Recognition: words that
sound alike, "the" lost, a hesitation, a word said twice.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from random import Random
from typing import Any

from benchmarks.language_suites.own import cases, household_parser, measure
from benchmarks.language_suites.own_cases import Case

_KEYS = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl",
    "p": "ol", "a": "qsz", "s": "adw", "d": "sfe", "f": "dgr", "g": "fht", "h": "gjy", "j": "hku", "k": "jli",
    "l": "ko", "z": "xa", "x": "zc", "c": "xv", "v": "cb", "b": "vn", "n": "bm", "m": "n",
}  # fmt: skip
_SOUNDS = {
    "the": ("da", "thee", ""), "to": ("two", "too"), "for": ("four", "fore"), "red": ("read",), "blue": ("blew",),
    "me": ("mi",), "two": ("to", "too"), "four": ("for",), "by": ("buy", "bye"), "bring": ("brink", "bringe"),
    "a": ("uh a", "a a"), "an": ("and",), "one": ("won",), "their": ("there",), "there": ("their",),
    "take": ("take a",),
    "kitchen": ("kitchin",), "bowl": ("bowel", "ball"), "plate": ("played",), "box": ("bocks",), "pen": ("pan",),
    "can": ("ken",), "and": ("an", "end"), "on": ("own",), "in": ("inn",), "green": ("grin",), "white": ("wide",),
    "book": ("buck",), "knife": ("nife",), "find": ("fined",), "where": ("wear",), "is": ("his",), "it": ("eat",),
    "wait": ("weight",), "right": ("write",), "chair": ("share",), "bed": ("bet",), "desk": ("disk",), "cup": ("cop",),
    "ball": ("bowl", "bawl"), "shelf": ("self",), "sofa": ("so far",), "table": ("tabel",), "anna": ("anne", "ana"),
    "tom": ("thom",), "phone": ("fone",), "bottle": ("bottel",), "turn": ("tern",), "please": ("pleas",),
    "that": ("dat",), "then": ("than",), "from": ("form",), "put": ("putt",), "apple": ("appel",), "tell": ("tall",),
}  # fmt: skip
_SHARE = 0.10
Damage = Callable[[Random, str], str]


def add_arguments(parser: argparse._ArgumentGroup) -> None:
    """Declares ``--noise``."""
    parser.add_argument("--noise", action="store_true", help="the household commands with errors in 10 %% of the words")


def typed(rng: Random, word: str) -> str:
    """One typing error in a word of at least three letters."""
    if len(word) < 3 or not word.isalpha():
        return word
    at = rng.randrange(1, len(word))
    kind = rng.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + word[at - 1] + word[at:]
    if kind == 2:
        return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
    low = word[at].lower()
    return word[:at] + rng.choice(_KEYS.get(low, low)) + word[at + 1 :]


def heard(rng: Random, word: str) -> str:
    """One recognition error: a word that sounds alike, a hesitation before it, or the word twice."""
    alike = _SOUNDS.get(word.lower())
    if alike:
        return rng.choice(alike)
    return rng.choice((f"uh {word}", f"um {word}", f"{word} {word}", word))


def damaged(rng: Random, text: str, damage: Damage, share: float = _SHARE) -> str:
    """The text with errors in about ``share`` of its words, one at least; what is quoted stays."""
    words = text.split()
    free = [i for i, w in enumerate(words) if '"' not in w and not _quoted(words, i)]
    count = max(1, round(share * len(words)))
    for index in rng.sample(free, min(count, len(free))):
        core = words[index].rstrip(",.;")
        words[index] = damage(rng, core) + words[index][len(core) :]
    return " ".join(" ".join(words).split())


def _quoted(words: list[str], index: int) -> bool:
    return sum(w.count('"') for w in words[:index]) % 2 == 1


def noisy(cases: list[Case], seed: int, damage: Damage, name: str) -> list[Case]:
    """The cases, each with damage; what is to be said word for word is damaged like the rest, so it is left out."""
    rng = Random(seed)
    kept = [c for c in cases if not any(s.text or s.condition for s in c.steps)]
    return [Case(damaged(rng, c.text, damage), c.steps, name, c.intent) for c in kept]


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measures both kinds of noise on half of the household commands."""
    parser, clean = household_parser(), cases(args.seed, 0.5)
    results = {
        name: measure(parser, noisy(clean, args.seed, damage, name), args.show)
        for name, damage in (("typing", typed), ("recognition", heard))
    }
    total = sum(r["n"] for r in results.values())
    exact = sum(r["exact"] * r["n"] for r in results.values()) / total
    return {
        "suite": "noise", "n": total, "exact": round(exact, 4),
        **{name: {"n": r["n"], "exact": r["exact"], "errors": r["errors"]} for name, r in results.items()},
    }  # fmt: skip
