"""Whisper tiny.en ready for use: its network and its tokens, loaded once for the recognisers that share it."""

from __future__ import annotations

from dataclasses import dataclass

from vla_ros.speech import whisper_files
from vla_ros.speech.whisper_network import WhisperNetwork
from vla_ros.speech.whisper_tokens import Tokens


@dataclass(frozen=True, slots=True)
class WhisperModel:
    """Make it with :meth:`load`."""

    network: WhisperNetwork
    tokens: Tokens

    @classmethod
    def load(cls) -> WhisperModel:
        """Takes half a second and 250 MB. Raises MissingExtraError without the weights, ConfigError for other ones."""
        folder = whisper_files.folder()
        weights = whisper_files.read_weights(whisper_files.checked(folder / "model.bin"))
        return cls(WhisperNetwork(weights), Tokens(whisper_files.checked(folder / "vocabulary.txt").decode()))
