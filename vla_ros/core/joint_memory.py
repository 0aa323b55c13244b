"""One robot's joints out of the messages of several drivers (wheels, arm, hand), each joint with its own age."""

from __future__ import annotations

import math
from collections.abc import Iterable

from vla_ros.core.geometry import JointPositions
from vla_ros.core.robot_state import JointStates


class JointMemory:
    """The newest measurement of every joint and when it was received, on the caller's clock [s].

    The stamp that a joint had last is no news for that joint, whoever sends it; another driver may use the same
    stamp for its own joints.
    """

    def __init__(self) -> None:
        self.positions: dict[str, float] = {}
        """Newest position of each joint by name [rad or m]."""
        self._velocities: dict[str, float] = {}
        self._efforts: dict[str, float] = {}
        self._stamps: dict[str, float] = {}
        self._received: dict[str, float] = {}
        self._newest_stamp_s = 0.0

    def note(self, joints: JointStates, now: float) -> bool:
        """Takes in one message; False when it repeats the last stamp of all its joints."""
        stamp, names, stamps = joints.stamp_s, joints.positions.names, self._stamps
        values = (joints.positions.positions, joints.velocities, joints.efforts)
        if any(stamps.get(name) == stamp for name in names):
            news = [i for i, name in enumerate(names) if stamps.get(name) != stamp]
            names = tuple(names[i] for i in news)
            values = tuple(tuple(v[i] for i in news) if v else () for v in values)  # type: ignore[assignment]
        if not names:
            return False
        self.positions.update(zip(names, values[0]))
        self._velocities.update(zip(names, values[1]))
        self._efforts.update(zip(names, values[2]))
        stamps.update(dict.fromkeys(names, stamp))
        self._received.update(dict.fromkeys(names, now))
        self._newest_stamp_s = stamp
        return True

    def restart(self) -> None:
        """The caller's clock was set back: everything counts as old until it is measured again."""
        self._received = dict.fromkeys(self._received, -math.inf)

    def oldest(self, names: Iterable[str], now: float) -> tuple[str, float]:
        """Which of these joints was received longest ago, and its age [s]: inf when never; ("", 0.0) of none."""
        name, at = "", math.inf
        for candidate in names:
            received = self._received.get(candidate, -math.inf)
            if received < at:
                name, at = candidate, received
        return name, now - at if name else 0.0

    def stale(self, names: Iterable[str], now: float, limit_s: float) -> str:
        """Why these joints cannot be used, naming the oldest; "" when all are at most ``limit_s`` old."""
        name, age = self.oldest(names, now)
        if age <= limit_s:
            return ""
        if math.isinf(age):
            return f"joint_states lack {name}"
        return f"joint_states: {name} is {age:.2f} s old (limit {limit_s:g} s)"

    def merged(self) -> JointStates | None:
        """All joints as one measurement with the newest stamp; None before the first.

        Velocities and efforts are 0 for joints whose driver does not tell them, empty when none does.
        """
        if not self.positions:
            return None
        names = tuple(self.positions)
        velocities = tuple(self._velocities.get(n, 0.0) for n in names) if self._velocities else ()
        efforts = tuple(self._efforts.get(n, 0.0) for n in names) if self._efforts else ()
        return JointStates(
            self._newest_stamp_s, JointPositions(names, tuple(self.positions.values())), velocities, efforts
        )
