"""What the robot does not do although it could: hazards, people, zones, weights, heights and doubts."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from planning_world import CATALOG, CONFIG, PEOPLE, PLAN, FakeHome
from test_planning_stories import USER, home_with_user, place, thing

from vla_ros.core.catalog import Catalog, ObjectKind
from vla_ros.core.geometry import Pose2D
from vla_ros.core.people import People
from vla_ros.core.task import Referent, TaskStep
from vla_ros.core.zones import Zone, Zones
from vla_ros.planning.params import PlannerParams
from vla_ros.planning.rules import REACTIONS, RULES

PERSON = Referent("person", "person", attributes=("green", "shirt"))


def with_kinds(*kinds: ObjectKind) -> Catalog:
    return Catalog(objects=(*CATALOG.objects, *kinds))


def kind(category: str, **fields: object) -> ObjectKind:
    return ObjectKind(category=category, shape="box", size=(0.06, 0.06, 0.08), **fields)  # type: ignore[arg-type]


PILLS = kind("pill_bottle", hazard="medicine")
CANDLE = kind("candle", hazard="fire")
STONE = kind("stone", mass=7.5)


def family(height: float, **fields: object) -> FakeHome:
    """A home with its user and somebody in a green shirt in the kitchen, whom nobody knows by name."""
    home = FakeHome(robot=Pose2D(3.1, 2.5, 2.4), people=People(people=(PEOPLE.people[0],)), **fields)  # type: ignore[arg-type]
    home.stand("purple", 2.3, 3.2, "user")
    home.stand("green", 2.6, 5.2, "somebody", height)
    home.run(1.0)
    return home


def moved(home: FakeHome) -> bool:
    return any(g.kind in ("navigate", "approach", "base_move", "arm_reach", "gripper") for g in home.goals)


def offered(home: FakeHome) -> bool:
    return any(g.posture.startswith("offer") for g in home.goals if g.kind == "arm_posture")


# ---- harm


def test_a_knife_is_laid_down_near_a_person_and_never_held_out() -> None:
    home = home_with_user()
    home.put("knife", "grey", "kitchen_counter")
    home.submit(TaskStep("bring", object=thing("knife"), recipient=USER))
    end = home.run_to_end()
    assert end.state == "succeeded" and not offered(home) and not home.held
    assert any("I lay it down near you" in words for words in home.speech)
    at = home.things["grey_knife"].at
    assert PLAN.room_at(at[0], at[1]) is PLAN.room_at(2.3, 3.2) and at[2] > 0.3
    assert [s.skill for s in home.plans[-1].steps][-1] == "place"


def test_a_knife_goes_to_no_child_whatever_the_words_said() -> None:
    home = family(height=1.05)
    home.put("knife", "grey", "kitchen_counter")
    home.submit(TaskStep("bring", object=thing("knife"), recipient=PERSON))
    end = home.run_to_end()
    assert end.state == "refused" and "child" in end.text and "(rule child)" in end.text and not offered(home)


def test_the_same_person_grown_up_gets_the_cup_and_a_child_does_too() -> None:
    for height in (1.05, 1.75):
        home = family(height)
        home.put("cup", "red", "kitchen_counter")
        home.submit(TaskStep("bring", object=thing("cup"), recipient=PERSON))
        assert home.run_to_end().state == "succeeded" and offered(home)


def test_a_child_known_by_name_is_recognised_by_the_words_alone_before_anything_moves() -> None:
    lisa = replace(PEOPLE.people[1], name="lisa", synonyms=(), child=True)
    home = FakeHome(robot=Pose2D(3.1, 2.5, 2.4), people=People(people=(*PEOPLE.people, lisa)))
    home.put("cup", "red", "kitchen_counter")
    home.submit(TaskStep("bring", object=thing("cup", "hot"), recipient=Referent("person", name="lisa")))
    end = home.run_to_end()
    assert end.state == "refused" and "(rule child)" in end.text and not moved(home)


def test_what_turns_out_to_be_medicine_is_left_where_it_is() -> None:
    home = FakeHome(robot=Pose2D(3.1, 2.5, 2.4), catalog=with_kinds(PILLS))
    home.stand("purple", 2.3, 3.2, "user")
    home.put("pill_bottle", "white", "kitchen_table")
    home.submit(TaskStep("bring", object=thing("thing", "white", on="kitchen_table"), recipient=USER))
    end = home.run_to_end()
    assert end.state == "refused" and "(rule medicine)" in end.text and not home.held


@pytest.mark.parametrize(("category", "rule"), [("pill_bottle", "medicine"), ("candle", "fire"), ("stone", "payload")])
def test_what_the_words_tell_is_refused_before_the_first_motion(category: str, rule: str) -> None:
    home = FakeHome(catalog=with_kinds(PILLS, CANDLE, STONE))
    home.put(category, "white", "kitchen_table")
    home.submit(TaskStep("pick", object=thing(category)))
    end = home.run_to_end()
    assert end.state == "refused" and f"(rule {rule})" in end.text and not moved(home)


def test_no_cup_is_put_on_a_phone_but_beside_it() -> None:
    home = home_with_user()
    home.put("cup", "red", "kitchen_counter", 0.1, 0.2)
    home.put("phone", "black", "kitchen_table")
    on = TaskStep("place", object=thing("cup"), destination=thing("phone"), destination_relation="on")
    home.submit(on)
    end = home.run_to_end()
    assert end.state == "refused" and "(rule electric)" in end.text and not moved(home)
    home.submit(replace(on, destination_relation="beside"), command_id="c2")
    assert home.run_to_end("c2").state == "succeeded"


def test_a_plate_is_carried_slowly_and_says_why() -> None:
    home = home_with_user()
    home.put("bowl", "blue", "kitchen_counter")
    home.put("plate", "white", "kitchen_table")
    home.planner.world.catalog = Catalog(
        objects=tuple(replace(k, hazard="fragile") if k.category == "bowl" else k for k in CATALOG.objects)
    )
    home.submit(TaskStep("pick", object=thing("bowl")))
    home.run_to_end()
    picking = [g for g in home.goals if g.kind in ("approach", "arm_reach")]
    assert picking and all(g.speed_scale == PlannerParams().slow_scale for g in picking)
    assert any("slowly: the bowl is fragile" in s.text for s in home.statuses)
    driving = [g for g in home.goals if g.kind == "navigate"]
    assert any(g.speed_scale == 1.0 for g in driving), "only what concerns the bowl is slow"


# ---- space


def over(furniture: str, name: str = "closed", **fields: object) -> Zones:
    piece = PLAN.piece(furniture)
    corners = [
        piece.pose2d.transform((sx * piece.size[0] / 2, sy * piece.size[1] / 2))
        for sx, sy in ((1, 1), (1, -1), (-1, -1), (-1, 1))
    ]
    polygon = tuple((float(x), float(y)) for x, y in corners)
    return Zones(keep_out=(Zone(name=name, polygon=polygon, **fields),))  # type: ignore[arg-type]


def test_nothing_is_put_into_a_closed_zone() -> None:
    home = FakeHome(zones=over("kitchen_table", "wet paint"))
    home.put("cup", "red", "kitchen_counter")
    home.submit(TaskStep("place", object=thing("cup"), destination=place("kitchen_table")))
    end = home.run_to_end()
    assert end.state == "refused" and "wet paint" in end.text and "(rule keep_out)" in end.text and not moved(home)


def test_of_two_cups_the_one_in_a_closed_zone_is_left_and_the_other_taken() -> None:
    home = FakeHome(zones=over("kitchen_counter"))
    home.put("cup", "red", "kitchen_counter", name="closed_cup")
    home.put("cup", "red", "kitchen_table", name="open_cup")
    home.submit(TaskStep("pick", object=thing("cup", "any")))
    end = home.run_to_end()
    assert end.state == "succeeded" and home.held == "open_cup", end.text


def test_a_zone_that_lies_above_the_table_closes_nothing() -> None:
    home = FakeHome(zones=over("kitchen_table", z=(1.9, 2.5)))
    home.put("cup", "red", "kitchen_counter")
    home.submit(TaskStep("place", object=thing("cup"), destination=place("kitchen_table")))
    assert home.run_to_end().state == "succeeded"


def test_people_beside_the_way_are_passed_slowly() -> None:
    for x, scale in ((2.6, 0.5), (4.6, 1.0)):
        home = FakeHome(robot=Pose2D(3.1, 1.0, math.pi / 2))
        home.stand("orange", x, 2.6)
        home.run(0.5)
        home.submit(TaskStep("go", destination=place("kitchen")))
        home.run(30.0, lambda home=home: any(g.kind == "navigate" for g in home.goals))
        drive = next(g for g in home.goals if g.kind == "navigate")
        assert drive.speed_scale == scale, x


# ---- ability


def test_a_cup_that_stands_too_high_is_left_for_one_within_reach() -> None:
    home = home_with_user()
    home.put("cup", "red", "kitchen_counter", name="high_cup")
    home.things["high_cup"].at[2] = 2.4
    home.put("cup", "red", "kitchen_table", name="low_cup")
    home.submit(TaskStep("pick", object=thing("cup", "any")))
    end = home.run_to_end()
    assert end.state == "succeeded" and home.held == "low_cup", end.text


def test_when_no_other_cup_is_found_the_end_tells_which_was_left() -> None:
    home = FakeHome(zones=over("kitchen_counter"))
    home.put("cup", "red", "kitchen_counter")
    home.submit(TaskStep("pick", object=thing("cup", "any", on="kitchen_counter")))
    end = home.run_to_end()
    assert end.state == "failed" and "I left one" in end.text and "(rule keep_out)" in end.text


def test_a_cup_out_of_reach_ends_with_both_heights() -> None:
    home = home_with_user()
    home.put("cup", "red", "kitchen_counter")
    home.things["red_cup"].at[2] = 2.4
    home.submit(TaskStep("pick", object=thing("cup")))
    end = home.run_to_end()
    assert end.state == "failed" and "2.40 m" in end.text and "(rule reach)" in end.text
    assert not any(g.kind == "arm_reach" for g in home.goals)


# ---- doubt


def test_a_command_that_was_perhaps_misunderstood_waits_for_a_yes() -> None:
    home = home_with_user()
    home.submit(TaskStep("go", destination=place("kitchen")), confidence=PlannerParams().ask_below - 0.05)
    home.run(5.0)
    assert home.state() == "waiting_for_answer" and not moved(home)
    question = home.statuses[-1].question
    assert "I will go to the kitchen" in question and "right?" in question
    home.submit(TaskStep("answer", text="yes", about="yes"), command_id="a")
    assert home.run_to_end().state == "succeeded" and moved(home)


def test_a_yes_counts_for_every_step_of_the_command() -> None:
    home = home_with_user()
    home.put("cup", "red", "kitchen_counter")
    home.submit(TaskStep("pick", object=thing("cup")), confidence=0.4)
    home.run(3.0)
    home.submit(TaskStep("answer", text="yes please"), command_id="a")
    assert home.run_to_end().state == "succeeded"
    assert sum(s.state == "waiting_for_answer" for s in home.statuses) <= 3


def test_a_no_ends_the_command_and_nothing_has_moved() -> None:
    home = home_with_user()
    home.submit(TaskStep("go", destination=place("kitchen")), confidence=0.4)
    home.run(3.0)
    home.submit(TaskStep("answer", text="no", about="no"), command_id="a")
    end = home.run_to_end()
    assert end.state == "refused" and not moved(home)


def test_a_little_doubt_makes_slow_and_words_that_move_nothing_are_never_asked_about() -> None:
    home = home_with_user()
    params = PlannerParams()
    home.submit(TaskStep("go", destination=place("kitchen")), confidence=(params.ask_below + params.slow_below) / 2)
    home.run_to_end()
    assert all(g.speed_scale == params.slow_scale for g in home.goals if g.kind == "navigate")
    home.submit(TaskStep("say", text="hello"), command_id="c2", confidence=0.4)
    assert home.run_to_end("c2").state == "succeeded"


def test_a_thing_that_is_hardly_a_cup_is_asked_about_before_it_is_taken() -> None:
    for answer, state in (("yes", "succeeded"), ("no", "refused")):
        home = FakeHome(PlannerParams(ask_thing_below=0.5), robot=Pose2D(3.1, 2.5, 2.4))
        home.put("cup", "red", "kitchen_counter")
        home.things["red_cup"].score = 0.4
        home.submit(TaskStep("pick", object=thing("cup")))
        home.run(120.0, lambda home=home: home.state() == "waiting_for_answer")
        assert "not sure" in home.statuses[-1].question and not home.held
        home.submit(TaskStep("answer", text=answer, about=answer), command_id="a")
        assert home.run_to_end().state == state


def test_every_rule_explains_itself_and_stands_on_the_page_for_people() -> None:
    assert all(rule.__doc__ for rule in RULES) and REACTIONS[0] == "refuse"
    page = (CONFIG.parent / "docs" / "rules.md").read_text()
    folder = CONFIG.parent / "vla_ros" / "planning" / "rules"
    names = {name for file in folder.glob("*.py") for name in re.findall(r'Objection\("(\w+)"', file.read_text())}
    assert len(names) >= len(RULES) and not [name for name in names if f"`{name}`" not in page]
