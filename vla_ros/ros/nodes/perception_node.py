"""perception_node: RGB-D images in, tracked objects out."""

from __future__ import annotations

import time

import numpy as np
from nav_msgs.msg import Odometry as OdometryMsg
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo, Image, JointState

from vla_ros.core.errors import ConfigError, InputError, MissingExtraError
from vla_ros.core.geometry import Box, Pose, Vector
from vla_ros.core.scene import CameraIntrinsics, RgbdFrame
from vla_ros.msg import Scene as SceneMsg
from vla_ros.perception.annotate import annotate
from vla_ros.perception.params import CameraPoseParams, PerceptionParams
from vla_ros.perception.pipeline import PerceptionPipeline
from vla_ros.perception.state_buffer import StateBuffer
from vla_ros.robot.kinematics import RobotModel
from vla_ros.ros import parameters, qos
from vla_ros.ros.conversions.images import camera_info_from_msg, image_from_msg, image_to_msg
from vla_ros.ros.conversions.scene import scene_to_msg
from vla_ros.ros.conversions.stamps import stamp_from_msg, stamp_to_msg
from vla_ros.ros.conversions.state import joint_states_from_msg, odometry_from_msg
from vla_ros.ros.node import VlaNode, run

_WAIT_S = 0.08
"""An image waits so long for odometry and joints as new as itself [s, steady]."""


