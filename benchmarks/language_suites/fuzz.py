"""Anything that can reach a text field: never a crash, never over 100 ms, never a motion task by accident.

Strings of many kinds (see ``KINDS``); those of ``STILL`` tell the robot to do nothing and must not move it. Time is
CPU time of the process, so that a busy machine does not count.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import yaml

from benchmarks.language_suites.own import cases, household_parser
from benchmarks.language_suites.own_cases import DATA
from vla_ros.core.task import TASK_KINDS, Task

MOVING = frozenset((
    "go", "follow", "guide", "find", "look", "pick", "place", "bring", "open", "close", "push", "pull", "pour", "wipe",
    "switch_on", "switch_off", "undo", "repeat", "resume",
))  # fmt: skip
LIMIT_MS = 100.0
_LANGUAGES: dict[str, list[str]] = yaml.safe_load((DATA / "languages.yaml").read_text(encoding="utf-8"))
_TALK: dict[str, list[str]] = yaml.safe_load((DATA / "chatter.yaml").read_text(encoding="utf-8"))
_COMMANDS = [case.text for case in cases(7, 0.1)]
_WORDS = sorted({word for text in _COMMANDS for word in text.lower().replace(",", " ").split()})


def _unicode(rng: Random) -> str:
    return "".join(
        chr(rng.choice((rng.randrange(0x20, 0x250), rng.randrange(0x10FFFF)))) for _ in range(rng.randrange(1, 80))
    )


def _control(rng: Random) -> str:
    return "".join(
        rng.choice("\x00\x01\x07\x08\t\n\r\x1b[31m\u200b\u202e\ufeff\u2028 ") for _ in range(rng.randrange(1, 60))
    )


def _emoji(rng: Random) -> str:
    return " ".join(chr(rng.randrange(0x1F300, 0x1FAFF)) * rng.randrange(1, 4) for _ in range(rng.randrange(1, 20)))


def _long(rng: Random) -> str:
    piece = rng.choice((*_COMMANDS, "the ", "and ", "a", "'s ", "to ", "if ", ", ", ". ", "🙂", "not "))
    return (piece * 10000)[: rng.randrange(900, 10240)]


def _letters(rng: Random) -> str:
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    word = ["".join(rng.choice(alphabet) for _ in range(rng.randrange(1, 12))) for _ in range(rng.randrange(1, 14))]
    return " ".join(word)


def _code(rng: Random) -> str:
    return rng.choice(_TALK["code"]).replace("{n}", str(rng.randrange(10**9)))


def _chatter(rng: Random) -> str:
    return _filled(rng, rng.choice(_TALK["chatter"]))


def _past(rng: Random) -> str:
    return _filled(rng, rng.choice(_TALK["past"]))


def _filled(rng: Random, text: str) -> str:
    for slot in ("thing", "place", "who", "day"):
        while "{" + slot + "}" in text:
            text = text.replace("{" + slot + "}", rng.choice(_TALK[slot]), 1)
    return text


def _foreign(rng: Random) -> str:
    return rng.choice(_LANGUAGES[rng.choice(sorted(_LANGUAGES))])


def _mutated(rng: Random) -> str:
    text = list(rng.choice(_COMMANDS))
    for _ in range(rng.randrange(1, 12)):
        at = rng.randrange(len(text) + 1)
        text[at : at + rng.randrange(2)] = [chr(rng.choice((rng.randrange(32, 127), rng.randrange(0x3000))))]
    return "".join(text)


def _salad(rng: Random) -> str:
    return " ".join(rng.choice(_WORDS) for _ in range(rng.randrange(1, 30)))


def _numbers(rng: Random) -> str:
    return " ".join(
        str(rng.choice((rng.random() * 1e12, rng.randrange(10**18), -1, "1e999", "∞", "½"))) for _ in range(8)
    )


KINDS: dict[str, Callable[[Random], str]] = {
    "unicode": _unicode, "control": _control, "emoji": _emoji, "long": _long, "letters": _letters, "code": _code,
    "chatter": _chatter, "past": _past, "foreign": _foreign, "mutated": _mutated, "salad": _salad, "numbers": _numbers,
}  # fmt: skip
STILL = ("unicode", "control", "emoji", "letters", "code", "chatter", "past", "foreign", "numbers")
"""Kinds that ask for nothing: none of them may become something that moves the robot."""


def add_arguments(parser: argparse._ArgumentGroup) -> None:
    """Declares ``--fuzz`` and how many strings."""
    parser.add_argument("--fuzz", action="store_true", help="strings of all kinds: crashes, slowness, accidents")
    parser.add_argument("--strings", type=int, default=100_000, help="number of strings for fuzz")


def moves(task: Task) -> bool:
    """True when the task would make the robot act on the world."""
    return task.kind == "task" and any(s.skill in MOVING and not s.negated for s in task.steps)


def strings(seed: int, count: int) -> list[tuple[str, str]]:
    """(kind, text), the same for the same seed."""
    rng = Random(seed)
    names = sorted(KINDS)
    return [(name, KINDS[name](rng)) for name in (names[i % len(names)] for i in range(count))]


def language_named(name: str, reason: str) -> bool:
    """True when the reason names the language, or its script."""
    return name in reason or (name == "Chinese" and "Chinese or Japanese" in reason)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Parses the strings and, apart, the sentences in other languages."""
    parser = household_parser()
    crashes: Counter[str] = Counter()
    accidents: Counter[str] = Counter()
    slow, worst = 0, 0.0
    for kind, text in strings(args.seed, args.strings):
        begin = time.process_time()
        try:
            task = parser.parse(text)
        except Exception as error:  # a crash of any kind is what is counted here
            crashes[f"{kind}: {type(error).__name__}"] += 1
            continue
        took = 1000.0 * (time.process_time() - begin)
        worst, slow = max(worst, took), slow + (took > LIMIT_MS)
        if task.kind not in TASK_KINDS or (kind in STILL and moves(task)):
            accidents[kind] += 1
            if accidents.total() <= args.show:
                print(f"{kind}: {text!r} => {[s.skill for s in task.steps]}", file=sys.stderr)
    pairs = [(name, text, parser.parse(text)) for name, texts in _LANGUAGES.items() for text in texts]
    declined = sum(task.kind == "unknown" for _, _, task in pairs)
    named = sum(language_named(name, task.reason) for name, _, task in pairs)
    for name, text, task in pairs:
        if args.show and not language_named(name, task.reason):
            print(f"{name}: {text} => {task.kind} {task.reason[:70]}", file=sys.stderr)
    return {
        "suite": "fuzz", "n": args.strings, "crashes": dict(crashes), "slow": slow, "ms_worst": round(worst, 1),
        "accidents": dict(accidents), "languages": {"n": len(pairs), "declined": declined, "named": named},
    }  # fmt: skip
