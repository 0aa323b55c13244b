"""How a word sounds, coarsely: "kitchin" and "kitchen", "nife" and "knife" have the same key. Pure.

A short key of consonant classes after English spelling, in the manner of Metaphone (L. Philips, 1990), coarser:
voiced and voiceless consonants fall together, because recognisers confuse them.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SPELLINGS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"^(kn|gn|pn)", "n"), (r"^wr", "r"), (r"^wh", "w"), (r"^x", "s"), (r"^ps", "s"), (r"mb$", "m"),
        (r"tch", "x"), (r"sch", "sk"), (r"[st]ion", "xn"), (r"(sh|ch|dge?(?=[eiy]|$)|j)", "x"), (r"ph", "f"),
        (r"gh(?=t|$)", ""), (r"ght", "t"), (r"ck", "k"), (r"qu", "kw"), (r"x", "ks"), (r"c(?=[eiy])", "s"),
        (r"[cq]", "k"), (r"g", "k"), (r"th", "t"), (r"d", "t"), (r"z", "s"), (r"v", "f"), (r"b", "p"),
    )
)  # fmt: skip
_SILENT = re.compile(r"(?<=.)[aeiouyhw]+")
_TWICE = re.compile(r"(.)\1+")


@lru_cache(maxsize=20000)
def sound_form(word: str) -> str:
    """The word spelt as it sounds, vowels and all: "phone" and "fone" are "fone"."""
    for pattern, sound in _SPELLINGS:
        word = pattern.sub(sound, word)
    return word


@lru_cache(maxsize=20000)
def sound_key(word: str) -> str:
    """The key of a lower-case word; vowels count only at the beginning, where they are all alike."""
    key = _TWICE.sub(r"\1", _SILENT.sub("", sound_form(word)))
    return "A" + key[1:] if key[:1] in set("aeiouy") else key.removeprefix("h") or "A"
