"""Stories of several frames: ids stay, memory lasts, what is gone is forgotten, what moves is followed."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from table_scene import CATALOG, PLAN, Figure, Room, Thing, look

from vla_ros.core.errors import InputError
from vla_ros.core.scene import Scene, SceneObject
from vla_ros.perception.annotate import annotate
from vla_ros.perception.params import PerceptionParams
from vla_ros.perception.pipeline import PerceptionPipeline

DOWN = math.radians(32)
HEAD = look(0.5, 0.0, 1.4, 0.0, DOWN)
AWAY = look(0.5, 0.0, 1.4, math.pi, DOWN)


class Story:
    """A pipeline that is shown a room at 10 Hz."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.pipeline = PerceptionPipeline(PerceptionParams(), CATALOG, PLAN, None)
        self.now = 1.0

    def see(self, camera: np.ndarray = HEAD, frames: int = 1) -> Scene:
        for _ in range(frames):
            self.now += 0.1
            scene = self.pipeline.update(self.room.frame(camera, self.now))
        return scene

    @staticmethod
    def one(scene: Scene, category: str) -> SceneObject:
        found = [o for o in scene.objects if o.category == category]
        assert len(found) == 1, f"{category}: {[(o.id, o.category) for o in scene.objects]}"
        return found[0]


def test_ids_are_made_of_the_category_and_stay_while_the_camera_moves():
    story = Story(
        Room((Thing("cup", "red", 1.5, -0.2), Thing("cup", "blue", 1.5, 0.2), Thing("book", "green", 1.6, 0.0)))
    )
    first = {o.id: o.color for o in story.see(frames=3).objects}
    assert set(first) == {"cup_1", "cup_2", "book_1"}
    for i in range(12):
        scene = story.see(look(0.5 - 0.05 * i, 0.04 * i, 1.4, -0.03 * i, DOWN))
        assert {o.id: o.color for o in scene.objects} == first
        assert all(o.visible for o in scene.objects)


def test_what_is_out_of_view_is_remembered_where_it_was():
    story = Story(Room((Thing("cup", "red", 1.5, 0.0),)))
    before = story.one(story.see(frames=4), "cup")
    after = story.one(story.see(AWAY, frames=30), "cup")
    assert after.id == before.id
    assert not after.visible
    assert after.last_seen_s == before.last_seen_s
    assert after.pose.position == pytest.approx(before.pose.position, abs=1e-6)


def test_what_is_hidden_behind_something_stays_and_what_is_seen_to_be_gone_goes():
    story = Story(Room((Thing("can", "red", 1.6, 0.0), Thing("basket", "brown", 1.4, 0.9, 1.57))))
    known = story.one(story.see(frames=4), "can").id
    story.room.move(1, dx=-0.15, dy=-0.9, dz=0.25)  # the basket is held between the camera and the can
    hidden = [o for o in story.see(frames=15).objects if o.id == known]
    assert len(hidden) == 1 and not hidden[0].visible
    story.room.move(1, dx=0.15, dy=0.9, dz=-0.25)
    assert story.one(story.see(frames=3), "can").id == known
    story.room.move(0, dz=-5.0)
    assert known in {o.id for o in story.see(frames=2).objects}, "one empty look is not enough"
    assert known not in {o.id for o in story.see(frames=8).objects}


def test_a_removed_phone_is_forgotten_though_it_is_thin():
    story = Story(Room((Thing("phone", "black", 1.5, 0.0),)))
    assert story.see(frames=3).objects
    story.room.move(0, dz=-5.0)
    assert story.see(frames=12).objects == ()


def test_a_carried_thing_is_followed_and_keeps_its_id():
    story = Story(Room((Thing("cup", "red", 1.4, -0.5), Thing("cup", "red", 1.6, 0.4))))
    start = {o.id for o in story.see(frames=3).objects}
    for _ in range(20):
        story.room.move(0, dy=0.04, dz=0.008)
        scene = story.see()
    moved = min(scene.objects, key=lambda o: math.dist(o.pose.position[:2], (1.4, 0.3)))
    assert {o.id for o in scene.objects} == start
    assert math.dist(moved.pose.position[:2], (1.4, 0.3)) < 0.03
    assert moved.velocity[1] == pytest.approx(0.4, abs=0.12)
    still = next(o for o in scene.objects if o.id != moved.id)
    assert still.velocity == (0.0, 0.0, 0.0)


