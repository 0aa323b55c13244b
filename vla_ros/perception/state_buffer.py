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
        needed: joints without which there is no pose; empty = whatever arrives.

    Drivers that each send their own joints are kept apart, so that each is interpolated by its own stamps.
    """

    def __init__(self, max_age_s: float, keep: int = 100, needed: tuple[str, ...] = ()) -> None:
        self._max_age_s, self._keep = max_age_s, keep
        self._needed = frozenset(needed)
        self._odometry: deque[Odometry] = deque(maxlen=keep)
        self._joints: dict[tuple[str, ...], deque[JointStates]] = {}

    def add_odometry(self, value: Odometry) -> None:
        """Takes in a measurement; older than the newest ones are ignored, a restarted clock empties the buffer."""
        if self._in_order(self._odometry, value.stamp_s):
            self._odometry.append(value)

    def add_joints(self, value: JointStates) -> None:
        """The same for the joints of one driver; one that has no needed joint is ignored."""
        names = value.positions.names
        if self._needed and self._needed.isdisjoint(names):
            return
        kept = self._joints.setdefault(names, deque(maxlen=self._keep))
        if self._in_order(kept, value.stamp_s):
            kept.append(value)

    def covers(self, stamp_s: float) -> bool:
        """True when the base and every joint were measured at or after that time: nothing needs to be guessed."""
        if not self._odometry or not self._joints or self._odometry[-1].stamp_s < stamp_s:
            return False
        fresh = [names for names, kept in self._joints.items() if kept[-1].stamp_s >= stamp_s]
        if not self._needed:
            return len(fresh) == len(self._joints)
        return self._needed.issubset(name for names in fresh for name in names)

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
        """Joint positions at that time, interpolated; InputError that names a joint which is missing or too old."""
        out: dict[str, float] = {}
        late: InputError | None = None
        for _, kept in sorted(self._joints.items(), key=lambda item: item[1][-1].stamp_s):
            try:
                i, share = self._place("joint_states", [j.stamp_s for j in kept], stamp_s)
            except InputError as error:
                late = error
                continue
            out.update(kept[i].positions.as_dict())
            if share is not None:
                after = kept[i + 1].positions
                out.update({n: out[n] + share * (value - out[n]) for n, value in zip(after.names, after.positions)})
        if not self._joints:
            raise InputError("joint_states", None, "No joint_states received yet: check that its driver runs.")
        missing = next((n for n in sorted(self._needed) if n not in out), "")
        if late is not None and (any(missing in names for names in self._joints) or not out):
            raise InputError("joint_states", f"{missing} {late.value}".strip(), late.remedy)
        if missing:
            raise InputError("joint_states", missing, "No joint_states with this joint yet: check its driver.")
        return out

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
