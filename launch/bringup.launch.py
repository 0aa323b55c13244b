"""The robot's nodes in one namespace: ros2 launch vla_ros bringup.launch.py robot:=… home:=…"""

from launch import LaunchDescription

from vla_ros.cli.launching import description


def generate_launch_description() -> LaunchDescription:
    return description(with_home=False)
