"""The robot's recent motion, so that an image gets the pose of its own instant. ROS-free."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque

from vla_ros.core.errors import InputError
from vla_ros.core.geometry import Pose2D, wrap_angle
from vla_ros.core.robot_state import JointStates, Odometry

_CLOCK_RESET_S = 1.0


class StateBuffer:
    """Odometry and joints of the last seconds; stamps are seconds of the ROS clock.

    Args:
        max_age_s: an image farther than this from the nearest measurement has no pose.
        keep: measurements of each kind that are kept.
    """

    def __init__(self, max_age_s: float, keep: int = 100) -> None:
        self._max_age_s = max_age_s
        self._odometry: deque[Odometry] = deque(maxlen=keep)
        self._joints: deque[JointStates] = deque(maxlen=keep)

    def add_odometry(self, value: Odometry) -> None:
        """Takes in a measurement; older than the newest ones are ignored, a restarted clock empties the buffer."""
        if self._in_order(self._odometry, value.stamp_s):
            self._odometry.append(value)

    def add_joints(self, value: JointStates) -> None:
        """The same for joints."""
        if self._in_order(self._joints, value.stamp_s):
            self._joints.append(value)

    def covers(self, stamp_s: float) -> bool:
        """True when both kinds were measured at or after that time, so that nothing needs to be guessed."""
        return bool(
            self._odometry
            and self._joints
            and self._odometry[-1].stamp_s >= stamp_s
            and self._joints[-1].stamp_s >= stamp_s
        )

    def pose_at(self, stamp_s: float) -> Pose2D:
        """Pose of the base at that time, interpolated; InputError when odometry is missing or too old."""
        stamps = [o.stamp_s for o in self._odometry]
        i, share = self._place("odom", stamps, stamp_s)
        if share is None:
            return self._odometry[i].pose
        a, b = self._odometry[i].pose, self._odometry[i + 1].pose
        turn = wrap_angle(b.theta - a.theta)
        return Pose2D(a.x + share * (b.x - a.x), a.y + share * (b.y - a.y), wrap_angle(a.theta + share * turn))

    def joints_at(self, stamp_s: float) -> dict[str, float]:
        """Joint positions at that time, interpolated; InputError when joint states are missing or too old."""
        stamps = [j.stamp_s for j in self._joints]
        i, share = self._place("joint_states", stamps, stamp_s)
        first = self._joints[i].positions.as_dict()
        if share is None:
            return first
        second = self._joints[i + 1].positions.as_dict()
        return {name: value + share * (second.get(name, value) - value) for name, value in first.items()}

    def _place(self, name: str, stamps: list[float], stamp_s: float) -> tuple[int, float | None]:
        """Index of the measurement before that time and the share of the way to the next, None = take it as is."""
        if not stamps:
            raise InputError(name, None, f"No {name} received yet: check that its driver runs.")
        nearest = min(abs(stamps[0] - stamp_s), abs(stamps[-1] - stamp_s))
        if not stamps[0] <= stamp_s <= stamps[-1] and nearest > self._max_age_s:
            text = f"{stamp_s - stamps[-1]:.3f} s from the image"
            raise InputError(name, text, f"At most {self._max_age_s:g} s are allowed: check its rate and both clocks.")
        i = bisect_left(stamps, stamp_s)
        if i == 0:
            return 0, None
        if i == len(stamps):
            return len(stamps) - 1, None
        gap = stamps[i] - stamps[i - 1]
        return i - 1, (stamp_s - stamps[i - 1]) / gap if gap > 0 else None

    @staticmethod
    def _in_order(kept: deque[Odometry] | deque[JointStates], stamp_s: float) -> bool:
        if kept and stamp_s < kept[-1].stamp_s - _CLOCK_RESET_S:
            kept.clear()
        return not kept or stamp_s > kept[-1].stamp_s
