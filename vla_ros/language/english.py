"""Facts about English that no owner needs to change: prepositions, function words, contractions, inflection.

Pure tables and functions without imports; used by the lexicon and the grammar.
"""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


PREPOSITIONS: dict[str, str] = {
    "to": "to", "over to": "to", "up to": "to", "down to": "to", "towards": "to", "toward": "to", "back to": "to",
    "over into": "into", "into": "into", "in to": "into", "onto": "onto", "on to": "onto", "over onto": "onto",
    "through to": "to", "for": "for",
    "from": "from", "out of": "from", "off of": "from", "off": "from", "from the top of": "from",
    "from inside": "from", "from the inside of": "from", "away from": "from", "from on top of": "from",
    "on": "on", "on top of": "on", "upon": "on", "atop": "on", "up on": "on", "on top": "on", "resting on": "on",
    "in": "in", "inside": "in", "inside of": "in", "within": "in", "in the inside of": "in",
    "under": "under", "underneath": "under", "below": "under", "beneath": "under", "at the bottom of": "under",
    "above": "above", "over": "above",
    "to the left of": "left_of", "on the left of": "left_of", "at the left of": "left_of", "left of": "left_of",
    "to the left side of": "left_of", "on the left side of": "left_of", "at left of": "left_of",
    "to the right of": "right_of", "on the right of": "right_of", "at the right of": "right_of",
    "right of": "right_of", "to the right side of": "right_of", "on the right side of": "right_of",
    "in front of": "in_front_of", "ahead of": "in_front_of",
    "behind": "behind", "in back of": "behind", "at the back of": "behind",
    "beside": "beside", "next to": "beside", "alongside": "beside", "adjacent to": "beside", "besides": "beside",
    "between": "between", "in between": "between", "in the middle of": "in",
    "near": "near", "near to": "near", "close to": "near", "nearby": "near", "by": "near", "around": "near",
    "on the top of": "on", "over at": "at", "over by": "near", "over in": "in", "over on": "on", "out at": "at",
    "on the left hand side of": "left_of", "to the left hand side of": "left_of", "at the left side of": "left_of",
    "on the right hand side of": "right_of", "to the right hand side of": "right_of",
    "at the right side of": "right_of", "at the center of": "on", "in the center of": "on", "on the center of": "on",
    "from the center of": "from", "at the centre of": "on", "in the centre of": "on", "from the centre of": "from",
    "from the middle of": "from", "on the middle of": "on", "at the middle of": "on", "on the edge of": "on",
    "at the edge of": "on", "from the edge of": "from", "in the corner of": "in", "at the side of": "beside",
    "from the inside": "from", "close by": "near", "right next to": "beside", "right by": "near",
    "to the top of": "onto", "at the top of": "on", "through": "in", "at": "at", "with": "with", "of": "of",
    "about": "about",
    "wearing": "wearing", "called": "called",
    "named": "called", "except": "except", "except for": "except", "but not": "except", "not": "except",
    "dressed in": "wearing",
}  # fmt: skip
"""Words -> meaning: a RELATION of core.task, or to, into, onto, for, from, with, of, about, wearing, called, except."""

PREPOSITION_PHRASES: dict[str, list[tuple[tuple[str, ...], str]]] = {}
for _phrase, _meaning in sorted(PREPOSITIONS.items(), key=lambda item: -len(item[0].split())):
    PREPOSITION_PHRASES.setdefault(_phrase.split()[0], []).append((tuple(_phrase.split()), _meaning))

