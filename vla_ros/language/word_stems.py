"""Beginnings of words: what is asked with, and what "heaviest" and "heavy" have in common. Goes to filling.py."""

from __future__ import annotations

_SHORTEST_STEM = 3
_ASKED_WITH = {
    "answer": "answer reply respond question quer ask wonder inquir enquir quiz",
    "count": "many count number amount total quantit tally",
    "name": "name who call ident",
    "which": "what which who tell say report inform name list iden detail descri find look know reveal disclos show "
    "remind count let scan",
    "gender": "gender sex male female",
    "guide": "guid lead escort tak bring accompan usher show conduct help direct deliver walk steer with get",
    "pose": "pos stand sit lie lay lying doing",
}
ASKED_WITH = {asked: tuple(words.split()) for asked, words in _ASKED_WITH.items()}
"""What some word begins with wherever these are asked for."""


def stem(word: str) -> str:
    """What "heaviest", "heavier", "heavies" and "heavy" have in common."""
    for ending in ("est", "er", "es", "ed", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word.removesuffix(ending)
            break
    word = f"{word[:-1]}y" if word.endswith("i") else word
    return word[:-1] if len(word) > _SHORTEST_STEM and word[-1] == word[-2] and word[-1] in "gnmt" else word
