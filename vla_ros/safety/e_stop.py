"""The emergency stop: latches; only a release that comes after it makes a reset possible."""

from __future__ import annotations


class EmergencyStop:
    """Latched from the first True until a granted reset."""

    def __init__(self) -> None:
        self.reset()

    def note(self, pressed: bool) -> None:
        """A message of the emergency_stop topic."""
        if pressed:
            self.latched, self._released = True, False
        elif self.latched:
            self._released = True

    def may_reset(self) -> tuple[bool, str]:
        """Whether the button was released after it latched, else what to do."""
        if self.latched and not self._released:
            return False, "Release the emergency stop first (emergency_stop must turn false after it was true)."
        return True, ""

    def reset(self) -> None:
        """Ends the latch."""
        self.latched = self._released = False
