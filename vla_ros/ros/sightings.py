"""The planner node's memory: what it starts out knowing, what it writes down of what it sees. Never on the tick."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.people import People
from vla_ros.core.remembered import RememberedObject, RememberedPerson, RememberedPlace
from vla_ros.core.scene import SceneObject
from vla_ros.core.task import Referent, Task
from vla_ros.memory.household import people_with, plan_with
from vla_ros.memory.store import MemoryStore
from vla_ros.planning.belief import Belief
from vla_ros.planning.planner import Planner
from vla_ros.ros.keeper import Keeper
from vla_ros.ros.node import VlaNode

_ROLES = ("object", "source", "destination", "recipient")
_SURE = 0.5


@dataclass(frozen=True)
class _Known:
    places: tuple[RememberedPlace, ...]
    people: tuple[RememberedPerson, ...]
    objects: tuple[RememberedObject, ...] = ()


class Sightings:
    """Tells the planner what is remembered, at the start and whenever language has learned something; writes what
    stands where every ``memory_period_s``."""

    def __init__(self, node: VlaNode, planner: Planner, home: FloorPlan, people: People | None) -> None:
        self._node, self._planner = node, planner
        self._home, self._people = home, people
        self._run = f"{time.time():.0f}.{os.getpid()}"
        self._written: dict[str, float] = {}
        self._polled_s = 0.0
        self._held: list[Callable[[], None]] = []
        self.keeper = Keeper(node)
        store = self.keeper.store
        self._objects = store.objects()  # of earlier runs: what this one sees, the belief knows itself
        self._learn(_read(store))
        node.steady_timer(self.keeper.params.memory_period_s, self._write)

    def before(self, task: Task, submit: Callable[[], None]) -> None:
        """Calls ``submit``, after a look into the memory when the task speaks of a name that may be new. What comes
        meanwhile does not overtake it: it then goes ahead with what is known."""
        self._let_go()
        if not any(self._unheard(r) for step in task.steps for role in _ROLES if (r := getattr(step, role))):
            return submit()
        self._held.append(submit)

        def known(read: _Known) -> None:
            self._learn(read)
            self._let_go()

        if not self.keeper.use(_read, known):
            self._let_go()
        return None

    def deliver(self) -> None:
        """Hands out what was read; called on the tick, which it costs microseconds."""
        self.keeper.deliver()
        if self._node.steady_s() - self._polled_s > 1.0:
            self._polled_s = self._node.steady_s()
            self.keeper.poll(lambda: self.keeper.use(_read, self._learn))

    def _let_go(self) -> None:
        held, self._held = self._held, []
        for submit in held:
            submit()

    def _unheard(self, referent: Referent) -> bool:
        name = referent.name
        if name and referent.kind == "place" and referent.category == "spot":
            return self._planner.world.plan.spot(name) is None
        people = self._planner.world.people
        if name and referent.kind == "person":
            return people is None or people.person(name.lower()) is None
        return any(self._unheard(relation.referent) for relation in referent.relations)

    def _learn(self, known: _Known) -> None:
        self._planner.know(plan_with(self._home, known.places), people_with(self._people, known.people), self._objects)

    def _write(self) -> None:
        belief, now, wall = self._planner.world.belief, self._node.now_s(), time.time()
        present = [t for t in belief.present() if _worth(t)]
        seen = [t for t in present if self._written.get(t.id) != t.last_seen_s]  # since it was written last
        gone = [t for name in belief.gone if (t := belief.things.get(name)) is not None and _worth(t)]
        self._written = {t.id: t.last_seen_s for t in present}
        if seen or gone:
            ages = [max(0.0, now - t.last_seen_s) for t in seen]
            self.keeper.use(lambda store: self._note(store, belief, seen, [wall - a for a in ages], gone))

    def _note(
        self,
        store: MemoryStore,
        belief: Belief,
        seen: Sequence[SceneObject],
        times: Sequence[float],
        gone: Sequence[SceneObject],
    ) -> None:
        """On the memory's thread; of the belief only the building is asked, which does not change under it."""
        rows = [self._row(belief, thing, at) for thing, at in zip(seen, times, strict=True)]
        store.see(rows, [self._row(belief, thing, 0.0) for thing in gone])

    def _row(self, belief: Belief, thing: SceneObject, seen_s: float) -> RememberedObject:
        piece = belief.furniture_of(thing)
        return RememberedObject(
            category=thing.category,
            color=thing.color,
            position=(float(thing.pose.position[0]), float(thing.pose.position[1]), float(thing.pose.position[2])),
            furniture=piece.name if piece is not None else "",
            room=belief.room_of(thing),
            seen_s=seen_s,
            track=thing.id,
            run=self._run,
        )


def _worth(thing: SceneObject) -> bool:
    """True for things of a known kind that surely exist; people are remembered by name only."""
    return bool(thing.category) and thing.category != "person" and thing.confidence >= _SURE


def _read(store: MemoryStore) -> _Known:
    return _Known(store.places(), store.people())
