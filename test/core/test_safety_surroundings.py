"""What the floor plan tells the gate: furniture at its heights, doors that swing, and legs that nothing explains."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from gate_story import ARM, HOME, MODEL, ROBOT, Story, arm_trajectory

from vla_ros.core.floorplan import FloorPlan, Furniture, Leaf, Surface
from vla_ros.core.geometry import Box, Pose, Pose2D, Twist2D, Vector
from vla_ros.core.lone_legs import LoneLegs
from vla_ros.core.resources import config_file
from vla_ros.core.scene import Scene, SceneObject
from vla_ros.core.solids import Solids
from vla_ros.core.surroundings import NO_PLAN, Surroundings
from vla_ros.robot.outline import OutlineMaker
from vla_ros.safety.arm_path import ArmPath
from vla_ros.safety.gate import Gate
from vla_ros.safety.lone_legs import possible_people
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.people import Human
from vla_ros.safety.plan_guard import PlanGuard
from vla_ros.safety.silhouette import Silhouette
from vla_ros.safety.verdict import PASS, Level
from vla_ros.safety.zones import KeepOut, Zones

PARAMS = SafetyParams()
HERE = Pose2D()
AHEAD = Twist2D(0.3, 0.0, 0.0)
JOINTS = dict.fromkeys((j for g in ROBOT.groups for j in g.names), 0.02) | dict(zip(ARM.names, HOME.positions))
OFFER = JOINTS | dict(zip(ARM.names, ROBOT.posture("offer").positions))  # type: ignore[union-attr]
NOTHING = (np.zeros((0, 3)), np.zeros(0))
SILHOUETTE = Silhouette(MODEL)


def slab(x: float, low: float, high: float, name: str = "table/top") -> Box:
    """Across the way, 1 m deep, its near side at ``x``, between two heights."""
    return Box(Pose.planar(x + 0.5, 0.0, 0.0, (low + high) / 2), (1.0, 4.0, high - low), name)


def guard(*furniture: Box) -> PlanGuard:
    return PlanGuard(PARAMS, ROBOT.base, MODEL, Surroundings(furniture=furniture))


# ---- the plan


def test_the_surroundings_hold_walls_furniture_without_its_doors_and_the_circles_that_doors_sweep() -> None:
    plan = FloorPlan.load(config_file("apartment", "homes"))
    found = Surroundings.of(plan)
    assert found.walls == plan.wall_boxes()
    names = {box.name for box in found.furniture}
    leaves = {leaf.name for piece in plan.furniture for leaf in piece.leaves}
    assert "coffee_table/body" in names and "fridge/back" in names and leaves and not names & leaves
    assert {name.split("/")[0] for name in names} == {piece.name for piece in plan.furniture}
    fridge = plan.piece("fridge")
    hinge = fridge.pose2d.transform(np.array(fridge.leaves[0].hinge))
    circle = next(c for c in found.swings if math.dist(c[:2], hinge) < 1e-9)
    assert circle[2] == pytest.approx(math.dist(fridge.leaves[0].hinge, fridge.leaves[0].handle[:2]))
    assert Surroundings.of(None) == NO_PLAN == Surroundings((), (), ())


# ---- driving


def test_a_board_below_the_lidar_stops_the_base() -> None:
    stop = guard(slab(0.245 + PARAMS.wall_margin_m + 0.004, 0.05, 0.12)).judge(AHEAD, HERE, JOINTS, NOTHING)
    assert (stop.level, stop.cause, stop.object) == (Level.BLOCK, "furniture", "furniture")
    assert "furniture of the floor plan in the way" in stop.text and stop.limit == PARAMS.wall_margin_m
    hit = guard(slab(0.245, 0.05, 0.12)).emergency(AHEAD, HERE, JOINTS, NOTHING)
    assert hit.level == Level.BLOCK and hit.limit == PARAMS.wall_margin_m / 2


def test_a_table_top_lets_the_base_below_it_and_stops_what_is_as_high() -> None:
    low, high = 0.32, 0.36
    column = _reach(JOINTS, low, high)
    assert column < 0.1 < _reach(JOINTS, 0.0, 0.3), "above the base there is only the column"
    for at, level in ((0.25, Level.PASS), (column + PARAMS.wall_margin_m + 0.001, Level.BLOCK)):
        assert guard(slab(at, low, high)).judge(Twist2D(0.1, 0.0, 0.0), HERE, JOINTS, NOTHING).level == level


def _reach(joints: dict[str, float], low: float, high: float) -> float:
    """How far ahead anything between two heights stands out [m]."""
    outline = OutlineMaker(MODEL, everything=True).of(joints)
    level = (outline.low < high) & (outline.high > low)
    return float(outline.points[level, 0].max())


def test_an_arm_over_a_table_is_free_and_one_as_high_as_it_is_not() -> None:
    tip, lowest = _reach(OFFER, 0.0, 2.0), _lowest(OFFER, 0.3)
    over, level = slab(0.45, lowest - 0.1, lowest - 0.02), slab(tip + 0.01, lowest, lowest + 0.3)
    assert guard(over).judge(AHEAD, HERE, OFFER, NOTHING).level < Level.BLOCK
    assert guard(level).judge(AHEAD, HERE, OFFER, NOTHING).level == Level.BLOCK
    assert guard(level).judge(Twist2D(-0.3, 0.0, 0.0), HERE, OFFER, NOTHING) == PASS


def _lowest(joints: dict[str, float], beyond: float) -> float:
    outline = OutlineMaker(MODEL, everything=True).of(joints)
    return float(outline.low[outline.points[:, 0] > beyond].min())


@pytest.mark.parametrize(("height", "level"), [(0.8, Level.BLOCK), (0.57, Level.PASS), (1.03, Level.PASS)])
def test_a_part_on_its_way_counts_at_its_own_height(height: float, level: Level) -> None:
    coming = (np.array([[1.0, 0.0, height]]), np.array([0.1]))
    verdict = guard(slab(1.1 + PARAMS.wall_margin_m + 0.001, 0.68, 0.92)).judge(AHEAD, HERE, JOINTS, coming)
    assert verdict.level == level


def test_walls_are_the_lidars_to_see_where_the_base_is_concerned() -> None:
    wall = slab(0.25, 0.0, 0.1, "wall")
    one = PlanGuard(PARAMS, ROBOT.base, MODEL, Surroundings((wall,)))
    assert one.judge(AHEAD, HERE, JOINTS, NOTHING) == PASS == one.emergency(AHEAD, HERE, JOINTS, NOTHING)


def test_standing_still_is_no_ones_concern() -> None:
    one = guard(slab(0.2, 0.0, 1.0))
    assert one.judge(Twist2D(0, 0, 0), HERE, JOINTS, NOTHING) == PASS
    assert one.emergency(Twist2D(0, 0, 0), HERE, JOINTS, NOTHING) == PASS


def test_boxes_are_as_high_as_parts_that_reach_between_their_bottom_and_top() -> None:
    solids = Solids((slab(1.0, 0.4, 0.6), slab(1.0, 0.0, 0.3)))
    found = solids.level(np.array([0.5, 0.0, 0.6, 0.3]), np.array([0.55, 0.45, 0.9, 0.4]))
    assert found.tolist() == [[True, False], [True, True], [False, False], [False, False]]


# ---- arms


def test_an_arms_way_into_furniture_is_refused_and_over_it_is_not() -> None:
    offer = arm_trajectory(dict(zip(ARM.names, ROBOT.posture("offer").positions)), seconds=4.0)  # type: ignore[union-attr]
    tip, lowest = _reach(OFFER, 0.0, 2.0), _lowest(OFFER, 0.3)

    def judged(box: Box):  # type: ignore[no-untyped-def]
        around = Surroundings(furniture=(box,))
        return ArmPath(PARAMS, MODEL, SILHOUETTE, KeepOut(Zones()), around).judge(offer, JOINTS, HERE)

    refused = judged(slab(tip - 0.1, lowest, lowest + 0.4))
    assert refused.cause == "trajectory_furniture" and refused.text.endswith("touches furniture on its way.")
    assert judged(slab(tip + 0.01, lowest, lowest + 0.4)) == PASS
    assert judged(slab(tip - 0.1, 0.0, 0.2)) == PASS
    assert judged(slab(tip - 0.003, lowest, lowest + 0.4)) == PASS, "it may graze what it lies against"


def near_boxes(boxes: tuple[Box, ...], spheres: Vector, radius: float, pose: Pose2D = HERE) -> list[str]:
    """Which boxes the arm could touch whose one part is at ``spheres`` (k, 3) along its way."""
    walls = tuple(b for b in boxes if b.name.startswith("wall"))
    rest = tuple(b for b in boxes if b not in walls)
    one = ArmPath(PARAMS, MODEL, SILHOUETTE, KeepOut(Zones()), Surroundings(walls, rest))
    one._radii = np.array([radius])
    return [b.name for b in one._boxes_near(pose, spheres[:, None])]


CUBE = Box(Pose.planar(1.0, 0.0, 0.0, 1.0), (0.5, 0.25, 0.5), "wall_0")


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_only_what_the_arm_can_come_to_is_asked_for_collisions(axis: int, side: float) -> None:
    reach = CUBE.size[axis] / 2 + 0.125
    for beyond, found in ((-0.01, ["a wall"]), (0.0, []), (0.01, [])):
        place = np.array(CUBE.pose.position, dtype=float)
        place[axis] += side * (reach + beyond)
        assert near_boxes((CUBE,), place[None], 0.125) == found
        away = place.copy()
        away[axis] += side * 0.3
        assert near_boxes((CUBE,), np.array([away, place]), 0.125) == found, "the nearest of its way counts"
        assert near_boxes((CUBE,), np.array([place, away]), 0.125) == found


def test_a_turned_box_is_as_wide_as_it_stands_before_the_base() -> None:
    low, high = np.array([0.0, -0.1, 0.5]), np.array([0.5, 0.1, 1.5])
    for yaw, half in ((0.0, 0.25), (math.pi / 2, 0.125), (math.pi / 4, (0.25 + 0.125) * math.sqrt(0.5))):
        for beyond, found in ((-0.001, 1), (0.001, 0)):
            box = Box(Pose.planar(0.5 + half + beyond, 0.0, yaw, 1.0), CUBE.size, "wall_0")
            assert len(near_boxes((box,), np.array([(low + high) / 2]), 0.25)) == found
            aside = Box(Pose.planar(0.0, 0.5 + half + beyond, yaw - math.pi / 2, 1.0), CUBE.size, "wall_0")
            assert len(near_boxes((aside,), np.array([[0.0, 0.25, 1.0]]), 0.25)) == found


def test_boxes_are_asked_for_where_they_are_seen_from_the_base() -> None:
    pose = Pose2D(0.5, 0.2, math.pi / 2)
    ahead = pose.transform(np.array([0.6, 0.0]))
    box = Box(Pose.planar(float(ahead[0]), float(ahead[1]), 0.0, 1.0), (0.1, 0.1, 0.1), "table/top")
    assert near_boxes((box,), np.array([[0.6, 0.0, 1.0]]), 0.1, pose) == ["furniture"]
    assert near_boxes((box,), np.array([[-0.6, 0.0, 1.0]]), 0.1, pose) == []


def test_furniture_gives_way_by_five_millimetres_on_each_side() -> None:
    one = ArmPath(PARAMS, MODEL, SILHOUETTE, KeepOut(Zones()), Surroundings(furniture=(CUBE,)))
    (box,) = one._solids.boxes
    assert box.size == pytest.approx((0.49, 0.24, 0.49), abs=1e-12) and box.pose == CUBE.pose


# ---- legs

AROUND = Surroundings(
    (Box(Pose.planar(0.0, 3.0, 0.0, 1.2), (8.0, 0.1, 2.4)),), (slab(3.0, 0.0, 0.4),), ((2.0, -2.0, 0.5),)
)


def pole(x: float, y: float, wide: float = 0.1) -> Vector:
    return np.column_stack([np.full(5, x), y + np.linspace(-wide / 2, wide / 2, 5)])


def seen(*groups: Vector, around: Surroundings = AROUND, params: SafetyParams = PARAMS, known: tuple[Human, ...] = ()):  # type: ignore[no-untyped-def]
    legs = LoneLegs(around, params.leg_width_m)
    legs.see(np.vstack(groups) if groups else np.zeros((0, 2)))
    return possible_people(legs, known, params)


def test_a_narrow_thing_that_the_plan_does_not_explain_may_be_a_person() -> None:
    (human,) = seen(pole(1.0, 0.5))
    assert (human.x, human.y) == pytest.approx((1.0, 0.5))
    assert (human.radius, human.speed) == (PARAMS.leg_reach_m, PARAMS.human_margin_mps) and human.velocity is None
    assert len(seen(pole(1.0, 0.5), pole(1.0, -0.5))) == 2
    assert len(seen(pole(1.0, 0.06), pole(1.0, -0.1))) == 1, "two legs side by side"


def test_what_is_wide_or_explained_is_nobody() -> None:
    assert seen(pole(1.0, 0.5, 0.36)) == () and len(seen(pole(1.0, 0.5, 0.34))) == 1
    assert seen(pole(1.0, 2.9)) == () and len(seen(pole(1.0, 2.8))) == 1, "a wall, and 15 cm before it"
    assert seen(pole(3.5, 0.0)) == () and seen(pole(2.95, 0.0)) == (), "furniture"
    assert seen(pole(2.0, -1.45)) == () and len(seen(pole(2.0, -1.35))) == 1, "an opened door"
    assert seen() == ()


def test_without_a_floor_plan_and_when_told_so_nobody_is_looked_for() -> None:
    assert seen(pole(1.0, 0.5), around=NO_PLAN) == ()
    assert seen(pole(1.0, 0.5), params=SafetyParams(leg_width_m=0.0)) == ()


def test_legs_of_a_known_person_are_not_another_one() -> None:
    known = Human("anna", 1.1, 0.5, 0.3, 0.2)
    assert seen(pole(1.0, 0.5), known=(known,)) == ()
    assert len(seen(pole(1.0, 0.5), known=(replace(known, x=1.31),))) == 1


def test_the_scans_last_beams_belong_to_its_first() -> None:
    leg = pole(1.0, 0.0)
    assert len(seen(leg[3:], pole(-1.0, 1.0), leg[:3])) == 2
    assert len(seen(leg[3:], leg[:3])) == 1


def thing(height: float, confidence: float = 0.9, x: float = 1.0, size: float = 0.1) -> SceneObject:
    pose = Pose((x, 0.5, height / 2))
    return SceneObject("b", (("bottle", 0.9),), "green", "cylinder", pose, (size, size, height), confidence, True, 1.0)


@pytest.mark.parametrize(
    ("found", "people"),
    [
        (thing(0.3), 0),
        (thing(0.59), 0),
        (thing(0.61), 1),
        (thing(0.3, confidence=0.49), 1),
        (thing(0.3, x=1.16), 0),
        (thing(0.3, x=1.2), 1),
        (thing(0.3, x=math.nan), 1),
    ],
)
def test_a_low_thing_that_perception_is_sure_of_is_no_leg(found: SceneObject, people: int) -> None:
    legs = LoneLegs(AROUND)
    legs.see_scene(Scene(1.0, "odom", (found,), 0))
    legs.see(pole(1.0, 0.5))
    assert len(legs.places) == people


def test_the_gate_keeps_a_persons_distance_from_legs_that_no_camera_has_seen() -> None:
    lonely = Surroundings(furniture=(slab(50.0, 0.0, 1.0),))
    stops = {}
    for around in (lonely, NO_PLAN):
        story = Story()
        story.gate = Gate(story.params, ROBOT, MODEL, surroundings=around)
        story.obstacles = pole(1.5, 0.0)
        story.armed().command = (0.4, 0.0, 0.0, 0.0, 0.0, 0.0)
        stops[around is lonely] = (story.run(8.0).status.cause, story.pose.x)
    assert stops[False][0] == "obstacle" and stops[True][0] == "person"
    nearer = stops[False][1] - stops[True][1]
    assert nearer == pytest.approx(PARAMS.leg_reach_m + PARAMS.person_stop_distance_m - PARAMS.stop_margin_m, abs=0.09)


def test_a_door_is_looked_for_where_its_hinge_is() -> None:
    leaf = Leaf(name="door", hinge=(0.3, -0.3), handle=(0.3, 0.2, 1.0))
    piece = Furniture(
        name="box", category="cabinet", room="living_room", position=(1.0, 2.0), yaw=math.pi / 2, size=(0.6, 0.6, 1.0),
        surfaces=(Surface(name="inside", height=0.5, size=(0.5, 0.5), enclosed=True),), leaves=(leaf,),
    )  # fmt: skip
    plan = FloorPlan.load(config_file("apartment", "homes"))
    found = Surroundings.of(replace(plan, furniture=(piece,), spots=()))
    assert found.swings == (pytest.approx((1.3, 2.3, 0.5)),)


def test_legs_at_the_edge_of_a_known_person_are_theirs() -> None:
    legs = LoneLegs(AROUND)
    legs.places = ((0.0, 0.0),)
    assert possible_people(legs, (Human("anna", 0.5, 0.0, 0.5, 0.2),), PARAMS) == ()
    assert possible_people(legs, (Human("anna", 0.5, 0.0, 0.499, 0.2),), PARAMS) != ()
