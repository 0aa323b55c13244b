"""safety_node: the last process before the drivers. Commands pass, are slowed or stopped; nobody can loosen it.

Parameters: those of SafetyParams (vla_ros/safety/params.py) and of FileParams (robot …). Read once, at start.
Subscriptions: cmd_vel_raw (Twist), joint_trajectory_raw, gripper_raw (trajectory_msgs/JointTrajectory),
    scan, odom, joint_states, battery_state, imu (only where the robot requires it), scene (vla_ros/Scene),
    emergency_stop (std_msgs/Bool, true latches).
Publications: cmd_vel (Twist, at rate_hz always, and at once for each command), joint_trajectory, gripper
    (JointTrajectory), safety_status (vla_ros/SafetyStatus, 10 Hz and on change), /diagnostics.
Services: arm, disarm, reset_safety (std_srvs/Trigger).

A command is answered when it comes, not at the next tick; the timer on the steady clock fills silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import BatteryState, Imu, JointState, LaserScan
from std_msgs.msg import Bool
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from vla_ros.core.errors import InputError
from vla_ros.core.motion import JointTrajectory as CoreTrajectory
from vla_ros.core.robot_description import RobotDescription
from vla_ros.msg import SafetyStatus, Scene
from vla_ros.ros import parameters, qos, realtime
from vla_ros.ros.conversions import motion, scene, stamps, state
from vla_ros.ros.node import VlaNode, run
from vla_ros.safety.gate import Gate, GateOutput
from vla_ros.safety.params import SafetyParams

_DRIVER_TOPICS = ("cmd_vel", "joint_trajectory", "gripper")
_FLOOD_S = 0.008
_STATUS_S = 0.1
_LOOK_AROUND_S = 0.2


class SafetyNode(VlaNode):
    """The shell around :class:`~vla_ros.safety.gate.Gate`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("safety_node", **kwargs)
        self._params = parameters.declare(self, SafetyParams)
        robot = self.load_robot()
        realtime.claim_processor(self._params.core, self._params.fifo_priority)
        self._gate = Gate(self._params, robot)
        self._published_at = self._answered_at = -1.0
        self._shown: tuple[object, ...] = ()
        self._values: dict[str, str] = {}
        self._twist = self.create_publisher(Twist, "cmd_vel", qos.COMMAND)
        self._trajectory = self.create_publisher(JointTrajectory, "joint_trajectory", qos.EVENT)
        self._gripper = self.create_publisher(JointTrajectory, "gripper", qos.EVENT)
        self._status = self.create_publisher(SafetyStatus, "safety_status", qos.STATUS)
        self.listen(Twist, "cmd_vel_raw", self._on_twist, qos.COMMAND)
        self._listen_bytes("joint_trajectory_raw", self._gate.on_trajectory)
        self._listen_bytes("gripper_raw", self._gate.on_gripper)
        self.listen(LaserScan, "scan", self._on_scan, qos.SENSOR)
        self.listen(Odometry, "odom", self._on_odometry, qos.SENSOR)
        self.listen(JointState, "joint_states", self._on_joints, qos.JOINTS)
        self.listen(BatteryState, "battery_state", self._on_battery, qos.SENSOR)
        if "imu" in robot.sensors:
            self.listen(Imu, "imu", self._on_imu, qos.SENSOR)
        self.listen(Scene, "scene", self._on_scene, qos.SENSOR)
        self.listen(Bool, "emergency_stop", self._on_emergency_stop, qos.EVENT)
        for name, action in (
            ("arm", self._gate.arm),
            ("disarm", self._gate.disarm),
            ("reset_safety", self._gate.reset),
        ):
            self._serve(name, action)
        self._timer = self.steady_timer(1.0 / self._params.rate_hz, self._tick)
        self.steady_timer(_LOOK_AROUND_S, self._look_around)
        self.steady_timer(1.0, self._collect_garbage)
        self._show_limits(robot)

    def _on_twist(self, message: Twist) -> None:
        v, w, now = message.linear, message.angular, self.steady_s()
        self._gate.on_twist((v.x, v.y, v.z, w.x, w.y, w.z), now)
        if now - self._answered_at >= _FLOOD_S:
            self._answered_at = now
            self._timer.reset()
            self._tick()

    def _listen_bytes(self, topic: str, take: Callable[[CoreTrajectory, float], None]) -> None:
        """Trajectories come as bytes: a huge one is refused before a million objects are made of it."""

        def convert(data: bytes) -> None:
            if len(data) > self._params.max_message_bytes:
                raise InputError(topic, f"{len(data)} bytes", f"Send up to {self._params.max_message_bytes} bytes.")
            take(motion.trajectory_from_msg(deserialize_message(data, JointTrajectory)), self.steady_s())
            self._tick()

        self.create_subscription(JointTrajectory, topic, self.guard(topic, convert), qos.EVENT, raw=True)

    def _on_scan(self, message: LaserScan) -> None:
        self._gate.on_scan(state.scan_from_msg(message), self.steady_s())

    def _on_odometry(self, message: Odometry) -> None:
        self._gate.on_odometry(state.odometry_from_msg(message), self.steady_s())

    def _on_joints(self, message: JointState) -> None:
        self._gate.on_joints(state.joint_states_from_msg(message), self.steady_s())

    def _on_battery(self, message: BatteryState) -> None:
        self._gate.on_battery(state.battery_from_msg(message), self.steady_s())

    def _on_imu(self, message: Imu) -> None:
        self._gate.on_imu(stamps.stamp_from_msg(message.header.stamp), self.steady_s())

    def _on_scene(self, message: Scene) -> None:
        self._gate.on_scene(scene.scene_from_msg(message), self.steady_s())

    def _on_emergency_stop(self, message: Bool) -> None:
        self._gate.on_emergency_stop(message.data, self.steady_s())
        self._tick()

    def _serve(self, name: str, action: Callable[[float], tuple[bool, str]]) -> None:
        def answer(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            try:
                response.success, response.message = action(self.steady_s())
                self._tick()
            except Exception as error:  # a service must answer; the guard of other callbacks would drop it
                response.success, response.message = False, f"internal error: {error}"
                self.on_internal_error(name, error)
            self.get_logger().info(f"{name}: {response.message}")
            return response

        self.create_service(Trigger, name, answer)

    def _tick(self) -> None:
        self._publish(self._gate.tick(self.steady_s()))

    def _publish(self, output: GateOutput) -> None:
        self._twist.publish(motion.twist_to_msg(output.twist))
        for trajectory in output.trajectories:
            self._trajectory.publish(motion.trajectory_to_msg(trajectory))
        if output.gripper is not None:
            self._gripper.publish(motion.trajectory_to_msg(output.gripper))
        status, now = output.status, self.steady_s()
        shown = (status.state, status.cause, status.armed, status.e_stopped)
        if shown != self._shown or now - self._published_at >= _STATUS_S:
            self._shown, self._published_at = shown, now
            self._status.publish(state.safety_status_to_msg(replace(status, stamp_s=self.now_s())))
            fields = ("state", "cause", "text", "interventions", "nearest_m")
            self._values = {name: str(getattr(status, name)) for name in fields}
        for record in output.records:
            self.report_fault(record.verdict.cause, record.verdict.text)

    def diagnostic_values(self) -> dict[str, str]:
        """State, cause, nearest obstacle and count of interventions."""
        return self._values

    def on_internal_error(self, source: str, error: Exception) -> None:
        """Fails closed: zero goes out now, and with each tick until a restart."""
        self._gate.on_exception(source, error)
        self._twist.publish(Twist())

    def _look_around(self) -> None:
        """Nobody else may publish to the drivers."""
        crowded = [topic for topic in _DRIVER_TOPICS if self.count_publishers(topic) > 1]
        text = f"Another node publishes {', '.join(crowded)}; end it." if crowded else ""
        self._gate.on_condition("second_publisher", text)

    def _collect_garbage(self) -> None:
        realtime.collect(idle=self._gate.state.public in ("stopped", "armed"))

    def _show_limits(self, robot: RobotDescription) -> None:
        base, p = robot.base, self._params
        self.get_logger().info(
            f"{robot.name}: at most {base.speed:g} m/s, {base.yaw_rate:g} rad/s, {base.acceleration:g} m/s2, "
            f"braking {base.deceleration:g} m/s2, jerk {base.jerk:g} m/s3; keeps {p.stop_margin_m:g} m; "
            f"needs {', '.join(robot.sensors)}"
        )
        for group in robot.groups:
            limits = ", ".join(f"{j.name} {j.lower:g}..{j.upper:g} at {j.velocity:g}/s" for j in group.joints)
            self.get_logger().info(f"{group.name}: {limits}")


def main() -> None:
    """Entry point."""

    def factory() -> SafetyNode:
        node = SafetyNode()
        realtime.quiet_collector()
        return node

    run(factory)


if __name__ == "__main__":
    main()