DETERMINERS = word_set(
    "the a an this that these those my your his her its their our some any another each every all both no"
)
PRONOUNS = {
    "it": "it", "them": "them", "him": "him", "her": "him", "they": "them", "he": "him", "she": "him", "these": "them",
    "those": "them", "this": "it", "that": "it", "himself": "him", "herself": "him", "itself": "it",
}  # fmt: skip
USER_WORDS = frozenset(("me", "i", "myself", "us", "we"))
ROBOT_WORDS = frozenset(("yourself", "you", "u"))
COPULAS = word_set("is are was were be am been being")
RELATIVES = frozenset(("that", "which", "who", "whom", "whose", "where"))
PARTICLES = word_set("up down over out away back off on along around aside together forward ahead")
NEGATIONS = (
    "do not",
    "never",
    "you must not",
    "you should not",
    "please do not",
    "not",
    "you may not",
    "avoid",
    "without",
    "but without",
)
FUNCTION_WORDS = word_set(
    """the a an this that these those my your his her its their our some any another each every all both no it them
    him they he she me i myself us we you u yourself is are was were be am been being which who whom whose where what
    how many much there here up down over out away back off on along around aside together and or then next after
    before that if when until unless once while as soon finally afterwards meanwhile first second third last also not
    do does did don never avoid have has had will would shall should can could may might must let please yes no one
    ones step steps other rest of with without about than more most less least very too again still located placed
    found situated standing kept stored currently present resting positioned remain remains put left right straight
    forward forwards backward backwards half quarter couple few dozen two
    three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
    twenty thirty forty fifty sixty seventy eighty ninety hundred zero metre metres meter meters
    centimetre centimetres centimeter centimeters degree degrees second seconds minute minutes hour hours radian inch
    inches foot feet want like need it's someone's question questions hello goodbye command thing leave
    person's object's everything except but because so such same only just gets get got sees see find finds found at
    today today's there's let's told tell said says going gone done ready mean meant think guess"""
)
CONTRACTIONS = {
    "don't": "do not", "dont": "do not", "doesn't": "does not", "can't": "can not",
    "cannot": "can not", "cant": "can not",
    "won't": "will not", "isn't": "is not", "aren't": "are not", "couldn't": "could not", "wouldn't": "would not",
    "shouldn't": "should not", "mustn't": "must not", "didn't": "did not", "i'd": "i would", "i'm": "i am",
    "im": "i am",
    "i'll": "i will", "i've": "i have", "you're": "you are", "you'll": "you will", "you've": "you have",
    "they're": "they are", "he's": "he is", "hes": "he is", "shes": "she is",
    "theyre": "they are", "youre": "you are", "she's": "she is", "it's": "it is", "that's": "that is",
    "thats": "that is",
    "there's": "there is", "theres": "there is", "here's": "here is", "what's": "what is", "whats": "what is",
    "who's": "who is", "whos": "who is", "where's": "where is", "wheres": "where is", "how's": "how is",
    "let's": "let us", "lets": "let us", "we're": "we are", "gimme": "give me", "lemme": "let me",
    "wanna": "want to", "gonna": "going to", "gotta": "have to", "id": "i would", "ain't": "is not", "c'mon": "come on",
    "o'clock": "oclock", "colour": "color", "dinning": "dining",
}  # fmt: skip

_IRREGULAR = {
    "knife": "knives",
    "shelf": "shelves",
    "man": "men",
    "woman": "women",
    "child": "children",
    "foot": "feet",
}
_PARTICIPLES = {
    "find": "found", "meet": "met", "take": "taken", "bring": "brought", "give": "given", "go": "gone", "see": "seen",
    "get": "gotten", "hold": "held", "tell": "told", "say": "said",
    "lead": "led", "drive": "driven", "speak": "spoken", "throw": "thrown", "reach": "reached",
}  # fmt: skip
_DOUBLING = word_set("get put set grab stop drop hit run step spin cut sit let tug slap stab beat trip")


def plural_of(phrase: str) -> str:
    """The regular English plural of the last word: "box" -> "boxes"."""
    head, _, last = phrase.rpartition(" ")
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif last.endswith(("s", "x", "ch", "sh")):
        last += "es"
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        last = last[:-1] + "ies"
    else:
        last += "s"
    return f"{head} {last}".strip()


def comparative_of(superlative: str) -> str:
    """The comparative of a superlative of one word: "biggest" -> "bigger"."""
    return f"{superlative.removesuffix('est')}er"


def inflections(phrase: str) -> tuple[str, ...]:
    """The -ing form of a verb phrase ("pick up" -> "picking up"); its regular past for sub-clauses."""
    first, _, rest = phrase.partition(" ")
    if first in ("i", "can", "could", "may") or not first.isalpha():
        return ()
    stem = first[:-1] if first.endswith("e") and not first.endswith("ee") else first
    stem = stem + stem[-1] if first in _DOUBLING else stem
    past = _PARTICIPLES.get(first, f"{stem}ed")
    return tuple(f"{form} {rest}".strip() for form in (f"{stem}ing", past) if f"{form} {rest}".strip() != phrase)
