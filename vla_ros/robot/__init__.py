"""Kinematics and collision checks of the robot's own model. Imports core, numpy, pinocchio and coal; never ROS."""
