"""The robot's own voice: espeak-ng as a program, one sentence after the other, ended at any moment.

espeak-ng is under the GPL; it is called as a separate program and is an optional part of the system. ``now`` comes from
the caller; the process is the only state outside.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections import deque
from collections.abc import Sequence

from vla_ros.core.errors import MissingExtraError

PROGRAM = "espeak-ng"
_OTHERWISE = {
    "stop": "come to rest", "stops": "comes to rest", "stopped": "came to rest", "stopping": "coming to rest",
    "halt": "come to rest", "halts": "comes to rest", "halted": "came to rest", "halting": "coming to rest",
    "freeze": "stand still", "freezes": "stands still", "freezing": "standing still", "frozen": "still",
}  # fmt: skip
_WAITING = 5
_LONGEST = 600


def without_stop_words(text: str, owner_words: Sequence[str] = ()) -> str:
    """The text in other words where it would stop the robot that hears itself: then every stop is a person's.

    The owner's words, for which nobody knows other ones, are left out.
    """
    for word, other in _OTHERWISE.items():
        text = re.sub(rf"\b{word}\b", other, text, flags=re.IGNORECASE)
    for word in owner_words:
        text = re.sub(rf"\b{re.escape(word)}\b", "", text, flags=re.IGNORECASE)
    return text


class Voice:
    """Says texts aloud. Raises MissingExtraError when the program is missing. ``command`` replaces it (tests do)."""

    def __init__(
        self, name: str = "en-us", words_per_minute: int = 165, volume: int = 100, command: Sequence[str] = ()
    ) -> None:
        if not command and shutil.which(PROGRAM) is None:
            raise MissingExtraError(PROGRAM, "Install it: sudo apt-get install espeak-ng; or set speak: false.")
        self._command = list(command) or [
            PROGRAM,
            "-v",
            name,
            "-s",
            str(words_per_minute),
            "-a",
            str(volume),
            "--stdin",
        ]
        self._waiting: deque[str] = deque(maxlen=_WAITING)
        self._process: subprocess.Popen[bytes] | None = None
        self.faults = 0
        """sentences that the program could not say, e.g. without a sound device"""

    def say(self, text: str) -> None:
        """Queues a text; more than five waiting lose the oldest."""
        if text.strip():
            self._waiting.append(text.strip()[:_LONGEST])

    def hush(self) -> None:
        """Ends the present sentence at once and forgets those that wait."""
        self._waiting.clear()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def tick(self) -> bool:
        """Starts the next text when the last has ended; True while something is being said."""
        if self._process is not None and self._process.poll() is not None:
            self.faults += self._process.returncode != 0
            self._process = None
        if self._process is None and self._waiting:
            text = self._waiting.popleft()
            # by stdin, not as an argument: a text that begins with "-" is no option
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            assert self._process.stdin is not None
            with contextlib.suppress(BrokenPipeError):  # a program that ended at once is counted at the next tick
                self._process.stdin.write(text.encode())
                self._process.stdin.close()
        return self._process is not None
