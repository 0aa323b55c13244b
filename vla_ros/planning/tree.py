"""The plan as a py_trees behaviour tree on the command's own clock, without a blackboard.

A step is Recover(Sequence[Check preconditions, Check rules, TimeLimit(Sequence[Run the script, Check effects])]);
the plan is a Sequence of steps. Waiting for a yes wears out no step's time. Every behaviour reads the Context that
the planner's callbacks have filled.
"""

from __future__ import annotations

from collections.abc import Callable

from py_trees.behaviour import Behaviour
from py_trees.common import Status
from py_trees.composites import Sequence
from py_trees.decorators import Decorator

from vla_ros.planning import recovery, rules
from vla_ros.planning.answers import agrees
from vla_ros.planning.checks import unmet
from vla_ros.planning.choice import any_will_do
from vla_ros.planning.context import Context, Script, ask
from vla_ros.planning.facts import Fact
from vla_ros.planning.failure import Failure
from vla_ros.planning.skills.letting_go import let_go_of_handle
from vla_ros.planning.step import STILL_SKILLS, Step

_EFFECT_PATIENCE_S = 2.0
_BACK_OFF_S = 0.5


class CheckPreconditions(Behaviour):
    """Succeeds when every precondition is perceived to hold; else notes the first that does not."""

    def __init__(self, step: Step, ctx: Context) -> None:
        super().__init__(f"before {step.words}")
        self.step, self.ctx = step, ctx

    def update(self) -> Status:
        """One look."""
        for fact in self.step.preconditions:
            problem = unmet(fact, self.ctx)
            if problem:
                self.step.failure = Failure("planning", problem, unmet=fact)
                return Status.FAILURE
        return Status.SUCCESS


class CheckRules(Behaviour):
    """Asks the rules about a step whose turn has come: it may fail, be done in another way, or wait for a yes."""

    def __init__(self, step: Step, ctx: Context) -> None:
        super().__init__(f"rules of {step.words}")
        self.step, self.ctx = step, ctx
        self.asking: Script | None = None

    def initialise(self) -> None:
        """Begins anew: the scene may have changed since the last attempt."""
        self.asking = None
        self.ctx.caution = ""

    def update(self) -> Status:
        """One look, or one more tick of waiting for the answer."""
        try:
            if self.asking is not None:
                next(self.asking)
                return Status.RUNNING
            return self._judge()
        except StopIteration:
            self.asking = None
            return self._judge()
        except Failure as failure:
            self.step.failure = failure
            return Status.FAILURE

    def _judge(self) -> Status:
        found = rules.strictest(self.step, self.ctx)
        if found is None:
            return Status.SUCCESS
        if found.reaction == "ask":
            self.asking = _permission(self.step, self.ctx, found)
            next(self.asking)
            return Status.RUNNING
        if found.reaction == "slow":
            self.ctx.caution = found.text
            return Status.SUCCESS
        raise failure_of(found, self.step, self.ctx)

    def terminate(self, new_status: Status) -> None:
        """Ends the question."""
        if self.asking is not None:
            self.asking.close()
            self.asking = None


def failure_of(found: rules.Objection, step: Step, ctx: Context) -> Failure:
    """What a strict objection does to the step: it is replaced, looks for another thing, or ends."""
    if found.reaction == "instead":
        ctx.say(found.text)
        return Failure("planning", found.words(), change=found.change)
    target = step.target
    if found.reaction == "avoid" and target is not None and any_will_do(target.referent):
        target.give_up()
        ctx.avoided = found.words()
        return Failure("planning", found.words(), unmet=Fact("located", target))
    return Failure("planning", found.words(), final=True, refused=found.reaction == "refuse")


def _permission(step: Step, ctx: Context, found: rules.Objection) -> Script:
    answer = yield from ask(ctx, found.text)
    if answer is None or not agrees(answer):
        raise Failure("planning", f"As you wish, I leave it (rule {found.rule})", refused=True)
    rules.allow(step, ctx, found)


class CheckEffects(Behaviour):
    """Succeeds when every effect is perceived; waits a little, because perception lags behind the hand."""

    def __init__(self, step: Step, ctx: Context) -> None:
        super().__init__(f"after {step.words}")
        self.step, self.ctx = step, ctx
        self.until = 0.0

    def initialise(self) -> None:
        """Starts the patience."""
        self.until = self.ctx.clock + _EFFECT_PATIENCE_S

    def update(self) -> Status:
        """One look."""
        for fact in self.step.effects:
            problem = unmet(fact, self.ctx)
            if problem:
                if self.ctx.clock < self.until:
                    return Status.RUNNING
                self.step.failure = _effect_failure(fact, problem)
                return Status.FAILURE
        return Status.SUCCESS


def _effect_failure(fact: Fact, problem: str) -> Failure:
    """What was put down and is not seen there cannot be put down again: it must be found first, or told."""
    if fact.predicate == "placed":
        return Failure("perception", problem, final=True)
    return Failure("execution", problem, unmet=fact if fact.predicate == "located" else None)


