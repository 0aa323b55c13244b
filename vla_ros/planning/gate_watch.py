"""May the plan go on, as far as the safety gate lets it? Turns SafetyStatus into waiting, with words and a limit."""

from __future__ import annotations

from dataclasses import dataclass

from vla_ros.core.motion import MotionGoal
from vla_ros.core.safety_status import SafetyStatus

_SILENT_S = 2.0
CAUSE_KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("hardware", ("battery_low", "battery_empty", "hot", "tilt", "tipping", "overload", "internal_error")),
    ("execution", ("obstacle", "person", "human", "separation", "approach", "rss", "contact", "collision", "keep_out")),
    ("execution", ("near", "trajectory", "chunk", "teleoperation")),
    ("communication", ("heartbeat", "qos", "gate_late", "stamp", "replayed", "publisher", "command", "teleop")),
    ("sensor", ("stale", "scan", "odom", "joint", "camera", "sensor", "battery", "imu", "scene", "lidar", "tf")),
    ("communication", ("silence", "silent", "timeout", "time_out")),
)
"""The kind of failure that a cause of the gate means: the first row with a word that is part of the cause."""


@dataclass(frozen=True)
class Hold:
    """Why the robot stands still. ``frozen``: the plan must not even ask for motion."""

    text: str
    kind: str
    frozen: bool


class GateWatch:
    """Follows the gate. ``limit_s``: longest stand-still before the command fails."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self.status: SafetyStatus | None = None
        self._received = 0.0
        self._since: float | None = None
        self._goal = ""

    def observe(self, status: SafetyStatus, now: float) -> None:
        """Takes the newest status; its age counts from ``now``."""
        self.status, self._received = status, now

    def forget(self) -> None:
        """A new command starts with a new limit."""
        self._since = None

    def hold(self, active: MotionGoal | None, now: float) -> Hold | None:
        """Why to wait at ``now``, None when motion passes. A clock that was set back starts ages and limits anew."""
        self._received = min(self._received, now)
        if self._since is not None:
            self._since = min(self._since, now)
        hold = self._reason(now)
        goal = active.goal_id if active is not None else ""
        if hold is None or (not hold.frozen and goal != self._goal):
            self._since = None
        self._goal = goal
        if hold is not None and self._since is None:
            self._since = now
        return hold

    def expired(self, now: float) -> bool:
        """True when the present stand-still has lasted too long."""
        return self._since is not None and now - self._since > self.limit_s

    def _reason(self, now: float) -> Hold | None:
        status = self.status
        if status is None or now - self._received > _SILENT_S:
            return Hold("the safety gate does not answer; is safety_node running?", "communication", True)
        why = f" ({status.text or status.cause})" if status.text or status.cause else ""
        if status.e_stopped or status.state == "e_stopped":
            return Hold(
                f"the emergency stop is pressed{why}; release it, then call reset_safety and arm", "hardware", True
            )
        if status.state == "faulted":
            return Hold(f"the safety gate has a fault{why}; restart it", "hardware", True)
        if not status.armed:
            kind = _kind(status.cause) if status.cause else "hardware"
            return Hold(f"the robot is not armed{why}; call the service arm", kind, True)
        if status.state == "stopped":
            return Hold(f"the safety gate stops me{why}", _kind(status.cause), False)
        return None


def _kind(cause: str) -> str:
    return next((kind for kind, words in CAUSE_KINDS if any(w in cause for w in words)), "hardware")
