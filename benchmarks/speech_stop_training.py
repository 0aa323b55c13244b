"""Trains the spoken stop's network on synthetic speech. ``python -m benchmarks.speech_stop_training``

Everything it learns from is made here, from one seed: voices of espeak-ng and flite that benchmarks.speech never uses
(other variants, other recordings, moved in pitch and speed), words, sentences, noises and music. Writes
vla_ros/speech/spoken_stop.npz. numpy and scipy; a quarter of an hour on one core. The weights of the repository: the
first round with --seed 1, then --go-on --sounds 24000 --epochs 15 --minutes 40 --rounds 1 --seed 2.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from benchmarks.speech_sounds import CHATTER, NOISES, RATE, Audio, Voice, level, noise, pcm, speak
from vla_ros.speech.features import BANDS, above, background, log_mel
from vla_ros.speech.loudness import FRAME
from vla_ros.speech.stop_network import CLASSES, ROWS, SHAPES, WEIGHTS, forward, softmax

T = TypeVar("T")
ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029", "en-us-nyc")
VARIANTS = ("", "+f1", "+f4", "+f5", "+m1", "+m2", "+m4", "+m5", "+m6", "+m7", "+male8", "+Annie", "+Andy", "+Steph",
            "+Michael", "+Linda", "+Ed", "+Alicia", "+David", "+Lee", "+Mario", "+klatt2", "+grandpa")  # fmt: skip
RECORDED = ("awb", "kal")
"""flite's recorded speakers for training; slt, rms and kal16 are left to the benchmark."""
OTHERS = """
a about above again air all along also always am an and another any apple are arm around ask at away baby back
bad ball be because bed been before big bird black blue boat body book both bottle bowl box boy bread bring
brother bus but buy by call came can car care chair cheese children city class clean clear clock close clothes
coat cold come cook cool copy corner could country cup cut dark day deep desk did different dinner dish do dog
door down draw drink drive drop each early earth eat egg eight end even evening ever every eye face fact fall
family far fast father fault feel feet few field find fine fire first fish five floor flower follow food foot
for found four free freezer fresh friday fridge friend from front full game garden gave get girl give glass go
gold gone good got great green ground group grow had hair half hall hand happy hard has hat have he head hear
heart heat help her here high him his hold home hope hot hour house how i idea if in inside into is it job
just keep kept kind kitchen knees knife know known large last late laugh law leave left leg let letter life
light like line list little live long look lost lot loud love low lunch made make man many may me mean meet
men might milk mind money month moon more morning most mother mouth move much music must my name near need
never new next nice night nine north not nothing of off office often old on once one only open or orange other
our out over own page paper park part party past peas people pick piece place plan plant plate play point pop
pot pull push put quick quite rain ran read red rest right river road rock room round run said salt same sat
saw say school sea seat see seen sell send set seven shall she shelf ship shirt shoe shop short should show
side sing sister sit six sky sleep slow small snow so sofa some son song soon sound soup south speak spoon
sport spot stand star start state stay steal step stick still stock stone store storm story strange street
strong stuff such sugar summer sun sure table take talk tall tea tell ten than thank that the their them then
there these they thing think this those though three through time to today told tomorrow too took top town
train tree tries trees true try turn two under up us use vault very wall walk want warm was wash watch water
way we week well went were west what wheel when where which while white who why wide will wind window winter
with woman word work world would write wrong yard year yellow yes yet you young your breeze bees cheap deal
fees frees frieze health hull hop hut hurt hill hell belt felt melt built bolt colt fold sold holds cops shops
tops stops stopped stopping steps stamp stump strap strip staff stuck stopper crop prop swap chop mop hopped
"""
"""Common words, for talk that means nothing."""
ALIKE = """stock stoke stuck stomp step steep stoop stab stub shop shops chop crop drop prop top tops pop hop hot hopped
swap spot stack store storm star start stay steam stand story sock soap soup stalk strap strip cop copy mop job jog
hall hold hole hull holt haul hard hart heart hat hut hurt hill help health fault vault salt alter altar bolt colt fold
called wall hallway holiday hello how half hot hunt
free freed free's fries frees fridge friend fees feast fleas please trees breeze bees cheese knees peas keys freak greet
green three threes frieze Friday fleece priest street breathe freedom raise rise reese
no go yes left right wait hey robot now what okay oh please kitchen cup"""
BEFORE = ("please", "robot", "hey robot", "oh no", "no", "okay")
AFTER = ("now", "it", "that", "moving", "right there", "please", "robot")
CHATTER_MORE = (
    "bring me the red cup from the kitchen table", "go to the living room and look for the green book",
    "what is on the shelf next to the window", "put the apple into the basket please", "where did you see the keys",
    "turn left and drive two metres forward", "open the fridge and take the bottle out of it",
    "how many people are sitting on the sofa", "tell anna that the dinner is ready at half past seven",
    "he told us that it would not cost more than fifty pounds", "the shop on the corner has got fresh bread",
    "I think she has told them all about the holiday in scotland", "half of the staff had a hot drink at the harbour",
    "three of these trees are older than the street", "please keep the change and have a nice evening",
    "all the others hold on to the old story", "the top of the pot is too hot to hold", "put the salt on top",
    "we need some more steps to reach the goal", "he was hard at work when the phone rang",
)  # fmt: skip


