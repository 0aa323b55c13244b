"""People: tall figures that stand on the floor, also when furniture or the image's border hides a part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vla_ros.core.geometry import Pose
from vla_ros.core.scene import SceneObject
from vla_ros.perception.background import Foreground
from vla_ros.perception.cloud import Cloud
from vla_ros.perception.colors import color_shares
from vla_ros.perception.params import PerceptionParams
from vla_ros.perception.segments import hidden_ends

_TORSO = (0.9, 1.35)
"""Heights between which the shirt is looked for [m]."""
_REACH = 0.42
"""Segments whose middle is this near to the figure's axis belong to it (arms, legs) [m]."""
_CLEAR = 0.05
"""Things stand on furniture or nearly so; sleeves and hands are farther above it [m]."""
_AXIS_BEHIND = 0.12
"""A body's axis lies so far behind the middle of its visible side [m]."""
_TYPICAL_HEIGHT = 1.65
_WIDTH_RANGE = (0.12, 1.0)
_POST = 0.35
"""What stands on the floor higher than this and is no figure is a leg, of a person or of furniture [m]."""
_NEAR_FLOOR = 0.25
"""Feet, and the lower ends of the legs of which anything is seen behind furniture, are not higher [m]."""
_ENDLESS = 0.3
"""Share of a part's columns whose upper end is hidden from which on nobody knows what it belongs to."""


class PeopleFinder:
    """Finds figures among the segments of one frame."""

    def __init__(self, params: PerceptionParams) -> None:
        self._params = params

    def find(
        self,
        cloud: Cloud,
        parts: list[NDArray[np.intp]],
        front: Foreground,
        stamp_s: float,
        known: tuple[tuple[float, float], ...] = (),
    ) -> tuple[list[SceneObject], list[NDArray[np.intp]]]:
        """People and the parts (flat pixel indices) that belong to none of them.

        ``known`` are the places [m] of people seen a moment ago: a hand or a shoe there is no thing, even when the
        rest of the figure is out of the image. What stands on the floor is a thing only when its upper end and
        its sides are in view: else it may be somebody's foot. Over furniture only what hangs clear of it, or goes on
        out of view, belongs to a body: a sleeve reaches over a table, a cup stands on it.
        """
        xyz = cloud.xyz.reshape(-1, 3)
        floor, support = front.on_floor.ravel(), front.support.ravel()
        figures: list[list[NDArray[np.intp]]] = []
        rest: list[NDArray[np.intp]] = []
        axes: list[NDArray[np.floating]] = []
        for part in parts:
            points = xyz[part]
            if self._is_figure(points, float(floor[part].mean())):
                axis = np.median(points[:, :2], axis=0)
                near = next((i for i, other in enumerate(axes) if np.hypot(*(axis - other)) < _REACH), None)
                if near is None:
                    axes.append(axis)
                    figures.append([part])
                else:
                    figures[near].append(part)
            else:
                rest.append(part)
        legs = [part for part in rest if floor[part].mean() > 0.5 and _is_leg(cloud, part)]
        stands = [*known, *(np.median(xyz[part, :2], axis=0) for part in legs)]
        remembered = np.array(stands, dtype=float).reshape(-1, 2)
        single = {id(part) for part in legs}
        others = []
        for part in rest:
            on_furniture = floor[part].mean() <= 0.5 and float((xyz[part, 2] - support[part]).min()) < _CLEAR
            if on_furniture and not _is_endless(cloud, part):
                others.append(part)
                continue
            middle = np.median(xyz[part, :2], axis=0)
            distances = [float(np.hypot(*(middle - axis))) for axis in axes]
            if distances and min(distances) < _REACH:
                figures[int(np.argmin(distances))].append(part)
            elif id(part) not in single and not (np.hypot(*(remembered - middle).T) < _REACH).any():
                others.append(part)
        people = [self._person(cloud, np.concatenate(f), stamp_s) for f in figures]
        return people, others

    def _is_figure(self, points: NDArray[np.floating], floor_share: float) -> bool:
        """True for an upright part over the floor that reaches a person's height."""
        z = points[:, 2]
        low, high = np.percentile(z, (1, 99.5))
        width = np.ptp(np.percentile(points[:, :2], (2, 98), axis=0), axis=0)
        tall = self._params.person_min_height <= high <= self._params.person_max_height + 0.1
        upright = high - low > 0.35 and high - low > 0.8 * float(width.max())
        return bool(
            tall
            and upright
            and floor_share > 0.5
            and _WIDTH_RANGE[0] < float(width.max()) < _WIDTH_RANGE[1]
            and len(points) > 60
            and not _is_panel(points)
        )

    def _person(self, cloud: Cloud, pixels: NDArray[np.intp], stamp_s: float) -> SceneObject:
        points = cloud.xyz.reshape(-1, 3)[pixels]
        z = points[:, 2]
        rows = pixels // cloud.depth.shape[1]
        top = float(np.percentile(z, 99.8))
        cut = bool(rows.min() <= 1)
        height = max(top, _TYPICAL_HEIGHT) if cut else top
        band = (z > _TORSO[0]) & (z < _TORSO[1])
        if band.sum() < 20:
            band = z > 0.45 * height
        body = points[band, :2].astype(np.float64)
        view = body.mean(axis=0) - cloud.camera[:2]
        view /= max(float(np.linalg.norm(view)), 1e-6)
        side = np.array([-view[1], view[0]])
        low, high = np.percentile(body @ side, (2, 98))
        front = float(np.median(body @ view))
        width = float(np.clip(high - low, 0.25, 0.8))
        # Only the front of a body is seen: its axis lies behind.
        center = side * (low + high) / 2 + view * (front + _AXIS_BEHIND)
        colors = color_shares(cloud.rgb.reshape(-1, 3)[pixels[band]])
        confidence = 0.95 if np.ptp(z) > 0.8 else 0.75
        return SceneObject(
            id="",
            categories=(("person", confidence),),
            color=colors[0][0] if colors else "",
            shape="person",
            pose=Pose((float(center[0]), float(center[1]), height / 2)),
            size=(width, min(width, 0.4), height),
            confidence=confidence,
            visible=True,
            last_seen_s=stamp_s,
            support_z=0.0,
            colors=colors,
        )


def _is_endless(cloud: Cloud, part: NDArray[np.intp]) -> bool:
    """True for a part that goes on above the image's upper border, or behind something nearer."""
    return bool(part.min() < 2 * cloud.depth.shape[1]) or hidden_ends(cloud, part, above=True) > _ENDLESS


def _is_leg(cloud: Cloud, part: NDArray[np.intp]) -> bool:
    """True for a part over the floor that is a post, or stands there with its upper end out of view, or with a side."""
    low, high = (float(v) for v in np.percentile(cloud.xyz.reshape(-1, 3)[part, 2], (1, 99)))
    if high - low > _POST:
        return True
    if low > _NEAR_FLOOR:
        return False  # it hangs in the air: somebody holds it up
    cols, last = part % cloud.depth.shape[1], cloud.depth.shape[1] - 1
    return _is_endless(cloud, part) or bool(cols.min() <= 1 or cols.max() >= last - 1)


def _is_panel(points: NDArray[np.floating]) -> bool:
    """True for upright points in one plane, such as a door leaf; bodies are rounded."""
    xy = points[:, :2] - points[:, :2].mean(axis=0)
    values = np.linalg.eigvalsh(xy.T @ xy / len(xy))
    return bool(np.sqrt(max(float(values[0]), 0.0)) < 0.015)
