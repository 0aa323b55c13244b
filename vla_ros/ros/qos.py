"""The three kinds of connection. Both ends of a topic take theirs from here, so that they always match."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy


def _profile(reliability: ReliabilityPolicy, durability: DurabilityPolicy, depth: int) -> QoSProfile:
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=reliability, durability=durability)


SENSOR = _profile(ReliabilityPolicy.BEST_EFFORT, DurabilityPolicy.VOLATILE, 1)
"""Sensor data: the newest counts, a lost one is followed by the next."""

JOINTS = _profile(ReliabilityPolicy.BEST_EFFORT, DurabilityPolicy.VOLATILE, 8)
"""Joint states, of which several drivers may send theirs at the same moment: none pushes another's out."""

SOUND = _profile(ReliabilityPolicy.BEST_EFFORT, DurabilityPolicy.VOLATILE, 100)
"""Sound for who listens: every piece counts, and any driver may offer it, reliable or not."""

COMMAND = _profile(ReliabilityPolicy.RELIABLE, DurabilityPolicy.VOLATILE, 1)
"""Commands that are renewed at a rate (velocities, motion goals)."""

EVENT = _profile(ReliabilityPolicy.RELIABLE, DurabilityPolicy.VOLATILE, 10)
"""Things that happen once and must all arrive (instructions, tasks, trajectories, speech, e-stop)."""

STATUS = _profile(ReliabilityPolicy.RELIABLE, DurabilityPolicy.TRANSIENT_LOCAL, 1)
"""The newest state, also for those who join late."""

STATUS_LOG = _profile(ReliabilityPolicy.RELIABLE, DurabilityPolicy.TRANSIENT_LOCAL, 20)
"""States that must all arrive, with the last ones for those who join late (command_status)."""
