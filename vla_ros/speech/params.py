"""Parameters of the speech stage, read from YAML or ROS parameters by name."""

from __future__ import annotations

from dataclasses import dataclass

from vla_ros.core.config import param


@dataclass(frozen=True)
class SpeechParams:
    """Where sound comes from, what counts as speech, what stops the robot, and how the robot speaks."""

    source: str = param("topic", "where sound comes from", choices=("topic", "microphone", "file"))
    device: str = param("", "microphone: part of its name (python -m sounddevice lists them); empty: the default one")
    file: str = param("", "WAV file of 16 bit that is heard in real time, for source file")
    device_rate: int = param(0, "rate to open the microphone with; 0: its own", unit="Hz", minimum=0, maximum=192000)
    words: str = param("words", "words YAML, as language_node's: what the closed recogniser can hear")
    extra_words: tuple[str, ...] = param((), "the owner's words YAML files, as language_node's")

    stop_words: tuple[str, ...] = param(
        (), "the owner's own words or phrases that stop the robot, besides stop, halt, freeze"
    )
    stop_threshold: float = param(0.9, "sureness from which a stop word acts", minimum=0.05, maximum=0.999)
    stop_second_look: str = param(
        "auto",
        "whisper's ear looks again where the stop's small network is in doubt; auto: where its weights are installed",
        choices=("auto", "always", "never"),
    )
    wake_word: str = param("", "model of pyopen-wakeword, e.g. hey_jarvis, or a .tflite file; empty: no wake word")
    wake_threshold: float = param(0.5, "sureness from which the wake word counts", minimum=0.05, maximum=0.999)
    awake_s: float = param(8.0, "how long it listens after the wake word", unit="s", minimum=1.0, maximum=120.0)

    vad: str = param("auto", "detector of speech; auto: silero where installed", choices=("auto", "silero", "energy"))
    speech_threshold: float = param(0.5, "probability from which a piece is speech", minimum=0.05, maximum=0.95)
    pause_s: float = param(0.7, "a pause so long ends a sentence", unit="s", minimum=0.2, maximum=3.0)
    longest_s: float = param(15.0, "a longer sentence is cut", unit="s", minimum=2.0, maximum=60.0)

    recognizer: str = param(
        "auto",
        "the first recogniser: guided (whisper led by your words), closed (pocketsphinx), free (whisper); auto: guided"
        " where its weights are installed",
        choices=("auto", "guided", "closed", "free"),
    )
    free_recognizer: str = param(
        "auto", "the fall-back in free words; auto: where installed", choices=("auto", "whisper", "none")
    )
    readings: int = param(8, "readings of a sentence that the parser may choose from", minimum=1, maximum=50)
    accept: float = param(
        0.5, "sense that a closed reading must make; below it the free one is tried", minimum=0.0, maximum=1.0
    )

    least_sense: float = param(0.3, "readings that make less sense are not published", minimum=0.0, maximum=1.0)

    silence_after_s: float = param(60.0, "digital silence so long is reported", unit="s", minimum=1.0, maximum=3600.0)
    clipping_share: float = param(0.01, "clipped samples of a second that are reported", minimum=0.0001, maximum=1.0)
    retry_s: float = param(
        2.0, "between attempts to open a device that is not there", unit="s", minimum=0.2, maximum=60.0
    )

    speak: bool = param(True, "say speech_out aloud with espeak-ng")
    voice: str = param("en-us", "espeak-ng voice: espeak-ng --voices=en")
    words_per_minute: int = param(165, "of the robot's voice", minimum=80, maximum=450)
    volume: int = param(100, "of the robot's voice", unit="%", minimum=0, maximum=200)
    echo_s: float = param(
        0.4, "the room's echo of the robot's voice is not listened to", unit="s", minimum=0.0, maximum=5.0
    )
