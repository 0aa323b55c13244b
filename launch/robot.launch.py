"""A real robot: ros2 launch vla_ros robot.launch.py robot:=/path/to/my_robot.yaml home:=/path/to/my_home.yaml

The topics of camera, microphone and drivers come from the robot's YAML and are remapped.
"""

from launch import LaunchDescription

from vla_ros.cli.launching import description


def generate_launch_description() -> LaunchDescription:
    return description(with_home=False, required=("robot", "home"))
