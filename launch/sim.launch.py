"""The simulated home and its robot: ros2 launch vla_ros sim.launch.py"""

from launch import LaunchDescription

from vla_ros.cli.launching import description


def generate_launch_description() -> LaunchDescription:
    return description(with_home=True)
