"""Closed loop on physics without ROS: whole commands, judged by the simulator's ground truth."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from loop import Loop

from vla_ros.sim.predicates import Story, holds
from vla_ros.sim.scenario import find_scenario

SCENARIOS = Path(__file__).resolve().parents[2] / "benchmarks" / "scenarios" / "home.yaml"


@pytest.mark.parametrize(
    ("scenario_id", "end"),
    [("fetch-red-cup", "succeeded"), ("ambiguous-unanswered", "waiting_for_answer"), ("absent-object", "failed")],
)
def test_a_command_ends_as_it_should_and_touches_nobody(scenario_id: str, end: str) -> None:
    scenario = find_scenario(SCENARIOS, scenario_id)
    loop = Loop(scenario)
    status = loop.run()
    assert status is not None and status.state == end, status
    truth = loop.home.ground_truth()
    words = (*loop.said, *(s.text for s in loop.statuses))
    story = Story(before=loop.before, after=truth, said=words)
    assert [goal for goal in scenario.goal if not holds(goal, story)] == []
    assert truth["collisions"] == []


def test_stop_in_the_middle_stops_at_once() -> None:
    loop = Loop(dataclasses.replace(find_scenario(SCENARIOS, "go-bedroom"), people={}))
    loop.submit(loop.scenario.command)
    assert loop.home.driver is not None
    while loop.home.driver.odometry().twist.speed < 0.4:
        loop.step()
        assert loop.home.now < 20.0
    loop.submit("stop", "c2")
    said_at = loop.home.now
    while loop.home.driver.odometry().twist.speed > 0.01:
        loop.step()
        assert loop.home.now < said_at + 1.0
    assert any(s.command_id == "c1" and s.state == "cancelled" for s in loop.statuses)
