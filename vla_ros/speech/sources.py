"""Where sound comes from: a microphone by name, or a WAV file in real time. The topic is the node's own.

Each has ``poll(now)``: the pieces since the last call. A microphone that is not there, is pulled out or comes back is
no error: poll tells the state, and tries again by itself. Goes to listener.py.
"""

from __future__ import annotations

import contextlib
import queue
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.errors import ConfigError, MissingExtraError
from vla_ros.speech.health import NO_DEVICE, UNPLUGGED, WRONG_RATE

_BLOCK_S = 0.02
_SILENT_S = 2.0


@dataclass(frozen=True, slots=True)
class Piece:
    """Some sound as it came: interleaved 16 bit samples."""

    samples: NDArray[np.int16]
    rate: int
    channels: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Why nothing comes: a state of health.py and words."""

    state: str
    words: str


class WavFile:
    """A file heard in real time, then silence. Raises ConfigError when it cannot be read."""

    def __init__(self, path: str | Path) -> None:
        try:
            with wave.open(str(path), "rb") as stream:
                if stream.getsampwidth() != 2:
                    raise ConfigError("speech_node.file", str(path), "Give a WAV file of 16 bit.")
                self._rate, self._channels = stream.getframerate(), stream.getnchannels()
                self._samples = np.frombuffer(stream.readframes(stream.getnframes()), "<i2").astype(np.int16)
        except (OSError, EOFError, wave.Error) as error:
            raise ConfigError("speech_node.file", str(path), f"Give a readable WAV file: {error}.") from None
        self._began: float | None = None
        self._told = 0

    def poll(self, now: float) -> list[Piece | Fault]:
        """What has been played since the last call; the first call begins."""
        if self._began is None:
            self._began = now
        due = int((now - self._began) * self._rate)
        count, start, self._told = due - self._told, self._told * self._channels, due
        if count <= 0:
            return []
        samples = self._samples[start : start + count * self._channels]
        silence = np.zeros(count * self._channels - len(samples), np.int16)
        return [Piece(np.concatenate([samples, silence]), self._rate, self._channels)]

    def close(self) -> None:
        """Nothing is open."""


class Microphone:
    """A device of PortAudio, chosen by a part of its name. ``sounddevice`` may be handed in (tests do)."""

    def __init__(self, name: str = "", rate: int = 0, retry_s: float = 2.0, backend: Any = None) -> None:
        self._name, self._rate, self._retry_s = name, rate, retry_s
        self._backend = backend if backend is not None else _sounddevice()
        self._queue: queue.SimpleQueue[NDArray[np.int16]] = queue.SimpleQueue()
        self._stream: Any = None
        self._opened_rate = 0
        self._fault = Fault(NO_DEVICE, "")
        self._tried_at = -1e9
        self._heard_at = 0.0
        self._tried = self._was_open = False

    def poll(self, now: float) -> list[Piece | Fault]:
        """The pieces that PortAudio's thread has put down, or the fault while there is none."""
        if self._stream is None and now - self._tried_at >= self._retry_s:
            self._tried_at = now
            self._open(now)
        if self._stream is None:
            return [self._fault]
        pieces: list[Piece | Fault] = []
        while not self._queue.empty():
            pieces.append(Piece(self._queue.get(), self._opened_rate, 1))
        if pieces:
            self._heard_at = now
        elif not self._stream.active or now - self._heard_at > _SILENT_S:
            self.close()
            self._fault = Fault(UNPLUGGED, f"The microphone '{self._name or 'default'}' has gone; plug it in again.")
            return [self._fault]
        return pieces

    def close(self) -> None:
        """Ends the stream."""
        if self._stream is not None:
            with contextlib.suppress(self._backend.PortAudioError):  # pulled out, it cannot be closed in order
                self._stream.close()
            self._stream = None

    def _open(self, now: float) -> None:
        try:
            if self._tried:  # PortAudio lists the devices once; a new one is seen after a restart of the library
                self._backend._terminate()
                self._backend._initialize()
            self._tried = True
            index = self._find()
            if index is None:
                return
            rate = self._rate or int(self._backend.query_devices(index)["default_samplerate"])
            try:
                self._backend.check_input_settings(device=index, channels=1, dtype="int16", samplerate=rate)
            except (ValueError, self._backend.PortAudioError) as error:
                self._fault = Fault(WRONG_RATE, f"'{self._name or 'default'}' does not take {rate} Hz: {error}")
                return
            while not self._queue.empty():
                self._queue.get()
            self._stream = self._backend.InputStream(
                device=index, channels=1, dtype="int16", samplerate=rate, blocksize=round(rate * _BLOCK_S),
                callback=self._take,
            )  # fmt: skip
            self._stream.start()
            self._opened_rate, self._heard_at, self._was_open = rate, now, True
        except self._backend.PortAudioError as error:
            self.close()
            self._fault = Fault(self._absent(), f"cannot open the microphone: {error}")

    def _absent(self) -> str:
        return UNPLUGGED if self._was_open else NO_DEVICE

    def _find(self) -> int | None:
        inputs = [(i, d["name"]) for i, d in enumerate(self._backend.query_devices()) if d["max_input_channels"] > 0]
        wanted = [index for index, name in inputs if self._name.lower() in name.lower()]
        usual = self._backend.default.device[0]
        if not self._name and usual in wanted:
            return int(usual)
        if wanted:
            return wanted[0]
        there = ", ".join(name for _, name in inputs) or "none"
        self._fault = Fault(self._absent(), f"no microphone called '{self._name}'. There are: {there}.")
        return None

    def _take(self, data: NDArray[np.int16], frames: int, time: Any, status: Any) -> None:
        self._queue.put(data[:, 0].copy())


def _sounddevice() -> Any:
    try:
        import sounddevice
    except ImportError:
        raise MissingExtraError("sounddevice", "Install it: pip install 'vla_ros[speech]'.") from None
    except OSError:
        raise MissingExtraError("PortAudio", "Install it: sudo apt-get install libportaudio2.") from None
    return sounddevice
