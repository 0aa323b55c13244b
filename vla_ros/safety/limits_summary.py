"""The limits in force, as lines for the log at start: whoever starts the robot sees what it may do."""

from __future__ import annotations

from vla_ros.core.robot_description import RobotDescription
from vla_ros.safety.monitors import effort_limits
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.zones import Zones


def summary(
    params: SafetyParams, robot: RobotDescription, model: object | None = None, zones: Zones | None = None
) -> tuple[str, ...]:
    """One line a subject."""
    base, p = robot.base, params
    drive = "every direction" if base.holonomic else "forward and back"
    efforts = effort_limits(robot, None)
    lines = [
        f"{robot.name}: at most {base.speed:g} m/s ({drive}), {base.yaw_rate:g} rad/s, {base.acceleration:g} m/s2, "
        f"braking {base.deceleration:g} m/s2, jerk {base.jerk:g} m/s3",
        f"distances: {p.stop_margin_m:g} m to things, {p.person_stop_distance_m:g} m to people, slow within "
        f"{p.person_slow_distance_m:g} m; a person may come with {p.human_speed_mps:g} m/s",
        f"deadlines: command {p.command_timeout_s:g} s, "
        + ", ".join(f"{s} {getattr(p, f'{s}_timeout_s'):g} s" for s in robot.sensors),
        f"monitors: battery {p.battery_inform:.0%}/{p.battery_slow:.0%}/{p.battery_stop:.0%}, motors "
        f"{p.motor_temperature_c:g} C, processors {p.processor_temperature_c:g} C, tilt {p.tilt_stop_rad:g} rad, "
        f"efforts of {len(efforts)} joints",
        f"commands: stamps {p.command_stamps}; operator's heartbeat "
        + (f"every {p.operator_heartbeat_timeout_s:g} s" if p.operator_heartbeat else "not asked for"),
    ]
    for group in robot.groups:
        limits = ", ".join(f"{j.name} {j.lower:g}..{j.upper:g} at {j.velocity:g}/s" for j in group.joints)
        lines.append(f"{group.name}: {limits}")
    model_words = f"{robot.model}: self-collision, workspace within {p.workspace_radius_m:g} m"
    lines.append(model_words if model is not None else "no model: the arm's way through space is not checked")
    closed = ", ".join(zone.name for zone in zones.keep_out) if zones is not None and zones.keep_out else "none"
    lines.append(f"keep-out zones: {closed}")
    return tuple(lines)
