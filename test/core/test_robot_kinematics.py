"""RobotModel: against MuJoCo's own kinematics, its own inverse, and bodies that touch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from control_plant import CONFIG, home_robot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vla_ros.core.errors import ConfigError, InputError
from vla_ros.core.geometry import Box, Pose
from vla_ros.robot.kinematics import RobotModel

ROBOT = home_robot()
MODEL = RobotModel(ROBOT)
ARM = ROBOT.group("arm")


def posture(name: str) -> dict[str, float]:
    found = ROBOT.posture(name)
    return dict(zip(ROBOT.group(found.group).names, found.positions))


def within_limits(shares: list[float]) -> dict[str, float]:
    return {j.name: j.lower + s * (j.upper - j.lower) for j, s in zip(ARM.joints, shares)}


def test_frames_stand_where_mujoco_puts_them() -> None:
    mujoco = pytest.importorskip("mujoco")
    model = mujoco.MjModel.from_xml_path(str(ROBOT.model_path))
    data = mujoco.MjData(model)
    joints = {**posture("carry"), "head_pan_joint": 0.5, "head_tilt_joint": 0.4}
    for name, value in joints.items():
        data.qpos[model.joint(name).qposadr[0]] = value
    mujoco.mj_kinematics(model, data)
    for frame in ("gripper_tcp", "camera_optical_frame"):
        site = data.site(frame)
        pose = MODEL.frame_pose(frame, joints)
        assert np.allclose(pose[:3, 3], site.xpos, atol=1e-6)
        assert np.allclose(pose[:3, :3], site.xmat.reshape(3, 3), atol=1e-6)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.floats(0.1, 0.9), min_size=8, max_size=8))
def test_inverse_finds_a_legal_posture_for_every_pose_the_arm_can_take(shares: list[float]) -> None:
    target = MODEL.frame_pose("gripper_tcp", within_limits(shares))
    found = MODEL.inverse("gripper_tcp", target, starts=25)
    assert found is not None
    lower, upper = MODEL.limits("arm")
    assert np.all(found >= lower - 1e-9) and np.all(found <= upper + 1e-9)
    reached = MODEL.frame_pose("gripper_tcp", dict(zip(ARM.names, found)))
    assert np.linalg.norm(reached[:3, 3] - target[:3, 3]) < 0.003
    assert np.linalg.norm(reached[:3, :3] - target[:3, :3]) < 0.03


def test_inverse_near_the_seed_stays_near_it() -> None:
    seed = posture("offer")
    target = MODEL.frame_pose("gripper_tcp", seed)
    target[2, 3] += 0.02
    found = MODEL.inverse("gripper_tcp", target, seed=seed)
    assert found is not None
    assert np.max(np.abs(found - np.array(list(seed.values())))) < 0.4


def test_what_is_out_of_reach_has_no_posture() -> None:
    far = np.eye(4)
    far[:3, 3] = (3.0, 0.0, 1.0)
    assert MODEL.inverse("gripper_tcp", far) is None


@settings(max_examples=30, deadline=None)
@given(st.floats(0.6, 3.0), st.floats(-1.0, 1.0), st.floats(0.0, 1.6))
def test_the_head_looks_at_points_ahead(x: float, y: float, z: float) -> None:
    point = np.array([x, y, z])
    joints = dict(zip(ROBOT.group("head").names, MODEL.look_at(point, posture("home"))))
    camera = MODEL.frame_pose("camera_optical_frame", {**posture("home"), **joints})
    seen = np.linalg.inv(camera) @ np.append(point, 1.0)
    in_range = all(j.lower + 1e-6 < joints[j.name] < j.upper - 1e-6 for j in ROBOT.group("head").joints)
    if in_range:
        assert np.hypot(seen[0], seen[1]) < 0.02 * seen[2]


@pytest.mark.parametrize("name", [p.name for p in ROBOT.postures if p.group == "arm"])
def test_every_named_posture_is_free_of_self_contact(name: str) -> None:
    assert MODEL.in_collision(posture(name)) == ""


def test_an_arm_through_the_body_is_a_contact() -> None:
    rng = np.random.default_rng(0)
    hits = [MODEL.in_collision(within_limits(list(rng.uniform(0, 1, 8)))) for _ in range(100)]
    assert 5 < sum(bool(h) for h in hits) < 80
    assert any(h.startswith(("torso_link touches", "base_link touches", "head_link touches")) for h in hits)


def test_obstacles_and_the_carried_box_count() -> None:
    joints = posture("offer")
    tool = MODEL.frame_pose("gripper_tcp", joints)
    beyond = Box(Pose(tuple(tool[:3, 3] + (0.2, 0.0, 0.0)), frame_id="base_link"), (0.1, 0.1, 0.1), "vase")
    assert MODEL.in_collision(joints, (beyond,)) == ""
    held = Box(Pose((0.1, 0.0, 0.0), frame_id="gripper_tcp"), (0.2, 0.05, 0.05), "rod")
    assert MODEL.in_collision(joints, (beyond,), held) == "rod touches vase"
    at_hand = Box(Pose(tuple(tool[:3, 3]), frame_id="base_link"), (0.1, 0.1, 0.1), "vase")
    assert "vase" in MODEL.in_collision(joints, (at_hand,))


def test_boxes_of_the_links_contain_the_tool_and_the_head() -> None:
    boxes = MODEL.link_boxes(posture("offer"), margin=0.02)
    tool = MODEL.frame_pose("gripper_tcp", posture("offer"))[:3, 3]
    local = [np.abs(np.linalg.inv(b.pose.matrix()) @ np.append(tool, 1.0))[:3] - np.array(b.size) / 2 for b in boxes]
    assert min(float(v.max()) for v in local) < 0.0
    assert {"head_link", "base_link", "gripper_link"} <= {b.name for b in boxes}


def test_mistakes_name_field_value_and_remedy() -> None:
    with pytest.raises(InputError, match="elbow"):
        MODEL.frame_pose("elbow", {})
    with pytest.raises(InputError, match="legs"):
        MODEL.limits("legs")
    with pytest.raises(InputError, match="finite"):
        list(MODEL.solutions("gripper_tcp", np.full((4, 4), np.nan), "arm", MODEL.configuration({})))
    with pytest.raises(ConfigError, match="does not exist"):
        RobotModel(replace(ROBOT, model="nowhere.xml"))
    broken = CONFIG / "robots" / "home_robot.yaml"
    with pytest.raises(ConfigError, match="urdf"):
        RobotModel(replace(ROBOT, model=broken.name))


def test_a_urdf_serves_as_well(tmp_path) -> None:
    (tmp_path / "r.urdf").write_text(
        """<robot name="r"><link name="base_link"><collision><geometry><box size="0.4 0.4 0.2"/></geometry>
        </collision></link><link name="camera_optical_frame"/>
        <joint name="pan" type="continuous"><parent link="base_link"/><child link="camera_optical_frame"/>
        <origin xyz="0.1 0 0.5"/><axis xyz="0 0 1"/></joint></robot>"""
    )
    (tmp_path / "r.yaml").write_text(
        """name: r
model: r.urdf
base: {footprint: [[0.2, 0.2], [-0.2, 0.2], [-0.2, -0.2], [0.2, -0.2]]}
groups: [{name: head, joints: [{name: pan, lower: -3.0, upper: 3.0, velocity: 1.0}]}]
"""
    )
    model = RobotModel(type(ROBOT).load(tmp_path / "r.yaml"))
    pose = model.frame_pose("camera_optical_frame", {"pan": np.pi / 2, "wheel": 1.0})
    assert np.allclose(pose[:3, 3], (0.1, 0.0, 0.5))
    assert np.allclose(pose[:3, 0], (0.0, 1.0, 0.0))


def test_links_keep_a_margin_from_each_other_except_where_a_posture_is_tighter() -> None:
    tight = MODEL.configuration(posture("carry_front"))
    plain = MODEL.collision_scene()
    apart = MODEL.collision_scene(self_margin=0.006)
    assert plain.free(tight) and "touches" in apart.touching(tight)
    apart.relax_at(tight)
    assert apart.free(tight)
    assert apart.allow_contacts_at(tight) == ()
