"""Work in a forked child whose output is thrown away: what it breaks stays there."""

from __future__ import annotations

import os
import resource
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path


class Fork:
    """A child that does ``work`` and throws its output away; ``text`` is what it wrote to its result file.

    Args:
        work: gets the path of the result file, returns the exit status.
        limit_s: of its CPU time.
    """

    def __init__(self, work: Callable[[Path], int], limit_s: int) -> None:
        self.status, self.text = 0, ""
        with tempfile.NamedTemporaryFile(delete=False) as result:
            self._result = Path(result.name)
        self._end = time.monotonic() + 30.0 * limit_s
        self._child = os.fork()
        if self._child:
            return
        status = 99
        try:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s + 2))
            status = work(self._result)
        finally:
            os._exit(status)

    def done(self) -> bool:
        """True once it has ended; one that hangs is ended."""
        done, status = os.waitpid(self._child, os.WNOHANG)
        if not done:
            if time.monotonic() > self._end:
                os.kill(self._child, signal.SIGKILL)
            return False
        self.status, self.text = os.waitstatus_to_exitcode(status), self._result.read_text()
        self._result.unlink()
        return True
