"""The core's whole story without ROS: a sentence is parsed, grounded, planned, and every motion passes the gate."""

from __future__ import annotations

from dataclasses import replace

from gate_story import STILL, Story, arm_trajectory
from planning_world import FakeHome

from vla_ros.core.resources import config_file
from vla_ros.language.lexicon import Lexicon
from vla_ros.language.parser import GrammarParser

PARSER = GrammarParser(Lexicon.load(config_file("objects"), config_file("apartment", "homes"), config_file("people")))
BASE_KINDS = ("navigate", "approach", "base_move")


def test_a_sentence_becomes_motion_behind_the_gate() -> None:
    home, gate = FakeHome(), Story()
    home.put("cup", "red", "kitchen_counter")
    home.put("cup", "blue", "kitchen_counter", v=-0.4)
    home.stand("purple", 3.2, 1.2)
    gate.run(0.2)
    assert gate.gate.arm(gate.now)[0]
    task = PARSER.parse("go to the kitchen, pick up the red cup and bring it to me")
    assert [s.skill for s in task.steps] == ["go", "pick", "bring"]

    home.planner.submit(replace(task, command_id="c1"), home.now)
    passed = refused = 0
    while not (home.statuses and home.statuses[-1].is_terminal):
        assert home.now < 1000, home.statuses[-1]
        motion = home.step().motion_goal
        goal = motion.kind if motion else ""
        gate.command = (0.4, 0.0, 0.0, 0.0, 0.0, 0.0) if goal in BASE_KINDS else STILL
        if goal == "arm_reach" and not refused:
            gate.gate.on_trajectory(arm_trajectory({"arm_joint_2": 9.0}), gate.now)  # beyond its limit
            refused += gate.run(0.1).status.cause.startswith("trajectory_")
        gate.pose = type(gate.pose)()  # the fake home moves the robot; the gate's own stays where nothing is
        passed += gate.run(0.02).twist.vx > 0.0
    assert home.statuses[-1].state == "succeeded", home.statuses[-1].text
    assert home.held == "red_cup"
    assert passed > 0 and refused == 1


def test_the_same_story_moves_nothing_while_the_gate_is_not_armed() -> None:
    gate = Story()
    gate.command = (0.4, 0.0, 0.0, 0.0, 0.0, 0.0)
    gate.run(1.0)
    assert all(out.twist.speed == 0.0 and not out.trajectories for out in gate.outputs if out.status.state == "boot")
    assert all(out.twist.speed == 0.0 for out in gate.outputs)
