"""From what was said to a plan: each TaskStep names goals; unmet preconditions bring in the skills that make them
true, backwards, until everything needed is in the plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from vla_ros.core.geometry import Pose2D
from vla_ros.core.task import Referent, Task, TaskStep
from vla_ros.planning import conditions, describe, places
from vla_ros.planning.checks import fits_held
from vla_ros.planning.context import Context
from vla_ros.planning.deeds import Deed
from vla_ros.planning.facts import Fact
from vla_ros.planning.failure import Failure
from vla_ros.planning.skills import doors, emptying, finding, going, handing, people, picking, putting, talking
from vla_ros.planning.step import Step
from vla_ros.planning.target import Target
from vla_ros.planning.targets import Targets

_INCAPABLE = {
    "push": "push things", "pull": "pull things", "pour": "pour", "wipe": "wipe", "switch_on": "switch things on",
    "switch_off": "switch things off", "repeat": "repeat that",
}  # fmt: skip
_SEEN = ("what I see", "name", "what", "objects", "things", "scene")
_MOST_STEPS = 40
_MOST_PIECES = 6


class Expander(Targets):
    """Makes the steps of one command. The same words are the same target everywhere in it."""

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.last_picked: Target | None = None

    def steps(self, task: Task) -> list[Step]:
        """The whole plan. Raises Failure (refused) for what the robot cannot or must not do, before it moves."""
        for step in task.steps:
            if step.negated:
                self.constrain(step)
        out: list[Step] = []
        assumed: set[tuple[str, int, int]] = set()
        for index, step in enumerate(task.steps):
            if step.negated:
                continue
            for wanted in (*self._condition(step, index), *self._wanted(step)):
                self._add(wanted, out, assumed, index)
            if len(out) > _MOST_STEPS:
                raise Failure("planning", f"that makes more than {_MOST_STEPS} steps, please split it", refused=True)
        return out

    # -- backward chaining

    def achieve(self, fact: Fact, index: int = 0) -> list[Step]:
        """The steps that make one fact true now, their own preconditions included."""
        out: list[Step] = []
        assumed: set[tuple[str, int, int]] = set()
        maker = self._maker(fact)
        if maker is not None:
            self._add(maker, out, assumed, index)
        return out

    def _add(self, step: Step, out: list[Step], assumed: set[tuple[str, int, int]], index: int) -> None:
        before = len(out)
        for fact in step.preconditions:
            if _key(fact) in assumed or self._holds_already(fact, assumed):
                continue
            maker = self._maker(fact)
            if maker is not None:
                self._add(maker, out, assumed, index)
        for added in out[before:]:
            added.piece = step.piece
        step.task_index = index
        out.append(step)
        if step.skill in ("find", "pick", "place", "put_down", "go", "follow", "guide", "open"):
            assumed -= {f for f in assumed if f[0] == "near"}
        if step.skill in ("place", "put_down"):
            assumed -= {f for f in assumed if f[0] == "holding"}
        if step.skill == "pick":
            assumed -= {f for f in assumed if f[0] == "hand_empty"}
        assumed |= {_key(f) for f in step.effects}

    def _holds_already(self, fact: Fact, assumed: set[tuple[str, int, int]]) -> bool:
        held = self.ctx.belief.held
        if fact.predicate == "hand_empty":
            return held is None and not self.ctx.belief.holds_unknown() and not any(f[0] == "holding" for f in assumed)
        subject, in_hand = fact.subject, held is not None and not any(f[0] == "hand_empty" for f in assumed)
        if fact.predicate in ("holding", "located") and subject is not None and held is not None and in_hand:
            if fits_held(subject, self.ctx):
                subject.bind(held.thing.id)
                return True
            return False
        return fact.predicate in ("open", "closed", "placed")  # checked when the step comes; doors are tried then

    def _maker(self, fact: Fact) -> Step | None:
        """The skill whose effect the fact is."""
        subject = fact.subject
        if fact.predicate == "hand_empty" and self.ctx.belief.holds_unknown():
            return self._empty_hand()
        if fact.predicate == "hand_empty":
            held = Target(Referent("object", category="thing"))
            if self.ctx.belief.held is not None:
                held.bind(self.ctx.belief.held.thing.id)
            return Step(
                "put_down", held, "put down what I hold", putting.put_down_somewhere(held),
                effects=(Fact("hand_empty"),), timeout_s=240.0,
            )  # fmt: skip
        if subject is None:
            return None
        if fact.predicate == "located":
            return self._find(subject)
        if fact.predicate == "holding":
            return self._pick(subject)
        if fact.predicate == "near":
            return self._go(subject)
        if fact.predicate in ("open", "closed"):
            return self._door(subject, fact.predicate == "open")
        return None

    # -- single skills

    def _empty_hand(self) -> Step:
        limit = self.ctx.params.answer_timeout_s + 240.0
        script, effects = emptying.empty_hand(), (Fact("hand_empty"),)
        return Step("put_down", None, "put down what is in my hand", script, effects=effects, timeout_s=limit)

    def _find(self, target: Target, announce: bool = False) -> Step:
        effect = (Fact("located", target),)
        words = f"find {target.words()}"
        return Step("find", target, words, finding.find(target, announce), effects=effect, timeout_s=600.0)

    def _pick(self, target: Target) -> Step:
        needs = (Fact("located", target), Fact("hand_empty"))
        effect = (Fact("holding", target),)
        words = f"pick up {target.words()}"
        self.last_picked = target
        return Step("pick", target, words, picking.pick(target), needs, effect, timeout_s=300.0)

    def _go(self, target: Target) -> Step:
        thing = target.referent.kind in ("object", "person", "user")
        needs = (Fact("located", target),) if thing and target.place is None else ()
        words = "come to you" if target.referent.kind == "user" else f"go to {target.words()}"
        return Step("go", target, words, going.go_to(target), needs, (Fact("near", target),), timeout_s=240.0)

    def _door(self, target: Target, opening: bool) -> Step:
        word = "open" if opening else "close"
        effect = Fact("open" if opening else "closed", target)
        script = doors.swing(target, opening)
        needs = (Fact("hand_empty"),)
        return Step(word, target, f"{word} {target.words()}", script, needs, (effect,), timeout_s=240.0)

    def _place(self, target: Target, goal: Target, relation: str) -> Step:
        needs: tuple[Fact, ...] = (Fact("holding", target),)
        if goal.referent.kind == "object":
            needs = (*needs, Fact("located", goal))  # on the way to the thing the goal is often seen
        effects = (Fact("hand_empty"), Fact("placed", target, goal))
        into_room = goal.place is not None and goal.place.kind == "room"
        how = describe.preposition(relation) or ("in" if into_room else "on")
        words = f"put {target.short()} {how} {goal.words()}"
        script = putting.put(target, goal, relation)
        return Step("place", target, words, script, needs, effects, 300.0, goal=goal, relation=relation)

    def _bring(self, target: Target, recipient: Target) -> Step:
        needs = (Fact("holding", target), Fact("located", recipient), Fact("near", recipient))
        effects = (Fact("holding", target), Fact("near", recipient))
        who, what = recipient.short(), target.short()
        words = f"hand {what} to {who}" if " " in who else f"hand {who} {what}"
        script = handing.hand_over(target, recipient)
        return Step("hand_over", target, words, script, needs, effects, timeout_s=60.0, goal=recipient)

    def instead(self, step: Step, change: str) -> list[Step]:
        """What is done in a step's place after an objection: "lay_down" puts the thing on the furniture nearest to
        whom it was for, anywhere when there is none in that room."""
        assert change == "lay_down" and step.target is not None, change
        piece = putting.nearest_piece(self.ctx, step.goal)
        if piece is None:
            made = self._maker(Fact("hand_empty"))
            assert made is not None
        else:
            goal = Target(Referent("place", category=piece.category), place=places.of_furniture(piece))
            made = self._place(step.target, goal, "")
        made.task_index, made.piece = step.task_index, step.piece
        return [made]

    # -- what a TaskStep wants

    def _wanted(self, step: TaskStep) -> list[Step]:
        if step.skill in _INCAPABLE:
            raise Failure("planning", f"I cannot {_INCAPABLE[step.skill]} yet", refused=True)
        maker: Callable[[TaskStep], list[Step]] | None = getattr(self, f"_want_{step.skill}", None)
        if maker is None:
            raise Failure("planning", f"I cannot {step.skill.replace('_', ' ')} yet", refused=True)
        return maker(step)

    def _condition(self, step: TaskStep, index: int) -> list[Step]:
        if step.condition is None:
            return []
        word, predicate = step.condition
        parsed = conditions.referent_of(self.ctx, predicate) if word in ("if", "unless") else None
        if parsed is None:
            raise Failure("planning", f'I cannot act on "{word} {predicate}" yet', refused=True)
        script = conditions.gate(predicate, word == "unless", *parsed, index)
        return [Step("check", None, f"check whether {predicate}", script, timeout_s=600.0)]

    def _want_go(self, step: TaskStep) -> list[Step]:
        goal = self.known(step.destination or step.object or step.recipient)
        if goal is None:
            if not (step.distance_m or step.angle_rad):
                raise Failure("planning", "I do not know where to go; name a room, furniture or person", refused=True)
            words = "move" if step.distance_m else "turn"
            return [Step("move", None, words, going.move_by(step), timeout_s=45.0)]
        return [self._go(goal)]

    def _want_find(self, step: TaskStep) -> list[Step]:
        return [self._find(self.thing(step, "find"), announce=True)]

    def _want_undo(self, step: TaskStep) -> list[Step]:
        """Takes back what the last command did: puts things where they were, else moves doors back, else goes back."""
        deeds = self.ctx.world.deeds
        done = deeds.last()
        if not done:
            raise Failure("planning", "I have done nothing that I could undo", refused=True)
        deeds.begin_undo(self.ctx.command_id)
        taken = [d for d in reversed(done) if d.kind == "took"]
        if taken:
            given = any(d.kind == "gave" for d in done)
            return [self._put_back(deed, given) for deed in taken]
        moved = [d for d in reversed(done) if d.kind in ("opened", "closed")]
        if moved:
            return [self._door(d.target, d.kind == "closed") for d in moved if d.target is not None]
        x, y, yaw = done[0].came_from
        room = self.ctx.world.plan.room_at(x, y)
        start = places.Place("start", "", "where I came from", room.name if room else "", Pose2D(x, y, yaw))
        return [self._go(Target(Referent("place", category="start"), place=start))]

    def _put_back(self, deed: Deed, given: bool) -> Step:
        """A thing that was taken, to the furniture it was taken from."""
        assert deed.thing is not None and deed.target is not None
        belief, name = self.ctx.belief, describe.thing(deed.thing)
        piece = next((f for f in self.ctx.world.plan.furniture if f.name == deed.origin), None)
        if piece is None:
            raise Failure("planning", f"I did not take the {name} from furniture that I could put it on", refused=True)
        if given and not (belief.held is not None and belief.is_holding()):
            where = describe.where(deed.thing, belief)
            raise Failure(
                "planning",
                f"I have handed over the {name} and cannot take it out of a hand; it was {where} before. Put it down "
                "and tell me to bring it back there",
                refused=True,
            )
        color = (deed.thing.color,) if deed.thing.color else ()
        referent = Referent("object", category=deed.thing.category, attributes=color)
        thing = Target(referent, bound_id=deed.target.bound_id, chosen_by_user=True)
        goal = Target(Referent("place", category=piece.category, name=piece.name), place=places.of_furniture(piece))
        return self._place(thing, goal, "")

    def _want_look(self, step: TaskStep) -> list[Step]:
        target = self.known(step.object or step.destination)
        if target is not None and target.referent.kind in ("object", "person", "user"):
            return [self._find(target, announce=True)]
        words = f"look at {target.words()}" if target else "look around"
        return [Step("look", target, words, talking.look(target), timeout_s=240.0)]

    def _want_pick(self, step: TaskStep) -> list[Step]:
        return [self._pick(self._one(self.thing(step, "pick up"), "pick up"))]

    def _want_bring(self, step: TaskStep) -> list[Step]:
        if step.recipient is None and step.destination is not None and step.destination.kind not in ("user", "person"):
            return self._want_place(step)
        target = self._one(self.thing(step, "bring"), "bring")
        recipient = self.known(step.recipient or step.destination or Referent("user"))
        assert recipient is not None
        return [self._bring(target, recipient)]

    def _want_place(self, step: TaskStep) -> list[Step]:
        held = self.ctx.belief.held
        if step.object is None and step.destination is None and self.ctx.belief.holds_unknown():
            return [self._empty_hand()]
        if step.object is None and held is None and self.last_object is None:
            raise Failure("planning", "I am not holding anything that I could put down", refused=True)
        if step.object is None:
            target = self.last_object or Target(Referent("object", category=held.thing.category if held else ""))
            if held is not None and self.last_object is None:
                target.bind(held.thing.id)
        else:
            target = self.thing(step, "put down")
        if step.destination is None:
            if held is None and target is not self.last_picked:
                raise Failure("planning", f"I am not holding {target.words()}", refused=True)
            words = f"put down {target.short()}"
            script = putting.put_down_somewhere(target)
            return [Step("put_down", target, words, script, (Fact("holding", target),), (Fact("hand_empty"),), 240.0)]
        goal = self.known(step.destination)
        assert goal is not None
        if target.referent.quantity == 1:
            return [self._place(target, goal, step.destination_relation)]
        number = min(target.referent.quantity, _MOST_PIECES) if target.referent.quantity > 0 else _MOST_PIECES
        return self._pieces(target, goal, step.destination_relation, number)

    def _pieces(self, target: Target, goal: Target, relation: str, number: int) -> list[Step]:
        """One placing for each of several things; what was placed is not taken again."""
        steps = []
        single = replace(target.referent, quantity=1)
        for piece in range(number):
            one = Target(single, excluded=target.excluded, several=True)
            step = self._place(one, goal, relation)
            step.piece = piece
            steps.append(step)
        return steps

    @staticmethod
    def _one(target: Target, verb: str) -> Target:
        if target.referent.quantity != 1:
            raise Failure("planning", f"I can {verb} one thing at a time; name one, then the next", refused=True)
        return target

    def _want_open(self, step: TaskStep) -> list[Step]:
        return [self._door(self._door_of(step), True)]

    def _want_close(self, step: TaskStep) -> list[Step]:
        return [self._door(self._door_of(step), False)]

    def _door_of(self, step: TaskStep) -> Target:
        target = self.known(step.object or step.destination)
        if target is None:
            raise Failure("planning", f"I do not know what to {step.skill}", refused=True)
        found = places.resolve(self.ctx.world.plan, target.referent)
        if not any(p.furniture is not None and p.furniture.leaves for p in found):
            raise Failure(
                "planning", f"I cannot {step.skill} {target.words()}: it has no door that I know", refused=True
            )
        return target

    def _want_follow(self, step: TaskStep) -> list[Step]:
        person = self.person(step)
        needs = (Fact("located", person),)
        limit = (step.duration_s or self.ctx.params.follow_limit_s) + 60.0
        return [Step("follow", person, f"follow {person.words()}", people.follow(person, step), needs, (), limit)]

    def _want_guide(self, step: TaskStep) -> list[Step]:
        person = self.person(step)
        goal = self.known(step.destination)
        if goal is None:
            raise Failure("planning", "I do not know where to lead", refused=True)
        reach = (Fact("near", goal),)
        found = places.resolve(self.ctx.world.plan, goal.referent)
        goal.place = found[0] if len(found) == 1 else goal.place
        if goal.place is None:
            raise Failure("planning", f"I do not know exactly where {goal.words()} is", refused=True)
        words = f"lead {person.words()} to {goal.words()}"
        return [Step("guide", person, words, people.guide(person, goal), (Fact("located", person),), reach, 300.0)]

    def _want_greet(self, step: TaskStep) -> list[Step]:
        person = self.person(step)
        needs = (Fact("located", person),)
        return [Step("greet", person, f"greet {person.words()}", people.greet(person, step), needs, (), 60.0)]

    def _want_say(self, step: TaskStep) -> list[Step]:
        text = step.text or step.about
        if not text:
            raise Failure("planning", "I do not know what to say", refused=True)
        out = [Step("say", None, f'say "{text}"', talking.say(text), timeout_s=10.0)]
        listener = self.known(step.recipient)
        if listener is not None and listener.referent.kind == "person":
            out.insert(0, self._go(listener))
        return out

    _want_ask = _want_say

    def _want_wait(self, step: TaskStep) -> list[Step]:
        if step.duration_s <= 0.0:
            raise Failure("planning", "tell me how long I shall wait", refused=True)
        words = f"wait {step.duration_s:g} seconds"
        return [Step("wait", None, words, talking.wait(step), timeout_s=step.duration_s + 10.0)]

    def _want_count(self, step: TaskStep) -> list[Step]:
        target = self.thing(step, "count")
        counted = replace(target.referent, quantity=-1)
        target = self.target(counted) or target
        return [Step("count", target, f"count {target.words()}", talking.count(target), timeout_s=300.0)]

    def _want_report(self, step: TaskStep) -> list[Step]:
        target = self.known(step.object or step.source or step.destination)
        what = step.about or (target.words() if target else "what I see")
        one = target is not None and step.object is not None and target.referent.quantity == 1
        certain = one and target is not None and target.referent.kind == "object" and target.referent.category
        needs = (Fact("located", target),) if certain else ()
        words = "tell you what I see" if what in _SEEN else f"tell you about {what}"
        return [Step("report", target, words, talking.report(target, step), needs, (), 300.0)]

    _want_answer = _want_report


def _key(fact: Fact) -> tuple[str, int, int]:
    return fact.predicate, id(fact.subject), id(fact.other)
