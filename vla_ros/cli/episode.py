"""One command, start to finish, through the real nodes in the simulated home; scored by the simulator's truth.

The demo and `python -m benchmarks.home` run nothing else than this.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vla_ros.cli.film import Caption, Film, compose, save_png
from vla_ros.core.plan import CommandStatus
from vla_ros.ros.operator import NoAnswerError, Operator
from vla_ros.ros.witness import Witness
from vla_ros.sim.predicates import Story, holds
from vla_ros.sim.scenario import Scenario

Goal = tuple[Any, ...]
_FILM_PERIOD_S = 0.25
_FILM_SPEEDUP = 2.0
_DISCOVERY_S = 20.0
_ENDS = {
    "success": ("succeeded",),
    "refusal": ("refused", "not_understood"),
    "question": ("waiting_for_answer",),
    "failure": ("failed",),
    "cancelled": ("cancelled",),
}


@dataclass
class Report:
    """What happened. ``success`` means: it ended as expected and every goal holds in ground truth."""

    id: str
    command: str
    seed: int
    expect: str
    success: bool = False
    state: str = ""
    message: str = ""
    question: str = ""
    failure: str = ""
    goals: list[dict[str, Any]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    duration_s: float = 0.0
    sim_time_s: float = 0.0
    real_time_factor: float = 0.0
    safety_violations: int = 0
    collisions: list[dict[str, Any]] = field(default_factory=list)
    stops: dict[str, int] = field(default_factory=dict)
    """How often the gate named each cause."""

    def write(self, path: Path) -> None:
        """As JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


