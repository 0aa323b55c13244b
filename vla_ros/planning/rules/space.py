"""Where the robot may go and reach, and who is near its way."""

from __future__ import annotations

import numpy as np

from vla_ros.planning.rules.rule import Intent, Objection
from vla_ros.planning.target import Target

_DRIVING = ("go", "pick", "place", "put_down", "open", "close", "guide", "follow")


def keep_out(intent: Intent) -> Objection | None:
    """Nothing inside a keep-out zone is gone to, taken, or put there. The gate would stop at the border."""
    zones = intent.ctx.world.zones.keep_out
    for target in (intent.step.target, intent.step.goal) if zones else ():
        for x, y, z in _points(intent, target):
            for zone in zones:
                low, high = zone.z
                if low <= z <= high and float(zone.clearance(np.array([[x, y]]))[0]) <= 0.0:
                    assert target is not None
                    reaction = "avoid" if target.bound_id and target.place is None else "refuse"
                    text = f"{target.short()} is in the zone {zone.name}, which is closed to me"
                    return Objection("keep_out", reaction, text)
    return None


def people_near(intent: Intent) -> Objection | None:
    """Slowly past people who stand near the straight way; the gate judges the real one, always."""
    if intent.skill not in _DRIVING:
        return None
    ends = [p[:2] for t in (intent.step.goal, intent.step.target) for p in _points(intent, t)][:1]
    robot = intent.ctx.belief.robot
    mine = {t.bound_id for t in (intent.step.target, intent.step.goal) if t is not None}
    for person in intent.ctx.belief.present():
        if person.category != "person" or person.id in mine or not person.visible or not ends:
            continue
        away = _from_line(person.pose.position[:2], (robot.x, robot.y), ends[0])
        if away < intent.ctx.params.near_person_m:
            return Objection("people_near", "slow", f"somebody is {away:.1f} m beside my way")
    return None


def _points(intent: Intent, target: Target | None) -> list[tuple[float, float, float]]:
    """Where a target is [m]: the thing itself, the surfaces of its furniture, or the point of its place."""
    if target is None:
        return []
    thing = intent.seen(target)
    held = intent.ctx.belief.held
    if thing is not None and not (held is not None and held.thing.id == thing.id):
        return [thing.pose.position]
    place = target.place
    if place is None:
        return []
    if place.furniture is not None:
        piece = place.furniture
        return [piece.surface_point(s) for s in piece.surfaces] or [(*piece.position, piece.size[2] / 2)]
    return [(place.point.x, place.point.y, 0.0)]


def _from_line(point: tuple[float, ...], start: tuple[float, float], end: tuple[float, float]) -> float:
    """Distance [m] of a point to a stretch of a line."""
    p, a, b = np.array(point), np.array(start), np.array(end)
    share = float(np.clip((p - a) @ (b - a) / max(float((b - a) @ (b - a)), 1e-9), 0.0, 1.0))
    return float(np.linalg.norm(p - a - share * (b - a)))
