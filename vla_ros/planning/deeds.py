"""What the robot has done that can be taken back: things taken and from where, doors moved, ways gone. Outlives a
command; kept in memory only, because after a restart nobody knows what happened since."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vla_ros.core.scene import SceneObject
from vla_ros.planning.target import Target

if TYPE_CHECKING:
    from vla_ros.planning.context import Context
    from vla_ros.planning.step import Step

_KINDS = {"pick": "took", "hand_over": "gave", "open": "opened", "close": "closed", "go": "went", "move": "went",
          "follow": "went", "guide": "went"}  # fmt: skip
_MOST = 100


@dataclass(frozen=True, eq=False)
class Deed:
    """One thing done. ``kind``: took, gave, opened, closed or went. ``origin`` is the furniture that a thing was taken
    from, "" for none; ``came_from`` the robot's pose x, y [m], yaw [rad] when the command came."""

    command_id: str
    kind: str
    target: Target | None
    came_from: tuple[float, float, float]
    thing: SceneObject | None = None
    origin: str = ""


class Deeds:
    """The last deeds, command by command."""

    def __init__(self) -> None:
        self._done: deque[Deed] = deque(maxlen=_MOST)
        self._undoing: dict[str, str] = {}

    def note(self, step: Step, ctx: Context) -> None:
        """A step has succeeded. What an undoing command does is no deed of its own."""
        kind = _KINDS.get(step.skill, "")
        if not kind or ctx.command_id in self._undoing:
            return
        held = ctx.belief.held if kind == "took" else None
        piece = ctx.belief.furniture_of(held.thing) if held is not None else None
        thing, origin = (held.thing, piece.name if piece else "") if held is not None else (None, "")
        self._done.append(Deed(ctx.command_id, kind, step.target, ctx.asked_from, thing, origin))

    def last(self) -> tuple[Deed, ...]:
        """The deeds of the last command that did anything, in order; empty when there is none."""
        return tuple(d for d in self._done if d.command_id == self._done[-1].command_id) if self._done else ()

    def begin_undo(self, command_id: str) -> None:
        """That command takes back what the last one did."""
        self._undoing = {command_id: self._done[-1].command_id} if self._done else {}

    def end(self, command_id: str, succeeded: bool) -> None:
        """A command has ended: what was taken back is done no more."""
        undone = self._undoing.pop(command_id, "")
        if undone and succeeded:
            self._done = deque((d for d in self._done if d.command_id != undone), maxlen=_MOST)
