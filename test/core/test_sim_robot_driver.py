"""The simulated robot's driver: base limits and watchdog, trajectories, gripper, measured state."""

from dataclasses import replace
from pathlib import Path

import mujoco
import numpy as np
import pytest

from vla_ros.core.errors import ConfigError, InputError
from vla_ros.core.geometry import Pose2D, Twist2D
from vla_ros.core.motion import JointTrajectory
from vla_ros.core.robot_description import RobotDescription
from vla_ros.sim import contact
from vla_ros.sim.base_drive import BaseDrive
from vla_ros.sim.robot_builder import attach_robot
from vla_ros.sim.robot_driver import RobotDriver

ROBOT_FILE = Path(__file__).parents[2] / "config" / "robots" / "home_robot.yaml"
START = Pose2D(1.0, -2.0, 0.7)


class Rig:
    """The robot alone on a floor, at START with its arm at home; steady time runs with the simulation's."""

    def __init__(self, robot=None, posture="home", wall_at=None):
        spec = mujoco.MjSpec()
        contact.apply_options(spec)
        contact.apply_surface(spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[9, 9, 0.1]))
        if wall_at is not None:
            box = mujoco.mjtGeom.mjGEOM_BOX
            contact.apply_surface(spec.worldbody.add_geom(type=box, size=[0.1, 9, 1], pos=[wall_at + 0.1, 0, 1]))
        self.robot = robot or RobotDescription.load(ROBOT_FILE)
        attach_robot(spec, self.robot, START.x, START.y, START.theta)
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self.ghost = mujoco.MjData(self.model)
        self.driver = RobotDriver(self.model, self.data, self.robot)
        self.driver.reset(START, (posture, "ahead"))
        mujoco.mj_forward(self.model, self.data)

    def run(self, seconds, twist=None):
        """Physics; returns measured twists (n, 3), one a step. ``twist`` is commanded every 20 ms."""
        measured = []
        for i in range(round(seconds / 0.002)):
            if twist is not None and i % 10 == 0:
                self.driver.set_twist(twist, self.data.time)
            self.driver.step(self.data.time)
            mujoco.mj_step(self.model, self.data)
            odometry = self.driver.odometry()
            measured.append((odometry.twist.vx, odometry.twist.vy, odometry.twist.wz))
        return np.array(measured)

    def arm(self):
        names = self.robot.group("arm").names
        states = self.driver.joint_states()
        speeds = dict(zip(states.positions.names, states.velocities))
        return np.array([states.positions.get(n) for n in names]), np.array([speeds[n] for n in names])

    def trajectory(self, goal, seconds=None):
        """From the measured arm to a posture at rest, as fast as the joints' limits allow."""
        group = self.robot.group("arm")
        start, _ = self.arm()
        way = np.array(self.robot.posture(goal).positions) - start
        fastest = np.array([j.velocity for j in group.joints])
        hardest = np.array([j.acceleration for j in group.joints])
        quickest = max((1.875 * np.abs(way) / fastest).max(), np.sqrt(5.77 * np.abs(way) / hardest).max())
        seconds = seconds or quickest
        u = np.linspace(0.0, 1.0, 41)[:, None]
        positions = start + (10 * u**3 - 15 * u**4 + 6 * u**5) * way
        velocities = (30 * u**2 - 60 * u**3 + 30 * u**4) * way / seconds
        return JointTrajectory(group.names, u[:, 0] * seconds, positions, velocities)

    def tool_error(self, reference):
        """Distance [m] and angle [deg] between the tool and where the arm positions ``reference`` would have it."""
        self.ghost.qpos[:] = self.data.qpos
        for name, value in zip(self.robot.group("arm").names, reference):
            self.ghost.joint(name).qpos[0] = value
        mujoco.mj_kinematics(self.model, self.ghost)
        mujoco.mj_kinematics(self.model, self.data)
        here, there = self.data.site("gripper_tcp"), self.ghost.site("gripper_tcp")
        cosine = (np.trace(here.xmat.reshape(3, 3).T @ there.xmat.reshape(3, 3)) - 1) / 2
        return np.linalg.norm(here.xpos - there.xpos), np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def gripper_command(rig, opening, effort=None):
    names = rig.robot.gripper.joints
    efforts = None if effort is None else np.full((1, 2), effort)
    return JointTrajectory(names, np.array([0.1]), np.full((1, 2), opening / 2), efforts=efforts)


