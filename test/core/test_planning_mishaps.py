"""What interrupts a command half-way leaves nothing behind: a gripped door, an unknown thing in the hand, a clock that
goes back, a caller who cannot tell a long step from a planner that is gone."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from planning_world import ARMED, CATALOG, PLAN, ROBOT, FakeHome, Thing

from vla_ros.core.geometry import Box, Pose, Pose2D
from vla_ros.core.motion import MotionGoal, MotionStatus
from vla_ros.core.scene import Scene, SceneObject
from vla_ros.core.task import Referent, TaskStep
from vla_ros.planning.belief import Belief, Held
from vla_ros.planning.checks import unmet
from vla_ros.planning.context import Context
from vla_ros.planning.facts import Fact
from vla_ros.planning.gate_watch import GateWatch
from vla_ros.planning.params import PlannerParams
from vla_ros.planning.skills import doors
from vla_ros.planning.target import Target
from vla_ros.robot.kinematics import RobotModel

HOME = ROBOT.posture("home").positions

KITCHEN = TaskStep("go", destination=Referent("place", "kitchen"))
OFFICE = TaskStep("go", destination=Referent("place", "office"))
OPEN_FRIDGE = TaskStep("open", object=Referent("place", "fridge"))
TAKE_CAN = TaskStep("pick", object=Referent("object", "can", attributes=("green",)))


def at_home(params: PlannerParams | None = None) -> FakeHome:
    home = FakeHome(params, robot=Pose2D(3.1, 2.5, 2.4))
    home.run(1.0)
    return home


def swinging() -> FakeHome:
    """The fridge's door is half open, the hand about its handle, and the command is cancelled."""
    home = at_home()
    home.submit(OPEN_FRIDGE)
    home.run(200.0, lambda: home.goals[-1:] != [] and home.goals[-1].kind == "base_arc")
    assert home.held == "handle"
    assert home.planner.cancel("c1", home.now)[0]
    home.run(2.0)
    assert home.held == "handle", "stopping alone does not open a hand"
    return home


# -- a door's handle


@pytest.mark.parametrize("step", [OFFICE, TAKE_CAN, TaskStep("look")])
def test_a_handle_that_an_interruption_left_in_the_hand_is_let_go_before_anything_else_moves(step: TaskStep) -> None:
    home = swinging()
    home.put("can", "green", "kitchen_counter", 0.1, -0.3)
    before = len(home.goals)
    home.submit(step, command_id="c2")
    assert home.run_to_end("c2").state == "succeeded"
    kinds = [g.kind for g in home.goals[before:] if g.kind != "stop"]
    assert kinds[:3] == ["gripper", "arm_linear", "base_move"]
    assert home.goals[before].opening_m == pytest.approx(0.11, abs=0.02)
    assert home.planner.world.belief.grip is None
    assert not [s for s in home.statuses if s.question], "a handle is nothing to ask about"


def test_the_hand_is_drawn_back_off_the_handle_the_way_it_came_though_the_base_has_turned() -> None:
    home = swinging()
    grip = home.planner.world.belief.grip
    assert grip is not None and grip.furniture == "fridge"
    before = len(home.goals)
    home.submit(OFFICE, command_id="c2")
    home.run(20.0, lambda: home.goals[-1].kind == "arm_linear")
    assert len(home.goals) > before
    back = home.goals[-1].offset
    angle = home.robot.theta + math.atan2(grip.approach[1], grip.approach[0])
    assert back == pytest.approx((-0.1 * math.cos(angle), -0.1 * math.sin(angle), 0.0), abs=1e-6)


def test_saying_something_moves_no_hand() -> None:
    home = swinging()
    before = len(home.goals)
    home.submit(TaskStep("say", text="hello"), command_id="c2")
    assert home.run_to_end("c2").state == "succeeded"
    assert [g.kind for g in home.goals[before:]] == []


def test_a_door_that_cannot_be_gripped_is_let_go_on_every_try() -> None:
    home = at_home()
    home.faults = lambda g: ("blocked", "the handle is not there") if g.kind == "arm_reach" else None
    home.submit(OPEN_FRIDGE)
    end = home.run_to_end()
    assert end.state == "failed" and "handle is not there" in end.text
    kinds = [g.kind for g in home.goals]
    assert kinds.count("arm_reach") == 3
    for at, kind in enumerate(kinds):
        if kind == "arm_reach":
            assert kinds[at + 1 : at + 4] == ["gripper", "arm_linear", "base_move"]
    assert home.planner.world.belief.grip is None


