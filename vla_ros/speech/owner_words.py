"""The owner's own stop words, found by a small decoder in what rises out of the background.

A segment begins where a sound stands out of the room; the decoder then has to say whether it begins with one of the
words (after "please", the robot's name and the like) or with any of a few hundred other words that compete with it.
Words of two syllables and more are found best. Goes to spoken_stop.py. pocketsphinx is imported when it is made.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.errors import ConfigError, MissingExtraError
from vla_ros.speech.loudness import FRAME, Onset
from vla_ros.speech.pronunciation import pronounce, read_dictionary

_LEADS = ("please", "robot", "hey", "oh", "no", "oh no", "okay", "now", "hey robot", "no no", "oh god", "wait")
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
"""Common words that compete with the owner's; many begin or end like stop words that people choose."""
_LONGEST_S = 1.6
_BEFORE_FRAMES = 15
_QUIET_FRAMES = 25
_PATIENCE_FRAMES = 6
"""A word must have stood as the best reading for so long after its end."""


class OwnerWords:
    """Listens to a stream of 16 kHz mono PCM. Raises MissingExtraError without pocketsphinx."""

    def __init__(self, words: Sequence[str]) -> None:
        self._onset = Onset()
        self._decoder = _decoder(tuple(dict.fromkeys(_plain(w) for w in words)))
        self._rest = np.zeros(0, np.int16)
        self._recent: deque[NDArray[np.int16]] = deque(maxlen=_BEFORE_FRAMES)
        self._frames = 0
        self._quiet = _QUIET_FRAMES
        self._begin: int | None = None
        self._spent = False

    def hear(self, samples: NDArray[np.int16]) -> str | None:
        """Takes the next samples in; returns a word once for each time it is said."""
        whole = np.concatenate([self._rest, samples])
        count = len(whole) // FRAME
        self._rest = whole[count * FRAME :]
        heard = None
        for i in range(count):
            heard = self._frame(whole[i * FRAME : (i + 1) * FRAME]) or heard
        return heard

    def _frame(self, frame: NDArray[np.int16]) -> str | None:
        loud = self._onset.stands_out(frame)
        self._frames += 1
        self._recent.append(frame)
        rose = loud and self._quiet >= _QUIET_FRAMES // 2
        self._quiet = 0 if loud else self._quiet + 1
        if self._begin is None:
            if rose:
                self._start()
            return None
        self._decoder.process_raw(frame.tobytes(), False, False)
        age = self._frames - self._begin
        heard = self._judge() if not self._spent and (age % 3 == 0) else None
        if self._quiet >= _QUIET_FRAMES or age > _LONGEST_S * 100:
            self._decoder.end_utt()
            self._begin = None
        return heard

    def _start(self) -> None:
        self._decoder.start_utt()
        self._begin, self._spent = self._frames - len(self._recent), False
        for frame in self._recent:
            self._decoder.process_raw(frame.tobytes(), False, False)

    def _judge(self) -> str | None:
        if self._begin is None or self._decoder.hyp() is None:
            return None
        for segment in self._decoder.seg():
            word = segment.word.split("(")[0]
            if word.endswith("_!"):
                end = self._begin + segment.end_frame
                if self._frames - end < _PATIENCE_FRAMES:
                    return None
                self._spent = True
                return word[:-2].replace("_", " ")
        return None


def _plain(phrase: str) -> str:
    words = phrase.lower().split()
    if not words or not all(w.isascii() and w.isalpha() for w in words):
        raise ConfigError("speech_node.stop_words", phrase, "Write words of the letters a to z, e.g. red light.")
    return " ".join(words)


def _decoder(words: Sequence[str]) -> Any:
    try:
        import pocketsphinx
    except ImportError:
        raise MissingExtraError("pocketsphinx", "Install it: pip install 'vla_ros[speech]'.") from None
    model = Path(pocketsphinx.get_model_path()) / "en-us"
    known = read_dictionary(model / "cmudict-en-us.dict")
    others = [w for w in OTHERS.split() if w in known and w not in words]
    plain = dict.fromkeys([*(w for lead in _LEADS for w in lead.split()), *others])
    lines = [line for w in plain for line in _lines(w, known[w])]
    made = pronounce([w for phrase in words for w in phrase.split()], known)
    for phrase in words:
        sounds = [(known[w][0] if w in known else made[w]) for w in phrase.split()]
        variants = known.get(phrase, (" ".join(sounds),))
        lines += _lines(f"{phrase.replace(' ', '_')}_!", variants)
    stops = " | ".join(f"{phrase.replace(' ', '_')}_!" for phrase in words)
    rules = (
        f"#JSGF V1.0;\ngrammar stop;\npublic <heard> = <stopping> | <talk>;\n"
        f"<stopping> = [{' | '.join(_LEADS)}] ({stops}) | [{' | '.join(_LEADS)}] ({stops}) <talk>;\n"
        f"<talk> = <other> | <other> <talk>;\n<other> = {' | '.join(plain)};\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        dictionary, grammar = Path(folder) / "stop.dict", Path(folder) / "stop.jsgf"
        dictionary.write_text("\n".join(lines) + "\n", encoding="utf-8")
        grammar.write_text(rules, encoding="utf-8")
        return pocketsphinx.Decoder(jsgf=str(grammar), dict=str(dictionary), loglevel="FATAL", remove_noise=True)


def _lines(word: str, variants: Sequence[str]) -> list[str]:
    return [f"{word}{'' if i == 0 else f'({i + 1})'} {phones}" for i, phones in enumerate(variants)]
