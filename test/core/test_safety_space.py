"""Where arms and bases may be: zones, the robot's spheres, ways of arms, chunks, the safe posture."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gate_story import ARM, HOME, MODEL, ROBOT, arm_trajectory
from hypothesis import given, settings
from hypothesis import strategies as st

from vla_ros.core.config import from_mapping
from vla_ros.core.errors import ConfigError
from vla_ros.core.geometry import Pose2D
from vla_ros.core.motion import ActionChunk, JointTrajectory
from vla_ros.core.robot_description import RobotDescription
from vla_ros.safety.arm_path import ArmPath, samples
from vla_ros.safety.chunk_check import ChunkCheck
from vla_ros.safety.footprint import Footprint
from vla_ros.safety.hermite import between
from vla_ros.safety.limits_summary import summary
from vla_ros.safety.params import SafetyParams
from vla_ros.safety.retime import slower
from vla_ros.safety.robot_limits import check_robot
from vla_ros.safety.safe_posture import SafePosture
from vla_ros.safety.silhouette import Silhouette
from vla_ros.safety.trajectory_check import TrajectoryCheck
from vla_ros.safety.verdict import PASS, Level, Verdict
from vla_ros.safety.zones import KeepOut, Zone, Zones

PARAMS = SafetyParams()
HERE = Pose2D()
SILHOUETTE = Silhouette(MODEL)
MEASURED = dict(zip(ARM.names, HOME.positions)) | {"head_pan_joint": 0.0, "head_tilt_joint": 0.3}
OUTLINE = Footprint(ROBOT.base.footprint)
NOTHING = np.zeros((0, 2))


def zone(
    low: tuple[float, float], high: tuple[float, float], z: tuple[float, float] = (0.0, 3.0), name: str = "stairs"
) -> Zone:
    corners = ((low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1]))
    return Zone(name=name, polygon=corners, z=z)


def keep_out(*zones: Zone) -> KeepOut:
    return KeepOut(Zones(keep_out=zones))


# ---- zones


def test_a_zone_file_is_read_and_nonsense_in_it_refused(tmp_path: Path) -> None:
    file = tmp_path / "zones.yaml"
    file.write_text("keep_out:\n  - {name: stairs, polygon: [[0, 0], [1, 0], [1, 1]]}\n")
    assert Zones.load(file).keep_out[0].name == "stairs" and Zones.load(file).keep_out[0].z == (0.0, 3.0)
    with pytest.raises(ConfigError, match="three corners"):
        from_mapping(Zone, {"name": "a", "polygon": [[0, 0], [1, 0]]})
    for z in ([1.0, 1.0], [2.0, 1.0]):
        with pytest.raises(ConfigError, match="lower height"):
            from_mapping(Zone, {"name": "a", "polygon": [[0, 0], [1, 0], [1, 1]], "z": z})


@settings(max_examples=100, deadline=None)
@given(st.tuples(*[st.floats(-1.0, 2.0)] * 3), st.floats(0.01, 0.4))
def test_a_sphere_enters_a_box_exactly_when_their_distance_says_so(at: tuple[float, float, float], r: float) -> None:
    """Oracle: the nearest point of the zone's floor plan, and its heights on their own."""
    low, high, z = (0.0, 0.0), (1.0, 0.6), (0.5, 0.9)
    dx, dy = (max(low[i] - at[i], 0.0, at[i] - high[i]) for i in (0, 1))
    inside = math.hypot(dx, dy) < r and z[0] < at[2] + r and at[2] - r < z[1]
    name = keep_out(zone((5, 5), (6, 6), name="far"), zone(low, high, z)).entered(np.array([at]), np.array([r]))
    assert name == ("stairs" if inside else "")


def test_the_first_of_several_spheres_and_zones_is_named() -> None:
    both = keep_out(zone((0, 0), (1, 1), name="a"), zone((0, 0), (2, 2), name="b"))
    centers = np.array([[5.0, 5.0, 1.0], [1.5, 1.5, 1.0]])
    assert both.entered(centers, np.array([0.1, 0.1])) == "b"
    assert both.entered(centers[:1], np.array([0.1])) == "" and keep_out().entered(centers, np.array([9.0, 9.0])) == ""


