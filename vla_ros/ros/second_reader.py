"""A larger model as second reader of instructions, asked on threads of its own: the node hears "stop" meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from vla_ros.core.task import Task
from vla_ros.language.models.model_parser import ModelParser, Reading
from vla_ros.ros.background import Background
from vla_ros.ros.node import VlaNode

_AT_ONCE = 2
_MOST_WAITING = 4

Read = Callable[[Task | None], None]
"""Gets the reading that stands, None when the instruction was dropped by a stop meanwhile."""


class SecondReader:
    """Asks ``model`` (None: nobody) about instructions that the built-in parser is not sure of."""

    def __init__(self, node: VlaNode, model: ModelParser | None) -> None:
        self._node, self._model = node, model
        self._background = Background("reader", _AT_ONCE, _MOST_WAITING, self._failed)
        self._open: dict[int, tuple[Task, Read]] = {}
        self._count = 0

    @property
    def in_use(self) -> bool:
        """True when there is a model to ask."""
        return self._model is not None

    def ask(self, quick: Task, then: Read) -> bool:
        """False when the built-in reading ``quick`` stands at once: no model, no need, or too much waits already.
        Else ``then`` is called later, on the node's thread, with what stands."""
        model = self._model
        if model is None or not model.wants(quick):
            return False
        self._count += 1
        number = self._count
        if not self._background.start(lambda: model.ask(quick.text, quick), lambda r: self._read(number, r)):
            return False
        self._open[number] = (quick, then)
        return True

    def drop(self) -> None:
        """Somebody said stop: no answer that comes later may set the robot going."""
        dropped, self._open = list(self._open.values()), {}
        for _, then in dropped:
            then(None)

    def deliver(self) -> None:
        """Hands out what has been read; called by a timer."""
        self._background.deliver()

    def close(self) -> None:
        """What is still asked is left alone."""
        self._background.close(wait=False)

    def _read(self, number: int, reading: Reading) -> None:
        asked = self._open.pop(number, None)
        if asked is None:
            return
        if not reading.by_model:
            self._node.log_every(5.0, "model", f"language model not used: {reading.complaint}")
        asked[1](reading.task)

    def _failed(self, error: Exception) -> None:
        self._node.report_fault("model", f"internal error: {type(error).__name__}: {error}")
        for number in list(self._open):  # which one failed is not known: each gets the reading that it had
            quick, then = self._open.pop(number)
            then(quick)