def voice(rng: np.random.Generator) -> Voice:
    """A random speaker of the training's."""
    if rng.random() < 0.35:
        return Voice("flite", str(rng.choice(RECORDED)))
    name = str(rng.choice(ACCENTS)) + str(rng.choice(VARIANTS))
    return Voice("espeak-ng", name, int(rng.integers(115, 200)), int(rng.integers(25, 80)))


def said(text: str, rng: np.random.Generator) -> Audio:
    """``text`` by a random voice, moved in pitch and speed, with another tilt of the spectrum."""
    audio = speak(text, voice(rng))
    factor = int(rng.integers(82, 123))
    audio = resample_poly(audio, 100, factor).astype(np.float32)
    tilt = float(rng.uniform(-0.5, 0.5))
    return level(np.append(audio[:1], audio[1:] + tilt * audio[:-1]).astype(np.float32), 0.1)


def phrase(word: str, rng: np.random.Generator) -> tuple[Audio, int]:
    """A stop word as it is said among others ("robot stop", "freeze now"), and the sample at which it has ended."""
    who, factor = voice(rng), int(rng.integers(82, 123))

    def moved(text: str) -> Audio:
        return resample_poly(speak(text, who), 100, factor).astype(np.float32)

    if rng.random() < 0.4:
        audio = moved(f"{rng.choice(BEFORE)} {word}")
        return level(audio, 0.1), len(audio)
    audio = moved(f"{word} {rng.choice(AFTER)}")
    return level(audio, 0.1), min(len(audio), round(0.9 * len(moved(word))))  # shorter than when it stands alone


def gap(rng: np.random.Generator, longest_s: float) -> Audio:
    """A short pause."""
    return np.zeros(int(rng.uniform(0, longest_s) * RATE), np.float32)