def test_floor_points_cover_a_zone_without_gaps_and_nothing_else() -> None:
    l_shape = Zone(name="l", polygon=((0, 0), (2, 0), (2, 0.5), (0.5, 0.5), (0.5, 2), (0, 2)))
    points = KeepOut(Zones(keep_out=(l_shape,))).floor_points(1.0)
    assert float(Footprint(l_shape.polygon).clearance(points).max()) <= 1e-9
    rng = np.random.default_rng(3)
    inside = np.array([p for p in rng.uniform(0, 2, (500, 2)) if Footprint(l_shape.polygon).clearance(p[None])[0] < 0])
    gaps = np.min(np.linalg.norm(inside[:, None] - points[None], axis=2), axis=1)
    assert len(inside) > 100 and gaps.max() < 0.05
    for corner in l_shape.polygon:
        assert np.min(np.linalg.norm(points - np.array(corner), axis=1)) < 1e-9
    assert len(keep_out().floor_points(1.0)) == 0
    high = keep_out(zone((0, 0), (1, 1), z=(1.0, 2.0)))
    assert len(high.floor_points(1.0)) == 0 and len(high.floor_points(1.01)) > 400


# ---- the robot as spheres


def test_spheres_cover_every_collision_shape_at_any_posture() -> None:
    """Oracle: points on the surfaces of the shapes, placed by the model's own collision boxes."""
    silhouette = Silhouette(MODEL)
    rng = np.random.default_rng(1)
    for k in range(3):
        lower, upper = MODEL.limits("arm")
        joints = MEASURED if k == 0 else dict(zip(ARM.names, rng.uniform(lower, upper)))
        centers = silhouette.centers(MODEL.configuration(joints))
        assert centers.shape == (len(silhouette.radii), 3)
        for box in MODEL.link_boxes(joints):
            corners = np.array(np.meshgrid(*[np.linspace(-1.0, 1.0, 9)] * 3)).reshape(3, -1).T * np.array(box.size) / 2
            placed = corners @ box.pose.matrix()[:3, :3].T + box.pose.xyz
            gaps = np.min(np.linalg.norm(placed[:, None] - centers[None], axis=2) - silhouette.radii, axis=1)
            assert gaps.max() < 1e-6, box.name


def test_the_spheres_stay_near_the_shapes() -> None:
    silhouette = Silhouette(MODEL)
    assert len(silhouette.radii) < 60 and float(silhouette.radii[silhouette.joints > 4].max()) < 0.12


def test_masses_and_their_centre_are_the_models() -> None:
    silhouette = Silhouette(MODEL)
    assert silhouette.total_mass == pytest.approx(sum(i.mass for i in MODEL.model.inertias))
    assert silhouette.arm_mass() == pytest.approx(1.5 + 1.5 + 1.8 + 1.0 + 1.2 + 0.6 + 0.8 + 0.12)
    down, up = (silhouette.center_of_mass(MODEL.configuration(MEASURED | {"torso_lift_joint": z})) for z in (0.0, 0.4))
    moved = 0.4 * (silhouette.total_mass - 45.0) / silhouette.total_mass
    assert up - down == pytest.approx(np.array([0.0, 0.0, moved]), abs=1e-9)


# ---- ways of arms


def path(*zones: Zone, **params: object) -> ArmPath:
    return ArmPath(SafetyParams(**params), MODEL, SILHOUETTE, keep_out(*zones))  # type: ignore[arg-type]


def to(**joints: float) -> JointTrajectory:
    return arm_trajectory(dict(joints))


def test_samples_are_dense_end_at_the_end_and_lie_on_the_way() -> None:
    trajectory = to(arm_joint_1=-1.0, arm_joint_4=0.5)
    times, positions = samples(trajectory, MEASURED, 0.05)
    assert np.all(np.diff(times) > 0.0) and times[0] == 0.0 and times[-1] == trajectory.times_s[-1]
    assert np.allclose(positions[0], HOME.positions) and np.allclose(positions[-1], trajectory.positions[-1])
    assert np.abs(np.diff(positions, axis=0)).max() < 0.056
    share = times / 2.0
    exact = np.array(HOME.positions) + np.outer(share**2 * (3 - 2 * share), trajectory.positions[-1] - HOME.positions)
    assert np.abs(positions - exact).max() < 0.01
    still = samples(replace(trajectory, positions=np.tile(HOME.positions, (20, 1)), velocities=None), MEASURED, 0.05)
    assert len(still[0]) == 21


