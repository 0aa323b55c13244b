"""Several emergency stop buttons as one: pressed while any of them is."""

from __future__ import annotations


class StopButtons:
    """Who presses right now: the topic, a joystick, a service."""

    def __init__(self) -> None:
        self._pressed: set[str] = set()

    def note(self, button: str, pressed: bool) -> bool:
        """The state of one button; returns the state of all together."""
        if pressed:
            self._pressed.add(button)
        else:
            self._pressed.discard(button)
        return bool(self._pressed)

    @property
    def held(self) -> str:
        """Names of the buttons that are pressed."""
        return ", ".join(sorted(self._pressed))
