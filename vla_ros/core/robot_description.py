"""What a robot is, from its YAML (config/robots/*.yaml): model file, joints, limits, footprint, frames.

Everything that differs between robots stands here and nowhere in the code.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from vla_ros.core.config import load_dataclass, param
from vla_ros.core.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class JointLimit:
    """Limits of one joint, symmetric in velocity and acceleration."""

    name: str = param(description="as in joint_states")
    lower: float = param(description="lowest position", unit="rad or m")
    upper: float = param(description="highest position", unit="rad or m")
    velocity: float = param(description="highest speed", unit="rad/s or m/s", minimum=1e-4, maximum=20.0)
    acceleration: float = param(2.0, "highest acceleration", unit="rad/s2 or m/s2", minimum=1e-3, maximum=100.0)
    prismatic: bool = param(False, "true for a joint that slides (its numbers are metres)")
    effort: float = param(0.0, "highest effort, 0 = unknown", unit="N m or N", minimum=0.0, maximum=1e5)


@dataclass(frozen=True, kw_only=True)
class JointGroup:
    """Joints that move together in one trajectory."""

    name: str = param(description="arm, head, gripper …")
    joints: tuple[JointLimit, ...] = param(description="in trajectory order")

    @property
    def names(self) -> tuple[str, ...]:
        """Joint names in trajectory order."""
        return tuple(j.name for j in self.joints)


@dataclass(frozen=True, kw_only=True)
class BaseLimits:
    """Of the mobile base."""

    holonomic: bool = param(True, "false for differential drive: vy is always zero")
    speed: float = param(0.5, "highest translational speed", unit="m/s", minimum=0.0, maximum=3.0)
    yaw_rate: float = param(1.0, "highest rotational speed", unit="rad/s", minimum=0.0, maximum=6.0)
    acceleration: float = param(0.8, "speeding up", unit="m/s2", minimum=0.05, maximum=10.0)
    deceleration: float = param(1.6, "braking", unit="m/s2", minimum=0.05, maximum=10.0)
    yaw_acceleration: float = param(2.5, "turning", unit="rad/s2", minimum=0.05, maximum=20.0)
    jerk: float = param(8.0, "rate of change of acceleration", unit="m/s3", minimum=0.1, maximum=1000.0)
    footprint: tuple[tuple[float, float], ...] = param(description="polygon in base_link", unit="m")

    def __post_init__(self) -> None:
        if len(self.footprint) < 3:
            raise ConfigError("base.footprint", self.footprint, "Give at least three corners.")

    @property
    def radius(self) -> float:
        """Radius of the circle around base_link that contains the footprint [m]."""
        return max((x * x + y * y) ** 0.5 for x, y in self.footprint)


@dataclass(frozen=True, kw_only=True)
class Gripper:
    """A parallel gripper driven by joints that each move half of the opening."""

    joints: tuple[str, ...] = param(description="finger joints; opening = sum of positions")
    max_opening: float = param(description="between the pads", unit="m", minimum=0.0, maximum=0.5)
    max_effort: float = param(20.0, "closing force", unit="N", minimum=0.1, maximum=500.0)
    max_payload: float = param(0.0, "heaviest thing it may lift, 0 = unknown", unit="kg", minimum=0.0, maximum=500.0)
    tool_frame: str = param("gripper_tcp", "frame between the pads: x out of the hand, y along the closing direction")


@dataclass(frozen=True, kw_only=True)
class Posture:
    """A named set of joint positions of one group."""

    name: str = param(description="e.g. carry")
    group: str = param("arm", "joint group")
    positions: tuple[float, ...] = param(description="in the group's order", unit="rad or m")


@dataclass(frozen=True, kw_only=True)
class Camera:
    """Where the camera is, for robots without tf2."""

    optical_frame: str = param("camera_optical_frame", "a frame of the model: x right, y down, z forward")
    max_range: float = param(4.0, "depth beyond this is not used", unit="m", minimum=0.2, maximum=20.0)


@dataclass(frozen=True, kw_only=True)
class Topics:
    """Driver topics of this robot; robot.launch.py remaps the package's names to these."""

    image: str = param("camera/image_raw", "colour image")
    depth: str = param("camera/depth/image_raw", "depth aligned to colour")
    camera_info: str = param("camera/camera_info", "intrinsics")
    audio: str = param("audio", "microphone")
    odom: str = param("odom", "odometry")
    joint_states: str = param("joint_states", "measured joints")
    scan: str = param("scan", "planar lidar")
    battery: str = param("battery_state", "battery")
    imu: str = param("imu", "inertial measurement")
    cmd_vel: str = param("cmd_vel", "base velocity commands to the driver")
    joint_trajectory: str = param("joint_trajectory", "trajectories to the driver")
    gripper: str = param("gripper", "gripper commands to the driver")


@dataclass(frozen=True, kw_only=True)
class RobotDescription:
    """The whole robot. ``model`` is a URDF or MJCF path, relative to the YAML file."""

    name: str = param(description="of the robot")
    model: str = param("", "URDF (.urdf) or MJCF (.xml) file beside this YAML; empty for a robot without an arm")
    base: BaseLimits = param(description="mobile base")
    groups: tuple[JointGroup, ...] = param((), "joint groups that take trajectories")
    gripper: Gripper | None = param(None, "parallel gripper, if any")
    postures: tuple[Posture, ...] = param((), "named joint positions")
    camera: Camera | None = param(None, "RGB-D camera, if any")
    lidar_frame: str = param("lidar_link", "frame of the scan in the model")
    lidar_pose: tuple[float, float, float] = param((0.0, 0.0, 0.0), "of the lidar in base_link: x, y [m], yaw [rad]")
    sensors: tuple[str, ...] = param(("odom", "scan", "joint_states"), "without which it must not move")
    topics: Topics = param(Topics(), "driver topics")
    source: str = param("", "path of the file, filled in by load()")

    @classmethod
    def load(cls, path: str | Path) -> RobotDescription:
        """Reads and checks a robot file; remembers where it came from."""
        return replace(load_dataclass(cls, path), source=str(Path(path).resolve()))

    def __post_init__(self) -> None:
        groups = {g.name: g for g in self.groups}
        for posture in self.postures:
            where = f"postures.{posture.name}"
            if posture.group not in groups:
                raise ConfigError(f"{where}.group", posture.group, f"Known groups: {', '.join(groups)}.")
            joints = groups[posture.group].joints
            if len(posture.positions) != len(joints):
                raise ConfigError(f"{where}.positions", len(posture.positions), f"Give {len(joints)} positions.")
            for joint, value in zip(joints, posture.positions):
                if not joint.lower <= value <= joint.upper:
                    remedy = f"{joint.name} allows {joint.lower:g} to {joint.upper:g}."
                    raise ConfigError(f"{where}.positions", value, remedy)
        for sensor in self.sensors:
            if sensor not in ("odom", "scan", "joint_states", "battery", "imu", "scene"):
                raise ConfigError("sensors", sensor, "Known: odom, scan, joint_states, battery, imu, scene.")

    @property
    def model_path(self) -> Path:
        """Absolute path of the model file."""
        return (Path(self.source).parent / self.model).resolve()

    def group(self, name: str) -> JointGroup | None:
        """The joint group of that name, or None."""
        return next((g for g in self.groups if g.name == name), None)

    def posture(self, name: str) -> Posture | None:
        """The posture of that name, or None."""
        return next((p for p in self.postures if p.name == name), None)
