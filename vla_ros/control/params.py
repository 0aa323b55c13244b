"""Parameters of control. Limits of the robot itself stand in its YAML (core/robot_description.py)."""

from __future__ import annotations

from dataclasses import dataclass

from vla_ros.core.config import param
from vla_ros.core.lone_legs import LEG_WIDTH_M


@dataclass(frozen=True, kw_only=True)
class ControlParams:
    """Everything about moving that is a choice and not a property of the robot."""

    navigation: str = param(
        "builtin",
        "who drives the base to a pose: this package, or Nav2's NavigateToPose action",
        choices=("builtin", "nav2"),
    )
    rate_hz: float = param(50.0, "ticks a second", unit="Hz", minimum=10.0, maximum=200.0)
    lease_s: float = param(0.085, "a goal not renewed for so long stops", unit="s", minimum=0.05, maximum=5.0)
    odom_timeout_s: float = param(0.3, "older odometry stops the base", unit="s", minimum=0.05, maximum=5.0)
    joints_timeout_s: float = param(0.3, "older joint states stop the arm", unit="s", minimum=0.05, maximum=5.0)

    grid_resolution: float = param(0.05, "cell of the occupancy grid", unit="m", minimum=0.02, maximum=0.2)
    clearance: float = param(0.04, "always kept around the footprint when planning", unit="m", minimum=0.0, maximum=0.5)
    preferred_clearance: float = param(0.30, "kept where there is room", unit="m", minimum=0.0, maximum=2.0)
    live_clearance: float = param(
        0.10, "more clearance to what is not in the floor plan, twice that with the arm stretched out", unit="m",
        minimum=0.0, maximum=0.5,
    )  # fmt: skip
    person_radius: float = param(0.30, "of a person seen in the scene", unit="m", minimum=0.1, maximum=1.5)
    leg_width_m: float = param(
        LEG_WIDTH_M, "what stands alone and is narrower may be legs, as for the gate; 0: nothing is", unit="m",
        minimum=0.0, maximum=1.0,
    )  # fmt: skip
    obstacle_memory_s: float = param(
        12.0, "an obstacle not seen again is forgotten", unit="s", minimum=0.5, maximum=600
    )
    replan_period_s: float = param(0.5, "between two plans of the path", unit="s", minimum=0.1, maximum=10.0)
    blocked_after_s: float = param(5.0, "standing still for so long means blocked", unit="s", minimum=0.5, maximum=60.0)

    slow_speed: float = param(0.15, "speed of base_move and base_arc", unit="m/s", minimum=0.01, maximum=1.0)
    slow_yaw_rate: float = param(0.5, "turning of base_move and base_arc", unit="rad/s", minimum=0.01, maximum=2.0)
    contact_margin: float = param(0.02, "base_move stops so far from an obstacle", unit="m", minimum=0.0, maximum=0.5)

    approach_min: float = param(0.40, "nearest base position to a tool pose", unit="m", minimum=0.1, maximum=2.0)
    approach_max: float = param(0.80, "farthest base position to a tool pose", unit="m", minimum=0.1, maximum=3.0)
    approach_clearance: float = param(0.05, "between base and furniture there", unit="m", minimum=0.0, maximum=0.5)
    approach_tolerance_m: float = param(0.02, "of the base position there", unit="m", minimum=0.005, maximum=0.2)
    approach_tolerance_rad: float = param(0.05, "of the heading there", unit="rad", minimum=0.01, maximum=0.5)

    arm_speed_scale: float = param(0.8, "share of the joints' velocity limits used", minimum=0.05, maximum=0.95)
    arm_acceleration_scale: float = param(0.6, "share of their acceleration limits used", minimum=0.05, maximum=0.9)
    tool_speed: float = param(0.20, "of straight tool motions", unit="m/s", minimum=0.01, maximum=1.0)
    trajectory_step_s: float = param(0.1, "between waypoints", unit="s", minimum=0.02, maximum=0.5)
    arm_margin: float = param(0.012, "kept from obstacles by free motions", unit="m", minimum=0.0, maximum=0.2)
    arm_planning_s: float = param(2.0, "longest search for a path of the arm", unit="s", minimum=0.1, maximum=30.0)
    joint_tolerance: float = param(0.04, "of a reached posture", unit="rad or m", minimum=0.001, maximum=0.5)
    tracking_tolerance: float = param(
        0.30, "an arm so far behind is blocked", unit="rad or m", minimum=0.05, maximum=2.0
    )
    settle_s: float = param(1.5, "given to the arm to settle at the end", unit="s", minimum=0.1, maximum=10.0)

    gripper_speed: float = param(0.08, "of the opening", unit="m/s", minimum=0.005, maximum=1.0)
    gripper_tolerance: float = param(0.004, "of the opening reached", unit="m", minimum=0.0005, maximum=0.05)
    gripper_stall_s: float = param(0.4, "fingers still for so long are stopped", unit="s", minimum=0.1, maximum=5.0)

    chunk_max_steps: int = param(200, "longest action chunk", minimum=1, maximum=10000)
    chunk_max_jump: float = param(0.25, "largest first step of a chunk", unit="rad or m", minimum=0.01, maximum=1.0)
    status_period_s: float = param(0.1, "between two repetitions of a status", unit="s", minimum=0.02, maximum=5.0)