def test_a_spline_that_bulges_between_equal_points_is_sampled_where_it_bulges() -> None:
    positions = np.tile(HOME.positions, (2, 1)).astype(float)
    velocities = np.zeros_like(positions)
    velocities[0, 1], velocities[1, 1] = 1.5, 0.0
    bulging = JointTrajectory(ARM.names, np.array([0.1, 1.1]), positions, velocities)
    _, found = samples(bulging, MEASURED, 0.05)
    assert found[:, 1].max() - HOME.positions[1] == pytest.approx(1.5 * 4 / 27, abs=0.01)
    assert len(found) == 1 + 1 + math.ceil(1.5 / 4 / 0.05)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-2, 2), min_size=4, max_size=4), st.floats(0.1, 3.0), st.floats(0.0, 1.0))
def test_between_is_the_cubic_with_those_ends(ends: list[float], seconds: float, share: float) -> None:
    """Oracle: the four Hermite basis functions."""
    p0, p1, v0, v1 = ends
    s = share
    expected = (
        (1 + 2 * s) * (1 - s) ** 2 * p0 + s * (1 - s) ** 2 * seconds * v0 + s * s * (3 - 2 * s) * p1
        + s * s * (s - 1) * seconds * v1
    )  # fmt: skip
    found = between(np.array([[p0], [p1]]), np.array([[v0], [v1]]), seconds, np.array([s]))
    assert found.shape == (1, 1) and found[0, 0] == pytest.approx(expected, abs=1e-9)


def test_a_free_way_passes_and_one_that_crosses_the_body_midway_is_refused() -> None:
    assert path().judge(to(arm_joint_1=1.4), MEASURED, HERE) == PASS
    start = dict(zip(ARM.names, HOME.positions))
    ends = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        lower, upper = MODEL.limits("arm")
        goal = dict(zip(ARM.names, rng.uniform(lower, upper)))
        if MODEL.in_collision(goal | {"head_tilt_joint": 0.3}):
            continue
        trajectory = arm_trajectory(goal, seconds=6.0)
        fine = samples(trajectory, MEASURED, 0.01)[1]
        hits = [bool(MODEL.in_collision(MEASURED | dict(zip(ARM.names, q)))) for q in fine]
        verdict = path().judge(trajectory, MEASURED, HERE)
        touches = verdict.cause == "trajectory_self_collision"
        if verdict.cause in ("", "trajectory_self_collision") and (sum(hits) == 0 or sum(hits) > 12):
            assert touches == any(hits), seed
            ends.append(touches)
    assert sum(ends) > 3 and len(ends) - sum(ends) > 3 and start


def test_an_arm_that_touches_may_leave_but_not_stay_or_touch_anew() -> None:
    lower, upper = MODEL.limits("arm")
    rng = np.random.default_rng(0)
    while True:
        touching = dict(zip(ARM.names, rng.uniform(lower, upper)))
        if MODEL.in_collision(MEASURED | touching):
            break
    start, home = np.array(list(touching.values())), np.array(HOME.positions)
    share = np.linspace(0.0, 1.0, 200)[1:, None]

    def way(a: np.ndarray, b: np.ndarray) -> JointTrajectory:
        return JointTrajectory(ARM.names, share[:, 0] * 9.0, a + share * (b - a), np.zeros((199, 8)))

    wide = {"path_samples": 2000, "workspace_floor_m": 0.0, "workspace_radius_m": 5.0}
    contacts = [bool(MODEL.in_collision(MEASURED | dict(zip(ARM.names, q)))) for q in way(start, home).positions]
    assert contacts[0] and not contacts[-1] and contacts == sorted(contacts, reverse=True), "it leaves once"
    assert path(**wide).judge(way(start, home), MEASURED | touching, HERE) == PASS
    assert path(**wide).judge(way(home, start), MEASURED, HERE).cause == "trajectory_self_collision"
    stays = path(**wide).judge(way(start, start + 0.01 * (home - start)), MEASURED | touching, HERE)
    assert stays.cause == "trajectory_self_collision" and "from its start to its end" in stays.text
    there_and_back = JointTrajectory(
        ARM.names, np.arange(1, 399) * 0.05,
        np.vstack([way(start, home).positions, way(home, start).positions]), np.zeros((398, 8)),
    )  # fmt: skip
    assert path(**wide).judge(there_and_back, MEASURED | touching, HERE).cause == "trajectory_self_collision"