def test_a_hand_that_does_not_open_drives_nowhere() -> None:
    home = swinging()
    home.faults = lambda g: ("blocked", "stuck") if g.kind == "gripper" else None
    before = len(home.goals)
    home.submit(OFFICE, command_id="c2")
    end = home.run_to_end("c2")
    assert (end.state, end.failure) == ("failed", "hardware") and "handle" in end.text
    assert not [g for g in home.goals[before:] if g.kind in ("navigate", "base_move", "arm_posture")]


def hand_at(home: FakeHome, amount: float) -> None:
    """The robot stands before the fridge's handle with its door open by ``amount`` [rad] and the hand is about it."""
    fridge = PLAN.piece("fridge")
    pose = doors.handle_poses(fridge, fridge.leaves[0], amount)[0]
    x, y, _ = pose.position
    ahead = pose.matrix()[:2, 0]
    home.robot = Pose2D(x - 0.75 * ahead[0], y - 0.75 * ahead[1], math.atan2(ahead[1], ahead[0]))
    model = RobotModel(ROBOT)
    target = np.linalg.inv(home.robot.to_pose().matrix()) @ pose.matrix()
    arm = model.inverse(model.tool_frame, target, "arm", dict(zip(ROBOT.group("arm").names, HOME)))
    assert arm is not None
    home.arm = tuple(float(v) for v in arm)
    home.held, home.opening, home.posture, home.tool = "handle", 0.02, "", pose
    home.things["handle"] = Thing("handle", "handle", "grey", np.zeros(3), (0.02, 0.02, 0.2), "box", False)
    home._status = MotionStatus("earlier", "base_arc", "cancelled")
    home.run(1.0)


@pytest.mark.parametrize("amount", [0.0, -0.7])
def test_a_planner_started_anew_with_a_handle_in_the_hand_lets_go_of_it_first(amount: float) -> None:
    home = FakeHome()
    hand_at(home, amount)
    assert home.planner.world.belief.holds_unknown()
    home.submit(OFFICE)
    assert home.run_to_end().state == "succeeded"
    assert [g.kind for g in home.goals][:3] == ["gripper", "arm_linear", "base_move"]
    assert home.planner.world.belief.leaf_amount["fridge"] == pytest.approx(amount, abs=0.15)
    assert not [s for s in home.statuses if s.question]


def test_an_unknown_thing_in_a_hand_that_is_far_from_every_handle_is_not_let_go() -> None:
    home = FakeHome()
    hand_at(home, 0.0)
    home.robot = Pose2D(3.1, 2.5, 2.4)
    home.run(0.5)
    home.submit(OFFICE)
    home.run_to_end()
    assert "gripper" not in [g.kind for g in home.goals]


# -- a door that is half open


def stopping_half_way(home: FakeHome, share: float) -> None:
    """The next swing of a door comes to a stand after that share of its way."""
    swing, done = home._do, []

    def do(goal: MotionGoal) -> None:
        if goal.kind == "base_arc" and not done:
            done.append(goal)
            goal = replace(goal, angle_rad=share * goal.angle_rad)
        swing(goal)

    home._do = do


def test_a_door_that_stopped_half_way_is_gripped_where_it_stands_and_swung_the_rest() -> None:
    home = at_home()
    stopping_half_way(home, 0.4)
    home.submit(OPEN_FRIDGE)
    end = home.run_to_end()
    assert end.state == "succeeded", end.text
    fridge = PLAN.piece("fridge")
    arcs = [g for g in home.goals if g.kind == "base_arc"]
    reached = [g.targets for g in home.goals if g.kind == "arm_reach"]
    stands = doors.handle_poses(fridge, fridge.leaves[0], 0.4 * arcs[0].angle_rad)[0]
    assert reached[1][0].position == pytest.approx(stands.position, abs=0.01)
    assert arcs[1].angle_rad == pytest.approx(0.6 * arcs[0].angle_rad, abs=0.02)


