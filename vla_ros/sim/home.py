"""The simulated home as one object: build, step, sense, tell the truth. No ROS, no threads, no wall clock.

One physics step is 2 ms. Rendering is apart (:mod:`vla_ros.sim.camera`): copy the state with :meth:`copy_state`
and draw it in the thread that owns the camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from vla_ros.core.catalog import Catalog
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.geometry import Pose2D
from vla_ros.core.people import People
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import Battery, LaserScan
from vla_ros.sim.body_sensors import BatteryModel, Imu, ImuReading
from vla_ros.sim.contacts import ContactWatch
from vla_ros.sim.ground_truth import GroundTruth
from vla_ros.sim.lidar import Lidar
from vla_ros.sim.object_builder import add_object
from vla_ros.sim.people import Walker, add_person
from vla_ros.sim.placement import Placement, make_placement
from vla_ros.sim.robot_builder import BASE_BODY, attach_robot
from vla_ros.sim.robot_driver import RobotDriver
from vla_ros.sim.scenario import Scenario
from vla_ros.sim.world_builder import build_world

_PEOPLE_PERIOD_S = 0.02
_SETTLE_S = 0.4
_SLEEP_SPEED = 0.004
"""Cylinders on flat tops tremble by about 1 mm/s; slower than this a thing is at rest [m/s]."""
_START_POSTURES = ("home", "ahead")
_HAND_BODIES = ("gripper_link",)


@dataclass(frozen=True)
class Setting:
    """What a home is made of: the files and the scenario."""

    plan: FloorPlan
    catalog: Catalog
    people: People
    robot: RobotDescription | None = None
    scenario: Scenario | None = None
    seed: int = 0


class Home:
    """A running home.

    Attributes:
        model, data: MuJoCo's, for the camera and for tests.
        driver: the robot's drivers, None without a robot.
        placement: what the seed decided.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.placement: Placement = make_placement(
            setting.plan, setting.catalog, setting.people, setting.scenario, setting.seed
        )
        spec = build_world(setting.plan, setting.seed)
        for thing in self.placement.objects:
            add_object(spec, thing.name, thing.kind, thing.color, thing.position, thing.yaw)
        for placed in self.placement.people:
            add_person(spec, placed.person, placed.pose)
        start = self.placement.robot
        if setting.robot is not None:
            attach_robot(spec, setting.robot, start.x, start.y, start.theta)
        # what rests on a table costs nothing until something touches it
        spec.option.enableflags |= int(mujoco.mjtEnableBit.mjENBL_SLEEP)
        spec.option.sleep_tolerance = _SLEEP_SPEED
        self.model: mujoco.MjModel = spec.compile()
        self.data = mujoco.MjData(self.model)
        self.driver: RobotDriver | None = None
        if setting.robot is not None:
            self.driver = RobotDriver(self.model, self.data, setting.robot)
        self.reset()

    @property
    def now(self) -> float:
        """Simulated time [s]."""
        return float(self.data.time)

    def reset(self) -> None:
        """Back to the start of the episode: the same seed gives the same home. Time runs on: no clock jumps back."""
        setting, model, now = self.setting, self.model, self.data.time
        mujoco.mj_resetData(model, self.data)
        self.data.time = now
        rng = np.random.default_rng((setting.seed, 1))
        for name, value in self.placement.doors.items():
            self.data.joint(name).qpos[0] = value
        self._walkers = {p.person.name: Walker(p.pose, p.walk, p.speed) for p in self.placement.people}
        self._mocap = {name: int(model.body(name).mocapid[0]) for name in self._walkers}
        self._people_due = now
        self._move_people(0.0)
        if self.driver is not None:
            known = [p.name for p in self.driver.robot.postures]
            self.driver.reset(self.placement.robot, tuple(p for p in _START_POSTURES if p in known))
        mujoco.mj_forward(model, self.data)
        gripper = setting.robot.gripper.joints if setting.robot and setting.robot.gripper else ()
        fingers = [model.body(int(model.joint(j).bodyid[0])).name for j in gripper]
        self.contacts = ContactWatch(
            model,
            BASE_BODY,
            (*_HAND_BODIES, *fingers),
            fingers,
            [o.name for o in self.placement.objects],
            [leaf.name for piece in setting.plan.furniture for leaf in piece.leaves],
        )
        tool = setting.robot.gripper.tool_frame if setting.robot and setting.robot.gripper else ""
        self._truth = GroundTruth(model, setting.plan, self.placement, self.contacts, tool)
        self._battery = BatteryModel(float(rng.uniform(0.85, 0.98)))
        self._lidar = self._imu = None
        if setting.robot is not None:
            self._lidar = Lidar(model, setting.robot.lidar_frame, rng)
            self._imu = Imu(model, "imu_link", rng)
        self.advance(now + _SETTLE_S, 0.0)

    def advance(self, until: float, steady_now: float) -> None:
        """Steps the physics until simulated time ``until`` [s]; ``steady_now`` feeds the drivers' watchdog."""
        while self.data.time < until - 1e-9:
            if self.data.time >= self._people_due - 1e-9:
                self._people_due = self.data.time + _PEOPLE_PERIOD_S
                self._move_people(_PEOPLE_PERIOD_S)
            if self.driver is not None:
                self.driver.step(steady_now)
            mujoco.mj_step(self.model, self.data)
            self.contacts.observe(self.data, {n: w.velocity for n, w in self._walkers.items()})

    def copy_state(self, target: mujoco.MjData) -> None:
        """Copies the state that pictures need into another MjData of the same model."""
        target.time = self.data.time
        target.qpos[:] = self.data.qpos
        target.mocap_pos[:] = self.data.mocap_pos
        target.mocap_quat[:] = self.data.mocap_quat

    def scan(self) -> LaserScan:
        """The lidar's scan now. Needs a robot."""
        assert self._lidar is not None, "a home without a robot has no lidar"
        return self._lidar.scan(self.data)

    def imu(self) -> ImuReading:
        """The inertial measurement now. Needs a robot."""
        assert self._imu is not None, "a home without a robot has no IMU"
        return self._imu.read(self.data)

    def battery(self, elapsed_s: float) -> Battery:
        """State of charge after another ``elapsed_s`` of work."""
        power = float(np.abs(self.data.actuator_force * self.data.actuator_velocity).sum())
        self._battery.drain(elapsed_s, min(power, 400.0))
        return self._battery.read(self.now)

    def ground_truth(self) -> dict[str, Any]:
        """Everything that is the case, ready for JSON; see :mod:`vla_ros.sim.predicates` for who reads it."""
        robot = self.driver.odometry().pose if self.driver is not None else None
        scenario = self.setting.scenario.id if self.setting.scenario else ""
        return self._truth.read(self.data, robot, {n: w.pose for n, w in self._walkers.items()}, scenario)

    def _move_people(self, dt: float) -> None:
        base = self.driver.pose if self.driver is not None else Pose2D(1e6, 1e6)
        places = {name: (walker.pose.x, walker.pose.y) for name, walker in self._walkers.items()}
        for name, walker in self._walkers.items():
            if dt > 0:
                others = [place for other, place in places.items() if other != name]
                walker.advance(dt, [(base.x, base.y), *others])
            pose, i = walker.pose, self._mocap[name]
            self.data.mocap_pos[i] = (pose.x, pose.y, 0.0)
            self.data.mocap_quat[i] = (np.cos(pose.theta / 2), 0.0, 0.0, np.sin(pose.theta / 2))