@pytest.fixture
def rig():
    return Rig()


def test_it_stands_still_without_any_command(rig):
    rig.run(1.0)
    odometry = rig.driver.odometry()
    assert rig.driver.watchdog_active
    assert np.hypot(odometry.pose.x - START.x, odometry.pose.y - START.y) < 1e-4
    assert odometry.pose.theta == pytest.approx(START.theta, abs=1e-4)


def test_the_base_drives_along_its_own_axes(rig):
    rig.run(2.0, Twist2D(0.3, 0.0, 0.0))
    odometry = rig.driver.odometry()
    assert odometry.twist.vx == pytest.approx(0.3, abs=0.005)
    assert odometry.twist.vy == pytest.approx(0.0, abs=0.005)
    way = np.array([odometry.pose.x - START.x, odometry.pose.y - START.y])
    assert np.arctan2(way[1], way[0]) == pytest.approx(START.theta, abs=0.01)


def test_the_base_keeps_its_acceleration_and_speed_limits(rig):
    limits = rig.robot.base
    twists = np.vstack((rig.run(2.0, Twist2D(2.0, 0.0, 3.0)), rig.run(1.5, Twist2D(-2.0, 0.0, -3.0))))
    assert np.abs(twists[:, 0]).max() < limits.speed + 0.02
    assert np.abs(twists[:, 2]).max() < limits.yaw_rate + 0.03
    # over 40 ms, so that the physics' own noise does not count
    change = (twists[20:] - twists[:-20]) / 0.04
    assert np.abs(change[:, 2]).max() < limits.yaw_acceleration * 1.1
    assert change[:900, 0].max() < limits.acceleration * 1.1
    assert np.abs(change[:, 0]).max() < limits.deceleration * 1.1
    assert np.abs(change[:, 0]).max() > limits.acceleration * 1.1, "braking is harder than speeding up"


def test_it_keeps_to_its_arc_while_it_speeds_up(rig):
    drive = BaseDrive(rig.robot.base, Pose2D())
    drive.set_twist(Twist2D(0.3, -0.2, 1.0), 0.0)
    for i in range(100):
        drive.step(Pose2D(), 0.002, i * 0.002)
        reference = drive.reference
        assert reference.wz == pytest.approx(reference.vx / 0.3, abs=1e-9)
        assert reference.vy == pytest.approx(-reference.vx * 2 / 3, abs=1e-9)
    assert 0.05 < drive.reference.vx < 0.3


def test_a_stop_never_waits_for_the_slower_of_turning_and_driving(rig):
    rig.run(2.0, Twist2D(0.6, 0.0, 1.2))
    twists = rig.run(0.6 / 1.6 + 0.05, Twist2D())
    assert abs(twists[-1, 0]) < 0.02


def test_it_brakes_to_zero_within_the_deceleration_limit_when_commands_stop(rig):
    rig.run(1.5, Twist2D(0.6, 0.0, 0.0))
    assert not rig.driver.watchdog_active
    twists = rig.run(0.18)
    assert twists[-1, 0] == pytest.approx(0.6, abs=0.02), "it trips no earlier than 0.2 s: ten ticks of the gate"
    twists = rig.run(0.04)
    assert rig.driver.watchdog_active, "and no later: a third of what a dead gate may take is in reserve"
    twists = rig.run(0.6 / 1.6 + 0.1)
    assert rig.driver.watchdog_active
    assert abs(twists[-1, 0]) < 0.01
    assert np.abs((twists[20:] - twists[:-20]) / 0.04).max() < 1.6 * 1.1
    before = rig.driver.odometry().pose
    rig.run(1.0)
    after = rig.driver.odometry().pose
    assert np.hypot(after.x - before.x, after.y - before.y) < 0.002


def test_a_new_command_ends_the_watchdogs_stop(rig):
    rig.run(0.5)
    rig.run(1.0, Twist2D(0.2, 0.0, 0.0))
    assert not rig.driver.watchdog_active
    assert rig.driver.odometry().twist.vx == pytest.approx(0.2, abs=0.01)


def test_the_watchdog_runs_on_the_callers_clock(rig):
    rig.driver.set_twist(Twist2D(0.3), 100.0)
    rig.driver.step(100.19)
    assert not rig.driver.watchdog_active
    rig.driver.step(100.21)
    assert rig.driver.watchdog_active


