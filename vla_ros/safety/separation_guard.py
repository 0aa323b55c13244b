"""Keeps the speed of base and arm, near people, to what stops in time or to what is harmless when it touches.

The limit at a distance d is max(SSM(d), contact-safe speed), as ISO/TS 15066 5.5.1 allows, so that a robot can
hand things over. d is measured on the floor plan, from every part of the robot, the arm along its way included.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from vla_ros.core.geometry import ZERO_TWIST, Pose2D, Twist2D, Vector
from vla_ros.core.motion import JointTrajectory
from vla_ros.core.robot_description import RobotDescription
from vla_ros.robot.kinematics import RobotModel
from vla_ros.safety.arm_path import samples
from vla_ros.safety.contact_speed import ContactSpeeds, robot_mass
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.lidar_tracker import Mover
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.people import Human
from vla_ros.safety.settle import Settle
from vla_ros.safety.silhouette import Silhouette
from vla_ros.safety.ssm import Separation
from vla_ros.safety.verdict import PASS, Level, Verdict, worst

_TINY = float(np.finfo(float).tiny)
_UNKNOWN_KG = 150.0
_NEARLY = 0.95
_RETREATS = 0.5
_HARMLESS_MPS = 0.05
_MOMENTS = 6
_STICKS_OUT_M = 0.05
"""What sticks out less is the body itself: spheres are a little larger than what they cover."""


class Sweep:
    """The parts of an arm along one trajectory, in base_link.

    Attributes:
        times: (k,) from its start [s].
        centers: (k, n, 3) [m].
        velocities: (k, n, 2) of each part over the floor plan, on the way to the next sample [m/s].
    """

    def __init__(self, times: Vector, centers: Vector) -> None:
        self.times, self.centers = times, centers
        ways = np.diff(centers[..., :2], axis=0) / np.diff(times)[:, None, None]
        self.velocities = np.concatenate([ways, np.zeros_like(centers[:1, :, :2])])

    def slower(self, scale: float) -> Sweep:
        """The same way at ``scale`` of its speed."""
        return Sweep(self.times / scale, self.centers)

    def window(self, since_s: float, until_s: float) -> tuple[Vector, Vector]:
        """Centres and velocities of the samples between two times, at least of the last one before them."""
        first = max(0, int(np.searchsorted(self.times, since_s, side="right")) - 1)
        last = max(first, int(np.searchsorted(self.times, until_s, side="right")) - 1)
        return self.centers[first : last + 1], self.velocities[first : last + 1]


class SeparationGuard:
    """Speed limits for the people around.

    Args:
        params: constants of the two formulas.
        robot: base limits, footprint.
        footprint: the same as an outline.
        model: None for a robot without a model: then only the base counts.
        silhouette: the model's spheres.
    """

    def __init__(
        self,
        params: SafetyParams,
        robot: RobotDescription,
        footprint: Footprint,
        model: RobotModel | None,
        silhouette: Silhouette | None,
    ) -> None:
        self._params, self._footprint, self._model, self._silhouette = params, footprint, model, silhouette
        p = params
        uncertain = (p.intrusion_m, p.human_uncertainty_m, p.robot_uncertainty_m)
        self._base = Separation(p.reaction_time_s, p.braking_share * robot.base.deceleration, *uncertain)
        self._arm = Separation(p.reaction_time_s, p.arm_deceleration, *uncertain)
        self._sees_walkers = "scan" in robot.sensors
        self._carried = p.payload_kg
        self._settle, self._settle_arm = Settle(p.settle_s), Settle(p.settle_s)
        self._out: tuple[Vector, Vector] | None = None
        if silhouette is not None:
            self._parts = np.flatnonzero(silhouette.joints > 0)
            self._radii = silhouette.radii[self._parts]
        self._sweeps: dict[str, tuple[Sweep, float]] = {}
        self.humans: tuple[Human, ...] = ()
        self.movers: tuple[Mover, ...] = ()
        self._renew()

    def carry(self, mass_kg: float) -> None:
        """What the hand holds; never reckoned with less than ``payload_kg``."""
        if math.isfinite(mass_kg):
            self._carried = max(self._params.payload_kg, mass_kg)
            self._renew()

    def see_joints(self, measured: Mapping[str, float]) -> None:
        """The arm as it stands now."""
        if self._silhouette is not None:
            assert self._model is not None  # they come together
            centers = self._silhouette.centers(self._model.configuration(measured))[self._parts]
            out = self._footprint.clearance(centers[:, :2]) + self._radii > _STICKS_OUT_M
            self._out = centers[out], self._radii[out]

    def begin(self, group: str, sweep: Sweep | None, now: float) -> None:
        """A trajectory of ``group`` goes to the driver; ``sweep`` is its way."""
        if sweep is not None:
            self._sweeps[group] = (sweep, now)

    def end(self, group: str = "") -> None:
        """One group was told to hold, or all."""
        self._sweeps = {name: sweep for name, sweep in self._sweeps.items() if group and name != group}

    def ahead(self, now: float) -> tuple[Vector, Vector]:
        """Where parts of moving arms will be: centres (n, 3) in base_link and radii (n,) [m]."""
        coming = [s.window(now - began, math.inf)[0] for s, began in self._sweeps.values() if now - began < s.times[-1]]
        if not coming:
            return np.zeros((0, 3)), np.zeros(0)
        centers = np.concatenate(coming)
        return centers.reshape(-1, 3), np.tile(self._radii, len(centers))

    # ---- the base

    def judge(self, wish: Twist2D, pose: Pose2D, now: float) -> Verdict:
        """PASS, or SLOW with the share of the wished twist that may pass, or BLOCK."""
        return self._settle.judge(self._base_verdict(wish, pose), now) if wish != ZERO_TWIST else PASS

    def _base_verdict(self, wish: Twist2D, pose: Pose2D) -> Verdict:
        found = []
        for human in self.humans:
            at = pose.inverse_transform(np.array([human.x, human.y]))
            found += [self._column(wish, at, human), self._outrigger(wish, at, human)]
        return worst(found)

    def _column(self, wish: Twist2D, at: Vector, human: Human) -> Verdict:
        """The footprint itself."""
        away = math.hypot(*at)
        toward = (wish.vx * at[0] + wish.vy * at[1]) / max(away, _TINY)
        distance = float(self._footprint.clearance(at[None])[0]) - human.radius
        contact = self._base_contact.legs
        limit = self._limit(toward, distance, contact, human, self._base)
        return limit if self._sees_walkers else worst([limit, self._passing(wish, toward, distance, contact, human)])

    def _outrigger(self, wish: Twist2D, at: Vector, human: Human) -> Verdict:
        """Parts of the arm that reach out of the footprint."""
        if self._out is None:
            return PASS
        centers, radii = self._out
        way = at - centers[:, :2]
        away = np.maximum(np.hypot(*way.T), _TINY)
        vx, vy = wish.vx - wish.wz * centers[:, 1], wish.vy + wish.wz * centers[:, 0]
        toward = (vx * way[:, 0] + vy * way[:, 1]) / away
        distance = away - radii - human.radius
        found = []
        for i in np.flatnonzero(toward > self._base_contact.least):
            z, r = float(centers[i, 2]), float(radii[i])
            contact = self._base_contact.at(z - r, z + r)
            found.append(self._limit(float(toward[i]), float(distance[i]), contact, human, self._base))
        return worst(found)

    def _passing(self, wish: Twist2D, toward: float, distance: float, contact: float, human: Human) -> Verdict:
        """Beside somebody who may walk in from where they stand. With a lidar those who do so are seen and predicted
        (:mod:`~vla_ros.safety.approach_guard`); without one everybody may, at any time. A retreat is free."""
        limit = max(self._base.passing(distance, human.speed), contact)
        if wish.speed <= limit or toward < -_RETREATS * wish.speed:
            return PASS
        text = f"A person {max(distance, 0.0):.2f} m beside the way: {limit:.2f} m/s past them, not {wish.speed:.2f}."
        return Verdict(Level.SLOW, "separation", text, wish.speed, limit, human.id, limit / wish.speed)

    def _limit(self, toward: float, distance: float, contact: float, human: Human, separation: Separation) -> Verdict:
        monitored = separation.speed(distance, human.speed)
        limit = max(monitored, contact)
        if toward <= limit:
            return PASS
        text = f"A person {max(distance, 0.0):.2f} m away: at most {limit:.2f} m/s toward them, not {toward:.2f}."
        return Verdict(Level.SLOW, "separation", text, toward, limit, human.id, limit / toward)

    # ---- the arm

    def share(self, sweep: Sweep | None, pose: Pose2D) -> Verdict:
        """PASS, or SLOW with the share of its speed at which a new trajectory may be driven."""
        return PASS if sweep is None else self._fastest(sweep.centers, sweep.velocities, pose)

    def judge_arm(self, pose: Pose2D, now: float) -> Verdict:
        """PASS, or BRAKE when the arm is too fast for somebody who came near."""
        p, found = self._params, []
        for sweep, began in self._sweeps.values():
            since = now - began
            if since < sweep.times[-1]:
                window = sweep.window(since, since + p.reaction_time_s + p.arm_stop_s)
                found.append(self._fastest(*window, pose))
                found += [self._met(*window, pose, mover, now) for mover in self.movers]
        verdict = worst(found)
        if verdict.scale >= _NEARLY:
            verdict = PASS  # what was slowed to its limit is at its limit
        if verdict.level > Level.PASS:
            text = f"The arm stops. {verdict.text}"
            verdict = Verdict(Level.BRAKE, verdict.cause, text, verdict.value, verdict.limit, verdict.object, 0.0)
        return self._settle_arm.judge(verdict, now)

    def sweep(self, trajectory: JointTrajectory, measured: Mapping[str, float]) -> Sweep | None:
        """The way of a trajectory's parts; None without a model."""
        if self._silhouette is None:
            return None
        assert self._model is not None
        times, positions = samples(trajectory, measured, self._params.sweep_step)
        rest, centers = dict(measured), []
        for row in positions:
            rest.update(zip(trajectory.names, map(float, row)))
            centers.append(self._silhouette.centers(self._model.configuration(rest))[self._parts])
        return Sweep(times, np.array(centers))

    def _fastest(self, centers: Vector, velocities: Vector, pose: Pose2D) -> Verdict:
        """The part that is most above its limit, over samples (k, n, 3) with their velocities (k, n, 2)."""
        found = []
        for human in self.humans:
            way = pose.inverse_transform(np.array([human.x, human.y])) - centers[..., :2]
            away = np.maximum(np.hypot(way[..., 0], way[..., 1]), _TINY)
            toward = np.sum(velocities * way, axis=2) / away
            distance = away - self._radii - human.radius
            # Farther away than the fastest part needs, nothing can be above its limit.
            near = distance < self._arm.distance(human.speed, float(toward.max()))
            for k, i in np.argwhere(near & (toward > self._arm_contact.least)):
                z, r = float(centers[k, i, 2]), float(self._radii[i])
                contact = self._arm_contact.at(z - r, z + r)
                found.append(self._limit(float(toward[k, i]), float(distance[k, i]), contact, human, self._arm))
        return worst(found)

    def _met(self, centers: Vector, velocities: Vector, pose: Pose2D, mover: Mover, now: float) -> Verdict:
        """SLOW to nothing when somebody walks into a part that moves, before the arm could stand."""
        p = self._params
        moving = np.hypot(velocities[..., 0], velocities[..., 1]) > _HARMLESS_MPS
        times = np.linspace(0.0, p.reaction_time_s + p.arm_stop_s, _MOMENTS)
        lead = (times + now - mover.seen_s)[:, None]
        places = pose.inverse_transform(np.array([mover.x, mover.y]) + lead * np.array([mover.vx, mover.vy]))
        way = centers[..., :2][moving][:, None] - places
        radii = np.broadcast_to(self._radii, moving.shape)[moving][:, None]
        gaps = np.hypot(way[..., 0], way[..., 1]) - radii - mover.radius - p.human_margin_mps * times
        if not np.any(gaps < 0.0):
            return PASS
        text = f"{mover.id} comes at {mover.speed:.2f} m/s."
        return Verdict(Level.SLOW, "approach", text, mover.speed, p.approach_mps, mover.id, 0.0)

    def _renew(self) -> None:
        p, silhouette = self._params, self._silhouette
        whole = silhouette.total_mass if silhouette is not None else 0.0
        base_kg = robot_mass(max(p.base_mass_kg, whole) or _UNKNOWN_KG, self._carried)
        self._base_contact = ContactSpeeds.of(base_kg, p.contact_area_m2, p.head_height_m)
        if silhouette is not None:
            arm_kg = robot_mass(silhouette.arm_mass(), self._carried)
            self._arm_contact = ContactSpeeds.of(arm_kg, p.contact_area_m2, p.head_height_m)
