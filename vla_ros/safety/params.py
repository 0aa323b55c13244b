"""Parameters of the gate. Limits of the robot itself stand in its YAML (core/robot_description.py)."""

from __future__ import annotations

from dataclasses import dataclass

from vla_ros.core.config import param


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

    yaw_jerk: float = param(25.0, "of turning, on the output", unit="rad/s3", minimum=0.5, maximum=1000.0)
    core: int = param(-1, "processor core to run on, -1 = any", minimum=-1, maximum=1023)
    fifo_priority: int = param(0, "SCHED_FIFO priority, 0 = normal scheduling", minimum=0, maximum=90)
