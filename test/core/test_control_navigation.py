"""The base in the real apartment: from room to room, round what is new, and honest when there is no way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from control_plant import DT, Plant, apartment, box

from vla_ros.control.grid import grid_of
from vla_ros.control.path import CostField, Terrain, plan_path
from vla_ros.core.geometry import Pose, Pose2D, wrap_angle
from vla_ros.core.motion import MotionGoal
from vla_ros.core.scene import Scene, SceneObject

ROOMS = {
    "living_room": (3.1, 2.5, 0.0),
    "kitchen": (2.2, 6.2, 1.5),
    "bedroom": (6.0, 5.6, -2.0),
    "office": (7.0, 2.0, 3.0),
}
RADIUS = 0.246


def navigate(x: float, y: float, yaw: float = 0.0, **more) -> MotionGoal:
    return MotionGoal(f"nav-{x}-{y}-{yaw}", "navigate", targets=(Pose.planar(x, y, yaw),), **more)


def person(x: float, y: float, now: float) -> Scene:
    figure = SceneObject(
        "p1", (("person", 0.9),), "blue", "person", Pose.planar(x, y, 0.0, 0.85), (0.5, 0.4, 1.7), 0.9, True, now
    )
    return Scene(now, "odom", (figure,))


def test_it_drives_through_all_rooms_without_touching_quickly_and_smoothly() -> None:
    plant = Plant()
    for name in ("kitchen", "bedroom", "office", "living_room", "bedroom", "living_room", "office", "kitchen"):
        x, y, yaw = ROOMS[name]
        first, start, since = len(plant.twists), plant.pose, plant.now
        status = plant.run(navigate(x, y, yaw), 40.0)
        assert status.state == "reached", (name, status)
        assert math.hypot(plant.pose.x - x, plant.pose.y - y) <= 0.05
        assert abs(wrap_angle(plant.pose.theta - yaw)) <= 0.1
        turns = np.array([t.wz for t in plant.twists[first:]])
        signs = np.sign(turns[np.abs(turns) > 0.1])
        assert np.sum(np.diff(signs) != 0) <= 4, f"it swings on the way to {name}"
        distance = math.hypot(x - start.x, y - start.y)
        assert plant.now - since < 5.0 + distance / 0.33
    assert plant.nearest > RADIUS + 0.04
    speeds = np.array([t.speed for t in plant.twists])
    assert speeds.max() > 0.55 and speeds.max() <= 0.6 + 1e-9


def test_the_camera_looks_where_it_goes() -> None:
    plant = Plant(Pose2D(3.1, 2.5, -1.5))
    off = []
    goal = navigate(2.2, 6.2, 1.5)

    def watch() -> None:
        twist = plant.twists[-1]
        if twist.speed > 0.3 and math.hypot(plant.pose.x - 2.2, plant.pose.y - 6.2) > 0.8:
            off.append(abs(math.atan2(twist.vy, twist.vx)))

    assert plant.run(goal, 40.0, watch).state == "reached"
    assert np.quantile(off, 0.9) < 0.5


def test_a_box_dropped_in_the_way_is_driven_round() -> None:
    plant = Plant(Pose2D(3.1, 2.5, 2.0))
    goal = navigate(*ROOMS["kitchen"])
    for _ in range(100):
        plant.tick(goal)
    plant.extra.append(box(1.95, 5.1, (0.3, 0.3, 0.5)))
    status = plant.run(goal, 40.0)
    assert status.state == "reached", status
    assert plant.nearest > RADIUS


@pytest.mark.parametrize(("wide", "kept_away"), [(0.3, True), (0.5, False)])
def test_legs_that_no_camera_has_seen_are_passed_as_a_person_is(wide: float, kept_away: bool) -> None:
    plant = Plant(Pose2D(3.1, 2.0, 1.5), extra=[box(3.1, 3.2, (wide, 0.12, 1.7))])
    for _ in range(20):
        plant.tick(navigate(*ROOMS["kitchen"]))
    live = plant.controller._context.live.cells(plant.now)
    before = plant.controller._context.grid.cell(3.1, 3.2 - 0.06 - 0.2)
    assert live[before] == kept_away


def test_a_closed_doorway_is_blocked_and_says_where() -> None:
    plant = Plant(Pose2D(6.5, 2.5, 3.1), extra=[box(5.0, 2.9, (0.3, 1.0, 1.0)), box(7.0, 4.3, (1.0, 0.3, 1.0))])
    status = plant.run(navigate(*ROOMS["living_room"]), 60.0)
    assert status.state == "blocked"
    assert "in the way" in status.text and "door" in status.text
    assert plant.nearest > RADIUS


def test_a_person_in_the_doorway_is_named() -> None:
    plant = Plant(Pose2D(6.5, 2.5, 3.1), extra=[box(5.0, 2.9, (0.3, 1.0, 1.7)), box(7.0, 4.3, (1.0, 0.3, 1.0))])
    goal = navigate(*ROOMS["living_room"])
    status = plant.run(goal, 60.0, lambda: plant.controller.observe_scene(person(5.1, 2.9, plant.now), plant.now))
    assert status.state == "blocked" and "person" in status.text


def test_a_goal_inside_furniture_is_blocked_with_the_reason() -> None:
    status = Plant().run(navigate(1.37, 7.64), 10.0)
    assert status.state == "blocked" and "too close to furniture" in status.text


def test_it_gets_out_of_a_place_too_narrow_to_plan_in() -> None:
    plant = Plant(Pose2D(1.6, 2.36, 0.0))  # 0.26 m from the coffee table, inside inflated space
    status = plant.run(navigate(*ROOMS["living_room"]), 20.0)
    assert status.state == "reached"
    assert plant.nearest > 0.25


def test_it_stops_before_what_suddenly_stands_there() -> None:
    plant = Plant(Pose2D(3.1, 2.6, 2.6))
    goal = navigate(0.9, 3.65, 2.6)
    while plant.twist.speed < 0.5:
        plant.tick(goal)
    c, s = math.cos(plant.pose.theta), math.sin(plant.pose.theta)
    plant.extra.append(box(plant.pose.x + 0.75 * c, plant.pose.y + 0.75 * s, (0.3, 0.3, 1.0)))
    for _ in range(150):
        plant.tick(goal)
    assert plant.nearest > RADIUS


def test_a_base_that_does_not_follow_is_reported_with_the_gates_cause() -> None:
    plant = Plant()
    plant.safety = type(plant.safety)(0.0, "stopped", True, False, "obstacle", "obstacle 0.1 m ahead")
    goal = navigate(*ROOMS["kitchen"])
    for _ in range(400):
        plant.tick(goal, follow=False)
    assert plant.statuses[-1].state == "blocked" and "obstacle 0.1 m ahead" in plant.statuses[-1].text


def test_time_is_limited() -> None:
    status = Plant().run(navigate(*ROOMS["kitchen"], timeout_s=2.0), 10.0)
    assert status.state == "timed_out"


def test_keep_near_follows_faces_and_never_ends() -> None:
    plant = Plant(Pose2D(3.1, 2.5, 0.0))
    for i in range(1500):
        along = min(3.5, i * DT * 0.3)
        place = (2.0, 2.6 + along)
        plant.controller.observe_scene(person(*place, plant.now), plant.now)
        goal = MotionGoal("follow", "keep_near", targets=(Pose.planar(*place, 0.0),), distance_m=1.0, timeout_s=5.0)
        plant.tick(goal)
        assert plant.controller.active_goal is not None
    gap = math.hypot(plant.pose.x - 2.0, plant.pose.y - 6.1)
    assert 0.8 <= gap <= 1.3
    assert abs(wrap_angle(math.atan2(6.1 - plant.pose.y, 2.0 - plant.pose.x) - plant.pose.theta)) < 0.15
    assert plant.nearest > RADIUS


@pytest.mark.parametrize("offset", [(0.3, 0.0, 0.0), (-0.2, 0.1, 0.0), (0.0, 0.0, 0.8), (0.1, -0.1, -0.5)])
def test_base_move_goes_exactly_there_slowly(offset: tuple[float, float, float]) -> None:
    plant = Plant(Pose2D(3.1, 2.5, 0.7))
    x, y = plant.pose.transform(np.array(offset[:2]))
    status = plant.run(MotionGoal("m", "base_move", offset=offset), 20.0)
    assert status.state == "reached"
    assert math.hypot(plant.pose.x - x, plant.pose.y - y) < 0.021
    assert abs(wrap_angle(plant.pose.theta - 0.7 - offset[2])) < 0.041
    assert max(t.speed for t in plant.twists) <= plant.params.slow_speed + 1e-9


def test_base_move_stops_before_contact() -> None:
    plant = Plant(Pose2D(2.4, 1.6, math.pi))  # facing the coffee table, 0.28 m of free way
    status = plant.run(MotionGoal("m", "base_move", offset=(0.6, 0.0, 0.0)), 20.0)
    assert status.state == "blocked" and "obstacle" in status.text
    assert plant.nearest > RADIUS - 0.005


def test_base_move_against_a_contact_is_blocked() -> None:
    plant = Plant(Pose2D(3.1, 2.5, 0.0))
    goal = MotionGoal("m", "base_move", offset=(0.3, 0.0, 0.0))
    for _ in range(200):
        plant.tick(goal, follow=False)
    assert plant.statuses[-1].state == "blocked" and "contact" in plant.statuses[-1].text


def test_base_arc_turns_rigidly_about_the_axis() -> None:
    plant = Plant(Pose2D(6.5, 2.5, 0.0))
    pivot, radius = (6.9, 2.0), math.hypot(0.4, 0.5)
    radii = []
    goal = MotionGoal("arc", "base_arc", targets=(Pose.planar(*pivot, 0.0),), angle_rad=-1.2)
    status = plant.run(goal, 60.0, lambda: radii.append(math.hypot(plant.pose.x - pivot[0], plant.pose.y - pivot[1])))
    assert status.state == "reached"
    assert np.max(np.abs(np.array(radii) - radius)) < 0.02
    assert abs(wrap_angle(plant.pose.theta + 1.2)) < 0.05


def test_base_arc_stops_before_a_wall() -> None:
    plant = Plant(Pose2D(6.0, 3.2, 0.0))
    goal = MotionGoal("arc", "base_arc", targets=(Pose.planar(6.0, 2.2, 0.0),), angle_rad=1.5)
    status = plant.run(goal, 60.0)  # the office's west wall is in the way
    assert status.state == "blocked" and "obstacle" in status.text and status.progress > 0.2
    assert plant.nearest > RADIUS - 0.005


def test_it_drives_up_to_what_stands_on_its_goal() -> None:
    plant = Plant(Pose2D(3.1, 2.5, 2.0), extra=[box(2.2, 6.2, (0.4, 0.4, 1.0))])
    status = plant.run(navigate(*ROOMS["kitchen"]), 40.0)
    assert status.state == "blocked" and "in the way" in status.text
    assert 0.5 < math.hypot(plant.pose.x - 2.2, plant.pose.y - 6.2) < 1.2
    assert plant.nearest > RADIUS


def test_a_base_that_cannot_move_sideways_gets_there_too() -> None:
    from dataclasses import replace

    from control_plant import home_robot

    robot = home_robot()
    robot = replace(robot, base=replace(robot.base, holonomic=False))
    plant = Plant(Pose2D(3.1, 2.5, 0.0), robot=robot)
    status = plant.run(navigate(*ROOMS["kitchen"], tolerance_m=0.08), 60.0)
    assert status.state == "reached", status
    assert all(t.vy == 0.0 for t in plant.twists)
    assert plant.nearest > RADIUS


def test_planning_keeps_away_from_walls() -> None:
    grid = grid_of(apartment(), 0.05)
    terrain = Terrain(grid, None, 0.285, 0.545)
    found = plan_path(terrain, (3.1, 2.5), (7.8, 5.6))
    assert found.points is not None
    rows, columns, _ = grid.cells(found.points)
    assert grid.distances()[rows, columns].min() > 0.40  # the middle of the doorways


def test_one_way_costs_what_it_costs_among_all_ways() -> None:
    terrain = Terrain(grid_of(apartment(), 0.05), None, 0.285, 0.545)
    one, all_ways = (CostField(terrain, (3.1, 2.5)) for _ in range(2))
    totals = all_ways.spread()
    for goal in ((7.8, 5.6), (2.2, 6.2), (7.8, 5.6)):
        assert one.cost_to(goal) == pytest.approx(totals[terrain.grid.cell(*goal)])
        assert all_ways.cost_to(goal) == pytest.approx(one.cost_to(goal))
        assert np.allclose(one.path(goal), all_ways.path(goal))  # type: ignore[arg-type]
    assert one.total is None, "the others were not looked at"


def test_without_a_floor_plan_the_scan_is_the_map() -> None:
    plant = Plant(Pose2D(3.1, 2.5, 0.0))
    plant.controller = type(plant.controller)(plant.params, plant.robot, None, plant.controller._context.executor)
    status = plant.run(navigate(2.2, 6.2, 1.5), 60.0)
    assert status.state == "reached", status
    assert plant.nearest > RADIUS - 0.02
