"""The processes that benchmarks/latency.py measures: ``python -m benchmarks.latency_nodes ROLE --ros-args …``.

Two chains of the same hops, image -> scene -> motion goal -> raw command -> command. "ours" is made of this
package's node base, conversions, checks and quality of service around stub models (and the real safety_node
as its last hop); "bare" is plain rclpy that hands ready messages on.
"""

from __future__ import annotations

import contextlib
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import rclpy
from geometry_msgs.msg import Twist
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor, SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import UInt32
from std_srvs.srv import Trigger
from vla_ros.msg import MotionGoal as MotionGoalMsg
from vla_ros.msg import Scene as SceneMsg

from vla_ros.core.geometry import Pose, Twist2D
from vla_ros.core.motion import MotionGoal
from vla_ros.core.scene import Scene, SceneObject
from vla_ros.ros import conversions as c
from vla_ros.ros import qos
from vla_ros.ros.node import VlaNode, run

OBJECTS = 12


def stub_scene(stamp_s: float, marker: int) -> Scene:
    """Twelve objects; the first one's position carries the frame's marker."""
    things = tuple(
        SceneObject(
            f"cup_{i}", (("cup", 0.8), ("can", 0.1)), "red", "cylinder", Pose((float(marker), i * 0.1, 0.9)),
            (0.08, 0.08, 0.1), 0.9, True, stamp_s, colors=(("red", 0.9), ("white", 0.1)),
        )
        for i in range(OBJECTS)
    )  # fmt: skip
    return Scene(stamp_s, "odom", things)


class OurPerception(VlaNode):
    """Image -> Scene with a stub detector."""

    def __init__(self) -> None:
        super().__init__("perception_node")
        self._out = self.create_publisher(SceneMsg, "scene", qos.COMMAND)
        self.listen(Image, "camera/image_raw", self._on_image, qos.SENSOR)

    def _on_image(self, message: Image) -> None:
        pixels = c.image_from_msg(message, "rgb")
        scene = stub_scene(c.stamp_from_msg(message.header.stamp), int(pixels[0, 0, 0]))
        self._out.publish(c.scene_to_msg(scene))


class OurPlanner(VlaNode):
    """Scene -> MotionGoal with a stub planner."""

    def __init__(self) -> None:
        super().__init__("planner_node")
        self._out = self.create_publisher(MotionGoalMsg, "motion_goal", qos.COMMAND)
        self.listen(SceneMsg, "scene", self._on_scene, qos.COMMAND)

    def _on_scene(self, message: SceneMsg) -> None:
        target = c.scene_from_msg(message).objects[0].pose
        goal = MotionGoal("g1", "navigate", "c1", (target,), tolerance_m=0.1)
        self._out.publish(c.motion_goal_to_msg(goal, self.now_s()))


class OurControl(VlaNode):
    """MotionGoal -> raw Twist with a stub controller; repeats it at 50 Hz as the real one does."""

    def __init__(self) -> None:
        super().__init__("control_node")
        self._wish = Twist2D()
        self._out = self.create_publisher(Twist, "cmd_vel_raw", qos.COMMAND)
        self.listen(MotionGoalMsg, "motion_goal", self._on_goal, qos.COMMAND)
        self._timer = self.steady_timer(0.02, self._send)

    def _on_goal(self, message: MotionGoalMsg) -> None:
        self._wish = Twist2D(c.motion_goal_from_msg(message).targets[0].position[0] * 0.001, 0.0, 0.0)
        self._timer.reset()
        self._send()

    def _send(self) -> None:
        self._out.publish(c.twist_to_msg(self._wish))


class Counter(VlaNode):
    """Counts images as a perception node receives them; the service says how many."""

    def __init__(self) -> None:
        super().__init__("counter")
        self._seen = 0
        self.listen(Image, "camera/image_raw", self._on_image, qos.SENSOR)
        self.create_service(Trigger, "seen", self._answer)

    def _on_image(self, message: Image) -> None:
        c.image_from_msg(message, "rgb")
        self._seen += 1

    def _answer(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success, response.message = True, str(self._seen)
        return response


def bare_hop(in_type: type, topic: str, answer: Any, out_topic: str, fill: Callable[[Any, Any], None]) -> Node:
    """A plain rclpy node that answers each message with a ready one of the same size as ours."""
    node = rclpy.create_node(f"hop_{out_topic}")
    out = node.create_publisher(type(answer), out_topic, 10)

    def forward(message: Any) -> None:
        fill(message, answer)
        out.publish(answer)

    node.create_subscription(in_type, topic, forward, 10)
    return node


def _scene_marker(image: Any, scene: Any) -> None:
    scene.objects[0].pose.position.x = float(image.data[0])


def _goal_marker(scene: Any, goal: Any) -> None:
    goal.targets[0].position.x = scene.objects[0].pose.position.x


def _twist_marker(goal: Any, twist: Any) -> None:
    twist.linear.x = goal.targets[0].position.x


def _same(twist: Any, answer: Any) -> None:
    answer.linear.x = twist.linear.x


def _ready_scene() -> SceneMsg:
    return c.scene_to_msg(stub_scene(1.0, 0))


def _ready_goal() -> MotionGoalMsg:
    return c.motion_goal_to_msg(MotionGoal("g1", "navigate", "c1", (Pose(),), tolerance_m=0.1), 1.0)


BARE: dict[str, Callable[[], Node]] = {
    "bare_perception": lambda: bare_hop(Image, "camera/image_raw", _ready_scene(), "scene", _scene_marker),
    "bare_planner": lambda: bare_hop(SceneMsg, "scene", _ready_goal(), "motion_goal", _goal_marker),
    "bare_control": lambda: bare_hop(MotionGoalMsg, "motion_goal", Twist(), "cmd_vel_raw", _twist_marker),
    "bare_gate": lambda: bare_hop(Twist, "cmd_vel_raw", Twist(), "cmd_vel", _same),
}
OURS: dict[str, Callable[[], VlaNode]] = {
    "ours_perception": OurPerception,
    "ours_planner": OurPlanner,
    "ours_control": OurControl,
    "counter": Counter,
}


def echo(executor_type: type) -> None:
    """Answers `ping` with `pong` beside a 50 Hz timer and images, until it is interrupted; then prints its
    processor time."""
    rclpy.init(args=sys.argv)
    node = VlaNode("echo")
    out = node.create_publisher(UInt32, "pong", qos.COMMAND)
    node.listen(UInt32, "ping", out.publish, qos.COMMAND)
    node.listen(Image, "camera/image_raw", lambda m: c.image_from_msg(m, "rgb").mean(), qos.SENSOR)
    node.steady_timer(0.02, lambda: None)
    executor = executor_type()
    executor.add_node(node)
    began = time.monotonic()
    with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
        executor.spin()
    used = resource.getrusage(resource.RUSAGE_SELF)
    print((used.ru_utime + used.ru_stime) / (time.monotonic() - began), flush=True)


def main() -> None:
    """Starts one role."""
    role = sys.argv[1]
    if role in OURS:
        run(OURS[role])
    elif role in BARE:
        rclpy.init(args=sys.argv)
        with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
            rclpy.spin(BARE[role]())
    else:
        echo(SingleThreadedExecutor if role == "echo_single" else MultiThreadedExecutor)


if __name__ == "__main__":
    main()
