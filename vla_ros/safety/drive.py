"""The base's command on its way through the gate: limits, everything in the way, the ramp."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vla_ros.core.geometry import ZERO_TWIST, Pose2D, Twist2D, Vector
from vla_ros.core.lone_legs import LoneLegs
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import LaserScan
from vla_ros.core.scene import Scene
from vla_ros.core.surroundings import NO_PLAN, Surroundings
from vla_ros.robot.kinematics import RobotModel
from vla_ros.safety.approach_guard import ApproachGuard
from vla_ros.safety.lidar_tracker import LidarTracker, Mover
from vla_ros.safety.lone_legs import possible_people
from vla_ros.safety.moving_things import MovingThings
from vla_ros.safety.obstacle_guard import ObstacleGuard
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.people import People
from vla_ros.safety.plan_guard import PlanGuard
from vla_ros.safety.ramp import TwistRamp
from vla_ros.safety.scan_check import hits
from vla_ros.safety.separation_guard import SeparationGuard
from vla_ros.safety.twist_limit import RawTwist, limited_twist, scaled
from vla_ros.safety.verdict import PASS, Level, Verdict, worst


class Drive:
    """Judges the wished velocity and makes the next output.

    Args:
        params: margins.
        robot: base limits; without a scan among its sensors only people and zones are kept off.
        model: of the robot, or None.
        closed: (n, 2) points of keep-out zones in odom [m].
        separation: speed limits near people.
        surroundings: walls and furniture of the floor plan, in odom.
    """

    def __init__(
        self,
        params: SafetyParams,
        robot: RobotDescription,
        model: RobotModel | None,
        closed: Vector,
        separation: SeparationGuard,
        surroundings: Surroundings = NO_PLAN,
    ) -> None:
        self._params = params
        self._base, self._sees = robot.base, "scan" in robot.sensors
        self._ramp = TwistRamp(robot.base, params.yaw_jerk)
        self.obstacles = ObstacleGuard(params, robot.base, model)
        self._zones = ObstacleGuard(params, robot.base) if len(closed) else None
        if self._zones is not None:
            self._zones.see(closed, Pose2D())
        self._plan = PlanGuard(params, robot.base, model, surroundings) if model is not None else None
        self._measured: Mapping[str, float] = {}
        self._people, self._separation = People(params), separation
        self._tracker = LidarTracker(params, robot.lidar_pose)
        self._legs = LoneLegs(surroundings, params.leg_width_m)
        self._approach = ApproachGuard(params, robot.base)
        self._lidar = robot.lidar_pose
        self._things = MovingThings(params, robot.base, self.obstacles.footprint)
        self.wished = ZERO_TWIST
        """The command that counts, within the robot's limits."""

    @property
    def is_still(self) -> bool:
        """True when nothing is wished and nothing was sent."""
        return self.wished == ZERO_TWIST and self._ramp.is_still

    @property
    def twist(self) -> Twist2D:
        """What was sent last."""
        return self._ramp.twist

    def see_scan(self, scan: LaserScan, pose: Pose2D, now: float) -> None:
        """What stands, and what moves; ``scan`` was found good, ``pose`` is the base's in odom."""
        points = hits(scan, self._lidar)
        self.obstacles.see(points, pose)
        self._tracker.see(scan, points, pose, now)
        self._legs.see(pose.transform(points))
        self._meet_people(now)

    def movers(self, now: float) -> tuple[Mover, ...]:
        """Whoever walks: seen by the lidar or by the camera, perhaps by both."""
        return (*self._tracker.movers(now), *self._people.walking(now))

    def see_scene(self, scene: Scene, now: float) -> None:
        """People and moving things."""
        self._people.see(scene, now)
        self._legs.see_scene(scene)
        self._meet_people(now)
        self._things.see(scene, frozenset(h.id for h in self._people.at(now)))

    def _meet_people(self, now: float) -> None:
        """Tells the guards who stands where: whom perception knows, and whoever may stand on legs that nobody knows."""
        known = self._people.at(now)
        humans = self._separation.humans = (*known, *possible_people(self._legs, known, self._params))
        self.obstacles.see_people(tuple((h.x, h.y, h.radius) for h in humans))

    def judge(self, raw: RawTwist, measured: Mapping[str, float], pose: Pose2D, now: float) -> list[Verdict]:
        """What every rule says of the wish ``raw``."""
        self.wished, clamped = limited_twist(raw, self._base)
        self._meet_people(now)
        movers = self._separation.movers = self.movers(now)
        self._measured = measured
        self.obstacles.see_joints(measured)
        found = [
            clamped,
            self._separation.judge(self.wished, pose, now),
            self._approach.judge(self.wished, pose, self.obstacles.whole, movers, now),
            self._things.judge(self.wished, pose),
        ]
        if self._sees:
            found.append(self.obstacles.judge(self.wished, pose, now))
        if self._plan is not None:
            found.append(self._plan.judge(self.wished, pose, measured, self._separation.ahead(now)))
        if self._zones is not None:
            found.append(_zone(self._zones.judge(self.wished, pose, now)))
        return found

    def step(self, verdict: Verdict, may_move: bool, dt_s: float) -> Twist2D:
        """The next output under the worst verdict."""
        if may_move:
            return self._ramp.step(scaled(self.wished, verdict.scale if verdict.level == Level.SLOW else 1.0), dt_s)
        if verdict.level in (Level.POSTURE, Level.BRAKE):
            return self._ramp.step(ZERO_TWIST, dt_s)
        self._ramp.reset()
        return ZERO_TWIST

    def emergency(self, twist: Twist2D, pose: Pose2D, now: float) -> Verdict:
        """Whether what is about to be sent would hit something; then the ramp stands at once."""
        found = [self.obstacles.emergency(twist, pose, now)] if self._sees else []
        if self._plan is not None:
            found.append(self._plan.emergency(twist, pose, self._measured, self._separation.ahead(now)))
        if self._zones is not None:
            found.append(_zone(self._zones.emergency(twist, pose, now)))
        hit = worst(found)
        if hit.level > Level.PASS:
            self._ramp.reset()
        return hit


def _zone(verdict: Verdict) -> Verdict:
    """The verdict of a guard whose points are the zones'."""
    if verdict.level == Level.PASS:
        return PASS
    text = verdict.text.replace("an obstacle", "a keep-out zone")
    return replace(verdict, cause="keep_out", text=text, object="keep_out")
