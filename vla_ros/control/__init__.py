"""Turns motion goals and action chunks into velocities and joint trajectories. ROS-free."""