class PerceptionNode(VlaNode):
    """Finds and tracks objects and people.

    Parameters: those of VlaNode, PerceptionParams and CameraPoseParams.
    Subscriptions: camera/image_raw, camera/depth/image_raw (sensor_msgs/Image, equal stamps),
        camera/camera_info (sensor_msgs/CameraInfo), odom (nav_msgs/Odometry), joint_states (sensor_msgs/JointState).
    Publications: scene (vla_ros/Scene) after each frame; ~/annotated (sensor_msgs/Image) while subscribed.
    """

    def __init__(self) -> None:
        super().__init__("perception_node")
        params = parameters.declare(self, PerceptionParams)
        self._pose_params = parameters.declare(self, CameraPoseParams)
        self._frame_id = params.frame_id
        robot = self.load_robot()
        self._optical = robot.camera.optical_frame if robot.camera else "camera_optical_frame"
        self._model = RobotModel(robot) if robot.model else None
        self._tf = _tf_buffer(self) if self._pose_params.use_tf else None
        if self._model is None and self._tf is None:
            remedy = "Name the URDF or MJCF there, or set perception_node.use_tf to true (tf2)."
            raise ConfigError(f"{robot.name}.model", robot.model, remedy)
        self._pipeline = PerceptionPipeline(params, self.load_catalog(), self.load_home(), robot)
        needed = tuple(j for g in robot.groups for j in g.names) if self._model is not None else ()
        self._states = StateBuffer(self._pose_params.max_state_age, needed=needed)
        self._intrinsics: CameraIntrinsics | None = None
        self._images: dict[str, Image] = {}
        self._pending: tuple[float, Image, Image] | None = None
        self._frames, self._last_ms = 0, 0.0
        self._scene = self.create_publisher(SceneMsg, "scene", qos.COMMAND)
        self._annotated = self.create_publisher(Image, "~/annotated", qos.SENSOR)
        self.listen(Image, "camera/image_raw", lambda m: self._on_image("rgb", m), qos.SENSOR)
        self.listen(Image, "camera/depth/image_raw", lambda m: self._on_image("depth", m), qos.SENSOR)
        self.listen(CameraInfo, "camera/camera_info", self._on_info, qos.SENSOR)
        self.listen(OdometryMsg, "odom", self._on_odometry, qos.SENSOR)
        self.listen(JointState, "joint_states", self._on_joints, qos.JOINTS)
        self._process_guarded = self.guard("camera", self._process)
        self.steady_timer(0.04, self._process_when_ready)

    def diagnostic_values(self) -> dict[str, str]:
        """Frames so far and what the last one cost."""
        return {"frames": str(self._frames), "last_frame_ms": f"{self._last_ms:.1f}"}

    def _on_info(self, message: CameraInfo) -> None:
        self._intrinsics = camera_info_from_msg(message)

    def _on_odometry(self, message: OdometryMsg) -> None:
        self._states.add_odometry(odometry_from_msg(message))
        self._process_when_ready()

    def _on_joints(self, message: JointState) -> None:
        self._states.add_joints(joint_states_from_msg(message))
        self._process_when_ready()

    def _on_image(self, kind: str, message: Image) -> None:
        self._images[kind] = message
        rgb, depth = self._images.get("rgb"), self._images.get("depth")
        if rgb is None or depth is None or rgb.header.stamp != depth.header.stamp:
            return
        self._images.clear()
        self._pending = (self.steady_s(), rgb, depth)
        self._process_when_ready()

    def _process_when_ready(self) -> None:
        if self._pending is None:
            return
        arrived, rgb, depth = self._pending
        waited = self.steady_s() - arrived >= _WAIT_S
        if waited or (self._tf is None and self._states.covers(stamp_from_msg(rgb.header.stamp))):
            self._pending = None
            self._process_guarded(rgb, depth)

    def _process(self, rgb: Image, depth: Image) -> None:
        started = time.perf_counter()
        stamp = stamp_from_msg(rgb.header.stamp)
        try:
            frame, own = self._frame(rgb, depth, stamp)
            scene = self._pipeline.update(frame, own)
        except InputError:
            self._scene.publish(scene_to_msg(self._pipeline.blind(stamp)))
            raise
        self._scene.publish(scene_to_msg(scene))
        self._frames += 1
        self._last_ms = 1e3 * (time.perf_counter() - started)
        if self._annotated.get_subscription_count() > 0:
            picture = annotate(frame.rgb, scene, frame.intrinsics, frame.world_from_camera)
            self._annotated.publish(image_to_msg(picture, "rgb8", stamp, rgb.header.frame_id))

    def _frame(self, rgb: Image, depth: Image, stamp: float) -> tuple[RgbdFrame, tuple[Box, ...]]:
        """The frame with its camera's pose, and the robot's own links in the same frame."""
        if self._intrinsics is None:
            raise InputError("camera_info", None, "No camera/camera_info received yet: the camera must publish it.")
        colors = image_from_msg(rgb, "rgb")
        depths = image_from_msg(depth, "depth").astype(np.float32, copy=False)
        if self._tf is not None:
            base = self._tf_pose("base_link", stamp)
            camera = self._tf_pose(rgb.header.frame_id or self._optical, stamp)
        else:
            base = self._states.pose_at(stamp).to_pose().matrix()
            camera = base @ self._camera_in_base(stamp)
        return RgbdFrame(stamp, colors, depths, self._intrinsics, camera), self._own_boxes(base, stamp)

    def _camera_in_base(self, stamp: float) -> Vector:
        assert self._model is not None  # the constructor refuses to start without model and tf
        return self._model.frame_pose(self._optical, self._states.joints_at(stamp))

    def _own_boxes(self, base: Vector, stamp: float) -> tuple[Box, ...]:
        if self._model is None:
            return ()
        boxes = self._model.link_boxes(self._states.joints_at(stamp))
        return tuple(Box(Pose.from_matrix(base @ b.pose.matrix(), self._frame_id), b.size, b.name) for b in boxes)

    def _tf_pose(self, frame: str, stamp: float) -> Vector:
        try:
            found = self._tf.lookup_transform(  # type: ignore[union-attr]
                self._frame_id, frame, Time.from_msg(stamp_to_msg(stamp))
            )
        except Exception as error:
            raise InputError("tf", f"{self._frame_id} <- {frame}", f"tf2: {error}") from error
        t, q = found.transform.translation, found.transform.rotation
        return Pose((t.x, t.y, t.z), (q.x, q.y, q.z, q.w), self._frame_id).matrix()


def _tf_buffer(node: PerceptionNode):  # type: ignore[no-untyped-def]
    """A listening tf2 buffer; tf2_ros is imported only here because not every installation has it."""
    try:
        from tf2_ros import Buffer, TransformListener
    except ImportError:
        raise MissingExtraError("tf2_ros", "Install ros-jazzy-tf2-ros or set use_tf to false.") from None
    buffer = Buffer()
    buffer.listener = TransformListener(buffer, node)  # lives as long as the buffer
    return buffer


def main() -> None:
    """Entry point."""
    run(PerceptionNode)


if __name__ == "__main__":
    main()
