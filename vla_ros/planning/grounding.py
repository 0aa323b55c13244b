"""Which of the things the robot knows of a sentence means: category, colours, relations, superlatives, people."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vla_ros.core.catalog import Catalog
from vla_ros.core.people import People
from vla_ros.core.scene import COLORS, SceneObject
from vla_ros.core.task import Referent, Relation
from vla_ros.planning import places
from vla_ros.planning.belief import Belief
from vla_ros.planning.params import PlannerParams

ANYTHING = ("", "thing", "object", "item", "stuff", "one")
ANY_WORDS = ("any", "some", "a", "an", "another")
_NEAR_M = 0.6
_PERSON_WORDS = ("person", "people", "man", "woman", "guest", "somebody", "someone", "human", "boy", "girl", "guy")


@dataclass(frozen=True)
class Match:
    """A thing and how well it fits, in (0, 1]."""

    thing: SceneObject
    score: float


class Grounding:
    """Matches referents against the belief. Pure look-ups, no side effects."""

    def __init__(self, belief: Belief, catalog: Catalog, people: People | None, params: PlannerParams) -> None:
        self.belief = belief
        self.catalog = catalog
        self.people = people
        self.params = params

    def canonical(self, category: str) -> str:
        """The catalog's name of a category or synonym; unknown words stay as they are."""
        if category in _PERSON_WORDS:
            return "person"
        kind = self.catalog.kind(category) or self.catalog.kind(category.replace("_", " "))
        return kind.category if kind else category

    def matches(self, referent: Referent, excluded: frozenset[str] | set[str] = frozenset()) -> list[Match]:
        """All fitting things, best first; the much worse ones are left out. Superlatives leave ``quantity``."""
        found = [Match(t, s) for t in self.belief.present() if t.id not in excluded and (s := self.fit(referent, t))]
        if referent.superlative and found:
            found = self._superlative(referent, found)
        found.sort(key=lambda m: -m.score)
        return [m for m in found if m.score >= 0.5 * found[0].score]

    def remembered_on(self, referent: Referent) -> tuple[str, ...]:
        """Furniture on which such a thing was seen in an earlier run, the last seen first."""
        category = self.canonical(referent.category)
        colors = [a for a in referent.attributes if a in COLORS]
        fitting = (
            thing.furniture
            for thing in self.belief.remembered
            if thing.furniture and thing.category == category and all(c == thing.color for c in colors)
        )
        return tuple(dict.fromkeys(fitting))

    def fit(self, referent: Referent, thing: SceneObject) -> float:
        """How well one thing fits, 0 = not."""
        if thing.confidence < self.params.min_confidence:
            return 0.0
        if referent.kind in ("person", "user"):
            return self._fit_person(referent, thing)
        category = self.canonical(referent.category)
        if category in ANYTHING:
            score = 0.0 if thing.category == "person" else max(0.5, thing.confidence)
        else:
            score = thing.score_of(category)
            best = thing.categories[0][1] if thing.categories else 1.0
            if score < max(self.params.min_category_score, self.params.min_category_ratio * best):
                return 0.0
        for attribute in referent.attributes:
            if attribute in COLORS:
                score *= self._color(thing, attribute)
        if any(a in COLORS and self._color(thing, a) > 0.5 for a in referent.not_attributes):
            return 0.0
        for relation in referent.relations:
            if not self.holds(relation, thing):
                return 0.0
        return score

    def holds(self, relation: Relation, thing: SceneObject) -> bool:
        """Whether the thing stands in that relation to a place, a person or another thing."""
        other = relation.referent
        if other.kind in ("robot", "self"):
            return self.belief.distance_to(thing) < 1.5
        if other.kind not in ("object", "person", "user"):
            found = places.resolve(self.belief.plan, other)
            if found:
                return any(self._at_place(relation.predicate, thing, place) for place in found)
        anchors = self.matches(other, {thing.id})
        return any(self._beside(relation.predicate, thing, anchor.thing) for anchor in anchors)

    def _at_place(self, predicate: str, thing: SceneObject, place: places.Place) -> bool:
        if place.kind == "room":
            return self.belief.room_of(thing) == place.name
        x, y, z = thing.pose.position
        if place.furniture is None:
            return math.hypot(x - place.point.x, y - place.point.y) < 1.0
        if predicate in ("on", "in", "from", "at", "above"):
            return place.furniture.contains(x, y, 0.05) and z > 0.2
        if predicate == "under":
            return place.furniture.contains(x, y, 0.05) and z < place.furniture.size[2]
        if predicate in ("left_of", "right_of", "in_front_of", "behind"):
            return self._side(predicate, (x, y), (place.point.x, place.point.y), 1.5)
        return place.furniture.contains(x, y, 0.9) and not place.furniture.contains(x, y)

    def _beside(self, predicate: str, thing: SceneObject, anchor: SceneObject) -> bool:
        (x, y, z), (ax, ay, az) = thing.pose.position, anchor.pose.position
        gap = math.hypot(x - ax, y - ay)
        reach = max(anchor.size[0], anchor.size[1]) / 2
        if predicate in ("on", "above"):
            return gap < reach + 0.03 and z > az
        if predicate in ("in", "from"):
            return gap < reach and abs(z - az) < anchor.size[2]
        if predicate == "under":
            return gap < reach and z < az
        if predicate in ("left_of", "right_of", "in_front_of", "behind"):
            return self._side(predicate, (x, y), (ax, ay), 1.0)
        return gap < _NEAR_M + reach

    def _side(self, predicate: str, point: tuple[float, float], anchor: tuple[float, float], reach: float) -> bool:
        """Left, right, in front and behind as the robot sees the anchor from where it stands."""
        robot = self.belief.robot
        ahead = np.array([anchor[0] - robot.x, anchor[1] - robot.y])
        ahead /= max(float(np.hypot(*ahead)), 1e-6)
        delta = np.array(point) - anchor
        forward, left = float(delta @ ahead), float(delta @ np.array([-ahead[1], ahead[0]]))
        if math.hypot(forward, left) > reach:
            return False
        wanted = {"left_of": left, "right_of": -left, "behind": forward, "in_front_of": -forward}[predicate]
        return wanted > 0.02 and wanted >= 0.5 * math.hypot(forward, left)

    def _color(self, thing: SceneObject, color: str) -> float:
        share = next((s for name, s in thing.colors if name == color), 0.0)
        if thing.color == color:
            return max(0.7, share)
        return share if share >= self.params.min_color_share else 0.0

    # -- people

    def shirt_of(self, referent: Referent) -> str:
        """The shirt colour that tells a person apart, "" when nothing is known."""
        if self.people is None:
            return ""
        if referent.kind == "user":
            person = self.people.user
        else:
            person = self.people.person(referent.name.lower()) if referent.name else None
        return person.shirt_color if person else ""

    def name_of(self, thing: SceneObject) -> str:
        """What a seen person is called, by the shirt; "" when nobody known wears it."""
        everybody = self.people.people if self.people else ()
        known = [p for p in everybody if self._color(thing, p.shirt_color) >= 0.7]
        return ("you" if known[0].user else known[0].name.capitalize()) if len(known) == 1 else ""

    def _fit_person(self, referent: Referent, thing: SceneObject) -> float:
        score = thing.score_of("person")
        if score < self.params.min_category_score:
            return 0.0
        shirt = self.shirt_of(referent)
        if referent.kind == "user" and not shirt:
            return score * self._near_user(thing)
        colors = [a for a in referent.attributes if a in COLORS] + ([shirt] if shirt else [])
        if referent.name and not shirt and self.people is not None:
            return 0.0
        for color in colors:
            score *= self._color(thing, color)
        if any(a in COLORS and self._color(thing, a) > 0.5 for a in referent.not_attributes):
            return 0.0
        return score if all(self.holds(r, thing) for r in referent.relations) else 0.0

    def _near_user(self, thing: SceneObject) -> float:
        """Without a known shirt the user is whoever stands where the user stood when the command came."""
        if self.belief.user_point is None:
            return 1.0
        x, y, _ = thing.pose.position
        return 1.0 if math.dist((x, y), self.belief.user_point) < 1.5 else 0.0

    # -- superlatives

    def _superlative(self, referent: Referent, found: list[Match]) -> list[Match]:
        """The first ``quantity`` in the asked order; sizes are volumes, sides are as the robot sees them."""
        robot = self.belief.robot

        def local(match: Match) -> np.ndarray:
            return robot.inverse_transform(np.array(match.thing.pose.position[:2]))

        def volume(match: Match) -> float:
            return float(np.prod(match.thing.size))

        keys = {
            "biggest": lambda m: -volume(m), "largest": lambda m: -volume(m), "heaviest": lambda m: -volume(m),
            "smallest": volume, "lightest": volume,
            "tallest": lambda m: -m.thing.size[2], "shortest": lambda m: m.thing.size[2],
            "longest": lambda m: -m.thing.size[0], "thinnest": lambda m: min(m.thing.size),
            "left_most": lambda m: -math.atan2(*local(m)[::-1]), "right_most": lambda m: math.atan2(*local(m)[::-1]),
            "nearest": lambda m: float(np.hypot(*local(m))), "closest": lambda m: float(np.hypot(*local(m))),
            "farthest": lambda m: -float(np.hypot(*local(m))), "furthest": lambda m: -float(np.hypot(*local(m))),
        }  # fmt: skip
        key = keys.get(referent.superlative)
        if key is None:
            return found
        ordered = sorted(found, key=key)
        return ordered if referent.quantity < 0 else ordered[: max(1, referent.quantity)]
