"""The planner: tasks in, motion goals and statuses out. Pure: every call takes ``now`` [s of the node's clock].

The node feeds what arrives and ticks it at 40 Hz; a tick stays within 5 ms. While a motion is wanted every tick
returns its goal: that is the lease by which control moves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from vla_ros.core.catalog import Catalog
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.motion import MotionGoal, MotionStatus
from vla_ros.core.people import People
from vla_ros.core.plan import CommandStatus, Plan
from vla_ros.core.remembered import RememberedObject
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.robot_state import JointStates, Odometry
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.core.scene import Scene
from vla_ros.core.task import IMMEDIATE_SKILLS, Referent, Task
from vla_ros.core.zones import Zones
from vla_ros.planning import recovery
from vla_ros.planning.belief import CLOCK_RESET_S, Belief
from vla_ros.planning.commands import Command, Commands
from vla_ros.planning.context import Context, World
from vla_ros.planning.failure import Failure
from vla_ros.planning.failure_log import FailureRecord
from vla_ros.planning.floor import Floor
from vla_ros.planning.gate_watch import GateWatch
from vla_ros.planning.grounding import Grounding
from vla_ros.planning.params import PlannerParams
from vla_ros.planning.runner import Outcome, Runner
from vla_ros.planning.skills.letting_go import notice_handle
from vla_ros.planning.step import STILL_SKILLS

_STOP_RENEWED_S = 1.0
_LONGEST_TICK_S = 0.5
_USER_RANGE_M = 3.5
_REPEAT_S = 1.0


@dataclass(frozen=True)
class PlannerOutput:
    """One tick's answer: the goal to renew (None = no motion wanted), the plan when it changed, statuses and words."""

    motion_goal: MotionGoal | None
    plan: Plan | None
    statuses: tuple[CommandStatus, ...]
    speech: tuple[str, ...]