def test_a_thing_that_vanished_and_appears_elsewhere_keeps_its_id():
    story = Story(Room((Thing("cup", "red", 1.5, -0.5), Thing("can", "blue", 1.5, 0.6))))
    known = story.one(story.see(frames=3), "cup").id
    story.room.move(0, dz=-5.0)
    assert known not in {o.id for o in story.see(frames=10).objects}
    story.room.move(0, dy=0.7, dz=5.0)
    assert story.one(story.see(frames=3), "cup").id == known


def test_walking_people_have_a_velocity_and_one_id():
    story = Story(Room((), (Figure("purple", 0.8, -1.0),)))
    camera = look(-1.6, -0.4, 1.4, 0.0, math.radians(15))
    first = story.one(story.see(camera, frames=3), "person")
    for _ in range(15):
        story.room.move(0, dy=0.08, person=True)
        scene = story.see(camera)
    person = story.one(scene, "person")
    assert person.id == first.id == "person_1"
    assert person.velocity[1] == pytest.approx(0.8, abs=0.25)
    assert person.pose.position[1] == pytest.approx(0.2, abs=0.12)


def test_a_jump_of_the_camera_pose_does_not_wipe_the_memory():
    story = Story(Room((Thing("cup", "red", 1.5, 0.0),)))
    known = story.one(story.see(frames=4), "cup").id
    for _ in range(4):
        story.see(look(-0.4, 0.7, 1.4, 0.3, DOWN))
        scene = story.see(HEAD)
    assert known in {o.id for o in scene.objects}


def test_old_frames_are_refused_and_a_new_start_of_the_clock_begins_afresh():
    story = Story(Room((Thing("cup", "red", 1.5, 0.0),)))
    story.see(frames=3)
    with pytest.raises(InputError, match="newer"):
        story.pipeline.update(story.room.frame(HEAD, story.now - 0.05))
    with pytest.raises(InputError, match="newer"):
        story.pipeline.update(story.room.frame(HEAD, story.now))
    story.now = -20.0
    assert story.see().objects == ()
    assert story.one(story.see(), "cup").id == "cup_2", "ids are never used twice"


def test_a_blind_moment_keeps_the_memory_without_a_view():
    story = Story(Room((Thing("cup", "red", 1.5, 0.0),)))
    story.see(frames=3)
    scene = story.pipeline.blind(story.now + 0.1)
    assert scene.view is None
    assert [o.visible for o in scene.objects] == [False]


def test_memory_is_bounded():
    params = PerceptionParams(max_tracks=4, confirm_frames=1)
    pipeline = PerceptionPipeline(params, CATALOG, PLAN, None)
    room = Room(tuple(Thing("cup", "red", 1.5, -0.8 + 0.2 * i) for i in range(9)))
    scene = pipeline.update(room.frame(HEAD, 1.0))
    assert len(scene.objects) == 4


def test_categories_are_settled_by_many_frames():
    story = Story(Room((Thing("cup", "red", 1.7, 0.0),)))
    one = story.one(story.see(look(-0.4, 0.0, 1.4, 0.0, DOWN), frames=2), "cup")
    many = story.one(story.see(frames=8), "cup")
    assert many.categories[0][1] > 0.9
    assert many.categories[0][1] >= one.categories[0][1] - 0.02
    assert many.confidence > 0.95


def test_the_annotated_picture_shows_boxes_and_leaves_the_original_alone():
    story = Story(Room((Thing("cup", "red", 1.5, 0.0),)))
    scene = story.see(frames=3)
    frame = story.room.frame(HEAD, 9.0)
    before = frame.rgb.copy()
    picture = annotate(frame.rgb, scene, frame.intrinsics, frame.world_from_camera)
    assert picture.shape == before.shape
    assert (frame.rgb == before).all()
    changed = np.argwhere((picture != before).any(axis=2))
    inverse = np.linalg.inv(HEAD) @ np.array([*scene.objects[0].pose.position, 1.0])
    k = frame.intrinsics
    middle = np.array([k.fy * inverse[1] / inverse[2] + k.cy, k.fx * inverse[0] / inverse[2] + k.cx])
    assert len(changed) > 50
    assert np.linalg.norm(changed.mean(axis=0) - middle) < 25
    behind = dataclasses.replace(frame, world_from_camera=AWAY)
    assert (annotate(before, scene, k, behind.world_from_camera) == before).all()
