"""Names the language of a sentence that is not English, from its script or its commonest words. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from vla_ros.language.english import word_set

_COMMON = {
    "German": "der die das und ist mir bitte den dem ein eine einen auf zum zur gehe geh hole bringe nach "
    "nicht mit rote roten küche tasse "
    "bringen kannst du ich stell stelle nimm von aus",
    "French": "le la les et est moi une des dans sur avec pour va apporte tasse rouge cuisine allez prends "
    "mets vous il de la",
    "Spanish": "el los las y es por favor una en con para ve trae tráeme taza roja cocina coge pon lleva ir la de",
    "Italian": "il lo gli e per una nella con vai porta portami tazza rossa cucina prendi metti della la di favore",
    "Portuguese": "o os as e por uma na com para vá traga xícara vermelha cozinha pegue coloque da do favor",
    "Dutch": "de het een en naar met breng mij rode kopje keuken ga pak zet alstublieft op van niet",
    "Polish": "proszę do na przynieś mi kubek czerwony kuchni idź weź i z",
}
_WORDS = {name: frozenset(text.split()) for name, text in _COMMON.items()}
_ENGLISH_TOO = word_set("la do in on as an de me is was e o y i en a el so to pan no men")
_SCRIPTS = {
    "CYRILLIC": "Russian or another language in Cyrillic letters", "CJK": "Chinese or Japanese",
    "HIRAGANA": "Japanese", "KATAKANA": "Japanese",
    "HANGUL": "Korean", "ARABIC": "Arabic", "HEBREW": "Hebrew", "GREEK": "Greek", "DEVANAGARI": "Hindi", "THAI": "Thai",
}  # fmt: skip


def foreign_language(words: Sequence[str], known: Sequence[bool]) -> str:
    """The language's name when the sentence is clearly not English, "" otherwise.

    Args:
        words: lower-case words.
        known: for each word, whether the lexicon has it.
    """
    letters = [c for word in words for c in word if c.isalpha()]
    if not letters:
        return ""
    scripts = [unicodedata.name(c, "").split(" ")[0] for c in letters]
    for script, name in _SCRIPTS.items():
        if scripts.count(script) * 2 > len(scripts):
            return name
    plain = [w for w in words if w.isalpha()]
    unknown = sum(1 for _, k in zip(words, known) if not k)
    best, name = 0, ""
    for language, common in _WORDS.items():
        hits = sum(1 for w in plain if w in common and w not in _ENGLISH_TOO)
        if hits > best:
            best, name = hits, language
    return name if best >= 2 and unknown * 2 >= len(plain) - 1 else ""
