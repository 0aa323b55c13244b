"""Sensors and state: odometry, joints, scan, battery, safety status."""

from __future__ import annotations

import array
import math

import numpy as np
from nav_msgs.msg import Odometry as OdometryMsg
from sensor_msgs.msg import BatteryState, JointState
from sensor_msgs.msg import LaserScan as LaserScanMsg

from vla_ros.core.errors import InputError
from vla_ros.core.geometry import JointPositions, Pose2D, Twist2D
from vla_ros.core.robot_state import Battery, JointStates, LaserScan, Odometry
from vla_ros.core.safety_status import SAFETY_STATES, SafetyStatus
from vla_ros.msg import SafetyStatus as SafetyStatusMsg
from vla_ros.ros.conversions.stamps import finite, header, pose_from_msg, pose_to_msg, stamp_from_msg

_MAX_JOINTS = 256
_MAX_BEAMS = 20_000


def odometry_to_msg(odometry: Odometry, child_frame_id: str = "base_link") -> OdometryMsg:
    """Planar odometry."""
    message = OdometryMsg(header=header(odometry.stamp_s, odometry.frame_id), child_frame_id=child_frame_id)
    message.pose.pose = pose_to_msg(odometry.pose.to_pose())
    twist = message.twist.twist
    twist.linear.x, twist.linear.y, twist.angular.z = odometry.twist.vx, odometry.twist.vy, odometry.twist.wz
    return message


def odometry_from_msg(message: OdometryMsg) -> Odometry:
    """The planar part; raises InputError when non-finite."""
    pose = pose_from_msg(message.pose.pose, message.header.frame_id, "odom.pose")
    t = message.twist.twist
    linear = t.linear
    twist = Twist2D(linear.x, linear.y, t.angular.z)
    finite("odom.twist", twist.vx, twist.vy, twist.wz)
    planar = Pose2D(pose.position[0], pose.position[1], pose.yaw)
    return Odometry(stamp_from_msg(message.header.stamp), planar, twist, message.header.frame_id or "odom")


def joint_states_to_msg(joints: JointStates) -> JointState:
    """All joints."""
    message = JointState(header=header(joints.stamp_s), name=list(joints.positions.names))
    message.position = array.array("d", joints.positions.positions)
    message.velocity = array.array("d", joints.velocities)
    message.effort = array.array("d", joints.efforts)
    return message


def joint_states_from_msg(message: JointState) -> JointStates:
    """Raises InputError for doubled names, missing or non-finite positions."""
    names = tuple(message.name)
    if len(names) > _MAX_JOINTS or len(set(names)) != len(names):
        raise InputError("joint_states.name", len(names), f"Send up to {_MAX_JOINTS} different joint names.")
    if len(message.position) != len(names):
        raise InputError("joint_states.position", len(message.position), f"Send {len(names)} positions.")
    values, velocity, effort = tuple(message.position), message.velocity, message.effort
    finite("joint_states.position", *values)
    velocities = tuple(velocity) if len(velocity) == len(names) else ()
    efforts = tuple(effort) if len(effort) == len(names) else ()
    return JointStates(stamp_from_msg(message.header.stamp), JointPositions(names, values), velocities, efforts)


def scan_to_msg(scan: LaserScan, scan_time_s: float = 0.05) -> LaserScanMsg:
    """A planar scan."""
    message = LaserScanMsg(header=header(scan.stamp_s, scan.frame_id))
    message.angle_min, message.angle_increment = scan.angle_min, scan.angle_increment
    message.angle_max = scan.angle_min + scan.angle_increment * (len(scan.ranges) - 1)
    message.range_min, message.range_max, message.scan_time = scan.range_min, scan.range_max, scan_time_s
    message.ranges = array.array("f", np.asarray(scan.ranges, np.float32).tobytes())
    return message


def scan_from_msg(message: LaserScanMsg) -> LaserScan:
    """Keeps invalid ranges as they are (the gate counts them); raises InputError for a scan without geometry."""
    finite("scan", message.angle_min, message.angle_increment, message.range_min, message.range_max)
    count = len(message.ranges)
    if not 0 < count <= _MAX_BEAMS:
        raise InputError("scan.ranges", count, f"Send 1 to {_MAX_BEAMS} ranges.")
    if message.angle_increment == 0 or message.range_max <= message.range_min:
        value = (message.angle_increment, message.range_min, message.range_max)
        raise InputError("scan", value, "angle_increment must not be 0 and range_max must exceed range_min.")
    if abs(message.angle_increment) * (count - 1) > 2 * math.pi + 0.1:
        raise InputError("scan.angle_increment", message.angle_increment, "The beams span more than a full turn.")
    return LaserScan(
        stamp_from_msg(message.header.stamp),
        message.header.frame_id,
        message.angle_min,
        message.angle_increment,
        message.range_min,
        message.range_max,
        np.frombuffer(message.ranges, np.float32).astype(np.float64),
    )


def battery_from_msg(message: BatteryState) -> Battery:
    """State of charge; drivers that send per cent (> 1) are refused by name."""
    if not 0.0 <= message.percentage <= 1.0:
        raise InputError("battery_state.percentage", message.percentage, "Send a share from 0 to 1.")
    return Battery(stamp_from_msg(message.header.stamp), message.percentage, message.voltage)


def safety_status_to_msg(status: SafetyStatus) -> SafetyStatusMsg:
    """The verdict of a tick."""
    return SafetyStatusMsg(
        header=header(status.stamp_s),
        state=SAFETY_STATES.index(status.state),
        armed=status.armed,
        e_stopped=status.e_stopped,
        cause=status.cause,
        text=status.text,
        value=float(status.value),
        limit=float(status.limit),
        limiting_object=status.limiting_object,
        speed_scale=float(status.speed_scale),
        nearest_m=float(status.nearest_m),
        interventions=int(status.interventions),
    )


def safety_status_from_msg(message: SafetyStatusMsg) -> SafetyStatus:
    """Raises InputError for an unknown state."""
    if message.state >= len(SAFETY_STATES):
        raise InputError("safety_status.state", message.state, f"Known: 0 to {len(SAFETY_STATES) - 1}.")
    return SafetyStatus(
        stamp_s=stamp_from_msg(message.header.stamp),
        state=SAFETY_STATES[message.state],
        armed=message.armed,
        e_stopped=message.e_stopped,
        cause=message.cause,
        text=message.text,
        value=message.value,
        limit=message.limit,
        limiting_object=message.limiting_object,
        speed_scale=message.speed_scale,
        nearest_m=message.nearest_m,
        interventions=message.interventions,
    )
