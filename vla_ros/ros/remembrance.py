"""The language node's memory: turns, commands, taught places and people; carries out what is said to the memory."""

from __future__ import annotations

import time
from collections.abc import Callable

from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.geometry import Pose2D
from vla_ros.core.people import People
from vla_ros.core.plan import CommandStatus
from vla_ros.core.remembered import RememberedTask, Turn
from vla_ros.core.scene import SceneObject
from vla_ros.core.task import IMMEDIATE_SKILLS, Task
from vla_ros.language.commands import FrontDesk
from vla_ros.language.dialogue import Act
from vla_ros.language.dialogue_names import TaughtParser, furniture_of
from vla_ros.language.task_json import task_to_json
from vla_ros.memory import recall
from vla_ros.memory.store import MemoryStore
from vla_ros.memory.teaching import person_here, place_here
from vla_ros.ros.glance import Glance
from vla_ros.ros.keeper import Keeper
from vla_ros.ros.node import VlaNode

_TURNS = 50
_NO_ROOM = "My memory cannot be written at the moment; see /diagnostics."
_CUT_SHORT = "I was switched off or ended before it was done."
_NO_POSE = "I do not know where I am: no odometry comes. Start the robot's driver and tell me again."
_ASIDE = (*IMMEDIATE_SKILLS, "answer")

Told = Callable[[str], None]
Names = tuple[tuple[str, ...], tuple[str, ...]]
"""Of taught places, of people met."""


class Remembrance:
    """Keeps what passes through the front doors, and answers from it.

    Args:
        home, people: of the files; what was taught is added to them by the planner, here their words only.
    """

    def __init__(
        self, node: VlaNode, desk: FrontDesk, parser: TaughtParser, home: FloorPlan | None, people: People | None
    ) -> None:
        self._node, self._desk, self._parser = node, desk, parser
        self._home, self._people = home, people
        self._glances: list[Glance] = []
        self._open: set[str] = set()
        self._last_polled = 0.0
        self.keeper = Keeper(node)
        desk.restore(self.keeper.store.turns(_TURNS))
        started = time.time()
        self.keeper.use(lambda store: store.end_open_tasks("failed", _CUT_SHORT, started))
        self._know(_names(self.keeper.store))

    # -- what passes

    def turn(self, speaker: str, text: str, command_id: str = "") -> None:
        """Something was said."""
        turn = Turn(time.time(), speaker, text, command_id)
        self.keeper.use(lambda store: store.add_turn(turn))

    def began(self, task: Task) -> None:
        """A task goes to the planner; answers and what acts at once are no commands of their own."""
        first = task.steps[0].skill if task.kind == "task" and task.steps else "answer"
        if (first in _ASIDE and len(task.steps) < 2) or task.command_id in self._open:
            return
        self._open.add(task.command_id)
        row = RememberedTask(task.command_id, task.text, task_to_json(task), "accepted", "", time.time())
        self.keeper.use(lambda store: store.note_task(row))

    def status(self, status: CommandStatus) -> None:
        """Progress of a command; its end is kept."""
        if status.is_terminal and status.command_id in self._open:
            self._open.discard(status.command_id)
            now = time.time()
            self.keeper.use(lambda store: store.end_task(status.command_id, status.state, status.text, now))

    def deliver(self) -> None:
        """Hands out what is ready; called by a timer."""
        self._glances = [glance for glance in self._glances if not glance.over()]
        self.keeper.deliver()
        if self._node.steady_s() - self._last_polled > 1.0:
            self._last_polled = self._node.steady_s()
            self.keeper.poll(self._refresh)

    # -- what is said to the memory

    def carry_out(self, act: Act, then: Told) -> None:
        """Does what an act of the dialogue asks of the memory; ``then`` gets the answer in words, later."""
        kind, _, what = act.kind.partition("_")
        if act.kind == "teach_place":
            self._glances.append(Glance(self._node, False, lambda pose, _: self._teach_place(act.words, pose, then)))
        elif kind == "teach":
            user = what == "user"
            look = Glance(self._node, True, lambda pose, seen: self._meet(act.words, user, pose, seen, then))
            self._glances.append(look)
        elif kind == "forget":
            if what in ("conversation", "me", "everything"):
                self._desk.forget_talk()
            self._answer(lambda store: recall.forget(store, what, act.words), then)
        else:
            self._answer(lambda store: self._recalled(store, what, act.words), then)

    def _teach_place(self, name: str, pose: Pose2D | None, then: Told) -> None:
        if pose is None:
            return then(_NO_POSE)
        place = place_here(name, furniture_of(name, self._parser.lexicon), pose, self._home, time.time())

        def work(store: MemoryStore) -> str:
            store.teach(place)
            return recall.taught(place)

        return self._answer(work, then)

    def _meet(self, name: str, user: bool, pose: Pose2D | None, seen: tuple[SceneObject, ...], then: Told) -> None:
        known = self._people.user if self._people is not None else None
        person = person_here(name, user, seen, pose, known.shirt_color if known is not None else "", time.time())

        def work(store: MemoryStore) -> str:
            store.meet(person)
            return recall.met(person)

        self._answer(work, then)

    def _recalled(self, store: MemoryStore, what: str, words: str) -> str:
        if what == "object":
            described = self._parser.parse_answer(words).steps
            thing = described[0].object if described else None
            if thing is None or not thing.category:
                return f"I do not know what '{words}' looks like."
            return recall.last_seen(store.objects(), thing.category, thing.attributes, thing.words(), time.time())
        if what == "places":
            return recall.places(store.places())
        if what == "people":
            return recall.people(store.people())
        if what == "user":
            return recall.user(store.people())
        return recall.person(store.people(), words, time.time()) if what == "person" else recall.summary(store)

    def _answer(self, work: Callable[[MemoryStore], str], then: Told) -> None:
        """The words that ``work`` makes, after the names that it may have changed are known."""

        def both(store: MemoryStore) -> tuple[str, Names]:
            return work(store), _names(store)

        def done(result: tuple[str, Names]) -> None:
            self._know(result[1])
            then(result[0])

        if not self.keeper.use(both, done):
            then(_NO_ROOM)

    def _refresh(self) -> None:
        self.keeper.use(_names, self._know)

    def _know(self, names: Names) -> None:
        spots = tuple(spot.name for spot in self._home.spots) if self._home is not None else ()
        self._parser.know((*spots, *names[0]), names[1])


def _names(store: MemoryStore) -> Names:
    """Names of the taught places and of the people met."""
    return tuple(p.name for p in store.places()), tuple(p.name for p in store.people())
