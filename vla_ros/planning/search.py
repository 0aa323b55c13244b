"""Where to look for a thing: standing points in front of surfaces, the likeliest and nearest first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vla_ros.core.floorplan import Furniture
from vla_ros.core.geometry import Pose2D
from vla_ros.core.task import Referent
from vla_ros.planning import places
from vla_ros.planning.belief import Belief
from vla_ros.planning.floor import Floor
from vla_ros.planning.params import PlannerParams

_LOWEST_M, _HIGHEST_M = 0.25, 1.35
_UNLIKELY = ("sofa", "bed", "chair", "bench")
_USUAL_STEP, _USUAL_LEAST = 0.15, 0.5
_ELSEWHERE_CHANCE, _SEAT_CHANCE = 0.2, 0.1
_TRUST_IN_A_GLANCE = 0.75
_REMEMBERED_CHANCE = 6.0
_LOOK_M, _LEAVE_M = 2.0, 3.0


@dataclass(frozen=True)
class View:
    """Stand at ``stand`` and look at ``point`` [m] to see surfaces of ``furniture``."""

    furniture: str
    room: str
    stand: Pose2D
    point: tuple[float, float, float]
    last: bool
    """True for the last view of this piece: then it has been looked at."""


def surfaces_to_search(plan_furniture: Iterable[Furniture], leaf_open: dict[str, bool]) -> list[Furniture]:
    """Pieces with a surface that a standing robot can look onto; the insides of closed doors are left out."""
    return [f for f in plan_furniture if heights(f, leaf_open)]


def heights(piece: Furniture, leaf_open: dict[str, bool]) -> list[float]:
    """Heights [m] of its surfaces that can be seen now."""
    opened = leaf_open.get(piece.name, False)
    return [s.height for s in piece.surfaces if _LOWEST_M <= s.height <= _HIGHEST_M and (opened or not s.enclosed)]


def views_of(piece: Furniture, floor: Floor, params: PlannerParams, leaf_open: dict[str, bool]) -> list[View]:
    """The views that together show a piece's surfaces; shelves far apart in height are looked at one by one."""
    stands = floor.front_points(piece, params.view_distance_m, params.view_width_m)
    levels: list[float] = []
    for height in sorted(heights(piece, leaf_open), reverse=True):
        if not levels or levels[-1] - height > 0.45:
            levels.append(height)
    views = []
    for stand in stands:
        reach = params.view_distance_m + min(0.3, piece.size[0] / 2)
        x, y = stand.x + reach * math.cos(stand.theta), stand.y + reach * math.sin(stand.theta)
        views += [View(piece.name, piece.room, stand, (x, y, z + 0.05), False) for z in levels]
    if views:
        views[-1] = View(piece.name, piece.room, views[-1].stand, views[-1].point, True)
    return views


def named_places(referent: Referent, floor: Floor) -> tuple[places.Place, ...]:
    """Rooms and furniture that the sentence names as the thing's place; empty when it names none."""
    found: list[places.Place] = []
    for relation in referent.relations:
        if relation.referent.kind in ("place", "object") and relation.predicate != "between":
            found += places.resolve(floor.plan, relation.referent)
    return tuple(p for p in found if p.kind in ("room", "furniture"))


def chance(piece: Furniture, usual: tuple[str, ...]) -> float:
    """How likely a thing lies on a piece, as a weight in (0, 1]: highest on the first of the furniture categories
    where its kind is ``usual``, a fair share elsewhere, little where nobody puts things."""
    if piece.category in usual:
        return max(_USUAL_LEAST, 1.0 - _USUAL_STEP * usual.index(piece.category))
    return _SEAT_CHANCE if piece.category in _UNLIKELY else _ELSEWHERE_CHANCE


def next_piece(
    rest: Iterable[Furniture],
    belief: Belief,
    floor: Floor,
    usual: tuple[str, ...] = (),
    glanced_since: float = math.inf,
    remembered: Sequence[str] = (),
) -> Furniture | None:
    """The next piece to look at: the one with the lowest cost for its chance, which is the order that finds a thing
    soonest on average when one place is tried after another.

    The cost is the way through the doors plus one look [m of driving]; leaving the room costs extra, so that a room
    is finished first. Furniture where such a thing was ``remembered`` to be, the last seen first, is likelier than
    any other. What the camera has swept in passing since ``glanced_since`` [s] has little chance left. One
    call costs about a millisecond.
    """
    robot, here = (belief.robot.x, belief.robot.y), belief.here.name if belief.here else ""

    def cost(piece: Furniture) -> float:
        length = min(floor.route(robot, piece.position)[0], 1e3)
        length += _LOOK_M + (0.0 if piece.room == here else _LEAVE_M)
        swept = belief.glances.share(piece, glanced_since)
        known = _REMEMBERED_CHANCE / (1 + remembered.index(piece.name)) if piece.name in remembered else 0.0
        return length / (max(chance(piece, usual), known) * (1.0 - _TRUST_IN_A_GLANCE * swept))

    return min(rest, key=cost, default=None)