class Episode:
    """Runs one scenario on a robot that is already up in this process's ROS domain.

    Args:
        scenario: command, replies, goals and limits.
        judge: makes goals from the simulator's object names for a scenario that sets none; one of each inner
            list must hold.
        folder: where film and picture go; None = none are made.
        on_news: called with one line of text whenever there is something new to tell.
    """

    def __init__(
        self,
        scenario: Scenario,
        folder: Path | None = None,
        on_news: Callable[[str], None] = lambda _: None,
        judge: Callable[[list[str]], list[list[Goal]]] = lambda _: [],
    ) -> None:
        self.scenario = scenario
        self._judge = judge
        self.report = Report(scenario.id, scenario.command, scenario.seed, scenario.expect)
        self._folder = folder
        self._on_news = on_news
        self._told: set[str] = set()
        self._start_s = time.monotonic()
        self._cause = ""

    def run(self) -> Report:
        """Arms, commands, follows, scores. Raises NoAnswerError when the robot does not come up."""
        with Operator(with_scene=self._folder is not None) as operator:
            witness = Witness(operator.node, with_pictures=self._folder is not None)
            operator.on_change = lambda: self._tell(operator)
            operator.arm(timeout_s=90.0)
            if not operator.wait_until(lambda: bool(witness.truth), 30.0):
                raise NoAnswerError("no ground truth from the simulator within 30 s")
            before = dict(witness.truth)
            self._start_s = time.monotonic()
            filming = threading.Event()
            camera = threading.Thread(target=self._film, args=(operator, witness, filming), daemon=True)
            if self._folder is not None:
                camera.start()
            try:
                self._command(operator)
                time.sleep(1.0)  # what was put down comes to rest
                self._score(operator, witness, before)
            finally:
                filming.set()
                if camera.is_alive():
                    camera.join(timeout=30)
        return self.report

    def _command(self, operator: Operator) -> None:
        report, scenario = self.report, self.scenario
        answer = self._say(operator, scenario.command)
        report.state, report.message, report.question = answer.state, answer.message, answer.question
        self._on_news(f"answer: {answer.message}")
        if not answer.success:
            if answer.question and not answer.state:
                report.state = "waiting_for_answer"
            return
        status = self._follow(operator, answer.command_id)
        if status is None:
            report.state, report.message = "failed", "the planner never reported on the command"
            report.failure = "communication"
            return
        report.state, report.message, report.failure = status.state, status.text, status.failure
        report.question = status.question
        if not status.is_terminal and status.state != "waiting_for_answer":
            report.state, report.failure = "timed_out", "execution"
            operator.cancel(answer.command_id)

    @staticmethod
    def _say(operator: Operator, text: str) -> Any:
        """Says it, again while the nodes have not found each other yet."""
        deadline = time.monotonic() + _DISCOVERY_S
        while True:
            answer = operator.say(text)
            alone = answer.state == "failed" and "planner_node" in answer.message
            if not alone or time.monotonic() > deadline:
                return answer
            time.sleep(0.5)

    def _follow(self, operator: Operator, command_id: str) -> CommandStatus | None:
        limit = self.scenario.time_limit_s * 1.5  # the limit is of simulated time, which may run slower
        if self.scenario.cancel_after_s > 0:
            operator.follow(command_id, self.scenario.replies, self.scenario.cancel_after_s)
            self._on_news("cancelling")
            operator.cancel(command_id)
            limit = 15.0
        return operator.follow(command_id, self.scenario.replies, limit)

    def _score(self, operator: Operator, witness: Witness, before: dict[str, Any]) -> None:
        report, truth = self.report, witness.truth
        report.duration_s = round(time.monotonic() - self._start_s, 1)
        report.sim_time_s = round(truth["time_s"] - before["time_s"], 1)
        report.real_time_factor = round(witness.real_time_factor, 3)
        report.said = list(operator.speech)
        words = [*operator.speech, report.message, report.question]
        story = Story(before=before, after=truth, said=tuple(words))
        goals = [[goal] for goal in self.scenario.goal] or self._judge(list(truth["objects"]))
        report.goals = [
            {"goal": [list(g) for g in any_of], "holds": any(holds(g, story) for g in any_of)} for any_of in goals
        ]
        report.collisions = list(truth["collisions"])[len(before["collisions"]) :]
        report.safety_violations = len(report.collisions)
        if operator.plan is not None:
            report.steps = [
                {"skill": s.skill, "target": s.target, "text": s.description, "state": s.state, "attempts": s.attempts}
                for s in operator.plan.steps
            ]
        as_expected = report.state in _ENDS[report.expect]
        judged = bool(report.goals) or report.expect != "success"  # the robot's own word is no proof
        report.success = as_expected and judged and all(goal["holds"] for goal in report.goals)
        if not judged:
            self._on_news("no goal follows from this sentence: give a scenario with goals (--scenario) to judge it")

    def _tell(self, operator: Operator) -> None:
        safety = operator.safety
        if safety is not None and safety.cause != self._cause:
            self._cause = safety.cause
            if safety.cause:
                self.report.stops[safety.cause] = self.report.stops.get(safety.cause, 0) + 1
        for status in operator.statuses[-3:]:
            line = f"{status.state}: {status.text or status.question}"
            if status.steps:
                line = f"[{status.step_index + 1}/{status.steps}] {line}"
            key = f"{status.command_id} {line}"
            if key not in self._told:
                self._told.add(key)
                self._on_news(line)
        for i, words in enumerate(operator.speech):
            if f"say {i}" not in self._told:
                self._told.add(f"say {i}")
                self._on_news(f"says: “{words}”")

    def _film(self, operator: Operator, witness: Witness, stop: threading.Event) -> None:
        assert self._folder is not None
        frame: np.ndarray | None = None
        with Film(self._folder / "demo.mp4", _FILM_SPEEDUP / _FILM_PERIOD_S) as film:
            while True:
                last = stop.is_set()
                frame = compose(witness.view, witness.overview, self._caption(operator))
                film.add(frame)
                if last:
                    break
                stop.wait(_FILM_PERIOD_S)
        save_png(self._folder / "final.png", frame)

    def _caption(self, operator: Operator) -> Caption:
        plan, safety, scene = operator.plan, operator.safety, operator.scene
        seen = [o for o in scene.objects if o.visible] if scene else []
        status = operator.statuses[-1] if operator.statuses else None
        return Caption(
            command=self.scenario.command,
            time_s=time.monotonic() - self._start_s,
            steps=[(s.state, s.description) for s in plan.steps] if plan else [],
            status=(status.text or status.question) if status else "",
            safety_state=safety.state if safety else "",
            safety_text=safety.text if safety else "",
            sees=", ".join(f"{o.color} {o.category or 'thing'}" for o in seen),
            said=operator.speech[-1] if operator.speech else "",
        )
