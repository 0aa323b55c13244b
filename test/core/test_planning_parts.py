"""The planner's parts on their own: places, floor, grounding, grasps, spots, facts, recovery, the gate's watch."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_world import ARMED, CATALOG, PLAN, ROBOT, FakeHome

from vla_ros.core.geometry import Box, Pose, Pose2D
from vla_ros.core.motion import MotionGoal, MotionStatus
from vla_ros.core.safety_status import SafetyStatus
from vla_ros.core.scene import Scene, SceneObject
from vla_ros.core.task import Referent, Relation, TaskStep
from vla_ros.planning import describe, grasps, places, recovery, search, spots
from vla_ros.planning.belief import Belief, Held
from vla_ros.planning.facts import Fact
from vla_ros.planning.failure import Failure, of_motion
from vla_ros.planning.floor import Floor
from vla_ros.planning.gate_watch import GateWatch
from vla_ros.planning.params import PlannerParams
from vla_ros.planning.step import Step
from vla_ros.planning.target import Target

FLOOR = Floor(PLAN, 0.32)
GRIPPER = ROBOT.gripper


def seen(category: str, color: str, at: tuple[float, float, float], yaw: float = 0.0, **changes: object) -> SceneObject:
    kind = CATALOG.kind(category)
    size, shape = (kind.size, kind.shape) if kind else ((0.4, 0.4, 1.7), "person")
    fields: dict[str, object] = {
        "id": f"{color}_{category}", "categories": ((category, 0.9),), "color": color, "shape": shape,
        "pose": Pose.planar(at[0], at[1], yaw, at[2]), "size": size, "confidence": 0.9, "visible": True,
        "last_seen_s": 1.0, "colors": ((color, 0.8),),
    }  # fmt: skip
    return SceneObject(**(fields | changes))  # type: ignore[arg-type]


def home_with(*things: SceneObject, robot: Pose2D | None = None) -> FakeHome:
    home = FakeHome(robot=robot or Pose2D(1.4, 6.5, math.pi / 2))
    home.planner.world.belief.observe_scene(Scene(1.0, "odom", things, Pose()))
    home._sense()
    return home


def found(home: FakeHome, referent: Referent) -> list[str]:
    return [m.thing.id for m in home.planner.world.grounding.matches(referent)]


# -- places


@pytest.mark.parametrize(
    ("referent", "names"),
    [
        (Referent("place", "room", "kitchen"), ["kitchen"]),
        (Referent("place", "lounge"), ["living_room"]),
        (Referent("place", "table", attributes=("kitchen",)), ["kitchen_table"]),
        (Referent("place", "dining table"), ["kitchen_table"]),
        (Referent("place", "table"), ["kitchen_table", "office_table"]),
        (
            Referent("place", "table", relations=(Relation("in", Referent("place", "room", "office")),)),
            ["office_table"],
        ),
        (Referent("place", "couch"), ["sofa"]),
        (Referent("place", "garage"), []),
    ],
)
def test_place_words_mean_rooms_and_furniture(referent: Referent, names: list[str]) -> None:
    assert [p.name for p in places.resolve(PLAN, referent)] == names


# -- floor


@pytest.mark.parametrize("piece", [f for f in PLAN.furniture if f.surfaces], ids=lambda f: f.name)
def test_every_surface_can_be_looked_at_from_free_floor_of_its_room(piece: object) -> None:
    stands = FLOOR.front_points(piece, 0.55, 0.95)  # type: ignore[arg-type]
    assert stands
    assert FLOOR.free(np.array([[p.x, p.y] for p in stands])).all()
    assert all(PLAN.room_at(p.x, p.y).name == piece.room for p in stands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("room", PLAN.rooms, ids=lambda r: r.name)
def test_every_room_has_a_free_middle(room: object) -> None:
    point = FLOOR.room_point(room)  # type: ignore[arg-type]
    assert FLOOR.free(np.array([[point.x, point.y]]))[0]
    assert room.contains(point.x, point.y)  # type: ignore[attr-defined]


def test_the_way_leads_through_the_doors() -> None:
    length, rooms = FLOOR.route((3.0, 2.5), (6.5, 2.5))
    assert rooms == ("living_room", "office")
    assert length == pytest.approx(math.dist((3, 2.5), (5.0, 2.9)) + math.dist((5.0, 2.9), (6.5, 2.5)))
    assert FLOOR.route((3.0, 2.5), (6.5, 6.0))[1] in (
        ("living_room", "office", "bedroom"),
        ("living_room", "kitchen", "bedroom"),
    )


def test_points_around_a_person_face_them_and_are_free() -> None:
    poses = FLOOR.around(3.0, 2.8, 0.85, (1.0, 2.8))
    assert poses[0].x < 3.0
    for pose in poses:
        assert math.dist((pose.x, pose.y), (3.0, 2.8)) == pytest.approx(0.85)
        ahead = (pose.x + 0.85 * math.cos(pose.theta), pose.y + 0.85 * math.sin(pose.theta))
        assert ahead == pytest.approx((3.0, 2.8), abs=1e-6)


# -- grounding

COUNTER = (1.0, 7.5, 0.9475)
RED = seen("cup", "red", COUNTER)
BLUE = seen("cup", "blue", (1.5, 7.5, 0.9475))
BOTTLE = seen("bottle", "green", (0.5, 5.9, 0.855))
TOM = seen("person", "orange", (3.0, 6.0, 0.85))
USER = seen("person", "purple", (2.5, 6.0, 0.85))


def test_colours_negations_and_unsure_things() -> None:
    home = home_with(RED, BLUE, seen("cup", "green", (0.4, 5.5, 0.79), confidence=0.1))
    assert found(home, Referent("object", "cup", attributes=("red",))) == ["red_cup"]
    assert found(home, Referent("object", "mug", not_attributes=("red",))) == ["blue_cup"]
    assert found(home, Referent("object", "cup", attributes=("green",))) == []
    assert set(found(home, Referent("object", "thing"))) == {"red_cup", "blue_cup"}


def test_relations_to_furniture_rooms_and_other_things() -> None:
    home = home_with(RED, BLUE, BOTTLE)
    on_table = Relation("on", Referent("place", "table", attributes=("kitchen",)))
    assert found(home, Referent("object", "thing", relations=(on_table,))) == ["green_bottle"]
    in_office = Relation("in", Referent("place", "room", "office"))
    assert found(home, Referent("object", "thing", relations=(in_office,))) == []
    left = Relation("left_of", Referent("object", "cup", attributes=("blue",)))
    right = Relation("right_of", Referent("object", "cup", attributes=("red",)))
    assert found(home, Referent("object", "cup", relations=(left,))) == ["red_cup"]
    assert found(home, Referent("object", "cup", relations=(right,))) == ["blue_cup"]


def test_superlatives_are_as_the_robot_sees_them() -> None:
    home = home_with(RED, BLUE, BOTTLE)
    assert found(home, Referent("object", "cup", superlative="left_most")) == ["red_cup"]
    assert found(home, Referent("object", "cup", superlative="right_most")) == ["blue_cup"]
    assert found(home, Referent("object", "thing", superlative="biggest")) == ["green_bottle"]
    assert len(found(home, Referent("object", "thing", superlative="biggest", quantity=2))) == 2


def test_people_are_told_by_their_shirts() -> None:
    home = home_with(TOM, USER)
    assert found(home, Referent("person", "person", "tom")) == ["orange_person"]
    assert found(home, Referent("user")) == ["purple_person"]
    assert found(home, Referent("person", "man", attributes=("orange",))) == ["orange_person"]
    assert found(home, Referent("person", "person", "anna")) == []


# -- belief


def looking_north(stamp: float, *things: SceneObject) -> Scene:
    view = np.eye(4)
    view[:3, 0], view[:3, 1], view[:3, 2] = (1, 0, 0), (0, 0, -1), (0, 1, 0)
    view[:3, 3] = (1.0, 6.4, 1.0)
    return Scene(stamp, "odom", things, Pose.from_matrix(view))


def test_a_thing_that_should_be_in_view_and_is_not_is_gone_and_one_out_of_view_is_remembered() -> None:
    belief = Belief(PLAN)
    belief.observe_scene(looking_north(1.0, RED, BOTTLE))
    for stamp in np.arange(1.1, 4.0, 0.1):
        belief.observe_scene(looking_north(float(stamp)))
    assert belief.thing("red_cup") is None
    assert belief.thing("green_bottle") is not None
    belief.observe_scene(looking_north(5.0, RED))
    assert belief.thing("red_cup") is not None


def test_a_new_track_at_the_same_spot_replaces_the_old_one() -> None:
    belief = Belief(PLAN)
    belief.observe_scene(looking_north(1.0, RED))
    again = seen("cup", "red", (1.03, 7.5, 0.9475), id="cup_17")
    belief.observe_scene(looking_north(2.0, again))
    assert [t.id for t in belief.present()] == ["cup_17"]
    renamed = belief.thing("red_cup")
    assert renamed is not None and renamed.id == "cup_17", "who knew it by its old name still finds it"


def test_a_scene_without_the_cameras_pose_is_no_fresh_look() -> None:
    belief = Belief(PLAN)
    belief.observe_scene(Scene(1.0, "odom", (RED,), None))
    assert belief.fresh_scenes(0.0) == 0


def test_a_held_thing_counts_as_lost_only_after_a_while() -> None:
    belief = Belief(PLAN)
    belief.held = Held(RED, Box(Pose(), RED.size), Pose())
    belief.observe_motion(MotionStatus("g", "gripper", "reached", holding=True, opening_m=0.07), 1.0)
    assert belief.is_holding() and not belief.lost_grip(5.0)
    belief.observe_motion(MotionStatus("g", "gripper", "reached", holding=False, opening_m=0.0), 5.1)
    assert not belief.lost_grip(5.3)
    assert belief.lost_grip(6.0)


# -- grasps


@pytest.mark.parametrize(
    ("category", "style"), [("cup", "top"), ("bottle", "side"), ("bowl", "rim"), ("phone", "top"), ("can", "side")]
)
def test_the_preferred_grasp_comes_first(category: str, style: str) -> None:
    kind = CATALOG.kind(category)
    thing = seen(category, "white", (1.0, 7.5, 0.9 + kind.size[2] / 2))
    options = grasps.candidates(thing, kind, GRIPPER, Pose2D(1.0, 6.8, math.pi / 2), 0.9)
    assert options[0].style == style


def test_what_is_too_wide_has_no_grasp() -> None:
    category, kind = "plate", CATALOG.kind("plate")
    thing = seen(category, "green", (1.0, 7.5, 0.9 + kind.size[2] / 2))
    assert grasps.candidates(thing, kind, GRIPPER, Pose2D(1.0, 6.8, 0.0), 0.9) == []


@settings(max_examples=60, deadline=None)
@given(
    category=st.sampled_from([k.category for k in CATALOG.objects if k.graspable]),
    yaw=st.floats(-math.pi, math.pi),
    bearing=st.floats(-math.pi, math.pi),
)
def test_grasps_close_across_a_narrow_side_and_keep_the_pads_off_the_surface(
    category: str, yaw: float, bearing: float
) -> None:
    kind = CATALOG.kind(category)
    thing = seen(category, "white", (0.0, 0.0, 0.9 + kind.size[2] / 2), yaw)
    robot = Pose2D(0.7 * math.cos(bearing), 0.7 * math.sin(bearing), 0.0)
    for grasp in grasps.candidates(thing, kind, GRIPPER, robot, 0.9):
        tool = grasp.pose.matrix()
        assert np.linalg.det(tool[:3, :3]) == pytest.approx(1.0)
        closing = np.linalg.inv(thing.pose.matrix())[:3, :3] @ tool[:3, 1]
        width = abs(closing[0]) * kind.size[0] + abs(closing[1]) * kind.size[1]
        if kind.shape in ("cylinder", "sphere"):
            width = kind.size[0]
        assert grasp.style == "rim" or width <= GRIPPER.max_opening
        lowest_pad = tool[2, 3] + 0.0125 * tool[2, 0] - 0.011 * abs(tool[2, 2])
        assert lowest_pad > 0.9
        if grasp.style in ("side", "slanted"):
            assert tool[:2, 0] @ np.array([-robot.x, -robot.y]) > 0, "the hand points away from the robot"


# -- spots


def test_free_spots_keep_clear_of_things_and_of_the_edge() -> None:
    table = PLAN.piece("kitchen_table")
    surface = table.surfaces[0]
    bowl = seen("bowl", "white", (table.position[0] + 0.2, table.position[1], 0.77))
    free = spots.on_surface(table, surface, 0.05, [bowl], Pose2D(1.4, 5.75, math.pi))
    assert len(free) >= 3
    for spot in free:
        assert table.contains(spot.point[0], spot.point[1], -0.05)
        assert math.dist(spot.point[:2], bowl.pose.position[:2]) > 0.05 + 0.07 + 0.03
        assert spot.point[2] == 0.74
    assert math.dist(free[0].point[:2], (1.4, 5.75)) < 0.95


def test_a_full_surface_has_no_spot() -> None:
    table = PLAN.piece("nightstand")
    surface = table.surfaces[0]
    big = seen("basket", "brown", (*table.position, 0.6), size=(0.4, 0.4, 0.15))
    assert spots.on_surface(table, surface, 0.05, [big], Pose2D()) == []


def test_release_poses_put_the_thing_upright_on_the_spot() -> None:
    tool = grasps.candidates(RED, CATALOG.kind("cup"), GRIPPER, Pose2D(1.0, 6.8, 1.5), 0.9)[3].pose
    held = Held(RED, grasps.carried_box(RED, RED.size, tool), grasps.tool_on_thing(RED, tool))
    spot = spots.Spot((0.6, 5.6, 0.74), "kitchen_table")
    for pose in spots.release_poses(held, spot, Pose2D(1.4, 5.6, math.pi), 0.05):
        box = pose.matrix() @ held.box.pose.matrix()
        assert box[:3, 3] == pytest.approx((0.6, 5.6, 0.74 + 0.0475 + 0.05))
        assert box[2, 2] == pytest.approx(1.0)


# -- recovery and the gate


def a_step(attempts: int) -> Step:
    step = Step("pick", Target(Referent("object", "cup")), "pick up the cup", lambda ctx: iter(()))  # type: ignore[arg-type, return-value]
    step.attempts = attempts
    return step


@pytest.mark.parametrize(
    ("failure", "attempts", "others", "decision"),
    [
        (Failure("execution", "slipped"), 1, 0, recovery.RETRY),
        (Failure("execution", "slipped"), 3, 0, recovery.GIVE_UP),
        (Failure("execution", "slipped"), 3, 1, recovery.ALTERNATIVE),
        (Failure("perception", "gone", unmet=Fact("hand_empty")), 1, 0, recovery.REPLAN),
        (Failure("planning", "too wide", final=True), 1, 1, recovery.ALTERNATIVE),
        (Failure("planning", "cannot", refused=True), 1, 1, recovery.GIVE_UP),
        (Failure("hardware", "stuck"), 1, 0, recovery.GIVE_UP),
        (Failure("sensor", "blind"), 2, 0, recovery.GIVE_UP),
    ],
)
def test_what_is_done_about_a_failure(failure: Failure, attempts: int, others: int, decision: str) -> None:
    assert recovery.decide(a_step(attempts), failure, 0, others, PlannerParams()) == decision


def test_a_plan_is_not_changed_for_ever() -> None:
    failure = Failure("perception", "gone", unmet=Fact("hand_empty"))
    assert recovery.decide(a_step(1), failure, 6, 3, PlannerParams()) == recovery.GIVE_UP


@pytest.mark.parametrize(
    ("state", "kind"), [("rejected", "planning"), ("blocked", "execution"), ("timed_out", "execution")]
)
def test_motions_that_do_not_arrive_are_classified(state: str, kind: str) -> None:
    failure = of_motion(MotionStatus("g", "navigate", state, "a box"))
    assert failure.kind == kind and "a box" in failure.text


GOAL = MotionGoal("g1", "navigate")


def test_the_gate_is_waited_for_only_while_it_stops() -> None:
    watch = GateWatch(30.0)
    assert watch.hold(None, 0.0).kind == "communication"  # type: ignore[union-attr]
    watch.observe(ARMED, 1.0)
    assert watch.hold(GOAL, 1.0) is None
    stopped = SafetyStatus(0.0, "stopped", True, False, "obstacle", "a person 0.4 m ahead")
    for now in np.arange(2.0, 31.0, 0.5):
        watch.observe(stopped, float(now))
        hold = watch.hold(GOAL, float(now))
        assert hold is not None and not hold.frozen and "a person" in hold.text
        assert not watch.expired(float(now))
    watch.observe(stopped, 33.0)
    watch.hold(GOAL, 33.0)
    assert watch.expired(33.0)
    watch.hold(MotionGoal("g2", "navigate"), 33.1)
    assert not watch.expired(33.1), "a new motion gets a new chance"


# -- words


def test_words_for_people() -> None:
    assert describe.listing(["a", "b", "c"]) == "a, b and c"
    assert describe.article("apple") == "an apple"
    assert describe.plural("box", 3) == "three boxes"
    assert describe.plural("person", 0) == "no people"


@pytest.mark.parametrize(
    ("referent", "words"),
    [
        (Referent("object", "cup", attributes=("red",)), "the red cup"),
        (Referent("object", "cup", not_attributes=("blue",)), "the cup that is not blue"),
        (Referent("object", "cup", superlative="left_most"), "the leftmost cup"),
        (Referent("object", "knife", quantity=-1), "the knives"),
        (Referent("person", "person", attributes=("orange", "shirt")), "the person in the orange shirt"),
        (
            Referent("object", "cup", relations=(Relation("left_of", Referent("object", "bowl")),)),
            "the cup to the left of the bowl",
        ),
    ],
)
def test_a_referent_is_said_in_good_english(referent: Referent, words: str) -> None:
    assert Target(referent).words() == words


def test_a_promise_names_what_was_asked_for_and_nothing_twice() -> None:
    cup = Referent("object", "cup", attributes=("red",), relations=(Relation("from", Referent("place", "counter")),))
    kitchen = TaskStep("go", destination=Referent("place", "kitchen"))

    def promise(*steps: TaskStep) -> str:
        home = FakeHome()
        home.submit(*steps)
        home.step()
        return next(s.text for s in home.statuses if s.state == "accepted")

    give = TaskStep("bring", object=cup, recipient=Referent("user"))
    assert promise(give) == "I will hand you the red cup."
    assert promise(kitchen, TaskStep("pick", object=cup), give) == (
        "I will go to the kitchen, pick up the red cup from the counter and hand it to you."
    )
    shelf = TaskStep("place", object=cup, destination=Referent("place", "desk"), destination_relation="on")
    assert promise(shelf) == "I will put the red cup on the desk."
    assert promise(TaskStep("go", destination=Referent("user"))) == "I will come to you."


# -- where to look


def order(home: FakeHome, usual: tuple[str, ...], glanced_since: float = math.inf) -> list[str]:
    rest, names = search.surfaces_to_search(PLAN.furniture, {}), []
    belief = home.planner.world.belief
    while rest:
        piece = search.next_piece(rest, belief, FLOOR, usual, glanced_since)
        assert piece is not None
        rest.remove(piece)
        names.append(piece.name)
        stand = FLOOR.front_points(piece, 0.55, 0.95)[0]
        home.robot = stand
        home._sense()
    return names


def test_a_search_begins_where_the_kind_is_usually_kept_and_leaves_nothing_out() -> None:
    home = home_with(robot=Pose2D(2.8, 2.3, 0.0))
    cup, phone = (CATALOG.kind(k).found_on for k in ("cup", "phone"))
    searched = order(home, cup)
    assert len(searched) == len(search.surfaces_to_search(PLAN.furniture, {}))
    assert searched.index("kitchen_counter") < searched.index("living_shelf")
    assert searched.index("kitchen_table") < searched.index("tv_bench")
    assert {"sofa", "bed"} <= set(searched[-6:])
    assert order(home_with(robot=Pose2D(6.5, 2.0, 0.0)), phone)[0] == "desk"


def test_driving_costs_count_between_equally_likely_places() -> None:
    at_table = home_with(robot=Pose2D(1.4, 5.75, math.pi))
    assert order(at_table, ("table",))[0] == "kitchen_table"
    in_office = home_with(robot=Pose2D(6.5, 2.0, 0.0))
    assert order(in_office, ("table",))[0] == "office_table"


def test_what_the_camera_has_swept_in_passing_is_looked_at_later() -> None:
    home = home_with(robot=Pose2D(1.0, 6.4, math.pi / 2))
    belief = home.planner.world.belief
    counter = PLAN.piece("kitchen_counter")
    view = np.eye(4)
    down = 0.5
    view[:3, 2] = (0.0, math.cos(down), -math.sin(down))
    view[:3, 0] = (1.0, 0.0, 0.0)
    view[:3, 1] = np.cross(view[:3, 2], view[:3, 0])
    x, y, z = counter.surface_point(counter.surfaces[0], (0.0, 0.0))
    view[:3, 3] = np.array([x, y, z]) - 1.5 * view[:3, 2]
    assert order(home, ("counter",), 0.0)[0] == "kitchen_counter"
    belief.observe_scene(Scene(5.0, "odom", (), Pose.from_matrix(view)))
    assert belief.glances.share(counter, 0.0) > 0.5 > belief.glances.share(counter, 6.0)
    assert belief.glances.share(PLAN.piece("fridge"), 0.0) == 0.0, "a closed door hides what is behind it"
    likely = ("counter", "table")
    home.robot = Pose2D(1.4, 6.2, math.pi / 2)
    home._sense()
    rest = [counter, PLAN.piece("kitchen_table")]
    first = search.next_piece(rest, belief, FLOOR, likely, math.inf)
    swept = search.next_piece(rest, belief, FLOOR, likely, 0.0)
    assert first is not None and swept is not None
    assert (first.name, swept.name) == ("kitchen_counter", "kitchen_table")
    belief.forget("anything")
    assert belief.glances.share(counter, 0.0) == 0.0, "somebody moves things: what was seen proves nothing"
