"""Sees the truth and the pictures, for scoring and for the film; never part of the robot.

Subscribes sim/ground_truth (JSON in std_msgs/String), sim/real_time_factor, sim/overview/image_raw and the
robot's annotated view. The overview is rendered and the view annotated only while a film is made.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Float32, String

from vla_ros.ros import conversions, qos


class Witness:
    """Listens on a node that somebody else spins; the newest of each is in the attributes."""

    def __init__(self, node: Node, with_pictures: bool) -> None:
        self.truth: dict[str, Any] = {}
        self.factors: list[float] = []
        self.view: np.ndarray | None = None
        self.overview: np.ndarray | None = None
        node.create_subscription(String, "sim/ground_truth", self._on_truth, qos.STATUS)
        node.create_subscription(Float32, "sim/real_time_factor", self._on_factor, qos.EVENT)
        if with_pictures:
            node.create_subscription(Image, "perception_node/annotated", self._on_view, qos.SENSOR)
            node.create_subscription(Image, "sim/overview/image_raw", self._on_overview, qos.SENSOR)

    @property
    def real_time_factor(self) -> float:
        """Mean of what the simulator reported; 0 when it reported nothing."""
        return float(np.mean(self.factors)) if self.factors else 0.0

    def _on_truth(self, message: String) -> None:
        self.truth = json.loads(message.data)

    def _on_factor(self, message: Float32) -> None:
        self.factors.append(message.data)

    def _on_view(self, message: Image) -> None:
        self.view = conversions.image_from_msg(message, "rgb")

    def _on_overview(self, message: Image) -> None:
        self.overview = conversions.image_from_msg(message, "rgb")
