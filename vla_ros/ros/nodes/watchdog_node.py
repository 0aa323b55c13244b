"""watchdog_node: stands between the gate and a driver that has no time-out of its own; stops when the gate is silent.

A process of its own, so that the death or freezing of safety_node cannot take it along. Started by `vla up --watchdog`
or `ros2 launch vla_ros robot.launch.py watchdog:=true`, which lead the gate's commands here.

Parameters: those of WatchdogParams (vla_ros/safety/relay.py) and of FileParams (robot …). Read once, at start.
Subscriptions: cmd_vel_gated (Twist), joint_trajectory_gated, gripper_gated (trajectory_msgs/JointTrajectory): of the
    gate; joint_states.
Publications: cmd_vel (Twist), joint_trajectory, gripper (JointTrajectory): to the driver; /diagnostics.
"""

from __future__ import annotations

from typing import Any

from geometry_msgs.msg import Twist
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from vla_ros.ros import parameters, qos, realtime, rivals
from vla_ros.ros.conversions import motion, state
from vla_ros.ros.node import VlaNode, run
from vla_ros.safety.relay import Relay, WatchdogParams

_LOOK_AROUND_S = 0.2


class WatchdogNode(VlaNode):
    """The shell around :class:`~vla_ros.safety.relay.Relay`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("watchdog_node", **kwargs)
        params = parameters.declare(self, WatchdogParams)
        robot = self.load_robot()
        realtime.claim_processor(params.core, params.fifo_priority)
        self._relay = Relay(params, robot)
        self._twist = self.create_publisher(Twist, "cmd_vel", qos.COMMAND)
        self._trajectory = self.create_publisher(JointTrajectory, "joint_trajectory", qos.EVENT)
        self._gripper = self.create_publisher(JointTrajectory, "gripper", qos.EVENT)
        self.listen(Twist, "cmd_vel_gated", self._on_twist, qos.COMMAND)
        self.listen(JointTrajectory, "joint_trajectory_gated", self._on_trajectory, qos.EVENT)
        self.listen(JointTrajectory, "gripper_gated", self._on_gripper, qos.EVENT)
        self.listen(JointState, "joint_states", self._on_joints, qos.JOINTS)
        self._said = ""
        self.steady_timer(1.0 / params.rate_hz, self._look)
        self.steady_timer(_LOOK_AROUND_S, self._look_around)
        self.steady_timer(1.0, self._collect_garbage)

    def _on_twist(self, message: Twist) -> None:
        v, w = message.linear, message.angular
        axes = self._relay.on_twist((v.x, v.y, v.z, w.x, w.y, w.z), self.steady_s())
        if axes is not None:
            v.x, v.y, v.z, w.x, w.y, w.z = axes
            self._twist.publish(message)

    def _on_trajectory(self, message: JointTrajectory) -> None:
        if self._relay.on_trajectory(motion.trajectory_from_msg(message), self.steady_s()):
            self._trajectory.publish(message)

    def _on_gripper(self, message: JointTrajectory) -> None:
        if self._relay.passes:
            self._gripper.publish(message)

    def _on_joints(self, message: JointState) -> None:
        self._relay.on_joints(state.joint_states_from_msg(message).positions.as_dict(), self.steady_s())

    def _look(self) -> None:
        output = self._relay.look(self.steady_s())
        for hold in output.holds:
            self._trajectory.publish(motion.trajectory_to_msg(hold))
        if output.cause:
            self._twist.publish(Twist())
            self.report_fault(output.cause, output.text)
        if output.cause != self._said:
            self._said = output.cause
            if not output.cause:  # a stop was reported as a fault already
                self.get_logger().info("The gate's commands pass.")

    def _look_around(self) -> None:
        """Nobody else may publish to the driver."""
        mine = (self._twist, self._trajectory, self._gripper)
        self._relay.on_rivals(rivals.words((p.topic_name, rivals.rivals_of(self, p)) for p in mine))

    def on_internal_error(self, source: str, error: Exception) -> None:
        """Fails closed: zero goes out now, and with each look until a restart."""
        self._relay.on_failure(f"Internal error in {source}: {error}. Restart watchdog_node.")
        self._twist.publish(Twist())

    def diagnostic_values(self) -> dict[str, str]:
        """Whether commands pass, and how often they were stopped."""
        return {"passes": str(self._relay.passes), "stops": str(self._relay.stops), "cause": self._said}

    def _collect_garbage(self) -> None:
        realtime.collect(idle=not self._relay.passes)


def main() -> None:
    """Entry point."""

    def factory() -> WatchdogNode:
        node = WatchdogNode()
        realtime.quiet_collector()
        return node

    run(factory)


if __name__ == "__main__":
    main()
