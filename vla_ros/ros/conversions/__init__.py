"""Messages <-> core values, and the only place that knows both. ``x_to_msg`` and ``x_from_msg`` by name.

``from_msg`` checks what it converts: finite numbers, sizes, encodings and frames; it raises InputError.
"""

from vla_ros.ros.conversions.images import (
    camera_info_from_msg,
    camera_info_to_msg,
    image_from_msg,
    image_to_msg,
)
from vla_ros.ros.conversions.language import (
    command_status_from_msg,
    command_status_to_msg,
    plan_from_msg,
    plan_to_msg,
    task_from_msg,
    task_to_msg,
)
from vla_ros.ros.conversions.motion import (
    action_chunk_from_msg,
    action_chunk_to_msg,
    motion_goal_from_msg,
    motion_goal_to_msg,
    motion_status_from_msg,
    motion_status_to_msg,
    trajectory_from_msg,
    trajectory_to_msg,
    twist_to_msg,
)
from vla_ros.ros.conversions.scene import scene_from_msg, scene_to_msg
from vla_ros.ros.conversions.stamps import stamp_from_msg, stamp_to_msg
from vla_ros.ros.conversions.state import (
    battery_from_msg,
    joint_states_from_msg,
    joint_states_to_msg,
    odometry_from_msg,
    odometry_to_msg,
    safety_status_from_msg,
    safety_status_to_msg,
    scan_from_msg,
    scan_to_msg,
)

__all__ = [
    "action_chunk_from_msg",
    "action_chunk_to_msg",
    "battery_from_msg",
    "camera_info_from_msg",
    "camera_info_to_msg",
    "command_status_from_msg",
    "command_status_to_msg",
    "image_from_msg",
    "image_to_msg",
    "joint_states_from_msg",
    "joint_states_to_msg",
    "motion_goal_from_msg",
    "motion_goal_to_msg",
    "motion_status_from_msg",
    "motion_status_to_msg",
    "odometry_from_msg",
    "odometry_to_msg",
    "plan_from_msg",
    "plan_to_msg",
    "safety_status_from_msg",
    "safety_status_to_msg",
    "scan_from_msg",
    "scan_to_msg",
    "scene_from_msg",
    "scene_to_msg",
    "stamp_from_msg",
    "stamp_to_msg",
    "task_from_msg",
    "task_to_msg",
    "trajectory_from_msg",
    "trajectory_to_msg",
    "twist_to_msg",
]
