"""Parameters of the language stage, read from YAML or ROS parameters by name."""

from __future__ import annotations

from dataclasses import dataclass

from vla_ros.core.config import param


@dataclass(frozen=True)
class LanguageParams:
    """How the front doors behave."""

    words: str = param("words", "words YAML: a path, or a name in config")
    extra_words: tuple[str, ...] = param((), "the owner's words YAML files, added to those of words")
    on_busy: str = param("queue", "what a second instruction gets while one runs", choices=("queue", "refuse"))
    accept_timeout_s: float = param(
        5.0, "how long the planner may take to say anything about a new task", unit="s", minimum=0.2, maximum=60.0
    )
    question_memory_s: float = param(
        60.0, "how long an incomplete instruction waits for its missing words", unit="s", minimum=1.0, maximum=3600.0
    )
    speak: bool = param(True, "say questions on speech_out (the planner says the rest)")
