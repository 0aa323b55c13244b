"""control_node: motion goals and action chunks become raw commands for the safety gate.

Parameters: those of ControlParams (vla_ros/control/params.py) and of FileParams (robot, home, objects, people, zones).
Subscriptions: motion_goal (vla_ros/MotionGoal), action_chunk (vla_ros/ActionChunk), odom, joint_states, scan,
    scene (vla_ros/Scene), safety_status (vla_ros/SafetyStatus).
Publications: cmd_vel_raw (Twist, at rate_hz always: the gate's sign of life), joint_trajectory_raw, gripper_raw
    (trajectory_msgs/JointTrajectory), motion_status (vla_ros/MotionStatus).
Actions: navigate_to_pose as a client, when the parameter navigation is nav2.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from sensor_msgs.msg import JointState, LaserScan
from trajectory_msgs.msg import JointTrajectory

from vla_ros.control.controller import Controller
from vla_ros.control.params import ControlParams
from vla_ros.msg import ActionChunk, MotionGoal, MotionStatus, SafetyStatus, Scene
from vla_ros.ros import parameters, qos
from vla_ros.ros.conversions import motion, scene, state
from vla_ros.ros.nav2 import Nav2Base
from vla_ros.ros.node import VlaNode, run


class ControlNode(VlaNode):
    """The shell around :class:`~vla_ros.control.controller.Controller`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("control_node", **kwargs)
        params = parameters.declare(self, ControlParams)
        self._workers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="planning")
        base = Nav2Base(self) if params.navigation == "nav2" else None
        zones = self.load_zones()
        self._controller = Controller(params, self.load_robot(), self.load_home(), self._workers, base, zones)
        self._twist = self.create_publisher(Twist, "cmd_vel_raw", qos.COMMAND)
        self._trajectory = self.create_publisher(JointTrajectory, "joint_trajectory_raw", qos.EVENT)
        self._gripper = self.create_publisher(JointTrajectory, "gripper_raw", qos.EVENT)
        self._status = self.create_publisher(MotionStatus, "motion_status", qos.STATUS)
        self.listen(MotionGoal, "motion_goal", self._on_goal, qos.COMMAND)
        self.listen(ActionChunk, "action_chunk", self._on_chunk, qos.COMMAND)
        self.listen(Odometry, "odom", self._on_odometry, qos.SENSOR)
        self.listen(JointState, "joint_states", self._on_joints, qos.JOINTS)
        self.listen(LaserScan, "scan", self._on_scan, qos.SENSOR)
        self.listen(Scene, "scene", self._on_scene, qos.SENSOR)
        self.listen(SafetyStatus, "safety_status", self._on_safety, qos.STATUS)
        self.steady_timer(1.0 / params.rate_hz, self._tick)

    def _on_goal(self, message: MotionGoal) -> None:
        self._controller.set_goal(motion.motion_goal_from_msg(message), self.now_s())

    def _on_chunk(self, message: ActionChunk) -> None:
        self._controller.set_chunk(motion.action_chunk_from_msg(message), self.now_s())

    def _on_odometry(self, message: Odometry) -> None:
        self._controller.observe_odometry(state.odometry_from_msg(message), self.now_s())

    def _on_joints(self, message: JointState) -> None:
        self._controller.observe_joints(state.joint_states_from_msg(message), self.now_s())

    def _on_scan(self, message: LaserScan) -> None:
        self._controller.observe_scan(state.scan_from_msg(message), self.now_s())

    def _on_scene(self, message: Scene) -> None:
        self._controller.observe_scene(scene.scene_from_msg(message), self.now_s())

    def _on_safety(self, message: SafetyStatus) -> None:
        self._controller.observe_safety(state.safety_status_from_msg(message), self.now_s())

    def _tick(self) -> None:
        output = self._controller.tick(self.now_s())
        self._twist.publish(motion.twist_to_msg(output.twist))
        for trajectory in output.trajectories:
            self._trajectory.publish(motion.trajectory_to_msg(trajectory))
        if output.gripper is not None:
            self._gripper.publish(motion.trajectory_to_msg(output.gripper))
        if output.status is not None:
            self._status.publish(motion.motion_status_to_msg(output.status, self.now_s()))

    def on_internal_error(self, source: str, error: Exception) -> None:
        """Nothing goes on after a bug: the goal ends and its sender hears why."""
        if source == "timer":
            self._controller.abort(f"internal error: {type(error).__name__}: {error}", self.now_s())
            self._twist.publish(Twist())

    def destroy_node(self) -> None:
        """Ends the planning thread with the node."""
        self._workers.shutdown(wait=False, cancel_futures=True)
        super().destroy_node()


def main() -> None:
    """Entry point."""
    run(ControlNode)


if __name__ == "__main__":
    main()
