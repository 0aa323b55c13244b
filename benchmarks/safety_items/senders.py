"""Small ROS processes that are started, killed and frozen: forked from one that has imported everything already.

``python -m benchmarks.safety_items.senders`` reads "domain role argument…" lines, forks the role, answers with its pid.
All of them end with its standard input.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import sys
import time
from collections.abc import Callable

import numpy as np
import rclpy
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry as OdometryMsg
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import BatteryState, JointState, LaserScan
from std_msgs.msg import Bool
from vla_ros.msg import MotionGoal as MotionGoalMsg
from vla_ros.msg import Scene as SceneMsg

from benchmarks.safety_items.stories import HOME, JOINTS, scan_of
from vla_ros.core.geometry import JointPositions, Pose, Pose2D, Twist2D
from vla_ros.core.motion import MotionGoal
from vla_ros.core.robot_state import JointStates, Odometry
from vla_ros.planning.params import PlannerParams
from vla_ros.ros import conversions as c
from vla_ros.ros import qos

DEVICE_PRIORITY = 5
"""SCHED_FIFO of what stands for devices with a clock of their own, where the system grants it."""


def claim(priority: int) -> bool:
    """Real-time scheduling for this process; False when the system refuses."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except OSError:
        return False
    return True


def control(node: Node, speed: str = "0.3") -> None:
    """cmd_vel_raw at 50 Hz."""
    out, message = node.create_publisher(Twist, "cmd_vel_raw", qos.COMMAND), Twist()
    message.linear.x = float(speed)
    _repeat(0.02, lambda: out.publish(message))


def metronome(node: Node, speed: str, step: str, cycle: str) -> None:
    """cmd_vel_raw at 50 Hz; each command differs from the last by ``step`` m/s and tells its number by its value."""
    out, message = node.create_publisher(Twist, "cmd_vel_raw", qos.COMMAND), Twist()
    number = 0

    def send() -> None:
        nonlocal number
        number += 1
        message.linear.x = float(speed) + float(step) * (1 + number % int(cycle))
        out.publish(message)

    _repeat(0.02, send)


def best_effort_control(node: Node) -> None:
    """cmd_vel_raw with a QoS that does not fit."""
    out = node.create_publisher(Twist, "cmd_vel_raw", QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT))
    _repeat(0.02, lambda: out.publish(Twist()))


def planner(node: Node, x: str, y: str) -> None:
    """A navigate goal to x, y, renewed as the shipped planner does."""
    out = node.create_publisher(MotionGoalMsg, "motion_goal", qos.COMMAND)
    goal = MotionGoal(f"g{os.getpid()}", "navigate", "c1", (Pose((float(x), float(y), 0.0)),), tolerance_rad=4.0)
    _repeat(
        1.0 / PlannerParams().rate_hz,
        lambda: out.publish(c.motion_goal_to_msg(goal, node.get_clock().now().nanoseconds * 1e-9)),
    )


def rival(node: Node) -> None:
    """A second voice to the drivers."""
    out, message = node.create_publisher(Twist, "cmd_vel", qos.COMMAND), Twist()
    message.linear.x = 0.5
    _repeat(0.02, lambda: out.publish(message))


def flood(node: Node, topic: str) -> None:
    """A thousand messages a second on an input of the gate."""
    if topic == "emergency_stop":
        out, message = node.create_publisher(Bool, topic, qos.EVENT), Bool(data=False)
    else:
        out, message = (
            node.create_publisher(BatteryState, topic, qos.SENSOR),
            BatteryState(percentage=0.9, voltage=25.0),
        )

    def send() -> None:
        if isinstance(message, BatteryState):
            message.header.stamp = node.get_clock().now().to_msg()
        out.publish(message)

    _repeat(0.001, send)


def perception(node: Node) -> None:
    """Scenes from callbacks that block for 200 ms and never rest, as a model on the same computer does."""
    out = node.create_publisher(SceneMsg, "scene", qos.SENSOR)

    def work() -> None:
        end = time.monotonic() + 0.2
        while time.monotonic() < end:
            sum(range(1000))
        message = SceneMsg()
        message.header.frame_id = "odom"
        message.header.stamp = node.get_clock().now().to_msg()
        out.publish(message)

    _repeat(0.0, work)


def burn(_: Node) -> None:
    """Nothing but load."""
    while True:
        sum(range(10_000))


def drivers(node: Node) -> None:
    """odom, joint_states at 50 Hz, scan at 25 Hz of a robot in an empty place that drives as cmd_vel says."""
    wish, pose, count, last = Twist2D(), Pose2D(), 0, time.monotonic()
    odom = node.create_publisher(OdometryMsg, "odom", qos.SENSOR)
    joints = node.create_publisher(JointState, "joint_states", qos.SENSOR)
    scan = node.create_publisher(LaserScan, "scan", qos.SENSOR)
    positions = JointPositions(JOINTS, (*HOME.positions, *([0.02] * (len(JOINTS) - len(HOME.positions)))))
    clear = np.full(360, np.inf)

    def hear(message: Twist) -> None:
        nonlocal wish
        wish = Twist2D(message.linear.x, message.linear.y, message.angular.z)

    def feed() -> None:
        nonlocal pose, count, last
        now, count = time.monotonic(), count + 1
        dt, last = now - last, now
        cos, sin = math.cos(pose.theta), math.sin(pose.theta)
        pose = Pose2D(
            pose.x + (cos * wish.vx - sin * wish.vy) * dt,
            pose.y + (sin * wish.vx + cos * wish.vy) * dt,
            pose.theta + wish.wz * dt,
        )
        stamp = time.time()
        odom.publish(c.odometry_to_msg(Odometry(stamp, pose, wish)))
        joints.publish(c.joint_states_to_msg(JointStates(stamp, positions)))
        if count % 2 == 0:
            scan.publish(c.scan_to_msg(scan_of(clear, stamp)))

    node.create_subscription(Twist, "cmd_vel", hear, qos.COMMAND)
    executor = rclpy.executors.SingleThreadedExecutor()
    executor.add_node(node)
    due = time.monotonic()
    while True:
        due += 0.02
        while (left := due - time.monotonic()) > 0.0:
            executor.spin_once(timeout_sec=left)
        feed()


ROLES: dict[str, Callable[..., None]] = {
    role.__name__: role
    for role in (control, metronome, best_effort_control, planner, rival, flood, perception, burn, drivers)
}
_DEVICES = ("control", "metronome", "best_effort_control", "planner", "drivers", "rival")


def _repeat(period_s: float, action: Callable[[], None]) -> None:
    due = time.monotonic()
    while True:
        action()
        due = max(due + period_s, time.monotonic() - 0.1)
        time.sleep(max(0.0, due - time.monotonic()))


def _live(domain: str, words: list[str]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if words[0] in _DEVICES:
        claim(DEVICE_PRIORITY)
    os.environ["ROS_DOMAIN_ID"] = domain
    rclpy.init()
    ROLES[words[0]](rclpy.create_node(f"{words[0]}_{os.getpid()}"), *words[1:])


def main() -> None:
    """The nursery."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    children = []
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(KeyboardInterrupt):
                domain, *words = line.split()
                _live(domain, words)
            os._exit(0)
        children.append(pid)
        print(pid, flush=True)
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
