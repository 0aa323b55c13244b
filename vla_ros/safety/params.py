"""Parameters of the gate. Limits of the robot itself stand in its YAML (core/robot_description.py)."""

from __future__ import annotations

from dataclasses import dataclass

from vla_ros.core.config import param
from vla_ros.core.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class SafetyParams:
    """Every time-out, distance and tolerance of the gate. Read once at start; nothing can loosen it later."""

    rate_hz: float = param(50.0, "ticks a second", unit="Hz", minimum=25.0, maximum=200.0)
    command_timeout_s: float = param(0.15, "silence of cmd_vel_raw brakes", unit="s", minimum=0.02, maximum=1.0)
    odom_timeout_s: float = param(0.15, "older odometry brakes", unit="s", minimum=0.02, maximum=1.0)
    joint_states_timeout_s: float = param(0.15, "older joint states brake", unit="s", minimum=0.02, maximum=1.0)
    scan_timeout_s: float = param(0.20, "an older scan brakes", unit="s", minimum=0.02, maximum=1.0)
    imu_timeout_s: float = param(0.20, "older IMU data brake", unit="s", minimum=0.02, maximum=1.0)
    scene_timeout_s: float = param(1.0, "an older scene brakes", unit="s", minimum=0.05, maximum=5.0)
    battery_timeout_s: float = param(5.0, "an older battery state brakes", unit="s", minimum=0.1, maximum=60.0)

    stop_margin_m: float = param(0.02, "always kept around the footprint", unit="m", minimum=0.005, maximum=1.0)
    resume_margin_m: float = param(0.03, "more than that to go on after a stop", unit="m", minimum=0.01, maximum=1.0)
    near_distance_m: float = param(0.10, "nearer obstacles make it slow", unit="m", minimum=0.0, maximum=2.0)
    near_speed_mps: float = param(0.20, "rim speed beside them", unit="m/s", minimum=0.02, maximum=2.0)
    reaction_time_s: float = param(0.12, "from obstacle to braking", unit="s", minimum=0.02, maximum=1.0)
    braking_share: float = param(0.6, "of the deceleration that slowing down plans with", minimum=0.1, maximum=1.0)
    settle_s: float = param(1.0, "a limit acts at least so long (no flapping)", unit="s", minimum=0.1, maximum=10.0)
    obstacle_beams: int = param(1, "so many beams make an obstacle", minimum=1, maximum=20)

    scan_min_beams: int = param(30, "a scan with fewer valid beams is blind", minimum=1, maximum=20000)
    scan_min_share: float = param(0.5, "a smaller share of valid beams is blind", minimum=0.05, maximum=1.0)
    scan_max_gap_rad: float = param(0.7, "a wider run of invalid beams is blind", unit="rad", minimum=0.02, maximum=6.3)

    person_slow_distance_m: float = param(0.8, "nearer people make it slow", unit="m", minimum=0.0, maximum=5.0)
    person_speed_mps: float = param(0.30, "rim speed there", unit="m/s", minimum=0.02, maximum=2.0)
    person_memory_s: float = param(8.0, "a person out of sight counts so long", unit="s", minimum=1.0, maximum=600.0)
    person_stop_distance_m: float = param(0.12, "never nearer to people", unit="m", minimum=0.02, maximum=3.0)

    start_tolerance_rad: float = param(0.1, "first point to measured, turning", unit="rad", minimum=0.001, maximum=0.5)
    start_tolerance_m: float = param(0.05, "first point to measured, sliding", unit="m", minimum=0.001, maximum=0.2)
    max_points: int = param(1000, "longest trajectory", unit="points", minimum=1, maximum=2000)
    max_message_bytes: int = param(400_000, "largest trajectory message", unit="B", minimum=1000, maximum=4_000_000)
    max_duration_s: float = param(60.0, "longest trajectory", unit="s", minimum=0.1, maximum=600.0)
    hold_period_s: float = param(0.1, "between repeated holds", unit="s", minimum=0.02, maximum=1.0)
    hold_time_s: float = param(0.2, "given to come to rest in a hold", unit="s", minimum=0.05, maximum=2.0)
    hold_drift: float = param(0.05, "a joint moved farther is held anew", unit="rad or m", minimum=0.005, maximum=0.5)

    command_stamps: str = param(
        "off", "stamps of commands: not looked at, checked where there is one, or required",
        choices=("off", "checked", "required"),
    )  # fmt: skip
    stamp_tolerance_s: float = param(0.1, "a command's stamp may be so far off", unit="s", minimum=0.005, maximum=1.0)
    teleop_timeout_s: float = param(0.3, "silence of a person who drives brakes", unit="s", minimum=0.02, maximum=1.0)
    operator_heartbeat: bool = param(False, "true: the robot stands without an operator station's heartbeat")
    operator_heartbeat_timeout_s: float = param(1.0, "its longest silence", unit="s", minimum=0.05, maximum=10.0)

    human_speed_mps: float = param(1.6, "of a person whose speed is not measured", unit="m/s", minimum=0.5, maximum=5.0)
    human_margin_mps: float = param(0.25, "added to a measured speed", unit="m/s", minimum=0.0, maximum=2.0)
    person_height_m: float = param(1.0, "what is taller counts as a person", unit="m", minimum=0.3, maximum=2.0)
    intrusion_m: float = param(0.2, "C: how far people reach in", unit="m", minimum=0.0, maximum=1.2)
    human_uncertainty_m: float = param(0.1, "Z_d: of a person's position", unit="m", minimum=0.0, maximum=1.0)
    robot_uncertainty_m: float = param(0.05, "Z_r: of the robot's position", unit="m", minimum=0.0, maximum=1.0)
    arm_deceleration: float = param(2.0, "of the arm's fastest part", unit="m/s2", minimum=0.1, maximum=20.0)
    arm_stop_s: float = param(0.4, "the arm needs to stop", unit="s", minimum=0.05, maximum=2.0)
    sweep_step: float = param(0.15, "between poses of a swept arm", unit="rad or m", minimum=0.02, maximum=0.5)
    contact_area_m2: float = param(1e-4, "smallest area that touches", unit="m2", minimum=1e-6, maximum=0.01)
    head_height_m: float = param(1.35, "heads are above", unit="m", minimum=0.3, maximum=2.0)
    base_mass_kg: float = param(0.0, "at least its model's; unknown: 150", unit="kg", minimum=0.0, maximum=1000.0)
    payload_kg: float = param(0.5, "always reckoned with in the hand", unit="kg", minimum=0.0, maximum=50.0)
    approach_mps: float = param(0.2, "whoever walks faster is predicted", unit="m/s", minimum=0.05, maximum=2.0)
    approach_margin_m: float = param(0.1, "kept from their predicted way", unit="m", minimum=0.0, maximum=1.0)
    mover_radius_m: float = param(0.3, "of what the lidar sees moving", unit="m", minimum=0.05, maximum=1.0)
    moving_mps: float = param(0.15, "faster things are moving things", unit="m/s", minimum=0.02, maximum=2.0)
    moving_braking: float = param(2.0, "they are sure to manage", unit="m/s2", minimum=0.1, maximum=10.0)
    moving_offset_m: float = param(0.1, "kept from them at rest", unit="m", minimum=0.0, maximum=1.0)

    leg_width_m: float = param(
        0.35, "what stands alone and is narrower may be legs; 0: nothing is", unit="m", minimum=0.0, maximum=1.0
    )
    leg_reach_m: float = param(0.25, "a person reaches so far around them", unit="m", minimum=0.05, maximum=0.6)

    wall_margin_m: float = param(0.015, "kept from walls and furniture of the plan", unit="m", minimum=0.0, maximum=0.2)
    path_step: float = param(0.08, "between checked poses of an arm", unit="rad or m", minimum=0.01, maximum=0.3)
    path_samples: int = param(250, "most poses checked a trajectory", minimum=10, maximum=2000)
    workspace_radius_m: float = param(1.4, "the arm stays within, from the base", unit="m", minimum=0.1, maximum=5.0)
    workspace_floor_m: float = param(0.01, "the arm stays above", unit="m", minimum=0.0, maximum=1.0)
    chunk_travel_m: float = param(2.0, "the base goes in one chunk", unit="m", minimum=0.05, maximum=20.0)
    chunk_turn_rad: float = param(3.2, "the base turns in one chunk", unit="rad", minimum=0.1, maximum=20.0)
    safe_posture: str = param("home", "of the arm, for reactions that end there")
    safe_posture_scale: float = param(0.25, "share of joint speeds on its way", minimum=0.02, maximum=0.8)

    monitor_scale: float = param(0.4, "share of the speed while a monitor slows", minimum=0.05, maximum=1.0)
    battery_inform: float = param(0.2, "less charge is told", minimum=0.02, maximum=0.9)
    battery_slow: float = param(0.1, "less charge slows", minimum=0.01, maximum=0.5)
    battery_stop: float = param(0.04, "less charge ends in the safe posture", minimum=0.005, maximum=0.3)
    motor_temperature_c: float = param(85.0, "hotter motors end in the safe posture", minimum=30.0, maximum=150.0)
    processor_temperature_c: float = param(95.0, "hotter processors do so too", minimum=40.0, maximum=120.0)
    temperature_slow_k: float = param(8.0, "so far below it slows", unit="K", minimum=1.0, maximum=40.0)
    temperature_inform_k: float = param(15.0, "so far below it is told", unit="K", minimum=1.0, maximum=60.0)
    temperature_timeout_s: float = param(30.0, "older readings are forgotten", unit="s", minimum=1.0, maximum=600.0)
    tilt_slow_rad: float = param(0.12, "leaning slows", unit="rad", minimum=0.02, maximum=0.5)
    tilt_stop_rad: float = param(0.22, "leaning stops", unit="rad", minimum=0.03, maximum=0.8)
    tilt_smoothing_s: float = param(0.3, "of the measured force", unit="s", minimum=0.01, maximum=5.0)
    tip_margin_m: float = param(0.05, "weight so near the footprint's edge slows", unit="m", minimum=0.0, maximum=0.5)
    effort_slow_share: float = param(0.9, "of a joint's effort limit slows", minimum=0.1, maximum=2.0)
    effort_stop_share: float = param(1.05, "of it stops", minimum=0.2, maximum=3.0)
    collision_share: float = param(0.7, "of it as a sudden step is a collision", minimum=0.05, maximum=2.0)
    collision_s: float = param(0.08, "for so long", unit="s", minimum=0.0, maximum=1.0)
    bumper_hold_s: float = param(1.0, "a contact switch stops so long after", unit="s", minimum=0.0, maximum=30.0)

    yaw_jerk: float = param(25.0, "of turning, on the output", unit="rad/s3", minimum=0.5, maximum=1000.0)
    core: int = param(-1, "processor core to run on, -1 = any", minimum=-1, maximum=1023)
    fifo_priority: int = param(0, "SCHED_FIFO priority, 0 = normal scheduling", minimum=0, maximum=90)

    def __post_init__(self) -> None:
        for low, high in (
            ("battery_slow", "battery_inform"),
            ("battery_stop", "battery_slow"),
            ("temperature_slow_k", "temperature_inform_k"),
            ("tilt_slow_rad", "tilt_stop_rad"),
            ("effort_slow_share", "effort_stop_share"),
        ):
            if not getattr(self, low) <= getattr(self, high):
                raise ConfigError(low, getattr(self, low), f"It must not be above {high} ({getattr(self, high):g}).")
