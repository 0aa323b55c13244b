"""Runs one command: makes its plan, ticks the tree, mends the plan when a step cannot be mended, tells the end."""

from __future__ import annotations

from dataclasses import dataclass

from py_trees.common import Status

from vla_ros.core.plan import Plan
from vla_ros.core.task import Task
from vla_ros.planning import describe, recovery, rules, tree
from vla_ros.planning.context import Context
from vla_ros.planning.expand import Expander
from vla_ros.planning.failure import Failure
from vla_ros.planning.failure_log import FailureRecord
from vla_ros.planning.skills.finding import matches
from vla_ros.planning.step import Step


@dataclass(frozen=True)
class Outcome:
    """How a command ended: state of core.plan.COMMAND_STATES, words, and the failure's kind."""

    state: str
    text: str
    failure: str = ""


class Runner:
    """One command under way. Raises Failure (refused) from the constructor for what must not even begin."""

    def __init__(self, task: Task, ctx: Context) -> None:
        self.task = task
        self.ctx = ctx
        self.expander = Expander(ctx)
        self.steps = self.expander.steps(task)
        if not self.steps:
            raise Failure("planning", "there is nothing in it for me to do", refused=True)
        ctx.confidence, ctx.intention = task.confidence, self.intention()
        self._check_rules()
        self.replans = 0
        self._root = tree.build(self.steps, ctx, self._answer)

    @property
    def index(self) -> int:
        """Index of the step under way."""
        return min(self._current(), len(self.steps) - 1)

    @property
    def step(self) -> Step:
        """The step under way."""
        return self.steps[self.index]

    def plan(self) -> Plan:
        """The plan as it is published."""
        return Plan(self.ctx.command_id, tuple(s.as_plan_step() for s in self.steps), self.index)

    def tick(self) -> Outcome | None:
        """One tick of the tree; the outcome when the command has ended."""
        self.ctx.manner = self.task.steps[self.step.task_index].manner
        self._root.tick_once()
        if self._root.status == Status.FAILURE:
            return self._mend()
        if self._current() >= len(self.steps):
            return Outcome("succeeded", self._success_text())
        return None

    def stop(self) -> None:
        """Ends every script at once."""
        self._root.stop(Status.INVALID)
        self.ctx.active = None

    def intention(self) -> str:
        """What was asked for, as a promise: "I will go to the kitchen and hand you the red cup." """
        asked = {step.task_index: step for step in self.steps}  # the last step of each part is what it asks for
        parts: list[str] = []
        last = None
        for step in asked.values():
            words = step.words
            if step.target is not None and step.target is last:
                words = describe.with_it(words, step.target.words(), step.target.short())
            parts.append(words)
            last = step.target
        return f"I will {describe.listing(dict.fromkeys(parts))}."

    def activity(self) -> str:
        """What it does now, in words."""
        again = f" (try {self.step.attempts})" if self.step.attempts > 1 else ""
        slowly = f" (slowly: {self.ctx.caution})" if self.ctx.caution else ""
        return f"step {self.index + 1} of {len(self.steps)}: {self.ctx.note or self.step.words}{again}{slowly}"

    def _check_rules(self) -> None:
        """Refuses before the first motion what the words alone tell: nothing is carried half the way for nothing."""
        for step in self.steps:
            for found in rules.objections(step, self.ctx):
                if found.reaction == "refuse":
                    raise Failure("planning", found.words(), refused=True)

    # -- mending

    def _current(self) -> int:
        done = ("succeeded", "skipped")
        return next((i for i, s in enumerate(self.steps) if s.state not in done), len(self.steps))

    def _decide(self, step: Step, failure: Failure) -> str:
        return recovery.decide(step, failure, self.replans, self._others(step), self.ctx.params)

    def _answer(self, step: Step, failure: Failure) -> str:
        """The decision about one failed attempt, kept with its cause."""
        decision = self._decide(step, failure)
        ctx, kind = self.ctx, "" if failure.refused else failure.kind
        ctx.world.failures.note(
            FailureRecord(ctx.now, ctx.command_id, step.skill, step.words, kind, failure.text, step.attempts, decision)
        )
        return decision

    def _others(self, step: Step) -> int:
        """How many other known things fit the target of a step."""
        target = step.target
        if target is None or target.is_person or target.place is not None or target.chosen_by_user:
            return 0
        return sum(m.thing.id != target.bound_id for m in matches(self.ctx, target))

    def _mend(self) -> Outcome | None:
        """After a failed tree: the plan with what is missing, or with the next candidate; else the end."""
        index = self._current()
        step = self.steps[index]
        failure = step.failure
        assert failure is not None
        decision = self._decide(step, failure)
        if decision == recovery.RETRY:
            decision = recovery.GIVE_UP
        if decision == recovery.GIVE_UP:
            return self._end(step, failure)
        self.replans += 1
        self.ctx.note = ""
        try:
            if failure.change:
                added = self.expander.instead(step, failure.change)
                self.steps.remove(step)
            elif decision == recovery.ALTERNATIVE and step.target is not None:
                step.target.give_up()
                fact = next(f for f in step.preconditions if f.predicate == "located")
                added = self.expander.achieve(fact, step.task_index)
            else:
                assert failure.unmet is not None
                added = self.expander.achieve(failure.unmet, step.task_index)
        except Failure as problem:
            return self._end(step, problem)
        if not added:
            return self._end(step, failure)
        step.state, step.attempts = "pending", 0
        self.steps[index:index] = added
        self._rebuild()
        return None

    def _rebuild(self) -> None:
        self._root.stop(Status.INVALID)
        self._root = tree.build(self.steps[self._current() :], self.ctx, self._answer)

    def _end(self, step: Step, failure: Failure) -> Outcome | None:
        if step.piece > 0 and step.skill == "find" and failure.final:
            for other in self.steps:  # no more of them: what was asked for all is done
                if other.task_index == step.task_index and other.state not in ("succeeded", "skipped"):
                    other.state = "skipped"
            self._rebuild()
            return None
        step.state = "failed"
        text = recovery.final_text(step, failure)
        if self.ctx.avoided and failure.text != self.ctx.avoided:
            text += f" I left one: {self.ctx.avoided}."
        return Outcome("refused", text) if failure.refused else Outcome("failed", text, failure.kind)

    def _success_text(self) -> str:
        results = list(dict.fromkeys(self.ctx.results))
        return results[-1] if results else "Done."
