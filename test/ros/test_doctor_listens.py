"""`vla doctor` on a live graph: frames that arrive are counted, ends that do not fit are named."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import rclpy
from geometry_msgs.msg import Twist
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image, LaserScan

from vla_ros.cli.processes import DRIVER_TOPICS
from vla_ros.cli.robot_checks import observe
from vla_ros.ros import qos

pytestmark = pytest.mark.ros


@pytest.fixture
def camera() -> Iterator[Node]:
    """A best-effort camera at 20 Hz, someone who wants it reliably, and a teleop that passes by the gate."""
    context = Context()
    rclpy.init(context=context)
    node = Node("camera", namespace="/left", context=context)
    images = node.create_publisher(Image, "camera/image_raw", qos.SENSOR)
    node.create_publisher(Twist, "cmd_vel", qos.COMMAND)
    node.create_publisher(LaserScan, "scan", qos.SENSOR)
    node.create_subscription(Image, "camera/image_raw", lambda m: None, qos.COMMAND)

    def shoot() -> None:
        image = Image(width=4, height=3, encoding="rgb8", step=12)
        image.header.frame_id = "lens"
        image.header.stamp = node.get_clock().now().to_msg()
        images.publish(image)

    node.create_timer(0.05, shoot)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    yield node
    executor.shutdown()
    thread.join(timeout=5)
    node.destroy_node()
    rclpy.try_shutdown(context=context)


def test_it_hears_and_names(camera: Node) -> None:
    seen = observe("left", dict(DRIVER_TOPICS), duration_s=1.0)
    assert seen.nodes == ("camera",)
    image = seen.sensors["image"]
    assert 10 <= image.count <= 30
    assert image.detail == "4x3 rgb8 lens"
    assert seen.sensors["scan"].publishers == 1
    assert seen.sensors["scan"].count == 0
    assert seen.gated["cmd_vel"] == ("camera",)
    assert len([text for text in seen.mismatches if text.startswith("/left/camera/image_raw: camera → camera")]) == 1
