"""Approach and reach in the real apartment, the arm's other motions, the gripper, action chunks."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from control_plant import Plant, apartment, home_robot

from vla_ros.control.arm_planning import TARGET_CLEAR_M, ArmQuestion, _target_zones
from vla_ros.control.chunks import check_chunk
from vla_ros.control.params import ControlParams
from vla_ros.control.timing import hermite_extremes
from vla_ros.core.errors import InputError
from vla_ros.core.furniture_boxes import furniture_boxes, ignored
from vla_ros.core.geometry import Box, Pose, Pose2D
from vla_ros.core.motion import ActionChunk, MotionGoal

PLAN = apartment()
ROBOT = home_robot()
ARM = ROBOT.group("arm")
WAITING = {
    "kitchen": (2.2, 6.0, 0.5),
    "living_room": (3.0, 2.6, 0.5),
    "bedroom": (6.0, 5.6, 0.5),
    "office": (7.0, 2.0, 0.5),
}


def tool(x: float, y: float, z: float, yaw: float, pitch: float = 0.0) -> Pose:
    """A tool pose: x axis along ``yaw``, turned down by ``pitch``."""
    cy, sy, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
    out = np.eye(4)
    out[:3, :3] = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]]) @ np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    out[:3, 3] = (x, y, z)
    return Pose.from_matrix(out)


def grasps(piece_name: str, surface_name: str, pitches: tuple[float, ...], above: float = 0.06) -> tuple[Pose, ...]:
    piece = PLAN.piece(piece_name)
    surface = next(s for s in piece.surfaces if s.name == surface_name)
    x, y, z = piece.surface_point(surface, (min(0.1, surface.size[0] / 2 - 0.12), 0.0))
    return tuple(
        tool(x, y, z + above, piece.yaw + math.pi + d, p) for p in pitches for d in (0.0, 0.4, -0.4, 0.9, -0.9)
    )


def tool_error(plant: Plant, pose: Pose) -> float:
    """Distance of the measured tool from a pose in odom [m]."""
    model = plant.controller._context.model
    at = plant.pose.to_pose().matrix() @ model.frame_pose("gripper_tcp", plant.joints)
    return float(np.linalg.norm(at[:3, 3] - pose.xyz))


def never_through_furniture(plant: Plant, ignore: tuple[str, ...] = ()):
    """A watcher that fails when the arm is in furniture (real size, a millimetre of tolerance)."""
    model = plant.controller._context.model
    boxes = [b for b in furniture_boxes(PLAN) if not ignored(b, ignore)]

    def watch() -> None:
        if round(plant.now / 0.02) % 5 or not plant.running:
            return
        to_base = np.linalg.inv(plant.pose.to_pose().matrix())
        near = tuple(
            Box(Pose.from_matrix(to_base @ b.pose.matrix(), "base_link"), b.size, b.name)
            for b in boxes
            if math.hypot(b.pose.position[0] - plant.pose.x, b.pose.position[1] - plant.pose.y) < 2.0
        )
        scene = model.collision_scene(near, None, -0.009)
        assert scene.touching(model.configuration(plant.joints)) == ""

    return watch


@pytest.mark.parametrize(
    ("piece", "surface", "pitches"),
    [
        ("kitchen_counter", "top", (0.0, 0.5)),
        ("kitchen_table", "top", (0.5, math.pi / 2)),
        ("living_shelf", "middle_shelf", (0.0, 0.3)),
        ("living_shelf", "lower_shelf", (0.0, 0.3)),
        ("coffee_table", "top", (math.pi / 2,)),
        ("fridge", "middle_shelf", (0.0, 0.3)),
    ],
)
def test_it_drives_up_reaches_and_lifts(piece: str, surface: str, pitches: tuple[float, ...]) -> None:
    place = PLAN.piece(piece)
    plant = Plant(Pose2D(*WAITING[place.room]))
    targets, ignore = grasps(piece, surface, pitches), tuple(leaf.name for leaf in place.leaves)
    back = 0.25 if ignore else 0.12
    watch = never_through_furniture(plant, ignore)
    status = plant.run(MotionGoal("a", "approach", targets=targets, approach_m=back, ignore=ignore), 40.0)
    assert status.state == "reached" and 0 <= status.chosen < len(targets), status
    assert plant.nearest > 0.28
    chosen = targets[status.chosen]
    status = plant.run(MotionGoal("b", "arm_reach", targets=(chosen,), approach_m=back, ignore=ignore), 40.0, watch)
    assert status.state == "reached", status
    assert tool_error(plant, chosen) < 0.01
    lifted = replace(chosen, position=(chosen.position[0], chosen.position[1], chosen.position[2] + 0.03))
    status = plant.run(MotionGoal("c", "arm_linear", offset=(0.0, 0.0, 0.03), ignore=ignore), 20.0, watch)
    assert status.state == "reached", status
    assert tool_error(plant, lifted) < 0.01
    for trajectory in plant.trajectories:
        assert trajectory.names == ARM.names and np.all(trajectory.velocities[-1] == 0.0)


def test_trajectories_start_at_the_measured_posture_and_keep_limits() -> None:
    plant = Plant()
    for name in ("offer", "carry", "home"):
        start = np.array([plant.joints[n] for n in ARM.names])
        assert plant.run(MotionGoal(name, "arm_posture", posture=name), 20.0).state == "reached"
        sent = plant.trajectories[-1]
        assert np.max(np.abs(sent.positions[0] - start)) < 0.1
        fastest, strongest = hermite_extremes(start, sent.times_s, sent.positions, sent.velocities)
        assert np.all(fastest <= np.array([j.velocity for j in ARM.joints]) * 1.001)
        assert np.all(strongest <= np.array([j.acceleration for j in ARM.joints]) * 1.001)


def test_an_obstacle_in_the_way_is_gone_round_and_one_at_the_goal_is_named() -> None:
    plant = Plant(Pose2D(3.1, 2.5, 0.0))
    model = plant.controller._context.model
    offer = dict(zip(ARM.names, ROBOT.posture("offer").positions))
    at = plant.pose.to_pose().matrix() @ model.frame_pose("gripper_tcp", offer)
    vase = Box(Pose(tuple(at[:3, 3])), (1.0, 0.1, 0.1), "vase")
    goal = MotionGoal("g", "arm_posture", posture="offer", obstacles=(vase,))
    status = plant.run(goal, 10.0)
    assert status.state == "blocked" and "vase" in status.text and not plant.trajectories
    status = plant.run(replace(goal, goal_id="h", ignore=("vase",)), 20.0)
    assert status.state == "reached"


def test_the_whole_thing_that_is_reached_for_is_kept_clear_of_until_the_last_stretch() -> None:
    model = Plant().controller._context.model
    bottle = Box(Pose((0.7, 0.1, 0.855)), (0.07, 0.07, 0.23), "bottle")
    level, above = tool(0.7, 0.1, 0.855, 0.0).matrix(), tool(0.7, 0.1, 0.935, 0.0, math.pi / 2).matrix()
    question = ArmQuestion(model, ControlParams(), ARM, {}, targets=(level,), approach_m=0.1, reached=(bottle,))

    def top(*targets: np.ndarray) -> float:
        box = _target_zones(replace(question, targets=targets))[0]
        assert box.pose.position[2] - box.size[2] / 2 == pytest.approx(0.74)
        return box.pose.position[2] + box.size[2] / 2

    assert top(level) == pytest.approx(0.97), "a forearm may not sweep over its middle"
    assert top(level, above) == pytest.approx(0.97), "there is room for the hand above it"
    low = tool(0.7, 0.1, 0.855, 0.0, math.pi / 2).matrix()
    assert top(low) == pytest.approx(0.855 + 0.1 - TARGET_CLEAR_M), "a hand from above needs its own room"


def test_the_base_backs_off_when_a_posture_does_not_fit() -> None:
    plant = Plant(Pose2D(1.25, 5.75, math.pi))  # right before the kitchen table
    status = plant.run(
        MotionGoal("r", "arm_reach", targets=grasps("kitchen_table", "top", (0.5,)), approach_m=0.1), 30.0
    )
    assert status.state == "reached", status
    held = Box(Pose(frame_id="gripper_tcp"), (0.07, 0.07, 0.12), "can")
    plant.run(MotionGoal("l", "arm_linear", offset=(0.0, 0.0, 0.1), carried=held), 10.0)
    watch = never_through_furniture(plant)
    status = plant.run(MotionGoal("c", "arm_posture", posture="carry_front", carried=held), 30.0, watch)
    assert status.state == "reached", status
    assert plant.pose.x > 1.3
    offs = [s.text for s in plant.statuses if "backing off" in s.text]
    assert offs


def test_out_of_reach_is_said_and_nothing_moves() -> None:
    plant = Plant(Pose2D(3.1, 2.5, 0.0))
    status = plant.run(MotionGoal("g", "arm_reach", targets=(tool(6.0, 2.5, 0.9, 0.0),), approach_m=0.1), 10.0)
    assert status.state == "blocked" and "reach" in status.text and not plant.trajectories
    plant.run(MotionGoal("o", "arm_posture", posture="offer"), 20.0)
    status = plant.run(MotionGoal("h", "arm_linear", offset=(0.9, 0.0, 0.0)), 10.0)
    assert status.state == "blocked" and "straight way" in status.text


def test_nowhere_to_stand_is_said() -> None:
    inside_wall = (tool(4.4, 7.3, 1.0, math.pi / 2),)
    status = Plant(Pose2D(2.2, 6.0, 0.0)).run(MotionGoal("g", "approach", targets=inside_wall, approach_m=0.1), 10.0)
    assert status.state == "blocked" and status.text


@pytest.mark.parametrize("gain", [0.0, 0.02])
def test_an_arm_that_does_not_follow_is_blocked_and_held(gain: float) -> None:
    plant = Plant(arm_gain=gain)
    status = plant.run(MotionGoal("g", "arm_posture", posture="offer"), 20.0)
    assert status.state == "blocked" and "joint" in status.text
    assert len(plant.trajectories[-1].times_s) == 1


def test_a_lazy_but_good_arm_reaches() -> None:
    assert Plant(arm_gain=0.3).run(MotionGoal("g", "arm_posture", posture="offer"), 20.0).state == "reached"


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_an_arm_that_the_gate_slows_near_people_is_waited_for(share: float) -> None:
    plant = Plant()
    plant.arm_share = share
    assert plant.run(MotionGoal("g", "arm_posture", posture="offer"), 120.0).state == "reached"
    assert len(plant.trajectories) == 1


def test_an_arm_that_meets_something_on_its_slow_way_is_blocked() -> None:
    plant = Plant()
    plant.arm_share = 0.4
    goal = MotionGoal("g", "arm_posture", posture="offer")
    for _ in range(100):
        plant.tick(goal)
    plant.arm_share = 0.0
    plant.running = {names: (t, start, plant.now) for names, (t, start, _) in plant.running.items()}
    plant.arm_gain = 0.0
    assert plant.run(goal, 5.0).state == "blocked"


def test_a_speed_scale_slows_the_arm() -> None:
    seconds = []
    for scale in (1.0, 0.3):
        plant = Plant()
        plant.run(MotionGoal("g", "arm_posture", posture="offer", speed_scale=scale), 60.0)
        seconds.append(plant.trajectories[0].times_s[-1])
    assert seconds[1] > 2.0 * seconds[0]


def test_the_head_looks_at_a_point_and_says_when_it_cannot() -> None:
    plant = Plant(Pose2D(3.1, 2.5, 0.0))
    point = Pose((4.5, 3.0, 0.5))
    assert plant.run(MotionGoal("g", "head_look_at", targets=(point,)), 10.0).state == "reached"
    model = plant.controller._context.model
    camera = plant.pose.to_pose().matrix() @ model.frame_pose("camera_optical_frame", plant.joints)
    seen = np.linalg.inv(camera) @ np.append(point.xyz, 1.0)
    assert np.hypot(seen[0], seen[1]) < 0.06 * seen[2]
    behind = plant.run(MotionGoal("h", "head_look_at", targets=(Pose((1.0, 2.5, 0.5)),)), 10.0)
    assert behind.state == "blocked" and "turn the base" in behind.text
    assert plant.run(MotionGoal("i", "head_posture", posture="ahead"), 10.0).state == "reached"


def test_the_gripper_opens_closes_and_knows_what_it_holds() -> None:
    plant = Plant()
    opened = plant.run(MotionGoal("o", "gripper", opening_m=0.10, effort_n=10.0), 6.0)
    assert opened.state == "reached" and opened.opening_m == pytest.approx(0.10, abs=0.005) and not opened.holding
    plant.gripper_stop = 0.066
    closed = plant.run(MotionGoal("c", "gripper", opening_m=0.0, effort_n=12.0), 6.0)
    assert closed.state == "reached" and closed.opening_m == pytest.approx(0.066, abs=0.002)
    assert np.all(plant.grippers[-1].efforts == 12.0)
    for _ in range(60):
        plant.tick(MotionGoal("c", "gripper", opening_m=0.0, effort_n=12.0))
    assert plant.statuses[-1].holding
    plant.gripper_stop = 0.0  # what was held has slipped out
    for _ in range(120):
        plant.tick(MotionGoal("c", "gripper", opening_m=0.0, effort_n=12.0))
    assert not plant.statuses[-1].holding


def test_an_empty_hand_closes_and_holds_nothing() -> None:
    plant = Plant()
    plant.run(MotionGoal("o", "gripper", opening_m=0.10), 6.0)
    status = plant.run(MotionGoal("c", "gripper", opening_m=0.0), 6.0)
    assert status.state == "reached" and not status.holding and status.opening_m < 0.004


# ---- action chunks


def chunk(rows: int = 10, **more) -> ActionChunk:
    start = np.array(ROBOT.posture("home").positions)
    actions = np.tile(start, (rows, 1)) + 0.01 * np.arange(1, rows + 1)[:, None]
    return replace(ActionChunk("c1", "joint_position", ARM.names, 0.1, actions), **more)


def test_a_joint_chunk_becomes_one_legal_trajectory() -> None:
    plant = Plant()
    plant.tick()
    send(plant, chunk())
    for _ in range(300):
        plant.tick()
    assert len(plant.trajectories) == 1 and plant.trajectories[0].names == ARM.names
    assert np.all(plant.trajectories[0].velocities[-1] == 0.0)
    assert plant.joints["arm_joint_1"] == pytest.approx(ROBOT.posture("home").positions[1] + 0.1, abs=0.01)
    assert "reached" in [s.state for s in plant.statuses]


def test_a_chunk_that_is_too_fast_is_slowed_down_whole() -> None:
    plant = Plant()
    start = np.array(ROBOT.posture("home").positions)
    ramp = 0.15 * np.arange(1, 6)[:, None] * np.array([0, -1, 0, 0, 0, 0, 0, 0])
    plant.sense()
    send(plant, chunk(actions=start + ramp, dt_s=0.02))
    plant.tick()
    sent = plant.trajectories[0]
    fastest, strongest = hermite_extremes(start, sent.times_s, sent.positions, sent.velocities)
    assert np.all(fastest <= np.array([j.velocity for j in ARM.joints]) * 1.001)
    assert np.all(strongest <= np.array([j.acceleration for j in ARM.joints]) * 1.001)


def send(plant: Plant, actions: ActionChunk) -> None:
    """As a policy does: stamped now."""
    plant.controller.set_chunk(replace(actions, stamp_s=plant.now), plant.now)


def test_a_chunk_that_is_stale_or_comes_right_after_a_stop_moves_nothing() -> None:
    plant = Plant()
    plant.tick()
    rows = np.tile([0.3, 0.0, 0.0], (10, 1))
    drive = ActionChunk("t", "base_twist", ("x", "y", "yaw"), 0.1, rows)
    plant.controller.set_chunk(replace(drive, stamp_s=plant.now - 5.0), plant.now)
    for _ in range(20):
        plant.tick()
    plant.controller.set_goal(MotionGoal("s", "stop"), plant.now)
    plant.tick()
    send(plant, drive)
    for _ in range(20):
        plant.tick()
    send(plant, replace(drive, actions=np.tile(rows, (50, 1))))
    for _ in range(60):
        plant.tick()
    assert all(t.speed == 0.0 for t in plant.twists)


def test_deltas_and_tool_deltas_move_the_arm() -> None:
    plant = Plant()
    plant.tick()
    deltas = ActionChunk("c", "joint_delta", ("head_pan_joint",), 0.1, np.full((5, 1), 0.05))
    send(plant, deltas)
    for _ in range(80):
        plant.tick()
    assert plant.joints["head_pan_joint"] == pytest.approx(0.25, abs=0.01)
    plant.run(MotionGoal("o", "arm_posture", posture="offer"), 20.0)
    model = plant.controller._context.model
    before = model.frame_pose("gripper_tcp", plant.joints)
    forward = np.zeros((5, 6))
    forward[:, 0] = 0.01
    send(plant, ActionChunk("d", "tool_delta", ("x", "y", "z", "roll", "pitch", "yaw"), 0.1, forward))
    for _ in range(120):
        plant.tick()
    moved = np.linalg.inv(before) @ model.frame_pose("gripper_tcp", plant.joints)
    assert np.allclose(moved[:3, 3], (0.05, 0.0, 0.0), atol=0.005)


def test_a_twist_chunk_drives_within_limits_and_ends() -> None:
    plant = Plant(Pose2D(3.1, 2.5, 0.0))
    plant.tick()
    rows = np.tile([5.0, 0.0, 0.0], (10, 1))
    send(plant, ActionChunk("t", "base_twist", ("x", "y", "yaw"), 0.1, rows))
    for _ in range(100):
        plant.tick()
    speeds = [t.speed for t in plant.twists]
    assert 0.5 < max(speeds) <= 0.6 + 1e-9 and speeds[-1] == 0.0
    assert 0.2 < plant.pose.x - 3.1 < 0.6


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"representation": "telepathy"}, "representation"),
        ({"names": ("arm_joint_1",)}, "actions"),
        ({"names": (*ARM.names[:-1], "tail")}, "tail"),
        ({"names": (*ARM.names[:-1], ARM.names[0])}, "names"),
        ({"actions": np.full((3, 8), np.nan)}, "actions"),
        ({"actions": np.zeros((0, 8))}, "actions"),
        ({"actions": np.zeros((5000, 8))}, "actions"),
        ({"dt_s": 0.0}, "dt_s"),
        ({"dt_s": float("nan")}, "dt_s"),
    ],
)
def test_bad_chunks_are_refused_whole(change: dict, word: str) -> None:
    with pytest.raises(InputError, match=word):
        check_chunk(chunk(**change), ROBOT, 200)
    plant = Plant()
    plant.tick()
    send(plant, chunk(**change))
    out = plant.tick()
    assert not out.trajectories and out.twist.speed == 0.0 and plant.statuses[-1].state == "rejected"


def test_a_chunk_that_jumps_or_leaves_the_limits_is_refused_whole() -> None:
    far = np.tile(np.array(ROBOT.posture("offer").positions), (3, 1))
    outside = np.tile(np.array(ROBOT.posture("home").positions), (3, 1))
    outside[2, 1] = 3.0
    for actions in (far, outside):
        plant = Plant()
        plant.tick()
        send(plant, chunk(actions=actions))
        assert not plant.tick().trajectories
        assert plant.statuses[-1].state == "rejected"


def test_a_safety_stop_ends_a_chunk() -> None:
    plant = Plant()
    plant.tick()
    rows = np.tile([0.3, 0.0, 0.0], (50, 1))
    send(plant, ActionChunk("t", "base_twist", ("x", "y", "yaw"), 0.1, rows))
    for _ in range(20):
        plant.tick()
    plant.safety = replace(plant.safety, state="stopped", armed=False, text="disarmed")
    for _ in range(3):
        plant.tick()
    assert plant.twists[-1].speed == 0.0 and plant.controller.active_goal is None