def test_the_workspace_ends_at_its_radius_and_above_the_floor_and_coming_back_is_free() -> None:
    arm = SILHOUETTE.joints > 0
    out = dict(zip(ARM.names, ROBOT.posture("offer").positions))  # type: ignore[union-attr]
    reach_out = to(**out)
    far = max(
        float((np.hypot(*c[:, :2].T) + SILHOUETTE.radii)[arm].max())
        for c in (
            SILHOUETTE.centers(MODEL.configuration(MEASURED | dict(zip(ARM.names, q))))
            for q in samples(reach_out, MEASURED, 0.08)[1]
        )
    )
    assert path(workspace_radius_m=far + 0.001).judge(reach_out, MEASURED, HERE) == PASS
    refused = path(workspace_radius_m=far - 0.001).judge(reach_out, MEASURED, HERE)
    assert refused.cause == "trajectory_workspace" and refused.value == pytest.approx(far, abs=0.05)
    assert refused.limit == far - 0.001
    start = np.array(list(out.values()))
    lift = JointTrajectory(ARM.names, np.array([1.0]), start[None] - np.eye(8)[:1] * 0.05, np.zeros((1, 8)))
    assert path(workspace_radius_m=0.5).judge(lift, MEASURED | out, HERE) == PASS
    high = MEASURED | {"torso_lift_joint": 0.3}
    low = float((SILHOUETTE.centers(MODEL.configuration(high))[:, 2] - SILHOUETTE.radii)[arm].min())
    rows = [np.array([list(high.values())[:8]]) + np.eye(8)[:1] * step for step in (-0.1, 0.05)]
    down, up = (JointTrajectory(ARM.names, np.array([1.0]), row, np.zeros((1, 8))) for row in rows)
    assert path(workspace_floor_m=low - 0.101).judge(down, high, HERE) == PASS
    too_low = path(workspace_floor_m=low - 0.09).judge(down, high, HERE)
    assert too_low.cause == "trajectory_workspace" and too_low.limit == low - 0.09 and too_low.value < low - 0.09
    assert path(workspace_floor_m=low + 0.05).judge(up, high, HERE) == PASS


def test_a_zone_is_kept_out_of_wherever_the_base_stands() -> None:
    ahead = zone((0.45, -0.4), (1.0, 0.4), z=(0.8, 1.2))
    offer = to(**dict(zip(ARM.names, ROBOT.posture("offer").positions)))  # type: ignore[union-attr]
    verdict = path(ahead).judge(offer, MEASURED, HERE)
    assert (verdict.cause, verdict.object, verdict.level) == ("trajectory_keep_out", "stairs", Level.INFORM)
    assert path(ahead).judge(offer, MEASURED, Pose2D(0.0, 0.0, math.pi)) == PASS
    assert path(ahead).judge(offer, MEASURED, Pose2D(-1.0, 0.0, 0.0)) == PASS
    assert path(ahead).judge(offer, MEASURED, Pose2D(1.5, 0.0, math.pi)).cause == "trajectory_keep_out"
    assert path(replace(ahead, z=(1.9, 2.2))).judge(offer, MEASURED, HERE) == PASS


def test_only_what_the_joints_move_is_kept_out_and_all_of_it() -> None:
    under_the_base = zone((-0.1, -0.1), (0.1, 0.1), z=(0.0, 0.15))
    assert path(under_the_base).judge(to(torso_lift_joint=0.3), MEASURED, HERE) == PASS
    behind_the_chest = zone((-0.3, -0.05), (-0.235, 0.05), z=(1.19, 1.25))
    assert path(behind_the_chest).judge(to(torso_lift_joint=0.3), MEASURED, HERE).cause == "trajectory_keep_out"


def test_one_short_step_is_judged_too_and_what_stands_still_below_the_floor_limit_may_stay_there() -> None:
    high = MEASURED | {"torso_lift_joint": 0.3}
    low = float((SILHOUETTE.centers(MODEL.configuration(high))[:, 2] - SILHOUETTE.radii)[SILHOUETTE.joints > 0].min())
    row = np.array([[high[n] for n in ARM.names]]) - np.eye(8)[:1] * 0.05
    step = JointTrajectory(ARM.names, np.array([1.0]), row, np.zeros((1, 8)))
    assert path(workspace_floor_m=low - 0.01).judge(step, high, HERE).cause == "trajectory_workspace"
    nod = JointTrajectory(
        ("head_pan_joint", "head_tilt_joint"), np.array([1.0]), np.array([[0.2, 0.3]]), np.zeros((1, 2))
    )
    assert path(workspace_floor_m=1.0).judge(nod, MEASURED, HERE) == PASS