def test_closing_begins_where_a_cancelled_opening_left_the_door() -> None:
    home = at_home()
    stopping_half_way(home, 0.4)
    home.submit(OPEN_FRIDGE)
    home.run(200.0, lambda: home.planner.world.belief.leaf_amount.get("fridge", 0.0) != 0.0)
    home.planner.cancel("c1", home.now)
    home.submit(TaskStep("close", object=Referent("place", "fridge")), command_id="c2")
    end = home.run_to_end("c2")
    assert end.state == "succeeded" and "already" not in end.text, end.text
    first, back = (g.angle_rad for g in home.goals if g.kind == "base_arc")
    assert back == pytest.approx(-0.4 * first, abs=0.02)
    assert home.planner.world.belief.leaf_amount["fridge"] == pytest.approx(0.0, abs=0.02)
    assert not home.planner.world.belief.leaf_open["fridge"]


def test_a_door_that_slipped_from_the_hand_is_honestly_not_known() -> None:
    home = at_home()
    swing = home._do

    def slips(goal: MotionGoal) -> None:
        swing(goal)
        if goal.kind == "base_arc":
            home.held, home.opening = "", 0.0

    home._do = slips
    home.submit(OPEN_FRIDGE)
    end = home.run_to_end()
    assert end.state == "failed" and "do not know how far it is open" in end.text


# -- something unknown in the hand


def with_unknown(params: PlannerParams | None = None) -> FakeHome:
    """As after a restart of the planner: a cup between the fingers that this planner has never picked."""
    home = FakeHome(params, robot=Pose2D(1.05, 6.2, math.pi / 2))
    home.put("can", "green", "kitchen_counter", 0.1, -0.3)
    home.put("cup", "red", "kitchen_counter", 0.1, 0.3)
    home.held, home.opening, home.posture = "red_cup", 0.07, "carry"
    home._status = MotionStatus("earlier", "gripper", "reached")
    home.run(1.0)
    assert home.planner.world.belief.holds_unknown()
    home.submit(TAKE_CAN)
    home.run(60.0, lambda: home.state() == "waiting_for_answer")
    assert "do not know what it is" in home.statuses[-1].question
    return home


def test_an_unknown_thing_in_the_hand_is_put_down_when_the_user_agrees() -> None:
    home = with_unknown()
    home.submit(TaskStep("answer", text="yes please", about="yes"), command_id="c2")
    end = home.run_to_end()
    assert end.state == "succeeded", end.text
    assert home.held == "green_can"
    cup = home.things["red_cup"].at
    assert PLAN.furniture_at(float(cup[0]), float(cup[1])), "it stands on furniture"
    assert len([p for p in home.plans[-1].steps if p.skill == "put_down"]) == 1


def test_an_unknown_thing_is_kept_when_the_user_says_no_and_the_command_ends() -> None:
    home = with_unknown()
    home.submit(TaskStep("answer", text="no", about="no"), command_id="c2")
    end = home.run_to_end(seconds=30.0)
    assert end.state == "failed" and "Take it" in end.text
    assert home.held == "red_cup"


def test_an_unknown_thing_that_nobody_speaks_about_ends_the_command() -> None:
    home = with_unknown(PlannerParams(answer_timeout_s=5.0))
    end = home.run_to_end(seconds=30.0)
    assert end.state == "failed" and "nobody answered" in end.text
    assert not [g for g in home.goals if g.kind == "gripper"]


def test_an_unknown_thing_that_the_user_takes_away_needs_no_answer() -> None:
    home = with_unknown()
    home.held, home.opening = "", 0.0
    home.things["red_cup"].exists = False
    end = home.run_to_end()
    assert end.state == "succeeded", end.text
    assert home.held == "green_can"


def test_put_it_down_is_understood_of_an_unknown_thing() -> None:
    home = with_unknown()
    home.planner.cancel("c1", home.now)
    home.submit(TaskStep("place"), command_id="c2")
    home.run(10.0, lambda: home.state("c2") == "waiting_for_answer")
    home.submit(TaskStep("answer", text="yes", about="yes"), command_id="c3")
    assert home.run_to_end("c2").state == "succeeded"
    assert not home.held


# -- a clock that is set back


def test_a_clock_set_back_in_the_middle_of_a_search_and_a_grasp_makes_no_failure() -> None:
    for kind in ("navigate", "head_look_at", "approach"):
        home = at_home()
        home.put("can", "green", "kitchen_counter", 0.1, -0.3)
        home.submit(TAKE_CAN)
        home.run(300.0, lambda home=home, kind=kind: home.goals[-1:] != [] and home.goals[-1].kind == kind)
        home.run(0.4)  # a look has begun to wait for fresh scenes
        home.now -= 50.0
        end = home.run_to_end()
        assert end.state == "succeeded", (kind, end.text)
        assert max(s.attempts for s in home.plans[-1].steps) == 1, kind


