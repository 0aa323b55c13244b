"""What only tells something, or is no human speech at all: it must never set the robot in motion. Pure.

"Anna brought me the cup yesterday" has a verb that the robot knows and asks for nothing; neither does a line of
code. The parser asks here before a sentence becomes steps.
"""

from __future__ import annotations

import re

from vla_ros.language.arguments import ArgumentReader
from vla_ros.language.english import DETERMINERS, word_set
from vla_ros.language.tokens import Tokens

_CODE = re.compile(r"[{}\[\]$`|\\^~]|--|\w=\w|;.*;|</|://|\w\(\)")
_STAND_IN = re.compile(r"<\w+>")
_SUBJECTS = word_set(
    "i he she it they we somebody someone nobody everybody everyone people who it there this that these those"
)
_PAST = word_set(
    """went brought was were had gave told found left took dropped followed thought said saw came got made knew felt
    put opened closed bought sold broke ate drank slept wrote read heard met lost won ran walked drove stood sat lay
    forgot remembered asked answered called wanted liked loved used lived worked showed kept began began fell threw
    caught held sent spent paid built cut hit hurt let set shut has have did does would should might must seems seemed
    looks looked sounds works lives likes loves hates thinks says goes comes keeps makes knows wants sees feels takes
    gives puts brings finds opens leaves moves plays always usually often never sometimes already once also just is are
    am"""
)
_WISHES = word_set("want wants need needs would should must could can may will like likes is are am has have")
_TIMES = (
    "yesterday", "last week", "last night", "last year", "two days ago", "this morning", "on monday", "on sunday",
    "once upon a time", "the other day", "a week ago", "an hour ago", "earlier", "long ago", "years ago",
)  # fmt: skip


def is_code(text: str) -> bool:
    """True for markup, queries, paths and the like: nobody says them to a robot."""
    return _CODE.search(_STAND_IN.sub("", text)) is not None


def without_statements(tokens: Tokens, reader: ArgumentReader) -> Tokens:
    """The tokens without the sentences that only tell something; the same object when there are none."""
    out, start = Tokens(), 0
    for end in [*(i for i, word in enumerate(tokens.words) if word == "."), len(tokens)]:
        written = [
            raw.lower() if edit else word
            for word, raw, edit in zip(tokens.words[start:end], tokens.raw[start:end], tokens.edits[start:end])
        ]
        if written and not is_statement(written, reader):
            for index in range(start, min(end + 1, len(tokens))):
                if index in tokens.quotes:
                    out.quotes[len(out)] = tokens.quotes[index]
                out.add(tokens.words[index], tokens.raw[index], tokens.edits[index])
        start = end + 1
    return tokens if len(out) == len(tokens) else out


def is_statement(words: list[str], reader: ArgumentReader) -> bool:
    """True when all of it is one clause that tells what somebody did, does or is, without asking for anything."""
    at = next((len(p.split()) for p in _TIMES if words[: len(p.split())] == p.split()), 0)
    at += words[at : at + 1] == [","]
    if at >= len(words) or words[-1] == "?":
        return False
    start = at
    if words[at] == "you" and words[at + 1 : at + 2] in (["are"], ["were"]) and words[at + 2 : at + 3] != ["to"]:
        return not any(reader.verb(words, i) and not reader.nouns_only(words, i) for i in range(at + 2, len(words)))
    if words[at] in _SUBJECTS:
        at += 1
    else:
        found = reader.nouns.read(words, at)
        if found is None or (words[at] not in DETERMINERS and reader.verb(words, at) is not None):
            return False
        at = at + 1 if found[1].unknown and not found[1].determined else found[0]
    while at < len(words) and words[at] == "and" and (found := reader.nouns.read(words, at + 1)):
        at = found[0]
    if at >= len(words) or words[at] not in _PAST:
        return False
    told = words[at] not in _WISHES or (words[at] in ("has", "have") and _perfect(words, at))
    if words[start] in ("who", "there", "this", "that", "these", "those", "it") and words[at] in _WISHES:
        return False
    return told and not any(
        words[i] in (",", ".") and reader.starts_clause(words, i) for i in range(at, len(words) - 1)
    )


def _perfect(words: list[str], at: int) -> bool:
    forms = ("taken", "been", "gone", "done", "seen", "given", "broken")
    return any(w in _PAST or w.endswith("ed") or w in forms for w in words[at + 1 : at + 3])
