"""Recognition in a process of its own, so that neither the spoken stop nor the node waits while it works.

The child is ``python -m vla_ros.ros.recognition``: pickled values come by its standard input and go by its standard
output. It ends with its parent, and when it dies another one takes its place. No ROS in it.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.catalog import Catalog
from vla_ros.core.errors import ConfigError, MissingExtraError
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.people import People
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.parser import GrammarParser
from vla_ros.language.words import Words
from vla_ros.ros.spoken_words import sense_of, vocabulary
from vla_ros.speech.params import SpeechParams
from vla_ros.speech.understanding import Understanding, Understood, recognizers

_LOST = (EOFError, BrokenPipeError, pickle.UnpicklingError)


class RecognitionFailed(Exception):
    """The child could not make its recognisers; the text says why and what to do."""


def understanding(
    params: SpeechParams, catalog: Catalog, home: FloorPlan | None, people: People | None, words: Words
) -> Understanding:
    """The recognisers with the words of this home. Raises MissingExtraError and ConfigError."""
    parser = GrammarParser(Lexicon.build(catalog, home, people, words))
    names = {word for person in people.people for word in (person.name, *person.synonyms)} if people else set()
    sense = partial(sense_of, parser)
    made = recognizers(params, vocabulary(parser.lexicon, names))
    return Understanding(made, sense, params.readings, params.accept)


class RecognitionProcess:
    """One child that understands. All but :meth:`close` belong to one thread."""

    def __init__(self, make: Callable[[], Understanding]) -> None:
        """``make`` is called in the child and must be picklable."""
        self._make = make
        self._child: subprocess.Popen[bytes] | None = None
        self._closing = threading.Lock()
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The child's."""
        return None if self._child is None else self._child.pid

    def start(self) -> tuple[str, ...]:
        """Waits until the child is ready; returns the names of its recognisers. Raises RecognitionFailed."""
        with self._closing:
            if self._closed:
                return ()
            env = {"OMP_NUM_THREADS": "1", **os.environ}
            command = [sys.executable, "-m", "vla_ros.ros.recognition"]
            self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
        try:
            ready = self._ask(self._make)
        except _LOST:
            raise RecognitionFailed("The process of the recognisers ended at its start; its output says why.") from None
        if isinstance(ready, str):
            raise RecognitionFailed(ready)
        names: tuple[str, ...] = ready
        return names

    def understand(self, samples: NDArray[np.int16]) -> Understood:
        """See Understanding. A child that died is replaced and asked again, once: the sentence may be what kills it."""
        for _ in range(2):
            try:
                answer: Understood = self._ask(samples)
                return answer
            except _LOST:
                if self._child is not None:
                    self._child.wait()
                if not self.start():
                    break
        return Understood("", -1.0, "")

    def close(self) -> None:
        """Ends the child, whatever it does."""
        with self._closing:
            self._closed = True
            if self._child is not None:
                self._child.kill()
                self._child.wait()

    def _ask(self, value: Any) -> Any:
        child = self._child
        if child is None or child.stdin is None or child.stdout is None:
            raise EOFError
        pickle.dump(value, child.stdin)
        child.stdin.flush()
        return pickle.load(child.stdout)


def main() -> None:
    """The child: makes what the first value says, then answers sentences until its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the parent, and the parent's end ends this
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not come among the answers

    def answer(value: Any) -> None:
        pickle.dump(value, answers)
        answers.flush()

    try:
        try:
            made: Understanding = pickle.load(questions)()
        except (MissingExtraError, ConfigError) as error:
            return answer(str(error))
        answer(made.names)
        while True:
            answer(made.understand(pickle.load(questions)))
    except (EOFError, BrokenPipeError):
        return None


if __name__ == "__main__":
    main()
