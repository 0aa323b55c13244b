"""A Task as a logical form of the GPSR commands data set (N. Walker, DOI 10.5281/zenodo.3244800).

The form names no things, only their classes ("<object>", "<location>" …), and tells one deed with all that is known
of its participants, where the Task has a step for each deed on the way: "go to the sink, find the cup and bring it to
me" is three steps, and one ``bring`` of a cup that is at the sink. So the steps before the deed are folded into
descriptions: where the robot went is where the next thing or person is, and what it found or picked up is what it
deals with next. Nothing here looks at the words of the command. docs/language.md shows the mapping as a table.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from vla_ros.core.task import Referent, Task, TaskStep

UNKNOWN = "UNKNOWN"
_CATEGORY = "<category>"
_SOME_OBJECT = '( is_a $1 " <object> " )'
_SUPERLATIVES = {"left_most": "leftmost", "right_most": "rightmost"}
_RELATIONS = {"on": "on_top_of", "under": "below", "above": "above", "left_of": "left_of", "right_of": "right_of",
              "behind": "behind", "in_front_of": "in_front_of", "in": "inside"}  # fmt: skip
_GENDERS = {"man": "male", "boy": "male", "woman": "female", "girl": "female"}
_OTHER = {"male": "female", "female": "male"}
_POSTURES = {"standing": "standing", "sitting": "sitting", "lying": "lying", "sleeping": "lying"}
_ASKED_OF_PEOPLE = ("name", "gender", "pose")


def logical_form(task: Task, any_is_category: bool | None = None) -> str:
    """The form of ``task``, tokens separated by single spaces; "UNKNOWN" when it is no task or has no such form.

    Args:
        task: what was understood.
        any_is_category: whether "the biggest of the objects" is told as of a category. The data set has both, for
            the same words, because "objects" was also the name of a category. None tells it of "the objects" and
            not of "the object" and "the three objects".
    """
    if task.kind != "task":
        return UNKNOWN
    story = _Story(any_is_category)
    for step in task.steps:
        if not step.negated:
            story.tell(step)
    return " ".join(story.form().split())


def class_of(place: Referent) -> str:
    """``" <room> "`` or ``" <location> "``."""
    return '" <room> "' if place.category == "room" else '" <location> "'


def place_of(referent: Referent) -> Referent | None:
    """The place where ``referent`` is said to be, also through a thing beside it."""
    for relation in referent.relations:
        if relation.referent.kind == "place":
            return relation.referent
    for relation in referent.relations:
        inner = place_of(relation.referent) if relation.referent.kind != "place" else None
        if inner is not None:
            return inner
    return None


def person_form(person: Referent, place: Referent | None) -> str:
    """``( lambda $1 e ( person $1 ) … )``."""
    return f"( lambda $1 e {_person_predicates(person, place, '$1')} )"


def _person_predicates(person: Referent, place: Referent | None, variable: str) -> str:
    out = [f"( person {variable} )"]
    if person.name:
        out.append(f'( name {variable} " <name> " )')
    elif person.superlative or (person.posture and person.posture not in _POSTURES):
        out.append(f'( is {variable} " <gesture> " )')
    elif person.posture:
        out.append(f"( {_POSTURES[person.posture]} {variable} )")
    elif person.category in _GENDERS:
        out.append(f"( {_GENDERS[person.category]} {variable} )")
    else:
        out += [f"( {_OTHER[_GENDERS[a]]} {variable} )" for a in person.not_attributes if a in _GENDERS]
    if place is not None:
        out.append(f"( at {variable} {class_of(place)} )")
    return " ".join(out)


def _at(place: Referent | None) -> str:
    return f"( at $1 {class_of(place)} )" if place is not None else ""


@dataclass
class _Story:
    """What the steps so far say: where the robot is, what it found, what it did."""

    any_is_category: bool | None = None
    here: Referent | None = None
    claimed: bool = False
    """True when something was found or picked up ``here``: the place is told."""
    found: Referent | None = None
    found_at: Referent | None = None
    forms: list[str] = field(default_factory=list)
    followed: TaskStep | None = None
    picked: TaskStep | None = None

    def tell(self, step: TaskStep) -> None:
        """Adds one step."""
        if step.skill == "go":
            self._go(step)
        elif step.skill in ("find", "look", "pick", "open") and step.object is not None:
            self._find(step)
        else:
            method = getattr(self, f"_{step.skill}", None)
            form = method(step) if method else ""
            if form:
                self.forms.append(form)

    def form(self) -> str:
        """The whole."""
        if self.forms:
            return self.forms[-1]
        if self.found is not None and self.found.kind == "object":
            return self._bring(self.picked) if self.picked is not None else self._found_form(self.found)
        if self.here is not None:
            return f"( go {class_of(self.here)} )"
        return UNKNOWN

    # -- on the way ---------------------------------------------------------------------------------------

    def _go(self, step: TaskStep) -> None:
        destination = step.destination
        if destination is None:
            return
        if destination.kind == "user" and self.followed is not None and self.followed.object is not None:
            self.forms.append(self._lead_back(self.followed.object, self.followed.source))
        elif destination.kind == "place":
            if self.followed is not None and destination.category == "room":
                self.forms.append(f"( sequence {self._follow_form(self.followed)} ( go {class_of(destination)} ) )")
            self.here, self.claimed = destination, False
        elif destination.kind == "person":
            self._remember(destination)

    def _find(self, step: TaskStep) -> None:
        assert step.object is not None
        if step.object.kind == "place":
            self.here, self.claimed = step.object, False
        else:
            self._remember(step.object)
            self.picked = step if step.skill == "pick" else None

    def _remember(self, thing: Referent) -> None:
        self.found_at = self._where(thing)
        self.claimed |= self.found_at is self.here
        self.found = thing

    def _where(self, thing: Referent) -> Referent | None:
        """Where a thing or person is: as said of it, as it was found, or where the robot has gone for it."""
        said = place_of(thing)
        if said is not None:
            return said
        if self.found is not None and dataclasses.replace(thing, relations=()) == dataclasses.replace(
            self.found, relations=()
        ):
            return self.found_at or (None if self.claimed else self.here)
        return None if self.claimed else self.here

    # -- deeds --------------------------------------------------------------------------------------------

    def _found_form(self, thing: Referent) -> str:
        if thing.superlative:
            return self._superlative_form(thing)
        number = f" {thing.quantity}" if thing.quantity > 1 else ""
        kind = self._is_a(dataclasses.replace(thing, quantity=-1))
        return f"( find ( lambda $1 e {kind} {_at(self._where(thing))} ){number} )"

    def _is_a(self, thing: Referent) -> str:
        """The kind of a thing; nothing for "the object" when its superlative or its place is what tells it."""
        if thing.category:
            return f'( is_a $1 " {thing.category if thing.category == _CATEGORY else "<object>"} " )'
        told = thing.quantity == -1 or (thing.quantity > 1 and not thing.superlative)
        if thing.superlative and self.any_is_category is not None:
            told = self.any_is_category
        return f'( is_a $1 " {_CATEGORY} " )' if told else ""

    def _superlative_form(self, thing: Referent) -> str:
        number = f" {thing.quantity}" if thing.quantity > 1 else ""
        body = f"( {thing.superlative} $1{number} ) {self._is_a(thing)} {_at(self._where(thing))}"
        return f"( say ( lambda $1 e {body} ) )" if number else f"( say ( lambda $1 e ( and {body} ) ) )"

    def _bring(self, step: TaskStep) -> str:
        thing, who = step.object, step.recipient
        if thing is None:
            return ""
        receiver = ""
        if who is not None and who.kind == "person":
            place = self._where(who)
            receiver = person_form(who, place)
            self.claimed |= place is self.here
        return f"( bring {self._described(thing, step.source)} {receiver} )"

    def _described(self, thing: Referent, source: Referent | None = None) -> str:
        """What is brought: by its kind and place, by what is biggest of its kind, or by what it is next to."""
        place = self._where(thing) or source
        where = class_of(place) if place is not None else ""
        beside = next((r for r in thing.relations if r.referent.kind == "object" and r.predicate in _RELATIONS), None)
        if thing.superlative in _SUPERLATIVES:
            return f"( lambda $1 e ( {_SUPERLATIVES[thing.superlative]} $1 {where} ) )"
        if thing.superlative:
            return f"( lambda $1 e {self._is_a(thing)} ( {thing.superlative} $1 ) ) {where}"
        if beside is not None:
            inner = f'( is_a $2 " <object> " ) ( {_RELATIONS[beside.predicate]} $1 $2 )'
            return f"( lambda $1 e ( lambda $2 e {inner} ) ) {where}"
        kind = self._is_a(thing) or ("" if place is not None else _SOME_OBJECT)  # "the brown one"
        return f"( lambda $1 e {kind} {_at(place)} )"

    def _place(self, step: TaskStep) -> str:
        thing, goal = step.object, step.destination or self.here
        if thing is None or goal is None:
            return ""
        self.claimed |= goal == self.here
        return f"( put {self._described(thing, step.source)} {class_of(goal)} )"

    def _pour(self, step: TaskStep) -> str:
        kinds = [r.category for r in (step.object, step.destination) if r is not None]
        return "( pour " + " ".join(f'( lambda $1 e ( is_a $1 " {kind} " ) )' for kind in kinds) + " )"

    def _follow(self, step: TaskStep) -> str:
        self.followed = step
        goal = step.destination
        # The form tells the end of the way only when it is a piece of furniture.
        end = class_of(goal) if goal is not None and goal.category != "room" else ""
        form = self._follow_form(step)
        return f"{form[:-1]} {end} )" if end else form

    def _follow_form(self, step: TaskStep) -> str:
        who = step.object or Referent("user")
        return f"( follow {person_form(who, self._where(who) or step.source)} )"

    def _guide(self, step: TaskStep) -> str:
        who, goal = step.object or Referent("user"), step.destination
        place = self._where(who) or step.source
        if goal is not None and goal.kind == "user":
            return (
                f"( lambda $1 e ( sequence ( follow {_person_predicates(who, place, '$1')} ) "
                '( guide $1 " current " ) ) )'
            )
        return f"( guide {person_form(who, place)} {class_of(goal) if goal is not None else UNKNOWN} )"

    def _lead_back(self, who: Referent, source: Referent | None) -> str:
        predicates = _person_predicates(who, self._where(who) or source, "$1")
        return f'( lambda $1 e ( sequence ( follow {predicates} ) ( guide $1 " current " ) ) )'

    def _ask(self, step: TaskStep) -> str:
        return self._say(step)

    def _say(self, step: TaskStep) -> str:
        return f'( say " <whattosay> " {self._hearer(step)} )'

    def _answer(self, step: TaskStep) -> str:
        return f'( say ( answer " <question> " ) {self._hearer(step)} )'

    def _hearer(self, step: TaskStep) -> str:
        who = step.recipient
        if who is not None and who.kind == "person":
            return person_form(who, self._where(who))
        return person_form(Referent("person"), self.here) if self.here is not None else ""

    def _report(self, step: TaskStep) -> str:
        thing = step.object
        if thing is None:
            return self._say(step)
        if thing.kind == "person" and step.about in _ASKED_OF_PEOPLE:
            unnamed = dataclasses.replace(thing, name="", posture="", superlative="", category="person")
            inner = _person_predicates(unnamed, None, "$2")
            place = self._where(thing)
            at = f"( at $2 {class_of(place)} )" if place is not None else ""
            return f"( say ( lambda $1 e ( lambda $2 e {inner} ( {step.about} $2 $1 ) {at} ) ) )"
        if thing.kind == "object":
            return self._found_form(thing)
        return ""

    def _count(self, step: TaskStep) -> str:
        thing = step.object
        if thing is None:
            return ""
        if thing.kind == "person":
            return f"( say ( count {person_form(thing, self._where(thing))} ) )"
        if not thing.category:
            return f"( count ( lambda $1 e ( and {self._is_a(thing)} {_at(self._where(thing))} ) ) )"
        return f"( say ( count ( lambda $1 e {self._is_a(thing)} {_at(self._where(thing))} ) ) )"
