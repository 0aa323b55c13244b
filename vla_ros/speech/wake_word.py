"""An optional wake word by pyopen-wakeword: sentences count only for a while after it. Off unless it is named.

The package's own models (hey_jarvis, alexa, …) are not for commercial use; give a path to one of your own then.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.errors import ConfigError, MissingExtraError


class WakeWord:
    """Listens to 16 kHz mono. Raises MissingExtraError and ConfigError (unknown model)."""

    def __init__(self, name: str, threshold: float = 0.5) -> None:
        try:
            import pyopen_wakeword
        except ImportError:
            raise MissingExtraError("pyopen-wakeword", "Install it: pip install 'vla_ros[wake]'.") from None
        known = {model.value: model for model in pyopen_wakeword.Model}
        if name in known:
            self._word: Any = pyopen_wakeword.OpenWakeWord.from_builtin(known[name])
        elif Path(name).is_file():
            self._word = pyopen_wakeword.OpenWakeWord.from_model(name)
        else:
            remedy = f"Name a .tflite file or one of: {', '.join(sorted(known))}."
            raise ConfigError("speech_node.wake_word", name, remedy)
        self._features: Any = pyopen_wakeword.OpenWakeWordFeatures.from_builtin()
        self._threshold = threshold

    def heard(self, samples: NDArray[np.int16]) -> bool:
        """Takes the next samples in; True when the word has just been said."""
        found = False
        for features in self._features.process_streaming(samples.tobytes()):
            found |= any(p > self._threshold for p in self._word.process_streaming(features))
        return found
