"""Text to whisper's tokens and back: byte pairs joined in the order of the vocabulary (Sennrich et al., 2016).

The vocabulary is GPT-2's, where a joined pair has the number of its turn. Imports nothing of the package.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

END, START, BEFORE, NO_TIMES = 50256, 50257, 50360, 50362
"""Tokens that are no text: the end, the start, the start of what was said before, no time marks."""
_PIECE = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+")
_NEVER = 1 << 30


def _letters() -> dict[int, str]:
    """Byte -> the character that stands for it in the vocabulary: printable ones for themselves."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + i) for i, byte in enumerate(others)}


class Tokens:
    """Encoder and decoder over the lines of vocabulary.txt."""

    def __init__(self, vocabulary: str) -> None:
        self._texts = vocabulary.split("\n")
        self._ids = {text: number for number, text in enumerate(self._texts)}
        self._letter = _letters()
        self._byte = {letter: byte for byte, letter in self._letter.items()}

    def encode(self, text: str) -> list[int]:
        """Tokens of a text; a word within a sentence begins with its space."""
        found: list[int] = []
        for piece in _PIECE.findall(text):
            parts = [self._letter[byte] for byte in piece.encode()]
            while len(parts) > 1:
                turn, at = min((self._ids.get(a + b, _NEVER), i) for i, (a, b) in enumerate(pairwise(parts)))
                if turn == _NEVER:
                    break
                parts[at : at + 2] = [parts[at] + parts[at + 1]]
            found += [self._ids[part] for part in parts]
        return found

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of tokens; those that are no text are left out."""
        letters = "".join(self._texts[token] for token in tokens if token < END)
        return bytes(self._byte[letter] for letter in letters).decode("utf-8", "replace").strip()

    def speakable(self, tokens: Sequence[int]) -> list[int]:
        """Those that are made of letters, figures and the marks of a sentence."""
        return [token for token in tokens if re.fullmatch(r"Ġ?[A-Za-z0-9']+|[.,?!;:-]", self._texts[token])]
