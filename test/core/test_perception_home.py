"""Perception in the simulated home: its furniture, its drawn objects, its people, through the robot's own camera."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mujoco")
pytest.importorskip("pinocchio")

import mujoco

from vla_ros.core.catalog import Catalog
from vla_ros.core.floorplan import FloorPlan
from vla_ros.core.geometry import Box, Pose, Pose2D, wrap_angle
from vla_ros.core.people import People
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.scene import RgbdFrame, Scene
from vla_ros.perception.params import PerceptionParams
from vla_ros.perception.pipeline import PerceptionPipeline
from vla_ros.robot.kinematics import RobotModel
from vla_ros.sim.camera import Camera
from vla_ros.sim.home import Home, Setting
from vla_ros.sim.scenario import Scenario

CONFIG = Path(__file__).resolve().parents[2] / "config"


class Tour:
    """A robot that is put before each piece of furniture and looks around in each room."""

    def __init__(self, seed: int, scenario: Scenario | None = None) -> None:
        self.plan = FloorPlan.load(CONFIG / "homes" / "apartment.yaml")
        self.people = People.load(CONFIG / "people.yaml")
        catalog = Catalog.load(CONFIG / "objects.yaml")
        robot = RobotDescription.load(CONFIG / "robots" / "home_robot.yaml")
        self.home = Home(Setting(self.plan, catalog, self.people, robot, scenario, seed))
        self.model = RobotModel(robot)
        self.camera = Camera(self.home.model, "camera", 320, 240)
        self.pipeline = PerceptionPipeline(PerceptionParams(), catalog, self.plan, robot)
        self.truth = self.home.ground_truth()
        self.now = 1.0

    def look(self, pose: Pose2D, tilt: float, frames: int = 2) -> Scene:
        driver, data = self.home.driver, self.home.data
        assert driver is not None
        driver.reset(pose, ("home",))
        data.joint("head_tilt_joint").qpos[0] = tilt
        mujoco.mj_forward(self.home.model, data)
        joints = driver.joint_states().positions.as_dict()
        base = driver.odometry().pose.to_pose().matrix()
        view = base @ self.model.frame_pose("camera_optical_frame", joints)
        boxes = self.model.link_boxes(joints)
        own = tuple(Box(Pose.from_matrix(base @ b.pose.matrix()), b.size, b.name) for b in boxes)
        rgb, depth = self.camera.render(data)
        assert depth is not None
        for _ in range(frames):
            self.now += 0.1
            frame = RgbdFrame(self.now, rgb.copy(), depth.copy(), self.camera.intrinsics, view)
            scene = self.pipeline.update(frame, own)
        return scene

    def run(self) -> Scene:
        people = [p["position"] for p in self.truth["people"].values()]
        for piece in self.plan.furniture:
            for side in (0.0, 0.35, -0.35):
                for surface in piece.surfaces:
                    spot = np.array([piece.size[0] / 2 + 0.8, surface.center[1] + side * min(piece.size[1], 1.2)])
                    x, y = (float(v) for v in piece.pose2d.transform(spot))
                    taken = self.plan.furniture_at(x, y, 0.2) or self.plan.room_at(x, y) is None
                    if surface.enclosed or taken or any(math.dist((x, y), p[:2]) < 0.7 for p in people):
                        continue
                    tilt = min(math.atan2(1.35 - surface.height, 1.0), 1.0)
                    self.look(Pose2D(x, y, wrap_angle(piece.yaw + math.pi)), tilt)
        for room in self.plan.rooms:
            for k in range(8):
                scene = self.look(Pose2D(*room.center, k * math.pi / 4), 0.25)
        return scene


@pytest.fixture(scope="module", params=[3, 5])
def tour(request: pytest.FixtureRequest) -> tuple[Tour, Scene]:
    made = Tour(request.param)
    scene = made.run()
    made.camera.close()
    return made, scene


def reachable(tour: Tour) -> list[dict]:
    """Objects that were not shut away behind a door."""
    out = []
    for thing in tour.truth["objects"].values():
        x, y, z = thing["position"]
        found = tour.plan.surface_below(x, y, z - thing["size"][2] / 2)
        if found is None or not found[1].enclosed:
            out.append(thing)
    return out


def test_a_tour_finds_the_homes_objects_by_name_colour_and_place(tour):
    made, scene = tour
    things = reachable(made)
    wrong = Counter()
    errors = []
    for thing in things:
        best = min(scene.objects, key=lambda o: math.dist(o.pose.position, thing["position"]))
        error = math.dist(best.pose.position[:2], thing["position"][:2])
        errors.append(error)
        wrong["missed"] += error > 0.05
        wrong["category"] += best.category != thing["category"]
        wrong["color"] += best.color != thing["color"]
    assert len(things) >= 12
    assert wrong["missed"] <= 0.05 * len(things), wrong
    assert wrong["category"] <= 0.1 * len(things), wrong
    assert wrong["color"] <= 0.1 * len(things), wrong
    assert float(np.median(errors)) < 0.01


def test_a_tour_sees_few_things_that_are_not_there(tour):
    made, scene = tour
    known = [t["position"] for t in made.truth["objects"].values()]
    named = [o for o in scene.objects if o.category not in ("", "person")]
    ghosts = [o for o in named if all(math.dist(o.pose.position, p) > 0.1 for p in known)]
    assert len(ghosts) <= 2, [(o.id, o.color, o.pose.position, o.size) for o in ghosts]


def test_everybody_at_home_is_seen_in_their_shirt(tour):
    made, scene = tour
    people = [o for o in scene.objects if o.category == "person"]
    assert len(people) == len(made.truth["people"])
    for name, person in made.truth["people"].items():
        near = [o for o in people if math.dist(o.pose.position[:2], person["position"][:2]) < 0.3]
        shirt = next(p.shirt_color for p in made.people.people if p.name == name)
        assert [o.color for o in near] == [shirt]


def test_an_open_fridge_shows_what_is_in_it_and_its_door_is_no_thing():
    scenario = Scenario(id="fridge", command="open the fridge", place={"red_apple": "fridge.middle_shelf"})
    made = Tour(2, scenario)
    made.home.data.joint("fridge_door").qpos[0] = 1.6
    fridge = made.plan.piece("fridge")
    x, y = (float(v) for v in fridge.pose2d.transform(np.array([fridge.size[0] / 2 + 0.85, -0.25])))
    for turn in (0.0, 0.3, 0.0):
        scene = made.look(Pose2D(x, y, wrap_angle(fridge.yaw + math.pi + turn)), 0.45, frames=3)
    made.camera.close()
    inside = [o for o in scene.objects if fridge.contains(*o.pose.position[:2])]
    assert [(o.color, o.category) for o in inside] == [("red", "apple")]
    truth = made.truth["objects"]["red_apple"]["position"]
    assert math.dist(inside[0].pose.position, truth) < 0.03
    hinge = fridge.pose2d.transform(np.array(fridge.leaves[0].hinge))
    near_door = [o for o in scene.objects if o not in inside and math.dist(o.pose.position[:2], hinge) < 0.75]
    assert near_door == []
