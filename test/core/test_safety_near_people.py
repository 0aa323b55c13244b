"""Spheres, arms, people and moving things exactly at their borders: what covers what, what is rounding."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import coal
import numpy as np
import pinocchio as pin
import pytest
from gate_story import ARM, HOME, MODEL, ROBOT

from vla_ros.core.geometry import Pose, Pose2D, Twist2D
from vla_ros.core.motion import JointTrajectory
from vla_ros.core.robot_description import RobotDescription
from vla_ros.core.scene import Scene, SceneObject
from vla_ros.safety.arm_path import ArmPath, samples
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.moving_things import MovingThings
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.people import Human, People
from vla_ros.safety.rss import safe_speed
from vla_ros.safety.separation_guard import SeparationGuard, Sweep
from vla_ros.safety.silhouette import Silhouette
from vla_ros.safety.ssm import Separation
from vla_ros.safety.verdict import PASS, Level
from vla_ros.safety.zones import KeepOut, Zones

PARAMS = SafetyParams()
HERE = Pose2D()
SILHOUETTE = Silhouette(MODEL)
SQUARE = Footprint(((0.25, 0.25), (-0.25, 0.25), (-0.25, -0.25), (0.25, -0.25)))


# ---- spheres


def of_boxes(*boxes: tuple[tuple[float, float, float], tuple[float, float, float]]) -> Silhouette:
    """Of shapes whose boxes reach from the first to the second corner, on the base."""
    shapes = []
    for low, high in boxes:
        local = SimpleNamespace(min_=np.array(low), max_=np.array(high))
        geometry = SimpleNamespace(computeLocalAABB=lambda: None, aabb_local=local)
        shapes.append(SimpleNamespace(geometry=geometry, parentJoint=0, placement=pin.SE3.Identity()))
    objects = SimpleNamespace(geometry=SimpleNamespace(geometryObjects=shapes))
    return Silhouette(SimpleNamespace(model=MODEL.model, shapes=objects, configuration=MODEL.configuration))  # type: ignore[arg-type]


def spheres(*boxes: tuple[tuple[float, float, float], tuple[float, float, float]]) -> list[tuple[float, ...]]:
    """x, y, z and radius of each, in the frame of the first joint."""
    made = of_boxes(*boxes)
    rows = np.column_stack([made.centers(MODEL.configuration({})), made.radii])
    rows[:, :3] -= of_boxes(((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))).centers(MODEL.configuration({}))[0] - 0.5
    return [tuple(row) for row in np.round(rows, 9).tolist()]


def test_a_cube_gets_the_sphere_around_it() -> None:
    assert spheres(((0.1, 0.2, 0.3), (0.3, 0.4, 0.5))) == [pytest.approx((0.2, 0.3, 0.4, math.sqrt(3) * 0.1))]


def test_a_long_box_is_cut_across_its_longest_edge_into_pieces_as_long_as_it_is_wide() -> None:
    half = math.hypot(0.1, 0.1)
    cut = spheres(((0.0, 0.0, 0.0), (0.2, 0.2, 0.8)))  # half of the longest edge is 2.83 times the half diagonal
    assert cut == [pytest.approx((0.1, 0.1, 0.4 + d * 0.8 / 3, math.hypot(half, 0.4 / 3))) for d in (-1, 0, 1)]


def test_a_thin_rod_is_cut_into_pieces_of_six_centimetres_at_least() -> None:
    assert len(spheres(((0.0, 0.0, 0.0), (0.01, 0.01, 0.3)))) == 5
    assert len(spheres(((0.0, 0.0, 0.0), (0.01, 0.3, 0.01)), ((0.0, 0.0, 0.0), (0.1, 0.1, 0.1)))) == 6


def chain(*kinds: str) -> Silhouette:
    """Of a chain of joints, "turns" or "slides", each with a body of one, two, four … kilograms."""
    model = pin.Model()
    model.addFrame(pin.Frame("base_link", 0, pin.SE3.Identity(), pin.FrameType.BODY))
    parent = 0
    for k, kind in enumerate(kinds):
        joint = pin.JointModelRZ() if kind == "turns" else pin.JointModelPZ()
        parent = model.addJoint(parent, joint, pin.SE3.Identity(), f"joint_{k}")
        inertia = pin.Inertia(2.0**k, np.zeros(3), np.eye(3))
        model.appendBodyToJoint(parent, inertia, pin.SE3.Identity())
    box = SimpleNamespace(geometry=coal.Sphere(0.1), parentJoint=0, placement=pin.SE3.Identity())
    shapes = SimpleNamespace(geometry=SimpleNamespace(geometryObjects=[box]))
    return Silhouette(SimpleNamespace(model=model, shapes=shapes, configuration=None))  # type: ignore[arg-type]


def test_an_arm_weighs_what_hangs_on_its_first_turning_joint() -> None:
    assert chain("turns", "turns", "turns").arm_mass() == 7.0
    assert chain("slides", "turns", "turns").arm_mass() == 6.0
    assert chain("turns", "slides").arm_mass() == 3.0
    assert chain("slides").arm_mass() == 0.0, "nothing turns"


# ---- ways of arms


def exactly(bound: float, sign: float) -> float:
    """The float that is rounded to ``bound`` when a millionth is added to it (sign 1) or taken from it (-1)."""
    found = bound - sign * 1e-6
    for end in (math.inf, -math.inf):
        value = found
        for _ in range(8):
            if value + sign * 1e-6 == bound:
                return value
            value = math.nextafter(value, end)
    raise AssertionError("no such float")


def test_a_millionth_beyond_the_workspace_is_rounding_and_more_is_not() -> None:
    high = dict(zip(ARM.names, HOME.positions)) | {"torso_lift_joint": 0.3, "arm_joint_1": 0.5}
    parts = SILHOUETTE.joints > 0

    def borders(step: np.ndarray) -> tuple[JointTrajectory, float, float]:
        row = np.array([[high[n] for n in ARM.names]]) + step
        way = JointTrajectory(ARM.names, np.array([1.0]), row, np.zeros((1, 8)))
        end = samples(way, high, PARAMS.path_step)[1]
        assert len(end) == 2
        centers = SILHOUETTE.centers(MODEL.configuration(high | dict(zip(ARM.names, map(float, end[-1])))))
        low, far = centers[:, 2] - SILHOUETTE.radii, np.hypot(*centers[:, :2].T) + SILHOUETTE.radii
        return way, float(low[parts].min()), float(far[parts].max())

    def cause(way: JointTrajectory, **bounds: float) -> str:
        path = ArmPath(SafetyParams(**bounds), MODEL, SILHOUETTE, KeepOut(Zones()))  # type: ignore[arg-type]
        return path.judge(way, high, HERE).cause.removeprefix("trajectory_")

    down, low, _ = borders(-0.05 * np.eye(8)[:1])
    for floor, expected in ((exactly(low, -1.0), ""), (low + 1.1e-6, "workspace"), (low + 0.9e-6, "")):
        assert cause(down, workspace_floor_m=floor) == expected
    swing = np.eye(8)[2:3]
    out = max((borders(s * 0.07 * swing) for s in (-1.0, 1.0)), key=lambda b: b[2])
    for radius, expected in ((exactly(out[2], 1.0), ""), (out[2] - 1.1e-6, "workspace"), (out[2] - 0.9e-6, "")):
        assert cause(out[0], workspace_radius_m=radius) == expected


# ---- people


def tall(bottom: float, height: float, **changes: object) -> SceneObject:
    """A thing that nobody calls a person, with its bottom at a height."""
    out = SceneObject(
        "t", (("lamp", 0.9),), "white", "cylinder", Pose((2.0, 0.0, bottom + height / 2.0)), (0.3, 0.3, height),
        0.9, True, 0.0,
    )  # fmt: skip
    return replace(out, **changes)


def test_what_begins_thirty_centimetres_above_the_floor_is_no_person() -> None:
    for bottom, count in ((0.3, 0), (0.299, 1), (0.31, 0)):
        people = People(SafetyParams(person_height_m=0.3))
        thing = tall(bottom, 0.375)
        assert bottom != 0.3 or thing.pose.position[2] - 0.375 / 2.0 == 0.3
        people.see(Scene(0.0, "odom", (thing,)), 0.0)
        assert len(people.at(0.0)) == count


def test_three_sightings_in_a_row_make_a_speed_and_one_that_is_missed_begins_anew() -> None:
    people = People(PARAMS)
    walker = tall(0.0, 1.7, categories=(("person", 0.9),), velocity=(0.5, 0.0, 0.0))

    def speed(visible: bool) -> float:
        people.see(Scene(0.0, "odom", (replace(walker, visible=visible),)), 0.0)
        return people.at(0.0)[0].speed

    measured, unknown = 0.5 + PARAMS.human_margin_mps, PARAMS.human_speed_mps
    seen = [speed(v) for v in (True, True, True, True, False, True, True, True)]
    assert seen == [unknown, unknown, measured, measured, unknown, unknown, unknown, measured]


# ---- moving things


def toy(x: float, y: float, velocity: tuple[float, float], radius: float = 0.125) -> MovingThings:
    thing = SceneObject(
        "toy", (("toy", 0.9),), "red", "box", Pose((x, y, 0.1)), (2 * radius, 2 * radius, 0.2), 0.9, True, 0.0,
        velocity=(*velocity, 0.0),
    )  # fmt: skip
    out = MovingThings(PARAMS, replace(ROBOT.base, deceleration=1.0), SQUARE)
    out.see(Scene(0.0, "odom", (thing,)), frozenset())
    return out


def test_exactly_the_safe_speed_passes_and_standing_or_leaving_does_too() -> None:
    near = toy(1.0, 0.0, (-0.5, 0.0))
    limit = near.judge(Twist2D(2.0, 0.0, 0.0), HERE).limit
    assert 0.0 < limit < 2.0
    assert near.judge(Twist2D(limit, 0.0, 0.0), HERE) == PASS
    faster = near.judge(Twist2D(limit * 1.001, 0.0, 0.0), HERE)
    assert faster.level == Level.SLOW and faster.value == limit * 1.001 and faster.scale < 1.0
    at_hand = toy(0.4, 0.0, (-1.0, 0.0))
    assert at_hand.judge(Twist2D(0.01, 0.0, 0.0), HERE).level == Level.BLOCK
    for free in (Twist2D(0.0, 0.5, 0.0), Twist2D(-0.5, 0.0, 0.0), Twist2D(0.0, 0.0, 1.0)):
        assert at_hand.judge(free, HERE) == PASS


@pytest.mark.parametrize("turn", [0.0, 0.7, math.pi / 2, -2.2])
def test_it_does_not_matter_how_the_base_stands_in_the_room(turn: float) -> None:
    c, s = math.cos(turn), math.sin(turn)
    velocity = (-0.4, 0.3)
    expected = toy(0.9, 0.2, velocity).judge(Twist2D(1.5, 0.4, 0.0), HERE)
    turned = toy(
        c * 0.9 - s * 0.2, s * 0.9 + c * 0.2, (c * velocity[0] - s * velocity[1], s * velocity[0] + c * velocity[1])
    )
    found = turned.judge(Twist2D(1.5, 0.4, 0.0), Pose2D(0.0, 0.0, turn))
    assert expected.level == Level.SLOW and found.limit == pytest.approx(expected.limit)
    flees = (velocity[0] * 0.9 + velocity[1] * 0.2) / math.hypot(0.9, 0.2)
    distance = 0.65 - 0.125 - PARAMS.moving_offset_m
    assert found.limit == pytest.approx(
        safe_speed(distance, flees, PARAMS.reaction_time_s, PARAMS.braking_share, PARAMS.moving_braking)
    )


def test_the_direction_to_a_thing_is_one_however_near_it_is() -> None:
    for x in (1.1e-9, 1.0):
        assert toy(x, 0.0, (-2.0, 0.0)).judge(Twist2D(0.5, 0.0, 0.0), HERE).value == pytest.approx(0.5)


# ---- no room


def test_where_no_room_is_left_no_speed_is_and_a_little_room_gives_a_little() -> None:
    assert safe_speed(0.0, 0.0, 0.1, 1.0, 2.0) == 0.0 == safe_speed(-1.0, 0.0, 0.1, 1.0, 2.0)
    assert 0.0 < safe_speed(1e-6, 0.0, 0.1, 1.0, 2.0) < 1e-4 and safe_speed(math.nan, 0.0, 0.1, 1.0, 2.0) == 0.0
    people = Separation(0.125, 1.0, 0.125, 0.125, 0.125)
    room = 0.5 * 0.125 + 0.375
    assert people.speed(room, 0.5) == 0.0 == people.speed(0.0, 0.5) == people.speed(math.nan, 0.5)
    assert 0.0 < people.speed(room + 1e-6, 0.5) < 1e-4
    assert people.passing(0.375, 0.0) == 0.0 and people.passing(0.376, 0.0) == math.inf
    assert people.passing(0.375 + 0.0625, 0.5) == 0.0 == people.passing(0.2, 0.5)
    assert people.passing(0.375 + 0.0625 + 0.25, 0.5) == 0.5


# ---- speeds near people

SQUARE_BASE = replace(
    ROBOT, base=replace(ROBOT.base, footprint=((0.25, 0.25), (-0.25, 0.25), (-0.25, -0.25), (0.25, -0.25)))
)


def separation(*humans: Human, robot: RobotDescription = SQUARE_BASE, parts: bool = False) -> SeparationGuard:
    outline = Footprint(robot.base.footprint)
    out = SeparationGuard(
        SafetyParams(head_height_m=2.0), robot, outline, *((MODEL, SILHOUETTE) if parts else (None, None))
    )
    out.humans = humans
    return out


def test_exactly_the_limit_toward_a_person_passes_and_a_little_more_is_told() -> None:
    one = separation(Human("p", 0.75, 0.0, 0.25, 1.6))
    limit = one.judge(Twist2D(1.0, 0.0, 0.0), HERE, 0.0).limit
    assert 0.0 < limit < 1.0
    fresh = separation(Human("p", 0.75, 0.0, 0.25, 1.6))
    assert fresh.judge(Twist2D(limit, 0.0, 0.0), HERE, 0.0) == PASS
    told = fresh.judge(Twist2D(limit * 1.001, 0.0, 0.0), HERE, 0.1)
    assert (told.level, told.value, told.limit, told.object) == (Level.SLOW, limit * 1.001, limit, "p")
    assert told.scale == pytest.approx(1 / 1.001)


def test_somebody_right_above_the_middle_is_nowhere_and_a_hair_beside_it_is_ahead() -> None:
    assert separation(Human("p", 0.0, 0.0, 0.25, 1.6)).judge(Twist2D(1.0, 0.0, 0.0), HERE, 0.0) == PASS
    beside = separation(Human("p", 1.1e-9, 0.0, 0.25, 1.6)).judge(Twist2D(1.0, 0.0, 0.0), HERE, 0.0)
    assert beside.value == pytest.approx(1.0)


def test_without_a_lidar_everybody_may_walk_in_from_where_they_stand() -> None:
    """A person at two metres, 60 degrees off the way back: leaving by half of the speed is a retreat, less is none."""
    blind = replace(SQUARE_BASE, sensors=tuple(s for s in ROBOT.sensors if s != "scan"))
    back = Twist2D(-0.5, 0.0, 0.0)
    for y, free in ((math.sqrt(3.0), False), (1.7, True), (1.8, False)):
        there = Human("p", 1.0, y, 1.5, 1.6)
        assert separation(there).judge(back, HERE, 0.0) == PASS, "a lidar sees who walks"
        verdict = separation(there, robot=blind).judge(back, HERE, 0.0)
        assert (verdict == PASS) is free, y
        if not free:
            assert (verdict.level, verdict.value, verdict.object) == (Level.SLOW, 0.5, "p")
            assert verdict.scale == pytest.approx(verdict.limit / 0.5) and "m beside the way" in verdict.text
            slow = Twist2D(-verdict.limit, 0.0, 0.0)
            assert separation(there, robot=blind).judge(slow, HERE, 0.0) == PASS
    toward = separation(Human("p", 2.0, 0.0, 0.25, 1.6), robot=blind).judge(Twist2D(0.5, 0.0, 0.0), HERE, 0.0)
    assert toward.level == Level.SLOW and toward.limit < 0.5


def swept(speed: float, seconds: float = 1.0) -> Sweep:
    """All parts of an arm at one place 1.2 m above the base's middle, going ahead at ``speed``."""
    count = int(np.count_nonzero(SILHOUETTE.joints > 0))
    centers = np.zeros((2, count, 3))
    centers[..., 2], centers[1, :, 0] = 1.2, speed * seconds
    return Sweep(np.array([0.0, seconds]), centers)


