"""The whole of perception as one call a frame: detect, track, report. ROS-free."""

from __future__ import annotations

from dataclasses import replace

from vla_ros.core.catalog import Catalog
from vla_ros.core.errors import InputError
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.geometry import Box, Pose
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.scene import RgbdFrame, Scene
from vla_ros.perception.detector import ClusterDetector
from vla_ros.perception.params import PerceptionParams
from vla_ros.perception.tracker import Tracker

_CLOCK_RESET_S = 1.0
"""Stamps that go back by more than this mean a new start of the clock (simulation reset, replayed bag)."""


class PerceptionPipeline:
    """Frames in, scenes out.

    Args:
        params: see PerceptionParams.
        catalog: the kinds of things to recognise.
        floor_plan: known furniture in the frame of the camera poses; None = level surfaces are searched.
        robot: its camera's range lowers ``params.max_range``; None = the parameter alone counts.
    """

    def __init__(
        self,
        params: PerceptionParams,
        catalog: Catalog,
        floor_plan: FloorPlan | None,
        robot: RobotDescription | None = None,
    ) -> None:
        if robot is not None and robot.camera is not None:
            params = replace(params, max_range=min(params.max_range, robot.camera.max_range))
        self._params = params
        self._detector = ClusterDetector(params, catalog, floor_plan)
        self._tracker = Tracker(params, floor_plan)
        self._last_stamp_s: float | None = None

    def update(self, frame: RgbdFrame, self_boxes: tuple[Box, ...] = ()) -> Scene:
        """The scene after one more frame.

        ``self_boxes`` are the robot's own links in the world at the frame's stamp. Raises InputError for a frame
        that cannot be used or is not newer than the last one; a clock that starts again clears the memory.
        """
        last = self._last_stamp_s
        if last is not None and frame.stamp_s <= last:
            if last - frame.stamp_s < _CLOCK_RESET_S:
                raise InputError("stamp_s", frame.stamp_s, f"Frames must be newer than the last one at {last:.3f} s.")
            self._tracker.clear()
        found = self._detector.detect(frame, self_boxes, self._tracker.people(frame.stamp_s))
        self._last_stamp_s = frame.stamp_s
        objects = tuple(self._detector.with_known_colors(o) for o in self._tracker.update(found, frame))
        view = Pose.from_matrix(frame.world_from_camera, self._params.frame_id)
        return Scene(frame.stamp_s, self._params.frame_id, objects, view)

    def blind(self, stamp_s: float) -> Scene:
        """The remembered scene at a time whose image could not be used: nothing is visible, no view."""
        objects = tuple(replace(o, visible=False) for o in self._tracker.objects(stamp_s))
        return Scene(stamp_s, self._params.frame_id, objects, None)