class Sounds:
    """Noises made once, cut at random."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._long = [noise(kind, 20 * RATE, rng) for kind in NOISES for _ in range(2)]

    def cut(self, count: int) -> Audio:
        """``count`` samples of one of them."""
        source = self._long[int(self._rng.integers(len(self._long)))]
        start = int(self._rng.integers(len(source) - count))
        return source[start : start + count]


def windows(audio: Audio, ends: NDArray[np.int64], sounds: Sounds, rng: np.random.Generator) -> NDArray[np.float32]:
    """(n, 64, 32) what the network sees at each end (samples into ``audio``), after 2.5 s of room, in random noise."""
    lead = round(2.5 * RATE)
    whole = np.concatenate([np.zeros(lead, np.float32), audio, np.zeros(RATE // 2, np.float32)])
    snr = float(rng.uniform(4, 25)) if rng.random() < 0.8 else 45.0
    whole = whole + level(sounds.cut(len(whole)), 0.1 * 10 ** (-snr / 20))
    levels = log_mel(pcm((whole * 10 ** (float(rng.uniform(-20, 3)) / 20)).astype(np.float32)))
    out = []
    for end in ends:
        last = (lead + int(end)) // FRAME
        out.append(above(levels[last - ROWS : last], background(levels[:last])))
    return np.stack(out)


def examples(count: int, sounds: Sounds, rng: np.random.Generator) -> Iterator[tuple[NDArray[np.float32], int]]:
    """Windows of ``count`` sounds with their classes."""
    takes = {word: [said(word, rng) for _ in range(max(8, count // 24))] for word in CLASSES[1:]}
    natural = {word: [phrase(word, rng) for _ in range(max(4, count // 60))] for word in CLASSES[1:]}
    alike = [said(word, rng) for word in ALIKE.split() for _ in range(max(1, count // 1500))]
    talk = [said(text, rng) for text in (*CHATTER, *CHATTER_MORE) for _ in range(max(1, count // 1000))]
    leads = [said(word, rng) for word in BEFORE for _ in range(4)]
    tails = [said(word, rng) for word in AFTER for _ in range(4)]

    def pick(items: Sequence[T]) -> T:
        return items[int(rng.integers(len(items)))]

    for number in range(count):
        kind = number % 8
        if kind < 4:
            label = 1 + number % 3
            if rng.random() < 0.4:
                audio, end = pick(natural[CLASSES[label]])
                ends = end + (rng.uniform(0.03, 0.16, 3) * RATE).astype(np.int64)
                for rows in windows(audio, ends, sounds, rng):
                    yield rows, label
                continue
            parts = [pick(leads), gap(rng, 0.12)] if rng.random() < 0.3 else []
            word = pick(takes[CLASSES[label]])
            start = sum(map(len, parts))
            parts += [word, gap(rng, 0.1), pick(tails)] if rng.random() < 0.3 else [word]
            end = start + len(word)
            ends = end + (rng.uniform(0.03, 0.16, 3) * RATE).astype(np.int64)
            for rows in windows(np.concatenate(parts), ends, sounds, rng):
                yield rows, label
            if rng.random() < 0.3:  # the word has begun, or is long over: no stop (again)
                early = max(start + int(0.25 * len(word)), 1)
                for rows in windows(np.concatenate(parts), np.array([early]), sounds, rng):
                    yield rows, 0
        elif kind < 6:
            parts = [pick(leads), gap(rng, 0.1)] if rng.random() < 0.2 else []
            parts.append(pick(alike))
            end = sum(map(len, parts))
            if rng.random() < 0.4:
                parts += [gap(rng, 0.1), pick(tails if rng.random() < 0.5 else alike)]
            for rows in windows(
                np.concatenate(parts), end + (rng.uniform(-0.15, 0.2, 3) * RATE).astype(np.int64), sounds, rng
            ):
                yield rows, 0
        elif kind == 6 or rng.random() < 0.6:
            sentence = pick(talk)
            ends = rng.integers(RATE // 8, len(sentence), 6)
            for rows in windows(sentence, ends, sounds, rng):
                yield rows, 0
        else:
            ends = rng.integers(RATE // 4, RATE * 3, 3)
            for rows in windows(sounds.cut(3 * RATE) * float(rng.uniform(0.3, 1)), ends, sounds, rng):
                yield rows, 0


def mistaken(
    weights: dict[str, NDArray[np.float32]], minutes: float, sounds: Sounds, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Windows (n, 64, 32) of talk and music that the network takes for a stop with more than a tenth of sureness."""
    words = [w for w in (*OTHERS.split(), *ALIKE.split()) if not w.lower().startswith(("stop", "halt", "freez"))]
    found, done = [], 0.0
    while done < minutes * 60.0:
        if rng.random() < 0.25:
            audio = sounds.cut(8 * RATE) * float(rng.uniform(0.3, 1.0))
        else:
            texts = [" ".join(rng.choice(words, int(rng.integers(1, 8)))) for _ in range(3)]
            texts.append(str(rng.choice((*CHATTER, *CHATTER_MORE))))
            audio = np.concatenate([piece for text in texts for piece in (said(text, rng), gap(rng, 0.8))])
            snr = float(rng.uniform(4, 40))
            lead = np.zeros(RATE, np.float32)
            audio = np.concatenate([lead, audio, lead])
            audio = audio + level(noise(str(rng.choice(NOISES[:3])), len(audio), rng), 0.1 * 10 ** (-snr / 20))
        levels = log_mel(pcm((audio * 10 ** (float(rng.uniform(-20, 3)) / 20)).astype(np.float32)))
        ends = range(ROWS + 36, len(levels), 3)
        rows = np.stack([above(levels[end - ROWS : end], background(levels[:end])) for end in ends])
        sureness = 1.0 - softmax(forward(weights, rows)[0])[:, 0]
        found.append(rows[sureness > 0.1])
        done += len(audio) / RATE
    return np.concatenate(found)


