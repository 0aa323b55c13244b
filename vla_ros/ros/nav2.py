"""Driving the base by Nav2's NavigateToPose action instead of the built-in navigation.

nav2_msgs comes from apt on a robot with a full ROS 2; it is imported when this is chosen.
"""

from __future__ import annotations

import math
import time
from typing import Any

from action_msgs.msg import GoalStatus
from geometry_msgs.msg import PoseStamped, Twist
from rclpy.action import ActionClient
from rclpy.node import Node

from vla_ros.control.context import Step
from vla_ros.core.errors import ConfigError, InputError
from vla_ros.core.geometry import ZERO_TWIST, Pose2D, Twist2D
from vla_ros.core.motion import JointTrajectory, MotionGoal
from vla_ros.ros import qos
from vla_ros.ros.conversions.stamps import finite, pose_to_msg

_VELOCITY_AGE_S = 0.15


class Nav2Base:
    """Makes a :class:`Nav2Drive` of every navigate goal.

    Nav2's velocities come in on a topic of their own and go on to the gate only while a leased goal drives, so that
    control stays the one publisher of cmd_vel_raw and its silence still means its death.

    Subscriptions: cmd_vel_nav (geometry_msgs/Twist): remap Nav2's velocity output to it.
    Actions: navigate_to_pose (nav2_msgs/NavigateToPose), as a client.

    Raises:
        ConfigError: nav2_msgs is not installed.
    """

    def __init__(self, node: Node, frame_id: str = "map") -> None:
        try:
            from nav2_msgs.action import NavigateToPose
        except ImportError:
            remedy = "Install it with 'sudo apt install ros-jazzy-nav2-msgs', or set navigation to builtin."
            raise ConfigError(
                "control_node.navigation", "nav2", f"The package nav2_msgs is missing. {remedy}"
            ) from None
        self._node, self._frame, self._type = node, frame_id, NavigateToPose
        self._client = ActionClient(node, NavigateToPose, "navigate_to_pose")
        self.velocity = Nav2Velocity()
        node.create_subscription(Twist, "cmd_vel_nav", self._on_velocity, qos.COMMAND)

    def __call__(self, goal: MotionGoal, target: Pose2D) -> Nav2Drive:
        """A drive to ``target``."""
        request = self._type.Goal()
        request.pose = PoseStamped(pose=pose_to_msg(target.to_pose(self._frame)))
        request.pose.header.frame_id = self._frame
        request.pose.header.stamp = self._node.get_clock().now().to_msg()
        return Nav2Drive(self._client, request, self.velocity)

    def _on_velocity(self, message: Twist) -> None:
        try:
            self.velocity.put(message, time.monotonic())
        except InputError as error:
            self._node.get_logger().warning(f"cmd_vel_nav: {error}", throttle_duration_sec=2.0)


class Nav2Velocity:
    """The newest velocity that Nav2 asked for."""

    def __init__(self) -> None:
        self._twist, self._at = ZERO_TWIST, -math.inf

    def put(self, message: Twist, steady_s: float) -> None:
        """Takes one message; raises InputError for numbers that are not finite."""
        finite("cmd_vel_nav", message.linear.x, message.linear.y, message.angular.z)
        self._twist, self._at = Twist2D(message.linear.x, message.linear.y, message.angular.z), steady_s

    def newest(self, steady_s: float) -> Twist2D:
        """The newest one, zero when it is older than 0.15 s."""
        return self._twist if steady_s - self._at <= _VELOCITY_AGE_S else ZERO_TWIST


class Nav2Drive:
    """One NavigateToPose goal as a motion of control."""

    def __init__(self, client: Any, request: Any, velocity: Nav2Velocity) -> None:
        self._client, self._request, self._velocity = client, request, velocity
        self._sent: Any = None
        self._handle: Any = None
        self._result: Any = None
        self._longest = 0.0
        self._remaining = 0.0

    def renew(self, goal: MotionGoal) -> None:
        """Nothing changes: Nav2 keeps the goal until it is cancelled."""

    def suspend(self) -> tuple[JointTrajectory, ...]:
        """Cancels at Nav2; the next tick sends the goal again."""
        if self._sent is not None:  # also when Nav2 has not accepted it yet: then as soon as it does
            self._sent.add_done_callback(_cancel_accepted)
        self._sent = self._handle = self._result = None
        return ()

    def tick(self, now: float) -> Step:
        """Sends, waits, tells what Nav2 says."""
        if self._sent is None:
            if not self._client.server_is_ready():
                return Step(text="waiting for Nav2's navigate_to_pose action")
            self._sent = self._client.send_goal_async(self._request, feedback_callback=self._on_feedback)
        if self._handle is None:
            if not self._sent.done():
                return Step(text="sent to Nav2")
            self._handle = self._sent.result()
            if not self._handle.accepted:
                return Step("blocked", "Nav2 did not accept the goal")
            self._result = self._handle.get_result_async()
        if not self._result.done():
            twist = self._velocity.newest(time.monotonic())
            return Step(text="Nav2 drives", twist=twist, progress=1.0 - self._remaining / max(self._longest, 1e-6))
        status = self._result.result().status
        if status == GoalStatus.STATUS_SUCCEEDED:
            return Step("reached", progress=1.0)
        return Step("blocked", f"Nav2 ended with status {status}")

    def _on_feedback(self, message: Any) -> None:
        self._remaining = float(message.feedback.distance_remaining)
        self._longest = max(self._longest, self._remaining)


def _cancel_accepted(sent: Any) -> None:
    handle = sent.result()
    if handle is not None and handle.accepted:
        handle.cancel_goal_async()
