"""Opening and closing the gripper, and knowing whether something is held."""

from __future__ import annotations

import numpy as np

from vla_ros.control.context import Context, Step
from vla_ros.core.motion import JointTrajectory, MotionGoal

MOVED_M = 0.0008
LONGEST_S = 4.0


class GripperTask:
    """Fingers to ``opening_m`` with ``effort_n``. Stopped before that while closing means: something is held."""

    def __init__(self, context: Context, goal: MotionGoal) -> None:
        assert context.robot.gripper is not None  # goals.check_goal refuses gripper goals of robots without one
        self._context, self._goal, self._gripper = context, goal, context.robot.gripper
        self._closing = False
        self._sent = False
        self._started_at = 0.0
        self._first = 0.0
        self._anchor = (0.0, 0.0)

    def renew(self, goal: MotionGoal) -> None:
        """Nothing changes."""

    def suspend(self) -> tuple[JointTrajectory, ...]:
        """The fingers keep their command: letting go of what is held would not be safer. It is sent again."""
        self._sent = False
        return ()

    def tick(self, now: float) -> Step:
        """Sends the command once, then watches the fingers."""
        opening, goal, params = self._context.opening(), self._goal, self._context.params
        if not self._sent:
            self._sent, self._started_at, self._first = True, now, opening
            self._closing = goal.opening_m < opening
            self._anchor = (opening, now)
            return Step(gripper=self._command(opening))
        left = abs(opening - goal.opening_m)
        progress = 1.0 - left / max(abs(self._first - goal.opening_m), 1e-6)
        if abs(opening - self._anchor[0]) > MOVED_M:
            self._anchor = (opening, now)
        still = now - self._anchor[1] > params.gripper_stall_s
        if left <= params.gripper_tolerance and (still or not self._closing):
            return Step("reached", progress=1.0)
        if still or now - self._started_at > LONGEST_S:
            if self._closing and opening >= self._gripper.max_opening - params.gripper_tolerance:
                return Step("blocked", self._context.safety_reason() or "the fingers do not move")
            if self._closing:
                return Step("reached", "the fingers are stopped by something between them", progress=1.0)
            text = self._context.safety_reason() or f"the gripper opened only {opening:.3f} m"
            return Step("blocked", text, progress=max(0.0, progress))
        return Step(progress=max(0.0, progress))

    def _command(self, opening: float) -> JointTrajectory:
        gripper, n = self._gripper, len(self._gripper.joints)
        effort = min(self._goal.effort_n, gripper.max_effort) if self._goal.effort_n > 0 else gripper.max_effort
        seconds = max(0.1, abs(self._goal.opening_m - opening) / self._context.params.gripper_speed)
        return JointTrajectory(
            gripper.joints,
            np.array([seconds]),
            np.full((1, n), self._goal.opening_m / n),
            np.zeros((1, n)),
            np.full((1, n), effort),
        )


class HoldingWatch:
    """Tells at any time whether the fingers are kept from the opening that was last commanded."""

    def __init__(self, tolerance_m: float, max_opening_m: float) -> None:
        self._tolerance, self._max_opening = tolerance_m, max_opening_m
        self._commanded: float | None = None
        self._since = 0.0
        self._settle = 0.0

    def command(self, opening_m: float, seconds: float, now: float) -> None:
        """A command was sent that should be done after ``seconds``."""
        self._commanded, self._since, self._settle = opening_m, now, seconds

    def settled(self) -> None:
        """The fingers have come to rest before their time."""
        self._settle = 0.0

    def holding(self, opening_m: float, now: float) -> bool:
        """True when the measured opening stays more than the tolerance above the commanded one. Fingers that still
        stand wide open have not closed at all."""
        if self._commanded is None or now - self._since < self._settle:
            return False
        return self._commanded + self._tolerance < opening_m < self._max_opening - self._tolerance