def test_the_standing_base_withstands_a_push(rig):
    rig.data.xfrc_applied[rig.model.body("base_link").id, 0] = 150.0
    rig.run(1.0)
    assert abs(rig.driver.odometry().pose.x - START.x) < 0.01
    rig.data.xfrc_applied[:] = 0.0
    rig.run(1.0)
    assert abs(rig.driver.odometry().pose.x - START.x) < 0.001


def test_a_base_that_is_held_by_a_wall_backs_away_at_once():
    rig = Rig(wall_at=START.x + 0.5)
    rig.driver.reset(Pose2D(START.x, START.y, 0.0), ("home", "ahead"))
    rig.run(3.0, Twist2D(0.3, 0.0, 0.0))
    against = rig.driver.odometry().pose
    assert START.x + 0.5 - against.x > 0.235, "the base is outside the wall"
    assert abs(rig.driver.odometry().twist.vx) < 0.01
    rig.run(0.8, Twist2D(-0.3, 0.0, 0.0))
    assert against.x - rig.driver.odometry().pose.x > 0.05


def test_a_differential_base_ignores_sideways_commands():
    robot = RobotDescription.load(ROBOT_FILE)
    rig = Rig(replace(robot, base=replace(robot.base, holonomic=False)))
    rig.run(1.0, Twist2D(0.0, 0.4, 0.0))
    assert abs(rig.driver.odometry().twist.vy) < 1e-3


def test_a_twist_that_is_not_finite_is_refused_and_the_last_one_stays(rig):
    rig.run(1.0, Twist2D(0.2, 0.0, 0.0))
    with pytest.raises(InputError, match="finite"):
        rig.driver.set_twist(Twist2D(float("nan"), 0.0, 0.0), rig.data.time)
    assert rig.run(0.1)[-1, 0] == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("goal", ["carry", "carry_front", "offer", "offer_top"])
def test_the_tool_follows_a_trajectory_and_rests_at_its_end(goal):
    rig = Rig(posture="offer" if goal == "offer_top" else "offer_top")
    trajectory = rig.trajectory(goal)
    rig.driver.set_trajectory(trajectory, 0.0)
    start, farthest, most_turned = rig.data.time, 0.0, 0.0
    while rig.data.time < start + trajectory.times_s[-1]:
        rig.run(0.02)
        wanted = [np.interp(rig.data.time - start, trajectory.times_s, c) for c in trajectory.positions.T]
        distance, angle = rig.tool_error(wanted)
        farthest, most_turned = max(farthest, distance), max(most_turned, angle)
    # the interpolation above is linear: 3 mm of it are the test's own
    assert farthest < 0.01
    assert most_turned < 2.0
    rig.run(0.5)
    distance, angle = rig.tool_error(trajectory.positions[-1])
    assert distance < 0.003
    assert angle < 0.5


def test_it_holds_the_last_point_while_the_base_drives(rig):
    trajectory = rig.trajectory("offer_top")
    rig.driver.set_trajectory(trajectory, 0.0)
    rig.run(trajectory.times_s[-1] + 0.3)
    worst = 0.0
    for _ in range(40):
        rig.run(0.04, Twist2D(0.6, 0.0, 1.0))
        worst = max(worst, rig.tool_error(trajectory.positions[-1])[0])
    assert worst < 0.01


def test_a_newer_trajectory_replaces_the_older_without_a_jerk(rig):
    there = rig.trajectory("offer")
    home = np.array(rig.robot.posture("home").positions)
    rig.driver.set_trajectory(there, 0.0)
    rig.run(there.times_s[-1] / 2)
    position, velocity = rig.arm()
    assert np.abs(velocity).max() > 0.5, "in full motion"
    back = JointTrajectory(there.names, np.array([0.0, 3.0]), np.array([position, home]), None)
    rig.driver.set_trajectory(back, 0.0)
    worst = 0.0
    for _ in range(100):
        rig.run(0.04)
        _, after = rig.arm()
        worst, velocity = max(worst, np.abs(after - velocity).max()), after
    assert worst / 0.04 < 12.0
    np.testing.assert_allclose(rig.arm()[0], home, atol=2e-3)