def test_a_way_with_too_many_samples_is_refused_before_it_is_looked_at() -> None:
    count = len(samples(to(arm_joint_1=1.4), MEASURED, PARAMS.path_step)[1])
    assert path(path_samples=count).judge(to(arm_joint_1=1.4), MEASURED, HERE) == PASS
    refused = path(path_samples=count - 1).judge(to(arm_joint_1=1.4), MEASURED, HERE)
    assert refused.cause == "trajectory_size"


def test_slower_is_the_same_way_later() -> None:
    fast = to(arm_joint_1=1.4)
    slow = slower(fast, 0.5)
    assert np.array_equal(slow.positions, fast.positions) and np.allclose(slow.times_s, fast.times_s * 2)
    assert slow.velocities is not None and np.allclose(slow.velocities, fast.velocities * 0.5)
    assert slower(replace(fast, velocities=None), 0.5).velocities is None
    a, b = samples(fast, MEASURED, 0.05)[1], samples(slow, MEASURED, 0.05)[1]
    assert np.allclose(a, b, atol=1e-9), "the spline between the points is the same too"


# ---- the safe posture


def test_the_way_to_the_safe_posture_is_slow_and_passes_every_check() -> None:
    start = MEASURED | {"arm_joint_1": -0.6, "torso_lift_joint": 0.3}
    way = SafePosture(PARAMS, ROBOT).way(start)
    assert way is not None and TrajectoryCheck(PARAMS, ROBOT).judge(way, start | {"head_pan_joint": 0.0}) == PASS
    assert np.allclose(way.positions[-1], HOME.positions) and way.velocities is not None
    share = [float(np.abs(way.velocities[:, k]).max()) / j.velocity for k, j in enumerate(ARM.joints)]
    assert max(share) == pytest.approx(0.25, rel=0.02)
    times, positions = samples(way, start, 0.01)
    rates = np.diff(positions, axis=0) / np.diff(times)[:, None]
    assert np.abs(rates).max(axis=0) / [j.velocity for j in ARM.joints] == pytest.approx(np.array(share), abs=0.02)


def test_a_short_way_is_bound_by_acceleration() -> None:
    start = MEASURED | {"arm_joint_2": HOME.positions[2] + 0.04}
    way = SafePosture(PARAMS, ROBOT).way(start)
    assert way is not None
    assert way.times_s[-1] == pytest.approx(math.sqrt(6.0 * 0.04 / (0.25 * 4.0)))


def test_there_is_no_way_when_it_is_there_or_unknown() -> None:
    near = MEASURED | {"arm_joint_1": HOME.positions[1] + 0.03 - 1e-9}
    assert SafePosture(PARAMS, ROBOT).way(near) is None
    assert SafePosture(PARAMS, ROBOT).way(MEASURED | {"arm_joint_1": HOME.positions[1] + 0.031}) is not None
    assert SafePosture(PARAMS, ROBOT).way({}) is None
    assert SafePosture(SafetyParams(safe_posture="nowhere"), ROBOT).way(MEASURED | {"arm_joint_1": 0.0}) is None


# ---- chunks


def judged(kind: str, actions: object, names: tuple[str, ...] = ("x", "y", "yaw"), dt: float = 0.1, pose: Pose2D = HERE,
           obstacles: np.ndarray = NOTHING, zones: tuple[Zone, ...] = (), **params: object) -> Verdict:  # fmt: skip
    settings_ = SafetyParams(**params)  # type: ignore[arg-type]
    closed = keep_out(*zones)
    check = ChunkCheck(settings_, ROBOT, OUTLINE, closed, MODEL, ArmPath(settings_, MODEL, SILHOUETTE, closed))
    return check.judge(ActionChunk("c", kind, names, dt, np.asarray(actions, dtype=float)), MEASURED, pose, obstacles)


