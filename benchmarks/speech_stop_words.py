"""What is said that is no stop: words that sound like one, common words, sentences. Used by speech_stop_corpus.py."""

from __future__ import annotations

from random import Random

import numpy as np

from benchmarks.language_suites.own_cases import intents
from benchmarks.language_suites.own_joints import Joints

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
called caught cold coat court salts malt halter wall hallway holiday hello how half hot hunt
free freed free's fries frees fridge friend fees feast fleas please trees breeze bees cheese knees peas keys freak greet
green three threes frieze Friday fleece priest street breathe freedom raise rise reese
shopping top stand step out spot shot stood storm stork sport short star stair steer
freezer breezes squeeze seize fresh fruit freeway frequent free see three see is he is
no go yes left right wait hey robot now what okay oh please kitchen cup"""
"""Words that sound like one of the three, or like a part of one."""
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

NO_TALK = ("stop", "halt", "freez", "froz")
"""Parts of words that are no other talk."""


def talk(rng: np.random.Generator) -> str:
    """A word, some words or a sentence."""
    alike, others = ALIKE.split(), OTHERS.split()
    while True:
        kind = rng.random()
        if kind < 0.4:
            text = str(rng.choice(alike))
            if rng.random() < 0.4:
                text = f"{rng.choice(others)} {text}" if rng.random() < 0.5 else f"{text} {rng.choice(others)}"
        elif kind < 0.6:
            text = " ".join(str(rng.choice(alike if rng.random() < 0.4 else others)) for _ in range(rng.integers(2, 8)))
        elif kind < 0.9:
            joints = Joints(Random(int(rng.integers(2**31))), intents())
            text = (joints.single() if rng.random() < 0.5 else joints.polite()).text
        else:
            text = str(rng.choice(CHATTER_MORE))
        if text == "freezer" or not any(part in text.lower() for part in NO_TALK):
            return text
