"""Drivers and control of a robot in an empty room, and the gate under test beside them, on real topics."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry as OdometryMsg
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from sensor_msgs.msg import JointState, LaserScan
from std_msgs.msg import Bool
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core"))

from gate_story import HOME, scan_of
from vla_ros.msg import SafetyStatus as SafetyStatusMsg

from vla_ros.core.geometry import JointPositions, Pose2D
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import JointStates, Odometry
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.ros import conversions as c
from vla_ros.ros import qos
from vla_ros.ros.node import VlaNode
from vla_ros.ros.nodes.safety_node import SafetyNode

ROOT = Path(__file__).resolve().parents[2]
ROBOT = RobotDescription.load(ROOT / "config" / "robots" / "home_robot.yaml")

SERVICES = ("arm", "disarm", "reset_safety", "hand_back", "emergency_stop")
PATIENT = {
    **{f"{name}_timeout_s": 1.0 for name in ("command", "odom", "joint_states", "scan", "teleop")},
    "home": "",
}
"""The longest time-outs, so that a busy machine makes no difference; benchmarks.safety measures the shipped ones. And
an empty room: no walls of a floor plan."""


def arguments(**more: object) -> list[str]:
    """PATIENT and more parameters as a command line after --ros-args."""
    given = {**PATIENT, **more}.items()
    return [word for name, value in given for word in ("-p", f"{name}:={value if value != '' else repr('')}")]


class Bench(VlaNode):
    """Drivers and control of a robot that stands in an empty room; `mute` names what is silent."""

    def __init__(self) -> None:
        super().__init__("bench")
        self.mute: set[str] = {"command"}
        self.speed = 0.0
        self.twists: list[tuple[float, Twist]] = []
        self.trajectories: list[tuple[float, JointTrajectory]] = []
        self.statuses: list[SafetyStatus] = []
        self.diagnostics: list[str] = []
        self.raw = self.create_publisher(Twist, "cmd_vel_raw", qos.COMMAND)
        self.raw_trajectory = self.create_publisher(JointTrajectory, "joint_trajectory_raw", qos.EVENT)
        self.stop = self.create_publisher(Bool, "emergency_stop", qos.EVENT)
        self.teleop = self.create_publisher(Twist, "cmd_vel_teleop", qos.COMMAND)
        self.odom = self.create_publisher(OdometryMsg, "odom", qos.SENSOR)
        self.joints = self.create_publisher(JointState, "joint_states", qos.SENSOR)
        self.scan = self.create_publisher(LaserScan, "scan", qos.SENSOR)
        self.listen(Twist, "cmd_vel", lambda m: self.twists.append((time.monotonic(), m)), qos.COMMAND)
        self.listen(
            JointTrajectory, "joint_trajectory", lambda m: self.trajectories.append((time.monotonic(), m)), qos.EVENT
        )
        self.listen(SafetyStatusMsg, "safety_status", self._on_status, qos.STATUS)
        self.listen(DiagnosticArray, "/diagnostics", self._on_diagnostics, qos.EVENT)
        self.services_ = {n: self.create_client(Trigger, n) for n in SERVICES}
        self._count = 0
        self.steady_timer(0.02, self._feed)

    def _on_status(self, message: SafetyStatusMsg) -> None:
        self.statuses.append(c.safety_status_from_msg(message))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        self.diagnostics += [s.message for s in message.status if s.name.endswith("safety_node")]

    def _feed(self) -> None:
        self._count += 1
        stamp = self.now_s()
        if "odom" not in self.mute:
            self.odom.publish(c.odometry_to_msg(Odometry(stamp, Pose2D())))
        if "joints" not in self.mute:
            names = tuple(j for g in ROBOT.groups for j in g.names)
            positions = (*HOME.positions, *([0.02] * (len(names) - len(HOME.positions))))
            self.joints.publish(c.joint_states_to_msg(JointStates(stamp, JointPositions(names, positions))))
        if "scan" not in self.mute and self._count % 2 == 0:
            self.scan.publish(c.scan_to_msg(scan_of(np.full(360, np.inf), stamp)))
        if "command" not in self.mute:
            self.command(self.speed)

    def command(self, *axes: float) -> None:
        message = Twist()
        v, w = message.linear, message.angular
        v.x, v.y, v.z, w.x, w.y, w.z = (*axes, *([0.0] * (6 - len(axes))))
        self.raw.publish(message)

    @property
    def driven_m_s(self) -> float:
        """Speed last sent to the driver; not a number while nothing has come (a relay may be found late)."""
        return self.twists[-1][1].linear.x if self.twists else float("nan")

    @property
    def status(self) -> SafetyStatus:
        return self.statuses[-1]


class Bed:
    """The node under test and the bench on one executor (the node as a process: ``of_process``)."""

    def __init__(self, in_process: bool = True, **parameters: object) -> None:
        rclpy.try_shutdown()
        rclpy.init()
        self.executor = SingleThreadedExecutor()
        given = [Parameter(name, value=value) for name, value in {**PATIENT, **parameters}.items()]
        self.node = SafetyNode(parameter_overrides=given) if in_process else None
        self.bench = Bench()
        for node in filter(None, (self.node, self.bench)):
            self.executor.add_node(node)

    def until(self, done: Callable[[], bool], seconds: float = 20.0) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.01)
            if done():
                return True
        return False

    def call(self, name: str) -> Trigger.Response:
        client = self.bench.services_[name]
        assert self.until(client.service_is_ready)
        future = client.call_async(Trigger.Request())
        assert self.until(future.done)
        return future.result()

    def arm(self) -> Bed:
        bench = self.bench
        assert self.until(lambda: bool(bench.statuses) and bench.status.state in ("stopped", "armed"), 60.0), (
            bench.statuses[-1:]
        )
        answer = self.call("arm")
        assert answer.success, answer.message
        bench.mute.discard("command")
        assert self.until(lambda: bench.status.state == "armed"), bench.status
        return self

    def drive(self, speed: float = 0.3) -> Bed:
        self.bench.speed = speed
        assert self.until(lambda: abs(self.bench.driven_m_s - speed) < 1e-6), self.bench.status
        return self

    def close(self) -> None:
        self.executor.shutdown()
        for node in filter(None, (self.node, self.bench)):
            node.destroy_node()
        rclpy.try_shutdown()
