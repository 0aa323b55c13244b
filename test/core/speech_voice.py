"""A voice for the speech tests: espeak-ng at 16 kHz, and rooms that are never quite silent."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.speech_sounds import ESPEAK, RATE, level, pad, pcm, speak

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs the program espeak-ng (apt)")


def spoken(text: str, number: int = 0, before_s: float = 1.0, after_s: float = 1.0) -> NDArray[np.int16]:
    """``text`` by a voice, in a quiet room."""
    audio = pad(level(speak(text, ESPEAK[number]), 0.1), before_s, after_s)
    return pcm(audio + 0.001 * np.random.default_rng(number).standard_normal(len(audio)).astype(np.float32))


def room(seconds: float) -> NDArray[np.int16]:
    """Nobody speaks."""
    noise = np.random.default_rng(5).standard_normal(round(seconds * RATE)).astype(np.float32)
    return pcm(0.001 * noise)


def pieces(samples: NDArray[np.int16], length: int = 320) -> list[NDArray[np.int16]]:
    """As a sound card brings it."""
    return [samples[i : i + length] for i in range(0, len(samples), length)]
