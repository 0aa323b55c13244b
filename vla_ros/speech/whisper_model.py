"""Whisper tiny.en ready for use: its network and its tokens, loaded once for the recognisers that share it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vla_ros.speech import whisper_files
from vla_ros.speech.whisper_network import WhisperNetwork
from vla_ros.speech.whisper_tokens import Tokens


@dataclass(frozen=True, slots=True)
class WhisperModel:
    """Make it with :meth:`load`."""

    network: WhisperNetwork
    tokens: Tokens

    @classmethod
    def load(cls, corrections: Path | None = whisper_files.HEARING) -> WhisperModel:
        """Takes half a second and 250 MB; without ``corrections`` it is whisper as published.

        Raises MissingExtraError without the weights, ConfigError for other ones.
        """
        folder = whisper_files.folder()
        weights = whisper_files.read_weights(whisper_files.checked(folder / "model.bin"))
        if corrections is not None:
            weights = whisper_files.corrected(weights, corrections)
        return cls(WhisperNetwork(weights), Tokens(whisper_files.checked(folder / "vocabulary.txt").decode()))
