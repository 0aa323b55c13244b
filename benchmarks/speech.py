"""How well the robot hears: commands, spoken stops, false stops. ``python -m benchmarks.speech``

Prints one JSON line with only what was asked for (everything but --home when nothing is named):

commands   Tasks exact of N household commands (benchmarks/language_suites, words that a closed grammar can hold), each
           by one of the synthetic voices, clean and under noise at 10 dB, with the recogniser's time; each twenty of
           them are counted on the error output
talk       share of N sentences that are not meant for the robot (of the licence's text) that become commands
stops      share of N stop phrases under noise at 10 dB that are told, and the delay from the end of the word, in the
           stream and in computing
false      stops told in M minutes of talk and music-like noise, per hour, with the upper bound of a Poisson count
gate       end of the word to the first zero command behind the real safety_node, through speech_node, in real time
home       a spoken command makes the robot in the simulated home act (about a minute)

Voices: espeak-ng in six variants and flite in four, noises and music from benchmarks/speech_sounds.py. Intervals are
Wilson's at 95 %.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speech_commands import cases, commands, not_for_the_robot
from benchmarks.speech_sounds import (
    CHATTER,
    NOISES,
    RATE,
    Audio,
    Voice,
    level,
    music,
    noise,
    noisy,
    pcm,
    speak,
    voices,
)  # fmt: skip
from vla_ros.cli import environment

ROOT = Path(__file__).resolve().parents[1]
STOP_PHRASES = (
    "stop", "halt", "freeze", "robot stop", "please stop", "oh no stop", "stop now", "stop it", "halt robot",
    "freeze now",
)  # fmt: skip
SNR_DB = 10.0


def wilson(hits: int, count: int) -> list[float]:
    """The 95 % interval of a share (Wilson, 1927)."""
    z, n = 1.96, max(1, count)
    share = hits / n
    middle, half = share + z * z / (2 * n), z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return [round(float((middle - half) / (1 + z * z / n)), 4), round(float((middle + half) / (1 + z * z / n)), 4)]


def share(hits: int, count: int) -> dict[str, Any]:
    """A share with its count and interval."""
    return {"n": count, "share": round(hits / max(1, count), 4), "interval": wilson(hits, count)}


def percentiles(values: list[float]) -> dict[str, float]:
    """p50, p99 and max."""
    return {name: round(float(np.percentile(values, q)), 1) for name, q in (("p50", 50), ("p99", 99), ("max", 100))}


# -- stops -------------------------------------------------------------------------------------------------


def stops(count: int, seed: int, threshold: float) -> dict[str, Any]:
    """Stop phrases in noise, streamed in pieces of 20 ms."""
    from vla_ros.speech.spoken_stop import SpokenStop

    cast, rng = voices(), np.random.default_rng(seed)
    told, delays, busy, missed = 0, [], [], {}
    for number in range(count):
        text = STOP_PHRASES[number % len(STOP_PHRASES)]
        voice = cast[int(rng.integers(len(cast)))]
        speech = level(speak(text, voice), float(rng.uniform(0.03, 0.2)))
        kind = NOISES[int(rng.integers(len(NOISES)))]
        sound = pcm(noisy(speech, noise(kind, len(speech) + 4 * RATE, rng), SNR_DB, 3.0, 1.0))
        spotter, found = SpokenStop(threshold), None
        for start in range(0, len(sound), 320):
            began = time.process_time()
            heard = spotter.hear(sound[start : start + 320])
            busy.append(1e3 * (time.process_time() - began))
            found = found or heard
        told += found is not None
        if found is None:
            missed[f"{text}, {voice.label}, {kind}"] = missed.get(f"{text}, {voice.label}, {kind}", 0) + 1
        elif text.endswith(("stop", "halt", "freeze")):
            delays.append(1e3 * (found.samples - 3 * RATE - len(speech)) / RATE)
    out = {**share(told, count), "threshold": threshold, "delay_ms": percentiles(delays), "missed": missed}
    return {**out, "cpu_ms_of_20_ms": percentiles(busy)}


def prose() -> list[str]:
    """Sentences of the package's own pages and commands, none with a stop word in it."""
    text = " ".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    )
    text = re.sub(r"```.*?```", " ", text, flags=re.DOTALL)
    plain = (re.sub(r"[^A-Za-z0-9,' ]", " ", part).strip() for part in re.split(r"[.!?\n|]", text))
    kept = [s for s in plain if 4 <= len(s.split()) <= 30] + list(CHATTER)
    kept += [case.text for case in cases(200, 99)]
    return [s for s in kept if not re.search(r"\b(stop|halt|freez|froz)", s.lower())]


