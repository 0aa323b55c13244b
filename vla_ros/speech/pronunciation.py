"""How words sound, in the recogniser's phones: its dictionary first, then compounds, then letters by rule.

The rules are for the owner's names and words that no dictionary has; they are plain English and can be overruled by
``word: PHONES`` in the parameters. Imports nothing of the package.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

# Longest first; a letter group at this place of the word -> phones. Vowel digraphs before single letters.
_RULES = tuple(
    (letters, tuple(phones.split()))
    for letters, phones in (
        ("tion", "SH AH N"), ("sion", "ZH AH N"), ("ture", "CH ER"), ("eigh", "EY"), ("ough", "AO"), ("augh", "AO"),
        ("igh", "AY"), ("tch", "CH"), ("dge", "JH"), ("sch", "SH"), ("eau", "OW"), ("ing", "IH NG"),
        ("air", "EH R"), ("ear", "IH R"), ("eer", "IH R"), ("oor", "AO R"), ("our", "AW R"),
        ("ai", "EY"), ("ay", "EY"), ("au", "AO"), ("aw", "AO"), ("ar", "AA R"), ("ee", "IY"), ("ea", "IY"),
        ("ei", "EY"), ("ey", "IY"), ("er", "ER"), ("eu", "UW"), ("ew", "UW"), ("ie", "IY"), ("ir", "ER"),
        ("oa", "OW"), ("oe", "OW"), ("oi", "OY"), ("oy", "OY"), ("oo", "UW"), ("ou", "AW"), ("ow", "OW"),
        ("or", "AO R"), ("ue", "UW"), ("ui", "UW"), ("ur", "ER"),
        ("ch", "CH"), ("sh", "SH"), ("th", "TH"), ("ph", "F"), ("wh", "W"), ("ck", "K"), ("ng", "NG"), ("qu", "K W"),
        ("gh", "G"), ("kn", "N"), ("wr", "R"), ("bb", "B"), ("cc", "K"), ("dd", "D"), ("ff", "F"), ("gg", "G"),
        ("ll", "L"), ("mm", "M"), ("nn", "N"), ("pp", "P"), ("rr", "R"), ("ss", "S"), ("tt", "T"), ("zz", "Z"),
        ("a", "AE"), ("b", "B"), ("c", "K"), ("d", "D"), ("e", "EH"), ("f", "F"), ("g", "G"), ("h", "HH"),
        ("i", "IH"), ("j", "JH"), ("k", "K"), ("l", "L"), ("m", "M"), ("n", "N"), ("o", "AA"), ("p", "P"),
        ("q", "K"), ("r", "R"), ("s", "S"), ("t", "T"), ("u", "AH"), ("v", "V"), ("w", "W"), ("x", "K S"),
        ("y", "Y"), ("z", "Z"),
    )
)  # fmt: skip
_LONG = {"a": "EY", "e": "IY", "i": "AY", "o": "OW", "u": "UW"}
_LAST = {"a": "AH", "e": "", "i": "IY", "o": "OW", "u": "UW", "y": "IY"}
_SHORTEST_PART = 3


@lru_cache(maxsize=4)
def read_dictionary(path: Path) -> Mapping[str, tuple[str, ...]]:
    """Word -> its pronunciations, from a dictionary in the CMU format (``word PH ON ES``, ``word(2) …``)."""
    found: dict[str, tuple[str, ...]] = {}
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            word, _, phones = line.strip().partition(" ")
            word = re.sub(r"\(\d+\)$", "", word)
            found[word] = (*found.get(word, ()), phones)
    return found


def by_letters(word: str) -> str:
    """Phones of a word by English spelling rules: "zorba" -> "Z AO R B AH"."""
    phones: list[str] = []
    at = 0
    while at < len(word):
        left = word[at:]
        if left[0] in _LAST and len(left) == 1 and phones:
            phones += _LAST[left[0]].split()
            break
        silent_e = re.fullmatch(r"([aeiou])([bcdfgklmnprstvz])e(s?)", left)
        if silent_e:  # the e makes the vowel long and is silent itself: "home", "zones"
            vowel, consonant, plural = silent_e.groups()
            soft = {"c": "S", "g": "JH"}.get(consonant)
            phones += [_LONG[vowel], soft or by_letters(consonant), *(["Z"] if plural else [])]
            break
        if left[0] in "cg" and left[1:2] in ("e", "i", "y"):
            phones.append("S" if left[0] == "c" else "JH")
            at += 1
            continue
        for letters, sounds in _RULES:
            if left.startswith(letters):
                phones += sounds
                at += len(letters)
                break
        else:
            at += 1
    return " ".join(phones)


def pronounce(words: Iterable[str], known: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Phones for each word that ``known`` lacks: two known words in one ("teabox"), a known word and s, else rules."""
    found: dict[str, str] = {}
    for word in dict.fromkeys(words):
        if word in known:
            continue
        found[word] = _possessive(word, known) or _compound(word, known) or by_letters(word.replace("'", ""))
    return found


def _possessive(word: str, known: Mapping[str, tuple[str, ...]]) -> str:
    stem = word[:-2] if word.endswith("'s") else word[:-1] if word.endswith("s") else ""
    return f"{known[stem][0]} {'S' if known[stem][0].split()[-1] in _VOICELESS else 'Z'}" if stem in known else ""


_VOICELESS = frozenset(("P", "T", "K", "F", "TH"))


def _compound(word: str, known: Mapping[str, tuple[str, ...]]) -> str:
    for cut in range(len(word) - _SHORTEST_PART, _SHORTEST_PART - 1, -1):
        if word[:cut] in known and word[cut:] in known:
            return f"{known[word[:cut]][0]} {known[word[cut:]][0]}"
    return ""
