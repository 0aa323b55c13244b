"""Promises 31, 32, 36, 38: arming, the emergency stop, going on, every way through the states."""

from __future__ import annotations

import itertools

import numpy as np

from benchmarks.safety_items.registry import Effort, Finding, all_of, item
from benchmarks.safety_items.stories import ROBOT, STILL, TICK_S, ZERO, Forward, Story, arm_trajectory, passes
from vla_ros.core.motion import JointTrajectory
from vla_ros.safety.states import TRANSITIONS, Event, State, next_state

_RAMP_S = 0.14
"""Until an acceleration that was going on has come to rest: jerk is limited, too."""


@item(31)
def starts_stopped(effort: Effort) -> Finding:
    """Every kind of command from the first moment on, before and after the sensors speak: nothing moves."""
    good = []
    gripper = ROBOT.gripper
    assert gripper is not None
    for silent in (set(), {"scan"}, {"odom"}, {"joints"}, {"odom", "joints", "scan"}):
        story = Story()
        story.mute, story.command = set(silent), Forward
        for _ in range(20):
            story.gate.on_trajectory(arm_trajectory({"arm_joint_1": 1.0}), story.now)
            fingers = JointTrajectory(gripper.joints, np.array([0.5]), np.full((1, 2), 0.05))
            story.gate.on_gripper(fingers, story.now)
            story.gate.on_teleop(Forward, story.now)
            story.run(0.1)
        moved = any(o.twist != ZERO or o.trajectories or o.gripper is not None for o in story.outputs)
        good.append(not moved and not story.outputs[-1].status.armed)
    story = Story()
    story.command = Forward
    story.run(0.5)
    before = story.outputs[-1].twist == ZERO
    good.append(before and story.gate.arm(story.now)[0] and story.run(1.0).twist.vx > 0.3)
    return Finding(*all_of(good))


@item(32)
def e_stop_latches(effort: Effort) -> Finding:
    """Every order of release, zero command, reset and arm after a press: only the right ones move again."""
    actions = ("release", "press", "zero", "reset", "arm", "drive")
    n = wrong = moved_rightly = 0
    examples: list[str] = []
    orders = [o for k in range(1, effort.count(5, 4)) for o in itertools.product(actions, repeat=k)]
    orders += itertools.permutations(("release", "zero", "reset", "arm", "drive"))  # among them the one that is right
    for order in orders:
        story = Story().driving(seconds=0.3)
        story.gate.on_emergency_stop(True, story.now)
        story.run(TICK_S)
        pressed, zero, was_reset, armed = True, False, False, False
        for action in order:
            gate, now = story.gate, story.now
            if action in ("release", "press"):
                gate.on_emergency_stop(action == "press", now)
                pressed = action == "press"
                was_reset, armed = (False, False) if pressed else (was_reset, armed)
            elif action in ("zero", "drive"):
                zero = action == "zero"
                story.command = STILL if zero else Forward
                story.run(TICK_S)
            elif action == "reset":
                gate.reset(now)
                was_reset = was_reset or (not pressed and zero)
            else:
                gate.arm(now)
                armed = armed or was_reset
            story.run(TICK_S)
        allowed = armed and not zero
        story.run(5 * TICK_S)
        moves = story.outputs[-1].twist != ZERO
        n += 1
        moved_rightly += moves and allowed
        if moves != allowed:
            wrong += 1
            examples += [" ".join(order)]
    return Finding(wrong == 0 and moved_rightly > 0, f"{n - wrong}/{n} orders", {"wrong": examples[:3]})


@item(36)
def no_jump_on_resume(effort: Effort) -> Finding:
    """The arm is moved by hand during a stop; what is sent then is what is measured, and old plans are refused."""
    rng, n, good = np.random.default_rng(36), effort.count(200, 20), []
    for _ in range(n):
        story = Story().armed()
        story.gate.on_trajectory(arm_trajectory({"arm_joint_1": 1.0}), story.now)
        story.run(0.3)
        story.gate.on_emergency_stop(True, story.now)
        story.run(0.5)
        joint = f"arm_joint_{rng.integers(1, 8)}"
        old = arm_trajectory({"arm_joint_1": 1.0})
        by = float(rng.choice([-1, 1]) * rng.uniform(0.15, 0.6))
        for _ in range(10):  # by hand, slowly
            story.joints[joint] += by / 10
            story.run(0.04)
        first = len(story.outputs)
        story.run(0.2)
        sent = [t for o in story.outputs[first:] for t in o.trajectories]
        measured = [story.joints[name] for name in sent[-1].names] if sent else []
        follows = bool(sent) and np.allclose(sent[-1].positions[-1], measured, atol=story.params.hold_drift)
        story.gate.on_emergency_stop(False, story.now)
        story.run(TICK_S)
        resumed = story.gate.reset(story.now)[0] and story.gate.arm(story.now)[0]
        first = len(story.outputs)
        refused = not passes(story, old)
        story.run(0.5)
        after = [t for o in story.outputs[first:] for t in o.trajectories]
        still = all(np.allclose(t.positions[-1], [story.joints[j] for j in t.names], atol=0.06) for t in after)
        good.append(follows and resumed and refused and still)
    return Finding(*all_of(good))


