"""The seed decides the home, a scenario overrides it, and what is placed can be reached."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sim_home import CONFIG, files

from vla_ros.core.config import from_mapping
from vla_ros.core.errors import ConfigError
from vla_ros.sim.people_placement import USER_DISTANCE, is_free
from vla_ros.sim.placement import EDGE_ZONE, OBJECT_GAP, Placement, make_placement
from vla_ros.sim.scenario import Scenario, find_scenario, load_scenarios


def place(seed: int = 0, **scenario: object) -> Placement:
    plan, catalog, people, _ = files()
    return make_placement(plan, catalog, people, from_mapping(Scenario, {"id": "t", "command": "", **scenario}), seed)


def test_the_same_seed_gives_the_same_home_and_another_seed_another():
    assert place(3) == place(3)
    assert place(3) != place(4)


@pytest.mark.parametrize("seed", range(12))
def test_an_ordinary_day_has_both_cups_reachable_things_and_room_for_the_robot(seed: int):
    plan, _, _, _ = files()
    day = place(seed)
    names = [o.name for o in day.objects]
    assert 14 <= len(names) <= 18
    assert len(set(names)) == len(names)
    places = {o.name: o.place for o in day.objects}
    assert plan.piece(places["red_cup"]).room == "kitchen"
    assert "blue_cup" in places
    for thing in day.objects:
        piece = plan.piece(thing.place)
        found = plan.surface_below(thing.position[0], thing.position[1], thing.position[2] - thing.kind.size[2] / 2)
        assert found is not None and found[0] is piece and not found[1].enclosed
        u, _ = piece.pose2d.inverse_transform(np.array(thing.position[:2]))
        front = found[1].center[0] + found[1].size[0] / 2
        assert front - EDGE_ZONE - 0.06 <= u < front
    assert is_free(plan, day.robot.x, day.robot.y, 0.3)


@pytest.mark.parametrize("seed", range(12))
def test_things_stand_apart(seed: int):
    things = place(seed).objects
    for i, a in enumerate(things):
        for b in things[:i]:
            if a.place == b.place:
                radii = [
                    k.size[0] / 2 if k.shape in ("cylinder", "sphere") else math.hypot(*k.size[:2]) / 2
                    for k in (a.kind, b.kind)
                ]
                gap = math.dist(a.position[:2], b.position[:2]) - sum(radii)
                assert gap >= OBJECT_GAP - 1e-9 or abs(a.position[2] - b.position[2]) > 0.25


@pytest.mark.parametrize("seed", range(12))
def test_the_user_stands_near_the_robot_and_faces_it(seed: int):
    plan, _, _, _ = files()
    day = place(seed)
    user = next(p for p in day.people if p.person.user)
    dx, dy = day.robot.x - user.pose.x, day.robot.y - user.pose.y
    assert USER_DISTANCE[0] <= math.hypot(dx, dy) <= USER_DISTANCE[1]
    assert math.atan2(dy, dx) == pytest.approx(user.pose.theta)
    others = [plan.room_at(p.pose.x, p.pose.y).name for p in day.people if not p.person.user]
    assert "living_room" not in others and len(set(others)) == len(others)


def test_a_scenario_places_removes_and_makes_the_placed_kind_the_only_one():
    day = place(5, place={"red_apple": "fridge", "purple_ball": "brown_basket", "brown_basket": "desk"},
                remove=["blue_cup"], robot=[6.5, 2.2, 0.5])  # fmt: skip
    things = {o.name: o for o in day.objects}
    assert [n for n in things if n.endswith("apple")] == ["red_apple"]
    assert things["red_apple"].place == "fridge" and things["purple_ball"].place == "brown_basket"
    assert "blue_cup" not in things
    assert (day.robot.x, day.robot.y, day.robot.theta) == (6.5, 2.2, 0.5)


@pytest.mark.parametrize("seed", range(12))
def test_nobody_stands_where_a_scenario_puts_the_robot(seed: int):
    day = place(seed, robot=[6.6, 2.2, 0.0])
    assert all(math.dist((p.pose.x, p.pose.y), (6.6, 2.2)) > 1.0 for p in day.people)


def test_a_scenario_moves_people_and_sends_them_away():
    day = place(5, people={"anna": {"present": False}, "tom": {"at": [2.0, 6.0, 0.0], "walk": [[3.0, 6.0]]}})
    people = {p.person.name: p for p in day.people}
    assert set(people) == {"user", "tom"}
    assert people["tom"].walk == ((2.0, 6.0), (3.0, 6.0))


@pytest.mark.parametrize(
    "scenario, words",
    [
        ({"place": {"red_cup": "moon"}}, "kitchen_counter"),
        ({"place": {"red_thing": "desk"}}, "categories"),
        ({"place": {"red_cup": 7}}, "Give a piece of furniture"),
        ({"people": {"eve": {}}}, "Known people"),
        ({"doors": {"sofa": 1.0}}, "opens"),
        ({"goal": [["near", "a", "b"]]}, "3 arguments"),
        ({"goal": [["flies", "a"]]}, "Known predicates"),
        ({"time_limit_s": 0}, "1 to 3600"),
    ],
)
def test_a_mistake_in_a_scenario_names_its_remedy(scenario: dict, words: str):
    with pytest.raises(ConfigError, match=words):
        place(**scenario)


def test_the_shipped_scenarios_load_and_can_all_be_placed():
    plan, catalog, people, _ = files()
    scenarios = load_scenarios(CONFIG.parent / "benchmarks" / "scenarios" / "home.yaml")
    assert len(scenarios) >= 20
    for scenario in scenarios:
        for extra in range(3):
            make_placement(plan, catalog, people, scenario, scenario.seed + extra)


def test_yaml_reads_a_bare_on_as_true_and_the_goal_still_means_on(tmp_path):
    path = tmp_path / "one.yaml"
    path.write_text("- {id: a, command: x, goal: [[on, red_cup, desk]]}\n")
    assert find_scenario(path, "").goal == (("on", "red_cup", "desk"),)
    with pytest.raises(ConfigError, match="are: a"):
        find_scenario(path, "b")
