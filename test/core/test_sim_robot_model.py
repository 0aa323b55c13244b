"""The home's robot: one model for MuJoCo and pinocchio, a reach that serves a home, postures that keep clear."""

from pathlib import Path

import mujoco
import numpy as np
import pytest

from vla_ros.core.robot_description import RobotDescription

pin = pytest.importorskip("pinocchio")

ROBOT = RobotDescription.load(Path(__file__).parents[2] / "config" / "robots" / "home_robot.yaml")
ARM = ROBOT.group("arm")
LOWER, UPPER = np.array([j.lower for j in ARM.joints]), np.array([j.upper for j in ARM.joints])
FRAMES = (
    *("base_link", "torso_link", "head_link", "camera_link", "camera_optical_frame", "lidar_link", "imu_link"),
    *("gripper_link", "gripper_tcp"),
)  # fmt: skip
MOVING = ("upper_arm", "forearm", "wrist", "palm", "left_finger", "right_finger")
BODY = ("base", "skirt", "column", "chest", "neck", "head")
DOWN = {turn: np.array([[0, c, -s], [0, s, c], [-1, 0, 0]]) for turn, c, s in (("ahead", 1, 0), ("across", 0, 1))}


class Kinematics:
    """pinocchio's view of the model, with the arm checked against the robot's own body."""

    def __init__(self):
        path = str(ROBOT.model_path)
        self.model = pin.buildModelFromMJCF(path)
        self.data = self.model.createData()
        self.geometry = pin.buildGeomFromMJCF(self.model, path, pin.GeometryType.COLLISION)
        for arm in MOVING:
            for body in BODY:
                pair = [self.geometry.getGeometryId(f"{name}_collision") for name in (arm, body)]
                self.geometry.addCollisionPair(pin.CollisionPair(*pair))
        self.shapes = self.geometry.createData()
        self.columns = np.array([self.model.joints[self.model.getJointId(n)].idx_q for n in ARM.names])
        self.tool = self.model.getFrameId("gripper_tcp")

    def configuration(self, arm):
        q = pin.neutral(self.model)
        q[self.columns] = arm
        return q

    def is_free(self, q):
        return not pin.computeCollisions(self.model, self.data, self.geometry, self.shapes, q, True)

    def inverse(self, rotation, position, rng, starts=25):
        """Arm positions within the limits that collide with nothing of the robot, or None."""
        target = pin.SE3(rotation, np.array(position))
        for _ in range(starts):
            q = self.configuration(rng.uniform(0.8 * LOWER, 0.8 * UPPER))
            for _ in range(120):
                pin.computeJointJacobians(self.model, self.data, q)
                pin.updateFramePlacement(self.model, self.data, self.tool)
                error = pin.log6(self.data.oMf[self.tool].actInv(target)).vector
                if np.linalg.norm(error[:3]) < 1e-3 and np.linalg.norm(error[3:]) < 5e-3:
                    if self.is_free(q):
                        return q[self.columns]
                    break
                jacobian = pin.getFrameJacobian(self.model, self.data, self.tool, pin.LOCAL)[:, self.columns]
                change = jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + 1e-3 * np.eye(6), error)
                change *= min(1.0, 0.4 / np.abs(change).max())
                q[self.columns] = np.clip(q[self.columns] + change, LOWER, UPPER)
        return None


@pytest.fixture(scope="module")
def kinematics():
    return Kinematics()


@pytest.fixture(scope="module")
def physics():
    model = mujoco.MjModel.from_xml_path(str(ROBOT.model_path))
    return model, mujoco.MjData(model)


def place(physics, kinematics, q):
    model, data = physics
    for name, joint in zip(list(kinematics.model.names)[1:], list(kinematics.model.joints)[1:]):
        data.joint(name).qpos[0] = q[joint.idx_q]
    mujoco.mj_forward(model, data)
    return data


def test_pinocchio_and_mujoco_agree_on_every_frame(kinematics, physics):
    rng = np.random.default_rng(3)
    model = kinematics.model
    for _ in range(5):
        q = rng.uniform(model.lowerPositionLimit, model.upperPositionLimit)
        data = place(physics, kinematics, q)
        pin.framesForwardKinematics(model, kinematics.data, q)
        for name in FRAMES:
            is_site = mujoco.mj_name2id(physics[0], mujoco.mjtObj.mjOBJ_SITE, name) >= 0
            seen = data.site(name) if is_site else data.body(name)
            assert model.existFrame(name)
            frame = kinematics.data.oMf[model.getFrameId(name)]
            np.testing.assert_allclose(frame.translation, seen.xpos, atol=1e-9)
            np.testing.assert_allclose(frame.rotation, seen.xmat.reshape(3, 3), atol=1e-9)


