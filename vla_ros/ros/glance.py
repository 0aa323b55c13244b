"""One look at where the robot is and whom it sees: listens for a moment only, so that it costs nothing otherwise."""

from __future__ import annotations

from collections.abc import Callable

from nav_msgs.msg import Odometry

from vla_ros.core.geometry import Pose2D
from vla_ros.core.scene import SceneObject
from vla_ros.msg import Scene
from vla_ros.ros import qos
from vla_ros.ros.conversions import scene as scenes
from vla_ros.ros.conversions import state
from vla_ros.ros.node import VlaNode

_PATIENCE_S = 3.0

Seen = Callable[[Pose2D | None, tuple[SceneObject, ...]], None]
"""Gets the robot's pose (None: no odometry came) and the people in the newest scene."""


class Glance:
    """Subscribes odom (and scene, when ``people`` matter), calls ``then`` once with what came within 3 s."""

    def __init__(self, node: VlaNode, people: bool, then: Seen) -> None:
        self._node, self._then = node, then
        self._until = node.steady_s() + _PATIENCE_S
        self._pose: Pose2D | None = None
        self._people: tuple[SceneObject, ...] | None = None if people else ()
        self._subscriptions = [node.listen(Odometry, "odom", self._on_odometry, qos.SENSOR)]
        if people:
            self._subscriptions.append(node.listen(Scene, "scene", self._on_scene, qos.SENSOR))

    def _on_odometry(self, message: Odometry) -> None:
        self._pose = state.odometry_from_msg(message).pose

    def _on_scene(self, message: Scene) -> None:
        found = scenes.scene_from_msg(message).objects
        self._people = tuple(o for o in found if o.category == "person")

    def over(self) -> bool:
        """True once it is over; then it has told what it saw. Called by a timer of the node."""
        complete = self._pose is not None and self._people is not None
        if not complete and self._node.steady_s() < self._until:
            return False
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._then(self._pose, self._people or ())
        return True
