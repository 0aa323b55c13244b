"""The spoken stop as a button on the topic emergency_stop: down with the word, up again a second later. Pure.

It goes up only if nobody else holds a button on the same topic: it hears the topic too, and knows its own presses.
"""

from __future__ import annotations

LET_GO_S = 1.0


class StopButton:
    """``press`` and ``due`` tell what to publish; ``note`` takes what the topic brings, one's own messages included."""

    def __init__(self) -> None:
        self._pressed_at: float | None = None
        self._own = {True: 0, False: 0}
        self._others_hold = False

    def press(self, now: float) -> bool:
        """A stop was heard; returns what to publish: true."""
        self._pressed_at = now
        self._own[True] += 1
        return True

    def note(self, pressed: bool) -> None:
        """A message of the topic."""
        if self._own[pressed]:
            self._own[pressed] -= 1
        else:
            self._others_hold = pressed

    def due(self, now: float) -> bool:
        """Whether to publish false now."""
        if self._pressed_at is None or now - self._pressed_at <= LET_GO_S:
            return False
        self._pressed_at = None
        if self._others_hold:
            return False
        self._own[False] += 1
        return True
