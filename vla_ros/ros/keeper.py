"""A node's access to the memory file: opened at the start, used on a thread of its own ever after."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from vla_ros.memory.location import memory_path
from vla_ros.memory.params import MemoryParams
from vla_ros.memory.store import MemoryStore
from vla_ros.ros import parameters
from vla_ros.ros.background import Background
from vla_ros.ros.node import VlaNode

T = TypeVar("T")
_MOST_WAITING = 200


class Keeper:
    """Declares the parameters of MemoryParams on the node and opens the file; the node calls ``deliver`` by a timer."""

    def __init__(self, node: VlaNode) -> None:
        self._node = node
        self.params = parameters.declare(node, MemoryParams)
        self.store = MemoryStore(memory_path(self.params.memory_file, node.get_namespace()), self.params)
        self._background = Background("memory", 1, _MOST_WAITING, self._failed)
        self._version = self.store.version()
        self._polling = False
        self._told = ""
        self._warn()

    @property
    def place(self) -> str:
        """The file in words, for diagnostics."""
        return str(self.store.path) if self.store.path is not None else "in memory only"

    def use(self, work: Callable[[MemoryStore], T], then: Callable[[T], None] = lambda _: None) -> bool:
        """Has ``work`` done with the store and ``then`` called with its result on the node's thread. False, and the
        work is not done, when the disk hangs and too much waits already."""
        started = self._background.start(lambda: work(self.store), then)
        if not started:
            self._node.report_fault("memory", f"{_MOST_WAITING} writes wait for {self.place}; further ones are lost")
        return started

    def poll(self, changed: Callable[[], object]) -> None:
        """Asks whether another process has written; ``changed`` is called when so."""
        if self._polling:
            return

        def heard(version: int) -> None:
            self._polling = False
            if version != self._version:
                self._version = version
                changed()

        self._polling = self._background.start(self.store.version, heard)

    def deliver(self) -> None:
        """Results to those who wait, and the store's complaints to the node's diagnostics; called by a timer."""
        self._background.deliver()
        self._warn()
        if self.store.problem and self.store.problem != self._told:
            self._node.report_fault("memory", f"{self.place}: {self.store.problem}; {self.store.lost} lost")
        self._told = self.store.problem

    def close(self) -> None:
        """Finishes what was begun and closes the file."""
        self._background.close(wait=True)
        self.store.close()

    def _warn(self) -> None:
        while self.store.warnings:
            self._node.report_fault("memory", self.store.warnings.pop(0))

    def _failed(self, error: Exception) -> None:
        self._polling = False
        self._node.report_fault("memory", f"internal error: {type(error).__name__}: {error}")
