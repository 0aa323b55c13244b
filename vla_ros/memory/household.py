"""What was taught, put into the floor plan and the list of people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.people import People, Person
from vla_ros.core.remembered import RememberedPerson, RememberedPlace


def plan_with(plan: FloorPlan, places: Sequence[RememberedPlace]) -> FloorPlan:
    """The plan with the taught places as spots; a taught one replaces the file's spot of the same name."""
    taught = {place.name: place.spot() for place in places}
    return replace(plan, spots=(*(s for s in plan.spots if s.name not in taught), *taught.values()))


def people_with(people: People | None, met: Sequence[RememberedPerson]) -> People:
    """The people with those who told their names: the user's name becomes another word for the user, somebody known
    by name wears now what was seen last, somebody new is added."""
    everybody = list(people.people) if people is not None else []
    for person in met:
        name = person.name.lower()
        at = next((i for i, p in enumerate(everybody) if name == p.name or name in p.synonyms), None)
        user = next((i for i, p in enumerate(everybody) if p.user), None)
        if at is not None:
            if person.color and not everybody[at].user:
                everybody[at] = replace(everybody[at], shirt_color=person.color)
        elif person.user and user is not None:
            everybody[user] = replace(everybody[user], synonyms=(*everybody[user].synonyms, name))
        else:
            everybody.append(Person(name=name, shirt_color=person.color, user=person.user))
    return People(people=tuple(everybody))
