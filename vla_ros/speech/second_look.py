"""The spoken stop's second look: whisper's ear tells whether the word really is in the last moment of sound.

The first network (stop_network.py) follows the sound all the time and is small; alone it either misses stops or hears
some that are none. Where it is in doubt, the encoder of whisper tiny.en, which has heard many people, looks once at the
last WINDOW samples, with corrections and a head of its own (second_look.npz, made by benchmarks/stop_look_training.py).
That takes some 15 ms of one core. Goes to spoken_stop.py, which does without where the weights are not installed.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.arrays import read_arrays
from vla_ros.core.errors import ConfigError, MissingExtraError
from vla_ros.speech import whisper_files
from vla_ros.speech.mel import RATE, log_mel
from vla_ros.speech.stop_network import Floats, softmax
from vla_ros.speech.whisper_network import Encoder

WEIGHTS = Path(__file__).with_name("second_look.npz")
WINDOW = round(1.28 * RATE)
"""Samples that are looked at: a word and a little of what was before it."""
_HEAD = ("queries", "last", "last_b")


class SecondLook:
    """Loads in half a second. Raises MissingExtraError without whisper's weights, ConfigError for other ones."""

    def __init__(self, path: Path = WEIGHTS) -> None:
        weights = whisper_files.read_weights(whisper_files.checked(whisper_files.folder() / "model.bin"))
        self._encoder = Encoder(whisper_files.corrected(weights, path))
        head = read_arrays(path)
        missing = [name for name in _HEAD if name not in head]
        if missing:
            raise ConfigError(str(path), f"no {missing[0]}", "Install vla_ros again.")
        self._queries, self._last, self._last_bias = (head[name].astype(np.float32) for name in _HEAD)

    def chances(self, samples: NDArray[np.int16]) -> Floats:
        """The last WINDOW samples of 16 kHz mono -> (4,) probabilities of CLASSES."""
        states = self._encoder.states(log_mel(samples[-WINDOW:], WINDOW / RATE))
        places = softmax(np.asarray((states @ self._queries).T, np.float32))  # (queries, states)
        found = (places @ states).reshape(-1)
        return softmax(np.asarray(found @ self._last + self._last_bias, np.float32))


@lru_cache(maxsize=1)
def _loaded() -> SecondLook:
    return SecondLook()


def second_look(wanted: str = "auto") -> SecondLook | None:
    """The one of this process, for as many ears as there are; None for "never", and for "auto" without the weights.

    Raises MissingExtraError for "always" without them, ConfigError for other ones.
    """
    if wanted == "never":
        return None
    try:
        return _loaded()
    except MissingExtraError:
        if wanted == "auto":
            return None
        raise
