"""The state machine, explored as a whole."""

from __future__ import annotations

import itertools

import pytest

from vla_ros.core.safety_status import SAFETY_STATES
from vla_ros.safety.states import TRANSITIONS, Event, State, next_state

MOVING = {Event.MOVE, Event.SLOW}


def test_every_state_has_a_public_name_and_a_row() -> None:
    assert {s.public for s in State} == set(SAFETY_STATES)
    assert set(TRANSITIONS) == set(State)


def test_exactly_these_ways_exist() -> None:
    armed = {State.ARMED, State.RUNNING, State.SLOWED, State.BLOCKED, State.HALTED}
    for state, event in itertools.product(State, Event):
        after = next_state(state, event)
        if state == State.FAULTED or event == Event.FAULT:
            expected = State.FAULTED
        elif event == Event.E_STOP:
            expected = State.E_STOPPED
        elif state == State.E_STOPPED:
            expected = State.DISARMED if event == Event.RESET else state
        elif state == State.BOOT:
            expected = State.DISARMED if event == Event.READY else state
        elif state == State.DISARMED:
            expected = State.ARMED if event == Event.ARM else state
        else:
            assert state in armed
            ways = {
                Event.IDLE: State.ARMED,
                Event.MOVE: State.RUNNING,
                Event.SLOW: State.SLOWED,
                Event.BLOCK: State.BLOCKED,
                Event.HALT: State.HALTED,
                Event.DISARM: State.DISARMED,
            }
            expected = ways.get(event, state)
        assert after == expected, (state, event)


@pytest.mark.parametrize("length", [6])
def test_no_path_moves_without_arming_or_after_a_stop(length: int) -> None:
    """All paths up to a length, by what the last relevant event was."""
    # (state, armed by an ARM since the last thing that disarms, last tick event)
    seen = {(State.BOOT, False)}
    frontier = seen
    for _ in range(length * 4):
        grown = set()
        for state, granted in frontier:
            for event in Event:
                after = next_state(state, event)
                now_granted = granted
                if event == Event.ARM and state == State.DISARMED:
                    now_granted = True
                if event in (Event.DISARM, Event.E_STOP, Event.FAULT):
                    now_granted = False
                grown.add((after, now_granted))
                if after.base_may_move or after.joints_may_move:
                    assert now_granted, (state, event, after)
                if event == Event.HALT:
                    assert not after.base_may_move and not after.joints_may_move
                if event == Event.BLOCK:
                    assert not after.base_may_move
                if after.base_may_move and not state.base_may_move:
                    assert event in MOVING
        frontier = grown - seen
        seen |= grown
        if not frontier:
            return
    raise AssertionError("the exploration did not end")
