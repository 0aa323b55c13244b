"""control_node on real topics: heartbeat, a goal carried out, bad goals refused, a lost sender stops it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import pytest

rclpy = pytest.importorskip("rclpy", reason="needs ROS 2 (make setup)")

from geometry_msgs.msg import Twist
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint
from vla_ros.msg import MotionGoal as MotionGoalMsg
from vla_ros.msg import MotionStatus
from vla_ros.msg import SafetyStatus as SafetyStatusMsg

from vla_ros.core.errors import ConfigError
from vla_ros.core.geometry import Pose, Pose2D, Twist2D
from vla_ros.core.motion import MotionGoal
from vla_ros.core.resources import config_file
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import Odometry
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.ros import qos
from vla_ros.ros.conversions import motion, state
from vla_ros.ros.nodes.control_node import ControlNode

pytestmark = pytest.mark.ros
DT = 0.02


class World:
    """The other side of control: a robot that follows, and the sender of goals."""

    def __init__(self) -> None:
        self.node = Node("world")
        robot = RobotDescription.load(config_file("home_robot", "robots", "robot"))
        self.joints = {j.name: 0.0 for g in robot.groups for j in g.joints}
        for name in ("ahead", "home"):
            found = robot.posture(name)
            self.joints.update(zip(robot.group(found.group).names, found.positions))
        self.pose, self.twist = Pose2D(3.1, 2.5, 0.0), Twist2D()
        self.twists: list[tuple[float, Twist]] = []
        self.trajectories: list[JointTrajectory] = []
        self.statuses: list[MotionStatus] = []
        self.goal: MotionGoal | None = None
        self.following: tuple[JointTrajectory, float] | None = None
        self._odom = self.node.create_publisher(state.OdometryMsg, "odom", qos.SENSOR)
        self._joints = self.node.create_publisher(JointState, "joint_states", qos.SENSOR)
        self._safety = self.node.create_publisher(SafetyStatusMsg, "safety_status", qos.STATUS)
        self._goals = self.node.create_publisher(MotionGoalMsg, "motion_goal", qos.COMMAND)
        self.node.create_subscription(Twist, "cmd_vel_raw", self._on_twist, qos.COMMAND)
        self.node.create_subscription(JointTrajectory, "joint_trajectory_raw", self._on_trajectory, qos.EVENT)
        self.node.create_subscription(MotionStatus, "motion_status", self.statuses.append, qos.STATUS)
        self.node.create_timer(DT, self._tick)

    def publish_raw(self, message: MotionGoalMsg) -> None:
        self._goals.publish(message)

    def _on_twist(self, message: Twist) -> None:
        self.twists.append((time.monotonic(), message))
        self.twist = Twist2D(message.linear.x, message.linear.y, message.angular.z)

    def _on_trajectory(self, message: JointTrajectory) -> None:
        self.trajectories.append(message)
        self.following = (message, time.monotonic())

    def _tick(self) -> None:
        c, s = math.cos(self.pose.theta), math.sin(self.pose.theta)
        dx, dy = self.twist.vx * DT, self.twist.vy * DT
        self.pose = Pose2D(
            self.pose.x + c * dx - s * dy, self.pose.y + s * dx + c * dy, self.pose.theta + self.twist.wz * DT
        )
        if self.following is not None:
            message, since = self.following
            over = [p for p in message.points if _seconds(p) <= time.monotonic() - since]
            if over:
                self.joints.update(zip(message.joint_names, over[-1].positions))
        now = self.node.get_clock().now().nanoseconds * 1e-9
        self._odom.publish(state.odometry_to_msg(Odometry(now, self.pose, self.twist)))
        joints = JointState(name=list(self.joints), position=list(self.joints.values()))
        joints.header.stamp = self.node.get_clock().now().to_msg()
        self._joints.publish(joints)
        self._safety.publish(state.safety_status_to_msg(SafetyStatus(now, "armed", True, False)))
        if self.goal is not None:
            self._goals.publish(motion.motion_goal_to_msg(self.goal, now))


def _seconds(point: JointTrajectoryPoint) -> float:
    return point.time_from_start.sec + point.time_from_start.nanosec * 1e-9


class Bench:
    def __init__(self) -> None:
        self.control, self.world = ControlNode(), World()
        self.executor = SingleThreadedExecutor()
        for node in (self.control, self.world.node):
            self.executor.add_node(node)

    def until(self, done: Callable[[], bool], seconds: float = 10.0) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.05)
            if done():
                return True
        return False

    def ended(self, goal_id: str) -> MotionStatus | None:
        ends = ("reached", "blocked", "timed_out", "rejected", "cancelled")
        return next((s for s in self.world.statuses if s.goal_id == goal_id and s.state in ends), None)


@pytest.fixture
def bench() -> Iterator[Bench]:
    rclpy.init()
    made = Bench()
    yield made
    made.executor.shutdown()
    made.control.destroy_node()
    made.world.node.destroy_node()
    rclpy.try_shutdown()


def test_it_sends_zero_at_its_rate_before_anything_arrives(bench: Bench) -> None:
    assert bench.until(lambda: len(bench.world.twists) > 40)
    times = [t for t, _ in bench.world.twists[-30:]]
    assert 0.5 < times[-1] - times[0] < 1.2
    assert all(t.linear.x == t.linear.y == t.angular.z == 0.0 for _, t in bench.world.twists)


def test_a_base_move_and_a_posture_are_carried_out(bench: Bench) -> None:
    bench.world.goal = MotionGoal("m1", "base_move", offset=(0.15, 0.0, 0.0))
    assert bench.until(lambda: bench.ended("m1") is not None, 15.0)
    assert bench.ended("m1").state == "reached"
    assert bench.world.pose.x == pytest.approx(3.25, abs=0.04)
    bench.world.goal = MotionGoal("p1", "arm_posture", posture="offer")
    assert bench.until(lambda: bench.ended("p1") is not None, 15.0)
    assert bench.ended("p1").state == "reached" and len(bench.world.trajectories) == 1
    sent = bench.world.trajectories[0]
    assert "torso_lift_joint" in sent.joint_names and set(sent.points[-1].velocities) == {0.0}


def test_a_sender_that_falls_silent_stops_the_base(bench: Bench) -> None:
    bench.world.goal = MotionGoal("n1", "navigate", targets=(Pose.planar(2.2, 6.2, 1.5),))
    assert bench.until(lambda: bench.world.twist.speed > 0.2, 15.0)
    bench.world.goal = None
    silent = time.monotonic()
    assert bench.until(lambda: bench.world.twist.speed == 0.0, 3.0)
    assert time.monotonic() - silent < 0.6


def test_bad_goals_are_refused_and_the_node_lives_on(bench: Bench) -> None:
    assert bench.until(lambda: len(bench.world.twists) > 5)
    bench.world.publish_raw(MotionGoalMsg(kind="dance", goal_id="x"))
    spoilt = motion.motion_goal_to_msg(MotionGoal("y", "navigate", targets=(Pose(),)), 0.0)
    spoilt.targets[0].position.x = float("nan")
    bench.world.publish_raw(spoilt)
    bench.world.goal = MotionGoal("z", "arm_posture", posture="yoga")
    assert bench.until(lambda: bench.ended("z") is not None)
    assert bench.ended("z").state == "rejected" and "yoga" in bench.ended("z").text
    bench.world.goal = MotionGoal("h", "head_posture", posture="down")
    assert bench.until(lambda: bench.ended("h") is not None) and bench.ended("h").state == "reached"
    assert not [t for t in bench.world.trajectories if "head_pan_joint" not in t.joint_names]


def test_nav2_without_its_package_says_what_to_install() -> None:
    try:
        import nav2_msgs  # noqa: F401
    except ImportError:
        rclpy.init()
        try:
            with pytest.raises(ConfigError, match="apt install ros-jazzy-nav2-msgs"):
                ControlNode(parameter_overrides=[Parameter("navigation", value="nav2")])
        finally:
            rclpy.try_shutdown()
    else:
        pytest.skip("nav2_msgs is installed")
