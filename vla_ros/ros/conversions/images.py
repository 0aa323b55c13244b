"""Images and camera calibration, with numpy alone; rarer encodings through the robot's cv_bridge."""

from __future__ import annotations

import sys

import numpy as np
from sensor_msgs.msg import CameraInfo, Image

from vla_ros.core.errors import InputError
from vla_ros.core.scene import CameraIntrinsics
from vla_ros.ros.conversions.stamps import finite, header

_ENCODINGS: dict[str, tuple[type, int]] = {
    "rgb8": (np.uint8, 3),
    "bgr8": (np.uint8, 3),
    "rgba8": (np.uint8, 4),
    "bgra8": (np.uint8, 4),
    "mono8": (np.uint8, 1),
    "8UC1": (np.uint8, 1),
    "8UC3": (np.uint8, 3),
    "16UC1": (np.uint16, 1),
    "mono16": (np.uint16, 1),
    "32FC1": (np.float32, 1),
}
_MAX_SIDE = 8192


def image_to_msg(pixels: np.ndarray, encoding: str, stamp_s: float, frame_id: str) -> Image:
    """An array (H, W) or (H, W, C) as a message. ``array.frombytes`` into the message's own buffer is one
    memcpy; assigning another array.array to ``data`` would copy it once more, and assigning the pixels would
    convert value by value (0.03, 0.05 and 68 ms for 640x480x3)."""
    dtype, channels = _ENCODINGS[encoding]
    height, width = pixels.shape[:2]
    contiguous: np.ndarray = np.ascontiguousarray(pixels, dtype=dtype)
    if contiguous.size != height * width * channels:
        raise InputError("image", pixels.shape, f"{encoding} needs {channels} channel(s).")
    message = Image(header=header(stamp_s, frame_id), height=height, width=width, encoding=encoding)
    message.is_bigendian = int(sys.byteorder == "big")
    message.step = width * channels * contiguous.itemsize
    message.data.frombytes(contiguous.data.cast("B"))
    return message


def image_from_msg(message: Image, kind: str) -> np.ndarray:
    """``kind`` "rgb": uint8 (H, W, 3) · "depth": float32 (H, W) metres, 0 or NaN where unknown.

    No copy where none is needed. Raises InputError for sizes that do not fit and unusable encodings.
    """
    if kind not in ("rgb", "depth"):
        raise ValueError(kind)
    pixels = _pixels(message)
    if kind == "depth":
        if message.encoding in ("16UC1", "mono16"):  # REP 118: millimetres, 0 = unknown
            return pixels.astype(np.float32) * np.float32(0.001)
        if message.encoding == "32FC1":
            return pixels
        raise InputError("image.encoding", message.encoding, "Depth must be 32FC1 (m) or 16UC1 (mm), see REP 118.")
    if message.encoding in ("rgb8", "8UC3"):
        return pixels
    if message.encoding == "bgr8":
        return pixels[..., ::-1]
    if message.encoding == "rgba8":
        return pixels[..., :3]
    if message.encoding == "bgra8":
        return pixels[..., 2::-1]
    if message.encoding in ("mono8", "8UC1"):
        return np.repeat(pixels[..., None], 3, axis=2)
    raise InputError("image.encoding", message.encoding, "A colour image is needed, such as rgb8 or bgr8.")


def _pixels(message: Image) -> np.ndarray:
    height, width, step = message.height, message.width, message.step
    if not (0 < height <= _MAX_SIDE and 0 < width <= _MAX_SIDE):
        raise InputError("image size", (width, height), f"Send 1 to {_MAX_SIDE} pixels a side.")
    if message.encoding not in _ENCODINGS:
        return _by_cv_bridge(message)
    dtype, channels = _ENCODINGS[message.encoding]
    row = width * channels * np.dtype(dtype).itemsize
    if step < row or len(message.data) < step * height:
        remedy = f"{message.encoding} {width}x{height} needs step >= {row} and step * height bytes."
        raise InputError("image.data", (step, len(message.data)), remedy)
    raw = np.frombuffer(message.data, np.uint8, step * height).reshape(height, step)[:, :row]
    pixels: np.ndarray = np.ascontiguousarray(raw).view(dtype)
    if bool(message.is_bigendian) != (sys.byteorder == "big") and pixels.itemsize > 1:
        pixels = pixels.byteswap()
    return pixels.reshape(height, width, channels) if channels > 1 else pixels


def _by_cv_bridge(message: Image) -> np.ndarray:
    try:
        from cv_bridge import CvBridge
    except ImportError:
        remedy = f"Send one of {', '.join(_ENCODINGS)}, or install ros-jazzy-cv-bridge for others."
        raise InputError("image.encoding", message.encoding, remedy) from None
    try:
        pixels = CvBridge().imgmsg_to_cv2(message, "rgb8")
    except Exception as error:
        raise InputError("image.encoding", message.encoding, f"cv_bridge: {error}") from error
    message.encoding = "rgb8"
    return np.asarray(pixels)


def camera_info_from_msg(message: CameraInfo) -> CameraIntrinsics:
    """Pinhole intrinsics of a rectified image; raises InputError when uncalibrated (fx = 0) or non-finite."""
    k = message.k
    finite("camera_info.k", *k)
    if k[0] <= 0 or k[4] <= 0 or message.width == 0 or message.height == 0:
        raise InputError("camera_info.k", list(k), "Calibrate the camera: fx, fy, width and height must be positive.")
    return CameraIntrinsics(message.width, message.height, k[0], k[4], k[2], k[5])


def camera_info_to_msg(intrinsics: CameraIntrinsics, stamp_s: float, frame_id: str) -> CameraInfo:
    """Pinhole calibration without distortion."""
    c = intrinsics
    message = CameraInfo(header=header(stamp_s, frame_id), width=c.width, height=c.height)
    message.distortion_model = "plumb_bob"
    message.d = [0.0] * 5
    message.k = [c.fx, 0.0, c.cx, 0.0, c.fy, c.cy, 0.0, 0.0, 1.0]
    message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    message.p = [c.fx, 0.0, c.cx, 0.0, 0.0, c.fy, c.cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    return message
