"""Parameters of the language stage, read from YAML or ROS parameters by name."""

from __future__ import annotations

from dataclasses import dataclass

from vla_ros.core.config import param


@dataclass(frozen=True)
class LanguageParams:
    """How the front doors behave."""

    words: str = param("words", "words YAML: a path, or a name in config")
    extra_words: tuple[str, ...] = param((), "the owner's words YAML files, added to those of words")
    dialogue: str = param("dialogue", "dialogue YAML: a path, or a name in config")
    on_busy: str = param("queue", "what a second instruction gets while one runs", choices=("queue", "refuse"))
    accept_timeout_s: float = param(
        5.0, "how long the planner may take to say anything about a new task", unit="s", minimum=0.2, maximum=60.0
    )
    silence_timeout_s: float = param(
        5.0,
        "a command of which the planner says nothing for so long has failed (it repeats every status once a second)",
        unit="s",
        minimum=2.0,
        maximum=300.0,
    )
    question_memory_s: float = param(
        60.0, "how long an incomplete instruction waits for its missing words", unit="s", minimum=1.0, maximum=3600.0
    )
    correction_memory_s: float = param(
        60.0, "how long after its end a command can be corrected", unit="s", minimum=0.0, maximum=3600.0
    )
    speak: bool = param(True, "say questions on speech_out (the planner says the rest)")
    back_end: str = param(
        "builtin",
        "who reads what the built-in parser is not sure of: nobody else, an OpenAI-compatible endpoint, or a local "
        "transformers model (pip extra llm)",
        choices=("builtin", "endpoint", "transformers"),
    )
    model: str = param("", "the model's name at the endpoint, or the folder of a local one")
    model_url: str = param("http://127.0.0.1:8000/v1", "base URL of the endpoint")
    model_key_variable: str = param("", "environment variable that holds the endpoint's key; empty: no key")
    model_timeout_s: float = param(8.0, "what asking the model may take in all", unit="s", minimum=0.1, maximum=120.0)
    model_attempts: int = param(2, "how often a model that answers nonsense is asked", minimum=1, maximum=5)
    model_below: float = param(
        0.6, "readings of the built-in parser with less confidence are put to the model", minimum=0.0, maximum=1.0
    )
    model_trust: float = param(0.8, "upper bound of the confidence of a model's reading", minimum=0.0, maximum=1.0)
