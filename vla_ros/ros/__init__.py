"""The only layer that knows ROS: conversions, parameters, quality of service, node base and nodes."""