def test_a_harmless_chunk_passes() -> None:
    assert judged("base_twist", [[0.2, 0.0, 0.1]] * 20) == PASS
    assert judged("joint_delta", [[0.01]] * 10, ("arm_joint_1",)) == PASS
    assert judged("joint_position", [[HOME.positions[1] + 0.01 * k] for k in range(10)], ("arm_joint_1",)) == PASS
    assert judged("tool_delta", [[0.0, 0.0, 0.005, 0, 0, 0]] * 10, ("x", "y", "z", "roll", "pitch", "yaw")) == PASS
    assert (
        judged("tool_delta", [[0.0, 0.0, 0.005, 0, 0, 0, 1]] * 10, ("x", "y", "z", "roll", "pitch", "yaw", "g")) == PASS
    )


@pytest.mark.parametrize(
    ("actions", "names", "dt", "cause"),
    [
        (np.zeros((0, 3)), ("x", "y", "yaw"), 0.1, "chunk_size"),
        (np.zeros((2001, 3)), ("x", "y", "yaw"), 0.1, "chunk_size"),
        (np.zeros((2, 2)), ("x", "y", "yaw"), 0.1, "chunk_size"),
        (np.zeros(3), ("x", "y", "yaw"), 0.1, "chunk_size"),
        ([[0.0, math.nan, 0.0]], ("x", "y", "yaw"), 0.1, "chunk_not_finite"),
        ([[0.0, 0.0, 0.0]], ("x", "y", "yaw"), 0.0, "chunk_times"),
        ([[0.0] * 3], ("x", "y", "yaw"), 1.01, "chunk_times"),
        ([[0.0, 0.0, 0.0]], ("x", "y", "yaw"), math.nan, "chunk_times"),
        ([[0.0] * 4], ("x", "y", "yaw", "z"), 0.1, "chunk_kind"),
    ],
)  # fmt: skip
def test_malformed_chunks_stop(actions: object, names: tuple[str, ...], dt: float, cause: str) -> None:
    verdict = judged("base_twist", actions, names, dt)
    assert (verdict.cause, verdict.level, verdict.scale) == (cause, Level.BRAKE, 0.0)


def test_largest_chunks_and_longest_steps_pass() -> None:
    assert judged("base_twist", np.zeros((2000, 3)), dt=1.0) == PASS
    assert judged("wave", [[0.0] * 3]).cause == "chunk_kind"
    assert judged("tool_delta", [[0.0] * 5], tuple("abcde")).cause == "chunk_kind"


def test_small_steps_of_the_base_that_add_up_are_refused() -> None:
    assert judged("base_twist", [[0.3, 0.0, 0.0]] * 66) == PASS
    far = judged("base_twist", [[0.3, 0.0, 0.0]] * 67)
    assert far.cause == "chunk_travel" and far.value == pytest.approx(2.01) and far.limit == 2.0
    to_and_fro = judged("base_twist", [[0.3, 0.0, 0.0], [-0.3, 0.0, 0.0]] * 34)
    assert to_and_fro.cause == "chunk_travel"
    assert judged("base_twist", [[0.0, 0.0, 1.0]] * 32) == PASS
    spin = judged("base_twist", [[0.0, 0.0, -1.0]] * 33)
    assert spin.cause == "chunk_travel" and spin.value == pytest.approx(3.3) and spin.limit == 3.2


def test_what_adds_up_to_exactly_the_bound_passes() -> None:
    assert judged("base_twist", [[0.5, 0.0, 0.0]] * 4, dt=1.0) == PASS
    assert judged("base_twist", [[0.0, 0.0, 1.0]] * 4, dt=1.0, chunk_turn_rad=4.0) == PASS
    inside = np.array([[0.2, 0.0]])
    assert judged("base_twist", [[0.0, 0.0, 0.0]], obstacles=inside) == PASS, "it stays where it is"
    found = judged("base_twist", [[0.1, 0.0, 0.0]], obstacles=inside)
    assert found.value < 0.0 == found.limit and found.object == "obstacle"


