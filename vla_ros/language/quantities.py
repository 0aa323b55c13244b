"""Numbers, lengths, angles and durations in words: "half a minute" -> 30 s. Pure; used by the grammar."""

from __future__ import annotations

import math
from collections.abc import Sequence

_ONES = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_LENGTH = {"metre": 1.0, "meter": 1.0, "centimetre": 0.01, "centimeter": 0.01, "millimetre": 0.001,
           "millimeter": 0.001,
           "foot": 0.3048, "feet": 0.3048, "inch": 0.0254, "inche": 0.0254, "step": 0.5, "kilometre": 1000.0,
           "kilometer": 1000.0}  # fmt: skip
_ANGLE = {"degree": math.pi / 180, "radian": 1.0}
_TIME = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "moment": 5.0, "bit": 5.0, "while": 10.0}
LIMIT = 1e6
"""Greater numbers are not meant; they are cut to this."""
_DIGITS, _NONE = 9, 10


def read_number(words: Sequence[str], start: int) -> tuple[int, float] | None:
    """(tokens used, value) for digits or number words at ``start``: "twenty five", "one point five"."""
    if start >= len(words):
        return None
    word = words[start]
    if word[:1].isdigit():
        try:
            value, used = min(float(word), LIMIT), 1
        except ValueError:
            return None
    elif list(words[start : start + 3]) == ["a", "couple", "of"]:
        return 3, 2.0
    elif list(words[start : start + 2]) == ["couple", "of"]:
        return 2, 2.0
    elif list(words[start : start + 2]) == ["a", "few"]:
        return 2, 3.0
    elif word == "dozen":
        value, used = 12.0, 1
    else:
        used, whole = _whole(words, start)
        if not used:
            return None
        value = float(whole)
    decimals = _decimals(words, start + used)
    if decimals and value.is_integer():
        return used + 1 + len(decimals), value + float(f"0.{decimals}")
    if list(words[start + used : start + used + 3]) == ["and", "a", "half"]:
        return used + 3, value + 0.5
    return used, value


def _whole(words: Sequence[str], start: int) -> tuple[int, int]:
    """(tokens used, value) of a whole number in words below a thousand: "a hundred and eighty"; (0, 0) without one."""
    used, value = _below_hundred(words, start)
    ahead = 1 if not used and words[start] == "a" else used
    if words[start + ahead : start + ahead + 1] != ["hundred"] or value > _DIGITS:
        return used, value
    used, value = ahead + 1, 100 * max(1, value)
    joined = 1 if words[start + used : start + used + 1] == ["and"] else 0
    more, rest = _below_hundred(words, start + used + joined)
    return (used + joined + more, value + rest) if more and rest else (used, value)


def _below_hundred(words: Sequence[str], start: int) -> tuple[int, int]:
    first, second = (words[at] if at < len(words) else "" for at in (start, start + 1))
    if first in _TENS:
        ones = _ONES.get(second, 0)
        return (2, _TENS[first] + ones) if 0 < ones <= _DIGITS else (1, _TENS[first])
    return (1, _ONES[first]) if first in _ONES else (0, 0)


def _decimals(words: Sequence[str], start: int) -> str:
    """The digits of "point two five"; "" without a point or digits after it."""
    if words[start : start + 1] != ["point"]:
        return ""
    digits = ""
    for word in words[start + 1 :]:
        value = 0 if word == "oh" else _ONES.get(word, int(word) if word.isdecimal() and word.isascii() else _NONE)
        if value > _DIGITS:
            break
        digits += str(value)
    return digits


def read_measure(words: Sequence[str], start: int) -> tuple[int, str, float] | None:
    """(tokens used, "distance"|"angle"|"duration", value in m, rad or s) for a number with its unit."""
    for used, value in _amounts(words, start):
        at = start + used
        if at < len(words):
            unit = words[at] if words[at] in _LENGTH or words[at] in _TIME else words[at].rstrip("s")
            for kind, table in (("distance", _LENGTH), ("angle", _ANGLE), ("duration", _TIME)):
                if unit in table:
                    half = list(words[at + 1 : at + 4]) == ["and", "a", "half"]
                    return used + (4 if half else 1), kind, (value + 0.5 * half) * table[unit]
    return None


def _amounts(words: Sequence[str], start: int) -> list[tuple[int, float]]:
    head = list(words[start : start + 3])
    out: list[tuple[int, float]] = []
    if head[:2] == ["half", "a"] or head[:2] == ["half", "an"]:
        out.append((2, 0.5))
    if head == ["a", "quarter", "of"] or head == ["quarter", "of", "a"]:
        out += [(4, 0.25), (3, 0.25)]
    if head[:1] == ["half"]:
        out.append((1, 0.5))
    number = read_number(words, start)
    if number:
        out.append(number)
    if decimals := _decimals(words, start):
        out.append((1 + len(decimals), float(f"0.{decimals}")))
    if head[:1] in (["a"], ["an"], ["one"]):
        out.append((2, 1.0) if head[1:2] in (["little"], ["short"]) else (1, 1.0))
    return out
