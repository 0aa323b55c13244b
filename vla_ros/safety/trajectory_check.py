"""Whether a joint trajectory may move: names, times, start, end, limits, also between waypoints. All or nothing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vla_ros.core.motion import JointTrajectory
from vla_ros.core.robot_description import JointGroup, RobotDescription
from vla_ros.safety.hermite import Extremes, extremes
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.verdict import PASS, Level, Verdict

_FLOAT_NOISE = 1e-6
_REST_SPEED = 1e-3
_LIMIT_SLACK = 0.01
_FIRST_STEP_S = 0.05


def refuse(rule: str, text: str, value: float = 0.0, limit: float = 0.0, thing: str = "") -> Verdict:
    """The verdict of a refused trajectory; ``rule`` becomes the end of its cause."""
    finite = float(value) if np.isfinite(value) else 0.0
    return Verdict(Level.INFORM, f"trajectory_{rule}", f"Trajectory refused: {text}", finite, limit, thing)


def arm_groups(robot: RobotDescription) -> tuple[JointGroup, ...]:
    """The groups that take trajectories on joint_trajectory (the gripper's fingers have their own topic)."""
    fingers = set(robot.gripper.joints) if robot.gripper else set()
    return tuple(g for g in robot.groups if set(g.names) != fingers)


def group_of(trajectory: JointTrajectory, groups: tuple[JointGroup, ...]) -> JointGroup | None:
    """The group whose joints are exactly the trajectory's, in any order; None when there is none."""
    names = trajectory.names
    if len(set(names)) != len(names):
        return None
    return next((g for g in groups if set(g.names) == set(names)), None)


class TrajectoryCheck:
    """Judges trajectories against the robot's groups and limits.

    Args:
        params: tolerances and bounds.
        robot: groups and limits.
    """

    def __init__(self, params: SafetyParams, robot: RobotDescription) -> None:
        self._params = params
        self.groups = arm_groups(robot)

    def judge(self, trajectory: JointTrajectory, measured: Mapping[str, float]) -> Verdict:
        """PASS, or why the whole trajectory is refused.

        Args:
            trajectory: as it came; nothing about it is trusted.
            measured: fresh joint positions by name [rad or m].
        """
        for rule in (self._shape, self._numbers):  # one after the other: a huge one is not even looked at
            verdict = rule(trajectory)
            if verdict.level > Level.PASS:
                return verdict
        group = group_of(trajectory, self.groups)
        if group is None:
            return self._names(trajectory.names)
        verdict = self._times(trajectory)
        if verdict.level == Level.PASS:
            verdict = self._ends(trajectory, group, measured)
        if verdict.level > Level.PASS:
            return verdict
        return self._limits(trajectory, group, measured)

    def _shape(self, trajectory: JointTrajectory) -> Verdict:
        n, j = len(trajectory.times_s), len(trajectory.names)
        if not 1 <= n <= self._params.max_points:
            return refuse(
                "size", f"{n} points, allowed are 1 to {self._params.max_points}.", n, self._params.max_points
            )
        if trajectory.velocities is None:
            return refuse("velocities", "it has no velocities; send them in every point.")
        for name, values in (("positions", trajectory.positions), ("velocities", trajectory.velocities)):
            if np.shape(values) != (n, j):
                return refuse("size", f"{name} have the shape {np.shape(values)}, not {(n, j)}.")
        return PASS

    def _numbers(self, trajectory: JointTrajectory) -> Verdict:
        parts = {
            "times": trajectory.times_s,
            "positions": trajectory.positions,
            "velocities": trajectory.velocities,
            "efforts": trajectory.efforts,
        }
        for name, values in parts.items():
            if values is not None and not np.all(np.isfinite(values)):
                return refuse("not_finite", f"a number among its {name} is not finite.", thing=name)
        return PASS

    def _names(self, names: tuple[str, ...]) -> Verdict:
        known = {j for g in self.groups for j in g.names}
        unknown = next((n for n in names if n not in known), "")
        double = next((n for n in names if names.count(n) > 1), "")
        if unknown:
            return refuse("joints", f"joint '{unknown[:60]}' is unknown.", thing=unknown[:60])
        if double:
            return refuse("joints", f"joint '{double}' stands in it twice.", thing=double)
        listing = ", ".join(g.name for g in self.groups)
        return refuse("joints", f"its {len(names)} joints are not exactly one of the groups {listing}.")

    def _times(self, trajectory: JointTrajectory) -> Verdict:
        times = np.asarray(trajectory.times_s, float)
        if not times[0] > 0.0:
            return refuse("times", f"the first time is {times[0]:g} s; it must be above 0.", float(times[0]))
        steps = np.diff(times)
        if not np.all(steps > 0.0):
            i = int(np.argmin(steps > 0.0))
            return refuse("times", f"time {i + 1} does not rise ({times[i]:g} to {times[i + 1]:g} s).", float(steps[i]))
        longest = self._params.max_duration_s
        if not times[-1] <= longest:
            return refuse("times", f"it takes {times[-1]:g} s, allowed are {longest:g}.", float(times[-1]), longest)
        return PASS

    def _ends(self, trajectory: JointTrajectory, group: JointGroup, measured: Mapping[str, float]) -> Verdict:
        assert trajectory.velocities is not None
        joints = {j.name: j for j in group.joints}
        for i, name in enumerate(trajectory.names):
            if name not in measured:
                return refuse("start", f"{name} is not measured.", thing=name)
            gap = abs(float(trajectory.positions[0, i]) - measured[name])
            sliding = joints[name].prismatic
            most = self._params.start_tolerance_m if sliding else self._params.start_tolerance_rad
            if not gap <= most:
                unit = "m" if sliding else "rad"
                text = f"it starts {gap:.3f} {unit} from the measured {name}, allowed are {most:g}."
                return refuse("start", text, gap, most, name)
            last = abs(float(trajectory.velocities[-1, i]))
            if not last <= _REST_SPEED:
                return refuse("end", f"{name} still moves at {last:.3f} per s at its end.", last, _REST_SPEED, name)
        return PASS

    def _limits(self, trajectory: JointTrajectory, group: JointGroup, measured: Mapping[str, float]) -> Verdict:
        assert trajectory.velocities is not None
        by_name = {j.name: j for j in group.joints}
        joints = [by_name[n] for n in trajectory.names]
        start = np.array([measured[n] for n in trajectory.names])
        # A joint found outside its range (moved by hand) may come back, not go farther out.
        lower = np.minimum([j.lower for j in joints], start) - _FLOAT_NOISE
        upper = np.maximum([j.upper for j in joints], start) + _FLOAT_NOISE
        speed = np.array([j.velocity for j in joints]) * (1.0 + _LIMIT_SLACK)
        acceleration = np.array([j.acceleration for j in joints]) * (1.0 + _LIMIT_SLACK)

        times = np.asarray(trajectory.times_s, float)
        way = np.abs(trajectory.positions[0] - start) / max(float(times[0]), _FIRST_STEP_S)
        # One more point at the end, so that a single point is a segment too.
        times = np.append(times, times[-1] + 1.0)
        positions = np.vstack([trajectory.positions, trajectory.positions[-1:]])
        velocities = np.vstack([trajectory.velocities, np.zeros((1, len(joints)))])
        with np.errstate(over="ignore", invalid="ignore"):
            found = extremes(times, positions, velocities)
        found.speed[0] = np.maximum(found.speed[0], way)
        return self._compare(found, trajectory, lower, upper, speed, acceleration)

    @staticmethod
    def _compare(
        found: Extremes,
        trajectory: JointTrajectory,
        lower: np.ndarray,
        upper: np.ndarray,
        speed: np.ndarray,
        acceleration: np.ndarray,
    ) -> Verdict:
        rules = (
            ("position", found.high, found.high <= upper, upper),
            ("position", found.low, found.low >= lower, lower),
            ("velocity", found.speed, found.speed <= speed, speed),
            ("acceleration", found.acceleration, found.acceleration <= acceleration, acceleration),
        )
        for rule, values, fine, limits in rules:
            if not np.all(fine):  # a NaN compares false and is refused with the rest
                i, j = (int(k) for k in np.argwhere(~fine)[0])
                name, value, limit = trajectory.names[j], float(values[i, j]), float(limits[j])
                text = f"{name} reaches a {rule} of {value:.3f} after point {i}, its limit is {limit:.3f}."
                return refuse(rule, text, value, limit, name)
        return PASS
