"""What the gate knows of the robot right now: pose, joints, and how old each of it is."""

from __future__ import annotations

import math

from vla_ros.core.geometry import Pose2D
from vla_ros.core.joint_memory import JointMemory
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import JointStates, Odometry
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.sensor_health import SensorHealth
from vla_ros.safety.verdict import PASS, Level, Verdict


class Senses:
    """Newest measurements with the health of every input.

    Args:
        params: time-outs.
        robot: required sensors.
        joints: names of those that take trajectories.
    """

    def __init__(self, params: SafetyParams, robot: RobotDescription, joints: tuple[str, ...]) -> None:
        self._joints, self._age = joints, params.joint_states_timeout_s
        self._needs_joints = "joint_states" in robot.sensors
        self._memory = JointMemory()
        self.health = SensorHealth(robot.sensors, params)
        self.pose = Pose2D()
        """Of the base in odom."""

    @property
    def measured(self) -> dict[str, float]:
        """Newest position of each joint by name [rad or m]."""
        return self._memory.positions

    def see_odometry(self, odometry: Odometry, now: float) -> None:
        """Pose and velocity of the base; numbers that are not finite are no measurement."""
        pose, twist = odometry.pose, odometry.twist
        if not all(map(math.isfinite, (pose.x, pose.y, pose.theta, twist.vx, twist.vy, twist.wz))):
            self.health.note("odom", odometry.stamp_s, now, _broken("odom", "holds a number that is not finite"))
        elif self.health.note("odom", odometry.stamp_s, now):
            self.pose = pose

    def see_joints(self, joints: JointStates, now: float) -> bool:
        """Measured joints; several drivers may each send their own. True when they are news."""
        if not all(map(math.isfinite, joints.positions.positions)):
            broken = _broken("joint_states", "hold a number that is not finite")
            return self.health.note("joint_states", joints.stamp_s, now, broken)
        frozen = not self._memory.note(joints, now)
        return self.health.note("joint_states", joints.stamp_s, now, frozen=frozen)

    def judge(self, now: float) -> list[Verdict]:
        """Verdicts on the inputs; a joint whose driver is silent is named though others go on."""
        found = self.health.judge(now)
        if self._needs_joints and not any(v.object == "joint_states" for v in found):
            verdict = self.joints_verdict(now)
            if verdict.level > Level.PASS:
                found.append(verdict)
        return found

    def joints_verdict(self, now: float) -> Verdict:
        """PASS when every joint is measured and fresh."""
        stale = self._memory.stale(self._joints, now, self._age)
        if not stale:
            return PASS
        never = math.isinf(self._memory.oldest(self._joints, now)[1])
        cause = "joint_states_missing" if never else "joint_states_stale"
        return Verdict(Level.BRAKE, cause, f"{stale}.", object="joint_states", limit=self._age, scale=0.0)


def _broken(sensor: str, why: str) -> Verdict:
    return Verdict(Level.BRAKE, f"{sensor}_invalid", f"{sensor} {why}.", object=sensor, scale=0.0)
