"""Things and people in one RGB-D frame, without training. Implements core.protocols.Detector."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vla_ros.core.catalog import Catalog
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.geometry import Box, Pose, quaternion_from_yaw
from vla_ros.core.scene import RgbdFrame, SceneObject
from vla_ros.perception.background import FloorPlanBackground
from vla_ros.perception.body import body_mask
from vla_ros.perception.categories import CategoryScorer
from vla_ros.perception.cloud import Cloud, back_project, check_frame
from vla_ros.perception.floor_map import FloorMap
from vla_ros.perception.grouping import Group, Grouper
from vla_ros.perception.params import PerceptionParams
from vla_ros.perception.people import PeopleFinder
from vla_ros.perception.planes import PlaneBackground
from vla_ros.perception.segments import hidden_ends, label, members

_CLEAR, _HANGS = 0.03, 0.16
"""What floats so high over the surface below does not stand on it: with its lower end in view, and without [m]."""
_FOOTLESS = 0.5
"""Share of a thing's columns whose lower end is hidden from which on it may well stand on the surface."""
_LINTEL = 1.6
"""Over the bare floor nothing that people or robots carry is so high [m]."""
_SLIVER = 0.02
"""Upright sheets thinner than this that fit no kind are the faces of furniture beside a surface [m]."""


class ClusterDetector:
    """Segments what rises over known surfaces and compares it with the catalog."""

    def __init__(self, params: PerceptionParams, catalog: Catalog, floor_plan: FloorPlan | None) -> None:
        self._params = params
        self._scorer = CategoryScorer(catalog)
        self._grouper = Grouper(self._scorer, params)
        self._people = PeopleFinder(params)
        self._background: FloorPlanBackground | PlaneBackground = PlaneBackground(params)
        if floor_plan is not None:
            floor_map = FloorMap(floor_plan, params.furniture_margin, params.wall_margin)
            self._background = FloorPlanBackground(floor_map, params)

    def detect(
        self,
        frame: RgbdFrame,
        self_boxes: tuple[Box, ...] = (),
        known_people: tuple[tuple[float, float], ...] = (),
    ) -> tuple[SceneObject, ...]:
        """Objects and people of one frame, in the frame's world.

        ``self_boxes`` are the robot's own links there, ``known_people`` the places of people seen a moment ago.
        Raises InputError when the frame cannot be used.
        """
        check_frame(frame)
        p = self._params
        cloud = back_project(frame, p.min_range, p.max_range)
        own = body_mask(cloud, self_boxes, p.self_margin)
        front = self._background.foreground(cloud, own)
        parts = members(label(cloud, front.mask, p.join_distance), p.min_pixels)
        people, parts = self._people.find(cloud, parts, front, frame.stamp_s, known_people)
        groups = self._grouper.groups(cloud, parts, front, own)
        things = [self._object(group, frame.stamp_s) for group in groups if not self._is_fixture(cloud, group)]
        return (*people, *(t for t in things if t is not None))

    def with_known_colors(self, thing: SceneObject) -> SceneObject:
        """The thing with the name of its colour that its sure category comes in (a lit grey knife is not white)."""
        colors = self._scorer.plausible_colors(thing.categories, thing.colors)
        return replace(thing, colors=colors, color=colors[0][0]) if colors != thing.colors else thing

    def _is_fixture(self, cloud: Cloud, group: Group) -> bool:
        """True for door frames, window sills, pictures: far overhead, or beside a wall and clear of any surface."""
        points = group.segment.points
        if group.segment.on_floor and float(points[:, 2].min()) > _LINTEL:
            return True
        gap = float(points[:, 2].min()) - group.segment.support
        stands = hidden_ends(cloud, group.pixels, above=False) >= _FOOTLESS and group.measure.width > _SLIVER
        clear = gap > _HANGS or (gap > _CLEAR and not stands)
        return clear and float(np.mean(self._background.beside_wall(points[:, :2]))) > 0.7

    def _object(self, group: Group, stamp_s: float) -> SceneObject | None:
        """The thing, or None when it is too large to be one or only a sliver of furniture."""
        p = self._params
        found = group.measure
        if found.length > p.max_object_size or found.height > p.max_object_size:
            return None
        categories = self._scorer.scores(found, group.colors)
        if not categories and found.width < _SLIVER and found.height > 2 * _SLIVER:
            return None
        if not categories and group.segment.cut and group.segment.on_floor:
            return None  # an arm or a leg at the image's border
        colors = self._scorer.plausible_colors(categories, group.colors)
        pixels = len(group.pixels)
        confidence = float(np.clip(0.35 + pixels / 80, 0.35, 0.95))
        if found.partial:
            confidence *= 0.6
        if not categories:
            confidence *= 0.7
        return SceneObject(
            id="",
            categories=categories,
            color=colors[0][0] if colors else "",
            shape=found.shape,
            pose=Pose(found.center, quaternion_from_yaw(found.yaw), p.frame_id),
            size=(found.length, found.width, found.height),
            confidence=round(confidence, 3),
            visible=True,
            last_seen_s=stamp_s,
            support_z=found.support_z,
            colors=colors,
        )