class RunScript(Behaviour):
    """Advances the step's script once a tick; watches that a held thing stays held meanwhile."""

    def __init__(self, step: Step, ctx: Context) -> None:
        super().__init__(step.words)
        self.step, self.ctx = step, ctx
        self.script: Script | None = None
        self.carries = False

    def initialise(self) -> None:
        """Begins the script anew."""
        self.ctx.note = ""
        self.script = _unhanded(self.step, self.ctx)
        self.carries = any(f.predicate == "holding" for f in self.step.preconditions) or (
            self.ctx.belief.held is not None and self.step.skill in ("go", "find", "guide", "follow")
        )

    def update(self) -> Status:
        """One advance."""
        assert self.script is not None
        if self.carries and self.ctx.belief.lost_grip(self.ctx.now):
            lost = self.ctx.belief.held
            self.ctx.belief.drop()
            text = f"I have lost the {lost.thing.category.replace('_', ' ') if lost else 'thing'} on the way"
            target = self.ctx.carrying
            fact = next((f for f in self.step.preconditions if f.predicate == "holding"), None)
            fact = fact or (Fact("holding", target) if target is not None else None)
            self.step.failure = Failure("execution", text, unmet=fact, final=fact is None)
            return Status.FAILURE
        try:
            next(self.script)
        except StopIteration:
            return Status.SUCCESS
        except Failure as failure:
            self.step.failure = failure
            return Status.FAILURE
        return Status.RUNNING

    def terminate(self, new_status: Status) -> None:
        """Ends the script; its motion goal ends with it."""
        if self.script is not None:
            self.script.close()
            self.script = None


def _unhanded(step: Step, ctx: Context) -> Script:
    """The step's script, after the hand has let go of a door's handle that an interruption left in it."""
    if step.skill not in STILL_SKILLS:
        yield from let_go_of_handle(ctx)
    yield from step.script(ctx)


class TimeLimit(Decorator):
    """Fails a step that runs over its limit on the command's clock."""

    def __init__(self, child: Behaviour, step: Step, ctx: Context) -> None:
        super().__init__(f"limit of {step.words}", child)
        self.step, self.ctx = step, ctx
        self.end = 0.0

    def initialise(self) -> None:
        """Starts the time."""
        self.end = self.ctx.clock + self.step.timeout_s

    def update(self) -> Status:
        """The child's status, FAILURE when its time is up."""
        if self.decorated.status == Status.RUNNING and self.ctx.clock > self.end:
            self.step.failure = Failure("execution", f"it took longer than {self.step.timeout_s:g} seconds")
            return Status.FAILURE
        return self.decorated.status


class Recover(Decorator):
    """Tries a failed step again while recovery says so; every other decision fails it, for the planner to act on."""

    def __init__(self, child: Behaviour, step: Step, ctx: Context, decide: Callable[[Step, Failure], str]) -> None:
        super().__init__(f"recovery of {step.words}", child)
        self.step, self.ctx, self.decide = step, ctx, decide
        self.decision = ""
        self.resume_at = 0.0

    def tick(self):  # type: ignore[no-untyped-def]
        """Holds the child back for a moment between two attempts; leaves out what a condition has ruled out."""
        if self.status != Status.RUNNING and self.step.task_index in self.ctx.skipped:
            self.step.state, self.status = "skipped", Status.SUCCESS
            yield self
            return
        if self.status == Status.RUNNING and self.ctx.clock < self.resume_at:
            yield self
            return
        if self.decorated.status != Status.RUNNING:
            self.step.attempts += 1
            self.step.state = "running"
        yield from super().tick()

    def update(self) -> Status:
        """RUNNING again for a retry."""
        status = self.decorated.status
        if status == Status.SUCCESS:
            self.step.state, self.step.failure = "succeeded", None
            self.ctx.world.deeds.note(self.step, self.ctx)
        if status != Status.FAILURE:
            return status
        assert self.step.failure is not None
        self.decision = self.decide(self.step, self.step.failure)
        if self.decision == recovery.RETRY:
            self.resume_at = self.ctx.clock + _BACK_OFF_S
            return Status.RUNNING
        self.step.state = "failed"
        return Status.FAILURE


def build(steps: list[Step], ctx: Context, decide: Callable[[Step, Failure], str]) -> Sequence:
    """The tree of the steps that are still to do."""
    children: list[Behaviour] = []
    for step in steps:
        doing = Sequence(step.skill, memory=True, children=[RunScript(step, ctx), CheckEffects(step, ctx)])
        parts = [CheckPreconditions(step, ctx), CheckRules(step, ctx), TimeLimit(doing, step, ctx)]
        body = Sequence(f"attempt to {step.words}", memory=True, children=parts)
        children.append(Recover(body, step, ctx, decide))
    return Sequence("plan", memory=True, children=children)
