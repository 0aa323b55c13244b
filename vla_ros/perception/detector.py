"""Things and people in one RGB-D frame, without training. Implements core.protocols.Detector."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.catalog import Catalog
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.geometry import Box, Pose, Vector, quaternion_from_yaw
from vla_ros.core.scene import COLORS, RgbdFrame, SceneObject
from vla_ros.perception.background import FloorPlanBackground, Foreground
from vla_ros.perception.body import body_mask
from vla_ros.perception.categories import CategoryScorer
from vla_ros.perception.cloud import Cloud, Mask, back_project, check_frame
from vla_ros.perception.colors import color_shares, name_index, similar
from vla_ros.perception.floor_map import FloorMap
from vla_ros.perception.measures import Measure, measure
from vla_ros.perception.params import PerceptionParams
from vla_ros.perception.people import PeopleFinder
from vla_ros.perception.planes import PlaneBackground
from vla_ros.perception.segments import Segment, inner_pixels, label, make_segment, members

_SPLIT_SHARE = 0.12
"""A colour must cover so much of a segment to count as a thing of its own."""


class ClusterDetector:
    """Segments what rises over known surfaces and compares it with the catalog."""

    def __init__(self, params: PerceptionParams, catalog: Catalog, floor_plan: FloorPlan | None) -> None:
        self._params = params
        self._scorer = CategoryScorer(catalog)
        self._people = PeopleFinder(params)
        self._background: FloorPlanBackground | PlaneBackground = PlaneBackground(params)
        if floor_plan is not None:
            floor_map = FloorMap(floor_plan, params.furniture_margin, params.wall_margin)
            self._background = FloorPlanBackground(floor_map, params)

    def detect(self, frame: RgbdFrame, self_boxes: tuple[Box, ...] = ()) -> tuple[SceneObject, ...]:
        """Objects and people of one frame, in the frame's world; ``self_boxes`` are the robot's own links there.

        Raises InputError when the frame cannot be used.
        """
        check_frame(frame)
        p = self._params
        cloud = back_project(frame, p.min_range, p.max_range)
        own = body_mask(cloud, self_boxes, p.self_margin)
        front = self._background.foreground(cloud, own)
        parts = members(label(cloud, front.mask, p.join_distance), p.min_pixels)
        people, parts = self._people.find(cloud, parts, front.on_floor, frame.stamp_s)
        things = []
        for part in parts:
            for segment, found, colors in self._things(cloud, part, front, own):
                thing = self._object(segment, found, colors, frame.stamp_s)
                if thing is not None:
                    things.append(thing)
        return (*people, *things)

    def _things(
        self, cloud: Cloud, part: NDArray[np.intp], front: Foreground, own: Mask
    ) -> list[tuple[Segment, Measure, tuple[tuple[str, float], ...]]]:
        """One segment as one thing, or as several of different colours when those fit the catalog better."""
        whole = make_segment(cloud, part, front.support, front.on_floor, own)
        described = (whole, *self._describe(whole, cloud.camera))
        pieces = _color_pieces(cloud, whole, part, self._params)
        if len(pieces) < 2:
            return [described]
        split = []
        for piece in pieces:
            segment = make_segment(cloud, piece, front.support, front.on_floor, own)
            split.append((segment, *self._describe(segment, cloud.camera)))
        together = self._scorer.fit(described[1], described[2])
        apart = float(np.mean([self._scorer.fit(m, c) for _, m, c in split]))
        big = max(described[1].length, described[1].height) > self._params.max_object_size
        return split if big or apart > max(1.5 * together, 0.05) else [described]

    @staticmethod
    def _describe(segment: Segment, camera: Vector) -> tuple[Measure, tuple[tuple[str, float], ...]]:
        return measure(segment, camera), color_shares(segment.rgb[inner_pixels(segment)])

    def _object(
        self, segment: Segment, found: Measure, colors: tuple[tuple[str, float], ...], stamp_s: float
    ) -> SceneObject | None:
        """The thing, or None when it is too large or too faint to be one."""
        p = self._params
        if found.length > p.max_object_size or found.height > p.max_object_size:
            return None
        categories = self._scorer.scores(found, colors)
        pixels = len(segment.rows)
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


def _color_pieces(
    cloud: Cloud, whole: Segment, part: NDArray[np.intp], params: PerceptionParams
) -> list[NDArray[np.intp]]:
    """Parts of a segment of clearly different colours, as flat pixel indices; fewer than two when it is one colour."""
    names = name_index(whole.rgb)
    counts = np.bincount(names)
    least = max(params.min_pixels, int(_SPLIT_SHARE * len(part)))
    strong = [int(i) for i in np.argsort(-counts) if counts[i] >= least]
    if len(strong) < 2:
        return []
    kinds: list[int] = []
    group_of = np.zeros(len(counts), dtype=np.int16)
    for i in range(len(counts)):
        match = next((g for g, k in enumerate(kinds) if _same_color(i, k)), None)
        if i in strong and match is None:
            kinds.append(i)
    kinds.sort(key=lambda k: -counts[k])
    if len(kinds) < 2:
        return []
    for i in range(len(counts)):
        match = next((g for g, k in enumerate(kinds) if i == k), None)
        if match is None:
            match = next((g for g, k in enumerate(kinds) if _same_color(i, k)), 0)
        group_of[i] = match
    groups = np.full(cloud.depth.shape, -1, dtype=np.int16)
    groups.ravel()[part] = group_of[names]
    mask = np.zeros(cloud.depth.shape, dtype=bool)
    mask.ravel()[part] = True
    pieces = members(label(cloud, mask, params.join_distance, groups), params.min_pixels)
    pieces = [q for q in pieces if len(q) >= least]
    return pieces


def _same_color(first: int, second: int) -> bool:
    return similar(COLORS[first], COLORS[second])
