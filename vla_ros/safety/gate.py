"""The gate: every command passes here last. Inputs are cached, ``tick`` judges them all and makes the output.

All times are seconds of a steady clock, given by the caller. Nothing raises for bad input: it is refused and
named in the status.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from vla_ros.core.geometry import ZERO_TWIST, Pose2D, Twist2D
from vla_ros.core.joint_memory import JointMemory
from vla_ros.core.motion import JointTrajectory
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import Battery, JointStates, LaserScan, Odometry
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.core.scene import Scene
from vla_ros.robot.kinematics import RobotModel
from vla_ros.safety.e_stop import EmergencyStop
from vla_ros.safety.gripper_check import judge_gripper
from vla_ros.safety.intervention import Intervention, InterventionLog
from vla_ros.safety.joint_hold import JointHold
from vla_ros.safety.obstacle_guard import ObstacleGuard
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.ramp import TwistRamp
from vla_ros.safety.scan_check import hits, judge_scan
from vla_ros.safety.sensor_health import SensorHealth
from vla_ros.safety.states import Event, State, next_state
from vla_ros.safety.trajectory_check import TrajectoryCheck, group_of
from vla_ros.safety.twist_limit import RawTwist, limited_twist, scaled
from vla_ros.safety.verdict import PASS, Level, Verdict, worst

_NOTICE_S = 1.0
_LONGEST_STEP_S = 0.04


@dataclass(frozen=True, slots=True)
class GateOutput:
    """What goes out after one tick: ``twist`` always; trajectories and gripper only when there is something."""

    twist: Twist2D
    trajectories: tuple[JointTrajectory, ...]
    gripper: JointTrajectory | None
    status: SafetyStatus
    records: tuple[Intervention, ...] = ()


class Gate:
    """Last stage before the drivers. Starts stopped; :meth:`arm` is explicit.

    Args:
        params: time-outs, margins, tolerances.
        robot: limits, groups, footprint, required sensors.
    """

    def __init__(self, params: SafetyParams, robot: RobotDescription) -> None:
        self._params, self._robot = params, robot
        self._health = SensorHealth(robot.sensors, params)
        self._ramp = TwistRamp(robot.base, params.yaw_jerk)
        self._guard = ObstacleGuard(params, robot.base, RobotModel(robot) if robot.model else None)
        self._check = TrajectoryCheck(params, robot)
        self._hold = JointHold(params, self._check.groups)
        self._e_stop = EmergencyStop()
        self._log = InterventionLog()
        self._joints = tuple(j for g in self._check.groups for j in g.names)
        self.state = State.BOOT
        self._raw: RawTwist = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        self._raw_at = -math.inf
        self._pose = Pose2D()
        self._measured = JointMemory()
        self._trajectories: list[JointTrajectory] = []
        self._gripper: JointTrajectory | None = None
        self._conditions: dict[str, Verdict] = {}
        self._fault: Verdict | None = None
        self._notice: tuple[Verdict, float] = (PASS, -math.inf)
        self._wished = ZERO_TWIST
        self._ticked_at = -math.inf

    # ---- inputs

    def on_twist(self, raw: RawTwist, now: float) -> None:
        """Six axes of cmd_vel_raw as they came (linear x y z, angular x y z), finite or not."""
        self._raw, self._raw_at = raw, now

    def on_trajectory(self, trajectory: JointTrajectory, now: float) -> None:
        """A whole-group trajectory; goes out with the next tick, or is refused as a whole."""
        verdict = self._joints_verdict(now)
        if verdict.level == Level.PASS:
            verdict = self._check.judge(trajectory, self._measured.positions)
        group = group_of(trajectory, self._check.groups)
        if verdict.level > Level.PASS:
            self._refuse(verdict, now)
            if group is not None and verdict.cause.startswith("trajectory_"):
                self._hold.hold_alone(group.name, now)
        elif group is not None:
            self._trajectories.append(trajectory)
            self._hold.passed(group.name, trajectory, now)

    def on_gripper(self, command: JointTrajectory, now: float) -> None:
        """A finger command; goes out with the next tick, or is refused."""
        verdict = self._joints_verdict(now)
        if verdict.level == Level.PASS:
            verdict = judge_gripper(command, self._robot, self._params)
        if verdict.level > Level.PASS:
            self._refuse(verdict, now)
        else:
            self._gripper = command

    def on_scan(self, scan: LaserScan, now: float) -> None:
        """A planar scan."""
        if self._health.note("scan", scan.stamp_s, now, judge_scan(scan, self._params)):
            self._guard.see(hits(scan, self._robot.lidar_pose), self._pose)

    def on_odometry(self, odometry: Odometry, now: float) -> None:
        """Pose and velocity of the base."""
        pose, twist = odometry.pose, odometry.twist
        if not all(map(math.isfinite, (pose.x, pose.y, pose.theta, twist.vx, twist.vy, twist.wz))):
            self._health.note("odom", odometry.stamp_s, now, _broken("odom", "holds a number that is not finite"))
        elif self._health.note("odom", odometry.stamp_s, now):
            self._pose = pose

    def on_joints(self, joints: JointStates, now: float) -> None:
        """Measured joints; several drivers may each send their own, with stamps of their own."""
        if not all(map(math.isfinite, joints.positions.positions)):
            broken = _broken("joint_states", "hold a number that is not finite")
            self._health.note("joint_states", joints.stamp_s, now, broken)
        else:
            self._health.note("joint_states", joints.stamp_s, now, frozen=not self._measured.note(joints, now))

    def on_scene(self, scene: Scene, now: float) -> None:
        """Perceived people become circles to keep away from; a doubtful person is a person. Whoever has been out of
        sight for ``person_memory_s`` has walked on; the scan still sees the legs of those who have not."""
        self._health.note("scene", scene.stamp_s, now)
        oldest = scene.stamp_s - self._params.person_memory_s
        lately = [o for o in scene.objects if o.visible or o.last_seen_s >= oldest]
        people = [o for o in lately if o.shape == "person" or o.score_of("person") > 0.0]
        circles = [(o.pose.position[0], o.pose.position[1], max(0.15, max(o.size[:2]) / 2)) for o in people]
        self._guard.see_people(tuple(c for c in circles if all(map(math.isfinite, c))))

    def on_battery(self, battery: Battery, now: float) -> None:
        """State of charge."""
        self._health.note("battery", battery.stamp_s, now)

    def on_imu(self, stamp_s: float, now: float) -> None:
        """An IMU message was received."""
        self._health.note("imu", stamp_s, now)

    def on_emergency_stop(self, pressed: bool, now: float) -> None:
        """The emergency_stop topic; true latches at once."""
        self._e_stop.note(pressed)
        if pressed:
            self._go(Event.E_STOP)

    def on_condition(self, cause: str, text: str) -> None:
        """Something around the gate that forbids motion while ``text`` is not empty (a second publisher …)."""
        if text:
            self._conditions[cause] = Verdict(Level.HALT, cause, text, object=cause, scale=0.0)
        else:
            self._conditions.pop(cause, None)

    def on_exception(self, source: str, error: BaseException) -> None:
        """An unexpected error in the gate or its node: stops until it is started anew."""
        text = f"Internal error in {source}: {type(error).__name__}: {error}. Restart safety_node."
        self._fault = Verdict(Level.FAULT, "internal_error", text[:300], object=source, scale=0.0)
        self._go(Event.FAULT)

    # ---- services

    def arm(self, now: float) -> tuple[bool, str]:
        """Lets commands pass from now on; refused with the reason while something forbids it."""
        if self.state.armed:
            return True, "Already armed."
        if self.state in (State.E_STOPPED, State.FAULTED):
            return False, f"Not armed: {self._latch_text()}"
        forbids = [*self._sensors(now), *self._conditions.values()]
        if forbids:
            return False, "Not armed: " + " ".join(v.text for v in forbids)
        self._go(Event.READY)
        self._go(Event.ARM)
        return True, "Armed: commands pass."

    def disarm(self, now: float) -> tuple[bool, str]:
        """Brakes and holds; commands no longer pass."""
        self._go(Event.DISARM)
        return True, "Disarmed."

    def reset(self, now: float) -> tuple[bool, str]:
        """Ends an emergency stop (disarmed afterwards): needs a release, a zero command and healthy sensors."""
        if self.state == State.FAULTED:
            return False, f"Not reset: {self._latch_text()}"
        if self.state != State.E_STOPPED:
            return True, "No emergency stop is latched."
        released, text = self._e_stop.may_reset()
        if not released:
            return False, f"Not reset: {text}"
        if now - self._raw_at <= self._params.command_timeout_s and any(v != 0.0 for v in self._raw):
            return False, "Not reset: cmd_vel_raw is not zero; stop the sender's motion first."
        forbids = [*self._sensors(now), *self._conditions.values()]
        if forbids:
            return False, "Not reset: " + " ".join(v.text for v in forbids)
        self._e_stop.reset()
        self._go(Event.RESET)
        return True, "Reset. Arm to let commands pass."

    # ---- the tick

    def tick(self, now: float) -> GateOutput:
        """Judges everything at ``now`` and returns what goes to the drivers."""
        dt = min(max(now - self._ticked_at, 1e-4), _LONGEST_STEP_S)
        self._ticked_at = now
        if self.state == State.BOOT and self._health.all_seen():
            self._go(Event.READY)
        self._wished, clamped = limited_twist(self._raw, self._robot.base)
        self._guard.see_joints(self._measured.positions)
        verdict = worst([*self._standing(now), clamped, self._guard_verdict(now)])
        self._go(self._event(verdict, now))

        twist = self._base(verdict, dt)
        hit = self._guard.emergency(twist, self._pose, now) if "scan" in self._robot.sensors else PASS
        if hit.level > Level.PASS:
            self._ramp.reset()
            twist, verdict = ZERO_TWIST, worst([verdict, hit])
            self._go(self._event(verdict, now))
        if verdict.level == Level.PASS and now < self._notice[1]:
            verdict = self._notice[0]
        self._log.note(verdict, self._wished, twist, now)
        return self._output(verdict, twist, now)

    def _standing(self, now: float) -> list[Verdict]:
        """Causes to stand still that have nothing to do with where the base goes."""
        found = [*self._sensors(now), *self._conditions.values()]
        if self._fault is not None:
            found.append(self._fault)
        if self._e_stop.latched:
            text = "Emergency stop. Release it, then call reset_safety and arm."
            found.append(Verdict(Level.E_STOP, "emergency_stop", text, object="emergency_stop", scale=0.0))
        if not self.state.armed:
            found.append(Verdict(Level.BRAKE, "not_armed", "Not armed. Call the arm service.", scale=0.0))
        age, limit = now - self._raw_at, self._params.command_timeout_s
        if not age <= limit:
            silence = f"is silent for {age:.2f} s" if math.isfinite(age) else "was never received"
            text = f"cmd_vel_raw {silence} (limit {limit:g} s)."
            finite_age = age if math.isfinite(age) else 0.0
            found.append(Verdict(Level.BRAKE, "command_timeout", text, finite_age, limit, "cmd_vel_raw", 0.0))
        return found

    def _guard_verdict(self, now: float) -> Verdict:
        return self._guard.judge(self._wished, self._pose, now) if "scan" in self._robot.sensors else PASS

    def _event(self, verdict: Verdict, now: float) -> Event:
        if verdict.level >= Level.FAULT:
            return Event.FAULT
        if verdict.level == Level.E_STOP:
            return Event.E_STOP
        if verdict.level >= Level.BRAKE:
            return Event.HALT
        if verdict.level == Level.BLOCK:
            return Event.BLOCK
        if self._wished == ZERO_TWIST and self._ramp.is_still and not self._hold.moving(now):
            return Event.IDLE
        return Event.SLOW if verdict.level == Level.SLOW else Event.MOVE

    def _base(self, verdict: Verdict, dt: float) -> Twist2D:
        if self.state.base_may_move or self.state == State.ARMED:
            scale = verdict.scale if verdict.level == Level.SLOW else 1.0
            return self._ramp.step(scaled(self._wished, scale), dt)
        if verdict.level == Level.BRAKE:
            return self._ramp.step(ZERO_TWIST, dt)
        self._ramp.reset()
        return ZERO_TWIST

    def _output(self, verdict: Verdict, twist: Twist2D, now: float) -> GateOutput:
        passing = self.state.joints_may_move
        trajectories = tuple(self._trajectories) if passing else ()
        gripper = self._gripper if passing else None
        self._trajectories, self._gripper = [], None
        holds = self._hold.tick(not passing, self._measured.positions, now)
        status = SafetyStatus(
            stamp_s=0.0,
            state=self.state.public,
            armed=self.state.armed,
            e_stopped=self._e_stop.latched,
            cause=verdict.cause,
            text=verdict.text,
            value=verdict.value,
            limit=verdict.limit,
            limiting_object=verdict.object,
            speed_scale=verdict.scale if verdict.level >= Level.SLOW else 1.0,
            nearest_m=self._guard.nearest(self._pose),
            interventions=self._log.count,
        )
        return GateOutput(twist, (*trajectories, *holds), gripper, status, self._log.drain())

    # ---- small parts

    def _sensors(self, now: float) -> list[Verdict]:
        """Verdicts on the inputs; a joint whose driver is silent is named though others go on."""
        found = self._health.judge(now)
        if "joint_states" in self._robot.sensors and not any(v.object == "joint_states" for v in found):
            age = self._params.joint_states_timeout_s
            stale = self._measured.stale(self._joints, now, age)
            if stale:
                never = math.isinf(self._measured.oldest(self._joints, now)[1])
                cause = "joint_states_missing" if never else "joint_states_stale"
                found.append(Verdict(Level.BRAKE, cause, f"{stale}.", object="joint_states", limit=age, scale=0.0))
        return found

    def _go(self, event: Event) -> None:
        self.state = next_state(self.state, event)

    def _joints_verdict(self, now: float) -> Verdict:
        """PASS when joints may move right now, else the cause."""
        verdict = worst(self._standing(now))
        if verdict.level >= Level.BRAKE:
            return verdict
        stale = self._measured.stale(self._joints, now, self._params.joint_states_timeout_s)
        return (
            Verdict(Level.BRAKE, "joint_states_stale", f"{stale}.", object="joint_states", scale=0.0) if stale else PASS
        )

    def _refuse(self, verdict: Verdict, now: float) -> None:
        self._notice = (verdict, now + _NOTICE_S)
        self._log.event(verdict, self._wished, self._ramp.twist, now)

    def _latch_text(self) -> str:
        if self._fault is not None:
            return self._fault.text
        return "emergency stop. Release it and call reset_safety first."


def _broken(sensor: str, why: str) -> Verdict:
    return Verdict(Level.BRAKE, f"{sensor}_invalid", f"{sensor} {why}.", object=sensor, scale=0.0)