def test_a_chunk_that_ends_in_an_obstacle_or_a_zone_is_refused_wherever_the_robot_stands() -> None:
    steps = [[0.2, 0.0, 0.0]] * 50
    wall = np.array([[1.2, 0.0]])
    assert judged("base_twist", steps, obstacles=np.array([[1.26, 0.0]])) == PASS
    assert judged("base_twist", steps, obstacles=wall).cause == "chunk_obstacle"
    sideways = [[0.0, 0.2, 0.0]] * 50
    turned = Pose2D(0.0, 0.0, -math.pi / 2)
    assert judged("base_twist", sideways, obstacles=wall, pose=turned).cause == "chunk_obstacle"
    assert judged("base_twist", sideways, obstacles=wall) == PASS
    stairs = zone((1.0, -0.5), (2.0, 0.5))
    found = judged("base_twist", steps, zones=(stairs,))
    assert found.cause == "chunk_keep_out" and found.object == "keep_out" and found.value < 0.0
    curve = [[0.2, 0.0, 0.6]] * 50
    assert judged("base_twist", curve, zones=(stairs,)) == PASS
    inside = np.array([[0.2, 0.0]])
    assert judged("base_twist", [[-0.2, 0.0, 0.0]] * 10, obstacles=inside) == PASS, "it may leave"
    assert judged("base_twist", [[0.2, 0.0, 0.0]] * 10, obstacles=inside).cause == "chunk_obstacle"


def test_small_steps_of_joints_that_add_up_are_refused() -> None:
    ok = judged("joint_delta", [[0.05]] * 15, ("arm_joint_1",))
    assert ok == PASS, ok.text
    over = judged("joint_delta", [[0.05]] * 30, ("arm_joint_1",))
    assert over.cause == "chunk_position" and over.object == "arm_joint_1" and over.limit == 1.7 and over.value > 1.7
    under = judged("joint_position", [[-2.3]], ("arm_joint_1",))
    assert under.cause == "chunk_position" and (under.value, under.limit) == (-2.3, -2.2)
    for names in (("leg",), ("arm_joint_1", "arm_joint_1"), ("gripper_left_finger_joint",)):
        assert judged("joint_delta", [[0.0] * len(names)], names).cause == "chunk_joints"
    floor = judged("joint_delta", [[-0.01]] * 10, ("torso_lift_joint",), workspace_floor_m=0.5)
    assert floor.cause == "chunk_workspace" and floor.limit == 0.5


def test_small_steps_of_the_tool_that_add_up_are_refused() -> None:
    names = ("x", "y", "z", "roll", "pitch", "yaw")
    start = MODEL.frame_pose("gripper_tcp", MEASURED)[:3, 3]
    down = math.ceil((start[2] - 0.01) / 0.02)
    assert judged("tool_delta", [[0, 0, -0.02, 0, 0, 0]] * (down - 1), names) == PASS
    low = judged("tool_delta", [[0, 0, -0.02, 0, 0, 0]] * down, names)
    assert low.cause == "chunk_workspace" and low.limit == 0.01 and low.value < 0.01
    out = judged("tool_delta", [[0.05, 0, 0, 0, 0, 0]] * 40, names)
    assert out.cause == "chunk_workspace" and out.limit == 1.4
    assert judged("tool_delta", [[0.05, 0, 0, 0, 0, 0]] * 20, names) == PASS
    near = zone((0.4, -0.6), (0.9, 0.2), z=(0.2, 0.6))
    found = judged("tool_delta", [[0.05, 0, 0, 0, 0, 0]] * 15, names, zones=(near,))
    assert found.cause == "chunk_keep_out" and found.object == "stairs"
    assert judged("tool_delta", [[0.05, 0, 0, 0, 0, 0]] * 15, names, zones=(near,), pose=Pose2D(0, 0, 2.0)) == PASS


def test_joints_and_tools_may_go_exactly_to_their_bounds_and_stay_beyond_them() -> None:
    plain = ChunkCheck(PARAMS, ROBOT, OUTLINE, keep_out(), None, None)

    def joint(*rows: float) -> Verdict:
        chunk = ActionChunk("c", "joint_position", ("arm_joint_1",), 0.1, np.array(rows)[:, None])
        return plain.judge(chunk, MEASURED, HERE, NOTHING)

    assert joint(1.7, -2.2) == PASS
    both = joint(-2.2, 1.8)
    assert (both.value, both.limit) == (1.8, 1.7)
    names = ("x", "y", "z", "roll", "pitch", "yaw")
    assert judged("tool_delta", [[0.0] * 6], names, workspace_floor_m=1.0, workspace_radius_m=0.1) == PASS
    assert judged("tool_delta", [[0, -0.05, 0, 0, 0, 0]] * 40, names).cause == "chunk_workspace"


