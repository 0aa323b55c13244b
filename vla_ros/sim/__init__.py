"""The simulated home (MuJoCo): world, robot, sensors, scenarios. Imports vla_ros.core only."""