def test_the_camera_looks_along_the_optical_frame(physics):
    model, data = physics
    data.qpos[:] = 0.0
    mujoco.mj_forward(model, data)
    optical = data.site("camera_optical_frame")
    camera = data.cam("camera").xmat.reshape(3, 3)
    np.testing.assert_allclose(camera @ np.diag([1, -1, -1]), optical.xmat.reshape(3, 3), atol=1e-9)
    np.testing.assert_allclose(data.cam("camera").xpos, optical.xpos)
    np.testing.assert_allclose(optical.xmat.reshape(3, 3)[:, 2], [1, 0, 0], atol=1e-9)
    assert 1.3 < optical.xpos[2] < 1.5
    width = 2 * np.degrees(np.arctan(np.tan(np.radians(model.cam_fovy[0]) / 2) * 4 / 3))
    assert width == pytest.approx(75.0, abs=0.2)


def test_the_tool_frame_lies_between_the_pads(physics):
    model, data = physics
    data.qpos[:] = 0.0
    for name in ROBOT.gripper.joints:
        data.joint(name).qpos[0] = 0.03
    mujoco.mj_forward(model, data)
    tool = data.site("gripper_tcp")
    left, right = (data.geom(name).xpos for name in ("left_pad", "right_pad"))
    np.testing.assert_allclose((left + right) / 2, tool.xpos, atol=1e-9)
    axes = tool.xmat.reshape(3, 3)
    np.testing.assert_allclose((left - right) / np.linalg.norm(left - right), axes[:, 1], atol=1e-9)
    hand = tool.xpos - data.body("gripper_link").xpos
    assert hand @ axes[:, 0] > 0.1


@pytest.mark.parametrize("closing", DOWN)
def test_grasps_from_above_are_within_reach(kinematics, closing):
    rng = np.random.default_rng(1)
    points = [(x, y, z) for x in (0.45, 0.6, 0.75) for y in (-0.25, -0.05, 0.15) for z in (0.4, 0.6, 0.85, 1.05)]
    reached = [kinematics.inverse(DOWN[closing].astype(float), point, rng) is not None for point in points]
    assert sum(reached) >= 0.97 * len(points)


def test_grasps_from_the_front_are_within_reach(kinematics):
    rng = np.random.default_rng(1)
    points = [(x, y, z) for x in (0.45, 0.6, 0.75) for y in (-0.25, -0.05, 0.15) for z in (0.5, 0.75, 1.0, 1.2)]
    reached = [kinematics.inverse(np.eye(3), point, rng) is not None for point in points]
    assert sum(reached) >= 0.97 * len(points)


@pytest.mark.parametrize("posture", [p for p in ROBOT.postures if p.group == "arm"], ids=lambda p: p.name)
def test_postures_touch_nothing_of_the_robot(kinematics, physics, posture):
    q = kinematics.configuration(posture.positions)
    assert kinematics.is_free(q)
    data = place(physics, kinematics, q)
    touching = {physics[0].geom(c.geom1).name for c in data.contact} - {"left_pad"}
    assert not touching


def test_straight_joint_moves_between_postures_touch_nothing_of_the_robot(kinematics):
    postures = [p for p in ROBOT.postures if p.group == "arm"]
    for first in postures:
        for second in postures:
            way = np.subtract(second.positions, first.positions)
            for share in np.linspace(0.0, 1.0, 25):
                q = kinematics.configuration(first.positions + share * way)
                assert kinematics.is_free(q), f"{first.name} to {second.name} at {share:.2f}"


@pytest.mark.parametrize(("posture", "radius"), [("home", 0.32), ("carry", 0.47), ("carry_front", 0.47)])
def test_folded_postures_stay_near_the_base(kinematics, posture, radius):
    q = kinematics.configuration(ROBOT.posture(posture).positions)
    pin.updateGeometryPlacements(kinematics.model, kinematics.data, kinematics.geometry, kinematics.shapes, q)
    farthest = 0.0
    for name in MOVING:
        index = kinematics.geometry.getGeometryId(f"{name}_collision")
        shape, place_ = kinematics.geometry.geometryObjects[index].geometry, kinematics.shapes.oMg[index]
        if hasattr(shape, "halfSide"):
            corners = np.array(np.meshgrid(*[(-1, 1)] * 3)).reshape(3, -1).T * shape.halfSide
            edge = 0.0
        else:
            corners = np.array([[0, 0, -shape.halfLength], [0, 0, shape.halfLength]])
            edge = shape.radius
        around = corners @ place_.rotation.T + place_.translation
        farthest = max(farthest, np.hypot(around[:, 0], around[:, 1]).max() + edge)
    assert farthest < radius


@pytest.mark.parametrize(("posture", "axis"), [("carry", 2), ("offer_top", 2), ("carry_front", 0), ("offer", 0)])
def test_what_is_carried_stays_upright(kinematics, posture, axis):
    q = kinematics.configuration(ROBOT.posture(posture).positions)
    pin.framesForwardKinematics(kinematics.model, kinematics.data, q)
    approach = kinematics.data.oMf[kinematics.tool].rotation[:, 0]
    assert abs(approach[axis]) > np.cos(np.radians(1.0))


def test_the_arm_reaches_far_enough(kinematics):
    q = kinematics.configuration(np.zeros(8))
    pin.framesForwardKinematics(kinematics.model, kinematics.data, q)
    frames = kinematics.data.oMf
    shoulder = frames[kinematics.model.getFrameId("arm_link_1")].translation
    assert np.linalg.norm(frames[kinematics.tool].translation - shoulder) > 0.85
