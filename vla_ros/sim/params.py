"""Parameters of the simulated home."""

from __future__ import annotations

from dataclasses import dataclass

from vla_ros.core.config import param


@dataclass(frozen=True)
class SimParams:
    """What is simulated and how often it is sensed; rates are per second of simulated time."""

    scenario: str = param("", "scenario file (YAML); empty: an ordinary day, decided by the seed alone")
    scenario_id: str = param("", "which scenario of the file; may be empty when it holds only one")
    seed: int = param(-1, "decides everything random; -1: the scenario's own seed", minimum=-1)
    camera_width: int = param(320, "of the robot's camera", unit="px", minimum=32, maximum=1280)
    camera_height: int = param(240, "of the robot's camera", unit="px", minimum=24, maximum=960)
    camera_rate_hz: float = param(10.0, "pictures with depth", unit="Hz", minimum=0.5, maximum=50.0)
    overview_width: int = param(640, "of the camera above", unit="px", minimum=32, maximum=1280)
    overview_height: int = param(480, "of the camera above", unit="px", minimum=24, maximum=960)
    overview_rate_hz: float = param(
        5.0, "pictures from above, only while subscribed", unit="Hz", minimum=0.2, maximum=30.0
    )
    scan_rate_hz: float = param(20.0, "lidar scans", unit="Hz", minimum=1.0, maximum=50.0)
    truth_rate_hz: float = param(5.0, "ground truth for scoring", unit="Hz", minimum=0.5, maximum=50.0)
    speed: float = param(1.0, "simulated seconds per second at most", minimum=0.05, maximum=20.0)
    render: bool = param(True, "false: no pictures, for a machine without OpenGL")
    publish_clock: bool = param(True, "false: another home of the same ROS domain leads /clock")