def talk(seconds: float, rng: np.random.Generator, cast: tuple[Voice, ...]) -> Audio:
    """People who talk about other matters, with pauses, in a room with some noise."""
    sentences, parts, done = prose(), [], 0.0
    while done < seconds:
        speech = level(
            speak(str(rng.choice(sentences)), cast[int(rng.integers(len(cast)))]), float(rng.uniform(0.03, 0.2))
        )
        parts += [speech, np.zeros(int(rng.uniform(0.2, 1.5) * RATE), np.float32)]
        done += sum(map(len, parts[-2:])) / RATE
    whole = np.concatenate(parts)
    return whole + level(noise("pink", len(whole), rng), 0.003)


def false_stops(minutes: float, seed: int, threshold: float) -> dict[str, Any]:
    """Half talk, half music; faster than real time."""
    from vla_ros.speech.spoken_stop import SpokenStop

    cast, rng, spotter = voices(), np.random.default_rng(seed), SpokenStop(threshold)
    told: dict[str, int] = {"talk": 0, "music": 0}
    heard_s = {"talk": 0.0, "music": 0.0}
    while sum(heard_s.values()) < 60.0 * minutes:
        kind = "talk" if heard_s["talk"] <= heard_s["music"] else "music"
        audio = talk(60.0, rng, cast) if kind == "talk" else level(music(60 * RATE, rng), float(rng.uniform(0.03, 0.2)))
        sound = pcm(audio)
        heard_s[kind] += len(sound) / RATE
        told[kind] += sum(spotter.hear(sound[i : i + 320]) is not None for i in range(0, len(sound), 320))
    hours, total = sum(heard_s.values()) / 3600.0, sum(told.values())
    from scipy.stats import chi2

    upper = float(chi2.ppf(0.95, 2 * total + 2)) / 2.0 / hours
    return {"hours": round(hours, 3), "told": told, "an_hour": round(total / hours, 2), "upper_95": round(upper, 2),
            "threshold": threshold}  # fmt: skip


def main() -> None:
    """Runs what was asked for; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commands", type=int, metavar="N", help="commands to recognise (200)")
    parser.add_argument("--talk", type=int, metavar="N", help="sentences that are no commands (100)")
    parser.add_argument("--stops", type=int, metavar="N", help="stop phrases (200)")
    parser.add_argument("--minutes", type=float, metavar="M", help="talk and music in search of false stops (60)")
    parser.add_argument("--gate", type=int, metavar="N", help="stops through speech_node and safety_node (20)")
    parser.add_argument("--home", action="store_true", help="a spoken command in the simulated home")
    parser.add_argument("--recognizer", default="auto", choices=("auto", "guided", "closed", "free"))
    parser.add_argument("--free", default="none", choices=("none", "auto", "whisper"), help="the free recogniser")
    parser.add_argument("--threshold", type=float, help="of the spoken stop (the parameter's default)")
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    from vla_ros.speech.params import SpeechParams

    threshold = options.threshold or SpeechParams().stop_threshold
    named = (options.commands, options.talk, options.stops, options.minutes, options.gate)
    if all(value is None for value in named) and not options.home:
        options.commands, options.talk, options.stops, options.minutes, options.gate = 200, 100, 200, 60.0, 20
    environment.activate()
    result: dict[str, Any] = {"suite": "speech"}
    if options.commands:
        result["commands"] = commands(options.commands, options.seed, options.recognizer, options.free)
    if options.talk:
        result["talk"] = not_for_the_robot(options.talk, options.seed, options.recognizer, options.free)
    if options.stops:
        result["stops"] = stops(options.stops, options.seed, threshold)
    if options.minutes:
        result["false"] = false_stops(options.minutes, options.seed, threshold)
    if options.gate or options.home:
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        from benchmarks import speech_home, speech_nodes

        if options.gate:
            result["gate"] = speech_nodes.gate(options.gate, options.seed)
        if options.home:
            result["home"] = speech_home.home()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
