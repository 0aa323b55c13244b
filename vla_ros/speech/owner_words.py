"""The owner's own stop words, spotted by pocketsphinx: each against a loop of all phones.

Words of two syllables and more are found best; how sure it must be grows with the number of phones. Goes to
spoken_stop.py. pocketsphinx is imported when it is made.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.errors import ConfigError, MissingExtraError
from vla_ros.speech.pronunciation import pronounce, read_dictionary

_LOG10_A_PHONE = -5.0
"""Of the ratio to the phone loop from which a phrase counts, for each of its phones."""
_DELAY_FRAMES = 6


class OwnerWords:
    """Listens to a stream of 16 kHz mono PCM. Raises MissingExtraError without pocketsphinx, ConfigError for words."""

    def __init__(self, words: Sequence[str]) -> None:
        try:
            import pocketsphinx
        except ImportError:
            raise MissingExtraError("pocketsphinx", "Install it: pip install 'vla_ros[speech]'.") from None
        phrases = dict.fromkeys(_plain(phrase) for phrase in words)
        known = read_dictionary(Path(pocketsphinx.get_model_path()) / "en-us" / "cmudict-en-us.dict")
        used = list(dict.fromkeys(word for phrase in phrases for word in phrase.split()))
        sounds = {**{w: known[w][0] for w in used if w in known}, **pronounce(used, known)}
        with tempfile.TemporaryDirectory() as folder:
            dictionary, phrase_list = Path(folder) / "words.dict", Path(folder) / "phrases.list"
            dictionary.write_text("".join(f"{word} {phones}\n" for word, phones in sounds.items()), encoding="utf-8")
            lines = []
            for phrase in phrases:
                phones = sum(len(sounds[word].split()) for word in phrase.split())
                lines.append(f"{phrase} /1e{_LOG10_A_PHONE * phones:.0f}/\n")
            phrase_list.write_text("".join(lines), encoding="utf-8")
            self._decoder: Any = pocketsphinx.Decoder(
                kws=str(phrase_list), dict=str(dictionary), kws_delay=_DELAY_FRAMES, loglevel="FATAL"
            )
        self._decoder.start_utt()

    def hear(self, samples: NDArray[np.int16]) -> str | None:
        """Takes the next samples in; returns a word once for each time it is said."""
        self._decoder.process_raw(samples.tobytes(), False, False)
        found = self._decoder.hyp()
        if found is None:
            return None
        self._decoder.end_utt()
        self._decoder.start_utt()
        return str(found.hypstr).strip()


def _plain(phrase: str) -> str:
    words = phrase.lower().split()
    if not words or not all(w.isascii() and w.isalpha() for w in words):
        raise ConfigError("speech_node.stop_words", phrase, "Write words of the letters a to z, e.g. red light.")
    return " ".join(words)
