"""Parameters of the planner."""

from __future__ import annotations

from dataclasses import dataclass

from vla_ros.core.config import param


@dataclass(frozen=True)
class PlannerParams:
    """Limits, distances and patience of the planner. Times are seconds of the node's clock."""

    rate_hz: float = param(40.0, "ticks a second; each renews the motion goal", unit="Hz", minimum=5.0, maximum=100.0)
    when_busy: str = param("queue", "a second command while one runs", choices=("queue", "refuse"))
    queue_length: int = param(5, "commands that may wait", minimum=1, maximum=50)
    max_attempts: int = param(3, "times one step is tried before its plan changes", minimum=1, maximum=10)
    max_replans: int = param(6, "changes of one command's plan", minimum=0, maximum=30)
    answer_timeout_s: float = param(120.0, "wait for the answer to a question", unit="s", minimum=1.0, maximum=3600.0)
    safety_wait_s: float = param(30.0, "longest stand-still by the safety gate", unit="s", minimum=1.0, maximum=600.0)
    control_timeout_s: float = param(
        2.0, "without an answer from control to a new goal", unit="s", minimum=0.2, maximum=30.0
    )
    sensor_timeout_s: float = param(4.0, "without a fresh scene while looking", unit="s", minimum=0.5, maximum=60.0)
    look_scenes: int = param(4, "fresh scenes that make one look", minimum=1, maximum=20)
    look_settle_s: float = param(0.3, "after the head stands still", unit="s", minimum=0.0, maximum=3.0)
    min_category_score: float = param(0.3, "below it a category hypothesis is ignored", minimum=0.0, maximum=1.0)
    min_category_ratio: float = param(
        0.75, "a hypothesis weaker than this share of the best one is not meant", minimum=0.0, maximum=1.0
    )
    min_confidence: float = param(0.3, "below it an object is not believed to exist", minimum=0.0, maximum=1.0)
    min_color_share: float = param(0.25, "share of a colour that makes a thing of that colour", minimum=0, maximum=1)
    robot_radius_m: float = param(0.32, "clear radius for standing points", unit="m", minimum=0.1, maximum=1.0)
    view_distance_m: float = param(0.55, "base centre to a surface's edge", unit="m", minimum=0.3, maximum=2.0)
    view_width_m: float = param(0.95, "stretch of a surface seen from one point", unit="m", minimum=0.3, maximum=4.0)
    person_distance_m: float = param(0.85, "base centre to a person", unit="m", minimum=0.5, maximum=2.0)
    follow_distance_m: float = param(1.1, "base centre to a followed person", unit="m", minimum=0.6, maximum=3.0)
    grip_effort_n: float = param(15.0, "closing force", unit="N", minimum=0.5, maximum=200.0)
    pregrasp_m: float = param(0.10, "straight stretch before a grasp", unit="m", minimum=0.02, maximum=0.3)
    lift_m: float = param(0.14, "straight lift after a grasp", unit="m", minimum=0.02, maximum=0.3)
    slow_scale: float = param(0.5, "speed for slow and careful", minimum=0.1, maximum=1.0)
    normal_scale: float = param(1.0, "speed otherwise", minimum=0.1, maximum=1.0)
    ask_below: float = param(
        0.76, "a command understood with less confidence waits for a yes", minimum=0.0, maximum=1.0
    )
    slow_below: float = param(0.9, "one understood with less is done slowly", minimum=0.0, maximum=1.0)
    ask_thing_below: float = param(0.5, "a thing less certain than this is asked about", minimum=0.0, maximum=1.0)
    child_height_m: float = param(1.3, "people below it are taken for children", unit="m", minimum=0.3, maximum=2.0)
    near_person_m: float = param(
        0.8, "a way that leads past people as near is driven slowly", unit="m", minimum=0.0, maximum=3.0
    )
    search_limit_s: float = param(400.0, "longest search for one thing", unit="s", minimum=10.0, maximum=3600.0)
    follow_limit_s: float = param(600.0, "longest following", unit="s", minimum=5.0, maximum=7200.0)
