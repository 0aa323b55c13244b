"""safety_node: the last process before the drivers. Commands pass, are slowed or stopped; nobody can loosen it.

Parameters: those of SafetyParams (vla_ros/safety/params.py), GateNodeParams (vla_ros/ros/gate_options.py), FileParams
    (robot …) and SecurityParams (profile). Read once, at start.
Subscriptions: cmd_vel_raw (Twist) and, where stamps are looked at, cmd_vel_raw_stamped (TwistStamped);
    joint_trajectory_raw, gripper_raw (trajectory_msgs/JointTrajectory), action_chunk (vla_ros/ActionChunk): commands;
    cmd_vel_teleop (Twist): a person's, has priority until hand_back;
    scan, odom, joint_states, battery_state, imu (only where the robot requires it), scene (vla_ros/Scene);
    temperature (sensor_msgs/Temperature; frame_id names the part: cpu, gpu, motor:<joint>), bumper (Bool),
    payload (Float32, kg in the hand);
    emergency_stop (std_msgs/Bool, true latches), joy (only with joy_stop_button), operator_heartbeat (std_msgs/Empty,
    only with operator_heartbeat); command_status: only for the records.
Publications: cmd_vel (Twist, at rate_hz always, and at once for each command), joint_trajectory, gripper
    (JointTrajectory), safety_status (vla_ros/SafetyStatus, 10 Hz and on change), /diagnostics.
Services: arm, disarm, reset_safety, hand_back, emergency_stop (std_srvs/Trigger).

A command is answered when it comes, not at the next tick; the timer on the steady clock fills silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from geometry_msgs.msg import Twist
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from vla_ros.core.surroundings import Surroundings
from vla_ros.msg import SafetyStatus
from vla_ros.robot.kinematics import RobotModel
from vla_ros.ros import parameters, qos, realtime, rivals
from vla_ros.ros.conversions import motion, state
from vla_ros.ros.gate_inputs import GateInputs
from vla_ros.ros.gate_options import GateNodeParams
from vla_ros.ros.node import VlaNode, run
from vla_ros.ros.qos_watch import QosWatch
from vla_ros.ros.record_keeper import GateRecords
from vla_ros.safety.gate import Gate, GateOutput
from vla_ros.safety.limits_summary import summary
from vla_ros.safety.pace import Pace
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.record_store import record_folder

_RAW_TOPICS = ("cmd_vel_raw", "joint_trajectory_raw", "gripper_raw")
_ANSWER_S, _ANSWERS_AT_ONCE = 0.008, 3
"""Commands are answered when they come, but a flood of them at this pace only [s]."""
_STATUS_S = 0.1
_LOOK_AROUND_S = 0.2
_FROZEN_S = 0.25


class SafetyNode(VlaNode):
    """The shell around :class:`~vla_ros.safety.gate.Gate`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("safety_node", **kwargs)
        self._params = parameters.declare(self, SafetyParams)
        options = parameters.declare(self, GateNodeParams)
        robot = self.load_robot()
        zones = self.load_zones()
        model = RobotModel(robot) if robot.model else None
        home = self.load_home()
        self._gate = Gate(self._params, robot, model, zones, Surroundings.of(home))
        realtime.claim_processor(self._params.core, self._params.fifo_priority)
        lines = summary(self._params, robot, model, zones)
        folder = record_folder(options.record_folder) / self.get_namespace().strip("/")
        about = {"robot": robot.name, "node": self.get_fully_qualified_name(), "limits": lines}
        self._records = GateRecords(folder, int(options.record_limit_mb * 1e6), about, self.steady_s())
        self._ticked_at = self._published_at = -1.0
        self._pace = Pace(_ANSWER_S, _ANSWERS_AT_ONCE)
        self._shown: tuple[object, ...] = ()
        self._values: dict[str, str] = {}
        self._watch = QosWatch(self, self._gate.on_qos)
        watch = self._watch.of_publisher
        self._twist = self.create_publisher(
            Twist, "cmd_vel", qos.COMMAND, event_callbacks=watch("cmd_vel", qos.COMMAND)
        )
        self._trajectory = self.create_publisher(
            JointTrajectory, "joint_trajectory", qos.EVENT, event_callbacks=watch("joint_trajectory", qos.EVENT)
        )
        self._gripper = self.create_publisher(
            JointTrajectory, "gripper", qos.EVENT, event_callbacks=watch("gripper", qos.EVENT)
        )
        self._status = self.create_publisher(SafetyStatus, "safety_status", qos.STATUS)
        self._inputs = GateInputs(
            self, self._gate, self._params, options, robot, model, self._watch, self._tick, self._answer
        )
        for name, action in (
            ("arm", self._gate.arm),
            ("disarm", self._gate.disarm),
            ("reset_safety", self._gate.reset),
            ("hand_back", self._gate.hand_back),
            ("emergency_stop", self._stop),
        ):
            self._serve(name, action)
        self._timer = self.steady_timer(1.0 / self._params.rate_hz, self._tick)
        self.steady_timer(_LOOK_AROUND_S, self._look_around)
        self.steady_timer(1.0, self._each_second)
        for line in lines:
            self.get_logger().info(line)

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

    def _stop(self, now: float) -> tuple[bool, str]:
        """Latches like the button, and is released at once."""
        self._inputs.press("service", True)
        self._inputs.press("service", False)
        return True, "Stopped. Call reset_safety and arm to go on."

    def _answer(self) -> None:
        if self._pace.lets(self.steady_s()):
            self._timer.reset()
            self._tick()

    def _tick(self) -> None:
        now = self.steady_s()
        late, self._ticked_at = now - self._ticked_at, now
        if _FROZEN_S < late < now:  # whatever waited meanwhile is old, and the driver has stopped by itself
            self._gate.on_condition("gate_late", f"The gate did not run for {late:.2f} s; it starts again from rest.")
            self._publish(self._gate.tick(now))
            self._gate.on_condition("gate_late", "")
        self._publish(self._gate.tick(now))

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
        self._records.observe(status, output.twist, output.records, self._inputs.occasion, now)

    def diagnostic_values(self) -> dict[str, str]:
        """State, cause, nearest obstacle, count of interventions, who drives, where the records lie."""
        driver = "person" if self._gate.teleoperated else "autonomy"
        return {**self._values, "driver": driver, **self._records.values()}

    def on_internal_error(self, source: str, error: Exception) -> None:
        """Fails closed: zero goes out now, and with each tick until a restart."""
        self._gate.on_exception(source, error)
        self._twist.publish(Twist())

    def _look_around(self) -> None:
        """Nobody else may publish to the drivers, nor a second one to the gate; misfits of QoS that are gone."""
        now = self.steady_s()
        for publisher in (self._twist, self._trajectory, self._gripper):
            self._gate.on_publishers(publisher.topic_name, rivals.rivals_of(self, publisher), now)
        for topic in _RAW_TOPICS:
            self._gate.on_publishers(topic, rivals.strangers_on(self, topic), now)
        self._watch.look()

    def _each_second(self) -> None:
        self._inputs.feel_heat()
        realtime.collect(idle=self._gate.state.public in ("stopped", "armed"))

    def destroy_node(self) -> None:
        """Ends the records in order."""
        self._inputs.close()
        self._records.close(self.steady_s())
        super().destroy_node()


def main() -> None:
    """Entry point."""

    def factory() -> SafetyNode:
        node = SafetyNode()
        realtime.quiet_collector()
        return node

    run(factory)


if __name__ == "__main__":
    main()
