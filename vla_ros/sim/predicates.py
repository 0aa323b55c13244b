"""Does a goal hold? Judged on ground truth (a dict as published on sim/ground_truth) and on what was said.

The truth already says for every object in which room, on and in what it is and how far it stands from where it
stood at the start of the episode; the predicates only read it, so that any process can score.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from vla_ros.core.errors import InputError
from vla_ros.sim.scenario import check_predicate

MOVED = 0.05
"""An object that stands closer than this to where it stood [m] has not moved."""
OPEN_SHARE = 0.5
CLOSED_SHARE = 0.06


@dataclass(frozen=True)
class Story:
    """Ground truth before and after the episode, and every word the robot said or wrote."""

    before: dict[str, Any]
    after: dict[str, Any]
    said: tuple[str, ...] = field(default=())


def holds(predicate: Sequence[Any], story: Story) -> bool:
    """True when one predicate of a scenario's goal holds at the end.

    Raises:
        ConfigError: unknown predicate or a wrong number of arguments.
        InputError: a name that is not in the truth.
    """
    check_predicate(tuple(predicate), "goal")
    name, arguments = str(predicate[0]), [str(a) for a in predicate[1:]]
    after = story.after
    if name == "at":
        return str(_thing(after, arguments[0])["room"]) == arguments[1]
    if name == "near":
        return _distance(after, arguments[0], arguments[1]) <= float(predicate[3])
    if name in ("on", "in"):
        return arguments[1] in _object(after, arguments[0])[name]
    if name == "holding":
        return arguments[0] == "robot" and arguments[1] in after["robot"]["holding"]
    if name in ("open", "closed"):
        shares = [d["share"] for d in after["doors"].values() if d["furniture"] == arguments[0]]
        if not shares:
            raise InputError(f"{name}.furniture", arguments[0], "Name furniture that opens.")
        return max(shares) >= OPEN_SHARE if name == "open" else max(shares) <= CLOSED_SHARE
    if name == "said":
        return any(re.search(arguments[0], words) for words in story.said)
    then, now = _object(story.before, arguments[0]), _object(after, arguments[0])
    return math.dist(then["position"], now["position"]) < MOVED


def _object(truth: dict[str, Any], name: str) -> dict[str, Any]:
    if name not in truth["objects"]:
        raise InputError("goal.object", name, f"In this home are: {', '.join(truth['objects'])}.")
    return dict(truth["objects"][name])


def _thing(truth: dict[str, Any], name: str) -> dict[str, Any]:
    """Robot, person, object or furniture by name."""
    if name == "robot":
        return dict(truth["robot"])
    for group in ("people", "furniture"):
        if name in truth[group]:
            return dict(truth[group][name])
    return _object(truth, name)


def _distance(truth: dict[str, Any], first: str, second: str) -> float:
    """Horizontal distance [m]; from furniture it counts from its edge, from the others from their middle."""
    a, b = _thing(truth, first), _thing(truth, second)
    if "size" in a and "yaw" in a and first in truth["furniture"]:
        a, b = b, a
        first, second = second, first
    if second not in truth["furniture"]:
        return math.dist(a["position"][:2], b["position"][:2])
    dx, dy = (p - q for p, q in zip(a["position"][:2], b["position"][:2]))
    c, s = math.cos(b["yaw"]), math.sin(b["yaw"])
    u, v = abs(c * dx + s * dy) - b["size"][0] / 2, abs(-s * dx + c * dy) - b["size"][1] / 2
    return math.hypot(max(u, 0.0), max(v, 0.0))
