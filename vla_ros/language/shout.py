"""A shout that stops the robot although the rest of it cannot be understood: "oh god stop". Pure."""

from __future__ import annotations

from vla_ros.language.lexicon import Lexicon
from vla_ros.language.tokens import tokenize

_LONGEST = 6
_NO_SHOUT = frozenset(("not", "never", "say", "what", "why", "where", "how", "who", "when", "which"))


def is_shout(text: str, lexicon: Lexicon) -> bool:
    """True for a few words of which the first or the last stop the robot. Better once too often."""
    words = [w for w in tokenize(text[:200], lexicon.speller).words if w not in (",", ".")]
    if not 0 < len(words) <= _LONGEST or _NO_SHOUT & set(words):
        return False
    if words[-2:-1] in (["emergency"], ["the"], ["your"], ["a"]):
        return False  # "disable the emergency stop"
    ends = (lexicon.match(words, i, "verb") for i in (0, len(words) - 1))
    return any(found is not None and found[1].value == "stop" for found in ends)
