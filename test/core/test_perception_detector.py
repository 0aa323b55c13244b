"""What one rendered frame shows: every kind of thing with its place, category and colour; people; the robot not."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from table_scene import CATALOG, PLAN, RGB, TABLE_HEIGHT, Figure, Room, Thing, look

from vla_ros.core.errors import InputError
from vla_ros.core.geometry import Box, Pose
from vla_ros.core.scene import SceneObject
from vla_ros.perception.categories import CategoryScorer
from vla_ros.perception.detector import ClusterDetector
from vla_ros.perception.measures import Measure
from vla_ros.perception.params import PerceptionParams

HEAD = look(0.5, 0.0, 1.4, 0.0, math.radians(32))


@pytest.fixture(scope="module")
def detector() -> ClusterDetector:
    return ClusterDetector(PerceptionParams(), CATALOG, PLAN)


def nearest(objects: tuple[SceneObject, ...], x: float, y: float) -> tuple[SceneObject, float]:
    def distance(o: SceneObject) -> float:
        return math.hypot(o.pose.position[0] - x, o.pose.position[1] - y)

    best = min(objects, key=distance)
    return best, distance(best)


def test_every_kind_on_a_table_is_found_in_place_with_its_name_and_colour(detector):
    rng = np.random.default_rng(3)
    total = found = named = colored = 0
    errors = []
    for round_ in range(4):
        kinds = [k for k in CATALOG.objects if k.category != "basket"]
        rng.shuffle(kinds)
        things = []
        for i, kind in enumerate(kinds[:7]):
            colors = kind.colors or tuple(RGB)
            x, y = rng.uniform(1.40, 1.72), -0.66 + 0.22 * i
            scale = rng.uniform(0.93, 1.07)
            things.append(Thing(kind.category, str(rng.choice(colors)), x, y, rng.uniform(-1.5, 1.5), scale=scale))
        room = Room(tuple(things))
        camera = look(rng.uniform(0.3, 0.7), rng.uniform(-0.1, 0.1), 1.4, 0.0, math.radians(rng.uniform(28, 36)))
        objects = detector.detect(room.frame(camera))
        room.close()
        assert len(objects) <= len(things) + 1, f"round {round_}: {[o.category for o in objects]}"
        for thing in things:
            total += 1
            best, error = nearest(objects, thing.x, thing.y)
            if error > 0.05:
                continue
            found += 1
            errors.append(error)
            named += best.category == thing.category
            colored += best.color == thing.color
            assert best.support_z == pytest.approx(0.8, abs=0.01)
    assert found / total >= 0.95
    assert named / found >= 0.90
    assert colored / found >= 0.96
    assert max(errors) <= 0.03
    assert float(np.median(errors)) <= 0.01


@pytest.mark.parametrize("color", sorted(RGB))
def test_colours_keep_their_names_in_light_and_shade(detector, color):
    room = Room((Thing("box", color, 1.5, 0.3, 0.5), Thing("cup", color, 1.5, -0.3), Thing("book", color, 1.5, 0.0)))
    objects = detector.detect(room.frame(HEAD))
    room.close()
    assert [o.color for o in objects] == [color] * 3


@pytest.mark.parametrize("category", ["phone", "pen", "knife", "plate"])
def test_thin_things_are_found(detector, category):
    room = Room((Thing(category, "blue", 1.5, 0.1, 0.6),))
    objects = detector.detect(room.frame(HEAD))
    room.close()
    assert [o.category for o in objects] == [category]
    assert objects[0].shape in ("flat", "elongated")


def test_things_in_a_shelf_stand_on_their_boards(detector):
    things = (Thing("bottle", "green", 1.68, 2.1, z=0.9), Thing("cup", "red", 1.68, 2.35, z=0.5))
    room = Room(things)
    objects = detector.detect(room.frame(look(0.6, 2.2, 1.2, 0.0, math.radians(30))))
    room.close()
    for thing in things:
        best, error = nearest(objects, thing.x, thing.y)
        assert error < 0.02
        assert (best.category, best.color) == (thing.category, thing.color)
        assert best.support_z == pytest.approx(thing.z, abs=0.01)
    assert len(objects) == 2


def test_a_container_and_what_is_in_it_are_two_things(detector):
    basket = Thing("basket", "brown", 1.5, 0.0, 1.57)
    room = Room((basket, Thing("apple", "green", 1.5, 0.05, z=0.81)))
    objects = detector.detect(room.frame(look(0.7, 0.0, 1.5, 0.0, math.radians(40))))
    room.close()
    assert {(o.color, o.category) for o in objects} == {("brown", "basket"), ("green", "apple")}
    assert nearest(objects, 1.5, 0.05)[1] < 0.03


def test_touching_things_of_different_colours_are_told_apart(detector):
    room = Room((Thing("can", "red", 1.5, 0.0), Thing("can", "blue", 1.5, 0.067)))
    objects = detector.detect(room.frame(HEAD))
    room.close()
    assert sorted((o.color, o.category) for o in objects) == [("blue", "can"), ("red", "can")]


def test_one_behind_another_is_told_apart_by_depth(detector):
    room = Room((Thing("can", "red", 1.45, 0.0), Thing("bottle", "red", 1.65, 0.02)))
    objects = detector.detect(room.frame(HEAD))
    room.close()
    assert {o.category for o in objects} == {"can", "bottle"}


def test_people_have_the_colour_of_their_shirts(detector):
    room = Room((), (Figure("purple", 1.0, -1.6), Figure("orange", 0.6, 1.7)))
    for y, figure in ((-1.6, ("purple", 1.0)), (1.7, ("orange", 0.6))):
        camera = look(figure[1] - 2.2, y, 1.4, 0.0, math.radians(15))
        people = [o for o in detector.detect(room.frame(camera)) if o.category == "person"]
        assert [p.color for p in people] == [figure[0]]
        assert nearest(tuple(people), figure[1], y)[1] < 0.08
        assert 1.55 < people[0].size[2] < 1.8
    room.close()


def test_a_sleeve_over_the_table_is_no_thing_and_the_cup_below_it_is_one(detector):
    person, cup = Figure("purple", 0.95, 0.9), Thing("cup", "red", 1.4, 0.2)
    sleeve = Thing("box", "purple", 1.29, 0.8, z=1.05)
    camera = look(0.6, -1.0, 1.4, 1.25, math.radians(18))
    room = Room((cup, sleeve), (person,))
    objects = detector.detect(room.frame(camera))
    room.close()
    assert len(objects) == 2 and [o.color for o in objects if o.category == "person"] == ["purple"]
    best, error = nearest(objects, cup.x, cup.y)
    assert error < 0.05 and best.color == "red"
    alone = Room((cup, sleeve))
    seen = detector.detect(alone.frame(camera))
    alone.close()
    assert len(seen) == 2, "without a person it is a thing that somebody holds up"


def test_a_person_near_the_robot_is_found_though_head_and_feet_are_out_of_the_image(detector):
    room = Room((), (Figure("purple", 0.9, -1.0),))
    objects = detector.detect(room.frame(look(-0.1, -1.0, 1.4, 0.0, math.radians(15))))
    room.close()
    people = [o for o in objects if o.category == "person"]
    assert len(people) == 1
    assert people[0].color == "purple"
    assert nearest(tuple(people), 0.9, -1.0)[1] < 0.1


def test_an_empty_room_has_no_things(detector):
    room = Room()
    for x in (0.2, 0.7):
        for tilt in (20, 35):
            assert detector.detect(room.frame(look(x, 0.4, 1.4, 0.2, math.radians(tilt)))) == ()
    room.close()


def test_a_pose_that_is_a_little_wrong_makes_no_ghosts_of_the_table(detector):
    room = Room((Thing("phone", "black", 1.5, 0.0, 0.4), Thing("cup", "red", 1.5, 0.3)))
    camera = HEAD.copy()
    frame = room.frame(camera)
    room.close()
    tilted = look(0.5, 0.0, 1.412, 0.0, math.radians(32.4))
    objects = detector.detect(dataclasses.replace(frame, world_from_camera=tilted))
    assert {o.category for o in objects} == {"phone", "cup"}


def test_depth_noise_of_a_real_camera_is_borne():
    params = PerceptionParams(depth_noise=0.004, min_height=0.012)
    detector = ClusterDetector(params, CATALOG, PLAN)
    room = Room((Thing("bottle", "green", 1.5, -0.2), Thing("cup", "red", 1.5, 0.2), Thing("box", "blue", 1.6, 0.0)))
    frame = room.frame(HEAD)
    room.close()
    rng = np.random.default_rng(0)
    noisy = frame.depth + rng.normal(0, 0.0015, frame.depth.shape).astype(np.float32) * frame.depth**2
    noisy[rng.random(noisy.shape) < 0.02] = np.nan
    objects = detector.detect(dataclasses.replace(frame, depth=noisy))
    for x, y in ((1.5, -0.2), (1.5, 0.2), (1.6, 0.0)):
        assert nearest(objects, x, y)[1] < 0.02
    assert {o.category for o in objects if o.confidence > 0.6} == {"bottle", "cup", "box"}


def test_the_robots_own_links_are_no_things(detector):
    hand = Thing("box", "grey", 1.1, 0.0, z=1.0)
    room = Room((hand, Thing("cup", "red", 1.5, 0.3)))
    frame = room.frame(HEAD)
    room.close()
    assert len(detector.detect(frame)) == 2
    own = Box(Pose((1.1, 0.0, 1.04)), (0.12, 0.08, 0.08), "gripper_link")
    assert [o.category for o in detector.detect(frame, (own,))] == ["cup"]


def test_a_thing_in_the_hand_floats_and_keeps_its_own_height(detector):
    room = Room((Thing("cup", "red", 1.4, 0.0, z=1.0),))
    objects = detector.detect(room.frame(HEAD))
    room.close()
    assert [o.category for o in objects] == ["cup"]
    assert objects[0].support_z == pytest.approx(1.0, abs=0.02)


def test_without_a_floor_plan_things_on_the_table_are_found_too():
    detector = ClusterDetector(PerceptionParams(), CATALOG, None)
    things = (Thing("cup", "red", 1.5, -0.3), Thing("bottle", "green", 1.55, 0.0), Thing("box", "blue", 1.5, 0.3))
    room = Room(things)
    objects = detector.detect(room.frame(HEAD))
    room.close()
    for thing in things:
        best, error = nearest(objects, thing.x, thing.y)
        assert error < 0.02
        assert (best.category, best.color) == (thing.category, thing.color)
    assert len(objects) == 3


def test_unusable_frames_are_refused_by_name(detector):
    room = Room()
    good = room.frame(HEAD)
    room.close()
    nan = HEAD.copy()
    nan[0, 3] = math.nan
    for field, bad in (
        ("depth", dataclasses.replace(good, depth=good.depth[:100])),
        ("rgb", dataclasses.replace(good, rgb=good.rgb.astype(np.float32))),
        ("world_from_camera", dataclasses.replace(good, world_from_camera=nan)),
        ("intrinsics", dataclasses.replace(good, intrinsics=dataclasses.replace(good.intrinsics, fx=math.nan))),
        ("stamp_s", dataclasses.replace(good, stamp_s=math.inf)),
    ):
        with pytest.raises(InputError) as caught:
            detector.detect(bad)
        assert caught.value.field == field


def test_a_frame_without_any_depth_has_no_things(detector):
    room = Room()
    frame = room.frame(HEAD)
    room.close()
    assert detector.detect(dataclasses.replace(frame, depth=np.full_like(frame.depth, np.nan))) == ()


def shoes(x: float, y: float) -> tuple[Thing, ...]:
    """A pair of them on the floor."""
    return tuple(Thing("book", "black", x - 0.06, y + side, math.pi / 2, z=0.0, scale=1.2) for side in (-0.09, 0.09))


@pytest.mark.parametrize("away,tilt", [(0.7, 60), (0.9, 55), (1.2, 50)])
def test_feet_below_a_camera_that_looks_down_are_no_things(detector, away, tilt):
    room = Room(shoes(0.6, -1.7), (Figure("purple", 0.6, -1.7),))
    objects = detector.detect(room.frame(look(0.6 - away, -1.7, 1.4, 0.0, math.radians(tilt))))
    room.close()
    assert [o for o in objects if o.category != "person"] == []


def test_legs_behind_a_table_board_are_no_things_and_a_box_on_the_floor_is_one(detector):
    board = Thing("box", "white", -0.1, -1.7, math.pi / 2, z=0.68, scale=3.5)
    camera = look(-0.9, -1.7, 1.0, 0.0, math.radians(35))
    room = Room((board, *shoes(0.7, -1.7), Thing("box", "red", 0.4, -0.9, z=0.0)), (Figure("purple", 0.7, -1.7),))
    objects = [o for o in detector.detect(room.frame(camera)) if o.category != "person"]
    room.close()
    on_floor = [o for o in objects if o.pose.position[2] < 0.3]
    assert [(o.category, o.color) for o in on_floor] == [("box", "red")]


def test_a_small_part_of_something_is_no_basket():
    kind = CATALOG.kind("basket")
    assert kind is not None
    scorer = CategoryScorer(CATALOG)
    foot = Measure((0, 0, 0.08), 0.0, 0.21, 0.10, 0.16, 0.0, 1.0, "box", 0.0, 0.005, partial=True)
    assert dict(scorer.scores(foot, (("brown", 1.0),))).get("basket", 0.0) < 0.3
    front = dataclasses.replace(foot, length=0.35, width=0.05, height=0.15)
    assert dict(scorer.scores(front, (("brown", 1.0),)))["basket"] > 0.6


def test_a_foot_at_the_side_of_the_image_is_no_thing(detector):
    room = Room(shoes(0.3, -1.7), (Figure("purple", 0.3, -1.7),))
    for turn in np.arange(0.45, 0.85, 0.05):
        objects = detector.detect(room.frame(look(-0.9, -1.7, 1.2, turn, math.radians(40))))
        assert [o for o in objects if o.category != "person"] == [], turn
    room.close()


def test_a_window_sill_behind_a_bottle_is_no_thing(detector):
    sill = Thing("stapler", "white", 1.93, 0.02, math.pi / 2, z=TABLE_HEIGHT + 0.05, scale=1.5)
    room = Room((sill, Thing("bottle", "blue", 1.75, 0.0)))
    objects = detector.detect(room.frame(look(0.9, 0.0, 1.3, 0.0, math.radians(25))))
    room.close()
    assert [(o.category, o.color) for o in objects] == [("bottle", "blue")]
