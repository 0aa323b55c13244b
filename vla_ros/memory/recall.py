"""What the robot says from memory. Pure: rows in, words out; ``now`` is seconds since 1970."""

from __future__ import annotations

from collections.abc import Sequence

from vla_ros.core.remembered import RememberedObject, RememberedPerson, RememberedPlace
from vla_ros.memory.export import ago, where
from vla_ros.memory.store import MemoryStore

_MOST_NAMED = 5
FORGOTTEN = {
    "conversation": "I have forgotten our conversation.",
    "objects": "I have forgotten where I saw things.",
    "places": "I have forgotten the places that I was taught.",
    "people": "I have forgotten all names.",
    "tasks": "I have forgotten what I did.",
    "me": "I have forgotten your name, what you said, what you asked me to do and the places that you called yours.",
    "everything": "I have forgotten everything that I learned.",
}


def last_seen(objects: Sequence[RememberedObject], category: str, colors: Sequence[str], words: str, now: float) -> str:
    """Where things of that kind were seen last."""
    name = words.removeprefix("the ")
    fitting = [o for o in objects if o.category == category and all(c == o.color for c in colors)]
    if not fitting:
        return f"I do not remember having seen {_article(name)}."
    first, rest = fitting[0], fitting[1:3]
    text = f"I saw {_article(_thing(first))} {where(first.furniture, first.room)} {ago(first.seen_s, now)}"
    for other in rest:
        text += f", and {_article(_thing(other))} {where(other.furniture, other.room)} {ago(other.seen_s, now)}"
    return f"{text}."


def places(known: Sequence[RememberedPlace]) -> str:
    """The taught places."""
    if not known:
        return "You have not taught me any place."
    return f"You have taught me {_listing([_yours(p.name) for p in known])}."


def people(known: Sequence[RememberedPerson]) -> str:
    """The people met by name."""
    if not known:
        return "Nobody has told me a name."
    return f"I know {_listing(['you, ' + p.name.title() if p.user else p.name.title() for p in known])}."


def user(known: Sequence[RememberedPerson]) -> str:
    """Who the user is."""
    me = next((p for p in known if p.user), None)
    return f"You are {me.name.title()}." if me is not None else "You have not told me your name."


def person(known: Sequence[RememberedPerson], name: str, now: float) -> str:
    """Who somebody is."""
    found = next((p for p in known if p.name == name.lower()), None)
    if found is None:
        return f"I do not know anybody called {name}."
    if found.user:
        return f"{name.title()} is you."
    worn = f", in {found.color} clothes" if found.color else ""
    return f"I met {found.name.title()} {ago(found.met_s, now)}{worn}."


def summary(store: MemoryStore) -> str:
    """How much is remembered."""
    counts = {"sentence": len(store.turns()), "thing": len(store.objects()), "place": len(store.places()),
              "name": len(store.people()), "command": len(store.tasks())}  # fmt: skip
    parts = [f"{number} {noun}{'' if number == 1 else 's'}" for noun, number in counts.items() if number]
    if not parts:
        return "I remember nothing yet."
    return f"I remember {_listing(parts)}. `vla memory show` lists them; say 'forget everything' to erase them."


def forget(store: MemoryStore, what: str, name: str = "") -> str:
    """Forgets and says so; ``what`` is one of FORGETTABLE, or "name" for a place or person of that name."""
    if what != "name":
        store.forget(what)
        return f"I could not erase it: {store.problem}." if store.problem else FORGOTTEN[what]
    if store.forget("place", name) or store.forget("person", name):
        return f"I have forgotten {_yours(name)}."
    known = [_yours(p.name) for p in store.places()] + [p.name.title() for p in store.people()]
    listed = f" I know {_listing(known[:_MOST_NAMED])}." if known else ""
    return f"I remember no place and nobody called '{name}'.{listed}"


def taught(place: RememberedPlace) -> str:
    """The answer to a lesson about a place."""
    if place.furniture:
        return f"I will remember the {place.furniture.replace('_', ' ')} as {_yours(place.name)}."
    room = f" in the {place.room.replace('_', ' ')}" if place.room else ""
    return f"I will remember this spot{room} as {_yours(place.name)}."


def met(one: RememberedPerson) -> str:
    """The answer to an introduction."""
    name = one.name.title()
    if one.user:
        return f"Nice to meet you, {name}."
    if one.color:
        return f"Hello {name}. I will know you by your {one.color} clothes."
    return f"I will remember the name {name}, but I see nobody in front of me to whom it belongs."


def _yours(name: str) -> str:
    return f"your {name.removeprefix('my ')}" if name.startswith("my ") else f"the {name}" if " " in name else name


def _thing(thing: RememberedObject) -> str:
    return f"{thing.color} {thing.category}".strip().replace("_", " ")


def _article(words: str) -> str:
    return f"{'an' if words[:1] in 'aeiou' else 'a'} {words}"


def _listing(parts: Sequence[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)
