"""The ear: sound in, stops at once, sentences when they end. Everything else of the stage is called from here.

A stop is looked for in every piece of sound, also while the robot speaks; sentences are cut only from what is not the
robot's own voice. Recognising a sentence takes long, so it is not done here: the caller hands the sentence to
understanding.py in a thread of its own. Takes values and ``now``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.errors import InputError
from vla_ros.speech.health import WRONG_RATE, SoundHealth, SoundState
from vla_ros.speech.params import SpeechParams
from vla_ros.speech.resample import Resampler
from vla_ros.speech.second_look import second_look
from vla_ros.speech.sentences import Sentences
from vla_ros.speech.sources import Fault, Piece
from vla_ros.speech.spoken_stop import SpokenStop, StopHeard
from vla_ros.speech.vad import speech_detector
from vla_ros.speech.wake_word import WakeWord


@dataclass(slots=True)
class Heard:
    """What one piece of sound brought."""

    stop: StopHeard | None = None
    sentences: list[NDArray[np.int16]] = field(default_factory=list)


class Listener:
    """One ear. Raises ConfigError and MissingExtraError when it is made."""

    def __init__(self, params: SpeechParams) -> None:
        self._params = params
        self._stop = SpokenStop(params.stop_threshold, params.stop_words, second_look(params.stop_second_look))
        detector = speech_detector(params.vad)
        self._sentences = Sentences(detector, params.speech_threshold, params.pause_s, params.longest_s)
        self._wake = WakeWord(params.wake_word, params.wake_threshold) if params.wake_word else None
        self._awake_until = -1e9
        self._deaf_until = -1e9
        self._resampler: Resampler | None = None
        self._health = SoundHealth(params.silence_after_s, params.clipping_share)

    @property
    def somebody_speaks(self) -> bool:
        """A person is in the middle of a sentence."""
        return self._sentences.speaking

    def robot_speaks(self, now: float) -> None:
        """To be called again and again while the robot's own voice sounds: it is no command, nor is its echo."""
        self._deaf_until = now + self._params.echo_s
        self._sentences.drop()

    @property
    def looks_twice(self) -> bool:
        """Whether the spoken stop has its second look."""
        return self._stop.looks_twice

    def state(self, now: float) -> SoundState:
        """How the sound comes in."""
        return self._health.state(now)

    def hear(self, piece: Piece | Fault, now: float) -> Heard:
        """Takes the next piece in. A rate or number of channels that cannot be used is a state, no error."""
        if isinstance(piece, Fault):
            self._health.failed(piece.state, piece.words)
            return Heard()
        try:
            sound = self._resampled(piece)
        except InputError as error:
            self._health.failed(WRONG_RATE, str(error))
            return Heard()
        self._health.heard(piece.samples, now)
        stop = self._stop.hear(sound)
        if now < self._deaf_until:
            self._sentences.drop()
            return Heard(stop)
        if self._wake is not None and self._wake.heard(sound):
            self._awake_until = now + self._params.awake_s
            self._sentences.drop()
            return Heard(stop)
        awake = self._wake is None or now < self._awake_until
        ended = self._sentences.feed(sound)
        if awake and self._wake is not None and self._sentences.speaking:
            self._awake_until = max(self._awake_until, now + self._params.pause_s + 0.5)  # not in mid-sentence
        return Heard(stop, ended if awake else [])

    def _resampled(self, piece: Piece) -> NDArray[np.int16]:
        known = self._resampler
        if known is None or (known.rate, known.channels) != (piece.rate, piece.channels):
            known = self._resampler = Resampler(piece.rate, piece.channels)
        return known.feed(piece.samples)
