"""The small recogniser, where whisper's weights are not: pocketsphinx with the word triples of the closed grammar.

Imports the vocabulary's parts; pocketsphinx when made. Goes to understanding.py.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.errors import MissingExtraError
from vla_ros.speech.grammar import rules
from vla_ros.speech.language_model import arpa
from vla_ros.speech.pronunciation import pronounce, read_dictionary
from vla_ros.speech.readings import Reading
from vla_ros.speech.sampling import Sampler
from vla_ros.speech.vocabulary import Vocabulary

SENTENCES = 60_000
_LEVEL = 0.08
_PLACE = 0.03
"""What a place further down the list costs; the decoder's own scores of its list are in no known unit."""


class ClosedRecognizer:
    """Hears what the lexicon knows. Raises MissingExtraError without pocketsphinx."""

    def __init__(self, words: Vocabulary, sentences: int = SENTENCES, seed: int = 0) -> None:
        try:
            import pocketsphinx
        except ImportError:
            raise MissingExtraError("pocketsphinx", "Install it: pip install 'vla_ros[speech]'.") from None
        drawn = list(Sampler(rules(words), seed).sentences(sentences))
        used = sorted({word for sentence in drawn for word in sentence})
        known = read_dictionary(Path(pocketsphinx.get_model_path()) / "en-us" / "cmudict-en-us.dict")
        made = pronounce(used, known)
        lines = [
            f"{word}{'' if i == 0 else f'({i + 1})'} {phones}"
            for word in used
            for i, phones in enumerate(known.get(word) or (made[word],))
        ]
        with tempfile.TemporaryDirectory() as folder:
            dictionary, model = Path(folder) / "words.dict", Path(folder) / "words.lm"
            dictionary.write_text("\n".join(lines) + "\n", encoding="utf-8")
            model.write_text(arpa(drawn), encoding="utf-8")
            self._decoder: Any = pocketsphinx.Decoder(
                lm=str(model), dict=str(dictionary), loglevel="FATAL", **_SETTINGS
            )

    def readings(self, samples: NDArray[np.int16], count: int) -> tuple[Reading, ...]:
        """See readings.Recognizer."""
        data = _evened(samples)
        self._decoder.start_utt()
        # At once, though it holds Python's lock: in pieces the mean of the cepstra is that of the sentences before, and
        # what is heard depends on what was said before it.
        self._decoder.process_raw(data.tobytes(), full_utt=True)
        self._decoder.end_utt()
        best = self._decoder.hyp()
        if best is None or not best.hypstr:
            return ()
        found = {best.hypstr: None}
        for number, reading in enumerate(self._decoder.nbest()):
            if len(found) >= count or number > 20 * count:
                break
            if reading.hypstr:
                found.setdefault(reading.hypstr)
        return tuple(Reading(text, -_PLACE * place) for place, text in enumerate(found))


_SETTINGS: dict[str, Any] = {"lw": 10.0, "fwdflatlw": 11.0, "bestpathlw": 12.0, "wip": 0.3, "remove_noise": True}


def _evened(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """At the loudness that the acoustic model was made for, whatever the microphone's gain."""
    audio = samples.astype(np.float32) / 32768.0
    loud = np.sqrt(np.mean(audio**2)) + 1e-6
    return (np.clip(audio * (_LEVEL / loud), -1.0, 1.0) * 32767.0).astype(np.int16)
