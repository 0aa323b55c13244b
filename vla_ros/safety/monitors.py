"""Everything that watches the robot's own health, asked as one."""

from __future__ import annotations

from collections.abc import Mapping

from vla_ros.core.geometry import Vector
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import JointStates
from vla_ros.robot.kinematics import RobotModel
from vla_ros.safety.battery_monitor import BatteryMonitor
from vla_ros.safety.bumper import Bumpers
from vla_ros.safety.effort_monitor import EffortMonitor
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.heartbeat import Heartbeat
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.silhouette import Silhouette
from vla_ros.safety.temperature_monitor import TemperatureMonitor
from vla_ros.safety.tilt_monitor import TiltMonitor
from vla_ros.safety.verdict import Verdict


class Monitors:
    """Battery, temperatures, tilt, efforts, contact switches, the operator's heartbeat.

    Args:
        params: their limits.
        robot: effort limits.
        footprint: support polygon.
        model: for the centre of mass; None = not judged.
        silhouette: the model's masses.
    """

    def __init__(
        self,
        params: SafetyParams,
        robot: RobotDescription,
        footprint: Footprint,
        model: RobotModel | None,
        silhouette: Silhouette | None,
    ) -> None:
        self._silhouette = silhouette
        self.battery = BatteryMonitor(params)
        self.temperature = TemperatureMonitor(params)
        self.tilt = TiltMonitor(params, footprint)
        self._effort = EffortMonitor(params, effort_limits(robot, model))
        self.bumpers = Bumpers(params)
        self.heartbeat = Heartbeat(params)
        self._center: Vector | None = None

    def see_joints(self, joints: JointStates, measured: Mapping[str, float], now: float) -> None:
        """A message with efforts, and every joint's newest position."""
        self._effort.note(joints, now)
        if self._silhouette is not None:
            self._center = self._silhouette.center_of_mass(self._silhouette.configuration(measured))

    def judge(self, now: float) -> list[Verdict]:
        """The verdict of each, PASS among them."""
        return [
            self.battery.judge(),
            self.temperature.judge(now),
            self.tilt.judge(self._center),
            self._effort.judge(now),
            self.bumpers.judge(now),
            self.heartbeat.judge(now),
        ]


def effort_limits(robot: RobotDescription, model: RobotModel | None) -> dict[str, float]:
    """Highest effort by joint: the smaller of YAML and model, left out where neither knows one."""
    found: dict[str, float] = {}
    for joint in (j for g in robot.groups for j in g.joints):
        limits = [joint.effort] if joint.effort > 0.0 else []
        if model is not None:
            limit = float(model.model.effortLimit[model.model.joints[model.model.getJointId(joint.name)].idx_v])
            limits += [limit] if limit > 0.0 else []
        if limits:
            found[joint.name] = min(limits)
    return found
