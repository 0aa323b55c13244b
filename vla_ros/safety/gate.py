"""The gate: every command passes here last. Inputs are cached, ``tick`` judges them all and makes the output.

All times are seconds of a steady clock, given by the caller. Nothing raises for bad input: it is refused and
named in the status.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vla_ros.core.geometry import ZERO_TWIST, Twist2D
from vla_ros.core.motion import ActionChunk, JointTrajectory
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import Battery, Imu, JointStates, LaserScan, Odometry
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.core.scene import Scene
from vla_ros.core.surroundings import NO_PLAN, Surroundings
from vla_ros.robot.kinematics import RobotModel
from vla_ros.safety.arm_path import ArmPath
from vla_ros.safety.arms import Arms
from vla_ros.safety.chunk_check import ChunkCheck
from vla_ros.safety.command_source import CommandSource
from vla_ros.safety.conditions import Conditions
from vla_ros.safety.drive import Drive
from vla_ros.safety.e_stop import EmergencyStop
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.gripper_check import judge_gripper
from vla_ros.safety.intervention import Intervention, InterventionLog
from vla_ros.safety.monitors import Monitors
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.robot_limits import check_robot
from vla_ros.safety.scan_check import judge_scan
from vla_ros.safety.senses import Senses
from vla_ros.safety.separation_guard import SeparationGuard
from vla_ros.safety.silhouette import Silhouette
from vla_ros.safety.stamps import Stamp, StampCheck
from vla_ros.safety.states import Event, State, next_state
from vla_ros.safety.steady_name import SteadyName
from vla_ros.safety.twist_limit import RawTwist
from vla_ros.safety.verdict import PASS, Level, Verdict, worst
from vla_ros.safety.zones import KeepOut, Zones

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
        model: its kinematics; read from the robot's model file when it is not given.
        zones: where neither base nor arm may go.
        surroundings: walls and furniture of the floor plan, in odom.

    Raises:
        ConfigError: the model is missing, or the robot's limits contradict it.
    """

    def __init__(
        self,
        params: SafetyParams,
        robot: RobotDescription,
        model: RobotModel | None = None,
        zones: Zones | None = None,
        surroundings: Surroundings = NO_PLAN,
    ) -> None:
        self._params, self._robot = params, robot
        if model is None and robot.model:
            model = RobotModel(robot)
        footprint, keep_out = Footprint(robot.base.footprint), KeepOut(zones or Zones())
        silhouette, path = None, None
        if model is not None:
            check_robot(robot, model, params)
            silhouette = Silhouette(model)
            path = ArmPath(params, model, silhouette, keep_out, surroundings)
        self._separation = SeparationGuard(params, robot, footprint, model, silhouette)
        self._drive = Drive(params, robot, model, keep_out.floor_points(math.inf), self._separation, surroundings)
        self._arms = Arms(params, robot, path, self._separation)
        self._senses = Senses(params, robot, self._arms.joints)
        self._monitors = Monitors(params, robot, footprint, model, silhouette)
        self._chunks = ChunkCheck(params, robot, footprint, keep_out, model, path)
        self._source, self._stamps = CommandSource(params), StampCheck(params)
        self._conditions, self._e_stop, self._log = Conditions(), EmergencyStop(), InterventionLog()
        self._name = SteadyName(params.settle_s)
        self.state = State.BOOT
        self._gripper: JointTrajectory | None = None
        self._chunk: tuple[Verdict, float] = (PASS, -math.inf)
        self._fault: Verdict | None = None
        self._notice: tuple[Verdict, float] = (PASS, -math.inf)
        self._ticked_at = -math.inf

    @property
    def teleoperated(self) -> bool:
        """True while a person drives."""
        return self._source.teleoperated

    # ---- commands

    def on_twist(self, raw: RawTwist, now: float, stamp: Stamp | None = None) -> None:
        """Six axes of cmd_vel_raw as they came (linear x y z, angular x y z), finite or not."""
        if self._in_time("cmd_vel_raw", stamp, now):
            self._source.command(raw, now)

    def on_teleop(self, raw: RawTwist, now: float, stamp: Stamp | None = None) -> None:
        """Six axes of a person's command; the first that is not zero takes over from the autonomy."""
        if self._in_time("cmd_vel_teleop", stamp, now):
            self._source.teleop(raw, now)

    def on_trajectory(self, trajectory: JointTrajectory, now: float, stamp: Stamp | None = None) -> None:
        """A whole-group trajectory; goes out with the next tick, or is refused as a whole."""
        if not self._in_time("joint_trajectory_raw", stamp, now):
            return
        verdict = self._joints_verdict(now)
        if verdict.level in (Level.PASS, Level.SLOW):
            senses = self._senses
            verdict = self._arms.take(trajectory, senses.measured, senses.pose, verdict.scale, now)
        if verdict.level > Level.PASS:
            self._notify(verdict, now)

    def on_gripper(self, command: JointTrajectory, now: float, stamp: Stamp | None = None) -> None:
        """A finger command; goes out with the next tick, or is refused."""
        if not self._in_time("gripper_raw", stamp, now):
            return
        verdict = self._joints_verdict(now)
        if verdict.level in (Level.PASS, Level.SLOW):
            verdict = judge_gripper(command, self._robot, self._params)
        if verdict.level > Level.PASS:
            self._notify(verdict, now)
        else:
            self._gripper = command

    def on_chunk(self, chunk: ActionChunk, now: float) -> Verdict:
        """A learned policy's whole chunk, before any of it moves; a bad one stops for as long as it would last."""
        senses = self._senses
        verdict = self._chunks.judge(chunk, senses.measured, senses.pose, self._drive.obstacles.points)
        longest = self._params.max_duration_s
        lasts = len(np.atleast_1d(chunk.actions)) * chunk.dt_s if math.isfinite(chunk.dt_s) else longest
        self._chunk = (verdict, now + min(max(lasts, _NOTICE_S), longest))
        return verdict

    def hand_back(self, now: float) -> tuple[bool, str]:
        """Lets the autonomy drive again after a person did."""
        return self._source.hand_back()

    # ---- sensors

    def on_scan(self, scan: LaserScan, now: float) -> None:
        """A planar scan."""
        if self._senses.health.note("scan", scan.stamp_s, now, judge_scan(scan, self._params)):
            self._drive.see_scan(scan, self._senses.pose, now)

    def on_odometry(self, odometry: Odometry, now: float) -> None:
        """Pose and velocity of the base."""
        self._senses.see_odometry(odometry, now)

    def on_joints(self, joints: JointStates, now: float) -> None:
        """Measured joints; several drivers may each send their own, with stamps of their own."""
        if self._senses.see_joints(joints, now):
            self._monitors.see_joints(joints, self._senses.measured, now)
            self._separation.see_joints(self._senses.measured)

    def on_scene(self, scene: Scene, now: float) -> None:
        """Perceived people become circles to keep away from; a doubtful person is a person."""
        if self._senses.health.note("scene", scene.stamp_s, now):
            self._drive.see_scene(scene, now)

    def on_battery(self, battery: Battery, now: float) -> None:
        """State of charge."""
        self._senses.health.note("battery", battery.stamp_s, now)
        self._monitors.battery.note(battery)

    def on_imu(self, stamp_s: float, now: float, reading: Imu | None = None) -> None:
        """An IMU message was received, with what it measured."""
        if self._senses.health.note("imu", stamp_s, now) and reading is not None:
            self._monitors.tilt.note(reading, now)

    def on_temperature(self, name: str, celsius: float, now: float) -> None:
        """One reading; names of motors begin with "motor"."""
        self._monitors.temperature.note(name, celsius, now)

    def on_contact(self, name: str, pressed: bool, now: float) -> None:
        """A contact switch."""
        self._monitors.bumpers.note(name, pressed, now)

    def on_payload(self, mass_kg: float, now: float) -> None:
        """What the hand holds, when somebody knows."""
        self._separation.carry(mass_kg)

    # ---- around the gate

    def on_heartbeat(self, now: float) -> None:
        """The operator station lives."""
        self._monitors.heartbeat.note(now)

    def on_emergency_stop(self, pressed: bool, now: float) -> None:
        """The emergency_stop topic; true latches at once."""
        self._e_stop.note(pressed)
        if pressed:
            self._go(Event.E_STOP)

    def on_condition(self, cause: str, text: str) -> None:
        """Something around the gate that forbids motion while ``text`` is not empty."""
        self._conditions.note(cause, text)

    def on_publishers(self, topic: str, others: tuple[str, ...], now: float) -> None:
        """Nodes that publish on ``topic`` besides the one that may."""
        self._conditions.publishers(topic, others)

    def on_qos(self, topic: str, text: str) -> None:
        """An incompatible QoS on ``topic``; "" takes it back."""
        self._conditions.qos(topic, text)

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
        forbids = self._forbids(now)
        if forbids:
            return False, f"Not armed: {forbids}"
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
        if not self._source.is_zero(now):
            return False, "Not reset: cmd_vel_raw is not zero; stop the sender's motion first."
        forbids = self._forbids(now)
        if forbids:
            return False, f"Not reset: {forbids}"
        self._e_stop.reset()
        self._go(Event.RESET)
        return True, "Reset. Arm to let commands pass."

    # ---- the tick

    def tick(self, now: float) -> GateOutput:
        """Judges everything at ``now`` and returns what goes to the drivers."""
        dt = min(max(now - self._ticked_at, 1e-4), _LONGEST_STEP_S)
        self._ticked_at = now
        if self.state == State.BOOT and self._senses.health.all_seen():
            self._go(Event.READY)
        if self._monitors.heartbeat.judge(now).level > Level.PASS:
            self._go(Event.DISARM)
        senses, drive = self._senses, self._drive
        along = drive.judge(self._source.raw, senses.measured, senses.pose, now)
        found = [*self._standing(now), *along, self._separation.judge_arm(senses.pose, now)]
        verdict = worst(found)
        self._go(self._event(verdict, now))

        twist = drive.step(verdict, self.state.base_may_move or self.state == State.ARMED, dt)
        hit = drive.emergency(twist, senses.pose, now)
        if hit.level > Level.PASS:
            twist, verdict = ZERO_TWIST, worst([verdict, hit])
            self._go(self._event(verdict, now))
        if verdict.level == Level.PASS and now < self._notice[1]:
            verdict = self._notice[0]
        verdict = self._name.choose(verdict, found, now)
        self._log.state, self._log.source = self.state.public, self._source.name
        self._log.note(verdict, drive.wished, twist, now)
        return self._output(verdict, twist, now)

    def _standing(self, now: float) -> list[Verdict]:
        """What limits base and arm alike, wherever they go."""
        found = [*self._senses.judge(now), *self._conditions.judge(), *self._monitors.judge(now)]
        found.append(self._source.judge(now))
        if self._fault is not None:
            found.append(self._fault)
        if self._e_stop.latched:
            text = "Emergency stop. Release it, then call reset_safety and arm."
            found.append(Verdict(Level.E_STOP, "emergency_stop", text, object="emergency_stop", scale=0.0))
        if not self.state.armed:
            found.append(Verdict(Level.BRAKE, "not_armed", "Not armed. Call the arm service.", scale=0.0))
        if now < self._chunk[1]:
            found.append(self._chunk[0])
        return found

    def _forbids(self, now: float) -> str:
        """Why it cannot be armed or reset right now, "" when nothing is against it."""
        monitors = [v for v in self._monitors.judge(now) if v.level > Level.SLOW]
        found = [*self._senses.judge(now), *self._conditions.judge(), *monitors]
        return " ".join(v.text for v in found)

    def _event(self, verdict: Verdict, now: float) -> Event:
        if verdict.level == Level.FAULT:
            return Event.FAULT
        if verdict.level == Level.E_STOP:
            return Event.E_STOP
        if verdict.level >= Level.POSTURE:
            return Event.HALT
        if verdict.level == Level.BLOCK:
            return Event.BLOCK
        if self._drive.is_still and not self._arms.moving(now):
            return Event.IDLE
        return Event.SLOW if verdict.level == Level.SLOW else Event.MOVE

    def _output(self, verdict: Verdict, twist: Twist2D, now: float) -> GateOutput:
        senses, passing = self._senses, self.state.joints_may_move and not self._source.teleoperated
        trajectories = self._arms.tick(verdict, not passing, senses.measured, senses.pose, now)
        gripper, self._gripper = self._gripper if passing else None, None
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
            nearest_m=self._drive.obstacles.nearest(senses.pose),
            interventions=self._log.count,
        )
        return GateOutput(twist, trajectories, gripper, status, self._log.drain())

    # ---- small parts

    def _go(self, event: Event) -> None:
        self.state = next_state(self.state, event)

    def _in_time(self, topic: str, stamp: Stamp | None, now: float) -> bool:
        """Whether a command's stamp lets it in; else it is refused."""
        verdict = self._stamps.judge(topic, stamp)
        if verdict.level > Level.PASS:
            self._notify(verdict, now)
        return verdict.level == Level.PASS

    def _joints_verdict(self, now: float) -> Verdict:
        """PASS or SLOW when joints may move right now, else the cause."""
        verdict = worst(v for v in self._standing(now) if v.level >= Level.SLOW)
        if verdict.level > Level.SLOW:
            return verdict
        stale = self._senses.joints_verdict(now)
        refusal = self._source.refusal()
        if stale.level > Level.PASS or refusal.level > Level.PASS:
            return worst([stale, refusal])
        return verdict

    def _notify(self, verdict: Verdict, now: float) -> None:
        self._notice = (verdict, now + _NOTICE_S)
        self._log.event(verdict, self._drive.wished, self._drive.twist, now)

    def _latch_text(self) -> str:
        if self._fault is not None:
            return self._fault.text
        return "emergency stop. Release it and call reset_safety first."
