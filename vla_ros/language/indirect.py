"""Remarks that hope for help: "I'm thirsty", "it's too dark here", "the table is a mess". The robot offers something.

What it offers stands in the words files (config/offers.yaml); an owner adds remarks and offers. Pure; used by the
parser, which asks "Shall I …?" and does it after a yes.
"""

from __future__ import annotations

from collections.abc import Iterator

from vla_ros.language.arguments import ArgumentReader
from vla_ros.language.english import word_set
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.sayings import Sayings, spliced
from vla_ros.language.tokens import Tokens

_MINE = {"me": "you", "my": "your", "i": "you", "us": "you", "our": "your", "myself": "yourself", "we": "you"}
_LEADS = word_set(", . and so well but because oh hey robot")


class Offers:
    """Finds what to offer after a remark, with one lexicon."""

    def __init__(self, lexicon: Lexicon, reader: ArgumentReader) -> None:
        self._reader = reader
        self._remarks = Sayings(lexicon.offers, reader)

    def commands(self, tokens: Tokens) -> Iterator[str]:
        """What can be offered after the remark, the best first; nothing when the sentence is more than a remark."""
        start = 0
        while start < len(tokens) and tokens.words[start] in _LEADS:
            start += 1
        for at in dict.fromkeys((start, self._reader.skip_separators(tokens.words, start))):
            found = self._remarks.match(tokens.words, at) if at < len(tokens) else None
            if found is None or self._more(tokens.words, found.end):
                continue
            said = spliced(tokens, at, found)
            text = " ".join(said.raw[at : at + len(said) - len(tokens) + found.end - at])
            yield from (part.strip().replace(" 's", "'s") for part in text.split("|"))
            return

    def _more(self, words: list[str], at: int) -> bool:
        """True when a command follows the remark: then that is meant."""
        rest = [w for w in words[at:] if w not in (",", ".")]
        return bool(rest) and self._reader.skip_separators(words, at) < len(words)


def offer(command: str) -> str:
    """The question that offers a command: "bring me a bottle" -> "Shall I bring you a bottle?"."""
    return "Shall I " + " ".join(_MINE.get(word.lower(), word) for word in command.split()) + "?"
