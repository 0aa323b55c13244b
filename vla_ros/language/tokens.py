"""Text to tokens: clean letters, contractions, quotes, numbers with units, small typing errors.

Pure; the grammar reads the Tokens. Never raises for any text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from vla_ros.language.english import CONTRACTIONS
from vla_ros.language.spelling import Speller

_PIECE = re.compile(
    r"\"(?P<quote>[^\"]*)\"|(?P<class><\w+>)|(?P<number>\d+(?:[.,]\d+)?)|(?P<word>[^\W\d_]+(?:['_-][^\W\d_]+)*)"
    r"|(?P<degree>°)|(?P<stop>[.!?;:]+)|(?P<comma>[,()\u2013\u2014-])",
)
_UNITS = {"m": "metres", "cm": "centimetres", "mm": "millimetres", "s": "seconds", "sec": "seconds", "secs": "seconds",
          "min": "minutes", "mins": "minutes", "h": "hours", "deg": "degrees", "ft": "feet", "km": "kilometres",
          "rad": "radians"}  # fmt: skip
_QUOTES = str.maketrans(
    {"\u2019": "'", "\u2018": "'", "`": "'", "\u201c": '"', "\u201d": '"', "\u00b4": "'", "\u00ab": '"', "\u00bb": '"'}
)
_SLIP = re.compile(r"\b(what|who|where|that|it),s\b", re.IGNORECASE)
_WHO_IS = re.compile(r"(?<=\w)\s*[,(]\s*(?=(?:who|which)(?:\s+is|\s+are|\s+has|\s+you|'s)\b)", re.IGNORECASE)
"""The comma before "who is …" after a noun: what follows describes the noun and asks nothing."""
_HESITATIONS = frozenset(("uh", "um", "er", "erm", "ehm", "hmm", "uhm", "äh"))
_AMONG = re.compile(r"\s*(?:out\s+of|of|from|among)\b", re.IGNORECASE)
"""A sentence that begins with a group asks something of it: "of the cups, which is the biggest"."""
_EITHER_PLACE = re.compile(r"\b(?:on|in|at|inside) or (?=(?:on|in|at|inside|near)\b)", re.IGNORECASE)
"""What is "in or on" something is where it is found: no choice between two things."""
_KEEP_HYPHEN = frozenset(("t-shirt", "e-mail", "left-hand", "right-hand"))


class ProperName(str):
    """An unknown word with a capital inside a sentence: most likely somebody's name."""


@dataclass(slots=True)
class Tokens:
    """Parallel lists: ``words`` lower case (punctuation as "," or "."), ``raw`` as written, ``edits`` corrected."""

    words: list[str] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    edits: list[int] = field(default_factory=list)
    quotes: dict[int, str] = field(default_factory=dict)
    """Text between quotation marks, by index of its token (word "<quote>")."""

    def __len__(self) -> int:
        return len(self.words)

    def add(self, word: str, raw: str, edits: int = 0) -> None:
        """Appends one token."""
        self.words.append(word)
        self.raw.append(raw)
        self.edits.append(edits)

    def text(self, start: int, end: int) -> str:
        """The words from ``start`` to before ``end`` as written, spaces restored."""
        out = ""
        for word, raw in zip(self.words[start:end], self.raw[start:end]):
            out += raw if word in (",", ".", "'s") or not out else f" {raw}"
        return out.strip(" ,.")


def tokenize(text: str, speller: Speller) -> Tokens:
    """Splits ``text``; unknown words are corrected where exactly one known word is near."""
    clean = unicodedata.normalize("NFKC", text).translate(_QUOTES)
    clean = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in clean)
    clean = _SLIP.sub(r"\1's", clean)
    clean = clean if _AMONG.match(clean) else _WHO_IS.sub(" ", clean)
    clean = _EITHER_PLACE.sub("", clean)
    tokens = Tokens()
    for piece in _PIECE.finditer(clean):
        kind, raw = piece.lastgroup, piece.group()
        if kind == "quote":
            tokens.quotes[len(tokens)] = piece.group("quote").strip()
            tokens.add("<quote>", raw)
        elif kind == "stop":
            tokens.add("." if set(raw) - set(":;") else ",", raw[0])
        elif kind == "comma":
            tokens.add(",", ",")
        elif kind == "number":
            tokens.add(raw.replace(",", "."), raw)
        elif kind == "degree":
            tokens.add("degrees", raw)
        elif kind == "class":
            tokens.add(raw.lower(), raw)
        else:
            _add_word(tokens, raw, speller)
    return tokens


def _add_word(tokens: Tokens, raw: str, speller: Speller) -> None:
    word = raw.lower()
    if word in _HESITATIONS:
        return
    if word in CONTRACTIONS and not (word == "id" and tokens.words):
        for part in CONTRACTIONS[word].split():
            tokens.add(part, part)
        return
    if tokens.words and tokens.words[-1][:1].isdigit() and word in _UNITS:
        tokens.add(_UNITS[word], raw)
        return
    for part in re.split(r"[_-]", raw) if word not in _KEEP_HYPHEN else [raw]:
        low = part.lower()
        base, apostrophe, tail = low.partition("'")
        if apostrophe and tail in ("s", ""):
            _add_plain(tokens, part[: len(base)], speller)
            tokens.add("'s", "'s")
        else:
            _add_plain(tokens, part, speller)


def _add_plain(tokens: Tokens, raw: str, speller: Speller) -> None:
    word = raw.lower()
    # A capital inside the sentence marks a name: names are not typing errors.
    is_name = raw[:1].isupper() and not raw.isupper() and bool(tokens.words) and tokens.words[-1] != "."
    if word in speller or is_name:
        tokens.add(word if word in speller else ProperName(word), raw)
        return
    corrected = speller.correct(word)
    if corrected:
        tokens.add(corrected[0], raw, corrected[1])
    else:
        tokens.add(word, raw)