@item(38)
def every_way(effort: Effort) -> Finding:
    """The transition table by all its ways; and the gate as a whole by all orders of inputs up to a length.

    Oracle: base and arm may only gain speed while armed since the last disarming, e-stop or fault, with a fresh
    command, every sensor, nobody else on the topics.
    """
    ways = _table_ways()
    actions = ("arm", "disarm", "press", "release", "reset", "mute", "speak", "blind", "see", "rival", "alone", "fault")
    length, n, unsafe = 3, 0, []
    every = effort.count(1, 24)
    starts = ("fresh", "driving", "stopped")
    for start in starts:
        for order in itertools.product(actions, repeat=length):
            n += 1
            if n % every:
                continue
            if _gains_speed_unasked(start, order):
                unsafe.append(f"{start}: {' '.join(order)}")
    tried = n // every
    figure = f"{ways} ways of the table, {tried - len(unsafe)}/{tried} orders of {length} inputs"
    return Finding(not unsafe and ways > 0, figure, {"unsafe": unsafe[:3]})


def _table_ways() -> int:
    """Explores (state, armed since) to the end; raises for a way that moves without leave."""
    seen = {(State.BOOT, False)}
    frontier, ways = list(seen), 0
    while frontier:
        state, leave = frontier.pop()
        for event in Event:
            after, ways = next_state(state, event), ways + 1
            granted = (leave or (event == Event.ARM and state == State.DISARMED)) and event not in (
                Event.DISARM,
                Event.E_STOP,
                Event.FAULT,
            )
            may = after.base_may_move or after.joints_may_move
            if may and not granted:
                raise AssertionError(f"{state} + {event} -> {after} moves without leave")
            if event == Event.HALT and may:
                raise AssertionError(f"{state} + {event} -> {after} moves in a halt")
            if (after, granted) not in seen:
                seen.add((after, granted))
                frontier.append((after, granted))
    if TRANSITIONS[State.FAULTED]:
        raise AssertionError("a fault can be left")
    return ways


def _gains_speed_unasked(start: str, order: tuple[str, ...]) -> bool:
    story = Story()
    story.command = Forward
    pressed = latched = fault = rival = False
    quiet: set[str] = set()
    armed = start != "fresh"
    if armed:
        story.driving(seconds=0.2)
    else:
        story.run(0.1)
    if start == "stopped":
        story.gate.on_emergency_stop(True, story.now)
        pressed = latched = True
        armed = False
        story.run(TICK_S)
    for action in order:
        gate, now = story.gate, story.now
        if action == "arm":
            armed = gate.arm(now)[0] or armed
            if armed and (latched or fault or rival):
                armed = gate.state.armed
        elif action == "disarm":
            gate.disarm(now)
            armed = False
        elif action in ("press", "release"):
            gate.on_emergency_stop(action == "press", now)
            pressed = action == "press"
            latched, armed = latched or pressed, armed and not pressed
        elif action == "reset":
            latched = latched and not gate.reset(now)[0]
            if latched is False and pressed:
                return True
        elif action in ("mute", "speak"):
            quiet = quiet | {"command"} if action == "mute" else quiet - {"command"}
        elif action in ("blind", "see"):
            quiet = quiet | {"scan"} if action == "blind" else quiet - {"scan"}
        elif action in ("rival", "alone"):
            rival = action == "rival"
            gate.on_publishers("cmd_vel", ("/intruder",) if rival else (), now)
        else:
            gate.on_exception("test", RuntimeError("broken"))
            fault, armed = True, False
        story.mute = quiet
        story.run(0.3 if action in ("mute", "blind") else TICK_S)
        first = story.run(_RAMP_S).twist.speed
        last = story.run(2 * TICK_S).twist.speed
        may = armed and not latched and not fault and not rival and not quiet
        if last > first + 1e-9 and not may:
            return True
        if (latched or fault) and last > 0.0:
            return True
    return False
