"""Work on threads of its own, its results delivered on the node's own thread: nothing waits in a callback.

Files, databases and language models belong here. ``deliver`` is called by a timer of the node.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Background:
    """``threads`` at work at a time; more than ``most_waiting`` pieces of work are turned away.

    ``on_error`` hears of exceptions of the work, on the node's thread; its result is then lost.
    """

    def __init__(self, name: str, threads: int, most_waiting: int, on_error: Callable[[Exception], None]) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._results: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._most_waiting, self._waiting = most_waiting, 0
        self._on_error = on_error

    @property
    def waiting(self) -> int:
        """Pieces of work begun and not yet delivered."""
        return self._waiting

    def start(self, work: Callable[[], T], then: Callable[[T], None] = lambda _: None) -> bool:
        """Has ``work`` done elsewhere and ``then`` called with its result by ``deliver``; False when too much waits."""
        if self._waiting >= self._most_waiting:
            return False
        self._waiting += 1

        def run() -> None:
            try:
                result = work()
            except Exception as error:
                failed = error
                self._results.put(lambda: self._on_error(failed))
            else:
                self._results.put(lambda: then(result))

        self._pool.submit(run)
        return True

    def deliver(self) -> None:
        """Calls what waits for finished work. On the node's thread only."""
        while True:
            try:
                ready = self._results.get_nowait()
            except queue.Empty:
                return
            self._waiting -= 1
            ready()

    def close(self, wait: bool) -> None:
        """Begins nothing more; with ``wait`` what is under way and waiting is finished first."""
        self._pool.shutdown(wait=wait, cancel_futures=not wait)