def test_an_arm_at_exactly_five_per_cent_above_its_limit_goes_on() -> None:
    near = Human("p", 1.0, 0.0, 0.6, 1.6)
    limit = separation(near, parts=True).share(swept(2.0), HERE).limit
    above = next(v for k in range(-8, 9) if limit / (v := limit / 0.95 + k * 2.0**-52) == 0.95)
    for speed, level in ((above, Level.PASS), (limit / 0.9499, Level.BRAKE), (limit / 0.96, Level.PASS)):
        one = separation(near, parts=True)
        one.begin("arm", swept(speed), 0.0)
        assert one.judge_arm(HERE, 0.0).level == level
    assert separation(near, parts=True).share(swept(limit), HERE) == PASS


def test_somebody_where_a_part_is_stops_it_by_no_direction_and_a_hair_away_by_all_of_its_speed() -> None:
    for x, told in ((0.0, 0.0), (1.1e-9, 2.0)):
        share = separation(Human("p", x, 0.0, 0.6, 1.6), parts=True).share(swept(2.0), HERE)
        assert share.value == pytest.approx(told)


def test_parts_that_stick_out_by_five_centimetres_count_while_the_base_drives_and_no_part_of_the_base() -> None:
    """A model of two spheres, one on the base and one on its first joint."""
    for out, counts in ((0.05, False), (0.0501, True), (0.06, True)):
        for joint in (0, 1):
            spheres_at = np.array([[0.25 + out - 0.1, 0.0, 0.5]])
            few = SimpleNamespace(
                joints=np.array([joint]), radii=np.array([0.1]), total_mass=40.0, arm_mass=lambda: 5.0,
                centers=lambda _, at=spheres_at: at, configuration=lambda _: None,
            )  # fmt: skip
            one = SeparationGuard(PARAMS, SQUARE_BASE, SQUARE, MODEL, few)  # type: ignore[arg-type]
            one.see_joints({})
            one.humans = (Human("p", 0.25 + out - 0.1, -0.6, 0.1, 1.6),)
            # The base turns: its own middle comes no nearer, what sticks out does.
            verdict = one.judge(Twist2D(0.0, 0.0, -3.0), HERE, 0.0)
            assert (verdict.level == Level.SLOW) == (counts and joint == 1), (out, joint)
            if verdict.level == Level.SLOW:
                assert verdict.value == pytest.approx(3.0 * (0.15 + out))


def test_before_the_joints_are_seen_only_the_base_counts() -> None:
    one = separation(Human("p", 0.9, 0.0, 0.25, 1.6), parts=True)
    alone = separation(Human("p", 0.9, 0.0, 0.25, 1.6))
    assert one.judge(Twist2D(0.0, 0.5, 1.0), HERE, 0.0) == alone.judge(Twist2D(0.0, 0.5, 1.0), HERE, 0.0)