def new_weights(rng: np.random.Generator) -> dict[str, NDArray[np.float32]]:
    """Weights to begin with (He et al., 2015)."""
    weights: dict[str, NDArray[np.float32]] = {}
    for name, (inputs, outputs) in SHAPES.items():
        weights[name] = (rng.standard_normal((inputs, outputs)) * np.sqrt(2.0 / inputs)).astype(np.float32)
        weights[name + "_b"] = np.zeros(outputs, np.float32)
    return weights


def train(
    weights: dict, rows: NDArray[np.float16], labels: NDArray[np.int64], epochs: int, first_rate: float,
    rng: np.random.Generator,
) -> dict:  # fmt: skip
    """Adam on cross entropy, by hand; returns the weights."""
    weights = dict(weights)
    first = {name: np.zeros_like(w) for name, w in weights.items()}
    second = {name: np.zeros_like(w) for name, w in weights.items()}
    step, batch = 0, 128
    for epoch in range(epochs):
        order, right, lost = rng.permutation(len(rows)), 0, 0.0
        rate = first_rate * 0.5 * (1 + np.cos(np.pi * epoch / epochs))
        for at in range(0, len(order) - batch + 1, batch):
            chosen = order[at : at + batch]
            x = rows[chosen].astype(np.float32)
            hide = rng.random() < 0.3  # a band of the spectrum is hidden now and then
            if hide:
                low = int(rng.integers(BANDS - 5))
                x[..., low : low + 5] = 0.0
            slopes, loss, hits = gradients(weights, x, labels[chosen])
            right, lost, step = right + hits, lost + loss, step + 1
            for name, slope in slopes.items():
                slope = slope + 1e-4 * weights[name]
                first[name] += 0.1 * (slope - first[name])
                second[name] += 0.001 * (slope**2 - second[name])
                move = (first[name] / (1 - 0.9**step)) / (np.sqrt(second[name] / (1 - 0.999**step)) + 1e-7)
                weights[name] = (weights[name] - rate * move).astype(np.float32)
        print(f"epoch {epoch + 1}: loss {lost / step * (epoch + 1):.4f}, right {right / len(order):.4f}", flush=True)
    return weights