def test_the_watch_of_the_gate_follows_a_clock_that_is_set_back() -> None:
    watch = GateWatch(10.0)
    goal = MotionGoal("g", "navigate")
    watch.observe(ARMED, 100.0)
    assert watch.hold(goal, 40.0) is None
    hold = watch.hold(goal, 42.5)
    assert hold is not None and hold.kind == "communication", "2.5 s of silence by the new clock"
    assert watch.hold(goal, 20.0) is not None or watch.hold(goal, 22.5) is not None
    for tick in range(130):
        watch.hold(goal, 20.0 + 0.1 * tick)
    assert watch.expired(33.0), "the limit counts by the new clock"


def test_a_grip_lost_before_the_clock_was_set_back_is_still_lost() -> None:
    belief = Belief(PLAN)
    cup = SceneObject("cup", (("cup", 0.9),), "red", "cylinder", Pose(), (0.07, 0.07, 0.1), 0.9, True, 1.0)
    belief.held = Held(cup, Box(Pose(), cup.size), Pose())
    belief.observe_motion(MotionStatus("g", "gripper", "reached", holding=False), 100.0)
    for now in (40.0, 40.5, 41.0):
        belief.observe_motion(MotionStatus("g", "gripper", "reached", holding=False), now)
    assert belief.lost_grip(41.0)


def test_a_person_seen_by_the_old_clock_is_not_followed_while_the_camera_is_silent() -> None:
    home = at_home()
    home.stand("purple", 2.3, 3.2, "user")
    home.run(1.0)
    home.submit(TaskStep("follow", object=Referent("user")))
    home.run(20.0, lambda: home.goals[-1:] != [] and home.goals[-1].kind == "keep_near")
    home.camera_works = False
    home.now -= 50.0
    end = home.run_to_end(seconds=60.0)
    assert end.state == "failed"


# -- facts


def test_what_is_put_on_a_thing_that_nobody_can_see_any_more_must_lie_at_its_last_place() -> None:
    home = at_home()
    belief = home.planner.world.belief
    book = SceneObject(
        "book", (("book", 0.9),), "green", "box", Pose((1.0, 2.0, 0.5)), (0.2, 0.14, 0.03), 0.9, True, 1.0
    )
    ctx = Context(home.planner.world, "c1")

    def placed(at: tuple[float, float, float], goal_id: str) -> str:
        cup = SceneObject("cup", (("cup", 0.9),), "red", "cylinder", Pose(at), (0.07, 0.07, 0.1), 0.9, True, home.now)
        belief.observe_scene(Scene(home.now, "odom", (book, cup), home._view()))
        belief.gone.add("book")
        goal = Target(Referent("object", "book"), bound_id=goal_id)
        return unmet(Fact("placed", Target(Referent("object", "cup")), goal), ctx)

    assert placed((1.0, 2.0, 0.56), "book") == ""
    assert "do not see the cup" in placed((3.0, 2.0, 0.56), "book")
    assert "do not see the cup" in placed((1.0, 2.0, 0.56), "never_seen")


# -- signs of life


def test_a_running_and_a_waiting_command_are_told_again_every_second() -> None:
    home = at_home()
    home.submit(TaskStep("wait", duration_s=30.0))
    home.submit(KITCHEN, command_id="c2")
    told: dict[str, list[float]] = {"c1": [], "c2": []}
    for _ in range(200):
        for status in home.step().statuses:
            told[status.command_id].append(home.now)
    for times in told.values():
        assert max(b - a for a, b in pairwise(times)) <= 1.01 and len(times) < 15


def test_a_frozen_clock_does_not_stop_the_signs_of_life() -> None:
    home = at_home()
    home.submit(TaskStep("wait", duration_s=30.0))
    home.run(1.0)
    told = sum(len(home.planner.tick(home.now).statuses) for _ in range(100))
    assert told == 5


def test_an_ended_command_is_told_no_more() -> None:
    home = at_home()
    home.submit(TaskStep("say", text="hello"))
    assert home.run_to_end().state == "succeeded"
    before = len(home.statuses)
    home.run(5.0)
    assert len(home.statuses) == before


def test_every_usual_place_of_a_kind_is_a_category_of_furniture_in_the_home() -> None:
    known = {piece.category for piece in PLAN.furniture}
    assert {place for kind in CATALOG.objects for place in kind.found_on} <= known
