"""Yes or no, as people say it."""

from __future__ import annotations

from vla_ros.core.task import TaskStep

_YES = frozenset(("yes", "yeah", "yep", "sure", "ok", "okay", "please", "do"))
_NO = frozenset(("no", "nope", "not", "don't", "never"))


def agrees(answer: TaskStep) -> bool:
    """Whether an answer is a clear yes."""
    words = set(answer.text.lower().replace(",", " ").replace(".", " ").split())
    return answer.about == "yes" or (answer.about != "no" and bool(words & _YES) and not words & _NO)