def test_a_robot_without_an_arm_refuses_tool_steps_and_still_judges_its_base() -> None:
    bare = ChunkCheck(PARAMS, replace(ROBOT, groups=(), gripper=None, postures=()), OUTLINE, keep_out(), None, None)
    tool = ActionChunk("c", "tool_delta", tuple("abcdef"), 0.1, np.zeros((1, 6)))
    assert bare.judge(tool, {}, HERE, NOTHING).cause == "chunk_kind"
    assert (
        bare.judge(ActionChunk("c", "base_twist", ("x", "y", "yaw"), 0.1, np.zeros((1, 3))), {}, HERE, NOTHING) == PASS
    )
    arm_only = ChunkCheck(PARAMS, ROBOT, OUTLINE, keep_out(), None, None)
    assert (
        arm_only.judge(
            ActionChunk("c", "joint_delta", ("arm_joint_1",), 0.1, np.zeros((1, 1))), MEASURED, HERE, NOTHING
        )
        == PASS
    )


# ---- the robot's file against its model


def with_joint(name: str, **changes: object) -> RobotDescription:
    groups = tuple(
        replace(g, joints=tuple(replace(j, **changes) if j.name == name else j for j in g.joints)) for g in ROBOT.groups
    )
    return replace(ROBOT, groups=groups, postures=())


def test_the_robots_of_the_package_agree_with_their_models() -> None:
    check_robot(ROBOT, MODEL, PARAMS)


@pytest.mark.parametrize(("changes", "fits"), [({"upper": 1.7009}, True), ({"upper": 1.702}, False),
                                               ({"lower": -2.2009}, True), ({"lower": -2.202}, False)])  # fmt: skip
def test_a_wider_range_than_the_models_refuses_the_start(changes: dict[str, float], fits: bool) -> None:
    robot = with_joint("arm_joint_1", **changes)
    if fits:
        check_robot(robot, MODEL, PARAMS)
    else:
        with pytest.raises(ConfigError, match="arm_joint_1"):
            check_robot(robot, MODEL, PARAMS)


def test_more_speed_or_effort_than_the_models_refuses_the_start() -> None:
    index = MODEL.model.joints[MODEL.model.getJointId("arm_joint_1")].idx_v
    for field, limits, mine in (
        ("velocity", MODEL.model.velocityLimit, 1.5), ("effort", MODEL.model.effortLimit, 150.0),
    ):  # fmt: skip
        kept = float(limits[index])
        try:
            limits[index] = mine / 1.0009
            check_robot(ROBOT, MODEL, PARAMS)
            limits[index] = mine / 1.002
            with pytest.raises(ConfigError, match=field):
                check_robot(ROBOT, MODEL, PARAMS)
            limits[index] = 0.0
            check_robot(ROBOT, MODEL, PARAMS)
        finally:
            limits[index] = kept


def test_a_footprint_smaller_than_the_base_and_an_unknown_safe_posture_refuse_the_start() -> None:
    def round_base(radius: float) -> RobotDescription:
        corners = tuple((radius * math.cos(k), radius * math.sin(k)) for k in np.linspace(0, 6, 12))
        return replace(ROBOT, base=replace(ROBOT.base, footprint=corners))

    check_robot(round_base(0.2395), MODEL, PARAMS)
    with pytest.raises(ConfigError, match="footprint"):
        check_robot(round_base(0.2385), MODEL, PARAMS)
    with pytest.raises(ConfigError, match="safe_posture"):
        check_robot(ROBOT, MODEL, SafetyParams(safe_posture="nowhere"))


def test_the_summary_shows_every_limit() -> None:
    lines = summary(PARAMS, ROBOT, MODEL, Zones(keep_out=(zone((0, 0), (1, 1)),)))
    text = "\n".join(lines)
    shown = (
        "0.6 m/s", "every direction", "arm_joint_3 -2.9..2.9 at 1.8/s", "stairs", "1.6 m/s", "odom 0.15 s", "1.4 m",
        "not asked for", "off", "20%/10%/4%", "efforts of 10 joints",
    )  # fmt: skip
    for words in shown:
        assert words in text, words
    bare = "\n".join(
        summary(SafetyParams(operator_heartbeat=True), replace(ROBOT, base=replace(ROBOT.base, holonomic=False)))
    )
    assert "forward and back" in bare and "zones: none" in bare and "no model" in bare and "every 1 s" in bare