def gradients(weights: dict, x: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[dict, float, int]:
    """Slopes of the mean cross entropy by backpropagation, the loss, and how many were right."""
    scores, kept = forward(weights, x)
    chances = softmax(scores)
    count = len(x)
    loss = -float(np.mean(np.log(chances[np.arange(count), labels] + 1e-9)))
    hits = int((scores.argmax(axis=1) == labels).sum())
    back = chances.copy()
    back[np.arange(count), labels] -= 1.0
    back /= count
    slopes = {"d2": kept[4].T @ back, "d2_b": back.sum(axis=0)}
    back = (back @ weights["d2"].T) * (kept[4] > 0)
    slopes |= {"d1": kept[3].T @ back, "d1_b": back.sum(axis=0)}
    back = (back @ weights["d1"].T) * (kept[3] > 0)
    back = back.reshape(count, ROWS // 8, BANDS // 8, -1)
    for name, below in (("c3", 2), ("c2", 1), ("c1", 0)):
        inputs = kept[below]
        slopes[name] = inputs.reshape(-1, inputs.shape[-1]).T @ back.reshape(-1, back.shape[-1])
        slopes[name + "_b"] = back.sum(axis=(0, 1, 2))
        if below:
            back = unpatched(back @ weights[name].T)
            previous = np.maximum(kept[below - 1] @ weights[f"c{below}"] + weights[f"c{below}_b"], 0.0)
            back = back * (previous > 0)
    return slopes, loss, hits


def unpatched(slopes: NDArray[np.float32]) -> NDArray[np.float32]:
    """The way back through stop_network.patches: (n, h/2, w/2, 9c) -> (n, h, w, c)."""
    count, height, width, deep = slopes.shape
    out = np.zeros((count, 2 * height + 2, 2 * width + 2, deep // 9), np.float32)
    for k in range(9):
        i, j = divmod(k, 3)
        part = slopes[..., k * deep // 9 : (k + 1) * deep // 9]
        out[:, i : i + 2 * height : 2, j : j + 2 * width : 2] += part
    return out[:, 1:-1, 1:-1]


def collect(count: int, sounds: Sounds, rng: np.random.Generator) -> tuple[NDArray[np.float16], NDArray[np.int64]]:
    """Examples as arrays."""
    pairs = list(examples(count, sounds, rng))
    return np.stack([rows for rows, _ in pairs]).astype(np.float16), np.array([label for _, label in pairs])


def save(weights: dict[str, NDArray[np.float32]], path: str) -> None:
    """As half floats; that is all they need."""
    np.savez_compressed(path, **{name: w.astype(np.float16) for name, w in weights.items()})  # type: ignore[arg-type]


def main() -> None:
    """Trains on examples, then again on new ones and what was mistaken for a stop; writes the weights each time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sounds", type=int, default=16000, help="of the first round; the others take a third")
    parser.add_argument("--epochs", type=int, default=14, help="of the first round; the others take a third")
    parser.add_argument("--minutes", type=float, default=40.0, help="of talk and music searched for mistakes a round")
    parser.add_argument("--rounds", type=int, default=2, help="of searching for mistakes and learning from them")
    parser.add_argument("--go-on", action="store_true", help="leave the first round out: begin with the output")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", default=str(WEIGHTS))
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    sounds = Sounds(rng)
    if options.go_on:
        with np.load(options.output) as data:
            weights = {name: data[name].astype(np.float32) for name in data.files}
    else:
        rows, labels = collect(options.sounds, sounds, rng)
        weights = train(new_weights(rng), rows, labels, options.epochs, 2e-3, rng)
        save(weights, options.output)
    before = weights
    for number in range(options.rounds):
        hard = mistaken(weights, options.minutes, sounds, rng)
        rows, labels = collect(options.sounds // 3, sounds, rng)
        print(f"round {number + 1}: {len(hard)} windows mistaken in {options.minutes:g} min", flush=True)
        rows = np.concatenate([rows, hard.astype(np.float16)])
        labels = np.concatenate([labels, np.zeros(len(hard), np.int64)])
        weights = train(weights, rows, labels, max(1, options.epochs // 3), 1e-3, rng)
        save(weights, options.output)
    # both ways of being wrong meet in the middle: the mean tells more stops at fewer false ones than either
    save({name: (w + weights[name]) / 2.0 for name, w in before.items()}, options.output)


if __name__ == "__main__":
    main()
