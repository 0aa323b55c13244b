"""planner_node: tasks, scenes and the robot's state become plans, motion goals and the progress of commands.

Parameters: those of PlannerParams (vla_ros/planning/params.py), MemoryParams (vla_ros/memory/params.py), FileParams.
Subscriptions: task (vla_ros/Task), scene (vla_ros/Scene), odom, joint_states, motion_status
    (vla_ros/MotionStatus), safety_status (vla_ros/SafetyStatus).
Publications: plan (vla_ros/Plan, when it changes), motion_goal (vla_ros/MotionGoal, renewed at rate_hz while a
    motion is wanted: the lease), command_status (vla_ros/CommandStatus: when it
    changes, and every second as a sign of life while a command runs or waits), speech_out (std_msgs/String).
Services: cancel_command (vla_ros/CancelCommand), failure_summary (std_srvs/Trigger: the last failures with cause,
    strategy and outcome, as JSON).
"""

from __future__ import annotations

from typing import Any

from nav_msgs.msg import Odometry
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger

from vla_ros.core.errors import ConfigError
from vla_ros.core.joint_memory import JointMemory
from vla_ros.msg import CommandStatus, MotionGoal, MotionStatus, Plan, SafetyStatus, Scene, Task
from vla_ros.planning.params import PlannerParams
from vla_ros.planning.planner import Planner
from vla_ros.ros import parameters, qos
from vla_ros.ros.conversions import language, motion, scene, state
from vla_ros.ros.node import VlaNode, run
from vla_ros.ros.sightings import Sightings
from vla_ros.srv import CancelCommand


class PlannerNode(VlaNode):
    """The shell around :class:`~vla_ros.planning.planner.Planner`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("planner_node", **kwargs)
        params = parameters.declare(self, PlannerParams)
        home = self.load_home()
        if home is None:
            raise ConfigError(
                "planner_node.home", self.files.home, "Name a floor plan; plans need rooms and furniture."
            )
        people = self.load_people()
        self._planner = Planner(params, home, self.load_catalog(), self.load_robot(), people, self.load_zones())
        self._sightings = Sightings(self, self._planner, home, people)
        self._joints = JointMemory()
        self._goal = self.create_publisher(MotionGoal, "motion_goal", qos.COMMAND)
        self._plan = self.create_publisher(Plan, "plan", qos.STATUS)
        self._status = self.create_publisher(CommandStatus, "command_status", qos.STATUS_LOG)
        self._speech = self.create_publisher(String, "speech_out", qos.EVENT)
        self.listen(Task, "task", self._on_task, qos.EVENT)
        self.listen(Scene, "scene", self._on_scene, qos.SENSOR)
        self.listen(Odometry, "odom", self._on_odometry, qos.SENSOR)
        self.listen(JointState, "joint_states", self._on_joints, qos.JOINTS)
        self.listen(MotionStatus, "motion_status", self._on_motion, qos.STATUS)
        self.listen(SafetyStatus, "safety_status", self._on_safety, qos.STATUS)
        self.create_service(CancelCommand, "cancel_command", self._on_cancel)
        self.create_service(Trigger, "failure_summary", self._on_failure_summary)
        self.steady_timer(1.0 / params.rate_hz, self._tick)

    def destroy_node(self) -> None:
        """Finishes what is being written down."""
        self._sightings.keeper.close()
        super().destroy_node()

    def _on_task(self, message: Task) -> None:
        task = language.task_from_msg(message)
        self._sightings.before(task, lambda: self._planner.submit(task, self.now_s()))

    def _on_scene(self, message: Scene) -> None:
        self._planner.observe_scene(scene.scene_from_msg(message), self.now_s())

    def _on_odometry(self, message: Odometry) -> None:
        self._planner.observe_robot(state.odometry_from_msg(message), None, self.now_s())

    def _on_joints(self, message: JointState) -> None:
        self._joints.note(state.joint_states_from_msg(message), self.now_s())
        self._planner.observe_robot(None, self._joints.merged(), self.now_s())

    def _on_motion(self, message: MotionStatus) -> None:
        self._planner.observe_motion(motion.motion_status_from_msg(message), self.now_s())

    def _on_safety(self, message: SafetyStatus) -> None:
        self._planner.observe_safety(state.safety_status_from_msg(message), self.now_s())

    def _on_cancel(self, request: CancelCommand.Request, response: CancelCommand.Response) -> CancelCommand.Response:
        response.success, response.message = self._planner.cancel(request.command_id, self.now_s())
        return response

    def _on_failure_summary(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success, response.message = True, self._planner.world.failures.summary()
        return response

    def _tick(self) -> None:
        self._sightings.deliver()
        now = self.now_s()
        output = self._planner.tick(now)
        if output.motion_goal is not None:
            self._goal.publish(motion.motion_goal_to_msg(output.motion_goal, now))
        if output.plan is not None:
            self._plan.publish(language.plan_to_msg(output.plan, now))
        for status in output.statuses:
            self._status.publish(language.command_status_to_msg(status, now))
        for text in output.speech:
            self._speech.publish(String(data=text))

    def on_internal_error(self, source: str, error: Exception) -> None:
        """A bug ends the command with its text; without a renewed goal control stops by itself."""
        if source in ("timer", "task"):
            self._planner.abort(f"internal error: {type(error).__name__}: {error}", self.now_s())


def main() -> None:
    """Entry point."""
    run(PlannerNode)


if __name__ == "__main__":
    main()
