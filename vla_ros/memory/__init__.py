"""Memory: what the robot keeps over a restart, in one bounded SQLite file. Imports core only."""