class Planner:
    """See the module. Without people the user is whoever stands in front of the robot when a command comes."""

    def __init__(
        self,
        params: PlannerParams,
        floor_plan: FloorPlan,
        catalog: Catalog,
        robot: RobotDescription,
        people: People | None = None,
        zones: Zones | None = None,
    ) -> None:
        belief = Belief(floor_plan)
        grounding = Grounding(belief, catalog, people, params)
        floor = Floor(floor_plan, params.robot_radius_m)
        self.world = World(params, floor_plan, catalog, robot, people, belief, floor, grounding, zones or Zones())
        self.commands = Commands(on_end=self.world.failures.ended)
        self.gate = GateWatch(params.safety_wait_s)
        self._speech: list[str] = []
        self._last_plan: Plan | None = None
        self._ended_plan: Plan | None = None
        self._last_tick: float | None = None
        self._stop_goal: MotionGoal | None = None
        self._stop_until = 0.0

    # -- what arrives

    def observe_scene(self, scene: Scene, now: float) -> None:
        """A new scene."""
        self.world.belief.observe_scene(scene)

    def observe_robot(self, odometry: Odometry | None, joints: JointStates | None, now: float) -> None:
        """New odometry and joint states; None leaves the last."""
        belief = self.world.belief
        belief.odometry = odometry or belief.odometry
        belief.joints = joints or belief.joints

    def observe_motion(self, status: MotionStatus, now: float) -> None:
        """Control's answer."""
        self.world.belief.observe_motion(status, now)

    def know(self, floor_plan: FloorPlan, people: People | None, remembered: Sequence[RememberedObject]) -> None:
        """What was taught and remembered: the same home with further spots, its people, and things where they were
        seen in earlier runs, which say where a search begins and nothing more."""
        world = self.world
        world.plan = world.belief.plan = world.floor.plan = floor_plan
        world.people = world.grounding.people = people
        world.belief.remembered = tuple(remembered)

    def observe_safety(self, status: SafetyStatus, now: float) -> None:
        """The gate's verdict."""
        self.gate.observe(status, now)

    # -- commands

    def submit(self, task: Task, now: float) -> None:
        """A task from language: runs, waits in the queue, answers a question, or acts at once (stop, cancel ...)."""
        if task.kind == "refusal":
            return self._turn_down(task, "refused", task.reason or "I must not do that.")
        if task.kind == "unknown":
            return self._turn_down(task, "not_understood", task.reason or "I did not understand that.")
        if task.kind == "question":
            return self.commands.tell(task, "waiting_for_answer", task.question, task.question)
        if not task.steps:
            return self._turn_down(task, "refused", "There is nothing in it for me to do.")
        first = task.steps[0]
        if first.skill in IMMEDIATE_SKILLS and first.negated:  # "don't go on": nothing changes
            return self.commands.tell(task, "succeeded", f"I will not {first.skill}.")
        if first.skill in IMMEDIATE_SKILLS:
            return self._act_at_once(task, now)
        if task.steps[0].skill == "answer" and self._take_answer(task):
            return None
        known = self.commands.find(task.command_id)
        if known is not None:
            return None
        place = self.world.belief.robot
        command = Command(task, (place.x, place.y, place.theta))
        self._note_user(now)
        if self.commands.current is None:
            return self._start(command, now)
        if self.world.params.when_busy == "refuse":
            doing = self.commands.current.task.text
            return self._turn_down(task, "refused", f'I am busy with "{doing}". Say stop or cancel first.')
        if len(self.commands.waiting) >= self.world.params.queue_length:
            return self._turn_down(task, "refused", "Too many commands are waiting already.")
        self.commands.waiting.append(command)
        before = len(self.commands.waiting)
        return self.commands.tell(task, "queued", f"waiting for {before} command{'s' * (before > 1)} before it")

    def cancel(self, command_id: str, now: float) -> tuple[bool, str]:
        """Ends a command at once; "" means the one under way. (done, words)"""
        command = self.commands.find(command_id) if command_id else self.commands.current
        if command is None:
            return False, f'There is no command "{command_id}" to cancel.' if command_id else "Nothing is running."
        if command is self.commands.current:
            self._halt(now)
        self.commands.finish(command, "cancelled", "Cancelled.")
        return True, f'Cancelled "{command.task.text}".'

    def abort(self, text: str, now: float) -> None:
        """Ends the command under way after a fault of the planner itself; nothing moves on."""
        command = self.commands.current
        if command is None:
            return
        if command.runner is not None:
            command.runner.ctx.active = None
        self._stop_goal = MotionGoal(f"stop@{now:.3f}", "stop", timeout_s=2.0)
        self._stop_until = now + _STOP_RENEWED_S
        self._note_failure(command, "planning", text, now)
        self.commands.finish(command, "failed", f"I had to give up: {text}.", "planning")

    def tick(self, now: float) -> PlannerOutput:
        """One step of everything. Returns the motion goal on every tick on which motion is wanted."""
        elapsed = 0.0 if self._last_tick is None else now - self._last_tick
        if elapsed < -CLOCK_RESET_S:
            self._clock_set_back(now)
        self._last_tick = now
        goal = self._stopping(now)
        if goal is None:
            if self.commands.current is None and self.commands.waiting:
                self._start(self.commands.waiting.popleft(), now)
            if self.commands.current is not None:
                goal = self._run(self.commands.current, now, min(max(elapsed, 0.0), _LONGEST_TICK_S))
        speech = tuple(self._speech)
        self._speech.clear()
        self.commands.repeat(round(_REPEAT_S * self.world.params.rate_hz))
        return PlannerOutput(goal, self._changed_plan(), self.commands.drain(), speech)

    # -- inside

    def _clock_set_back(self, now: float) -> None:
        """A reset simulator, a replayed bag, a corrected clock: later stamps prove nothing any more."""
        self.world.belief.start_anew()
        command = self.commands.current
        if command is not None and command.runner is not None:
            command.runner.ctx.set_back(now)

    def _start(self, command: Command, now: float) -> None:
        self.commands.current = command
        if self.world.belief.lost_grip(now):  # taken out of the hand, or fallen, since the last command
            self.world.belief.drop()
        notice_handle(self.world)
        ctx = Context(self.world, command.id, now=now, asked_from=command.place)
        try:
            command.runner = Runner(command.task, ctx)
        except Failure as failure:
            state = "refused" if failure.refused else "failed"
            text = failure.text[:1].upper() + failure.text[1:].rstrip(".") + "."
            self._speech.append(text)
            self._note_failure(command, "" if failure.refused else failure.kind, failure.text, now)
            return self.commands.finish(command, state, text, "" if failure.refused else failure.kind)
        self.gate.forget()
        return self.commands.tell(command.task, "accepted", command.runner.intention())

    def _run(self, command: Command, now: float, elapsed: float) -> MotionGoal | None:
        runner = command.runner
        assert runner is not None
        ctx = runner.ctx
        if command.paused:
            self.commands.tell(command.task, "paused", "Paused; say resume to go on.")
            return None
        still = runner.step.skill in STILL_SKILLS or bool(ctx.question)
        hold = None if still else self.gate.hold(ctx.active, now)
        if hold is not None and self.gate.expired(now):
            runner.stop()
            text = f"I could not go on for {self.world.params.safety_wait_s:g} seconds: {hold.text}."
            self._note_failure(command, hold.kind, hold.text, now)
            self._finish(command, Outcome("failed", text, hold.kind))
            return None
        if hold is not None and hold.frozen:
            self.commands.tell(command.task, "running", f"waiting: {hold.text}")
            return None
        ctx.now = now
        ctx.clock += 0.0 if hold is not None else elapsed
        outcome = runner.tick()
        self._speech += ctx.speech
        ctx.speech.clear()
        if outcome is not None:
            runner.stop()
            self._finish(command, outcome)
            return None
        if ctx.question:
            self.commands.tell(command.task, "waiting_for_answer", ctx.question, ctx.question)
        else:
            waiting = f"waiting: {hold.text}" if hold is not None else runner.activity()
            self.commands.tell(command.task, "running", waiting)
        return ctx.active

    def _note_failure(self, command: Command, kind: str, cause: str, now: float) -> None:
        """A failure that no strategy answers, of the command as a whole."""
        step = command.runner.step if command.runner is not None else None
        skill, words, tries = (step.skill, step.words, step.attempts) if step else ("", command.task.text, 0)
        self.world.failures.note(FailureRecord(now, command.id, skill, words, kind, cause, tries, recovery.GIVE_UP))

    def _finish(self, command: Command, outcome: Outcome) -> None:
        if outcome.state != "succeeded":
            self._speech.append(outcome.text)
        self._ended_plan = command.runner.plan() if command.runner else None
        self.world.deeds.end(command.id, outcome.state == "succeeded")
        self.commands.finish(command, outcome.state, outcome.text, outcome.failure)

    def _changed_plan(self) -> Plan | None:
        """The plan of the command under way (or just ended) when it differs from the last one returned."""
        command = self.commands.current
        plan = self._ended_plan
        self._ended_plan = None
        if plan is None and command is not None and command.runner is not None:
            plan = command.runner.plan()
        if plan is None or plan == self._last_plan:
            return None
        self._last_plan = plan
        return plan

    def _turn_down(self, task: Task, state: str, text: str) -> None:
        self._speech.append(text)
        self.commands.tell(task, state, text)

    def _act_at_once(self, task: Task, now: float) -> None:
        """stop, cancel, pause and resume; what follows in the same sentence is a command after it."""
        skill, current = task.steps[0].skill, self.commands.current
        text = {"pause": "Paused.", "resume": "Going on.", "cancel": "Cancelled.", "stop": "Stopped."}[skill]
        if skill in ("stop", "cancel"):
            self._halt(now)
            ended = [c for c in (current, *self.commands.waiting) if c is not None]
            for command in ended if skill == "stop" else ended[:1]:
                self.commands.finish(command, "cancelled", "Stopped by the user." if skill == "stop" else "Cancelled.")
        elif current is None or current.paused == (skill == "pause"):
            text = "There is nothing to pause." if skill == "pause" else "There is nothing to resume."
        else:
            current.paused = skill == "pause"
            self.gate.forget()
        rest = task.steps[1:]
        if rest:
            return self.submit(replace(task, steps=tuple(replace(s, after=()) for s in rest)), now)
        self._speech.append(text)
        return self.commands.tell(task, "succeeded", text)

    def _take_answer(self, task: Task) -> bool:
        """Hands an answer to the question that waits for it; False when nothing was asked."""
        current = self.commands.current
        if current is None or current.runner is None or not current.runner.ctx.question:
            return False
        current.runner.ctx.answer = task.steps[0]
        self.commands.tell(current.task, "running", "I have heard your answer.")  # makes the next question news
        return True

    def _halt(self, now: float) -> None:
        """Stops the running script and asks control to stop for a moment."""
        current = self.commands.current
        if current is not None and current.runner is not None:
            current.runner.stop()
        self._stop_goal = MotionGoal(f"stop@{now:.3f}", "stop", timeout_s=2.0)
        self._stop_until = now + _STOP_RENEWED_S

    def _stopping(self, now: float) -> MotionGoal | None:
        """The stop goal while control has not confirmed it, at most a second."""
        goal = self._stop_goal
        if goal is None:
            return None
        status = self.world.belief.motion_of(goal.goal_id)
        if now >= self._stop_until or now < self._stop_until - 2 * _STOP_RENEWED_S or (status and status.is_end):
            self._stop_goal = None
            return None
        return goal

    def _note_user(self, now: float) -> None:
        """Remembers where the user stands: by the shirt, else the nearest person in front."""
        belief, robot = self.world.belief, self.world.belief.robot
        known = Referent("user")
        people = [t for t in belief.present() if t.category == "person" and now - t.last_seen_s < 5.0]
        if self.world.grounding.shirt_of(known):
            people = [t for t in people if self.world.grounding.fit(known, t) > 0]
        else:
            people = [t for t in people if self._in_front(t.pose.position[0] - robot.x, t.pose.position[1] - robot.y)]
        if people:
            x, y, _ = min(people, key=belief.distance_to).pose.position
            belief.user_point = (x, y)

    def _in_front(self, x: float, y: float) -> bool:
        bearing = math.remainder(math.atan2(y, x) - self.world.belief.robot.theta, 2 * math.pi)
        return abs(bearing) < 1.1 and math.hypot(x, y) < _USER_RANGE_M
