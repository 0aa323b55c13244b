"""The gate's states and the only ways between them."""

from __future__ import annotations

from enum import Enum


class State(Enum):
    """Value: its public name in SafetyStatus. Two kinds of standing still share one public name each."""

    BOOT = "boot"
    DISARMED = "stopped"
    ARMED = "armed"
    RUNNING = "running"
    SLOWED = "slowed"
    BLOCKED = "stopped:base"
    HALTED = "stopped:all"
    E_STOPPED = "e_stopped"
    FAULTED = "faulted"

    @property
    def public(self) -> str:
        """One of core.safety_status.SAFETY_STATES."""
        return self.value.split(":")[0]

    @property
    def armed(self) -> bool:
        """True when commands pass as soon as nothing forbids it."""
        return self in _ARMED

    @property
    def base_may_move(self) -> bool:
        """True when the base's command passes."""
        return self in (State.RUNNING, State.SLOWED)

    @property
    def joints_may_move(self) -> bool:
        """True when trajectories and gripper commands pass."""
        return self in (State.ARMED, State.RUNNING, State.SLOWED, State.BLOCKED)


class Event(Enum):
    """What can happen. READY to RESET come from outside, the others are each tick's verdict."""

    READY = "all inputs seen"
    ARM = "arm granted"
    DISARM = "disarm"
    RESET = "reset granted"
    IDLE = "nothing is asked to move"
    MOVE = "commands pass"
    SLOW = "commands pass, scaled"
    BLOCK = "the base must stand"
    HALT = "everything must stand"
    E_STOP = "emergency stop"
    FAULT = "error inside the gate"


_ARMED = (State.ARMED, State.RUNNING, State.SLOWED, State.BLOCKED, State.HALTED)
_TICK = {
    Event.IDLE: State.ARMED,
    Event.MOVE: State.RUNNING,
    Event.SLOW: State.SLOWED,
    Event.BLOCK: State.BLOCKED,
    Event.HALT: State.HALTED,
}
_ALWAYS = {Event.E_STOP: State.E_STOPPED, Event.FAULT: State.FAULTED}

TRANSITIONS: dict[State, dict[Event, State]] = {
    State.BOOT: {Event.READY: State.DISARMED, **_ALWAYS},
    State.DISARMED: {Event.ARM: State.ARMED, **_ALWAYS},
    **{state: {Event.DISARM: State.DISARMED, **_TICK, **_ALWAYS} for state in _ARMED},
    State.E_STOPPED: {Event.RESET: State.DISARMED, Event.FAULT: State.FAULTED},
    State.FAULTED: {},
}
"""Events that a state does not list leave it as it is."""


def next_state(state: State, event: Event) -> State:
    """The state after ``event``."""
    return TRANSITIONS[state].get(event, state)