def test_replacing_a_trajectory_by_its_own_rest_delays_nothing(rig):
    trajectory = rig.trajectory("offer")
    rig.driver.set_trajectory(trajectory, 0.0)
    half = float(trajectory.times_s[20])
    rig.run(half)
    rest = slice(24, None, 4)
    times, positions = trajectory.times_s[rest] - half, trajectory.positions[rest]
    rig.driver.set_trajectory(JointTrajectory(trajectory.names, times, positions, trajectory.velocities[rest]), 0.0)
    for index in (28, 32, 36, 40):
        rig.run(half + times[(index - 24) // 4] - rig.data.time)
        assert rig.tool_error(trajectory.positions[index])[0] < 0.005


def test_a_hold_in_full_motion_stops_the_arm_at_once(rig):
    trajectory = rig.trajectory("offer")
    rig.driver.set_trajectory(trajectory, 0.0)
    rig.run(trajectory.times_s[-1] / 2)
    held, velocity = rig.arm()
    assert np.abs(velocity).max() > 0.5
    hardest = 0.0
    for _ in range(25):
        hold = JointTrajectory(trajectory.names, np.array([0.0]), held[None, :], np.zeros((1, held.size)))
        rig.driver.set_trajectory(hold, 0.0)
        before = rig.arm()[1]
        rig.run(0.02)
        hardest = max(hardest, np.abs(rig.arm()[1] - before).max() / 0.02)
    assert hardest < 40.0, "it brakes, it does not ram"
    position, velocity = rig.arm()
    assert np.abs(velocity).max() < 0.02
    np.testing.assert_allclose(position, held, atol=0.01)


def test_holds_of_the_measured_posture_do_not_let_the_arm_creep():
    rig = Rig(posture="offer")
    # 1 kg at the hand that gravity compensation knows nothing of
    rig.data.xfrc_applied[rig.model.body("gripper_link").id, 2] = -9.81
    start = rig.arm()[0]
    for _ in range(100):
        held = rig.arm()[0]
        names = rig.robot.group("arm").names
        hold = JointTrajectory(names, np.array([0.1]), held[None, :], np.zeros((1, held.size)))
        rig.driver.set_trajectory(hold, 0.0)
        rig.run(0.02)
    assert rig.tool_error(start)[0] < 0.01


def test_a_trajectory_that_starts_elsewhere_is_reached_at_joint_speed(rig):
    group = rig.robot.group("head")
    jump = JointTrajectory(group.names, np.array([0.05]), np.array([[1.5, 0.9]]), np.zeros((1, 2)))
    rig.driver.set_trajectory(jump, 0.0)
    fastest = 0.0
    for _ in range(100):
        rig.run(0.02)
        states = rig.driver.joint_states()
        fastest = max(fastest, abs(states.velocities[states.positions.names.index("head_pan_joint")]))
    assert fastest < 1.2 * group.joints[0].velocity
    assert rig.driver.joint_states().positions.get("head_pan_joint") == pytest.approx(1.5, abs=0.005)


def test_absurd_velocities_are_cut_to_the_joints_limits(rig):
    times, positions = np.array([1.0, 2.0]), np.array([[0.5, 0.2], [0.0, 0.0]])
    wild = JointTrajectory(HEAD, times, positions, np.array([[1e9, -1e9], [0.0, 0.0]]))
    rig.driver.set_trajectory(wild, 0.0)
    rig.run(3.0)
    assert rig.driver.joint_states().positions.get("head_pan_joint") == pytest.approx(0.0, abs=0.005)


def test_joints_may_come_in_another_order(rig):
    swapped = JointTrajectory(("head_tilt_joint", "head_pan_joint"), np.array([1.0]), np.array([[0.5, -0.4]]))
    rig.driver.set_trajectory(swapped, 0.0)
    rig.run(1.5)
    positions = rig.driver.joint_states().positions
    assert positions.get("head_pan_joint") == pytest.approx(-0.4, abs=0.005)
    assert positions.get("head_tilt_joint") == pytest.approx(0.5, abs=0.005)


HEAD = ("head_pan_joint", "head_tilt_joint")


@pytest.mark.parametrize(
    ("names", "times", "positions", "velocities"),
    [
        (("head_pan_joint",), [1.0], [[0.1]], None),
        (("head_pan_joint", "arm_joint_1"), [1.0], [[0.1, 0.1]], None),
        (HEAD, [1.0], [[float("nan"), 0.1]], None),
        (HEAD, [1.0], [[0.1, 0.1]], [[float("inf"), 0.0]]),
        (HEAD, [1.0, 0.5], [[0.1, 0.1], [0.2, 0.1]], None),
        (HEAD, [-1.0], [[0.1, 0.1]], None),
        (HEAD, [1.0], [[2.0, 0.1]], None),
        (HEAD, [], np.zeros((0, 2)), None),
        (HEAD, [1.0], [[0.1]], None),
        (HEAD, [1.0], [[0.1, 0.1]], [[0.0]]),
    ],
)
def test_a_trajectory_that_cannot_be_followed_is_refused_and_nothing_moves(rig, names, times, positions, velocities):
    speeds = None if velocities is None else np.array(velocities)
    with pytest.raises(InputError, match="cannot be used"):
        rig.driver.set_trajectory(JointTrajectory(names, np.array(times), np.array(positions), speeds), 0.0)
    before = rig.driver.joint_states().positions.positions
    rig.run(0.2)
    np.testing.assert_allclose(rig.driver.joint_states().positions.positions, before, atol=1e-4)


def test_the_gripper_opens_and_closes_with_both_fingers_alike(rig):
    rig.driver.set_gripper(gripper_command(rig, 0.11), 0.0)
    rig.run(1.0)
    positions = rig.driver.joint_states().positions
    assert positions.get("gripper_left_finger_joint") == pytest.approx(0.055, abs=1e-3)
    assert positions.get("gripper_right_finger_joint") == pytest.approx(0.055, abs=1e-3)
    rig.driver.set_gripper(gripper_command(rig, 0.03, 15.0), 0.0)
    rig.run(1.0)
    positions = rig.driver.joint_states().positions
    assert positions.get("gripper_left_finger_joint") == pytest.approx(0.015, abs=1e-3)
    assert positions.get("gripper_right_finger_joint") == pytest.approx(0.015, abs=1e-3)


def test_the_measured_effort_is_the_commanded_closing_force(rig):
    rig.driver.set_gripper(gripper_command(rig, 0.05), 0.0)
    rig.run(1.0)
    # something rigid between the pads
    for name in rig.robot.gripper.joints:
        joint = rig.model.joint(name)
        joint.range[0] = 0.02
    rig.driver.set_gripper(gripper_command(rig, 0.0, 12.0), 0.0)
    rig.run(1.0)
    states = rig.driver.joint_states()
    effort = states.efforts[states.positions.names.index("gripper_left_finger_joint")]
    assert effort == pytest.approx(-12.0, abs=0.5)


@pytest.mark.parametrize("effort", [-1.0, float("nan")])
def test_a_closing_force_that_makes_no_sense_is_refused(rig, effort):
    with pytest.raises(InputError, match="force"):
        rig.driver.set_gripper(gripper_command(rig, 0.05, effort), 0.0)


def test_joint_states_name_every_joint_of_the_description(rig):
    states = rig.driver.joint_states()
    names = [n for g in rig.robot.groups for n in g.names]
    assert list(states.positions.names) == names
    assert len(states.velocities) == len(states.efforts) == len(names)
    home = rig.robot.posture("home").positions
    np.testing.assert_allclose([states.positions.get(n) for n in rig.robot.group("arm").names], home, atol=1e-6)


def test_a_posture_that_the_robot_has_not_is_named(rig):
    with pytest.raises(ConfigError, match="salute"):
        rig.driver.reset(START, ("salute",))


def test_a_robot_that_cannot_be_simulated_says_why():
    robot = RobotDescription.load(ROBOT_FILE)
    with pytest.raises(ConfigError, match="MJCF"):
        attach_robot(mujoco.MjSpec(), replace(robot, model="arm.urdf"), 0.0, 0.0, 0.0)
    with pytest.raises(ConfigError, match="does not exist"):
        attach_robot(mujoco.MjSpec(), replace(robot, model="missing.xml"), 0.0, 0.0, 0.0)


def test_the_description_and_the_model_agree_on_joint_limits(rig):
    for group in rig.robot.groups:
        for joint in group.joints:
            assert tuple(rig.model.joint(joint.name).range) == pytest.approx((joint.lower, joint.upper))
