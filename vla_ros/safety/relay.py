"""What passes from the gate to the driver: everything while the gate lives, zero and a hold when it is silent.

The last resort for robots whose driver has no time-out of its own. After a stop the base starts again from rest,
within its acceleration and jerk: a gate that was frozen and goes on in the middle of a motion makes nothing jump.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from vla_ros.core.config import param
from vla_ros.core.geometry import Twist2D
from vla_ros.core.motion import JointTrajectory
from vla_ros.core.robot_description import RobotDescription
from vla_ros.safety.joint_hold import JointHold
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.ramp import TwistRamp
from vla_ros.safety.trajectory_check import arm_groups, group_of
from vla_ros.safety.twist_limit import RawTwist

_LONGEST_STEP_S = 0.04
_ARRIVED = 1e-6


@dataclass(frozen=True, kw_only=True)
class WatchdogParams:
    """Of watchdog_node. Read once at start."""

    timeout_s: float = param(0.2, "silence of the gate stops the robot", unit="s", minimum=0.05, maximum=0.27)
    rate_hz: float = param(50.0, "looks and repeated zeros a second", unit="Hz", minimum=25.0, maximum=200.0)
    joint_states_timeout_s: float = param(
        0.5, "joints measured longer ago are not held: the hold would be a motion", unit="s", minimum=0.05, maximum=2.0
    )
    core: int = param(-1, "processor core to run on, -1 = any", minimum=-1, maximum=1023)
    fifo_priority: int = param(0, "SCHED_FIFO priority, 0 = normal scheduling", minimum=0, maximum=90)


@dataclass(frozen=True, slots=True)
class RelayOutput:
    """What the watchdog itself sends after a look: nothing while the gate lives (``cause`` is empty)."""

    cause: str = ""
    text: str = ""
    holds: tuple[JointTrajectory, ...] = ()


class Relay:
    """Starts stopped. All times are seconds of a steady clock.

    Args:
        params: time-outs.
        robot: its joint groups.
    """

    def __init__(self, params: WatchdogParams, robot: RobotDescription) -> None:
        self._params = params
        self._groups = arm_groups(robot)
        defaults = SafetyParams()
        self._hold = JointHold(defaults, self._groups)
        self._ramp = TwistRamp(robot.base, defaults.yaw_jerk)
        self._ramping = True
        self._heard_s = self._looked_s = -math.inf
        self._measured: dict[str, float] = {}
        self._measured_s = -math.inf
        self._rivals = self._failure = ""
        self._stopped = ("gate_silent", "The gate has not spoken yet.")
        self.stops = 0

    @property
    def passes(self) -> bool:
        """True while the gate's commands go to the driver."""
        return not self._stopped[0]

    def on_twist(self, axes: RawTwist, now: float) -> RawTwist | None:
        """A velocity of the gate; what of it goes to the driver, None while nothing does."""
        self._check_own_time(now)
        step_s = min(max(now - self._heard_s, 1e-4), _LONGEST_STEP_S)
        self._heard_s = now
        if not all(map(math.isfinite, axes)):
            self._stop("gate_not_finite", "The gate sent a velocity that is not finite.")
        elif not self._rivals and not self._failure:
            self._stopped = ("", "")
        if not self.passes:
            return None
        return self._eased(axes, step_s) if self._ramping else axes

    def on_trajectory(self, trajectory: JointTrajectory, now: float) -> bool:
        """A trajectory of the gate; True when it goes on."""
        group = group_of(trajectory, self._groups)
        if self.passes and group is not None:
            self._hold.passed(group.name, trajectory, now)
        return self.passes

    def on_joints(self, positions: Mapping[str, float], now: float) -> None:
        """Measured joints [rad or m]."""
        if all(map(math.isfinite, positions.values())):
            self._measured.update(positions)
            self._measured_s = now

    def on_rivals(self, text: str) -> None:
        """Who else publishes to the driver; empty: nobody."""
        self._rivals = text
        if text:
            self._stop("second_publisher", text)

    def on_failure(self, text: str) -> None:
        """An error inside the watchdog: nothing passes until it is started anew."""
        self._failure = text
        self._stop("internal_error", text)

    def look(self, now: float) -> RelayOutput:
        """One look at the clock: while the gate is silent, what the driver gets instead."""
        self._check_own_time(now)
        self._looked_s = now
        silence = now - self._heard_s
        if self.passes and silence > self._params.timeout_s:
            self._stop("gate_silent", f"The gate is silent for {silence:.2f} s (limit {self._params.timeout_s:g} s).")
        fresh = now - self._measured_s <= self._params.joint_states_timeout_s
        holds = self._hold.tick(not self.passes, self._measured, now) if fresh or self.passes else ()
        return RelayOutput(*self._stopped, holds)

    def _eased(self, axes: RawTwist, step_s: float) -> RawTwist:
        wish = Twist2D(axes[0], axes[1], axes[5])
        if not any(axes):  # a stop of the gate is never eased
            self._ramp.reset()
            self._ramping = False
            return axes
        sent = self._ramp.step(wish, step_s)
        self._ramping = max(abs(sent.vx - wish.vx), abs(sent.vy - wish.vy), abs(sent.wz - wish.wz)) > _ARRIVED
        return (sent.vx, sent.vy, 0.0, 0.0, 0.0, sent.wz)

    def _check_own_time(self, now: float) -> None:
        """Who slept does not know what the commands that waited meanwhile are worth."""
        late = now - self._looked_s
        if self.passes and self._params.timeout_s < late < math.inf:
            self._stop("watchdog_late", f"The watchdog itself did not run for {late:.2f} s.")

    def _stop(self, cause: str, text: str) -> None:
        if self.passes:
            self.stops += 1
        self._stopped = (cause, text)
        self._ramping = True
        self._ramp.reset()
