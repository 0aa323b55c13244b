"""sim_node: the simulated home in place of the robot's drivers."""

from __future__ import annotations

import functools
import json
from typing import Any

import numpy as np
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import BatteryState, CameraInfo, Image, Imu, JointState, LaserScan
from std_msgs.msg import Float32, String
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory

from vla_ros.core.errors import ConfigError, InputError
from vla_ros.core.geometry import Twist2D
from vla_ros.ros import conversions, parameters, qos
from vla_ros.ros.conversions.stamps import header, vector_to_msg
from vla_ros.ros.node import VlaNode, run
from vla_ros.sim.camera import intrinsics_of
from vla_ros.sim.home import Home, Setting
from vla_ros.sim.pace import Pace, Schedule
from vla_ros.sim.painter import Painter, Shot
from vla_ros.sim.params import SimParams
from vla_ros.sim.scenario import find_scenario
from vla_ros.sim.world_builder import OVERVIEW_CAMERA

_TICK_S = 0.02
_CAMERA = "camera"


class SimNode(VlaNode):
    """The home, the robot's body and its sensors, paced to real time.

    Parameters: robot, home, objects, people; scenario, scenario_id, seed and rates (see SimParams).
    Subscriptions: cmd_vel (Twist), joint_trajectory, gripper (JointTrajectory): the drivers' inputs.
    Publications: camera/image_raw, camera/depth/image_raw, camera/camera_info, odom, joint_states, scan,
        battery_state, imu, /clock; sim/ground_truth (String, JSON; for scoring only), sim/real_time_factor
        (Float32), sim/overview/image_raw (Image, only while subscribed).
    Services: sim/reset (Trigger: back to the start of the episode), sim/pause (SetBool: true pauses).
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("sim_node", **kwargs)
        self.params = parameters.declare(self, SimParams)
        self.home = self._make_home()
        self._paused = False
        self._pace = Pace(_TICK_S, self.params.speed)
        self._schedule = Schedule()
        self._wanted: set[str] = set()
        self._make_publishers()
        self.listen(Twist, "cmd_vel", self._on_twist, qos.COMMAND)
        self.listen(JointTrajectory, "joint_trajectory", self._on_trajectory, qos.EVENT)
        self.listen(JointTrajectory, "gripper", self._on_gripper, qos.EVENT)
        self.create_service(Trigger, "sim/reset", self._reset)
        self.create_service(SetBool, "sim/pause", self._pause)
        self.painter = self._make_painter() if self.params.render else None
        self.steady_timer(_TICK_S / 4 / max(1.0, self.params.speed), self._tick)
        self.steady_timer(1.0, self._publish_factor)

    def destroy_node(self) -> None:
        """Ends the drawing thread too."""
        painter = getattr(self, "painter", None)
        if painter is not None:
            painter.close()
        super().destroy_node()

    def _make_home(self) -> Home:
        given = self.params
        scenario = find_scenario(given.scenario, given.scenario_id) if given.scenario else None
        seed = given.seed if given.seed >= 0 else (scenario.seed if scenario else 0)
        plan = self.load_home()
        if plan is None:
            raise ConfigError("sim_node.home", "", "Name a floor plan: the simulator builds the home from it.")
        robot = self.load_robot()
        return Home(Setting(plan, self.load_catalog(), self.load_people(), robot, scenario, seed))

    def _make_publishers(self) -> None:
        sensor = functools.partial(self.create_publisher, qos_profile=qos.SENSOR)
        self._image, self._depth = sensor(Image, "camera/image_raw"), sensor(Image, "camera/depth/image_raw")
        self._info, self._overview = sensor(CameraInfo, "camera/camera_info"), sensor(Image, "sim/overview/image_raw")
        self._odom, self._joints = sensor(Odometry, "odom"), sensor(JointState, "joint_states")
        self._scan, self._imu = sensor(LaserScan, "scan"), sensor(Imu, "imu")
        self._battery = sensor(BatteryState, "battery_state")
        self._time = self.create_publisher(Clock, "/clock", qos.SENSOR)
        self._truth = self.create_publisher(String, "sim/ground_truth", qos.STATUS)
        self._factor = self.create_publisher(Float32, "sim/real_time_factor", qos.EVENT)

    def _make_painter(self) -> Painter:
        p = self.params
        eye = Shot(_CAMERA, p.camera_width, p.camera_height, self._deliver_picture)
        above = Shot(OVERVIEW_CAMERA, p.overview_width, p.overview_height, self._deliver_overview, False, False)
        self._intrinsics = intrinsics_of(self.home.model, _CAMERA, p.camera_width, p.camera_height)
        return Painter(self.home, (eye, above))

    # -- commands

    def _on_twist(self, message: Twist) -> None:
        self._driver.set_twist(Twist2D(message.linear.x, message.linear.y, message.angular.z), self.steady_s())

    def _on_trajectory(self, message: JointTrajectory) -> None:
        self._driver.set_trajectory(conversions.trajectory_from_msg(message), self.steady_s())

    def _on_gripper(self, message: JointTrajectory) -> None:
        self._driver.set_gripper(conversions.trajectory_from_msg(message), self.steady_s())

    @property
    def _driver(self) -> Any:
        if self.home.driver is None:
            raise InputError("robot", "", "There is no robot in this home.")
        return self.home.driver

    def _reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self.home.reset()
        response.success, response.message = True, f"seed {self.home.placement.seed}, as at the start"
        return response

    def _pause(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._paused = request.data
        self._pace.restart()
        response.success, response.message = True, "paused" if self._paused else "running"
        return response

    # -- time

    def _tick(self) -> None:
        if self._paused:
            return
        for _ in range(self._pace.due(self.steady_s())):
            self.home.advance(self.home.now + _TICK_S, self.steady_s())
            self._publish()

    def _publish(self) -> None:
        home, p = self.home, self.params
        if p.publish_clock:
            self._time.publish(Clock(clock=conversions.stamp_to_msg(home.now)))
        self._odom.publish(conversions.odometry_to_msg(self._driver.odometry()))
        self._joints.publish(conversions.joint_states_to_msg(self._driver.joint_states()))
        self._publish_imu()
        due = functools.partial(self._schedule.due, home.now)
        if due("scan", p.scan_rate_hz):
            self._scan.publish(conversions.scan_to_msg(home.scan(), 1.0 / p.scan_rate_hz))
        if due("battery", 1.0):
            self._publish_battery()
        if due("truth", p.truth_rate_hz):
            self._truth.publish(String(data=json.dumps(home.ground_truth())))
        if self.painter is not None:
            if due("camera", p.camera_rate_hz):
                self._wanted.add(_CAMERA)
            if due("overview", p.overview_rate_hz) and self._overview.get_subscription_count():
                self._wanted.add(OVERVIEW_CAMERA)
            for camera in sorted(self._wanted):  # the robot's eye first; a busy painter is asked again next tick
                if self.painter.ask(camera):
                    self._wanted.discard(camera)

    def _publish_imu(self) -> None:
        reading = self.home.imu()
        message = Imu(header=header(reading.stamp_s, "imu_link"))
        q = message.orientation
        q.x, q.y, q.z, q.w = (float(v) for v in reading.orientation)
        message.angular_velocity = vector_to_msg(reading.angular_velocity)
        message.linear_acceleration = vector_to_msg(reading.linear_acceleration)
        self._imu.publish(message)

    def _publish_battery(self) -> None:
        battery = self.home.battery(1.0)
        message = BatteryState(header=header(battery.stamp_s), present=True)
        message.percentage, message.voltage = battery.percentage, battery.voltage
        message.power_supply_status = BatteryState.POWER_SUPPLY_STATUS_DISCHARGING
        self._battery.publish(message)

    def _publish_factor(self) -> None:
        factor = self._pace.factor(self.steady_s())
        if factor is not None and not self._paused:
            self._factor.publish(Float32(data=factor))

    # -- pictures, in the painter's thread

    def _deliver_picture(self, stamp_s: float, rgb: np.ndarray, depth: np.ndarray | None) -> None:
        robot = self.home.setting.robot
        frame = robot.camera.optical_frame if robot and robot.camera else "camera_optical_frame"
        self._info.publish(conversions.camera_info_to_msg(self._intrinsics, stamp_s, frame))
        if depth is not None:
            self._depth.publish(conversions.image_to_msg(depth, "32FC1", stamp_s, frame))
        self._image.publish(conversions.image_to_msg(rgb, "rgb8", stamp_s, frame))

    def _deliver_overview(self, stamp_s: float, rgb: np.ndarray, _: np.ndarray | None) -> None:
        self._overview.publish(conversions.image_to_msg(rgb, "rgb8", stamp_s, "map"))


def main() -> None:
    """Runs the node until it is asked to end."""
    run(SimNode)


if __name__ == "__main__":
    main()
