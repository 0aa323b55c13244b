"""The closed grammar of commands, in JSGF's notation, made from the vocabulary: what the fast recogniser expects.

Generous on purpose: it lets through some sentences that make no sense, because the parser picks among the readings.
What it cannot express (free texts) is for the free recogniser. An alternative that stands twice is twice as likely.
Goes to sampling.py. Imports vocabulary.py only.
"""

from __future__ import annotations

from collections.abc import Iterable

from vla_ros.speech.vocabulary import Vocabulary

_RULES = """
command = <said> | <said> | <said> | <opening> <said> | <said> <closing> | <opening> <said> <closing>
said = <clause> | <clause> | <clause> | <clause> <joint> <clause> | <clause> <joint> <clause> | first <clause> <then>
    <clause> | <clause> <joint> <clause> <last> <clause> | begin with <clause>
    | start by (driving | going | moving) to <places> <joint> <clause>
last = <joint> | <joint> | finally | and finally
joint = and | and | and | <then> | <then> | then | and then | but | before you | [and] | [and]
then = then | then | and then | after that | and after that | afterwards | and afterwards | next | and next
opening = <polite> | <polite> | <robot> | <robot> <polite> | <polite> <robot>
polite = please | please | please | could you | can you | would you | could you please | can you please | hey
    | would you please | okay | now | i want you to | i would like you to | i need you to | you should | hi | hello
    | just | go ahead and | would you mind to | um | uh | dear robot please | <robot> could you | let us | well
    | if you can | would you kindly
closing = please | please | as well | as well please | now | thanks | thank you | right now | for me | for me please
    | if possible | <robot> | <manner> | but <manner>
clause = <going> | <going> | <bringing> | <bringing> | <bringing> | <putting> | <putting> | <putting> | <acting>
    | <acting> | <acting> | <acting> | <asking> | <asking> | <turning> | <alone> | <people> | <talking> | <answering>
    | <switching> | <forbidding> | <condition> <clause> | <waiting>

going = (<v_go> | go | go | drive | move) [back | over] (to | to | to | into | towards) (<places> | <who>)
    | <v_come> [to me | to <place> | here | back | over here] | approach <who>
turning = (<v_turn> | turn | turn | go | drive | move | rotate) (<direction> | <way> [by] <distance>
    | [by] <distance> <way> | <side> [by] <angle> | [by] <angle> <side> | [by] <angle>) | turn (around | round)
    | go straight ahead for <distance> | (drive | move | go) <distance>
alone = <v_stop> | <v_pause> | <v_resume> | <v_cancel> | <v_repeat> | <v_undo> | <v_introduce>
waiting = <v_wait> | (wait | stay) [here] [for] <time> | wait (here | for <who>) | wait (until | till) <event>
bringing = (<v_bring> | <v_get> | <v_give> | <v_take> | <v_show> | bring | bring | give | get | fetch | hand)
    (me <some> | me <some> | me <some> | <whom> <some> | <some> to <who> | <some> to me | <pronoun> to <who>
    | <some> for me | <some> (to | into) <place> | <pronoun> (to | into) <place> | me <some> and <some>)
    | (<v_want>) <some>
putting = (<v_put> | <v_put> | <v_move> | put | put | place | leave | move | take | bring | store | set)
    (<thing> | <thing> | <thing> | <many> | <pronoun> | <thing> and <thing>)
    (<near> <places> | <near> <places> | <near> <thing> | down <near> <places> | down | away | back | there)
    | put down <thing> | (<v_discard> | throw | throw) <thing> [away | out] | <v_pour> <thing> into <thing>
acting = (<v_pick> | <v_take> | <v_get> | <v_find> | <v_look> | <v_open> | <v_close> | <v_push> | <v_pull> | <v_wipe>
    | pick up | pick up | take | find | look for | look at | search for | open | open | close) (<some> | <some> |
    <place>
    | <several> | <pronoun>) | pick <thing> up | pick it up | <v_count> (<many> | <many> <where>)
    | (<refused>) (<thing> | <who> | <pronoun> | <several>) | (push | pull) <thing> forward
asking = <question> (<some> | <some> | <place> | <who>) | (how many | count | which) <many> (are there | are <where>
    | are there <where> | do you see) | tell me how many <many> (there are | are <where>) | <about> | <about>
    | (what is | what's | tell me what is) <where> | (who is | tell me who is) <where> | tell me where <some> is
    | (what color is | what colour is | tell me the color of) <thing> | tell me what (color | colour) <thing> is
    | tell me the (number | name | color | gender | pose) of <some> | (what is | tell me what is) the <extreme> <known>
    [<where>]
question = where is | where is | where are | is there | are there | do you see | can you see | have you seen | what is
    | who is | where can i find | is | are | where's | describe | do you know where | tell me if there is | tell me
    about
people = (<v_follow> | <v_accompany> | <v_greet> | <v_meet> | follow | find | go after) <who> [to <place>]
    | (<v_guide> | <v_guide> | guide | take | bring) <who> (to <place> | from <place> to <place>)
    | come with me | show <who> the way to <place>
talking = (say | say | tell <who> | say to <who>) (<greeting> | <news>) | say (<greeting>) to <who>
    | (tell <who> | tell me) <about> | ask <who> (for (his | her | their) name | <about>) | <v_introduce> to <who>
    | answer (a | the) question of <who> | (wave | say hello) to <who>
greeting = hello | hi | good morning | good evening | good night | goodbye | thank you
news = [that] (dinner | lunch | breakfast) is ready
switching = (<v_switch_on> | <v_switch_off>) [the] <fitting> | (switch | turn) [the] <fitting> (on | off)
forbidding = (do not | don't | never | without) (<going> | <acting> | <putting>)
condition = if <event> | when <event> | unless <event> | as soon as <event> | after you <acting> | once <event>
event = <thing> is <state> | it is <state> | <who> (comes | arrives | is <state> | is (in | at) <place>)
    | i (say so | say go | come back | am back | am ready | tell you) | there is <some> | you see <some>
    | <thing> is <where> | you are done | nobody is in <place> | it is <where> | the door is <state>
state = open | closed | ringing | empty | full | dirty | clean | there | free | dark | ready | done | off | on | here
answering = yes | no | yes please | no thanks | the (first | second | third | left | right | other | last) one
    | the <adjective> one | the one <where> | <thing> | <where> | neither | both

who = me | me | him | her | <name> | <name> | <name> | <person> | <person> <looks> | <person> in <place> | <crowd>
whom = him | her | <name> | <name> | <person>
person = (the | the | a) <a_person> | (the | the | a) <a_person> | (the | a) <posture> <a_person>
looks = <posture> | (in | wearing | with) (the | a) <color> (<garment>) | <posture> in <place>
some = <thing> | <thing> | <thing> <where> | <many>
thing = <the> <noun> | <the> <noun> | <the> <adjective> <noun> | <the> <adjective> <noun> | <the> <adjective>
    <adjective> <known> | the <known> | the <color> <known> | the <extreme> <known> | the <spot> <known> | <noun>
    | <the> <noun> that is [not] <adjective> | my [<adjective>] <adjective> <known>
the = the | the | the | the | the | a | a | an | some | any | my | your | this | that | another | the other
many = [all] [the] [<color>] (<known_many> | <known_many> | <known_many> | <fitting_many> | things | objects)
    | (two | three | four | five | both | all the | all of the | a couple of) [<color>] <known_many> | every <adjective>
    <known> | the (two | three | four | five) (<extreme> | <adjective>) <known_many> | [the] <adjective> <known_many>
several = <thing> and <thing> | everything
noun = <known> | <known> | <known> | <known> | <known> | <known> | <fitting> | <absent> | one
adjective = <color> | <color> | <color> | <color> | <attribute>
pronoun = it | it | it | them | that | this | everything
place = the <spot> | the <spot> | the <spot> | the <spot> | <spot> | a <spot> | my <spot> | the <adjective> <spot>
    | the <spot> <spot> | the <spot> <spot>
places = <place> | <place> | <place> in the <spot> | the <spot> <spot>
where = <near> <places> | <near> <places> | <near> <places> | there | here | on it | in it | <near> the <known>
near = on | on | on | on | in | in | in | at | from | from | under | underneath | behind | next to | beside | near |
    into
    | onto | out of | on top of | by | above | inside | off | in front of | to the left of | to the right of | to
    | left of | right of | between | close to | with
direction = left | right | forward | backward | backwards | back | to the left | to the right | around | ahead | away
side = left | right | to the left | to the right | to your left | to your right
way = <side> | forward | forwards | back | backward | backwards | ahead | straight ahead
count = one | two | three | four | five | six | seven | eight | nine
tens = twenty | thirty | forty | fifty | sixty | ninety
number = <count> | <count> | ten | twelve | fifteen | <tens> | <tens> <count> | a | half a | half an | one and a half
    | a hundred | one hundred [and] (eighty | twenty) | (zero | one | two) point <count> | a hundred and eighty
distance = <number> (meter | meters | meters | centimeters | metre | metres | centimetres | steps | step | feet)
angle = <number> degrees
time = <number> (second | seconds | minute | minutes | hour | hours) | a moment | a minute and a half | an hour
"""
_CLASSES = {
    "robot": "robots", "manner": "manners", "name": "names", "a_person": "persons", "crowd": "people",
    "posture": "postures", "garment": "clothes", "color": "colors", "attribute": "adjectives",
    "extreme": "superlatives", "known": "things", "known_many": "things_plural", "fitting": "fittings",
    "fitting_many": "fittings_plural", "absent": "absent", "spot": "places", "about": "abouts", "refused": "refused",
}  # fmt: skip
"""Rule -> the class of the vocabulary that it is."""
_VERBS = (
    "go", "come", "turn", "stop", "pause", "resume", "cancel", "repeat", "undo", "introduce", "wait", "bring", "get",
    "give", "take", "show", "want", "put", "move", "discard", "pour", "pick", "find", "look", "open", "close", "push",
    "pull", "wipe", "count", "follow", "accompany", "greet", "meet", "guide", "switch_on", "switch_off",
)  # fmt: skip


def rules(words: Vocabulary) -> dict[str, str]:
    """Rule -> its alternatives; it begins with ``command``."""
    lines = _RULES.replace("\n    ", " ").strip().splitlines()
    made = dict(line.split(" = ", 1) for line in lines if line)
    made |= {name: _any(getattr(words, attribute)) for name, attribute in _CLASSES.items()}
    return made | {f"v_{kind}": _any(words.verbs.get(kind, ())) for kind in _VERBS}


def jsgf(words: Vocabulary) -> str:
    """The same as a JSGF file, for other recognisers."""
    body = "\n".join(f"{'public ' * (name == 'command')}<{name}> = {text};" for name, text in rules(words).items())
    return f"#JSGF V1.0;\ngrammar commands;\n{body}\n"


def _any(phrases: Iterable[str]) -> str:
    """Alternatives; without any, JSGF's rule that is never said."""
    return " | ".join(phrases) or "<VOID>"
