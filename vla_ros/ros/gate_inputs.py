"""What the gate hears: every subscription of safety_node, converted and handed on with the time of its receipt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import BatteryState, Imu, JointState, Joy, LaserScan, Temperature
from std_msgs.msg import Bool, Empty, Float32
from std_msgs.msg import Header as HeaderMsg
from trajectory_msgs.msg import JointTrajectory

from vla_ros.core.errors import InputError
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import Imu as Reading
from vla_ros.msg import ActionChunk, CommandStatus, Scene
from vla_ros.robot.kinematics import RobotModel
from vla_ros.ros import qos
from vla_ros.ros.conversions import language, motion, scene, stamps, state
from vla_ros.ros.gate_options import GateNodeParams
from vla_ros.ros.machine_heat import MachineHeat
from vla_ros.ros.node import VlaNode
from vla_ros.ros.qos_watch import QosWatch
from vla_ros.safety.gate import Gate
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.records import Occasion
from vla_ros.safety.stamps import Stamp
from vla_ros.safety.stop_buttons import StopButtons
from vla_ros.safety.twist_limit import RawTwist

_MOST_STATUS_BYTES = 20_000


class GateInputs:
    """Subscribes everything of one gate on its node.

    Args:
        node: whose executor runs the callbacks.
        gate: takes the values.
        params: of the gate.
        options: of its node.
        robot: says whether an IMU is needed.
        model: turns the IMU's axes to base_link's; None: they are taken as base_link's.
        watch: of incompatible QoS.
        tick: called when an emergency stop changes: at once, always.
        answer: called after a command, which is answered at once unless commands flood.
    """

    def __init__(
        self,
        node: VlaNode,
        gate: Gate,
        params: SafetyParams,
        options: GateNodeParams,
        robot: RobotDescription,
        model: RobotModel | None,
        watch: QosWatch,
        tick: Callable[[], None],
        answer: Callable[[], None],
    ) -> None:
        self._node, self._gate, self._params, self._options = node, gate, params, options
        self._model, self._watch, self._tick, self._answer = model, watch, tick, answer
        self._axes: dict[str, np.ndarray] = {}
        self._heat = MachineHeat()
        self._felt: dict[str, float] = {}
        self.buttons = StopButtons()
        self.occasion = Occasion()
        """Of the command under way, for the records; the gate never sees it."""
        if params.command_stamps != "required":
            self._listen(Twist, "cmd_vel_raw", self._on_twist, qos.COMMAND)
        if params.command_stamps != "off":
            self._listen(TwistStamped, "cmd_vel_raw_stamped", self._on_stamped_twist, qos.COMMAND)
        self._listen(Twist, "cmd_vel_teleop", self._on_teleop, qos.COMMAND)
        self._listen_bytes(JointTrajectory, "joint_trajectory_raw", self._on_trajectory, params.max_message_bytes)
        self._listen_bytes(JointTrajectory, "gripper_raw", self._on_gripper, params.max_message_bytes)
        self._listen_bytes(ActionChunk, "action_chunk", self._on_chunk, params.max_message_bytes, qos.COMMAND)
        self._listen(LaserScan, "scan", lambda m: gate.on_scan(state.scan_from_msg(m), self._now), qos.SENSOR)
        self._listen(Odometry, "odom", lambda m: gate.on_odometry(state.odometry_from_msg(m), self._now), qos.SENSOR)
        self._listen(
            JointState, "joint_states", lambda m: gate.on_joints(state.joint_states_from_msg(m), self._now), qos.JOINTS
        )
        self._listen(Scene, "scene", lambda m: gate.on_scene(scene.scene_from_msg(m), self._now), qos.SENSOR)
        self._listen(
            BatteryState, "battery_state", lambda m: gate.on_battery(state.battery_from_msg(m), self._now), qos.SENSOR
        )
        if "imu" in robot.sensors:
            self._listen(Imu, "imu", self._on_imu, qos.SENSOR)
        self._listen(Temperature, "temperature", self._on_temperature, qos.SENSOR)
        self._listen(Bool, "bumper", lambda m: gate.on_contact("bumper", m.data, self._now), qos.SENSOR)
        self._listen(Float32, "payload", lambda m: gate.on_payload(m.data, self._now), qos.SENSOR)
        self._listen(Bool, "emergency_stop", lambda m: self.press("emergency_stop", m.data), qos.EVENT)
        if options.joy_stop_button >= 0:
            self._listen(Joy, "joy", self._on_joy, qos.SENSOR)
        if params.operator_heartbeat:
            self._listen(Empty, "operator_heartbeat", lambda _: gate.on_heartbeat(self._now), qos.SENSOR)
        self._listen_bytes(CommandStatus, "command_status", self._on_status, _MOST_STATUS_BYTES, qos.STATUS_LOG)

    @property
    def _now(self) -> float:
        return self._node.steady_s()

    def press(self, button: str, pressed: bool) -> None:
        """The state of one emergency stop button; a release counts when no other is pressed."""
        before = self.buttons.held
        self._gate.on_emergency_stop(self.buttons.note(button, pressed), self._now)
        if self.buttons.held != before:
            self._tick()

    def feel_heat(self) -> None:
        """Hands on what the computer's own sensors said since the last call."""
        newest = self._heat.newest
        if newest is not self._felt:  # the same once more would look fresh for ever when a sensor hangs
            self._felt = newest
            for name, celsius in newest.items():
                self._gate.on_temperature(name, celsius, self._now)

    def close(self) -> None:
        """Ends what does not end with the node."""
        self._heat.close()

    # -- connections

    def _listen(self, kind: type, topic: str, take: Callable[[Any], None], profile: QoSProfile) -> None:
        events = self._watch.of_subscription(topic, profile)
        guarded = self._node.guard(topic, take)
        self._node.create_subscription(kind, topic, guarded, profile, event_callbacks=events)

    def _listen_bytes(
        self, kind: type, topic: str, take: Callable[[Any], None], most: int, profile: QoSProfile = qos.EVENT
    ) -> None:
        """What may be large comes as bytes: too large a one is refused before a million objects are made of it."""

        def convert(data: bytes) -> None:
            if len(data) > most:
                raise InputError(topic, f"{len(data)} bytes", f"Send up to {most} bytes.")
            take(deserialize_message(data, kind))

        events = self._watch.of_subscription(topic, profile)
        guarded = self._node.guard(topic, convert)
        self._node.create_subscription(kind, topic, guarded, profile, raw=True, event_callbacks=events)

    # -- commands

    def _on_twist(self, message: Twist) -> None:
        now = self._now
        self._gate.on_twist(axes_of(message), now)
        self._answer()

    def _on_stamped_twist(self, message: TwistStamped) -> None:
        now = self._now
        self._gate.on_twist(axes_of(message.twist), now, self._stamp(message.header))
        self._answer()

    def _on_teleop(self, message: Twist) -> None:
        now = self._now
        self._gate.on_teleop(axes_of(message), now)
        self._answer()

    def _on_trajectory(self, message: JointTrajectory) -> None:
        self._gate.on_trajectory(motion.trajectory_from_msg(message), self._now, self._stamp(message.header))
        self._answer()

    def _on_gripper(self, message: JointTrajectory) -> None:
        self._gate.on_gripper(motion.trajectory_from_msg(message), self._now, self._stamp(message.header))
        self._answer()

    def _on_chunk(self, message: ActionChunk) -> None:
        self._gate.on_chunk(motion.action_chunk_from_msg(message), self._now)
        self._answer()

    def _stamp(self, header: HeaderMsg) -> Stamp | None:
        """None where stamps are not looked at, and for the stamp 0, which means: at once."""
        if self._params.command_stamps == "off":
            return None
        sent_s = stamps.stamp_from_msg(header.stamp)
        return Stamp(sent_s, self._node.now_s()) if sent_s > 0.0 else None

    # -- measurements

    def _on_imu(self, message: Imu) -> None:
        force, rate = message.linear_acceleration, message.angular_velocity
        axes = self._axes_of(message.header.frame_id)
        ax, ay, az = (axes @ (force.x, force.y, force.z)).tolist()
        wx, wy, wz = (axes @ (rate.x, rate.y, rate.z)).tolist()
        stamp_s = stamps.stamp_from_msg(message.header.stamp)
        self._gate.on_imu(stamp_s, self._now, Reading(stamp_s, (ax, ay, az), (wx, wy, wz)))

    def _axes_of(self, frame: str) -> np.ndarray:
        """3x3 from the IMU's axes to those of base_link; the IMU is taken as fixed to the base."""
        if frame not in self._axes:
            known = self._model is not None and frame not in ("", "base_link")
            pose = self._model.frame_pose(frame, {}) if known and self._model else np.eye(4)
            self._axes[frame] = pose[:3, :3]
        return self._axes[frame]

    def _on_temperature(self, message: Temperature) -> None:
        self._gate.on_temperature(message.header.frame_id or "robot", message.temperature, self._now)

    # -- people

    def _on_joy(self, message: Joy) -> None:
        index = self._options.joy_stop_button
        if index >= len(message.buttons):
            raise InputError("joy.buttons", len(message.buttons), f"joy_stop_button is {index}; name one that exists.")
        pressed = bool(message.buttons[index])
        if pressed or "joy" in self.buttons.held:
            self.press("joy", pressed)

    def _on_status(self, message: CommandStatus) -> None:
        status = language.command_status_from_msg(message)
        self.occasion = (
            Occasion()
            if status.is_terminal
            else Occasion(status.command_id, status.step_index, status.steps, status.text)
        )


def axes_of(message: Twist) -> RawTwist:
    """linear x y z, angular x y z, as they came."""
    v, w = message.linear, message.angular
    return (v.x, v.y, v.z, w.x, w.y, w.z)
